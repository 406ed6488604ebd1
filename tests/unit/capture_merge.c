/* SPDX-License-Identifier: Apache-2.0 */
/* The order of events over several rings, the waits for them, and what happens when the clock is set. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "capture/merge.h"

#define EVENTS_MAX 64
#define HOUR_NS (3600 * NS_PER_S)

struct ring {
	struct stream stream;
	struct event_hdr events[EVENTS_MAX];
	u32 n, at;
	bool endless;		/* there is always one more, with a stamp a little later */
	u64 later_ns;
};

static struct {
	struct merge merge;
	struct ring rings[3];
	u32 waits, releases, epochs;
	u64 epoch_ns;		/* told last */
	int wait_err;
	struct ring *fills;	/* while it waits */
	u64 fills_ts;
} fake;

static void put(u32 ring, u64 ts_ns)
{
	struct ring *r = &fake.rings[ring];

	assert_in_range(r->n, 0, EVENTS_MAX - 1);
	r->events[r->n++] = (struct event_hdr){ .ts_ns = ts_ns, .tid = ring, .len = sizeof(struct event_hdr) };
}

static void peek(struct stream *s)
{
	struct ring *r = container_of(s, struct ring, stream);

	s->head = NULL;
	if (r->endless && r->at == r->n) {
		u64 last = r->events[r->n - 1].ts_ns;

		r->at = r->n = 0;
		put((u32)(r - fake.rings), last + r->later_ns);
	}
	if (r->at == r->n)
		return;
	s->head = &r->events[r->at];
	s->len = s->head->len;
	s->ts = s->head->ts_ns;
}

static void consume(struct stream *s)
{
	container_of(s, struct ring, stream)->at++;
	peek(s);
}

static void release(struct stream *s)
{
	(void)s;
	fake.releases++;
}

static int wait_for(struct merge *m, int timeout_ms)
{
	struct timespec t = { .tv_nsec = timeout_ms * 1000000l };

	(void)m;
	fake.waits++;
	if (fake.wait_err)
		return fake.wait_err;
	if (fake.fills)
		put((u32)(fake.fills - fake.rings), fake.fills_ts);
	fake.fills = NULL;
	nanosleep(&t, NULL);
	return 0;
}

static void set_epoch(struct merge *m, u64 epoch_ns)
{
	(void)m;
	fake.epochs++;
	fake.epoch_ns = epoch_ns;
}

static const struct merge_ops ops = {
	.peek = peek, .consume = consume, .release = release, .wait = wait_for, .epoch = set_epoch,
};

static int set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	merge_init(&fake.merge, &ops);
	for (u32 i = 0; i < ARRAY_SIZE(fake.rings); i++)
		merge_add(&fake.merge, &fake.rings[i].stream);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	merge_fini(&fake.merge);
	return 0;
}

/* Of the driver's clock, as it was told. */
static u64 now(void)
{
	return clock_ns(CLOCK_BOOTTIME) + fake.merge.epoch_ns;
}

static void expect(u32 ring, u64 ts_ns)
{
	struct raw_event ev;

	assert_int_equal(merge_next(&fake.merge, &ev, 1000), 0);
	assert_int_equal(ev.hdr->tid, ring);
	assert_int_equal(ev.hdr->ts_ns, ts_ns);
	assert_true(ev.live);
}

static void expect_none(int timeout_ms)
{
	struct raw_event ev;

	assert_int_equal(merge_next(&fake.merge, &ev, timeout_ms), -EAGAIN);
}

static void order(void **state)
{
	u64 t = now() - NS_PER_S;

	(void)state;
	put(0, t + 1);
	put(0, t + 4);
	put(0, t + 6);
	put(1, t + 2);
	put(1, t + 3);
	put(2, t + 5);
	expect(0, t + 1);
	expect(1, t + 2);
	expect(1, t + 3);
	expect(0, t + 4);
	expect(2, t + 5);
	expect(0, t + 6);
	expect_none(0);
	/* what comes later, in a ring that was empty */
	put(2, t + 7);
	expect(2, t + 7);
	merge_remove(&fake.merge, &fake.rings[2].stream);
	put(2, t + 8);
	put(1, t + 9);
	expect(1, t + 9);
	expect_none(0);
	assert_int_equal(fake.epochs, 0);
}

/* One that is younger than the grace may still get an older neighbour. */
static void grace(void **state)
{
	u64 t = now() + 20 * NS_PER_MS;

	(void)state;
	put(0, t);
	expect_none(0);
	put(1, t - 30 * NS_PER_MS);
	expect(1, t - 30 * NS_PER_MS);
	expect(0, t);
	assert_true(now() >= t + MERGE_GRACE_NS);
	assert_int_equal(fake.waits, 0);
}

static void waits(void **state)
{
	u64 begin = clock_ns(CLOCK_MONOTONIC), t = now() - NS_PER_S;
	struct raw_event ev;

	(void)state;
	expect_none(0);
	assert_int_equal(fake.waits, 0);
	expect_none(50);
	assert_in_range(clock_ns(CLOCK_MONOTONIC) - begin, 50 * NS_PER_MS, 5 * NS_PER_S);
	assert_in_range(fake.waits, 2, 20);	/* naps that get longer */
	assert_true(fake.releases >= 3 * fake.waits);
	fake.fills = &fake.rings[1];
	fake.fills_ts = t;
	expect(1, t);
	fake.wait_err = -EINTR;
	assert_int_equal(merge_next(&fake.merge, &ev, 50), -EINTR);
}

static u64 cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* Less than what counts as another epoch: it is waited for, asleep. */
static void a_little_ahead(void **state)
{
	u64 t = now() + 300 * NS_PER_MS, cpu = cpu_ns();

	(void)state;
	put(0, t);
	fake.merge.nap_ms = 32;
	expect_none(200);
	assert_true(cpu_ns() - cpu < 20 * NS_PER_MS);
	expect(0, t);
	assert_true(now() >= t);
}

/* The clock was set back by an hour, and rings hold what was stamped before. */
static void set_back(void **state)
{
	u64 t;

	(void)state;
	fake.merge.epoch_ns += HOUR_NS;	/* as it was when the driver was told */
	t = now() - NS_PER_S;
	put(0, t + 1);
	put(1, t + 2);
	put(0, t + 3);
	put(0, t + 4 - HOUR_NS);
	put(1, t + 5 - HOUR_NS);
	put(2, t + 6 - HOUR_NS);
	/* in the order in which they happened, and at once */
	expect(0, t + 1);
	assert_int_equal(fake.epochs, 1);
	assert_int_equal(fake.epoch_ns, fake.merge.epoch_ns);
	expect(1, t + 2);
	expect(0, t + 3);
	expect(0, t + 4 - HOUR_NS);
	expect(1, t + 5 - HOUR_NS);
	expect(2, t + 6 - HOUR_NS);
	expect_none(0);
	assert_false(fake.merge.ahead);
	/* and there is a grace again */
	t = now() + 20 * NS_PER_MS;
	put(0, t);
	expect_none(0);
	expect(0, t);
}

/* Another reader of the same driver has noticed, and told it. */
static void set_by_another(void **state)
{
	u64 t = now() - NS_PER_S;

	(void)state;
	expect_none(0);		/* its own look at the clock was a moment ago */
	put(0, t + HOUR_NS);
	put(1, t + 1);
	put(0, t + 2);
	expect(0, t + HOUR_NS);
	expect(1, t + 1);
	expect(0, t + 2);
	assert_int_equal(fake.epochs, 0);
	/* set forward: what was stamped before still comes first */
	t = now();
	fake.merge.epoch_ns -= HOUR_NS;
	fake.merge.epoch_checked -= NS_PER_S;
	put(0, t + 4);
	put(1, t + 3 - HOUR_NS);
	expect(1, t + 3 - HOUR_NS);
	expect(0, t + 4);
	assert_int_equal(fake.epochs, 1);
}

/* There is always something to do. */
static void under_load(void **state)
{
	struct raw_event ev;
	u64 t;

	(void)state;
	expect_none(0);
	fake.merge.epoch_ns += HOUR_NS;
	t = now();
	fake.rings[1].endless = true;
	fake.rings[1].later_ns = 1;
	put(1, t - HOUR_NS - 1000 * NS_PER_S);
	assert_int_equal(merge_next(&fake.merge, &ev, 0), 0);
	put(0, t);
	peek(&fake.rings[0].stream);
	fake.merge.epoch_checked -= 5 * NS_PER_S;
	for (u32 i = 0; i < 5000 && !fake.epochs; i++)
		assert_int_equal(merge_next(&fake.merge, &ev, 0), 0);
	assert_int_equal(fake.epochs, 1);
	assert_int_equal(ev.hdr->tid, 0);	/* older than all that comes now */
	assert_int_equal(merge_next(&fake.merge, &ev, 0), 0);
	assert_int_equal(ev.hdr->tid, 1);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(order), TEST(grace), TEST(waits), TEST(a_little_ahead), TEST(set_back), TEST(set_by_another),
		TEST(under_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
