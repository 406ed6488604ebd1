/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <fnmatch.h>

#include "base/buf.h"
#include "filter/match.h"

static struct str str(const char *s)
{
	return (struct str){ s, (u32)strlen(s) };
}

static u32 random_below(u32 n)
{
	static u32 seed = 12345;

	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

static void random_text(char *out, u32 max, const char *alphabet)
{
	u32 n = random_below(max + 1);

	for (u32 i = 0; i < n; i++)
		out[i] = alphabet[random_below((u32)strlen(alphabet))];
	out[n] = 0;
}

/* The C library is the reference, for whole patterns as for broken ones. */
static void test_glob_as_fnmatch(void **state)
{
	(void)state;
	for (u32 i = 0; i < 300000; i++) {
		char pattern[13], text[9];
		bool fold = i & 1;

		random_text(pattern, 12, "abAB*?[]!-^/\\.");
		random_text(text, 8, "abAB-]/.\\");
		/* where a bracket never ends, or a class has no end, libraries differ */
		if (strchr(pattern, '['))
			continue;
		if (glob_match(str(pattern), str(text), fold) !=
		    !fnmatch(pattern, text, fold ? FNM_CASEFOLD : 0))
			fail_msg("'%s' on '%s', fold %d", pattern, text, fold);
	}
}

static void test_glob_brackets(void **state)
{
	(void)state;
	static const char *const patterns[] = {
		"[ab]",
		"[!ab]",
		"[^ab]",
		"[a-c]x",
		"[]a]",
		"[!]a]",
		"[a-]",
		"[[:alpha:]-]",
		"[[:digit:]a]*",
		"*[[:upper:]]",
		"[\\]]",
		"[a\\-c]",
		"[[:alnum:]_]*[!x]",
		"[.-/]",
		"[a-cx-z]",
		"a[b",
		"[",
		"[!",
	};

	for (size_t p = 0; p < ARRAY_SIZE(patterns); p++) {
		for (u32 i = 0; i < 20000; i++) {
			char text[4];
			bool fold = i & 1;

			random_text(text, 3, "abcxyzABC12-]/.[!_");
			if (glob_match(str(patterns[p]), str(text), fold) !=
			    !fnmatch(patterns[p], text, fold ? FNM_CASEFOLD : 0))
				fail_msg("'%s' on '%s', fold %d", patterns[p], text, fold);
		}
	}
}

static void test_sets(void **state)
{
	(void)state;
	for (u32 round = 0; round < 300; round++) {
		char texts[40][8], probe[16];
		struct str items[40];
		u32 n = random_below(40);
		struct arena a;
		struct affixes *prefixes, *suffixes;
		struct needles *needles;
		struct strset *set;

		arena_init(&a);
		for (u32 i = 0; i < n; i++) {
			random_text(texts[i], round % 3 ? 7 : 3, "abc");
			if (!texts[i][0] && round % 7)
				strcpy(texts[i], "b");
			items[i] = str(texts[i]);
		}
		set = strset_new(&a, items, n);
		prefixes = affixes_new(&a, items, n, false);
		suffixes = affixes_new(&a, items, n, true);
		needles = needles_new(&a, items, n);
		for (u32 k = 0; k < 300; k++) {
			bool is = false, starts = false, ends = false, holds = false;

			random_text(probe, 12, "abcd");
			for (u32 i = 0; i < n; i++) {
				is |= str_eq(str(probe), items[i]);
				starts |= str_starts(str(probe), items[i]);
				ends |= str_ends(str(probe), items[i]);
				holds |= strstr(probe, texts[i]) != NULL;
			}
			assert_int_equal(strset_has(set, probe, (u32)strlen(probe)), is);
			assert_int_equal(affixes_match(prefixes, str(probe)), starts);
			assert_int_equal(affixes_match(suffixes, str(probe)), ends);
			assert_int_equal(needles_match(needles, str(probe)), holds);
		}
		arena_fini(&a);
	}
}

static void test_paths(void **state)
{
	(void)state;
	static const struct {
		const char *list[3], *path;
		bool hit;
	} cases[] = {
		{ { "/opt/dir" }, "/opt/dir", true },
		{ { "/opt/dir" }, "/opt/dir/sub", true },
		{ { "/opt/dir" }, "/opt/directory", false },
		{ { "/opt/dir" }, "/opt", false },
		{ { "/opt/dir/" }, "//opt//dir//x", true },
		{ { "/a", "/b", "/opt" }, "/opt/dir", true },
		{ { "/opt/*" }, "/opt", false },
		{ { "/opt/*" }, "/opt/dir/x", true },
		{ { "/opt/*/x" }, "/opt/dir/y", false },
		{ { "/opt/di[a-z]/x" }, "/opt/dir/x/y", true },
		{ { "/opt*" }, "/opt/dir", true },
		{ { "/*" }, "", false },
		{ { "/" }, "/x", true },
		{ { "" }, "/x", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct str items[3];
		struct arena a;
		u32 n = 0;

		arena_init(&a);
		for (; n < 3 && cases[i].list[n]; n++)
			items[n] = str(cases[i].list[n]);
		if (paths_match(paths_new(&a, items, n), str(cases[i].path)) != cases[i].hit)
			fail_msg("%s in %s", cases[i].path, cases[i].list[0]);
		arena_fini(&a);
	}
}

static bool match(const char *pattern, const char *text, size_t len)
{
	struct diag d = { 0 };
	struct regex *r;
	bool hit;

	if (regex_new(str(pattern), &r, &d))
		fail_msg("%s: %s", pattern, d.msg);
	hit = regex_match(r, (struct str){ text, (u32)len });
	regex_free(r);
	return hit;
}

static void test_regex(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *text;
		bool hit;
	} cases[] = {
		{ "abc", "abc", true },
		{ "abc", "abcd", false },
		{ "", "", true },
		{ "", "a", false },
		{ "a|b", "b", true },
		{ "a|bc", "abc", false },
		{ "(a|ab)(c|bcd)", "abcd", true },
		{ "a{2,3}", "aa", true },
		{ "a{2,3}", "aaaa", false },
		{ "a{2,}", "aaaa", true },
		{ "a{,2}", "a{,2}", true },
		{ "a**", "aaa", true },
		{ "a+?", "", true },
		{ "(a{2}){2}", "aaaa", true },
		{ ".", "\n", false },
		{ "[^a]", "\n", true },
		{ ".", "\xc3\xa9", true },
		{ "..", "\xc3\xa9", false },
		{ "[\xc3\xa9]", "\xc3\xa9", true },
		{ ".", "\xff", true },
		{ "\\xff", "\xc3\xbf", true },
		{ "\\x{e9}", "\xc3\xa9", true },
		{ "\\.\\*", ".*", true },
		{ "\\101", "A", true },
		{ "[[:alpha:]_]+", "aZ_", true },
		{ "[[:^digit:]]", "x", true },
		{ "[a-c-]+", "a-c", true },
		{ "[]x]+", "]x", true },
		{ "[\\]]", "]", true },
		{ "^a$", "a", true },
		{ "a$\n^b", "a\nb", true },
		{ "(^|x)*a", "xxa", true },
		{ "a\\-b", "a-b", true },
		{ "a}", "a}", true },
		{ "()", "", true },
		{ "(|a)b", "b", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (match(cases[i].pattern, cases[i].text, strlen(cases[i].text)) != cases[i].hit)
			fail_msg("'%s' on '%s'", cases[i].pattern, cases[i].text);
}

static void test_bad_regex(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"[",       "[a-",   "[b-a]",       "a{3,2}",   "x{1001}", "(a{100}){11}{2}",
		"(a",      "a)",    "*a",          "a|*",      "\\",      "\\d",
		"\\b",     "\\1",   "\\pL",        "\\Qa\\E",  "\\C",     "\\A",
		"(?i)a",   "(?:a)", "(?=a)",       "(?P<n>a)", "(*UTF)",  "[[:foo:]]",
		"[a-b-c]", "\xff",  "\\x{110000}", "\\x1",     "\\8",     "\\_",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct diag d = { 0 };
		struct regex *r;

		if (!regex_new(str(bad[i]), &r, &d))
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(strstr(d.msg, "invalid regular expression"));
		diag_fini(&d);
	}
}

/* A string made to keep a backtracking matcher busy for ever. */
static void test_hostile_string(void **state)
{
	(void)state;
	static const char *const patterns[] = {"(a*)*b", "(a|aa)+b", "(a|a)*b",
					       "(.*)*(.*)*(.*)*[^a]", ".*.*.*.*.*=.*b"};
	struct buf b = { 0 };
	clock_t start = clock();

	for (u32 i = 0; i < 3000; i++)
		buf_addc(&b, 'a');
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		assert_false(match(patterns[i], b.p, b.len));
	buf_addc(&b, 'b');
	assert_true(match("(a|aa)+b", b.p, b.len));
	assert_true(match("(a*)*b", b.p, b.len));
	buf_fini(&b);
	assert_true((clock() - start) / CLOCKS_PER_SEC < 10);
}

static void test_simple_regex(void **state)
{
	(void)state;
	assert_true(regex_is_simple(str("^.*a b-c.?$")));
	assert_true(regex_is_simple(str("")));
	assert_false(regex_is_simple(str("a.b")));
	assert_false(regex_is_simple(str("s.*l")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glob_as_fnmatch), cmocka_unit_test(test_glob_brackets),
		cmocka_unit_test(test_sets),		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_regex),		cmocka_unit_test(test_bad_regex),
		cmocka_unit_test(test_hostile_string),	cmocka_unit_test(test_simple_regex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
