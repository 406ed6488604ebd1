/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every transformer, and val(): values, no value, lists, types it does not take, nesting, on either side of a
 * comparison and in templates.  A transformer without a row for one of these fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "filter/filter.h"
#include "filter/ops.h"
#include "filter/transform.h"
#include "output/format.h"
#include "unit/filter_holds.h"

/* ---- fields ---- */

static bool get_text(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	static const char *const texts[] = { "Cat", "/usr/Bin/Ls", "dG9wIFNlY3JldA==", "cat", "/usr/bin/ls", "-" };

	(void)x;
	value_set_str(v, texts[f->field->id], strlen(texts[f->field->id]));
	return true;
}

static bool get_none(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	(void)x;
	(void)f;
	(void)v;
	return false;
}

static bool get_num(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	(void)x;
	*v = (struct value){ .type = f->type, .fmt = PF_DEC, .u = (u64)f->field->id };
	return true;
}

static bool get_data(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	static const char *const data[] = { "a\0b", "YQBi" };

	(void)x;
	*v = (struct value){ .type = PT_BYTEBUF, .len = f->field->id ? 4 : 3, .p = data[f->field->id] };
	return true;
}

static const char *const words[][4] = {
	{ "File", "/ipv4" }, { "dG9w", "Y2F0" }, { "dG9w", "no base64!" }, { "-ab", "-cX", "--long", "rest" }, { "file", "/ipv4" },
	{ "FILE", "/IPV4" }, { "File", "ipv4" }, { "top", "cat" }, { NULL },
};

static bool get_words(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	struct value *list = field_scratch(x, 4 * sizeof(*list));
	u32 n = 0;

	for (; n < 4 && words[f->field->id][n]; n++)
		value_set_str(&list[n], words[f->field->id][n], strlen(words[f->field->id][n]));
	*v = (struct value){ .type = PT_CHARBUF, .is_list = true, .len = n, .list = list };
	return true;
}

static const struct field text_rows[] = {
	{ .name = "t.name", .type = PT_CHARBUF, .get = get_text, .id = 0 },
	{ .name = "t.path", .type = PT_FSPATH, .get = get_text, .id = 1 },
	{ .name = "t.rel", .type = PT_FSRELPATH, .get = get_text, .id = 1 },
	{ .name = "t.code", .type = PT_CHARBUF, .get = get_text, .id = 2 },
	{ .name = "t.lower", .type = PT_CHARBUF, .get = get_text, .id = 3 },
	{ .name = "t.low_path", .type = PT_FSPATH, .get = get_text, .id = 4 },
	{ .name = "t.dash", .type = PT_CHARBUF, .get = get_text, .id = 5 },
	{ .name = "t.none", .type = PT_CHARBUF, .get = get_none },
	{ .name = "t.nopath", .type = PT_FSPATH, .get = get_none },
	{ .name = "t.nolist", .type = PT_CHARBUF, .flags = FF_LIST, .get = get_none },
	{ .name = "t.num", .type = PT_UINT64, .get = get_num, .id = 3 },
	{ .name = "t.u32", .type = PT_UINT32, .get = get_num, .id = 3 },
	{ .name = "t.data", .type = PT_BYTEBUF, .get = get_data, .id = 0 },
	{ .name = "t.coded", .type = PT_BYTEBUF, .get = get_data, .id = 1 },
	{ .name = "t.list", .type = PT_CHARBUF, .flags = FF_LIST, .get = get_words, .id = 0 },
	{ .name = "t.codes", .type = PT_CHARBUF, .flags = FF_LIST, .get = get_words, .id = 1 },
	{ .name = "t.mixed", .type = PT_CHARBUF, .flags = FF_LIST, .get = get_words, .id = 2 },
	{ .name = "t.args", .type = PT_CHARBUF, .flags = FF_LIST, .get = get_words, .id = 3 },
	{ .name = "t.low_list", .type = PT_CHARBUF, .flags = FF_LIST, .get = get_words, .id = 4 },
	{ .name = "t.up_list", .type = PT_CHARBUF, .flags = FF_LIST, .get = get_words, .id = 5 },
	{ .name = "t.base_list", .type = PT_CHARBUF, .flags = FF_LIST, .get = get_words, .id = 6 },
	{ .name = "t.clear_list", .type = PT_CHARBUF, .flags = FF_LIST, .get = get_words, .id = 7 },
	{ .name = "t.empty_list", .type = PT_CHARBUF, .flags = FF_LIST, .get = get_words, .id = 8 },
	{ .name = "t.fixed", .type = PT_CHARBUF, .flags = FF_NO_TRANSFORMER | FF_NO_RHS, .get = get_text, .id = 0 },
};

/* One field of each type, and one that is a list of it. */
static struct field type_rows[2 * PT_MAX];
static char type_names[2 * PT_MAX][16];
static const struct field_class text_class = { .name = "text", .rows = text_rows, .n = ARRAY_SIZE(text_rows) };
static const struct field_class type_class = { .name = "type", .rows = type_rows, .n = ARRAY_SIZE(type_rows) };
static const struct field_class *const classes[] = { &text_class, &type_class };
static const struct field_set fields = { .classes = classes, .n = 2 };

static int make_fields(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(type_rows); i++) {
		snprintf(type_names[i], sizeof(type_names[i]), "%c.t%u", i < PT_MAX ? 'x' : 'l', i % PT_MAX);
		type_rows[i] = (struct field){ .name = type_names[i], .type = (u8)(i % PT_MAX), .get = get_none,
					       .flags = i < PT_MAX ? 0 : FF_LIST };
	}
	return 0;
}

/* ---- rows ---- */

enum aspect { VALUE, NO_VALUE, IN_LISTS, WRONG_TYPE, NESTED, ON_LEFT, ON_RIGHT, IN_OUTPUT, NASPECTS };

static const char *const aspect_names[] = { "values", "no value", "lists", "types", "nesting", "the left side", "the right side",
					    "outputs" };

#define YES ""		/* the condition holds */
#define NO NULL		/* it does not */
#define REFUSED(TYPE_, NAME_, FIELD_) \
	"can't add field transformer: type '" TYPE_ "' is not supported by '" NAME_ "' transformer applied on field '" FIELD_ "'"
#define NO_SELECTOR(NAME_) "filter error: transformer '" NAME_ "' does not support field arguments"

static const struct row {
	const char *name;
	u32 aspects;		/* 1 << enum aspect */
	const char *text;	/* a condition; of IN_OUTPUT a template */
	const char *want;	/* YES, NO, or the refusal; of a template what is printed, NULL: it is refused */
} rows[] = {
#define A(NAME_) (1u << NAME_)
	{ "tolower", A(VALUE) | A(ON_LEFT), "tolower(t.name) = cat", YES },
	{ "tolower", A(VALUE), "tolower(t.path) = /usr/bin/ls", YES },
	{ "tolower", A(VALUE), "tolower(t.rel) endswith /bin/ls", YES },
	{ "tolower", A(VALUE), "tolower(t.name) = Cat", NO },
	{ "tolower", A(NO_VALUE), "tolower(t.none) exists", NO },
	{ "tolower", A(NO_VALUE), "tolower(t.none) != x", NO },
	{ "tolower", A(IN_LISTS), "tolower(t.list) in (file, /ipv4)", YES },
	{ "tolower", A(IN_LISTS), "tolower(t.list) intersects (File)", NO },
	{ "tolower", A(WRONG_TYPE), "tolower(t.num) = a", REFUSED("UINT64", "tolower", "t.num") },
	{ "tolower", A(WRONG_TYPE), "tolower(t.fixed) = a", "field 't.fixed' does not support transformers" },
	{ "tolower", A(WRONG_TYPE), "tolower(t.name, t.name) = a", "unknown field transfomer 'tolower'" },
	{ "tolower", A(WRONG_TYPE), "tolower(t.name)[x] = a", NO_SELECTOR("tolower") },
	{ "tolower", A(NESTED), "tolower(toupper(t.name)) = cat", YES },
	{ "tolower", A(ON_RIGHT), "t.lower = tolower(t.name)", YES },
	{ "tolower", A(ON_RIGHT), "t.low_list in tolower(t.list)", YES },
	{ "tolower", A(ON_RIGHT), "t.name = tolower(t.name)", NO },
	{ "tolower", A(ON_RIGHT), "t.name = tolower(t.path)",
	  "field 't.name' has type 'CHARBUF' while the right-hand side field 't.path' has incompatible type 'FSPATH'" },
	{ "tolower", A(IN_OUTPUT), "[%tolower(t.path)]", "[/usr/bin/ls]" },
	{ "tolower", A(IN_OUTPUT), "%tolower(t.none)", "<NA>" },
	{ "tolower", A(IN_OUTPUT), "%tolower(t.num)", NULL },

	{ "toupper", A(VALUE) | A(ON_LEFT), "toupper(t.name) = CAT", YES },
	{ "toupper", A(VALUE), "toupper(t.name) startswith Ca", NO },
	{ "toupper", A(NO_VALUE), "toupper(t.none) exists", NO },
	{ "toupper", A(NO_VALUE), "toupper(t.nolist) exists", NO },
	{ "toupper", A(IN_LISTS), "toupper(t.list) in (FILE, /IPV4)", YES },
	{ "toupper", A(IN_LISTS), "toupper(t.list) = FILE", "filter error: '=' operator not supported list filters" },
	{ "toupper", A(WRONG_TYPE), "toupper(t.data) = A", REFUSED("BYTEBUF", "toupper", "t.data") },
	{ "toupper", A(NESTED), "toupper(basename(t.path)) = LS", YES },
	{ "toupper", A(NESTED), "toupper(len(t.path)) = A", REFUSED("UINT64", "toupper", "toupper") },
	{ "toupper", A(ON_RIGHT), "t.up_list in toupper(t.list)", YES },
	{ "toupper", A(ON_RIGHT), "toupper(t.lower) = toupper(t.name)", YES },
	{ "toupper", A(ON_RIGHT), "t.name contains toupper(t.lower)", NO },
	{ "toupper", A(IN_OUTPUT), "%toupper(t.name)%toupper( t.lower )", "CATCAT" },
	{ "toupper", A(IN_OUTPUT), "%toupper (t.name)", NULL },

	{ "b64", A(VALUE) | A(ON_LEFT), "b64(t.code) = \"top Secret\"", YES },
	{ "b64", A(VALUE), "b64(t.code) = t", NO },
	{ "b64", A(VALUE), "b64(t.coded) bcontains 6100", YES },
	{ "b64", A(NO_VALUE), "b64(t.none) exists", NO },
	{ "b64", A(NO_VALUE), "b64(t.dash) exists", NO },		/* what is no base64 */
	{ "b64", A(IN_LISTS), "b64(t.codes) in (top, cat)", YES },
	{ "b64", A(IN_LISTS), "b64(t.mixed) exists", NO },
	{ "b64", A(WRONG_TYPE), "b64(t.num) = a", REFUSED("UINT64", "b64", "t.num") },
	{ "b64", A(NESTED), "toupper(b64(t.code)) = \"TOP SECRET\"", YES },
	{ "b64", A(ON_RIGHT), "t.clear_list in b64(t.codes)", YES },
	{ "b64", A(ON_RIGHT), "t.name = b64(t.code)", NO },
	{ "b64", A(IN_OUTPUT), "<%b64(t.code)>", "<top Secret>" },
	{ "b64", A(IN_OUTPUT), "<%b64(t.dash)>", "<<NA>>" },

	{ "basename", A(VALUE) | A(ON_LEFT), "basename(t.path) = Ls", YES },
	{ "basename", A(VALUE), "basename(t.name) = Cat", YES },
	{ "basename", A(VALUE), "basename(t.path) contains /", NO },
	{ "basename", A(NO_VALUE), "basename(t.nopath) exists", NO },
	{ "basename", A(IN_LISTS), "basename(t.list) in (File, ipv4)", YES },
	{ "basename", A(IN_LISTS), "basename(t.list) in (File, /ipv4)", NO },
	{ "basename", A(WRONG_TYPE), "basename(t.data) = a", REFUSED("BYTEBUF", "basename", "t.data") },
	{ "basename", A(NESTED), "basename(tolower(t.path)) = ls", YES },
	{ "basename", A(ON_RIGHT), "t.base_list in basename(t.list)", YES },
	{ "basename", A(ON_RIGHT), "t.path endswith basename(t.low_path)", NO },
	{ "basename", A(IN_OUTPUT), "%basename(t.path)!", "Ls!" },
	{ "basename", A(IN_OUTPUT), "%basename(t.nopath)!", "<NA>!" },

	{ "len", A(VALUE) | A(ON_LEFT), "len(t.name) = 3", YES },
	{ "len", A(VALUE), "len(t.path) > 11", NO },
	{ "len", A(VALUE), "len(t.data) in (1, 3)", YES },
	{ "len", A(NO_VALUE), "len(t.none) exists", NO },
	{ "len", A(NO_VALUE), "len(t.none) = 0", NO },
	{ "len", A(IN_LISTS), "len(t.list) = 2", YES },
	{ "len", A(IN_LISTS), "len(t.empty_list) = 0", YES },
	{ "len", A(WRONG_TYPE), "len(t.num) = 1", REFUSED("UINT64", "len", "t.num") },
	{ "len", A(WRONG_TYPE), "len(t.name) contains 3", "filter error: 'contains' operator not supported for numeric filters" },
	{ "len", A(WRONG_TYPE), "len(t.name) = x", "x is not a valid number" },
	{ "len", A(NESTED), "len(concat(t.name, t.path)) = 14", YES },
	{ "len", A(NESTED), "len(tolower(t.list)) = 2", YES },
	{ "len", A(ON_RIGHT), "t.num = len(t.name)", YES },
	{ "len", A(ON_RIGHT), "t.num > len(t.name)", NO },
	{ "len", A(ON_RIGHT), "t.u32 = len(t.name)",
	  "field 't.u32' has type 'UINT32' while the right-hand side field 't.name' has incompatible type 'UINT64'" },
	{ "len", A(IN_OUTPUT), "%len(t.name)", "<NA>" },	/* as Falco prints it */
	{ "len", A(IN_OUTPUT), "%len(t.num)", NULL },

	{ "join", A(VALUE) | A(ON_LEFT), "join(\"-\", (t.name, t.num, \"x\", 7)) = Cat-3-x-7", YES },
	{ "join", A(VALUE), "join(t.dash, (t.name, t.name)) = Cat-Cat", YES },
	{ "join", A(VALUE), "join(\"-\", ()) = \"\"", YES },
	{ "join", A(VALUE), "join(\"-\", (t.name)) = -Cat", NO },
	{ "join", A(NO_VALUE), "join(\"-\", (t.name, t.none)) exists", NO },
	{ "join", A(NO_VALUE), "join(t.none, (t.name)) exists", NO },
	{ "join", A(IN_LISTS), "join(\",\", t.list) = \"File,/ipv4\"", YES },
	{ "join", A(IN_LISTS), "join(\",\", t.empty_list) = \"\"", YES },
	{ "join", A(WRONG_TYPE), "join(\"-\", t.name) = a", "join() second argument must be a list" },
	{ "join", A(WRONG_TYPE), "join(t.list, (t.name)) = a",
	  "join() first argument (separator) must be a single value, not a list" },
	{ "join", A(WRONG_TYPE), "join(\"-\", \"a\", \"b\") = a", "join() requires exactly 2 arguments: separator and list" },
	{ "join", A(WRONG_TYPE), "join(\"-\") = a", "unknown field transfomer 'join'" },
	{ "join", A(WRONG_TYPE), "join(\"-\", (t.name))[x] = a", NO_SELECTOR("join") },
	{ "join", A(NESTED), "toupper(join(\"-\", (t.name, tolower(t.name)))) = CAT-CAT", YES },
	{ "join", A(ON_RIGHT), "t.name = join(\"\", (\"C\", \"at\"))", YES },
	{ "join", A(ON_RIGHT), "t.name = join(\" \", (\"C\", \"at\"))", NO },
	{ "join", A(IN_OUTPUT), "%join(\"->\", (t.name, t.path))", "Cat->/usr/Bin/Ls" },
	{ "join", A(IN_OUTPUT), "%join(\"->\", t.name)", NULL },

	{ "concat", A(VALUE) | A(ON_LEFT), "concat(t.name, \"/\", t.lower) = Cat/cat", YES },
	{ "concat", A(VALUE), "concat(t.path, t.rel) = /usr/Bin/Ls", NO },
	{ "concat", A(NO_VALUE), "concat(t.name, t.none) exists", NO },
	{ "concat", A(IN_LISTS), "concat(t.list, \"a\") = a", "concat() arguments must be strings" },
	{ "concat", A(IN_LISTS), "concat((\"a\", \"b\"), \"c\") = a", "concat() arguments must be strings" },
	{ "concat", A(WRONG_TYPE), "concat(t.num, \"a\") = a", "concat() arguments must be strings" },
	{ "concat", A(WRONG_TYPE), "concat(t.data, \"a\") = a", "concat() arguments must be strings" },
	{ "concat", A(WRONG_TYPE), "concat(t.name) = a", "unknown field transfomer 'concat'" },
	{ "concat", A(WRONG_TYPE), "concat(t.name, \"a\")[x] = a", NO_SELECTOR("concat") },
	{ "concat", A(NESTED), "concat(tolower(t.name), basename(t.path)) = catLs", YES },
	{ "concat", A(ON_RIGHT), "t.name = concat(\"C\", \"at\")", YES },
	{ "concat", A(ON_RIGHT), "t.name != concat(\"C\", \"at\")", NO },
	{ "concat", A(IN_OUTPUT), "%concat(t.name, \")\")", "Cat)" },
	{ "concat", A(IN_OUTPUT), "%concat(t.name)", NULL },

	{ "getopt", A(VALUE) | A(IN_LISTS) | A(ON_LEFT), "getopt(t.args, \"abc:\") in (a, b, c, X)", YES },
	{ "getopt", A(VALUE), "getopt(t.args, \"abc:\")[c] = X", YES },
	{ "getopt", A(VALUE), "getopt(t.args, \"abc:\")[a] = a", YES },
	{ "getopt", A(VALUE), "getopt(t.args, \"ab\") intersects (?)", YES },
	{ "getopt", A(VALUE), "getopt(t.args, \"abc:\") intersects (rest, --long)", NO },
	{ "getopt", A(NO_VALUE), "getopt(t.args, \"abc:d\")[d] exists", NO },
	{ "getopt", A(NO_VALUE), "getopt(t.nolist, \"a\") exists", NO },
	{ "getopt", A(IN_LISTS), "getopt((\"-a\", \"--\", \"-b\"), \"ab\") intersects (b)", NO },
	{ "getopt", A(WRONG_TYPE), "getopt(t.name, \"a\") intersects (a)", "getopt() first argument must be a list" },
	{ "getopt", A(WRONG_TYPE), "getopt(t.args, (\"a\")) intersects (a)",
	  "getopt() second argument (optstring) must be a single value" },
	{ "getopt", A(WRONG_TYPE), "getopt(t.args, \"a\", \"b\") intersects (a)",
	  "getopt() requires exactly 2 arguments: args list and optstring" },
	{ "getopt", A(WRONG_TYPE), "getopt(t.args, \"a\")[ab] = a", "getopt() field argument must be a single option character" },
	{ "getopt", A(WRONG_TYPE), "getopt(t.args, \"a\") = a", "filter error: '=' operator not supported list filters" },
	{ "getopt", A(NESTED), "getopt(tolower(t.args), \"abc:\")[c] = x", YES },
	{ "getopt", A(NESTED), "len(getopt(t.args, \"abc:\")) = 4", YES },
	{ "getopt", A(ON_RIGHT), "t.args intersects getopt((\"-x\", \"rest\"), \"x:\")", YES },
	{ "getopt", A(ON_RIGHT), "t.name = getopt(t.args, \"abc:\")[c]", NO },
	{ "getopt", A(IN_OUTPUT), "%getopt(t.args, \"abc:\")[c] was given", "X was given" },
	{ "getopt", A(IN_OUTPUT), "%getopt(t.name, \"a\")", NULL },

	{ "val", A(VALUE) | A(ON_RIGHT), "t.name = val(t.name)", YES },
	{ "val", A(VALUE), "t.name = val(t.lower)", NO },
	{ "val", A(VALUE), "t.path icontains val(t.low_path)", YES },
	{ "val", A(VALUE), "t.num <= val(t.num)", YES },
	{ "val", A(NO_VALUE), "t.name = val(t.none)", NO },
	{ "val", A(NO_VALUE), "t.none != val(t.name)", NO },
	{ "val", A(IN_LISTS), "t.list in val(t.list)", YES },
	{ "val", A(IN_LISTS), "t.list intersects val(t.low_list)", YES },
	{ "val", A(IN_LISTS), "t.list intersects val(t.codes)", NO },
	{ "val", A(IN_LISTS), "t.name = val(t.list)",
	  "field 't.name' has type 'CHARBUF' while the right-hand side field 't.list' has incompatible type 'LIST of CHARBUF'" },
	{ "val", A(WRONG_TYPE), "t.num = val(t.name)",
	  "field 't.num' has type 'UINT64' while the right-hand side field 't.name' has incompatible type 'CHARBUF'" },
	{ "val", A(WRONG_TYPE), "t.name = val(t.fixed)", "field 't.fixed' can't be used as a right-hand side field" },
	{ "val", A(WRONG_TYPE), "t.fixed = val(t.name)", "field 't.fixed' doesn't support right-hand side fields" },
	{ "val", A(WRONG_TYPE), "t.name regex val(t.name)", "operator 'REGEX' doesn't support right-hand side fields" },
	{ "val", A(WRONG_TYPE), "t.path pmatch val(t.path)", "operator 'PMATCH' doesn't support right-hand side fields" },
	{ "val", A(NESTED), "tolower(t.name) = val(t.lower)", YES },
	{ "val", A(NESTED), "t.name = val(tolower(t.name))", "expected a field within 'val' transformer" },
	{ "val", A(NESTED), "t.name = tolower(val(t.name))",
	  "expected field transformer argument: field, transformer, quoted string, number, or transformer list" },
	{ "val", A(ON_LEFT), "val(t.name) = Cat", "unexpected token after 'val', expecting 'or', 'and'" },
	{ "val", A(IN_OUTPUT), "%val(t.name)", NULL },
};

/* ---- running ---- */

static void check_condition(const struct row *r)
{
	bool refused = r->want && *r->want;
	struct diag d = { 0 };
	int got = filter_holds(&fields, r->text, &d);

	if (refused ? got >= 0 || strcmp(d.msg, r->want) : got != (r->want ? 1 : 0))
		fail_msg("%s: %s, expected %s", r->text, got < 0 ? d.msg : got ? "holds" : "does not hold",
			 refused ? r->want : r->want ? "that it holds" : "that it does not hold");
	diag_fini(&d);
}

static void check_output(const struct row *r)
{
	struct diag d = { 0 };
	struct format *f = NULL;
	struct field_ctx x;
	struct event ev = { 0 };
	struct buf out = { 0 };

	if (format_compile(&fields, r->text, &f, &d)) {
		if (r->want || strncmp(d.msg, "unknown filter: ", 16))
			fail_msg("%s: %s, expected %s", r->text, d.msg, r->want ? r->want : "an unknown filter");
		diag_fini(&d);
		return;
	}
	field_ctx_init(&x, NULL);
	field_ctx_event(&x, &ev);
	format_print(f, &x, &out);
	if (!r->want || strcmp(buf_str(&out), r->want))
		fail_msg("%s: '%s', expected %s", r->text, buf_str(&out), r->want ? r->want : "that it is refused");
	buf_fini(&out);
	field_ctx_fini(&x);
	format_free(f);
}

static void test_rows(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].aspects & A(IN_OUTPUT))
			check_output(&rows[i]);
		else
			check_condition(&rows[i]);
	}
}

static void expect_all_aspects(const char *name)
{
	u32 seen = 0;

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].name, name))
			seen |= rows[i].aspects;
	for (u32 i = 0; i < NASPECTS; i++)
		if (!(seen >> i & 1))
			fail_msg("no row for %s of %s", aspect_names[i], name);
}

/* Which there are is told by the table. */
static void test_every_transformer(void **state)
{
	(void)state;
	for (u32 i = 0; i < TRANSFORM_MAX; i++)
		expect_all_aspects(transform_rows[i].name);
	expect_all_aspects("val");
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		if (!transform_by_name(rows[i].name) && strcmp(rows[i].name, "val"))
			fail_msg("no transformer %s", rows[i].name);
}

/* ---- each on each type ---- */

#define T(NAME_) (1ull << PT_##NAME_)
#define STRINGS (T(CHARBUF) | T(FSPATH) | T(FSRELPATH))
#define ALL_TYPES ((1ull << PT_MAX) - 1)

static const struct {
	const char *name;
	u64 single, lists;	/* types it takes */
	const char *text;	/* %s: the field */
} takes[] = {
	{ "tolower", STRINGS, STRINGS, "tolower(%s) exists" },
	{ "toupper", STRINGS, STRINGS, "toupper(%s) exists" },
	{ "basename", STRINGS, STRINGS, "basename(%s) exists" },
	{ "b64", STRINGS | T(BYTEBUF), STRINGS | T(BYTEBUF), "b64(%s) exists" },
	{ "len", STRINGS | T(BYTEBUF), ALL_TYPES, "len(%s) exists" },
	{ "join", 0, ALL_TYPES, "join(\"-\", %s) exists" },
	{ "concat", STRINGS, 0, "concat(%s, \"a\") exists" },
	{ "getopt", 0, STRINGS, "getopt(%s, \"a\") exists" },
};

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void test_types(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(takes), TRANSFORM_MAX);
	for (u32 i = 0; i < ARRAY_SIZE(takes); i++) {
		assert_non_null(transform_by_name(takes[i].name));
		for (u32 k = 0; k < 2 * PT_MAX; k++) {
			bool want = (k < PT_MAX ? takes[i].single : takes[i].lists) >> k % PT_MAX & 1;
			struct diag d = { 0 };
			char text[80];

			snprintf(text, sizeof(text), takes[i].text, type_names[k]);
			if ((filter_holds(&fields, text, &d) >= 0) != want)
				fail_msg("%s (%s): %s", text, param_type_name(k % PT_MAX), want ? d.msg : "is taken");
			diag_fini(&d);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_transformer),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, make_fields, NULL);
}
