/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled set: which rules match which events, selection, outputs. */
#include "rules_help.h"

#include "event/event.h"

struct event_maker {
	u8 bytes[256];
	struct event ev;
};

/* An event without parameters, or (generic ones) with the code of the syscall. */
static const struct event *make(struct event_maker *m, u16 type, u16 code)
{
	bool generic = type == EV_GENERIC_X || type == EV_GENERIC_E;
	struct event_hdr h = { .ts_ns = 1, .tid = 1, .type = type, .nparams = generic ? 2 : 0 };
	const u16 lens[2] = { 2, 2 };
	const u16 params[2] = { code, 0 };
	struct diag d = { 0 };

	h.len = sizeof(h) + (generic ? sizeof(lens) + sizeof(params) : 0);
	memcpy(m->bytes, &h, sizeof(h));
	if (generic) {
		memcpy(m->bytes + sizeof(h), lens, sizeof(lens));
		memcpy(m->bytes + sizeof(h) + sizeof(lens), params, sizeof(params));
	}
	assert_int_equal(event_decode(&m->ev, (struct event_hdr *)m->bytes, h.len, &d), 0);
	m->ev.num = 5;
	return &m->ev;
}

struct world {
	struct rules_options opt;
	struct rules *r;
	struct ruleset *set;
	struct field_ctx x;
};

static void world_load(struct world *w, const char *text)
{
	struct buf out = { 0 };
	struct diag d = { 0 };

	w->r = rules_new(&w->opt);
	if (load(w->r, text, &out))
		fail_msg("%s", buf_str(&out));
	assert_int_equal(rules_compile(w->r, &w->set, &d), 0);
	field_ctx_init(&w->x, NULL);
	buf_fini(&out);
}

static void world_fini(struct world *w)
{
	field_ctx_fini(&w->x);
	ruleset_free(w->set);
	rules_free(w->r);
}

/* Names of the rules that match, separated by blanks. */
static const char *matching(struct world *w, u16 type, u16 code, bool first)
{
	static char names[256];
	struct rule *const *rules;
	struct event_maker m;
	u32 n;

	field_ctx_event(&w->x, make(&m, type, code));
	n = ruleset_match(w->set, &w->x, w->x.ev, first, &rules);
	names[0] = 0;
	for (u32 i = 0; i < n; i++) {
		strcat(names, i ? " " : "");
		strcat(names, rules[i]->name);
	}
	return names;
}

static void test_match(void **state)
{
	static const char text[] =
		RULE("open", "evt.type in (open, openat)")
		RULE("all", "evt.num > 0")
		RULE("notopen", "not evt.type in (open, close)")
		RULE("madvise", "evt.type=madvise")
		RULE("never", "evt.type=open and evt.type=close")
		RULE("late", "evt.type=open and evt.num > 100")
		RULE("close", "evt.type=close");
	struct world w = { .opt = test_options() };
	struct event_set events;

	(void)state;
	world_load(&w, text);
	assert_int_equal(ruleset_count(w.set), 7);
	assert_string_equal(matching(&w, EV_SYSCALL_OPEN_X, 0, false), "open all");
	assert_string_equal(matching(&w, EV_SYSCALL_OPEN_X, 0, true), "open");
	assert_string_equal(matching(&w, EV_SYSCALL_CLOSE_X, 0, false), "all close");
	assert_string_equal(matching(&w, EV_SYSCALL_CLOSE_X, 0, true), "all");
	assert_string_equal(matching(&w, EV_GENERIC_X, SC_madvise, false), "all notopen madvise");
	assert_string_equal(matching(&w, EV_GENERIC_X, SC_mincore, false), "all notopen");
	assert_string_equal(matching(&w, EV_PLUGINEVENT_E, 0, false), "");
	assert_int_equal(ruleset_rule(w.set, 0)->matches, 2);
	assert_int_equal(ruleset_rule(w.set, 6)->matches, 1);
	ruleset_events(w.set, &events);
	assert_true(event_set_has(&events, EV_SYSCALL_MKDIR_X));
	world_fini(&w);
}

/* Events that no rule can match are not looked at, and nobody wants them. */
static void test_interest(void **state)
{
	struct world w = { .opt = test_options() };
	struct event_set events;

	(void)state;
	world_load(&w, RULE("a", "evt.type=open") RULE("b", "evt.type=madvise"));
	ruleset_events(w.set, &events);
	assert_true(event_set_has(&events, EV_SYSCALL_OPEN_X));
	assert_true(event_set_has_sc(&events, SC_madvise));
	assert_false(event_set_has(&events, EV_SYSCALL_CLOSE_X));
	assert_false(event_set_has_sc(&events, SC_mincore));
	assert_string_equal(matching(&w, EV_SYSCALL_CLOSE_X, 0, false), "");
	assert_string_equal(matching(&w, EV_GENERIC_X, SC_mincore, false), "");
	assert_string_equal(matching(&w, EV_GENERIC_X, 65000, false), "");
	assert_false(ruleset_uses(w.set, FF_FD_TABLE));
	world_fini(&w);
}

/* The state behind a field is kept for the rules that use the field, be it in the output only. */
static void test_fields_of_rules(void **state)
{
	struct world w = { .opt = test_options() };

	(void)state;
	world_load(&w, RULE("plain", "evt.type=open")
		       RULE("condition", "evt.type=open and not (proc.name=x or toupper(fdlist.names)=X)")
		       RULE("right", "evt.type=open and evt.num=val(proc.fdopencount)")
		       "- rule: output\n  desc: d\n  condition: evt.type=open\n"
		       "  output: '%proc.name %fd.types'\n  priority: INFO\n");
	assert_true(ruleset_uses(w.set, FF_FD_TABLE));
	assert_null(ruleset_field(w.set, ruleset_rule(w.set, 0), FF_FD_TABLE));
	assert_string_equal(ruleset_field(w.set, ruleset_rule(w.set, 1), FF_FD_TABLE), "fdlist.names");
	assert_null(ruleset_field(w.set, ruleset_rule(w.set, 1), FF_FD_LIMIT));
	assert_string_equal(ruleset_field(w.set, ruleset_rule(w.set, 2), FF_FD_TABLE),
			    "proc.fdopencount");
	assert_string_equal(ruleset_field(w.set, ruleset_rule(w.set, 3), FF_FD_TABLE), "fd.types");
	world_fini(&w);
}

static const char three[] =
	RULE("alpha one", "evt.type=open") "  tags: [x, y]\n"
	RULE("alpha two", "evt.type=open") "  tags: [y]\n  enabled: false\n"
	RULE("beta", "evt.type=open") "  priority: INFO\n";

static void test_selection(void **state)
{
	static const struct {
		struct rules_selection sel[3];
		u32 n;
		const char *names;
	} rows[] = {
		{ { { 0 } }, 0, "alpha one beta" },
		{ { { true, "alpha*", NULL } }, 1, "alpha one alpha two beta" },
		{ { { false, "*", NULL }, { true, NULL, "y" } }, 2, "alpha one alpha two" },
		{ { { false, NULL, "x" } }, 1, "beta" },
		{ { { true, "*", NULL }, { false, "*a*o*", NULL }, { true, "alpha two", NULL } }, 3, "alpha two beta" },
		{ { { false, "alph", NULL } }, 1, "alpha one beta" },
		{ { { false, "*one", NULL } }, 1, "beta" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct world w = { .opt = test_options() };

		w.opt.selection = rows[i].sel;
		w.opt.nselection = rows[i].n;
		world_load(&w, three);
		assert_string_equal(matching(&w, EV_SYSCALL_OPEN_X, 0, false), rows[i].names);
		world_fini(&w);
	}
}

static void test_priority(void **state)
{
	static const char text[] =
		"- rule: a\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: warning\n"
		"- rule: b\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: NOTICE\n";
	struct world w = { .opt = test_options() };

	(void)state;
	w.opt.min_priority = PRIO_WARNING;
	world_load(&w, text);
	assert_string_equal(matching(&w, EV_SYSCALL_OPEN_X, 0, false), "a");
	assert_null(rules_describe(w.r, "b"));
	world_fini(&w);
}

static void test_other_source(void **state)
{
	static const char *const sources[] = { "syscall", "plug" };
	struct world w = { .opt = test_options() };

	(void)state;
	w.opt.sources = sources;
	w.opt.nsources = 2;
	world_load(&w, RULE("a", "evt.num>0") RULE("p", "evt.num>0") "  source: plug\n");
	assert_string_equal(matching(&w, EV_SYSCALL_OPEN_X, 0, false), "a");
	assert_string_equal(matching(&w, EV_PLUGINEVENT_E, 0, false), "p");
	world_fini(&w);
}

/* ---- append_output ---------------------------------------------------------------- */

static const char outputs[] =
	"- rule: a\n  desc: d\n  condition: evt.type=open\n  output: \"one  \"\n  priority: INFO\n  tags: [t, u]\n"
	"- rule: b\n  desc: d\n  condition: evt.type=open\n  output: x%container.info y\n  priority: INFO\n";

static void test_append(void **state)
{
	static const char *const tags[] = { "u", "t" }, *const other[] = { "t", "v" };
	static const __typeof__(*((struct rules_append *)0)->extra_fields) fields[] = {
		{ "evt.num", NULL }, { "my.key", "%evt.type!" },
	};
	static const struct rules_append ap[] = {
		{ .extra_output = "all" },
		{ .match_rule = "b", .extra_output = "only b" },
		{ .match_tags = tags, .nmatch_tags = 2, .extra_output = "tagged" },
		{ .match_tags = other, .nmatch_tags = 2, .extra_output = "no" },
		{ .match_source = "plug", .extra_output = "no" },
		{ .match_source = "syscall", .extra_fields = fields, .nextra_fields = 2 },
	};
	struct world w = { .opt = test_options() };
	struct buf out = { 0 };
	const struct alert_desc *al;

	(void)state;
	w.opt.append = ap;
	w.opt.nappend = ARRAY_SIZE(ap);
	world_load(&w, outputs);
	assert_string_equal(told(w.r, "a", "details", "output_compiled", &out), "one all tagged");
	assert_string_equal(told(w.r, "b", "details", "output_compiled", &out), "x y all only b");
	assert_string_equal(told(w.r, "a", "info", "output", &out), "one");
	al = &ruleset_rule(w.set, 0)->alert;
	assert_int_equal(al->nextra, 2);
	assert_string_equal(al->extra[0].key, "my.key");
	assert_false(al->extra[0].raw);
	assert_true(al->extra[1].raw);
	assert_int_equal(al->ntags, 2);
	buf_fini(&out);
	world_fini(&w);
}

static void test_suggested(void **state)
{
	static const struct rules_append ap[] = { { .suggested_output = true } };
	static const char *const keys[] = { "site" };
	struct strmap statics = { 0 };
	struct world w = { .opt = test_options() };
	struct field_set set;
	struct buf out = { 0 };

	(void)state;
	strmap_put(&statics, "site", 4, (void *)"here");
	set = *w.opt.fields;
	set.static_fields = &statics;
	w.opt.fields = &set;
	w.opt.append = ap;
	w.opt.nappend = 1;
	w.opt.static_keys = keys;
	w.opt.nstatic_keys = 1;
	world_load(&w, outputs);
	assert_string_equal(told(w.r, "a", "details", "output_compiled", &out),
			    "one container_id=%container.id container_name=%container.name "
			    "container_image_repository=%container.image.repository "
			    "container_image_tag=%container.image.tag k8s_pod_name=%k8s.pod.name "
			    "k8s_ns_name=%k8s.ns.name static_site=%static.site");
	world_fini(&w);

	w.opt.no_suggested_fields = true;
	world_load(&w, outputs);
	assert_string_equal(told(w.r, "a", "details", "output_compiled", &out), "one static_site=%static.site");
	world_fini(&w);
	strmap_fini(&statics);
	buf_fini(&out);
}

static void test_bad_append(void **state)
{
	static const struct rules_append ap[] = { { .extra_output = "%no.such" } };
	struct rules_options opt = test_options();
	struct rules *r;

	(void)state;
	opt.append = ap;
	opt.nappend = 1;
	r = rules_new(&opt);
	assert_int_not_equal(load(r, outputs, NULL), 0);
	assert_int_equal(load(r, "", NULL), 0);
	rules_free(r);
}

/* ---- descriptions -------------------------------------------------------------------- */

static void test_describe_text(void **state)
{
	struct world w = { .opt = test_options() };
	struct buf out = { 0 };

	(void)state;
	world_load(&w, "- rule: a\n  desc: |\n    first\n    second\n  condition: evt.type=open\n  output: o\n"
		   "  priority: INFO\n");
	assert_int_equal(rules_describe_text(w.r, NULL, &out), 0);
	assert_string_equal(buf_str(&out),
			    "Rule                                               Description\n"
			    "----                                               -----------\n"
			    "a                                                  first second \n\n");
	buf_clear(&out);
	assert_int_equal(rules_describe_text(w.r, "b", &out), -ENOENT);
	assert_int_equal(out.len, 0);
	buf_fini(&out);
	world_fini(&w);
}

static void expect_list(const json_t *j, const char *const *want, size_t n)
{
	assert_int_equal(json_array_size(j), n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(json_string_value(json_array_get(j, i)), want[i]);
}

static void test_describe(void **state)
{
	static const char text[] =
		"- required_engine_version: 0.31.0\n"
		"- required_plugin_versions: [{name: container, version: 0.4.0}]\n"
		"- list: l\n  items: [a, b c]\n- list: k\n  items: [l, d]\n"
		"- macro: m\n  condition: proc.name in (k, e)\n"
		"- rule: r\n  desc: d\n  condition: evt.type=open and m and tolower(fd.name) startswith anyof (a)\n"
		"  output: \"%evt.type %toupper(proc.name) %evt.type\"\n  priority: INFO\n";
	static const char *const fields[] = { "evt.type", "fd.name", "proc.name" };
	static const char *const ops[] = { "=", "in", "startswith anyof" };
	static const char *const outs[] = { "evt.type", "evt.type", "proc.name", "toupper(proc.name)" };
	static const char *const events[] = { "asyncevent", "open" };
	static const char *const k[] = { "k" }, *const l[] = { "l" }, *const m[] = { "m" }, *const d[] = { "d" };
	static const char *const items[] = { "a", "b c", "d" };
	struct world w = { .opt = test_options() };
	const json_t *det;
	json_t *j;

	(void)state;
	world_load(&w, text);
	j = rules_describe(w.r, NULL);
	assert_string_equal(json_string_value(json_object_get(j, "required_engine_version")), "0.31.0");
	assert_int_equal(json_array_size(json_object_get(j, "required_plugin_versions")), 1);
	det = json_object_get(json_array_get(json_object_get(j, "rules"), 0), "details");
	expect_list(json_object_get(det, "condition_fields"), fields, 3);
	expect_list(json_object_get(det, "condition_operators"), ops, 3);
	expect_list(json_object_get(det, "output_fields"), outs, 4);
	expect_list(json_object_get(det, "events"), events, 2);
	expect_list(json_object_get(det, "macros"), m, 1);
	det = json_object_get(json_array_get(json_object_get(j, "macros"), 0), "details");
	expect_list(json_object_get(det, "lists"), k, 1);
	det = json_object_get(json_array_get(json_object_get(j, "lists"), 1), "details");
	expect_list(json_object_get(det, "lists"), l, 1);
	expect_list(json_object_get(det, "items_compiled"), items, 3);
	det = json_object_get(json_array_get(json_object_get(j, "lists"), 1), "info");
	expect_list(json_object_get(det, "items"), d, 1);
	json_decref(j);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_interest),
		cmocka_unit_test(test_fields_of_rules),
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_priority),
		cmocka_unit_test(test_other_source),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_suggested),
		cmocka_unit_test(test_bad_append),
		cmocka_unit_test(test_describe_text),
		cmocka_unit_test(test_describe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
