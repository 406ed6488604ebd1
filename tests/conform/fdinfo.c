/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the driver says of a descriptor (PT_FDINFO), for each kind of it.  fstat() is the
 * call that names it: nothing is needed but the descriptor.
 *
 *	u64 inode | s64 fd | u32 device | u32 open flags | u8 type | u8 l4 | u8 flags | u8 0 | name
 */
#include "expect.h"
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>

enum { DIRECTORY = 2, IPV4 = 3, IPV6 = 4, IPV4_SERVER = 5, IPV6_SERVER = 6, FIFO = 7, UNIX = 8,
       EVENTFD = 9, SIGNALFD = 11, EPOLL = 12, INOTIFY = 13, TIMERFD = 14, NETLINK = 15,
       FILE_V2 = 16, MEMFD = 20, PIDFD = 21 };
enum { NO_L4 = 0, NA = 1, TCP = 2, UDP = 3 };
enum { LISTENING = 1, CONNECTED = 2, CLOEXEC = 4, UPPER = 8, LOWER = 16 };

static char cwd[4000];

/* the C library's is 0 on machines of 64 bits */
#ifdef __aarch64__
#define KERNEL_O_LARGEFILE 0400000
#else
#define KERNEL_O_LARGEFILE 0100000
#endif

static int portable(int flags)
{
	int p = (flags & O_ACCMODE) == O_WRONLY ? PO_WRONLY :
		(flags & O_ACCMODE) == O_RDWR ? PO_RDWR : PO_RDONLY;

	p |= flags & O_APPEND ? PO_APPEND : 0;
	p |= flags & O_NONBLOCK ? PO_NONBLOCK : 0;
	p |= flags & O_DIRECTORY ? PO_DIRECTORY | PO_TMPFILE : 0;
	p |= flags & KERNEL_O_LARGEFILE ? PO_LARGEFILE : 0;
	return p;
}

/* A pattern; name: JSON pieces of it. */
static char *fdinfo(long fd, int type, int l4, int flags, const char *name)
{
	unsigned char b[28] = { 0 };
	uint32_t dev, open_flags;
	uint64_t ino;
	int64_t n = fd;
	struct stat st;

	MUST(syscall(SYS_fstat, fd, &st));
	ino = st.st_ino;
	dev = major(st.st_dev) << 20 | minor(st.st_dev);
	open_flags = (uint32_t)portable((int)syscall(SYS_fcntl, fd, F_GETFL));
	if (fcntl((int)fd, F_GETFD) & FD_CLOEXEC)
		flags |= CLOEXEC;
	memcpy(b, &ino, 8);
	memcpy(b + 8, &n, 8);
	memcpy(b + 16, &dev, 4);
	memcpy(b + 20, &open_flags, 4);
	b[24] = (unsigned char)type;
	b[25] = (unsigned char)l4;
	b[26] = (unsigned char)flags;
	return expect_text("\"%s\"%s", expect_hex(b, sizeof(b)), name);
}

#define expect_fd(...) (expect_line = __LINE__, expect_fstat(__VA_ARGS__))
static void expect_fstat(long fd, int type, int l4, int flags, const char *name)
{
	char *info = fdinfo(fd, type, l4, flags, name);
	struct stat st;

	MUST(syscall(SYS_fstat, fd, &st));
	EXPECT(SYSCALL_FSTAT_X, I(res, 0), I(fd, fd), PATTERN(fdinfo, info));
}

static const char *text(const char *s)
{
	return expect_text(",\"%s\"", expect_hex(s, strlen(s)));
}

static const char *in_cwd(const char *s)
{
	return text(expect_text("%s/%s", cwd, s));
}

static void files(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT, 0600));

	expect_fd(fd, FILE_V2, NO_L4, 0, in_cwd("file"));
	MUST(symlink("file", "link"));
	expect_fd(MUST(open("link", O_WRONLY | O_APPEND | O_CLOEXEC)), FILE_V2, NO_L4, 0,
		  in_cwd("file"));
	MUST(mkdir("dir", 0755));
	expect_fd(MUST(open("dir/../dir", O_RDONLY | O_DIRECTORY)), DIRECTORY, NO_L4, 0,
		  in_cwd("dir"));
	MUST(rename("file", "dir/moved"));
	expect_fd(fd, FILE_V2, NO_L4, 0, in_cwd("dir/moved"));
	MUST(unlink("dir/moved"));
	expect_fd(fd, FILE_V2, NO_L4, 0, in_cwd("dir/moved"));
	expect_fd(dup(fd), FILE_V2, NO_L4, 0, in_cwd("dir/moved"));
	expect_fd(MUST(open("/dev/null", O_RDWR)), FILE_V2, NO_L4, 0, text("/dev/null"));
	expect_fd(MUST(open("/", O_RDONLY)), DIRECTORY, NO_L4, 0, text("/"));
	expect_fd(MUST(open("/proc/self/status", O_RDONLY)), FILE_V2, NO_L4, 0,
		  text(expect_text("/proc/%d/status", getpid())));
	expect_fd(MUST(open("/proc/self/ns/uts", O_RDONLY)), FILE_V2, NO_L4, 0, text("/"));
	MUST(mkfifo("fifo", 0600));
	expect_fd(MUST(open("fifo", O_RDWR | O_NONBLOCK)), FIFO, NO_L4, 0, in_cwd("fifo"));
}

/* Calls that name a directory, two descriptors, or none that is open. */
static void roles(void)
{
	struct stat st;
	long dir = MUST(open("dir", O_RDONLY | O_DIRECTORY));
	long fd = SYS(openat, dir, "inside", O_RDWR | O_CREAT, 0600);
	long copy;

	MUST(fstat((int)fd, &st));
	EXPECT(SYSCALL_OPENAT_2_X, I(fd, fd), I(dirfd, dir), S(name, "inside"),
	       I(flags, PO_RDWR | PO_CREAT | PO_CREATED), I(mode, 0600), I(dev, st.st_dev),
	       I(ino, st.st_ino),
	       PATTERN(fdinfo, fdinfo(fd, FILE_V2, NO_L4, 0, in_cwd("dir/inside"))),
	       PATTERN(dirinfo, fdinfo(dir, DIRECTORY, NO_L4, 0, in_cwd("dir"))));
	copy = SYS(fcntl, fd, F_DUPFD_CLOEXEC, 40L);
	EXPECT(SYSCALL_FCNTL_X, I(res, copy), I(fd, fd), I(cmd, 26), I(arg, 40),
	       PATTERN(fdinfo, fdinfo(fd, FILE_V2, NO_L4, 0, in_cwd("dir/inside"))),
	       PATTERN(fdinfo2, fdinfo(copy, FILE_V2, NO_L4, 0, in_cwd("dir/inside"))));
	EXPECT(SYSCALL_OPENAT_2_X, I(fd, SYS(openat, AT_FDCWD, "none", O_RDONLY)),
	       I(dirfd, -100), S(name, "none"), I(flags, PO_RDONLY), I(mode, 0), I(dev, 0),
	       I(ino, 0), NONE(fdinfo), NONE(dirinfo));
	EXPECT(SYSCALL_FSTAT_X, I(res, SYS(fstat, BAD_FD, &st)), I(fd, BAD_FD), NONE(fdinfo));
}

/* A path of 60 components and more than 2000 bytes. */
static void deep(void)
{
	char *path = expect_text("%s", cwd);

	for (int i = 0; i < 60; i++) {
		char name[40];

		snprintf(name, sizeof(name), "a-directory-with-a-long-name-%05d", i);
		MUST(mkdir(name, 0755));
		MUST(chdir(name));
		path = expect_text("%s/%s", path, name);
	}
	expect_fd(MUST(open("deepest", O_RDWR | O_CREAT, 0600)), FILE_V2, NO_L4, 0,
		  text(expect_text("%s/deepest", path)));
}

static void jailed(void)
{
	MUST(unshare(CLONE_NEWNS));
	MUST(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	MUST(mkdir("jail", 0755));
	MUST(mkdir("jail/mnt", 0755));
	MUST(mount("saker", "jail/mnt", "tmpfs", 0, ""));
	MUST(mkdir("jail/mnt/sub", 0755));
	expect_fd(MUST(open("jail/mnt/sub/f", O_RDWR | O_CREAT, 0600)), FILE_V2, NO_L4, 0,
		  in_cwd("jail/mnt/sub/f"));
	MUST(chroot("jail"));
	MUST(chdir("/"));
	expect_fd(MUST(open("mnt/sub/f", O_RDONLY)), FILE_V2, NO_L4, 0, text("/mnt/sub/f"));
	expect_fd(MUST(open("/mnt", O_RDONLY)), DIRECTORY, NO_L4, 0, text("/mnt"));
}

static void anonymous(void)
{
	sigset_t set;
	int fds[2];

	sigemptyset(&set);
	MUST(pipe2(fds, O_NONBLOCK));
	expect_fd(fds[0], FIFO, NO_L4, 0, "");
	expect_fd(fds[1], FIFO, NO_L4, 0, "");
	expect_fd(MUST(eventfd(0, EFD_NONBLOCK)), EVENTFD, NO_L4, 0, "");
	expect_fd(MUST(signalfd(-1, &set, 0)), SIGNALFD, NO_L4, 0, "");
	expect_fd(MUST(timerfd_create(CLOCK_MONOTONIC, 0)), TIMERFD, NO_L4, 0, "");
	expect_fd(MUST(epoll_create1(EPOLL_CLOEXEC)), EPOLL, NO_L4, 0, "");
	expect_fd(MUST(inotify_init1(0)), INOTIFY, NO_L4, 0, "");
	expect_fd(MUST(memfd_create("in-memory", 0)), MEMFD, NO_L4, 0, text("memfd:in-memory"));
	expect_fd(MUST(SYS(pidfd_open, getpid(), 0)), PIDFD, NO_L4, 0, "");
}

static void loopback(struct sockaddr_in6 *a, int family)
{
	memset(a, 0, sizeof(*a));
	a->sin6_family = (sa_family_t)family;
	if (family == AF_INET)
		((struct sockaddr_in *)a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a->sin6_addr = in6addr_loopback;
}

static const char *tuple(const void *src, const void *dst)
{
	unsigned char b[64] = { (unsigned char)((const struct sockaddr *)src)->sa_family };
	size_t n = 1 + put_addr(b + 1, src);

	return expect_text(",\"%s\"", expect_hex(b, n + put_addr(b + n, dst)));
}

static void internet(int family)
{
	struct sockaddr_in6 server, client, none = { .sin6_family = (sa_family_t)family };
	int listener = MUST(socket(family, SOCK_STREAM, 0));
	int fd = MUST(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
	int udp = MUST(socket(family, SOCK_DGRAM, 0));
	int type = family == AF_INET ? IPV4 : IPV6;
	socklen_t len = sizeof(server);

	expect_fd(listener, type, TCP, 0, tuple(&none, &none));
	loopback(&server, family);
	MUST(bind(listener, (struct sockaddr *)&server, sizeof(server)));
	MUST(getsockname(listener, (struct sockaddr *)&server, &len));
	expect_fd(listener, type, TCP, 0, tuple(&server, &none));
	MUST(listen(listener, 3));
	expect_fd(listener, family == AF_INET ? IPV4_SERVER : IPV6_SERVER, TCP, LISTENING,
		  tuple(&server, &none));
	connect(fd, (struct sockaddr *)&server, sizeof(server));
	/* it does not wait: on a busy machine the connection may come later */
	if (poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 10000) != 1)
		die("poll");
	len = sizeof(client);
	MUST(getsockname(fd, (struct sockaddr *)&client, &len));
	expect_fd(fd, type, TCP, CONNECTED, tuple(&client, &server));
	expect_fd(MUST(accept4(listener, NULL, NULL, SOCK_CLOEXEC)), type, TCP, CONNECTED,
		  tuple(&server, &client));
	MUST(connect(udp, (struct sockaddr *)&server, sizeof(server)));
	len = sizeof(client);
	MUST(getsockname(udp, (struct sockaddr *)&client, &len));
	expect_fd(udp, type, UDP, CONNECTED, tuple(&client, &server));
}

static void local(void)
{
	struct sockaddr_un a = { AF_UNIX, "socket" };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof("socket");
	int fds[2], listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	expect_fd(fds[0], UNIX, NA, CONNECTED, ",\"01\",\"$a:8\",\"$b:8\",\"00\"");
	expect_fd(fds[1], UNIX, NA, CONNECTED, ",\"01\",\"$b:8\",\"$a:8\",\"00\"");
	MUST(bind(listener, (struct sockaddr *)&a, len));
	MUST(listen(listener, 3));
	expect_fd(listener, UNIX, NA, LISTENING,
		  expect_text(",\"01\",\"$l:8\",\"0000000000000000\",\"%s00\"",
			      expect_hex("socket", 6)));
	expect_fd(MUST(socket(AF_NETLINK, SOCK_RAW, 0)), NETLINK, NA, 0, "");
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	if (!getcwd(cwd, sizeof(cwd)))
		die("getcwd");
	files();
	roles();
	in_child(deep);
	in_child(jailed);
	anonymous();
	internet(AF_INET);
	internet(AF_INET6);
	local();
	return expect_done(argv);
}
