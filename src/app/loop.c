/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event, one trip: next, decode, state, match, alert, queue, state.  What is looked at now and
 * then, between two events, is in watch.c.
 */
#include "app/loop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/log.h"
#include "app/sandbox.h"
#include "app/signals.h"
#include "app/watch.h"
#include "base/clock.h"
#include "schema/driver_abi.h"

#define WAIT_MS 200		/* a signal between the look at its flag and the wait costs this */
#define WAIT_ORDERED_MS 20	/* others' alerts wait for this worker to say that it has none */
#define UNSEEN_NS 5000000	/* an event that happened this long ago has been seen by its worker */
#define DRAIN_MS 1000

/* key_ns: when workers put their alerts in the order of time. */
static void push_line(struct run *r, enum priority prio, u64 key_ns)
{
	const struct crew *c = r->crew;
	bool queued;

	if (c->order)
		queued = order_push(c->order, r->index, c->by_number ? r->nevents : key_ns, prio,
				    r->line.p, r->line.len);
	else
		queued = outputs_push(r->outputs, prio, r->line.p, r->line.len);
	if (!queued && outputs_dropped(r->outputs) == 1)
		log_error("Outputs queue out of memory. Drop event and continue on: the outputs "
			  "are slower than the alerts; the number dropped is told at the end");
}

static void raise_alerts(struct run *r, const struct event *ev, struct rule *const *rules, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		r->nalerts++;
		buf_clear(&r->line);
		alert_print(r->printer, &rules[i]->alert, &r->fctx, &r->line);
		push_line(r, rules[i]->priority, ev->ts_ns);
	}
}

void loop_push_internal(struct run *r, u64 ts_ns, const char *rule, enum priority prio, const char *msg,
			const struct internal_field *fields, u32 n)
{
	buf_clear(&r->line);
	alert_print_internal(r->printer, ts_ns, rule, prio, msg, fields, n, &r->line);
	/* its own time is later than that of events to come, whose alerts would then be too late */
	push_line(r, prio, r->crew->order ? u64_max(r->last_ts_ns, order_place(r->crew->order, r->index)) : ts_ns);
}

static void count_talker(struct run *r, const struct event *ev)
{
	const struct thread *t = ev->thread;
	struct talker *k = talkers_count(&r->talkers, t ? t->pid : ev->tid);

	if (k->events == 1 && t)
		snprintf(k->name, sizeof(k->name), "%.*s", (int)t->comm.len, t->comm.p);
}

static void handle_event(struct run *r, struct event *ev)
{
	struct rule *const *matched;
	u32 n;

	r->nvisible++;
	n = ruleset_match(r->set, &r->fctx, ev, r->cfg->first_match, &matched);
	if (n)
		raise_alerts(r, ev, matched, n);
}

/* Of a file all workers see everything, of a live source what is theirs and what changes the state. */
static bool is_mine(const struct run *r, const struct raw_event *raw, s64 pid)
{
	u32 n = r->crew->n;

	return n == 1 || (raw->live ? raw->worker : WORKER_OF(pid, n)) == r->index;
}

static void note_ts(struct run *r, const struct event *ev)
{
	if (!r->first_ts_ns)
		r->first_ts_ns = ev->ts_ns;
	r->last_ts_ns = ev->ts_ns;
}

static COLD void note_invalid(struct run *r, const struct raw_event *raw)
{
	bool first = !r->ninvalid;
	struct diag d = { 0 };
	struct event ev;

	/* one worker tells */
	if (!raw->live && r->index)
		return;
	__atomic_store_n(&r->ninvalid, r->ninvalid + (!raw->live || is_mine(r, raw, 0)), __ATOMIC_RELAXED);
	if (!first || !r->ninvalid)
		return;
	event_decode(&ev, raw->hdr, raw->len, &d);
	log_warning("Event %llu cannot be decoded and is left out: %s (the number of such events is told at the end)",
		    r->nevents, d.msg ? d.msg : "damaged");
	diag_fini(&d);
}

/* In several workers of a live source, numbers are the first worker's 1, n + 1, ..., the next one's 2, ... */
static u64 number_of(const struct run *r, bool live)
{
	return live ? (r->nevents - 1) * r->crew->n + r->index + 1 : r->nevents;
}

/* Others look at the sum of all workers. */
static void count_own(struct run *r, const struct event *ev)
{
	__atomic_store_n(&r->nown, r->nown + 1, __ATOMIC_RELAXED);
	r->bytes[ev->type] += ev->raw->len;
}

static bool time_is_over(const struct run *r, u64 ts_ns)
{
	return r->cmd->seconds && r->first_ts_ns && ts_ns > r->first_ts_ns &&
	       (ts_ns - r->first_ts_ns) / NS_PER_S >= r->cmd->seconds;
}

static void handle(struct run *r, const struct raw_event *raw, struct event *ev)
{
	bool visible, mine;

	if (r->crew->n > 1 && !raw->live && !is_mine(r, raw, proc_pid_of(r->proc, ev->tid)) &&
	    proc_pass(r->proc, ev, &visible)) {
		if (visible)
			note_ts(r, ev);
		return;
	}
	visible = proc_apply(r->proc, ev);
	mine = is_mine(r, raw, ev->thread && ev->thread->pid > 0 ? ev->thread->pid : ev->tid);
	if (visible)
		note_ts(r, ev);
	if (mine)
		count_own(r, ev);
	if (ev->type == EV_SYSCALL_PRCTL_X && heartbeat_take(&r->heartbeat, ev)) {
		proc_done(r->proc, ev);
		return;
	}
	if (r->waits_ms)
		__atomic_store_n(&r->waits_ms, 0, __ATOMIC_RELAXED);
	if (mine) {
		count_talker(r, ev);
		if (visible && !time_is_over(r, ev->ts_ns))	/* the event at which it ends is not seen by rules */
			handle_event(r, ev);
	}
	proc_done(r->proc, ev);
}

static void process(struct run *r, const struct raw_event *raw)
{
	struct event ev;

	r->nevents++;
	if (event_decode(&ev, raw->hdr, raw->len, NULL)) {
		note_invalid(r, raw);
		return;
	}
	ev.num = number_of(r, raw->live);
	ev.cpu = raw->cpu;
	ev.live = raw->live;
	ev.state_only = raw->state_only;
	handle(r, raw, &ev);
	if (r->crew->order)
		order_reached(r->crew->order, r->index, r->crew->by_number ? r->nevents : ev.ts_ns);
}

static void tell_refused(void)
{
	struct buf names = { 0 };

	if (sandbox_report(&names))
		log_error("The seccomp filter refused a system call that saker should not make: %s "
			  "(refused so far: %llu)", buf_str(&names), sandbox_refused());
	buf_fini(&names);
}

/* SIGUSR1, SIGHUP and SIGSYS; the end is the loop's business. */
static void handle_signals(struct run *r)
{
	signal_flags.any = 0;
	tell_refused();
	if (signal_flags.reopen) {
		signal_flags.reopen = 0;
		log_info("SIGUSR1 received, reopening outputs...");
		outputs_reopen(r->outputs);
	}
	if (signal_flags.reload) {
		signal_flags.reload = 0;
		log_warning("SIGHUP received: this version cannot load its configuration again "
			    "while it runs; restart it");
	}
}

/* What the driver had seen when the signal came is still worth an alert. */
static void drain(struct run *r)
{
	u64 end = clock_ns(CLOCK_MONOTONIC) + DRAIN_MS * NS_PER_MS;
	struct raw_event raw;

	while (r->live && clock_ns(CLOCK_MONOTONIC) < end && !capture_next(r->capture, &raw, 0))
		process(r, &raw);
}

/* 1: go on; 0: the end; negative: broken. */
static int step(struct run *r, struct diag *d)
{
	struct raw_event raw;
	u64 ts_ns = r->last_ts_ns;
	u32 wait = r->crew->order ? WAIT_ORDERED_MS : WAIT_MS;
	int err = capture_next(r->capture, &raw, (int)wait);

	if (r->idle != !!err)
		__atomic_store_n(&r->idle, !!err, __ATOMIC_RELAXED);
	if (!err) {
		process(r, &raw);
		ts_ns = r->last_ts_ns;
	} else if (err == -EAGAIN || err == -EINTR) {
		ts_ns = clock_ns(CLOCK_REALTIME);
		if (!r->first_ts_ns)
			r->first_ts_ns = ts_ns;
		if (r->crew->order && !r->crew->by_number)
			order_flush(r->crew->order, r->index, ts_ns - UNSEEN_NS);
		if (err == -EAGAIN)
			watch_waited(r, wait);
	} else if (err == -ENODATA) {
		return 0;
	} else {
		diag_set(d, "%s", r->capture->diag.msg ? r->capture->diag.msg : strerror(-err));
		return err;
	}
	err = watch_look(r, ts_ns, d);
	if (err)
		return err;
	return !time_is_over(r, ts_ns);
}

/*
 * Signals are the main thread's, but for the one to end: of a file, its worker may be done long before
 * the others.  True: the end.
 */
static bool between_events(struct run *r)
{
	if (!r->index) {
		signals_forward(r->capture->pid);
		if (signal_flags.any)
			handle_signals(r);
	}
	if (signals_stopping() && crew_stop(r->crew))
		log_info("%s received, exiting...", signal_flags.stop == SIGINT ? "SIGINT" : "SIGTERM");
	if (!crew_stopping(r->crew))
		return false;
	drain(r);
	return true;
}

int loop_run(struct run *r, struct diag *d)
{
	int more = 1;

	while (more > 0 && !between_events(r))
		more = step(r, d);
	/* the others of a file come to the same end, or the same damage, by themselves */
	if (r->live)
		crew_stop(r->crew);
	if (r->crew->order)
		order_end(r->crew->order, r->index);
	return more < 0 ? more : 0;
}
