/* SPDX-License-Identifier: Apache-2.0 */
/* Distances counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/similar.h"

static void distances(void **state)
{
	static const struct {
		const char *a, *b;
		u32 distance;
	} rows[] = {
		{ "", "", 0 }, { "", "abc", 3 }, { "open", "open", 0 }, { "opnat", "openat", 1 },
		{ "opennat", "openat", 1 }, { "opemat", "openat", 1 }, { "opneat", "openat", 1 },
		{ "execev", "execve", 1 }, { "kill", "tkill", 1 }, { "fork", "clone", 4 },
		{ "abcd", "badc", 2 },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(similar_distance(rows[i].a, rows[i].b), rows[i].distance);
		assert_int_equal(similar_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
}

static void limits(void **state)
{
	char longest[SIMILAR_MAX], too_long[SIMILAR_MAX + 1];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[SIMILAR_MAX - 1] = '\0';
	memset(too_long, 'a', sizeof(too_long));
	too_long[SIMILAR_MAX] = '\0';
	assert_int_equal(similar_distance(longest, longest), 0);
	assert_int_equal(similar_distance(longest, ""), SIMILAR_MAX - 1);
	assert_int_equal(similar_distance(too_long, "a"), UINT32_MAX);
	assert_int_equal(similar_distance("a", too_long), UINT32_MAX);
	assert_true(similar_enough("opn", 1));
	assert_false(similar_enough("ab", 1));
	assert_false(similar_enough("opn", 2));
	assert_true(similar_enough("abcdefghijklmno", 3));
	assert_false(similar_enough("abcdefghijklmno", 4));
	assert_false(similar_enough(too_long, UINT32_MAX));
}

static const char *likeliest(const char *word)
{
	struct similar s = { .word = word };

	similar_offer(&s, "opened");
	similar_offer(&s, "openat2");
	similar_offer(&s, "openat");
	similar_offer(&s, "opena");
	return s.best ? s.best : "none";
}

static void offers(void **state)
{
	(void)state;
	assert_string_equal(likeliest("opeant"), "openat");
	assert_string_equal(likeliest("openat3"), "openat2");
	assert_string_equal(likeliest("close"), "none");
	assert_string_equal(likeliest(""), "none");
	assert_string_not_equal(likeliest("openat"), "openat");	/* nobody means what he wrote */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(distances), cmocka_unit_test(limits),
					   cmocka_unit_test(offers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
