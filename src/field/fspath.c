/* SPDX-License-Identifier: Apache-2.0 */
/* Class "fs.path": paths in the parameters of an event. */
#include "field/getter.h"

/* Where a relative path starts, as rules have always seen it. */
enum base {
	BASE_CWD,
	BASE_EVENT_FD,		/* the directory the event is about */
	BASE_DIRFD,		/* the fd in the parameter before */
	BASE_DIRFD_ALONE,	/* the same; the path itself is left out */
	BASE_NOWHERE,
	BASE_IS_FD,		/* the fd itself is the path */
};

struct path_param {
	u8 param, base;
};

/* source is what comes into being or moves; target what it points to or becomes. */
static const struct {
	u16 type;
	bool failed_too;
	struct path_param name, source, target;
} events[] = {
	{ EV_SYSCALL_OPEN_X, true, .name = { 1, BASE_CWD } },
	{ EV_SYSCALL_OPENAT_2_X, true, .name = { 2, BASE_DIRFD_ALONE } },
	{ EV_SYSCALL_OPENAT2_X, true, .name = { 2, BASE_DIRFD_ALONE } },
	{ EV_SYSCALL_MKDIR_2_X, .name = { 1, BASE_CWD } },
	{ EV_SYSCALL_MKDIRAT_X, .name = { 2, BASE_EVENT_FD } },
	{ EV_SYSCALL_RMDIR_2_X, .name = { 1, BASE_CWD } },
	{ EV_SYSCALL_UNLINK_2_X, .name = { 1, BASE_CWD } },
	{ EV_SYSCALL_UNLINKAT_2_X, .name = { 2, BASE_EVENT_FD } },
	{ EV_SYSCALL_CHMOD_X, .name = { 1, BASE_CWD } },
	{ EV_SYSCALL_FCHMOD_X, .name = { 1, BASE_IS_FD } },
	{ EV_SYSCALL_FCHMODAT_X, .name = { 2, BASE_EVENT_FD } },
	{ EV_SYSCALL_CHOWN_X, .name = { 1, BASE_CWD } },
	{ EV_SYSCALL_LCHOWN_X, .name = { 1, BASE_CWD } },
	{ EV_SYSCALL_FCHOWN_X, .name = { 1, BASE_IS_FD } },
	{ EV_SYSCALL_FCHOWNAT_X, .name = { 2, BASE_EVENT_FD } },
	{ EV_SYSCALL_QUOTACTL_X, .name = { 1, BASE_CWD } },
	{ EV_SYSCALL_UMOUNT_1_X, .name = { 1, BASE_CWD } },
	{ EV_SYSCALL_UMOUNT2_X, .name = { 1, BASE_CWD } },
	{ EV_SYSCALL_RENAME_X, .source = { 1, BASE_CWD }, .target = { 2, BASE_CWD } },
	{ EV_SYSCALL_RENAMEAT_X, .source = { 2, BASE_CWD }, .target = { 4, BASE_CWD } },
	{ EV_SYSCALL_RENAMEAT2_X, .source = { 2, BASE_DIRFD }, .target = { 4, BASE_DIRFD } },
	{ EV_SYSCALL_LINK_2_X, .source = { 2, BASE_CWD }, .target = { 1, BASE_CWD } },
	{ EV_SYSCALL_LINKAT_2_X, .source = { 4, BASE_CWD }, .target = { 2, BASE_CWD } },
	{ EV_SYSCALL_SYMLINK_X, .source = { 2, BASE_CWD }, .target = { 1, BASE_CWD } },
	{ EV_SYSCALL_SYMLINKAT_X, .source = { 3, BASE_EVENT_FD }, .target = { 1, BASE_NOWHERE } },
	{ EV_SYSCALL_MOUNT_X, .source = { 1, BASE_CWD }, .target = { 2, BASE_CWD } },
};

enum { WHICH_NAME, WHICH_SOURCE, WHICH_TARGET, WHICH_MASK = 3, RAW = 4 };

static const struct path_param *find_param(const struct event *ev, s64 which)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		const struct path_param *p;
		s64 res;

		if (events[i].type != ev->type)
			continue;
		if (!event_res(ev, &res) || (events[i].failed_too ? res == -1 : res != 0))
			return NULL;
		p = which == WHICH_NAME ? &events[i].name :
		    which == WHICH_SOURCE ? &events[i].source : &events[i].target;
		return p->param ? p : NULL;
	}
	return NULL;
}

static bool unknown_base(struct field_ctx *x, struct value *ret, const char *path, u32 len)
{
	struct buf *b = tmp_buf(x);

	buf_adds(b, "<UNKNOWN>");
	buf_add(b, path, len);
	return set_scratch(x, ret, b);
}

static struct fd *dirfd_of(struct field_ctx *x, u32 param)
{
	s64 num;

	return event_s64(x->ev, param, &num) ? proc_fd(x->proc, x->thread, num) : NULL;
}

static bool is_cwd(const struct event *ev, u32 param)
{
	s64 num;

	return event_s64(ev, param, &num) && num == SAKER_AT_FDCWD;
}

/*
 * The directory takes the place of the event's fd in all that is printed from here on: alerts
 * of captures have always been so.  Conditions keep the fd of the event, whatever their order.
 */
static void print_fd_as(struct field_ctx *x, struct fd *dir)
{
	struct event *ev;

	if (!x->printing || x->ev->live || x->ev->fd == dir)
		return;
	ev = field_scratch(x, sizeof(*ev));
	*ev = *x->ev;
	ev->fd = dir;
	x->ev = ev;
	x->reprint = true;
}

/* Relative paths of openat and openat2 show as the directory alone. */
static bool directory_alone(struct field_ctx *x, u32 dirfd_param, const char *path, u32 len,
			    struct value *ret)
{
	struct fd *dir = dirfd_of(x, dirfd_param);

	if (!event_param(x->ev, dirfd_param).len)
		return set_str(ret, path, len);
	if (!dir)
		return unknown_base(x, ret, "", 0);
	print_fd_as(x, dir);
	return field_set_path(x, ret, NULL, dir->name.p, dir->name.len);
}

static bool resolve(struct field_ctx *x, const struct path_param *p, const char *path, u32 len,
		    struct value *ret)
{
	const struct event *ev = x->ev;
	const struct fd *dir = NULL;

	if ((len && path[0] == '/') || p->base == BASE_CWD)
		return field_set_path(x, ret, &x->thread->cwd, path, len);
	switch (p->base) {
	case BASE_DIRFD_ALONE:
		return directory_alone(x, p->param - 1u, path, len, ret);
	case BASE_EVENT_FD:
		dir = ev->fd && ev->fd->type == FDT_DIRECTORY ? ev->fd : NULL;
		break;
	case BASE_DIRFD:
		if (is_cwd(ev, p->param - 1u))
			return field_set_path(x, ret, &x->thread->cwd, path, len);
		dir = dirfd_of(x, p->param - 1u);
		break;
	}
	if (!dir)
		return unknown_base(x, ret, path, len);
	return field_set_path_in(x, ret, dir, path, len);
}

/* Parameters that a capture of an older version lacks are there, but empty. */
static bool path_of(const struct event *ev, u32 param, const char **ret, u32 *ret_len)
{
	if (event_str(ev, param, ret, ret_len))
		return true;
	*ret = "<NA>";
	*ret_len = 4;
	return param < ev->nparams;
}

GETTER(get_path)
{
	const struct event *ev = x->ev;
	const struct path_param *p = find_param(ev, f->field->id & WHICH_MASK);
	const char *path;
	u32 len;

	if (!p || !x->thread)
		return false;
	if (p->base == BASE_IS_FD)
		return ev->fd && set_pstr(ret, &ev->fd->name);
	if (!path_of(ev, p->param, &path, &len))
		return false;
	if (f->field->id & RAW)
		return set_str(ret, path, len);
	return resolve(x, p, path, len, ret);
}

static const struct field rows[] = {
	{ .name = "fs.path.name", .type = PT_CHARBUF, .get = get_path, .id = WHICH_NAME,
	  .help = "Path a syscall works on (open, unlink, mkdir, chmod, ...), absolute and "
		  "normalised." },
	{ .name = "fs.path.nameraw", .type = PT_CHARBUF, .get = get_path, .id = WHICH_NAME | RAW,
	  .help = "The same path as the caller wrote it." },
	{ .name = "fs.path.source", .type = PT_CHARBUF, .get = get_path, .id = WHICH_SOURCE,
	  .help = "Of syscalls with two paths (rename, link, symlink, mount) the source, absolute "
		  "and normalised." },
	{ .name = "fs.path.sourceraw", .type = PT_CHARBUF, .get = get_path,
	  .id = WHICH_SOURCE | RAW,
	  .help = "The source as the caller wrote it." },
	{ .name = "fs.path.target", .type = PT_CHARBUF, .get = get_path, .id = WHICH_TARGET,
	  .help = "Of syscalls with two paths the target, absolute and normalised." },
	{ .name = "fs.path.targetraw", .type = PT_CHARBUF, .get = get_path,
	  .id = WHICH_TARGET | RAW,
	  .help = "The target as the caller wrote it." },
};

const struct field_class field_class_fspath = {
	.name = "fs.path",
	.desc = "",
	.help = "Paths in the parameters of syscalls, also of those that name a file without "
		"opening it.",
	.source = "syscall",
	.rows = rows,
	.n = ARRAY_SIZE(rows),
};
