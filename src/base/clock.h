/* SPDX-License-Identifier: Apache-2.0 */
/* Times as one number. */
#ifndef SAKER_BASE_CLOCK_H
#define SAKER_BASE_CLOCK_H

#include <time.h>

#include "base/types.h"

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull

/* Of CLOCK_MONOTONIC, CLOCK_REALTIME, ...; these never fail. */
static inline u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (u64)ts.tv_sec * NS_PER_S + (u64)ts.tv_nsec;
}

static inline u64 clock_ms(clockid_t clock)
{
	return clock_ns(clock) / NS_PER_MS;
}

static inline u64 clock_s(clockid_t clock)
{
	return clock_ns(clock) / NS_PER_S;
}

#endif
