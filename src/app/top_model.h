/* SPDX-License-Identifier: Apache-2.0 */
/* `saker top`: the sensor's totals, read from JSON, and the rates between two of them. */
#ifndef SAKER_APP_TOP_MODEL_H
#define SAKER_APP_TOP_MODEL_H

#include "base/diag.h"
#include "base/types.h"
#include "base/vec.h"

#define TOP_NAME 64

/* Totals: a syscall, a process (pid, delivered), a rule or a program of the kernel. */
struct top_row {
	char name[TOP_NAME];	/* printable ASCII */
	s64 pid;
	u64 seen, filtered, delivered, dropped, bytes;
	u64 matches, evaluations, samples, sampled_ns;
	u64 runs, run_ns;
};

struct top_rows {
	struct top_row *p;	/* owned */
	u32 n;
};

enum top_list { TOP_SYSCALLS, TOP_PROCESSES, TOP_RULES, TOP_PROGRAMS, TOP_LISTS };

struct top_sample {
	u64 time_ns, duration_s, ncpus, workers;
	char driver[TOP_NAME], wanted[TOP_NAME];
	bool live, fallback, heartbeat, blind;
	u64 rejected;
	char reason[200];
	u64 seen, filtered, delivered, held, dropped, handled, alerts, alerts_dropped;
	u64 cpu_ns, rss_kb, threads, fds, table_bytes, evicted;
	struct top_rows lists[TOP_LISTS];
};

/* 0, or -EPROTO with d: it is not what a sensor says. */
int top_parse(const char *text, size_t len, struct top_sample *ret, struct diag *d);
void top_sample_fini(struct top_sample *s);

/* What a row did a second. */
struct top_rate {
	const struct top_row *row;	/* borrowed from the newer sample */
	double seen, filtered, delivered, dropped, bytes;
	double matches, evaluations;
	double eval_ns;			/* one evaluation, from the samples since the start; 0: unknown */
	double cost;			/* part of a CPU: evaluations, or runs in the kernel */
};

struct top_rates {
	double seconds;
	double seen, filtered, delivered, held, dropped, handled, alerts;
	double cpu, kernel;		/* parts of a CPU; kernel < 0: not counted */
	struct top_rate *lists[TOP_LISTS];	/* owned; the busiest first */
	u32 n[TOP_LISTS];		/* those that did something */
};

/* now is later than before, of the same sensor; both outlive the rates. */
void top_rates(const struct top_sample *before, const struct top_sample *now, struct top_rates *ret);
void top_rates_fini(struct top_rates *r);
/* Did the sensor start anew between them?  Then there are no rates. */
bool top_restarted(const struct top_sample *before, const struct top_sample *now);

#endif
