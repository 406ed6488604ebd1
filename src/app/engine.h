/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of event sources (engine.kind): one row each, with what opens it. */
#ifndef SAKER_APP_ENGINE_H
#define SAKER_APP_ENGINE_H

#include "app/loop.h"

#define EXIT_NO_DRIVER 69	/* status of the program; EX_UNAVAILABLE of sysexits.h */

/*
 * Opens the source of r->cfg->engine_kind: r->proc, r->capture, r->live and, for a live
 * source, r->driver are set.  -ENODEV: no driver works here.
 */
int engine_open(struct run *r, struct diag *d);
/*
 * The same for the other workers of a source that is open.  Where it cannot be divided, crew->n was
 * made 1 when it was opened.
 */
int engine_open_workers(struct crew *c, struct diag *d);
/* Appends the names of the rules that want one of the events (a bit for each type); their number. */
u32 engine_rules_of(const struct run *r, const u64 *events, struct buf *out);
/* What the driver needs whatever the rules are is made while they are read.  engine_unprepare() afterwards, always. */
void engine_prepare(const struct config *c);
void engine_unprepare(const struct config *c);
bool engine_is_replay(const struct config *c);

#endif
