/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Ids, parents, names and limits of a task. */
#ifndef SAKER_DRIVERS_KWALK_TASK_H
#define SAKER_DRIVERS_KWALK_TASK_H

#define K_PF_EXITING	0x00000004
#define K_PF_KTHREAD	0x00200000
#define K_RLIMIT_NOFILE	7

static inline_ u64 task_tid(struct task_struct *t)
{
	return KREAD(t, pid);
}

static inline_ u64 task_pid(struct task_struct *t)
{
	return KREAD(t, tgid);
}

static inline_ u64 task_ptid(struct task_struct *t)
{
	return KREAD(t, real_parent, tgid);
}

static inline_ struct upid *pid_level(struct pid *p, u32 level)
{
	return KADDR(p, numbers[0]) + level;
}

static inline_ struct pid_namespace *task_pidns(struct task_struct *t)
{
	struct pid *p = KREAD(t, thread_pid);
	struct upid *u = pid_level(p, KREAD(p, level));

	return KREAD(u, ns);
}

/* The number of p as the process' own pid namespace has it; 0: not visible there. */
static inline_ u64 pid_seen_by(struct task_struct *t, struct pid *p)
{
	struct pid_namespace *ns = task_pidns(t);
	u32 level = KREAD(ns, level);
	struct upid *u;

	if (!p || level > KREAD(p, level))
		return 0;
	u = pid_level(p, level);
	return KREAD(u, ns) == ns ? KREAD(u, nr) : 0;
}

static inline_ u64 task_vtid(struct task_struct *t)
{
	struct pid *p = KREAD(t, thread_pid);
	struct upid *u = pid_level(p, KREAD(p, level));

	return KREAD(u, nr);
}

static inline_ u64 task_vpid(struct task_struct *t)
{
	struct pid *p = KREAD(t, group_leader, thread_pid);
	struct upid *u = pid_level(p, KREAD(p, level));

	return KREAD(u, nr);
}

static inline_ u64 task_pgid(struct task_struct *t)
{
	struct pid *p = KREAD(t, signal, pids[PIDTYPE_PGID]);
	struct upid *u = pid_level(p, 0);

	return KREAD(u, nr);
}

static inline_ u64 task_vpgid(struct task_struct *t)
{
	return pid_seen_by(t, KREAD(t, signal, pids[PIDTYPE_PGID]));
}

/* When the first process of the task's pid namespace started, in ns since boot. */
static inline_ u64 task_pidns_start(struct task_struct *t)
{
	struct pid_namespace *ns = task_pidns(t);

	return KREAD(ns, child_reaper, start_boottime);
}

static inline_ u64 task_fdlimit(struct task_struct *t)
{
	return KREAD(t, signal, rlim[K_RLIMIT_NOFILE].rlim_cur);
}

/* Device number of the controlling terminal as stat() gives it, 0: none. */
static inline_ u64 task_tty(struct task_struct *t)
{
	struct tty_struct *tty = KREAD(t, signal, tty);
	u32 major, minor;

	if (!tty)
		return 0;
	major = KREAD(tty, driver, major);
	minor = KREAD(tty, driver, minor_start) + KREAD(tty, index);
	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static inline_ struct done task_comm(struct ctx *c)
{
	struct task_struct *t = task(c);

	put_kernel_str(c, KADDR(t, comm), 16);
	return DONE;
}

#define REAPER_THREADS 64
#define REAPER_ANCESTORS 16

STEP(thread_step)
static inline_ bool thread_step(struct ctx *c, struct loop *l, u32 i)
{
	struct list_head *node = l->threads.node;
	struct task_struct *t = KCONTAINER(node, struct task_struct, thread_node);

	if (!node || node == l->threads.end)
		return true;
	if (t != l->threads.self && !(KREAD(t, flags) & K_PF_EXITING)) {
		l->threads.found = t;
		return true;
	}
	l->threads.node = KREAD(node, next);
	return false;
}

static inline_ struct task_struct *other_thread(struct ctx *c, struct task_struct *t)
{
	struct signal_struct *sig = KREAD(t, signal);
	struct list_head *head = KADDR(sig, thread_head);

	loop(c)->threads.node = KREAD(head, next);
	loop(c)->threads.end = head;
	loop(c)->threads.self = t;
	loop(c)->threads.found = NULL;
	run_steps(c, thread_step, REAPER_THREADS, REAPER_THREADS);
	return loop(c)->threads.found;
}

/*
 * Who becomes the parent of the exiting task's children: another thread of the process,
 * a subreaper among the ancestors, or the first process of the namespace.  0: no children.
 */
static inline_ u64 task_reaper(struct ctx *c)
{
	struct task_struct *t = task(c), *p, *init = KREAD(task_pidns(t), child_reaper);
	struct list_head *children = KADDR(t, children);
	u32 i;

	if (KREAD(children, next) == children)
		return 0;
	p = other_thread(c, t);
	if (p)
		return KREAD(p, pid);
	p = KREAD(t, real_parent);
	for_bounded(i, REAPER_ANCESTORS, REAPER_ANCESTORS) {
		if (!p || p == init || KREAD(p, pid) == 0)
			break;
		if (KREAD_BIT(KREAD(p, signal), is_child_subreaper))
			return KREAD(p, tgid);
		p = KREAD(p, real_parent);
	}
	return KREAD(init, pid);
}

#endif
