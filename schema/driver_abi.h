/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What all drivers in the kernel share with their consumers.  The includer provides u8..u64,
 * s64.
 */
#ifndef SAKER_SCHEMA_DRIVER_ABI_H
#define SAKER_SCHEMA_DRIVER_ABI_H

#include "schema/event.h"

#define NR_SYSCALLS 512			/* numbers from here on are not looked at */
#define NR_CODES 512			/* SC_MAX, as a power of two */

/*
 * What a syscall number stands for: enum syscall_code, and in the upper half the code which
 * the number has in the 32-bit table.  0: of no interest.
 */
#define ROUTE(native, compat) ((native) | (compat) << 16)

/*
 * The worker, of n, to which a process belongs: what takes the events of one process must be the
 * same everywhere, and processes that follow each other shall not fall to the same one.
 */
#define WORKERS_MAX 64
#define WORKER_OF(tgid, n) ((u32)((u64)(u32)((u32)(tgid) * 2654435761u) * (n) >> 32))

/* More than snaplen of the data of some sockets: see drivers/extract/snaplen.h. */
struct dynamic_snaplen {
	u16 enabled;
	u16 full_first, full_last;	/* ports of which all is wanted; 0: none */
	u16 statsd_port;
};

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

/* Of one syscall on one CPU: seen = filtered + sent + held + lost, but for one that is under way. */
struct syscall_counters {
	u64 seen;			/* of interest, and came to its end */
	u64 filtered;			/* not wanted after all */
	u64 sent;			/* put into a ring */
	u64 held;			/* back, under pressure: one like it was sent (drivers/pressure.h) */
	u64 lost;			/* dropped, for whatever reason */
	u64 lost_scratch;		/* of these: not because a ring was full */
};

#endif
