/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Memory use, arguments, environment and executable of a task. */
#ifndef SAKER_DRIVERS_KWALK_MM_H
#define SAKER_DRIVERS_KWALK_MM_H

#define P_CLONE_CHILD_IN_PIDNS (1 << 29)

enum { EXE_WRITABLE = 1, EXE_UPPER_LAYER = 2, EXE_FROM_MEMFD = 4, EXE_LOWER_LAYER = 8 };

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

/* False: the event is not about an exec that succeeded. */
static inline_ bool put_new_filename(struct ctx *c)
{
	const char *name = new_filename(c);

	if (name)
		put_kernel_str(c, name, STR_MAX);
	return name;
}

static inline_ struct later exec_path(struct ctx *c)
{
	struct file *f = KREAD(task(c), mm, exe_file);

	if (f)
		put_path(c, KREAD(f, f_path.mnt), KREAD(f, f_path.dentry), NULL, NULL, 0, 0);
	return LATER;
}

static inline_ struct later opened_kernel_path(struct ctx *c)
{
	struct file *f = opened_file(c);

	if (f)
		put_path(c, KREAD(f, f_path.mnt), KREAD(f, f_path.dentry), NULL, NULL, 0, 0);
	return LATER;
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
