/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, strings, hash tables and diagnostics. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/vec.h"

static void test_buf_numbers(void **state)
{
	static const struct {
		s64 v;
		const char *text;
	} rows[] = {
		{ 0, "0" }, { 7, "7" }, { -1, "-1" }, { 1234567890123456789, "1234567890123456789" },
		{ INT64_MIN, "-9223372036854775808" }, { INT64_MAX, "9223372036854775807" },
	};
	struct buf b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		buf_clear(&b);
		buf_add_s64(&b, rows[i].v);
		assert_string_equal(buf_str(&b), rows[i].text);
	}
	buf_clear(&b);
	buf_add_u64(&b, UINT64_MAX);
	buf_addf(&b, " %s %d", "x", 3);
	assert_string_equal(buf_str(&b), "18446744073709551615 x 3");
	buf_fini(&b);
}

/* Memory that is only reserved is not shown. */
static void test_buf_empty(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_string_equal(buf_str(&b), "");
	buf_reserve(&b, 200);
	memset(b.p, 'x', 200);
	assert_string_equal(buf_str(&b), "");
	buf_fini(&b);
}

static void test_buf_json(void **state)
{
	static const struct {
		const char *in;
		size_t len;	/* 0: strlen */
		const char *out;
	} rows[] = {
		{ "plain", 0, "plain" },
		{ "a\"b\\c", 0, "a\\\"b\\\\c" },
		{ "\b\t\n\f\r\x01\x1f", 0, "\\b\\t\\n\\f\\r\\u0001\\u001f" },
		{ "a\0b", 3, "a\\u0000b" },
		{ "\x7f", 0, "\x7f" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 0, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xff", 0, "\xef\xbf\xbd" },
		{ "\xc3", 0, "\xef\xbf\xbd" },
		{ "\xc3(", 0, "\xef\xbf\xbd(" },
		{ "\xe2\x82(", 0, "\xef\xbf\xbd(" },		/* one for the cut sequence */
		{ "\xed\xa0\x80", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },	/* a surrogate */
		{ "\xc0\xaf", 0, "\xef\xbf\xbd\xef\xbf\xbd" },	/* overlong */
		{ "\xf4\x90\x80\x80", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf0\x9f\x98", 0, "\xef\xbf\xbd" },
	};
	struct buf b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		buf_clear(&b);
		buf_add_json(&b, rows[i].in, rows[i].len ? rows[i].len : strlen(rows[i].in));
		assert_string_equal(buf_str(&b), rows[i].out);
	}
	buf_fini(&b);
}

/* Insert and delete at random beside a plain array, which knows the truth. */
static void test_map64(void **state)
{
	enum { KEYS = 997 };
	static int values[KEYS];
	bool present[KEYS] = { false };
	struct map64 m = { 0 };
	struct map64_entry *e;
	size_t count = 0, seen = 0, pos = 0, i;
	u64 x = 88172645463325252ull, k;

	(void)state;
	assert_null(map64_get(&m, 1));
	assert_null(map64_del(&m, 1));
	for (i = 0; i < 200000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		k = x % KEYS;
		if (x >> 32 & 1) {
			map64_put(&m, k << 40 | k, &values[k]);
			count += !present[k];
			present[k] = true;
		} else {
			assert_ptr_equal(map64_del(&m, k << 40 | k), present[k] ? &values[k] : NULL);
			count -= present[k];
			present[k] = false;
		}
	}
	assert_int_equal(m.count, count);
	for (k = 0; k < KEYS; k++)
		assert_ptr_equal(map64_get(&m, k << 40 | k), present[k] ? &values[k] : NULL);
	while ((e = map64_next(&m, &pos))) {
		assert_true(present[e->key & 0xffff]);
		seen++;
	}
	assert_int_equal(seen, count);
	map64_fini(&m);
}

static void test_strmap(void **state)
{
	struct arena a;
	struct strmap m = { 0 };
	char key[32];
	size_t i;

	(void)state;
	arena_init(&a);
	assert_null(strmap_gets(&m, "x"));
	for (i = 0; i < 5000; i++)
		strmap_put(&m, arena_printf(&a, "key %zu", i), (size_t)snprintf(key, sizeof(key), "key %zu", i), (void *)(i + 1));
	strmap_put(&m, "", 0, &m);
	assert_int_equal(m.count, 5001);
	for (i = 0; i < 5000; i += 2)
		assert_ptr_equal(strmap_del(&m, key, (size_t)snprintf(key, sizeof(key), "key %zu", i)), (void *)(i + 1));
	for (i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key %zu", i);
		assert_ptr_equal(strmap_gets(&m, key), i % 2 ? (void *)(i + 1) : NULL);
	}
	assert_ptr_equal(strmap_gets(&m, ""), &m);
	strmap_fini(&m);
	arena_fini(&a);
}

static void test_arena(void **state)
{
	struct arena a;
	size_t i, n;
	u8 *p, *big;

	(void)state;
	arena_init(&a);
	for (i = 0; i < 3000; i++) {
		n = i * 7 % 400;
		p = arena_alloc(&a, n);
		assert_int_equal((uintptr_t)p % 16, 0);
		memset(p, 0xaa, n);
	}
	big = arena_alloc(&a, 1000000);
	assert_int_equal(big[0] | big[999999], 0);
	assert_string_equal(arena_printf(&a, "%s-%d", "x", 5), "x-5");
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 10));
	arena_fini(&a);
	assert_int_equal(a.bytes, 0);
}

static void test_diag_keeps_first(void **state)
{
	struct diag d = { 0 };

	(void)state;
	assert_int_equal(diag_at(&d, 3, 4, 50, "first %d", 1), -EINVAL);
	assert_int_equal(diag_set(&d, "second"), -EINVAL);
	assert_string_equal(d.msg, "first 1");
	assert_int_equal(d.line, 3);
	assert_int_equal(d.col, 4);
	assert_int_equal(d.offset, 50);
	diag_set(NULL, "nobody listens");
	diag_fini(&d);
	assert_null(d.msg);
}

static void test_vec(void **state)
{
	VEC(int) v = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		vec_push(&v, i * 3);
	assert_int_equal(v.n, 1000);
	assert_int_equal(v.p[999], 2997);
	vec_fini(&v);
	assert_null(v.p);
}

static void test_bytes(void **state)
{
	char s[64];
	u32 seed = 1;

	(void)state;
	for (u32 round = 0; round < 20000; round++) {
		size_t len = round % 50;
		bool want = false;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			s[i] = "xyzxyzxyzxyzwwwvvv/."[(seed >> 16) % (round % 3 ? 20 : 19)];
			want |= i && s[i - 1] == '/' && (s[i] == '/' || s[i] == '.');
		}
		assert_int_equal(bytes_follow(s, len, '/', '/', '.'), want);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_numbers),
		cmocka_unit_test(test_buf_empty),
		cmocka_unit_test(test_buf_json),
		cmocka_unit_test(test_map64),
		cmocka_unit_test(test_strmap),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_diag_keeps_first),
		cmocka_unit_test(test_vec),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
