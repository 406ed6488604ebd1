/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ptrace driver's parts, and the threads they trace.
 *
 *   ptrace.c         the source of events: opening, reading, closing
 *   ptrace_start.c   how a program is started, how a process is attached to
 *   ptrace_filter.c  the seccomp filter which lets the calls of no interest pass
 *   ptrace_stop.c    what the stops of the traced threads mean
 *   ptrace_event.c   events, made by the rows of schema/events.def and drivers/ptrace/
 *   ptrace_yield.c   making room for a debugger among the traced programs
 *
 * All of it runs in the thread that opened the capture: ptrace knows no other.
 */
#ifndef SAKER_CAPTURE_PTRACE_TRACE_H
#define SAKER_CAPTURE_PTRACE_TRACE_H

#include <sys/types.h>
#include <time.h>

#include "base/buf.h"
#include "base/hash.h"
#include "capture/driver.h"
#include "drivers/ptrace/call.h"

#define FILTER_MARK 0x5a4b	/* what our filter gives as data with its stops */

struct tracee {
	s32 tid, tgid;
	struct call call;
	bool in_call;		/* of interest: a stop at its end is wanted */
	bool at_entry;		/* between the stops at begin and end, when all calls stop */
	bool all_calls;		/* no filter: all calls stop */
	bool started;		/* by us, or a descendant: the filter is in force */
	bool stopped;		/* seen to stop at least once */
	bool held;		/* stopped, until its parent's stop tells whose child it is */
	bool announced;		/* its parent told of it */
	bool exit_told;
	bool kept;		/* cannot be left to another tracer */
	bool subreaper;		/* of the process, in its first thread */
	u32 birth_code;		/* the call that made it */
	u64 birth_flags;
};

struct ptrace {
	struct capture base;
	struct driver_options opt;
	struct interest interest;
	struct kfilter *filter;	/* owned; NULL: all events pass */
	struct map64 tracees;	/* by tid; owned */
	struct buf queue;	/* events that were made and not yet read */
	size_t queue_pos;
	u8 *scratch;		/* owned; the event being made */
	struct syscall_counters by_code[NR_CODES];
	u64 truncated;
	u32 nnew;		/* attached to, and not yet seen to stop */
	/* the program that was started */
	s32 main_pid;		/* 0: none */
	int go;			/* a pipe: it waits until this is closed; -1: it runs */
	bool main_ended;
	struct start_report *report;	/* shared with the child */
	bool filter_outgrown;	/* the interest has grown: all calls must stop */
	timer_t timer;		/* ends a wait() */
	bool have_timer;
	u32 nheld;		/* threads whose parent did not name them yet */
	u64 yielded;		/* threads left to another tracer */
};

/* What the child of ptrace_start() says of its preparations. */
struct start_report {
	int filter_error;	/* 0: the filter is in force */
	bool no_new_privs;
};

static inline bool ptrace_wants(const struct ptrace *p, u32 code)
{
	return code && interest_has(&p->interest, code);
}

void ptrace_notice(struct ptrace *p, const char *fmt, ...) PRINTF(2, 3);

/* ---- threads (ptrace.c) ---- */
struct tracee *tracee_get(struct ptrace *p, s32 tid);		/* NULL: not one of ours */
struct tracee *tracee_new(struct ptrace *p, s32 tid);
void tracee_del(struct ptrace *p, struct tracee *t);		/* frees it */
void tracee_rename(struct ptrace *p, struct tracee *t, s32 tid);
s32 tracee_read_tgid(s32 tid);

/* ---- ptrace_start.c ---- */
int ptrace_start(struct ptrace *p, struct diag *d);
int ptrace_attach(struct ptrace *p, s32 pid, struct diag *d);
void ptrace_detach_all(struct ptrace *p);

/* ---- ptrace_filter.c ---- */
struct sock_filter;
/* The filter for an interest, in memory that the caller frees; *ret_n instructions. */
struct sock_filter *ptrace_filter(const struct interest *in, u32 action, u32 *ret_n);

/* ---- ptrace_stop.c ---- */
/* Handles what waitpid() returned, and lets the thread go on. */
void ptrace_stop(struct ptrace *p, s32 tid, int status);
void ptrace_resume(struct ptrace *p, struct tracee *t, int sig);
/* Nothing stopped for a while: threads whose parent died before it told of them go on. */
void ptrace_release_held(struct ptrace *p);

/* ---- ptrace_event.c ---- */
u32 ptrace_code(u32 arch, u32 nr, bool *ret_compat);
/* The call begins: copies what another thread could change until it ends. */
void ptrace_keep(struct ptrace *p, struct tracee *t);
void ptrace_event_call(struct ptrace *p, struct tracee *t);
void ptrace_event_exec(struct ptrace *p, struct tracee *t);
void ptrace_event_birth(struct ptrace *p, struct tracee *t);
void ptrace_event_exit(struct ptrace *p, struct tracee *t, u32 status);
/* The thread has stopped to be given a signal. */
void ptrace_event_signal(struct ptrace *p, struct tracee *t, int sig);
/* It was killed: of that signal no stop tells. */
void ptrace_event_killed(struct ptrace *p, struct tracee *t);
void ptrace_call_fini(struct call *call);
/* False: the memory cannot be read.  Reads of the thread's own memory. */
bool ptrace_read(s32 tid, void *dst, size_t n, u64 addr);

/* ---- ptrace_yield.c ---- */
/* The thread is about to call ptrace().  True: it goes on already, or is not ours any more. */
bool ptrace_yield(struct ptrace *p, struct tracee *t);
void ptrace_yield_fini(struct ptrace *p);

#endif
