/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines as Falco writes them, so that what reads Falco's log reads this one.  Calls have the
 * names that evt.type has, each once, in order.
 */
#include "app/interest_log.h"

#include <stdio.h>
#include <string.h>

#include "app/log.h"
#include "event/table.h"

struct names {
	const char *p[SC_MAX];
	u32 n;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts, leaves out what is there twice. */
static void names_finish(struct names *n)
{
	u32 kept = 0;

	qsort(n->p, n->n, sizeof(n->p[0]), compare);
	for (u32 i = 0; i < n->n; i++)
		if (!kept || strcmp(n->p[kept - 1], n->p[i]))
			n->p[kept++] = n->p[i];
	n->n = kept;
}

/* Those of s that are not in less (which may be NULL). */
static void names_of(const struct sysset *s, const struct sysset *less, struct names *ret)
{
	ret->n = 0;
	for (u32 code = 1; code < SC_MAX; code++)
		if (sysset_has(s, code) && !(less && sysset_has(less, code)))
			ret->p[ret->n++] = interest_event_name(code);
	names_finish(ret);
}

static void join(const struct names *n, struct buf *out)
{
	for (u32 i = 0; i < n->n; i++)
		buf_addf(out, "%s%s", i ? ", " : "", n->p[i]);
}

/* "SIGN(N) WHAT: a, b"; nothing when there is none. */
static void log_names(enum priority prio, const char *sign, const char *what,
		      const struct names *names)
{
	struct buf list = { 0 };

	if (!names->n)
		return;
	join(names, &list);
	log_msg(prio, "%s(%u) %s: %s", sign, names->n, what, buf_str(&list));
	buf_fini(&list);
}

static void log_set(enum priority prio, const char *sign, const char *what, const struct sysset *s,
		    const struct sysset *less)
{
	struct names names;

	names_of(s, less, &names);
	log_names(prio, sign, what, &names);
}

static void add_invalid(struct buf *b, const char *name)
{
	const char *similar = interest_similar(name);

	buf_adds(b, *name ? name : "''");
	if (!*name)
		buf_adds(b, " (in YAML a name that begins with '!' needs quotes)");
	else if (similar)
		buf_addf(b, " (did you mean %s?)", similar);
}

static void log_invalid(const struct interest_choice *ch, bool negative)
{
	size_t all = ch->invalid[negative].n;
	struct names names = { .n = 0 };
	struct buf b = { 0 };

	while (names.n < all && names.n < ARRAY_SIZE(names.p)) {
		names.p[names.n] = ch->invalid[negative].p[names.n];
		names.n++;
	}
	names_finish(&names);
	for (u32 i = 0; i < names.n; i++) {
		buf_adds(&b, i ? ", " : "");
		add_invalid(&b, names.p[i]);
	}
	if (all > ARRAY_SIZE(names.p))
		buf_addf(&b, ", and %zu more", all - ARRAY_SIZE(names.p));
	if (names.n)
		log_warning("Invalid (%s) syscall names: warning (base_syscalls override): %s",
			    negative ? "negative" : "positive", buf_str(&b));
	buf_fini(&b);
}

/* "+(N) syscalls (the table of open descriptors, for fd.types of "rule A", ...): a, b". */
static void log_state(const struct interest_choice *ch, struct ruleset *set, u32 i,
		      const struct sysset *known)
{
	const struct interest_state *state = &interest_states[i];
	struct buf what = { 0 };

	buf_addf(&what, "syscalls (%s, for", state->words);
	for (u32 k = 0, n = 0; k < ruleset_count(set); k++) {
		const struct rule *r = ruleset_rule(set, k);
		const char *field = ruleset_field(set, r, state->field_flag);

		if (field)
			buf_addf(&what, "%s %s of \"%s\"", n++ ? "," : "", field, r->name);
	}
	buf_addc(&what, ')');
	log_set(PRIO_DEBUG, "+", buf_str(&what), &ch->states[i], known);
	buf_fini(&what);
}

static void log_base(const struct interest_choice *ch, struct ruleset *set)
{
	struct sysset known = ch->rules;

	for (u32 code = 1; code < SC_MAX; code++)
		if (sysset_has(&ch->plugins, code) || sysset_has(&ch->negated, code))
			sysset_add(&known, code);
	if (ch->base_kind == BASE_STATE || ch->base_kind == BASE_REPAIR)
		log_set(PRIO_DEBUG, "+", "syscalls (Falco's state engine set of syscalls)",
			&ch->base, &known);
	if (ch->base_kind != BASE_SAKER)
		return;
	log_set(PRIO_DEBUG, "+", "syscalls (saker's set of syscalls for the picture of processes)",
		&ch->base, &known);
	for (u32 i = 0; i < INTEREST_NSTATES; i++)
		log_state(ch, set, i, &known);
}

static void warn_lost(const struct interest_choice *ch)
{
	struct names names;
	struct buf list = { 0 };

	names_of(&ch->rules, &ch->captured, &names);
	if (!names.n)
		return;
	join(&names, &list);
	fprintf(stderr,
		"Loaded rules match syscalls that are not activated (e.g. were removed via config "
		"settings such as no -A flag or negative base_syscalls elements) or unsupported "
		"with current configuration: warning (unsupported-evttype): %s\n"
		"If syscalls in rules include high volume syscalls (-> activate via `-A` flag), "
		"else syscalls may have been removed via base_syscalls option or might be "
		"associated with syscalls undefined on your architecture "
		"(saker rules --syscalls tells; -A is base_syscalls.all: true)\n",
		buf_str(&list));
	buf_fini(&list);
}

static bool is_essential(u32 code)
{
	return syscall_desc(code) && syscall_desc(code)->use & (SU_BIRTH | SU_EXEC);
}

/* Without them most processes are not known, or taken for what they were before. */
static void warn_strangers(const struct interest_choice *ch)
{
	struct names names = { .n = 0 };
	struct buf list = { 0 };

	for (u32 code = 1; code < SC_MAX; code++)
		if (is_essential(code) && !sysset_has(&ch->captured, code))
			names.p[names.n++] = interest_event_name(code);
	if (!names.n)
		return;
	names_finish(&names);
	join(&names, &list);
	log_warning("base_syscalls leaves out %s: alerts may lack the process or name a wrong one "
		    "(base_syscalls.repair adds them)", buf_str(&list));
	buf_fini(&list);
}

/* page_fault_user and page_fault_kernel are one event: told once. */
static bool told_before(const struct sysset *s, u32 code)
{
	for (u32 other = 1; other < code; other++)
		if (sysset_has(s, other) &&
		    syscall_desc(other)->event == syscall_desc(code)->event)
			return true;
	return false;
}

static void warn_of(const struct driver *d, const char *name, const char *whom)
{
	if (d && d->lacks)
		log_warning("The %s driver delivers no %s events%s", d->name, name, whom);
	else
		log_warning("No driver delivers %s events%s", name, whom);
}

void interest_warn_undelivered(const struct driver *d, const struct sysset *undelivered, const struct sysset *custom,
			       struct ruleset *set)
{
	for (u32 code = 1; code < SC_MAX; code++) {
		struct buf whom = { 0 };

		if (!sysset_has(undelivered, code) || told_before(undelivered, code))
			continue;
		buf_adds(&whom, ": they never reach the rules that name them: ");
		if (interest_rules_naming(set, code, &whom))
			warn_of(d, interest_event_name(code), buf_str(&whom));
		else if (sysset_has(custom, code))
			warn_of(d, interest_event_name(code), ", which base_syscalls.custom_set asks for");
		buf_fini(&whom);
	}
}

static void warn_notices(struct ruleset *set)
{
	struct buf rules = { 0 };

	if (interest_rules_of_notices(set, &rules))
		log_warning("Events of the sensor itself, such as useradded or drop, are not made: only in captures do they "
			    "reach the rules that ask for nothing else: %s", buf_str(&rules));
	buf_fini(&rules);
}

void interest_log(const struct interest_choice *ch, struct ruleset *set)
{
	log_set(PRIO_DEBUG, "", "syscalls in rules", &ch->rules, NULL);
	log_set(PRIO_DEBUG, "", "syscalls required by plugins", &ch->plugins, NULL);
	log_set(PRIO_DEBUG, "+", "syscalls added (base_syscalls override)", &ch->custom, NULL);
	log_invalid(ch, false);
	log_set(PRIO_DEBUG, "-", "syscalls removed (base_syscalls override)", &ch->negated, NULL);
	log_invalid(ch, true);
	log_base(ch, set);
	log_set(PRIO_DEBUG, "-", "ignored syscalls (-> activate via `-A` flag)", &ch->ignored,
		NULL);
	log_set(PRIO_INFORMATIONAL, "+", "repaired syscalls", &ch->repaired, NULL);
	log_set(PRIO_DEBUG, "", "syscalls selected in total (final set)", &ch->captured, NULL);
	warn_strangers(ch);
	interest_warn_undelivered(ch->driver, &ch->undelivered, &ch->custom, set);
	warn_notices(set);
	warn_lost(ch);
}
