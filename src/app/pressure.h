/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does user space come along?  It does not when a driver holds events back (schema/pressure.h) or a ring
 * was full.  Looked at once a second by the first worker.
 */
#ifndef SAKER_APP_PRESSURE_H
#define SAKER_APP_PRESSURE_H

#include "base/buf.h"
#include "capture/capture.h"

#define PRESSURE_CALM_S 5	/* seconds without, until it counts as over */

struct pressure {
	bool on;
	u32 calm;			/* seconds */
	u64 held, lost;			/* as they were last, */
	u64 begin_held, begin_lost;	/* and when it began */
	u64 occurrences;
};

enum pressure_news { PRESSURE_SAME, PRESSURE_BEGINS, PRESSURE_ENDS };

enum pressure_news pressure_check(struct pressure *p, const struct capture_stats *s);

/* What is held back most: "N openat in /tmp/ by process 123, ...", nothing when nothing is. */
void pressure_describe(struct capture *c, struct buf *out);

#endif
