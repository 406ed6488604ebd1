/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot as `saker top` gets it: totals, from which it makes rates.
 *
 *	{"version": 1, "time_ns": ..., "syscalls": [{"name": "openat", "seen": 9, ...}], ...}
 */
#ifndef SAKER_APP_FIGURES_JSON_H
#define SAKER_APP_FIGURES_JSON_H

#include "app/metrics.h"

#define FIGURES_VERSION 1
#define FIGURES_PATH "/figures"

void figures_json(const struct figures *f, struct buf *out);

#endif
