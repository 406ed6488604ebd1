/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/ring_grow.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/cap.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#define RING_MAX (512ull << 20)
#define PAUSE_NS 1000000000ull	/* after a ring that could not be had */

struct ring_grower {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	VEC(struct ring_change *) turns;	/* changes that are the thread's turn */
	bool stop;
	int map;		/* borrowed */
	u64 budget;
	u64 used;		/* atomic, as all below */
	struct ring_grow_stats stats;
};

static void count(u64 *n)
{
	__atomic_add_fetch(n, 1, __ATOMIC_RELAXED);
}

static void set_state(struct ring_change *c, enum change_state state)
{
	__atomic_store_n(&c->state, state, __ATOMIC_RELEASE);
}

/* ---- the thread ------------------------------------------------------------------------ */

static void make(struct ring_grower *g, struct ring_change *c)
{
	c->err = ring_new(c->bytes, &c->made);
	if (c->err)
		count(&g->stats.failed);
	set_state(c, c->err ? CHANGE_FAILED : CHANGE_MADE);
}

static void publish(struct ring_grower *g, struct ring_change *c)
{
	c->err = bpf_map_update_elem(g->map, &c->key, &c->made->fd, BPF_ANY) ? -errno : 0;
	count(c->err ? &g->stats.failed : &g->stats.grown);
	set_state(c, c->err ? CHANGE_FAILED : CHANGE_PUBLISHED);
}

static struct ring_change *next_turn(struct ring_grower *g)
{
	struct ring_change *c = NULL;

	pthread_mutex_lock(&g->lock);
	while (!g->turns.n && !g->stop)
		pthread_cond_wait(&g->work, &g->lock);
	if (!g->stop)
		c = g->turns.p[--g->turns.n];
	pthread_mutex_unlock(&g->lock);
	return c;
}

static void *grow(void *arg)
{
	struct ring_grower *g = arg;
	struct ring_change *c;
	struct caps caps;

	if (!caps_get(&caps))
		caps_give_up(caps.permitted & CAP_BIT(CAP_BPF) ? CAP_BIT(CAP_BPF) : CAP_BIT(CAP_SYS_ADMIN), 0);
	while ((c = next_turn(g))) {
		if (__atomic_load_n(&c->state, __ATOMIC_ACQUIRE) == CHANGE_MAKE)
			make(g, c);
		else
			publish(g, c);
	}
	return NULL;
}

struct ring_grower *ring_grower_new(u64 budget, u64 used)
{
	struct ring_grower *g = xcalloc(1, sizeof(*g));

	g->budget = budget;
	g->used = used;
	g->map = -1;
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->work, NULL);
	if (!thread_start(&g->thread, grow, g))
		return g;
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->work);
	free(g);
	return NULL;
}

void ring_grower_free(struct ring_grower *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&g->lock);
	g->stop = true;
	pthread_cond_signal(&g->work);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->thread, NULL);
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->work);
	vec_fini(&g->turns);
	free(g);
}

void ring_grower_add(struct ring_grower *g, int map, struct ring_set *set, u32 first_key)
{
	g->map = map;
	set->first_key = first_key;
	set->grower = g;
}

void ring_grower_stats(struct ring_grower *g, struct ring_grow_stats *ret)
{
	*ret = (struct ring_grow_stats){
		.bytes = __atomic_load_n(&g->used, __ATOMIC_RELAXED),
		.grown = __atomic_load_n(&g->stats.grown, __ATOMIC_RELAXED),
		.refused = __atomic_load_n(&g->stats.refused, __ATOMIC_RELAXED),
		.failed = __atomic_load_n(&g->stats.failed, __ATOMIC_RELAXED),
	};
}

/* ---- the reader ------------------------------------------------------------------------ */

static void give_turn(struct ring_set *s, enum change_state state)
{
	struct ring_grower *g = s->grower;

	set_state(&s->change, state);
	pthread_mutex_lock(&g->lock);
	vec_push(&g->turns, &s->change);
	pthread_cond_signal(&g->work);
	pthread_mutex_unlock(&g->lock);
}

static u64 fill_of(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE) - r->pos;
}

/* Takes it from the budget. */
static bool reserve(struct ring_grower *g, u64 bytes)
{
	if (bytes > RING_MAX)
		return false;
	if (__atomic_add_fetch(&g->used, bytes, __ATOMIC_RELAXED) <= g->budget)
		return true;
	__atomic_sub_fetch(&g->used, bytes, __ATOMIC_RELAXED);
	return false;
}

static void give_back(struct ring_set *s, struct ring *r)
{
	__atomic_sub_fetch(&s->grower->used, r->size, __ATOMIC_RELAXED);
	ring_free(r);
}

static void ask(struct ring_set *s, u32 slot)
{
	struct ring *r = s->rings[slot];
	/* the fuller, the larger the step: each takes some ten milliseconds */
	u64 bytes = fill_of(r) > r->size / 4 * 3 ? 4 * r->size : 2 * r->size;

	if (!reserve(s->grower, bytes) && !reserve(s->grower, bytes = 2 * r->size)) {
		count(&s->grower->stats.refused);
		s->no_change_before_ns = clock_ns(CLOCK_MONOTONIC) + PAUSE_NS;
		return;
	}
	s->change = (struct ring_change){ .slot = slot, .key = s->first_key + slot, .bytes = (u32)bytes };
	give_turn(s, CHANGE_MAKE);
}

static void look_for_full(struct ring_set *s)
{
	for (u32 i = 0; i < s->n; i++) {
		if (fill_of(s->rings[i]) <= s->rings[i]->size / 2)
			continue;
		if (!s->no_change_before_ns || clock_ns(CLOCK_MONOTONIC) > s->no_change_before_ns)
			ask(s, i);
		return;
	}
}

static void read_both(struct ring_set *s)
{
	struct epoll_event e = { .events = EPOLLIN };

	epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->change.made->fd, &e);	/* else it naps a little longer */
	merge_add(&s->merge, &s->change.made->stream);
	give_turn(s, CHANGE_PUBLISH);
}

static void replace(struct ring_set *s)
{
	vec_push(&s->old, s->rings[s->change.slot]);
	s->rings[s->change.slot] = s->change.made;
	set_state(&s->change, CHANGE_NONE);
}

static void give_up(struct ring_set *s)
{
	if (s->change.made) {
		merge_remove(&s->merge, &s->change.made->stream);
		give_back(s, s->change.made);
	} else {
		__atomic_sub_fetch(&s->grower->used, s->change.bytes, __ATOMIC_RELAXED);
	}
	s->no_change_before_ns = clock_ns(CLOCK_MONOTONIC) + PAUSE_NS;
	set_state(&s->change, CHANGE_NONE);
}

static void drop_old(struct ring_set *s)
{
	for (size_t i = 0; i < s->old.n; ) {
		struct ring *r = s->old.p[i];

		if (r->stream.head || fill_of(r)) {
			i++;
			continue;
		}
		merge_remove(&s->merge, &r->stream);
		give_back(s, r);
		s->old.p[i] = s->old.p[--s->old.n];
	}
}

void ring_set_tend(struct ring_set *s)
{
	if (!s->grower)
		return;
	drop_old(s);
	switch (__atomic_load_n(&s->change.state, __ATOMIC_ACQUIRE)) {
	case CHANGE_NONE:
		look_for_full(s);
		break;
	case CHANGE_MADE:
		read_both(s);
		break;
	case CHANGE_PUBLISHED:
		replace(s);
		break;
	case CHANGE_FAILED:
		give_up(s);
		break;
	}
}
