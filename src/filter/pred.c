/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Predicates: brought to their simplest form, each distinct one once, and given the
 * function that decides them.
 */
#include "filter/pool.h"

#include <errno.h>

static struct str str_of(const struct value *v)
{
	return (struct str){ v->p ? v->p : "", v->len };
}

static bool is_text(enum type_kind k)
{
	return k == TK_STR || k == TK_BUF;
}

static bool is_integer(enum type_kind k)
{
	return k == TK_SIGNED || k == TK_UNSIGNED || k == TK_BOOL;
}

/* ---- simplest form ---- */

/* glob of "abc", "abc*", "*abc" and "*abc*" needs no glob. */
static void plain_glob(struct pred *p)
{
	struct str s = str_of(p->values);
	bool head = s.len && s.p[0] == '*', tail = s.len > 1 && s.p[s.len - 1] == '*';

	if (p->op != OP_GLOB || p->n != 1)
		return;
	s.p += head;
	s.len -= head + tail;
	if (glob_is_pattern(s))
		return;
	p->op = head ? tail ? OP_CONTAINS : OP_ENDSWITH : tail ? OP_STARTSWITH : OP_EQ;
	p->values->p = s.p;
	p->values->len = s.len;
}

/* One element makes modifiers equal; sets of values are called by one name. */
static void plain_modifier(struct pred *p)
{
	if (p->modifier && p->n == 1)
		p->modifier = MOD_NONE;
	if (p->op == OP_EQ && p->modifier == MOD_ANYOF) {
		p->op = OP_IN;
		p->modifier = MOD_NONE;
	}
	if (p->op == OP_INTERSECTS)
		p->op = OP_IN;
	if (p->op == OP_IN && p->n == 1)
		p->op = OP_EQ;
	if (p->op == OP_BCONTAINS)
		p->op = OP_CONTAINS;
	if (p->op == OP_BSTARTSWITH)
		p->op = OP_STARTSWITH;
}

static int cmp_values(const void *a, const void *b)
{
	const struct value *l = a, *r = b;
	enum type_kind k = type_kind(l->type);
	u32 len;

	if (k < TK_STR)
		return (l->u > r->u) - (l->u < r->u);
	/* the mask of a network counts, too */
	len = (u32)size_min(l->len, r->len) + (k == TK_NET && l->len == r->len);
	if (memcmp(l->p, r->p, len))
		return memcmp(l->p, r->p, len);
	return (l->len > r->len) - (l->len < r->len);
}

/* Sets have no order and hold each element once; oneof counts its elements. */
static void sort_values(struct pred *p)
{
	u32 n = 0;

	if (p->n < 2 || p->modifier == MOD_ONEOF)
		return;
	qsort(p->values, p->n, sizeof(*p->values), cmp_values);
	for (u32 i = 0; i < p->n; i++)
		if (!n || cmp_values(&p->values[n - 1], &p->values[i]))
			p->values[n++] = p->values[i];
	p->n = n;
}

/* ---- the functions that decide ---- */

static bool match_never(const struct pred *p, const struct value *v)
{
	(void)p;
	(void)v;
	return false;
}

static bool match_exists(const struct pred *p, const struct value *v)
{
	(void)p;
	(void)v;
	return true;
}

static bool match_eq_int(const struct pred *p, const struct value *v)
{
	return v->u == p->u;
}

static bool match_ne_int(const struct pred *p, const struct value *v)
{
	return v->u != p->u;
}

#define MATCH_ORDER(name_, kind_, op_)                                                             \
	static bool name_(const struct pred *p, const struct value *v)                             \
	{                                                                                          \
		return v->kind_ op_ p->values->kind_;                                              \
	}

MATCH_ORDER(match_lt_signed, i, <)
MATCH_ORDER(match_le_signed, i, <=)
MATCH_ORDER(match_gt_signed, i, >)
MATCH_ORDER(match_ge_signed, i, >=)
MATCH_ORDER(match_lt_unsigned, u, <)
MATCH_ORDER(match_le_unsigned, u, <=)
MATCH_ORDER(match_gt_unsigned, u, >)
MATCH_ORDER(match_ge_unsigned, u, >=)

static bool match_in_int(const struct pred *p, const struct value *v)
{
	u32 lo = 0, hi = p->n;

	while (hi - lo > 4) {
		u32 mid = lo + (hi - lo) / 2;

		if (p->numbers[mid] <= v->u)
			lo = mid;
		else
			hi = mid;
	}
	for (; lo < hi; lo++)
		if (p->numbers[lo] == v->u)
			return true;
	return false;
}

static bool match_eq_str(const struct pred *p, const struct value *v)
{
	return v->len == p->str.len && !memcmp(v->p, p->str.p, v->len);
}

static bool match_ne_str(const struct pred *p, const struct value *v)
{
	return !match_eq_str(p, v);
}

static bool match_starts(const struct pred *p, const struct value *v)
{
	return v->len >= p->str.len && !memcmp(v->p, p->str.p, p->str.len);
}

static bool match_ends(const struct pred *p, const struct value *v)
{
	return v->len >= p->str.len && !memcmp(v->p + v->len - p->str.len, p->str.p, p->str.len);
}

static bool match_contains(const struct pred *p, const struct value *v)
{
	return needle_found(&p->needle, v->p, v->len);
}

static bool match_glob(const struct pred *p, const struct value *v)
{
	return glob_match(p->str, str_of(v), false);
}

static bool match_iglob(const struct pred *p, const struct value *v)
{
	return glob_match(p->str, str_of(v), true);
}

static bool match_in_set(const struct pred *p, const struct value *v)
{
	return strset_has(p->set, v->p, v->len);
}

static bool match_not_in_set(const struct pred *p, const struct value *v)
{
	return !strset_has(p->set, v->p, v->len);
}

static bool match_affixes(const struct pred *p, const struct value *v)
{
	return affixes_match(p->affixes, str_of(v));
}

static bool match_needles(const struct pred *p, const struct value *v)
{
	return needles_match(p->needles, str_of(v));
}

static bool match_paths(const struct pred *p, const struct value *v)
{
	return paths_match(p->paths, str_of(v));
}

static bool match_within(const struct pred *p, const struct value *v)
{
	return v->u <= p->values->u;
}

static bool match_resolved(const struct pred *p, const struct value *v)
{
	return resolved_has(p->resolved, v->p, v->len) == (p->op == OP_EQ);
}

static bool compare_with(const struct pred *p, u32 i, const struct value *v)
{
	if (p->op == OP_REGEX)
		return regex_match(p->regexes[i], str_of(v));
	return value_compare((enum filter_op)p->op, v, &p->values[i]);
}

/* All that has no better way. */
static bool match_each(const struct pred *p, const struct value *v)
{
	u32 hits = 0;

	for (u32 i = 0; i < p->n; i++) {
		hits += compare_with(p, i, v);
		if (hits == 1 && p->modifier != MOD_ONEOF && p->modifier != MOD_ALLOF)
			return true;
		if (p->modifier == MOD_ALLOF ? hits <= i : hits > 1)
			return false;
	}
	return p->modifier == MOD_ALLOF || hits == 1;
}

/* ---- choosing one ---- */

static struct str *strings_of(struct filter_pool *pool, const struct pred *p)
{
	struct str *items = arena_alloc(&pool->arena, (p->n + 1u) * sizeof(*items));

	for (u32 i = 0; i < p->n; i++)
		items[i] = str_of(&p->values[i]);
	return items;
}

static void prepare_integer(struct filter_pool *pool, struct pred *p)
{
	static bool (*const orders[OP_MAX][2])(const struct pred *, const struct value *) = {
		[OP_LT] = { match_lt_unsigned, match_lt_signed },
		[OP_LE] = { match_le_unsigned, match_le_signed },
		[OP_GT] = { match_gt_unsigned, match_gt_signed },
		[OP_GE] = { match_ge_unsigned, match_ge_signed },
	};
	u64 *numbers;

	if (p->n == 1 && (p->op == OP_EQ || p->op == OP_NE)) {
		p->u = p->values->u;
		p->match = p->op == OP_EQ ? match_eq_int : match_ne_int;
	} else if (p->op == OP_IN && !p->modifier) {
		numbers = arena_alloc(&pool->arena, (p->n + 1u) * sizeof(*numbers));
		for (u32 i = 0; i < p->n; i++)
			numbers[i] = p->values[i].u;
		p->numbers = numbers;
		p->match = match_in_int;
	} else if (p->n == 1 && orders[p->op][0]) {
		p->match = orders[p->op][p->kind == TK_SIGNED];
	}
}

static void prepare_one_text(struct pred *p)
{
	static bool (*const by_op[OP_MAX])(const struct pred *, const struct value *) = {
		[OP_EQ] = match_eq_str, [OP_NE] = match_ne_str, [OP_STARTSWITH] = match_starts,
		[OP_ENDSWITH] = match_ends, [OP_CONTAINS] = match_contains, [OP_GLOB] = match_glob,
		[OP_IGLOB] = match_iglob,
	};

	if (!by_op[p->op])
		return;
	p->match = by_op[p->op];
	if (p->op == OP_CONTAINS)
		p->needle = needle_of(str_of(p->values));
	else
		p->str = str_of(p->values);
}

static void prepare_text_set(struct filter_pool *pool, struct pred *p)
{
	struct str *items = strings_of(pool, p);
	bool anyof = p->modifier == MOD_ANYOF;

	if (p->op == OP_IN) {
		p->set = strset_new(&pool->arena, items, p->n);
		p->match = match_in_set;
	} else if (p->op == OP_NE && p->modifier == MOD_ALLOF) {
		p->set = strset_new(&pool->arena, items, p->n);
		p->match = match_not_in_set;
	} else if (anyof && (p->op == OP_STARTSWITH || p->op == OP_ENDSWITH)) {
		p->affixes = affixes_new(&pool->arena, items, p->n, p->op == OP_ENDSWITH);
		p->match = match_affixes;
	} else if (anyof && p->op == OP_CONTAINS) {
		p->needles = needles_new(&pool->arena, items, p->n);
		p->match = match_needles;
	}
}

static int prepare_regex(struct filter_pool *pool, struct pred *p, struct diag *d)
{
	int err;

	p->regexes = arena_alloc(&pool->arena, (p->n + 1u) * sizeof(*p->regexes));
	for (u32 i = 0; i < p->n; i++) {
		err = regex_new(str_of(&p->values[i]), &p->regexes[i], d);
		if (err)
			return err;
		vec_push(&pool->regexes, p->regexes[i]);
	}
	return 0;
}

static int prepare(struct filter_pool *pool, struct pred *p, struct diag *d)
{
	const struct source *src = &pool->sources.p[p->src];

	p->match = match_each;
	if (p->op == OP_EXISTS)
		p->match = match_exists;
	else if (p->rhs != NO_SOURCE)
		p->match = match_never;	/* run.c compares the two values */
	else if (src->flags & FF_WITHIN)
		p->match = match_within;
	else if (p->op == OP_PMATCH)
		p->paths = paths_new(&pool->arena, strings_of(pool, p), p->n),
		p->match = match_paths;
	else if (p->op == OP_REGEX)
		return prepare_regex(pool, p, d);
	else if (is_integer(p->kind))
		prepare_integer(pool, p);
	else if ((is_text(p->kind) || p->kind == TK_IP) && p->n == 1)
		prepare_one_text(p);
	else if (is_text(p->kind) || p->kind == TK_IP)
		prepare_text_set(pool, p);
	return 0;
}

/* Host names: one address is compared with those that are known for the names. */
static void prepare_resolved(struct filter_pool *pool, struct pred *p)
{
	p->match = match_never;
	if (p->op == OP_EXISTS)
		p->match = match_exists;
	if (p->n != 1 || p->rhs != NO_SOURCE || (p->op != OP_EQ && p->op != OP_NE))
		return;
	p->resolved = resolver_add(pool, p->values->p);
	p->match = match_resolved;
}

static u8 how_of(const struct pred *p)
{
	if (!p->simple)
		return HOW_GENERAL;
	return p->match == match_eq_int ? HOW_EQ_INT : HOW_CALL;
}

/* ---- interning ---- */

static void pred_key(const struct pred *p, struct buf *key)
{
	buf_addf(key, "P%u %u %u %u %u %u %u ", p->src, p->op, p->modifier, p->rhs, p->mode,
		 p->kind, p->n);
	for (u32 i = 0; i < p->n; i++) {
		const struct value *v = &p->values[i];

		if (p->kind < TK_STR)
			key_bytes(key, &v->u, sizeof(v->u));
		else
			key_bytes(key, v->p, v->len + (p->kind == TK_NET));
	}
}

/* A missing value fails any comparison; several may be looked at in two ways. */
static u8 pred_mode(const struct filter_pool *pool, const struct pred *p)
{
	const struct source *src = &pool->sources.p[p->src];

	if (src->kind == SRC_FIELD_ALL)
		return src->flags & FF_ENDS && p->op == OP_NE ? PRED_ALL : PRED_ANY;
	if (!src->is_list)
		return PRED_ONE;
	return p->op == OP_IN ? PRED_ALL : PRED_ANY;
}

int pred_intern(struct filter_pool *pool, struct pred *p, u32 *ret, struct diag *d)
{
	struct buf key = { 0 };
	int err = 0;

	p->kind = type_kind(p->type);
	p->mode = pred_mode(pool, p);
	p->simple = p->mode == PRED_ONE && p->rhs == NO_SOURCE;
	if (p->rhs == NO_SOURCE) {
		plain_modifier(p);
		if (p->n && is_text(p->kind))
			plain_glob(p);
		sort_values(p);
	}
	pred_key(p, &key);
	*ret = pool_find(pool, &key);
	if (*ret == UINT32_MAX) {
		if (pool->sources.p[p->src].flags & FF_RESOLVE)
			prepare_resolved(pool, p);
		else
			err = prepare(pool, p, d);
		if (!err) {
			p->how = how_of(p);
			vec_push(&pool->preds, *p);
			*ret = (u32)pool->preds.n - 1;
			pool_remember(pool, &key, *ret);
		}
	}
	buf_fini(&key);
	return err;
}

/* ---- merging ---- */

/* The operator under which predicates or'ed are one with many values; OP_MAX: none. */
static enum filter_op merge_class(const struct filter_pool *pool, const struct pred *p)
{
	if (p->rhs != NO_SOURCE || p->mode == PRED_ALL || pool->sources.p[p->src].is_list ||
	    pool->sources.p[p->src].flags & (FF_WITHIN | FF_RESOLVE))
		return OP_MAX;
	if ((p->op == OP_EQ || p->op == OP_IN) && !p->modifier)
		return OP_IN;
	if (p->op == OP_PMATCH)
		return OP_PMATCH;
	if ((p->op == OP_STARTSWITH || p->op == OP_ENDSWITH || p->op == OP_CONTAINS) &&
	    (!p->modifier || p->modifier == MOD_ANYOF))
		return (enum filter_op)p->op;
	return OP_MAX;
}

bool preds_mergeable(const struct filter_pool *pool, u32 a, u32 b)
{
	const struct pred *l = &pool->preds.p[a], *r = &pool->preds.p[b];
	enum filter_op class = merge_class(pool, l);

	return class != OP_MAX && l->src == r->src && l->type == r->type &&
	       merge_class(pool, r) == class;
}

u32 preds_merge(struct filter_pool *pool, const u32 *preds, u32 n)
{
	struct pred merged = pool->preds.p[preds[0]];
	struct diag d = { 0 };
	u32 total = 0, id = preds[0];

	for (u32 i = 0; i < n; i++)
		total += pool->preds.p[preds[i]].n;
	merged.values = arena_alloc(&pool->arena, (total + 1u) * sizeof(*merged.values));
	merged.n = 0;
	for (u32 i = 0; i < n; i++)
		for (u32 k = 0; k < pool->preds.p[preds[i]].n; k++)
			merged.values[merged.n++] = pool->preds.p[preds[i]].values[k];
	merged.op = merge_class(pool, &merged);
	merged.modifier = merged.op == OP_IN || merged.op == OP_PMATCH ? MOD_NONE : MOD_ANYOF;
	pred_intern(pool, &merged, &id, &d);
	diag_fini(&d);
	return id;
}
