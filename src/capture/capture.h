/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of events: the drivers and capture files, behind one const struct of functions.
 *
 * A capture is used by one thread.  An event returned by capture_next() points into the
 * source's own memory and is valid until the next call on the same capture.
 */
#ifndef SAKER_CAPTURE_CAPTURE_H
#define SAKER_CAPTURE_CAPTURE_H

#include <errno.h>

#include "base/diag.h"
#include "base/types.h"
#include "event/state.h"
#include "schema/filter_abi.h"
#include "schema/pressure.h"

struct capture;

struct raw_event {
	const struct event_hdr *hdr;
	size_t len;		/* bytes available at hdr */
	u16 cpu;
	u16 worker;		/* live: whose process it is of; others get it for its state */
	bool state_only;
	bool live;
};

/* Kinds of calls that losses are told by. */
enum drop_class {
	DROPS_CLONE_FORK, DROPS_EXECVE, DROPS_CONNECT, DROPS_OPEN, DROPS_DIR_FILE,
	DROPS_OTHER_INTEREST, DROPS_CLOSE, DROPS_PROC_EXIT,
	DROPS_REST,		/* none of these */
	DROP_CLASSES
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
	u64 held;		/* back, under pressure */
	u64 copies_lost;	/* state that a worker did not get to know of another one's processes */
	u64 unknown;		/* events in the file of a type that is not known; left out */
	u64 enters_forgotten;	/* beginnings of calls of an old file, before their end came */
	u64 unseen;		/* of the drops: those that no counter of a syscall has (not in seen) */
	u64 drops_class[DROP_CLASSES];	/* drops_buffer but for the unseen, by kind */
};

/* What is wanted from a driver. */
struct interest {
	u64 syscalls[(SC_MAX + 63) / 64];	/* by code */
};

static inline void interest_add(struct interest *in, u32 code)
{
	in->syscalls[code / 64] |= 1ull << code % 64;
}

static inline bool interest_has(const struct interest *in, u32 code)
{
	return in->syscalls[code / 64] >> code % 64 & 1;
}

/* Embedded in what its function works on. */
struct counters_visitor {
	void (*visit)(struct counters_visitor *v, u32 cpu, u32 code, const struct syscall_counters *n);
};

/* name: valid during the call; runs and run_ns are 0 unless kernel.bpf_stats_enabled is 1. */
struct programs_visitor {
	void (*visit)(struct programs_visitor *v, const char *name, u64 runs, u64 run_ns);
};

/* h: valid during the call. */
struct held_visitor {
	void (*visit)(struct held_visitor *v, const struct held *h);
};

struct capture_ops {
	const char *name;	/* engine.kind: "modern_ebpf", "kmod", ..., "replay", "nodriver" */
	/* see capture_next() */
	int (*next)(struct capture *c, struct raw_event *ret, int timeout_ms);
	/* What is not counted by syscall; it may correct what is already in *ret. */
	void (*stats)(struct capture *c, struct capture_stats *ret);
	/*
	 * The events for worker i, from 1 on (those for 0 come from c itself): another handle, for
	 * another thread, that must be closed before c and has next() only.  NULL: the source has
	 * one worker.
	 */
	struct capture *(*worker)(struct capture *c, u32 i);
	/* see capture_counters() */
	void (*counters)(struct capture *c, struct counters_visitor *v);
	/* see capture_held() */
	void (*held)(struct capture *c, struct held_visitor *v);
	/* see capture_programs() */
	void (*programs)(struct capture *c, struct programs_visitor *v);
	int (*set_interest)(struct capture *c, const struct interest *in, struct diag *d);
	/* NULL: it has no filter; see capture_set_filter() */
	int (*set_filter)(struct capture *c, const struct kfilter *f, struct diag *d);
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

/*
 * Events that the filter does not pass are not made from now on; NULL: all are.  f is copied.
 * -EOPNOTSUPP: the source cannot filter.  After an error all events come.
 */
static inline int capture_set_filter(struct capture *c, const struct kfilter *f, struct diag *d)
{
	return c->ops->set_filter ? c->ops->set_filter(c, f, d) : f ? -EOPNOTSUPP : 0;
}

void capture_stats(struct capture *c, struct capture_stats *ret);

/*
 * The driver's counters of each syscall (enum syscall_code) on each CPU where it was seen.  One
 * event a CPU may be under way: seen, and nothing else yet.  ptrace does not know CPUs: all is
 * CPU 0.  Sources without counters visit nothing.
 */
static inline void capture_counters(struct capture *c, struct counters_visitor *v)
{
	if (c->ops->counters)
		c->ops->counters(c, v);
}

/*
 * What was held back lately, each kind of it on each CPU; the driver goes on meanwhile.  Sources that
 * hold nothing back visit nothing.
 */
static inline void capture_held(struct capture *c, struct held_visitor *v)
{
	if (c->ops->held)
		c->ops->held(c, v);
}

/* The driver's BPF programs, if it has any. */
static inline void capture_programs(struct capture *c, struct programs_visitor *v)
{
	if (c->ops->programs)
		c->ops->programs(c, v);
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
