/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "rules/item.h"

static const char *const known_keys[] = { "list", "items", "append", "override", NULL };

static const struct override_key override_keys[] = { { "items", true, true } };

static bool valid_name(const char *s)
{
	return !s[strcspn(s, "()\"' \t\n\v\f\r=,")];
}

static int decode_list(struct loader *l, const struct yaml_node *item, struct list_item *v,
		       bool *ret_append)
{
	int err;

	err = decode_names(l, item, "items", false, v->ctx, &v->items);
	if (!err)
		err = decode_append_alone(l, item, override_keys, ARRAY_SIZE(override_keys), v->ctx,
					  ret_append);
	return err;
}

int read_list(struct loader *l, const struct yaml_node *item, const struct ctx *parent)
{
	struct list_item *v = arena_alloc(l->a, sizeof(*v));
	struct text name = { 0 };
	bool append = false;
	int err;

	err = decode_text(l, item, "list", ctx_node(l->a, parent, "list", "", item), &name);
	if (err)
		return err;
	v->name = name.p;
	v->ctx = ctx_node(l->a, parent, "list", v->name, item);
	if (!valid_name(v->name))
		report_warn(l->rep, LOAD_INVALID_LIST_NAME, v->ctx,
			    "List has an invalid name. List names should match a regular "
			    "expression: ([^()\"'[:space:]=,]+)");
	err = decode_list(l, item, v, &append);
	if (!err && append)
		err = collect_list_append(l, v);
	else if (!err)
		collect_list(l, v);
	if (!err)
		warn_unknown_keys(l, item, v->ctx, known_keys);
	return err;
}
