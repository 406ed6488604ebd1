/* SPDX-License-Identifier: Apache-2.0 */
/* Rules files and what is said about them; conditions as they end up. */
#include "rules_help.h"

#include "rules/report.h"

/* Files (separated by "%%%\n") and all that the last one's report says. */
static const struct {
	const char *files, *notes;
} reports[] = {
	{ RULE("r", "evt.type=open"), "" },
	{ "", "" },
	{ "---\n---\n" RULE("r", "evt.type=open"), "" },
	{ "just words", "E ERR_YAML_VALIDATE rules content '' 0:0: Rules content is not yaml\n" },
	{ "a: b",
	  "E ERR_YAML_VALIDATE rules content '' 0:0: Rules content is not yaml array of objects\n" },
	{ "- x", "E ERR_YAML_VALIDATE rules content item '' 0:2: Unexpected element type. Each "
		"element should be a yaml associative array.\n" },
	{ "- thing: 1", "W UNKNOWN_ITEM rules content item '' 0:2: Unknown top level item\n" },
	{ "- list: l", "E ERR_YAML_VALIDATE list 'l' 0:2: Item has no mapping for key 'items'\n" },
	{ "- list:\n  items: [a]",
	  "E ERR_YAML_VALIDATE list '' 0:2: Mapping for key 'list' is empty\n" },
	{ "- list: l\n  items: a",
	  "E ERR_YAML_VALIDATE value for 'items' 1:9: Value is not a sequence\n" },
	{ "- list: l\n  items: [[a]]",
	  "E ERR_YAML_VALIDATE list item '' 1:10: sequence value is not scalar\n" },
	{ "- macro: m\n  condition: [a]",
	  "E ERR_YAML_VALIDATE value for 'condition' 1:13: Value is not a scalar value\n" },
	{ "- macro: m\n  condition: \"\"",
	  "E ERR_YAML_VALIDATE value for 'condition' 1:13: Value must be non-empty\n" },
	{ RULE("r", "evt.type=open") "  enabled: maybe\n",
	  "E ERR_YAML_VALIDATE value for 'enabled' 5:11: Can't decode YAML scalar value\n" },
	{ RULE("r", "evt.type=open") "  capture_duration: -1\n",
	  "E ERR_YAML_VALIDATE value for 'capture_duration' 5:20: Can't decode YAML scalar value\n" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: HUGE\n",
	  "E ERR_YAML_VALIDATE rule priority '' 4:12: Invalid priority\n" },
	{ RULE("r", "evt.type=open") "  typo: 1\n",
	  "W UNKNOWN_KEY rule 'r' 0:2: Unknown key 'typo'. The key will be ignored.\n" },
	{ RULE("r", "no_such"),
	  "E ERR_VALIDATE condition expression '' 1:3: Undefined macro 'no_such' used in filter.\n" },
	{ RULE("r", "evt.type=open and evt.bogus=1"),
	  "E ERR_COMPILE_CONDITION condition expression '' 3:32: filter_check called with "
	  "nonexistent field evt.bogus\n" },
	{ RULE("r", "evt.type=open and evt.bogus=1") "  skip-if-unknown-filter: true\n",
	  "W UNKNOWN_FILTER condition expression '' 3:32: filter_check called with nonexistent "
	  "field evt.bogus\n" },
	{ "- macro: m\n  condition: evt.type=open\n",
	  "W UNUSED_MACRO macro 'm' 0:2: Macro not referred to by any other rule/macro\n" },
	{ "- list: l\n  items: [a]\n- list: k\n  items: [l]\n",
	  "W UNUSED_LIST list 'k' 2:2: List not referred to by any other rule/macro\n" },
	{ "- macro: m\n  condition: m\n",
	  "E ERR_VALIDATE condition expression '' 1:3: Undefined macro 'm' used in filter.\n" },
	{ "- macro: a\n  condition: evt.type=open\n- macro: b\n  condition: a\n- macro: a\n  "
	  "condition: b\n",
	  "E ERR_VALIDATE condition expression '' 3:3: reference loop in macro 'a'\n" },
	/* a macro sees only those before it */
	{ "- macro: a\n  condition: b\n- macro: b\n  condition: evt.type=open\n",
	  "E ERR_VALIDATE condition expression '' 1:3: Undefined macro 'b' used in filter.\n" },
	/* errors in a second file, and warnings about the first one's items again */
	{ "- macro: m\n  condition: evt.type=open\n%%%\n" RULE("r", "evt.type=close"),
	  "W UNUSED_MACRO macro 'm' 0:2: Macro not referred to by any other rule/macro\n" },
	{ "- macro: m\n  condition: evt.type=open\n%%%\n" RULE("r", "m"), "" },
	{ RULE("r", "evt.num>0") "%%%\n" RULE("s", "evt.type=open"),
	  "W NO_EVTTYPE rule 'r' 0:2: Rule matches too many evt.type values. This has a "
	  "significant performance penalty.\n" },
	{ RULE("r", "evt.type=open") "%%%\n- rule: r\n  source: plug\n  desc: d\n  condition: "
				    "evt.type=open\n"
				    "  output: o\n  priority: INFO\n",
	  "E ERR_VALIDATE rule 'r' 0:2: Rule has been re-defined with a different source\n" },
	{ RULE("r", "evt.type=open") "  source: plug\n",
	  "W UNKNOWN_SOURCE rule 'r' 0:2: Unknown source plug, skipping\n" },
	/* changes of what is not there */
	{ "- rule: r\n  condition: evt.type=open\n  append: true\n",
	  "E ERR_VALIDATE rule 'r' 0:2: Rule uses 'append' or 'override.<key>: append' but no rule "
	  "by that name already exists\n"
	  "W DEPRECATED_ITEM rule 'r' 0:2: 'append' key is deprecated. Add an 'append' entry (e.g. "
	  "'condition: append') under 'override' instead.\n" },
	{ "- rule: r\n  enabled: true\n", "E ERR_VALIDATE rule 'r' 0:2: Rule has 'enabled' key but "
					 "no rule by that name already exists\n"
					 "W DEPRECATED_ITEM rule 'r' 0:2: The standalone 'enabled' "
					 "key usage is deprecated. The correct approach requires "
					 "also a 'replace' entry under the 'override' key (i.e. "
					 "'enabled: replace').\n" },
	{ "- rule: r\n",
	  "E ERR_YAML_VALIDATE rule 'r' 0:2: Item has no mapping for key 'enabled'\n" },
	{ RULE("r", "evt.type=open") "- rule: r\n  condition: x\n  override: {condition: add}\n",
	  "E ERR_YAML_VALIDATE value for 'condition' 7:24: Invalid override operation for key "
	  "'condition': 'add'. Allowed values are: append replace \n" },
	{ RULE("r", "evt.type=open") "- rule: r\n  condition: x\n  override: {source: replace}\n",
	  "E ERR_YAML_VALIDATE overrides 'source' 7:13: Key 'source' cannot be replaced\n" },
	/* versions */
	{ "- required_engine_version: 0.1\n",
	  "E ERR_YAML_VALIDATE required_engine_version '' 0:2: Unable to parse engine version '0.1' "
	  "as a semver string. Expected \"x.y.z\" semver format.\n" },
	{ "- required_engine_version: 99\n",
	  "E ERR_VALIDATE required_engine_version '' 0:2: Rules require engine version 0.99.0, but "
	  "engine version is " RULES_ENGINE_VERSION "\n" },
	{ "- required_engine_version: 1.0.0\n",
	  "E ERR_VALIDATE required_engine_version '' 0:2: Rules require engine version 1.0.0, but "
	  "engine version is " RULES_ENGINE_VERSION "\n" },
	{ "- required_plugin_versions:\n  - {name: container, version: 0.4.0}\n", "" },
	{ "- required_plugin_versions:\n  - {name: container, version: 0.9.0}\n",
	  "U Plugin 'container' version '0.7.1' is not compatible with required plugin version '0.9.0'\n" },
	{ "- required_plugin_versions:\n  - {name: a, version: 0.9.0, alternatives: [{name: b, "
	  "version: 1.0.0}]}\n",
	  "U Plugin requirement not satisfied, must load one of: a (>= 0.9.0), b (>= 1.0.0)\n" },
	/* the first alternative that is there decides; what is wrong otherwise is told beside it */
	{ "- required_plugin_versions:\n  - {name: a, version: 0.9.0, alternatives: [{name: container, version: "
	  "0.7.0}]}\n", "" },
	{ "- required_plugin_versions:\n  - {name: container, version: 1.0.0, alternatives: [{name: a, version: "
	  "0.1.0}]}\n- x\n",
	  "E ERR_YAML_VALIDATE rules content item '' 2:2: Unexpected element type. Each element should be a yaml "
	  "associative array.\n"
	  "U Plugin 'container' version '0.7.1' is not compatible with required plugin version '1.0.0'\n" },
	{ "- required_plugin_versions:\n  - {name: a, version: x}\n",
	  "E ERR_VALIDATE required plugin versions entry 'a' 1:4: Invalid required version 'x' for "
	  "plugin 'a'\n" },
};

static void test_reports(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reports); i++) {
		struct rules_options opt = test_options();
		struct rules *r = rules_new(&opt);
		const char *s = reports[i].files, *next;
		struct buf out = { 0 };

		while ((next = strstr(s, "%%%\n"))) {
			assert_int_equal(load_len(r, s, next - s, NULL), 0);
			s = next + 4;
		}
		load(r, s, &out);
		assert_string_equal(buf_str(&out), reports[i].notes);
		buf_fini(&out);
		rules_free(r);
	}
}

/* What comes before the rule `r`, its condition, and the condition compiled. */
static const struct {
	const char *text, *compiled;
} conditions[] = {
	{ "- list: l\n  items: [a, \"b c\", 1]\n" RULE("r", "evt.type=open and proc.name in (l, x)"),
	  "(evt.type = open and proc.name in (a, \"b c\", 1, x))" },
	{ "- list: l\n  items: []\n" RULE(
		 "r", "proc.name in (a, l, b) or proc.name in (l, b) or proc.name in (a,l)"),
	  "(proc.name in (a, b) or proc.name in (b) or proc.name in (a))" },
	{ "- list: l\n  items: []\n" RULE("r", "proc.name in (l)"), "proc.name in ()" },
	{ "- list: l\n  items: [v]\n" RULE("r",
					  "proc.name=l or proc.name in (ll, l) or fd.name = my_l"),
	  "(proc.name = v or proc.name in (ll, v) or fd.name = my_l)" },
	{ "- list: l\n  items: ['say \"hi\" now']\n" RULE("r", "proc.name in (l)"),
	  "proc.name in (\"say \\\"hi\\\" now\")" },
	/* lists in lists: earlier ones by item, later ones in the text */
	{ "- list: a\n  items: [x]\n- list: b\n  items: [a, y]\n- list: c\n  items: [b, z]\n" RULE(
		 "r", "proc.name in (c)"),
	  "proc.name in (x, y, z)" },
	{ "- list: a\n  items: [b]\n- list: b\n  items: [x, a]\n" RULE("r", "proc.name in (a)"),
	  "proc.name in (x, b)" },
	{ "- list: a\n  items: [a]\n" RULE("r", "proc.name in (a)"), "proc.name in (a)" },
	{ "- list: a\n  items: [x]\n- list: a\n  items: [y]\n  append: true\n" RULE(
		 "r", "proc.name in (a)"),
	  "proc.name in (x, y)" },
	{ "- list: a\n  items: [x]\n- list: a\n  items: [y]\n" RULE("r", "proc.name in (a)"),
	  "proc.name in (y)" },
	{ "- list: a b\n  items: [x]\n" RULE("r", "proc.name in (a b, c)"), "proc.name in (x, c)" },
	/* macros */
	{ "- macro: m\n  condition: proc.name=a or proc.name=b\n" RULE("r",
								      "evt.type=open and not m"),
	  "(evt.type = open and not (proc.name = a or proc.name = b))" },
	{ "- macro: m\n  condition: proc.name=a\n- macro: n\n  condition: m and m\n" RULE("r",
											 "m or n"),
	  "(proc.name = a or (proc.name = a and proc.name = a))" },
	/* rules see macros that come after them; a redefinition keeps its place */
	{ RULE("r", "m") "- macro: m\n  condition: evt.type=open\n", "evt.type = open" },
	{ "- macro: m\n  condition: proc.name=a\n- macro: n\n  condition: m\n- macro: m\n  "
	  "condition: proc.name=b\n" RULE("r", "n"),
	  "proc.name = b" },
	{ "- macro: m\n  condition: proc.name=a\n- macro: m\n  condition: or proc.name=b\n  append: "
	  "true\n" RULE("r", "m"),
	  "(proc.name = a or proc.name = b)" },
	/* exceptions */
	{ RULE("r", "evt.type=open") "  exceptions:\n  - {name: e, fields: [proc.name, fd.name], "
				    "comps: [=, in], values: [[a, [b, c d]], [x, y]]}\n",
	  "(evt.type = open and not ((proc.name = a and fd.name in (b, \"c d\")) or (proc.name = x "
	  "and fd.name in (y))))" },
	{ RULE("r",
	      "evt.type=open") "  exceptions:\n  - {name: e, fields: proc.name, values: [a, b]}\n"
			       "  - {name: f, fields: [fd.name]}\n",
	  "(evt.type = open and not proc.name in (a, b))" },
	{ RULE("r",
	      "evt.type=open or evt.type=close") "  exceptions:\n  - {name: e, fields: proc.name, "
						 "values: [a]}\n- rule: r\n  exceptions:\n  - "
						 "{name: e, values: [b]}\n  - {name: f, fields: "
						 "[fd.num], comps: [<], values: [[3]]}\n  append: "
						 "true\n",
	  "((evt.type = open or evt.type = close) and not proc.name in (a, b) and not fd.num < 3)" },
	{ "- list: l\n  items: [p, q]\n" RULE(
		 "r", "evt.type=open") "  exceptions:\n  - {name: e, fields: [proc.name], comps: "
				       "[in], values: [[(l)]]}\n",
	  "(evt.type = open and not proc.name in (p, q))" },
	/* overrides */
	{ RULE("r", "evt.type=open") "- rule: r\n  condition: and proc.name=a\n  override: "
				    "{condition: append}\n",
	  "(evt.type = open and proc.name = a)" },
	{ RULE("r", "evt.type=open") "- rule: r\n  condition: evt.type=close\n  override: "
				    "{condition: replace}\n",
	  "evt.type = close" },
};

static void test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		struct rules_options opt = test_options();
		struct rules *r = rules_new(&opt);
		struct buf out = { 0 };

		if (load(r, conditions[i].text, &out))
			fail_msg("%s%s", conditions[i].text, buf_str(&out));
		assert_string_equal(told(r, "r", "details", "condition_compiled", &out),
				    conditions[i].compiled);
		buf_fini(&out);
		rules_free(r);
	}
}

/* A file that fails leaves what was there, whatever it had already changed. */
static void test_failed_load(void **state)
{
	struct rules_options opt = test_options();
	struct rules *r = rules_new(&opt);
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(load(r, "- list: l\n  items: [a]\n" RULE("r", "proc.name in (l)"), NULL),
			 0);
	assert_int_not_equal(
		load(r,
		     "- list: l\n  items: [b]\n  append: true\n- rule: r\n  condition: or "
		     "evt.type=x\n"
		     "  desc: more\n  override: {condition: append, desc: append}\n" RULE(
			     "s", "evt.bad=1"),
		     NULL),
		0);
	assert_string_equal(told(r, "r", "details", "condition_compiled", &out),
			    "proc.name in (a)");
	assert_string_equal(told(r, "r", "info", "description", &out), "some words");
	assert_null(rules_describe(r, "s"));

	assert_int_equal(load(r,
			      "- list: l\n  items: [c]\n  append: true\n- rule: r\n  desc: more\n  "
			      "override: {desc: append}\n",
			      NULL),
			 0);
	assert_string_equal(told(r, "r", "details", "condition_compiled", &out),
			    "proc.name in (a, c)");
	assert_string_equal(told(r, "r", "info", "description", &out), "some words more");
	assert_int_not_equal(load(r, "- list: l\n  items: [d]\n  append: true\n- x", NULL), 0);
	assert_int_equal(load(r, RULE("t", "evt.type=open"), NULL), 0);
	assert_string_equal(told(r, "r", "details", "condition_compiled", &out),
			    "proc.name in (a, c)");
	buf_fini(&out);
	rules_free(r);
}

static void test_text(void **state)
{
	static const char want[] =
		"t.yaml: Invalid\n"
		"2 Schema warnings:\n"
		"------\n"
		"failed for <root>[0]: Object contains a property that could not be validated "
		"using 'properties' or 'additionalProperties' constraints: 'foo'.\n"
		"------\n"
		"failed for <root>: Failed to validate item #0 in array.\n"
		"------\n"
		"\n"
		"1 Errors:\n"
		"In rules content: (t.yaml:0:0)\n"
		"    rule 'r': (t.yaml:1:2)\n"
		"    rule condition: (t.yaml:3:13)\n"
		"    condition expression: (\"evt.type=open and...\":4:32)\n"
		"------\n"
		"evt.type=open and fd.nme = x\n"
		"                           ^\n"
		"------\n"
		"LOAD_ERR_COMPILE_CONDITION (Error compiling condition): filter_check called with "
		"nonexistent field fd.nme\n"
		"Did you mean 'fd.name'?\n"
		"\n"
		"1 Warnings:\n"
		"In rules content: (t.yaml:0:0)\n"
		"    rules content item: (t.yaml:0:2)\n"
		"------\n"
		"- foo: 1\n"
		"  ^\n"
		"------\n"
		"LOAD_UNKNOWN_ITEM (Unknown rules file item): Unknown top level item\n"
		"\n";
	static const char text[] = "- foo: 1\n" RULE("r", "evt.type=open and fd.nme = x");
	struct rules_options opt = test_options();
	struct rules *r = rules_new(&opt);
	struct rules_report *rep;
	struct buf out = { 0 };

	(void)state;
	assert_int_not_equal(rules_load(r, "t.yaml", text, sizeof(text) - 1, &rep), 0);
	rules_report_text(rep, true, &out);
	assert_string_equal(buf_str(&out), want);
	assert_int_equal(rules_report_nwarnings(rep), 1);
	assert_null(rules_report_fatal(rep));
	buf_clear(&out);
	rules_report_text(rep, false, &out);
	assert_string_equal(
		buf_str(&out),
		"t.yaml: Invalid  1 errors: [LOAD_ERR_COMPILE_CONDITION (Error compiling "
		"condition): filter_check called with nonexistent field fd.nme] 1 warnings: "
		"[LOAD_UNKNOWN_ITEM (Unknown rules file item): Unknown top level item]");
	rules_report_free(rep);

	rep = rules_report_unreadable("x.yaml", "no such file");
	buf_clear(&out);
	rules_report_summary(rep, &out);
	assert_string_equal(buf_str(&out),
			    "x.yaml: Invalid  1 errors: [LOAD_ERR_FILE_READ (File read error): no "
			    "such file]");
	rules_report_free(rep);
	buf_fini(&out);
	rules_free(r);
}

/* Nothing raises these two; a report could tell them all the same. */
static void test_extension(void **state)
{
	struct rules_report *rep = report_new("t.yaml");
	struct rules_file f = { .name = "t.yaml", .text = "- thing: 1\n", .len = 11 };
	struct ctx file = { .file = &f, .type = "rules content", .name = "", .where = f.name };
	struct ctx item = file;
	struct buf out = { 0 };

	(void)state;
	item.parent = &file;
	item.type = "extension item";
	item.col = item.offset = 2;
	report_error(rep, LOAD_ERR_EXTENSION, &item, "bad thing");
	report_warn(rep, LOAD_WARNING_EXTENSION, &item, "odd thing");
	assert_false(rules_report_ok(rep));
	rules_report_text(rep, true, &out);
	assert_string_equal(buf_str(&out),
			    "t.yaml: Invalid\n"
			    "1 Errors:\n"
			    "In rules content: (t.yaml:0:0)\n"
			    "    extension item: (t.yaml:0:2)\n"
			    "------\n- thing: 1\n  ^\n------\n"
			    "LOAD_ERR_EXTENSION (Error in extension item): bad thing\n\n"
			    "1 Warnings:\n"
			    "In rules content: (t.yaml:0:0)\n"
			    "    extension item: (t.yaml:0:2)\n"
			    "------\n- thing: 1\n  ^\n------\n"
			    "LOAD_WARNING_EXTENSION (Warning in extension item): odd thing\n\n");
	buf_clear(&out);
	brief(rep, &out);
	assert_string_equal(buf_str(&out), "E ERR_EXTENSION extension item '' 0:2: bad thing\n"
					   "W WARNING_EXTENSION extension item '' 0:2: odd thing\n");
	buf_fini(&out);
	rules_report_free(rep);
}

/* The snippet of an error at the value LOUD..., before and behind which there are so many letters. */
static void expect_snippet(u32 before, u32 behind, const char *head, u32 left, const char *middle, u32 right, const char *tail)
{
	struct rules_options opt = test_options();
	struct rules *r = rules_new(&opt);
	struct rules_report *rep;
	struct buf b = { 0 }, out = { 0 }, want = { 0 };

	buf_adds(&b, "- {rule: r, desc: ");
	for (u32 i = 0; i < before; i++)
		buf_addc(&b, 'x');
	buf_adds(&b, ", condition: evt.type=open, output: o, priority: LOUD");
	for (u32 i = 0; i < behind; i++)
		buf_addc(&b, 'y');
	buf_adds(&b, "}\n- list: l\n");
	assert_int_not_equal(rules_load(r, "t.yaml", b.p, b.len, &rep), 0);
	rules_report_text(rep, true, &out);
	buf_addf(&want, "------\n%s", head);
	for (u32 i = 0; i < left; i++)
		buf_addc(&want, 'x');
	buf_adds(&want, middle);
	for (u32 i = 0; i < right; i++)
		buf_addc(&want, 'y');
	buf_addf(&want, "%s\n", tail);
	for (size_t i = strlen(head) + left + (strstr(middle, "LOUD") - middle); i; i--)
		buf_addc(&want, ' ');
	buf_adds(&want, "^\n------\nLOAD_ERR_YAML_VALIDATE");
	if (!strstr(buf_str(&out), buf_str(&want)))
		fail_msg("%s\nis not in\n%s", buf_str(&want), buf_str(&out));
	rules_report_free(rep);
	buf_fini(&b);
	buf_fini(&out);
	buf_fini(&want);
	rules_free(r);
}

/* Long lines are cut to 80 characters on either side of the caret; dots take the place of three of these. */
static void test_snippet(void **state)
{
	static const char middle[] = ", condition: evt.type=open, output: o, priority: LOUD";	/* 49 before the error */

	(void)state;
	expect_snippet(300, 300, "...", 28, middle, 74, "...");
	expect_snippet(12, 76, "- {rule: r, desc: ", 12, middle, 74, "...");
	expect_snippet(12, 75, "- {rule: r, desc: ", 12, middle, 75, "}");
	expect_snippet(3, 3, "- {rule: r, desc: ", 3, middle, 3, "}");
}

static void test_fatal(void **state)
{
	static const char text[] = RULE("r", "evt.type = val(evt.type)");
	struct rules_options opt = test_options();
	struct rules *r = rules_new(&opt);
	struct rules_report *rep;

	(void)state;
	assert_int_equal(rules_load(r, "t.yaml", text, sizeof(text) - 1, &rep), -ENOTSUP);
	assert_non_null(rules_report_fatal(rep));
	rules_report_free(rep);
	rules_free(r);
}

/* What is not known, and what may be meant: beside the message, which stays what it is. */
static const struct {
	const char *text, *similar;
} misspelt[] = {
	{ RULE("r", "evt.type=opnat"), "openat" },
	{ RULE("r", "evt.type in (open, exceve)"), "execve" },
	{ RULE("r", "evt.type=madvies"), "madvise" },
	{ RULE("r", "evt.type=nothing_like_it"), NULL },
	{ RULE("r", "evt.type=open and proc.nmae=x"), "proc.name" },
	{ RULE("r", "evt.type=open and proc.anmae[2]=x"), "proc.aname" },
	{ RULE("r", "evt.type=open and proc.name=val(proc.pnmae)"), "proc.pname" },
	{ RULE("r", "evt.type=open and nothing.like.it=x"), NULL },
	{ RULE("r", "evt.type=open and proc.name contians x"), "contains" },
	{ RULE("r", "evt.type=open and proc.name startwith x"), "startswith" },
	{ RULE("r", "evt.type=open and proc.name xyzzy x"), NULL },
	{ RULE("r", "spawned_proces"), "spawned_process" },
	{ RULE("r", "spawned_process and made_late"), NULL },	/* not known before it is made */
	{ RULE("r", "nothing"), NULL },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: told by %proc.cmdlin now\n"
	  "  priority: INFO\n", "proc.cmdline" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: told by %nothing.like.it\n"
	  "  priority: INFO\n", NULL },
	/* transformers */
	{ RULE("r", "evt.type=open and touper(proc.name) = X"), "toupper" },
	{ RULE("r", "TOUPPER(proc.name) = X"), "toupper" },
	{ RULE("r", "not (b46(proc.name) = X)"), "b64" },
	{ RULE("r", "toupper(basname(proc.exe)) = X"), "basename" },
	{ RULE("r", "join(\"-\", (proc.name, tolowr(proc.name))) = X"), "tolower" },
	{ RULE("r", "proc.name = tolwer(proc.pname)"), "tolower" },
	{ RULE("r", "proc.name = vla(proc.pname)"), "val" },
	{ RULE("r", "proc.pid > lne(proc.name)"), "len" },
	{ RULE("r", "proc.aname in getopts(proc.args, \"a\")"), "getopt" },
	{ RULE("r", "to_lower(proc.name) = x"), "tolower" },
	{ RULE("r", "xyzzy(proc.name) = X"), NULL },
	{ RULE("r", "toupper (proc.name) = X"), NULL },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: told by %touper(proc.name)\n  priority: INFO\n",
	  "toupper" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: told by %toupper(tolwer(proc.name))\n"
	  "  priority: INFO\n", "tolower" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: told by %toupper(proc.nmae)\n  priority: INFO\n",
	  "proc.name" },
	/* as a warning */
	{ "- rule: r\n  desc: d\n  condition: proc.nmae=x\n  output: o\n  priority: INFO\n"
	  "  skip-if-unknown-filter: true\n", "proc.name" },
};

static void test_similar(void **state)
{
	static const char macro[] = "- macro: spawned_process\n  condition: evt.type=execve\n";

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(misspelt); i++) {
		struct rules_options opt = test_options();
		struct rules *r = rules_new(&opt);
		struct rules_report *rep;
		struct buf text = { 0 }, out = { 0 }, want = { 0 };
		json_t *j, *notes;
		const char *similar;

		buf_addf(&text, "%s%s", macro, misspelt[i].text);
		rules_load(r, "t.yaml", buf_str(&text), text.len, &rep);
		j = rules_report_json(rep);
		notes = json_object_get(j, "errors");
		if (!json_array_size(notes))
			notes = json_object_get(j, "warnings");
		similar = json_string_value(json_object_get(json_array_get(notes, 0), "similar"));
		rules_report_text(rep, true, &out);
		buf_addf(&want, "\nDid you mean '%s'?\n", misspelt[i].similar ? misspelt[i].similar : "");
		if (!json_array_size(notes) || !misspelt[i].similar != !similar ||
		    (similar && strcmp(similar, misspelt[i].similar)) ||
		    !strstr(buf_str(&out), buf_str(&want)) != !similar)
			fail_msg("%s: %s, expected %s\n%s", misspelt[i].text, similar ? similar : "nothing",
				 misspelt[i].similar ? misspelt[i].similar : "nothing", buf_str(&out));
		json_decref(j);
		rules_report_free(rep);
		rules_free(r);
		buf_fini(&text);
		buf_fini(&out);
		buf_fini(&want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_failed_load),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_extension),
		cmocka_unit_test(test_snippet),
		cmocka_unit_test(test_fatal),
		cmocka_unit_test(test_similar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
