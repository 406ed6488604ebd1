/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Macros, put into trees in place of their names.  The tree of a macro is shared by all
 * that use it, so sizes are counted: a few lines could otherwise stand for a tree without
 * end.
 */
#include "rules/compile.h"

#include <errno.h>
#include <string.h>

#include "base/similar.h"

#define NODES_MAX 1000000u	/* of one condition */
#define ALL_NODES_MAX 20000000u
#define HEIGHT_MAX 5000u
#define NESTED_MAX 100

enum { MACRO_NEW, MACRO_BUSY, MACRO_DONE };

struct resolver {
	struct compiled *c;
	u32 visibility, nested;
	const struct ctx *ctx;
	const char *text;
	u32 len;
};

int parse_condition(struct compiled *c, const char *s, size_t len, const struct ctx *ctx,
		    const char **ret_text, u32 *ret_len, struct ast **ret)
{
	struct diag d = { 0 };
	int err;

	if (expand_text(c, s, len, ret_text, ret_len))
		return report_error(c->rep, LOAD_ERR_VALIDATE, ctx,
				    "Condition becomes too large when the lists in it are put in");
	if (c->opt->remarks)
		remark_lists(c, s, len, ctx);
	err = filter_parse(&c->a, *ret_text, *ret_len, FILTER_DEPTH_MAX, ret, &d);
	if (err) {
		report_error(c->rep, LOAD_ERR_COMPILE_CONDITION,
			     ctx_expr(&c->a, ctx, *ret_text, *ret_len, &d), "%s", d.msg);
		report_meant(c->rep, d.meant);
	}
	diag_fini(&d);
	return err;
}

static int refuse(const struct resolver *r, const struct ast *n, const char *before,
		  const char *after)
{
	struct diag d = { .has_pos = true, .line = n->line, .col = n->col, .offset = n->offset };

	return report_error(r->c->rep, LOAD_ERR_VALIDATE,
			    ctx_expr(&r->c->a, r->ctx, r->text, r->len, &d), "%s '%s'%s", before,
			    n->text, after);
}

static int undefined(const struct resolver *r, const struct ast *n)
{
	struct similar s = { .word = n->text };
	int err = refuse(r, n, "Undefined macro", " used in filter.");

	for (u32 i = 0; i < r->c->nmacros; i++)
		if (r->c->macros[i].item->index < r->visibility)
			similar_offer(&s, r->c->macros[i].item->name);
	report_meant(r->c->rep, s.best);
	return err;
}

static int too_large(const struct resolver *r)
{
	return report_error(r->c->rep, LOAD_ERR_VALIDATE, r->ctx,
			    "Condition becomes too large when the macros in it are put in");
}

static int resolve_macro(struct compiled *c, struct cmacro *m, u32 nested);

static int put_macro(struct resolver *r, struct ast **slot, struct tree_size *size)
{
	const struct ast *n = *slot;
	uintptr_t place = (uintptr_t)strmap_get(&r->c->macro_at, n->text, n->text_len);
	struct cmacro *m = place ? &r->c->macros[place - 1] : NULL;
	int err;

	if (!m || m->item->index >= r->visibility)
		return undefined(r, n);
	if (m->state == MACRO_BUSY)
		return refuse(r, n, "reference loop in macro", "");
	if (m->state == MACRO_NEW) {
		if (r->nested == NESTED_MAX)
			return too_large(r);
		err = resolve_macro(r->c, m, r->nested + 1);
		if (err)
			return err;
	}
	m->used = true;
	*slot = m->tree;
	*size = m->size;
	return 0;
}

static int resolve(struct resolver *r, struct ast **slot, u32 depth, struct tree_size *size)
{
	struct ast *n = *slot;
	int err = 0;

	if (n->kind == AST_MACRO)
		return put_macro(r, slot, size);
	*size = (struct tree_size){ .nodes = 1 };
	if (depth > HEIGHT_MAX)
		return too_large(r);
	for (u32 i = 0; !err && i < n->n; i++) {
		struct tree_size kid = { 0 };

		err = resolve(r, &n->kids[i], depth + 1, &kid);
		size->nodes += kid.nodes;
		if (kid.height > size->height)
			size->height = kid.height;
		if (!err && size->nodes > NODES_MAX)
			err = too_large(r);
	}
	size->height++;
	return err;
}

static int resolve_tree(struct resolver *r, struct ast **tree, struct tree_size *ret)
{
	int err = resolve(r, tree, 0, ret);

	if (err)
		return err;
	r->c->nodes += ret->nodes;
	if (ret->height > HEIGHT_MAX || r->c->nodes > ALL_NODES_MAX)
		return too_large(r);
	return 0;
}

int resolve_macros(struct compiled *c, struct ast **tree, u32 visibility, const struct ctx *ctx,
		   const char *text, u32 len, struct tree_size *ret)
{
	struct resolver r = {
		.c = c, .visibility = visibility, .ctx = ctx, .text = text, .len = len,
	};

	return resolve_tree(&r, tree, ret);
}

static int resolve_macro(struct compiled *c, struct cmacro *m, u32 nested)
{
	struct resolver r = {
		.c = c, .visibility = m->item->visibility, .nested = nested, .ctx = m->item->ctx,
		.text = m->text, .len = m->len,
	};
	int err;

	m->state = MACRO_BUSY;
	err = resolve_tree(&r, &m->tree, &m->size);
	m->state = MACRO_DONE;
	return err;
}

int compile_macros(struct compiled *c)
{
	int err = 0;

	c->nmacros = c->col->macros.n;
	c->macros = arena_alloc(&c->a, c->nmacros * sizeof(*c->macros));
	for (u32 i = 0; !err && i < c->nmacros; i++) {
		struct cmacro *m = &c->macros[i];

		m->item = c->col->macros.p[i];
		strmap_put(&c->macro_at, m->item->name, strlen(m->item->name),
			   (void *)(uintptr_t)(i + 1));
		err = parse_condition(c, m->item->cond.p, m->item->cond.len, m->item->cond_ctx,
				      &m->text, &m->len, &m->tree);
	}
	for (u32 i = 0; !err && i < c->nmacros; i++) {
		if (c->macros[i].state == MACRO_NEW)
			err = resolve_macro(c, &c->macros[i], 0);
	}
	return err;
}
