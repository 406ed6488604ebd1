/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups of expressions as one tree of steps.  Each expression is a conjunction; what is
 * common to several is tried once, and where several ask for values of one field, the
 * value is looked up once in all that they ask for:
 *
 *	test fd.typechar = f			else on to the next step on this level
 *	    text proc.name: tar → 3, sshd → 7	of many ways those that the value opens
 *	    leaf 4: fd.name startswith /etc	a candidate, and what is left to try
 *
 * At each level the step is taken that rules out most for its cost.  All figures are
 * guesses: a wrong one costs time only.
 */
#include "filter/pool.h"

#define STEPS_MAX_A_LEVEL 64	/* bounds the time to build; the rest are leaves */
#define COST_STEP 10.0		/* of a step itself */
#define COST_LOOKUP 40.0	/* of a value among many */
#define DEPTH_MAX 200

struct member {
	u32 at;			/* place in the group */
	u32 *conj;		/* what is left to try */
	u32 n;
};

/* An expression that a member has, or a field which tells whether one of its can hold. */
struct option {
	u32 key;		/* expression, or key of a guard */
	u32 expr;		/* the expression guarded */
	u32 member;
};

struct builder {
	struct filter_pool *p;
	const struct guess *guesses;
	u32 nguesses;
	u32 *guards;		/* by expression: key, or NO_GUARD */
	bool *paid;		/* by source: read on the way here */
	VEC(u32) paid_list;
	VEC(struct step) steps;
};

#define NO_GUARD UINT32_MAX

struct choice {
	double score;
	bool guard;
	u32 key;
};

static void build(struct builder *b, struct member *m, u32 n, u32 depth);

/* ---- what a step costs and saves ---- */

static void pay(struct builder *b, u32 src)
{
	if (b->paid[src])
		return;
	b->paid[src] = true;
	vec_push(&b->paid_list, src);
}

static void unpay(struct builder *b, size_t n)
{
	while (b->paid_list.n > n)
		b->paid[b->paid_list.p[--b->paid_list.n]] = false;
}

/* The source of a predicate, perhaps negated. */
static u32 source_read(const struct filter_pool *p, u32 expr)
{
	const struct expr *e = &p->exprs.p[expr];

	if (e->kind == EXPR_NOT)
		e = &p->exprs.p[p->kids.p[e->at]];
	return e->kind == EXPR_PRED ? p->preds.p[e->at].src : NO_SOURCE;
}

static double cost_of_test(const struct builder *b, u32 expr)
{
	u32 src = source_read(b->p, expr);
	double cost = b->guesses[expr].cost + COST_STEP;

	return src != NO_SOURCE && b->paid[src] ? cost - guess_source(b->p, src) : cost;
}

static double cost_of_lookup(const struct builder *b, u32 key)
{
	u32 src = GUARD_SOURCE(key);

	return COST_LOOKUP + (b->paid[src] ? 0 : guess_source(b->p, src));
}

/* ---- choosing ---- */

static int cmp_option(const void *a, const void *b)
{
	const struct option *l = a, *r = b;

	if (l->key != r->key)
		return l->key < r->key ? -1 : 1;
	if (l->member != r->member)
		return l->member < r->member ? -1 : 1;
	return (l->expr > r->expr) - (l->expr < r->expr);
}

/* Sorted by key; *ret is to be freed. */
static u32 options_of(struct builder *b, const struct member *m, u32 n, bool guards,
		      struct option **ret)
{
	struct option *out;
	u32 total = 0, count = 0;

	for (u32 i = 0; i < n; i++)
		total += m[i].n;
	out = xmalloc((total + 1u) * sizeof(*out));
	for (u32 i = 0; i < n; i++) {
		for (u32 k = 0; k < m[i].n; k++) {
			u32 expr = m[i].conj[k], key = guards ? b->guards[expr] : expr;

			if (key != NO_GUARD)
				out[count++] = (struct option){ key, expr, i };
		}
	}
	qsort(out, count, sizeof(*out), cmp_option);
	*ret = out;
	return count;
}

static void consider(struct choice *best, double gain, double cost, bool guard, u32 key)
{
	if (gain / cost > best->score)
		*best = (struct choice){ gain / cost, guard, key };
}

static void consider_tests(struct builder *b, const struct member *m, u32 n, struct choice *best)
{
	struct option *o;
	u32 count = options_of(b, m, n, false, &o);

	for (u32 i = 0, k; i < count; i = k) {
		for (k = i + 1; k < count && o[k].key == o[i].key; k++)
			;
		if (k - i > 1)
			consider(best, (k - i) * (1.05 - b->guesses[o[i].key].chance),
				 cost_of_test(b, o[i].key), false, o[i].key);
	}
	free(o);
}

static void consider_guards(struct builder *b, const struct member *m, u32 n, struct choice *best)
{
	struct option *o;
	u32 count = options_of(b, m, n, true, &o);

	for (u32 i = 0, k; i < count; i = k) {
		u32 members = 1;
		bool differ = false;

		for (k = i + 1; k < count && o[k].key == o[i].key; k++) {
			members += o[k].member != o[k - 1].member;
			differ |= o[k].expr != o[i].expr;
		}
		if (members > 1 && differ)
			consider(best, members * 0.95, cost_of_lookup(b, o[i].key), true, o[i].key);
	}
	free(o);
}

/* ---- members ---- */

static void drop_conj(struct member *m, u32 expr)
{
	u32 kept = 0;

	for (u32 i = 0; i < m->n; i++)
		if (m->conj[i] != expr)
			m->conj[kept++] = m->conj[i];
	m->n = kept;
}

static bool has_conj(const struct member *m, u32 expr)
{
	for (u32 i = 0; i < m->n; i++)
		if (m->conj[i] == expr)
			return true;
	return false;
}

/* The first of its conditions that the key guards, or NO_GUARD. */
static u32 guarded_conj(const struct builder *b, const struct member *m, u32 key)
{
	for (u32 i = 0; i < m->n; i++)
		if (b->guards[m->conj[i]] == key)
			return m->conj[i];
	return NO_GUARD;
}

/* Moves those with mark to the front, keeping the order of both; returns how many. */
static u32 partition(struct member *m, u32 n, const bool *mark)
{
	struct member *rest = xmalloc((n + 1u) * sizeof(*rest));
	u32 first = 0, nrest = 0;

	for (u32 i = 0; i < n; i++) {
		if (mark[i])
			m[first++] = m[i];
		else
			rest[nrest++] = m[i];
	}
	memcpy(m + first, rest, nrest * sizeof(*rest));
	free(rest);
	return first;
}

/* ---- steps ---- */

static u32 add_step(struct builder *b, u8 kind)
{
	vec_push(&b->steps, (struct step){ .kind = kind });
	return (u32)b->steps.n - 1;
}

static void add_leaf(struct builder *b, struct member *m)
{
	u32 step = add_step(b, STEP_LEAF);
	u32 rest = flat_ref(b->p, expr_chain(b->p, EXPR_AND, m->conj, m->n));

	b->steps.p[step].next = step + 1;
	b->steps.p[step].leaf = (struct filter_candidate){ m->at, rest };
}

/* Returns the number of members that went into it: they are the first ones. */
static u32 add_test(struct builder *b, struct member *m, u32 n, u32 expr, u32 depth)
{
	bool *mark = xmalloc((n + 1u) * sizeof(*mark));
	u32 step = add_step(b, STEP_TEST), src = source_read(b->p, expr), count;
	size_t paid;

	for (u32 i = 0; i < n; i++) {
		mark[i] = has_conj(&m[i], expr);
		if (mark[i])
			drop_conj(&m[i], expr);
	}
	count = partition(m, n, mark);
	free(mark);
	if (src != NO_SOURCE)
		pay(b, src);
	paid = b->paid_list.n;
	build(b, m, count, depth);
	unpay(b, paid);
	b->steps.p[step].ref = flat_ref(b->p, expr);
	b->steps.p[step].next = (u32)b->steps.n;
	return count;
}

struct by_expr {
	u32 expr;
	struct member m;
};

static int cmp_by_expr(const void *a, const void *b)
{
	const struct by_expr *l = a, *r = b;

	if (l->expr != r->expr)
		return l->expr < r->expr ? -1 : 1;
	return (l->m.at > r->m.at) - (l->m.at < r->m.at);
}

/* Brings members that share a guarded condition together; exprs are set by member. */
static void sort_by_guard(const struct builder *b, struct member *m, u32 n, u32 key, u32 *exprs)
{
	struct by_expr *s = xmalloc((n + 1u) * sizeof(*s));

	for (u32 i = 0; i < n; i++)
		s[i] = (struct by_expr){ guarded_conj(b, &m[i], key), m[i] };
	qsort(s, n, sizeof(*s), cmp_by_expr);
	for (u32 i = 0; i < n; i++) {
		m[i] = s[i].m;
		exprs[i] = s[i].expr;
	}
	free(s);
}

/* The ways of a lookup and what is on them.  Returns them. */
static struct branch *add_branches(struct builder *b, struct member *m, u32 n, u32 key,
				   const u32 *exprs, u32 depth, struct guard_values *values)
{
	struct branch *branches = arena_alloc(&b->p->arena, n * sizeof(*branches)), *br = branches;
	size_t paid = b->paid_list.n;

	for (u32 i = 0, k; i < n; i = k, br++) {
		for (k = i; k < n && exprs[k] == exprs[i]; k++)
			drop_conj(&m[k], exprs[i]);
		guard_values(b->p, exprs[i], key, (u32)(br - branches), values);
		br->check = guard_certain(b->p, exprs[i]) ? NO_CHECK : flat_ref(b->p, exprs[i]);
		br->first = (u32)b->steps.n;
		build(b, m + i, k - i, depth);
		br->end = (u32)b->steps.n;
		unpay(b, paid);
	}
	b->p->branch_max = (u32)size_max(b->p->branch_max, (size_t)(br - branches));
	return branches;
}

static u32 add_lookup(struct builder *b, struct member *m, u32 n, u32 key, u32 depth)
{
	bool *mark = xmalloc((n + 1u) * sizeof(*mark)), text = GUARD_IS_TEXT(key);
	u32 *exprs = xmalloc((n + 1u) * sizeof(*exprs));
	u32 step = add_step(b, text ? STEP_TEXT : STEP_NUMBER), count;
	struct guard_values values = { 0 };
	struct step *s;
	const struct branch *branches;

	for (u32 i = 0; i < n; i++)
		mark[i] = guarded_conj(b, &m[i], key) != NO_GUARD;
	count = partition(m, n, mark);
	sort_by_guard(b, m, count, key, exprs);
	pay(b, GUARD_SOURCE(key));
	branches = add_branches(b, m, count, key, exprs, depth, &values);
	s = &b->steps.p[step];
	s->src = GUARD_SOURCE(key);
	s->branches = branches;
	s->next = (u32)b->steps.n;
	if (text)
		s->patterns = patterns_new(&b->p->arena, values.patterns.p, (u32)values.patterns.n);
	else
		s->numbers = numbers_new(&b->p->arena, values.numbers.p, (u32)values.numbers.n);
	vec_fini(&values.patterns);
	vec_fini(&values.numbers);
	free(exprs);
	free(mark);
	return count;
}

static void build(struct builder *b, struct member *m, u32 n, u32 depth)
{
	struct choice best;
	u32 used;

	for (u32 steps = 0; n > 1 && depth && steps < STEPS_MAX_A_LEVEL; steps++) {
		best = (struct choice){ 0 };
		consider_tests(b, m, n, &best);
		consider_guards(b, m, n, &best);
		if (!best.score)
			break;
		used = best.guard ? add_lookup(b, m, n, best.key, depth - 1) :
				    add_test(b, m, n, best.key, depth - 1);
		m += used;
		n -= used;
	}
	for (u32 i = 0; i < n; i++)
		add_leaf(b, &m[i]);
}

/* ---- groups ---- */

static struct member member_of(struct builder *b, u32 expr, u32 at)
{
	const struct expr *e = &b->p->exprs.p[expr];
	struct member m = { .at = at, .n = e->kind == EXPR_AND ? e->n : 1 };

	m.conj = xmalloc(m.n * sizeof(*m.conj));
	if (e->kind == EXPR_AND)
		memcpy(m.conj, b->p->kids.p + e->at, m.n * sizeof(*m.conj));
	else
		*m.conj = expr;
	return m;
}

static void build_group(struct builder *b, struct expr_group *g)
{
	struct member *m = xmalloc((g->n + 1u) * sizeof(*m));
	u32 **conj = xmalloc((g->n + 1u) * sizeof(*conj)), n = 0;
	struct step *steps;

	for (u32 i = 0; i < g->n; i++) {
		if (g->exprs[i] == FILTER_FALSE)
			continue;
		m[n] = member_of(b, g->exprs[i], i);
		conj[n] = m[n].conj;
		n++;
	}
	b->steps.n = 0;
	build(b, m, n, DEPTH_MAX);
	unpay(b, 0);
	steps = arena_alloc(&b->p->arena, (b->steps.n + 1) * sizeof(*steps));
	if (b->steps.n)
		memcpy(steps, b->steps.p, b->steps.n * sizeof(*steps));
	g->steps = steps;
	g->nsteps = (u32)b->steps.n;
	for (u32 i = 0; i < n; i++)
		free(conj[i]);
	free(conj);
	free(m);
}

void group_all(struct filter_pool *p, const struct guess *guesses)
{
	struct builder b = { .p = p, .guesses = guesses, .nguesses = (u32)p->exprs.n };

	b.guards = xmalloc((b.nguesses + 1u) * sizeof(*b.guards));
	b.paid = xcalloc(p->sources.n + 1, sizeof(*b.paid));
	for (u32 i = 0; i < b.nguesses; i++)
		if (!guard_find(p, i, &b.guards[i]))
			b.guards[i] = NO_GUARD;
	for (size_t i = 0; i < p->groups.n; i++)
		build_group(&b, &p->groups.p[i]);
	vec_fini(&b.steps);
	vec_fini(&b.paid_list);
	free(b.guards);
	free(b.paid);
}

u32 filter_group(struct filter_pool *p, const u32 *exprs, u32 n)
{
	struct buf key = { 0 };
	struct expr_group g = { .n = n };
	u32 *copy, id;

	buf_adds(&key, "G ");
	key_bytes(&key, exprs, n * (u32)sizeof(*exprs));
	id = pool_find(p, &key);
	if (id == UINT32_MAX) {
		copy = arena_alloc(&p->arena, (n + 1u) * sizeof(*copy));
		if (n)
			memcpy(copy, exprs, n * sizeof(*copy));
		g.exprs = copy;
		vec_push(&p->groups, g);
		id = (u32)p->groups.n - 1;
		p->group_max = (u32)size_max(p->group_max, n);
		pool_remember(p, &key, id);
	}
	buf_fini(&key);
	return id;
}
