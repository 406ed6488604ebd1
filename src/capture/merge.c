/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/merge.h"

#include <errno.h>

#include "base/clock.h"

#define NAP_MIN_MS 2
#define NAP_MAX_MS 40
#define TEND_EVENTS 1000
#define EPOCH_CHECK_NS (5 * NS_PER_S)
#define AHEAD_NS NS_PER_S	/* a stamp that is further in the future is of another epoch */
#define AHEAD_CHECK_NS (100 * NS_PER_MS)

/* What boot time must be added to for the time since 1970: the least disturbed of a few tries. */
static u64 boot_epoch(void)
{
	u64 best = ~0ull, epoch = 0;

	for (int i = 0; i < 5; i++) {
		u64 a = clock_ns(CLOCK_BOOTTIME), now = clock_ns(CLOCK_REALTIME);
		u64 b = clock_ns(CLOCK_BOOTTIME);

		if (b - a < best) {
			best = b - a;
			epoch = now - (a + b) / 2;
		}
	}
	return epoch;
}

void merge_init(struct merge *m, const struct merge_ops *ops)
{
	*m = (struct merge){ .ops = ops, .epoch_ns = boot_epoch(), .nap_ms = NAP_MIN_MS };
}

void merge_fini(struct merge *m)
{
	vec_fini(&m->streams);
	m->last = NULL;
}

void merge_add(struct merge *m, struct stream *s)
{
	vec_push(&m->streams, s);
}

void merge_remove(struct merge *m, struct stream *s)
{
	for (size_t i = 0; i < m->streams.n; i++)
		if (m->streams.p[i] == s)
			m->streams.p[i--] = m->streams.p[--m->streams.n];
}

/* Looked at by time, not only when there is nothing to do: under load the clock may be set, too. */
static void check_epoch(struct merge *m, u64 every_ns)
{
	const struct timespec grace = { .tv_nsec = MERGE_GRACE_NS };
	u64 now = clock_ns(CLOCK_BOOTTIME), epoch;
	s64 off;

	if (now - m->epoch_checked < every_ns)
		return;
	m->epoch_checked = now;
	epoch = boot_epoch();
	off = (s64)(epoch - m->epoch_ns);
	if (off > -1000000 && off < 1000000)
		return;		/* noise; a step of the clock is more */
	m->epoch_ns = epoch;
	m->ops->epoch(m, epoch);
	m->horizon = 0;		/* it was of the old epoch */
	nanosleep(&grace, NULL);	/* what has a stamp of the old epoch has been written by then */
}

static void tend(struct merge *m)
{
	m->untended = 0;
	check_epoch(m, EPOCH_CHECK_NS);
	if (m->ops->tend)
		m->ops->tend(m);
}

static struct stream *oldest(const struct merge *m)
{
	struct stream *min = NULL;

	for (size_t i = 0; i < m->streams.n; i++) {
		struct stream *s = m->streams.p[i];

		if (s->head && (!min || s->ts < min->ts))
			min = s;
	}
	return min;
}

/*
 * The oldest of those with a stamp from the future: the clock was set back since, so it is older
 * than whatever has a stamp of the present, and would hide what is behind it until its time comes.
 */
static struct stream *oldest_ahead(const struct merge *m)
{
	struct stream *min = NULL;

	for (size_t i = 0; i < m->streams.n; i++) {
		struct stream *s = m->streams.p[i];

		if (s->head && s->ts > m->horizon + AHEAD_NS && (!min || s->ts < min->ts))
			min = s;
	}
	return min;
}

static void look(struct merge *m)
{
	/* the clock first: what is not there when looked for after it is younger */
	m->horizon = clock_ns(CLOCK_BOOTTIME) + m->epoch_ns - MERGE_GRACE_NS;
	for (size_t i = 0; i < m->streams.n; i++)
		if (!m->streams.p[i]->head)
			m->ops->peek(m->streams.p[i]);
}

/* With a fresh horizon. */
static struct stream *look_again(struct merge *m)
{
	struct stream *s;

	tend(m);
	look(m);
	s = oldest_ahead(m);
	if (s) {
		/* or it was set forward, and another reader of this driver knows already */
		check_epoch(m, AHEAD_CHECK_NS);
		look(m);
		s = oldest_ahead(m);
	}
	m->ahead = s;
	if (s)
		return s;
	s = oldest(m);
	return s && s->ts <= m->horizon ? s : NULL;
}

static struct stream *next(struct merge *m)
{
	struct stream *s;

	if (m->last)
		m->ops->consume(m->last);
	m->last = NULL;
	if (m->untended++ > TEND_EVENTS)
		tend(m);
	s = m->ahead ? NULL : oldest(m);
	if (!s || s->ts > m->horizon)
		s = look_again(m);
	m->last = s;
	return s;
}

static int nap(struct merge *m, int timeout_ms)
{
	const struct stream *s;
	struct timespec t = { 0 };
	u64 ns;

	for (size_t i = 0; i < m->streams.n; i++)
		m->ops->release(m->streams.p[i]);
	s = oldest(m);
	if (!s)
		return m->ops->wait(m, timeout_ms);
	ns = s->ts > m->horizon ? s->ts - m->horizon : 0;
	ns = u64_min(u64_max(ns, MERGE_GRACE_NS), (u64)timeout_ms * NS_PER_MS);
	t.tv_nsec = (long)ns;	/* naps are shorter than a second */
	return nanosleep(&t, NULL) ? -errno : 0;
}

int merge_next(struct merge *m, struct raw_event *ret, int timeout_ms)
{
	u64 end = 0;

	for (;;) {
		const struct stream *s = next(m);
		int err, ms = m->nap_ms;
		u64 now;

		if (s) {
			m->nap_ms = NAP_MIN_MS;
			*ret = (struct raw_event){ .hdr = s->head, .len = s->len, .cpu = s->cpu,
						   .worker = s->worker, .live = true };
			return 0;
		}
		if (timeout_ms <= 0)
			return -EAGAIN;
		now = clock_ns(CLOCK_BOOTTIME);
		if (!end)
			end = now + (u64)timeout_ms * NS_PER_MS;
		if (now >= end)
			return -EAGAIN;
		if ((u64)ms * NS_PER_MS > end - now)
			ms = (end - now) / NS_PER_MS + 1;
		err = nap(m, ms);
		if (err)
			return err;
		if (m->nap_ms < NAP_MAX_MS)
			m->nap_ms *= 2;
	}
}
