/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's perf buffers, two for each CPU: one for all events and one, the lane, for those
 * that must not be lost.  CPUs that come later get theirs when perf_rings_watch() sees them.
 */
#ifndef SAKER_CAPTURE_PERF_RING_H
#define SAKER_CAPTURE_PERF_RING_H

#include "base/diag.h"
#include "capture/merge.h"

enum { PERF_EVENTS, PERF_LANE, PERF_KINDS };

struct perf_event_mmap_page;

struct perf_ring {
	struct stream stream;
	int fd;				/* owned; -1: its CPU is not there */
	u64 size;			/* of the data area, a power of two */
	u64 pos;			/* of the next record */
	u64 released;			/* what the kernel was told of it */
	u64 step;			/* length of the record at pos */
	u64 lost;			/* events, as the kernel says */
	struct perf_event_mmap_page *page;	/* mapped; the data follow */
	u8 *joined;			/* owned: a record that lies around the end */
};

struct perf_rings {
	struct merge merge;
	struct perf_ring *rings;	/* owned, PERF_KINDS for each possible CPU */
	u32 ncpus;
	u32 first;			/* key of the first CPU's in the maps */
	u64 bytes[PERF_KINDS];
	int maps[PERF_KINDS];		/* borrowed: where programs look the buffers up */
	int epoll;			/* owned; -1: none */
	u64 watched_ns;
	u64 *online;			/* owned: bits of CPUs, when last looked */
	/* may be NULL; called when the clock was set */
	void (*epoch)(struct perf_rings *r, u64 epoch_ns);
};

/* worker: whose buffers these are; those of worker i have the keys from i * ncpus on. */
int perf_rings_init(struct perf_rings *r, u32 worker, u32 ncpus, u32 bytes, u32 lane_bytes, const int *maps,
		    struct diag *d);
void perf_rings_fini(struct perf_rings *r);
/* Events that did not fit, of all. */
u64 perf_rings_lost(const struct perf_rings *r);

#endif
