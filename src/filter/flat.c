/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions as they are run: negations become a bit of the references to what they
 * negate, and the common predicates are told apart by number, so that most are decided
 * without a call.
 */
#include "filter/pool.h"

u32 flat_ref(const struct filter_pool *p, u32 expr)
{
	const struct expr *e = &p->exprs.p[expr];

	return e->kind == EXPR_NOT ? REF(p->kids.p[e->at], 1u) : REF(expr, 0u);
}

static struct node flatten(const struct filter_pool *p, const struct expr *e, u32 *refs)
{
	struct node n = { .kind = e->kind, .n = e->n };

	switch (e->kind) {
	case EXPR_CONST:
		n.value = e->at;
		break;
	case EXPR_PRED:
		n.pred = &p->preds.p[e->at];
		n.n = n.pred->src;
		n.how = n.pred->how;
		break;
	default:	/* nobody refers to EXPR_NOT itself */
		n.kids = refs;
		for (u32 i = 0; i < e->n; i++)
			refs[i] = flat_ref(p, p->kids.p[e->at + i]);
	}
	return n;
}

void flatten_exprs(struct filter_pool *p)
{
	u32 *refs = arena_alloc(&p->arena, (p->kids.n + 1) * sizeof(*refs));

	p->nodes = arena_alloc(&p->arena, p->exprs.n * sizeof(*p->nodes));
	for (size_t i = 0; i < p->exprs.n; i++) {
		const struct expr *e = &p->exprs.p[i];

		p->nodes[i] = flatten(p, e, refs);
		if (e->kind != EXPR_PRED && e->kind != EXPR_CONST)
			refs += e->n;
	}
}
