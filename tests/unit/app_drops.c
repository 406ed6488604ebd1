/* SPDX-License-Identifier: Apache-2.0 */
/* Drops over made-up seconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "app/drops.h"

#define SECOND_NS 1000000000ull

static struct capture_stats now;

static void get_stats(struct capture *c, struct capture_stats *ret)
{
	(void)c;
	*ret = now;
}

static const struct capture_ops ops = { .stats = get_stats };

/* One second later, with so many events and drops more. */
static bool second(struct drops *d, u64 events, u64 dropped, struct drops_verdict *v)
{
	static u64 ts_ns = 1700000000 * SECOND_NS;
	struct capture c = { .ops = &ops };

	now.events += events;
	now.drops_buffer += dropped;
	ts_ns += SECOND_NS + 1;
	return drops_check(d, &c, ts_ns, v);
}

static void threshold_and_rate(void **state)
{
	struct config cfg = { .drops_threshold = 0.1, .drops_rate = 0.5, .drops_burst = 1,
			      .drops_actions = DROP_ALERT };
	struct drops_verdict v;
	struct drops d;

	(void)state;
	now = (struct capture_stats){ 0 };
	drops_init(&d, &cfg);
	assert_false(second(&d, 0, 0, &v));	/* starts the clock */
	assert_true(second(&d, 90, 10, &v));	/* not above a tenth */
	assert_false(v.alert);
	assert_int_equal(d.occurrences, 0);
	assert_true(second(&d, 89, 11, &v));
	assert_true(v.alert);
	assert_int_equal(v.dropped, 11);
	assert_int_equal(v.delta.events, 89);
	assert_int_equal(v.made, 100);
	assert_true(second(&d, 0, 1, &v));	/* the burst is used up */
	assert_false(v.alert);
	assert_int_equal(d.occurrences, 2);
	assert_int_equal(d.actions, 1);
	second(&d, 100, 0, &v);
	assert_int_equal(v.dropped, 0);
	second(&d, 100, 50, &v);		/* half a token for each second: there is one again */
	assert_true(v.alert);
	assert_false(v.exit);
}

static void simulated(void **state)
{
	struct config cfg = { .drops_threshold = 1, .drops_burst = 5, .drops_actions = DROP_EXIT,
			      .drops_simulate = true };
	struct drops_verdict v;
	struct drops d;

	(void)state;
	now = (struct capture_stats){ 0 };
	drops_init(&d, &cfg);
	second(&d, 0, 0, &v);
	second(&d, 1000, 0, &v);
	assert_true(v.exit);
	assert_int_equal(v.dropped, 1);
}

static void total(void **state)
{
	const struct capture_stats s = { .events = 9, .drops_buffer = 2, .drops_scratch = 3 };

	(void)state;
	assert_int_equal(drops_total(&s), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threshold_and_rate),
		cmocka_unit_test(simulated),
		cmocka_unit_test(total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
