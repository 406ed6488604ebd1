/* SPDX-License-Identifier: Apache-2.0 */
/* Fields about results, lengths of data, and what kind of I/O an event is. */
#include "field/getter.h"

enum {	/* portable open flags, see schema/flags.def */
	OPEN_FLAG_READ = 1,
	OPEN_FLAG_WRITE = 2,
	OPEN_FLAG_CREAT = 4,
	OPEN_FLAG_TMPFILE = 8192,
	OPEN_FLAG_CREATED = 16384,
};

static bool is_ip_type(u8 type)
{
	return type == FDT_IPV4_SOCK || type == FDT_IPV6_SOCK || type == FDT_IPV4_SERVSOCK ||
	       type == FDT_IPV6_SERVSOCK;
}

bool field_is_ip_fd(const struct fd *fd)
{
	return is_ip_type(fd->type);
}

bool field_is_net_fd(const struct fd *fd)
{
	return is_ip_type(fd->type) || fd->type == FDT_UNIX_SOCK;
}

static bool is_plain_file(const struct fd *fd)
{
	return fd->type == FDT_FILE || fd->type == FDT_FILE_V2;
}

bool field_is_file_fd(const struct fd *fd)
{
	return is_plain_file(fd) || fd->type == FDT_DIRECTORY;
}

static u32 base_category(const struct event *ev)
{
	return ev->desc->category & EC_BASE;
}

static bool is_io_category(u32 category)
{
	return category == EC_IO_READ || category == EC_IO_WRITE || category == EC_IO_OTHER;
}

/* evt.category of an I/O event is what its fd is. */
static const char *io_category(const struct fd *fd)
{
	if (!fd)
		return "unknown";
	if (field_is_file_fd(fd))
		return "file";
	if (field_is_ip_fd(fd))
		return "net";
	if (fd->type == FDT_FIFO || fd->type == FDT_UNIX_SOCK || fd->type == FDT_EVENT ||
	    fd->type == FDT_SIGNALFD || fd->type == FDT_INOTIFY)
		return "ipc";
	return "unknown";
}

bool field_evt_get_category(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	static const char *const names[] = {
		[EC_UNKNOWN] = "unknown",
		[EC_OTHER] = "other",
		[EC_FILE] = "file",
		[EC_NET] = "net",
		[EC_IPC] = "IPC",
		[EC_MEMORY] = "memory",
		[EC_PROCESS] = "process",
		[EC_SLEEP] = "sleep",
		[EC_SYSTEM] = "system",
		[EC_SIGNAL] = "signal",
		[EC_USER] = "user",
		[EC_TIME] = "time",
		[EC_PROCESSING] = "processing",
	};
	u32 c = base_category(x->ev);

	(void)f;
	if (is_io_category(c))
		return set_cstr(ret, io_category(x->ev->fd));
	if (c & EC_WAIT)
		return set_cstr(ret, "wait");
	if (c & EC_SCHEDULER)
		return set_cstr(ret, "scheduler");
	if (c & EC_INTERNAL)
		return set_cstr(ret, "internal");
	return set_cstr(ret, c < ARRAY_SIZE(names) && names[c] ? names[c] : "unknown");
}

static bool is_open_family(u16 type)
{
	switch (type) {
	case EV_SYSCALL_OPEN_X:
	case EV_SYSCALL_CREAT_X:
	case EV_SYSCALL_OPENAT_2_X:
	case EV_SYSCALL_OPENAT2_X:
	case EV_SYSCALL_OPEN_BY_HANDLE_AT_X:
		return true;
	default:
		return false;
	}
}

static bool is_accepting(u16 type)
{
	switch (type) {
	case EV_SOCKET_ACCEPT_X:
	case EV_SOCKET_ACCEPT4_X:
	case EV_SOCKET_ACCEPT_5_X:
	case EV_SOCKET_ACCEPT4_5_X:
	case EV_SOCKET_ACCEPT4_6_X:
		return true;
	default:
		return false;
	}
}

/* An accept that does not tell its socket leaves what had the number before. */
static const struct fd *fd_of_error(const struct event *ev)
{
	return is_accepting(ev->type) ? NULL : ev->fd;
}

static bool is_file_error(const struct event *ev)
{
	const struct fd *fd = fd_of_error(ev);

	return fd ? field_is_file_fd(fd) : is_open_family(ev->type);
}

static bool is_net_error(const struct event *ev)
{
	const struct fd *fd = fd_of_error(ev);

	return fd ? field_is_net_fd(fd) : is_accepting(ev->type) || ev->type == EV_SOCKET_CONNECT_X;
}

static bool is_memory_error(const struct event *ev)
{
	return base_category(ev) == EC_MEMORY;
}

static bool error_matches(const struct event *ev, s64 kind)
{
	switch (kind) {
	case ERROR_FILE:
		return is_file_error(ev);
	case ERROR_NET:
		return is_net_error(ev);
	case ERROR_MEMORY:
		return is_memory_error(ev);
	case ERROR_OTHER:	/* also events on memory that have some other fd */
		return !is_file_error(ev) && !is_net_error(ev) && (ev->fd || !is_memory_error(ev));
	default:
		return true;
	}
}

bool field_evt_get_errors(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	s64 res;

	if (!error_matches(x->ev, f->field->id) || !event_res(x->ev, &res))
		return false;
	return set_u64(f, ret, res < 0);
}

bool field_evt_get_buflen(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct event *ev = x->ev;
	u32 category = base_category(ev);
	s64 want = f->field->id, res;

	if (!ev->fd || !is_io_category(category) || !event_res(ev, &res) || res < 0)
		return false;
	if ((want & BUFLEN_IN && category != EC_IO_READ) ||
	    (want & BUFLEN_OUT && category != EC_IO_WRITE))
		return false;
	if ((want & BUFLEN_FILE && !is_plain_file(ev->fd)) ||
	    (want & BUFLEN_NET && !field_is_ip_fd(ev->fd)))
		return false;
	return set_u64(f, ret, (u64)res);
}

/* The parameter with the flags of an open; 0: it has none, or is no open. */
static u32 open_flags_at(u16 type)
{
	switch (type) {
	case EV_SYSCALL_OPENAT_2_X:
	case EV_SYSCALL_OPENAT2_X:
		return 3;
	case EV_SYSCALL_OPEN_X:
	case EV_SYSCALL_OPEN_BY_HANDLE_AT_X:
		return 2;
	default:
		return 0;
	}
}

/* May the file be run by somebody?  Opens that create one tell; 0 where none is told. */
static bool creates_executable(const struct event *ev, u32 flags, u32 flags_at)
{
	u32 mode = 0;

	if (ev->type != EV_SYSCALL_CREAT_X && !(flags & (OPEN_FLAG_TMPFILE | OPEN_FLAG_CREAT)))
		return false;
	if (ev->type != EV_SYSCALL_OPEN_BY_HANDLE_AT_X)
		event_u32(ev, flags_at ? flags_at + 1 : 2, &mode);
	return mode & 0111;
}

static bool open_is(const struct event *ev, s64 what)
{
	u32 flags = 0, at = open_flags_at(ev->type);
	s64 res;

	if (at)
		event_u32(ev, at, &flags);
	else if (ev->type != EV_SYSCALL_CREAT_X)
		return false;
	switch (what) {
	case OPEN_READ:
		return flags & OPEN_FLAG_READ;
	case OPEN_WRITE:
		return flags & OPEN_FLAG_WRITE;
	case OPEN_EXEC:
		return creates_executable(ev, flags, at);
	default:
		return flags & OPEN_FLAG_CREATED ||
		       (flags & OPEN_FLAG_TMPFILE && event_res(ev, &res) && res >= 0);
	}
}

bool field_evt_get_open(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	return set_u64(f, ret, open_is(x->ev, f->field->id));
}

static bool is_syslog(const struct event *ev)
{
	return ev->desc->flags & EF_WRITES_FD && ev->fd &&
	       memmem(ev->fd->name.p, ev->fd->name.len, "/dev/log", 8);
}

bool field_evt_get_io(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	u32 flags = x->ev->desc->flags;

	switch (f->field->id) {
	case IO_READ:
		return set_u64(f, ret, !!(flags & EF_READS_FD));
	case IO_WRITE:
		return set_u64(f, ret, !!(flags & EF_WRITES_FD));
	case IO_DIR:
		if (!(flags & (EF_READS_FD | EF_WRITES_FD)))
			return false;
		return set_cstr(ret, flags & EF_WRITES_FD ? "write" : "read");
	case IO_WAIT:
		return set_u64(f, ret, !!(flags & EF_WAITS));
	case IO_SYSLOG:
		return set_u64(f, ret, is_syslog(x->ev));
	default:
		return set_u64(f, ret, !!(flags & (EF_READS_FD | EF_WRITES_FD)));
	}
}
