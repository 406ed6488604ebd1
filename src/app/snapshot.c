/* SPDX-License-Identifier: Apache-2.0 */
#include "app/snapshot.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/watch.h"
#include "base/clock.h"
#include "base/mem.h"
#include "event/event.h"
#include "event/table.h"

void snapshot_fini(struct snapshot *s)
{
	free(s->cpus);
	free(s->rules);
	free(s->programs);
	free(s->talkers);
	*s = (struct snapshot){ 0 };
}

u64 snapshot_made(const struct capture_stats *c)
{
	return c->events + c->drops_buffer + c->drops_scratch;
}

/* ---- filling ------------------------------------------------------------------------------- */

struct filler {
	struct counters_visitor counters;
	struct programs_visitor programs;
	struct snapshot *s;
};

static void add_counters(struct syscall_counters *sum, const struct syscall_counters *n)
{
	sum->seen += n->seen;
	sum->filtered += n->filtered;
	sum->sent += n->sent;
	sum->held += n->held;
	sum->lost += n->lost;
	sum->lost_scratch += n->lost_scratch;
}

static void want_cpus(struct snapshot *s, u32 n)
{
	if (n <= s->ncpus)
		return;
	s->cpus = xrealloc(s->cpus, n * sizeof(*s->cpus));
	memset(s->cpus + s->ncpus, 0, (n - s->ncpus) * sizeof(*s->cpus));
	s->ncpus = n;
}

static void visit_counters(struct counters_visitor *v, u32 cpu, u32 code, const struct syscall_counters *n)
{
	struct snapshot *s = container_of(v, struct filler, counters)->s;

	want_cpus(s, cpu + 1);
	add_counters(&s->cpus[cpu], n);
	add_counters(&s->by_code[code], n);
}

static void add_program(struct snapshot *s, const char *name, u64 runs, u64 run_ns)
{
	struct snapshot_program *p = s->programs;
	u32 i = 0;

	while (i < s->nprograms && strcmp(p[i].name, name))
		i++;
	if (i == s->nprograms) {
		s->programs = p = xrealloc(p, (i + 1) * sizeof(*p));
		p[i] = (struct snapshot_program){ 0 };
		snprintf(p[i].name, sizeof(p[i].name), "%s", name);
		s->nprograms++;
	}
	p[i].runs += runs;
	p[i].run_ns += run_ns;
}

/* Those that are loaded but not attached, or not counted by the kernel, say nothing. */
static void visit_program(struct programs_visitor *v, const char *name, u64 runs, u64 run_ns)
{
	if (runs)
		add_program(container_of(v, struct filler, programs)->s, name, runs, run_ns);
}

static void fill_rules(struct snapshot *s, struct ruleset *set)
{
	u64 *evaluations;

	s->nrules = ruleset_count(set);
	s->rules = xcalloc(s->nrules + 1, sizeof(*s->rules));
	evaluations = xmalloc((s->nrules + 1) * sizeof(*evaluations));
	ruleset_evaluations(set, evaluations);
	for (u32 i = 0; i < s->nrules; i++) {
		const struct rule *r = ruleset_rule(set, i);

		s->rules[i] = (struct snapshot_rule){ .rule = r, .matches = r->matches,
			.evaluations = evaluations[i], .samples = r->samples, .sampled_ns = r->sampled_ns };
	}
	free(evaluations);
}

/* Types of events to syscalls; generic events are of any. */
static void fill_bytes(struct snapshot *s, const u64 *by_type)
{
	for (u32 t = 0; t < EV_MAX; t++) {
		const struct event ev = { .type = (u16)t, .desc = event_desc(t) };
		bool generic = t == EV_GENERIC_E || t == EV_GENERIC_X;

		if (by_type[t])
			s->bytes[generic ? SC_unknown : event_syscall(&ev)] += by_type[t];
	}
}

static void fill_talkers(struct snapshot *s, const struct run *r)
{
	s->talkers = xmalloc(TALKERS_MAX * sizeof(*s->talkers));
	s->talkers_evicted = r->talkers.evicted;
	for (u32 i = 0; i < TALKERS_MAX; i++) {
		const struct talker *from = &r->talkers.table[i / TALKER_WAYS][i % TALKER_WAYS];
		const struct thread *t = from->events ? proc_thread(r->proc, from->pid) : NULL;
		struct talker *k = &s->talkers[s->ntalkers];

		if (!from->events)
			continue;
		*k = *from;
		if (t)		/* it may have executed another program since */
			snprintf(k->name, sizeof(k->name), "%.*s", (int)t->comm.len, t->comm.p);
		s->ntalkers++;
	}
}

static void fill_tables(struct snapshot *s, const struct run *r)
{
	memcpy(s->tables, s->proc.table, sizeof(s->proc.table));
	if (r->outputs && !r->index)
		outputs_stats(r->outputs, &s->tables[TABLE_ALERTS]);
	s->tables[TABLE_PROCESSES] = (struct table_stats){
		.entries = s->ntalkers, .bytes = sizeof(r->talkers), .max_bytes = sizeof(r->talkers),
		.evicted = r->talkers.evicted,
	};
}

/* What there is once for all workers is told by the first. */
static void fill_shared(struct snapshot *s, const struct run *r)
{
	struct filler f = { .counters.visit = visit_counters, .programs.visit = visit_program, .s = s };

	s->outputs_dropped = r->outputs ? outputs_dropped(r->outputs) : 0;
	s->outputs_failed = r->outputs ? outputs_failed(r->outputs) : 0;
	s->pressure_occurrences = r->pressure.occurrences;
	s->under_pressure = r->pressure.on;
	s->drop_occurrences = r->drops.occurrences;
	s->drop_actions = r->drops.actions;
	capture_counters(r->capture, &f.counters);
	capture_stats(r->capture, &s->capture);
	capture_programs(r->capture, &f.programs);
}

void snapshot_fill(struct snapshot *s, const struct run *r)
{
	s->time_ns = clock_ns(CLOCK_REALTIME);
	s->workers = 1;
	s->events = r->nown + r->ninvalid;
	fill_bytes(s, r->bytes);
	s->visible = r->nvisible;
	s->invalid = r->ninvalid;
	s->alerts = r->nalerts;
	s->timeouts = r->ntimeouts;
	if (!r->index)
		fill_shared(s, r);
	proc_get_stats(r->proc, &s->proc);
	fill_rules(s, r->set);
	fill_talkers(s, r);
	fill_tables(s, r);
	watch_health(r, &s->health);
}

/* ---- adding -------------------------------------------------------------------------------- */

/* Structs that hold nothing but u64. */
static void add_words(void *sum, const void *more, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(u64); i++)
		((u64 *)sum)[i] += ((const u64 *)more)[i];
}

static_assert(sizeof(struct capture_stats) % sizeof(u64) == 0, "only u64");
static_assert(sizeof(struct proc_stats) % sizeof(u64) == 0, "only u64");

static void add_rules(struct snapshot *sum, const struct snapshot *s)
{
	if (s->nrules > sum->nrules) {
		sum->rules = xrealloc(sum->rules, s->nrules * sizeof(*sum->rules));
		memset(sum->rules + sum->nrules, 0, (s->nrules - sum->nrules) * sizeof(*sum->rules));
		sum->nrules = s->nrules;
	}
	for (u32 i = 0; i < s->nrules; i++) {
		struct snapshot_rule *to = &sum->rules[i];

		to->rule = s->rules[i].rule;
		to->matches += s->rules[i].matches;
		to->evaluations += s->rules[i].evaluations;
		to->samples += s->rules[i].samples;
		to->sampled_ns += s->rules[i].sampled_ns;
	}
}

/* A process may be known to several workers. */
static void add_talkers(struct snapshot *sum, const struct snapshot *s)
{
	u32 had = sum->ntalkers;

	sum->talkers = xrealloc(sum->talkers, (had + s->ntalkers + 1) * sizeof(*sum->talkers));
	for (u32 i = 0; i < s->ntalkers; i++) {
		u32 j = 0;

		while (j < had && sum->talkers[j].pid != s->talkers[i].pid)
			j++;
		if (j < had)
			sum->talkers[j].events += s->talkers[i].events;
		else
			sum->talkers[sum->ntalkers++] = s->talkers[i];
	}
	sum->talkers_evicted += s->talkers_evicted;
}

/* The worst of both. */
static void add_health(struct health *sum, const struct health *h, bool first)
{
	struct health before = *sum;

	if (first || (h->blind && !before.blind))
		*sum = *h;
	if (first)
		return;
	sum->beats = u64_max(before.beats, h->beats);	/* of the same child */
	sum->adrift = before.adrift + h->adrift;
	sum->blind_alerts = before.blind_alerts + h->blind_alerts;
	sum->beat_age_ns = u64_max(before.beat_age_ns, h->beat_age_ns);
}

void snapshot_add(struct snapshot *sum, const struct snapshot *s)
{
	u64 threads;

	if (s->time_ns > sum->time_ns)
		sum->time_ns = s->time_ns;
	sum->events += s->events;
	sum->visible += s->visible;
	sum->invalid += s->invalid;
	sum->alerts += s->alerts;
	sum->outputs_dropped += s->outputs_dropped;
	sum->outputs_failed += s->outputs_failed;
	sum->timeouts += s->timeouts;
	sum->pressure_occurrences += s->pressure_occurrences;
	sum->under_pressure |= s->under_pressure;
	sum->drop_occurrences += s->drop_occurrences;
	sum->drop_actions += s->drop_actions;
	add_words(&sum->capture, &s->capture, sizeof(s->capture));
	threads = u64_max(sum->proc.threads, s->proc.threads);	/* each worker knows all */
	add_words(&sum->proc, &s->proc, sizeof(s->proc));
	add_words(sum->tables, s->tables, sizeof(s->tables));
	sum->proc.threads = threads;
	add_words(sum->bytes, s->bytes, sizeof(s->bytes));
	for (u32 i = 0; i < NR_CODES; i++)
		add_counters(&sum->by_code[i], &s->by_code[i]);
	want_cpus(sum, s->ncpus);
	for (u32 i = 0; i < s->ncpus; i++)
		add_counters(&sum->cpus[i], &s->cpus[i]);
	add_rules(sum, s);
	for (u32 i = 0; i < s->nprograms; i++)
		add_program(sum, s->programs[i].name, s->programs[i].runs, s->programs[i].run_ns);
	add_talkers(sum, s);
	add_health(&sum->health, &s->health, !sum->workers);
	sum->workers += s->workers;
}
