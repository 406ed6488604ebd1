/* SPDX-License-Identifier: Apache-2.0 */
/* Merging, overriding and expanding documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "app/doc.h"
#include "base/buf.h"

static void print(const struct yaml_node *n, struct buf *out)
{
	if (n->kind == YAML_SCALAR) {
		buf_adds(out, n->s);
		return;
	}
	buf_addc(out, n->kind == YAML_MAP ? '{' : '[');
	for (u32 i = 0; i < n->n; i++) {
		if (i)
			buf_adds(out, ", ");
		if (n->kind == YAML_MAP) {
			buf_addf(out, "%s: ", n->items[2 * i]->s);
			print(n->items[2 * i + 1], out);
		} else {
			print(n->items[i], out);
		}
	}
	buf_addc(out, n->kind == YAML_MAP ? '}' : ']');
}

static struct yaml_node *parse(struct arena *a, const char *text)
{
	struct diag d = { 0 };
	struct yaml_node *n;

	if (doc_parse(a, text, strlen(text), &n, &d))
		fail_msg("%s: %s", text, d.msg);
	return n;
}

static void check(const struct yaml_node *n, const char *want)
{
	struct buf out = { 0 };

	print(n, &out);
	assert_string_equal(buf_str(&out), want);
	buf_fini(&out);
}

static void overrides(void **state)
{
	static const struct {
		const char *doc, *key, *value, *want;	/* want NULL: error holds part of the message */
		const char *error;
	} rows[] = {
		{ "a: 1", "a", "2", "{a: 2}", NULL },
		{ "a: 1", "b", "x=y", "{a: 1, b: x=y}", NULL },
		{ "", "a.b.c", "1", "{a: {b: {c: 1}}}", NULL },
		{ "a: {b: 1}", "a.b", "2", "{a: {b: 2}}", NULL },
		{ "a: [1, 2]", "a[1]", "3", "{a: [1, 3]}", NULL },
		{ "a: [1, 2]", "a[]", "3", "{a: [1, 2, 3]}", NULL },
		{ "", "a[].b.c", "3", "{a: [{b: {c: 3}}]}", NULL },
		{ "a: []", "a[]", "{\"x\": [1, {y: z}]}", "{a: [{x: [1, {y: z}]}]}", NULL },
		{ "", "a\\.b", "1", "{a.b: 1}", NULL },
		{ "", "a\\[0\\]", "1", "{a[0]: 1}", NULL },
		{ "a: 1", "a\\", "1", NULL, "Config error at key \"a\\\": Parsing error: trailing backslash at pos 1" },
		{ "a: [1]", "a[1]", "x", NULL, "no such element" },
		{ "a: [1]", "a[x]", "x", NULL, "a number or ']' was expected" },
		{ "a: [1]", "a[0", "x", NULL, "']' was expected" },
		{ "a: [1]", "a[99999999999999999999]", "x", NULL, "no such element" },
		{ "a: 1", "a.b", "x", NULL, "not a map" },
		{ "a: 1", "a[0]", "x", NULL, "not a list" },
		{ "a: 1", "a..b", "x", NULL, "empty name" },
		{ "a: 1", "", "x", NULL, "empty name" },
		{ "a: 1", "a", "{x", NULL, "Config error at key \"a\"" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diag d = { 0 };
		struct yaml_node *n;
		struct arena a;
		int err;

		arena_init(&a);
		n = parse(&a, rows[i].doc);
		err = doc_set(&a, n, rows[i].key, rows[i].value, &d);
		assert_int_equal(!err, !!rows[i].want);
		if (rows[i].want)
			check(n, rows[i].want);
		else if (!strstr(d.msg, rows[i].error))
			fail_msg("%s: %s", rows[i].key, d.msg);
		diag_fini(&d);
		arena_fini(&a);
	}
}

static void merging(void **state)
{
	static const struct {
		enum doc_strategy strategy;
		const char *want;
	} rows[] = {
		{ DOC_APPEND, "{s: 2, l: [a, b], m: {y: 2}, k: 1, n: 3}" },
		{ DOC_OVERRIDE, "{s: 2, l: [b], m: {y: 2}, k: 1, n: 3}" },
		{ DOC_ADD_ONLY, "{s: 1, l: [a], m: {x: 1}, k: 1, n: 3}" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct yaml_node *n;
		struct arena a;

		arena_init(&a);
		n = parse(&a, "{s: 1, l: [a], m: {x: 1}, k: 1}");
		doc_merge(&a, n, parse(&a, "{s: 2, l: [b], m: {y: 2}, n: 3}"), rows[i].strategy);
		check(n, rows[i].want);
		arena_fini(&a);
	}
}

static void environment(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "$V", "$V" },
		{ "${V}", "val" },
		{ "$${V}", "${V}" },
		{ "$${V}${V}", "${V}val" },
		{ "/foo/${V}/", "/foo/val/" },
		{ "${E}/foo", "${V}/foo" },	/* not expanded again */
		{ "${V", "${V" },
		{ "${UNSET}", "" },
		{ "${V}}", "val}" },
		{ "${}", "" },
		{ "a$", "a$" },
	};

	(void)state;
	setenv("V", "val", 1);
	setenv("E", "${V}", 1);
	unsetenv("UNSET");
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct yaml_node n = { .kind = YAML_SCALAR, .s = rows[i].text,
				       .len = (u32)strlen(rows[i].text) };
		struct arena a;

		arena_init(&a);
		assert_string_equal(doc_text(&a, &n), rows[i].want);
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overrides),
		cmocka_unit_test(merging),
		cmocka_unit_test(environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
