/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trip of one event through the state: thread and fd are looked up, the parser of the
 * event's type changes what the event changed, and proc_done() takes away what it ended.
 */
#include "proc/internal.h"

#include <stdlib.h>

enum {
	ROW_NO_MISS = 1 << 0,	/* an unknown thread is not looked up */
	ROW_NO_THREAD = 1 << 1,	/* belongs to no thread */
	ROW_HIDDEN = 1 << 2,	/* kept for the exit event; no rule sees it */
	ROW_NO_TS = 1 << 3,	/* does not count as an event of the thread */
	ROW_ALWAYS = 1 << 4,	/* parsed without thread too */
	ROW_NO_FD = 1 << 5,	/* the parser does not need the event's fd */
	ROW_OWN = 1 << 6,	/* the parser looks at nothing but the thread and the event */
};

struct row {
	parse_fn parse;
	u32 flags;
};

#define CLONE_ROW { parse_clone, ROW_NO_MISS | ROW_ALWAYS }

static const struct row rows[EV_MAX] = {
	[EV_SYSCALL_OPEN_E] = { parse_store_enter, ROW_HIDDEN },
	[EV_SYSCALL_CREAT_E] = { parse_store_enter, ROW_HIDDEN },
	[EV_SYSCALL_OPENAT_2_E] = { parse_store_enter, ROW_HIDDEN },
	[EV_SYSCALL_OPENAT2_E] = { parse_store_enter, ROW_HIDDEN },
	[EV_SOCKET_CONNECT_E] = { parse_store_enter, ROW_HIDDEN },
	[EV_SYSCALL_EXECVE_19_E] = { parse_store_enter, ROW_HIDDEN },
	[EV_SYSCALL_EXECVEAT_E] = { parse_store_enter, ROW_HIDDEN },

	[EV_SYSCALL_CLONE_20_X] = CLONE_ROW,
	[EV_SYSCALL_FORK_20_X] = CLONE_ROW,
	[EV_SYSCALL_VFORK_20_X] = CLONE_ROW,
	[EV_SYSCALL_CLONE3_X] = CLONE_ROW,
	[EV_SYSCALL_EXECVE_19_X] = { .parse = parse_execve },
	[EV_SYSCALL_EXECVEAT_X] = { .parse = parse_execveat },
	[EV_PROCEXIT_1_E] = { parse_procexit, ROW_NO_MISS },

	[EV_SYSCALL_OPEN_X] = { .parse = parse_open },
	[EV_SYSCALL_OPENAT_2_X] = { .parse = parse_openat },
	[EV_SYSCALL_OPENAT2_X] = { .parse = parse_openat2 },
	[EV_SYSCALL_CREAT_X] = { .parse = parse_creat },
	[EV_SYSCALL_OPEN_BY_HANDLE_AT_X] = { .parse = parse_open_by_handle_at },
	[EV_SYSCALL_CLOSE_X] = { .parse = parse_close },
	[EV_SYSCALL_CLOSE_RANGE_X] = { .parse = parse_close_range },
	[EV_SYSCALL_DUP_1_X] = { .parse = parse_dup },
	[EV_SYSCALL_DUP2_X] = { .parse = parse_dup },
	[EV_SYSCALL_DUP3_X] = { .parse = parse_dup3 },
	[EV_SYSCALL_FCNTL_X] = { .parse = parse_fcntl },
	[EV_SYSCALL_PIPE_X] = { .parse = parse_pipe },
	[EV_SYSCALL_PIPE2_X] = { .parse = parse_pipe },
	[EV_SYSCALL_MEMFD_CREATE_X] = { .parse = parse_memfd_create },
	[EV_SYSCALL_PIDFD_OPEN_X] = { .parse = parse_pidfd_open },
	[EV_SYSCALL_PIDFD_GETFD_X] = { .parse = parse_pidfd_getfd },
	[EV_SYSCALL_EVENTFD_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_EVENTFD2_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_SIGNALFD_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_SIGNALFD4_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_TIMERFD_CREATE_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_INOTIFY_INIT_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_INOTIFY_INIT1_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_EPOLL_CREATE_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_EPOLL_CREATE1_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_BPF_2_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_USERFAULTFD_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_IO_URING_SETUP_X] = { .parse = parse_anon_fd },
	[EV_SYSCALL_CHDIR_X] = { .parse = parse_chdir },
	[EV_SYSCALL_GETCWD_X] = { .parse = parse_chdir },
	[EV_SYSCALL_FCHDIR_X] = { .parse = parse_fchdir },
	[EV_SYSCALL_CHROOT_X] = { .parse = parse_chroot },

	[EV_SOCKET_SOCKET_X] = { .parse = parse_socket },
	[EV_SOCKET_SOCKETPAIR_X] = { .parse = parse_socketpair },
	[EV_SOCKET_BIND_X] = { .parse = parse_bind },
	[EV_SOCKET_LISTEN_X] = { .parse = parse_listen },
	[EV_SOCKET_CONNECT_X] = { .parse = parse_connect },
	[EV_SOCKET_ACCEPT_5_X] = { .parse = parse_accept },
	[EV_SOCKET_ACCEPT4_6_X] = { .parse = parse_accept },
	[EV_SYSCALL_READ_X] = { .parse = parse_io },
	[EV_SYSCALL_PREAD_X] = { .parse = parse_io },
	[EV_SYSCALL_READV_X] = { .parse = parse_io },
	[EV_SYSCALL_PREADV_X] = { .parse = parse_io },
	[EV_SYSCALL_WRITE_X] = { .parse = parse_io },
	[EV_SYSCALL_PWRITE_X] = { .parse = parse_io },
	[EV_SYSCALL_WRITEV_X] = { .parse = parse_io },
	[EV_SYSCALL_PWRITEV_X] = { .parse = parse_io },
	[EV_SOCKET_RECV_X] = { .parse = parse_recv },
	[EV_SOCKET_RECVFROM_X] = { .parse = parse_recv },
	[EV_SOCKET_RECVMSG_X] = { .parse = parse_recv },
	[EV_SOCKET_RECVMMSG_X] = { .parse = parse_recv },
	[EV_SOCKET_SEND_X] = { .parse = parse_send },
	[EV_SOCKET_SENDTO_X] = { .parse = parse_send },
	[EV_SOCKET_SENDMSG_X] = { .parse = parse_send },
	[EV_SOCKET_SENDMMSG_X] = { .parse = parse_send },

	[EV_SYSCALL_SETUID_X] = { .parse = parse_setuid },
	[EV_SYSCALL_SETREUID_X] = { .parse = parse_setuid },
	[EV_SYSCALL_SETRESUID_X] = { .parse = parse_setuid },
	[EV_SYSCALL_SETGID_X] = { .parse = parse_setgid },
	[EV_SYSCALL_SETREGID_X] = { .parse = parse_setgid },
	[EV_SYSCALL_SETRESGID_X] = { .parse = parse_setgid },
	[EV_SYSCALL_SETSID_X] = { .parse = parse_setsid },
	[EV_SYSCALL_SETPGID_X] = { .parse = parse_setpgid },
	[EV_SYSCALL_GETRLIMIT_X] = { .parse = parse_rlimit },
	[EV_SYSCALL_SETRLIMIT_X] = { .parse = parse_rlimit },
	[EV_SYSCALL_PRLIMIT_X] = { .parse = parse_rlimit },
	[EV_SYSCALL_UNSHARE_X] = { .parse = parse_newuser },
	[EV_SYSCALL_SETNS_X] = { .parse = parse_newuser },
	[EV_SYSCALL_CAPSET_X] = { .parse = parse_capset },
	[EV_SYSCALL_PRCTL_X] = { .parse = parse_prctl },
	[EV_SYSCALL_BRK_4_X] = { parse_vm, ROW_NO_FD | ROW_OWN },
	[EV_SYSCALL_MMAP_X] = { parse_vm, ROW_NO_FD | ROW_OWN },
	[EV_SYSCALL_MMAP2_X] = { parse_vm, ROW_NO_FD | ROW_OWN },
	[EV_SYSCALL_MUNMAP_X] = { parse_vm, ROW_NO_FD | ROW_OWN },
	[EV_SCHEDSWITCH_6_E] = { parse_switch, ROW_NO_MISS | ROW_NO_TS | ROW_OWN },

	[EV_PROCINFO_E] = { NULL, ROW_NO_MISS },
	[EV_USER_ADDED_E] = { parse_user, ROW_NO_THREAD | ROW_ALWAYS },
	[EV_USER_DELETED_E] = { parse_user, ROW_NO_THREAD | ROW_ALWAYS },
	[EV_GROUP_ADDED_E] = { parse_group, ROW_NO_THREAD | ROW_ALWAYS },
	[EV_GROUP_DELETED_E] = { parse_group, ROW_NO_THREAD | ROW_ALWAYS },
	[EV_CONTAINER_JSON_2_E] = { NULL, ROW_NO_THREAD },
	[EV_PLUGINEVENT_E] = { NULL, ROW_NO_THREAD },
	[EV_ASYNCEVENT_E] = { NULL, ROW_NO_THREAD },
};

/* The first fd after the result is what the event is about. */
static u8 find_fd_param(const struct event_desc *d)
{
	for (u32 i = 1; i < d->nparams; i++)
		if (d->params[i].type == PT_FD)
			return (u8)i;
	return 0;
}

/* As good as never is soon enough for what comes after: nanoseconds must fit. */
static u64 purge_seconds(u64 s)
{
	return s ? u64_min(s, UINT32_MAX) : PURGE_DEFAULT_S;
}

struct proc *proc_new(const struct proc_options *opt)
{
	struct proc *p = xcalloc(1, sizeof(*p));

	p->opt = *opt;
	p->opt.purge_interval_s = purge_seconds(opt->purge_interval_s);
	p->opt.purge_quiet_s = purge_seconds(opt->purge_quiet_s);
	p->host_root = xstrdup(opt->host_root ? opt->host_root : "");
	p->opt.host_root = p->host_root;
	budget_init(p);
	for (u32 i = 0; i < EV_MAX; i++)
		p->fd_param[i] = find_fd_param(event_desc(i));
	p->fd_param[EV_SYSCALL_SPLICE_X] = 2;	/* what is written to */
	for (u32 i = 0; i < LIVE_FDS; i++)
		fd_init(&p->live[i], &p->fd_names);
	p->dir = xmalloc(sizeof(*p->dir));
	pstr_init(p->dir, &p->thread_names);
	p->users = users_new(p->host_root, opt->lookup_users, opt->live, opt->max_bytes.users);
	state_init(p);
	return p;
}

void proc_free(struct proc *p)
{
	struct map64_entry *e;
	size_t pos;

	if (!p)
		return;
	for (pos = 0; (e = map64_next(&p->tasks, &pos)); pos--)	/* another one may have moved there */
		thread_free(p, e->value);
	map64_fini(&p->tasks);
	map64_fini(&p->groups);
	fdt_drop_free(p);
	vec_fini(&p->free_fds);
	for (u32 i = 0; i < LIVE_FDS; i++)
		fd_fini(&p->live[i]);
	pstr_fini(p->dir);
	free(p->dir);
	users_free(p->users);
	state_fini(p);
	free(p->host_root);
	free(p);
}

/* Finds the thread; those that are missing are looked up where that makes sense. */
static struct task *find_thread(struct proc *p, s64 tid, u32 flags)
{
	struct task *t;

	p->stats.thread_lookups++;
	t = thread_find(p, tid);
	if (t) {
		t->used = true;
		return t->t.flags & TH_INVALID && !(flags & ROW_NO_MISS) ? parse_lookup(p, tid) : t;
	}
	/* the thread of a clone event is found by its parser */
	if (!(flags & ROW_ALWAYS))
		p->stats.failed_thread_lookups++;
	if (flags & ROW_NO_MISS || tid < 0)
		return NULL;
	return parse_lookup(p, tid);
}

/* What the next event of the thread has to know of this one, whatever becomes of it. */
static void pass_enter(struct event *ev, struct task *t)
{
	t->last_type = ev->type;
	t->last_fd = -1;
	t->enter_type = 0;
	if (ev->desc->flags & EF_USES_FD)
		event_s64(ev, 0, &t->last_fd);
}

/* Of an fd that is not known: it may be one that was forgotten, and is counted. */
static void note_close(struct proc *p, const struct event *ev, struct task *t)
{
	s64 res;

	if (ev->type == EV_SYSCALL_CLOSE_X && event_s64(ev, 0, &res) && !res)
		fdt_del(p, t, ev->fd_num);
}

static void pass_exit(struct proc *p, const struct event *ev, struct task *t)
{
	if (t->last_type != ev->type - 1)
		t->last_fd = -1;
	t->last_type = 0;
	if (t->enter_type && t->enter_type != ev->type - 1 &&
	    t->enter_type != EV_SYSCALL_EXECVEAT_E) {
		p->stats.retrieve_drops++;
		t->enter_type = 0;
	}
}

static void note_enter(struct proc *p, struct event *ev, struct task *t)
{
	s64 num;

	pass_enter(ev, t);
	if (!(ev->desc->flags & EF_USES_FD) || !event_s64(ev, 0, &num))
		return;
	ev->fd_num = num;
	ev->fd = proc_fd(p, &t->t, num);
}

/* False: the event is about an fd that is not known. */
static bool note_exit(struct proc *p, struct event *ev, struct task *t)
{
	u8 param = p->fd_param[ev->type];

	pass_exit(p, ev, t);
	if (!(ev->desc->flags & EF_USES_FD))
		return true;
	if (t->last_fd == -1 || ev->type == EV_SYSCALL_COPY_FILE_RANGE_X)
		event_s64(ev, param, &t->last_fd);
	ev->fd_num = t->last_fd;
	if (ev->fd_num < 0)
		return false;
	p->stats.fd_lookups++;
	if (ev->live) {
		live_begin(p, ev);
		ev->fd = live_fd(p, t, ev->fd_num);
	}
	if (!ev->fd)
		ev->fd = fdt_find(p, t, ev->fd_num);
	if (ev->fd)
		return true;
	p->stats.failed_fd_lookups++;
	note_close(p, ev, t);
	return false;
}

static void apply_to_thread(struct proc *p, struct event *ev, const struct row *row,
			    struct task *t)
{
	bool parse = row->parse;

	ev->thread = &t->t;
	p->task = p->last = t;
	p->set_event_ts = !(row->flags & ROW_NO_TS);
	if (!(row->flags & ROW_NO_MISS))
		t->t.flags |= TH_ACTIVE;
	if (event_is_enter(ev->type)) {
		if (ev->type != EV_SCHEDSWITCH_6_E)
			note_enter(p, ev, t);
	} else if (!note_exit(p, ev, t)) {
		parse = parse && (row->flags & ROW_NO_FD || parse_infer_udp(p, ev));
	} else if (ev->live && !(ev->desc->flags & EF_USES_FD)) {
		live_begin(p, ev);
	}
	if (parse)
		row->parse(p, ev);
	if (ev->live)
		live_end(p, ev);
	/* a call that made an fd of which nothing is known, under a number that is */
	if (!ev->fd && ev->fd_num >= 0)
		ev->fd = proc_fd(p, ev->thread, ev->fd_num);
}

static void note_thread_time(const struct proc *p, struct task *t)
{
	t->t.prev_event_ts_ns = t->t.last_event_ts_ns;
	t->t.last_event_ts_ns = p->ts_ns;
}

static void note_time(struct proc *p, const struct event *ev)
{
	p->prev_ts_ns = p->ts_ns;
	p->ts_ns = ev->ts_ns;
	if (!p->first_ts_ns && !(ev->desc->category & EC_METAEVENT))
		p->first_ts_ns = ev->ts_ns;
}

/* A capture begins with notices that are part of its description of the system. */
static bool is_initial_state(struct proc *p, const struct event *ev)
{
	if (p->started)
		return false;
	switch (ev->type) {
	case EV_CONTAINER_JSON_2_E:
	case EV_USER_ADDED_E:
	case EV_USER_DELETED_E:
	case EV_GROUP_ADDED_E:
	case EV_GROUP_DELETED_E:
		return !ev->live;
	}
	p->started = true;
	return false;
}

static inline bool is_visible(struct proc *p, const struct event *ev)
{
	return !(rows[ev->type].flags & ROW_HIDDEN) && !ev->state_only && !is_initial_state(p, ev);
}

static bool has_thread(const struct event *ev)
{
	return !(rows[ev->type].flags & ROW_NO_THREAD) &&
	       (!(ev->desc->flags & EF_SKIP_STATE) || ev->type == EV_PROCINFO_E);
}

bool proc_apply(struct proc *p, struct event *ev)
{
	const struct row *row = &rows[ev->type];
	struct task *t = NULL, *idle;

	if (p->pending)
		proc_done(p, ev);
	if (p->unlinked)
		thread_link_all(p);
	note_time(p, ev);
	if (ev->live)
		thread_purge(p);
	p->pending = true;
	ev->thread = NULL;
	ev->fd = NULL;
	ev->fd_num = -1;
	if (has_thread(ev))
		t = find_thread(p, ev->tid, row->flags);
	if (t)
		apply_to_thread(p, ev, row, t);
	else if (row->flags & ROW_ALWAYS)
		row->parse(p, ev);
	if (!ev->thread && (idle = thread_find(p, ev->tid)))
		ev->thread = &idle->t;
	return is_visible(p, ev);
}

s64 proc_pid_of(const struct proc *p, s64 tid)
{
	const struct task *t = thread_find(p, tid);

	return t && t->t.pid > 0 ? t->t.pid : tid;
}

bool proc_pass(struct proc *p, struct event *ev, bool *ret_visible)
{
	const struct row *row = &rows[ev->type];
	struct task *t = NULL;

	if ((row->parse && !(row->flags & ROW_OWN)) || p->unlinked || p->pending || ev->live)
		return false;
	if (has_thread(ev)) {
		t = thread_find(p, ev->tid);
		if (!t)
			return false;	/* to be looked for, and remembered */
		t->used = true;
	}
	note_time(p, ev);
	*ret_visible = is_visible(p, ev);
	if (!t)
		return true;
	p->last = t;
	if (!(row->flags & ROW_NO_MISS))
		t->t.flags |= TH_ACTIVE;
	if (!event_is_enter(ev->type))
		pass_exit(p, ev, t);
	else if (ev->type != EV_SCHEDSWITCH_6_E)
		pass_enter(ev, t);
	ev->thread = &t->t;
	if (row->parse)
		row->parse(p, ev);
	if (!(row->flags & ROW_NO_TS))
		note_thread_time(p, t);
	return true;
}

static void end_exit(struct proc *p)
{
	struct task *t = thread_find(p, p->exit_tid);
	struct exited *e;

	p->exit_pending = false;
	if (!t)
		return;
	e = &p->exited[p->nexited++ % ARRAY_SIZE(p->exited)];
	*e = (struct exited){ t->t.ptid, t->t.tid, p->ts_ns };
	thread_remove(p, t);
}

void proc_done(struct proc *p, struct event *ev)
{
	struct task *t = p->task;

	(void)ev;
	p->pending = false;
	p->nlive = 0;
	if (t && p->set_event_ts)
		note_thread_time(p, t);
	if (t && p->close_pending)
		fdt_del(p, t, p->close_fd);
	p->close_pending = false;
	p->set_event_ts = false;
	if (p->exit_pending)
		end_exit(p);
	p->task = NULL;
	budget_keep(p);
}

/* ---- the rest of proc.h ---- */

struct fd *proc_fd(struct proc *p, const struct thread *t, s64 num)
{
	struct task *task = task_of(t);
	struct fd *fd = p->nlive ? live_fd(p, task, num) : NULL;

	return fd ? fd : fdt_find(p, task, num);
}

/* Of the process, so nothing for a thread without one. */
static const struct fd_table *process_fds(const struct thread *t)
{
	const struct task *m = thread_main(task_of(t));

	return m ? m->fds : NULL;
}

struct fd *proc_fd_next(const struct proc *p, const struct thread *t, size_t *pos)
{
	const struct fd_table *f = fdt_of(task_of(t));

	(void)p;
	return f ? fdt_next(f, pos) : NULL;
}

u64 proc_fd_count(const struct proc *p, const struct thread *t)
{
	const struct fd_table *f = process_fds(t);

	(void)p;
	return f ? f->count + f->forgotten : 0;
}

u64 proc_boot_ts_ns(const struct proc *p)
{
	return p->boot_ts_ns;
}

u64 proc_first_ts_ns(const struct proc *p)
{
	return p->first_ts_ns;
}

u64 proc_prev_ts_ns(const struct proc *p)
{
	return p->prev_ts_ns;
}

void proc_dirfd_path(struct proc *p, const struct event *ev, s64 dirfd, const char *path,
		     u32 path_len, struct pstr *ret)
{
	const struct fd *fd;
	char dir[PATH_LEN_MAX + 1];
	u32 n;

	pstr_clear(p->dir);
	*ret = *p->dir;
	if ((path_len && path[0] == '/') || !ev->thread)
		return;
	if (dirfd == SAKER_AT_FDCWD) {
		*ret = proc_main_thread(p, ev->thread)->cwd;
		return;
	}
	fd = proc_fd(p, ev->thread, dirfd);
	if (!fd) {
		pstr_set(p->dir, "<UNKNOWN>/", 10);
	} else {
		n = fd->name.len < PATH_LEN_MAX ? fd->name.len : PATH_LEN_MAX;
		memcpy(dir, fd->name.p, n);
		if (!n || dir[n - 1] != '/')
			dir[n++] = '/';
		pstr_set(p->dir, dir, n);
	}
	*ret = *p->dir;
}

void proc_get_stats(const struct proc *p, struct proc_stats *ret)
{
	*ret = p->stats;
	budget_stats(p, ret);
	ret->user_files_refused = users_files_refused(p->users);
	ret->threads = ret->table[TABLE_THREADS].entries;
	ret->fds = ret->table[TABLE_FDS].entries;
	ret->drops_full_threadtable = ret->table[TABLE_THREADS].refused;
	ret->drops_full_fdtable = ret->table[TABLE_FDS].refused;
	ret->bytes = sizeof(*p);
	for (u32 i = 0; i < PROC_TABLES; i++)
		ret->bytes += ret->table[i].bytes;
}
