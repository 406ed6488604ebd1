/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which events a condition is about: it is evaluated with sets of event types in place of
 * truth.  Each part yields two sets, of types for which it can be true and for which it can
 * be false; they overlap where the type alone does not tell.  So "not" only swaps them.
 */
#include <errno.h>

#include "base/similar.h"
#include "filter/pool.h"

/* What is known of some fields for all events. */
static const struct {
	const char *field;
	bool names_events;	/* its values are names of events, and there is always one */
	u64 min;		/* the smallest number it can be */
} known_fields[] = {
	{ "evt.type", true, 0 },
	{ "evt.num", false, 1 },
};

static int known_field(const struct field_ref *f)
{
	for (u32 i = 0; i < ARRAY_SIZE(known_fields); i++)
		if (!strcmp(known_fields[i].field, f->field->name))
			return (int)i;
	return -1;
}

bool field_names_events(const struct field_ref *f)
{
	int i = known_field(f);

	return i >= 0 && known_fields[i].names_events;
}

int check_known(const struct field_ref *f, const struct pred *p)
{
	int row = known_field(f);
	u64 min = row >= 0 ? known_fields[row].min : 0;

	if (!min || p->rhs != NO_SOURCE || p->modifier || type_kind(p->type) != TK_UNSIGNED ||
	    p->n != 1)
		return -1;
	switch (p->op) {
	case OP_EQ:
	case OP_IN:
	case OP_INTERSECTS:
		return p->values->u < min ? 0 : -1;
	case OP_NE:
		return p->values->u < min ? 1 : -1;
	case OP_LT:
		return p->values->u <= min ? 0 : -1;
	case OP_LE:
		return p->values->u < min ? 0 : -1;
	case OP_GT:
		return p->values->u < min ? 1 : -1;
	case OP_GE:
		return p->values->u <= min ? 1 : -1;
	default:
		return -1;
	}
}

/* ---- names ---- */

static void add_type(struct event_set *s, u32 type)
{
	s->ev[type / 64] |= 1ull << type % 64;
}

static void add_code(struct event_set *s, u32 code)
{
	s->sc[code / 64] |= 1ull << code % 64;
}

static bool is_generic(u32 type)
{
	return type == EV_GENERIC_E || type == EV_GENERIC_X;
}

bool event_names_itself(u32 type)
{
	return is_generic(type) || type == EV_ASYNCEVENT_E;
}

static bool name_is(const char *name, const char *s, u32 len)
{
	return strlen(name) == len && !memcmp(name, s, len);
}

/* What evt.type is for a syscall. */
static const char *code_name(const struct syscall_desc *d)
{
	return is_generic(d->event) ? d->name : event_desc(d->event)->name;
}

bool event_name_known(const char *name, u32 len)
{
	for (u32 i = 0; i < EV_MAX; i++)
		if (!(event_desc(i)->flags & EF_UNUSED) && name_is(event_desc(i)->name, name, len))
			return true;
	return !len || syscall_code_by_name(name, len) >= 0;
}

const char *event_name_similar(const char *name)
{
	struct similar s = { .word = name };

	for (u32 i = 0; i < EV_MAX; i++)
		if (!(event_desc(i)->flags & EF_UNUSED))
			similar_offer(&s, event_desc(i)->name);
	for (u32 code = 1; code < SC_MAX; code++)
		if (syscall_desc(code))
			similar_offer(&s, syscall_desc(code)->name);
	return s.best;
}

/* "SOCKET_ACCEPT4_5_X" without what versions and directions add. */
static u32 family_len(const char *id)
{
	u32 n = (u32)strlen(id), digits;

	if (n > 2 && id[n - 2] == '_')
		n -= 2;
	digits = n;
	while (digits && id[digits - 1] >= '0' && id[digits - 1] <= '9')
		digits--;
	return digits && digits < n && id[digits - 1] == '_' ? digits - 1 : n;
}

/* Syscalls of a type, also when it is an older version of what they yield today. */
static void add_codes_of(struct event_set *s, u32 type)
{
	const char *id = event_desc(type)->id;
	u32 len = family_len(id);

	for (u32 code = 0; code < SC_MAX; code++) {
		const struct syscall_desc *d = syscall_desc(code);
		const char *other = d && !is_generic(d->event) ? event_desc(d->event)->id : NULL;

		if (other && family_len(other) == len && !memcmp(other, id, len))
			add_code(s, code);
	}
}

/* maybe: events that can have the name; always: those that have no other. */
static void add_name(struct event_set *maybe, struct event_set *always, const char *name, u32 len)
{
	for (u32 type = 0; type < EV_MAX; type++) {
		if (event_desc(type)->flags & EF_UNUSED ||
		    !name_is(event_desc(type)->name, name, len))
			continue;
		add_type(maybe, type);
		if (!event_names_itself(type)) {
			add_type(always, type);
			add_codes_of(maybe, type);
		}
	}
	for (u32 code = 0; code < SC_MAX; code++) {
		const struct syscall_desc *d = syscall_desc(code);

		if (!d)
			continue;
		if (name_is(code_name(d), name, len)) {
			add_code(maybe, code);
			add_code(always, code);
		}
		if (is_generic(d->event) && name_is(d->name, name, len)) {
			add_type(maybe, EV_GENERIC_E);
			add_type(maybe, EV_GENERIC_X);
		}
	}
}

/* ---- the tree ---- */

struct outcome {
	struct event_set yes, no;
};

struct infer {
	struct filter_pool *pool;
	struct arena arena;
	struct diag *d;
};

static void swap(struct outcome *o)
{
	struct event_set yes = o->yes;

	o->yes = o->no;
	o->no = yes;
}

static void outcome_set(struct outcome *o, bool can_be_true, bool can_be_false)
{
	event_set_fill(&o->yes, can_be_true);
	event_set_fill(&o->no, can_be_false);
}

static void infer_names(const struct ast *right, struct outcome *ret)
{
	struct event_set maybe, always;
	bool list = right->kind == AST_LIST;

	event_set_fill(&maybe, false);
	event_set_fill(&always, false);
	for (u32 i = 0; i < (list ? right->n : 1); i++) {
		const struct ast *item = list ? right->kids[i] : right;

		add_name(&maybe, &always, item->text, item->text_len);
	}
	ret->yes = maybe;
	ret->no = always;
	event_set_not(&ret->no);
}

/* Is the check one of whole names, and does it ask for (1) or against (0) them?  -1: no. */
static int asks_for_names(const struct ast *n)
{
	if (n->modifier)
		return -1;
	return n->op == OP_IN || n->op == OP_EQ ? 1 : n->op == OP_NE ? 0 : -1;
}

static void infer_event_field(const struct ast *n, const struct field_ref *f, struct outcome *ret)
{
	int positive = asks_for_names(n);

	outcome_set(ret, true, true);
	if (n->op == OP_EXISTS && field_names_events(f))
		outcome_set(ret, true, false);
	else if (positive >= 0)
		infer_names(n->kids[1], ret);
	if (!positive)
		swap(ret);
}

/* The field in a chain of transformers, or NULL. */
static const struct ast *innermost(const struct ast *n)
{
	while (n->kind == AST_TRANSFORM && n->n == 1)
		n = n->kids[0];
	return n->kind == AST_FIELD ? n : NULL;
}

/* 1 the node is a field with names of events, 0 not, -EINVAL. */
static int is_event_field(struct infer *c, const struct ast *n, struct field_ref *ret)
{
	int err = n ? field_of(c->pool->fields, &c->arena, n, ret, c->d) : 0;

	if (err)
		return err;
	return n && ret->field->flags & FF_NAMED_EVENT;
}

#define TRANSFORMED "event code search does not support `evt.type` checks with transformers"
#define COMPARED "right-hand field comparisons on `evt.type`/`syscall.type` checks are not " \
		 "supported by event code search"

static int not_supported(struct infer *c, const struct ast *n, const char *msg)
{
	diag_at(c->d, POS(n), "%s", msg);
	return -ENOTSUP;
}

static int infer_right_field(struct infer *c, const struct ast *n)
{
	struct field_ref f;
	int found = is_event_field(c, innermost(n), &f);

	if (found < 0)
		return found;
	if (found)
		return not_supported(c, n, TRANSFORMED);
	return not_supported(c, n, COMPARED);
}

/* Comparisons such as evt.num = 0, which no event can satisfy. */
static void infer_known(const struct ast *n, const struct field_ref *f, struct outcome *ret)
{
	struct value v = { .type = f->type };
	struct pred p = { .op = (u8)n->op,
			 .modifier = (u8)n->modifier,
			 .type = f->type,
			 .rhs = NO_SOURCE,
			 .n = 1,
			 .values = &v };
	const struct ast *right = n->n > 1 ? n->kids[1] : NULL;
	char *end;
	int known;

	outcome_set(ret, true, true);
	if (right && right->kind == AST_LIST)
		right = right->n == 1 ? right->kids[0] : NULL;
	if (!right || right->kind != AST_VALUE || known_field(f) < 0)
		return;
	v.u = strtoull(right->text, &end, 10);
	known = *end || end == right->text ? -1 : check_known(f, &p);
	if (known >= 0)
		outcome_set(ret, known, !known);
}

static int infer_check(struct infer *c, const struct ast *n, struct outcome *ret)
{
	const struct ast *left = n->kids[0], *right = n->n > 1 ? n->kids[1] : NULL;
	struct field_ref f;
	int found;

	outcome_set(ret, true, true);
	found = is_event_field(c, innermost(left), &f);
	if (found < 0)
		return found;
	if (!found) {
		if (left->kind == AST_FIELD)
			infer_known(n, &f, ret);
		return 0;
	}
	if (left->kind == AST_TRANSFORM)
		return not_supported(c, left, TRANSFORMED);
	if (right && (right->kind == AST_FIELD || right->kind == AST_TRANSFORM))
		return infer_right_field(c, right);
	infer_event_field(n, &f, ret);
	return 0;
}

static int infer_node(struct infer *c, const struct ast *n, u32 depth, struct outcome *ret);

static int infer_chain(struct infer *c, const struct ast *n, u32 depth, struct outcome *ret)
{
	bool and = n->kind == AST_AND;
	struct outcome kid;
	int err;

	outcome_set(ret, and, !and);
	for (u32 i = 0; i < n->n; i++) {
		err = infer_node(c, n->kids[i], depth, &kid);
		if (err)
			return err;
		(and ? event_set_and : event_set_or)(&ret->yes, &kid.yes);
		(and ? event_set_or : event_set_and)(&ret->no, &kid.no);
	}
	return 0;
}

static int infer_node(struct infer *c, const struct ast *n, u32 depth, struct outcome *ret)
{
	int err;

	if (!depth)
		return diag_at(c->d, POS(n), "exceeded max depth limit of %u", FILTER_DEPTH_MAX);
	switch (n->kind) {
	case AST_AND:
	case AST_OR:
		return infer_chain(c, n, depth - 1, ret);
	case AST_NOT:
		err = infer_node(c, n->kids[0], depth - 1, ret);
		if (!err)
			swap(ret);
		return err;
	case AST_CHECK:
		return infer_check(c, n, ret);
	default:
		outcome_set(ret, true, true);
		return 0;
	}
}

int filter_events(struct filter_pool *p, const struct ast *n, struct event_set *ret, struct diag *d)
{
	struct infer c = { .pool = p, .d = d };
	struct outcome o;
	int err;

	arena_init(&c.arena);
	err = infer_node(&c, n, FILTER_DEPTH_MAX, &o);
	if (!err)
		*ret = o.yes;
	arena_fini(&c.arena);
	return err;
}
