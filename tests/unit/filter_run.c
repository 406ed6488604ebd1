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

#include "unit/filter_fields.h"

static const struct facts facts = {
	.name = "cat",
	.path = "/opt/dir/sub/file.log",
	.cmdline = "cat /etc/Shadow --now",
	.kin = { "bash", "sshd", "init" },
	.types = { "file", "ipv4" },
	.num = 42,
	.res = -2,
	.flag = true,
	.data = "a\0b..",
	.data_len = 5,
	.sip = { 142, 251, 111, 147 },
	.cip = { 10, 0, 0, 7 },
	.ip_len = 4,
	.port = 443,
	.load = 3.0,
};

static struct ast *parse(struct arena *a, const char *text)
{
	struct diag d = { 0 };
	struct ast *n;

	if (filter_parse(a, text, strlen(text), FILTER_DEPTH_MAX, &n, &d))
		fail_msg("%s: %s", text, d.msg);
	return n;
}

static u32 compile(struct filter_pool *p, struct arena *a, const char *text)
{
	struct diag d = { 0 };
	u32 expr;

	if (filter_compile(p, parse(a, text), &expr, &d, NULL, NULL))
		fail_msg("%s: %s", text, d.msg);
	return expr;
}

/* One condition over one event of type openat. */
static bool run_one(const char *text, struct facts *t)
{
	struct event ev = { .type = EV_SYSCALL_OPENAT_2_X,
			   .desc = event_desc(EV_SYSCALL_OPENAT_2_X) };
	struct filter_pool *p = filter_pool_new(&test_fields);
	struct filter_state *s;
	struct field_ctx x;
	struct arena a;
	bool result;
	u32 expr;

	arena_init(&a);
	expr = compile(p, &a, text);
	filter_pool_seal(p);
	s = filter_state_new(p);
	field_ctx_init(&x, NULL);
	x.user = t;
	field_ctx_event(&x, &ev);
	filter_begin(s, &x);
	result = filter_run(s, expr);
	field_ctx_fini(&x);
	filter_state_free(s);
	filter_pool_free(p);
	arena_fini(&a);
	return result;
}

static const struct {
	const char *text;
	bool holds;
} conditions[] = {
	/* strings */
	{ "t.name exists", true },
	{ "t.name = cat", true },
	{ "t.name != cat", false },
	{ "t.name = ca", false },
	{ "t.name < 9", false },
	{ "t.name > 9", true },
	{ "t.name in (dog, cat)", true },
	{ "t.name in ()", false },
	{ "t.name in cat", true },
	{ "t.name intersects (dog, cat)", true },
	{ "t.cmdline contains Shadow", true },
	{ "t.cmdline contains shadow", false },
	{ "t.cmdline contains \"\"", true },
	{ "t.cmdline icontains sHADOW", true },
	{ "t.cmdline startswith 'cat '", true },
	{ "t.cmdline endswith now", true },
	{ "t.cmdline endswith No", false },
	{ "t.path glob /opt/*/file.log", true },
	{ "t.path glob *.log", true },
	{ "t.path glob /opt*", true },
	{ "t.path glob *dir*", true },
	{ "t.path glob /opt", false },
	{ "t.path glob *[!a-k].???", false },
	{ "t.path glob *[[:lower:]].lo[fg]", true },
	{ "t.path iglob *.LOG", true },
	{ "t.path glob *.LOG", false },
	{ "t.path regex /opt/.*", true },
	{ "t.path regex opt", false },
	{ "t.path regex '.*(dir|sub)/[a-z]{4}[.]log'", true },
	/* paths */
	{ "t.path pmatch (/opt/dir)", true },
	{ "t.path pmatch (/opt/di)", false },
	{ "t.path pmatch (/opt/di/, /opt//dir/)", true },
	{ "t.path pmatch (/opt/*/sub)", true },
	{ "t.path pmatch (/opt/*/*/*/*)", false },
	{ "t.path pmatch (/)", true },
	{ "t.path pmatch (/opt/di[!r])", false },
	{ "t.path pmatch ()", false },
	/* modifiers */
	{ "t.name = anyof (dog, cat)", true },
	{ "t.name = oneof (cat, cat)", false },
	{ "t.name = allof (cat, cat)", true },
	{ "t.name = allof (cat, dog)", false },
	{ "t.name != allof (dog, fox)", true },
	{ "t.name != allof (dog, cat)", false },
	{ "t.name != anyof (dog, cat)", true },
	{ "t.name != anyof (cat)", false },
	{ "t.name = allof ()", true },
	{ "t.name = anyof ()", false },
	{ "t.path startswith anyof (/usr, /opt/dir)", true },
	{ "t.path startswith anyof (/usr, /optional)", false },
	{ "t.path startswith oneof (/opt, /opt/dir)", false },
	{ "t.path startswith oneof (/opt, /usr)", true },
	{ "t.path startswith allof (/opt, /opt/dir)", true },
	{ "t.path endswith anyof (.c, .log)", true },
	{ "t.path contains anyof (xyz, sub)", true },
	{ "t.path contains allof (dir, sub)", true },
	{ "t.path glob anyof (a*, *file*)", true },
	{ "t.path regex anyof (a.*, .*file.*)", true },
	/* numbers */
	{ "t.num = 42", true },
	{ "t.num = +42", true },
	{ "t.num = 042", true },
	{ "t.num != 42", false },
	{ "t.num in (1, 2, 3, 4, 5, 6, 7, 42)", true },
	{ "t.num in (1, 2, 3, 4, 5, 6, 7, 43)", false },
	{ "t.num > 41", true },
	{ "t.num >= 43", false },
	{ "t.num < -1", true },
	{ "t.u8 = 298", true },
	{ "t.res = -2", true },
	{ "t.res < 0", true },
	{ "t.res in (-1, -2)", true },
	{ "t.res > -3", true },
	{ "t.num = anyof (1, 42)", true },
	{ "t.num != allof (1, 42)", false },
	{ "t.load = 3", true },
	{ "t.load > 2", true },
	{ "t.load in (1, 3)", true },
	{ "t.flag = true", true },
	{ "t.flag = false", false },
	{ "t.flag in (true, false)", true },
	{ "t.port = https", true },
	{ "t.port in (ssh, 80)", false },
	{ "t.around = 42", true },
	{ "t.around = 41", false },
	/* buffers */
	{ "t.data = \"a\\x00b..\"", true },
	{ "t.data contains \"\\x00b\"", true },
	{ "t.data startswith a", true },
	{ "t.data endswith ..", true },
	{ "t.data bcontains 006A", false },
	{ "t.data bcontains 0062", true },
	{ "t.data bstartswith 6100", true },
	{ "t.data in (x, \"a\\x00b..\")", true },
	/* lists */
	{ "t.types in (file)", false },
	{ "t.types in (file, ipv4, pipe)", true },
	{ "t.types intersects (pipe, ipv4)", true },
	{ "t.types intersects (pipe)", false },
	{ "t.types exists", true },
	/* any of several */
	{ "t.kin = sshd", true },
	{ "t.kin = cat", false },
	{ "t.kin != sshd", true },
	{ "not t.kin = sshd", false },
	{ "t.kin in (x, init)", true },
	{ "t.kin[1] = sshd", true },
	{ "t.kin[1] = bash", false },
	{ "t.kin[3] exists", false },
	{ "t.kin exists", true },
	{ "t.kin startswith ini", true },
	/* addresses: either end, but != for both */
	{ "t.ip = 142.251.111.147", true },
	{ "t.ip = 10.0.0.7", true },
	{ "t.ip != 10.0.0.7", false },
	{ "t.ip != 10.0.0.8", true },
	{ "t.ip != ::1", true },
	{ "t.ip in (10.0.0.7, 1.2.3.4)", false },
	{ "t.ip = anyof (10.0.0.7, 1.2.3.4)", true },
	{ "t.sip in (142.251.111.147, 1.2.3.4)", true },
	{ "t.sip = 10.0.0.7", false },
	{ "t.sip == anyof (10.0.0.7, 142.251.111.147)", true },
	{ "t.sip != anyof (142.251.111.147)", false },
	{ "t.sip != allof (10.0.0.1, ::1)", true },
	{ "t.net = 142.0.0.0/4", true },
	{ "t.net = 10.0.0.4/30", true },
	{ "t.net = 10.0.0.0/30", false },
	{ "t.net != 10.0.0.0/8", false },
	{ "t.net = 2001:db8::0/64", false },
	{ "t.net != 2001:db8::0/64", true },
	{ "t.net in (1.0.0.0/8, 10.0.0.0/24)", false },
	{ "t.net in (10.0.0.0/24, 1.0.0.0/8)", true },
	{ "t.net = anyof (1.0.0.0/8, 10.0.0.0/24)", true },
	{ "t.net = 0.0.0.0/0", true },
	/* another field */
	{ "t.name = val(t.name)", true },
	{ "t.name = val(t.cmdline)", false },
	{ "t.cmdline startswith val(t.name)", true },
	{ "t.cmdline contains tolower(t.name)", true },
	{ "t.name in val(t.name)", true },
	{ "t.num = len(t.cmdline)", false },
	{ "t.name glob val(t.name)", true },
	/* transformers */
	{ "toupper(t.name) = CAT", true },
	{ "tolower(t.cmdline) contains shadow", true },
	{ "toupper(t.types) in (FILE, IPV4)", true },
	{ "len(t.name) = 3", true },
	{ "len(t.types) = 2", true },
	{ "len(t.data) = 5", true },
	{ "basename(t.path) = file.log", true },
	{ "basename(t.name) = cat", true },
	{ "b64(concat(\"aGVsbG8=\", \"\")) = hello", true },
	{ "b64(concat(\"aGVsbG8\", \"\")) = hello", true },
	{ "b64(concat(\"a\", \"\")) exists", false },
	{ "b64(concat(\"not base64!\", \"\")) exists", false },
	{ "b64(concat(\"\", \"\")) = \"\"", true },
	{ "concat(t.name, \"-\", t.kin[1]) = cat-sshd", true },
	{ "concat(t.name, t.kin[3]) exists", false },
	{ "join(\", \", (t.name, t.num, 7, \"x\")) = \"cat, 42, 7, x\"", true },
	{ "join(\",\", ()) = \"\"", true },
	{ "join(\",\", t.types) = \"file,ipv4\"", true },
	{ "getopt((\"-n\", \"-t\", \"hello\"), \"nt:\") intersects (hello)", true },
	{ "getopt((\"-n\", \"--\", \"-t\"), \"nt\") intersects (t)", false },
	{ "getopt((\"-x\", \"--long\", \"-n\"), \"n\") in (n, ?)", true },
	{ "getopt((\"-t\"), \"t:\") intersects (t)", false },
	{ "getopt((\"-t\"), \"t:\") intersects (\"\")", true },
	{ "getopt((\"-t\", \"a\", \"-t\", \"b\"), \"t:\")[t] = b", true },
	{ "getopt((\"-n\"), \"nt:\")[t] exists", false },
	{ "getopt((\"-\", \"-n\"), \"n\") intersects (n)", false },
	/* the event's name */
	{ "evt.type = openat", true },
	{ "evt.type in (open, openat)", true },
	{ "evt.type != open", true },
	/* what one comparison says of another */
	{ "t.name = cat and t.num = 42", true },
	{ "t.name = cat and t.num = 43", false },
	{ "t.name = dog or t.name = fox or t.name = cat", true },
	{ "not t.name = dog and not t.name = fox", true },
	{ "not t.name = dog and not t.name = cat", false },
	{ "not (t.name = dog or t.path startswith /opt)", false },
	{ "t.path startswith /a or t.path startswith /opt/dir or t.path startswith /opt", true },
	{ "t.path endswith .c or t.path endswith .log", true },
	{ "t.path contains xyz or t.path contains ub/f", true },
	{ "t.path pmatch (/x) or t.path pmatch (/opt)", true },
	{ "t.net = 1.0.0.0/8 or t.net = 10.0.0.0/8", true },
	{ "t.num = 1 or t.num = 42", true },
	{ "evt.num = 0", false },
	{ "evt.num > 0", true },
};

static void test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		struct facts t = facts;

		if (run_one(conditions[i].text, &t) != conditions[i].holds)
			fail_msg("%s", conditions[i].text);
	}
}

/* A missing value fails every comparison, also a negative one. */
static void test_missing(void **state)
{
	(void)state;
	static const char *const never[] = {
		"t.name exists",        "t.name = x",
		"t.name != x",          "t.name in (a, b)",
		"t.name < 1",           "t.name regex .*",
		"t.name contains \"\"", "t.ip != 1.2.3.4",
		"t.kin exists",         "t.kin != a",
		"t.types in (a)",       "t.types intersects (a)",
		"t.types exists",       "len(t.name) = 0",
		"t.name = val(t.name)", "t.name != allof (a, b)",
		"t.data = x",           "t.name = allof ()",
	};

	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		struct facts t = { 0 };

		if (run_one(never[i], &t))
			fail_msg("%s", never[i]);
	}
}

/* Every operator with every type: the pairs that do not go together are load errors. */
static void test_operators_and_types(void **state)
{
	(void)state;
	static const struct {
		const char *field, *value, *ops; /* first letters of those allowed, see below */
		const char *what;
	} types[] = {
		{ "t.name", "1", "e=!<{>}cislghr", "string filters" },
		{ "t.num", "1", "e=!<{>}i", "numeric filters" },
		{ "t.res", "1", "e=!<{>}i", "numeric filters" },
		{ "t.load", "1", "e=!<{>}i", "numeric filters" },
		{ "t.flag", "true", "e=!i", "numeric filters" },
		{ "t.data", "1", "e=!cslibB", "buffer filters" },
		{ "t.sip", "1.2.3.4", "e=!i", "ip address and network filters" },
		{ "t.net", "1.2.3.4/8", "e=!i", "ip address and network filters" },
	};
	static const struct {
		const char *op;
		char key;
		bool number, list;
	} ops[] = {
		{ "exists", 'e', 0, 0 },     { "=", '=', 0, 0 },           { "!=", '!', 0, 0 },
		{ "<", '<', 1, 0 },          { "<=", '{', 1, 0 },          { ">", '>', 1, 0 },
		{ ">=", '}', 1, 0 },         { "contains", 'c', 0, 0 },    { "icontains", 'r', 0, 0 },
		{ "startswith", 's', 0, 0 }, { "endswith", 'l', 0, 0 },    { "glob", 'g', 0, 0 },
		{ "iglob", 'g', 0, 0 },      { "regex", 'r', 0, 0 },       { "pmatch", 'h', 0, 1 },
		{ "bcontains", 'b', 0, 0 },  { "bstartswith", 'B', 0, 0 }, { "in", 'i', 0, 1 },
		{ "intersects", 'i', 0, 1 },
	};

	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		for (size_t o = 0; o < ARRAY_SIZE(ops); o++) {
			struct filter_pool *p = filter_pool_new(&test_fields);
			bool allowed = strchr(types[t].ops, ops[o].key);
			const char *value = ops[o].key == 'e' ? "" : ops[o].number ? "1" :
					    strchr("bB", ops[o].key) ? "31" : types[t].value;
			char text[100], msg[200];
			struct diag d = { 0 };
			struct arena a;
			u32 expr;
			int err;

			snprintf(text, sizeof(text), ops[o].list ? "%s %s (%s)" : "%s %s %s",
				 types[t].field, ops[o].op, value);
			arena_init(&a);
			err = filter_compile(p, parse(&a, text), &expr, &d, NULL, NULL);
			if (!err != allowed)
				fail_msg("%s: %s", text, d.msg ? d.msg : "accepted");
			snprintf(msg, sizeof(msg),
				 "filter error: '%s' operator not supported for %s", ops[o].op,
				 types[t].what);
			if (!allowed)
				assert_string_equal(d.msg, msg);
			diag_fini(&d);
			arena_fini(&a);
			filter_pool_free(p);
		}
	}
}

static const struct {
	const char *text, *msg;
	u32 col;
} errors[] = {
	{ "t.nosuch = 1", "filter_check called with nonexistent field t.nosuch", 0 },
	{ "t.name[1] = 1", "filter_check called with nonexistent field t.name[1]", 0 },
	{ "t.num = 0x1", "0x1 is not a valid number", 8 },
	{ "t.num = 1.5", "1.5 is not a valid number", 8 },
	{ "t.flag = yes", "filter error: unrecognized boolean value yes", 9 },
	{ "t.port = nosuchservice", "unrecognized protocol nosuchservice", 9 },
	{ "t.name = \"\\x00\"", "filter error: filter value cannot contain a NUL byte (\\x00)", 9 },
	{ "t.data bcontains 123",
	 "filter error: bcontains and bstartswith operator support hex strings only", 17 },
	{ "t.uid = 1", "filter error: '=' operator not supported for type 'UID'", 0 },
	{ "t.types = x", "filter error: '=' operator not supported list filters", 0 },
	{ "t.ip contains anyof (1.2.3.4)",
	 "filter error: 'contains' with modifier not supported for ip address and network filters",
	 0 },
	{ "t.around > 1", "t.around supports only '=' comparison operator", 0 },
	{ "t.around = val(t.num)", "field 't.around' doesn't support right-hand side fields", 0 },
	{ "t.name = val(t.kin)", "field 't.kin' can't be used as a right-hand side field", 13 },
	{ "t.name pmatch val(t.name)", "operator 'PMATCH' doesn't support right-hand side fields",
	 0 },
	{ "t.name = val(t.num)",
	 "field 't.name' has type 'CHARBUF' while the right-hand side field 't.num' has "
	 "incompatible type 'UINT64'",
	 0 },
	{ "toupper(t.kin) = A", "field 't.kin' does not support transformers", 0 },
	{ "toupper(t.num) = A",
	 "can't add field transformer: type 'UINT64' is not supported by 'toupper' "
	 "transformer applied on field 't.num'",
	 0 },
	{ "toupper(t.name)[x] = A",
	 "filter error: transformer 'toupper' does not support field arguments", 0 },
	{ "concat(\"a\") = a", "unknown field transfomer 'concat'", 0 },
	{ "concat(t.num, \"a\") = a", "concat() arguments must be strings", 0 },
	{ "join(\"-\", \"a\", \"b\") = a", "join() requires exactly 2 arguments: separator and list",
	 0 },
	{ "getopt((\"-n\"), \"n\")[ab] = n",
	 "getopt() field argument must be a single option character", 0 },
	{ "evt.type = nosuch", "unknown event type nosuch", 11 },
	{ "evt.type in (open, nosuch)", "unknown event type nosuch", 19 },
	{ "some_macro", "Undefined macro 'some_macro' used in filter.", 0 },
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct filter_pool *p = filter_pool_new(&test_fields);
		struct diag d = { 0 };
		struct arena a;
		u32 expr;

		arena_init(&a);
		if (!filter_compile(p, parse(&a, errors[i].text), &expr, &d, NULL, NULL))
			fail_msg("accepted: %s", errors[i].text);
		assert_string_equal(d.msg, errors[i].msg);
		if (d.col != errors[i].col)
			fail_msg("%s: at %u", errors[i].text, d.col);
		diag_fini(&d);
		arena_fini(&a);
		filter_pool_free(p);
	}
}

static void count_note(void *ctx, const struct filter_note *n)
{
	snprintf(ctx, 200, "%u %s", n->node->col, n->msg);
}

static void test_notes(void **state)
{
	(void)state;
	static const struct {
		const char *text, *note;
	} notes[] = {
		{ "t.name = t.path",
		 "9 't.path' may be a valid field misused as a const string value" },
		{ "t.name in (a, 't.path ')",
		 "14 't.path ' may be a valid field misused as a const string value" },
		{ "t.name = 'tolower(t.path)'", "9 'tolower(t.path)' may be a valid field "
					       "transformer misused as a const string value" },
		{ "t.name regex .*a.?",
		 "13 regex check with '.*a.?' may be optimized with simpler operators such "
		 "as '=', 'contains', 'startswith', 'endswith'" },
		{ "t.name = t.nosuch", "" },
		{ "t.name regex a.*b", "" },
		{ "t.name = tolower", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
		struct filter_pool *p = filter_pool_new(&test_fields);
		struct diag d = { 0 };
		char got[200] = "";
		struct arena a;
		u32 expr;

		arena_init(&a);
		assert_int_equal(
			filter_compile(p, parse(&a, notes[i].text), &expr, &d, count_note, got), 0);
		assert_string_equal(got, notes[i].note);
		arena_fini(&a);
		filter_pool_free(p);
	}
}

/* Fields and predicates are asked once for an event, and again for the next. */
static void test_memory(void **state)
{
	(void)state;
	struct event ev = { .type = EV_SYSCALL_OPENAT_2_X,
			   .desc = event_desc(EV_SYSCALL_OPENAT_2_X) };
	struct filter_pool *p = filter_pool_new(&test_fields);
	struct facts t = facts;
	struct filter_state *s;
	struct field_ctx x;
	struct arena a;
	u32 one, two, same;

	arena_init(&a);
	one = compile(p, &a, "t.name = cat and t.num > 1");
	two = compile(p, &a, "t.num > 1 and not t.name = cat or t.name = cow");
	same = compile(p, &a, "(t.num > 1) and (t.name = 'cat' and t.name = cat)");
	assert_int_equal(one, same);
	filter_pool_seal(p);
	s = filter_state_new(p);
	field_ctx_init(&x, NULL);
	x.user = &t;
	for (u32 i = 1; i <= 3; i++) {
		t.name = i == 2 ? "cow" : "cat";
		field_ctx_event(&x, &ev);
		filter_begin(s, &x);
		assert_int_equal(filter_run(s, one), i != 2);
		assert_int_equal(filter_run(s, two), i == 2);
		assert_int_equal(filter_run(s, same), i != 2);
		assert_int_equal(t.asked[ID_NAME], i);
		assert_int_equal(t.asked[ID_NUM], i);
	}
	field_ctx_fini(&x);
	filter_state_free(s);
	filter_pool_free(p);
	arena_fini(&a);
}

static void check_printed(struct filter_pool *p, u32 expr, const char *want)
{
	struct buf b = { 0 };

	filter_expr_print(p, expr, &b);
	assert_string_equal(buf_str(&b), want);
	buf_fini(&b);
}

/* What a condition becomes. */
static void test_simplified(void **state)
{
	(void)state;
	static const struct {
		const char *text, *compiled;
	} forms[] = {
		{ "t.name = a or t.name in (b, c) or t.name = anyof (d)", "t.name in {a, b, c, d}" },
		{ "not t.name = a and not t.name in (b, c)", "not t.name in {a, b, c}" },
		{ "t.path startswith /a or t.num = 1 or t.path startswith anyof (/b, /a)",
		 "(t.num = 1 or t.path startswith anyof {/a, /b})" },
		{ "t.cmdline contains a and t.num = 1 and t.flag = true",
		 "(t.num = 1 and t.flag = 1 and t.cmdline contains a)" },
		{ "t.name = a or evt.num > 0", "true" },
		{ "t.name = a and evt.num = 0", "false" },
		{ "t.name = a and not t.name = a", "false" },
		{ "t.name = a or not t.name = a", "true" },
		{ "t.name glob a*", "t.name startswith a" },
		{ "t.name glob abc", "t.name = abc" },
		{ "t.name glob a*b", "t.name glob a*b" },
		{ "not not(not(t.name = a))", "not t.name = a" },
		{ "t.kin = a or t.num = 1", "(t.num = 1 or t.kin = a)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct filter_pool *p = filter_pool_new(&test_fields);
		struct arena a;
		u32 expr;

		arena_init(&a);
		expr = compile(p, &a, forms[i].text);
		filter_pool_seal(p);
		check_printed(p, expr, forms[i].compiled);
		arena_fini(&a);
		filter_pool_free(p);
	}
}

static void test_for_event(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		u32 type;
		const char *compiled;
	} forms[] = {
		{ "evt.type = open and t.num = 1", EV_SYSCALL_OPEN_X, "t.num = 1" },
		{ "evt.type = open and t.num = 1", EV_SYSCALL_CLOSE_X, "false" },
		{ "evt.type != open or t.num = 1", EV_SYSCALL_CLOSE_X, "true" },
		{ "(evt.type in (open, close) or t.num = 1) and t.num = 2", EV_SYSCALL_CLOSE_X,
		 "t.num = 2" },
		{ "not (evt.type = open and t.num = 1)", EV_SYSCALL_OPEN_X, "not t.num = 1" },
		{ "evt.type = madvise and t.num = 1", EV_GENERIC_X,
		 "(t.num = 1 and evt.type = madvise)" },
		{ "evt.type exists", EV_SYSCALL_CLOSE_X, "true" },
		{ "evt.type startswith ope", EV_SYSCALL_CLOSE_X, "false" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct filter_pool *p = filter_pool_new(&test_fields);
		struct arena a;
		u32 expr;

		arena_init(&a);
		expr = compile(p, &a, forms[i].text);
		assert_true(filter_expr_flags(p, expr) & FF_NAMED_EVENT);
		expr = filter_expr_for_event(p, expr, forms[i].type);
		filter_pool_seal(p);
		check_printed(p, expr, forms[i].compiled);
		arena_fini(&a);
		filter_pool_free(p);
	}
}

static u32 bits(const u64 *words, u32 n)
{
	u32 count = 0;

	for (u32 i = 0; i < n; i++)
		count += (u32)(words[i / 64] >> i % 64 & 1);
	return count;
}

static void test_inference(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		u32 codes;		/* SC_MAX: all */
		u32 in, out;		/* event types; 0: do not look */
	} sets[] = {
		{ "evt.type = open", 1, EV_SYSCALL_OPEN_X, EV_SYSCALL_CLOSE_X },
		{ "evt.type in (open, close)", 2, EV_SYSCALL_CLOSE_X, EV_SYSCALL_READ_X },
		{ "evt.type != open", SC_MAX - 1, EV_SYSCALL_CLOSE_X, EV_SYSCALL_OPEN_X },
		{ "not evt.type in (open)", SC_MAX - 1, EV_SYSCALL_CLOSE_X, EV_SYSCALL_OPEN_X },
		{ "not (evt.type = open or evt.type = close)", SC_MAX - 2, EV_SYSCALL_READ_X,
		 EV_SYSCALL_CLOSE_X },
		{ "evt.type = open and evt.type = close", 0, 0, EV_SYSCALL_OPEN_X },
		{ "evt.type = open or t.num = 1", SC_MAX, EV_SYSCALL_READ_X, 0 },
		{ "evt.type = open and t.num = 1", 1, EV_SYSCALL_OPEN_X, EV_SYSCALL_READ_X },
		{ "not t.num = 1", SC_MAX, EV_SYSCALL_READ_X, 0 },
		{ "evt.num = 0", 0, 0, EV_SYSCALL_READ_X },
		{ "not evt.num = 0", SC_MAX, EV_SYSCALL_READ_X, 0 },
		{ "evt.num = 0 or evt.type = open", 1, EV_SYSCALL_OPEN_X, EV_SYSCALL_READ_X },
		{ "evt.type exists", SC_MAX, EV_SYSCALL_READ_X, 0 },
		{ "not evt.type exists", 0, 0, EV_SYSCALL_READ_X },
		{ "not evt.type startswith open", SC_MAX, EV_SYSCALL_OPEN_X, 0 },
		{ "evt.type = madvise", 1, EV_GENERIC_X, EV_SYSCALL_READ_X },
		{ "evt.type != madvise", SC_MAX - 1, EV_GENERIC_X, 0 },
		{ "evt.type = accept", 2, EV_SOCKET_ACCEPT_5_X, EV_SOCKET_ACCEPT4_6_X },
		{ "evt.type = accept4", 1, EV_SOCKET_ACCEPT4_6_X, EV_SOCKET_ACCEPT_5_X },
		{ "evt.type in ()", 0, 0, EV_SYSCALL_READ_X },
		{ "evt.type = container", 0, 0, EV_SYSCALL_READ_X },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		struct filter_pool *p = filter_pool_new(&test_fields);
		struct event_set s;
		struct diag d = { 0 };
		struct arena a;

		arena_init(&a);
		assert_int_equal(filter_events(p, parse(&a, sets[i].text), &s, &d), 0);
		if (bits(s.sc, SC_MAX) != sets[i].codes)
			fail_msg("%s: %u syscalls", sets[i].text, bits(s.sc, SC_MAX));
		if (sets[i].in && !event_set_has(&s, sets[i].in))
			fail_msg("%s: lacks %u", sets[i].text, sets[i].in);
		if (sets[i].out && event_set_has(&s, sets[i].out))
			fail_msg("%s: has %u", sets[i].text, sets[i].out);
		arena_fini(&a);
		filter_pool_free(p);
	}
}

static void test_inference_errors(void **state)
{
	(void)state;
	static const char *const transformed =
		"event code search does not support `evt.type` checks with transformers";
	static const struct {
		const char *text;
		bool transformer;
	} odd[] = {
		{ "tolower(evt.type) = open", true },
		{ "evt.type = val(evt.type)", true },
		{ "evt.type = tolower(evt.type)", true },
		{ "t.num = 1 or not evt.type = val(t.name)", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct filter_pool *p = filter_pool_new(&test_fields);
		struct event_set s;
		struct diag d = { 0 };
		struct arena a;

		arena_init(&a);
		assert_int_equal(filter_events(p, parse(&a, odd[i].text), &s, &d), -ENOTSUP);
		assert_int_equal(!strcmp(d.msg, transformed), odd[i].transformer);
		diag_fini(&d);
		arena_fini(&a);
		filter_pool_free(p);
	}
}

/* Lists are hashed: their length must not show. */
static void test_big_lists(void **state)
{
	(void)state;
	struct event ev = { .type = EV_SYSCALL_OPENAT_2_X,
			   .desc = event_desc(EV_SYSCALL_OPENAT_2_X) };
	struct filter_pool *p = filter_pool_new(&test_fields);
	struct facts t = facts;
	struct filter_state *s;
	struct buf b = { 0 };
	struct field_ctx x;
	struct arena a;
	clock_t start;
	u32 in, prefix, hits = 0;

	arena_init(&a);
	buf_adds(&b, "t.name in (");
	for (u32 i = 0; i < 10000; i++)
		buf_addf(&b, "%sname%u", i ? "," : "", i);
	buf_adds(&b, ")");
	in = compile(p, &a, buf_str(&b));
	buf_clear(&b);
	for (u32 i = 0; i < 3000; i++)
		buf_addf(&b, "%st.path startswith /dir%u/", i ? " or " : "", i);
	prefix = compile(p, &a, buf_str(&b));
	buf_fini(&b);
	filter_pool_seal(p);
	s = filter_state_new(p);
	field_ctx_init(&x, NULL);
	x.user = &t;
	start = clock();
	for (u32 i = 0; i < 100000; i++) {
		t.name = i & 1 ? "name9999" : "name10000";
		t.path = i & 1 ? "/dir2999/x" : "/dir2999";
		field_ctx_event(&x, &ev);
		filter_begin(s, &x);
		hits += filter_run(s, in) + filter_run(s, prefix);
	}
	assert_int_equal(hits, 100000);
	assert_true((clock() - start) / CLOCKS_PER_SEC < 2);
	field_ctx_fini(&x);
	filter_state_free(s);
	filter_pool_free(p);
	arena_fini(&a);
}

/* Trees deeper than any text can be come from macros in macros. */
static void test_deep_trees(void **state)
{
	(void)state;
	struct filter_pool *p = filter_pool_new(&test_fields);
	struct diag d = { 0 };
	struct event_set set;
	struct buf b = { 0 };
	struct arena a;
	struct ast *n, *next;
	u32 expr;

	arena_init(&a);
	n = parse(&a, "t.num = 1");
	for (u32 i = 0; i < 100000; i++) {
		next = parse(&a, "not t.num = 2");
		next->kids[0] = n;
		n = next;
	}
	assert_int_equal(filter_compile(p, n, &expr, &d, NULL, NULL), -EINVAL);
	assert_string_equal(d.msg, "exceeded max depth limit of 1000");
	diag_clear(&d);
	assert_int_equal(filter_events(p, n, &set, &d), -EINVAL);
	filter_print(n, &b);
	assert_true(b.len < 10000);
	diag_fini(&d);
	buf_fini(&b);
	arena_fini(&a);
	filter_pool_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_operators_and_types),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_simplified),
		cmocka_unit_test(test_for_event),
		cmocka_unit_test(test_inference),
		cmocka_unit_test(test_inference_errors),
		cmocka_unit_test(test_big_lists),
		cmocka_unit_test(test_deep_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
