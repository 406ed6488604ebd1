/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes a sensor remember much:
 *
 *	crowd bomb BURSTS N	N processes at once, each of which opens a file; then they end; and again
 *	crowd fds PROCESSES N	processes that have N open files each at once, then end
 *	crowd short N		processes that execute a program, one after the other
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK 16384

extern char **environ;

static void die(const char *what)
{
	fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void open_files(int n)
{
	for (int i = 0; i < n; i++)
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			die("open");
}

static int told[2], go[2], files;

static int child(void *arg)
{
	char c;

	(void)arg;
	close(go[1]);
	open_files(files);
	if (write(told[1], "x", 1) == 1 && !read(go[0], &c, 1))
		_exit(0);
	_exit(1);
}

/*
 * n children that open files, tell so, and stay until all have.  They are processes with files of their
 * own, but share our memory: to copy that would be most of the work.
 */
static void crowd(int n)
{
	char *stacks = malloc((size_t)n * STACK);
	int ended = 0;
	char c;

	if (!stacks || pipe(told) || pipe(go))
		die("pipe");
	for (int i = 0; i < n; i++)
		if (clone(child, stacks + (size_t)(i + 1) * STACK, CLONE_VM | SIGCHLD, NULL) < 0)
			die("clone");
	close(told[1]);
	for (int i = 0; i < n && read(told[0], &c, 1) == 1; i++)
		;
	close(told[0]);
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < n; i++) {
		int status = 1;

		wait(&status);
		ended += !status;
	}
	free(stacks);
	if (ended != n)
		die("not all children were well");
}

static void run_short(int n)
{
	char *argv[] = { (char *)"crowd", (char *)"end", NULL };
	pid_t pid;

	for (int i = 0; i < n; i++) {
		if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ))
			die("/proc/self/exe");
		waitpid(pid, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	int a = argc > 2 ? atoi(argv[2]) : 0, b = argc > 3 ? atoi(argv[3]) : 0;
	struct rlimit r;

	if (!getrlimit(RLIMIT_NOFILE, &r)) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	files = argc == 4 && !strcmp(argv[1], "fds") ? b : 1;
	if (argc == 4 && !strcmp(argv[1], "bomb"))
		for (int i = 0; i < a; i++)
			crowd(b);
	else if (argc == 4 && !strcmp(argv[1], "fds"))
		crowd(a);
	else if (argc == 3 && !strcmp(argv[1], "short"))
		run_short(a);
	else if (argc != 2 || strcmp(argv[1], "end"))
		return fprintf(stderr, "usage: crowd bomb BURSTS N | fds PROCESSES N | short N\n"), 2;
	return 0;
}
