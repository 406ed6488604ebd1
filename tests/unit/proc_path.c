/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proc/proc.h"

static const struct {
	const char *base, *path, *want;
} joins[] = {
	{ "/home/p/", "file", "/home/p/file" },
	{ "/home/p/", "", "" },
	{ "/home/p/", ".", "/home/p" },
	{ "/home/p/", "..", "/home" },
	{ "/home/p/", "../up/./x//y", "/home/up/x/y" },
	{ "/home/p/", "../../../../x", "/x" },
	{ "/home/p/", "/abs", "/abs" },
	{ "", "//a///b/../c/", "/a/c" },
	{ "", "/", "/" },
	{ "", "/..", "/" },
	{ "", "/../..", "/" },
	{ "", "/.", "/" },
	{ "", "/a/..", "/" },
	{ "", "/a/.b/..c/...", "/a/.b/..c/..." },
	{ "", "/a/b/", "/a/b" },
	{ "./", "rel", "./rel" },
	{ "<UNKNOWN>", "x", "<UNKNOWN>x" },
	{ "pipe:[11]/", "under", "pipe:[11]/under" },
	{ "rel/", "../x", "x" },
	{ "/", ".", "/" },
};

static void test_joins(void **state)
{
	char out[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(joins); i++) {
		u32 n = path_concat(out, sizeof(out), joins[i].base, (u32)strlen(joins[i].base),
				    joins[i].path, (u32)strlen(joins[i].path));

		assert_string_equal(out, joins[i].want);
		assert_int_equal(n, strlen(joins[i].want));
	}
}

static void test_limits(void **state)
{
	static const char too_long[] = "/DIR_TOO_LONG/FILENAME_TOO_LONG";
	char path[2048], out[1024];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	assert_int_equal(path_concat(out, sizeof(out), NULL, 0, path, 1023), 1023);
	assert_int_equal(path_concat(out, sizeof(out), NULL, 0, path, 1024), strlen(too_long));
	assert_string_equal(out, too_long);
	/* the base counts, even when the path is absolute */
	path_concat(out, sizeof(out), "/b/", 3, path, 1021);
	assert_string_equal(out, too_long);
	path_concat(out, sizeof(out), "/b/", 3, path, 2000);
	assert_string_equal(out, too_long);
	assert_int_equal(path_concat(out, 8, "/", 1, path, 100), 7);
	assert_string_equal(out, "/DIR_TO");
	assert_int_equal(path_concat(out, 1, "/", 1, path, 100), 0);
	assert_int_equal(path_concat(out, 0, "/", 1, path, 100), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_joins),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
