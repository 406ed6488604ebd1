/* SPDX-License-Identifier: Apache-2.0 */
/* Files made to hurt: each ends soon, with an error that says where, or works. */
#include "rules_help.h"

#include <unistd.h>

#define SECONDS_MAX 30		/* for all tests together, under sanitizers, too */

static void repeat(struct buf *b, const char *s, u32 n)
{
	for (u32 i = 0; i < n; i++)
		buf_adds(b, s);
}

/* Loads b and empties it; the first line of the report is compared up to its end. */
static void expect(struct buf *b, const char *start, const char *end)
{
	struct rules_options opt = test_options();
	struct rules *r = rules_new(&opt);
	struct buf out = { 0 };
	int err = load_len(r, b->p, b->len, &out);
	const char *s = buf_str(&out), *nl = strchr(s, '\n');

	assert_int_equal(err != 0, *start == 'E');
	if (strncmp(s, start, strlen(start)))
		fail_msg("got: %.200s", s);
	if (end && (!nl || (size_t)(nl - s) < strlen(end) || strncmp(nl - strlen(end), end, strlen(end))))
		fail_msg("got: %.200s", s);
	buf_clear(b);
	buf_fini(&out);
	rules_free(r);
}

static void test_long_list(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_adds(&b, "- list: l\n  items: [a");
	for (u32 i = 0; i < 10000; i++)
		buf_addf(&b, ", item %u", i);
	buf_adds(&b, "]\n" RULE("r", "evt.type=open and proc.name in (l) and not proc.name in (x, l, y)"));
	expect(&b, "", NULL);

	buf_adds(&b, "- list: l\n  items: []\n- rule: r\n  desc: d\n  condition: proc.name in (a");
	repeat(&b, ",l", 50000);
	buf_adds(&b, ") and evt.type=open\n  output: o\n  priority: INFO\n");
	expect(&b, "", NULL);
	buf_fini(&b);
}

static void add_nested(struct buf *b, u32 depth)
{
	buf_adds(b, "- rule: r\n  desc: d\n  condition: ");
	repeat(b, "(", depth);
	buf_adds(b, "evt.type=open");
	repeat(b, ")", depth);
	buf_adds(b, "\n  output: o\n  priority: INFO\n");
}

static void test_depth(void **state)
{
	struct buf b = { 0 };

	(void)state;
	add_nested(&b, 100);
	expect(&b, "", NULL);
	add_nested(&b, 100000);
	expect(&b, "E ERR_COMPILE_CONDITION condition expression", "exceeded max depth limit of 1000");

	buf_adds(&b, "- macro: m0\n  condition: evt.type=open\n");
	for (u32 i = 1; i < 6000; i++)
		buf_addf(&b, "- macro: m%u\n  condition: not m%u\n", i, i - 1);
	expect(&b, "E ERR_VALIDATE macro 'm4", "when the macros in it are put in");

	/* redefined, so that each refers to the one after it */
	for (u32 i = 0; i < 3000; i++)
		buf_addf(&b, "- macro: m%u\n  condition: evt.type=open\n", i);
	for (u32 i = 0; i < 2999; i++)
		buf_addf(&b, "- macro: m%u\n  condition: not m%u\n", i, i + 1);
	expect(&b, "E ERR_VALIDATE macro 'm1", "when the macros in it are put in");
	for (u32 i = 0; i < 3000; i++)
		buf_addf(&b, "- list: l%u\n  items: []\n", i);
	for (u32 i = 0; i < 2999; i++)
		buf_addf(&b, "- list: l%u\n  items: [l%u]\n", i, i + 1);
	buf_adds(&b, RULE("r", "evt.type=open and proc.name in (l0)"));
	expect(&b, "", NULL);
	buf_fini(&b);
}

/* A few lines that stand for 2^60 nodes or items. */
static void test_doubling(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_adds(&b, "- macro: m0\n  condition: evt.type=open\n");
	for (u32 i = 1; i < 60; i++)
		buf_addf(&b, "- macro: m%u\n  condition: m%u and m%u\n", i, i - 1, i - 1);
	expect(&b, "E ERR_VALIDATE macro 'm1", "when the macros in it are put in");

	buf_adds(&b, "- list: l0\n  items: [a]\n");
	for (u32 i = 1; i < 60; i++)
		buf_addf(&b, "- list: l%u\n  items: [l%u, l%u]\n", i, i - 1, i - 1);
	expect(&b, "E ERR_VALIDATE list 'l", "when the lists in it are put in");

	for (u32 i = 0; i < 60; i++)
		buf_addf(&b, "- list: l%u\n  items: [l%u, l%u]\n", i, i + 1, i + 1);
	buf_adds(&b, "- list: l60\n  items: [a]\n");
	expect(&b, "E ERR_VALIDATE list 'l", "when the lists in it are put in");

	buf_adds(&b, "- a: &a [x, x, x, x]\n");
	for (u32 i = 1; i < 20; i++)
		buf_addf(&b, "- a: &%c [*%c, *%c, *%c, *%c]\n", 'a' + i, 'a' + i - 1, 'a' + i - 1, 'a' + i - 1,
			 'a' + i - 1);
	buf_adds(&b, RULE("r", "evt.type=open") "  exceptions: [{name: e, fields: [proc.name], values: *t}]\n");
	expect(&b, "E ERR_YAML_PARSE ", "too many values, those that aliases stand for included");
	buf_fini(&b);
}

static void test_aliases(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_adds(&b, "- x: &big ");
	repeat(&b, "z", 1000000);
	buf_adds(&b, "\n- list: l\n  items: [a");
	repeat(&b, ", *big", 10000);
	buf_adds(&b, "]\n");
	expect(&b, "E ERR_VALIDATE list 'l'", "when the lists in it are put in");

	buf_adds(&b, "- x: &a [v");
	repeat(&b, ", v", 2100);
	buf_adds(&b, "]\n- x: &b [*a");
	repeat(&b, ", *a", 2100);
	buf_adds(&b, "]\n" RULE("r", "evt.type=open") "  exceptions: [{name: e, fields: [proc.name], values: *b}]\n");
	expect(&b, "E ERR_YAML_VALIDATE value for", "The file has more than 4000000 elements");

	buf_adds(&b, "- x: &m {k: 1");
	for (u32 i = 0; i < 2100; i++)
		buf_addf(&b, ", k%u: 1", i);
	buf_adds(&b, "}\n");
	repeat(&b, "- *m\n", 2100);
	expect(&b, "E ERR_YAML_VALIDATE rules content item", "The file has more than 4000000 elements");
	buf_fini(&b);
}

static void test_many_changes(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_adds(&b, RULE("r", "evt.type=open") "- list: l\n  items: [a]\n");
	for (u32 i = 0; i < 3000; i++)
		buf_addf(&b, "- rule: r\n  condition: or proc.name=x%u\n  append: true\n- list: l\n  items: [x%u]\n"
			 "  override: {items: append}\n", i, i);
	expect(&b, "W DEPRECATED_ITEM rule 'r'", NULL);

	buf_adds(&b, RULE("r", "evt.type=open"));
	for (u32 i = 0; i < 3000; i++)
		buf_addf(&b, "- rule: r\n  exceptions: [{name: e%u, fields: [proc.name], values: [[a]]}]\n  override: {exceptions: "
			 "append}\n", i);
	expect(&b, "E ERR_YAML_VALIDATE rule 'r'", "More than 1000 exceptions");
	buf_fini(&b);
}

static void test_junk(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (u32 i = 0; i < 100000; i++)
		buf_addc(&b, (char)(i * 7919 + 13));
	expect(&b, "E ERR_YAML_PARSE value for '' 0:1: error at line 1, column 2: ", NULL);

	buf_adds(&b, "- rule: \"");
	repeat(&b, "n", 3000000);
	buf_adds(&b, "\"\n  desc: d\n  condition: ");
	repeat(&b, "x", 3000000);
	buf_adds(&b, "\n  output: o\n  priority: INFO\n");
	expect(&b, "E ERR_VALIDATE condition expression '' 1:3: Undefined macro 'xxx", NULL);

	/* NULs within names and conditions */
	buf_adds(&b, "- list: \"a\\0b\"\n  items: [\"x\\0y\"]\n- macro: \"m\\0n\"\n  condition: evt.type=open\n"
		 "- rule: \"r\\0s\"\n  desc: \"\\0\"\n  condition: \"evt.type=open and proc.name=\\0\"\n"
		 "  output: \"\\0\"\n  priority: INFO\n");
	expect(&b, "E ERR_COMPILE_", NULL);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_list),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_doubling),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_many_changes),
		cmocka_unit_test(test_junk),
	};

	alarm(SECONDS_MAX);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
