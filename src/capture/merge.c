/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/merge.h"

#include <errno.h>

#include "base/clock.h"

#define NAP_MIN_MS 2
#define NAP_MAX_MS 40
#define TEND_EVENTS 1000
#define EPOCH_CHECK_NS 5000000000ull

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

static void tend(struct merge *m)
{
	m->untended = 0;
	if (m->ops->tend)
		m->ops->tend(m);
}

static struct stream *oldest(struct merge *m)
{
	struct stream *min = NULL;

	for (size_t i = 0; i < m->streams.n; i++) {
		struct stream *s = m->streams.p[i];

		if (s->head && (!min || s->ts < min->ts))
			min = s;
	}
	return min;
}

static struct stream *next(struct merge *m)
{
	struct stream *s;

	if (m->last)
		m->ops->consume(m->last);
	m->last = NULL;
	if (m->untended++ > TEND_EVENTS)
		tend(m);
	s = oldest(m);
	if (!s || s->ts > m->horizon) {
		tend(m);
		/* the clock first: what is not there when looked for after it is younger */
		m->horizon = clock_ns(CLOCK_BOOTTIME) + m->epoch_ns - MERGE_GRACE_NS;
		for (size_t i = 0; i < m->streams.n; i++)
			if (!m->streams.p[i]->head)
				m->ops->peek(m->streams.p[i]);
		s = oldest(m);
		if (!s || s->ts > m->horizon)
			return NULL;
	}
	m->last = s;
	return s;
}

static int nap(struct merge *m, int timeout_ms)
{
	struct timespec grace = { .tv_nsec = MERGE_GRACE_NS };

	for (size_t i = 0; i < m->streams.n; i++)
		m->ops->release(m->streams.p[i]);
	if (oldest(m))
		return nanosleep(&grace, NULL) ? -errno : 0;
	return m->ops->wait(m, timeout_ms);
}

static void check_epoch(struct merge *m, u64 now)
{
	u64 epoch;
	s64 off;

	if (now - m->epoch_checked < EPOCH_CHECK_NS)
		return;
	m->epoch_checked = now;
	epoch = boot_epoch();
	off = epoch - m->epoch_ns;
	if (off > -1000000 && off < 1000000)
		return;		/* noise; a step of the clock is more */
	m->epoch_ns = epoch;
	m->ops->epoch(m, epoch);
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
		check_epoch(m, now);
		if (!end)
			end = now + (u64)timeout_ms * 1000000;
		if (now >= end)
			return -EAGAIN;
		if ((u64)ms * 1000000 > end - now)
			ms = (end - now) / 1000000 + 1;
		err = nap(m, ms);
		if (err)
			return err;
		if (m->nap_ms < NAP_MAX_MS)
			m->nap_ms *= 2;
	}
}
