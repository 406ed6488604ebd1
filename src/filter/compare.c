/* SPDX-License-Identifier: Apache-2.0 */
/* One value against another, for operators and kinds in general. */
#include "filter/pool.h"

static struct str str_of(const struct value *v)
{
	return (struct str){ v->p ? v->p : "", v->len };
}

/* <0, 0, >0 */
static int order(const struct value *l, const struct value *r, enum type_kind kind)
{
	switch (kind) {
	case TK_SIGNED:
		return (l->i > r->i) - (l->i < r->i);
	case TK_UNSIGNED:
	case TK_BOOL:
		return (l->u > r->u) - (l->u < r->u);
	case TK_DOUBLE:
		return (l->d > r->d) - (l->d < r->d);
	default:
		return str_cmp(str_of(l), str_of(r));
	}
}

/* Is address l in network r?  Of another family: no. */
static bool in_net(const struct value *l, const struct value *r)
{
	u32 bits = (u8)r->p[r->len], bytes = bits / 8;
	u8 mask = (u8)(0xff00 >> bits % 8);

	if (l->len != r->len || memcmp(l->p, r->p, bytes))
		return false;
	return bits % 8 == 0 || !(((u8)l->p[bytes] ^ (u8)r->p[bytes]) & mask);
}

static bool equal(const struct value *l, const struct value *r, enum type_kind kind)
{
	if (kind == TK_NET)
		return in_net(l, r);
	return (kind < TK_STR || l->len == r->len) && !order(l, r, kind);
}

static bool compare_strings(enum filter_op op, struct str l, struct str r)
{
	switch (op) {
	case OP_CONTAINS:
	case OP_BCONTAINS:
		return str_contains(l, r);
	case OP_ICONTAINS:
		return str_icontains(l, r);
	case OP_STARTSWITH:
	case OP_BSTARTSWITH:
		return str_starts(l, r);
	case OP_ENDSWITH:
		return str_ends(l, r);
	case OP_GLOB:
	case OP_IGLOB:
		return glob_match(r, l, op == OP_IGLOB);
	default:
		return false;
	}
}

bool value_compare(enum filter_op op, const struct value *l, const struct value *r)
{
	enum type_kind kind = type_kind(r->type);

	switch (op) {
	case OP_EQ:
	case OP_IN:
	case OP_INTERSECTS:
		return equal(l, r, kind);
	case OP_NE:
		return !equal(l, r, kind);
	case OP_LT:
		return order(l, r, kind) < 0;
	case OP_LE:
		return order(l, r, kind) <= 0;
	case OP_GT:
		return order(l, r, kind) > 0;
	case OP_GE:
		return order(l, r, kind) >= 0;
	default:
		return compare_strings(op, str_of(l), str_of(r));
	}
}
