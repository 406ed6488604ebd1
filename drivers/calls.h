/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Calls that a driver in the kernel must treat apart: those that make a process or replace it. */
#ifndef SAKER_DRIVERS_CALLS_H
#define SAKER_DRIVERS_CALLS_H

#define MMSG_MAX 16	/* messages of one sendmmsg or recvmmsg that become events */

#if defined(__TARGET_ARCH_x86)
/* Which of the calls that make a process; the number is that of the parent's call. */
static inline_ u32 fork_code(u32 nr, bool is_compat)
{
	switch (nr) {
	case 56: return is_compat ? SC_unknown : SC_clone;
	case 57: return is_compat ? SC_unknown : SC_fork;
	case 58: return is_compat ? SC_unknown : SC_vfork;
	case 120: return is_compat ? SC_clone : SC_unknown;
	case 2: return is_compat ? SC_fork : SC_unknown;
	case 190: return is_compat ? SC_vfork : SC_unknown;
	case 435: return SC_clone3;
	}
	return SC_unknown;
}
#else
static inline_ u32 fork_code(u32 nr, bool is_compat)
{
	return nr == 435 ? SC_clone3 : SC_clone;
}
#endif

static inline_ u32 fork_event(u32 code)
{
	return code == SC_fork ? EV_SYSCALL_FORK_20_X : code == SC_vfork ? EV_SYSCALL_VFORK_20_X :
	       code == SC_clone3 ? EV_SYSCALL_CLONE3_X : EV_SYSCALL_CLONE_20_X;
}

static inline_ bool is_fork(u32 code)
{
	return code == SC_clone || code == SC_clone3 || code == SC_fork || code == SC_vfork;
}

/* Reported elsewhere: a successful exec at sched_process_exec, a child at sched_process_fork. */
static inline_ bool reported_elsewhere(u32 code, long ret)
{
	return !ret && (code == SC_execve || code == SC_execveat || is_fork(code));
}

/* Of these, success is reported elsewhere: half of the row is then dead code. */
static inline_ bool failures_only(u32 type)
{
	return type == EV_SYSCALL_EXECVE_19_X || type == EV_SYSCALL_EXECVEAT_X;
}

#endif
