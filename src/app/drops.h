/* SPDX-License-Identifier: Apache-2.0 */
/* Watches, once per second of event time, how many events were lost. */
#ifndef SAKER_APP_DROPS_H
#define SAKER_APP_DROPS_H

#include "app/config.h"
#include "base/clock.h"
#include "capture/capture.h"

struct drops {
	const struct config *cfg;
	u64 next_check_ns;
	struct capture_stats last;
	double tokens;			/* of actions */
	u64 tokens_ns;
	u64 occurrences, actions;
	u64 simulated;
};

/* What a check asks the caller to do. */
struct drops_verdict {
	bool alert, exit;
	struct capture_stats delta;
	u64 made;			/* events since the last check, lost ones included */
	u64 dropped;			/* of these */
};

void drops_init(struct drops *d, const struct config *cfg);
/* True when a second is over: then *ret tells what is to be done. */
bool drops_check(struct drops *d, struct capture *c, u64 ts_ns, struct drops_verdict *ret);
/* Is it time to look?  A clock that was set back makes it time, too. */
static inline bool drops_due(const struct drops *d, u64 ts_ns)
{
	return ts_ns > d->next_check_ns || d->next_check_ns - ts_ns > 2 * NS_PER_S;
}

/* The line of log and alert. */
void drops_message(const struct drops_verdict *v, struct buf *out);
/* All events lost so far. */
u64 drops_total(const struct capture_stats *s);

#endif
