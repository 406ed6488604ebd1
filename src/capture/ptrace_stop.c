/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stops of traced threads.
 *
 * A thread under our filter runs freely (PTRACE_CONT) until a call of interest stops it as it
 * begins (PTRACE_EVENT_SECCOMP); one more stop is asked for at its end (PTRACE_SYSCALL).
 * Without a filter every call stops twice.  Signals are passed on as they come; a stop of the
 * whole process (SIGSTOP and the like) is waited out with PTRACE_LISTEN.
 */
#include "capture/ptrace_trace.h"

#include <errno.h>
#include <linux/prctl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "capture/ptrace_regs.h"
#include "schema/driver_abi.h"

#define SYSCALL_STOP (SIGTRAP | 0x80)

/* A thread that was killed meanwhile is no error: its end is reported by wait(). */
void ptrace_resume(struct ptrace *p, struct tracee *t, int sig)
{
	bool all = t->all_calls || p->filter_outgrown || t->in_call;

	ptrace(all ? PTRACE_SYSCALL : PTRACE_CONT, t->tid, NULL, (void *)(long)sig);
}

static u64 event_message(struct tracee *t)
{
	unsigned long v = 0;

	ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &v);
	return v;
}

/*
 * A filter of the program's own asked for a tracer: ours is none for it, and without one the
 * call fails as if it did not exist.
 */
static void refuse(struct tracee *t)
{
	regs_skip_call(t->tid, -ENOSYS);
}

/* ---- calls -------------------------------------------------------------------------- */

/* The call inside a 32-bit socketcall; its arguments are in memory. */
static u32 socketcall(struct tracee *t)
{
	static const struct {
		u16 code;
		u8 nargs;
	} calls[] = {
#define SOCKETCALL(NR_, NAME_, NARGS_) [NR_] = { SC_##NAME_, NARGS_ },
		SOCKETCALLS(SOCKETCALL)
#undef SOCKETCALL
	};
	u64 n = t->call.args[0], addr = t->call.args[1];
	u32 words[6] = { 0 };

	if (n >= ARRAY_SIZE(calls) || !calls[n].code ||
	    !ptrace_read(t->tid, words, 4 * calls[n].nargs, addr))
		return SC_unknown;
	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		t->call.args[i] = words[i];
	return calls[n].code;
}

static void set_call(struct tracee *t, u32 arch, u64 nr, const uint64_t *args)
{
	struct call *call = &t->call;

	ptrace_call_fini(call);
	call->nr = (u32)nr;
	call->code = ptrace_code(arch, call->nr, &call->compat);
	for (u32 i = 0; i < 6; i++)
		call->args[i] = args[i];
	if (call->code == SC_socketcall)
		call->code = socketcall(t);
}

/* Of interest, or a call that changes what must be known to describe others. */
static bool wants_end(const struct ptrace *p, const struct call *call)
{
	return ptrace_wants(p, call->code) ||
	       (call->code == SC_prctl && (u32)call->args[0] == PR_SET_CHILD_SUBREAPER);
}

static void call_begins(struct ptrace *p, struct tracee *t)
{
	t->in_call = wants_end(p, &t->call);
	if (t->in_call)
		ptrace_keep(p, t);
}

static void note_prctl(struct ptrace *p, struct tracee *t)
{
	struct tracee *leader = tracee_get(p, t->tgid);

	if (leader && t->call.code == SC_prctl && (u32)t->call.args[0] == PR_SET_CHILD_SUBREAPER &&
	    !t->call.ret)
		leader->subreaper = t->call.args[1];
}

static void call_ends(struct ptrace *p, struct tracee *t, s64 ret)
{
	struct call *call = &t->call;
	bool exec = call->code == SC_execve || call->code == SC_execveat;

	if (!t->in_call)
		return;
	t->in_call = false;
	call->ret = call->compat ? (s32)ret : ret;
	note_prctl(p, t);
	/* an exec that succeeded was told when it did */
	if (ptrace_wants(p, call->code) && !(exec && call->exec_done))
		ptrace_event_call(p, t);
	ptrace_call_fini(call);
}

/* True: the thread is ours no more. */
static bool syscall_stop(struct ptrace *p, struct tracee *t)
{
	struct __ptrace_syscall_info info;

	memset(&info, 0, sizeof(info));
	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof(info), &info) < 0)
		return false;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		set_call(t, info.arch, info.entry.nr, info.entry.args);
		if (t->call.code == SC_ptrace && (!t->started || t->all_calls) && ptrace_yield(p, t))
			return true;
		call_begins(p, t);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		call_ends(p, t, info.exit.rval);
	}
	return false;
}

/* True: the thread is ours no more. */
static bool seccomp_stop(struct ptrace *p, struct tracee *t)
{
	struct __ptrace_syscall_info info;

	memset(&info, 0, sizeof(info));
	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof(info), &info) < 0 ||
	    info.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return false;
	if (info.seccomp.ret_data != FILTER_MARK) {
		refuse(t);
		return false;
	}
	if (!t->in_call)
		set_call(t, info.arch, info.seccomp.nr, info.seccomp.args);
	if (t->call.code == SC_ptrace && !t->kept && ptrace_yield(p, t))
		return true;
	if (!t->in_call)	/* or else it stopped before, as it began */
		call_begins(p, t);
	return false;
}

/* ---- births, new images, ends ----------------------------------------------------------- */

static void announce(struct ptrace *p, struct tracee *t)
{
	if (ptrace_wants(p, SC_clone) || ptrace_wants(p, SC_clone3) || ptrace_wants(p, SC_fork) ||
	    ptrace_wants(p, SC_vfork))
		ptrace_event_birth(p, t);
}

/* It has stopped, and whose child it is is known. */
static void release(struct ptrace *p, struct tracee *t)
{
	p->nheld -= t->held;
	t->held = false;
	t->tgid = tracee_read_tgid(t->tid);
	announce(p, t);
	ptrace_resume(p, t, 0);
}

void ptrace_release_held(struct ptrace *p)
{
	struct map64_entry *e;
	size_t pos = 0;

	while (p->nheld && (e = map64_next(&p->tracees, &pos))) {
		struct tracee *t = e->value;

		if (!t->held)
			continue;
		t->announced = true;
		t->started = p->main_pid;
		t->birth_code = SC_clone;
		release(p, t);
	}
}

/* A child and the stop of its parent that names it arrive in any order. */
static void birth(struct ptrace *p, struct tracee *parent, s32 tid)
{
	struct tracee *t = tracee_get(p, tid);
	struct call *call = &parent->call;

	if (!t)
		t = tracee_new(p, tid);
	t->announced = true;
	t->all_calls = parent->all_calls;
	t->started = parent->started;
	t->birth_code = call->code == SC_fork || call->code == SC_vfork || call->code == SC_clone3 ?
			call->code : SC_clone;
	t->birth_flags = call->code == SC_clone ? call->args[0] : 0;
	if (call->code == SC_clone3)
		ptrace_read(parent->tid, &t->birth_flags, sizeof(t->birth_flags), call->args[0]);
	if (!t->held)
		return;
	release(p, t);
}

/*
 * All other threads are gone, and the one that executed has the number of the process now.
 */
static void new_image(struct ptrace *p, struct tracee **tp)
{
	struct tracee *t = *tp;
	s32 former = (s32)event_message(t);

	if (former != t->tid) {
		struct tracee *caller = tracee_get(p, former);

		if (caller) {
			caller->subreaper = t->subreaper;
			tracee_rename(p, caller, t->tid);
			*tp = t = caller;
		}
	}
	t->tgid = t->tid;
	if (t->tid == p->main_pid && p->report && p->report->filter_error)
		t->all_calls = true;
	t->call.exec_done = true;
	if (ptrace_wants(p, SC_execve) || ptrace_wants(p, SC_execveat))
		ptrace_event_exec(p, t);
}

static void exit_told(struct ptrace *p, struct tracee *t, u32 status)
{
	if (!t->exit_told && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && ptrace_wants(p, SC_signal_deliver))
		ptrace_event_killed(p, t);
	if (!t->exit_told && ptrace_wants(p, SC_sched_process_exit))
		ptrace_event_exit(p, t, status);
	t->exit_told = true;
}

static void ended(struct ptrace *p, struct tracee *t, s32 tid, int status)
{
	if (tid == p->main_pid && !p->main_ended) {
		p->main_ended = true;
		p->base.pid = 0;
		p->base.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	if (!t)
		return;
	exit_told(p, t, (u32)status);
	if (!t->stopped && !t->announced && p->nnew)
		p->nnew--;
	p->nheld -= t->held;
	tracee_del(p, t);
}

/* ---- all stops -------------------------------------------------------------------------- */

static bool stops_process(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* The first stop of a new thread. */
static void first_stop(struct ptrace *p, struct tracee *t)
{
	t->stopped = true;
	if (t->announced) {
		t->tgid = tracee_read_tgid(t->tid);
		announce(p, t);
	} else if (p->nnew) {
		p->nnew--;
	}
}

/* Stops that ptrace makes.  True: the thread is to go on. */
static bool event_stop(struct ptrace *p, struct tracee *t, int event, int sig)
{
	switch (event) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		birth(p, t, (s32)event_message(t));
		return true;
	case PTRACE_EVENT_EXEC:
		new_image(p, &t);
		ptrace_resume(p, t, 0);
		return false;
	case PTRACE_EVENT_EXIT:
		exit_told(p, t, (u32)event_message(t));
		return true;
	case PTRACE_EVENT_SECCOMP:
		return !seccomp_stop(p, t);
	case PTRACE_EVENT_STOP:
		if (!stops_process(sig))
			return true;
		ptrace(PTRACE_LISTEN, t->tid, NULL, NULL);
		return false;
	}
	return true;
}

void ptrace_stop(struct ptrace *p, s32 tid, int status)
{
	struct tracee *t = tracee_get(p, tid);
	int event = status >> 16, sig = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;

	if (!WIFSTOPPED(status)) {
		ended(p, t, tid, status);
		return;
	}
	if (!t) {
		t = tracee_new(p, tid);	/* its parent will stop, too, and tell */
		t->stopped = t->held = true;
		p->nheld++;
		return;
	}
	if (!t->stopped)
		first_stop(p, t);
	if (sig == SYSCALL_STOP) {
		if (syscall_stop(p, t))
			return;
		sig = 0;
	} else if (event) {
		if (!event_stop(p, t, event, sig))
			return;
		sig = 0;
	} else if (ptrace_wants(p, SC_signal_deliver)) {
		ptrace_event_signal(p, t, sig);
	}
	ptrace_resume(p, t, sig);
}
