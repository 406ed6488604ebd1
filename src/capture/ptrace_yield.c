/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making room for a debugger among the traced programs.
 *
 * A thread has one tracer.  When a traced program makes itself traceable (PTRACE_TRACEME), or
 * wants to trace another one (PTRACE_ATTACH, PTRACE_SEIZE), that thread is let go just before,
 * and the call then succeeds as it would without saker.
 *
 * The seccomp filter cannot be taken off, and what it stops fails without a tracer that knows
 * of it.  So the thread is first made to install a second filter that stands above: for the
 * same calls it notifies saker (SECCOMP_RET_USER_NOTIF, which outranks RET_TRACE), and saker
 * answers that they shall go on.  Children inherit it.  Where that cannot be done, the thread
 * is kept, and the debugger is told that it may not trace.
 */
#include "capture/ptrace_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/ptrace_regs.h"

#define SYSCALL_STOP (SIGTRAP | 0x80)
#define STOP_TRIES 2000		/* of a millisecond each */
#define STOP_YIELDS 200		/* before that, of no time */

/* ---- calls that a stopped thread is made to make ------------------------------------------ */

struct maker {
	struct ptrace *p;
	struct tracee *t;
	struct regs saved;
	u64 call_addr;		/* of a system call instruction */
	bool ended;
	int end_status;
};

/* Waits for a thread, but not for ever.  False: it is gone, or does not stop. */
static bool wait_thread(s32 tid, int *ret_status)
{
	for (u32 i = 0; i < STOP_TRIES + STOP_YIELDS; i++) {
		pid_t got = waitpid(tid, ret_status, __WALL | WNOHANG);

		if (got)
			return got > 0;
		if (i < STOP_YIELDS)
			sched_yield();	/* as a rule, that is enough */
		else
			usleep(1000);
	}
	return false;
}

/* The next stop of the thread; 0: it is gone, or does not stop. */
static int next_stop(struct maker *m, int request)
{
	int status;

	if (m->ended || (ptrace(request, m->t->tid, NULL, NULL) < 0 && errno != ESRCH))
		return 0;
	if (!wait_thread(m->t->tid, &status))
		return 0;
	if (WIFSTOPPED(status))
		return status;
	m->ended = true;
	m->end_status = status;
	return 0;
}

/* Makes the call and returns its result. */
static s64 make_call(struct maker *m, u32 nr, u64 a0, u64 a1, u64 a2, u64 a3)
{
	u64 args[6] = { a0, a1, a2, a3, ~0ull, 0 };

	if (regs_make_call(m->t->tid, &m->saved, m->call_addr, nr, args))
		return -ESRCH;
	for (;;) {
		struct __ptrace_syscall_info info;
		int status = next_stop(m, PTRACE_SYSCALL);

		if (!status)
			return -ESRCH;
		if (WSTOPSIG(status) != SYSCALL_STOP)
			continue;	/* our filter may stop it, too; signals wait, see hold_signals() */
		memset(&info, 0, sizeof(info));
		if (ptrace(PTRACE_GET_SYSCALL_INFO, m->t->tid, sizeof(info), &info) < 0)
			return -ESRCH;
		if (info.op == PTRACE_SYSCALL_INFO_EXIT)
			return info.exit.rval;
	}
}

/* The vDSO has one for certain. */
static u64 find_call(s32 tid)
{
	char path[64], line[512];
	u64 found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", tid);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		u64 start, end;
		u8 *code;

		if (!strstr(line, "[vdso]") || sscanf(line, "%llx-%llx", &start, &end) != 2 ||
		    end - start > 1 << 20)
			continue;
		code = xmalloc(end - start);
		if (ptrace_read(tid, code, end - start, start))
			for (u64 i = 0; i + regs_call_len() <= end - start && !found; i++)
				if (regs_is_call(code + i))
					found = start + i;
		free(code);
	}
	if (f)
		fclose(f);
	return found;
}

/* ---- answering ---------------------------------------------------------------------------------- */

/*
 * A thread of its own: the one that traces may sleep in wait() while a notification comes.  One
 * set of threads is answered by each.
 */
static void *answer(void *arg)
{
	int fd = (int)(long)arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	for (;;) {
		union {
			struct seccomp_notif n;
			u8 room[512];	/* a later kernel's may be longer */
		} req;
		struct seccomp_notif_resp resp;
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

		if (poll(&poll_fd, 1, -1) < 0 && errno != EINTR)
			break;
		if (poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL) && !(poll_fd.revents & POLLIN))
			break;		/* the last of them is gone */
		memset(&req, 0, sizeof(req));
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0) {
			if (errno == EINTR || errno == ENOENT || errno == EAGAIN)
				continue;	/* it was interrupted, and will come again */
			break;
		}
		memset(&resp, 0, sizeof(resp));
		resp.id = req.n.id;
		resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
	close(fd);
	return NULL;
}

static int start_answering(int fd)
{
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 128 << 10);
	err = pthread_create(&thread, &attr, answer, (void *)(long)fd);
	pthread_attr_destroy(&attr);
	return -err;
}

/* ---- the second filter ------------------------------------------------------------------------ */

/* A sock_fprog and what it points to. */
static bool write_filter(struct maker *m, u64 addr, const struct sock_filter *code, u32 n)
{
	struct sock_fprog prog = {
		.len = (unsigned short)n,
		.filter = (void *)(unsigned long)(addr + sizeof(prog)),
	};
	struct iovec local[2] = { { &prog, sizeof(prog) }, { (void *)code, n * sizeof(*code) } };
	struct iovec remote = { (void *)(unsigned long)addr, local[0].iov_len + local[1].iov_len };

	return process_vm_writev(m->t->tid, local, 2, &remote, 1, 0) == (ssize_t)remote.iov_len;
}

/* Takes the descriptor out of the thread. */
static int take_fd(struct tracee *t, int fd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, t->tid, t->tid == t->tgid ? 0 : O_EXCL), copy;

	if (pidfd < 0)
		pidfd = (int)syscall(SYS_pidfd_open, t->tgid, 0);
	if (pidfd < 0)
		return -errno;
	copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	copy = copy < 0 ? -errno : copy;
	close(pidfd);
	return copy;
}

static s64 install(struct maker *m, u64 addr)
{
	u64 flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	s64 fd = make_call(m, SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, addr, 0);

	/* it gave up the privileges of the program which it began as */
	if (fd == -EACCES && !make_call(m, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0))
		fd = make_call(m, SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, addr, 0);
	return fd;
}

/*
 * From the moment it is in force, somebody must answer, or the thread sleeps in its next call.
 * A spare descriptor makes sure that there is room for this end.
 */
static int listen_to(struct maker *m, u64 addr)
{
	int spare = open("/dev/null", O_RDONLY | O_CLOEXEC), copy, err;
	s64 fd;

	if (spare < 0)
		return -errno;
	fd = install(m, addr);
	close(spare);
	if (fd < 0)
		return (int)fd;
	copy = take_fd(m->t, (int)fd);
	err = copy < 0 ? copy : start_answering(copy);
	if (err && copy >= 0)
		close(copy);
	make_call(m, SYS_close, (u64)fd, 0, 0, 0);
	return err;
}

static int add_filter(struct maker *m)
{
	u32 n;
	struct sock_filter *code = ptrace_filter(&m->p->interest, SECCOMP_RET_USER_NOTIF, &n);
	u64 size = sizeof(struct sock_fprog) + n * sizeof(*code);
	s64 addr = make_call(m, SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
	int err = -EFAULT;

	if (addr < 0 && addr > -4096)
		err = (int)addr;
	else if (write_filter(m, (u64)addr, code, n))
		err = listen_to(m, (u64)addr);
	free(code);
	if (!(addr < 0 && addr > -4096))
		make_call(m, SYS_munmap, (u64)addr, size, 0, 0);
	return err;
}

/* ---- letting go ----------------------------------------------------------------------------------- */

/* Signals that come meanwhile stay pending: the thread sees them when it is free. */
static void hold_signals(struct tracee *t, u64 *ret_mask)
{
	u64 all = ~0ull;

	if (ptrace(PTRACE_GETSIGMASK, t->tid, sizeof(*ret_mask), ret_mask) < 0)
		*ret_mask = 0;
	ptrace(PTRACE_SETSIGMASK, t->tid, sizeof(all), &all);
}

static void tell(struct ptrace *p, s32 tid)
{
	if (p->yielded++)
		return;
	ptrace_notice(p, "process %d is traced by another one from now on: what it and its children do is not seen "
		      "(told once; the number of such processes is told at the end)", tid);
}

/*
 * Under our filter: the second one first.  m->saved are the registers to go on with; the thread
 * is in any stop but a group-stop.
 */
static int prepare(struct maker *m)
{
	u64 mask;
	int err;

	m->call_addr = find_call(m->t->tid);
	if (!m->call_addr)
		return -ENOEXEC;
	hold_signals(m->t, &mask);
	err = add_filter(m);
	ptrace(PTRACE_SETSIGMASK, m->t->tid, sizeof(mask), &mask);
	return err;
}

static bool is_filtered(const struct tracee *t)
{
	return t->started && !t->all_calls;
}

/* Ends the making of calls.  True: the thread lives, and err is 0. */
static bool made(struct maker *m, int err)
{
	if (m->ended) {
		ptrace_stop(m->p, m->t->tid, m->end_status);	/* frees m->t */
		return false;
	}
	if (err)
		ptrace_notice(m->p, "process %d cannot be left to another tracer: %s", m->t->tid, strerror(-err));
	return !err;
}

static void detach(struct ptrace *p, struct tracee *t, int sig)
{
	ptrace(PTRACE_DETACH, t->tid, NULL, NULL);
	if (sig)
		syscall(SYS_tgkill, t->tgid, t->tid, sig);
	tell(p, t->tid);
	tracee_del(p, t);
}

/* The call is made with us as the tracer, and fails: the thread stops once more as it begins. */
static void give_up(struct ptrace *p, struct tracee *t)
{
	t->kept = true;
	ptrace_resume(p, t, 0);
}

/* A thread in the stop at the begin of a call, which it makes when it is free. */
static bool release_caller(struct ptrace *p, struct tracee *t)
{
	struct maker m = { .p = p, .t = t };
	int err;

	if (is_filtered(t)) {
		if (regs_get(t->tid, &m.saved))
			return false;
		/* the call under way is left out, and begun again at the end */
		regs_rewind(&m.saved);
		regs_skip_call(t->tid, -EINTR);
		next_stop(&m, PTRACE_SYSCALL);
		err = m.ended ? 0 : prepare(&m);
		regs_set(t->tid, &m.saved);
		if (!made(&m, err)) {
			if (!m.ended)
				give_up(p, t);
			return true;
		}
	}
	/* what comes of it is not seen, but known: nothing speaks against it any more */
	if (ptrace_wants(p, t->call.code))
		ptrace_event_call(p, t);
	detach(p, t, 0);
	return true;
}

/* ---- who wants to trace whom ------------------------------------------------------------------------ */

/*
 * Stops a thread where it can be made to make calls: on its way from the kernel, its own call
 * being over or interrupted.  Other stops are handled as ever.  False: it is gone, or sleeps.
 */
static bool stop_thread(struct ptrace *p, s32 tid, int *ret_sig)
{
	int status;

	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	for (u32 i = 0; i < STOP_TRIES; i++) {
		pid_t got = waitpid(tid, &status, __WALL | WNOHANG);
		int event = status >> 16;

		if (got < 0)
			return false;
		if (!got) {
			usleep(1000);
			continue;
		}
		if (WIFSTOPPED(status) && (event == PTRACE_EVENT_STOP ||
					   (!event && WSTOPSIG(status) != SYSCALL_STOP))) {
			*ret_sig = event ? 0 : WSTOPSIG(status);
			return true;
		}
		ptrace_stop(p, tid, status);
		if (!tracee_get(p, tid))
			return false;
	}
	return false;
}

/*
 * Leaves a thread that somebody wants to attach to.  Its registers are put back in a stop of
 * ptrace's own, where the kernel begins an interrupted call again.
 */
static void release_other(struct ptrace *p, s32 tid)
{
	struct tracee *t;
	struct maker m = { .p = p };
	int sig = 0, status, err = 0;

	if (!stop_thread(p, tid, &sig))
		return;
	m.t = t = tracee_get(p, tid);
	if (is_filtered(t) && !regs_get(tid, &m.saved)) {
		err = prepare(&m);
		ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
		while ((status = next_stop(&m, PTRACE_CONT)))
			if (status >> 16 == PTRACE_EVENT_STOP)
				break;
		regs_set(tid, &m.saved);
	}
	if (made(&m, err))
		detach(p, t, sig);
	else if (!m.ended)
		ptrace_resume(p, t, 0);
}

/* The calls that are made by others than the thread go through the kernel's ordinary checks. */
bool ptrace_yield(struct ptrace *p, struct tracee *t)
{
	u32 request = (u32)t->call.args[0];
	s32 other = (s32)t->call.args[1];

	if (request == PTRACE_TRACEME)
		return release_caller(p, t);
	if ((request == PTRACE_ATTACH || request == PTRACE_SEIZE) && other != t->tid &&
	    tracee_get(p, other) && !tracee_get(p, other)->held)
		release_other(p, other);
	return false;
}

void ptrace_yield_fini(struct ptrace *p)
{
	if (p->yielded > 1)
		ptrace_notice(p, "%llu processes were traced by another one, and not watched meanwhile",
			      p->yielded);
}
