/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guards: conditions of which the value of one field tells that they cannot hold.
 *
 *	f = a, f in (a, b)			certain: the value itself
 *	f startswith a, endswith, contains	certain: beginning, end or part
 *	f glob /x/[ab]*, f regex, f pmatch	a part that every match has; then the condition
 *	(f = a or f contains b)			all of f: certain, if each is
 *	(f = a or (f contains b and g = c))	each has one of f; then the condition
 */
#include "filter/pool.h"

#define VALUES_MAX 256		/* of one comparison: a longer list has a hash of its own */
#define LITERAL_MIN 2
#define DEPTH_MAX 16

static struct str str_of(const struct value *v)
{
	return (struct str){ v->p ? v->p : "", v->len };
}

/* ---- what every match of a pattern has in it ---- */

static void keep_longest(struct pattern *best, enum pattern_kind kind, struct str s)
{
	if (s.len >= LITERAL_MIN && s.len > best->str.len) {
		best->kind = (u8)kind;
		best->str = s;
	}
}

/* Behind the bracket at i, if it is a plain one; else 0. */
static u32 skip_bracket(struct str s, u32 i)
{
	i++;
	if (i < s.len && (s.p[i] == '!' || s.p[i] == '^'))
		i++;
	for (u32 first = i; i < s.len && !memchr("[\\", s.p[i], 2); i++)
		if (s.p[i] == ']' && i > first)
			return i + 1;
	return 0;
}

/* Plain runs up to the first thing that is not looked into. */
static struct pattern glob_literal(struct str s)
{
	struct pattern best = { 0 };
	u32 from = 0;

	for (u32 i = 0; i <= s.len; i++) {
		bool end = i == s.len;

		if (!end && !memchr("*?[\\", s.p[i], 4))
			continue;
		keep_longest(&best, !from ? PATTERN_STARTS : end ? PATTERN_ENDS : PATTERN_HOLDS,
			     (struct str){ s.p + from, i - from });
		if (end)
			break;
		from = s.p[i] == '[' ? skip_bracket(s, i) : s.p[i] == '\\' ? 0 : i + 1;
		if (!from)
			break;
		i = from - 1;
	}
	return best;
}

static bool plain_in_regex(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("/_-,:;=@%&~ ", c));
}

/* Runs outside of groups, up to the first thing that is not looked into. */
static struct pattern regex_literal(struct str s)
{
	struct pattern best = { 0 };
	u32 from = 0, i = 0;

	if (s.len && memchr(s.p, '|', s.len))
		return best;
	for (;; i++) {
		u32 end = i;

		if (i < s.len && plain_in_regex(s.p[i]))
			continue;
		/* what may be repeated may also be missing */
		if (i < s.len && end > from && strchr("?*{", s.p[i]) && s.p[i])
			end--;
		keep_longest(&best, PATTERN_HOLDS, (struct str){ s.p + from, end - from });
		if (i >= s.len || !s.p[i] || !strchr(".?*+", s.p[i]))
			return best;
		from = i + 1;
	}
}

/* The longest component without pattern: slashes may be doubled. */
static struct pattern path_literal(struct str s)
{
	struct pattern best = { 0 };
	u32 from = 0;

	for (u32 i = 0; i <= s.len; i++) {
		struct str part = { s.p + from, i - from };

		if (i < s.len && s.p[i] != '/')
			continue;
		if (!glob_is_pattern(part))
			keep_longest(&best, PATTERN_HOLDS, part);
		from = i + 1;
	}
	return best;
}

/* The pattern of one value; an empty one of kind "is" when there is none. */
static struct pattern pattern_of(const struct pred *p, u32 i)
{
	struct str s = str_of(&p->values[i]);

	switch (p->op) {
	case OP_EQ:
	case OP_IN:
		return (struct pattern){ .kind = PATTERN_IS, .str = s };
	case OP_STARTSWITH:
		return (struct pattern){ .kind = PATTERN_STARTS, .str = s };
	case OP_ENDSWITH:
		return (struct pattern){ .kind = PATTERN_ENDS, .str = s };
	case OP_CONTAINS:
		return (struct pattern){ .kind = PATTERN_HOLDS, .str = s };
	case OP_GLOB:
		return glob_literal(s);
	case OP_REGEX:
		return regex_literal(s);
	default:
		return path_literal(s);
	}
}

/* ---- single comparisons ---- */

static bool is_number(const struct pred *p)
{
	return p->kind == TK_SIGNED || p->kind == TK_UNSIGNED || p->kind == TK_BOOL;
}

static bool certain(const struct pred *p)
{
	return p->op != OP_GLOB && p->op != OP_REGEX && p->op != OP_PMATCH;
}

static bool pred_guards(const struct filter_pool *pool, const struct pred *p)
{
	bool text = p->kind == TK_STR || p->kind == TK_BUF;

	if (!p->simple || p->n > VALUES_MAX || (p->modifier && p->modifier != MOD_ANYOF) ||
	    pool->sources.p[p->src].flags & (FF_WITHIN | FF_RESOLVE))
		return false;
	switch (p->op) {
	case OP_EQ:
	case OP_IN:
		return text || is_number(p) || p->kind == TK_IP;
	case OP_STARTSWITH:
	case OP_ENDSWITH:
	case OP_CONTAINS:
		return text;
	case OP_GLOB:
	case OP_REGEX:
	case OP_PMATCH:
		for (u32 i = 0; i < p->n; i++)
			if (!pattern_of(p, i).str.len)
				return false;
		return text;
	default:
		return false;
	}
}

/* ---- expressions ---- */

/* Sources tell numbers from texts: a field whose type changes may be compared as both. */
static u32 key_of(const struct pred *p)
{
	return p->src << 1 | !is_number(p);
}

static bool guarded_by(const struct filter_pool *p, const struct expr *e, u32 key, u32 depth)
{
	const u32 *kids = p->kids.p + e->at;

	if (e->kind == EXPR_PRED)
		return key_of(&p->preds.p[e->at]) == key && pred_guards(p, &p->preds.p[e->at]);
	if ((e->kind != EXPR_AND && e->kind != EXPR_OR) || !depth)
		return false;
	for (u32 i = 0; i < e->n; i++)
		if (guarded_by(p, &p->exprs.p[kids[i]], key, depth - 1) == (e->kind == EXPR_AND))
			return e->kind == EXPR_AND;
	return e->kind == EXPR_OR;
}

static bool find_key(const struct filter_pool *p, const struct expr *top, const struct expr *e,
		     u32 depth, u32 *ret)
{
	const u32 *kids = p->kids.p + e->at;

	if (e->kind == EXPR_PRED) {
		*ret = key_of(&p->preds.p[e->at]);
		return guarded_by(p, top, *ret, DEPTH_MAX);
	}
	if ((e->kind != EXPR_AND && e->kind != EXPR_OR) || !depth)
		return false;
	/* of "or" all must have it, so the first one will do */
	for (u32 i = 0; i < (e->kind == EXPR_AND ? e->n : 1); i++)
		if (find_key(p, top, &p->exprs.p[kids[i]], depth - 1, ret))
			return true;
	return false;
}

bool guard_find(const struct filter_pool *p, u32 expr, u32 *ret_key)
{
	return find_key(p, &p->exprs.p[expr], &p->exprs.p[expr], DEPTH_MAX, ret_key);
}

bool guard_by(const struct filter_pool *p, u32 expr, u32 key)
{
	return guarded_by(p, &p->exprs.p[expr], key, DEPTH_MAX);
}

bool guard_certain(const struct filter_pool *p, u32 expr)
{
	const struct expr *e = &p->exprs.p[expr];

	if (e->kind == EXPR_PRED)
		return certain(&p->preds.p[e->at]);
	for (u32 i = 0; i < e->n; i++)
		if (e->kind != EXPR_OR || !guard_certain(p, p->kids.p[e->at + i]))
			return false;
	return true;
}

static void add_pred(const struct pred *p, u32 id, struct guard_values *out)
{
	for (u32 i = 0; i < p->n; i++) {
		struct pattern pattern;

		if (is_number(p)) {
			vec_push(&out->numbers, (struct number){ p->values[i].u, id });
			continue;
		}
		pattern = pattern_of(p, i);
		pattern.id = id;
		vec_push(&out->patterns, pattern);
	}
}

void guard_values(const struct filter_pool *p, u32 expr, u32 key, u32 id, struct guard_values *out)
{
	const struct expr *e = &p->exprs.p[expr];

	if (e->kind == EXPR_PRED) {
		add_pred(&p->preds.p[e->at], id, out);
		return;
	}
	for (u32 i = 0; i < e->n; i++) {
		u32 kid = p->kids.p[e->at + i];

		if (!guarded_by(p, &p->exprs.p[kid], key, DEPTH_MAX))
			continue;
		guard_values(p, kid, key, id, out);
		if (e->kind == EXPR_AND)
			return;
	}
}
