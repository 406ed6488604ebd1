/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: dup, fcntl, close, close_range, ioctl, pipes. */
#include "expect.h"
#include <linux/close_range.h>
#include <sys/ioctl.h>

static long file;

static void dups(void)
{
	EXPECT(SYSCALL_DUP_1_X, I(res, SYS(dup, file)), I(oldfd, file));
	EXPECT(SYSCALL_DUP_1_X, I(res, SYS(dup, -1)), I(oldfd, -1));
	EXPECT(SYSCALL_DUP2_X, I(res, SYS(dup2, file, 50)), I(oldfd, file), I(newfd, 50));
	EXPECT(SYSCALL_DUP2_X, I(res, SYS(dup2, BAD_FD, 50)), I(oldfd, BAD_FD), I(newfd, 50));
	EXPECT(SYSCALL_DUP3_X, I(res, SYS(dup3, file, 51, O_CLOEXEC)), I(oldfd, file),
	       I(newfd, 51), I(flags, PO_CLOEXEC));
	EXPECT(SYSCALL_DUP3_X, I(res, SYS(dup3, file, 52, 0)), I(oldfd, file), I(newfd, 52),
	       I(flags, 0));
	EXPECT(SYSCALL_DUP3_X, I(res, SYS(dup3, file, file, O_CLOEXEC)), I(oldfd, file),
	       I(newfd, file), I(flags, PO_CLOEXEC));
}

static void fcntls(void)
{
	struct flock lock = { .l_type = F_RDLCK };
	/* command, argument, portable command */
	const struct { int cmd; long arg; int portable; } rows[] = {
		{ F_DUPFD, 60, 1 }, { F_GETFD, 0, 2 }, { F_SETFD, FD_CLOEXEC, 3 },
		{ F_GETFL, 0, 4 }, { F_SETFL, O_APPEND, 5 }, { F_GETLK, (long)&lock, 6 },
		{ F_SETLK, (long)&lock, 8 }, { F_SETLKW, (long)&lock, 9 }, { F_SETOWN, 0, 10 },
		{ F_GETOWN, 0, 12 }, { F_SETSIG, 0, 13 }, { F_GETSIG, 0, 15 },
		{ F_DUPFD_CLOEXEC, 61, 26 }, { F_GETLEASE, 0, 24 }, { F_GETPIPE_SZ, 0, 29 },
		{ 4242, 5, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		EXPECT(SYSCALL_FCNTL_X, I(res, SYS(fcntl, file, rows[i].cmd, rows[i].arg)),
		       I(fd, file), I(cmd, rows[i].portable), I(arg, rows[i].arg));
	EXPECT(SYSCALL_FCNTL_X, I(res, SYS(fcntl, BAD_FD, F_GETFD, 0L)), I(fd, BAD_FD), I(cmd, 2),
	       I(arg, 0));
}

static void ioctls(void)
{
	int n;

	EXPECT(SYSCALL_IOCTL_3_X, I(res, SYS(ioctl, file, FIONREAD, &n)), I(fd, file),
	       I(request, FIONREAD), I(argument, (uintptr_t)&n));
	EXPECT(SYSCALL_IOCTL_3_X, I(res, SYS(ioctl, file, 0xdeadbeef, 0x123456789aL)), I(fd, file),
	       I(request, 0xdeadbeef), I(argument, 0x123456789aL));
}

static void closes(void)
{
	EXPECT(SYSCALL_CLOSE_X, I(res, SYS(close, 50)), I(fd, 50));
	EXPECT(SYSCALL_CLOSE_X, I(res, SYS(close, 50)), I(fd, 50));
	EXPECT(SYSCALL_CLOSE_RANGE_X, I(res, SYS(close_range, 50, ~0U, CLOSE_RANGE_CLOEXEC)),
	       I(first, 50), I(last, 0xffffffff), I(flags, 4));
	EXPECT(SYSCALL_CLOSE_RANGE_X, I(res, SYS(close_range, 50, 70, CLOSE_RANGE_UNSHARE)),
	       I(first, 50), I(last, 70), I(flags, 2));
	EXPECT(SYSCALL_CLOSE_RANGE_X, I(res, SYS(close_range, 9, 8, 0)), I(first, 9), I(last, 8),
	       I(flags, 0));
}

static uint64_t ino_of(int fd)
{
	struct stat st;

	MUST(fstat(fd, &st));
	return st.st_ino;
}

static void pipes(void)
{
	int fds[2];

	MUST(SYS(pipe, fds));
	EXPECT(SYSCALL_PIPE_X, I(res, 0), I(fd1, fds[0]), I(fd2, fds[1]), I(ino, ino_of(fds[0])));
	EXPECT(SYSCALL_PIPE_X, I(res, SYS(pipe, BAD_PTR)), I(fd1, -1), I(fd2, -1), I(ino, 0));
	MUST(SYS(pipe2, fds, O_CLOEXEC | O_NONBLOCK));
	EXPECT(SYSCALL_PIPE2_X, I(res, 0), I(fd1, fds[0]), I(fd2, fds[1]), I(ino, ino_of(fds[0])),
	       I(flags, PO_CLOEXEC | PO_NONBLOCK));
	MUST(SYS(pipe2, fds, O_DIRECT));
	EXPECT(SYSCALL_PIPE2_X, I(res, 0), I(fd1, fds[0]), I(fd2, fds[1]), I(ino, ino_of(fds[0])),
	       I(flags, PO_DIRECT));
	EXPECT(SYSCALL_PIPE2_X, I(res, SYS(pipe2, BAD_PTR, O_CLOEXEC)), I(fd1, -1), I(fd2, -1),
	       I(ino, 0), I(flags, PO_CLOEXEC));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	file = MUST(open("file", O_RDWR | O_CREAT, 0600));
	dups();
	fcntls();
	ioctls();
	closes();
	pipes();
	return expect_done(argv);
}
