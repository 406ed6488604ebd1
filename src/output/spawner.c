/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two messages over a pair of sockets, each answered by a negative errno or 0: START, with
 * the descriptor that becomes standard input, and WAIT.
 */
#include "output/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

enum request { START = 's', WAIT = 'w' };

struct spawner {
	int sock;
	pid_t pid;
};

/* ---- the other process ---------------------------------------------------------------- */

static void default_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);	/* fails for a few, which have no other */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What ends the sensor from a terminal shall not end this before the last alert is out. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE };

	default_signals();
	for (u32 i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
}

/* Nothing of the sensor's but the standard streams. */
static void close_others(int keep)
{
	if (keep != STDERR_FILENO + 1) {
		dup2(keep, STDERR_FILENO + 1);
		fcntl(STDERR_FILENO + 1, F_SETFD, FD_CLOEXEC);
	}
#ifdef SYS_close_range
	if (!syscall(SYS_close_range, STDERR_FILENO + 2, ~0u, 0))
		return;
#endif
	for (int fd = STDERR_FILENO + 2, n = (int)sysconf(_SC_OPEN_MAX); fd < n && fd < 65536; fd++)
		close(fd);
}

static pid_t start(const char *command, int input)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? -errno : pid;
	default_signals();
	if (dup2(input, STDIN_FILENO) < 0)
		_exit(127);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* -1: the owner is gone. */
static int receive(int sock, char *ret, int *ret_fd)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { ret, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	const struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	*ret_fd = -1;
	if (n <= 0)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	return 0;
}

/* As spawner_wait(). */
static int wait_for(pid_t pid)
{
	int status = 0;

	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? SPAWNER_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static _Noreturn void serve(const char *command, int sock)
{
	pid_t child = 0;
	char what;
	int fd, answer;

	while (!receive(sock, &what, &fd)) {
		answer = wait_for(child);
		child = 0;
		if (what == START) {
			child = fd >= 0 ? start(command, fd) : -EBADF;
			answer = child < 0 ? (int)child : 0;
		}
		if (fd >= 0)
			close(fd);
		if (write(sock, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

/* ---- the sensor's side ------------------------------------------------------------------ */

int spawner_new(const char *command, void (*prepare)(void), struct spawner **ret)
{
	struct spawner *s;
	int socks[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks))
		return -errno;
	pid = fork();
	if (!pid) {
		ignore_signals();
		prctl(PR_SET_NAME, "saker-spawner");
		close_others(socks[1]);
		if (prepare)
			prepare();
		serve(command, STDERR_FILENO + 1);
	}
	close(socks[1]);
	if (pid < 0) {
		int err = errno;

		close(socks[0]);
		return -err;
	}
	s = xcalloc(1, sizeof(*s));
	s->sock = socks[0];
	s->pid = pid;
	*ret = s;
	return 0;
}

void spawner_free(struct spawner *s)
{
	if (!s)
		return;
	close(s->sock);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(s);
}

/* fd: -1 for none.  The spawner's answer; -ECHILD when it is gone. */
static int ask(struct spawner *s, char what, int fd)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .h = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { &what, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;
	int answer;

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.h), &fd, sizeof(fd));
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
	}
	if (sendmsg(s->sock, &m, MSG_NOSIGNAL) != 1)
		return errno == EPIPE ? -ECHILD : -errno;
	do
		n = read(s->sock, &answer, sizeof(answer));
	while (n < 0 && errno == EINTR);
	return n == sizeof(answer) ? answer : -ECHILD;
}

int spawner_run(struct spawner *s, FILE **ret)
{
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	err = ask(s, START, fds[0]);
	close(fds[0]);
	if (!err) {
		*ret = fdopen(fds[1], "w");
		err = *ret ? 0 : -errno;
	}
	if (err)
		close(fds[1]);
	return err;
}

int spawner_wait(struct spawner *s)
{
	return ask(s, WAIT, -1);
}
