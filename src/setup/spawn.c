/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* Waits for a process of its own group; kills all of it when that takes too long. */
static int wait_for(pid_t pid, u32 seconds, bool (*interrupted)(void))
{
	struct timespec nap = { .tv_nsec = 20000000 };
	bool stop = false;
	int status;

	for (u32 i = 0; i < seconds * 50 && !stop; i++) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return status;
		if (got < 0 && errno != EINTR)
			return -errno;
		nanosleep(&nap, NULL);
		stop = interrupted && interrupted();
	}
	kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	return stop ? -EINTR : -ETIMEDOUT;
}

int spawn_and_wait(const char *const *argv, const char *log, u32 seconds, bool (*interrupted)(void))
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	pid_t pid;
	int err;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	posix_spawn_file_actions_adddup2(&fa, 1, 2);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	err = -posix_spawnp(&pid, argv[0], &fa, &attr, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return err ? err : wait_for(pid, seconds, interrupted);
}
