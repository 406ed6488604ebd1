/* SPDX-License-Identifier: Apache-2.0 */
/* What the sensor and its machine use of CPU and memory, as /proc and the cgroup tell. */
#ifndef SAKER_APP_RESOURCES_H
#define SAKER_APP_RESOURCES_H

#include "base/types.h"

#define NOT_KNOWN UINT64_MAX

/* What cannot be read is NOT_KNOWN, or a negative percentage. */
struct resources {
	u64 cpu_ns;			/* of this process, since its start */
	double cpu_perc, host_cpu_perc;	/* of one CPU since the start; of all since boot */
	u64 rss_kb, vsz_kb, pss_kb;
	u64 container_bytes;		/* of the cgroup */
	u64 host_used_kb, host_procs_running, host_open_fds;
};

/* Any thread.  start_ns: when the process started, monotonic.  Costs some 100 µs. */
void resources_get(struct resources *r, u64 start_ns);

#endif
