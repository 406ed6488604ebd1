/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation for one event.  What was worked out is kept under the number of the event, so
 * that a new event makes all of it void at once.
 */
#include "filter/pool.h"

#define EPOCH_MAX (UINT32_MAX >> 1)

struct slot {
	u32 epoch;
	bool present;
	struct value v;
};

struct filter_state {
	const struct filter_pool *pool;
	struct field_ctx *x;
	const struct expr *exprs;	/* of the pool */
	const u32 *kids;
	u32 epoch;
	u32 *memo;		/* by expression: epoch << 1 | result */
	struct slot *slots;	/* by source */
};

struct filter_state *filter_state_new(const struct filter_pool *p)
{
	struct filter_state *s = xcalloc(1, sizeof(*s));

	s->pool = p;
	s->exprs = p->exprs.p;
	s->kids = p->kids.p;
	s->memo = xcalloc(p->exprs.n, sizeof(*s->memo));
	s->slots = xcalloc(p->sources.n + 1, sizeof(*s->slots));
	resolver_start(p->resolver);
	return s;
}

void filter_state_free(struct filter_state *s)
{
	if (!s)
		return;
	free(s->memo);
	free(s->slots);
	free(s);
}

void filter_begin(struct filter_state *s, struct field_ctx *x)
{
	s->x = x;
	if (s->epoch++ < EPOCH_MAX)
		return;
	s->epoch = 1;
	memset(s->memo, 0, s->pool->exprs.n * sizeof(*s->memo));
	memset(s->slots, 0, s->pool->sources.n * sizeof(*s->slots));
}

/* ---- sources ---- */

static const struct value *source_get(struct filter_state *s, u32 id);

static bool is_bytes(u32 type)
{
	enum type_kind k = type_kind(type);

	return k == TK_STR || k == TK_BUF;
}

static bool compatible(u32 type, u32 wanted)
{
	enum type_kind have = type_kind(type), want = type_kind(wanted);

	return have == want || (KINDS_NUMBER >> have & KINDS_NUMBER >> want & 1) ||
	       (have == TK_IP && want == TK_NET);
}

/*
 * A field whose type changes from event to event may yield another kind than the one it is
 * compared as: that is no value.
 */
static bool get_field(struct filter_state *s, const struct source *src, struct value *ret)
{
	if (!field_value(s->x, &src->ref, ret))
		return false;
	if (ret->type != src->type && !compatible(ret->type, src->type))
		return false;
	if (ret->is_list || src->is_list)
		return ret->is_list == src->is_list;
	if (!ret->p && is_bytes(ret->type))
		ret->p = "";
	return true;
}

static bool get_all(struct filter_state *s, const struct source *src, struct value *ret)
{
	return src->ref.field->get_all(s->x, &src->ref, ret) && ret->is_list;
}

/* Elements of a written list are strings, whatever they were. */
static bool get_list(struct filter_state *s, const struct source *src, struct value *ret)
{
	struct value *list = field_scratch(s->x, (src->n + 1u) * sizeof(*list));
	struct buf b = { 0 };

	for (u32 i = 0; i < src->n; i++) {
		const struct value *v = source_get(s, src->kids[i]);
		char *text;

		if (!v)
			return false;
		list[i] = *v;
		if (!v->is_list && type_kind(v->type) == TK_STR)
			continue;
		value_print(v, &b);
		text = field_scratch(s->x, b.len + 1);
		memcpy(text, buf_str(&b), b.len);
		value_set_str(&list[i], text, b.len);
		buf_fini(&b);
	}
	*ret = (struct value){ .type = PT_CHARBUF, .is_list = true, .len = src->n, .list = list };
	return true;
}

static bool get_transform(struct filter_state *s, const struct source *src, struct value *ret)
{
	struct value *args = field_scratch(s->x, (src->n + 1u) * sizeof(*args));

	for (u32 i = 0; i < src->n; i++) {
		const struct value *v = source_get(s, src->kids[i]);

		if (!v)
			return false;
		args[i] = *v;
	}
	return src->transform.row->run(s->x, args, src->n, src->transform.selector, ret);
}

static bool get_value(struct filter_state *s, const struct source *src, struct value *ret)
{
	switch (src->kind) {
	case SRC_CONST:
		*ret = src->constant;
		return true;
	case SRC_FIELD:
		return get_field(s, src, ret);
	case SRC_FIELD_ALL:
		return get_all(s, src, ret);
	case SRC_TRANSFORM:
		return get_transform(s, src, ret);
	default:
		return get_list(s, src, ret);
	}
}

/* NULL: there is no value. */
static const struct value *source_get(struct filter_state *s, u32 id)
{
	struct slot *slot = &s->slots[id];

	if (slot->epoch != s->epoch) {
		slot->epoch = s->epoch;
		slot->present = get_value(s, &s->pool->sources.p[id], &slot->v);
	}
	return slot->present ? &slot->v : NULL;
}

/* ---- predicates ---- */

bool pred_match(const struct pred *p, const struct value *v)
{
	return p->match(p, v);
}

static bool eval_list(const struct pred *p, const struct value *list)
{
	bool all = p->mode == PRED_ALL;

	for (u32 i = 0; i < list->len; i++) {
		struct value v = list->list[i];

		if (!v.p && is_bytes(v.type))
			v.p = "";
		if (p->match(p, &v) != all)
			return !all;
	}
	return all && list->len;
}

static bool among(const struct value *v, const struct value *list)
{
	for (u32 i = 0; i < list->len; i++)
		if (value_compare(OP_EQ, v, &list->list[i]))
			return true;
	return false;
}

/* Against another source: of the same type and kind, as was checked. */
static bool eval_sides(const struct pred *p, const struct value *l, const struct value *r)
{
	bool all = p->op == OP_IN;

	if (!l->is_list)
		return value_compare((enum filter_op)p->op, l, r);
	for (u32 i = 0; i < l->len; i++)
		if (among(&l->list[i], r) != all)
			return !all;
	return all && l->len;
}

static bool eval_general(struct filter_state *s, const struct pred *p, const struct value *v)
{
	const struct value *r;

	if (p->rhs != NO_SOURCE) {
		r = source_get(s, p->rhs);
		return r && eval_sides(p, v, r);
	}
	if (p->op == OP_EXISTS)
		return !v->is_list || v->len > 0;
	return eval_list(p, v);
}

static bool eval_pred(struct filter_state *s, const struct pred *p)
{
	const struct value *v = source_get(s, p->src);

	if (!v)
		return false;
	return p->simple ? p->match(p, v) : eval_general(s, p, v);
}

/* ---- expressions ---- */

static bool eval_anew(struct filter_state *s, u32 id);

static inline bool eval(struct filter_state *s, u32 id)
{
	u32 known = s->memo[id];

	return known >> 1 == s->epoch ? known & 1 : eval_anew(s, id);
}

/* The depth is that of the tree compiled, which was limited. */
static bool eval_anew(struct filter_state *s, u32 id)
{
	const struct expr *e = &s->exprs[id];
	const u32 *kid = s->kids + e->at, *end = kid + e->n;
	bool result, or = e->kind == EXPR_OR;

	if (e->kind == EXPR_PRED) {
		result = eval_pred(s, &s->pool->preds.p[e->at]);
	} else if (e->kind == EXPR_NOT) {
		result = !eval(s, *kid);
	} else if (e->kind == EXPR_CONST) {
		return e->at;
	} else {
		result = !or;
		while (kid < end && result != or)
			result = eval(s, *kid++);
	}
	s->memo[id] = s->epoch << 1 | result;
	return result;
}

bool filter_run(struct filter_state *s, u32 expr)
{
	return eval(s, expr);
}
