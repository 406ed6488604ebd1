/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What tracepoints tell that are no syscalls.  Their ports put it in the place of arguments:
 *
 *	signal_deliver		0 the signal, 1 si_code, 2 si_pid (or what is in its place) of its siginfo
 *	sched_switch		0 number of the next thread; task(c) is the one before
 *	page_fault_*		0 the address, 1 the instruction's, 2 x86's error code
 */
#ifndef SAKER_DRIVERS_EXTRACT_POINT_H
#define SAKER_DRIVERS_EXTRACT_POINT_H

#define K_SIGCHLD	17
#define K_SI_USER	0
#define K_SI_TIMER	(-2)
#define K_SI_SIGIO	(-5)
#define K_CLD_CONTINUED	6	/* the last of those that tell of a child */

/* The process that sent the signal, or whose end it tells; 0: the kernel. */
static inline_ u64 signal_sender(struct ctx *c)
{
	s32 why = (s32)arg(c, 1);
	bool sent = why <= K_SI_USER && why != K_SI_TIMER && why != K_SI_SIGIO;
	bool child = (u32)arg(c, 0) == K_SIGCHLD && why > 0 && why <= K_CLD_CONTINUED;

	return sent || child ? (u32)arg(c, 2) : 0;
}

/* Bits of x86's error code: there are no such tracepoints elsewhere. */
enum { X86_PRESENT = 1, X86_WRITE = 2, X86_USER = 4, X86_RESERVED = 8, X86_FETCH = 16 };
/* pf_flags of schema/flags.def */
enum {
	P_FAULT_PROTECTION = 1, P_FAULT_NOT_PRESENT = 2, P_FAULT_WRITE = 4, P_FAULT_READ = 8,
	P_FAULT_USER = 16, P_FAULT_SUPERVISOR = 32, P_FAULT_RESERVED = 64, P_FAULT_FETCH = 128,
};

static inline_ u32 fault_flags(u64 error)
{
	return (error & X86_PRESENT ? P_FAULT_PROTECTION : P_FAULT_NOT_PRESENT) |
	       (error & X86_WRITE ? P_FAULT_WRITE : P_FAULT_READ) |
	       (error & X86_USER ? P_FAULT_USER : P_FAULT_SUPERVISOR) |
	       (error & X86_RESERVED ? P_FAULT_RESERVED : 0) | (error & X86_FETCH ? P_FAULT_FETCH : 0);
}

#endif
