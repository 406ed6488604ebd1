/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules files, loaded one after the other ("%%%" on a line of its own between them): the
 * reports in all forms, the compiled set, the description.
 */
#include <stdlib.h>
#include <string.h>

#include "rules/rules.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const struct rules_selection selection[] = { { false, "*a*", NULL }, { true, NULL, "t" } };
static const struct rules_append append[] = {
	{ .extra_output = "pid=%proc.pid" },
	{ .match_rule = "r", .suggested_output = true },
};

static void load(struct rules *r, const char *text, size_t len)
{
	struct rules_report *rep;
	struct buf out = { 0 };

	rules_load(r, "fuzz.yaml", text, len, &rep);
	rules_report_text(rep, true, &out);
	rules_report_summary(rep, &out);
	json_decref(rules_report_json(rep));
	rules_report_free(rep);
	buf_fini(&out);
}

static void use(struct rules *r)
{
	struct ruleset *set;
	struct event_set events;
	struct diag d = { 0 };
	struct buf out = { 0 };

	if (!rules_compile(r, &set, &d)) {
		ruleset_events(set, &events);
		ruleset_free(set);
	}
	json_decref(rules_describe(r, NULL));
	rules_describe_text(r, NULL, &out);
	buf_fini(&out);
	diag_fini(&d);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const char *const sources[] = { "syscall", "plug" };
	static const struct rules_plugin plugins[] = { { .name = "container", .version = "0.7.1" } };
	const struct rules_options opt = {
		.fields = field_builtin(),
		.sources = sources,
		.nsources = 2,
		.min_priority = PRIO_NOTICE,
		.plugins = plugins,
		.nplugins = 1,
		.plugins_known = true,
		.selection = selection,
		.nselection = 2,
		.append = append,
		.nappend = 2,
	};
	struct rules *r = rules_new(&opt);
	const char *text = (const char *)data, *next;

	while (size && (next = memmem(text, size, "\n%%%\n", 5))) {
		load(r, text, next + 1 - text);
		size -= next + 5 - text;
		text = next + 5;
	}
	load(r, text, size);
	use(r);
	rules_free(r);
	return 0;
}
