/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of events: the drivers and capture files, behind one const struct of functions.
 *
 * A capture is used by one thread.  An event returned by capture_next() points into the
 * source's own memory and is valid until the next call on the same capture.
 */
#ifndef SAKER_CAPTURE_CAPTURE_H
#define SAKER_CAPTURE_CAPTURE_H

#include "base/diag.h"
#include "base/types.h"
#include "event/state.h"

struct capture;

struct raw_event {
	const struct event_hdr *hdr;
	size_t len;		/* bytes available at hdr */
	u16 cpu;
	u16 worker;		/* live: whose process it is of; others get it for its state */
	bool state_only;
	bool live;
};

/* Running totals since the source was opened. */
struct capture_stats {
	u64 seen;		/* syscalls and tracepoints that reached the driver's programs */
	u64 events;		/* events put into rings, or read from the file */
	u64 drops_buffer;	/* a ring was full */
	u64 drops_scratch;	/* the event did not fit into the scratch buffer */
	u64 truncated;		/* parameters cut at a limit */
	u64 enter_lost;		/* no room to keep a path or address read on entry */
	u64 filtered;
	u64 ring_bytes;		/* of all ring buffers at present; 0: not known */
	u64 rings_grown;	/* replaced by larger ones */
	u64 rings_refused;	/* not, because there was no room in the budget, */
	u64 rings_failed;	/* or because the kernel did not make a larger one */
	u64 copies_lost;	/* state that a worker did not get to know of another one's processes */
};

/* What is wanted from a driver. */
struct interest {
	u64 syscalls[(SC_MAX + 63) / 64];	/* by code */
	bool fds;		/* the fd table is wanted too (fdlist, proc.fdopencount, ...) */
};

static inline void interest_add(struct interest *in, u32 code)
{
	in->syscalls[code / 64] |= 1ull << code % 64;
}

static inline bool interest_has(const struct interest *in, u32 code)
{
	return in->syscalls[code / 64] >> code % 64 & 1;
}

struct capture_ops {
	const char *name;	/* engine.kind: "modern_ebpf", "kmod", ..., "replay", "nodriver" */
	/* see capture_next() */
	int (*next)(struct capture *c, struct raw_event *ret, int timeout_ms);
	void (*stats)(struct capture *c, struct capture_stats *ret);
	/*
	 * The events for worker i, from 1 on (those for 0 come from c itself): another handle, for
	 * another thread, that must be closed before c and has next() only.  NULL: the source has
	 * one worker.
	 */
	struct capture *(*worker)(struct capture *c, u32 i);
	int (*set_interest)(struct capture *c, const struct interest *in, struct diag *d);
	/* How it came by its events, for the log: a sentence; NULL: nothing to say. */
	const char *(*describe)(struct capture *c);
	void (*close)(struct capture *c);	/* frees c */
};

struct capture {
	const struct capture_ops *ops;
	struct diag diag;	/* why next() failed */
	/* the program that the source started; 0: none, or it has ended */
	s32 pid;
	int status;		/* at the end: of the program that the source started, as a shell has it */
};

/*
 * 0: *ret is an event.  -EAGAIN: none came within timeout_ms (0: do not wait).
 * -ENODATA: end of the file.  Any other negative errno: broken, c->diag says why.
 * -EINTR: a signal arrived while waiting.
 */
static inline int capture_next(struct capture *c, struct raw_event *ret, int timeout_ms)
{
	return c->ops->next(c, ret, timeout_ms);
}

static inline void capture_stats(struct capture *c, struct capture_stats *ret)
{
	*ret = (struct capture_stats){ 0 };
	if (c->ops->stats)
		c->ops->stats(c, ret);
}

/* Valid until the next change of the interest; NULL: nothing to say. */
static inline const char *capture_describe(struct capture *c)
{
	return c->ops->describe ? c->ops->describe(c) : NULL;
}

static inline void capture_close(struct capture *c)
{
	if (c)
		c->ops->close(c);
}

/*
 * Opens a .scap file, plain or gzip.  Metadata blocks go to sink while they are read: the
 * first ones during this call, later ones (of concatenated files) from capture_next().
 * Returns 0 or a negative errno with d filled (path, and byte offset in the unpacked data).
 */
int capture_open_file(const char *path, const struct state_sink *sink, struct capture **ret,
		      struct diag *d);

/* A source that never has an event. */
int capture_open_none(struct capture **ret);

#endif
