/* SPDX-License-Identifier: Apache-2.0 */
/* The keys `append` and `override`, alike for all kinds of items. */
#include <errno.h>
#include <string.h>

#include "rules/item.h"

int decode_append(struct loader *l, const struct yaml_node *item, const struct ctx *ctx, bool *ret)
{
	int err;

	*ret = false;
	err = decode_opt_bool(l, item, "append", ctx, ret);
	if (!err && *ret)
		report_warn(l->rep, LOAD_DEPRECATED_ITEM, ctx,
			    "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: "
			    "append') under 'override' instead.");
	return err;
}

int refuse_both(struct loader *l, const struct ctx *ctx, bool append, const struct overrides *o)
{
	if (!append || !(o->append | o->replace))
		return 0;
	return yaml_error(l, ctx,
			  "Keys 'override' and 'append: true' cannot be used together. Add an "
			  "'append' entry (e.g. 'condition: append') under 'override' instead.");
}

static const struct override_key *find_key(const struct override_key *keys, u32 n, const char *name)
{
	for (u32 i = 0; i < n; i++) {
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

static int decode_override(struct loader *l, const struct override_key *keys, u32 n,
			   const struct yaml_node *key, const struct yaml_node *op,
			   const struct ctx *ctx, struct overrides *ret)
{
	const struct override_key *k;
	const struct ctx *key_ctx;

	if (key->kind != YAML_SCALAR || op->kind != YAML_SCALAR)
		return yaml_error(l, ctx, "Value is not a scalar value");
	k = find_key(keys, n, key->s);
	key_ctx = ctx_node(l->a, ctx, "overrides", key->s, key);
	if (!strcmp(op->s, "append")) {
		if (!k || !k->append)
			return yaml_error(l, key_ctx,
					  "Key '%s' cannot be appended to, use 'replace' instead",
					  key->s);
		ret->append |= 1u << (k - keys);
		return 0;
	}
	if (!strcmp(op->s, "replace")) {
		if (!k || !k->replace)
			return yaml_error(l, key_ctx, "Key '%s' cannot be replaced", key->s);
		ret->replace |= 1u << (k - keys);
		return 0;
	}
	return yaml_error(l, ctx_node(l->a, ctx, "value for", key->s, op),
			  "Invalid override operation for key '%s': '%s'. Allowed values are: %s%s",
			  key->s, op->s, k && k->append ? "append " : "",
			  k && k->replace ? "replace " : "");
}

int decode_overrides(struct loader *l, const struct yaml_node *item,
		     const struct override_key *keys, u32 n, const struct ctx *ctx,
		     struct overrides *ret)
{
	const struct yaml_node *map = yaml_get(item, "override");
	const struct ctx *octx;
	int err = 0;

	*ret = (struct overrides){ 0 };
	if (!map || yaml_is_null(map))
		return 0;
	octx = ctx_node(l->a, ctx, "overrides", "", item);
	if (map->kind != YAML_MAP)
		return yaml_error(l, octx, "Value of 'override' must be a mapping");
	for (u32 i = 0; !err && i < map->n; i++)
		err = decode_override(l, keys, n, map->items[2 * i], map->items[2 * i + 1], octx,
				      ret);
	return err;
}

int decode_append_alone(struct loader *l, const struct yaml_node *item,
			const struct override_key *keys, u32 n, const struct ctx *ctx,
			bool *ret_append)
{
	struct overrides over = { 0 };
	int err = decode_append(l, item, ctx, ret_append);

	if (!err)
		err = decode_overrides(l, item, keys, n, ctx, &over);
	if (!err)
		err = refuse_both(l, ctx, *ret_append, &over);
	if (!err && over.append)
		*ret_append = true;
	return err;
}
