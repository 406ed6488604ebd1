/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* ---- figures -------------------------------------------------------------------------------- */

/* As Falco shows rates and percentages. */
static double one_decimal(double x)
{
	return (double)(s64)(x * 10 + 0.5) / 10;	/* none is negative */
}

static u64 since(u64 now, u64 before)
{
	return now > before ? now - before : 0;
}

static void set_rates(struct figures *f)
{
	double seconds = f->past.time_ns ? (double)since(f->now_ns, f->past.time_ns) / NS_PER_S : 0;
	u64 made = since(f->made, f->past.made), drops = since(f->drops, f->past.drops);

	if (seconds <= 0)
		return;
	f->evts_rate = one_decimal((double)since(f->snap.events, f->past.events) / seconds);
	f->made_rate = one_decimal((double)made / seconds);
	f->drops_rate = one_decimal((double)drops / seconds);
	f->drops_perc = made ? one_decimal(100.0 * (double)drops / (double)made) : 0;
}

void figures_init(struct figures *f, const struct config *cfg, const struct facts *facts, struct snapshot *snap,
		  const struct metrics_past *past)
{
	*f = (struct figures){ .cfg = cfg, .facts = facts, .snap = *snap, .now_ns = snap->time_ns,
			       .start_ns = facts->start_ns, .boot_ns = facts->boot_ns, .ncpus = facts->ncpus,
			       .workers = snap->workers };
	*snap = (struct snapshot){ 0 };
	f->duration_s = (clock_ns(CLOCK_MONOTONIC) - facts->start_mono_ns) / NS_PER_S;
	for (u32 i = 0; i < f->snap.nrules; i++)
		f->rule_matches += f->snap.rules[i].matches;
	f->drops = f->snap.capture.drops_buffer + f->snap.capture.drops_scratch;
	f->made = snapshot_made(&f->snap.capture);
	f->blind = f->snap.health.blind;
	f->fallback = f->snap.health.fallback;
	f->rejected = f->snap.health.nrejected;
	if (past)
		f->past = *past;
	set_rates(f);
	if (metric_group_on(cfg, GROUP_RESOURCES))
		resources_get(&f->res, facts->start_mono_ns);
}

void figures_fini(struct figures *f)
{
	snapshot_fini(&f->snap);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static const struct {
	const char *key;
	size_t offset;
} groups[METRIC_GROUPS] = {
	[GROUP_RULES] = { "rules_counters_enabled", offsetof(struct config, metrics.rules) },
	[GROUP_RESOURCES] = { "resource_utilization_enabled", offsetof(struct config, metrics.resources) },
	[GROUP_STATE] = { "state_counters_enabled", offsetof(struct config, metrics.state) },
	[GROUP_KERNEL] = { "kernel_event_counters_enabled", offsetof(struct config, metrics.kernel) },
	[GROUP_PER_CPU] = { "kernel_event_counters_per_cpu_enabled", offsetof(struct config, metrics.per_cpu) },
	[GROUP_LIBBPF] = { "libbpf_stats_enabled", offsetof(struct config, metrics.libbpf) },
};

const char *metric_group_key(enum metric_group g)
{
	return groups[g].key;
}

bool metric_group_on(const struct config *c, enum metric_group g)
{
	return !groups[g].key || *(const bool *)((const char *)c + groups[g].offset);
}

static bool is_known(const struct metric_sample *s)
{
	if (s->kind == KIND_DOUBLE)
		return s->real >= 0;
	return s->kind == KIND_TEXT ? s->text != NULL : s->number != NOT_KNOWN;
}

static void put_plain(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	const void *at = (const char *)f + row->offset;
	struct metric_sample s = { .kind = row->kind };

	if (row->kind == KIND_DOUBLE)
		s.real = *(const double *)at;
	else
		s.number = *(const u64 *)at;
	if (is_known(&s))
		sink->put(sink, row, &s);
}

void metrics_walk(const struct figures *f, struct metric_sink *sink)
{
	for (u32 i = 0; i < metric_nrows; i++) {
		const struct metric_row *row = &metric_rows[i];

		if (!metric_group_on(f->cfg, row->group) || (row->flags & METRIC_LIVE && !f->snap.health.live))
			continue;
		if (row->get)
			row->get(row, f, sink);
		else
			put_plain(row, f, sink);
	}
}

/* Runs of other characters become one '_', none at the end. */
void metrics_plain_name(const char *name, struct buf *out)
{
	bool gap = false;

	for (; *name; name++) {
		bool plain = isalnum((unsigned char)*name) || *name == ':';

		if (plain && gap)
			buf_addc(out, '_');
		if (plain)
			buf_addc(out, *name);
		gap = !plain;
	}
}

static void add_name(const char *pattern, const char *key, struct buf *out)
{
	const char *hole = key ? strstr(pattern, "%s") : NULL;

	if (!hole) {
		buf_adds(out, pattern);
		return;
	}
	buf_add(out, pattern, (size_t)(hole - pattern));
	buf_adds(out, key);
	buf_adds(out, hole + 2);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

void metric_json_name(const struct metric_row *row, const struct config *c, const char *key, struct buf *out)
{
	static const char *const units[] = {
		[UNIT_NONE] = "", [UNIT_BYTES] = "_bytes", [UNIT_KB] = "_kb", [UNIT_PERCENT] = "_perc",
		[UNIT_SECONDS] = "_sec", [UNIT_NS] = "_ns",
	};
	bool mb = c->metrics.convert_memory && (row->unit == UNIT_BYTES || row->unit == UNIT_KB);

	add_name(row->json, key, out);
	buf_adds(out, mb ? "_mb" : units[row->unit]);
}

struct json_writer {
	struct metric_sink sink;
	const struct config *cfg;
	struct metrics_fields *out;
};

static void json_value(const struct json_writer *w, const struct metric_row *row, const struct metric_sample *s,
		       struct buf *out)
{
	double per_mb = row->unit == UNIT_KB ? 1024.0 : 1024.0 * 1024;

	if (s->kind == KIND_TEXT)
		buf_adds(out, s->text);
	else if (s->kind == KIND_DOUBLE)
		buf_addf(out, "%.1f", s->real);
	else if (w->cfg->metrics.convert_memory && (row->unit == UNIT_BYTES || row->unit == UNIT_KB))
		buf_addf(out, "%.1f", one_decimal((double)s->number / per_mb));
	else
		buf_add_u64(out, s->number);
}

static bool is_zero(const struct metric_sample *s)
{
	return s->kind == KIND_U64 ? !s->number : s->kind == KIND_DOUBLE && one_decimal(s->real) == 0;
}

static void json_put(struct metric_sink *sink, const struct metric_row *row, const struct metric_sample *s)
{
	struct json_writer *w = container_of(sink, struct json_writer, sink);
	struct metrics_fields *m = w->out;
	struct buf name = { 0 }, value = { 0 };

	if (!row->json || (is_zero(s) && !(row->flags & METRIC_ZERO_TOO) && !w->cfg->metrics.empty_values))
		return;
	metric_json_name(row, w->cfg, s->key, &name);
	json_value(w, row, s, &value);
	if (m->n == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 256;
		m->p = xrealloc(m->p, m->cap * sizeof(*m->p));
	}
	buf_str(&name);
	if (!value.p)
		buf_reserve(&value, 1), value.p[0] = '\0';
	m->p[m->n++] = (struct internal_field){ name.p, value.p, s->kind != KIND_TEXT };
}

static int compare_fields(const void *a, const void *b)
{
	return strcmp(((const struct internal_field *)a)->key, ((const struct internal_field *)b)->key);
}

void metrics_fields(const struct figures *f, struct metrics_fields *ret)
{
	struct json_writer w = { .sink.put = json_put, .cfg = f->cfg, .out = ret };

	*ret = (struct metrics_fields){ 0 };
	metrics_walk(f, &w.sink);
	qsort(ret->p, ret->n, sizeof(*ret->p), compare_fields);
}

void metrics_fields_fini(struct metrics_fields *m)
{
	for (u32 i = 0; i < m->n; i++) {
		free((char *)m->p[i].key);
		free((char *)m->p[i].value);
	}
	free(m->p);
	*m = (struct metrics_fields){ 0 };
}

/* ---- Prometheus ------------------------------------------------------------------------------ */

struct prometheus_writer {
	struct metric_sink sink;
	struct buf *out;
	struct buf name, last;		/* whose head was written */
};

static void add_head(const struct metric_row *row, const char *name, struct buf *out)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, row->help, name,
		 row->type == METRIC_COUNTER ? "counter" : "gauge");
}

static void add_label_value(const char *s, struct buf *out)
{
	for (; *s; s++) {
		if (*s == '\\' || *s == '"')
			buf_addc(out, '\\');
		if (*s == '\n')
			buf_adds(out, "\\n");
		else
			buf_addc(out, *s);
	}
}

static void add_labels(const struct metric_sample *s, struct buf *out)
{
	for (u32 i = 0; i < s->nlabels; i++) {
		buf_addc(out, i ? ',' : '{');
		buf_addf(out, "%s=\"", s->labels[i].name);
		add_label_value(s->labels[i].value, out);
		buf_addc(out, '"');
	}
	if (s->nlabels)
		buf_addc(out, '}');
}

static void add_value(const struct metric_row *row, const struct metric_sample *s, struct buf *out)
{
	if (s->kind == KIND_TEXT)
		buf_adds(out, "1");	/* the text is a label */
	else if (s->kind == KIND_DOUBLE)
		buf_addf(out, "%.6f", row->unit == UNIT_PERCENT ? s->real / 100 : s->real);
	else
		buf_add_u64(out, row->unit == UNIT_KB ? s->number * 1024 : s->number);
}

static void prometheus_put(struct metric_sink *sink, const struct metric_row *row, const struct metric_sample *s)
{
	struct prometheus_writer *w = container_of(sink, struct prometheus_writer, sink);
	struct buf plain = { 0 };

	if (!row->prometheus)
		return;
	if (s->key)
		metrics_plain_name(s->key, &plain);
	buf_clear(&w->name);
	add_name(row->prometheus, s->key ? buf_str(&plain) : NULL, &w->name);
	buf_fini(&plain);
	if (strcmp(buf_str(&w->name), buf_str(&w->last))) {
		add_head(row, w->name.p, w->out);
		buf_clear(&w->last);
		buf_adds(&w->last, w->name.p);
	}
	buf_adds(w->out, w->name.p);
	add_labels(s, w->out);
	buf_addc(w->out, ' ');
	add_value(row, s, w->out);
	buf_addc(w->out, '\n');
}

void metrics_prometheus(const struct figures *f, struct buf *out)
{
	struct prometheus_writer w = { .sink.put = prometheus_put, .out = out };

	metrics_walk(f, &w.sink);
	buf_fini(&w.name);
	buf_fini(&w.last);
}
