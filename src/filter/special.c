/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of an expression for one type of events: comparisons of the event's name are
 * decided, and with them often most of the rest.
 */
#include "filter/pool.h"

/* A field with names of events looks at nothing but the type, so an empty event will do. */
static bool name_of_type(const struct field_ref *f, u32 type, struct value *ret)
{
	struct event ev = { .type = (u16)type, .desc = event_desc(type), .fd_num = -1, .tid = -1 };
	struct field_ctx x;
	bool found;

	field_ctx_init(&x, NULL);
	field_ctx_event(&x, &ev);
	found = field_value(&x, f, ret) && type_kind(ret->type) == TK_STR && !ret->is_list;
	field_ctx_fini(&x);
	return found;
}

static u32 special_pred(struct filter_pool *p, u32 expr, u32 type)
{
	const struct pred *q = &p->preds.p[p->exprs.p[expr].at];
	const struct source *src = &p->sources.p[q->src];
	struct value v;

	if (src->kind != SRC_FIELD || !(src->flags & FF_NAMED_EVENT) || q->rhs != NO_SOURCE ||
	    q->mode != PRED_ONE)
		return expr;
	return name_of_type(&src->ref, type, &v) && pred_match(q, &v) ? FILTER_TRUE : FILTER_FALSE;
}

static u32 special_expr(struct filter_pool *p, u32 expr, u32 type);

static u32 special_chain(struct filter_pool *p, u32 expr, u32 type)
{
	struct expr e = p->exprs.p[expr];
	u32 *kids = xmalloc((e.n + 1u) * sizeof(*kids)), id;

	for (u32 i = 0; i < e.n; i++)
		kids[i] = special_expr(p, p->kids.p[e.at + i], type);
	id = expr_chain(p, (enum expr_kind)e.kind, kids, e.n);
	free(kids);
	return id;
}

/* The depth is that of the tree compiled, which was limited. */
static u32 special_expr(struct filter_pool *p, u32 expr, u32 type)
{
	struct expr e = p->exprs.p[expr];
	u64 key = (u64)type << 32 | expr;
	uintptr_t known;
	u32 id = expr;

	if (!(e.flags & FF_NAMED_EVENT))
		return expr;
	known = (uintptr_t)map64_get(&p->special, key);
	if (known)
		return (u32)(known - 1);
	if (e.kind == EXPR_PRED)
		id = special_pred(p, expr, type);
	else if (e.kind == EXPR_NOT)
		id = expr_not(p, special_expr(p, p->kids.p[e.at], type));
	else if (e.kind != EXPR_CONST)
		id = special_chain(p, expr, type);
	map64_put(&p->special, key, (void *)((uintptr_t)id + 1));
	return id;
}

u32 filter_expr_for_event(struct filter_pool *p, u32 expr, u32 type)
{
	if (type >= EV_MAX || event_names_itself(type) || event_desc(type)->category & EC_PLUGIN)
		return expr;
	return special_expr(p, expr, type);
}
