/* SPDX-License-Identifier: Apache-2.0 */
#include "app/heartbeat.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cap.h"
#include "base/clock.h"

#define BEAT_MS 1000
#define FIRST_PID_NS 0xeffffffcu	/* its inode in all kernels */
#define BALANCE_SLACK 64	/* events under way, on all CPUs, while counters are read */

/* ---- the child ------------------------------------------------------------------------------- */

/* Keeps nothing of the sensor's open but the pipe: outputs must end with the sensor. */
static int let_go(int pipe)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		if (null >= 0)
			dup2(null, fd);
	dup2(pipe, 3);
#ifdef SYS_close_range
	if (!syscall(SYS_close_range, 4, ~0u, 0))
		return 3;
#endif
	for (int fd = 4; fd < sysconf(_SC_OPEN_MAX) && fd < 65536; fd++)
		close(fd);
	return 3;
}

static void beat(int pipe, const char *name)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE };
	struct pollfd p = { .fd = let_go(pipe), .events = POLLIN };

	for (u32 i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	do
		prctl(PR_SET_NAME, name);
	while (poll(&p, 1, BEAT_MS) <= 0);
	_exit(0);
}

/* Events have the numbers of the first pid namespace: are they those of this process, too? */
static bool in_first_pid_namespace(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == FIRST_PID_NS;
}

int heartbeat_start(struct heartbeat *h)
{
	u32 random = 0;
	int fds[2];

	*h = (struct heartbeat){ .pipe = -1 };
	if (getrandom(&random, sizeof(random), 0) < 0)
		random = (u32)clock_ns(CLOCK_MONOTONIC);
	snprintf(h->name, sizeof(h->name), "saker-hb-%06x", random & 0xffffff);
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	h->pid = fork();
	if (!h->pid) {
		close(fds[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		caps_give_up(0, 0);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		beat(fds[0], h->name);
	}
	close(fds[0]);
	if (h->pid < 0) {
		close(fds[1]);
		return -errno;
	}
	h->pipe = fds[1];
	h->on = true;
	if (in_first_pid_namespace())
		h->tid = h->pid;
	h->last_ns = clock_ns(CLOCK_MONOTONIC);
	return 0;
}

void heartbeat_stop(struct heartbeat *h)
{
	h->on = false;
	if (h->pid <= 0 || h->pipe < 0)
		return;
	close(h->pipe);		/* it ends; a stopped one ends with this process */
	for (u32 i = 0; i < 200 && !waitpid(h->pid, NULL, WNOHANG); i++)
		usleep(1000);
	h->pid = 0;
}

void heartbeat_share(struct heartbeat *h, const struct heartbeat *from)
{
	*h = *from;
	h->pipe = -1;
}

/* ---- the loop's part --------------------------------------------------------------------------- */

bool heartbeat_take(struct heartbeat *h, const struct event *ev)
{
	const char *name;
	u32 len;

	if (!h->on || (h->tid && ev->tid != h->tid) || !event_str(ev, 2, &name, &len) ||
	    len != strlen(h->name) || memcmp(name, h->name, len))
		return false;
	h->tid = ev->tid;
	h->beats++;
	h->missed = 0;
	h->last_ns = clock_ns(CLOCK_MONOTONIC);
	return true;
}

struct balance {
	struct counters_visitor v;
	u64 adrift;
};

static u64 distance(u64 a, u64 b)
{
	return a > b ? a - b : b - a;
}

static void add_pair(struct counters_visitor *v, u32 cpu, u32 code, const struct syscall_counters *n)
{
	struct balance *b = container_of(v, struct balance, v);

	(void)cpu;
	(void)code;
	b->adrift += distance(n->seen, n->filtered + n->sent + n->held + n->lost);
}

void heartbeat_check_books(struct heartbeat *h, struct capture *c, u64 fetched, bool idle)
{
	struct balance b = { .v.visit = add_pair };
	struct capture_stats st;

	if (!h->on)
		return;
	capture_counters(c, &b.v);
	if (idle) {	/* corrected by what old kernels tell late, unlike the counters */
		capture_stats(c, &st);
		b.adrift += distance(st.events, fetched);
	}
	h->unbalanced = b.adrift > BALANCE_SLACK ? h->unbalanced + 1 : 0;
	h->adrift = b.adrift;
}

enum heartbeat_news heartbeat_check(struct heartbeat *h)
{
	bool was = h->blind;

	if (!h->on)
		return NO_NEWS;
	h->missed++;
	if (h->missed > HEARTBEAT_MISSED_MAX)
		snprintf(h->reason, sizeof(h->reason), "no heartbeat came back for %u seconds: the driver delivers nothing, "
			 "or process %d is stopped or gone", h->missed - 1, h->pid);
	else if (h->unbalanced > HEARTBEAT_MISSED_MAX)
		snprintf(h->reason, sizeof(h->reason), "the driver's books do not account for %llu events", h->adrift);
	h->blind = h->missed > HEARTBEAT_MISSED_MAX || h->unbalanced > HEARTBEAT_MISSED_MAX;
	if (h->blind && !was)
		h->blind_alerts++;
	if (!h->blind && !was)
		h->reason[0] = '\0';
	return h->blind == was ? NO_NEWS : h->blind ? NOW_BLIND : SEES_AGAIN;
}
