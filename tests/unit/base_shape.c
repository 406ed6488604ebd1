/* SPDX-License-Identifier: Apache-2.0 */
/* What a value may be: the check, its words, and the schema that is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shape.h"

static const struct shape any = { .type = SHAPE_ANY };
static const struct shape text = { .type = SHAPE_TEXT };
static const struct shape maybe = { .type = SHAPE_TEXT, .nullable = true };
static const struct shape strict = { .type = SHAPE_BOOL };
static const struct shape loose = { .type = SHAPE_BOOL, .words = true };
static const struct shape integer = { .type = SHAPE_INT };
static const struct shape count = { .type = SHAPE_INT, .max = INT64_MAX };
static const struct shape at_least = { .type = SHAPE_INT, .min = 1, .max = INT64_MAX };
static const struct shape small = { .type = SHAPE_INT, .max = 10 };
static const struct shape word = { .type = SHAPE_TEXT, .choices = "a, bc" };
static const struct shape lone = { .type = SHAPE_TEXT, .choices = "auto" };
static const struct shape preset = { .type = SHAPE_INT, .min = 1, .max = 10, .or = &lone };
static const struct shape share = { .type = SHAPE_NUMBER, .low = 0, .high = 1 };
static const struct shape texts = { .type = SHAPE_LIST, .items = &text, .or = &text };
static const struct shape words = { .type = SHAPE_LIST, .items = &word };
static const struct shape open_map = { .type = SHAPE_MAP, .items = &small };
static const struct shape_key keys[] = {
	{ .name = "must", .shape = &text, .required = true, .help = "needed" },
	{ .name = "may", .shape = &small, .def = "3" },
};
static const struct shape map = { .type = SHAPE_MAP, SHAPE_KEYS(keys), .max_keys = 2 };
static const struct shape list_of_maps = { .type = SHAPE_LIST, .items = &map };
static const struct shape path_or_map = { .type = SHAPE_TEXT, .or = &map };
static const struct shape_key lonely_keys[] = { { .name = "x", .shape = &any } };
static const struct shape lonely = { .type = SHAPE_MAP, SHAPE_KEYS(lonely_keys), .min_keys = 1 };

static void on_fault(void *ctx, const struct shape_fault *f)
{
	static const char *const names[] = {
		[SHAPE_WRONG] = "wrong", [SHAPE_UNKNOWN_KEY] = "unknown", [SHAPE_MISSING_KEY] = "missing",
		[SHAPE_FEW_KEYS] = "few", [SHAPE_MANY_KEYS] = "many", [SHAPE_IN_KEY] = "key", [SHAPE_IN_ITEM] = "item",
	};
	struct buf *out = ctx;

	buf_addf(out, "%s%s %s", out->len ? "; " : "", f->where, names[f->kind]);
	if (f->name)
		buf_addf(out, " %s", f->name);
	if (f->kind == SHAPE_IN_ITEM || f->kind == SHAPE_FEW_KEYS || f->kind == SHAPE_MANY_KEYS)
		buf_addf(out, " %u", f->index);
}

static const struct {
	const struct shape *shape;
	const char *text, *want;	/* "": good */
} rows[] = {
	{ &any, "[{a: b}]", "" }, { &any, "~", "" },
	{ &text, "x", "" }, { &text, "5", "" }, { &text, "true", "" }, { &text, "''", "" },
	{ &text, "~", " wrong" }, { &text, "[x]", " wrong" }, { &text, "{x: y}", " wrong" }, { &maybe, "~", "" },
	{ &strict, "true", "" }, { &strict, "FALSE", "" }, { &strict, "'true'", "" }, { &strict, "'True'", " wrong" },
	{ &strict, "yes", " wrong" }, { &strict, "tRUE", " wrong" }, { &strict, "1", " wrong" }, { &strict, "~", " wrong" },
	{ &loose, "yes", "" }, { &loose, "'Off'", "" }, { &loose, "N", "" }, { &loose, "oN", " wrong" }, { &loose, "[on]", " wrong" },
	{ &integer, "-5", "" }, { &integer, "+5", "" }, { &integer, "0x1f", "" }, { &integer, "'-5'", "" },
	{ &integer, "5.0", "" }, { &integer, "-5e2", "" }, { &integer, "5.5", " wrong" }, { &integer, "1e30", " wrong" },
	{ &integer, "9223372036854775807", "" }, { &integer, "9223372036854775808", " wrong" },
	{ &integer, "-9223372036854775808", "" }, { &integer, "9223372036854775808.0", " wrong" },
	{ &integer, "5x", " wrong" }, { &integer, "''", " wrong" }, { &integer, "' 5'", " wrong" }, { &integer, "\"5\\0\"", " wrong" },
	{ &integer, "'123456789012345678'", "" }, { &integer, "'1234567890123456789'", " wrong" },
	{ &count, "0", "" }, { &count, "-1", " wrong" }, { &count, "'-1'", " wrong" }, { &count, "'-0'", " wrong" }, { &count, "-0", "" }, { &count, "'1'", "" },
	{ &small, "10", "" }, { &small, "11", " wrong" }, { &small, "'11'", "" },	/* what JSON schemas cannot say */
	{ &share, "0", "" }, { &share, "1", "" }, { &share, ".5", "" }, { &share, "1.", "" }, { &share, "1e-2", "" },
	{ &share, "1.1", " wrong" }, { &share, "-.1", " wrong" }, { &share, "inf", " wrong" }, { &share, ".inf", " wrong" },
	{ &share, "nan", " wrong" }, { &share, "1e", " wrong" }, { &share, ".", " wrong" }, { &share, "'0.5'", "" },
	{ &share, "1e999", " wrong" }, { &share, "'1e9999'", " wrong" },
	{ &word, "a", "" }, { &word, "bc", "" }, { &word, "b", " wrong" }, { &word, "'a, bc'", " wrong" }, { &word, "''", " wrong" },
	{ &word, "\"a\\0\"", " wrong" }, { &word, "5", " wrong" }, { &word, "[a]", " wrong" },
	{ &preset, "10", "" }, { &preset, "auto", "" }, { &preset, "0", " wrong" }, { &preset, "aut", " wrong" },
	{ &preset, "[auto]", " wrong" },
	{ &texts, "[]", "" }, { &texts, "[x, 5]", "" }, { &texts, "x", "" }, { &texts, "{x: y}", " wrong" },
	{ &texts, "[x, [y]]", "[1] wrong;  item 1" }, { &words, "[a, x, bc]", "[1] wrong;  item 1" }, { &words, "a", " wrong" },
	{ &open_map, "{}", "" }, { &open_map, "{a: 1, b: 2}", "" }, { &open_map, "{a: 1, b: 22}", "[b] wrong;  key b" },
	{ &open_map, "{[a]: 1}", " unknown ?" },
	{ &map, "{must: a}", "" }, { &map, "{may: 1}", " missing must" }, { &map, "{must: a, may: 11}", "[may] wrong;  key may" },
	{ &map, "{must: a, x: b}", " unknown x" }, { &map, "{must: a, may: 1, must: b}", " many 2" }, { &map, "[a]", " wrong" },
	{ &list_of_maps, "[{must: a}, {}, a]", "[1] missing must;  item 1; [2] wrong;  item 2" },
	{ &path_or_map, "x", "" }, { &path_or_map, "{must: a}", "" }, { &path_or_map, "[x]", " wrong" },
	{ &path_or_map, "{x: a}", " unknown x;  missing must" },
	{ &lonely, "{x: }", "" }, { &lonely, "{}", " few 1" },
};

static void parse(struct arena *a, const char *s, struct yaml_node **ret)
{
	struct yaml_node **docs;
	struct diag d = { 0 };
	u32 n;

	arena_init(a);
	if (yaml_parse(a, s, strlen(s), &docs, &n, &d) || n != 1)
		fail_msg("%s: %s", s, d.msg);
	*ret = docs[0];
}

static void checks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf out = { 0 };
		const struct shape_checker how = { .fault = on_fault, .ctx = &out };
		struct yaml_node *n;
		struct arena a;

		parse(&a, rows[i].text, &n);
		if (shape_check(rows[i].shape, n, &how) != !rows[i].want[0] || strcmp(buf_str(&out), rows[i].want))
			fail_msg("row %zu, %s: \"%s\", expected \"%s\"", i, rows[i].text, buf_str(&out), rows[i].want);
		buf_fini(&out);
		arena_fini(&a);
	}
}

static void partial(void **state)
{
	struct buf out = { 0 };
	const struct shape_checker how = { .fault = on_fault, .ctx = &out, .partial = true };
	struct yaml_node *n;
	struct arena a;

	(void)state;
	parse(&a, "{may: 1}", &n);
	assert_true(shape_check(&map, n, &how));
	arena_fini(&a);
	parse(&a, "{may: x}", &n);
	assert_false(shape_check(&map, n, &how));
	arena_fini(&a);
	buf_fini(&out);
}

/* A few lines of aliases stand for millions of values: it ends nevertheless, and soon. */
static void aliases(void **state)
{
	static const struct shape inner = { .type = SHAPE_LIST, .items = &word }, middle = { .type = SHAPE_LIST, .items = &inner };
	static const struct shape outer = { .type = SHAPE_LIST, .items = &middle };
	struct buf s = { 0 }, out = { 0 };
	const struct shape_checker how = { .fault = on_fault, .ctx = &out };
	struct yaml_node *n;
	struct arena a;

	(void)state;
	buf_adds(&s, "- - &b\n    - a\n");
	for (u32 i = 0; i < 199; i++)
		buf_adds(&s, "    - a\n");
	for (u32 i = 0; i < 199; i++)
		buf_adds(&s, "  - *b\n");
	for (u32 i = 0; i < 200; i++)
		buf_adds(&s, "- [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n");
	parse(&a, buf_str(&s), &n);
	assert_true(shape_check(&outer, n, &how));
	arena_fini(&a);
	buf_fini(&s);
	buf_fini(&out);
}

static void words_for_it(void **state)
{
	static const struct {
		const struct shape *shape;
		const char *want;
	} said[] = {
		{ &text, "a text" }, { &loose, "true or false" }, { &integer, "a number" }, { &count, "a number, not negative" },
		{ &at_least, "a number, at least 1" },
		{ &small, "a number, at most 10" }, { &preset, "a number from 1 to 10 or auto" }, { &share, "a number from 0 to 1" },
		{ &word, "one of a, bc" }, { &texts, "a list of texts or a text" }, { &words, "a list of these: a, bc" },
		{ &list_of_maps, "a list" }, { &path_or_map, "a text or a map" }, { &any, "anything" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct buf out = { 0 };

		shape_describe(said[i].shape, &out);
		assert_string_equal(buf_str(&out), said[i].want);
		buf_fini(&out);
	}
}

/* tests/cli/schema.py has a validator look at whole schemas. */
static void printed(void **state)
{
	static const struct {
		const struct shape *shape;
		bool variables;
		const char *want;
	} said[] = {
		{ &any, false, "{}" },
		{ &word, false, "{\"enum\":[\"a\",\"bc\"]}" },
		{ &word, true, "{\"anyOf\":[{\"enum\":[\"a\",\"bc\"]},{\"pattern\":\"[$][{][^}]*[}]\",\"type\":\"string\"}]}" },
		{ &maybe, false, "{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}" },
		{ &strict, true, "{\"pattern\":\"^(true|false)$|[$][{][^}]*[}]\",\"type\":[\"boolean\",\"string\"]}" },
		{ &lonely, false, "{\"additionalProperties\":false,\"minProperties\":1,\"properties\":{\"x\":{}},\"type\":\"object\"}" },
		{ &open_map, false, "{\"additionalProperties\":{\"maximum\":10,\"minimum\":0,\"pattern\":\"^(" SHAPE_UINT_TEXT ")$\","
		  "\"type\":[\"integer\",\"string\"]},\"type\":\"object\"}" },
		{ &map, false, "{\"additionalProperties\":false,\"maxProperties\":2,\"properties\":{\"may\":{\"default\":3,"
		  "\"maximum\":10,\"minimum\":0,\"pattern\":\"^(" SHAPE_UINT_TEXT ")$\",\"type\":[\"integer\",\"string\"]},"
		  "\"must\":{\"description\":\"needed\",\"type\":[\"string\",\"number\",\"boolean\"]}},\"required\":[\"must\"],"
		  "\"type\":\"object\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		json_t *j = shape_json(said[i].shape, said[i].variables);
		char *s = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);

		assert_string_equal(s, said[i].want);
		free(s);
		json_decref(j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks),
		cmocka_unit_test(partial),
		cmocka_unit_test(aliases),
		cmocka_unit_test(words_for_it),
		cmocka_unit_test(printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
