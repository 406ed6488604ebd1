/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where others ask a loop for its figures.
 *
 * The loop looks at the desk between two events (it wakes every 200 ms at least) and fills a
 * snapshot when somebody waits for one.  Askers may be many and eager: within DESK_FRESH_MS they get
 * the same one.
 */
#ifndef SAKER_APP_DESK_H
#define SAKER_APP_DESK_H

#include <pthread.h>

#include "app/snapshot.h"

#define DESK_FRESH_MS 100
#define DESK_STALLED_MS 10000

struct desk {
	pthread_mutex_t lock;
	pthread_cond_t served;
	bool wanted;			/* read without the lock */
	bool closed;
	u64 filled_ms;			/* when, monotonic; 0: never */
	struct snapshot last;
	u64 healthy_ms;			/* when health was published, monotonic; 0: never */
	struct health health;
};

void desk_init(struct desk *d);
void desk_fini(struct desk *d);

/* By the loop. */
void desk_serve(struct desk *d, const struct run *r);
static inline bool desk_wanted(const struct desk *d)
{
	return __builtin_expect(__atomic_load_n(&d->wanted, __ATOMIC_RELAXED), 0);
}

static inline void desk_look(struct desk *d, const struct run *r)
{
	if (desk_wanted(d))
		desk_serve(d, r);
}
/* Once a second: what health reports are made of. */
void desk_publish(struct desk *d, const struct health *h);
/* The loop has ended: who waits gets what there was last. */
void desk_close(struct desk *d);

/*
 * By any other thread: what the loop has is added to sum.  0, -ETIMEDOUT (the loop does not come
 * back from an event), -ESHUTDOWN: it has ended and never served.
 */
int desk_ask(struct desk *d, u32 timeout_ms, struct snapshot *sum);

/*
 * By another loop, which must not wait: desk_want() asks, desk_take() adds what was served since
 * since_ms (monotonic) to sum, or what there is in the end.  0, -EAGAIN: not yet, -ESHUTDOWN as above.
 */
void desk_want(struct desk *d);
int desk_take(struct desk *d, u64 since_ms, struct snapshot *sum);

/* As published last.  0, or -ETIMEDOUT: that was DESK_STALLED_MS ago, or never happened. */
int desk_ask_health(struct desk *d, struct health *ret);

#endif
