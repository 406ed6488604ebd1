/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shape.h"

#include <stdlib.h>
#include <string.h>

#define VISITS_MAX 1000000	/* of nodes: aliases may stand for very many */

/* ---- scalars ------------------------------------------------------------------------ */

enum scalar { SCALAR_NULL, SCALAR_BOOL, SCALAR_INT, SCALAR_FLOAT, SCALAR_TEXT };

#define DIGITS "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"

static size_t sign(const char *s, const char *signs)
{
	return *s && strchr(signs, *s) ? 1 : 0;
}

/* Digits, or 0x and such; at most so many. */
static bool is_digits(const char *s, size_t max, size_t max_hex)
{
	bool hex = s[0] == '0' && s[1] == 'x';
	size_t n;

	s += hex ? 2 : 0;
	n = strspn(s, hex ? HEX_DIGITS : DIGITS);
	return n && !s[n] && n <= (hex ? max_hex : max);
}

static bool is_int_text(const char *s, const char *signs)
{
	return is_digits(s + sign(s, signs), 18, 15);
}

/* As SHAPE_NUMBER_TEXT, with an exponent of at most so many digits. */
static bool is_number_text(const char *s, size_t max)
{
	size_t whole, part = 0;

	s += sign(s, "-+");
	whole = strspn(s, DIGITS);
	s += whole;
	if (*s == '.') {
		part = strspn(s + 1, DIGITS);
		s += part + 1;
	}
	if (!whole && !part)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += sign(s, "-+");
		part = strspn(s, DIGITS);
		if (!part || part > max)
			return false;
		s += part;
	}
	return !*s;
}

static bool is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(s, *words))
			return true;
	return false;
}

static enum scalar scalar_of(const struct yaml_node *n)
{
	static const char *const truth[] = { "true", "True", "TRUE", "false", "False", "FALSE", NULL };
	bool hex = n->s[0] == '0' && n->s[1] == 'x';

	if (!n->plain || strlen(n->s) != n->len)
		return SCALAR_TEXT;
	if (yaml_is_null(n))
		return SCALAR_NULL;
	if (is_one_of(n->s, truth))
		return SCALAR_BOOL;
	if (is_digits(n->s + (hex ? 0 : sign(n->s, "-+")), SIZE_MAX, SIZE_MAX))
		return SCALAR_INT;
	return is_number_text(n->s, SIZE_MAX) ? SCALAR_FLOAT : SCALAR_TEXT;
}

/* JSON knows no difference between 4 and 4.0. */
static bool whole_number(const struct yaml_node *n, s64 *ret)
{
	static const double end = 9223372036854775808.0;
	double v = strtod(n->s, NULL);

	if (!(v >= -end && v < end) || v != (double)(s64)v)
		return false;
	*ret = (s64)v;
	return true;
}

bool shape_int(const struct yaml_node *n, s64 *ret)
{
	enum scalar scalar = n->kind == YAML_SCALAR ? scalar_of(n) : SCALAR_NULL;

	if (scalar == SCALAR_INT || (scalar == SCALAR_TEXT && is_int_text(n->s, "-+") && strlen(n->s) == n->len))
		return yaml_s64(n, ret);
	return scalar == SCALAR_FLOAT && whole_number(n, ret);
}

bool shape_number(const struct yaml_node *n, double *ret)
{
	enum scalar scalar = n->kind == YAML_SCALAR ? scalar_of(n) : SCALAR_NULL;
	double v;

	if (scalar != SCALAR_INT && scalar != SCALAR_FLOAT &&
	    !(scalar == SCALAR_TEXT && is_number_text(n->s, 3) && strlen(n->s) == n->len))
		return false;
	v = strtod(n->s, NULL);
	if (!__builtin_isfinite(v))
		return false;
	*ret = v;
	return true;
}

bool shape_is_choice(const char *choices, const char *word, size_t len)
{
	size_t n;

	for (; *choices; choices += n + strspn(choices + n, ", ")) {
		n = strcspn(choices, ",");
		if (n == len && !memcmp(choices, word, n))
			return true;
	}
	return false;
}

static bool is_bool(const struct shape *s, const struct yaml_node *n)
{
	static const char *const truth[] = { "true", "false", NULL };
	bool v;

	if (s->words)
		return yaml_bool(n, &v);
	return scalar_of(n) == SCALAR_BOOL || (strlen(n->s) == n->len && is_one_of(n->s, truth));
}

/* What is in quotes is a text for a JSON schema, which cannot tell how large it is. */
static bool in_range(const struct shape *s, const struct yaml_node *n, s64 v)
{
	bool any = !s->min && !s->max;

	if (scalar_of(n) == SCALAR_TEXT)
		return any || s->min < 0 || n->s[0] != '-';
	return any || (v >= s->min && v <= s->max);
}

/* ---- documents ---------------------------------------------------------------------- */

struct walk {
	const struct shape_checker *how;
	struct buf where;
	u32 visits;
	u32 quiet;	/* more than 0: faults are not told */
};

static bool check(struct walk *w, const struct shape *s, const struct yaml_node *n);

/* Always false. */
static bool tell(struct walk *w, enum shape_fault_kind kind, const struct shape *s, const char *name, u32 index)
{
	struct shape_fault f = {
		.kind = kind, .where = buf_str(&w->where), .shape = s, .name = name, .index = index };

	if (!w->quiet)
		w->how->fault(w->how->ctx, &f);
	return false;
}

static void leave(struct walk *w, size_t len)
{
	w->where.len = len;
	w->where.p[len] = '\0';
}

static bool fits(const struct shape *s, const struct yaml_node *n)
{
	double real;
	s64 v;

	if (n->kind != YAML_SCALAR || yaml_is_null(n))
		return false;
	switch (s->type) {
	case SHAPE_BOOL:
		return is_bool(s, n);
	case SHAPE_INT:
		return shape_int(n, &v) && in_range(s, n, v);
	case SHAPE_NUMBER:
		return shape_number(n, &real) &&
		       (scalar_of(n) == SCALAR_TEXT || (real >= s->low && real <= s->high));
	default:
		return !s->choices || (scalar_of(n) == SCALAR_TEXT && shape_is_choice(s->choices, n->s, n->len));
	}
}

static bool check_list(struct walk *w, const struct shape *s, const struct yaml_node *n)
{
	bool ok = true;

	if (n->kind != YAML_SEQ)
		return tell(w, SHAPE_WRONG, s, NULL, 0);
	for (u32 i = 0; i < n->n && w->visits < VISITS_MAX; i++) {
		size_t len = w->where.len;
		bool good;

		buf_addf(&w->where, "[%u]", i);
		good = check(w, s->items, n->items[i]);
		leave(w, len);
		if (!good)
			ok = tell(w, SHAPE_IN_ITEM, s, NULL, i);
	}
	return ok;
}

static const struct shape *shape_of_key(const struct shape *map, const struct yaml_node *key)
{
	if (key->kind != YAML_SCALAR)
		return NULL;
	for (u32 i = 0; i < map->nkeys; i++)
		if (!strcmp(map->keys[i].name, key->s))
			return map->keys[i].shape;
	return map->items;
}

static bool check_pair(struct walk *w, const struct shape *s, const struct yaml_node *key,
		       const struct yaml_node *value)
{
	const struct shape *of = shape_of_key(s, key);
	const char *name = key->kind == YAML_SCALAR ? key->s : "?";
	size_t len = w->where.len;
	bool good;

	if (!of)
		return tell(w, SHAPE_UNKNOWN_KEY, s, name, 0);
	buf_addf(&w->where, "[%s]", name);
	good = check(w, of, value);
	leave(w, len);
	return good || tell(w, SHAPE_IN_KEY, s, name, 0);
}

static bool check_map(struct walk *w, const struct shape *s, const struct yaml_node *n)
{
	bool ok = true;

	if (n->kind != YAML_MAP)
		return tell(w, SHAPE_WRONG, s, NULL, 0);
	if (n->n < s->min_keys)
		ok = tell(w, SHAPE_FEW_KEYS, s, NULL, s->min_keys);
	if (s->max_keys && n->n > s->max_keys)
		ok = tell(w, SHAPE_MANY_KEYS, s, NULL, s->max_keys);
	for (u32 i = 0; i < n->n && w->visits < VISITS_MAX; i++)
		ok &= check_pair(w, s, n->items[2 * i], n->items[2 * i + 1]);
	for (u32 i = 0; i < s->nkeys && !w->how->partial; i++)
		if (s->keys[i].required && !yaml_get(n, s->keys[i].name))
			ok = tell(w, SHAPE_MISSING_KEY, s, s->keys[i].name, 0);
	return ok;
}

static bool check_one(struct walk *w, const struct shape *s, const struct yaml_node *n)
{
	switch (s->type) {
	case SHAPE_ANY:
		return true;
	case SHAPE_LIST:
		return check_list(w, s, n);
	case SHAPE_MAP:
		return check_map(w, s, n);
	default:
		return fits(s, n) || tell(w, SHAPE_WRONG, s, NULL, 0);
	}
}

/* When it is a list or map and one of those is expected, what is wrong is inside. */
static bool check_alternatives(struct walk *w, const struct shape *s, const struct yaml_node *n)
{
	const struct shape *likely = NULL;
	bool good = false;

	w->quiet++;
	for (const struct shape *of = s; of && !good; of = of->or) {
		good = check_one(w, of, n);
		if ((of->type == SHAPE_LIST && n->kind == YAML_SEQ) || (of->type == SHAPE_MAP && n->kind == YAML_MAP))
			likely = of;
	}
	w->quiet--;
	if (!good)
		return likely ? check_one(w, likely, n) : tell(w, SHAPE_WRONG, s, NULL, 0);
	return true;
}

static bool check(struct walk *w, const struct shape *s, const struct yaml_node *n)
{
	w->visits++;
	if (w->how->expand)
		n = w->how->expand(w->how->ctx, n);
	if (s->nullable && yaml_is_null(n))
		return true;
	return s->or ? check_alternatives(w, s, n) : check_one(w, s, n);
}

bool shape_check(const struct shape *s, const struct yaml_node *n, const struct shape_checker *how)
{
	struct walk w = { .how = how };
	bool ok = check(&w, s, n);

	buf_fini(&w.where);
	return ok;
}

/* ---- in words ----------------------------------------------------------------------- */

static void describe_int(const struct shape *s, struct buf *out)
{
	buf_adds(out, "a number");
	if (!s->min && s->max == INT64_MAX)
		buf_adds(out, ", not negative");
	else if (!s->min && s->max)
		buf_addf(out, ", at most %lld", s->max);
	else if (s->max == INT64_MAX)
		buf_addf(out, ", at least %lld", s->min);
	else if (s->max)
		buf_addf(out, " from %lld to %lld", s->min, s->max);
}

static void describe_list(const struct shape *s, struct buf *out)
{
	const struct shape *of = s->items;

	if (of->type == SHAPE_TEXT && !of->or && of->choices)
		buf_addf(out, "a list of these: %s", of->choices);
	else if (of->type == SHAPE_TEXT && !of->or)
		buf_adds(out, "a list of texts");
	else
		buf_adds(out, "a list");
}

static void describe_one(const struct shape *s, struct buf *out)
{
	switch (s->type) {
	case SHAPE_ANY:
		buf_adds(out, "anything");
		break;
	case SHAPE_BOOL:
		buf_adds(out, "true or false");
		break;
	case SHAPE_INT:
		describe_int(s, out);
		break;
	case SHAPE_NUMBER:
		buf_addf(out, "a number from %.6g to %.6g", s->low, s->high);
		break;
	case SHAPE_TEXT:
		if (s->choices)
			buf_addf(out, "%s%s", strchr(s->choices, ',') ? "one of " : "", s->choices);
		else
			buf_adds(out, "a text");
		break;
	case SHAPE_LIST:
		describe_list(s, out);
		break;
	case SHAPE_MAP:
		buf_adds(out, "a map");
		break;
	}
}

void shape_describe(const struct shape *s, struct buf *out)
{
	for (const struct shape *of = s; of; of = of->or) {
		if (of != s)
			buf_adds(out, " or ");
		describe_one(of, out);
	}
}
