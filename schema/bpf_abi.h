/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the classic eBPF programs and their consumer share.  The includer provides u8..u64, s64.
 *
 * The object has a section for each program, named like it, and nothing but relocations to the
 * maps below.
 */
#ifndef SAKER_SCHEMA_BPF_ABI_H
#define SAKER_SCHEMA_BPF_ABI_H

#include "schema/filter_abi.h"

#define BPF_PROBE_ABI 6			/* of this header and of what the programs mean by it */
#define BPF_NOTE_SECTION "saker"

/* In the section of that name. */
struct bpf_note {
	u32 abi;
	u32 scratch_bytes;
	u64 schema;			/* schema/fingerprint.h */
	char release[72];		/* of the kernel whose headers were used */
};

/*
 * BPF_MAP(name, type, key bytes, value bytes, entries; 0: one for each possible CPU, of perf events:
 * and each worker)
 */
#define BPF_MAPS(BPF_MAP)								\
	BPF_MAP(settings, 2 /* array */, 4, sizeof(struct bpf_settings), 1)		\
	BPF_MAP(scratch, 2 /* array */, 4, sizeof(struct bpf_scratch), 0)		\
	BPF_MAP(counts, 2 /* array */, 4, sizeof(struct bpf_counts), 0)			\
	BPF_MAP(stashes, 1 /* hash */, 4, sizeof(struct bpf_stash), BPF_STASHES)	\
	BPF_MAP(filters, 2 /* array */, 4, sizeof(struct kfilter), 2)			\
	BPF_MAP(calls, 3 /* programs */, 4, 4, BPF_CALLS)				\
	BPF_MAP(events, 4 /* perf events */, 4, 4, 0)					\
	BPF_MAP(lane, 4 /* perf events */, 4, 4, 0)

#define EVENT_ROOM (2 * EVENT_LEN_MAX)	/* writes are masked, not checked: see put() */
#define BPF_EVENT_MAX (EVENT_LEN_MAX - 64)	/* a perf record has 64 KiB with its header */
#define PATH_ROOM 128			/* components */
#define STASH_ROOM 1024			/* for a path or address kept from entry to exit */
#define BPF_STASHES 4096		/* threads that are inside such calls at a time */
#define BPF_ROOM 4096			/* for structures that the stack is too small for */
#define BPF_WORKERS_MAX 16		/* a program without loops sends to each */
#define BPF_NAME 4096			/* of a file that is executed */

/* Programs that tail calls go to: those of an event type by stage, and steps. */
#define BPF_STAGES 4
#define CALL_ROW(type, stage) ((type) * BPF_STAGES + (stage))
#define CALL_STEP(n) (EV_MAX * BPF_STAGES + (n))
enum bpf_step { STEP_NONE, STEP_PATH_UP, STEP_PATH_EMIT, STEP_CGROUP, STEP_FD, STEP_COPIES,
		STEP_FILTER_LOOK, STEP_FILTER_PATHS, STEP_FILTER_END, BPF_STEPS };
#define BPF_CALLS CALL_STEP(BPF_STEPS)

/* Written by the consumer while the programs run. */
struct bpf_settings {
	u64 epoch_ns;			/* monotonic time + this = time since 1970 */
	u32 snaplen;
	u32 self_pid;			/* 0: none */
	struct dynamic_snaplen dynamic;
	u32 drop_failed;
	u32 want_exec, want_fork, want_exit;
	u32 workers, ncpus;		/* their perf buffers: all CPUs of the first, ... */
	u32 routes[NR_SYSCALLS];
	u32 enter_routes[NR_SYSCALLS];	/* whose path or address is copied on entry */
	u16 types[NR_CODES];		/* the event of a code; 0: none */
	u64 wanted[NR_CODES / 64];	/* the interest by code, for calls inside socketcall */
	u32 filter;			/* 0: none; else it is in filters[filter & 1], and changes with it */
	u32 unused;
	u8 filtered[NR_CODES];		/* 0: all events of the code pass */
};

struct bpf_counts {
	u64 drops_buffer, drops_scratch, truncated, enter_lost, filtered;
	u64 copies_lost;		/* for other workers than the event's own */
	struct syscall_counters by_code[NR_CODES];
};

/* What a thread passed to a syscall that takes a path or an address, copied on entry. */
struct bpf_stash {
	u32 nr;				/* of the syscall, and 1 */
	u32 len;
	u64 words[3];
	u32 clauses;			/* of the kernel filter: what flags and path leave */
	u32 filter;			/* which one; 0: it did not look at them */
	u8 data[STASH_ROOM];
};

/* One for each CPU: the call and its event, on its way through the programs. */
struct bpf_scratch {
	u64 busy;
	u32 code;
	u32 nr;
	u16 compat;			/* enum call_kind */
	u16 long_bytes;			/* of the caller's longs */
	u32 type;			/* enum event_type */
	u32 snaplen;
	u32 tid;
	struct dynamic_snaplen dynamic;
	u64 epoch_ns;
	u64 args[6];
	s64 ret;
	u64 index;			/* of the message, see mmsg_index() */
	u64 task, new_filename;
	/* the event */
	u64 off;			/* where the next byte goes */
	u64 start;			/* where the parameter began */
	u64 prev;			/* length of the one before */
	u32 nparam;			/* index of the parameter that goes on later */
	u32 truncated;
	/* what follows */
	u32 walk;			/* enum bpf_step: the rest of the parameter */
	u32 next;			/* program after that; 0: the event is complete */
	u32 rounds;
	u32 nfds, fd_at;
	u16 way;			/* see drivers/lane.h */
	u16 kept;			/* there may be a stash to forget */
	u32 worker;			/* whose process it is of */
	u32 workers, ncpus;
	s64 fds[2];
	u64 loop[8];			/* struct loop of drivers/port.h */
	u64 path[PATH_ROOM];		/* nodes of the path being built */
	struct bpf_stash stash;
	struct kf_seen seen;		/* of the path that the filter looks at */
	u64 room[BPF_ROOM / 8];
	u64 name[BPF_NAME / 8];
	u8 event[EVENT_ROOM];
} __attribute__((aligned(8)));

#endif
