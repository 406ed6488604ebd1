/* SPDX-License-Identifier: Apache-2.0 */
#include "app/top_model.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "app/figures_json.h"
#include "base/mem.h"

#define ROWS_MAX 100000u

/* ---- reading --------------------------------------------------------------------------------- */

static u64 get_u64(const json_t *o, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(o, key));

	return v > 0 ? (u64)v : 0;
}

static bool get_bool(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

/* Names are chosen by processes and must not move the cursor. */
static void get_text(const json_t *o, const char *key, char *ret, size_t size)
{
	const char *s = json_string_value(json_object_get(o, key));
	size_t i = 0;

	for (; s && *s && i + 1 < size; s++) {
		if (((u8)*s & 0xc0) == 0x80)
			continue;	/* the rest of a character */
		ret[i++] = *s >= ' ' && *s < 0x7f ? *s : '?';
	}
	ret[i] = '\0';
}

static void get_row(const json_t *o, struct top_row *r)
{
	*r = (struct top_row){
		.pid = json_integer_value(json_object_get(o, "pid")),
		.seen = get_u64(o, "seen"), .filtered = get_u64(o, "filtered"), .delivered = get_u64(o, "delivered"),
		.dropped = get_u64(o, "dropped_buffer") + get_u64(o, "dropped_scratch"),
		.bytes = get_u64(o, "bytes"), .matches = get_u64(o, "matches"), .evaluations = get_u64(o, "evaluations"),
		.samples = get_u64(o, "samples"), .sampled_ns = get_u64(o, "sampled_ns"),
		.runs = get_u64(o, "runs"), .run_ns = get_u64(o, "run_ns"),
	};
	if (json_object_get(o, "events"))
		r->delivered = get_u64(o, "events");
	get_text(o, "name", r->name, sizeof(r->name));
}

static void get_list(const json_t *all, const char *key, struct top_rows *ret)
{
	const json_t *a = json_object_get(all, key);
	size_t n = json_array_size(a);

	ret->n = (u32)u64_min(n, ROWS_MAX);
	ret->p = xcalloc(ret->n + 1, sizeof(*ret->p));
	for (u32 i = 0; i < ret->n; i++)
		get_row(json_array_get(a, i), &ret->p[i]);
}

static void get_health(const json_t *h, struct top_sample *s)
{
	s->live = get_bool(h, "live");
	s->fallback = get_bool(h, "fallback");
	s->heartbeat = get_bool(h, "heartbeat");
	s->blind = get_bool(h, "blind");
	s->rejected = get_u64(h, "rejected");
	get_text(h, "driver", s->driver, sizeof(s->driver));
	get_text(h, "wanted", s->wanted, sizeof(s->wanted));
	get_text(h, "reason", s->reason, sizeof(s->reason));
}

int top_parse(const char *text, size_t len, struct top_sample *ret, struct diag *d)
{
	static const char *const lists[TOP_LISTS] = { "syscalls", "processes", "rules", "programs" };
	json_error_t e;
	json_t *all = json_loadb(text, len, 0, &e);

	*ret = (struct top_sample){ 0 };
	if (!json_is_object(all) || get_u64(all, "version") != FIGURES_VERSION) {
		diag_set(d, all ? "the sensor is of another version than this program" : "the answer is no JSON: %s", e.text);
		json_decref(all);
		return -EPROTO;
	}
	*ret = (struct top_sample){
		.time_ns = get_u64(all, "time_ns"), .duration_s = get_u64(all, "duration_s"),
		.ncpus = get_u64(all, "ncpus"), .workers = get_u64(all, "workers"), .seen = get_u64(all, "seen"),
		.filtered = get_u64(all, "filtered"), .delivered = get_u64(all, "delivered"),
		.held = get_u64(all, "held"),
		.dropped = get_u64(all, "dropped"), .handled = get_u64(all, "handled"), .alerts = get_u64(all, "alerts"),
		.alerts_dropped = get_u64(all, "alerts_dropped"), .cpu_ns = get_u64(all, "cpu_ns"),
		.rss_kb = get_u64(all, "rss_kb"), .threads = get_u64(all, "threads"), .fds = get_u64(all, "fds"),
		.table_bytes = get_u64(all, "table_bytes"), .evicted = get_u64(all, "processes_evicted"),
	};
	get_health(json_object_get(all, "health"), ret);
	for (u32 i = 0; i < TOP_LISTS; i++)
		get_list(all, lists[i], &ret->lists[i]);
	json_decref(all);
	return 0;
}

void top_sample_fini(struct top_sample *s)
{
	for (u32 i = 0; i < TOP_LISTS; i++)
		free(s->lists[i].p);
	*s = (struct top_sample){ 0 };
}

bool top_restarted(const struct top_sample *before, const struct top_sample *now)
{
	return now->duration_s < before->duration_s || now->handled < before->handled || now->seen < before->seen ||
	       now->time_ns <= before->time_ns;
}

/* ---- rates ------------------------------------------------------------------------------------ */

static double per_second(u64 before, u64 now, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

/* Lists keep their order, mostly: the search begins where the last one ended. */
static const struct top_row *find(const struct top_rows *rows, const struct top_row *r, u32 *at)
{
	for (u32 i = 0; i < rows->n; i++) {
		u32 k = (*at + i) % rows->n;

		/* a process may have another name now */
		if (r->pid ? rows->p[k].pid == r->pid : !strcmp(rows->p[k].name, r->name)) {
			*at = k + 1;
			return &rows->p[k];
		}
	}
	return NULL;
}

static void rate_of(const struct top_row *b, const struct top_row *r, double s, struct top_rate *ret)
{
	*ret = (struct top_rate){
		.row = r,
		.seen = per_second(b->seen, r->seen, s), .filtered = per_second(b->filtered, r->filtered, s),
		.delivered = per_second(b->delivered, r->delivered, s), .dropped = per_second(b->dropped, r->dropped, s),
		.bytes = per_second(b->bytes, r->bytes, s), .matches = per_second(b->matches, r->matches, s),
		.evaluations = per_second(b->evaluations, r->evaluations, s),
		.eval_ns = r->samples ? (double)r->sampled_ns / (double)r->samples : 0,
	};
	ret->cost = ret->evaluations * ret->eval_ns / 1e9;
	if (r->runs)
		ret->cost = per_second(b->run_ns, r->run_ns, s) / 1e9;
}

static double weight(const struct top_rate *r)
{
	return r->cost ? r->cost * 1e9 : r->seen + r->delivered + r->evaluations;
}

static int compare(const void *a, const void *b)
{
	const struct top_rate *x = a, *y = b;
	double v = weight(x), w = weight(y);

	if (v != w)
		return v < w ? 1 : -1;
	return strcmp(x->row->name, y->row->name);
}

static void list_rates(const struct top_rows *before, const struct top_rows *now, double seconds,
		       struct top_rate **ret, u32 *ret_n)
{
	static const struct top_row none;
	struct top_rate *all = xcalloc(now->n + 1, sizeof(*all));
	u32 at = 0, n = 0;

	for (u32 i = 0; i < now->n; i++) {
		const struct top_row *b = find(before, &now->p[i], &at);

		/* one that was evicted meanwhile starts at 0 again */
		if (b && b->delivered > now->p[i].delivered)
			b = NULL;
		rate_of(b ? b : &none, &now->p[i], seconds, &all[n]);
		if (weight(&all[n]) > 0)
			n++;
	}
	qsort(all, n, sizeof(*all), compare);
	*ret = all;
	*ret_n = n;
}

void top_rates(const struct top_sample *before, const struct top_sample *now, struct top_rates *ret)
{
	double s = (double)(now->time_ns - before->time_ns) / 1e9;

	*ret = (struct top_rates){
		.seconds = s, .seen = per_second(before->seen, now->seen, s),
		.filtered = per_second(before->filtered, now->filtered, s),
		.delivered = per_second(before->delivered, now->delivered, s),
		.held = per_second(before->held, now->held, s),
		.dropped = per_second(before->dropped, now->dropped, s),
		.handled = per_second(before->handled, now->handled, s),
		.alerts = per_second(before->alerts, now->alerts, s),
		.cpu = per_second(before->cpu_ns, now->cpu_ns, s) / 1e9,
		.kernel = now->lists[TOP_PROGRAMS].n ? 0 : -1,
	};
	for (u32 i = 0; i < TOP_LISTS; i++)
		list_rates(&before->lists[i], &now->lists[i], s, &ret->lists[i], &ret->n[i]);
	for (u32 i = 0; i < ret->n[TOP_PROGRAMS]; i++)
		ret->kernel += ret->lists[TOP_PROGRAMS][i].cost;
}

void top_rates_fini(struct top_rates *r)
{
	for (u32 i = 0; i < TOP_LISTS; i++)
		free(r->lists[i]);
	*r = (struct top_rates){ 0 };
}
