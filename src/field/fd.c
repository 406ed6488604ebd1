/* SPDX-License-Identifier: Apache-2.0 */
/* Class "fd": the file descriptor an event is about. */
#include "field/getter.h"

#include <stdio.h>

#include "base/bytes.h"
#include "field/fd.h"

/* Has the event an fd at all?  It may still be one that nothing is known of. */
static bool has_fd(const struct field_ctx *x)
{
	return x->thread && x->ev->desc->flags & (EF_CREATES_FD | EF_USES_FD | EF_DESTROYS_FD);
}

static const struct fd *known_fd(const struct field_ctx *x)
{
	return has_fd(x) ? x->ev->fd : NULL;
}

GETTER(get_num)
{
	return has_fd(x) && set_s64(f, ret, x->ev->fd_num);
}

GETTER(get_type)
{
	const struct fd *fd = known_fd(x);
	const char *name;

	(void)f;
	if (!fd)
		return false;
	name = fd_type_name(fd->type);
	return set_cstr(ret, name ? name : "<NA>");
}

/* ---- events whose fd is not known: what their parameters tell ---------------- */

/* What a successful call would have made. */
static char typechar_made(u16 type)
{
	switch (type) {
	case EV_SYSCALL_CREAT_X:
	case EV_SYSCALL_OPENAT_2_X:
	case EV_SYSCALL_OPENAT2_X:
		return 'f';
	case EV_SOCKET_SOCKET_X:
	case EV_SOCKET_ACCEPT_X:
	case EV_SOCKET_ACCEPT4_X:
	case EV_SOCKET_ACCEPT_5_X:
	case EV_SOCKET_ACCEPT4_5_X:
	case EV_SOCKET_ACCEPT4_6_X:
		return '4';
	case EV_SYSCALL_PIPE_X:
	case EV_SYSCALL_PIPE2_X:
		return 'p';
	case EV_SYSCALL_EVENTFD_X:
	case EV_SYSCALL_EVENTFD2_X:
		return 'e';
	case EV_SYSCALL_SIGNALFD_X:
	case EV_SYSCALL_SIGNALFD4_X:
		return 's';
	case EV_SYSCALL_TIMERFD_CREATE_X:
		return 't';
	case EV_SYSCALL_INOTIFY_INIT_X:
	case EV_SYSCALL_INOTIFY_INIT1_X:
		return 'i';
	default:
		return 'o';
	}
}

static bool name_from_tuple(struct field_ctx *x, struct value *ret)
{
	struct event_param p = event_param(x->ev, 1);
	struct buf *b = tmp_buf(x);

	if (p.len)
		print_socktuple(p.p, p.len, b);
	return set_scratch(x, ret, b);
}

static bool name_from_path(struct field_ctx *x, struct value *ret, u32 param)
{
	const char *path;
	u32 len;

	if (!event_str(x->ev, param, &path, &len))
		return set_str(ret, "", 0);
	return field_set_path(x, ret, &x->thread->cwd, path, len);
}

static bool param_as_is(struct field_ctx *x, struct value *ret, u32 param)
{
	const char *path = "";
	u32 len = 0;

	event_str(x->ev, param, &path, &len);
	return set_str(ret, path, len);
}

static bool name_from_dirfd(struct field_ctx *x, struct value *ret)
{
	const struct event *ev = x->ev;
	const struct fd *dir;
	const char *path;
	s64 dirfd;
	u32 len;

	if (!event_str(ev, 2, &path, &len) || !event_s64(ev, 1, &dirfd))
		return set_str(ret, "", 0);
	if (dirfd == SAKER_AT_FDCWD || (len && path[0] == '/'))
		return field_set_path(x, ret, &x->thread->cwd, path, len);
	dir = proc_fd(x->proc, x->thread, dirfd);
	if (dir)
		return field_set_path_in(x, ret, dir, path, len);
	buf_adds(tmp_buf(x), "<UNKNOWN>");
	buf_add(&x->tmp, path, len);
	return set_scratch(x, ret, &x->tmp);
}

static bool name_from_event(struct field_ctx *x, struct value *ret)
{
	switch (x->ev->type) {
	case EV_SYSCALL_OPEN_X:
	case EV_SYSCALL_CREAT_X:
		return name_from_path(x, ret, 1);
	case EV_SYSCALL_OPENAT_2_X:
	case EV_SYSCALL_OPENAT2_X:
		return name_from_dirfd(x, ret);
	case EV_SYSCALL_OPEN_BY_HANDLE_AT_X:
		return param_as_is(x, ret, 3);
	case EV_SOCKET_ACCEPT_X:
	case EV_SOCKET_ACCEPT4_X:
	case EV_SOCKET_ACCEPT_5_X:
	case EV_SOCKET_ACCEPT4_5_X:
	case EV_SOCKET_ACCEPT4_6_X:
	case EV_SOCKET_CONNECT_X:
		return name_from_tuple(x, ret);
	default:
		return set_str(ret, "", 0);
	}
}

/* ---- names --------------------------------------------------------------------- */

GETTER(get_typechar)
{
	char *c;

	(void)f;
	if (!has_fd(x))
		return false;
	c = field_scratch(x, 2);
	c[0] = x->ev->fd ? fd_typechar(x->ev->fd->type) : typechar_made(x->ev->type);
	c[1] = 0;
	return set_str(ret, c, 1);
}

static bool get_name(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	(void)f;
	if (!has_fd(x))
		return false;
	return x->ev->fd ? set_pstr(ret, &x->ev->fd->name) : name_from_event(x, ret);
}

/* Runs of slashes become one; most strings have none. */
static bool set_sanitized(struct field_ctx *x, struct value *ret, const char *p, size_t len)
{
	char *out;
	size_t n = 0;

	if (!bytes_follow(p, len, '/', '/', '/'))
		return set_str(ret, p, len);
	out = field_scratch(x, len + 1);
	for (size_t i = 0; i < len; i++)
		if (p[i] != '/' || !n || out[n - 1] != '/')
			out[n++] = p[i];
	out[n] = 0;
	return set_str(ret, out, n);
}

GETTER(get_nameraw)
{
	const struct event *ev = x->ev;

	if (!has_fd(x))
		return false;
	if (ev->fd && ev->fd->flags & FD_RAW_IS_NAME)
		return set_str(ret, ev->fd->name.p, ev->fd->name.len);
	if (ev->fd)
		return set_sanitized(x, ret, ev->fd->name_raw.p, ev->fd->name_raw.len);
	if (ev->type != EV_SYSCALL_OPENAT_2_X && ev->type != EV_SYSCALL_OPENAT2_X)
		return get_name(x, f, ret);
	param_as_is(x, ret, 2);
	return set_sanitized(x, ret, ret->p, ret->len);
}

static const char *last_slash(const struct value *v)
{
	return memrchr(v->p, '/', v->len);
}

static bool get_directory(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct event *ev = x->ev;
	const char *slash;

	if (!get_name(x, f, ret))
		return false;
	if (ev->fd && ev->fd->type == FDT_DIRECTORY)
		return true;
	if (ev->fd && !field_is_file_fd(ev->fd))
		return false;
	slash = last_slash(ret);
	if (!slash || slash == ret->p)
		return set_str(ret, "/", 1);
	return set_str(ret, ret->p, (size_t)(slash - ret->p));
}

GETTER(get_filename)
{
	const struct fd *fd = known_fd(x);
	const char *slash;

	(void)f;
	if (!fd || !field_is_file_fd(fd) || fd->type == FDT_DIRECTORY)
		return false;
	set_pstr(ret, &fd->name);
	slash = last_slash(ret);
	if (!slash)
		return set_str(ret, "/", 1);
	return set_str(ret, slash + 1, (size_t)(ret->p + ret->len - slash - 1));
}

GETTER(get_uid)
{
	struct buf *b = tmp_buf(x);

	(void)f;
	if (!has_fd(x))
		return false;
	buf_add_s64(b, x->thread->tid);
	buf_add_s64(b, x->ev->fd_num);
	return set_scratch(x, ret, b);
}

/* Everything runs on the host as far as saker knows. */
static bool in_container(struct field_ctx *x, struct value *ret)
{
	struct buf *b = tmp_buf(x);

	buf_adds(b, "host:");
	buf_add(b, ret->p, ret->len);
	return set_scratch(x, ret, b);
}

GETTER(get_container_name)
{
	return get_name(x, f, ret) && in_container(x, ret);
}

GETTER(get_container_directory)
{
	return get_directory(x, f, ret) && in_container(x, ret);
}

/* ---- properties ------------------------------------------------------------------ */

GETTER(get_flag)
{
	const struct fd *fd = known_fd(x);

	return fd && set_u64(f, ret, !!(fd->flags & (u64)f->field->id));
}

GETTER(get_name_changed)
{
	return known_fd(x) && set_u64(f, ret, x->ev->fd_name_changed);
}

GETTER(get_dev)
{
	const struct fd *fd = known_fd(x);

	return fd && set_s64(f, ret, (s32)fd->dev);
}

/* The 12 + 20 bits of the kernel's external form, major in the middle. */
GETTER(get_dev_major)
{
	const struct fd *fd = known_fd(x);

	return fd && set_s64(f, ret, (fd->dev & 0xfff00) >> 8);
}

GETTER(get_dev_minor)
{
	const struct fd *fd = known_fd(x);

	return fd && set_s64(f, ret, (fd->dev & 0xff) | (fd->dev >> 12 & 0xfff00));
}

GETTER(get_ino)
{
	const struct fd *fd = known_fd(x);

	return fd && set_s64(f, ret, (s64)fd->ino);
}

/* ---- all descriptors of the process ------------------------------------------------ */

/* Types of the descriptors seen, with the highest number each has. */
struct fd_types {
	const char *names[FDT_MAX];
	s64 highest[FDT_MAX];
	u32 n;
};

static void add_type(struct fd_types *t, const struct fd *fd)
{
	const char *name = fd_type_name(fd->type);
	u32 i;

	name = name ? name : "<NA>";
	for (i = 0; i < t->n && strcmp(t->names[i], name); i++)
		;
	if (i == FDT_MAX)
		return;
	if (i == t->n) {
		t->names[t->n++] = name;
		t->highest[i] = fd->num;
	} else if (fd->num > t->highest[i]) {
		t->highest[i] = fd->num;
	}
}

/* Takes the type of the highest descriptor. */
static const char *take_type(struct fd_types *t)
{
	const char *name;
	u32 best = 0;

	for (u32 i = 1; i < t->n; i++)
		if (t->highest[i] > t->highest[best])
			best = i;
	name = t->names[best];
	t->n--;
	t->names[best] = t->names[t->n];
	t->highest[best] = t->highest[t->n];
	return name;
}

GETTER(get_types)
{
	struct fd_types types = { .n = 0 };
	struct value *list;
	const struct fd *fd;
	size_t pos = 0;
	u32 n = 0;

	if (!has_fd(x))
		return false;
	if (f->has_index) {
		fd = proc_fd(x->proc, x->thread, f->index);
		if (fd)
			add_type(&types, fd);
	} else {
		while ((fd = proc_fd_next(x->proc, x->thread, &pos)))
			add_type(&types, fd);
	}
	list = field_scratch(x, FDT_MAX * sizeof(*list));
	while (types.n)
		set_cstr(&list[n++], take_type(&types));
	return n && set_list(f, ret, list, n);
}

#define ENDS FF_FILTER_ONLY | FF_NO_TRANSFORMER | FF_NO_RHS
#define END_NAME FF_NO_TRANSFORMER | FF_NO_RHS | FF_RESOLVE

static const struct field rows[] = {
	{ .name = "fd.num", .type = PT_INT64, .fmt = PF_ID, .get = get_num,
	  .help = "Number of the file descriptor." },
	{ .name = "fd.type", .type = PT_CHARBUF, .get = get_type,
	  .help = "file, directory, ipv4, ipv6, unix, pipe, event, signalfd, eventpoll, inotify, "
		  "timerfd, netlink, bpf, userfaultfd, io_uring, memfd or pidfd." },
	{ .name = "fd.typechar", .type = PT_CHARBUF, .get = get_typechar,
	  .help = "The type as one character: f file, d directory, 4 and 6 internet sockets, u "
		  "unix socket, p pipe, e event, s signalfd, l eventpoll, i inotify, t timerfd, n "
		  "netlink, b bpf, r io_uring, m memfd, P pidfd, o unknown." },
	{ .name = "fd.name", .type = PT_CHARBUF, .get = get_name,
	  .help = "Absolute path of a file; client and server of a socket." },
	{ .name = "fd.directory", .type = PT_CHARBUF, .get = get_directory,
	  .help = "Directory the file is in." },
	{ .name = "fd.filename", .type = PT_CHARBUF, .get = get_filename,
	  .help = "Last component of the file's path." },
	{ .name = "fd.ip", .type = PT_IPADDR, .flags = ENDS | FF_ENDS, .get = field_fd_get_no_value,
	  .get_all = field_fd_get_ends, .id = END_ADDRESS,
	  .help = "Address of either end of a connection." },
	{ .name = "fd.cip", .type = PT_IPADDR, .get = field_fd_get_address, .id = END_CLIENT,
	  .help = "Address of the client." },
	{ .name = "fd.sip", .type = PT_IPADDR, .get = field_fd_get_address, .id = END_SERVER,
	  .help = "Address of the server." },
	{ .name = "fd.lip", .type = PT_IPADDR, .get = field_fd_get_address, .id = END_LOCAL,
	  .help = "Address of the local end." },
	{ .name = "fd.rip", .type = PT_IPADDR, .get = field_fd_get_address, .id = END_REMOTE,
	  .help = "Address of the remote end." },
	{ .name = "fd.port", .type = PT_PORT, .fmt = PF_DEC, .flags = ENDS | FF_ENDS,
	  .get = field_fd_get_no_value, .get_all = field_fd_get_ends, .id = END_PORT,
	  .help = "Port of either end of a connection." },
	{ .name = "fd.cport", .type = PT_PORT, .fmt = PF_DEC, .get = field_fd_get_port,
	  .id = END_CLIENT,
	  .help = "Port of the client." },
	{ .name = "fd.sport", .type = PT_PORT, .fmt = PF_DEC, .get = field_fd_get_port,
	  .id = END_SERVER,
	  .help = "Port of the server." },
	{ .name = "fd.lport", .type = PT_PORT, .fmt = PF_DEC, .get = field_fd_get_port,
	  .id = END_LOCAL,
	  .help = "Port of the local end." },
	{ .name = "fd.rport", .type = PT_PORT, .fmt = PF_DEC, .get = field_fd_get_port,
	  .id = END_REMOTE,
	  .help = "Port of the remote end." },
	{ .name = "fd.l4proto", .type = PT_CHARBUF, .get = field_fd_get_l4proto,
	  .help = "tcp, udp, icmp or raw." },
	{ .name = "fd.sockfamily", .type = PT_CHARBUF, .get = field_fd_get_family,
	  .help = "ip or unix." },
	{ .name = "fd.is_server", .type = PT_BOOL, .get = field_fd_get_is_server,
	  .help = "True when this host is the server of the connection." },
	{ .name = "fd.uid", .type = PT_CHARBUF, .get = get_uid,
	  .help = "Thread id and fd number in a row, to tell descriptors apart." },
	{ .name = "fd.containername", .type = PT_CHARBUF, .get = get_container_name,
	  .help = "Container and name of the fd." },
	{ .name = "fd.containerdirectory", .type = PT_CHARBUF, .get = get_container_directory,
	  .help = "Container and directory of the fd." },
	{ .name = "fd.proto", .type = PT_PORT, .fmt = PF_DEC, .flags = ENDS | FF_ENDS,
	  .get = field_fd_get_no_value, .get_all = field_fd_get_ends, .id = END_PORT,
	  .help = "Service of either end of a connection, by its port." },
	{ .name = "fd.cproto", .type = PT_CHARBUF, .get = field_fd_get_proto, .id = END_CLIENT,
	  .help = "Port of the client as text." },
	{ .name = "fd.sproto", .type = PT_CHARBUF, .get = field_fd_get_proto, .id = END_SERVER,
	  .help = "Port of the server as text." },
	{ .name = "fd.lproto", .type = PT_CHARBUF, .get = field_fd_get_proto, .id = END_LOCAL,
	  .help = "Port of the local end as text." },
	{ .name = "fd.rproto", .type = PT_CHARBUF, .get = field_fd_get_proto, .id = END_REMOTE,
	  .help = "Port of the remote end as text." },
	{ .name = "fd.net", .type = PT_IPNET, .flags = ENDS | FF_ENDS, .get = field_fd_get_no_value,
	  .get_all = field_fd_get_ends, .id = END_ADDRESS,
	  .help = "Network of either end, as in fd.net = 10.0.0.0/8." },
	{ .name = "fd.cnet", .type = PT_IPNET, .flags = ENDS, .get = field_fd_get_address,
	  .id = END_CLIENT,
	  .help = "Network of the client." },
	{ .name = "fd.snet", .type = PT_IPNET, .flags = ENDS, .get = field_fd_get_address,
	  .id = END_SERVER,
	  .help = "Network of the server." },
	{ .name = "fd.lnet", .type = PT_IPNET, .flags = ENDS, .get = field_fd_get_address,
	  .id = END_LOCAL,
	  .help = "Network of the local end." },
	{ .name = "fd.rnet", .type = PT_IPNET, .flags = ENDS, .get = field_fd_get_address,
	  .id = END_REMOTE,
	  .help = "Network of the remote end." },
	{ .name = "fd.connected", .type = PT_BOOL, .get = get_flag, .id = FD_CONNECTED,
	  .help = "True for a connected socket." },
	{ .name = "fd.name_changed", .type = PT_BOOL, .get = get_name_changed,
	  .help = "True when the event gave the fd another name, as a datagram to another peer "
		  "does." },
	{ .name = "fd.cip.name", .type = PT_CHARBUF, .flags = END_NAME,
	  .get = field_fd_get_no_value, .get_all = field_fd_get_named_end, .id = END_CLIENT,
	  .help = "Host name compared with the client's address; prints nothing." },
	{ .name = "fd.sip.name", .type = PT_CHARBUF, .flags = END_NAME,
	  .get = field_fd_get_no_value, .get_all = field_fd_get_named_end, .id = END_SERVER,
	  .help = "Host name compared with the server's address; prints nothing." },
	{ .name = "fd.lip.name", .type = PT_CHARBUF, .flags = END_NAME,
	  .get = field_fd_get_no_value, .get_all = field_fd_get_named_end, .id = END_LOCAL,
	  .help = "Host name compared with the local address; prints nothing." },
	{ .name = "fd.rip.name", .type = PT_CHARBUF, .flags = END_NAME,
	  .get = field_fd_get_no_value, .get_all = field_fd_get_named_end, .id = END_REMOTE,
	  .help = "Host name compared with the remote address; prints nothing." },
	{ .name = "fd.dev", .type = PT_INT32, .fmt = PF_HEX, .get = get_dev,
	  .help = "Device the file is on, major and minor number in one." },
	{ .name = "fd.dev.major", .type = PT_INT32, .fmt = PF_DEC, .get = get_dev_major,
	  .help = "Major number of that device." },
	{ .name = "fd.dev.minor", .type = PT_INT32, .fmt = PF_DEC, .get = get_dev_minor,
	  .help = "Minor number of that device." },
	{ .name = "fd.ino", .type = PT_INT64, .fmt = PF_DEC, .get = get_ino,
	  .help = "Inode number of the file." },
	{ .name = "fd.nameraw", .type = PT_CHARBUF, .get = get_nameraw,
	  .help = "Path as the caller wrote it." },
	{ .name = "fd.types", .type = PT_CHARBUF,
	  .flags = FF_LIST | FF_ARG_ALLOWED | FF_ARG_INDEX | FF_NO_RHS | FF_FD_TABLE,
	  .get = get_types,
	  .help = "Types of all descriptors of the process; fd.types[1] is that of fd 1." },
	{ .name = "fd.is_upper_layer", .type = PT_BOOL, .get = get_flag, .id = FD_UPPER_LAYER,
	  .help = "True for a file in the upper layer of an overlayfs." },
	{ .name = "fd.is_lower_layer", .type = PT_BOOL, .get = get_flag, .id = FD_LOWER_LAYER,
	  .help = "True for a file in the lower layer of an overlayfs." },
};

const struct field_class field_class_fd = {
	.name = "fd",
	.desc = "",
	.help = "The file or socket that a syscall is applied to by its descriptor.",
	.source = "syscall",
	.rows = rows,
	.n = ARRAY_SIZE(rows),
};
