/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings about conditions which compile. */
#include <string.h>

#include "rules/compile.h"

/* In the order in which they are reported. */
const struct deprecated_field deprecated_fields[NDEPRECATED_FIELDS] = {
#define NOT_AVAILABLE "field is not available due to the drop of enter events."
	{ "evt.dir",
	  "due to the drop of enter events, 'evt.dir = <' always evaluates to true, and 'evt.dir = "
	  ">' always evaluates to false. The rule expression can be simplified by removing the "
	  "condition on 'evt.dir'" },
	{ "evt.latency", NOT_AVAILABLE },
	{ "evt.latency.s", NOT_AVAILABLE },
	{ "evt.latency.ns", NOT_AVAILABLE },
	{ "evt.latency.human", NOT_AVAILABLE },
	{ "evt.wait_latency", NOT_AVAILABLE },
};

struct findings {
	bool unsafe_na;
	u32 deprecated;		/* bit set of rows */
};

const struct ctx *node_ctx(struct compiled *c, const struct crule *r, const struct ast *n)
{
	struct diag d = { 0 };

	if (n) {
		d.has_pos = true;
		d.line = n->line;
		d.col = n->col;
		d.offset = n->offset;
	}
	return ctx_expr(&c->a, r->item->cond_ctx, r->text, r->len, &d);
}

static bool names_na(const struct ast *n)
{
	if (n->kind == AST_VALUE)
		return !strcmp(n->text, "<NA>");
	for (u32 i = 0; n->kind == AST_LIST && i < n->n; i++) {
		if (names_na(n->kids[i]))
			return true;
	}
	return false;
}

/* Fields of these plugins have no value <NA>. */
static bool unsafe_na(const struct ast *n)
{
	const struct ast *left = n->n ? n->kids[0] : NULL;

	if (!left || n->n < 2 || left->kind != AST_FIELD ||
	    (strncmp(left->text, "ka.", 3) && strncmp(left->text, "jevt.", 5)))
		return false;
	switch (n->op) {
	case OP_EQ:
	case OP_NE:
	case OP_IN:
	case OP_INTERSECTS:
	case OP_PMATCH:
		return names_na(n->kids[1]);
	default:
		return false;
	}
}

static void find(const struct ast *n, struct findings *f)
{
	if (n->kind == AST_VALUE || n->kind == AST_LIST)
		return;
	if (n->kind == AST_CHECK && unsafe_na(n))
		f->unsafe_na = true;
	for (u32 i = 0; n->kind == AST_FIELD && i < NDEPRECATED_FIELDS; i++) {
		if (!strcmp(n->text, deprecated_fields[i].name))
			f->deprecated |= 1u << i;
	}
	for (u32 i = 0; i < n->n; i++)
		find(n->kids[i], f);
}

void warn_condition(struct compiled *c, const struct crule *r)
{
	struct findings f = { 0 };

	find(r->tree, &f);
	if (f.unsafe_na)
		report_warn(c->rep, LOAD_UNSAFE_NA_CHECK, r->item->ctx, "%s", "");
	for (u32 i = 0; i < NDEPRECATED_FIELDS; i++) {
		if (f.deprecated & 1u << i)
			report_deprecated(c->rep, node_ctx(c, r, NULL), deprecated_fields[i].name,
					  deprecated_fields[i].msg);
	}
}
