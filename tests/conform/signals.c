/* SPDX-License-Identifier: Apache-2.0 */
/* kill, tkill, tgkill, and signals that are delivered. */
#include <pthread.h>
#include <time.h>

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

static void wait_for(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void handle(int sig)
{
	struct sigaction sa = { .sa_handler = ignore };

	MUST(sigaction(sig, &sa, NULL));
}

/* With a handler, from others: a signal that ends the process by its default is another matter. */
static void from_others(void)
{
	union sigval value = { .sival_int = 5 };
	struct sigevent alarm = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
	long self = getpid();
	timer_t first, second;
	pid_t pid;

	handle(SIGUSR1);
	handle(SIGUSR2);
	handle(SIGRTMIN + 1);
	handle(SIGCHLD);
	pid = MUST(fork());
	if (!pid) {
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	wait_for(pid);
	EXPECT(SIGNALDELIVER_E, I(spid, pid), I(dpid, self), I(sig, SIGUSR1));
	MUST(sigqueue(self, SIGRTMIN + 1, value));
	EXPECT(SIGNALDELIVER_E, I(spid, self), I(dpid, self), I(sig, SIGRTMIN + 1));
	/* of the second one the number is not 0, and stands where a sender's would */
	MUST(timer_create(CLOCK_MONOTONIC, &alarm, &first));
	MUST(timer_create(CLOCK_MONOTONIC, &alarm, &second));
	MUST(timer_settime(second, 0, &soon, NULL));
	pause();
	EXPECT(SIGNALDELIVER_E, I(spid, 0), I(dpid, self), I(sig, SIGUSR2));
	/* the kernel does not say who did it */
	pid = MUST(fork());
	if (!pid)
		for (;;)
			pause();
	MUST(kill(pid, SIGKILL));
	wait_for(pid);
	EXPECT_OF(pid, SIGNALDELIVER_E, I(spid, 0), I(dpid, pid), I(sig, SIGKILL));
}

static void *thread(void *arg)
{
	long self = getpid(), tid = syscall(SYS_gettid);

	(void)arg;
	MUST(SYS(tgkill, self, tid, SIGTERM));
	EXPECT_OF(tid, SIGNALDELIVER_E, I(spid, self), I(dpid, tid), I(sig, SIGTERM));
	return NULL;
}

static void delivery(void)
{
	long self = getpid();
	pthread_t other;
	pid_t pid;

	handle(SIGTERM);
	handle(SIGCHLD);
	handle(SIGRTMAX);
	MUST(SYS(kill, self, SIGTERM));
	EXPECT(SIGNALDELIVER_E, I(spid, self), I(dpid, self), I(sig, SIGTERM));
	MUST(SYS(tgkill, self, self, SIGRTMAX));
	EXPECT(SIGNALDELIVER_E, I(spid, self), I(dpid, self), I(sig, SIGRTMAX));
	pid = MUST(fork());
	if (!pid)
		_exit(0);
	wait_for(pid);
	EXPECT(SIGNALDELIVER_E, I(spid, pid), I(dpid, self), I(sig, SIGCHLD));
	/* the kernel sends this one: nobody is the sender */
	pid = MUST(fork());
	if (!pid)
		*(volatile char *)BAD_PTR = 1;
	wait_for(pid);
	EXPECT_OF(pid, SIGNALDELIVER_E, I(spid, 0), I(dpid, pid), I(sig, SIGSEGV));
	if (pthread_create(&other, NULL, thread, NULL) || pthread_join(other, NULL))
		die("pthread_create");
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	sending();
	delivery();
	from_others();
	return expect_done(argv);
}
