/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"

#include <stdio.h>
#include <string.h>

#include "app/log.h"
#include "base/clock.h"

#define TELL_DROPPED_NS (10 * NS_PER_S)
#define WAIT_UNIT_MS 200	/* what counts as one timeout, as it does in Falco */

static void alert_drops(struct run *r, u64 ts_ns, const struct drops_verdict *v)
{
	/* in the order of their names */
	const struct {
		const char *key;
		u64 value;
	} numbers[] = {
		{ "ebpf_enabled", r->live && strstr(r->capture->ops->name, "ebpf") },
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
		{ "n_evts", r->live ? v->made : 0 },	/* of the kernel: a file has none */
	};
	struct internal_field fields[ARRAY_SIZE(numbers)];
	char texts[ARRAY_SIZE(numbers)][24];
	struct buf msg = { 0 };

	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		snprintf(texts[i], sizeof(texts[i]), "%llu", numbers[i].value);
		fields[i] = (struct internal_field){ numbers[i].key, texts[i], false };
	}
	drops_message(v, &msg);
	loop_push_internal(r, ts_ns, "Falco internal: syscall event drop", PRIO_DEBUG, buf_str(&msg), fields,
		      ARRAY_SIZE(fields));
	buf_fini(&msg);
}

void watch_tell_fallback(struct run *r)
{
	const struct run_driver *drv = &r->driver;
	struct internal_field fields[] = {
		{ "driver.wanted", drv->wanted, true },
		{ "driver.used", drv->used, true },
	};
	struct buf msg = { 0 };

	buf_addf(&msg, "Saker internal: driver fall-back. %s is used instead of %s (%s)", drv->used, drv->wanted,
		 drv->why.len ? drv->why.p : "");
	loop_push_internal(r, clock_ns(CLOCK_REALTIME), "Saker internal: driver fall-back", PRIO_WARNING, buf_str(&msg),
		      fields, ARRAY_SIZE(fields));
	buf_fini(&msg);
}

static void alert_timeouts(struct run *r)
{
	char last[32] = "none";
	time_t seconds = (time_t)(r->last_ts_ns / NS_PER_S);
	struct internal_field field = { "last_event_time", last, false };
	struct buf msg = { 0 };
	struct tm tm;

	if (r->last_ts_ns && localtime_r(&seconds, &tm))
		snprintf(last, sizeof(last), "%02d:%02d:%02d.%09llu", tm.tm_hour, tm.tm_min, tm.tm_sec,
			 r->last_ts_ns % NS_PER_S);
	buf_addf(&msg, "Falco internal: timeouts notification. %llu consecutive timeouts without event.",
		 r->cfg->max_timeouts);
	loop_push_internal(r, clock_ns(CLOCK_REALTIME), "Falco internal: timeouts notification", PRIO_DEBUG, buf_str(&msg),
		      &field, 1);
	buf_fini(&msg);
}

/* Nothing came to any worker for that long. */
static bool all_waited(const struct run *r, u64 ms)
{
	const struct crew *c = r->crew;

	for (u32 i = 1; i < c->n; i++)
		if (__atomic_load_n(&c->runs[i]->waits_ms, __ATOMIC_RELAXED) < ms)
			return false;
	return r->waits_ms >= ms;
}

void watch_waited(struct run *r, u32 ms)
{
	u64 before = r->waits_ms / WAIT_UNIT_MS;

	__atomic_store_n(&r->waits_ms, r->waits_ms + ms, __ATOMIC_RELAXED);
	r->ntimeouts += r->waits_ms / WAIT_UNIT_MS - before;
	if (!r->live || r->index || !all_waited(r, r->cfg->max_timeouts * WAIT_UNIT_MS))
		return;
	r->waits_ms = 0;
	alert_timeouts(r);
}

void watch_health(const struct run *r, struct health *ret)
{
	const struct run_driver *drv = &r->driver;
	const struct heartbeat *h = &r->heartbeat;

	*ret = (struct health){
		.live = r->live, .wanted = drv->wanted, .used = drv->used, .why = drv->why.len ? drv->why.p : "",
		.fallback = drv->fallback, .nrejected = drv->nrejected,
		.rejected = drv->rejected.len ? drv->rejected.p : "", .heartbeat = h->on, .beats = h->beats,
		.beat_age_ns = h->on ? clock_ns(CLOCK_MONOTONIC) - h->last_ns : 0, .adrift = h->adrift,
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
	loop_push_internal(r, clock_ns(CLOCK_REALTIME), rule, blind ? PRIO_CRITICAL : PRIO_NOTICE, buf_str(&msg), fields,
		      ARRAY_SIZE(fields));
	if (blind)
		log_msg(PRIO_CRITICAL, "The sensor is blind: %s", h->reason);
	else
		log_notice("The sensor sees again");
	buf_fini(&msg);
}

void watch_publish_health(struct run *r)
{
	struct health h;

	watch_health(r, &h);
	desk_publish(&r->desk, &h);
}

static void alert_pressure(struct run *r, bool begins)
{
	const char *rule = begins ? "Saker internal: under pressure" : "Saker internal: pressure is over";
	const struct pressure *p = &r->pressure;
	char held[24], lost[24];
	struct buf most = { 0 }, msg = { 0 };

	snprintf(held, sizeof(held), "%llu", p->held - p->begin_held);
	snprintf(lost, sizeof(lost), "%llu", p->lost - p->begin_lost);
	pressure_describe(r->capture, &most);
	buf_addf(&msg, "%s. Events come faster than they are looked at: %s like others held back, %s lost%s%s", rule, held,
		 lost, most.len ? ". Most of what was held back: " : "", buf_str(&most));
	if (begins)
		log_warning("%s", buf_str(&msg));
	else
		log_notice("%s", buf_str(&msg));
	loop_push_internal(r, clock_ns(CLOCK_REALTIME), rule, begins ? PRIO_WARNING : PRIO_NOTICE, buf_str(&msg),
			   (struct internal_field[]){ { "n_held", held, true }, { "n_lost", lost, true },
						      { "most", buf_str(&most), false } }, 3);
	buf_fini(&most);
	buf_fini(&msg);
}

static void check_pressure(struct run *r)
{
	struct capture_stats s;
	enum pressure_news news;

	capture_stats(r->capture, &s);
	news = pressure_check(&r->pressure, &s);
	if (news != PRESSURE_SAME)
		alert_pressure(r, news == PRESSURE_BEGINS);
}

/* Events that were taken from the source by any worker; *ret_idle: and none of them has more. */
static u64 fetched_by_all(const struct run *r, bool *ret_idle)
{
	const struct crew *c = r->crew;
	u64 n = r->nown + r->ninvalid;

	*ret_idle = r->idle;
	for (u32 i = 1; i < c->n; i++) {
		const struct run *other = c->runs[i];

		n += __atomic_load_n(&other->nown, __ATOMIC_RELAXED) + __atomic_load_n(&other->ninvalid, __ATOMIC_RELAXED);
		*ret_idle &= __atomic_load_n(&other->idle, __ATOMIC_RELAXED);
	}
	return n;
}

/* The first alert that is dropped is told where it happens. */
static void tell_dropped(struct run *r, u64 now_ns)
{
	u64 n = outputs_dropped(r->outputs);

	if (n == r->told_dropped || now_ns < r->told_dropped_ns + TELL_DROPPED_NS)
		return;
	if (r->told_dropped_ns)
		log_error("Outputs queue out of memory. Dropped so far: %llu alerts", n);
	r->told_dropped = n;
	r->told_dropped_ns = now_ns;
}

/* Once a second, by a clock that stands still while the machine sleeps. */
static COLD void tick(struct run *r)
{
	u64 now = clock_ns(CLOCK_MONOTONIC), fetched;
	enum heartbeat_news news;
	bool idle;

	if (now < r->tick_ns + NS_PER_S)
		return;
	r->tick_ns = now;
	talkers_age(&r->talkers);
	fetched = fetched_by_all(r, &idle);
	if (!r->index && r->live)
		check_pressure(r);
	if (!r->index) {
		outputs_check(r->outputs);
		tell_dropped(r, now);
	}
	if (!r->index)
		heartbeat_check_books(&r->heartbeat, r->capture, fetched, idle);
	news = heartbeat_check(&r->heartbeat);
	if (news != NO_NEWS)
		alert_blindness(r, news == NOW_BLIND);
	watch_publish_health(r);
}

static COLD void report(struct run *r, u64 ts_ns)
{
	struct metrics_fields m;

	if (!report_make(&r->report, r, ts_ns, &m))
		return;
	if (r->cfg->metrics.output_rule)
		loop_push_internal(r, ts_ns, "Falco internal: metrics snapshot", PRIO_INFORMATIONAL,
				   "Falco metrics snapshot", m.p, m.n);
	metrics_fields_fini(&m);
}

static COLD int check_drops(struct run *r, u64 ts_ns, struct diag *d)
{
	struct drops_verdict v;

	if (!drops_check(&r->drops, r->capture, ts_ns, &v))
		return 0;
	if (v.alert)
		alert_drops(r, ts_ns, &v);
	if (!v.exit)
		return 0;
	crew_stop(r->crew);
	return diag_set(d, "Drop manager internal error");
}

int watch_look_now(struct run *r, u64 ts_ns, struct diag *d)
{
	if (r->idle || ts_ns - r->looked_ns >= NS_PER_S) {
		r->looked_ns = ts_ns - ts_ns % NS_PER_S;
		tick(r);
	}
	desk_look(&r->desk, r);
	if (report_is_due(&r->report, ts_ns))
		report(r, ts_ns);
	return ts_ns && !r->index && drops_due(&r->drops, ts_ns) ? check_drops(r, ts_ns, d) : 0;
}
