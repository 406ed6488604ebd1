/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the rules module share. */
#ifndef SAKER_TESTS_RULES_HELP_H
#define SAKER_TESTS_RULES_HELP_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/rules.h"

#define RULE(NAME_, COND_)								\
	"- rule: " NAME_ "\n  desc: some words\n  condition: " COND_ "\n"		\
	"  output: told by %evt.type\n  priority: INFO\n"

static inline struct rules_options test_options(void)
{
	static const char *const sources[] = { "syscall" };
	static const struct rules_plugin plugins[] = { { .name = "container", .version = "0.7.1" } };

	return (struct rules_options){
		.fields = field_builtin(),
		.sources = sources,
		.nsources = 1,
		.min_priority = PRIO_DEBUG,
		.plugins = plugins,
		.nplugins = 1,
		.plugins_known = true,
	};
}

/* One line for each error and warning: "E LOAD_X rule 'r' 1:2: message"; "U" for a plugin that is not there. */
static inline void brief_notes(const json_t *notes, const char *kind, struct buf *out)
{
	const json_t *n;
	size_t i;

	json_array_foreach(notes, i, n) {
		const json_t *locs = json_object_get(json_object_get(n, "context"), "locations");
		const json_t *l = json_array_get(locs, json_array_size(locs) - 1);
		const json_t *pos = json_object_get(l, "position");

		buf_addf(out, "%s %s %s '%s' %lld:%lld: %s\n", kind,
			 json_string_value(json_object_get(n, "code")) + 5,
			 json_string_value(json_object_get(l, "item_type")),
			 json_string_value(json_object_get(l, "item_name")),
			 (long long)json_integer_value(json_object_get(pos, "line")),
			 (long long)json_integer_value(json_object_get(pos, "column")),
			 json_string_value(json_object_get(n, "message")));
	}
}

static inline void brief(const struct rules_report *rep, struct buf *out)
{
	json_t *j = rules_report_json(rep);

	brief_notes(json_object_get(j, "errors"), "E", out);
	brief_notes(json_object_get(j, "warnings"), "W", out);
	if (rules_report_unmet(rep))
		buf_addf(out, "U %s\n", rules_report_unmet(rep));
	json_decref(j);
}

/* Loads a text; what the report says is appended to out (which may be NULL). */
static inline int load_len(struct rules *r, const char *text, size_t len, struct buf *out)
{
	struct rules_report *rep;
	int err = rules_load(r, "t.yaml", text, len, &rep);

	assert_int_equal(err == 0, rules_report_ok(rep));
	if (out)
		brief(rep, out);
	rules_report_free(rep);
	return err;
}

static inline int load(struct rules *r, const char *text, struct buf *out)
{
	return load_len(r, text, strlen(text), out);
}

/* A string of the description of a rule, copied into out. */
static inline const char *told(struct rules *r, const char *rule, const char *part, const char *key,
			       struct buf *out)
{
	json_t *j = rules_describe(r, rule);
	json_t *first = json_array_get(json_object_get(j, "rules"), 0);
	const json_t *v = json_object_get(json_object_get(first, part), key);

	buf_clear(out);
	if (json_is_string(v))
		buf_adds(out, json_string_value(v));
	json_decref(j);
	return buf_str(out);
}

#endif
