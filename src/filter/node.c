/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled form, for those who derive something else from it. */
#include "filter/pool.h"

static void describe_pred(const struct filter_pool *p, const struct pred *q, struct filter_node *ret)
{
	const struct source *s = &p->sources.p[q->src];

	ret->kind = NODE_CHECK;
	ret->op = q->op;
	ret->modifier = q->modifier;
	ret->name = s->name;
	if (q->rhs != NO_SOURCE || s->kind == SRC_TRANSFORM || s->kind == SRC_LIST || s->kind == SRC_CONST)
		return;
	ret->field = &s->ref;
	ret->one_value = s->kind == SRC_FIELD && !s->is_list && q->mode == PRED_ONE;
	ret->values = q->values;
	ret->nvalues = q->n;
}

void filter_node(const struct filter_pool *p, u32 expr, struct filter_node *ret)
{
	const struct expr *e = &p->exprs.p[expr];

	*ret = (struct filter_node){ 0 };
	switch (e->kind) {
	case EXPR_CONST:
		ret->kind = NODE_CONST;
		ret->value = e->at;
		return;
	case EXPR_PRED:
		describe_pred(p, &p->preds.p[e->at], ret);
		return;
	case EXPR_NOT:
		ret->kind = NODE_NOT;
		break;
	case EXPR_AND:
		ret->kind = NODE_AND;
		break;
	case EXPR_OR:
		ret->kind = NODE_OR;
		break;
	}
	ret->n = e->n;
	ret->kids = p->kids.p + e->at;
}
