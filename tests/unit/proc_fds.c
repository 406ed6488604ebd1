/* SPDX-License-Identifier: Apache-2.0 */
/* Files, pipes and other fds; sockets with their names and roles. */
#include "unit/proc_events.h"

static const struct fd *fd_of(struct proc *p, s64 num)
{
	return proc_fd(p, proc_thread(p, 1000), num);
}

static const char *name_of(struct proc *p, s64 num)
{
	const struct fd *fd = fd_of(p, num);

	return fd ? fd->name.p : "none";
}

static void test_open(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;

	(void)state;
	ev = feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", 20ll, "../x", 1025, 0, 0x801, 77ll);
	assert_int_equal(ev->fd_num, 20);
	assert_true(ev->fd_name_changed);
	assert_int_equal(ev->fd->type, FDT_DIRECTORY);
	assert_string_equal(ev->fd->name.p, "/home/x");
	assert_string_equal(ev->fd->name_raw.p, "../x");
	assert_int_equal(ev->fd->dev, 0x801);
	assert_int_equal(ev->fd->ino, 77);
	ev = feed(p, &f, EV_SYSCALL_OPENAT_2_X, 1000, "ddsuuud", 21ll, 7ll, "sub", 1 | 1 << 15, 0,
		  1, 1ll);
	assert_string_equal(ev->fd->name.p, "/var/dir/sub");
	assert_true(ev->fd->flags & FD_UPPER_LAYER);
	feed(p, &f, EV_SYSCALL_OPENAT_2_X, 1000, "ddsuuud", 22ll, 99ll, "sub", 1, 0, 1, 1ll);
	assert_string_equal(name_of(p, 22), "<UNKNOWN>sub");
	feed(p, &f, EV_SYSCALL_OPENAT2_X, 1000, "ddsuuuud", 23ll, -100ll, "sub", 1, 0, 0, 1, 5ll);
	assert_string_equal(name_of(p, 23), "/home/p/sub");
	feed(p, &f, EV_SYSCALL_CREAT_X, 1000, "dsuudh", 24ll, "made", 0, 1, 5ll, 2);
	assert_true(fd_of(p, 24)->flags & FD_LOWER_LAYER);
	ev = feed(p, &f, EV_SYSCALL_OPEN_BY_HANDLE_AT_X, 1000, "ddusud", 25ll, 7ll, 1, "/a/./b", 1,
		  5ll);
	assert_string_equal(ev->fd->name.p, "/a/b");
	ev = feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", -2ll, "/no", 1, 0, 1, 1ll);
	assert_null(ev->fd);
	assert_int_equal(ev->fd_num, -1);
	/* a number taken again */
	feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", 20ll, "/other", 1, 0, 0x801, 77ll);
	assert_string_equal(name_of(p, 20), "/other");
	assert_int_equal(proc_fd_count(p, proc_thread(p, 1000)), 8);
	proc_free(p);
}

static void test_close(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;
	u32 left = 0;
	size_t pos = 0;

	(void)state;
	ev = feed(p, &f, EV_SYSCALL_CLOSE_X, 1000, "dd", 0ll, 7ll);
	assert_string_equal(ev->fd->name.p, "/var/dir");
	proc_done(p, ev);
	assert_null(fd_of(p, 7));
	ev = feed(p, &f, EV_SYSCALL_READ_X, 1000, "dBdu", 3ll, "abc", 3, 7ll, 10);
	assert_null(ev->fd);
	assert_int_equal(ev->fd_num, 7);
	feed(p, &f, EV_SYSCALL_CLOSE_X, 1000, "dd", -9ll, 0ll);
	proc_done(p, &f.ev);
	assert_non_null(fd_of(p, 0));
	for (s64 num = 1020; num < 1030; num++)
		feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", num, "/x", 1, 0, 1, 1ll);
	feed(p, &f, EV_SYSCALL_CLOSE_RANGE_X, 1000, "duuu", 0ll, 1022, 1025, 0);
	assert_null(fd_of(p, 1023));
	assert_null(fd_of(p, 1025));
	assert_non_null(fd_of(p, 1021));
	assert_non_null(fd_of(p, 1026));
	feed(p, &f, EV_SYSCALL_CLOSE_RANGE_X, 1000, "duuu", 0ll, 1026, UINT32_MAX, 4);
	assert_true(fd_of(p, 1026)->flags & FD_CLOSE_ON_EXEC);
	while (proc_fd_next(p, proc_thread(p, 1000), &pos))
		left++;
	assert_int_equal(left, proc_fd_count(p, proc_thread(p, 1000)));
	assert_int_equal(left, 1 + 2 + 4);
	proc_free(p);
}

static void test_dup(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;

	(void)state;
	ev = feed(p, &f, EV_SYSCALL_DUP_1_X, 1000, "dd", 60ll, 7ll);
	assert_int_equal(ev->fd_num, 60);
	assert_int_equal(ev->fd->num, 60);
	assert_false(ev->fd_name_changed);
	assert_string_equal(name_of(p, 60), "/var/dir");
	feed(p, &f, EV_SYSCALL_DUP3_X, 1000, "dddu", 61ll, 7ll, 61ll, 4096);
	assert_true(fd_of(p, 61)->flags & FD_CLOSE_ON_EXEC);
	feed(p, &f, EV_SYSCALL_DUP2_X, 1000, "ddd", 0ll, 61ll, 0ll);
	assert_string_equal(name_of(p, 0), "/var/dir");
	assert_false(fd_of(p, 0)->flags & FD_CLOSE_ON_EXEC);
	feed(p, &f, EV_SYSCALL_FCNTL_X, 1000, "ddbd", 65ll, 7ll, 26, 10ll);
	assert_true(fd_of(p, 65)->open_flags & 4096);
	feed(p, &f, EV_SYSCALL_FCNTL_X, 1000, "ddbd", 0ll, 65ll, 3, 0ll);
	assert_false(fd_of(p, 65)->flags & FD_CLOSE_ON_EXEC);
	ev = feed(p, &f, EV_SYSCALL_DUP_1_X, 1000, "dd", 66ll, 99ll);
	assert_null(ev->fd);
	assert_int_equal(ev->fd_num, 99);
	assert_null(fd_of(p, 66));
	proc_free(p);
}

static const struct {
	u16 event;
	const char *fmt;
	u8 type;
} kinds[] = {
	{EV_SYSCALL_EVENTFD_X, "ddu", FDT_EVENT},
	{EV_SYSCALL_TIMERFD_CREATE_X, "dbb", FDT_TIMERFD},
	{EV_SYSCALL_INOTIFY_INIT_X, "db", FDT_INOTIFY},
	{EV_SYSCALL_EPOLL_CREATE1_X, "du", FDT_EVENTPOLL},
	{EV_SYSCALL_BPF_2_X, "dd", FDT_BPF},
	{EV_SYSCALL_USERFAULTFD_X, "du", FDT_USERFAULTFD},
	{EV_SYSCALL_IO_URING_SETUP_X, "duuu", FDT_IOURING},
	{EV_SYSCALL_SIGNALFD_X, "ddub", FDT_SIGNALFD},
};

static void test_kinds(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		s64 num = 30 + (s64)i;

		feed(p, &f, kinds[i].event, 1000, kinds[i].fmt, num, 1ll, 1, 1);
		assert_non_null(f.ev.fd);
		assert_int_equal(f.ev.fd->type, kinds[i].type);
		assert_string_equal(f.ev.fd->name.p, "");
		feed(p, &f, kinds[i].event, 1000, kinds[i].fmt, -22ll, 1ll, 1, 1);
		assert_null(f.ev.fd);
	}
	feed(p, &f, EV_SYSCALL_PIPE2_X, 1000, "ddddu", 0ll, 70ll, 71ll, 901ll, 4096);
	assert_int_equal(f.ev.fd_num, 71);
	assert_int_equal(fd_of(p, 70)->type, FDT_FIFO);
	assert_int_equal(fd_of(p, 70)->ino, 901);
	assert_true(fd_of(p, 71)->flags & FD_CLOSE_ON_EXEC);
	feed(p, &f, EV_SYSCALL_MEMFD_CREATE_X, 1000, "dsu", 84ll, "mem", 1);
	assert_string_equal(name_of(p, 84), "mem");
	/* as Falco: an entry of no kind for a call that failed */
	feed(p, &f, EV_SYSCALL_MEMFD_CREATE_X, 1000, "dsu", -1ll, "mem", 1);
	assert_int_equal(f.ev.fd->type, FDT_NONE);
	assert_int_equal(fd_typechar(FDT_NONE), '?');
	feed(p, &f, EV_SYSCALL_PIDFD_OPEN_X, 1000, "ddu", 85ll, 3000ll, 0);
	assert_string_equal(name_of(p, 85), "/proc/3000");
	known_file(p, 3000, 4, FDT_FILE_V2, "/etc/passwd");
	feed(p, &f, EV_SYSCALL_PIDFD_GETFD_X, 1000, "dddu", 86ll, 85ll, 4ll, 0);
	assert_string_equal(name_of(p, 86), "/etc/passwd");
	/* the same number as in the other process */
	feed(p, &f, EV_SYSCALL_PIDFD_GETFD_X, 1000, "dddu", 4ll, 85ll, 4ll, 0);
	assert_string_equal(name_of(p, 4), "/etc/passwd");
	proc_free(p);
}

static void test_directories(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	const struct thread *t = proc_thread(p, 1000);
	struct pstr dir;
	struct event *ev;

	(void)state;
	feed(p, &f, EV_SYSCALL_CHDIR_X, 1000, "ds", 0ll, "/new/cwd");
	assert_string_equal(t->cwd.p, "/new/cwd/");
	feed(p, &f, EV_SYSCALL_FCHDIR_X, 1000, "dd", 0ll, 7ll);
	assert_string_equal(t->cwd.p, "/var/dir/");
	feed(p, &f, EV_SYSCALL_GETCWD_X, 1000, "ds", 9ll, "/told");
	assert_string_equal(t->cwd.p, "/told/");
	ev = feed(p, &f, EV_SYSCALL_CHDIR_X, 1000, "ds", 0ll, "/");
	assert_string_equal(t->cwd.p, "/");
	proc_dirfd_path(p, ev, 7, "x", 1, &dir);
	assert_string_equal(dir.p, "/var/dir/");
	proc_dirfd_path(p, ev, 99, "x", 1, &dir);
	assert_string_equal(dir.p, "<UNKNOWN>/");
	proc_dirfd_path(p, ev, -100, "x", 1, &dir);
	assert_string_equal(dir.p, "/");
	proc_dirfd_path(p, ev, 7, "/x", 2, &dir);
	assert_int_equal(dir.len, 0);
	proc_free(p);
}

static void test_table_limit(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct proc_stats s;

	(void)state;
	for (s64 num = 100; num < 5100; num++)
		feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", num, "/x", 1, 0, 1, 1ll);
	assert_int_equal(proc_fd_count(p, proc_thread(p, 1000)), 4096);
	proc_get_stats(p, &s);
	assert_int_equal(s.drops_full_fdtable, 5000 - 4094);
	feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", 101ll, "/again", 1, 0, 1, 1ll);
	assert_string_equal(name_of(p, 101), "/again");
	proc_free(p);
}

/* ---- sockets ---- */

static u8 *put16(u8 *b, u32 v)
{
	memcpy(b, &v, 2);
	return b + 2;
}

static u8 *put_addr(u8 *b, u32 a)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*b++ = (u8)(a >> shift);
	return b;
}

static u8 wire[200];

static const char *v4_tuple(u32 src, u16 sport, u32 dst, u16 dport)
{
	wire[0] = 2;
	put16(put_addr(put16(put_addr(wire + 1, src), sport), dst), dport);
	return (const char *)wire;
}

static const char *v4_addr(u32 addr, u16 port)
{
	wire[0] = 2;
	put16(put_addr(wire + 1, addr), port);
	return (const char *)wire;
}

static const char *unix_tuple(u64 src, u64 dst, const char *path)
{
	wire[0] = 1;
	memcpy(wire + 1, &src, 8);
	memcpy(wire + 9, &dst, 8);
	strcpy((char *)wire + 17, path);
	return (const char *)wire;
}

enum { ME = 0xc0a8010a, OTHER = 0x0a000001, V4 = 13, A4 = 7 };

static void a_socket(struct proc *p, struct fed *f, s64 num, u32 domain, u32 type)
{
	feed(p, f, EV_SOCKET_SOCKET_X, 1000, "duuuu", num, domain, type, 0, 0);
}

/* What was passed to open() is kept when the fd, by a damaged capture, is connected. */
static void test_raw_name(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;

	(void)state;
	ev = feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", 20ll, "/other", 1, 0, 0x801, 77ll);
	assert_true(ev->fd->flags & FD_RAW_IS_NAME);
	assert_string_equal(ev->fd->name_raw.p, "");
	feed(p, &f, EV_SYSCALL_DUP2_X, 1000, "ddd", 30ll, 20ll, 30ll);
	ev = feed(p, &f, EV_SOCKET_CONNECT_X, 1000, "dBdB", 0ll, v4_tuple(ME, 5000, OTHER, 443), V4,
		  20ll, "", 0);
	assert_string_equal(ev->fd->name.p, "<unknown>");	/* of a file that is connected */
	assert_false(ev->fd->flags & FD_RAW_IS_NAME);
	assert_string_equal(ev->fd->name_raw.p, "/other");
	assert_string_equal(name_of(p, 30), "/other");
	assert_true(fd_of(p, 30)->flags & FD_RAW_IS_NAME);
	/* taken again for a path that is not the name, and for one that is */
	feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", 20ll, "/a//b", 1, 0, 0x801, 77ll);
	assert_false(fd_of(p, 20)->flags & FD_RAW_IS_NAME);
	assert_string_equal(fd_of(p, 20)->name_raw.p, "/a//b");
	feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", 20ll, "/a/b", 1, 0, 0x801, 77ll);
	assert_true(fd_of(p, 20)->flags & FD_RAW_IS_NAME);
	assert_string_equal(fd_of(p, 20)->name_raw.p, "");
	proc_free(p);
}

static void test_tcp_client(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;

	(void)state;
	a_socket(p, &f, 20, 2, 1);
	assert_int_equal(fd_l4proto(fd_of(p, 20)), L4_NA);
	ev = feed(p, &f, EV_SOCKET_CONNECT_X, 1000, "dBdB", 0ll, v4_tuple(ME, 5000, OTHER, 443), V4,
		  20ll, "", 0);
	assert_string_equal(ev->fd->name.p, "192.168.1.10:5000->10.0.0.1:443");
	assert_true(ev->fd_name_changed);
	assert_true(ev->fd->flags & FD_ROLE_CLIENT && ev->fd->flags & FD_CONNECTED);
	assert_int_equal(fd_l4proto(ev->fd), L4_TCP);
	/* refused */
	a_socket(p, &f, 21, 2, 1);
	ev = feed(p, &f, EV_SOCKET_CONNECT_X, 1000, "dBdB", -111ll, v4_tuple(ME, 5000, OTHER, 443),
		  V4, 21ll, "", 0);
	assert_string_equal(ev->fd->name.p, "");
	/* in progress */
	ev = feed(p, &f, EV_SOCKET_CONNECT_X, 1000, "dBdB", -115ll, v4_tuple(ME, 5000, OTHER, 443),
		  V4, 21ll, "", 0);
	assert_string_equal(ev->fd->name.p, "192.168.1.10:5000->10.0.0.1:443");
	/* of the address that was read twice the first reading counts */
	a_socket(p, &f, 22, 2, 1);
	feed(p, &f, EV_SOCKET_CONNECT_E, 1000, "dB", 22ll, v4_addr(0x01020304, 80), A4);
	assert_false(f.visible);
	{
		char late[A4];

		memcpy(late, v4_addr(OTHER, 443), A4);
		feed(p, &f, EV_SOCKET_CONNECT_X, 1000, "dBdB", 0ll, v4_tuple(ME, 5000, OTHER, 443),
		     V4, 22ll, late, A4);
	}
	assert_string_equal(name_of(p, 22), "192.168.1.10:5000->1.2.3.4:80");
	proc_free(p);
}

static void test_tcp_server(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;

	(void)state;
	a_socket(p, &f, 31, 2, 1);
	ev = feed(p, &f, EV_SOCKET_BIND_X, 1000, "dBd", 0ll, v4_addr(ME, 8080), A4, 31ll);
	assert_string_equal(ev->fd->name.p, "192.168.1.10:8080");
	assert_int_equal(ev->fd->type, FDT_IPV4_SERVSOCK);
	assert_int_equal(fd_l4proto(ev->fd), L4_TCP);
	ev = feed(p, &f, EV_SOCKET_LISTEN_X, 1000, "ddu", 0ll, 31ll, 5);
	assert_true(ev->fd->flags & FD_LISTENING);
	ev = feed(p, &f, EV_SOCKET_ACCEPT4_6_X, 1000, "dBbuuu", 32ll,
		  v4_tuple(OTHER, 999, ME, 8080), V4, 0, 0, 0, 02000000);
	assert_string_equal(ev->fd->name.p, "10.0.0.1:999->192.168.1.10:8080");
	assert_true(ev->fd->flags & FD_ROLE_SERVER && ev->fd->flags & FD_CLOSE_ON_EXEC);
	ev = feed(p, &f, EV_SOCKET_ACCEPT_5_X, 1000, "dBbuu", -11ll, "", 0, 0, 0, 0);
	assert_null(ev->fd);
	ev = feed(p, &f, EV_SOCKET_BIND_X, 1000, "dBd", -98ll, v4_addr(ME, 1), A4, 31ll);
	assert_string_equal(ev->fd->name.p, "192.168.1.10:8080");
	proc_free(p);
}

static void test_udp(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;

	(void)state;
	a_socket(p, &f, 29, 2, 2);
	ev = feed(p, &f, EV_SOCKET_SENDTO_X, 1000, "dBduB", 5ll, "query", 5, 29ll, 5,
		  v4_tuple(ME, 5353, OTHER, 53), V4);
	assert_string_equal(ev->fd->name.p, "192.168.1.10:5353->10.0.0.1:53");
	assert_true(ev->fd->flags & FD_ROLE_CLIENT);
	assert_true(ev->fd_name_changed);
	ev = feed(p, &f, EV_SOCKET_RECVFROM_X, 1000, "dBBdu", 5ll, "reply", 5,
		  v4_tuple(OTHER, 53, ME, 5353), V4, 29ll, 9);
	assert_string_equal(ev->fd->name.p, "192.168.1.10:5353->10.0.0.1:53");
	assert_false(ev->fd_name_changed);
	ev = feed(p, &f, EV_SOCKET_RECVFROM_X, 1000, "dBBdu", 5ll, "reply", 5,
		  v4_tuple(OTHER + 1, 53, ME, 5353), V4, 29ll, 9);
	assert_string_equal(ev->fd->name.p, "192.168.1.10:5353->10.0.0.2:53");
	assert_true(ev->fd_name_changed);
	/* a server */
	a_socket(p, &f, 30, 2, 2);
	feed(p, &f, EV_SOCKET_BIND_X, 1000, "dBd", 0ll, v4_addr(0, 514), A4, 30ll);
	assert_string_equal(name_of(p, 30), "0.0.0.0:514");
	feed(p, &f, EV_SOCKET_RECVFROM_X, 1000, "dBBdu", 5ll, "hello", 5,
	     v4_tuple(OTHER, 99, ME, 514), V4, 30ll, 9);
	assert_string_equal(name_of(p, 30), "10.0.0.1:99->192.168.1.10:514");
	feed(p, &f, EV_SOCKET_SENDTO_X, 1000, "dBduB", 2ll, "ok", 2, 30ll, 2,
	     v4_tuple(ME, 514, OTHER, 99), V4);
	assert_string_equal(name_of(p, 30), "10.0.0.1:99->192.168.1.10:514");
	/* seen first by its packets */
	ev = feed(p, &f, EV_SOCKET_SENDTO_X, 1000, "dBduB", 3ll, "abc", 3, 88ll, 3,
		  v4_tuple(ME, 1, OTHER, 2), V4);
	assert_string_equal(name_of(p, 88), "192.168.1.10:1->10.0.0.1:2");
	ev = feed(p, &f, EV_SOCKET_SENDTO_X, 1000, "dBduB", -1ll, "", 0, 89ll, 3,
		  v4_tuple(ME, 1, OTHER, 2), V4);
	assert_null(ev->fd);
	proc_free(p);
}

static void test_unix_and_others(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;

	(void)state;
	a_socket(p, &f, 27, 1, 1);
	ev = feed(p, &f, EV_SOCKET_CONNECT_X, 1000, "dBdB", 0ll,
		  unix_tuple(1, 0xab2, "/run/x.sock"), 29, 27ll, "", 0);
	assert_string_equal(ev->fd->name.p, "1->ab2 /run/x.sock");
	ev = feed(p, &f, EV_SOCKET_SOCKETPAIR_X, 1000, "dddddduu", 0ll, 50ll, 51ll, 100ll, 101ll, 1,
		  1, 0);
	assert_int_equal(ev->fd_num, 51);
	assert_int_equal(fd_of(p, 50)->unix_src, 100);
	a_socket(p, &f, 39, 16, 3);
	assert_int_equal(fd_of(p, 39)->type, FDT_NETLINK);
	a_socket(p, &f, 40, 17, 3);
	assert_int_equal(fd_of(p, 40)->type, FDT_UNKNOWN);
	a_socket(p, &f, 41, 10, 1);
	assert_int_equal(fd_of(p, 41)->type, FDT_IPV6_SOCK);
	feed(p, &f, EV_SOCKET_SOCKET_X, 1000, "duuuu", 42ll, 2, 3, 1, 0);
	assert_int_equal(fd_l4proto(fd_of(p, 42)), L4_RAW);
	proc_free(p);
}

static void test_copies_are_apart(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);

	(void)state;
	a_socket(p, &f, 20, 2, 1);
	feed_clone(p, &f, &(struct clone_of){.on = 1000, .res = 4000, .tid = 1000, .pid = 1000});
	feed(p, &f, EV_SOCKET_CONNECT_X, 4000, "dBdB", 0ll, v4_tuple(ME, 5000, OTHER, 443), V4,
	     20ll, "", 0);
	assert_string_equal(proc_fd(p, proc_thread(p, 4000), 20)->name.p,
			    "192.168.1.10:5000->10.0.0.1:443");
	assert_string_equal(name_of(p, 20), "");
	proc_free(p);
}

static void test_interfaces(void **state)
{
	static const u8 lo[4] = {127, 0, 0, 1}, eth[4] = {192, 168, 1, 10}, far[4] = {9, 9, 9, 9};
	struct state_iface i = {.mask = {255, 0, 0, 0}, .name = {"lo", 2}};
	const struct state_sink *sink;
	struct fed f = {0};
	struct proc *p = some_system(&f);

	(void)state;
	sink = proc_state_sink(p);
	memcpy(i.addr, lo, 4);
	sink->iface(sink->ctx, &i);
	memcpy(i.addr, eth, 4);
	memset(i.mask, 255, 3);
	sink->iface(sink->ctx, &i);
	assert_true(proc_is_local_ipv4(p, eth));
	assert_false(proc_is_local_ipv4(p, far));
	a_socket(p, &f, 29, 2, 2);
	feed(p, &f, EV_SOCKET_SENDTO_X, 1000, "dBduB", 5ll, "query", 5, 29ll, 5,
	     v4_tuple(0, 53, OTHER, 53), V4);
	assert_string_equal(name_of(p, 29), "192.168.1.10:53->10.0.0.1:53");
	proc_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_dup),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_directories),
		cmocka_unit_test(test_table_limit),
		cmocka_unit_test(test_raw_name),
		cmocka_unit_test(test_tcp_client),
		cmocka_unit_test(test_tcp_server),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_unix_and_others),
		cmocka_unit_test(test_copies_are_apart),
		cmocka_unit_test(test_interfaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
