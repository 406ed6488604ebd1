/* SPDX-License-Identifier: Apache-2.0 */
#include "app/desk.h"

#include <errno.h>

#include "base/clock.h"

void desk_init(struct desk *d)
{
	pthread_condattr_t attr;

	*d = (struct desk){ .wanted = false };
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->served, &attr);
	pthread_condattr_destroy(&attr);
}

void desk_fini(struct desk *d)
{
	snapshot_fini(&d->last);
	pthread_cond_destroy(&d->served);
	pthread_mutex_destroy(&d->lock);
}

void desk_serve(struct desk *d, const struct run *r)
{
	struct snapshot s = { 0 }, old;

	snapshot_fill(&s, r);
	pthread_mutex_lock(&d->lock);
	old = d->last;
	d->last = s;
	d->filled_ms = clock_ms(CLOCK_MONOTONIC);
	__atomic_store_n(&d->wanted, false, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&d->served);
	pthread_mutex_unlock(&d->lock);
	snapshot_fini(&old);
}

void desk_close(struct desk *d)
{
	pthread_mutex_lock(&d->lock);
	d->closed = true;
	pthread_cond_broadcast(&d->served);
	pthread_mutex_unlock(&d->lock);
}

static bool is_fresh(const struct desk *d, u64 asked_ms)
{
	return d->filled_ms && d->filled_ms + DESK_FRESH_MS >= asked_ms;
}

/* With the lock held.  err: to be returned while better figures may come. */
static int take(struct desk *d, bool good, int err, struct snapshot *sum)
{
	if (!d->filled_ms || !(good || d->closed))
		return d->closed ? -ESHUTDOWN : err;
	snapshot_add(sum, &d->last);
	return 0;
}

int desk_ask(struct desk *d, u32 timeout_ms, struct snapshot *sum)
{
	u64 asked = clock_ms(CLOCK_MONOTONIC), end = asked + timeout_ms;
	struct timespec until = { .tv_sec = (time_t)(end / 1000), .tv_nsec = (long)(end % 1000) * 1000000 };
	int err = 0;

	pthread_mutex_lock(&d->lock);
	while (!is_fresh(d, asked) && !d->closed && !err) {
		__atomic_store_n(&d->wanted, true, __ATOMIC_RELAXED);
		err = -pthread_cond_timedwait(&d->served, &d->lock, &until);
	}
	err = take(d, is_fresh(d, asked), err, sum);
	pthread_mutex_unlock(&d->lock);
	return err;
}

void desk_want(struct desk *d)
{
	__atomic_store_n(&d->wanted, true, __ATOMIC_RELAXED);
}

int desk_take(struct desk *d, u64 since_ms, struct snapshot *sum)
{
	int err;

	pthread_mutex_lock(&d->lock);
	err = take(d, d->filled_ms >= since_ms, -EAGAIN, sum);
	pthread_mutex_unlock(&d->lock);
	return err;
}

void desk_publish(struct desk *d, const struct health *h)
{
	pthread_mutex_lock(&d->lock);
	d->health = *h;
	d->healthy_ms = clock_ms(CLOCK_MONOTONIC);
	pthread_mutex_unlock(&d->lock);
}

int desk_ask_health(struct desk *d, struct health *ret)
{
	int err;

	pthread_mutex_lock(&d->lock);
	err = d->healthy_ms && d->healthy_ms + DESK_STALLED_MS >= clock_ms(CLOCK_MONOTONIC) ? 0 : -ETIMEDOUT;
	*ret = d->health;
	pthread_mutex_unlock(&d->lock);
	return err;
}
