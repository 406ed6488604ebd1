/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop and what it works with. */
#ifndef SAKER_APP_LOOP_H
#define SAKER_APP_LOOP_H

#include "app/cmdline.h"
#include "app/desk.h"
#include "app/drops.h"
#include "app/heartbeat.h"
#include "app/pressure.h"
#include "app/report.h"
#include "app/talkers.h"
#include "capture/capture.h"
#include "output/order.h"
#include "output/outputs.h"
#include "proc/proc.h"
#include "rules/pushdown.h"
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

	struct interest interest;	/* set before engine_open(), but for replay */
	struct pushdown *filter;	/* the same; owned; NULL: all events come */
	struct proc *proc;
	struct capture *capture;
	bool live;			/* a driver, not a file */
	struct run_driver driver;
	struct outputs *outputs;
	struct alert_printer *printer;
	struct field_ctx fctx;
	struct buf line;
	struct drops drops;		/* the first worker's */
	struct pressure pressure;	/* the first worker's */
	struct heartbeat heartbeat;
	struct report report;		/* the first worker's */
	struct talkers talkers;
	struct desk desk;		/* where other threads ask for figures */

	u64 nevents;			/* fetched */
	u64 nown;			/* of these, of processes of this worker; others read it */
	u64 bytes[EV_MAX];		/* of these, by type */
	u64 nvisible;			/* that rules could see */
	u64 ninvalid;			/* that could not be decoded; others read it */
	u64 nalerts;
	u64 ntimeouts;			/* waits without an event */
	u64 waits_ms;			/* in a row; heartbeats are no events here; others read it */
	u64 tick_ns;			/* of the last look at what is looked at once a second, monotonic */
	u64 looked_ns;			/* where the second of the last event before which it was looked at begins */
	bool idle;			/* the last wait brought nothing; others read it */
	u64 told_dropped, told_dropped_ns;	/* alerts dropped, as the log has it */
	u64 alerts_dropped;		/* set at the end: the queue was full, */
	u64 alerts_failed;		/* an output did not take them, */
	u64 alerts_stuck;		/* an output blocked for good, */
	u64 alerts_late;		/* they were out of order */
	u64 first_ts_ns, last_ts_ns;
};

/*
 * Until the source ends, a signal comes, the time is over, or all are to end.  Negative errno: d
 * says why.
 */
int loop_run(struct run *r, struct diag *d);

/* An alert of the sensor itself. */
void loop_push_internal(struct run *r, u64 ts_ns, const char *rule, enum priority prio, const char *msg,
			const struct internal_field *fields, u32 n);

/* True: nobody had said so yet. */
static inline bool crew_stop(struct crew *c)
{
	return !__atomic_exchange_n(&c->stop, true, __ATOMIC_RELAXED);
}

static inline bool crew_stopping(const struct crew *c)
{
	return __atomic_load_n(&c->stop, __ATOMIC_RELAXED);
}

#endif
