/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says about the choice of system calls. */
#ifndef SAKER_APP_INTEREST_LOG_H
#define SAKER_APP_INTEREST_LOG_H

#include "app/interest.h"

/*
 * How the set came about, step by step (log, mostly debug), and which calls of rules are not in
 * it (standard error, whatever the log's level).
 */
void interest_log(const struct interest_choice *ch, struct ruleset *set);
/*
 * Warns of events that the driver (NULL: any) does not deliver: those that rules name or that are in custom.
 */
void interest_warn_undelivered(const struct driver *d, const struct sysset *undelivered, const struct sysset *custom,
			       struct ruleset *set);

#endif
