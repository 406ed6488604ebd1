/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/yaml.h"

struct doc {
	struct arena a;
	struct diag d;
	struct yaml_node **docs;
	u32 n;
	int err;
};

static void parse(struct doc *doc, const char *text, size_t len)
{
	memset(doc, 0, sizeof(*doc));
	arena_init(&doc->a);
	doc->err = yaml_parse(&doc->a, text, len, &doc->docs, &doc->n, &doc->d);
}

static void done(struct doc *doc)
{
	diag_fini(&doc->d);
	arena_fini(&doc->a);
}

static void print(const struct yaml_node *n, struct buf *out)
{
	u32 i, elems = n->kind == YAML_MAP ? 2 * n->n : n->n;

	buf_addf(out, "%u:%u", n->line, n->col);
	if (n->kind == YAML_SCALAR) {
		buf_addf(out, n->plain ? "=%s" : "'%s'", n->s);
		return;
	}
	buf_addc(out, n->kind == YAML_MAP ? '{' : '[');
	for (i = 0; i < elems; i++) {
		if (i)
			buf_addc(out, ' ');
		print(n->items[i], out);
	}
	buf_addc(out, n->kind == YAML_MAP ? '}' : ']');
}

static void test_trees(void **state)
{
	static const struct {
		const char *text, *tree;
	} rows[] = {
		{ "", "" },
		{ "a", "0:0=a;" },
		{ "- a: 1\n  b: \"x\"\n- c\n", "0:0[0:2{0:2=a 0:5=1 1:2=b 1:5'x'} 2:2=c];" },
		{ "a: >\n  x\n  y\n", "0:0{0:0=a 0:3'x y\n'};" },
		{ "a: &x [1]\nb: *x\n", "0:0{0:0=a 0:3[0:7=1] 1:0=b 0:3[0:7=1]};" },
		{ "a\n---\n- b\n...\n", "0:0=a;2:0[2:2=b];" },
		{ "---\n---\nb\n", "1:0=;2:0=b;" },
		{ "[\xc3\xa9, \xe2\x82\xac, b]", "0:0[0:1=\xc3\xa9 0:5=\xe2\x82\xac 0:10=b];" },
		{ "- \xc3\xa9\r\n- b\r\n", "0:0[0:2=\xc3\xa9 1:2=b];" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf out = { 0 };
		struct doc doc;

		parse(&doc, rows[i].text, strlen(rows[i].text));
		assert_int_equal(doc.err, 0);
		for (u32 k = 0; k < doc.n; k++) {
			print(doc.docs[k], &out);
			buf_addc(&out, ';');
		}
		assert_string_equal(buf_str(&out), rows[i].tree);
		buf_fini(&out);
		done(&doc);
	}
}

static void test_offsets(void **state)
{
	static const char text[] = "# \xe2\x82\xac\nk\xc3\xa9: [v, \xc3\xa9, w]\n";
	struct doc doc;
	struct yaml_node *seq;

	(void)state;
	parse(&doc, text, sizeof(text) - 1);
	assert_int_equal(doc.err, 0);
	seq = yaml_get(doc.docs[0], "k\xc3\xa9");
	assert_non_null(seq);
	for (u32 i = 0; i < seq->n; i++) {
		const struct yaml_node *n = seq->items[i];

		assert_memory_equal(text + n->offset, n->s, n->len);
	}
	done(&doc);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		u32 line;
		const char *msg;	/* NULL: any */
	} rows[] = {
		{ "a: b: c", 0, NULL },
		{ "- a\n- *x\n", 1, "the referenced anchor is not defined" },
		{ "a: &x\n  b: *x\n", 1, "the anchor contains itself" },
		{ "- \"a\n", 1, NULL },
		{ "- a\n- \x01\n", 1, NULL },
		{ "- a\n- \xff\n", 1, NULL },
		{ "- a\n b: c\n", 1, NULL },
		{ "&x a\n---\n*x\n", 2, "the referenced anchor is not defined" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct doc doc;

		parse(&doc, rows[i].text, strlen(rows[i].text));
		assert_int_not_equal(doc.err, 0);
		assert_true(doc.d.has_pos);
		assert_non_null(doc.d.msg);
		assert_int_equal(doc.d.line, rows[i].line);
		if (rows[i].msg)
			assert_string_equal(doc.d.msg, rows[i].msg);
		done(&doc);
	}
}

static int parse_nested(u32 depth)
{
	struct buf b = { 0 };
	struct doc doc;
	int err;

	for (u32 i = 0; i < depth; i++)
		buf_addc(&b, '[');
	for (u32 i = 0; i < depth; i++)
		buf_addc(&b, ']');
	parse(&doc, b.p, b.len);
	err = doc.err;
	done(&doc);
	buf_fini(&b);
	return err;
}

static void test_depth(void **state)
{
	struct buf b = { 0 };
	struct doc doc;

	(void)state;
	assert_int_equal(parse_nested(YAML_DEPTH_MAX), 0);
	assert_int_not_equal(parse_nested(YAML_DEPTH_MAX + 1), 0);
	assert_int_not_equal(parse_nested(100000), 0);

	/* aliases can make a deep tree of a flat text */
	buf_adds(&b, "- &a0 [x]\n");
	for (u32 i = 1; i < 2 * YAML_DEPTH_MAX; i++)
		buf_addf(&b, "- &a%u [*a%u]\n", i, i - 1);
	parse(&doc, b.p, b.len);
	assert_int_not_equal(doc.err, 0);
	assert_string_equal(doc.d.msg, "nested too deeply");
	done(&doc);
	buf_fini(&b);
}

/* Each line stands for ten times what the line before does. */
static void test_too_many(void **state)
{
	struct buf b = { 0 };
	struct doc doc;

	(void)state;
	buf_adds(&b, "- &a0 x\n");
	for (u32 i = 1; i < 10; i++) {
		buf_addf(&b, "- &a%u [x", i);
		for (u32 k = 0; k < 10; k++)
			buf_addf(&b, ", *a%u", i - 1);
		buf_adds(&b, "]\n");
	}
	parse(&doc, b.p, b.len);
	assert_int_not_equal(doc.err, 0);
	assert_non_null(strstr(doc.d.msg, "too many values"));
	assert_int_equal(doc.d.line, 7);
	done(&doc);
	buf_fini(&b);
}

static struct yaml_node scalar(const char *s, bool plain)
{
	return (struct yaml_node){ .kind = YAML_SCALAR, .s = s, .len = strlen(s), .plain = plain };
}

static void test_scalars(void **state)
{
	static const struct {
		const char *s;
		int b;		/* -1: none */
		s64 i;		/* -99: none */
	} rows[] = {
		{ "true", 1, -99},  { "True", 1, -99},  { "TRUE", 1, -99},
		{ "tRue", -1, -99}, { "TRue", -1, -99}, { "on", 1, -99},
		{ "y", 1, -99},     { "N", 0, -99},     { "No", 0, -99},
		{ "off", 0, -99},   { "1", -1, 1},      { "-7", -1, -7},
		{ "0x10", -1, 16},  { "12 ", -1, 12},   { " 12", -1, -99},
		{ "12a", -1, -99},  { "", -1, -99},     { "99999999999999999999", -1, -99},
	};
	struct yaml_node n;
	double f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool b = false;
		s64 v = -99;

		n = scalar(rows[i].s, true);
		assert_int_equal(yaml_bool(&n, &b) ? b : -1, rows[i].b);
		assert_int_equal(yaml_s64(&n, &v), rows[i].i != -99);
		assert_int_equal(v, rows[i].i);
	}
	n = scalar("1.5e1", true);
	assert_true(yaml_double(&n, &f) && f == 15);
	n = scalar("~", true);
	assert_true(yaml_is_null(&n));
	n = scalar("~", false);
	assert_false(yaml_is_null(&n));
}

static void test_get(void **state)
{
	struct doc doc;
	struct yaml_node *key = NULL;

	(void)state;
	parse(&doc, "{a: 1, b: 2, a: 3, [x]: 4}", 26);
	assert_int_equal(doc.err, 0);
	assert_string_equal(yaml_get_node(doc.docs[0], "a", &key)->s, "1");
	assert_int_equal(key->col, 1);
	assert_null(yaml_get(doc.docs[0], "x"));
	assert_null(yaml_get(key, "a"));
	assert_null(yaml_get(NULL, "a"));
	done(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
