/* SPDX-License-Identifier: Apache-2.0 */
/* Which system calls a driver shall capture. */
#ifndef SAKER_APP_INTEREST_H
#define SAKER_APP_INTEREST_H

#include "app/config.h"
#include "capture/capture.h"

/*
 * Those that the enabled rules can match, those that keep the picture of the processes
 * right, and what base_syscalls adds, less what it takes away.  Logs what a rule loses.
 */
void interest_compute(const struct config *c, const struct ruleset *set, struct interest *ret);

/* Left out unless base_syscalls.all is set. */
bool interest_is_heavy(u32 code);

#endif
