/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the sensor still see?
 *
 * A child process gives itself the same unusual name again, each second (prctl): a call that is
 * always of interest, by a process that the driver does not leave out.  It must come back as an event,
 * through the driver, the ring and the decoder.  The loop looks once a second whether it did and
 * whether the driver's books balance.
 */
#ifndef SAKER_APP_HEARTBEAT_H
#define SAKER_APP_HEARTBEAT_H

#include "capture/capture.h"
#include "event/event.h"

#define HEARTBEAT_MISSED_MAX 5	/* seconds without one until the sensor counts as blind */

struct heartbeat {
	bool on;
	s32 pid;		/* 0: there is none any more */
	int pipe;		/* the child ends when it is closed; -1: it is another worker's */
	char name[16];
	/*
	 * Of the child, in events: what others send under its name is not ours.  0: not known yet, in a pid
	 * namespace of our own; the first one that comes back is believed.
	 */
	s64 tid;
	u64 beats;
	u64 last_ns;		/* monotonic: of the last beat, or the start */
	u32 missed;		/* seconds since then in which the loop looked */
	u32 unbalanced;		/* seconds in a row in which the books did not balance */
	u64 adrift;		/* by how much, last */
	bool blind;
	u64 blind_alerts;
	char reason[160];
};

/*
 * Starts the child; before privileges are given up, and better before there are threads.
 * 0 or a negative errno.
 */
int heartbeat_start(struct heartbeat *h);
void heartbeat_stop(struct heartbeat *h);
/* The same child, watched by another worker: names are told to all.  There is nothing to stop. */
void heartbeat_share(struct heartbeat *h, const struct heartbeat *from);

/* Is this event a beat?  Then it is counted, and not for rules. */
bool heartbeat_take(struct heartbeat *h, const struct event *ev);

enum heartbeat_news { NO_NEWS, NOW_BLIND, SEES_AGAIN };

/*
 * Once a second, before heartbeat_check().  fetched: events that were taken from c, by all workers; idle:
 * there are no more now.
 */
void heartbeat_check_books(struct heartbeat *h, struct capture *c, u64 fetched, bool idle);

/* Once a second, between two events.  What has changed; reason says why. */
enum heartbeat_news heartbeat_check(struct heartbeat *h);

#endif
