/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of the tree to predicates: fields are found, types and operators must agree. */
#include "filter/pool.h"

#include <errno.h>

#include "filter/constant.h"

struct check {
	struct filter_pool *pool;
	const struct ast *n;
	struct pred pred;
	struct diag *d;
	note_fn note;
	void *ctx;
};

static struct source *left_of(struct check *c)
{
	return &c->pool->sources.p[c->pred.src];
}

/* Does the operator work on the type? */
static int check_operator(struct check *c)
{
	const struct op_row *op = &op_rows[c->n->op];
	const struct source *left = left_of(c);
	enum type_kind kind = type_kind(left->type);
	const char *type = param_type_name(left->type);

	if (c->n->op == OP_EXISTS)
		return 0;
	if (kind == TK_NONE)
		return diag_at(c->d, POS(c->n),
			       "filter error: '%s' operator not supported for type '%s'", op->name,
			       type);
	if (left->is_list && !type_may_be_list(left->type))
		return diag_at(c->d, POS(c->n),
			       "filter error: list filters are not supported for type '%s'", type);
	if (left->is_list && !op->lists)
		return diag_at(c->d, POS(c->n),
			       "filter error: '%s' operator not supported list filters", op->name);
	if (op->kinds >> kind & 1)
		return 0;
	if (c->n->modifier && (kind == TK_IP || kind == TK_NET))
		return diag_at(c->d, POS(c->n),
			       "filter error: '%s' with modifier not supported for %s", op->name,
			       type_kind_name(kind));
	return diag_at(c->d, POS(c->n), "filter error: '%s' operator not supported for %s",
		       op->name, type_kind_name(kind));
}

/* ---- another field on the right ---- */

static int check_sides(struct check *c, const struct ast *right)
{
	const struct source *l = left_of(c), *r = &c->pool->sources.p[c->pred.rhs];

	if (right->kind == AST_FIELD && r->flags & FF_NO_RHS)
		return diag_at(c->d, POS(right),
			       "field '%s' can't be used as a right-hand side field", r->name);
	if (l->type == r->type && l->is_list == r->is_list)
		return 0;
	return diag_at(c->d, POS(c->n),
		       "field '%s' has type '%s%s' while the right-hand side field '%s' has "
		       "incompatible type '%s%s'",
		       l->name, l->is_list ? "LIST of " : "", param_type_name(l->type), r->name,
		       r->is_list ? "LIST of " : "", param_type_name(r->type));
}

static int check_right_source(struct check *c, const struct ast *right)
{
	const struct source *left = left_of(c);
	int err;

	if (left->kind != SRC_TRANSFORM && left->flags & FF_NO_RHS)
		return diag_at(c->d, POS(c->n), "field '%s' doesn't support right-hand side fields",
			       left->name);
	if (c->n->op == OP_PMATCH || c->n->op == OP_REGEX || type_kind(left->type) == TK_NET)
		return diag_at(c->d, POS(c->n),
			       "operator '%s' doesn't support right-hand side fields",
			       op_rows[c->n->op].upper);
	err = source_of(c->pool, right, false, &c->pred.rhs, c->d);
	return err ? err : check_sides(c, right);
}

/* ---- constants on the right ---- */

/* A type that came with the argument of a field: such buffers cannot be written down. */
static bool is_odd_buffer(const struct source *left)
{
	return left->kind == SRC_FIELD && left->type == PT_BYTEBUF &&
	       left->ref.field->type != PT_BYTEBUF;
}

/* Must constants be whole names of events? */
static bool wants_event_name(struct check *c)
{
	const struct source *left = left_of(c);
	enum filter_op op = c->n->op;

	return left->kind == SRC_FIELD && field_names_events(&left->ref) &&
	       (op == OP_EQ || op == OP_NE || op == OP_IN || op == OP_INTERSECTS);
}

static int unknown_event(const char *text, struct diag *d)
{
	diag_set(d, "unknown event type %s", text);
	diag_meant(d, event_name_similar(text));
	return -EINVAL;
}

static int check_constant(struct check *c, const struct ast *n, struct value *ret)
{
	const struct source *left = left_of(c);
	const char *text = arena_memdup0(&c->pool->arena, n->text, n->text_len);
	struct diag mine = { 0 };
	int err;

	if (is_odd_buffer(left))
		err = diag_set(&mine, "wrong parameter type %u", left->type);
	else if (c->n->op == OP_BCONTAINS || c->n->op == OP_BSTARTSWITH)
		err = constant_parse_hex(&c->pool->arena, text, n->text_len, ret, &mine);
	else
		err = constant_parse(&c->pool->arena, left->type, text, n->text_len, ret, &mine);
	if (!err && wants_event_name(c) && !event_name_known(text, n->text_len))
		err = unknown_event(text, &mine);
	if (err)
		return error_at(n, c->d, &mine);
	if (c->note && type_kind(left->type) == TK_STR)
		note_value(c->pool, n, c->note, c->ctx);
	if (c->note && c->n->op == OP_REGEX)
		note_regex(c->pool, n, c->note, c->ctx);
	return 0;
}

static int check_constants(struct check *c, const struct ast *right)
{
	const struct ast *const *items = (const struct ast *const *)right->kids;
	u32 n = right->n;
	int err;

	if (right->kind != AST_LIST) {
		items = &right;
		n = 1;
	}
	c->pred.n = n;
	c->pred.values = arena_alloc(&c->pool->arena, (n + 1u) * sizeof(*c->pred.values));
	for (u32 i = 0; i < n; i++) {
		err = check_constant(c, items[i], &c->pred.values[i]);
		if (err)
			return err;
	}
	return 0;
}

/*
 * Of fields that stand for either end of a connection: "in" never finds an address, and of
 * networks only the first one counts.  That is how rules have been evaluated so far, and
 * rules written to that effect must not change their meaning; "= anyof" is not affected.
 */
static void limit_ends(struct check *c)
{
	const struct source *left = left_of(c);
	enum type_kind kind = type_kind(left->type);

	if (left->kind != SRC_FIELD_ALL || !(left->flags & FF_ENDS) ||
	    op_rows[c->n->op].shape != SHAPE_LIST)
		return;
	if (kind == TK_IP)
		c->pred.n = 0;
	else if (kind == TK_NET)
		c->pred.n = (u32)size_min(c->pred.n, 1);
}

static int check_right(struct check *c)
{
	const struct source *left = left_of(c);
	const struct ast *right = c->n->kids[1];
	int err;

	if (right->kind == AST_FIELD || right->kind == AST_TRANSFORM)
		return check_right_source(c, right);
	if (left->flags & FF_WITHIN && left->kind == SRC_FIELD && c->n->op != OP_EQ)
		return diag_at(c->d, POS(c->n), "%s supports only '=' comparison operator",
			       left->name);
	err = check_constants(c, right);
	if (!err)
		limit_ends(c);
	return err;
}

static int check_left(struct check *c)
{
	int err = source_of(c->pool, c->n->kids[0], true, &c->pred.src, c->d);

	if (!err)
		c->pred.type = left_of(c)->type;
	return err;
}

int check_compile(struct filter_pool *p, const struct ast *n, u32 *ret, int *ret_known,
		  struct diag *d, note_fn note, void *ctx)
{
	struct check c = { .pool = p, .n = n, .d = d, .note = note, .ctx = ctx };
	struct diag mine = { 0 };
	int err;

	c.pred.op = (u8)n->op;
	c.pred.modifier = (u8)n->modifier;
	c.pred.rhs = NO_SOURCE;
	err = check_left(&c);
	if (!err)
		err = check_operator(&c);
	if (!err && n->n > 1)
		err = check_right(&c);
	if (err)
		return err;
	*ret_known = left_of(&c)->kind == SRC_FIELD ? check_known(&left_of(&c)->ref, &c.pred) : -1;
	err = pred_intern(p, &c.pred, ret, &mine);
	return err ? error_at(n, d, &mine) : 0;
}
