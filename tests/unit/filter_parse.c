/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "unit/filter_fields.h"

#define OPS                                                                                        \
	"one of 'exists', '<=', '<', '>=', '>', '==', '=', '!=', 'glob', 'iglob', 'contains', "    \
	"'icontains', 'bcontains', 'startswith', 'bstartswith', 'endswith', 'regex', "             \
	"'intersects', 'in', 'pmatch'"
#define TRANSFORMERS                                                                               \
	"a field with a valid transformer: 'val', 'tolower', 'toupper', 'b64', 'basename', "       \
	"'len', 'join', 'concat', 'getopt'"

static char *canonical(const char *text, struct diag *d)
{
	struct buf out = { 0 };
	struct arena a;
	struct ast *n;

	arena_init(&a);
	if (!filter_parse(&a, text, strlen(text), FILTER_DEPTH_MAX, &n, d)) {
		filter_print(n, &out);
		buf_adds(&out, "");
	}
	arena_fini(&a);
	return out.p;
}

/* Text and what is printed for it; NULL: the same. */
static const struct {
	const char *text, *printed;
} good[] = {
	{ "  a", "a" },
	{ "((a))", "a" },
	{ "a and b and(c)", "(a and b and c)" },
	{ "(a)or(b)or(c)", "(a or b or c)" },
	{ "a or b and c", "(a or (b and c))" },
	{ "not a", NULL },
	{ "not not a", "a" },
	{ "not(not(a))", "not not a" },
	{ "not not not not not(not not(not not_macro))", "not not not_macro" },
	{ "a and notb", "(a and notb)" },
	{ "x.y exists", NULL },
	{ "x.y existsand a", "(x.y exists and a)" },
	{ "x.y=1 or x.z=2 and c", "(x.y = 1 or (x.z = 2 and c))" },
	{ "x.y == oneof (a, b)", NULL },
	{ "x.y == oneof or x.z exists", "(x.y == oneof or x.z exists)" },
	{ "x.y == oneof oneof", NULL },
	{ "x.y contains anyof some_list", NULL },
	{ "x.y in()", "x.y in ()" },
	{ "x.y in (a, 'b', \"c\")", "x.y in (a, b, c)" },
	{ "x.y in list and a", "(x.y in list and a)" },
	{ "x.y[\"\"] = 1", NULL },
	{ "x.y['a aa'] = 1", "x.y[\"a aa\"] = 1" },
	{ "x.y.z[1] > -1.5e+3", NULL },
	{ "x.y = 'mixed \"'", "x.y = \"mixed \\\"\"" },
	{ "x.y = \"a\\x41\\t\\/\"", "x.y = \"aA\\t/\"" },
	{ "x.y = \"bad escape \\ \"", "x.y = \"bad escape \\\\\"" },
	{ "x.y = val( x.z )", "x.y = val(x.z)" },
	{ "toupper( b64(x.y) ) in tolower(x.z)", "toupper(b64(x.y)) in tolower(x.z)" },
	{ "join(\"-\" , ( x.y , 1, 'z')) = q", "join(-,(x.y,1,z)) = q" },
	{ "getopt(x.y, \"n\")[n] = n", "getopt(x.y,n)[n] = n" },
	{ "x.y = <NA>", NULL },
	{ "x.y regex ^a.*b$", NULL },
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct diag d = { 0 };
		char *printed = canonical(good[i].text, &d);

		if (!printed)
			fail_msg("%s: %s", good[i].text, d.msg);
		assert_string_equal(printed, good[i].printed ? good[i].printed : good[i].text);
		free(printed);
	}
}

/* What is printed means the same when it is parsed again. */
static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct diag d = { 0 };
		char *once = canonical(good[i].text, &d), *twice;

		/* constants of transformers are printed without their quotes, and a backslash
		 * at the end of a string takes the meaning off its quote */
		if (strstr(once, "join(") || strstr(once, "getopt(") || strstr(once, "\\\"")) {
			free(once);
			continue;
		}
		twice = canonical(once, &d);
		if (!twice)
			fail_msg("%s: %s", once, d.msg);
		/* a double negation is taken away when it is read in one go */
		if (!strstr(once, "not not"))
			assert_string_equal(once, twice);
		free(once);
		free(twice);
	}
}

static const struct {
	const char *text, *msg;
	u32 line, col;
} bad[] = {
	{ "", "filter input string is empty", 0, 0 },
	{ "#", "expected a '(' token, a field check, or an identifier", 0, 0 },
	{ "a b", "unexpected token after 'a', expecting 'or', 'and'", 0, 2 },
	{ "a and", "expected blank or '(' after 'and'", 0, 5 },
	{ "a orb", "expected blank or '(' after 'or'", 0, 4 },
	{ "(a", "expected a ')' token", 0, 2 },
	{ "a and\n x.y is 1", "expected a valid check operator: " OPS, 1, 5 },
	{ "x.y startswith", "expected a valid check operator: " OPS, 0, 4 },
	{ "x.y > a", "expected a number value or " TRANSFORMERS, 0, 6 },
	{ "x.y = (a)", "expected a string value or " TRANSFORMERS, 0, 6 },
	{ "x.y in", "expected a list, an identifier, or " TRANSFORMERS, 0, 6 },
	{ "x.y in (", "expected a ')' token", 0, 8 },
	{ "x.y in (,)", "expected a ')' token", 0, 8 },
	{ "x.y in (a,)", "expected a string value", 0, 10 },
	{ "x.y in (\"\\q\")", "expected a ')' token", 0, 8 },
	{ "x.y = \"\\q\"", "unsupported string escape sequence: \\q", 0, 6 },
	{ "x.y = \"\\x\"", "truncated hex char escape sequence", 0, 6 },
	{ "x.y = \"\\xg0\"", "invalid hex char escape sequence: g0", 0, 6 },
	{ "x.y = '\\\"'", "invalid \\\" escape in '-quoted string", 0, 6 },
	{ "x.y = 'open", "expected a string value or " TRANSFORMERS, 0, 6 },
	{ "x.y[] = 1", "expected a valid field argument: a quoted string or a bare string", 0, 4 },
	{ "x.y[a = 1", "expected a ']' token", 0, 5 },
	{ "x.y = val(b64(x.z))", "expected a field within 'val' transformer", 0, 10 },
	{ "x.y = val(x.z, x.w)", "expected a ')' token closing the transformer", 0, 13 },
	{ "b64(q) exists",
	 "expected field transformer argument: field, transformer, quoted string, number, "
	 "or transformer list",
	 0, 4 },
	{ "join(\"-\", (a)) = 1",
	 "expected transformer list argument: field, transformer, quoted string, "
	 "or number",
	 0, 11 },
	{ "x.y ==oneof (a)", "unexpected token after 'oneof', expecting 'or', 'and'", 0, 12 },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct diag d = { 0 };
		char *printed = canonical(bad[i].text, &d);

		if (printed)
			fail_msg("accepted: %s", bad[i].text);
		assert_string_equal(d.msg, bad[i].msg);
		if (!d.has_pos || d.line != bad[i].line || d.col != bad[i].col)
			fail_msg("%s: at %u:%u", bad[i].text, d.line, d.col);
		diag_fini(&d);
	}
}

static char *nested(u32 n, const char *open, const char *close)
{
	struct buf b = { 0 };

	for (u32 i = 0; i < n; i++)
		buf_adds(&b, open);
	buf_addc(&b, 'a');
	for (u32 i = 0; i < n; i++)
		buf_adds(&b, close);
	buf_adds(&b, "");
	return b.p;
}

static void test_depth(void **state)
{
	(void)state;
	static const struct {
		u32 n;
		bool good;
	} depths[] = { { 10, true }, { 101, true }, { 200, false }, { 1001, false }, { 1000000, false } };

	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		char *text = nested(depths[i].n, "(", ")");
		struct diag d = { 0 };
		char *printed = canonical(text, &d);

		assert_int_equal(printed != NULL, depths[i].good);
		if (!printed)
			assert_string_equal(d.msg, "exceeded max depth limit of 1000");
		diag_fini(&d);
		free(printed);
		free(text);
	}
}

static void test_positions_of_nodes(void **state)
{
	(void)state;
	static const char text[] = "a and\n (x.y = 'v' or b)";
	struct diag d = { 0 };
	struct arena a;
	struct ast *n, *check;

	arena_init(&a);
	assert_int_equal(filter_parse(&a, text, strlen(text), FILTER_DEPTH_MAX, &n, &d), 0);
	check = n->kids[1]->kids[0];
	assert_int_equal(check->kind, AST_CHECK);
	assert_int_equal(check->line, 1);
	assert_int_equal(check->col, 2);
	assert_int_equal(check->offset, 8);
	assert_int_equal(check->kids[1]->col, 8);
	assert_true(check->kids[1]->quoted);
	arena_fini(&a);
}

static void test_operators_by_name(void **state)
{
	(void)state;
	assert_int_equal(filter_op_by_name("==", 2), OP_EQ);
	assert_int_equal(filter_op_by_name("pmatch", 6), OP_PMATCH);
	assert_int_equal(filter_op_by_name("pmatc", 5), OP_MAX);
	assert_true(filter_op_wants_list(OP_IN) && !filter_op_wants_list(OP_EQ));
	assert_true(filter_op_takes_modifier(OP_NE) && !filter_op_takes_modifier(OP_LT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_positions_of_nodes),
		cmocka_unit_test(test_operators_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
