/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers: threads that each run the loop of loop.h on a picture of the system of their own.
 *
 * The first worker is the run that was opened and goes on in the main thread; the others are made
 * from it.  They share the compiled rules, which nothing changes, the way to the outputs, the log,
 * and the flag that ends them all.  All functions are for the main thread.
 */
#ifndef SAKER_APP_WORKERS_H
#define SAKER_APP_WORKERS_H

#include "app/loop.h"

/* How many the configuration asks for; says so when they are more than there are CPUs. */
u32 workers_wanted(const struct config *c);

struct workers_options {
	const struct alert_options *alerts;
	void (*init_fields)(void *ctx, struct run *r);	/* sets up r->fctx */
	void *ctx;
};

/*
 * first is open, with crew->n as the number of workers that its source has: opens it for the
 * others, too.  Negative errno: d says why.
 */
int workers_open(struct run *first, const struct workers_options *opt, struct diag *d);
/* Runs all of them until the last one has ended. */
int workers_run(struct crew *c, struct diag *d);
/* Closes all but the first one. */
void workers_fini(struct crew *c);

#endif
