/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What differs between kernels, as far as the walks need it: see "shapes" in drivers/port.h.
 * libbpf decides when the programs are loaded, from the BTF of the running kernel.
 */
#ifndef SAKER_DRIVERS_CORE_SHAPES_H
#define SAKER_DRIVERS_CORE_SHAPES_H

#define K_NSEC_MASK 0x7fffffff	/* the other bit of a ctime says that it was looked at */

static inline_ u64 timespec_ns(s64 sec, u64 nsec)
{
	return (u64)sec * 1000000000 + nsec;
}

static inline_ u64 inode_ctime(struct inode *inode)
{
	struct inode___hidden *hidden = (void *)inode;
	struct inode___ts *ts = (void *)inode;

	if (KHAS(struct inode, i_ctime_sec))
		return timespec_ns(KREAD(inode, i_ctime_sec), KREAD(inode, i_ctime_nsec) & K_NSEC_MASK);
	if (KHAS(struct inode___hidden, __i_ctime))
		return timespec_ns(KREAD(hidden, __i_ctime.tv_sec), KREAD(hidden, __i_ctime.tv_nsec));
	return timespec_ns(KREAD(ts, i_ctime.tv_sec), KREAD(ts, i_ctime.tv_nsec));
}

static inline_ u64 inode_mtime(struct inode *inode)
{
	struct inode___hidden *hidden = (void *)inode;
	struct inode___ts *ts = (void *)inode;

	if (KHAS(struct inode, i_mtime_sec))
		return timespec_ns(KREAD(inode, i_mtime_sec), KREAD(inode, i_mtime_nsec));
	if (KHAS(struct inode___hidden, __i_mtime))
		return timespec_ns(KREAD(hidden, __i_mtime.tv_sec), KREAD(hidden, __i_mtime.tv_nsec));
	return timespec_ns(KREAD(ts, i_mtime.tv_sec), KREAD(ts, i_mtime.tv_nsec));
}

enum { MM_FILE, MM_ANON, MM_SWAP, MM_SHMEM };

static inline_ s64 mm_counter(struct mm_struct *mm, u32 n)
{
	struct mm_struct___array *old = (void *)mm;
	s64 v;

	if (KHAS(struct mm_struct, rss_stat)) {
		struct percpu_counter *pc = (void *)KADDR(mm, rss_stat[0]) +
					    n * KSIZE(struct percpu_counter);

		v = KREAD(pc, count);
	} else {
		s64 *counters = (void *)KADDR(old, rss_stat.count[0]);

		v = KREAD_AT(&counters[n]);
	}
	return v < 0 ? 0 : v;
}

static inline_ struct kernfs_node *kernfs_parent(struct kernfs_node *n)
{
	struct kernfs_node___plain *plain = (void *)n;

	if (KHAS(struct kernfs_node, __parent))
		return KREAD(n, __parent);
	return KREAD(plain, parent);
}

static inline_ u64 task_loginuid(struct task_struct *t)
{
	return KHAS(struct task_struct, loginuid) ? KREAD(t, loginuid.val) : ~0u;
}

/* Index of the n-th of CGROUP_SUBSYSTEMS in this kernel; -1: it has none such. */
static inline_ s32 cgroup_subsystem(u32 n)
{
#define INDEX(NAME_)									\
	(KHAS_VALUE(enum cgroup_subsys_id, NAME_##_cgrp_id) ?				\
	 (s32)KVALUE(enum cgroup_subsys_id, NAME_##_cgrp_id) : -1)
	return n == 0 ? INDEX(cpuset) : n == 1 ? INDEX(cpu) : n == 2 ? INDEX(cpuacct) :
	       n == 3 ? INDEX(io) : INDEX(memory);
#undef INDEX
}

#endif
