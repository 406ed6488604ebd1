/* SPDX-License-Identifier: Apache-2.0 */
/* Notes: what compiles, but was perhaps not meant so. */
#include "filter/pool.h"

static void say(struct filter_pool *p, const struct ast *n, note_fn note, void *ctx,
		const char *before, const char *after)
{
	struct filter_note what = { .node = n };

	what.msg = arena_printf(&p->arena, "%s'%s'%s", before, n->text, after);
	note(ctx, &what);
}

/* Cheap test before the expensive one: fields have a dot in them, transformers a parenthesis. */
static bool may_be_field(const struct ast *n)
{
	const char *s = n->text;

	while (*s == ' ' || *s == '\t')
		s++;
	return ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z')) && strpbrk(s, ".(") &&
	       n->text_len < 1000 && strlen(n->text) == n->text_len;
}

/* The constant parsed as the left side of a check, or NULL. */
static const struct ast *as_left(struct arena *a, const struct ast *n)
{
	const char *text = arena_printf(a, "%s exists", n->text);
	struct diag d = { 0 };
	struct ast *tree;
	int err = filter_parse(a, text, strlen(text), FILTER_DEPTH_MAX, &tree, &d);

	diag_fini(&d);
	if (err || tree->kind != AST_CHECK || tree->op != OP_EXISTS)
		return NULL;
	return tree->kids[0];
}

void note_value(struct filter_pool *p, const struct ast *n, note_fn note, void *ctx)
{
	const struct ast *left;
	struct field_ref f;
	struct arena a;

	if (!may_be_field(n))
		return;
	arena_init(&a);
	left = as_left(&a, n);
	if (left && left->kind == AST_TRANSFORM)
		say(p, n, note, ctx, "",
		    " may be a valid field transformer misused as a const string value");
	else if (left && !field_of(p->fields, &a, left, &f, NULL))
		say(p, n, note, ctx, "", " may be a valid field misused as a const string value");
	arena_fini(&a);
}

void note_regex(struct filter_pool *p, const struct ast *n, note_fn note, void *ctx)
{
	if (regex_is_simple((struct str){ n->text, n->text_len }))
		say(p, n, note, ctx, "regex check with ",
		    " may be optimized with simpler operators such as '=', 'contains', "
		    "'startswith', 'endswith'");
}
