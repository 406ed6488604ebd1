/* SPDX-License-Identifier: Apache-2.0 */
#include "app/stats.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "app/log.h"
#include "app/sandbox.h"

static void print_priority(enum priority p, u64 n)
{
	const char *name = p == PRIO_INFORMATIONAL ? "INFO" : priority_name(p);

	printf("   ");
	for (; *name; name++)
		putchar(toupper((unsigned char)*name));
	printf(": %llu\n", n);
}

/* The first one stands for all when the others were not made. */
static struct run *const *runs_of(struct run *const *first, u32 *ret_n)
{
	const struct crew *c = (*first)->crew;

	*ret_n = c->runs ? c->n : 1;
	return c->runs ? c->runs : first;
}

static u64 sum(struct run *r, size_t member)
{
	struct run *const *runs;
	u64 all = 0;
	u32 n;

	runs = runs_of(&r, &n);
	for (u32 i = 0; i < n; i++)
		all += *(const u64 *)(const void *)((const char *)runs[i] + member);
	return all;
}

#define SUM(r, member) sum(r, offsetof(struct run, member))

static u64 matches_of(struct run *r, u32 rule)
{
	struct run *const *runs;
	u64 all = 0;
	u32 n;

	runs = runs_of(&r, &n);
	for (u32 i = 0; i < n; i++)
		all += ruleset_rule(runs[i]->set, rule)->matches;
	return all;
}

void stats_print_rules(struct run *r)
{
	u64 by_priority[PRIO_MAX] = { 0 };
	u32 n = ruleset_count(r->set);

	for (u32 i = 0; i < n; i++)
		by_priority[ruleset_rule(r->set, i)->priority] += matches_of(r, i);
	printf("Events detected: %llu\n", SUM(r, nalerts));
	printf("Rule counts by severity:\n");
	for (u32 i = 0; i < PRIO_MAX; i++)
		if (by_priority[i])
			print_priority(i, by_priority[i]);
	printf("Triggered rules by rule name:\n");
	for (u32 i = 0; i < n; i++) {
		u64 matches = matches_of(r, i);

		if (matches)
			printf("   %s: %llu\n", ruleset_rule(r->set, i)->name, matches);
	}
	fflush(stdout);
}

static void print_verbose(struct run *r, const struct capture_stats *s)
{
	double seconds = (double)clock() / CLOCKS_PER_SEC;
	u64 events = SUM(r, nvisible);

	if (r->live) {
		fprintf(stderr, "Driver Events:%llu\n", s->events);
		fprintf(stderr, "Driver Drops:%llu\n", drops_total(s));
	}
	fprintf(stderr, "%sElapsed time: %.3lf, Captured Events: %llu, %.2lf eps\n",
		r->live ? "(syscall) " : "", seconds, events, seconds > 0 ? (double)events / seconds : 0);
}

static void log_lost(const char *what, u64 n)
{
	if (n)
		log_warning("%s: %llu", what, n);
}

/* Each worker remembers all threads: the one that lost most. */
static void most_lost(struct run *r, struct proc_stats *ret)
{
	struct run *const *runs;
	u32 n;

	runs = runs_of(&r, &n);
	*ret = (struct proc_stats){ 0 };
	for (u32 i = 0; i < n; i++) {
		struct proc_stats p = { 0 };

		proc_get_stats(runs[i]->proc, &p);
		for (u32 t = 0; t < PROC_TABLES; t++) {
			ret->table[t].evicted = u64_max(ret->table[t].evicted, p.table[t].evicted);
			ret->table[t].refused = u64_max(ret->table[t].refused, p.table[t].refused);
		}
		ret->drops_full_threadtable = u64_max(ret->drops_full_threadtable, p.drops_full_threadtable);
		ret->user_files_refused = u64_max(ret->user_files_refused, p.user_files_refused);
		ret->drops_full_fdtable = u64_max(ret->drops_full_fdtable, p.drops_full_fdtable);
	}
}

static void log_workers(struct run *r)
{
	struct run *const *runs;
	u32 n;

	runs = runs_of(&r, &n);
	for (u32 i = 0; i < n && n > 1; i++)
		log_info("Worker %u: events of its own processes: %llu, of others: %llu; alerts: %llu", i,
			 runs[i]->nown, runs[i]->nevents - runs[i]->nown, runs[i]->nalerts);
}

void stats_print_events(struct run *r)
{
	struct proc_stats p;
	struct capture_stats s;

	capture_stats(r->capture, &s);
	most_lost(r, &p);
	if (r->live)
		log_info("Events seen by the driver: %llu, delivered: %llu, filtered: %llu, "
			 "dropped: %llu",
			 s.seen, s.events, s.filtered, drops_total(&s));
	if (s.held)
		log_notice("Events held back under pressure, because one like each was delivered: %llu", s.held);
	log_workers(r);
	if (r->cfg->modern_buf_auto && s.ring_bytes)
		log_info("Ring buffers: %llu KiB in all; %llu were replaced by larger ones", s.ring_bytes >> 10,
			 s.rings_grown);
	log_lost("Times that a ring buffer could not grow within buf_memory_max", s.rings_refused);
	log_lost("Times that the kernel made no larger ring buffer", s.rings_failed);
	log_lost("Events lost because a ring buffer was full", s.drops_buffer);
	log_lost("Events lost because they were too large", s.drops_scratch);
	log_lost("Events with parameters cut at a limit", s.truncated);
	log_lost("Paths and addresses of calls lost on entry", s.enter_lost);
	log_lost("Changes of processes that a worker did not get to know", s.copies_lost);
	log_lost("Events that could not be decoded", SUM(r, ninvalid));
	log_lost("Events of a type that this version does not know, left out", s.unknown);
	log_lost("Beginnings of calls forgotten before their ends came", s.enters_forgotten);
	log_lost("System calls refused by the seccomp filter", sandbox_refused());
	log_lost("Threads forgotten to make room for others (memory.tables.threads, falco_libs.thread_table_size)",
		 p.table[TABLE_THREADS].evicted);
	log_lost("File descriptors forgotten to make room for others (memory.tables.fds)", p.table[TABLE_FDS].evicted);
	log_lost("Users and groups not remembered because the table was full (memory.tables.users)",
		 p.table[TABLE_USERS].refused);
	log_lost("Files passwd and group of containers that are too large, or no ordinary files", p.user_files_refused);
	log_lost("Threads not remembered because the table was full", p.drops_full_threadtable);
	log_lost("File descriptors not remembered because a table was full", p.drops_full_fdtable);
	log_lost("Metrics that could not be written to their file", r->report.failed);
	log_lost("Alerts dropped because the outputs were too slow", r->alerts_dropped);
	log_lost("Alerts that an output could not deliver", r->alerts_failed);
	log_lost("Alerts that came too late to be put in order", r->alerts_late);
	log_lost("Alerts not delivered because an output was blocked", r->alerts_stuck);
	if (r->cmd->verbose)
		print_verbose(r, &s);
	fprintf(stderr, "Syscall event drop monitoring:\n"
			"   - event drop detected: %llu occurrences\n"
			"   - num times actions taken: %llu\n",
		r->drops.occurrences, r->drops.actions);
}
