/* SPDX-License-Identifier: Apache-2.0 */
/* Identity, limits, counters; users and groups. */
#include "proc/internal.h"

static bool succeeded(const struct event *ev)
{
	s64 res;

	return event_s64(ev, 0, &res) && res >= 0;
}

bool parse_may_ask(struct proc *p)
{
	u64 second = p->ts_ns / NS_PER_S;
	u32 budget = p->opt.max_lookups_per_s ? p->opt.max_lookups_per_s : 1000;

	if (second != p->lookup_second) {
		p->lookup_second = second;
		p->lookups = 0;
	}
	if (p->lookups++ >= budget) {
		p->stats.proc_lookups_refused++;
		return false;
	}
	p->stats.proc_lookups++;
	return true;
}

struct task *parse_lookup(struct proc *p, s64 tid)
{
	struct task *t = thread_find(p, tid);

	if (tid < 0)
		return t;
	/* a placeholder is also the memory of a look-up in vain */
	if (t && (!p->opt.live || !(t->t.flags & TH_INVALID) || must_wait(p, t->retry_ns)))
		return t;
	if (p->opt.live && parse_may_ask(p)) {
		struct task *found = scan_task(p, tid);

		if (found)
			return found;
	}
	if (!t)
		return thread_placeholder(p, tid);
	t->retry_ns = p->ts_ns + NS_PER_S;
	return t;
}

struct fd *parse_add_fd(struct proc *p, struct event *ev, s64 num, u8 type)
{
	struct task *t = task_of(ev->thread);
	struct fd *fd;

	ev->fd_num = t->last_fd = num;
	if (ev->live && !p->opt.keep_fds && !fd_is_socket(type))
		ev->fd = fd = live_slot(p, num);
	else
		fd = fdt_add(p, t, num, ev);
	if (!fd && ev->live)
		ev->fd = fd = live_slot(p, num);
	if (fd)
		fd->type = type;
	return fd;
}

struct fd *parse_own_fd(struct proc *p, struct event *ev)
{
	if (ev->fd && !(ev->fd->flags & FD_TRANSIENT))
		ev->fd = fdt_get_own(p, task_of(ev->thread), ev->fd->num);
	return ev->fd;
}

/* ---- ids: the effective one is the last but one parameter at most ---- */

static bool effective_id(const struct event *ev, u32 *ret)
{
	u32 i = ev->desc->nparams > 2 ? 2 : 1;

	return succeeded(ev) && event_u32(ev, i, ret) && *ret != UID_NONE;
}

PARSER(parse_setuid)
{
	u32 id;

	(void)p;
	if (effective_id(ev, &id))
		ev->thread->uid = id;
}

PARSER(parse_setgid)
{
	u32 id;

	(void)p;
	if (effective_id(ev, &id))
		ev->thread->gid = id;
}

PARSER(parse_setsid)
{
	s64 res;

	(void)p;
	if (event_s64(ev, 0, &res) && res >= 0)
		ev->thread->sid = res;
}

PARSER(parse_setpgid)
{
	s64 pid, pgid;
	struct task *t;

	/* Falco does not follow it, and a capture must show what Falco shows */
	if (!ev->live || !succeeded(ev) || !event_s64(ev, 1, &pid) || !event_s64(ev, 2, &pgid))
		return;
	t = pid ? thread_find(p, pid) : thread_main(task_of(ev->thread));
	if (t && ev->thread->vpid == ev->thread->pid)
		t->t.pgid = t->t.vpgid = pgid ? pgid : t->t.pid;
}

PARSER(parse_rlimit)
{
	enum { NOFILE = 7 };
	bool is_prlimit = ev->type == EV_SYSCALL_PRLIMIT_X;
	struct event_param what = event_param(ev, is_prlimit ? 6 : 3);
	struct task *t = task_of(ev->thread);
	s64 cur, tid;

	if (!succeeded(ev) || what.len != 1 || what.p[0] != NOFILE || !event_s64(ev, 1, &cur) ||
	    cur == -1)
		return;
	if (is_prlimit && event_s64(ev, 5, &tid) && tid)
		t = thread_find(p, tid);
	t = t ? thread_main(t) : NULL;
	if (t)
		t->t.fdlimit = (u64)cur;
}

PARSER(parse_newuser)
{
	struct thread *t = ev->thread;
	u32 flags;

	if (!succeeded(ev))
		return;
	task_of(proc_main_thread(p, t))->names_key = 0;	/* perhaps another mount namespace */
	if (!event_u32(ev, ev->type == EV_SYSCALL_SETNS_X ? 2 : 1, &flags) || !(flags & CL_NEWUSER))
		return;
	t->cap_inheritable = t->cap_permitted = t->cap_effective = CAPS_ALL;
}

PARSER(parse_capset)
{
	struct thread *t = ev->thread;

	(void)p;
	if (!succeeded(ev))
		return;
	event_u64(ev, 1, &t->cap_inheritable);
	event_u64(ev, 2, &t->cap_permitted);
	event_u64(ev, 3, &t->cap_effective);
}

PARSER(parse_prctl)
{
	enum { SET_NAME = 15, SET_CHILD_SUBREAPER = 36, GET_CHILD_SUBREAPER = 37 };
	struct thread *t = ev->thread;
	const char *name;
	u32 option, n;
	s64 arg2 = 0;

	(void)p;
	if (!succeeded(ev) || !event_u32(ev, 1, &option))
		return;
	if (option == SET_NAME && ev->live && event_str(ev, 2, &name, &n))
		pstr_set(&t->comm, name, n < 15 ? n : 15);
	if ((option != SET_CHILD_SUBREAPER && option != GET_CHILD_SUBREAPER) || !t->group)
		return;
	event_s64(ev, 3, &arg2);
	t->group->reaper = arg2;
	t->flags = arg2 ? t->flags | TH_CHILD_SUBREAPER : t->flags & ~(u32)TH_CHILD_SUBREAPER;
}

/* ---- counters ---- */

static void set_vm(struct thread *t, const struct event *ev, u32 first)
{
	event_u32(ev, first, &t->vmsize_kb);
	event_u32(ev, first + 1, &t->vmrss_kb);
	event_u32(ev, first + 2, &t->vmswap_kb);
}

PARSER(parse_vm)
{
	(void)p;
	set_vm(ev->thread, ev, 1);
}

/* As Falco: here the memory is the process', in the calls above the thread's. */
PARSER(parse_switch)
{
	struct task *m = thread_main(task_of(ev->thread));

	(void)p;
	event_u64(ev, 1, &ev->thread->pfmajor);
	event_u64(ev, 2, &ev->thread->pfminor);
	if (m)
		set_vm(&m->t, ev, 3);
}

/* ---- users and groups: those of the host; namespaces are looked at (spaces.c) ---- */

static bool of_container(const struct event *ev, u32 param)
{
	const char *id;
	u32 n;

	return event_str(ev, param, &id, &n) && n;
}

static void str_of(const struct event *ev, u32 i, struct state_str *ret)
{
	if (!event_str(ev, i, &ret->p, &ret->len))
		*ret = (struct state_str){ "", 0 };
}

PARSER(parse_user)
{
	struct state_user u = { 0 };

	if (of_container(ev, 5) || !event_u32(ev, 0, &u.uid))
		return;
	if (ev->type == EV_USER_DELETED_E) {
		users_del(p->users, u.uid);
		return;
	}
	event_u32(ev, 1, &u.gid);
	str_of(ev, 2, &u.name);
	str_of(ev, 3, &u.home);
	str_of(ev, 4, &u.shell);
	users_add(p->users, &u);
}

PARSER(parse_group)
{
	struct state_group g = { 0 };

	if (of_container(ev, 2) || !event_u32(ev, 0, &g.gid))
		return;
	if (ev->type == EV_GROUP_DELETED_E) {
		users_del_group(p->users, g.gid);
		return;
	}
	str_of(ev, 1, &g.name);
	users_add_group(p->users, &g);
}
