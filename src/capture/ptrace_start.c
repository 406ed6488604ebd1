/* SPDX-License-Identifier: Apache-2.0 */
/* How a program comes to be traced, and how a process is let go. */
#include "capture/ptrace_trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
		 PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT)
/* Of a program under our filter: without its tracer, the calls that the filter stops fail. */
#define STARTED_OPTIONS (OPTIONS | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL)

/* ---- the program to start ------------------------------------------------------------ */

/* As execvp() looks for it.  0 or the errno that matters. */
static int find_program(const char *name)
{
	const char *path = getenv("PATH");
	int err = ENOENT;

	if (strchr(name, '/'))
		return eaccess(name, X_OK) ? errno : 0;
	for (path = path ? path : "/bin:/usr/bin"; *path || err == ENOENT; ) {
		size_t n = strcspn(path, ":");
		struct buf b = { 0 };

		buf_addf(&b, "%.*s/%s", n ? (int)n : 1, n ? path : ".", name);
		if (!eaccess(buf_str(&b), X_OK))
			err = 0;
		else if (errno == EACCES)
			err = EACCES;
		buf_fini(&b);
		if (!err || !path[n])
			break;
		path += n + 1;
	}
	return err;
}

/*
 * Privileged, the filter needs nothing more; else no_new_privs, which takes the effect from
 * setuid programs.
 */
static void install_filter(const struct sock_fprog *prog, struct start_report *report)
{
	report->filter_error = 0;
	if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, prog))
		return;
	if (errno == EACCES && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		report->no_new_privs = true;
		if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, prog))
			return;
	}
	report->filter_error = errno;
}

/* The child, from fork to exec: it looks as if the caller of saker had started it. */
static void run_child(struct ptrace *p, int go, const struct sock_fprog *prog)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	char c;

	sigemptyset(&none);
	sigaction(SIGPIPE, &dfl, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	while (read(go, &c, 1) < 0 && errno == EINTR)
		;
	close(go);
	install_filter(prog, p->report);
	execvp(p->opt.argv[0], p->opt.argv);
	fprintf(stderr, "saker: cannot start %s: %s\n", p->opt.argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static int seize(s32 tid, unsigned long options)
{
	return ptrace(PTRACE_SEIZE, tid, NULL, (void *)options) < 0 ? -errno : 0;
}

/* Who may trace is decided by the kernel, by Yama, by a container's policy. */
static int explain(struct diag *d, const char *what, s32 pid, int err)
{
	char scope = '0';
	int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, &scope, 1) != 1)
		scope = '0';
	if (fd >= 0)
		close(fd);
	if (err == -ESRCH)
		diag_set(d, "%s %d: there is no such process, or it has just ended", what, pid);
	else if (err == -EPERM && scope == '3')
		diag_set(d, "%s %d: kernel.yama.ptrace_scope is 3, which forbids ptrace until the next boot; "
			 "use another driver", what, pid);
	else if (err == -EPERM && scope != '0')
		diag_set(d, "%s %d: not permitted; kernel.yama.ptrace_scope is %c: start the program with saker "
			 "(saker --userspace -- PROGRAM), run saker with CAP_SYS_PTRACE, or set "
			 "kernel.yama.ptrace_scope=0", what, pid, scope);
	else if (err == -EPERM)
		diag_set(d, "%s %d: not permitted; it has another tracer (see TracerPid in /proc/%d/status), is of "
			 "another user, or has more privileges: run saker as that user or with CAP_SYS_PTRACE",
			 what, pid, pid);
	else
		diag_set(d, "%s %d: %s", what, pid, strerror(-err));
	return err;
}

static int make_report(struct ptrace *p, int *go)
{
	p->report = mmap(NULL, sizeof(*p->report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->report == MAP_FAILED) {
		p->report = NULL;
		return -errno;
	}
	p->report->filter_error = EINPROGRESS;
	return pipe2(go, O_CLOEXEC) ? -errno : 0;
}

/* It waits, traced, until the first look for an event. */
int ptrace_start(struct ptrace *p, struct diag *d)
{
	int go[2], err = find_program(p->opt.argv[0]);
	struct sock_fprog prog;
	struct tracee *t;
	u32 n;
	pid_t pid;

	if (err == ENOENT) {	/* what else speaks against it, the kernel decides */
		diag_set(d, "cannot start %s: %s", p->opt.argv[0], strerror(err));
		return -err;
	}
	err = make_report(p, go);
	if (err)
		return diag_set(d, "cannot start %s: %s", p->opt.argv[0], strerror(-err)), err;
	prog.filter = ptrace_filter(&p->interest, SECCOMP_RET_TRACE | FILTER_MARK, &n);
	prog.len = (unsigned short)n;
	pid = fork();
	if (!pid) {
		close(go[1]);
		run_child(p, go[0], &prog);
	}
	err = pid < 0 ? -errno : 0;
	free(prog.filter);
	close(go[0]);
	p->go = go[1];
	if (!err)
		err = seize(pid, STARTED_OPTIONS);
	if (err && pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
	}
	if (err)
		return explain(d, "cannot trace the program, process", pid, err);
	p->main_pid = p->base.pid = pid;
	t = tracee_new(p, pid);
	t->started = t->stopped = true;
	return 0;
}

/* ---- processes that run already -------------------------------------------------------- */

/* "Tgid:" of a thread; the number itself when it is gone. */
s32 tracee_read_tgid(s32 tid)
{
	char path[64], line[256];
	s32 tgid = tid;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Tgid: %d", &tgid) == 1)
			break;
	if (f)
		fclose(f);
	return tgid;
}

/* Calls fn for the numbers in a folder of /proc.  False: it cannot be read. */
static bool each_number(const char *path, bool (*fn)(void *ctx, s32 n), void *ctx)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return false;
	while ((e = readdir(dir))) {
		s32 n = atoi(e->d_name);

		if (n > 0 && !fn(ctx, n))
			break;
	}
	closedir(dir);
	return true;
}

struct attaching {
	struct ptrace *p;
	s32 pid;
	u32 found;		/* in this round */
	int err;
};

static bool attach_thread(void *ctx, s32 tid)
{
	struct attaching *a = ctx;
	struct tracee *t = tracee_get(a->p, tid);
	int err;

	if (t)
		return true;
	err = seize(tid, OPTIONS);
	if (err == -ESRCH && tid != a->pid)
		return true;	/* it ended meanwhile */
	if (err) {
		a->err = a->err ? a->err : err;
		return true;
	}
	t = tracee_new(a->p, tid);
	t->tgid = a->pid;
	t->all_calls = true;
	a->p->nnew++;
	a->found++;
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	return true;
}

/* New threads may come as long as some of the old ones run untraced. */
static int attach_process(struct ptrace *p, s32 pid)
{
	struct attaching a = { .p = p, .pid = pid };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	do {
		a.found = 0;
		if (!each_number(path, attach_thread, &a))
			return -ESRCH;
	} while (a.found);
	return tracee_get(p, pid) ? 0 : a.err ? a.err : -ESRCH;
}

static s32 parent_of(s32 pid)
{
	char path[64], text[1024];
	s32 ppid = 0;
	char *end;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = 0;
	fclose(f);
	end = strrchr(text, ')');
	return end && sscanf(end + 1, " %*c %d", &ppid) == 1 ? ppid : 0;
}

/* Children of traced processes, until there are no more. */
static bool attach_child(void *ctx, s32 pid)
{
	struct attaching *a = ctx;
	s32 parent = parent_of(pid);

	if (parent && tracee_get(a->p, parent) && !tracee_get(a->p, pid) && pid != getpid()) {
		if (!attach_process(a->p, pid))
			a->found++;
		else
			a->err++;
	}
	return true;
}

int ptrace_attach(struct ptrace *p, s32 pid, struct diag *d)
{
	struct attaching a = { .p = p };
	int err;

	if (tracee_get(p, pid))
		return 0;
	if (pid == getpid()) {
		diag_set(d, "cannot attach to process %d: that is this program itself", pid);
		return -EINVAL;
	}
	err = attach_process(p, pid);
	if (err)
		return explain(d, "cannot attach to process", pid, err);
	do {
		a.found = 0;
		a.err = 0;
		each_number("/proc", attach_child, &a);
	} while (a.found);
	if (a.err)
		ptrace_notice(p, "%d children of process %d cannot be attached to, and are not watched", a.err, pid);
	return 0;
}

/* ---- letting go -------------------------------------------------------------------------- */

/* Waits for a stop, and detaches there; a signal that it was about to get, it gets. */
static void detach(struct ptrace *p, struct tracee *t)
{
	int status, sig = 0;

	ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL);
	for (u32 tries = 0; tries < 3000; tries++) {
		pid_t got = waitpid(t->tid, &status, __WALL | WNOHANG);
		unsigned long child = 0;

		if (got < 0 || (got && !WIFSTOPPED(status)))
			return;
		if (!got) {
			usleep(1000);
			continue;
		}
		switch (status >> 16) {
		case PTRACE_EVENT_FORK:
		case PTRACE_EVENT_VFORK:
		case PTRACE_EVENT_CLONE:
			ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &child);
			if (child && !tracee_get(p, (s32)child))
				tracee_new(p, (s32)child);
			break;
		case 0:
			sig = WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
		}
		ptrace(PTRACE_DETACH, t->tid, NULL, (void *)(long)sig);
		return;
	}
}

/* Those of a started program end: see STARTED_OPTIONS. */
static void end_started(struct ptrace *p)
{
	struct map64_entry *e;
	u32 left = 0;
	size_t pos = 0;

	while ((e = map64_next(&p->tracees, &pos))) {
		struct tracee *t = e->value;

		left += t->started;
		if (t->started)
			kill(t->tgid, SIGKILL);
	}
	for (u32 tries = 0; left && tries < 2000; tries++) {
		int status;
		pid_t tid = waitpid(-1, &status, __WALL | __WNOTHREAD | WNOHANG);

		if (tid < 0)
			return;
		if (!tid) {
			usleep(1000);
		} else if (WIFSTOPPED(status)) {
			ptrace(PTRACE_CONT, tid, NULL, NULL);
		} else if (tracee_get(p, tid)) {
			left -= tracee_get(p, tid)->started;
			tracee_del(p, tracee_get(p, tid));
		}
	}
}

/* Processes attached to go on untouched. */
void ptrace_detach_all(struct ptrace *p)
{
	struct map64_entry *e;
	size_t pos;

	for (pos = 0; (e = map64_next(&p->tracees, &pos)); ) {
		struct tracee *t = e->value;

		if (t->started)
			continue;
		detach(p, t);
		tracee_del(p, t);
		pos = 0;
	}
	end_started(p);
}
