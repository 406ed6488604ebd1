/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What tracepoints tell that are no syscalls.  Their ports put it in the place of arguments:
 *
 *	signal_deliver		0 the signal, 1 si_code, 2 si_pid (or what is in its place) of its siginfo
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

#endif
