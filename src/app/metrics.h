/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics: one row for each (metric_rows.c), from which come the JSON snapshot, the Prometheus text
 * and docs/metrics.md.  Names and units of those that Falco has are Falco's.
 */
#ifndef SAKER_APP_METRICS_H
#define SAKER_APP_METRICS_H

#include "app/config.h"
#include "app/facts.h"
#include "app/resources.h"
#include "app/snapshot.h"
#include "http/server.h"
#include "output/alert.h"

/* The switch of a row: a key of the section metrics. */
enum metric_group {
	GROUP_ALWAYS, GROUP_RULES, GROUP_RESOURCES, GROUP_STATE, GROUP_KERNEL, GROUP_PER_CPU, GROUP_LIBBPF,
	METRIC_GROUPS
};

/* The unit decides the end of the JSON name and what is converted. */
enum metric_unit {
	UNIT_NONE,
	UNIT_BYTES, UNIT_KB,	/* in JSON as _mb when metrics.convert_memory_to_mb; Prometheus: bytes */
	UNIT_PERCENT,		/* Prometheus: ratio */
	UNIT_SECONDS, UNIT_NS,
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };
enum metric_kind { KIND_U64, KIND_DOUBLE, KIND_TEXT };

enum {
	METRIC_ZERO_TOO = 1 << 0,	/* in JSON even when it is 0 */
	METRIC_LIVE = 1 << 1,		/* only of a driver */
};

struct metric_label {
	const char *name, *value;
};

struct metric_row;

/* One value of a row.  Strings are valid during the call. */
struct metric_sample {
	enum metric_kind kind;
	u64 number;
	double real;
	const char *text;
	const char *key;		/* takes the place of "%s" in the JSON name; NULL: none */
	const struct metric_label *labels;
	u32 nlabels;
};

/* One of the two writers. */
struct metric_sink {
	void (*put)(struct metric_sink *sink, const struct metric_row *row, const struct metric_sample *s);
};

/* Of what was before, for rates; zeroed: nothing was. */
struct metrics_past {
	u64 time_ns, events, made, drops;
};

/* What the values are taken from. */
struct figures {
	const struct config *cfg;
	const struct facts *facts;
	struct snapshot snap;		/* owned */
	struct resources res;
	u64 now_ns, start_ns, boot_ns, ncpus, workers;
	u64 duration_s;
	u64 rule_matches, drops, made, blind, fallback, rejected;
	struct http_counts web;		/* of the server that is asked; else zeros */
	struct metrics_past past;
	double evts_rate, made_rate, drops_rate, drops_perc;
};

struct metric_row {
	const char *json;	/* without the unit; NULL: not in JSON */
	const char *prometheus;	/* whole; NULL: not there */
	enum metric_group group;
	enum metric_type type;
	enum metric_unit unit;
	u32 flags;		/* METRIC_* */
	enum metric_kind kind;
	size_t offset;		/* in struct figures; when there is no get() */
	/* Puts any number of values. */
	void (*get)(const struct metric_row *row, const struct figures *f, struct metric_sink *sink);
	const char *help;
};

extern const struct metric_row metric_rows[];
extern const u32 metric_nrows;

/* snap: taken over.  past: of the values before; NULL: there are none. */
void figures_init(struct figures *f, const struct config *cfg, const struct facts *facts, struct snapshot *snap,
		  const struct metrics_past *past);
void figures_fini(struct figures *f);

/* Calls put() for what the groups switched on give, in the order of the rows. */
void metrics_walk(const struct figures *f, struct metric_sink *sink);

void metrics_prometheus(const struct figures *f, struct buf *out);

/* Fields of the JSON snapshot, in the order of their names. */
struct metrics_fields {
	struct internal_field *p;	/* owned, with the strings */
	u32 n, cap;
};

void metrics_fields(const struct figures *f, struct metrics_fields *ret);
void metrics_fields_fini(struct metrics_fields *m);

/* "openat (x)" as "openat_x": what names of metrics may consist of. */
void metrics_plain_name(const char *name, struct buf *out);

const char *metric_group_key(enum metric_group g);	/* "rules_counters_enabled"; NULL: always */
bool metric_group_on(const struct config *c, enum metric_group g);
/* Its name in JSON, with %s for what varies. */
void metric_json_name(const struct metric_row *row, const struct config *c, const char *key, struct buf *out);

#endif
