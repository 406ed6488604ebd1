/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a loop looks at now and then, between two events: is the sensor well, is anything lost, is a
 * report due?  Each worker does it for itself; what concerns the driver, the whole of the
 * sensor, and reports is the first one's.
 */
#ifndef SAKER_APP_WATCH_H
#define SAKER_APP_WATCH_H

#include "app/loop.h"

/*
 * The beginning of a run that goes on with another driver than it should: an alert, so that
 * those who read no logs know.
 */
void watch_tell_fallback(struct run *r);

/* By the loop, or when it does not run. */
void watch_health(const struct run *r, struct health *ret);
/* The same, to the desk; watch_look() does it once a second. */
void watch_publish_health(struct run *r);

/* A wait for ms milliseconds brought no event. */
void watch_waited(struct run *r, u32 ms);

/* What watch_look() does when it is due. */
int watch_look_now(struct run *r, u64 ts_ns, struct diag *d);

/* After an event of ts_ns (0: none yet) or a wait.  Negative errno: the run is to end, d says why. */
static inline int watch_look(struct run *r, u64 ts_ns, struct diag *d)
{
	if (!r->idle && ts_ns - r->looked_ns < NS_PER_S && !desk_wanted(&r->desk) &&
	    !report_is_due(&r->report, ts_ns) && (r->index || !drops_due(&r->drops, ts_ns)))
		return 0;
	return watch_look_now(r, ts_ns, d);
}

#endif
