/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* How events travel to user space. */
#ifndef SAKER_DRIVERS_LANE_H
#define SAKER_DRIVERS_LANE_H

/*
 * 1: the event travels in the lane, a ring of its own that bulk I/O cannot fill: those which user
 * space must not miss, rare, and changing what it knows of processes.
 */
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

enum event_way {
	WAY_RING = 0,
	WAY_LANE = 1,
	WAY_ALL = 2,	/* a bit: to all workers, not only to the one whose process it is */
};

/*
 * What a worker has to know of the processes of others: besides what is in the lane, what their
 * children inherit (the working directory) and the ports and paths where servers are.
 */
static inline_ u32 way_of(u32 type)
{
	switch (type) {
	case EV_SYSCALL_CHDIR_X:
	case EV_SYSCALL_FCHDIR_X:
	case EV_SOCKET_BIND_X:
	case EV_SOCKET_LISTEN_X:
		return WAY_RING | WAY_ALL;
	}
	return lane_of(type) ? WAY_LANE | WAY_ALL : WAY_RING;
}

#endif
