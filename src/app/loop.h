/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop and what it works with. */
#ifndef SAKER_APP_LOOP_H
#define SAKER_APP_LOOP_H

#include "app/cmdline.h"
#include "app/drops.h"
#include "capture/capture.h"
#include "output/order.h"
#include "output/outputs.h"
#include "proc/proc.h"
#include "rules/rules.h"

/* Which driver the events come from, and why. */
struct run_driver {
	const char *wanted, *used;	/* engine.kind; used NULL: none works */
	struct buf why;			/* not the one that was wanted, or the best; "": it is */
	const char *remedy;		/* NULL: none known */
	bool fallback;			/* another than the user asked for, or than worked before */
	u32 nrejected;			/* programs that the kernel did not take, and that matters */
	struct buf rejected;		/* "NAME (why), ..." */
	u64 blind[(EV_MAX + 63) / 64];	/* types of events that do not come because of them, */
	u64 poorer[(EV_MAX + 63) / 64];	/* or that have less in them */
};

/* What the workers of a run share. */
struct crew {
	u32 n;
	struct run **runs;		/* n of them; the first one is the main thread's */
	struct order *order;		/* NULL: alerts go into the queue as they come */
	bool by_number;			/* order by the number of the event, not by its time */
	bool stop;			/* atomic: all are to end */
};

/* One worker's run, from opening the source to the statistics. */
struct run {
	u32 index;			/* 0: the main thread's, which does what there is to do once */
	struct crew *crew;
	const struct cmdline *cmd;
	struct config *cfg;
	const char *hostname;		/* evt.hostname; NULL: this machine's */
	const struct field_set *fields;
	struct ruleset *set;

	struct interest interest;
	struct proc *proc;
	struct capture *capture;
	bool live;			/* a driver, not a file */
	struct run_driver driver;
	struct outputs *outputs;
	struct alert_printer *printer;
	struct field_ctx fctx;
	struct buf line;
	struct drops drops;

	u64 nevents;			/* fetched */
	u64 nown;			/* of these, of processes of this worker */
	u64 nvisible;			/* that rules could see */
	u64 ninvalid;			/* that could not be decoded */
	u64 nalerts;
	u64 alerts_dropped;		/* set at the end: the queue was full, */
	u64 alerts_stuck;		/* an output blocked for good, */
	u64 alerts_late;		/* they were out of order */
	u64 first_ts_ns, last_ts_ns;
};

/*
 * The beginning of a run that goes on with another driver than it should: an alert, so that
 * those who read no logs know.
 */
void loop_tell_fallback(struct run *r);

/*
 * Until the source ends, a signal comes, the time is over, or all are to end.  Negative errno: d
 * says why.
 */
int loop_run(struct run *r, struct diag *d);

static inline bool crew_stopping(const struct crew *c)
{
	return __atomic_load_n(&c->stop, __ATOMIC_RELAXED);
}

#endif
