/* SPDX-License-Identifier: Apache-2.0 */
/* What is said at the end of a run, of all workers together. */
#ifndef SAKER_APP_STATS_H
#define SAKER_APP_STATS_H

#include "app/loop.h"

/* Alerts by severity and rule, to standard output. */
void stats_print_rules(struct run *r);
/* Events, drops and everything else that got lost, to standard error and the log. */
void stats_print_events(struct run *r);

#endif
