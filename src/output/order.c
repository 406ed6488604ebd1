/* SPDX-License-Identifier: Apache-2.0 */
#include "output/order.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

#define LIMIT_BYTES (8u << 20)
#define FLUSH_EVERY 256u	/* calls of order_reached() by a worker without alerts of its own */
#define DONE UINT64_MAX

struct held {
	u64 key;
	u64 since_ns;		/* when it came; 0: patience has no end */
	u32 len, prio;
};

struct lane {
	struct buf bytes;	/* struct held and line, again and again; under the lock */
	size_t at;		/* of the first that is still held */
	u64 reached;		/* atomic */
	u32 calls;		/* the worker's own */
	bool dirty;		/* the same: alerts came since the last flush */
	u8 apart[64];		/* each is written by another thread, all the time */
};

struct order {
	struct order_options opt;
	struct outputs *outputs;
	struct lane *lanes;
	pthread_mutex_t lock;
	pthread_cond_t room;
	u64 last;		/* key of the alert that went on last */
	u64 late;
};

struct order *order_new(const struct order_options *opt, struct outputs *outputs)
{
	struct order *o = xcalloc(1, sizeof(*o));
	pthread_condattr_t attr;

	o->opt = *opt;
	if (!o->opt.limit)
		o->opt.limit = LIMIT_BYTES;
	o->outputs = outputs;
	o->lanes = xcalloc(opt->workers, sizeof(*o->lanes));
	pthread_mutex_init(&o->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&o->room, &attr);
	pthread_condattr_destroy(&attr);
	return o;
}

static size_t held_bytes(const struct lane *l)
{
	return l->bytes.len - l->at;
}

static struct held head_of(const struct lane *l)
{
	struct held h;

	memcpy(&h, l->bytes.p + l->at, sizeof(h));
	return h;
}

static u64 slowest(const struct order *o)
{
	u64 min = DONE;

	for (u32 i = 0; i < o->opt.workers; i++)
		min = u64_min(min, __atomic_load_n(&o->lanes[i].reached, __ATOMIC_ACQUIRE));
	return min;
}

/* The one with the smallest key; NULL: nothing is held. */
static struct lane *first_lane(const struct order *o, struct held *ret)
{
	struct lane *first = NULL;

	for (u32 i = 0; i < o->opt.workers; i++) {
		struct lane *l = &o->lanes[i];
		struct held h;

		if (!held_bytes(l))
			continue;
		h = head_of(l);
		if (first && h.key >= ret->key)
			continue;
		first = l;
		*ret = h;
	}
	return first;
}

static void drop_head(struct lane *l, const struct held *h)
{
	l->at += sizeof(*h) + h->len;
	if (l->at == l->bytes.len) {
		buf_clear(&l->bytes);
		l->at = 0;
	} else if (l->at > l->bytes.len / 2 && l->at > 65536) {
		memmove(l->bytes.p, l->bytes.p + l->at, held_bytes(l));
		l->bytes.len -= l->at;
		l->at = 0;
	}
}

static bool go_on(struct order *o, struct lane *l, const struct held *h)
{
	bool queued = outputs_push(o->outputs, h->prio, l->bytes.p + l->at + sizeof(*h), h->len);

	if (h->key < o->last)
		o->late++;
	else
		o->last = h->key;
	drop_head(l, h);
	return queued;
}

/* With the lock held.  False: an alert was dropped. */
static bool flush(struct order *o)
{
	u64 min = slowest(o), old = o->opt.patience_ms ? clock_ns(CLOCK_MONOTONIC) - o->opt.patience_ms * 1000000ull : 0;
	bool all = true, any = false;
	struct held h;
	struct lane *l;

	while ((l = first_lane(o, &h)) && (h.key <= min || h.since_ns < old)) {
		all &= go_on(o, l, &h);
		any = true;
	}
	if (any)
		pthread_cond_broadcast(&o->room);
	return all;
}

static void sleep_a_while(struct order *o)
{
	u64 until = clock_ns(CLOCK_MONOTONIC) + 50000000;
	struct timespec ts = { .tv_sec = (time_t)(until / 1000000000), .tv_nsec = (long)(until % 1000000000) };

	pthread_cond_timedwait(&o->room, &o->lock, &ts);
}

/* With the lock held: more is held for a worker than may be.  False: an alert was dropped. */
static bool make_room(struct order *o, struct lane *l)
{
	bool all = true;
	struct held h;

	if (o->opt.patience_ms) {
		while (held_bytes(l) > o->opt.limit) {
			struct lane *first = first_lane(o, &h);

			all &= go_on(o, first, &h);
		}
		return all;
	}
	/* the slowest holds what belongs to one event only, and never waits */
	while (held_bytes(l) > o->opt.limit && slowest(o) < __atomic_load_n(&l->reached, __ATOMIC_RELAXED) &&
	       !(o->opt.interrupted && o->opt.interrupted())) {
		sleep_a_while(o);
		all &= flush(o);
	}
	return all;
}

bool order_push(struct order *o, u32 worker, u64 key, enum priority prio, const char *line, size_t len)
{
	struct lane *l = &o->lanes[worker];
	struct held h = { .key = key, .len = (u32)len, .prio = prio,
			  .since_ns = o->opt.patience_ms ? clock_ns(CLOCK_MONOTONIC) : 0 };
	bool all = true;

	l->dirty = true;
	pthread_mutex_lock(&o->lock);
	buf_add(&l->bytes, &h, sizeof(h));
	buf_add(&l->bytes, line, len);
	if (held_bytes(l) > o->opt.limit)
		all = flush(o) && make_room(o, l);
	pthread_mutex_unlock(&o->lock);
	return all;
}

bool order_flush(struct order *o, u32 worker, u64 key)
{
	struct lane *l = &o->lanes[worker];
	bool all;

	if (key > l->reached)
		__atomic_store_n(&l->reached, key, __ATOMIC_RELEASE);
	l->dirty = false;
	pthread_mutex_lock(&o->lock);
	all = flush(o);
	pthread_mutex_unlock(&o->lock);
	return all;
}

bool order_reached(struct order *o, u32 worker, u64 key)
{
	struct lane *l = &o->lanes[worker];

	if (l->dirty || ++l->calls % FLUSH_EVERY == 0)
		return order_flush(o, worker, key);
	if (key > l->reached)
		__atomic_store_n(&l->reached, key, __ATOMIC_RELEASE);
	return true;
}

u64 order_place(const struct order *o, u32 worker)
{
	return __atomic_load_n(&o->lanes[worker].reached, __ATOMIC_RELAXED);
}

void order_end(struct order *o, u32 worker)
{
	order_flush(o, worker, DONE);
}

u64 order_late(struct order *o)
{
	u64 n;

	pthread_mutex_lock(&o->lock);
	n = o->late;
	pthread_mutex_unlock(&o->lock);
	return n;
}

void order_free(struct order *o)
{
	if (!o)
		return;
	for (u32 i = 0; i < o->opt.workers; i++)
		order_end(o, i);
	for (u32 i = 0; i < o->opt.workers; i++)
		buf_fini(&o->lanes[i].bytes);
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->room);
	free(o->lanes);
	free(o);
}
