/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The events which user space must not miss: rare, and changing what it knows of processes. */
#ifndef SAKER_DRIVERS_LANE_H
#define SAKER_DRIVERS_LANE_H

/* 1: the event travels in the lane, a ring of its own that bulk I/O cannot fill. */
static inline_ u32 lane_of(u32 type)
{
	switch (type) {
	case EV_SYSCALL_EXECVE_19_X:
	case EV_SYSCALL_EXECVEAT_X:
	case EV_SYSCALL_CLONE_20_X:
	case EV_SYSCALL_CLONE3_X:
	case EV_SYSCALL_FORK_20_X:
	case EV_SYSCALL_VFORK_20_X:
	case EV_PROCEXIT_1_E:
	case EV_SYSCALL_SETUID_X:
	case EV_SYSCALL_SETGID_X:
	case EV_SYSCALL_SETREUID_X:
	case EV_SYSCALL_SETREGID_X:
	case EV_SYSCALL_SETRESUID_X:
	case EV_SYSCALL_SETRESGID_X:
	case EV_SYSCALL_SETSID_X:
	case EV_SYSCALL_SETPGID_X:
	case EV_SYSCALL_CAPSET_X:
	case EV_SYSCALL_PRCTL_X:
	case EV_SYSCALL_CHROOT_X:
	case EV_SYSCALL_MOUNT_X:
	case EV_SYSCALL_UMOUNT_1_X:
	case EV_SYSCALL_UMOUNT2_X:
	case EV_SYSCALL_SETNS_X:
	case EV_SYSCALL_UNSHARE_X:
	case EV_SYSCALL_PTRACE_X:
	case EV_SYSCALL_BPF_2_X:
	case EV_SYSCALL_SECCOMP_X:
	case EV_SYSCALL_INIT_MODULE_X:
	case EV_SYSCALL_FINIT_MODULE_X:
	case EV_SYSCALL_DELETE_MODULE_X:
		return 1;
	}
	return 0;
}

#endif
