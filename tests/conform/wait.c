/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting: poll, ppoll, select, epoll_wait, nanosleep, futex. */
#include "expect.h"
#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

static int fds[2];

/* PT_FDLIST of two descriptors. */
static char *fdlist(int fd0, uint16_t flags0, int fd1, uint16_t flags1)
{
	unsigned char b[22] = { 2 };
	int64_t fd[2] = { fd0, fd1 };

	memcpy(b + 2, &fd[0], 8);
	memcpy(b + 10, &flags0, 2);
	memcpy(b + 12, &fd[1], 8);
	memcpy(b + 20, &flags1, 2);
	return expect_bytes(b, sizeof(b));
}
#define FDLIST(name_, ...) ((struct val){ #name_, fdlist(__VA_ARGS__) })

static void polls(void)
{
	struct pollfd p[2] = { { fds[0], POLLIN, 0 }, { fds[1], POLLOUT | POLLWRNORM, 0 } };
	struct timespec ts = { 3, 500 };
	uint64_t mask = 1 << (SIGTERM - 1);

	/* the flags are those that came back */
	EXPECT(SYSCALL_POLL_X, I(res, SYS(poll, p, 2, 1000)),
	       FDLIST(fds, fds[0], 0, fds[1], 4 | 512), I(timeout, 1000));
	p[0].fd = BAD_FD;
	EXPECT(SYSCALL_POLL_X, I(res, SYS(poll, p, 2, -1)),
	       FDLIST(fds, BAD_FD, 64, fds[1], 4 | 512), I(timeout, -1));
	EXPECT(SYSCALL_POLL_X, I(res, SYS(poll, BAD_PTR, 2, 5)), B(fds, "\0\0", 2), I(timeout, 5));
	EXPECT(SYSCALL_POLL_X, I(res, SYS(poll, NULL, 0, 1)), B(fds, "\0\0", 2), I(timeout, 1));
	EXPECT(SYSCALL_PPOLL_X, I(res, SYS(ppoll, p, 2, &ts, &mask, 8)),
	       FDLIST(fds, BAD_FD, 64, fds[1], 4 | 512),
	       ANY(timeout, "the kernel writes back what is left"), I(sigmask, mask));
	EXPECT(SYSCALL_PPOLL_X, I(res, SYS(ppoll, BAD_PTR, 2, NULL, NULL, 8)), B(fds, "\0\0", 2),
	       I(timeout, 0), I(sigmask, 0));
	ts = (struct timespec){ 4, 2000000000 };
	EXPECT(SYSCALL_PPOLL_X, I(res, SYS(ppoll, p, 2, &ts, BAD_PTR, 8)),
	       ANY(fds, "not polled: the flags are the former ones"), I(timeout, 6000000000),
	       I(sigmask, 0));
}

/* More than are shown. */
static void crowd(void)
{
	struct pollfd p[20];
	unsigned char b[2 + 16 * 10] = { 16 };
	long n;

	for (int i = 0; i < 20; i++) {
		int64_t fd = i == 7 ? fds[1] : 100 + i;
		uint16_t flags = i == 7 ? 4 : 64;

		p[i] = (struct pollfd){ (int)fd, POLLOUT, 0 };
		if (i >= 16)
			continue;
		memcpy(b + 2 + 10 * i, &fd, 8);
		memcpy(b + 10 + 10 * i, &flags, 2);
	}
	n = SYS(poll, p, 20, 0);
	EXPECT(SYSCALL_POLL_X, I(res, n), B(fds, b, sizeof(b)), I(timeout, 0));
}

static void others(void)
{
	struct timeval tv = { 0, 10 };
	struct timespec ts = { 0, 1234567 };
	struct epoll_event e;
	int ep = MUST(epoll_create1(0));
	static int word = 7;

	EXPECT(SYSCALL_SELECT_X, I(res, SYS(select, 0, NULL, NULL, NULL, &tv)));
	EXPECT(SYSCALL_SELECT_X, I(res, SYS(select, -1, NULL, NULL, NULL, &tv)));
	EXPECT(SYSCALL_EPOLLWAIT_X, I(res, SYS(epoll_wait, ep, &e, 33, 0)), I(maxevents, 33));
	EXPECT(SYSCALL_EPOLLWAIT_X, I(res, SYS(epoll_wait, ep, &e, -3, 0)), I(maxevents, -3));
	EXPECT(SYSCALL_NANOSLEEP_X, I(res, SYS(nanosleep, &ts, NULL)), I(interval, 1234567));
	ts = (struct timespec){ 2, -1 };
	EXPECT(SYSCALL_NANOSLEEP_X, I(res, SYS(nanosleep, &ts, NULL)), I(interval, 1999999999));
	EXPECT(SYSCALL_NANOSLEEP_X, I(res, SYS(nanosleep, BAD_PTR, NULL)), I(interval, 0));
	EXPECT(SYSCALL_FUTEX_X, I(res, SYS(futex, &word, FUTEX_WAKE_PRIVATE, 3, NULL, NULL, 0)),
	       I(addr, (uintptr_t)&word), I(op, 128 | 1), I(val, 3));
	EXPECT(SYSCALL_FUTEX_X, I(res, SYS(futex, &word, FUTEX_WAIT, 8, NULL, NULL, 0)),
	       I(addr, (uintptr_t)&word), I(op, 0), I(val, 8));
	EXPECT(SYSCALL_FUTEX_X,
	       I(res, SYS(futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 9, NULL, NULL,
			  0)),
	       I(addr, (uintptr_t)&word), I(op, 256 | 9), I(val, 9));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	MUST(pipe(fds));
	polls();
	crowd();
	others();
	return expect_done(argv);
}
