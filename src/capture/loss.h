/* SPDX-License-Identifier: Apache-2.0 */
/* Which events a program in the kernel is for: what is lost with it. */
#ifndef SAKER_CAPTURE_LOSS_H
#define SAKER_CAPTURE_LOSS_H

#include "capture/driver.h"

/* The event of that type, and that of the call's beginning. */
void loss_add_event(struct driver_loss *l, u32 type);
void loss_add_forks(struct driver_loss *l);
void loss_add_execs(struct driver_loss *l);
/* Events that say more than their standard parameters. */
void loss_add_extras(struct driver_loss *l);
/* Events whose paths and addresses are copied when the call begins. */
void loss_add_entered(struct driver_loss *l);

#endif
