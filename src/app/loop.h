/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop and what it works with. */
#ifndef SAKER_APP_LOOP_H
#define SAKER_APP_LOOP_H

#include "app/cmdline.h"
#include "app/desk.h"
#include "app/drops.h"
#include "app/heartbeat.h"
#include "app/report.h"
#include "app/talkers.h"
#include "capture/capture.h"
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

/* One worker's run, from opening the source to the statistics. */
struct run {
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
	struct drops drops;
	struct heartbeat heartbeat;
	struct report report;
	struct talkers talkers;
	struct desk desk;		/* where other threads ask for figures */

	u64 nevents;			/* fetched */
	u64 bytes[EV_MAX];		/* of these, by type */
	u64 nvisible;			/* that rules could see */
	u64 ninvalid;			/* that could not be decoded */
	u64 nalerts;
	u64 ntimeouts;			/* waits without an event */
	u64 timeouts_in_row;		/* heartbeats are no events here */
	u64 tick_ns;			/* of the last look at what is looked at once a second, monotonic */
	bool idle;			/* the last wait brought nothing */
	u64 alerts_dropped;		/* set at the end: the queue was full, */
	u64 alerts_stuck;		/* an output blocked for good */
	u64 first_ts_ns, last_ts_ns;
};

/*
 * The beginning of a run that goes on with another driver than it should: an alert, so that
 * those who read no logs know.
 */
void loop_tell_fallback(struct run *r);

/* By the loop, or when it does not run. */
void loop_health(const struct run *r, struct health *ret);
/* The same, to the desk; the loop does it once a second. */
void loop_publish_health(struct run *r);

/* Until the source ends, a signal comes, or the time is over.  Negative errno: d says why. */
int loop_run(struct run *r, struct diag *d);

#endif
