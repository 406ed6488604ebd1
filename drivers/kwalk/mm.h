/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Memory use, arguments, environment and executable of a task. */
#ifndef SAKER_DRIVERS_KWALK_MM_H
#define SAKER_DRIVERS_KWALK_MM_H

#define P_CLONE_CHILD_IN_PIDNS (1 << 29)

enum { MM_FILE, MM_ANON, MM_SWAP, MM_SHMEM };
enum { EXE_WRITABLE = 1, EXE_UPPER_LAYER = 2, EXE_FROM_MEMFD = 4, EXE_LOWER_LAYER = 8 };

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

static inline_ u64 task_vm_size(struct ctx *c)
{
	return KREAD(task(c), mm, total_vm) << (page_shift(c) - 10);
}

static inline_ u64 task_vm_rss(struct ctx *c)
{
	struct mm_struct *mm = KREAD(task(c), mm);

	if (!mm)
		return 0;
	return (mm_counter(mm, MM_FILE) + mm_counter(mm, MM_ANON) + mm_counter(mm, MM_SHMEM))
	       << (page_shift(c) - 10);
}

static inline_ u64 task_vm_swap(struct ctx *c)
{
	struct mm_struct *mm = KREAD(task(c), mm);

	return mm ? mm_counter(mm, MM_SWAP) << (page_shift(c) - 10) : 0;
}

/* At most STR_MAX bytes of strings, the last of them ended in any case. */
static inline_ struct done put_strings(struct ctx *c, u64 addr, u64 end)
{
	u64 n = end - addr;

	if (addr >= end)
		return DONE;
	if (n < STR_MAX) {
		put_user(c, addr, n, STR_MAX);
	} else {
		put_user(c, addr, STR_MAX - 1, STR_MAX);
		put(c, "", 1);
	}
	return DONE;
}

static inline_ struct done task_exe(struct ctx *c)
{
	struct mm_struct *mm = KREAD(task(c), mm);
	u64 addr = KREAD(mm, arg_start);

	if (addr < KREAD(mm, arg_end))
		put_user_str(c, addr, STR_MAX);
	return DONE;
}

/* What follows the first argument, which is the parameter just written. */
static inline_ struct done task_args(struct ctx *c)
{
	struct mm_struct *mm = KREAD(task(c), mm);

	return put_strings(c, KREAD(mm, arg_start) + previous_len(c), KREAD(mm, arg_end));
}

static inline_ struct done task_env(struct ctx *c)
{
	struct mm_struct *mm = KREAD(task(c), mm);

	return put_strings(c, KREAD(mm, env_start), KREAD(mm, env_end));
}

STEP(vector_step)
static inline_ bool vector_step(struct ctx *c, struct loop *l, u32 i)
{
	u64 addr = user_long(c, l->argv.addr, l->argv.first + i);

	if (!addr || position(c) - l->argv.start >= STR_MAX)
		return true;
	/* a page that nobody touched yet, after a fork */
	if (!put_user_str(c, addr, STR_MAX))
		put(c, "", 1);
	return false;
}

/* The strings of a vector in user space, from the first-th on. */
static inline_ void put_vector(struct ctx *c, u64 vector, u32 first)
{
	loop(c)->argv.addr = vector;
	loop(c)->argv.first = first;
	loop(c)->argv.start = position(c);
	run_steps(c, vector_step, ARGV_MAX, ARGV_MAX);
}

/*
 * exec: after success the strings of the new program, after a failure those that were
 * passed (vector: address of argv or envp).
 */
static inline_ struct done exec_exe(struct ctx *c, u64 vector)
{
	if (ret(c) >= 0)
		return task_exe(c);
	put_user_str(c, user_long(c, vector, 0), STR_MAX);
	return DONE;
}

static inline_ struct done exec_args(struct ctx *c, u64 vector)
{
	if (ret(c) >= 0)
		return task_args(c);
	put_vector(c, vector, 1);
	return DONE;
}

static inline_ struct done exec_env(struct ctx *c, u64 vector)
{
	if (ret(c) >= 0)
		return task_env(c);
	put_vector(c, vector, 0);
	return DONE;
}

static inline_ struct inode *task_exe_inode(struct ctx *c)
{
	return KREAD(task(c), mm, exe_file, f_inode);
}

static inline_ bool dentry_is_memfd(struct ctx *c, struct dentry *d)
{
	char name[8] = { 0 };

	if (KREAD(d, d_parent) != d)
		return false;
	read_kernel(c, name, 6, KREAD(d, d_name.name));
	return name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && name[3] == 'f' &&
	       name[4] == 'd' && name[5] == ':';
}

static inline_ u32 exec_flags(struct ctx *c)
{
	struct inode *inode = task_exe_inode(c);
	u32 layer = inode_layer(c, inode), v = 0;

	if (inode_writable(c, inode))
		v |= EXE_WRITABLE;
	if (layer & P_UPPER_LAYER)
		v |= EXE_UPPER_LAYER;
	if (layer & P_LOWER_LAYER)
		v |= EXE_LOWER_LAYER;
	if (dentry_is_memfd(c, KREAD(task(c), mm, exe_file, f_path.dentry)))
		v |= EXE_FROM_MEMFD;
	return v;
}

static inline_ struct done exec_path(struct ctx *c)
{
	struct file *f = KREAD(task(c), mm, exe_file);

	if (!f)
		return DONE;
	put_path_from(c, KREAD(f, f_path.mnt), KREAD(f, f_path.dentry), NULL, NULL);
	put(c, "", 1);
	return DONE;
}

static inline_ struct done opened_kernel_path(struct ctx *c)
{
	struct file *f = opened_file(c);

	if (!f)
		return DONE;
	put_path_from(c, KREAD(f, f_path.mnt), KREAD(f, f_path.dentry), NULL, NULL);
	put(c, "", 1);
	return DONE;
}

/* As passed, or as the kernel copied it. */
static inline_ struct done exec_filename(struct ctx *c, u64 addr)
{
	struct linux_binprm *bprm = binprm(c);

	if (bprm)
		put_kernel_str(c, KREAD(bprm, filename), STR_MAX);
	else
		put_user_str(c, addr, STR_MAX);
	return DONE;
}

/* Flags of clone(), portable; and whether the child sees itself as another pid. */
static inline_ u32 clone_flags(struct ctx *c, u64 flags)
{
	struct task_struct *t = task(c);
	u32 v = bits_clone_flags(flags);

	if (task_tid(t) != task_vtid(t) || KREAD(task_pidns(t), level) !=
	    KREAD(t, nsproxy, pid_ns_for_children, level))
		v |= P_CLONE_CHILD_IN_PIDNS;
	return v;
}

#endif
