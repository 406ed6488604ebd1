/* SPDX-License-Identifier: Apache-2.0 */
/* saker rules --explain: what the kernel filter has of each rule, and what prevented more. */
#include <stdlib.h>
#include <string.h>

#include "app/kernel_filter.h"
#include "app/rules_cmd.h"
#include "event/table.h"

static json_t *tell(const struct rules_call *k);
static void print(const json_t *what, bool verbose, struct buf *out);

const struct rules_flag rules_flag_explain = {
	"explain", "What the kernel filter has of each rule, and what prevented more.", tell, print,
};

static const char all_pass[] = "all of its events pass";

static const char *words_of(const struct pushdown_options *opt, u32 code, bool can_match, struct buf *pushed)
{
	if (opt->pass[code / 64] >> code % 64 & 1)
		return "all pass: they are wanted for more than rules";
	if (!can_match)
		return "no event can match";
	if (opt->whole[code / 64] >> code % 64 & 1)
		return "all pass: each tells of its socket";
	if (pushed->len && pushdown_fd(code) & KF_TEACHES)
		buf_adds(pushed, "; of sockets without a TCP connection all");
	return pushed->len ? pushed->p : all_pass;
}

/* One system call of a rule; calls that come to the same share an entry. */
static void tell_call(const struct rules_call *k, const struct pushdown_options *opt, const struct rule_slot *slot,
		      u32 code, json_t *calls)
{
	struct buf pushed = { 0 }, why = { 0 };
	bool can_match = pushdown_explain(k->set, slot, code, &pushed, &why);
	const char *words = words_of(opt, code, can_match, &pushed), *not = can_match ? buf_str(&why) : "";
	json_t *c, *names = NULL;
	size_t i;

	json_array_foreach(calls, i, c) {
		if (!strcmp(json_string_value(json_object_get(c, "kernel")), words) &&
		    !strcmp(json_string_value(json_object_get(c, "not_pushed")), not))
			names = json_object_get(c, "syscalls");
	}
	if (!names) {
		names = json_array();
		json_array_append_new(calls, json_pack("{s:o, s:s, s:s}", "syscalls", names, "kernel", words,
						       "not_pushed", not));
	}
	json_array_append_new(names, json_string(interest_event_name(code)));
	buf_fini(&pushed);
	buf_fini(&why);
}

static json_t *tell_rule(const struct rules_call *k, const struct pushdown_options *opt, const struct rule *r)
{
	json_t *calls = json_array();

	for (u32 code = 1; code < SC_MAX; code++) {
		const struct rule_slot *slots;
		u32 n;

		if (!event_set_has_sc(&r->events, code) || !interest_event_name(code))
			continue;
		slots = ruleset_slots(k->set, code, &n);
		for (u32 i = 0; i < n; i++)
			if (slots[i].rule == r)
				tell_call(k, opt, &slots[i], code, calls);
	}
	return json_pack("{s:s, s:o}", "rule", r->name, "calls", calls);
}

/* Fields that are never pushed down, though the kernel knows something of the kind. */
static const struct {
	const char *field, *why;
} never[] = {
	{ "proc.name", "a process can write another name into /proc/self/comm, which no event tells: what the kernel calls it may not be "
		       "what saker does, and a process could hide behind a name" },
	{ "user.uid", "saker takes it from the last event that told of it, which may not be what the kernel has now" },
	{ "user.name", "as user.uid, and names are not known in the kernel" },
};

static bool names_field(const char *list, const char *field)
{
	size_t n = strlen(field);

	for (const char *p = strstr(list, field); p; p = strstr(p + 1, field))
		if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ','))
			return true;
	return false;
}

static bool is_left(const json_t *rules, const char *field)
{
	const json_t *r, *c;
	size_t i, k;

	json_array_foreach(rules, i, r) {
		json_array_foreach(json_object_get(r, "calls"), k, c) {
			if (names_field(json_string_value(json_object_get(c, "not_pushed")), field))
				return true;
		}
	}
	return false;
}

static json_t *tell_never(const json_t *rules)
{
	json_t *ret = json_array();

	for (u32 i = 0; i < ARRAY_SIZE(never); i++)
		if (is_left(rules, never[i].field))
			json_array_append_new(ret, json_pack("{s:s, s:s}", "field", never[i].field, "why", never[i].why));
	return ret;
}

static json_t *tell(const struct rules_call *k)
{
	struct interest_choice ch;
	struct pushdown_options opt;
	json_t *rules = json_array(), *losses = json_array();
	struct pushdown *all = xmalloc(sizeof(*all));

	interest_choose(k->cfg, k->set, NULL, &ch);
	kernel_filter_options(&ch, &opt);
	interest_choice_fini(&ch);
	for (u32 i = 0; i < ruleset_count(k->set); i++)
		json_array_append_new(rules, tell_rule(k, &opt, ruleset_rule(k->set, i)));
	pushdown_build(k->set, &opt, all);
	kernel_filter_losses(all, losses);
	free(all);
	return json_pack("{s:b, s:o, s:o, s:o}", "on", k->cfg->kernel_filter, "rules", rules, "loosened", losses, "never",
			 tell_never(rules));
}

#define NAMES_SHOWN 6u		/* of calls, when not verbose */

static void print_call(const json_t *c, bool verbose, struct buf *out)
{
	const json_t *names = json_object_get(c, "syscalls"), *name;
	const char *not = json_string_value(json_object_get(c, "not_pushed"));
	size_t i, n = json_array_size(names);

	buf_adds(out, "   ");
	json_array_foreach(names, i, name) {
		if (verbose || i < NAMES_SHOWN)
			buf_addf(out, "%s%s", i ? ", " : "", json_string_value(name));
	}
	if (!verbose && n > NAMES_SHOWN)
		buf_addf(out, " and %zu more", n - NAMES_SHOWN);
	buf_addf(out, ": %s", json_string_value(json_object_get(c, "kernel")));
	if (*not)
		buf_addf(out, " [left to saker: %s]", not);
	buf_addc(out, '\n');
}

static void print(const json_t *what, bool verbose, struct buf *out)
{
	const json_t *r, *c;
	size_t i, k;

	if (!json_is_true(json_object_get(what, "on")))
		buf_adds(out, "kernel_filter is off: all events pass. With it:\n\n");
	json_array_foreach(json_object_get(what, "rules"), i, r) {
		buf_addf(out, "%s\n", json_string_value(json_object_get(r, "rule")));
		json_array_foreach(json_object_get(r, "calls"), k, c) {
			print_call(c, verbose, out);
		}
	}
	json_array_foreach(json_object_get(what, "never"), i, c) {
		buf_addf(out, "%s%s: %s\n", i ? "   " : "\nNever tested in the kernel:\n   ",
			 json_string_value(json_object_get(c, "field")), json_string_value(json_object_get(c, "why")));
	}
	json_array_foreach(json_object_get(what, "loosened"), i, c) {
		buf_adds(out, i ? "   " : "\nWeaker than the rules, because the tables have no more room:\n   ");
		kernel_filter_print_loss(c, out);
		buf_addc(out, '\n');
	}
}
