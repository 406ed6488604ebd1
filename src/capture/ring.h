/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's BPF ring buffers, read in place, merged.  In a record struct ring_tail
 * follows the event.  The kernel wakes the reader only when a ring fills.
 */
#ifndef SAKER_CAPTURE_RING_H
#define SAKER_CAPTURE_RING_H

#include "capture/merge.h"

struct ring {
	int fd;			/* of the map; owned */
	u64 size;		/* of the data area, a power of two */
	u64 pos;		/* of the next record */
	u64 released;		/* what the kernel was told of it */
	u64 *consumer;		/* shared page, written here */
	u64 *producer;		/* shared page, read here; the data follow */
	const u8 *data;		/* mapped twice in a row */
	u64 step;		/* from the record at pos to the one behind it */
	struct stream stream;
};

/* Creates and maps one.  Returns 0 or a negative errno. */
int ring_new(u32 bytes, struct ring **ret);
void ring_free(struct ring *r);

struct ring_grower;

/* A ring is being replaced by a larger one: see ring_grow.h. */
struct ring_change {
	u32 state;		/* enum change_state; atomic */
	u32 slot;		/* which of the set's rings */
	u32 key;		/* in the map of rings */
	u32 bytes;		/* of the new one */
	struct ring *made;	/* the new one */
	int err;
};

struct ring_set {
	struct ring **rings;	/* owned */
	u32 n;
	int epoll;		/* owned; -1: none */
	struct merge merge;
	u64 *live_epoch;	/* borrowed: where the programs look for merge.epoch_ns; NULL: nowhere */

	struct ring_grower *grower;	/* borrowed; NULL: rings stay as they are */
	u32 first_key;		/* of the set's rings in the map of rings */
	struct ring_change change;
	u64 no_change_before_ns;
	VEC(struct ring *) old;	/* replaced, not yet read to their end */
};

/* Creates n rings, the last of another size.  Returns 0 or a negative errno. */
int ring_set_init(struct ring_set *s, u32 n, u32 bytes, u32 last_bytes);
void ring_set_fini(struct ring_set *s);

#endif
