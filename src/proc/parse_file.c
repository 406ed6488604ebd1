/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that make, copy and close fds which are not sockets; working directories. */
#include "proc/internal.h"

static const char na[] = "<NA>";

static bool is_na(const char *s, u32 n)
{
	return n == sizeof(na) - 1 && !memcmp(s, na, n);
}

static bool result(const struct event *ev, s64 *ret)
{
	return event_s64(ev, 0, ret);
}

/* ---- enter events ---- */

void parse_store_enter(struct proc *p, struct event *ev)
{
	struct task *t = task_of(ev->thread);
	u32 len = ev->raw->len;

	if (len > ENTER_LEN_MAX) {
		p->stats.store_drops++;
		return;
	}
	if (len > t->enter_cap) {
		t->enter = account_realloc(&p->thread_budget.mem, t->enter, len);
		t->enter_cap = len;
	}
	memcpy(t->enter, ev->raw, len);
	t->enter_len = len;
	t->enter_type = ev->type;
	p->stats.stored_events++;
}

bool parse_enter(struct proc *p, const struct event *ev, struct event *ret)
{
	struct task *t = task_of(ev->thread);
	struct diag d = { 0 };
	bool ok;

	if (!t->enter_type)
		return false;
	if (t->enter_type != ev->type - 1 &&
	    !(t->enter_type == EV_SYSCALL_EXECVEAT_E && ev->type == EV_SYSCALL_EXECVE_19_X)) {
		p->stats.retrieve_drops++;
		t->enter_type = 0;
		return false;
	}
	t->enter_type = 0;
	ok = !event_decode(ret, (const struct event_hdr *)(const void *)t->enter, t->enter_len, &d);
	diag_fini(&d);
	p->stats.retrieved_events += ok;
	return ok;
}

/* ---- open ---- */

u32 parse_path_at(struct proc *p, const struct task *t, s64 dirfd, const char *path, u32 len,
		  char *out)
{
	const struct task *m = thread_main(t);
	char dir[PATH_LEN_MAX + 1];
	const struct fd *fd;
	u32 n;

	if (len && path[0] == '/')
		return path_concat(out, PATH_LEN_MAX, ".", 1, path, len);
	if (dirfd == SAKER_AT_FDCWD) {
		m = m ? m : t;
		return path_concat(out, PATH_LEN_MAX, m->t.cwd.p, m->t.cwd.len, path, len);
	}
	fd = proc_fd(p, &t->t, dirfd);
	if (!fd)
		return path_concat(out, PATH_LEN_MAX, "<UNKNOWN>", 9, path, len);
	n = fd->name.len < PATH_LEN_MAX ? fd->name.len : PATH_LEN_MAX;
	memcpy(dir, fd->name.p, n);
	if (!n || dir[n - 1] != '/')
		dir[n++] = '/';
	return path_concat(out, PATH_LEN_MAX, dir, n, path, len);
}

/* Where each call of the family has its parameters; 0: it has none. */
struct open_params {
	u8 name, flags, dirfd, dev, ino, creat_flags;
	u8 enter_name, enter_flags, enter_params;	/* enter_params: 0: no enter event */
	bool enter_dirfd;
	bool from_root;		/* the path comes from the kernel */
};

static void fill_opened(struct fd *fd, const struct event *ev, const struct open_params *o,
			u32 flags)
{
	u16 creat_flags;

	fd->open_flags = flags;
	if (flags & OPEN_CLOEXEC)
		fd->flags |= FD_CLOSE_ON_EXEC;
	if (flags & OPEN_UPPER_LAYER)
		fd->flags |= FD_UPPER_LAYER;
	if (flags & OPEN_LOWER_LAYER)
		fd->flags |= FD_LOWER_LAYER;
	event_u32(ev, o->dev, &fd->dev);
	event_u64(ev, o->ino, &fd->ino);
	if (!o->creat_flags || event_param(ev, o->creat_flags).len != sizeof(creat_flags))
		return;
	memcpy(&creat_flags, event_param(ev, o->creat_flags).p, sizeof(creat_flags));
	if (creat_flags & 1)
		fd->flags |= FD_UPPER_LAYER;
	else if (creat_flags & 2)
		fd->flags |= FD_LOWER_LAYER;
}

/* What was read when the call began cannot have been changed by another thread since. */
static void prefer_enter(struct proc *p, const struct event *ev, const struct open_params *o,
			 struct event *enter, const char **name, u32 *len, u32 *flags, s64 *dirfd)
{
	const char *s;
	u32 n, early;

	if (!parse_enter(p, ev, enter) || enter->nparams < o->enter_params ||
	    !event_str(enter, o->enter_name, &s, &n) || is_na(s, n))
		return;
	*name = s;
	*len = n;
	if (o->enter_flags && event_u32(enter, o->enter_flags, &early))
		*flags = early | (*flags & ~(u32)(OPEN_F_CREATED - 1));
	if (o->enter_dirfd)
		event_s64(enter, 0, dirfd);
}

static void opened(struct proc *p, struct event *ev, const struct open_params *o)
{
	struct task *t = task_of(ev->thread);
	char path[PATH_LEN_MAX];
	const char *name = na;
	u32 len = sizeof(na) - 1, n, flags = 0;
	s64 num, dirfd = SAKER_AT_FDCWD;
	struct event enter;
	struct fd *fd;
	bool named;

	if (!result(ev, &num) || num < 0)
		return;
	named = event_str(ev, o->name, &name, &len);
	if (o->flags)
		event_u32(ev, o->flags, &flags);
	if (o->dirfd && !event_s64(ev, o->dirfd, &dirfd))
		dirfd = 0;
	if (t->enter_type && o->enter_params)
		prefer_enter(p, ev, o, &enter, &name, &len, &flags, &dirfd);
	if (!named && name == na)
		n = path_concat(path, sizeof(path), "", 0, na, sizeof(na) - 1);
	else if (o->from_root)
		n = path_concat(path, sizeof(path), "/", 1, name, len);
	else
		n = parse_path_at(p, t, dirfd, name, len, path);
	fd = parse_add_fd(p, ev, num, flags & OPEN_DIRECTORY ? FDT_DIRECTORY : FDT_FILE_V2);
	if (!fd)
		return;
	pstr_set(&fd->name, path, n);
	if (n == len && len && name[0] == '/') {	/* nothing was left out of it */
		fd->flags |= FD_RAW_IS_NAME;
		pstr_clear(&fd->name_raw);
	} else {
		fd->flags &= ~FD_RAW_IS_NAME;
		pstr_set(&fd->name_raw, name, len);
	}
	fill_opened(fd, ev, o, flags);
	ev->fd_name_changed = n != 0;
}

PARSER(parse_open)
{
	static const struct open_params o = {
		.name = 1, .flags = 2, .dev = 4, .ino = 5,
		.enter_name = 0, .enter_flags = 1, .enter_params = 2,
	};

	opened(p, ev, &o);
}

PARSER(parse_openat)
{
	static const struct open_params o = {
		.dirfd = 1, .name = 2, .flags = 3, .dev = 5, .ino = 6,
		.enter_dirfd = true, .enter_name = 1, .enter_flags = 2, .enter_params = 3,
	};

	opened(p, ev, &o);
}

PARSER(parse_openat2)
{
	static const struct open_params o = {
		.dirfd = 1, .name = 2, .flags = 3, .dev = 6, .ino = 7,
		.enter_dirfd = true, .enter_name = 1, .enter_flags = 2, .enter_params = 3,
	};

	opened(p, ev, &o);
}

PARSER(parse_creat)
{
	static const struct open_params o = {
		.name = 1, .dev = 3, .ino = 4, .creat_flags = 5, .enter_name = 0, .enter_params = 1,
	};

	opened(p, ev, &o);
}

PARSER(parse_open_by_handle_at)
{
	static const struct open_params o = {
		.flags = 2, .name = 3, .dev = 4, .ino = 5, .from_root = true,
	};

	opened(p, ev, &o);
}

/* ---- close, dup, fcntl ---- */

PARSER(parse_close)
{
	s64 res;

	if (!result(ev, &res) || res < 0)
		return;
	p->close_fd = ev->fd_num;
	p->close_pending = true;
}

PARSER(parse_close_range)
{
	enum { CLOSE_RANGE_CLOEXEC = 4 };
	struct task *t = task_of(ev->thread);
	u32 first, last, flags = 0;
	const struct fd_table *f = fdt_of(t);
	VEC(s64) nums = { 0 };
	struct fd *fd;
	size_t pos = 0;
	s64 res;

	if (!result(ev, &res) || res < 0 || !f || !event_u32(ev, 1, &first) ||
	    !event_u32(ev, 2, &last))
		return;
	event_u32(ev, 3, &flags);
	while ((fd = fdt_next(f, &pos)))
		if (fd->num >= first && fd->num <= last)
			vec_push(&nums, fd->num);
	for (size_t i = 0; i < nums.n; i++) {
		if (!(flags & CLOSE_RANGE_CLOEXEC))
			fdt_del(p, t, nums.p[i]);
		else if ((fd = fdt_get_own(p, t, nums.p[i])))
			fd_set_cloexec(fd, true);
	}
	vec_fini(&nums);
}

/* Makes num another name of the fd the event is about. */
static void dup_fd(struct proc *p, struct event *ev, const struct fd *from, s64 num, bool cloexec)
{
	struct fd copy, *fd;

	fd_init(&copy, &p->fd_names);
	fd_copy(&copy, from);
	fd = parse_add_fd(p, ev, num, copy.type);
	if (fd) {
		u32 transient = fd->flags & FD_TRANSIENT;

		fd_copy(fd, &copy);
		fd->num = num;
		fd->flags = (fd->flags & ~(u32)FD_TRANSIENT) | transient;
		fd_set_cloexec(fd, cloexec);
	}
	fd_fini(&copy);
}

static void dup_event(struct proc *p, struct event *ev, bool cloexec)
{
	s64 num;

	if (!result(ev, &num) || num < 0)
		return;
	if (num == ev->fd->num)		/* dup2() */
		ev->fd_num = num;
	else
		dup_fd(p, ev, ev->fd, num, cloexec);
}

PARSER(parse_dup)
{
	dup_event(p, ev, false);
}

PARSER(parse_dup3)
{
	u32 flags = 0;

	event_u32(ev, 3, &flags);
	dup_event(p, ev, flags & OPEN_CLOEXEC);
}

PARSER(parse_fcntl)
{
	enum { F_DUPFD = 1, F_SETFD = 3, F_DUPFD_CLOEXEC = 26 };
	struct event_param cmd = event_param(ev, 2);
	struct fd *fd;
	u64 arg = 0;
	s64 res;

	if (!result(ev, &res) || res < 0 || cmd.len != 1)
		return;
	if (cmd.p[0] == F_DUPFD || cmd.p[0] == F_DUPFD_CLOEXEC) {
		dup_event(p, ev, cmd.p[0] == F_DUPFD_CLOEXEC);
	} else if (cmd.p[0] == F_SETFD && event_u64(ev, 3, &arg)) {
		fd = fdt_get_own(p, task_of(ev->thread), ev->fd_num);
		if (!fd)
			return;
		fd_set_cloexec(fd, arg & 1);
		if (!(ev->fd->flags & FD_TRANSIENT))
			ev->fd = fd;
	}
}

/* ---- other kinds ---- */

static void add_pipe_end(struct proc *p, struct event *ev, s64 num, u64 ino, u32 flags)
{
	struct fd *fd = parse_add_fd(p, ev, num, FDT_FIFO);

	if (!fd)
		return;
	fd->ino = ino;
	fd->open_flags = flags;
	fd_set_cloexec(fd, flags & OPEN_CLOEXEC);
}

PARSER(parse_pipe)
{
	s64 res, one, two;
	u64 ino = 0;
	u32 flags = 0;

	if (!result(ev, &res) || res < 0 || !event_s64(ev, 1, &one) || !event_s64(ev, 2, &two))
		return;
	event_u64(ev, 3, &ino);
	event_u32(ev, 4, &flags);
	add_pipe_end(p, ev, one, ino, flags);
	add_pipe_end(p, ev, two, ino, flags);
}

PARSER(parse_memfd_create)
{
	const char *name = "";
	u32 n = 0, flags = 0;
	struct fd *fd;
	s64 num;

	if (!result(ev, &num))
		return;
	/* Falco keeps an entry for a call that failed */
	fd = parse_add_fd(p, ev, num, num > 0 ? FDT_MEMFD : FDT_NONE);
	if (!fd || num <= 0)
		return;
	event_str(ev, 1, &name, &n);
	event_u32(ev, 2, &flags);
	pstr_set(&fd->name, name, n);
	fd_set_cloexec(fd, flags & 1);
	ev->fd_name_changed = n != 0;
}

PARSER(parse_pidfd_open)
{
	struct buf name = { 0 };
	struct fd *fd;
	s64 num, pid;

	if (!result(ev, &num) || num < 0 || !event_s64(ev, 1, &pid))
		return;
	fd = parse_add_fd(p, ev, num, FDT_PIDFD);
	if (!fd)
		return;
	buf_adds(&name, p->host_root);
	buf_adds(&name, "/proc/");
	buf_add_s64(&name, pid);
	pstr_set(&fd->name, name.p, name.len);
	buf_fini(&name);
	fd_set_cloexec(fd, true);
	ev->fd_name_changed = true;
}

/* The process a pidfd stands for, from the name it got. */
static struct task *pidfd_target(const struct proc *p, const struct fd *pidfd)
{
	const char *s = pidfd->name.p, *end = s + pidfd->name.len;
	s64 pid = 0;

	if (pidfd->type != FDT_PIDFD)
		return NULL;
	while (end > s && end[-1] >= '0' && end[-1] <= '9')
		end--;
	for (; *end >= '0' && *end <= '9' && pid < INT32_MAX; end++)
		pid = pid * 10 + (*end - '0');
	return thread_find(p, pid);
}

PARSER(parse_pidfd_getfd)
{
	const struct fd *pidfd, *from;
	s64 num, pid_fd, target_fd;
	const struct task *target;

	if (!result(ev, &num) || !event_s64(ev, 1, &pid_fd) || !event_s64(ev, 2, &target_fd))
		return;
	pidfd = proc_fd(p, ev->thread, pid_fd);
	target = pidfd ? pidfd_target(p, pidfd) : NULL;
	from = target ? fdt_get(target, target_fd) : NULL;
	if (from)
		dup_fd(p, ev, from, num, true);
}

static const struct {
	u16 event;
	u8 type;
	u8 flags_param;		/* 0: none */
	u32 cloexec;		/* the bit in it; without parameter: always when not 0 */
} anon_fds[] = {
	{ EV_SYSCALL_EVENTFD_X, FDT_EVENT, 0, 0 },
	{ EV_SYSCALL_EVENTFD2_X, FDT_EVENT, 1, OPEN_CLOEXEC },
	{ EV_SYSCALL_SIGNALFD_X, FDT_SIGNALFD, 0, 0 },
	{ EV_SYSCALL_SIGNALFD4_X, FDT_SIGNALFD, 1, OPEN_CLOEXEC },
	{ EV_SYSCALL_TIMERFD_CREATE_X, FDT_TIMERFD, 0, 0 },
	{ EV_SYSCALL_INOTIFY_INIT_X, FDT_INOTIFY, 0, 0 },
	{ EV_SYSCALL_INOTIFY_INIT1_X, FDT_INOTIFY, 1, OPEN_CLOEXEC },
	{ EV_SYSCALL_EPOLL_CREATE_X, FDT_EVENTPOLL, 0, 0 },
	{ EV_SYSCALL_EPOLL_CREATE1_X, FDT_EVENTPOLL, 1, 1 },
	{ EV_SYSCALL_BPF_2_X, FDT_BPF, 0, 1 },
	{ EV_SYSCALL_USERFAULTFD_X, FDT_USERFAULTFD, 1, OPEN_CLOEXEC },
	{ EV_SYSCALL_IO_URING_SETUP_X, FDT_IOURING, 0, 1 },
};

static bool wants_cloexec(const struct event *ev, u8 param, u32 bit)
{
	u64 flags = 0;

	if (!param)
		return bit;
	return event_uint(ev, param, &flags) && flags & bit;
}

PARSER(parse_anon_fd)
{
	struct fd *fd;
	u32 i = 0;
	s64 num;

	if (!result(ev, &num) || num < 0)
		return;
	while (anon_fds[i].event != ev->type)
		i++;
	fd = parse_add_fd(p, ev, num, anon_fds[i].type);
	if (fd)
		fd_set_cloexec(fd, wants_cloexec(ev, anon_fds[i].flags_param, anon_fds[i].cloexec));
}

/* ---- directories ---- */

static void set_cwd(struct task *t, const char *path, u32 len)
{
	struct task *m = thread_main(t);
	char out[PATH_LEN_MAX + 1];
	u32 n;

	if (!m)
		return;
	n = path_concat(out, PATH_LEN_MAX, m->t.cwd.p, m->t.cwd.len, path, len);
	if (n && out[n - 1] != '/')
		out[n++] = '/';
	pstr_set(&m->t.cwd, out, n);
}

PARSER(parse_chdir)
{
	const char *path;
	u32 n;
	s64 res;

	(void)p;
	if (result(ev, &res) && res >= 0 && event_str(ev, 1, &path, &n))
		set_cwd(task_of(ev->thread), path, n);
}

PARSER(parse_fchdir)
{
	s64 res;

	(void)p;
	if (result(ev, &res) && res >= 0)
		set_cwd(task_of(ev->thread), ev->fd->name.p, ev->fd->name.len);
}

PARSER(parse_chroot)
{
	struct task *t = task_of(ev->thread);
	char out[PATH_LEN_MAX];
	const char *path;
	u32 n;
	s64 res;

	if (!result(ev, &res) || res < 0 || !event_str(ev, 1, &path, &n))
		return;
	n = parse_path_at(p, t, SAKER_AT_FDCWD, path, n, out);
	pstr_set(&t->t.root, out, n);
	task_of(proc_main_thread(p, &t->t))->names_key = 0;	/* another passwd */
}
