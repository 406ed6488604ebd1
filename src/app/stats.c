/* SPDX-License-Identifier: Apache-2.0 */
#include "app/stats.h"

#include <ctype.h>
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

void stats_print_rules(const struct run *r)
{
	u64 by_priority[PRIO_MAX] = { 0 };
	u32 n = ruleset_count(r->set);

	for (u32 i = 0; i < n; i++) {
		const struct rule *rule = ruleset_rule(r->set, i);

		by_priority[rule->priority] += rule->matches;
	}
	printf("Events detected: %llu\n", r->nalerts);
	printf("Rule counts by severity:\n");
	for (u32 i = 0; i < PRIO_MAX; i++)
		if (by_priority[i])
			print_priority(i, by_priority[i]);
	printf("Triggered rules by rule name:\n");
	for (u32 i = 0; i < n; i++) {
		const struct rule *rule = ruleset_rule(r->set, i);

		if (rule->matches)
			printf("   %s: %llu\n", rule->name, rule->matches);
	}
	fflush(stdout);
}

static void print_verbose(const struct run *r, const struct capture_stats *s)
{
	double seconds = (double)clock() / CLOCKS_PER_SEC;

	if (r->live) {
		fprintf(stderr, "Driver Events:%llu\n", s->events);
		fprintf(stderr, "Driver Drops:%llu\n", drops_total(s));
	}
	fprintf(stderr, "%sElapsed time: %.3lf, Captured Events: %llu, %.2lf eps\n",
		r->live ? "(syscall) " : "", seconds, r->nvisible,
		seconds > 0 ? (double)r->nvisible / seconds : 0);
}

static void log_lost(const char *what, u64 n)
{
	if (n)
		log_warning("%s: %llu", what, n);
}

void stats_print_events(const struct run *r)
{
	struct proc_stats p = { 0 };
	struct capture_stats s;

	capture_stats(r->capture, &s);
	proc_get_stats(r->proc, &p);
	if (r->live)
		log_info("Events seen by the driver: %llu, delivered: %llu, filtered: %llu, "
			 "dropped: %llu",
			 s.seen, s.events, s.filtered, drops_total(&s));
	log_lost("Events lost because a ring buffer was full", s.drops_buffer);
	log_lost("Events lost because they were too large", s.drops_scratch);
	log_lost("Events with parameters cut at a limit", s.truncated);
	log_lost("Paths and addresses of calls lost on entry", s.enter_lost);
	log_lost("Events that could not be decoded", r->ninvalid);
	log_lost("System calls refused by the seccomp filter", sandbox_refused());
	log_lost("Threads forgotten to make room for others (memory.tables.threads, falco_libs.thread_table_size)",
		 p.table[TABLE_THREADS].evicted);
	log_lost("File descriptors forgotten to make room for others (memory.tables.fds)", p.table[TABLE_FDS].evicted);
	log_lost("Users and groups not remembered because the table was full (memory.tables.users)",
		 p.table[TABLE_USERS].refused);
	log_lost("Threads not remembered because the table was full", p.drops_full_threadtable);
	log_lost("File descriptors not remembered because a table was full", p.drops_full_fdtable);
	log_lost("Metrics that could not be written to their file", r->report.failed);
	log_lost("Alerts dropped because the outputs were too slow", r->alerts_dropped);
	log_lost("Alerts not delivered because an output was blocked", r->alerts_stuck);
	if (r->cmd->verbose)
		print_verbose(r, &s);
	fprintf(stderr, "Syscall event drop monitoring:\n"
			"   - event drop detected: %llu occurrences\n"
			"   - num times actions taken: %llu\n",
		r->drops.occurrences, r->drops.actions);
}
