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
#define SPLITS_MAX 2

struct member {
	u32 at;			/* place in the group */
	u32 *conj;		/* what is left to try; in the builder's arena */
	u32 n;
	u32 splits;		/* how often it was taken apart */
};

/* An expression that a member has, or a field which tells whether one of its can hold. */
struct option {
	u32 key;		/* expression, or key of a guard */
	u32 expr;		/* the expression guarded */
	u32 member;
};

struct builder {
	struct filter_pool *p;
	struct arena tmp;
	struct guesses *guesses;
	VEC(u32) guards;	/* by expression: key, or NO_GUARD */
	u32 nleaves;
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

/* ---- what is known of expressions ---- */

static double chance_of(struct builder *b, u32 expr)
{
	order_exprs(b->p, b->guesses);
	return b->guesses->p[expr].chance;
}

static u32 guard_of(struct builder *b, u32 expr)
{
	while (b->guards.n <= expr) {
		u32 key, next = (u32)b->guards.n;

		vec_push(&b->guards, guard_find(b->p, next, &key) ? key : NO_GUARD);
	}
	return b->guards.p[expr];
}

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

static double cost_of_test(struct builder *b, u32 expr)
{
	u32 src = source_read(b->p, expr);
	double cost;

	order_exprs(b->p, b->guesses);
	cost = b->guesses->p[expr].cost + COST_STEP;

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
			u32 expr = m[i].conj[k], key = guards ? guard_of(b, expr) : expr;

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
			consider(best, (k - i) * (1.05 - chance_of(b, o[i].key)),
				 cost_of_test(b, o[i].key), false, o[i].key);
	}
	free(o);
}

static void consider_guards(struct builder *b, const struct member *m, u32 n, struct choice *best)
{
	struct option *o;
	u32 count = options_of(b, m, n, true, &o);

	for (u32 i = 0, k; i < count; i = k) {
		double gain = 0;
		u32 members = 0;
		bool differ = false;

		for (k = i; k < count && o[k].key == o[i].key; k++) {
			differ |= o[k].expr != o[i].expr;
			if (k > i && o[k].member == o[k - 1].member)
				continue;
			members++;
			gain += 1 - chance_of(b, o[k].expr);
		}
		if (members > 1 && differ)
			consider(best, gain, cost_of_lookup(b, o[i].key), true, o[i].key);
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
static u32 guarded_conj(struct builder *b, const struct member *m, u32 key)
{
	for (u32 i = 0; i < m->n; i++)
		if (guard_of(b, m->conj[i]) != NO_GUARD && guard_by(b->p, m->conj[i], key))
			return m->conj[i];
	return NO_GUARD;
}

/* Moves those with mark to out; the others keep their order. */
static u32 take(struct member *m, u32 *n, const bool *mark, struct member *out)
{
	u32 taken = 0, kept = 0;

	for (u32 i = 0; i < *n; i++) {
		if (mark[i])
			out[taken++] = m[i];
		else
			m[kept++] = m[i];
	}
	*n = kept;
	return taken;
}

/* ---- taking a member apart: (a or b) and c → a and c; b and c ---- */

/* The parts of an alternative that the key guards, in parts, and the others behind them. */
static u32 sort_parts(const struct filter_pool *p, u32 expr, u32 key, u32 *parts)
{
	const struct expr *e = &p->exprs.p[expr];
	u32 guarded = 0, n = 0;

	for (u32 pass = 0; pass < 2; pass++) {
		for (u32 i = 0; i < e->n; i++) {
			u32 kid = p->kids.p[e->at + i];

			if (guard_by(p, kid, key) == !pass)
				parts[n++] = kid;
		}
		guarded = pass ? guarded : n;
	}
	return guarded;
}

static struct member with_conj(struct builder *b, const struct member *m, u32 i, u32 expr)
{
	struct member new = *m;

	new.splits++;
	new.conj = arena_alloc(&b->tmp, m->n * sizeof(*new.conj));
	memcpy(new.conj, m->conj, m->n * sizeof(*new.conj));
	new.conj[i] = expr;
	return new;
}

/* If part of an alternative of m is guarded by key, *ret gets that, and m keeps the others. */
static bool split(struct builder *b, struct member *m, u32 key, struct member *ret)
{
	for (u32 i = 0; i < m->n && m->splits < SPLITS_MAX; i++) {
		const struct expr *e = &b->p->exprs.p[m->conj[i]];
		u32 n = e->n, *parts, guarded;

		if (e->kind != EXPR_OR)
			continue;
		parts = arena_alloc(&b->tmp, n * sizeof(*parts));
		guarded = sort_parts(b->p, m->conj[i], key, parts);
		if (!guarded || guarded == n)
			continue;
		*ret = with_conj(b, m, i, expr_chain(b->p, EXPR_OR, parts, guarded));
		*m = with_conj(b, m, i, expr_chain(b->p, EXPR_OR, parts + guarded, n - guarded));
		return true;
	}
	return false;
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
	b->steps.p[step].leaf.at = m->at;
	b->steps.p[step].leaf.rest = rest;
	b->nleaves++;
}

/* Takes the members out that go into it. */
static void add_test(struct builder *b, struct member *m, u32 *n, u32 expr, u32 depth)
{
	bool *mark = xmalloc((*n + 1u) * sizeof(*mark));
	struct member *in = xmalloc((*n + 1u) * sizeof(*in));
	u32 step = add_step(b, STEP_TEST), src = source_read(b->p, expr), count;
	size_t paid;

	for (u32 i = 0; i < *n; i++) {
		mark[i] = has_conj(&m[i], expr);
		if (mark[i])
			drop_conj(&m[i], expr);
	}
	count = take(m, n, mark, in);
	if (src != NO_SOURCE)
		pay(b, src);
	paid = b->paid_list.n;
	build(b, in, count, depth);
	unpay(b, paid);
	b->steps.p[step].ref = flat_ref(b->p, expr);
	b->steps.p[step].next = (u32)b->steps.n;
	free(in);
	free(mark);
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
static void sort_by_guard(struct builder *b, struct member *m, u32 n, u32 key, u32 *exprs)
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

/* Moves to in the members, and parts of members, of which the key tells whether they can hold. */
static u32 take_guarded(struct builder *b, struct member *m, u32 *n, u32 key, struct member *in)
{
	bool *mark = xmalloc((*n + 1u) * sizeof(*mark));
	u32 count;

	for (u32 i = 0; i < *n; i++)
		mark[i] = guarded_conj(b, &m[i], key) != NO_GUARD;
	count = take(m, n, mark, in);
	free(mark);
	for (u32 i = 0; i < *n; i++)
		count += split(b, &m[i], key, &in[count]);
	return count;
}

/* The same; the others stay in m. */
static void add_lookup(struct builder *b, struct member *m, u32 *n, u32 key, u32 depth)
{
	struct member *in = xmalloc((*n + 1u) * sizeof(*in));
	u32 *exprs = xmalloc((*n + 1u) * sizeof(*exprs)), count = take_guarded(b, m, n, key, in);
	bool text = GUARD_IS_TEXT(key);
	u32 step = add_step(b, text ? STEP_TEXT : STEP_NUMBER);
	struct guard_values values = { 0 };
	const struct branch *branches;
	struct step *s;

	sort_by_guard(b, in, count, key, exprs);
	pay(b, GUARD_SOURCE(key));
	branches = add_branches(b, in, count, key, exprs, depth, &values);
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
	free(in);
}

static void build(struct builder *b, struct member *m, u32 n, u32 depth)
{
	struct choice best;

	for (u32 steps = 0; n > 1 && depth && steps < STEPS_MAX_A_LEVEL; steps++) {
		best = (struct choice){ 0 };
		consider_tests(b, m, n, &best);
		consider_guards(b, m, n, &best);
		if (!best.score)
			break;
		if (best.guard)
			add_lookup(b, m, &n, best.key, depth - 1);
		else
			add_test(b, m, &n, best.key, depth - 1);
	}
	for (u32 i = 0; i < n; i++)
		add_leaf(b, &m[i]);
}

/* ---- groups ---- */

static struct member member_of(struct builder *b, u32 expr, u32 at)
{
	const struct expr *e = &b->p->exprs.p[expr];
	struct member m = { .at = at, .n = e->kind == EXPR_AND ? e->n : 1 };

	m.conj = arena_alloc(&b->tmp, m.n * sizeof(*m.conj));
	if (e->kind == EXPR_AND)
		memcpy(m.conj, b->p->kids.p + e->at, m.n * sizeof(*m.conj));
	else
		*m.conj = expr;
	return m;
}

static void build_group(struct builder *b, struct expr_group *g)
{
	struct member *m = xmalloc((g->n + 1u) * sizeof(*m));
	struct step *steps;
	u32 n = 0;

	for (u32 i = 0; i < g->n; i++)
		if (g->exprs[i] != FILTER_FALSE)
			m[n++] = member_of(b, g->exprs[i], i);
	b->steps.n = 0;
	b->nleaves = 0;
	build(b, m, n, DEPTH_MAX);
	unpay(b, 0);
	steps = arena_alloc(&b->p->arena, (b->steps.n + 1) * sizeof(*steps));
	if (b->steps.n)
		memcpy(steps, b->steps.p, b->steps.n * sizeof(*steps));
	g->steps = steps;
	g->nsteps = (u32)b->steps.n;
	b->p->leaves_max = (u32)size_max(b->p->leaves_max, b->nleaves);
	arena_reset(&b->tmp);
	free(m);
}

void group_all(struct filter_pool *p, struct guesses *guesses)
{
	struct builder b = { .p = p, .guesses = guesses };

	arena_init(&b.tmp);
	b.paid = xcalloc(p->sources.n + 1, sizeof(*b.paid));
	for (size_t i = 0; i < p->groups.n; i++)
		build_group(&b, &p->groups.p[i]);
	vec_fini(&b.steps);
	vec_fini(&b.paid_list);
	vec_fini(&b.guards);
	arena_fini(&b.tmp);
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
		pool_remember(p, &key, id);
	}
	buf_fini(&key);
	return id;
}
