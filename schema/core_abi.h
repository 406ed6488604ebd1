/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the CO-RE programs and their consumer share.  The includer provides u8..u64, s64. */
#ifndef SAKER_SCHEMA_CORE_ABI_H
#define SAKER_SCHEMA_CORE_ABI_H

#include "schema/event.h"

#define NR_SYSCALLS 512			/* numbers from here on are not looked at */
#define NR_CODES 512			/* SC_MAX, as a power of two */
#define EVENT_ROOM (2 * EVENT_LEN_MAX)	/* writes are masked, not checked: see put() */
#define PATH_ROOM 128			/* components */
#define STASH_ROOM 1024			/* for a path or address kept from entry to exit */

/*
 * What a syscall number stands for: enum syscall_code, and in the upper half the code which
 * the number has in the 32-bit table.  0: of no interest.
 */
#define ROUTE(native, compat) ((native) | (compat) << 16)

enum call_kind {
	CALL_NATIVE,
	CALL_COMPAT,			/* of a 32-bit caller */
	CALL_INDIRECT,			/* the same, by socketcall: arguments are in scratch */
};

/*
 * What the first argument of the 32-bit socketcall stands for, from 1 (Linux UAPI,
 * linux/net.h), and the number of arguments.
 */
#define SOCKETCALLS(X)									\
	X(1, socket, 3) X(2, bind, 3) X(3, connect, 3) X(4, listen, 2) X(5, accept, 3)	\
	X(6, getsockname, 3) X(7, getpeername, 3) X(8, socketpair, 4) X(9, send, 4)	\
	X(10, recv, 4) X(11, sendto, 6) X(12, recvfrom, 6) X(13, shutdown, 2)		\
	X(14, setsockopt, 5) X(15, getsockopt, 5) X(16, sendmsg, 3) X(17, recvmsg, 3)	\
	X(18, accept4, 4) X(19, recvmmsg, 5) X(20, sendmmsg, 4)

struct core_config {
	u32 snaplen;
	u32 self_pid;			/* 0: none */
	u32 page_shift;
	u32 lane_ring;			/* index of the ring that is the lane */
	u32 wake_bytes[2];		/* of new data, in rings and in the lane */
	u32 drop_failed;
};

struct core_live {
	u64 boot_epoch_ns;		/* boot time + this = time since 1970 */
	u32 want_exec, want_fork, want_exit;	/* their programs stay attached */
	u32 routes[NR_SYSCALLS];
	u32 enter_routes[NR_SYSCALLS];	/* whose path or address is copied on entry */
	u64 wanted[NR_CODES / 64];	/* the interest by code, for calls inside socketcall */
};

struct syscall_counters {
	u64 seen;			/* of interest, and came to its end */
	u64 sent;			/* put into a ring */
	u64 lost;			/* dropped, for whatever reason */
};

/* One for each CPU, mapped by the consumer. */
struct scratch {
	u64 busy;			/* an event is being assembled */
	u32 ring;			/* index into rings; set by the consumer */
	u32 unwoken[2];			/* bytes written since the consumer was last woken */
	u32 code;
	u32 nr;
	u32 compat;			/* enum call_kind */
	/* what the finishing program needs of the event */
	u64 off;
	u32 nparam;
	u32 lane;
	u32 nfds;
	s64 fds[2];
	u64 task;
	u64 args[6];			/* of a syscall whose registers are not at hand */
	s64 ret;
	u64 index;			/* of the message, see mmsg_index() */
	u64 drops_buffer, drops_scratch, truncated, enter_lost, filtered;
	u64 loop[8];			/* struct loop of drivers/port.h */
	struct syscall_counters by_code[NR_CODES];
	u64 path[PATH_ROOM];		/* nodes of the path being built */
	u8 event[EVENT_ROOM];
} __attribute__((aligned(8)));

#endif
