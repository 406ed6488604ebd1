/* SPDX-License-Identifier: Apache-2.0 */
/* What is lost with a CO-RE program. */
#ifndef SAKER_CAPTURE_CORE_LOSS_H
#define SAKER_CAPTURE_CORE_LOSS_H

#include "capture/driver.h"

/* By the program's number, see core_load.h; all: nothing takes its place; small: a lesser one. */
void core_loss_of(u32 id, bool all, bool small, struct driver_loss *ret);

#endif
