/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several rings as one stream of events in the order of their time stamps.
 *
 * Events of different CPUs lie in different rings, and one that is being written may be
 * older than one that is there already.  So an event is handed out when it is older than
 * MERGE_GRACE_NS: by then everything before it has been written.  One whose stamp is in the future
 * is from before the clock was set back, and goes first.
 *
 * A driver embeds a struct stream in each of its rings and says with a struct merge_ops how
 * they are read.  Producers do not wake the reader for an event; it looks again after a nap.
 */
#ifndef SAKER_CAPTURE_MERGE_H
#define SAKER_CAPTURE_MERGE_H

#include "base/vec.h"
#include "capture/capture.h"
#include "schema/event.h"

#define MERGE_GRACE_NS 100000

struct merge;

/* The reader's place in one ring, filled by peek() and consume(). */
struct stream {
	const struct event_hdr *head;	/* next event, NULL: none when last looked */
	u32 len;			/* of it */
	u16 cpu;			/* where it happened */
	u16 worker;			/* whose it is */
	u64 ts;				/* its time stamp */
};

struct merge_ops {
	/* Looks for the next event; the head is NULL. */
	void (*peek)(struct stream *s);
	/* The head was used: its room may be given back.  Looks for the next. */
	void (*consume)(struct stream *s);
	/* Gives back all room that was consumed: called before the reader sleeps. */
	void (*release)(struct stream *s);
	/* Between two events, now and then: it may add and remove streams.  NULL: nothing to do. */
	void (*tend)(struct merge *m);
	/* Sleeps until a ring fills, timeout_ms at most.  0 or a negative errno. */
	int (*wait)(struct merge *m, int timeout_ms);
	/* The clock was set: time stamps shall be boot time + epoch_ns from now on. */
	void (*epoch)(struct merge *m, u64 epoch_ns);
};

struct merge {
	const struct merge_ops *ops;
	VEC(struct stream *) streams;	/* each is borrowed */
	u64 epoch_ns;			/* boot time + this = time stamps */
	u64 epoch_checked;
	u64 horizon;			/* events up to here are complete */
	bool ahead;			/* when last looked, a stamp was of an epoch before a set-back */
	struct stream *last;		/* the one whose head was handed out */
	int nap_ms;
	u32 untended;			/* events since the last tend() */
};

/* Sets epoch_ns: the driver stamps its events with boot time + that. */
void merge_init(struct merge *m, const struct merge_ops *ops);
void merge_fini(struct merge *m);
void merge_add(struct merge *m, struct stream *s);
/* One without a head. */
void merge_remove(struct merge *m, struct stream *s);
/* As capture_next(): the event is valid until the next call. */
int merge_next(struct merge *m, struct raw_event *ret, int timeout_ms);

#endif
