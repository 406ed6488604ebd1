/* SPDX-License-Identifier: Apache-2.0 */
/* The end of processes and threads: codes, signals, core dumps, who inherits the children. */
#include "expect.h"
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static void expect_exit(long tid, int status, long reaper)
{
	EXPECT_OF(tid, PROCEXIT_1_E, I(status, status), I(ret, WEXITSTATUS(status)),
		  I(sig, WIFSIGNALED(status) ? WTERMSIG(status) : 0),
		  I(core, WIFSIGNALED(status) && WCOREDUMP(status)), I(reaper_tid, reaper));
}

static void ends(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		fn();
		_exit(0);
	}
	MUST(waitpid(MUST(pid), &status, 0));
	expect_line = __LINE__;
	expect_exit(pid, status, 0);
}

static void with_code(void)
{
	_exit(0x1ff - 7);
}

static void with_success(void)
{
	_exit(0);
}

static void by_signal(void)
{
	raise(SIGTERM);
}

static void by_kill(void)
{
	raise(SIGKILL);
}

static void without_core(void)
{
	struct rlimit none = { 0, 0 };

	MUST(setrlimit(RLIMIT_CORE, &none));
	raise(SIGSEGV);
}

static void with_core(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &all);
	raise(SIGABRT);
}

/* A child dies while its own child lives: the subreaper inherits that one. */
static void orphan(void)
{
	int fds[2];
	pid_t pid;
	int status;
	char c;

	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
	MUST(pipe(fds));
	pid = MUST(fork());
	if (!pid) {
		if (!MUST(fork())) {
			close(fds[1]);
			_exit((int)read(fds[0], &c, 1));
		}
		_exit(5);
	}
	MUST(waitpid(pid, &status, 0));
	expect_exit(pid, status, getpid());
	close(fds[1]);
	MUST(wait(&status));
	MUST(prctl(PR_SET_CHILD_SUBREAPER, 0));
}

static struct { long leader, thread; int status; } *group;
static int release[2];

static void *other_thread(void *arg)
{
	char c;

	group->thread = syscall(SYS_gettid);
	(void)arg;
	MUST(read(release[0], &c, 1));
	syscall(SYS_exit_group, 0);
	return NULL;
}

/* The first thread of a process ends before the other, which inherits the children. */
static void leader_first(void)
{
	pthread_t t;
	char c;

	if (!MUST(fork())) {
		close(release[1]);
		_exit((int)read(release[0], &c, 1) - 1);
	}
	if (pthread_create(&t, NULL, other_thread, NULL))
		_exit(1);
	while (!*(volatile long *)&group->thread)
		usleep(1000);
	syscall(SYS_exit, 6);
}

static void threads(void)
{
	pid_t pid;
	int status;

	group = shared_memory(4096);
	MUST(pipe(release));
	pid = MUST(fork());
	if (!pid)
		leader_first();
	usleep(200000);
	MUST(write(release[1], "ab", 2));
	MUST(waitpid(pid, &status, 0));
	expect_exit(pid, 6 << 8, group->thread);
	EXPECT_OF(group->thread, PROCEXIT_1_E, I(status, 0), I(ret, 0), I(sig, 0), I(core, 0),
		  ANY(reaper_tid, "its child may be gone by now"));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	ends(with_code);
	ends(with_success);
	ends(by_signal);
	ends(by_kill);
	ends(without_core);
	ends(with_core);
	orphan();
	threads();
	return expect_done(argv);
}
