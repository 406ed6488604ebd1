/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions as compiled, as text. */
#include "filter/pool.h"

#define VALUES_SHOWN 8

static void dump_source(const struct filter_pool *p, u32 id, struct buf *out)
{
	const struct source *s = &p->sources.p[id];

	switch (s->kind) {
	case SRC_CONST:
		buf_addf(out, "\"%.*s\"", (int)s->constant.len, s->constant.p);
		return;
	case SRC_FIELD:
	case SRC_FIELD_ALL:
		buf_adds(out, s->ref.text);
		return;
	case SRC_TRANSFORM:
		buf_adds(out, s->transform.row->name);
		break;
	}
	buf_addc(out, '(');
	for (u32 i = 0; i < s->n; i++) {
		if (i)
			buf_adds(out, ", ");
		dump_source(p, s->kids[i], out);
	}
	buf_addc(out, ')');
}

static void dump_value(const struct pred *p, const struct value *v, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";

	if (p->kind == TK_STR)
		buf_add(out, v->p, v->len);
	else if (p->kind == TK_SIGNED)
		buf_add_s64(out, v->i);
	else if (p->kind == TK_DOUBLE)
		buf_addf(out, "%g", v->d);
	else if (p->kind < TK_STR)
		buf_add_u64(out, v->u);
	else if (p->kind == TK_BUF || p->kind == TK_NONE)
		for (u32 i = 0; i < v->len; i++) {
			buf_addc(out, digits[(u8)v->p[i] >> 4]);
			buf_addc(out, digits[v->p[i] & 15]);
		}
	else if (v->len == 4)
		print_ipv4((const u8 *)v->p, out);
	else
		print_ipv6((const u8 *)v->p, out);
	if (p->kind == TK_NET)
		buf_addf(out, "/%u", (u8)v->p[v->len]);
}

static void dump_pred(const struct filter_pool *p, const struct pred *q, struct buf *out)
{
	dump_source(p, q->src, out);
	buf_addf(out, " %s", op_rows[q->op].name);
	if (q->modifier)
		buf_addf(out, " %s", modifier_names[q->modifier]);
	if (q->op == OP_EXISTS)
		return;
	buf_addc(out, ' ');
	if (q->rhs != NO_SOURCE) {
		dump_source(p, q->rhs, out);
		return;
	}
	buf_adds(out, q->n == 1 ? "" : "{");
	for (u32 i = 0; i < q->n && i < VALUES_SHOWN; i++) {
		if (i)
			buf_adds(out, ", ");
		dump_value(q, &q->values[i], out);
	}
	if (q->n > VALUES_SHOWN)
		buf_addf(out, ", ... %u in all", q->n);
	buf_adds(out, q->n == 1 ? "" : "}");
}

static void dump_expr(const struct filter_pool *p, u32 expr, struct buf *out)
{
	const struct expr *e = &p->exprs.p[expr];

	switch (e->kind) {
	case EXPR_CONST:
		buf_adds(out, e->at ? "true" : "false");
		break;
	case EXPR_PRED:
		dump_pred(p, &p->preds.p[e->at], out);
		break;
	case EXPR_NOT:
		buf_adds(out, "not ");
		dump_expr(p, p->kids.p[e->at], out);
		break;
	default:
		buf_addc(out, '(');
		for (u32 i = 0; i < e->n; i++) {
			if (i)
				buf_adds(out, e->kind == EXPR_AND ? " and " : " or ");
			dump_expr(p, p->kids.p[e->at + i], out);
		}
		buf_addc(out, ')');
	}
}

void filter_expr_print(const struct filter_pool *p, u32 expr, struct buf *out)
{
	dump_expr(p, expr, out);
}

static void dump_ref(const struct filter_pool *p, u32 ref, struct buf *out)
{
	if (ref & 1)
		buf_adds(out, "not ");
	dump_expr(p, ref >> 1, out);
	buf_addc(out, '\n');
}

static void dump_steps(const struct filter_pool *p, const struct expr_group *g, u32 i, u32 end,
		       u32 depth, struct buf *out);

static void dump_branches(const struct filter_pool *p, const struct expr_group *g,
			  const struct step *s, u32 depth, struct buf *out)
{
	/* the ways stand one after the other, up to the next step of this level */
	for (const struct branch *b = s->branches;; b++) {
		buf_addf(out, "%*sway ", (int)depth * 2, "");
		if (b->check == NO_CHECK)
			buf_addc(out, '\n');
		else
			dump_ref(p, b->check, out);
		dump_steps(p, g, b->first, b->end, depth + 1, out);
		if (b->end >= s->next)
			return;
	}
}

static void dump_steps(const struct filter_pool *p, const struct expr_group *g, u32 i, u32 end,
		       u32 depth, struct buf *out)
{
	for (; i < end; i = g->steps[i].next) {
		const struct step *s = &g->steps[i];

		buf_addf(out, "%*s", (int)depth * 2, "");
		switch (s->kind) {
		case STEP_LEAF:
			buf_addf(out, "leaf %u: ", s->leaf.at);
			dump_ref(p, s->leaf.rest, out);
			break;
		case STEP_TEST:
			buf_adds(out, "test ");
			dump_ref(p, s->ref, out);
			dump_steps(p, g, i + 1, s->next, depth + 1, out);
			break;
		default:
			buf_adds(out, "look up ");
			dump_source(p, s->src, out);
			buf_addc(out, '\n');
			dump_branches(p, g, s, depth + 1, out);
		}
	}
}

void filter_group_print(const struct filter_pool *p, u32 group, struct buf *out)
{
	const struct expr_group *g = &p->groups.p[group];

	dump_steps(p, g, 0, g->nsteps, 0, out);
}
