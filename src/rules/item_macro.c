/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>

#include "rules/item.h"

static const char *const known_keys[] = { "macro", "condition", "append", "override", NULL };

static const struct override_key override_keys[] = { { "condition", true, true } };

static bool valid_name(const char *s)
{
	if (!isalpha((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return !*s;
}

static int decode_macro(struct loader *l, const struct yaml_node *item, struct macro_item *v,
			bool *ret_append)
{
	int err;

	err = decode_text(l, item, "condition", v->ctx, &v->cond);
	if (err)
		return err;
	v->cond_ctx = ctx_node(l->a, v->ctx, "macro condition", "", yaml_get(item, "condition"));
	return decode_append_alone(l, item, override_keys, ARRAY_SIZE(override_keys), v->ctx,
				   ret_append);
}

int read_macro(struct loader *l, const struct yaml_node *item, const struct ctx *parent)
{
	struct macro_item *v = arena_alloc(l->a, sizeof(*v));
	struct text name = { 0 };
	bool append = false;
	int err;

	err = decode_text(l, item, "macro", ctx_node(l->a, parent, "macro", "", item), &name);
	if (err)
		return err;
	v->name = name.p;
	v->ctx = ctx_node(l->a, parent, "macro", v->name, item);
	if (!valid_name(v->name))
		report_warn(l->rep, LOAD_INVALID_MACRO_NAME, v->ctx,
			    "Macro has an invalid name. Macro names should match a regular "
			    "expression: ([a-zA-Z]+[a-zA-Z0-9_]*)");
	err = decode_macro(l, item, v, &append);
	if (!err && append)
		err = collect_macro_append(l, v);
	else if (!err)
		collect_macro(l, v);
	if (!err)
		warn_unknown_keys(l, item, v->ctx, known_keys);
	return err;
}
