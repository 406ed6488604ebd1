/* SPDX-License-Identifier: Apache-2.0 */
/* The table of features and drivers that `saker driver probe` prints. */
#ifndef SAKER_APP_DRIVER_PROBE_H
#define SAKER_APP_DRIVER_PROBE_H

#include "app/config.h"
#include "setup/choose.h"

/* Prints to standard output; false: no driver would work. */
bool driver_probe(const struct config *c, struct system *sys, bool json);

#endif
