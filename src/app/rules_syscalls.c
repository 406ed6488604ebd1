/* SPDX-License-Identifier: Apache-2.0 */
/* saker rules --syscalls: the set of system calls, and why each is in it or is not. */
#include <string.h>

#include "app/interest.h"
#include "app/rules_cmd.h"
#include "event/table.h"

#define NAMES_SHOWN 3u		/* of rules, when not verbose */

static json_t *tell(const struct rules_call *k);
static void print(const json_t *what, bool verbose, struct buf *out);

const struct rules_flag rules_flag_syscalls = {
	"syscalls", "The system calls that are captured, those that are left out, and why.",
	tell, print,
};

/* "Those of the rules, and ..." */
static const struct {
	const char *name, *words;
} bases[] = {
	[BASE_SAKER] = { "saker", "what keeps the picture of the processes right" },
	[BASE_STATE] = { "state", "all that Falco's state is made from, because of base_syscalls" },
	[BASE_CUSTOM] = { "custom_set", "those of base_syscalls.custom_set" },
	[BASE_REPAIR] = { "repair", "the few that base_syscalls.repair keeps" },
};

struct teller {
	const struct rules_call *k;
	struct interest_choice ch;
};

/* ---- why: a list of {kind, text, rules, uses} ---------------------------------------------- */

static json_t *add_why(json_t *whys, const char *kind, const char *text)
{
	json_t *why = json_pack("{s:s, s:s}", "kind", kind, "text", text);

	json_array_append_new(whys, why);
	return why;
}

static void why_rules(const struct teller *t, u32 code, json_t *whys)
{
	json_t *names;

	if (!sysset_has(&t->ch.rules, code))
		return;
	names = json_array();
	for (u32 i = 0; i < ruleset_count(t->k->set); i++) {
		const struct rule *r = ruleset_rule(t->k->set, i);

		if (event_set_has_sc(&r->events, code))
			json_array_append_new(names, json_string(r->name));
	}
	json_object_set_new(add_why(whys, "rules", "rules:"), "rules", names);
}

/* The rules that use a field made from this state. */
static json_t *uses_of(const struct teller *t, u32 state)
{
	json_t *uses = json_array();

	for (u32 i = 0; i < ruleset_count(t->k->set); i++) {
		const struct rule *r = ruleset_rule(t->k->set, i);
		const char *field = ruleset_field(t->k->set, r, interest_states[state].field_flag);

		if (field)
			json_array_append_new(uses, json_pack("{s:s, s:s}", "rule", r->name,
							      "field", field));
	}
	return uses;
}

static void why_states(const struct teller *t, u32 code, const char *kind, const char *before,
		       json_t *whys)
{
	for (u32 i = 0; i < INTEREST_NSTATES; i++) {
		struct buf text = { 0 };

		if (!sysset_has(&t->ch.states[i], code))
			continue;
		buf_addf(&text, "%s%s, for", before, interest_states[i].words);
		json_object_set_new(add_why(whys, kind, buf_str(&text)), "uses", uses_of(t, i));
		buf_fini(&text);
	}
}

static void why_base(const struct teller *t, u32 code, json_t *whys)
{
	const struct interest_choice *ch = &t->ch;

	if (!sysset_has(&ch->base, code))
		return;
	switch (ch->base_kind) {
	case BASE_SAKER:
		add_why(whys, "process", interest_process_words(code));
		break;
	case BASE_STATE:
		add_why(whys, "state", "Falco's state");
		break;
	case BASE_CUSTOM:
		break;
	case BASE_REPAIR:
		add_why(whys, "repair", interest_repair_words(ch, code));
		break;
	}
}

/* Who asks for it. */
static json_t *asked_by(const struct teller *t, u32 code)
{
	const struct interest_choice *ch = &t->ch;
	json_t *whys = json_array();

	why_rules(t, code, whys);
	if (sysset_has(&ch->plugins, code))
		add_why(whys, "plugins", "plugins");
	if (sysset_has(&ch->custom, code))
		add_why(whys, "custom_set", "base_syscalls.custom_set");
	why_base(t, code, whys);
	if (ch->base_kind == BASE_SAKER)
		why_states(t, code, "field", "", whys);
	if (sysset_has(&ch->repaired, code))
		add_why(whys, "repair", interest_repair_words(ch, code));
	if (!json_array_size(whys) && code == SC_sched_process_exit)
		add_why(whys, "process", interest_process_words(code));
	return whys;
}

/* ---- why not ------------------------------------------------------------------------------- */

static json_t *why_not(const struct teller *t, u32 code)
{
	const struct interest_choice *ch = &t->ch;
	json_t *whys = json_array();
	struct buf text = { 0 };

	if (sysset_has(&ch->negated, code))
		add_why(whys, "removed", "base_syscalls.custom_set takes it out");
	if (sysset_has(&ch->ignored, code))
		add_why(whys, "high_volume", interest_is_flood(code) ?
			"so frequent that a rule must name it, or base_syscalls ask for it" :
			"so frequent that base_syscalls.all must ask for it");
	if (sysset_has(&ch->process, code)) {
		buf_addf(&text, "base_syscalls leaves it out; may be out of date: %s",
			 interest_process_words(code));
		add_why(whys, "process", buf_str(&text));
	}
	why_states(t, code, "field", "base_syscalls leaves it out; may be wrong: ", whys);
	buf_fini(&text);
	return whys;
}

static bool is_left_out(const struct teller *t, u32 code)
{
	const struct interest_choice *ch = &t->ch;
	bool wanted = sysset_has(&ch->rules, code) || sysset_has(&ch->plugins, code) ||
		      sysset_has(&ch->base, code) || sysset_has(&ch->process, code);

	for (u32 i = 0; i < INTEREST_NSTATES; i++)
		wanted |= sysset_has(&ch->states[i], code);
	return wanted && !sysset_has(&ch->captured, code);
}

static bool is_undelivered(const struct teller *t, u32 code)
{
	return sysset_has(&t->ch.undelivered, code);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static void tell_call(const struct teller *t, u32 code, json_t *captured, json_t *left_out,
		      json_t *undelivered)
{
	json_t *call = json_pack("{s:s, s:s}", "name", syscall_desc(code)->name,
				 "evt_type", interest_event_name(code));
	bool out = is_left_out(t, code);

	if (is_undelivered(t, code)) {
		json_object_set_new(call, "asked_by", asked_by(t, code));
		json_array_append_new(undelivered, call);
		return;
	}
	if (out)
		json_object_set_new(call, "why", why_not(t, code));
	json_object_set_new(call, out ? "asked_by" : "why", asked_by(t, code));
	json_array_append_new(out ? left_out : captured, call);
}

/* Rules files are UTF-8, the command line need not be. */
static json_t *name_json(const char *name)
{
	json_t *text = json_string(name);

	return text ? text : json_string("(not UTF-8)");
}

static json_t *tell_invalid(const struct interest_choice *ch)
{
	json_t *list = json_array();

	for (u32 k = 0; k < ARRAY_SIZE(ch->invalid); k++)
		for (size_t i = 0; i < ch->invalid[k].n; i++) {
			const char *name = ch->invalid[k].p[i];

			json_array_append_new(list, json_pack("{s:o, s:b, s:s?}",
							      "name", name_json(name),
							      "negative", (int)k, "similar",
							      interest_similar(name)));
		}
	return list;
}

static int compare(const void *a, const void *b)
{
	return strcmp(syscall_desc(*(const u16 *)a)->name, syscall_desc(*(const u16 *)b)->name);
}

/* Codes in order of their names. */
static u32 sorted_codes(u16 codes[SC_MAX])
{
	u32 n = 0;

	for (u32 code = 1; code < SC_MAX; code++)
		if (syscall_desc(code))
			codes[n++] = (u16)code;
	qsort(codes, n, sizeof(codes[0]), compare);
	return n;
}

static json_t *tell(const struct rules_call *k)
{
	struct teller t = { .k = k };
	json_t *captured = json_array(), *left_out = json_array(), *undelivered = json_array();
	u16 codes[SC_MAX] = { 0 };
	u32 n = sorted_codes(codes);
	json_t *what;

	interest_choose(k->cfg, k->set, NULL, &t.ch);
	for (u32 i = 0; i < n; i++)
		if (sysset_has(&t.ch.captured, codes[i]) || is_left_out(&t, codes[i]) ||
		    is_undelivered(&t, codes[i]))
			tell_call(&t, codes[i], captured, left_out, undelivered);
	what = json_pack("{s:s, s:s?, s:i, s:o, s:o, s:o, s:o}", "base", bases[t.ch.base_kind].name,
			 "driver", t.ch.driver ? t.ch.driver->name : NULL, "rules", ruleset_count(k->set), "captured", captured,
			 "left_out", left_out, "not_delivered", undelivered,
			 "invalid", tell_invalid(&t.ch));
	interest_choice_fini(&t.ch);
	return what;
}

/* ---- as text ------------------------------------------------------------------------------- */

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* " "A", "B" and 3 more"; of uses " fd.types of "A"". */
static void print_names(const json_t *list, bool verbose, struct buf *out)
{
	size_t n = json_array_size(list), shown = verbose || n <= NAMES_SHOWN + 1 ? n : NAMES_SHOWN;

	for (size_t i = 0; i < shown; i++) {
		const json_t *one = json_array_get(list, i);

		buf_adds(out, i ? ", " : " ");
		if (json_is_string(one))
			buf_addf(out, "\"%s\"", json_string_value(one));
		else
			buf_addf(out, "%s of \"%s\"", text_of(one, "field"), text_of(one, "rule"));
	}
	if (shown < n)
		buf_addf(out, " and %zu more", n - shown);
}

/* Lines: the name stands in the first only; ret: were there any? */
static bool print_whys(const char *name, const char *before, const json_t *whys, bool verbose,
		       struct buf *out)
{
	const json_t *why;
	size_t i;

	json_array_foreach(whys, i, why) {
		buf_addf(out, "  %-19s %s%s", i ? "" : name, before, text_of(why, "text"));
		print_names(json_object_get(why, "rules"), verbose, out);
		print_names(json_object_get(why, "uses"), verbose, out);
		buf_addc(out, '\n');
	}
	return json_array_size(whys);
}

static void print_calls(const json_t *calls, bool verbose, struct buf *out)
{
	const json_t *call;
	size_t i;

	json_array_foreach(calls, i, call) {
		bool any = print_whys(text_of(call, "name"), "", json_object_get(call, "why"),
				      verbose, out);

		print_whys(any ? "" : text_of(call, "name"), "asked for by ",
			   json_object_get(call, "asked_by"), verbose, out);
	}
}

static void print_invalid(const json_t *list, struct buf *out)
{
	const json_t *one;
	size_t i;

	if (json_array_size(list))
		buf_adds(out, "\nNames in base_syscalls.custom_set that no call or event has:\n");
	json_array_foreach(list, i, one) {
		const char *similar = text_of(one, "similar");

		buf_addf(out, "  %s%s", json_is_true(json_object_get(one, "negative")) ? "!" : "",
			 text_of(one, "name"));
		buf_addf(out, similar ? "  (did you mean %s?)\n" : "\n", similar);
	}
}

static const char *words_of(const char *base)
{
	for (u32 i = 0; i < ARRAY_SIZE(bases); i++)
		if (!strcmp(bases[i].name, base))
			return bases[i].words;
	return "";
}

static void print(const json_t *what, bool verbose, struct buf *out)
{
	const json_t *captured = json_object_get(what, "captured");
	const json_t *left_out = json_object_get(what, "left_out");
	const json_t *undelivered = json_object_get(what, "not_delivered");
	const char *driver = text_of(what, "driver");
	json_int_t n = json_integer_value(json_object_get(what, "rules"));

	buf_addf(out, "%zu system calls are captured for %lld rule%s: those of the rules, and "
		      "%s.\n\n",
		 json_array_size(captured), n, n == 1 ? "" : "s", words_of(text_of(what, "base")));
	print_calls(captured, verbose, out);
	if (json_array_size(left_out))
		buf_addf(out, "\n%zu left out:\n\n", json_array_size(left_out));
	print_calls(left_out, verbose, out);
	if (json_array_size(undelivered))
		buf_addf(out, "\n%zu asked for, and not delivered by %s%s:\n\n",
			 json_array_size(undelivered), driver ? "the driver " : "any driver",
			 driver ? driver : "");
	print_calls(undelivered, verbose, out);
	print_invalid(json_object_get(what, "invalid"), out);
}
