/* SPDX-License-Identifier: Apache-2.0 */
#include "app/figures_json.h"

#include <stdlib.h>
#include <string.h>

#include "event/table.h"

static json_t *number(u64 n)
{
	return json_integer((json_int_t)n);
}

static json_t *counters(const struct syscall_counters *n)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "seen", number(n->seen), "filtered", number(n->filtered),
			 "delivered", number(n->sent), "held", number(n->held),
			 "dropped_buffer", number(n->lost - n->lost_scratch),
			 "dropped_scratch", number(n->lost_scratch));
}

static json_t *syscalls(const struct snapshot *s)
{
	json_t *all = json_array();

	for (u32 code = 1; code < SC_MAX; code++) {
		const struct syscall_desc *d = s->by_code[code].seen ? syscall_desc(code) : NULL;
		json_t *one = d ? counters(&s->by_code[code]) : NULL;

		if (!one)
			continue;
		json_object_set_new(one, "name", json_string(d->name));
		json_object_set_new(one, "bytes", number(s->bytes[code]));
		json_array_append_new(all, one);
	}
	return all;
}

static json_t *cpus(const struct snapshot *s)
{
	json_t *all = json_array();

	for (u32 i = 0; i < s->ncpus; i++)
		json_array_append_new(all, counters(&s->cpus[i]));
	return all;
}

static json_t *rules(const struct snapshot *s)
{
	json_t *all = json_array();

	for (u32 i = 0; i < s->nrules; i++) {
		const struct snapshot_rule *r = &s->rules[i];

		if (r->evaluations || r->matches)
			json_array_append_new(all, json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", r->rule->name,
				"matches", number(r->matches), "evaluations", number(r->evaluations),
				"samples", number(r->samples), "sampled_ns", number(r->sampled_ns)));
	}
	return all;
}

static int more_active(const void *a, const void *b)
{
	const struct talker *x = a, *y = b;

	if (x->recent != y->recent)
		return x->recent < y->recent ? 1 : -1;
	return x->events < y->events ? 1 : x->events > y->events ? -1 : 0;
}

/* A process may call itself anything; JSON is UTF-8. */
static json_t *text(const char *s)
{
	struct buf escaped = { 0 };
	json_t *ret = json_string(s);

	if (ret)
		return ret;
	for (; *s; s++)
		buf_addc(&escaped, (signed char)*s < ' ' ? '?' : *s);
	ret = json_string(buf_str(&escaped));
	buf_fini(&escaped);
	return ret;
}

static json_t *processes(const struct snapshot *s)
{
	json_t *all = json_array();
	struct talker *sorted = NULL;

	if (s->ntalkers) {
		sorted = xmalloc(s->ntalkers * sizeof(*sorted));
		memcpy(sorted, s->talkers, s->ntalkers * sizeof(*sorted));
		qsort(sorted, s->ntalkers, sizeof(*sorted), more_active);
	}
	for (u32 i = 0; i < s->ntalkers; i++)
		json_array_append_new(all, json_pack("{s:I, s:o, s:o}", "pid", (json_int_t)sorted[i].pid,
			"name", text(sorted[i].name), "events", number(sorted[i].events)));
	free(sorted);
	return all;
}

static json_t *programs(const struct snapshot *s)
{
	json_t *all = json_array();

	for (u32 i = 0; i < s->nprograms; i++)
		json_array_append_new(all, json_pack("{s:s, s:o, s:o}", "name", s->programs[i].name,
			"runs", number(s->programs[i].runs), "run_ns", number(s->programs[i].run_ns)));
	return all;
}

static json_t *health(const struct health *h)
{
	return json_pack("{s:b, s:s?, s:s?, s:b, s:i, s:b, s:o, s:b, s:s}", "live", h->live, "wanted", h->wanted,
			 "driver", h->used, "fallback", h->fallback, "rejected", (int)h->nrejected,
			 "heartbeat", h->heartbeat, "beats", number(h->beats), "blind", h->blind, "reason", h->reason);
}

static json_t *known(u64 n)
{
	return n == NOT_KNOWN ? json_null() : number(n);
}

void figures_json(const struct figures *f, struct buf *out)
{
	const struct snapshot *s = &f->snap;
	json_t *all = json_object();
	const struct {
		const char *key;
		json_t *value;
	} members[] = {
		{ "version", json_integer(FIGURES_VERSION) },
		{ "time_ns", number(s->time_ns) },
		{ "duration_s", number(f->duration_s) },
		{ "ncpus", number(f->ncpus) },
		{ "workers", number(s->workers) },
		{ "engine", json_string(f->facts->engine ? f->facts->engine : "") },
		{ "health", health(&s->health) },
		{ "seen", number(s->capture.seen) },
		{ "filtered", number(s->capture.filtered) },
		{ "held", number(s->capture.held) },
		{ "delivered", number(s->capture.events) },
		{ "dropped", number(f->drops) },
		{ "dropped_buffer", number(s->capture.drops_buffer) },
		{ "handled", number(s->events) },
		{ "alerts", number(s->alerts) },
		{ "alerts_dropped", number(s->outputs_dropped) },
		{ "cpu_ns", number(f->res.cpu_ns) },
		{ "rss_kb", known(f->res.rss_kb) },
		{ "threads", number(s->proc.threads) },
		{ "fds", number(s->proc.fds) },
		{ "table_bytes", number(s->proc.bytes) },
		{ "processes_evicted", number(s->talkers_evicted) },
		{ "syscalls", syscalls(s) },
		{ "cpus", cpus(s) },
		{ "processes", processes(s) },
		{ "rules", rules(s) },
		{ "programs", programs(s) },
	};
	char *line;

	for (u32 i = 0; i < ARRAY_SIZE(members); i++)
		json_object_set_new(all, members[i].key, members[i].value);
	line = json_dumps(all, JSON_COMPACT);
	if (line)
		buf_adds(out, line);
	free(line);
	json_decref(all);
}
