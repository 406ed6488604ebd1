/* SPDX-License-Identifier: Apache-2.0 */
/* The ptrace driver as a source of events: opening, waiting, closing. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/clock.h"
#include "capture/counters.h"
#include "capture/ptrace_trace.h"

#define EVENT_ROOM (2 * EVENT_LEN_MAX)
#define FIRST_STOPS_MS 2000	/* for threads attached to; those in an uninterruptible sleep come later */

void ptrace_notice(struct ptrace *p, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	if (p->opt.notice)
		p->opt.notice(p->opt.ctx, buf_str(&b));
	buf_fini(&b);
}

/* ---- threads ----------------------------------------------------------------------- */

struct tracee *tracee_get(struct ptrace *p, s32 tid)
{
	return map64_get(&p->tracees, (u64)tid);
}

struct tracee *tracee_new(struct ptrace *p, s32 tid)
{
	struct tracee *t = xcalloc(1, sizeof(*t));

	t->tid = t->tgid = tid;
	map64_put(&p->tracees, (u64)tid, t);
	return t;
}

void tracee_del(struct ptrace *p, struct tracee *t)
{
	map64_del(&p->tracees, (u64)t->tid);
	ptrace_call_fini(&t->call);
	free(t);
}

/* It takes the place of the one that had the number. */
void tracee_rename(struct ptrace *p, struct tracee *t, s32 tid)
{
	struct tracee *old = tracee_get(p, tid);

	if (old)
		tracee_del(p, old);
	map64_del(&p->tracees, (u64)t->tid);
	t->tid = tid;
	map64_put(&p->tracees, (u64)tid, t);
}

/* ---- waiting -------------------------------------------------------------------------- */

static void on_timer(int sig)
{
	(void)sig;
}

/* waitpid() knows no time-out: a signal to this thread ends it. */
static void make_timer(struct ptrace *p)
{
	struct sigaction sa = { .sa_handler = on_timer };
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };

	ev._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	sigaction(SIGALRM, &sa, NULL);
	p->have_timer = !timer_create(CLOCK_MONOTONIC, &ev, &p->timer);
}

/* Again and again: it may come before the wait begins. */
static void set_timer(struct ptrace *p, int ms)
{
	struct itimerspec t = {
		.it_value = { ms / 1000, ms % 1000 * 1000000L },
		.it_interval = { 0, ms ? 5000000 : 0 },
	};

	if (p->have_timer)
		timer_settime(p->timer, 0, &t, NULL);
}

/* One stop or end.  0, -EAGAIN, -EINTR, -ENODATA: no child is left. */
static int wait_one(struct ptrace *p, u64 end)
{
	int status, flags = __WALL | __WNOTHREAD;
	pid_t tid = waitpid(-1, &status, flags | WNOHANG);
	u64 now;

	if (!tid) {
		now = clock_ms(CLOCK_MONOTONIC);
		if (now >= end)
			return -EAGAIN;
		if (!p->have_timer) {
			usleep(1000);
			return -EINTR;
		}
		set_timer(p, (int)(end - now));
		tid = waitpid(-1, &status, flags);
		if (tid < 0 && errno == EINTR) {
			set_timer(p, 0);
			return clock_ms(CLOCK_MONOTONIC) >= end ? -EAGAIN : -EINTR;
		}
		set_timer(p, 0);
	}
	if (tid < 0)
		return errno == ECHILD ? -ENODATA : -errno;
	ptrace_stop(p, tid, status);
	return 0;
}

static bool is_over(const struct ptrace *p)
{
	return !p->tracees.count || (p->main_ended && getpid() == 1);
}

static bool take_event(struct ptrace *p, struct raw_event *ret)
{
	u32 len;

	if (p->queue_pos == p->queue.len) {
		buf_clear(&p->queue);
		p->queue_pos = 0;
		return false;
	}
	memcpy(&len, p->queue.p + p->queue_pos, sizeof(len));
	p->queue_pos += sizeof(len);
	*ret = (struct raw_event){
		.hdr = (const void *)(p->queue.p + p->queue_pos), .len = len, .live = true,
	};
	p->queue_pos += len;
	return true;
}

static int ptrace_next(struct capture *base, struct raw_event *ret, int timeout_ms)
{
	struct ptrace *p = container_of(base, struct ptrace, base);
	u64 end = clock_ms(CLOCK_MONOTONIC) + (u64)(timeout_ms > 0 ? timeout_ms : 0);

	if (p->go >= 0) {
		close(p->go);
		p->go = -1;
	}
	while (!take_event(p, ret)) {
		int err;

		if (is_over(p))
			return -ENODATA;
		err = wait_one(p, end);
		if (err == -EAGAIN && p->nheld)
			ptrace_release_held(p);
		if (err)
			return err;
	}
	return 0;
}

static void ptrace_counters(struct capture *base, struct counters_visitor *v)
{
	counters_visit(v, 0, container_of(base, struct ptrace, base)->by_code);
}

static void ptrace_stats(struct capture *base, struct capture_stats *ret)
{
	struct ptrace *p = container_of(base, struct ptrace, base);

	ret->truncated = p->truncated;
	for (u32 code = 0; code < NR_CODES; code++) {
		ret->filtered += p->by_code[code].filtered;
		ret->drops_scratch += p->by_code[code].lost_scratch;
	}
}

/* ---- the interest ------------------------------------------------------------------------ */

/* The filter of a running program cannot be changed: beyond it, all calls have to stop. */
static int ptrace_set_interest(struct capture *base, const struct interest *in, struct diag *d)
{
	struct ptrace *p = container_of(base, struct ptrace, base);

	(void)d;
	for (u32 i = 0; i < ARRAY_SIZE(in->syscalls); i++)
		if (in->syscalls[i] & ~p->interest.syscalls[i] && p->main_pid && !p->filter_outgrown) {
			p->filter_outgrown = true;
			ptrace_notice(p, "the rules want system calls which the seccomp filter of the program "
				      "lets pass: from now on all its calls stop, and it is slower");
		}
	p->interest = *in;
	p->interest.syscalls[0] &= ~1ull;	/* SC_unknown is none */
	return 0;
}

/* Calls stop as without it; what is saved is the making of their events, and all that follows. */
static int ptrace_set_filter(struct capture *base, const struct kfilter *f, struct diag *d)
{
	struct ptrace *p = container_of(base, struct ptrace, base);

	(void)d;
	free(p->filter);
	p->filter = NULL;
	if (f) {
		p->filter = xmalloc(sizeof(*f));
		*p->filter = *f;
	}
	return 0;
}

/* ---- opening and closing ------------------------------------------------------------------- */

static void ptrace_close(struct capture *base)
{
	struct ptrace *p = container_of(base, struct ptrace, base);
	struct map64_entry *e;
	size_t pos = 0;

	ptrace_detach_all(p);
	ptrace_yield_fini(p);
	if (p->go >= 0)
		close(p->go);
	if (p->have_timer)
		timer_delete(p->timer);
	while ((e = map64_next(&p->tracees, &pos))) {
		struct tracee *t = e->value;

		ptrace_call_fini(&t->call);
		free(t);
	}
	map64_fini(&p->tracees);
	buf_fini(&p->queue);
	free(p->scratch);
	free(p->filter);
	if (p->report)
		munmap(p->report, sizeof(*p->report));
	diag_fini(&p->base.diag);
	free(p);
}

static const struct capture_ops ptrace_ops = {
	.name = "ptrace",
	.next = ptrace_next,
	.stats = ptrace_stats,
	.counters = ptrace_counters,
	.set_interest = ptrace_set_interest,
	.set_filter = ptrace_set_filter,
	.close = ptrace_close,
};

/* Until all threads attached to have stopped once, and are watched. */
static void first_stops(struct ptrace *p)
{
	u64 end = clock_ms(CLOCK_MONOTONIC) + FIRST_STOPS_MS;

	while (p->nnew && clock_ms(CLOCK_MONOTONIC) < end)
		if (wait_one(p, end) == -ENODATA)
			break;
	if (p->nnew)
		ptrace_notice(p, "%u threads do not stop (they wait for a device, or for a child of vfork): they are "
			      "watched as soon as they do", p->nnew);
}

static int ptrace_open(const struct driver_options *opt, const struct interest *in, struct capture **ret,
		       struct diag *d)
{
	struct ptrace *p;
	int err = 0;

	if (!opt->argv && !opt->npids) {
		diag_set(d, "the ptrace driver watches the programs it is told of: give it one to start "
			 "(saker --userspace -- PROGRAM ARGUMENTS) or processes to attach to (--pid PID)");
		return -EINVAL;
	}
	p = xcalloc(1, sizeof(*p));
	p->base.ops = &ptrace_ops;
	p->opt = *opt;
	p->interest = *in;
	p->interest.syscalls[0] &= ~1ull;
	p->scratch = xmalloc(EVENT_ROOM);
	p->go = -1;
	make_timer(p);
	for (u32 i = 0; i < opt->npids && !err; i++)
		err = ptrace_attach(p, opt->pids[i], d);
	if (!err && opt->argv)
		err = ptrace_start(p, d);
	if (!err)
		first_stops(p);
	if (err)
		ptrace_close(&p->base);
	else
		*ret = &p->base;
	return err;
}

/* None of these stops a thread. */
static const u16 lacks[] = { SC_sched_switch, SC_page_fault_user, SC_page_fault_kernel, 0 };

const struct driver driver_ptrace = { .name = "ptrace", .title = "ptrace", .lacks = lacks, .open = ptrace_open };
