/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread table, thread groups, and who is whose child.
 *
 * When a thread ends, its children go to the reaper which the kernel named, or else to the
 * one it would pick: another thread of the process, or the nearest ancestor that reaps.
 */
#include "proc/internal.h"

#include <stdlib.h>

enum { MAX_DEPTH = 65536 };	/* of ancestors; the check against loops gives up there */

static void strings_init(struct thread *t, struct pstr_pool *names)
{
	struct pstr *const all[] = { &t->comm, &t->exe, &t->exepath, &t->cwd, &t->root,
				     &t->args, &t->env, &t->cgroups };

	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		pstr_init(all[i], names);
}

static void strings_fini(struct thread *t)
{
	pstr_fini(&t->comm);
	pstr_fini(&t->exe);
	pstr_fini(&t->exepath);
	pstr_fini(&t->cwd);
	pstr_fini(&t->root);
	pstr_fini(&t->args);
	pstr_fini(&t->env);
	pstr_fini(&t->cgroups);
}

static void identity_init(struct proc *p, struct thread *t, s64 tid)
{
	memset(t, 0, sizeof(*t));
	t->tid = tid;
	t->pid = t->ptid = t->vtid = t->vpid = -1;
	t->sid = t->pgid = t->vpgid = -1;
	t->uid = t->gid = t->loginuid = UID_NONE;
	strings_init(t, &p->thread_names);
}

/* ---- who can be forgotten ---- */

static bool may_be_forgotten(const struct proc *p, const struct task *t)
{
	const struct proc_group *g = t->t.group;

	if (t->child_first || (g && g->members > 1 && thread_is_main(&t->t)))
		return false;
	return t->t.pid != 1 && (!p->opt.self_pid || t->t.pid != p->opt.self_pid);
}

static void enter_ring(struct proc *p, struct task *t)
{
	list_del(&t->age);
	if (may_be_forgotten(p, t))
		list_add_tail(t->t.flags & TH_INVALID ? &p->blank : &p->known, &t->age);
}

static struct task *first_of(struct list *ring)
{
	return list_empty(ring) ? NULL : container_of(ring->next, struct task, age);
}

static void to_known(struct proc *p, struct task *t)
{
	list_del(&t->age);
	list_add_tail(&p->known, &t->age);
}

static struct task *least_used(struct proc *p)
{
	struct task *t;

	/* the files of a process can be known when it is not */
	while ((t = first_of(&p->blank)) && t->fds)
		to_known(p, t);
	if (t)
		return t;
	for (u32 chances = 0; (t = first_of(&p->known)) && chances < MAX_CHANCES; chances++) {
		if (!t->used || t->t.flags & TH_DEAD)
			return t;
		t->used = false;
		to_known(p, t);
	}
	return t;
}

bool thread_forget(struct proc *p)
{
	struct task *t = least_used(p);

	if (!t)
		return false;
	p->thread_budget.evicted++;
	if (t->fds && t->fds->refs == 1)
		p->fd_budget.evicted += t->fds->count;
	thread_free(p, t);
	return true;
}

/* ---- entries ---- */

struct task *thread_make(struct proc *p, s64 tid)
{
	struct task *t = thread_find(p, tid);

	if (t)
		return t;
	if (budget_threads_full(p)) {
		p->thread_budget.refused++;
		return NULL;
	}
	t = account_calloc(&p->thread_budget.mem, sizeof(*t));
	identity_init(p, &t->t, tid);
	t->reaper_tid = -1;
	t->last_fd = -1;
	map64_put(&p->tasks, (u64)tid, t);
	enter_ring(p, t);
	p->stats.added_threads++;
	return t;
}

struct task *thread_placeholder(struct proc *p, s64 tid)
{
	struct task *t = thread_make(p, tid);

	if (!t)
		return NULL;
	t->t.flags |= TH_INVALID;
	t->retry_ns = p->ts_ns + NS_PER_S;
	enter_ring(p, t);
	pstr_set(&t->t.comm, "<NA>", 4);
	pstr_set(&t->t.exe, "<NA>", 4);
	pstr_set(&t->t.cwd, "./", 2);
	return t;
}

void thread_reset(struct proc *p, struct task *t)
{
	struct thread *parent = t->t.parent;
	struct proc_group *group = t->t.group;
	u32 generation = t->t.generation;

	fdt_put(p, t);
	strings_fini(&t->t);
	identity_init(p, &t->t, t->t.tid);
	t->t.parent = parent;
	t->t.group = group;
	t->t.generation = generation + 1;
	t->reaper_tid = -1;
	t->last_fd = -1;
	t->last_type = t->enter_type = 0;
	t->names_key = 0;
}

/* A NUL at the end ends the last argument; a single one is no argument at all. */
void thread_set_args(struct thread *t, const void *args, size_t len)
{
	char copy[ARGS_LEN_MAX + 1];
	const char *s = args;

	len = size_min(len, ARGS_LEN_MAX);
	t->nargs = 0;
	if (!len || (len == 1 && !s[0])) {
		pstr_set(&t->args, "", 0);
		return;
	}
	for (size_t i = 0; i < len; i++)
		t->nargs += !s[i];
	if (!s[len - 1]) {
		pstr_update(&t->args, s, len);
		return;
	}
	t->nargs++;
	memcpy(copy, s, len);
	copy[len++] = 0;
	pstr_update(&t->args, copy, len);
}

static const struct {
	const char *kernel, *name;
} subsystems[] = {
	{ "perf", "perf_event" },
	{ "mem", "memory" },
	{ "io", "blkio" },
};

static size_t subsystem_name(const char *s, size_t n, const char **ret)
{
	static const char suffix[] = "_cgroup";

	if (n >= sizeof(suffix) - 1 && !memcmp(s + n - (sizeof(suffix) - 1), suffix, sizeof(suffix) - 1))
		n -= sizeof(suffix) - 1;
	*ret = s;
	for (u32 i = 0; i < ARRAY_SIZE(subsystems); i++) {
		if (strlen(subsystems[i].kernel) != n || memcmp(s, subsystems[i].kernel, n))
			continue;
		*ret = subsystems[i].name;
		return strlen(*ret);
	}
	return n;
}

/* The kernel's names of subsystems become those of the files in /proc. */
void thread_set_cgroups(struct thread *t, const void *cgroups, size_t len)
{
	char out[2 * ARGS_LEN_MAX];
	const char *s = len ? cgroups : "", *end, *name, *eq, *stop;	/* none: NULL */
	size_t at = 0, n;

	len = size_min(len, ARGS_LEN_MAX);
	for (stop = s + len; s < stop; s = end + 1) {
		end = s + strnlen(s, (size_t)(stop - s));
		eq = memchr(s, '=', (size_t)(end - s));
		n = subsystem_name(s, (size_t)((eq ? eq : end) - s), &name);
		if (!eq)
			eq = end;
		if (at + n + (size_t)(end - eq) + 1 > sizeof(out))
			break;
		memcpy(out + at, name, n);
		memcpy(out + at + n, eq, (size_t)(end - eq));
		at += n + (size_t)(end - eq);
		out[at++] = 0;
	}
	pstr_update(&t->cgroups, out, at);
}

/* ---- groups, parents and children ---- */

struct task *thread_main(const struct task *t)
{
	if (thread_is_main(&t->t))
		return (struct task *)t;
	if (!t->t.group || !t->t.group->first || !thread_is_main(&t->t.group->first->t))
		return NULL;
	return t->t.group->first;
}

static struct task *parent_main(const struct task *t)
{
	const struct task *m = thread_main(t);

	return m && m->t.parent ? thread_main(task_of(m->t.parent)) : NULL;
}

static bool would_loop(const struct task *child, const struct task *parent)
{
	const struct task *self = thread_main(child), *m = thread_main(parent);
	u32 depth = 0;

	while (m && depth++ < MAX_DEPTH) {
		if (m == self || m == child)
			return true;
		m = parent_main(m);
	}
	return m != NULL;
}

static void child_remove(struct proc *p, struct task *c)
{
	struct task *parent = c->t.parent ? task_of(c->t.parent) : NULL;

	if (!parent)
		return;
	*(c->child_prev ? &c->child_prev->child_next : &parent->child_first) = c->child_next;
	if (c->child_next)
		c->child_next->child_prev = c->child_prev;
	c->child_next = c->child_prev = NULL;
	c->t.parent = NULL;
	if (!parent->child_first)
		enter_ring(p, parent);
}

static void child_add(struct proc *p, struct task *parent, struct task *c)
{
	child_remove(p, c);
	c->t.parent = &parent->t;
	c->t.ptid = parent->t.tid;
	c->child_next = parent->child_first;
	if (c->child_next)
		c->child_next->child_prev = c;
	parent->child_first = c;
	list_del(&parent->age);
}

/*
 * Whose parent is a thread of m's process is now a child of m: that must not be an ancestor of m, too, as a
 * process that is known only in part may say.
 */
static void break_loop(struct proc *p, struct task *m)
{
	const struct task *up = parent_main(m);
	u32 depth = 0;

	while (up && up != m && depth++ < MAX_DEPTH)
		up = parent_main(up);
	if (!up)
		return;
	child_remove(p, m);
	m->t.ptid = 0;
}

static void group_join(struct proc *p, struct task *t)
{
	struct proc_group *g = map64_get(&p->groups, (u64)t->t.pid);

	if (!g) {
		g = account_calloc(&p->thread_budget.mem, sizeof(*g));
		g->pid = t->t.pid;
		map64_put(&p->groups, (u64)g->pid, g);
		g->reaper = t->t.pid == 1 || t->t.vpid == 1;
	}
	t->t.group = g;
	g->members++;
	g->alive++;
	if (thread_is_main(&t->t)) {
		t->group_prev = NULL;
		t->group_next = g->first;
		*(g->first ? &g->first->group_prev : &g->last) = t;
		g->first = t;
	} else {
		t->group_next = NULL;
		t->group_prev = g->last;
		*(g->last ? &g->last->group_next : &g->first) = t;
		g->last = t;
		if (t->child_first && thread_is_main(&g->first->t))
			break_loop(p, g->first);
	}
	if (g->members == 2)
		enter_ring(p, g->first);
}

static void group_leave(struct proc *p, struct task *t)
{
	struct proc_group *g = t->t.group;
	bool was_first = g && g->first == t;

	if (!g)
		return;
	*(t->group_prev ? &t->group_prev->group_next : &g->first) = t->group_next;
	*(t->group_next ? &t->group_next->group_prev : &g->last) = t->group_prev;
	t->group_next = t->group_prev = NULL;
	t->t.group = NULL;
	if (--g->members) {
		if (was_first && thread_is_main(&g->first->t))
			break_loop(p, g->first);
		if (g->members == 1)
			enter_ring(p, g->first);
		return;
	}
	if (map64_get(&p->groups, (u64)g->pid) == g)
		map64_del(&p->groups, (u64)g->pid);
	account_free(&p->thread_budget.mem, g);
}

void thread_dead(struct task *t)
{
	if (t->t.group && !(t->t.flags & TH_DEAD) && t->t.group->alive)
		t->t.group->alive--;
	t->t.flags |= TH_DEAD;
}

static void parent_link(struct proc *p, struct task *t)
{
	struct task *parent = t->t.pid == 1 ? NULL : thread_find(p, t->t.ptid);
	bool may_loop = t->child_first || (t->t.group && t->t.group->members > 1);

	if (!parent || thread_invalid(&parent->t) || parent == t ||
	    (may_loop && would_loop(t, parent))) {
		child_remove(p, t);
		t->t.ptid = 0;
		return;
	}
	child_add(p, parent, t);
}

void thread_link(struct proc *p, struct task *t)
{
	if (thread_invalid(&t->t))
		return;
	t->t.flags &= ~(u32)TH_INVALID;
	group_join(p, t);
	parent_link(p, t);
	enter_ring(p, t);
}

void thread_unlink(struct proc *p, struct task *t)
{
	thread_dead(t);
	group_leave(p, t);
	child_remove(p, t);
}

/* A socket found in a scan whose own port is that of a server is the server's end. */
static void set_server_ends(struct proc *p, struct task *t)
{
	size_t pos = 0;
	struct fd *fd;

	while (t->fds && (fd = fdt_next(t->fds, &pos))) {
		if (fd->type != FDT_IPV4_SOCK || fd_role(fd) != ROLE_NONE || !fd->sport)
			continue;
		if (!port_known(p, fd->sport)) {
			if (p->opt.live && fd->flags & FD_CONNECTED)
				fd_set_role(fd, ROLE_CLIENT);
			continue;
		}
		fd_swap(fd);
		fd_set_role(fd, ROLE_SERVER);
		fd_set_scanned_name(fd);
	}
}

void thread_link_all(struct proc *p)
{
	struct map64_entry *e;
	struct task *t;
	size_t pos = 0;

	p->unlinked = false;
	while ((e = map64_next(&p->tasks, &pos))) {
		t = e->value;
		if (!t->t.group && !thread_invalid(&t->t))
			group_join(p, t);
	}
	for (pos = 0; (e = map64_next(&p->tasks, &pos));) {
		t = e->value;
		if (!t->t.parent && !thread_invalid(&t->t) && t->t.ptid != 0)
			parent_link(p, t);
		enter_ring(p, t);
		set_server_ends(p, t);
	}
}

/* ---- end ---- */

static struct task *alive_of(const struct proc_group *g, const struct task *not_this)
{
	struct task *t;

	for (t = g ? g->first : NULL; t; t = t->group_next)
		if (t != not_this && !(t->t.flags & TH_DEAD))
			return t;
	return NULL;
}

static bool in_pidns(const struct thread *t)
{
	return t->flags & TH_IN_PIDNS || t->tid != t->vtid;
}

static struct task *find_reaper(const struct task *t)
{
	struct task *found = alive_of(t->t.group, t);
	const struct thread *up = t->t.parent;
	u32 depth = 0;

	if (found)
		return found;
	for (; up && depth < MAX_DEPTH; up = up->parent, depth++) {
		if (in_pidns(up) != in_pidns(&t->t))
			return NULL;
		if (!up->group || !up->group->reaper)
			continue;
		found = alive_of(up->group, NULL);
		if (found)
			return found;
	}
	return NULL;
}

static void reparent_children(struct proc *p, struct task *t)
{
	struct task *reaper = t->reaper_tid > 0 ? thread_find(p, t->reaper_tid) : NULL;
	struct task *c;

	if (!t->child_first)
		return;
	if (!reaper || reaper == t || thread_invalid(&reaper->t))
		reaper = find_reaper(t);
	if (reaper && reaper->t.group)
		reaper->t.group->reaper = true;
	while ((c = t->child_first)) {
		if (reaper && c != reaper && !would_loop(c, reaper)) {
			child_add(p, reaper, c);
			continue;
		}
		child_remove(p, c);
		c->t.ptid = 0;
	}
}

void thread_free(struct proc *p, struct task *t)
{
	thread_unlink(p, t);
	while (t->child_first) {
		t->child_first->t.ptid = 0;
		child_remove(p, t->child_first);
	}
	list_del(&t->age);
	map64_del(&p->tasks, (u64)t->t.tid);
	if (p->last == t)
		p->last = NULL;
	if (p->task == t)
		p->task = NULL;
	fdt_put(p, t);
	strings_fini(&t->t);
	account_free(&p->thread_budget.mem, t->enter);
	account_free(&p->thread_budget.mem, t);
	p->stats.removed_threads++;
}

void thread_remove(struct proc *p, struct task *t)
{
	struct proc_group *g = t->t.group;
	struct task *main;

	if (!g) {
		thread_free(p, t);
		return;
	}
	thread_dead(t);
	reparent_children(p, t);
	main = thread_find(p, t->t.pid);
	if (t != main && !thread_is_main(&t->t))
		thread_free(p, t);
	/* the main thread stays as long as its process has threads */
	else if (!g->alive)
		main = t;
	if (main && main->t.group == g && !g->alive)
		thread_free(p, main);
}

static bool is_long_ago(const struct proc *p, u64 time_ns)
{
	const u64 quiet_ns = p->opt.purge_quiet_s * NS_PER_S;

	return time_ns + quiet_ns < p->ts_ns || from_before_set_back(p, time_ns, quiet_ns);
}

/* So many each second that a walk over all of them is at its end when the next is due. */
static u32 purge_step(const struct proc *p)
{
	enum { AT_LEAST = 64 };
	u64 n = p->tasks.cap / p->opt.purge_interval_s + 1;

	return n < AT_LEAST ? AT_LEAST : (u32)n;
}

/*
 * An exit whose event was lost leaves an entry behind.  Each second of a walk a few that were
 * quiet for long are looked for in /proc, so that no event waits for all of the table.
 */
static void purge_some(struct proc *p)
{
	enum { GONE_AT_ONCE = 256 };
	u32 left = purge_step(p), n = 0;
	s64 gone[GONE_AT_ONCE];

	if (!p->purge_pos)
		p->purge_round_ns = p->ts_ns;
	p->next_purge_ns = p->ts_ns + NS_PER_S;
	for (; left && n < GONE_AT_ONCE; left--) {
		struct map64_entry *e = map64_next(&p->tasks, &p->purge_pos);
		struct task *t;

		if (!e) {
			p->purge_pos = 0;
			p->next_purge_ns = u64_max(p->next_purge_ns, p->purge_round_ns +
						   p->opt.purge_interval_s * NS_PER_S);
			break;
		}
		t = e->value;
		if (is_long_ago(p, t->t.last_event_ts_ns) && is_long_ago(p, t->t.clone_ts_ns) &&
		    !scan_alive(p, t))
			gone[n++] = t->t.tid;
	}
	while (n--) {
		struct task *t = thread_find(p, gone[n]);

		if (t)
			thread_remove(p, t);
	}
}

void thread_purge(struct proc *p)
{
	const u64 most_s = u64_max(p->opt.purge_interval_s, PURGE_FIRST_S);

	if (!p->next_purge_ns)
		p->next_purge_ns = p->ts_ns + PURGE_FIRST_S * NS_PER_S;
	else if (p->ts_ns >= p->next_purge_ns ||
		 from_before_set_back(p, p->next_purge_ns, most_s * NS_PER_S))
		purge_some(p);
}

/* ---- for users of proc.h ---- */

struct thread *proc_thread(const struct proc *p, s64 tid)
{
	struct task *t = thread_find(p, tid);

	return t ? &t->t : NULL;
}

struct thread *proc_main_thread(const struct proc *p, const struct thread *t)
{
	struct task *m = thread_main(task_of(t));

	(void)p;
	return m ? &m->t : (struct thread *)t;
}

bool proc_is_main(const struct thread *t)
{
	return thread_is_main(t);
}

struct thread *proc_parent(const struct proc *p, const struct thread *t)
{
	struct task *m = parent_main(task_of(t));

	(void)p;
	return m ? &m->t : NULL;
}

struct thread *proc_ancestor(const struct proc *p, const struct thread *t, u32 n)
{
	struct task *m = thread_main(task_of(t));

	(void)p;
	while (m && n--)
		m = parent_main(m);
	return m ? &m->t : NULL;
}

u64 proc_nthreads(const struct proc *p, const struct thread *t)
{
	(void)p;
	return t->group ? t->group->alive : 0;
}

u64 proc_nchilds(const struct proc *p, const struct thread *t)
{
	const struct task *m = thread_main(task_of(t));
	u64 n = proc_nthreads(p, t);

	return m && !(m->t.flags & TH_DEAD) && n ? n - 1 : n;
}
