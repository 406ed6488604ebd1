/* SPDX-License-Identifier: Apache-2.0 */
/* kill, tkill, tgkill, and signals that are delivered. */
#include "expect.h"

#define NO_PID 0x3fffffff

static void ignore(int sig)
{
	(void)sig;
}

static void sending(void)
{
	long self = getpid();

	EXPECT(SYSCALL_KILL_X, I(res, SYS(kill, self, 0)), I(pid, self), I(sig, 0));
	EXPECT(SYSCALL_KILL_X, I(res, SYS(kill, -NO_PID, SIGUSR1)), I(pid, -NO_PID),
	       I(sig, SIGUSR1));
	EXPECT(SYSCALL_KILL_X, I(res, SYS(kill, NO_PID, 200)), I(pid, NO_PID), I(sig, 200));
	EXPECT(SYSCALL_TKILL_X, I(res, SYS(tkill, self, 0)), I(tid, self), I(sig, 0));
	EXPECT(SYSCALL_TKILL_X, I(res, SYS(tkill, -1, SIGHUP)), I(tid, -1), I(sig, SIGHUP));
	EXPECT(SYSCALL_TGKILL_X, I(res, SYS(tgkill, self, self, 0)), I(pid, self), I(tid, self),
	       I(sig, 0));
	EXPECT(SYSCALL_TGKILL_X, I(res, SYS(tgkill, 1, self, SIGUSR2)), I(pid, 1), I(tid, self),
	       I(sig, SIGUSR2));
}

static void delivery(void)
{
	struct sigaction sa = { .sa_handler = ignore };
	long self = getpid();
	pid_t pid;

	MUST(sigaction(SIGTERM, &sa, NULL));
	MUST(sigaction(SIGCHLD, &sa, NULL));
	MUST(sigaction(SIGRTMAX, &sa, NULL));
	MUST(SYS(kill, self, SIGTERM));
	EXPECT(SIGNALDELIVER_E, I(spid, self), I(dpid, self), I(sig, SIGTERM));
	MUST(SYS(tgkill, self, self, SIGRTMAX));
	EXPECT(SIGNALDELIVER_E, I(spid, self), I(dpid, self), I(sig, SIGRTMAX));
	pid = MUST(fork());
	if (!pid)
		_exit(0);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	EXPECT(SIGNALDELIVER_E, I(spid, pid), I(dpid, self), I(sig, SIGCHLD));
	/* the kernel sends this one: nobody is the sender */
	pid = MUST(fork());
	if (!pid)
		*(volatile char *)BAD_PTR = 1;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	EXPECT_OF(pid, SIGNALDELIVER_E, I(spid, 0), I(dpid, pid), I(sig, SIGSEGV));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	sending();
	delivery();
	return expect_done(argv);
}
