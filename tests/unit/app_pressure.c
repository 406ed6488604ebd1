/* SPDX-License-Identifier: Apache-2.0 */
/* When the sensor counts as under pressure, which events are alike, and what is said of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "app/pressure.h"
#include "event/table.h"

#define inline_ inline
#include "drivers/pressure.h"

static void begins_and_ends(void **state)
{
	struct pressure p = { 0 };
	struct capture_stats s = { .seen = 5 };

	(void)state;
	assert_int_equal(pressure_check(&p, &s), PRESSURE_SAME);
	s.held = 7;
	assert_int_equal(pressure_check(&p, &s), PRESSURE_BEGINS);
	s.drops_buffer = 2;
	assert_int_equal(pressure_check(&p, &s), PRESSURE_SAME);
	for (u32 i = 1; i < PRESSURE_CALM_S; i++)
		assert_int_equal(pressure_check(&p, &s), PRESSURE_SAME);
	assert_int_equal(pressure_check(&p, &s), PRESSURE_ENDS);
	assert_int_equal(p.held - p.begin_held, 7);
	assert_int_equal(p.lost - p.begin_lost, 2);
	assert_int_equal(pressure_check(&p, &s), PRESSURE_SAME);
	s.drops_buffer = 3;	/* a loss alone is pressure, too */
	assert_int_equal(pressure_check(&p, &s), PRESSURE_BEGINS);
	assert_int_equal(p.occurrences, 2);
	assert_int_equal(p.lost - p.begin_lost, 1);
}

static void levels(void **state)
{
	(void)state;
	assert_int_equal(pressure_of(0, 4096), 0);
	assert_int_equal(pressure_of(2048, 4096), 0);
	assert_int_equal(pressure_of(2049, 4096), 1);
	assert_int_equal(pressure_of(3072, 4096), 1);
	assert_int_equal(pressure_of(3073, 4096), 2);
	assert_int_equal(held_kind(EV_SYSCALL_OPENAT_2_X), HELD_PATH2);
	assert_int_equal(held_kind(EV_SYSCALL_OPEN_X), HELD_PATH1);
	assert_int_equal(held_kind(EV_SYSCALL_READ_X), HELD_FD);
	assert_int_equal(held_kind(EV_SOCKET_CONNECT_X), HELD_EQUAL);
}

/* One in a second, and a slot that somebody else takes begins anew. */
static void slots(void **state)
{
	struct held h = { 0 };
	u64 t = 1000 * HELD_FOR_NS;

	(void)state;
	assert_false(held_back(&h, 5, t));
	assert_true(held_back(&h, 5, t + 1));
	assert_true(held_back(&h, 5, t + HELD_FOR_NS - 1));
	assert_false(held_back(&h, 5, t + HELD_FOR_NS));
	assert_int_equal(h.count, 2);
	assert_true(held_back(&h, 5, t + HELD_FOR_NS + 1));
	assert_int_equal(h.count, 3);
	assert_false(held_back(&h, 6, t + HELD_FOR_NS + 2));
	assert_int_equal(h.count, 0);
	assert_false(held_back(&h, 6, t + HELD_FOR_NS + 2 + HELD_FORGET_NS));
}

/* Values from Python's hash() of bytes, with a key of zeros: its algorithm is SipHash-1-3, which ends with the length. */
static void hash_is_siphash(void **state)
{
	struct held_hash h;
	u64 words[2];

	(void)state;
	memcpy(words, "saker 01saker 02", 16);
	held_hash_init(&h, 0, 0);
	held_hash_add(&h, words[0]);
	held_hash_add(&h, 8ull << 56);
	assert_true(held_hash_end(&h) == 0xb90c1eaae0871815ull);
	held_hash_init(&h, 0, 0);
	held_hash_add(&h, words[0]);
	held_hash_add(&h, words[1]);
	held_hash_add(&h, 16ull << 56);
	assert_true(held_hash_end(&h) == 0xc48086edc7f3a663ull);
	held_hash_init(&h, 1, 0);
	held_hash_add(&h, words[0]);
	held_hash_add(&h, 8ull << 56);
	assert_true(held_hash_end(&h) != 0xb90c1eaae0871815ull);
}

static void visit(struct capture *c, struct held_visitor *v)
{
	struct held h = { .count = 5, .fd = -1, .pid = 42, .code = SC_openat, .len = 5 };

	(void)c;
	memcpy(h.text, "/a\n\x80/", 5);
	v->visit(v, &h);
	v->visit(v, &h);	/* on another CPU */
	h = (struct held){ .count = 11, .fd = 3, .pid = 7, .code = SC_read };
	v->visit(v, &h);
	for (u32 pid = 1; pid < 4; pid++) {
		h = (struct held){ .count = 1, .fd = 0, .pid = pid, .code = SC_read };
		v->visit(v, &h);
	}
}

static void described(void **state)
{
	static const struct capture_ops ops = { .name = "fake", .held = visit }, none = { .name = "none" };
	struct capture c = { .ops = &ops };
	struct buf b = { 0 };

	(void)state;
	pressure_describe(&c, &b);
	assert_non_null(strstr(buf_str(&b), "11 read on descriptor 3 by process 7, 10 openat in /a../ by process 42, 1 read"));
	buf_clear(&b);
	c.ops = &none;
	pressure_describe(&c, &b);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_and_ends),
		cmocka_unit_test(levels),
		cmocka_unit_test(slots),
		cmocka_unit_test(hash_is_siphash),
		cmocka_unit_test(described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
