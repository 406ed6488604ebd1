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
	const struct node *nodes;	/* of the pool */
	const struct source *sources;
	u32 epoch;
	u32 *memo;		/* by expression: epoch << 1 | result */
	struct slot *slots;	/* by source */
	struct hits hits;	/* of lookups that are not finished */
	u32 *held, *looked_at;	/* leaves of a group */
	u32 nheld, nlooked_at;
};

struct filter_state *filter_state_new(const struct filter_pool *p)
{
	struct filter_state *s = xcalloc(1, sizeof(*s));

	s->pool = p;
	s->nodes = p->nodes;
	s->sources = p->sources.p;
	s->memo = xcalloc(p->exprs.n, sizeof(*s->memo));
	s->slots = xcalloc(p->sources.n + 1, sizeof(*s->slots));
	s->hits.marks = xcalloc(p->branch_max + 1u, sizeof(*s->hits.marks));
	/* the ways of all unfinished lookups lead to different leaves of a group */
	s->hits.ids = xcalloc(p->leaves_max + FILTER_DEPTH_MAX, sizeof(*s->hits.ids));
	s->held = xcalloc(p->leaves_max + 1u, sizeof(*s->held));
	s->looked_at = xcalloc(p->leaves_max + 1u, sizeof(*s->looked_at));
	resolver_start(p->resolver);
	return s;
}

void filter_state_free(struct filter_state *s)
{
	if (!s)
		return;
	free(s->memo);
	free(s->slots);
	free(s->hits.marks);
	free(s->hits.ids);
	free(s->held);
	free(s->looked_at);
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

static inline const struct value *source_get(struct filter_state *s, u32 id);

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
static inline bool get_field(struct filter_state *s, const struct source *src, struct value *ret)
{
	if (!field_value(s->x, &src->ref, ret))
		return false;
	if (ret->type != src->type && !compatible(ret->type, src->type))
		return false;
	if (ret->is_list || src->is_list)
		return ret->is_list == src->is_list;
	if (src->bytes && !ret->p)
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

static __attribute__((noinline)) bool get_value(struct filter_state *s, const struct source *src, struct value *ret)
{
	switch (src->kind) {
	case SRC_CONST:
		*ret = src->constant;
		return true;
	case SRC_FIELD_ALL:
		return get_all(s, src, ret);
	case SRC_TRANSFORM:
		return get_transform(s, src, ret);
	default:
		return get_list(s, src, ret);
	}
}

static __attribute__((noinline)) void source_read(struct filter_state *s, u32 id)
{
	struct slot *slot = &s->slots[id];

	const struct source *src = &s->sources[id];

	slot->epoch = s->epoch;
	slot->present = src->kind == SRC_FIELD ? get_field(s, src, &slot->v) :
						 get_value(s, src, &slot->v);
}

/* NULL: there is no value. */
static inline const struct value *source_get(struct filter_state *s, u32 id)
{
	struct slot *slot = &s->slots[id];

	if (slot->epoch != s->epoch)
		source_read(s, id);
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

/* Inlined, and the rare ways are calls: this is what most of the time goes into. */
static inline __attribute__((always_inline)) bool eval_pred(struct filter_state *s,
							    const struct node *n)
{
	const struct slot *slot = &s->slots[n->n];
	const struct pred *p = n->pred;

	if (slot->epoch != s->epoch)
		source_read(s, n->n);
	if (!slot->present)
		return false;
	if (n->how == HOW_EQ_INT)
		return slot->v.u == p->u;
	return n->how == HOW_CALL ? p->match(p, &slot->v) : eval_general(s, p, &slot->v);
}

/* ---- expressions ---- */

static bool eval_chain(struct filter_state *s, const struct node *n);

static inline bool eval_ref(struct filter_state *s, u32 ref)
{
	u32 known = s->memo[ref >> 1];
	const struct node *n;
	bool result;

	if (known >> 1 == s->epoch)
		return (known ^ ref) & 1;
	n = &s->nodes[ref >> 1];
	if (n->kind == EXPR_PRED)
		result = eval_pred(s, n);
	else
		result = n->kind == EXPR_CONST ? n->value : eval_chain(s, n);
	s->memo[ref >> 1] = s->epoch << 1 | result;
	return result ^ (ref & 1);
}

/* The depth is that of the tree compiled, which was limited. */
static __attribute__((noinline)) bool eval_chain(struct filter_state *s, const struct node *n)
{
	const u32 *kid = n->kids, *end = kid + n->n;
	u32 or = n->kind == EXPR_OR;

	while (kid < end)
		if (eval_ref(s, *kid++) == or)
			return or;
	return !or;
}

bool filter_run(struct filter_state *s, u32 expr)
{
	return eval_ref(s, flat_ref(s->pool, expr));
}

/* ---- groups ---- */

static void walk(struct filter_state *s, const struct step *steps, u32 i, u32 end);

/* The ways that the value of a source opens; those of outer lookups stay below ours. */
static void lookup(struct filter_state *s, const struct step *steps, const struct step *step)
{
	const struct value *v = source_get(s, step->src);
	struct hits *h = &s->hits;
	u32 base = h->n;

	if (!v)
		return;
	if (!++h->epoch) {
		memset(h->marks, 0, s->pool->branch_max * sizeof(*h->marks));
		h->epoch = 1;
	}
	if (step->kind == STEP_TEXT)
		patterns_find(step->patterns, (struct str){ v->p, v->len }, h);
	else
		numbers_find(step->numbers, v->u, h);
	for (u32 i = base, end = h->n; i < end; i++) {
		const struct branch *b = &step->branches[h->ids[i]];

		if (b->check == NO_CHECK || eval_ref(s, b->check))
			walk(s, steps, b->first, b->end);
	}
	h->n = base;
}

static void walk(struct filter_state *s, const struct step *steps, u32 i, u32 end)
{
	while (i < end) {
		const struct step *step = &steps[i];

		switch (step->kind) {
		case STEP_LEAF:
			s->looked_at[s->nlooked_at++] = step->leaf.at;
			if (eval_ref(s, step->leaf.rest))
				s->held[s->nheld++] = step->leaf.at;
			i++;
			break;
		case STEP_TEST:
			i = eval_ref(s, step->ref) ? i + 1 : step->next;
			break;
		default:
			lookup(s, steps, step);
			i = step->next;
		}
	}
}

void filter_matches(struct filter_state *s, u32 group, struct filter_matches *ret)
{
	const struct expr_group *g = &s->pool->groups.p[group];

	s->nheld = s->nlooked_at = 0;
	walk(s, g->steps, 0, g->nsteps);
	*ret = (struct filter_matches){ s->held, s->nheld, s->looked_at, s->nlooked_at };
}
