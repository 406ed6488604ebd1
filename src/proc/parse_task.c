/* SPDX-License-Identifier: Apache-2.0 */
/* clone and its kin, exec, exit. */
#include "proc/internal.h"

/* Parameters of the clone family. */
enum {
	CP_RES, CP_EXE, CP_ARGS, CP_TID, CP_PID, CP_PTID, CP_CWD, CP_FDLIMIT, CP_PF_MAJ, CP_PF_MIN,
	CP_VM_SIZE, CP_VM_RSS, CP_VM_SWAP, CP_COMM, CP_CGROUPS, CP_FLAGS, CP_UID, CP_GID, CP_VTID,
	CP_VPID, CP_PIDNS_TS,
};

/* And those of exec, which are the same up to the cgroups. */
enum {
	XP_ENV = CP_CGROUPS + 1, XP_TTY, XP_VPGID, XP_LOGINUID, XP_FLAGS, XP_CAP_INH, XP_CAP_PRM,
	XP_CAP_EFF, XP_EXE_INO, XP_CTIME, XP_MTIME, XP_UID, XP_EXEPATH, XP_PGID, XP_GID,
};

enum { EXE_WRITABLE = 1, EXE_UPPER_LAYER = 2, EXE_FROM_MEMFD = 4, EXE_LOWER_LAYER = 8 };
#define TH_EXE_FLAGS (TH_EXE_WRITABLE | TH_EXE_UPPER_LAYER | TH_EXE_LOWER_LAYER | TH_EXE_FROM_MEMFD)

static s64 s64_param(const struct event *ev, u32 i, s64 otherwise)
{
	s64 v;

	return event_s64(ev, i, &v) ? v : otherwise;
}

static u32 u32_param(const struct event *ev, u32 i, u32 otherwise)
{
	u32 v;

	return event_u32(ev, i, &v) ? v : otherwise;
}

static bool str_param(const struct event *ev, u32 i, struct pstr *to)
{
	const char *s;
	u32 n;

	if (!event_str(ev, i, &s, &n))
		return false;
	pstr_update(to, s, n);
	return true;
}

/* What both clone and exec tell of the thread itself. */
static void set_common(struct thread *t, const struct event *ev)
{
	struct event_param args = event_param(ev, CP_ARGS), cgroups = event_param(ev, CP_CGROUPS);

	str_param(ev, CP_EXE, &t->exe);
	/* captures of old versions do not have it */
	if (!str_param(ev, CP_COMM, &t->comm))
		pstr_set(&t->comm, t->exe.p, t->exe.len);
	thread_set_args(t, args.p, args.len);
	if (cgroups.len)
		thread_set_cgroups(t, cgroups.p, cgroups.len);
	event_u64(ev, CP_PF_MAJ, &t->pfmajor);
	event_u64(ev, CP_PF_MIN, &t->pfminor);
	event_u32(ev, CP_VM_SIZE, &t->vmsize_kb);
	event_u32(ev, CP_VM_RSS, &t->vmrss_kb);
	event_u32(ev, CP_VM_SWAP, &t->vmswap_kb);
}

/* ---- clone ---- */

static bool is_vfork(const struct event *ev, u32 flags)
{
	return flags & CL_VFORK || ev->type == EV_SYSCALL_VFORK_20_X;
}

static bool exited_lately(const struct proc *p, s64 ptid, s64 tid, u64 now_ns)
{
	for (u32 i = 0; i < ARRAY_SIZE(p->exited) && i < p->nexited; i++) {
		/* the latest first */
		const struct exited *e = &p->exited[(p->nexited - 1 - i) % ARRAY_SIZE(p->exited)];

		if (e->ts_ns + CLONE_STALE_NS < now_ns || from_before_set_back(p, e->ts_ns, CLONE_STALE_NS))
			return false;
		if (e->tid == tid && e->ptid == ptid)
			return true;
	}
	return false;
}

static void set_clone_flags(struct thread *t, u32 flags)
{
	t->clone_flags = flags;
	if (flags & CL_THREAD)
		t->clone_flags |= CL_FILES;
	if (flags & CL_INVERTED)
		t->flags |= TH_INVERTED;
	if (flags & CL_CLOSED)
		t->flags |= TH_DEAD;
}

static void inherit(struct thread *to, const struct thread *from)
{
	pstr_share(&to->comm, &from->comm);
	pstr_share(&to->exe, &from->exe);
	pstr_share(&to->args, &from->args);
	pstr_share(&to->cgroups, &from->cgroups);
	pstr_share(&to->exepath, &from->exepath);
	pstr_share(&to->root, &from->root);
	to->flags |= from->flags & TH_EXE_FLAGS;
	to->sid = from->sid;
	to->pgid = from->pgid;
	to->vpgid = from->vpgid;
	to->tty = from->tty;
	to->loginuid = from->loginuid;
	to->cap_inheritable = from->cap_inheritable;
	to->cap_permitted = from->cap_permitted;
	to->cap_effective = from->cap_effective;
	to->exe_ino = from->exe_ino;
	to->exe_ino_ctime_ns = from->exe_ino_ctime_ns;
	to->exe_ino_mtime_ns = from->exe_ino_mtime_ns;
	to->exe_ino_ctime_proc_start_ns = from->exe_ino_ctime_proc_start_ns;
	to->exe_ino_ctime_pidns_start_ns = from->exe_ino_ctime_pidns_start_ns;
	to->lastexec_ts_ns = from->lastexec_ts_ns;
}

/* A new process gets its own copies of what its parent's process has. */
static void inherit_process(struct proc *p, struct task *to, const struct task *from)
{
	const struct task *m = thread_main(from);

	fdt_share(p, to, from);
	if (!m)
		m = from;
	pstr_share(&to->t.cwd, &m->t.cwd);
	pstr_share(&to->t.env, &m->t.env);
}

/* from is the parent, or the process of a new thread; NULL: not known. */
static void set_child(struct proc *p, struct task *c, const struct task *from,
		      const struct event *ev)
{
	struct thread *t = &c->t;

	if (from && !(t->clone_flags & CL_THREAD))
		inherit_process(p, c, from);
	if (from && !thread_invalid(&from->t))
		inherit(t, &from->t);
	set_common(t, ev);
	if (!event_param(ev, CP_CGROUPS).len)
		pstr_set(&t->cgroups, "", 0);
	t->fdlimit = (u64)s64_param(ev, CP_FDLIMIT, 0);
	t->uid = u32_param(ev, CP_UID, UID_NONE);
	t->gid = u32_param(ev, CP_GID, UID_NONE);
	t->clone_ts_ns = ev->ts_ns;
	/* Falco shows none in a capture */
	t->pidns_init_start_ns = ev->live ? p->boot_ts_ns : 0;
}

/* A thread of which only the number was known tells of itself. */
static void fill_placeholder(struct proc *p, struct task *t, const struct event *ev)
{
	t->t.pid = s64_param(ev, CP_PID, -1);
	t->t.ptid = s64_param(ev, CP_PTID, -1);
	t->t.vtid = s64_param(ev, CP_VTID, t->t.tid);
	t->t.vpid = s64_param(ev, CP_VPID, -1);
	pstr_set(&t->t.cwd, "", 0);
	if (ev->live)
		str_param(ev, CP_CWD, &t->t.cwd);
	set_common(&t->t, ev);
	t->t.uid = u32_param(ev, CP_UID, UID_NONE);
	t->t.gid = u32_param(ev, CP_GID, UID_NONE);
	thread_link(p, t);
}

static void clone_caller(struct proc *p, struct event *ev, s64 child_tid)
{
	s64 tid = s64_param(ev, CP_TID, ev->tid), vtid = s64_param(ev, CP_VTID, tid);
	u32 flags = u32_param(ev, CP_FLAGS, 0);
	struct task *caller = ev->thread ? task_of(ev->thread) : parse_lookup(p, ev->tid), *c;

	if (!caller)
		return;
	if (thread_invalid(&caller->t))
		fill_placeholder(p, caller, ev);
	ev->thread = &caller->t;
	p->task = caller;
	if (flags & (CL_CHILD_IN_PIDNS | CL_NEWPID | CL_PARENT) || tid != vtid ||
	    is_vfork(ev, flags) || child_tid == caller->t.tid ||
	    exited_lately(p, caller->t.tid, child_tid, ev->ts_ns))
		return;
	c = thread_find(p, child_tid);
	if (c && c->t.flags & TH_INVERTED)
		return;
	if (c)
		thread_remove(p, c);
	if (!p->task) {		/* it was the last thread of the caller's dead process */
		ev->thread = NULL;
		return;
	}
	/* a main thread stays while its process has others: start it anew */
	c = thread_make(p, child_tid);
	if (!c)
		return;
	if (c->t.group) {
		thread_unlink(p, c);
		thread_reset(p, c);
	}
	set_clone_flags(&c->t, flags);
	c->t.pid = flags & CL_THREAD ? caller->t.pid : child_tid;
	c->t.ptid = flags & CL_THREAD ? caller->t.ptid : caller->t.tid;
	c->t.vtid = child_tid;
	c->t.vpid = c->t.pid;
	set_child(p, c, caller, ev);
	thread_link(p, c);
}

/* Where the child gets what the event does not tell: its process or its parent. */
static struct task *clone_model(struct proc *p, const struct task *c, const struct event *ev)
{
	bool is_thread = c->t.clone_flags & CL_THREAD;
	s64 tid = is_thread ? c->t.pid : c->t.ptid;
	struct task *model = parse_lookup(p, tid);

	if (!model || model == c)
		return NULL;
	if (is_thread && thread_invalid(&model->t))
		fill_placeholder(p, model, ev);
	return model;
}

static void clone_child(struct proc *p, struct event *ev)
{
	struct task *c = thread_find(p, ev->tid);
	bool counts_twice = false;
	struct thread *t;

	if (c && c->t.clone_ts_ns && c->t.clone_ts_ns + CLONE_STALE_NS > ev->ts_ns &&
	    !from_before_set_back(p, c->t.clone_ts_ns, CLONE_STALE_NS))
		return;
	if (c) {
		/*
		 * The exit of a thread with this number was missed.  Falco counts both
		 * threads when they are of one process, and a capture must show the same.
		 */
		counts_twice = c->t.group && !(c->t.flags & TH_DEAD) && !ev->live &&
			       c->t.pid == s64_param(ev, CP_PID, -1);
		thread_unlink(p, c);
		thread_reset(p, c);
	}
	c = thread_make(p, ev->tid);
	if (!c)
		return;
	t = &c->t;
	t->pid = s64_param(ev, CP_PID, -1);
	t->ptid = s64_param(ev, CP_PTID, -1);
	t->vtid = s64_param(ev, CP_VTID, t->tid);
	t->vpid = s64_param(ev, CP_VPID, -1);
	set_clone_flags(t, u32_param(ev, CP_FLAGS, 0) | CL_INVERTED);
	ev->thread = t;
	p->task = p->last = c;
	p->set_event_ts = true;
	set_child(p, c, clone_model(p, c, ev), ev);
	if (t->tid != t->vtid || t->clone_flags & CL_CHILD_IN_PIDNS) {
		t->flags |= TH_IN_PIDNS;
		if (ev->live)
			t->pidns_init_start_ns += (u64)s64_param(ev, CP_PIDNS_TS, 0);
	}
	thread_link(p, c);
	if (counts_twice && t->group)
		t->group->alive++;
}

PARSER(parse_clone)
{
	s64 res;

	if (!event_s64(ev, CP_RES, &res))
		return;
	if (res > 0)
		clone_caller(p, ev, res);
	else if (!res)
		clone_child(p, ev);
}

/* ---- exec ---- */

static void remove_other_threads(struct proc *p, struct task *t)
{
	struct proc_group *g = t->t.group;
	struct task *other = g ? g->first : NULL, *next;

	/* t stays, so the group does */
	for (; other; other = next) {
		next = other->group_next;
		if (other != t && !thread_is_main(&other->t))
			thread_remove(p, other);
	}
}

static void set_exec_numbers(struct thread *t, const struct event *ev)
{
	u32 flags = 0, id;
	s64 v;

	if (event_u64(ev, CP_FDLIMIT, (u64 *)&v))
		t->fdlimit = (u64)v;
	event_u32(ev, XP_TTY, &t->tty);
	event_s64(ev, XP_VPGID, &t->vpgid);
	if (ev->nparams > XP_PGID)
		t->pgid = s64_param(ev, XP_PGID, -1);
	event_u32(ev, XP_LOGINUID, &t->loginuid);
	event_u64(ev, XP_CAP_INH, &t->cap_inheritable);
	event_u64(ev, XP_CAP_PRM, &t->cap_permitted);
	event_u64(ev, XP_CAP_EFF, &t->cap_effective);
	if (event_u32(ev, XP_UID, &id))
		t->uid = id;
	if (event_u32(ev, XP_GID, &id))
		t->gid = id;
	t->flags &= ~(u32)TH_EXE_FLAGS;
	if (!event_u32(ev, XP_FLAGS, &flags))
		return;
	t->flags |= (flags & EXE_WRITABLE ? TH_EXE_WRITABLE : 0) |
		    (flags & EXE_UPPER_LAYER ? TH_EXE_UPPER_LAYER : 0) |
		    (flags & EXE_FROM_MEMFD ? TH_EXE_FROM_MEMFD : 0) |
		    (flags & EXE_LOWER_LAYER ? TH_EXE_LOWER_LAYER : 0);
}

static void set_exe_file(struct thread *t, const struct event *ev)
{
	event_u64(ev, XP_EXE_INO, &t->exe_ino);
	if (event_u64(ev, XP_CTIME, &t->exe_ino_ctime_ns)) {
		if (t->clone_ts_ns)
			t->exe_ino_ctime_proc_start_ns = t->clone_ts_ns - t->exe_ino_ctime_ns;
		if (t->pidns_init_start_ns && t->exe_ino_ctime_ns > t->pidns_init_start_ns)
			t->exe_ino_ctime_pidns_start_ns =
				t->exe_ino_ctime_ns - t->pidns_init_start_ns;
	}
	event_u64(ev, XP_MTIME, &t->exe_ino_mtime_ns);
}

/* execveat of an fd itself: its name. */
static bool exepath_of_fd(struct proc *p, struct task *t, const struct event *enter)
{
	const struct fd *fd;
	u32 flags = 0;
	s64 dirfd;

	if (!event_u32(enter, 2, &flags) || !(flags & 1 /* AT_EMPTY_PATH */) ||
	    !event_s64(enter, 0, &dirfd) || dirfd == SAKER_AT_FDCWD)
		return false;
	fd = proc_fd(p, &t->t, dirfd);
	if (fd)
		pstr_set(&t->t.exepath, fd->name.p, fd->name.len);
	return true;
}

/*
 * An execveat is about the fd it starts from.  The event has a copy: exec may close the fd
 * itself.
 */
static void set_exec_fd(struct proc *p, struct event *ev, struct task *t, const struct event *enter)
{
	const struct fd *from;
	const char *path;
	s64 dirfd;
	u32 len;

	if (!event_s64(enter, 0, &dirfd) || dirfd == SAKER_AT_FDCWD)
		return;
	if (event_str(enter, 1, &path, &len) && len && path[0] == '/')
		return;
	from = proc_fd(p, &t->t, dirfd);
	if (!from)
		return;
	ev->fd = live_slot(p, dirfd);
	fd_copy(ev->fd, from);
	ev->fd->flags |= FD_TRANSIENT;
}

/* The path as given to exec, made absolute; stays as it was when no event tells. */
static void exepath_from_enter(struct proc *p, struct event *ev, struct task *t)
{
	char out[PATH_LEN_MAX];
	struct event enter;
	const char *path;
	s64 dirfd = SAKER_AT_FDCWD;
	u32 len, i = 0;

	if (!parse_enter(p, ev, &enter))
		return;
	if (enter.type == EV_SYSCALL_EXECVEAT_E) {
		set_exec_fd(p, ev, t, &enter);
		if (exepath_of_fd(p, t, &enter))
			return;
		event_s64(&enter, i++, &dirfd);
	}
	if (!event_str(&enter, i, &path, &len) || (len == 4 && !memcmp(path, "<NA>", 4)))
		return;
	len = parse_path_at(p, t, dirfd, path, len, out);
	pstr_set(&t->t.exepath, out, len);
}

static void set_exepath(struct proc *p, struct event *ev, struct task *t)
{
	static const char deleted[] = " (deleted)";
	const char *path;
	u32 n;

	if (!event_str(ev, XP_EXEPATH, &path, &n)) {
		exepath_from_enter(p, ev, t);
		return;
	}
	if (n > sizeof(deleted) - 1 &&
	    !memcmp(path + n - (sizeof(deleted) - 1), deleted, sizeof(deleted) - 1))
		n -= (u32)sizeof(deleted) - 1;
	pstr_set(&t->t.exepath, path, n);
}

/* A placeholder that execs is a process from now on. */
static void known_by_exec(struct proc *p, struct task *t, const struct event *ev)
{
	t->t.pid = s64_param(ev, CP_PID, t->t.tid);
	t->t.ptid = s64_param(ev, CP_PTID, 0);
	t->t.vtid = t->t.tid;
	t->t.vpid = t->t.pid;
	pstr_set(&t->t.cwd, "", 0);
	if (ev->live)
		str_param(ev, CP_CWD, &t->t.cwd);
	thread_link(p, t);
}

static void execve_done(struct proc *p, struct event *ev)
{
	struct event_param env = event_param(ev, XP_ENV);
	struct task *t = task_of(ev->thread);

	if (t->t.flags & TH_DEAD) {
		t->t.flags &= ~(u32)TH_DEAD;
		if (t->t.group)
			t->t.group->alive++;
	}
	if (thread_invalid(&t->t))
		known_by_exec(p, t, ev);
	remove_other_threads(p, t);
	set_exepath(p, ev, t);
	set_common(&t->t, ev);
	if (env.len)
		pstr_update(&t->t.env, env.p, size_min(env.len, ARGS_LEN_MAX));
	set_exec_numbers(&t->t, ev);
	set_exe_file(&t->t, ev);
	t->t.lastexec_ts_ns = ev->ts_ns;
	t->t.generation++;
	fdt_close_on_exec(p, t);
	t->t.clone_flags &= CL_INVERTED | CL_IS_MAIN;
}

static bool exec_failed(const struct event *ev)
{
	s64 res;

	return !event_s64(ev, CP_RES, &res) || res < 0;
}

PARSER(parse_execve)
{
	if (!exec_failed(ev))
		execve_done(p, ev);
}

PARSER(parse_execveat)
{
	if (!exec_failed(ev))
		execve_done(p, ev);
}

/* ---- exit ---- */

PARSER(parse_procexit)
{
	struct task *t = task_of(ev->thread);

	thread_dead(t);
	p->exit_tid = t->t.tid;
	p->exit_pending = true;
	t->reaper_tid = s64_param(ev, 4, -1);
}
