/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees to expressions: flattened, without repetitions and constants, comparisons that can
 * be one merged.  Kids are kept by number, so that the same ones in another order are the
 * same expression; the order of evaluation is found when all is compiled.
 */
#include "filter/pool.h"

#include <errno.h>

struct filter_pool *filter_pool_new(const struct field_set *fields)
{
	struct filter_pool *p = xcalloc(1, sizeof(*p));

	arena_init(&p->arena);
	p->fields = fields;
	vec_reserve(&p->kids, 16);
	vec_push(&p->exprs, (struct expr){ .kind = EXPR_CONST, .at = 0 });
	vec_push(&p->exprs, (struct expr){ .kind = EXPR_CONST, .at = 1 });
	return p;
}

void filter_pool_free(struct filter_pool *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->regexes.n; i++)
		regex_free(p->regexes.p[i]);
	resolver_free(p->resolver);
	vec_fini(&p->regexes);
	vec_fini(&p->sources);
	vec_fini(&p->preds);
	vec_fini(&p->exprs);
	vec_fini(&p->kids);
	vec_fini(&p->groups);
	strmap_fini(&p->index);
	map64_fini(&p->special);
	arena_fini(&p->arena);
	free(p);
}

/* ---- constructors ---- */

static u32 expr_intern(struct filter_pool *p, const struct expr *e, const u32 *kids)
{
	struct buf key = { 0 };
	struct expr new = *e;
	u32 id;

	buf_addf(&key, "E%u %u ", e->kind, e->kind == EXPR_PRED ? e->at : 0);
	key_bytes(&key, kids, e->n * (u32)sizeof(*kids));
	id = pool_find(p, &key);
	if (id == UINT32_MAX) {
		if (e->n)
			new.at = (u32)p->kids.n;
		for (u32 i = 0; i < e->n; i++)
			vec_push(&p->kids, kids[i]);
		vec_push(&p->exprs, new);
		id = (u32)p->exprs.n - 1;
		pool_remember(p, &key, id);
	}
	buf_fini(&key);
	return id;
}

u32 expr_pred(struct filter_pool *p, u32 pred)
{
	const struct pred *q = &p->preds.p[pred];
	struct expr e = { .kind = EXPR_PRED, .at = pred };

	e.flags = p->sources.p[q->src].flags;
	if (q->rhs != NO_SOURCE)
		e.flags |= p->sources.p[q->rhs].flags;
	return expr_intern(p, &e, NULL);
}

u32 expr_not(struct filter_pool *p, u32 kid)
{
	const struct expr *k = &p->exprs.p[kid];
	struct expr e = { .kind = EXPR_NOT, .n = 1, .flags = k->flags };

	if (k->kind == EXPR_CONST)
		return !k->at;
	if (k->kind == EXPR_NOT)
		return p->kids.p[k->at];
	return expr_intern(p, &e, &kid);
}

/* Kids of kids of the same kind become kids. */
static void flatten(const struct filter_pool *p, enum expr_kind kind, const u32 *kids, u32 n,
		    struct buf *out)
{
	for (u32 i = 0; i < n; i++) {
		const struct expr *k = &p->exprs.p[kids[i]];

		if (k->kind == kind)
			buf_add(out, p->kids.p + k->at, k->n * sizeof(*kids));
		else
			buf_add(out, &kids[i], sizeof(*kids));
	}
}

/* The predicate of a kid that may be merged with others: of "and", negated ones. */
static bool mergeable_pred(const struct filter_pool *p, enum expr_kind kind, u32 kid, u32 *ret)
{
	const struct expr *e = &p->exprs.p[kid];

	if (kind == EXPR_AND) {
		if (e->kind != EXPR_NOT)
			return false;
		e = &p->exprs.p[p->kids.p[e->at]];
	}
	if (e->kind != EXPR_PRED)
		return false;
	*ret = e->at;
	return true;
}

/* f = a or f = b → f in (a, b); not f = a and not f = b → not f in (a, b).  Returns n. */
static u32 merge_kids(struct filter_pool *p, enum expr_kind kind, u32 *kids, u32 n)
{
	u32 *group = xmalloc((n + 1u) * sizeof(*group)), first, other;

	for (u32 i = 0; i < n; i++) {
		u32 ngroup = 0, kept = i + 1;

		if (!mergeable_pred(p, kind, kids[i], &first))
			continue;
		group[ngroup++] = first;
		for (u32 k = i + 1; k < n; k++) {
			if (mergeable_pred(p, kind, kids[k], &other) &&
			    preds_mergeable(p, first, other))
				group[ngroup++] = other;
			else
				kids[kept++] = kids[k];
		}
		if (ngroup == 1)
			continue;
		n = kept;
		kids[i] = expr_pred(p, preds_merge(p, group, ngroup));
		if (kind == EXPR_AND)
			kids[i] = expr_not(p, kids[i]);
	}
	free(group);
	return n;
}

static int cmp_u32(const void *a, const void *b)
{
	u32 l = *(const u32 *)a, r = *(const u32 *)b;

	return (l > r) - (l < r);
}

/* By number, each once.  Returns n. */
static u32 sort_kids(u32 *kids, u32 n)
{
	u32 kept = 0;

	qsort(kids, n, sizeof(*kids), cmp_u32);
	for (u32 i = 0; i < n; i++)
		if (!kept || kids[kept - 1] != kids[i])
			kids[kept++] = kids[i];
	return kept;
}

/* Takes out the kids that change nothing; *ret_const: one that decides all by itself. */
static u32 fold_kids(u32 *kids, u32 n, u32 neutral, bool *ret_const)
{
	u32 kept = 0;

	*ret_const = false;
	for (u32 i = 0; i < n; i++) {
		*ret_const |= kids[i] == !neutral;
		if (kids[i] != neutral)
			kids[kept++] = kids[i];
	}
	return kept;
}

/* x and not x, x or not x; kids are sorted. */
static bool has_opposites(const struct filter_pool *p, const u32 *kids, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		const struct expr *e = &p->exprs.p[kids[i]];

		if (e->kind == EXPR_NOT &&
		    bsearch(&p->kids.p[e->at], kids, n, sizeof(*kids), cmp_u32))
			return true;
	}
	return false;
}

static struct expr chain_of(const struct filter_pool *p, enum expr_kind kind, const u32 *kids,
			    u32 n)
{
	struct expr e = { .kind = (u8)kind, .n = n };

	for (u32 i = 0; i < n; i++)
		e.flags |= p->exprs.p[kids[i]].flags;
	return e;
}

static enum expr_kind opposite(enum expr_kind kind)
{
	return kind == EXPR_AND ? EXPR_OR : EXPR_AND;
}

/* The parts of a kid, which may be a chain of the other kind, by number. */
static const u32 *parts_of(const struct filter_pool *p, enum expr_kind kind, const u32 *kid,
			   u32 *ret_n)
{
	const struct expr *e = &p->exprs.p[*kid];

	*ret_n = e->kind == opposite(kind) ? e->n : 1;
	return e->kind == opposite(kind) ? p->kids.p + e->at : kid;
}

/* Those parts that all kids have: they go to out, which has room for those of the first. */
static u32 common_parts(const struct filter_pool *p, enum expr_kind kind, const u32 *kids, u32 n,
			u32 *out)
{
	u32 nfirst, nparts, count = 0;
	const u32 *first = parts_of(p, kind, &kids[0], &nfirst), *parts;

	for (u32 i = 0; i < nfirst; i++) {
		u32 k = 1;

		for (; k < n; k++) {
			parts = parts_of(p, kind, &kids[k], &nparts);
			if (!bsearch(&first[i], parts, nparts, sizeof(*parts), cmp_u32))
				break;
		}
		if (k == n)
			out[count++] = first[i];
	}
	return count;
}

/* A kid without the parts that are common. */
static u32 rest_of(struct filter_pool *p, enum expr_kind kind, u32 kid, const u32 *common, u32 n)
{
	u32 nparts, kept = 0, rest;
	const u32 *parts = parts_of(p, kind, &kid, &nparts);
	u32 *copy = xmalloc((nparts + 1u) * sizeof(*copy));

	for (u32 i = 0; i < nparts; i++)
		if (!bsearch(&parts[i], common, n, sizeof(*common), cmp_u32))
			copy[kept++] = parts[i];
	rest = expr_chain(p, opposite(kind), copy, kept);
	free(copy);
	return rest;
}

/* (a and b) or (a and c) → a and (b or c), and the other way round; kids are sorted. */
static bool factor(struct filter_pool *p, enum expr_kind kind, u32 *kids, u32 n, u32 *ret)
{
	u32 nfirst, ncommon;
	u32 *common;

	parts_of(p, kind, &kids[0], &nfirst);
	common = xmalloc((nfirst + 1u) * sizeof(*common));
	ncommon = common_parts(p, kind, kids, n, common);
	if (ncommon) {
		for (u32 i = 0; i < n; i++)
			kids[i] = rest_of(p, kind, kids[i], common, ncommon);
		common[ncommon] = expr_chain(p, kind, kids, n);
		*ret = expr_chain(p, opposite(kind), common, ncommon + 1);
	}
	free(common);
	return ncommon;
}

u32 expr_chain(struct filter_pool *p, enum expr_kind kind, u32 *kids, u32 n)
{
	u32 neutral = kind == EXPR_AND ? FILTER_TRUE : FILTER_FALSE, id;
	struct buf flat = { 0 };
	struct expr e;
	bool decided;
	u32 *k;

	flatten(p, kind, kids, n, &flat);
	buf_reserve(&flat, sizeof(*k));
	k = (u32 *)(void *)flat.p;
	n = fold_kids(k, (u32)(flat.len / sizeof(*k)), neutral, &decided);
	if (!decided) {
		n = merge_kids(p, kind, k, n);
		n = sort_kids(k, n);
		decided = has_opposites(p, k, n);
	}
	if (decided) {
		id = !neutral;
	} else if (n < 2) {
		id = n ? k[0] : neutral;
	} else if (!p->sealing && factor(p, kind, k, n, &id)) {
		/* id is set */
	} else {
		e = chain_of(p, kind, k, n);
		id = expr_intern(p, &e, k);
	}
	buf_fini(&flat);
	return id;
}

/* ---- trees ---- */

struct compile {
	struct filter_pool *pool;
	struct diag *d;
	note_fn note;
	void *ctx;
};

static int compile_node(struct compile *c, const struct ast *n, u32 depth, u32 *ret);

static int compile_chain(struct compile *c, const struct ast *n, u32 depth, u32 *ret)
{
	u32 *kids = xmalloc((n->n + 1u) * sizeof(*kids));
	int err = 0;

	for (u32 i = 0; i < n->n && !err; i++)
		err = compile_node(c, n->kids[i], depth, &kids[i]);
	if (!err)
		*ret = expr_chain(c->pool, n->kind == AST_AND ? EXPR_AND : EXPR_OR, kids, n->n);
	free(kids);
	return err;
}

static int compile_check(struct compile *c, const struct ast *n, u32 *ret)
{
	int known = -1, err;
	u32 pred = 0;

	err = check_compile(c->pool, n, &pred, &known, c->d, c->note, c->ctx);
	if (!err)
		*ret = known >= 0 ? (u32)known : expr_pred(c->pool, pred);
	return err;
}

static int compile_node(struct compile *c, const struct ast *n, u32 depth, u32 *ret)
{
	u32 kid;
	int err;

	if (!depth)
		return diag_at(c->d, POS(n), "exceeded max depth limit of %u", FILTER_DEPTH_MAX);
	switch (n->kind) {
	case AST_AND:
	case AST_OR:
		return compile_chain(c, n, depth - 1, ret);
	case AST_NOT:
		err = compile_node(c, n->kids[0], depth - 1, &kid);
		if (!err)
			*ret = expr_not(c->pool, kid);
		return err;
	case AST_CHECK:
		return compile_check(c, n, ret);
	case AST_MACRO:
		return diag_at(c->d, POS(n), "Undefined macro '%s' used in filter.", n->text);
	default:
		return diag_at(c->d, POS(n), "no condition");
	}
}

int filter_compile(struct filter_pool *p, const struct ast *n, u32 *ret_expr, struct diag *d,
		   void (*note)(void *ctx, const struct filter_note *), void *ctx)
{
	struct compile c = { .pool = p, .d = d, .note = note, .ctx = ctx };
	u32 expr = FILTER_FALSE;
	int err = compile_node(&c, n, FILTER_DEPTH_MAX, &expr);

	if (!err)
		*ret_expr = expr;
	return err;
}

void filter_pool_seal(struct filter_pool *p)
{
	struct guesses guesses = { 0 };

	map64_fini(&p->special);
	p->sealing = true;
	order_exprs(p, &guesses);
	group_all(p, &guesses);
	order_exprs(p, &guesses);
	vec_fini(&guesses);
	flatten_exprs(p);
}

u32 filter_pool_predicates(const struct filter_pool *p)
{
	return (u32)p->preds.n;
}

u32 filter_expr_flags(const struct filter_pool *p, u32 expr)
{
	return p->exprs.p[expr].flags;
}

static const char *source_field_with(const struct filter_pool *p, u32 source, u32 flags)
{
	const struct source *s = source == NO_SOURCE ? NULL : &p->sources.p[source];
	const char *name = NULL;

	if (!s || !(s->flags & flags))
		return NULL;
	if (s->kind == SRC_FIELD || s->kind == SRC_FIELD_ALL)
		return s->ref.field->name;
	for (u32 i = 0; i < s->n && !name; i++)
		name = source_field_with(p, s->kids[i], flags);
	return name;
}

const char *filter_expr_field(const struct filter_pool *p, u32 expr, u32 flags)
{
	const struct expr *e = &p->exprs.p[expr];
	const char *name = NULL;

	if (!(e->flags & flags))
		return NULL;
	if (e->kind == EXPR_PRED) {
		name = source_field_with(p, p->preds.p[e->at].src, flags);
		return name ? name : source_field_with(p, p->preds.p[e->at].rhs, flags);
	}
	for (u32 i = 0; i < e->n && !name; i++)
		name = filter_expr_field(p, p->kids.p[e->at + i], flags);
	return name;
}
