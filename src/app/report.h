/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics snapshot at intervals: as an internal alert and as a line of a file.  Used by the loop. */
#ifndef SAKER_APP_REPORT_H
#define SAKER_APP_REPORT_H

#include "app/metrics.h"

struct run;

struct report {
	const struct config *cfg;	/* NULL: there are no reports */
	const struct facts *facts;
	int fd;				/* of output_file; -1: none */
	u64 interval_ns;
	u64 next_ns;			/* 0: not yet known */
	u64 asked_ms;			/* when other workers were asked for their figures, monotonic; 0: not */
	u64 samples;
	u64 failed;			/* lines that could not be written */
	struct metrics_past past;
};

/* With the rights of the start.  0, or -errno with d: the file cannot be opened. */
int report_init(struct report *p, const struct config *cfg, const struct facts *facts, struct diag *d);
void report_fini(struct report *p);

/* Is it time?  The first time is an interval after the first call. */
static inline bool report_is_due(const struct report *p, u64 ts_ns)
{
	return p->cfg && (p->asked_ms || ts_ns >= p->next_ns ||
			  p->next_ns - ts_ns > 2 * p->interval_ns);	/* set back */
}

/*
 * When it is due; other workers may have to be asked first, then it stays due.  *ret: fields for an
 * alert, to be freed, when true is returned.
 */
bool report_make(struct report *p, const struct run *r, u64 ts_ns, struct metrics_fields *ret);

#endif
