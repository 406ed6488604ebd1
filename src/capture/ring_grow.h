/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rings that grow while they are used.
 *
 * A reader that finds a ring of its set more than half full asks for a larger one.  A thread of
 * the grower makes it, the reader looks into both from then on, and the thread puts the new one
 * into the map from which the programs take their rings.  When that is done no program writes into
 * the old one any more (the kernel waits for those that were about to), and it goes as soon as it
 * has been read to its end.  Nothing is lost, and all stays in the order of time.
 *
 * The thread keeps the capability that this needs (CAP_BPF), and nothing else.
 */
#ifndef SAKER_CAPTURE_RING_GROW_H
#define SAKER_CAPTURE_RING_GROW_H

#include "capture/ring.h"

enum change_state {
	CHANGE_NONE,
	CHANGE_MAKE,		/* the grower's turn */
	CHANGE_MADE,
	CHANGE_PUBLISH,		/* the grower's turn */
	CHANGE_PUBLISHED,
	CHANGE_FAILED,
};

struct ring_grow_stats {
	u64 bytes;		/* of all rings at present */
	u64 grown;		/* rings replaced by larger ones */
	u64 refused;		/* there was no room for a larger one */
	u64 failed;		/* the kernel did not make it */
};

/* budget, used: bytes.  NULL: no thread can be had. */
struct ring_grower *ring_grower_new(u64 budget, u64 used);
/* After the threads that read rings have ended, before the sets are freed. */
void ring_grower_free(struct ring_grower *g);
/* map: the rings by key; set's begin at first_key.  Before the set is read. */
void ring_grower_add(struct ring_grower *g, int map, struct ring_set *set, u32 first_key);
void ring_grower_stats(struct ring_grower *g, struct ring_grow_stats *ret);

/* For the reader of a set, between two events, now and then. */
void ring_set_tend(struct ring_set *s);

#endif
