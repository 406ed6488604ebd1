/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the CO-RE programs and their consumer share.  The includer provides u8..u64, s64. */
#ifndef SAKER_SCHEMA_CORE_ABI_H
#define SAKER_SCHEMA_CORE_ABI_H

#include "schema/filter_abi.h"
#include "schema/pressure.h"

#define EVENT_ROOM (2 * EVENT_LEN_MAX)	/* writes are masked, not checked: see put() */
#define PATH_ROOM 128			/* components */
#define STASH_ROOM 1024			/* for a path or address kept from entry to exit */

enum core_finisher { FINISH_FDS, FINISH_HELD, FINISHERS };	/* programs that end others */

struct core_config {
	u32 snaplen;
	u32 self_pid;			/* 0: none */
	u32 page_shift;
	u32 workers;			/* rings of the first, rings of the second, ... */
	u32 lane_ring;			/* index of the lane among a worker's: it is the last */
	u32 wake_bytes[2];		/* of new data, in rings and in the lane */
	u32 drop_failed;
	u32 compat;			/* the kernel runs 32-bit programs */
	u32 filter_permits;		/* seccomp's function returns a bool, not 0 and -1 */
	u32 hold_back;			/* under pressure: see drivers/pressure.h */
	struct dynamic_snaplen dynamic;
	u64 held_keys[2];		/* random */
};

struct core_live {
	u64 boot_epoch_ns;		/* boot time + this = time since 1970 */
	u32 want_exec, want_fork, want_exit;	/* their programs stay attached */
	u32 routes[NR_SYSCALLS];
	u32 enter_routes[NR_SYSCALLS];	/* whose path or address is copied on entry */
	u64 wanted[NR_CODES / 64];	/* the interest by code, for calls inside socketcall */
	u32 filter;			/* 0: none; else it is in filters[filter & 1], and changes with it */
	u8 filtered[NR_CODES];		/* a hint: 0: all events of the code pass */
};

/* Follows each event in its ring. */
struct ring_tail {
	u16 cpu;
	u16 worker;			/* whose process it is of */
};

/* One for each CPU, mapped by the consumer. */
struct scratch {
	u64 busy;			/* an event is being assembled */
	u32 ring;			/* index into a worker's rings; set by the consumer */
	u32 code;
	u32 nr;
	u32 compat;			/* enum call_kind */
	/* what the finishing program needs of the event */
	u64 off;
	u32 nparam;
	u32 way;
	u32 nfds;
	s64 fds[2];
	u64 task;
	u64 args[6];			/* of the syscall */
	s64 ret;
	u64 index;			/* of the message, see mmsg_index() */
	/* the call begun last on this CPU, when no rule can match it: see drivers/core/filter.h */
	struct {
		u64 migrations;		/* of the thread, so far */
		u32 tid;		/* 0: none */
		u32 nr;
		u32 filter;		/* live.filter then */
	} vain;
	u64 drops_buffer, drops_scratch, truncated, enter_lost, filtered;
	u64 copies_lost;		/* for other workers than the event's own */
	/* of each worker's ring: the level, and events until it is looked at again */
	u8 pressure[WORKERS_MAX], until_look[WORKERS_MAX];
	u32 unwoken[WORKERS_MAX][2];	/* bytes written since the worker was last woken */
	u64 loop[8];			/* struct loop of drivers/port.h */
	struct kf_seen seen;		/* of the path that the filter looks at */
	struct kf_values values;	/* numbers that it tests */
	struct syscall_counters by_code[NR_CODES];
	struct held held_slots[HELD_SLOTS];
	u64 path[PATH_ROOM];		/* nodes of the path being built */
	u8 event[EVENT_ROOM];
} __attribute__((aligned(8)));

#endif
