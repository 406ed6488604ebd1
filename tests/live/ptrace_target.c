/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests/live/ptrace.py has traced: one task each, told by the first argument.  All print
 * what happened, and that must be the same with and without a tracer.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *self;
static volatile sig_atomic_t got, got_value;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	got = sig;
	got_value = info->si_value.sival_int;
}

static void *sleeper(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *executor(void *arg)
{
	execl(self, self, "hello", arg, NULL);
	return NULL;
}

/* A thread that is not the first one executes. */
static int exec_in_thread(void)
{
	pthread_t t;

	for (int i = 0; i < 5; i++)
		pthread_create(&t, NULL, sleeper, NULL);
	pthread_create(&t, NULL, executor, (void *)"from a thread");
	pthread_join(t, NULL);
	return 1;
}

/* Signals arrive once, with what they carry; calls that they interrupt say so or go on. */
static int signals(void)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO };
	union sigval v = { .sival_int = 4711 };
	struct timespec t = { 0, 100000000 }, left = { 0, 0 };
	char c;
	int fds[2], status;

	sa.sa_sigaction = on_signal;
	sigaction(SIGUSR1, &sa, NULL);
	sigqueue(getpid(), SIGUSR1, v);
	printf("signal %d value %d\n", got, got_value);
	if (pipe(fds))
		return 1;
	if (!fork()) {
		usleep(200000);
		kill(getppid(), SIGUSR1);
		usleep(200000);
		_exit(write(fds[1], "x", 1) != 1);
	}
	printf("read %zd", read(fds[0], &c, 1));
	printf(" errno %d\n", errno == EINTR);
	sa.sa_flags |= SA_RESTART;
	printf("read %zd\n", read(fds[0], &c, 1));
	wait(&status);
	printf("slept %d\n", nanosleep(&t, &left));
	return 0;
}

/* A child that stops is seen to stop, to go on, and to end. */
static int job_control(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		raise(SIGSTOP);
		usleep(1000000);	/* it is to be seen to go on before it ends */
		_exit(9);
	}
	if (waitpid(pid, &status, WUNTRACED) != pid)
		return 1;
	printf("stopped %d by %d\n", !!WIFSTOPPED(status), WSTOPSIG(status));
	usleep(100000);
	printf("still %d\n", waitpid(pid, &status, WUNTRACED | WNOHANG));
	kill(pid, SIGCONT);
	if (waitpid(pid, &status, WCONTINUED) != pid)
		return 1;
	printf("continued %d\n", !!WIFCONTINUED(status));
	waitpid(pid, &status, 0);
	printf("ended %d\n", WEXITSTATUS(status));
	return 0;
}

static void *worker(void *arg)
{
	for (long i = 0; i < 2000; i++)
		syscall(SYS_getppid);
	return arg;
}

static int many(void)
{
	pthread_t t[32];

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 32; i++)
			pthread_create(&t[i], NULL, worker, NULL);
		for (int i = 0; i < 32; i++)
			pthread_join(t[i], NULL);
		for (int i = 0; i < 10; i++)
			if (!fork())
				_exit(0);
		while (wait(NULL) > 0)
			;
	}
	puts("many done");
	return 0;
}

static int tick_threads;

static void *ticker(void *arg)
{
	for (;;) {
		usleep(1000);
		__atomic_add_fetch(&tick_threads, 1, __ATOMIC_RELAXED);
		close(open("/etc/passwd", O_RDONLY));
	}
	return arg;
}

/* Runs until SIGTERM; says then how often its threads came round. */
static int run(void)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO };
	pthread_t t;

	sa.sa_sigaction = on_signal;
	sigaction(SIGTERM, &sa, NULL);
	for (int i = 0; i < 4; i++)
		pthread_create(&t, NULL, ticker, NULL);
	puts("ready");
	fflush(stdout);
	while (!got)
		usleep(10000);
	printf("ticks %d\n", tick_threads > 100);
	return 5;
}

/* Traces its own child, as a debugger would. */
static int tracer(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(50);
		raise(SIGUSR2);
		_exit(access("/etc/passwd", R_OK) ? 51 : getppid() == 1 ? 52 : 7);
	}
	waitpid(pid, &status, 0);
	printf("stopped %d by %d\n", !!WIFSTOPPED(status), WIFSTOPPED(status) ? WSTOPSIG(status) : -1);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	printf("ended %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}

/* Attaches to a child that sleeps in a call, lets it go, and sees that the call goes on. */
static int attacher(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct timespec t = { 0, 600000000 };

		_exit(nanosleep(&t, NULL) ? 60 : access("/etc/passwd", R_OK) ? 61 : 8);
	}
	usleep(200000);
	printf("attach %ld\n", ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	waitpid(pid, &status, 0);
	printf("stopped %d by %d\n", !!WIFSTOPPED(status), WIFSTOPPED(status) ? WSTOPSIG(status) : -1);
	printf("detach %ld\n", ptrace(PTRACE_DETACH, pid, NULL, NULL));
	waitpid(pid, &status, 0);
	printf("ended %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(void);
	} tasks[] = {
		{ "exec-in-thread", exec_in_thread }, { "signals", signals }, { "job-control", job_control },
		{ "many", many }, { "run", run }, { "tracer", tracer }, { "attacher", attacher },
	};

	self = argv[0];
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 2 && !strcmp(argv[1], "hello"))
		return printf("hello %s\n", argv[2]) < 0;
	for (size_t i = 0; i < sizeof(tasks) / sizeof(*tasks); i++)
		if (argc > 1 && !strcmp(argv[1], tasks[i].name))
			return tasks[i].fn();
	return 2;
}
