/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of evaluation.  Predicates have no effects, so it changes nothing but the time
 * taken: what is cheap and likely to decide comes first.  All figures are guesses; a wrong
 * one costs time only.
 */
#include "filter/pool.h"

/* Fields put together from many parts, by the end of their name. */
static const struct {
	const char *suffix;
	double cost;
} dear_fields[] = {
	{ "cmdline", 400 }, { "exeline", 400 }, { "args", 400 }, { "env", 400 }, { "cgroups", 400 },
	{ "evt.arg", 60 }, { "fd.name", 40 }, { "fd.nameraw", 60 }, { "fd.directory", 60 },
	{ "fd.filename", 50 }, { "cap_effective", 300 }, { "cap_permitted", 300 },
};

static double field_cost(const struct source *s)
{
	const struct field *f = s->ref.field;
	size_t len = strlen(f->name);

	if (f->flags & FF_FD_TABLE || s->is_list)
		return 2000;
	if (s->kind == SRC_FIELD_ALL && f->flags & FF_ANY)
		return 500;
	for (u32 i = 0; i < ARRAY_SIZE(dear_fields); i++) {
		size_t n = strlen(dear_fields[i].suffix);

		if (len >= n && !strcmp(f->name + len - n, dear_fields[i].suffix))
			return dear_fields[i].cost;
	}
	return type_kind(s->type) < TK_STR ? 10 : 25;
}

double guess_source(const struct filter_pool *p, u32 id)
{
	const struct source *s = &p->sources.p[id];
	double cost = 50;

	if (s->kind == SRC_FIELD || s->kind == SRC_FIELD_ALL)
		return field_cost(s);
	for (u32 i = 0; i < s->n; i++)
		cost += guess_source(p, s->kids[i]);
	return cost;
}

static double pred_cost(const struct filter_pool *pool, const struct pred *p)
{
	double each = op_rows[p->op].cost * 5.0;

	if (p->op != OP_IN && p->op != OP_PMATCH && p->n > 1)
		each *= (double)size_min(p->n, 20) / 2;
	return guess_source(pool, p->src) + each +
	       (p->rhs == NO_SOURCE ? 0 : guess_source(pool, p->rhs));
}

/* Those of which most events have the value that is asked for. */
static bool likely_field(const struct filter_pool *pool, const struct pred *p)
{
	static const char *const names[] = { "fd.typechar", "fd.type", "evt.is_open_read", "fd.num",
					     "proc.tty", "evt.dir" };
	const struct source *src = &pool->sources.p[p->src];

	for (u32 i = 0; src->name && i < ARRAY_SIZE(names); i++)
		if (!strcmp(src->name, names[i]))
			return true;
	return false;
}

/* How likely is it to hold? */
static double pred_chance(const struct filter_pool *pool, const struct pred *p)
{
	switch (p->op) {
	case OP_EXISTS:
		return 0.8;
	case OP_NE:
		return 0.9;
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		return likely_field(pool, p) ? 0.9 : 0.6;
	case OP_EQ:
		return likely_field(pool, p) ? 0.85 : p->kind == TK_BOOL ? 0.2 : 0.05;
	default:
		return 0.08;
	}
}

struct ranked {
	double rank;
	u32 id;
};

static int cmp_ranked(const void *a, const void *b)
{
	const struct ranked *l = a, *r = b;

	if (l->rank != r->rank)
		return l->rank < r->rank ? -1 : 1;
	return (l->id > r->id) - (l->id < r->id);
}

/* The least cost for each bit of a chance that the rest need not be looked at. */
static struct guess order_kids(u32 *kids, u32 n, bool and, const struct guess *guesses)
{
	struct ranked *r = xmalloc((n + 1u) * sizeof(*r));
	double cost = 0, go_on = 1;

	for (u32 i = 0; i < n; i++) {
		const struct guess *g = &guesses[kids[i]];

		r[i].id = kids[i];
		r[i].rank = g->cost / ((and ? 1 - g->chance : g->chance) + 0.001);
	}
	qsort(r, n, sizeof(*r), cmp_ranked);
	for (u32 i = 0; i < n; i++) {
		const struct guess *g = &guesses[r[i].id];

		kids[i] = r[i].id;
		cost += go_on * g->cost;
		go_on *= and ? g->chance : 1 - g->chance;
	}
	free(r);
	return (struct guess){ cost, and ? go_on : 1 - go_on };
}

static struct guess guess_of(struct filter_pool *p, const struct expr *e,
			     const struct guess *guesses)
{
	const struct guess *kid;

	switch (e->kind) {
	case EXPR_CONST:
		return (struct guess){ 0, e->at };
	case EXPR_PRED:
		return (struct guess){ pred_cost(p, &p->preds.p[e->at]),
				      pred_chance(p, &p->preds.p[e->at]) };
	case EXPR_NOT:
		kid = &guesses[p->kids.p[e->at]];
		return (struct guess){ kid->cost, 1 - kid->chance };
	default:
		return order_kids(p->kids.p + e->at, e->n, e->kind == EXPR_AND, guesses);
	}
}

void order_exprs(struct filter_pool *p, struct guesses *g)
{
	vec_reserve(g, p->exprs.n - g->n);
	/* kids come before their parents */
	for (; g->n < p->exprs.n; g->n++)
		g->p[g->n] = guess_of(p, &p->exprs.p[g->n], g->p);
}
