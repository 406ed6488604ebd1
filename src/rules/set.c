/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled set: for each event type, and for each syscall without an event type of its
 * own, the rules that can match and what is left of their conditions for that type.
 *
 *	slots	rule 0 for open | rule 7 for open | rule 2 for close | ...
 *	rows	open: 0 to 2, close: 2 to 3, ...
 *
 * Rules that cannot match a type have no slot for it, so an event that no rule wants costs
 * one look-up.  The slots of a row are a group of the filter (filter_group): it tells which
 * of them are worth a look.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/table.h"
#include "base/clock.h"
#include "output/format.h"
#include "rules/compile.h"
#include "rules/select.h"

/* Rows of the index: event types, then syscalls. */
#define ROWS (EV_MAX + SC_MAX)

struct row {
	u32 first, n;		/* slots */
	u32 group;
};

struct ruleset {
	struct arena a;
	bool shared;		/* pool and formats are another set's */
	struct filter_pool *pool;
	struct filter_state *state;
	struct rule *rules;
	u32 n;
	VEC(struct rule_slot) slots;
	struct row rows[ROWS];
	struct event_set events;
	u32 flags;		/* FF_* of all fields used */
	struct rule **matched;
	u32 *matched_slots;
	u32 nmatches;		/* events for which conditions were looked at */
};

/* ---- rules ---------------------------------------------------------------------- */

static int compile_format(struct ruleset *s, const struct rules_options *opt, const char *text,
			  struct format **ret, struct diag *d)
{
	int err = format_compile(opt->fields, text, ret, d);

	for (u32 i = 0; !err && i < format_nfields(*ret); i++)
		s->flags |= format_field(*ret, i)->field->flags;
	return err;
}

static int compile_extra(struct ruleset *s, const struct rules_options *opt, const struct crule *c,
			 struct alert_desc *al, struct diag *d)
{
	struct alert_extra *extra = arena_alloc(&s->a, c->nextra * sizeof(*extra));
	int err = 0;

	al->extra = extra;
	for (u32 i = 0; !err && i < c->nextra; i++) {
		extra[i].key = arena_strdup(&s->a, c->extra[i].key);
		extra[i].raw = c->extra[i].raw;
		err = compile_format(s, opt, c->extra[i].format, &extra[i].format, d);
		al->nextra += !err;
	}
	return err;
}

static const char *const *copy_names(struct arena *a, const struct names *n)
{
	const char **p = arena_alloc(a, n->n * sizeof(*p));

	for (u32 i = 0; i < n->n; i++)
		p[i] = arena_strdup(a, n->p[i]);
	return p;
}

static int fill_alert(struct ruleset *s, const struct rules_options *opt, const struct crule *c,
		      struct rule *r, struct diag *d)
{
	struct alert_desc *al = &r->alert;
	int err;

	al->rule = r->name;
	al->source = r->source;
	al->priority = r->priority;
	al->tags = copy_names(&s->a, &c->item->tags);
	al->ntags = c->item->tags.n;
	err = compile_format(s, opt, c->output, &al->format, d);
	return err ? err : compile_extra(s, opt, c, al, d);
}

static int add_rule(struct ruleset *s, const struct rules_options *opt, const struct crule *c,
		    u32 index, struct diag *d)
{
	struct rule *r = &s->rules[s->n];
	int err;

	r->index = index;
	r->name = arena_strdup(&s->a, c->item->name);
	r->desc = arena_memdup0(&s->a, c->item->desc.p, c->item->desc.len);
	r->source = arena_strdup(&s->a, c->item->source);
	r->priority = c->item->priority;
	r->enabled = true;
	r->events = c->events;
	s->n++;
	err = filter_compile(s->pool, c->tree, &r->expr, d, NULL, NULL);
	if (err)
		return err;
	s->flags |= filter_expr_flags(s->pool, r->expr);
	event_set_or(&s->events, &r->events);
	return fill_alert(s, opt, c, r, d);
}

/* ---- the index -------------------------------------------------------------------- */

/*
 * Rules of the source syscall see all but the events of plugins, the others only those.
 * Events that the system makes up (ASYNCEVENT_E) have names that the types do not tell.
 */
static bool wants_type(const struct rule *r, u32 type)
{
	bool plugin = type == EV_PLUGINEVENT_E;

	if (strcmp(r->source, "syscall"))
		return plugin;
	if (type == EV_ASYNCEVENT_E)
		return true;
	return !plugin && event_set_has(&r->events, type);
}

static void add_slot(struct ruleset *s, struct rule *r, u32 type)
{
	u32 expr = filter_expr_for_event(s->pool, r->expr, type);

	if (expr != FILTER_FALSE)
		vec_push(&s->slots, (struct rule_slot){ r, expr });
}

static bool is_generic(u32 type)
{
	return type == EV_GENERIC_E || type == EV_GENERIC_X;
}

static void end_row(struct ruleset *s, u32 row, u32 first)
{
	u32 n = (u32)s->slots.n - first, *exprs = xmalloc((n + 1u) * sizeof(*exprs));

	for (u32 i = 0; i < n; i++)
		exprs[i] = s->slots.p[first + i].expr;
	s->rows[row] = (struct row){ first, n, n ? filter_group(s->pool, exprs, n) : 0 };
	free(exprs);
}

static void build_index(struct ruleset *s)
{
	for (u32 type = 0; type < EV_MAX; type++) {
		u32 first = (u32)s->slots.n;

		for (u32 i = 0; i < s->n && !is_generic(type); i++) {
			if (wants_type(&s->rules[i], type))
				add_slot(s, &s->rules[i], type);
		}
		end_row(s, type, first);
	}
	for (u32 sc = 0; sc < SC_MAX; sc++) {
		const struct syscall_desc *d = syscall_desc(sc);
		u32 first = (u32)s->slots.n;

		/* also of those with an event of their own: captures hold generic events of them */
		for (u32 i = 0; i < s->n; i++) {
			struct rule *r = &s->rules[i];

			if (wants_type(r, EV_GENERIC_X) && (!d || event_set_has_sc(&r->events, sc)))
				add_slot(s, r, EV_GENERIC_X);
		}
		end_row(s, EV_MAX + sc, first);
	}
}

/* ---- the set ------------------------------------------------------------------------ */

static int fill(struct ruleset *s, const struct rules *r, struct diag *d)
{
	const struct compiled *c = r->now;
	size_t n = c ? c->rules.n : 0;
	int err = 0;

	s->rules = arena_alloc(&s->a, n * sizeof(*s->rules));
	s->matched = arena_alloc(&s->a, n * sizeof(*s->matched));
	s->matched_slots = arena_alloc(&s->a, n * sizeof(*s->matched_slots));
	for (size_t i = 0; !err && i < n; i++) {
		if (rule_selected(&r->opt, c->rules.p[i].item))
			err = add_rule(s, &r->opt, &c->rules.p[i], i, d);
	}
	return err;
}

int rules_compile(struct rules *r, struct ruleset **ret, struct diag *d)
{
	struct ruleset *s = xcalloc(1, sizeof(*s));
	int err;

	arena_init(&s->a);
	s->pool = filter_pool_new(r->opt.fields);
	err = fill(s, r, d);
	if (err) {
		ruleset_free(s);
		return err;
	}
	build_index(s);
	filter_pool_seal(s->pool);
	s->state = filter_state_new(s->pool);
	*ret = s;
	return 0;
}

struct ruleset *ruleset_share(const struct ruleset *from)
{
	struct ruleset *s = xcalloc(1, sizeof(*s));

	*s = *from;
	s->shared = true;
	arena_init(&s->a);
	s->rules = arena_alloc(&s->a, s->n * sizeof(*s->rules));
	s->matched = arena_alloc(&s->a, s->n * sizeof(*s->matched));
	s->matched_slots = arena_alloc(&s->a, s->n * sizeof(*s->matched_slots));
	s->nmatches = 0;
	memset(&s->slots, 0, sizeof(s->slots));
	for (u32 i = 0; i < s->n; i++) {
		s->rules[i] = from->rules[i];
		s->rules[i].matches = s->rules[i].evaluations = 0;
		s->rules[i].samples = s->rules[i].sampled_ns = 0;
	}
	for (size_t i = 0; i < from->slots.n; i++) {
		struct rule_slot slot = from->slots.p[i];

		slot.rule = s->rules + (slot.rule - from->rules);
		vec_push(&s->slots, slot);
	}
	s->state = filter_state_new(s->pool);
	return s;
}

void ruleset_free(struct ruleset *s)
{
	if (!s)
		return;
	for (u32 i = 0; i < s->n && !s->shared; i++) {
		struct alert_desc *al = &s->rules[i].alert;

		format_free(al->format);
		for (u32 k = 0; k < al->nextra; k++)
			format_free(al->extra[k].format);
	}
	if (s->state)
		filter_state_free(s->state);
	if (!s->shared)
		filter_pool_free(s->pool);
	vec_fini(&s->slots);
	arena_fini(&s->a);
	free(s);
}

u32 ruleset_count(const struct ruleset *s)
{
	return s->n;
}

struct rule *ruleset_rule(struct ruleset *s, u32 i)
{
	return &s->rules[i];
}

void ruleset_events(const struct ruleset *s, struct event_set *ret)
{
	*ret = s->events;
}

bool ruleset_uses(const struct ruleset *s, u32 field_flag)
{
	return s->flags & field_flag;
}

const struct filter_pool *ruleset_pool(const struct ruleset *s)
{
	return s->pool;
}

const struct rule_slot *ruleset_slots(const struct ruleset *s, u32 code, u32 *ret_n)
{
	const struct syscall_desc *d = syscall_desc(code);
	u32 row = d ? d->event : EV_GENERIC_X;

	if (is_generic(row))
		row = EV_MAX + code;
	*ret_n = s->rows[row].n;
	return s->slots.p + s->rows[row].first;
}

static const char *format_field_with(const struct format *f, u32 flag)
{
	for (u32 i = 0; i < format_nfields(f); i++) {
		const struct field *field = format_field(f, i)->field;

		if (field->flags & flag)
			return field->name;
	}
	return NULL;
}

const char *ruleset_field(const struct ruleset *s, const struct rule *r, u32 field_flag)
{
	const char *name = filter_expr_field(s->pool, r->expr, field_flag);

	if (!name)
		name = format_field_with(r->alert.format, field_flag);
	for (u32 i = 0; i < r->alert.nextra && !name; i++)
		name = format_field_with(r->alert.extra[i].format, field_flag);
	return name;
}

/* Adds slot to those that matched, which are in order; the first alone when first. */
static u32 add_match(struct ruleset *s, u32 n, u32 slot, bool first)
{
	u32 at = n;

	if (first && n) {
		s->matched_slots[0] = (u32)size_min(s->matched_slots[0], slot);
		return 1;
	}
	while (at && s->matched_slots[at - 1] > slot)
		at--;
	if (at && s->matched_slots[at - 1] == slot)
		return n;
	memmove(&s->matched_slots[at + 1], &s->matched_slots[at], (n - at) * sizeof(slot));
	s->matched_slots[at] = slot;
	return n + 1;
}

static u32 match_row(struct ruleset *s, const struct row *row, bool first)
{
	const struct rule_slot *slots = s->slots.p + row->first;
	struct filter_matches m;
	u32 n = 0;

	filter_matches(s->state, row->group, &m);
	for (u32 i = 0; i < m.nlooked_at; i++)
		slots[m.looked_at[i]].rule->evaluations++;
	for (u32 i = 0; i < m.nheld; i++)
		n = add_match(s, n, row->first + m.held[i], first);
	return n;
}

#define SAMPLE_EVERY 1024	/* a power of two */

/* What single conditions cost, for one event of many: they are run once more, each by itself. */
static __attribute__((noinline)) void sample_row(struct ruleset *s, struct field_ctx *x, const struct row *row)
{
	for (u32 i = row->first; i < row->first + row->n; i++) {
		struct rule_slot *slot = &s->slots.p[i];
		u64 start;

		filter_begin(s->state, x);
		start = clock_ns(CLOCK_MONOTONIC);
		filter_run(s->state, slot->expr);
		slot->rule->sampled_ns += clock_ns(CLOCK_MONOTONIC) - start;
		slot->rule->samples++;
	}
}

/* Apart, so that an event which no rule wants does not pay for the rest. */
static __attribute__((noinline)) u32 match_some(struct ruleset *s, struct field_ctx *x,
						const struct row *row, bool first)
{
	u32 n;

	filter_begin(s->state, x);
	n = match_row(s, row, first);
	for (u32 i = 0; i < n; i++) {
		s->matched[i] = s->slots.p[s->matched_slots[i]].rule;
		s->matched[i]->matches++;
	}
	if (!(++s->nmatches % SAMPLE_EVERY))
		sample_row(s, x, row);
	return n;
}

u32 ruleset_match(struct ruleset *s, struct field_ctx *x, const struct event *ev, bool first,
		  struct rule *const **ret)
{
	u32 row = ev->type;

	*ret = s->matched;
	if (is_generic(row))
		row = EV_MAX + event_syscall(ev);
	if (row >= ROWS || !s->rows[row].n)
		return 0;
	field_ctx_event(x, ev);
	return match_some(s, x, &s->rows[row], first);
}

void ruleset_evaluations(const struct ruleset *s, u64 *ret)
{
	for (u32 i = 0; i < s->n; i++)
		ret[i] = s->rules[i].evaluations;
}
