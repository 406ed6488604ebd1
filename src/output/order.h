/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts of several workers in one order, on their way into the queue of outputs.h.
 *
 * Each worker hands in its alerts with ascending keys (numbers of events, or times) and tells
 * how far it has come.  An alert goes on when all workers have come as far as its key; alerts of
 * one worker with the same key keep their order.
 *
 * Any thread may call, each for its own worker; new, free and late are the main thread's.
 */
#ifndef SAKER_OUTPUT_ORDER_H
#define SAKER_OUTPUT_ORDER_H

#include "output/outputs.h"

struct order_options {
	u32 workers;
	/*
	 * Longest time that an alert is held back for the sake of a worker that lags; such a
	 * worker's own alerts then come late and are counted.  0: for ever, and a worker that is
	 * ahead of the others by more than limit waits for them.
	 */
	u32 patience_ms;
	size_t limit;		/* bytes of alerts held for one worker; 0: 8 MiB */
	bool (*interrupted)(void);	/* is the wait to be given up?  May be NULL */
};

struct order;

struct order *order_new(const struct order_options *opt, struct outputs *o);	/* o: borrowed */
/* What is still held goes on first. */
void order_free(struct order *o);

/* False: the queue was full, and an alert (of any worker) was dropped and counted there. */
bool order_push(struct order *o, u32 worker, u64 key, enum priority prio, const char *line, size_t len);
/* No alert of this worker with a key up to this one will come any more.  False: as above. */
bool order_reached(struct order *o, u32 worker, u64 key);
/* The same, and what can go on does so now: for a worker that has nothing to do. */
bool order_flush(struct order *o, u32 worker, u64 key);
/* The key that this worker has told last, 0 at first: for an alert that belongs to no event. */
u64 order_place(const struct order *o, u32 worker);
/* This worker is done. */
void order_end(struct order *o, u32 worker);
/* Alerts that came after younger ones had gone on. */
u64 order_late(struct order *o);

#endif
