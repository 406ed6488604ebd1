/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The figures of a run at one moment.
 *
 * The loop owns what it counts, so only the loop fills a snapshot (snapshot_fill); who else
 * wants one asks for it (desk.h).  Those of several workers are added together.  A snapshot belongs to
 * one thread; names in it are borrowed from the run and outlive it.  A zeroed one is empty.
 */
#ifndef SAKER_APP_SNAPSHOT_H
#define SAKER_APP_SNAPSHOT_H

#include "app/talkers.h"
#include "capture/capture.h"
#include "proc/proc.h"
#include "rules/rules.h"

struct run;

/* Can what the sensor says be trusted? */
struct health {
	bool live;		/* events come from a driver */
	const char *wanted, *used;	/* drivers; NULL: none */
	const char *why;	/* not the wanted one; "": it is */
	bool fallback;
	u32 nrejected;		/* programs that the kernel did not take, */
	const char *rejected;	/* and which; "" */
	bool heartbeat;		/* there is one */
	u64 beats;		/* that came back */
	u64 beat_age_ns;	/* since the last of them, or since the start */
	u64 adrift;		/* events for which the books do not account */
	bool blind;
	char reason[160];	/* why blind; "" */
	u64 blind_alerts;	/* how often it went blind */
};

struct snapshot_rule {
	const struct rule *rule;	/* borrowed: its constant part only */
	u64 matches, evaluations;
	u64 samples, sampled_ns;	/* evaluations whose time was taken */
};

/* Tables that grow with what is watched: those of enum proc_table, and these. */
enum {
	TABLE_ALERTS = PROC_TABLES,	/* that wait for outputs */
	TABLE_PROCESSES,		/* talkers */
	SNAPSHOT_TABLES
};

struct snapshot_program {
	char name[48];
	u64 runs, run_ns;
};

struct snapshot {
	u64 time_ns;			/* since 1970 */
	u32 workers;			/* how many were added */
	u64 events, visible, invalid, alerts;
	u64 outputs_dropped, outputs_failed;
	u64 timeouts;			/* waits without an event */
	u64 pressure_occurrences, under_pressure;
	u64 drop_occurrences, drop_actions;
	struct capture_stats capture;
	struct syscall_counters by_code[NR_CODES];
	u64 bytes[NR_CODES];		/* of the events fetched, by syscall; [0]: generic ones and others */
	struct syscall_counters *cpus;	/* owned */
	u32 ncpus;
	struct proc_stats proc;
	struct table_stats tables[SNAPSHOT_TABLES];
	struct snapshot_rule *rules;	/* owned */
	u32 nrules;
	struct snapshot_program *programs;	/* owned */
	u32 nprograms;
	struct talker *talkers;		/* owned */
	u32 ntalkers;
	u64 talkers_evicted;
	struct health health;
};

void snapshot_fini(struct snapshot *s);
/* s is empty.  By the loop of r, between two events. */
void snapshot_fill(struct snapshot *s, const struct run *r);
/*
 * What s counts is added to sum.  Rules and CPUs are those of the same numbers; an empty sum becomes
 * a copy.
 */
void snapshot_add(struct snapshot *sum, const struct snapshot *s);
/* Events that the driver made, lost ones included. */
u64 snapshot_made(const struct capture_stats *c);

#endif
