/* SPDX-License-Identifier: Apache-2.0 */
/* Durations as Prometheus writes them: "1h30m", "100ms". */
#ifndef SAKER_APP_DURATION_H
#define SAKER_APP_DURATION_H

#include "base/types.h"

/* From the largest unit to the smallest, each at most once.  -EINVAL: it is none, or too long. */
int duration_parse(const char *s, u64 *ret_ms);

#endif
