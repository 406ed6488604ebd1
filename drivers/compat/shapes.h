/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What differs between kernels, for drivers that are built against the headers of one: see
 * "shapes" in drivers/port.h.
 *
 * probes/NAME.c is compiled as the driver will be; when that works, HAVE_NAME is defined.  A
 * kernel is known by what it has, not by its version: distributions carry changes back.
 */
#ifndef SAKER_DRIVERS_COMPAT_SHAPES_H
#define SAKER_DRIVERS_COMPAT_SHAPES_H

#define K_NSEC_MASK 0x7fffffff	/* the other bit of a ctime says that it was looked at */

static inline_ u64 timespec_ns(s64 sec, u64 nsec)
{
	return (u64)sec * 1000000000 + nsec;
}

static inline_ u64 inode_ctime(struct inode *inode)
{
#if defined(HAVE_inode_ctime_sec)
	return timespec_ns(KREAD(inode, i_ctime_sec), KREAD(inode, i_ctime_nsec) & K_NSEC_MASK);
#elif defined(HAVE_inode_ctime_hidden)
	return timespec_ns(KREAD(inode, __i_ctime.tv_sec), KREAD(inode, __i_ctime.tv_nsec));
#else
	return timespec_ns(KREAD(inode, i_ctime.tv_sec), KREAD(inode, i_ctime.tv_nsec));
#endif
}

static inline_ u64 inode_mtime(struct inode *inode)
{
#if defined(HAVE_inode_mtime_sec)
	return timespec_ns(KREAD(inode, i_mtime_sec), KREAD(inode, i_mtime_nsec));
#elif defined(HAVE_inode_mtime_hidden)
	return timespec_ns(KREAD(inode, __i_mtime.tv_sec), KREAD(inode, __i_mtime.tv_nsec));
#else
	return timespec_ns(KREAD(inode, i_mtime.tv_sec), KREAD(inode, i_mtime.tv_nsec));
#endif
}

enum { MM_FILE = MM_FILEPAGES, MM_ANON = MM_ANONPAGES, MM_SWAP = MM_SWAPENTS, MM_SHMEM = MM_SHMEMPAGES };

static inline_ s64 mm_counter(struct mm_struct *mm, u32 n)
{
#ifdef HAVE_mm_rss_percpu
	s64 v = KREAD(mm, rss_stat[n].count);
#else
	s64 v = KREAD(mm, rss_stat.count[n].counter);
#endif

	return v < 0 ? 0 : v;
}

static inline_ struct kernfs_node *kernfs_parent(struct kernfs_node *n)
{
#ifdef HAVE_kernfs_parent_hidden
	return (struct kernfs_node *)KREAD(n, __parent);
#else
	return KREAD(n, parent);
#endif
}

static inline_ u64 task_loginuid(struct task_struct *t)
{
#ifdef HAVE_task_loginuid
	return KREAD(t, loginuid.val);
#else
	return ~0u;
#endif
}

/* Index of the n-th of CGROUP_SUBSYSTEMS in this kernel; -1: it has none such. */
static inline_ s32 cgroup_subsystem(u32 n)
{
	switch (n) {
#if IS_ENABLED(CONFIG_CPUSETS)
	case 0: return cpuset_cgrp_id;
#endif
#if IS_ENABLED(CONFIG_CGROUP_SCHED)
	case 1: return cpu_cgrp_id;
#endif
#if IS_ENABLED(CONFIG_CGROUP_CPUACCT)
	case 2: return cpuacct_cgrp_id;
#endif
#if IS_ENABLED(CONFIG_BLK_CGROUP)
	case 3: return io_cgrp_id;
#endif
#if IS_ENABLED(CONFIG_MEMCG)
	case 4: return memory_cgrp_id;
#endif
	}
	return -1;
}

#endif
