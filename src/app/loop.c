/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event, one trip: next, decode, state, match, alert, queue, state.  Everything
 * between two events (signals, the check for drops, the end of the time) is in
 * between_events().
 */
#include "app/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/log.h"
#include "app/sandbox.h"
#include "app/signals.h"

#define WAIT_MS 200		/* a signal between the look at its flag and the wait costs this */
#define DRAIN_MS 1000
#define SECOND_NS 1000000000ull

static u64 now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (u64)ts.tv_sec * SECOND_NS + (u64)ts.tv_nsec;
}

static void push_line(struct run *r, enum priority prio)
{
	if (!outputs_push(r->outputs, prio, r->line.p, r->line.len) &&
	    outputs_dropped(r->outputs) == 1)
		log_error("Outputs queue out of memory. Drop event and continue on: the outputs "
			  "are slower than the alerts; the number dropped is told at the end");
}

static void raise_alerts(struct run *r, struct rule *const *rules, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		r->nalerts++;
		buf_clear(&r->line);
		alert_print(r->printer, &rules[i]->alert, &r->fctx, &r->line);
		push_line(r, rules[i]->priority);
	}
}

static void push_internal(struct run *r, u64 ts_ns, const char *rule, enum priority prio, const char *msg,
			  const struct internal_field *fields, u32 n)
{
	buf_clear(&r->line);
	alert_print_internal(r->printer, ts_ns, rule, prio, msg, fields, n, &r->line);
	push_line(r, prio);
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
	if (!r->first_ts_ns)
		r->first_ts_ns = ev->ts_ns;
	r->last_ts_ns = ev->ts_ns;
	field_ctx_event(&r->fctx, ev);
	n = ruleset_match(r->set, &r->fctx, r->cfg->first_match, &matched);
	if (n)
		raise_alerts(r, matched, n);
}

static void note_invalid(struct run *r, struct diag *d)
{
	if (!r->ninvalid++)
		log_warning("Event %llu cannot be decoded and is left out: %s (the number of such "
			    "events is told at the end)",
			    r->nevents, d->msg ? d->msg : "damaged");
	diag_clear(d);
}

static void process(struct run *r, const struct raw_event *raw)
{
	struct diag d = { 0 };
	struct event ev;
	bool visible;

	r->nevents++;
	if (event_decode(&ev, raw->hdr, raw->len, &d)) {
		note_invalid(r, &d);
		diag_fini(&d);
		return;
	}
	ev.num = r->nevents;
	ev.cpu = raw->cpu;
	ev.live = raw->live;
	ev.state_only = raw->state_only;
	r->bytes[ev.type] += ev.raw->len;
	visible = proc_apply(r->proc, &ev);
	if (ev.type == EV_SYSCALL_PRCTL_X && heartbeat_take(&r->heartbeat, &ev)) {
		proc_done(r->proc, &ev);
		return;
	}
	r->timeouts_in_row = 0;
	count_talker(r, &ev);
	if (visible)
		handle_event(r, &ev);
	proc_done(r->proc, &ev);
}

static void alert_drops(struct run *r, u64 ts_ns, const struct drops_verdict *v)
{
	/* in the order of their names */
	const struct {
		const char *key;
		u64 value;
	} numbers[] = {
		{ "ebpf_enabled", r->live },
		{ "n_drops", v->dropped },
		{ "n_drops_buffer_clone_fork_exit", v->delta.drops_class[DROPS_CLONE_FORK] },
		{ "n_drops_buffer_close_exit", v->delta.drops_class[DROPS_CLOSE] },
		{ "n_drops_buffer_connect_exit", v->delta.drops_class[DROPS_CONNECT] },
		{ "n_drops_buffer_dir_file_exit", v->delta.drops_class[DROPS_DIR_FILE] },
		{ "n_drops_buffer_execve_exit", v->delta.drops_class[DROPS_EXECVE] },
		{ "n_drops_buffer_open_exit", v->delta.drops_class[DROPS_OPEN] },
		{ "n_drops_buffer_other_interest_exit", v->delta.drops_class[DROPS_OTHER_INTEREST] },
		{ "n_drops_buffer_proc_exit", v->delta.drops_class[DROPS_PROC_EXIT] },
		{ "n_drops_buffer_total", v->delta.drops_buffer },
		{ "n_drops_scratch_map", v->delta.drops_scratch },
		{ "n_evts", v->made },
	};
	struct internal_field fields[ARRAY_SIZE(numbers)];
	char texts[ARRAY_SIZE(numbers)][24];
	struct buf msg = { 0 };

	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		snprintf(texts[i], sizeof(texts[i]), "%llu", numbers[i].value);
		fields[i] = (struct internal_field){ numbers[i].key, texts[i], false };
	}
	drops_message(v, &msg);
	push_internal(r, ts_ns, "Falco internal: syscall event drop", PRIO_DEBUG, buf_str(&msg), fields,
		      ARRAY_SIZE(fields));
	buf_fini(&msg);
}

void loop_tell_fallback(struct run *r)
{
	const struct run_driver *drv = &r->driver;
	struct internal_field fields[] = {
		{ "driver.wanted", drv->wanted, true },
		{ "driver.used", drv->used, true },
	};
	struct buf msg = { 0 };

	buf_addf(&msg, "Saker internal: driver fall-back. %s is used instead of %s (%s)", drv->used, drv->wanted,
		 drv->why.len ? drv->why.p : "");
	push_internal(r, now_ns(CLOCK_REALTIME), "Saker internal: driver fall-back", PRIO_WARNING, buf_str(&msg),
		      fields, ARRAY_SIZE(fields));
	buf_fini(&msg);
}

/* ---- looked at now and then ------------------------------------------------------------------ */

static void alert_timeouts(struct run *r)
{
	char last[32] = "none";
	time_t seconds = (time_t)(r->last_ts_ns / SECOND_NS);
	struct internal_field field = { "last_event_time", last, false };
	struct buf msg = { 0 };
	struct tm tm;

	if (r->last_ts_ns && localtime_r(&seconds, &tm))
		snprintf(last, sizeof(last), "%02d:%02d:%02d.%09llu", tm.tm_hour, tm.tm_min, tm.tm_sec,
			 r->last_ts_ns % SECOND_NS);
	buf_addf(&msg, "Falco internal: timeouts notification. %llu consecutive timeouts without event.",
		 r->cfg->max_timeouts);
	push_internal(r, now_ns(CLOCK_REALTIME), "Falco internal: timeouts notification", PRIO_DEBUG, buf_str(&msg),
		      &field, 1);
	buf_fini(&msg);
}

static void note_timeout(struct run *r)
{
	r->ntimeouts++;
	if (!r->live || ++r->timeouts_in_row < r->cfg->max_timeouts)
		return;
	r->timeouts_in_row = 0;
	alert_timeouts(r);
}

void loop_health(const struct run *r, struct health *ret)
{
	const struct run_driver *drv = &r->driver;
	const struct heartbeat *h = &r->heartbeat;

	*ret = (struct health){
		.live = r->live, .wanted = drv->wanted, .used = drv->used, .why = drv->why.len ? drv->why.p : "",
		.fallback = drv->fallback, .nrejected = drv->nrejected,
		.rejected = drv->rejected.len ? drv->rejected.p : "", .heartbeat = h->on, .beats = h->beats,
		.beat_age_ns = h->on ? now_ns(CLOCK_MONOTONIC) - h->last_ns : 0, .adrift = h->adrift,
		.blind = h->blind, .blind_alerts = h->blind_alerts,
	};
	memcpy(ret->reason, h->blind ? h->reason : "", h->blind ? sizeof(ret->reason) : 1);
}

static void alert_blindness(struct run *r, bool blind)
{
	const char *rule = blind ? "Saker internal: sensor is blind" : "Saker internal: sensor sees again";
	const struct heartbeat *h = &r->heartbeat;
	char adrift[24], beats[24];
	struct internal_field fields[] = {
		{ "driver.used", r->driver.used ? r->driver.used : "", false },
		{ "events_adrift", adrift, true },
		{ "heartbeats", beats, true },
		{ "reason", h->reason, false },
	};
	struct buf msg = { 0 };

	snprintf(adrift, sizeof(adrift), "%llu", h->adrift);
	snprintf(beats, sizeof(beats), "%llu", h->beats);
	buf_addf(&msg, "%s. %s%s", rule, blind ? "" : "It was blind: ", h->reason);
	push_internal(r, now_ns(CLOCK_REALTIME), rule, blind ? PRIO_CRITICAL : PRIO_NOTICE, buf_str(&msg), fields,
		      ARRAY_SIZE(fields));
	if (blind)
		log_msg(PRIO_CRITICAL, "The sensor is blind: %s", h->reason);
	else
		log_notice("The sensor sees again");
	buf_fini(&msg);
}

void loop_publish_health(struct run *r)
{
	struct health h;

	loop_health(r, &h);
	desk_publish(&r->desk, &h);
}

/* Once a second, by a clock that stands still while the machine sleeps. */
static void tick(struct run *r)
{
	u64 now = now_ns(CLOCK_MONOTONIC);
	enum heartbeat_news news;

	if (now < r->tick_ns + SECOND_NS)
		return;
	r->tick_ns = now;
	talkers_age(&r->talkers);
	news = heartbeat_check(&r->heartbeat, r->capture, r->nevents, r->idle);
	if (news != NO_NEWS)
		alert_blindness(r, news == NOW_BLIND);
	loop_publish_health(r);
}

static void report(struct run *r, u64 ts_ns)
{
	struct metrics_fields m;

	if (!report_make(&r->report, r, ts_ns, &m))
		return;
	if (r->cfg->metrics.output_rule)
		push_internal(r, ts_ns, "Falco internal: metrics snapshot", PRIO_INFORMATIONAL, "Falco metrics snapshot",
			      m.p, m.n);
	metrics_fields_fini(&m);
}

static int check_drops(struct run *r, u64 ts_ns, struct diag *d)
{
	struct drops_verdict v;

	if (!drops_check(&r->drops, r->capture, ts_ns, &v))
		return 0;
	tick(r);
	if (v.alert)
		alert_drops(r, ts_ns, &v);
	return v.exit ? diag_set(d, "Drop manager internal error") : 0;
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

static bool time_is_over(const struct run *r, u64 ts_ns)
{
	return r->cmd->seconds && r->first_ts_ns && ts_ns > r->first_ts_ns &&
	       (ts_ns - r->first_ts_ns) / SECOND_NS >= r->cmd->seconds;
}

/* What the driver had seen when the signal came is still worth an alert. */
static void drain(struct run *r)
{
	u64 end = now_ns(CLOCK_MONOTONIC) + DRAIN_MS * 1000000ull;
	struct raw_event raw;

	while (r->live && now_ns(CLOCK_MONOTONIC) < end && !capture_next(r->capture, &raw, 0))
		process(r, &raw);
}

/* 1: go on; 0: the end; negative: broken. */
static int step(struct run *r, struct diag *d)
{
	struct raw_event raw;
	u64 ts_ns = r->last_ts_ns;
	int err = capture_next(r->capture, &raw, WAIT_MS);

	r->idle = err;
	if (!err) {
		process(r, &raw);
		ts_ns = r->last_ts_ns;
	} else if (err == -EAGAIN || err == -EINTR) {
		ts_ns = now_ns(CLOCK_REALTIME);
		if (!r->first_ts_ns)
			r->first_ts_ns = ts_ns;
		if (err == -EAGAIN)
			note_timeout(r);
		tick(r);
	} else if (err == -ENODATA) {
		return 0;
	} else {
		diag_set(d, "%s", r->capture->diag.msg ? r->capture->diag.msg : strerror(-err));
		return err;
	}
	desk_look(&r->desk, r);
	if (report_is_due(&r->report, ts_ns))
		report(r, ts_ns);
	if (time_is_over(r, ts_ns))
		return 0;
	err = ts_ns ? check_drops(r, ts_ns, d) : 0;
	return err ? err : 1;
}

int loop_run(struct run *r, struct diag *d)
{
	int more = 1;

	while (more > 0) {
		signals_forward(r->capture->pid);
		if (signal_flags.any)
			handle_signals(r);
		if (signal_flags.stop) {
			log_info("%s received, exiting...",
				 signal_flags.stop == SIGINT ? "SIGINT" : "SIGTERM");
			drain(r);
			return 0;
		}
		more = step(r, d);
	}
	return more;
}
