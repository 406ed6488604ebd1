/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The item `rule`: a full definition, a change of an earlier one (`append: true` or
 * `override`), or only the switch `enabled`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/item.h"

static const char *const known_keys[] = {
	"rule", "condition", "output", "desc", "priority", "source", "enabled", "capture",
	"capture_duration", "warn_evttypes", "skip-if-unknown-filter", "tags", "exceptions",
	"override", "append", NULL,
};

enum { KEY_CONDITION, KEY_EXCEPTIONS, KEY_OUTPUT, KEY_DESC, KEY_TAGS, KEY_PRIORITY, KEY_ENABLED,
       KEY_WARN, KEY_SKIP, KEY_CAPTURE, KEY_DURATION, KEY_MAX };

static const struct override_key override_keys[] = {
	[KEY_CONDITION] = { "condition", true, true },
	[KEY_EXCEPTIONS] = { "exceptions", true, true },
	[KEY_OUTPUT] = { "output", true, true },
	[KEY_DESC] = { "desc", true, true },
	[KEY_TAGS] = { "tags", true, true },
	[KEY_PRIORITY] = { "priority", false, true },
	[KEY_ENABLED] = { "enabled", false, true },
	[KEY_WARN] = { "warn_evttypes", false, true },
	[KEY_SKIP] = { "skip-if-unknown-filter", false, true },
	[KEY_CAPTURE] = { "capture", false, true },
	[KEY_DURATION] = { "capture_duration", false, true },
};

_Static_assert(ARRAY_SIZE(override_keys) == KEY_MAX, "a row for each key");

static const struct ctx *key_ctx(struct loader *l, const struct ctx *ctx, const char *type,
				 const struct yaml_node *item, const char *key)
{
	const struct yaml_node *n = yaml_get(item, key);

	return n ? ctx_node(l->a, ctx, type, "", n) : ctx;
}

static int decode_priority(struct loader *l, const struct yaml_node *item, const struct ctx *ctx,
			   enum priority *ret)
{
	struct text s = { 0 };
	int err = decode_text(l, item, "priority", ctx, &s);

	if (err)
		return err;
	*ret = priority_by_name(s.p);
	if (*ret == PRIO_MAX)
		return yaml_error(l, key_ctx(l, ctx, "rule priority", item, "priority"),
				  "Invalid priority");
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Tags are a set. */
static int decode_tags(struct loader *l, const struct yaml_node *item, const struct ctx *ctx,
		       struct names *ret)
{
	int err = decode_names(l, item, "tags", true, ctx, ret);
	u32 n = 0;

	if (err || !ret->n)
		return err;
	qsort(ret->p, ret->n, sizeof(*ret->p), compare_names);
	for (u32 i = 0; i < ret->n; i++) {
		if (!n || strcmp(ret->p[n - 1], ret->p[i]))
			ret->p[n++] = ret->p[i];
	}
	ret->n = n;
	return 0;
}

/* ---- a full definition ------------------------------------------------------ */

static int decode_required(struct loader *l, const struct yaml_node *item, struct rule_item *v)
{
	int err;

	err = decode_text(l, item, "condition", v->ctx, &v->cond);
	if (!err)
		err = decode_text(l, item, "output", v->ctx, &v->output);
	if (!err)
		err = decode_text(l, item, "desc", v->ctx, &v->desc);
	if (!err)
		err = decode_priority(l, item, v->ctx, &v->priority);
	if (err)
		return err;
	v->cond_ctx = key_ctx(l, v->ctx, "rule condition", item, "condition");
	v->output_ctx = key_ctx(l, v->ctx, "rule output", item, "output");
	v->output = trimmed(&v->output);
	return 0;
}

static int decode_optional(struct loader *l, const struct yaml_node *item, struct rule_item *v)
{
	struct text source = { .p = "syscall" };
	int err;

	err = decode_opt_text(l, item, "source", v->ctx, &source);
	if (!err)
		err = decode_opt_bool(l, item, "enabled", v->ctx, &v->enabled);
	if (!err)
		err = decode_opt_bool(l, item, "capture", v->ctx, &v->capture);
	if (!err)
		err = decode_opt_u32(l, item, "capture_duration", v->ctx, &v->capture_duration);
	if (!err)
		err = decode_opt_bool(l, item, "warn_evttypes", v->ctx, &v->warn_evttypes);
	if (!err)
		err = decode_opt_bool(l, item, "skip-if-unknown-filter", v->ctx, &v->skip_unknown);
	if (!err)
		err = decode_tags(l, item, v->ctx, &v->tags);
	if (!err)
		err = read_exceptions(l, item, v->ctx, false, &v->exceptions);
	v->source = source.p;
	return err;
}

static int define_rule(struct loader *l, const struct yaml_node *item, const struct ctx *ctx)
{
	struct rule_item *v = arena_alloc(l->a, sizeof(*v));
	int err;

	v->name = ctx->name;
	v->ctx = ctx;
	v->enabled = true;
	v->warn_evttypes = true;
	err = decode_required(l, item, v);
	if (!err)
		err = decode_optional(l, item, v);
	if (!err)
		err = collect_rule(l, v);
	return err;
}

static int switch_rule(struct loader *l, const struct yaml_node *item, const struct ctx *ctx)
{
	bool enabled = true;
	int err = decode_bool(l, item, "enabled", ctx, &enabled);
	if (err)
		return err;
	report_warn(l->rep, LOAD_DEPRECATED_ITEM, ctx,
		    "The standalone 'enabled' key usage is deprecated. The correct approach "
		    "requires also a 'replace' entry under the 'override' key (i.e. 'enabled: "
		    "replace').");
	return collect_rule_enable(l, ctx, ctx->name, enabled);
}

/* ---- changes ------------------------------------------------------------------ */

static int update_condition(struct loader *l, const struct yaml_node *item, struct rule_update *u)
{
	u->cond_ctx = key_ctx(l, u->ctx, "rule condition", item, "condition");
	return decode_text(l, item, "condition", u->ctx, &u->cond);
}

static int update_output(struct loader *l, const struct yaml_node *item, struct rule_update *u)
{
	int err = decode_text(l, item, "output", u->ctx, &u->output);

	u->output_ctx = key_ctx(l, u->ctx, "rule output", item, "output");
	u->output = trimmed(&u->output);
	return err;
}

static int update_key(struct loader *l, const struct yaml_node *item, u32 key, bool append,
		      struct rule_update *u)
{
	switch (key) {
	case KEY_CONDITION:
		return update_condition(l, item, u);
	case KEY_EXCEPTIONS:
		u->has_exceptions = true;
		return read_exceptions(l, item, u->ctx, append, &u->exceptions);
	case KEY_OUTPUT:
		return update_output(l, item, u);
	case KEY_DESC:
		return decode_text(l, item, "desc", u->ctx, &u->desc);
	case KEY_TAGS:
		u->has_tags = true;
		return decode_tags(l, item, u->ctx, &u->tags);
	case KEY_PRIORITY:
		u->has_priority = true;
		return decode_priority(l, item, u->ctx, &u->priority);
	case KEY_ENABLED:
		u->has_enabled = true;
		return decode_bool(l, item, "enabled", u->ctx, &u->enabled);
	case KEY_WARN:
		u->has_warn = true;
		return decode_bool(l, item, "warn_evttypes", u->ctx, &u->warn_evttypes);
	case KEY_SKIP:
		u->has_skip = true;
		return decode_bool(l, item, "skip-if-unknown-filter", u->ctx, &u->skip_unknown);
	case KEY_CAPTURE:
		u->has_capture = true;
		return decode_bool(l, item, "capture", u->ctx, &u->capture);
	case KEY_DURATION:
		u->has_duration = true;
		return decode_u32(l, item, "capture_duration", u->ctx, &u->capture_duration);
	}
	return 0;
}

static int start_update(struct loader *l, const struct yaml_node *item, const struct ctx *ctx,
			struct rule_update *u)
{
	*u = (struct rule_update){ .ctx = ctx, .name = ctx->name };
	return decode_opt_text(l, item, "source", ctx, &u->source);
}

/* Reads the keys of the set, which must be there. */
static int update_keys(struct loader *l, const struct yaml_node *item, u32 set, bool append,
		       struct rule_update *u)
{
	int err = 0;

	for (u32 k = 0; !err && k < KEY_MAX; k++) {
		const char *name = override_keys[k].name;

		if (!(set & 1u << k))
			continue;
		if (!has_key(item, name))
			return yaml_error(l, u->ctx, "An %s override for '%s' was specified but "
					  "'%s' is not defined", append ? "append" : "replace",
					  name, name);
		err = update_key(l, item, k, append, u);
	}
	return err;
}

static int refuse_other_keys(struct loader *l, const struct yaml_node *item, const struct ctx *ctx,
			     u32 allowed)
{
	for (u32 k = 0; k < KEY_MAX; k++) {
		const char *name = override_keys[k].name;
		const struct yaml_node *n = yaml_get(item, name);

		if (n && !(allowed & 1u << k))
			return yaml_error(l, ctx_node(l->a, ctx, "overrides", name, n),
					  "Unexpected key '%s': no corresponding entry under "
					  "'override' is defined.", name);
	}
	return 0;
}

static int override_rule(struct loader *l, const struct yaml_node *item, const struct ctx *ctx,
			 const struct overrides *over)
{
	struct rule_update u;
	int err = 0;

	if (over->append) {
		err = start_update(l, item, ctx, &u);
		if (!err)
			err = update_keys(l, item, over->append, true, &u);
		if (!err)
			err = collect_rule_append(l, &u);
	}
	if (!err && over->replace) {
		err = start_update(l, item, ctx, &u);
		if (!err)
			err = update_keys(l, item, over->replace, false, &u);
		if (!err)
			err = collect_rule_replace(l, &u);
	}
	if (!err)
		err = refuse_other_keys(l, item, ctx, over->append | over->replace);
	return err;
}

static int append_rule(struct loader *l, const struct yaml_node *item, const struct ctx *ctx)
{
	struct rule_update u;
	int err = start_update(l, item, ctx, &u);

	if (!err && has_key(item, "condition"))
		err = update_key(l, item, KEY_CONDITION, true, &u);
	if (!err && has_key(item, "exceptions"))
		err = update_key(l, item, KEY_EXCEPTIONS, true, &u);
	if (!err && !u.cond.set && !u.has_exceptions)
		err = report_error(l->rep, LOAD_ERR_VALIDATE, ctx,
				   "Appended rule must have exceptions or condition property");
	if (!err)
		err = collect_rule_append(l, &u);
	return err;
}

static bool only_switch(const struct yaml_node *item)
{
	return !has_key(item, "condition") && !has_key(item, "output") && !has_key(item, "desc") &&
	       !has_key(item, "priority");
}

static int read_form(struct loader *l, const struct yaml_node *item, const struct ctx *ctx)
{
	struct overrides over;
	bool append;
	int err;

	err = decode_append(l, item, ctx, &append);
	if (!err)
		err = decode_overrides(l, item, override_keys, KEY_MAX, ctx, &over);
	if (!err)
		err = refuse_both(l, ctx, append, &over);
	if (err)
		return err;
	if (over.append | over.replace)
		return override_rule(l, item, ctx, &over);
	if (append)
		return append_rule(l, item, ctx);
	if (only_switch(item))
		return switch_rule(l, item, ctx);
	return define_rule(l, item, ctx);
}

int read_rule(struct loader *l, const struct yaml_node *item, const struct ctx *parent)
{
	struct text name = { 0 };
	const struct ctx *ctx;
	int err;

	err = decode_text(l, item, "rule", ctx_node(l->a, parent, "rule", "", item), &name);
	if (err)
		return err;
	ctx = ctx_node(l->a, parent, "rule", name.p, item);
	err = read_form(l, item, ctx);
	if (!err)
		warn_unknown_keys(l, item, ctx, known_keys);
	return err;
}
