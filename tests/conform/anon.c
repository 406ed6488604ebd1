/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors without a file: eventfd, signalfd, timerfd, inotify, epoll, memfd, pidfd, ... */
#include "expect.h"
#include <linux/userfaultfd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#ifndef PIDFD_NONBLOCK
#define PIDFD_NONBLOCK O_NONBLOCK
#endif

static void events(void)
{
	EXPECT(SYSCALL_EVENTFD_X, I(res, SYS(eventfd, 77)), I(initval, 77), I(flags, 0));
	EXPECT(SYSCALL_EVENTFD2_X, I(res, SYS(eventfd2, 5, EFD_CLOEXEC | EFD_NONBLOCK)),
	       I(flags, PO_CLOEXEC | PO_NONBLOCK), I(initval, 5));
	EXPECT(SYSCALL_EVENTFD2_X, I(res, SYS(eventfd2, 6, O_APPEND | EFD_CLOEXEC)),
	       I(flags, PO_CLOEXEC), I(initval, 6));
}

/* The mask is always 0, as in older captures. */
static void signals(void)
{
	uint64_t mask = 1 << (SIGUSR1 - 1) | 1 << (SIGHUP - 1);
	long fd = SYS(signalfd, -1, &mask, 8);

	EXPECT(SYSCALL_SIGNALFD_X, I(res, fd), I(fd, -1), I(mask, 0), I(flags, 0));
	EXPECT(SYSCALL_SIGNALFD_X, I(res, SYS(signalfd, BAD_FD, &mask, 8)), I(fd, BAD_FD),
	       I(mask, 0), I(flags, 0));
	fd = SYS(signalfd4, -1, &mask, 8, SFD_CLOEXEC | SFD_NONBLOCK);
	EXPECT(SYSCALL_SIGNALFD4_X, I(res, fd), I(flags, PO_CLOEXEC | PO_NONBLOCK), I(fd, -1),
	       I(mask, 0));
	EXPECT(SYSCALL_SIGNALFD4_X, I(res, SYS(signalfd4, BAD_FD, &mask, 8, 0)), I(flags, 0),
	       I(fd, BAD_FD), I(mask, 0));
}

static void watchers(void)
{
	EXPECT(SYSCALL_TIMERFD_CREATE_X, I(res, SYS(timerfd_create, CLOCK_MONOTONIC, 0)),
	       I(clockid, CLOCK_MONOTONIC), I(flags, 0));
	EXPECT(SYSCALL_TIMERFD_CREATE_X, I(res, SYS(timerfd_create, 99, 0)), I(clockid, 99),
	       I(flags, 0));
	EXPECT(SYSCALL_INOTIFY_INIT_X, I(res, SYS(inotify_init)), I(flags, 0));
	EXPECT(SYSCALL_INOTIFY_INIT1_X, I(res, SYS(inotify_init1, IN_NONBLOCK | IN_CLOEXEC)),
	       I(flags, PO_NONBLOCK | PO_CLOEXEC));
	EXPECT(SYSCALL_INOTIFY_INIT1_X, I(res, SYS(inotify_init1, O_APPEND)), I(flags, 0));
	EXPECT(SYSCALL_EPOLL_CREATE_X, I(res, SYS(epoll_create, 9)), I(size, 9));
	EXPECT(SYSCALL_EPOLL_CREATE_X, I(res, SYS(epoll_create, -9)), I(size, -9));
	EXPECT(SYSCALL_EPOLL_CREATE1_X, I(res, SYS(epoll_create1, EPOLL_CLOEXEC)), I(flags, 1));
	EXPECT(SYSCALL_EPOLL_CREATE1_X, I(res, SYS(epoll_create1, 0)), I(flags, 0));
	EXPECT(SYSCALL_EPOLL_CREATE1_X, I(res, SYS(epoll_create1, 4096)), I(flags, 0));
}

static void memory(void)
{
	EXPECT(SYSCALL_MEMFD_CREATE_X, I(fd, SYS(memfd_create, "mem", MFD_CLOEXEC)),
	       S(name, "mem"), I(flags, 1));
	EXPECT(SYSCALL_MEMFD_CREATE_X, I(fd, SYS(memfd_create, "seal", MFD_ALLOW_SEALING)),
	       S(name, "seal"), I(flags, 2));
	EXPECT(SYSCALL_MEMFD_CREATE_X, I(fd, SYS(memfd_create, BAD_PTR, 0)), NONE(name),
	       I(flags, 0));
	/* the flags are the kernel's own here, as in older captures */
	EXPECT(SYSCALL_USERFAULTFD_X, I(res, SYS(userfaultfd, O_CLOEXEC | O_NONBLOCK)),
	       I(flags, O_CLOEXEC | O_NONBLOCK));
	EXPECT(SYSCALL_USERFAULTFD_X, I(res, SYS(userfaultfd, O_APPEND | O_CLOEXEC)),
	       I(flags, O_APPEND | O_CLOEXEC));
}

static void processes(void)
{
	long self = SYS(pidfd_open, getpid(), PIDFD_NONBLOCK);

	EXPECT(SYSCALL_PIDFD_OPEN_X, I(fd, self), I(pid, getpid()), I(flags, 1));
	EXPECT(SYSCALL_PIDFD_OPEN_X, I(fd, SYS(pidfd_open, -5, 0)), I(pid, -5), I(flags, 0));
	EXPECT(SYSCALL_PIDFD_GETFD_X, I(fd, SYS(pidfd_getfd, self, 2, 0)), I(pid_fd, self),
	       I(target_fd, 2), I(flags, 0));
	EXPECT(SYSCALL_PIDFD_GETFD_X, I(fd, SYS(pidfd_getfd, self, BAD_FD, 7)), I(pid_fd, self),
	       I(target_fd, BAD_FD), I(flags, 7));
}

/* No room for one more descriptor: for calls that do not fail otherwise. */
static void exhausted(void)
{
	struct rlimit old, none;

	MUST(getrlimit(RLIMIT_NOFILE, &old));
	none = (struct rlimit){ 3, old.rlim_max };
	MUST(setrlimit(RLIMIT_NOFILE, &none));
	EXPECT(SYSCALL_EVENTFD_X, I(res, SYS(eventfd, 78)), I(initval, 78), I(flags, 0));
	EXPECT(SYSCALL_INOTIFY_INIT_X, I(res, SYS(inotify_init)), I(flags, 0));
	MUST(setrlimit(RLIMIT_NOFILE, &old));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	events();
	signals();
	watchers();
	memory();
	processes();
	exhausted();
	return expect_done(argv);
}
