/* SPDX-License-Identifier: Apache-2.0 */
#include "app/interest.h"

#include <string.h>

#include "base/similar.h"
#include "event/table.h"

/* ---- what a call is, from the tables ----------------------------------------------------- */

static const struct event_desc *event_of(u32 code)
{
	const struct syscall_desc *s = syscall_desc(code);

	return s && s->use & SU_USED ? event_desc(s->event) : NULL;
}

static u32 category(u32 code)
{
	const struct event_desc *e = event_of(code);

	return e ? e->category & EC_BASE : EC_UNKNOWN;
}

static u32 use(u32 code)
{
	const struct syscall_desc *s = syscall_desc(code);

	return s ? s->use : 0;
}

static bool is_net(u32 code)
{
	return category(code) == EC_NET;
}

static bool is_io(u32 code)
{
	return category(code) == EC_IO_READ || category(code) == EC_IO_WRITE;
}

static bool is_on_fd(u32 code)
{
	return is_io(code) || category(code) == EC_FILE || category(code) == EC_IO_OTHER;
}

static bool is_accepting(u32 code)
{
	return code == SC_accept || code == SC_accept4 || code == SC_listen;
}

static bool is_process(u32 code)
{
	return use(code) & SU_PROCESS;
}

static bool is_repair(u32 code)
{
	return use(code) & SU_REPAIR;
}

/* Falco's state is made from it. */
static bool is_state(u32 code)
{
	const struct event_desc *e = event_of(code);

	return e && (e->flags & EF_MODIFIES_STATE || use(code) & SU_KEEP);
}

bool interest_is_heavy(u32 code)
{
	return is_io(code) && !is_state(code);
}

bool interest_is_flood(u32 code)
{
	return use(code) & SU_FLOOD;
}

static bool changes_fds(u32 code)
{
	const struct event_desc *e = event_of(code);
	u32 flags = e ? e->flags : 0;

	/* close_range is on no fd in particular */
	return flags & (EF_CREATES_FD | EF_DESTROYS_FD) ||
	       (flags & EF_MODIFIES_STATE &&
		(flags & EF_USES_FD || category(code) == EC_IO_OTHER));
}

static bool changes_fd_limit(u32 code)
{
	return code == SC_setrlimit || code == SC_prlimit64;
}

const struct interest_state interest_states[INTEREST_NSTATES] = {
	{ FF_FD_TABLE, changes_fds, "the table of open descriptors" },
	{ FF_FD_LIMIT, changes_fd_limit, "the limit of open descriptors" },
};

/* What repair adds when a call of some kind is captured. */
static const struct repair_row {
	u16 codes[3];
	bool (*when)(u32 code);
	const char *words;
} repairs[] = {
	{ { SC_socket, SC_getsockopt, SC_close }, is_net,
	  "sockets, as network calls are captured" },
	{ { SC_bind }, is_accepting, "addresses of servers, as accept or listen is captured" },
	{ { SC_close }, is_on_fd, "the end of descriptors, as calls on them are captured" },
};

static const struct {
	u32 use;
	const char *words;
} process_parts[] = {
	{ SU_BIRTH, "the beginning of processes and threads" },
	{ SU_EXEC, "which program a process runs" },
	{ SU_END, "the end of processes and threads" },
	{ SU_WHERE, "working directory and root of a process" },
	{ SU_WHO, "user and group of a process" },
	{ SU_RIGHTS, "capabilities of a process" },
	{ SU_GROUP, "session and group of processes" },
	{ SU_NAME, "name of a process, and who adopts its orphans" },
};

const char *interest_process_words(u32 code)
{
	for (u32 i = 0; i < ARRAY_SIZE(process_parts); i++)
		if (use(code) & process_parts[i].use)
			return process_parts[i].words;
	return NULL;
}

/* ---- names --------------------------------------------------------------------------------- */

const char *interest_event_name(u32 code)
{
	const struct syscall_desc *s = syscall_desc(code);
	const struct event_desc *e = event_of(code);

	if (!s || code == SC_na_1)
		return NULL;
	return e ? e->name : s->name;
}

static bool has_name(u32 code, const char *name)
{
	const char *event = interest_event_name(code);

	return event && (!strcmp(event, name) || !strcmp(syscall_desc(code)->name, name));
}

const char *interest_similar(const char *name)
{
	struct similar s = { .word = name };

	for (u32 code = 1; code < SC_MAX; code++)
		if (interest_event_name(code))
			similar_offer(&s, interest_event_name(code));
	return s.best;
}

/* ---- rules that name an event ---------------------------------------------------------------- */

/* A rule that says nothing of evt.type, or only what it is not, takes most events there are. */
static bool takes_any(const struct rule *r)
{
	u32 n = 0;

	for (u32 code = 1; code < SC_MAX; code++)
		n += event_set_has_sc(&r->events, code);
	return n > SC_MAX / 2;
}

u32 interest_rules_naming(struct ruleset *set, u32 code, struct buf *out)
{
	u32 n = 0;

	for (u32 i = 0; i < ruleset_count(set); i++) {
		const struct rule *r = ruleset_rule(set, i);

		if (event_set_has_sc(&r->events, code) && !takes_any(r))
			buf_addf(out, "%s\"%s\"", n++ ? ", " : "", r->name);
	}
	return n;
}

bool interest_is_notice(u32 type)
{
	const struct event_desc *e = event_desc(type);

	return e && e->category & EC_METAEVENT && !(e->flags & (EF_UNUSED | EF_OLD)) && !e->captured;
}

/* Is there no other event that it takes? */
static bool takes_notices_only(const struct rule *r)
{
	u32 n = 0;

	for (u32 type = 0; type < EV_MAX; type++) {
		if (!event_set_has(&r->events, type))
			continue;
		if (!interest_is_notice(type))
			return false;
		n++;
	}
	return n;
}

u32 interest_rules_of_notices(struct ruleset *set, struct buf *out)
{
	u32 n = 0;

	for (u32 i = 0; i < ruleset_count(set); i++) {
		const struct rule *r = ruleset_rule(set, i);

		if (takes_notices_only(r))
			buf_addf(out, "%s\"%s\"", n++ ? ", " : "", r->name);
	}
	return n;
}

/* ---- sets ---------------------------------------------------------------------------------- */

static void set_or(struct sysset *s, const struct sysset *o)
{
	for (u32 i = 0; i < ARRAY_SIZE(s->bits); i++)
		s->bits[i] |= o->bits[i];
}

static void set_sub(struct sysset *s, const struct sysset *o)
{
	for (u32 i = 0; i < ARRAY_SIZE(s->bits); i++)
		s->bits[i] &= ~o->bits[i];
}

static bool set_empty(const struct sysset *s)
{
	for (u32 i = 0; i < ARRAY_SIZE(s->bits); i++)
		if (s->bits[i])
			return false;
	return true;
}

static void add_all(struct sysset *s, bool (*is)(u32 code))
{
	for (u32 code = 1; code < SC_MAX; code++)
		if (is(code))
			sysset_add(s, code);
}

static bool any_in(const struct sysset *s, bool (*is)(u32 code))
{
	for (u32 code = 1; code < SC_MAX; code++)
		if (sysset_has(s, code) && is(code))
			return true;
	return false;
}

/* What repair adds to s. */
static void repair(const struct sysset *s, struct sysset *ret)
{
	*ret = (struct sysset){ 0 };
	add_all(ret, is_repair);
	for (u32 i = 0; i < ARRAY_SIZE(repairs); i++) {
		const u16 *codes = repairs[i].codes;

		if (!any_in(s, repairs[i].when))
			continue;
		for (u32 k = 0; k < ARRAY_SIZE(repairs[i].codes) && codes[k]; k++)
			sysset_add(ret, codes[k]);
	}
}

static bool repair_row_has(const struct repair_row *r, u32 code)
{
	for (u32 k = 0; k < ARRAY_SIZE(r->codes); k++)
		if (r->codes[k] == code)
			return true;
	return false;
}

const char *interest_repair_words(const struct interest_choice *ch, u32 code)
{
	for (u32 i = 0; i < ARRAY_SIZE(repairs); i++)
		if (repair_row_has(&repairs[i], code) && any_in(&ch->captured, repairs[i].when))
			return repairs[i].words;
	return is_repair(code) ? interest_process_words(code) : NULL;
}

/* ---- the choice ---------------------------------------------------------------------------- */

static void take_name(struct interest_choice *ch, const char *name)
{
	bool negative = name[0] == '!', found = false;

	name += negative;
	for (u32 code = 1; code < SC_MAX; code++)
		if (has_name(code, name)) {
			sysset_add(negative ? &ch->negated : &ch->custom, code);
			found = true;
		}
	if (!found)
		vec_push(&ch->invalid[negative], name);
}

static void take_named(struct ruleset *set, struct interest_choice *ch)
{
	for (u32 i = 0; i < ruleset_count(set); i++) {
		const struct rule *r = ruleset_rule(set, i);

		if (takes_any(r))
			continue;
		for (u32 code = 1; code < SC_MAX; code++)
			if (event_set_has_sc(&r->events, code))
				sysset_add(&ch->named, code);
	}
}

static void take_rules(struct ruleset *set, struct interest_choice *ch)
{
	struct event_set events;

	take_named(set, ch);
	ruleset_events(set, &events);
	for (u32 code = 1; code < SC_MAX; code++)
		if (interest_event_name(code) && event_set_has_sc(&events, code))
			sysset_add(&ch->rules, code);
}

static enum interest_base base_of(const struct config *c, const struct interest_choice *ch)
{
	if (!set_empty(&ch->custom))
		return BASE_CUSTOM;
	if (c->repair_syscalls)
		return BASE_REPAIR;
	return c->custom_syscalls.n || c->all_syscalls ? BASE_STATE : BASE_SAKER;
}

static void fill_base(struct interest_choice *ch)
{
	switch (ch->base_kind) {
	case BASE_SAKER:
		ch->base = ch->process;
		break;
	case BASE_STATE:
		add_all(&ch->base, is_state);
		break;
	case BASE_CUSTOM:
		ch->base = ch->custom;
		break;
	case BASE_REPAIR:
		repair(&ch->rules, &ch->base);
		break;
	}
}

static bool must_be_asked_for(const struct interest_choice *ch, u32 code)
{
	return interest_is_heavy(code) ||
	       (interest_is_flood(code) && !sysset_has(&ch->named, code) && !sysset_has(&ch->custom, code) &&
		!sysset_has(&ch->plugins, code));
}

/* The steps are those of the reference, in their order; states are saker's own. */
static void combine(const struct config *c, struct interest_choice *ch)
{
	struct sysset *s = &ch->captured;

	*s = ch->rules;
	set_or(s, &ch->plugins);
	set_or(s, &ch->base);
	for (u32 i = 0; i < INTEREST_NSTATES && ch->base_kind == BASE_SAKER; i++)
		set_or(s, &ch->states[i]);
	set_sub(s, &ch->negated);
	for (u32 code = 1; code < SC_MAX && !c->all_syscalls; code++)
		if (sysset_has(s, code) && must_be_asked_for(ch, code))
			sysset_add(&ch->ignored, code);
	set_sub(s, &ch->ignored);
	if (c->repair_syscalls && c->custom_syscalls.n) {
		repair(s, &ch->repaired);
		set_sub(&ch->repaired, s);
		set_or(s, &ch->repaired);
	}
	sysset_add(s, SC_sched_process_exit);
}

/* What the lists, which are Falco's, promise too much. */
static void find_undelivered(struct interest_choice *ch)
{
	for (u32 code = 1; code < SC_MAX; code++)
		if (!driver_delivers(ch->driver, code))
			sysset_add(&ch->undelivered, code);
	for (u32 i = 0; i < ARRAY_SIZE(ch->undelivered.bits); i++)
		ch->undelivered.bits[i] &= ch->rules.bits[i] | ch->plugins.bits[i] |
					   ch->custom.bits[i];
}

void interest_choose(const struct config *c, struct ruleset *set,
		     const struct sysset *plugins, struct interest_choice *ret)
{
	*ret = (struct interest_choice){ 0 };
	take_rules(set, ret);
	if (plugins)
		ret->plugins = *plugins;
	for (u32 i = 0; i < c->custom_syscalls.n; i++)
		take_name(ret, c->custom_syscalls.p[i]);
	add_all(&ret->process, is_process);
	for (u32 i = 0; i < INTEREST_NSTATES; i++)
		if (ruleset_uses(set, interest_states[i].field_flag))
			add_all(&ret->states[i], interest_states[i].changes);
	ret->base_kind = base_of(c, ret);
	fill_base(ret);
	combine(c, ret);
	ret->driver = driver_by_name(c->engine_kind);
	find_undelivered(ret);
}

void interest_choice_fini(struct interest_choice *ch)
{
	for (u32 i = 0; i < ARRAY_SIZE(ch->invalid); i++)
		vec_fini(&ch->invalid[i]);
}

void interest_of(const struct interest_choice *ch, struct interest *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (u32 code = 1; code < SC_MAX; code++)
		if (sysset_has(&ch->captured, code))
			interest_add(ret, code);
}
