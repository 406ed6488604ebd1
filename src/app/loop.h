/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop and what it works with. */
#ifndef SAKER_APP_LOOP_H
#define SAKER_APP_LOOP_H

#include "app/cmdline.h"
#include "app/drops.h"
#include "capture/capture.h"
#include "output/outputs.h"
#include "proc/proc.h"
#include "rules/rules.h"

/* One worker's run, from opening the source to the statistics. */
struct run {
	const struct cmdline *cmd;
	struct config *cfg;
	const char *hostname;		/* evt.hostname; NULL: this machine's */
	const struct field_set *fields;
	struct ruleset *set;

	struct interest interest;
	struct proc *proc;
	struct capture *capture;
	bool live;			/* a driver, not a file */
	struct outputs *outputs;
	struct alert_printer *printer;
	struct field_ctx fctx;
	struct buf line;
	struct drops drops;

	u64 nevents;			/* fetched */
	u64 nvisible;			/* that rules could see */
	u64 ninvalid;			/* that could not be decoded */
	u64 nalerts;
	u64 alerts_dropped;		/* set at the end: the queue was full, */
	u64 alerts_stuck;		/* an output blocked for good */
	u64 first_ts_ns, last_ts_ns;
};

/* Until the source ends, a signal comes, or the time is over.  Negative errno: d says why. */
int loop_run(struct run *r, struct diag *d);

#endif
