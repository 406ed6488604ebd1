/* SPDX-License-Identifier: Apache-2.0 */
/* Which engine and which plugins the rules want. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/item.h"

#define ALTERNATIVES_MAX 100

/* "1.2.3", perhaps with a tail after '-' or '+'. */
bool version_parse(const char *s, u32 ret[3])
{
	for (u32 i = 0; i < 3; i++) {
		unsigned long v;
		char *end;

		if (*s < '0' || *s > '9')
			return false;
		v = strtoul(s, &end, 10);
		if (v > UINT32_MAX || (i < 2 && *end != '.'))
			return false;
		ret[i] = v;
		s = end + (i < 2);
	}
	return !*s || *s == '-' || *s == '+';
}

static int version_compare(const u32 a[3], const u32 b[3])
{
	for (u32 i = 0; i < 3; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}

/* Same major version, and not older than wanted. */
static bool compatible(const u32 have[3], const u32 want[3])
{
	return have[0] == want[0] && version_compare(have, want) >= 0;
}

int check_engine_version(struct loader *l, const struct ctx *ctx, const u32 v[3])
{
	u32 engine[3] = { 0 };

	version_parse(RULES_ENGINE_VERSION, engine);
	if (!compatible(engine, v))
		return report_error(l->rep, LOAD_ERR_VALIDATE, ctx, "Rules require engine version "
				    "%u.%u.%u, but engine version is %s", v[0], v[1], v[2],
				    RULES_ENGINE_VERSION);
	if (version_compare(v, l->col->engine) > 0)
		memcpy(l->col->engine, v, sizeof(l->col->engine));
	return 0;
}

int read_engine_version(struct loader *l, const struct yaml_node *item, const struct ctx *parent)
{
	const struct ctx *ctx = ctx_node(l->a, parent, "required_engine_version", "", item);
	struct text s = { 0 };
	u32 v[3] = { 0 };
	s64 minor;
	int err = decode_text(l, item, "required_engine_version", ctx, &s);

	if (err)
		return err;
	if (yaml_s64(yaml_get(item, "required_engine_version"), &minor) && minor >= 0 &&
	    minor <= UINT32_MAX)
		v[1] = minor;
	else if (!version_parse(s.p, v))
		return yaml_error(l, ctx, "Unable to parse engine version '%s' as a semver string. "
				  "Expected \"x.y.z\" semver format.", s.p);
	return check_engine_version(l, ctx, v);
}

/* ---- plugins ------------------------------------------------------------------ */

static int decode_want(struct loader *l, const struct yaml_node *map, const struct ctx *ctx,
		       struct plugin_want *ret)
{
	struct text name = { 0 }, version = { 0 };
	u32 v[3];
	int err;

	err = decode_text(l, map, "name", ctx, &name);
	if (!err)
		err = decode_text(l, map, "version", ctx, &version);
	if (err)
		return err;
	ret->name = name.p;
	ret->version = version.p;
	if (!version_parse(ret->version, v))
		return report_error(l->rep, LOAD_ERR_VALIDATE, ctx,
				    "Invalid required version '%s' for plugin '%s'",
				    ret->version, ret->name);
	return 0;
}

static int decode_alternative(struct loader *l, const struct yaml_node *n, const struct ctx *parent,
			      struct plugin_req *req)
{
	const struct ctx *ctx =
		ctx_node(l->a, parent, "required plugin versions alternative", "", n);
	struct plugin_want *want = &req->alt[req->n];
	int err;

	if (n->kind != YAML_MAP)
		return yaml_error(l, ctx, "Plugin version alternative must be a mapping");
	err = decode_want(l, n, ctx, want);
	if (err)
		return err;
	for (u32 i = 0; i < req->n; i++) {
		if (!strcmp(req->alt[i].name, want->name))
			return report_error(l->rep, LOAD_ERR_VALIDATE, ctx,
					    "Defined multiple alternative version requirements for "
					    "plugin '%s'",
					    want->name);
	}
	req->n++;
	return 0;
}

static const struct rules_plugin *find_plugin(const struct rules_options *opt, const char *name)
{
	for (u32 i = 0; i < opt->nplugins; i++) {
		if (!strcmp(opt->plugins[i].name, name))
			return &opt->plugins[i];
	}
	return NULL;
}

static int unsatisfied(struct loader *l, const struct plugin_req *req)
{
	struct buf b = { 0 };

	for (u32 i = 0; i < req->n; i++)
		buf_addf(&b, "%s%s (>= %s)", i ? ", " : "", req->alt[i].name, req->alt[i].version);
	report_error(l->rep, LOAD_ERR_VALIDATE, req->ctx,
		     "Plugin requirement not satisfied, must load one of: %s", buf_str(&b));
	buf_fini(&b);
	return -EINVAL;
}

static int check_plugins(struct loader *l, const struct plugin_req *req)
{
	if (!l->opt->plugins_known)
		return 0;
	for (u32 i = 0; i < req->n; i++) {
		const struct rules_plugin *p = find_plugin(l->opt, req->alt[i].name);
		u32 have[3], want[3];

		if (!p)
			continue;
		if (version_parse(p->version, have) && version_parse(req->alt[i].version, want) &&
		    compatible(have, want))
			return 0;
		return report_error(l->rep, LOAD_ERR_VALIDATE, req->ctx,
				    "Plugin '%s' version '%s' is not compatible with required "
				    "plugin version '%s'",
				    p->name, p->version, req->alt[i].version);
	}
	return unsatisfied(l, req);
}

static int read_plugin(struct loader *l, const struct yaml_node *n, const struct ctx *parent)
{
	const struct ctx *ctx = ctx_node(l->a, parent, "required plugin versions entry", "", n);
	const struct yaml_node *alt = yaml_get(n, "alternatives");
	struct plugin_req *req = arena_alloc(l->a, sizeof(*req));
	int err;

	if (n->kind != YAML_MAP)
		return yaml_error(l, ctx, "Plugin version must be a mapping");
	if (alt && alt->kind != YAML_SEQ)
		return yaml_error(l, ctx,
				  "Value of plugin version alternatives must be a sequence");
	if (alt && (spend(l, ctx, alt->n) || alt->n > ALTERNATIVES_MAX))
		return yaml_error(l, ctx, "Too many alternatives");
	req->ctx = ctx;
	req->alt = arena_alloc(l->a, (1 + (alt ? (size_t)alt->n : 0)) * sizeof(*req->alt));
	err = decode_want(l, n, ctx, &req->alt[req->n++]);
	for (u32 i = 0; !err && alt && i < alt->n; i++)
		err = decode_alternative(l, alt->items[i], ctx, req);
	if (!err)
		err = check_plugins(l, req);
	if (!err)
		vec_push(&l->col->plugins, req);
	return err;
}

int read_plugin_versions(struct loader *l, const struct yaml_node *item, const struct ctx *parent)
{
	const struct yaml_node *seq = yaml_get(item, "required_plugin_versions");
	const struct ctx *ctx = ctx_node(l->a, parent, "required plugin versions", "", seq);
	int err = 0;

	if (seq->kind != YAML_SEQ)
		return yaml_error(l, ctx, "Value of required_plugin_versions must be a sequence");
	for (u32 i = 0; !err && i < seq->n; i++)
		err = read_plugin(l, seq->items[i], ctx);
	return err;
}
