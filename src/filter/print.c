/* SPDX-License-Identifier: Apache-2.0 */
/* Trees as canonical text.  Parsing it again gives the same tree, but for odd constants. */
#include <string.h>

#include "filter/ops.h"

/* Quotes are put around what cannot stand without them, and around no more. */
static void print_value(const char *s, u32 len, struct buf *out)
{
	static const char from[] = "\b\f\n\r\t\\\"", to[] = "bfnrt\\\"";
	const char *at;
	bool quote = false;

	for (u32 i = 0; i < len; i++)
		quote |= memchr("\b\f\n\r\t\\\"'= ", s[i], 11) != NULL;
	if (!quote) {
		buf_add(out, s, len);
		return;
	}
	buf_addc(out, '"');
	for (u32 i = 0; i < len; i++) {
		at = s[i] ? strchr(from, s[i]) : NULL;
		if (at)
			buf_addc(out, '\\');
		buf_addc(out, at ? to[at - from] : s[i]);
	}
	buf_addc(out, '"');
}

static void print_arg(const struct ast *n, struct buf *out)
{
	if (!n->arg)
		return;
	buf_addc(out, '[');
	if (n->arg_len)
		print_value(n->arg, n->arg_len, out);
	else
		buf_adds(out, "\"\"");
	buf_addc(out, ']');
}

static void print_node(const struct ast *n, u32 depth, struct buf *out);

static void print_kids(const struct ast *n, const char *sep, u32 depth, struct buf *out)
{
	buf_addc(out, '(');
	for (u32 i = 0; i < n->n; i++) {
		if (i)
			buf_adds(out, sep);
		print_node(n->kids[i], depth, out);
	}
	buf_addc(out, ')');
}

static void print_check(const struct ast *n, u32 depth, struct buf *out)
{
	print_node(n->kids[0], depth, out);
	buf_addf(out, " %s", n->text ? n->text : filter_op_name(n->op));
	if (n->modifier)
		buf_addf(out, " %s", modifier_names[n->modifier]);
	if (n->n < 2)
		return;
	buf_addc(out, ' ');
	if (n->kids[1]->kind == AST_LIST)
		print_kids(n->kids[1], ", ", depth, out);
	else
		print_node(n->kids[1], depth, out);
}

static void print_field(const struct ast *n, struct buf *out)
{
	if (n->val)
		buf_adds(out, "val(");
	buf_add(out, n->text, n->text_len);
	print_arg(n, out);
	if (n->val)
		buf_addc(out, ')');
}

static void print_node(const struct ast *n, u32 depth, struct buf *out)
{
	if (!depth--) {
		buf_adds(out, "...");
		return;
	}
	switch (n->kind) {
	case AST_AND:
	case AST_OR:
		print_kids(n, n->kind == AST_AND ? " and " : " or ", depth, out);
		break;
	case AST_NOT:
		buf_adds(out, "not ");
		print_node(n->kids[0], depth, out);
		break;
	case AST_CHECK:
		print_check(n, depth, out);
		break;
	case AST_FIELD:
		print_field(n, out);
		break;
	case AST_TRANSFORM:
		buf_adds(out, n->text);
		print_kids(n, ",", depth, out);
		print_arg(n, out);
		break;
	case AST_LIST:
		print_kids(n, ",", depth, out);
		break;
	case AST_VALUE:
		print_value(n->text, n->text_len, out);
		break;
	case AST_MACRO:
	case AST_LIST_NAME:
		buf_add(out, n->text, n->text_len);
		break;
	}
}

void filter_print(const struct ast *n, struct buf *out)
{
	print_node(n, FILTER_DEPTH_MAX, out);
}
