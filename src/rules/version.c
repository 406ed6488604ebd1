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

/* Which plugin, and of what version; its name becomes a part of *ctx. */
static int decode_want(struct loader *l, const struct yaml_node *map, const char *type,
		       const struct ctx *parent, const struct ctx **ctx, struct plugin_want *ret)
{
	struct text name = { 0 }, version = { 0 };
	int err = decode_text(l, map, "name", *ctx, &name);

	if (err)
		return err;
	*ctx = ctx_node(l->a, parent, type, name.p, map);
	err = decode_text(l, map, "version", *ctx, &version);
	if (err)
		return err;
	ret->name = name.p;
	ret->version = version.p;
	return 0;
}

static int decode_alternative(struct loader *l, const struct yaml_node *n, const struct ctx *parent,
			      struct plugin_req *req)
{
	static const char type[] = "required plugin versions alternative";
	const struct ctx *ctx = ctx_node(l->a, parent, type, "", n);

	if (n->kind != YAML_MAP)
		return yaml_error(l, ctx, "Plugin version alternative must be a mapping");
	return decode_want(l, n, type, parent, &ctx, &req->alt[req->n++]);
}

static int check_want(struct loader *l, const struct plugin_req *req, u32 i)
{
	const struct plugin_want *want = &req->alt[i];
	u32 v[3];

	if (!version_parse(want->version, v))
		return report_error(l->rep, LOAD_ERR_VALIDATE, req->ctx,
				    "Invalid required version '%s' for plugin '%s'",
				    want->version, want->name);
	for (u32 k = 0; k < i; k++) {
		if (!strcmp(req->alt[k].name, want->name))
			return report_error(l->rep, LOAD_ERR_VALIDATE, req->ctx,
					    "Defined multiple alternative version requirements for "
					    "plugin '%s'",
					    want->name);
	}
	return 0;
}

static int decode_alternatives(struct loader *l, const struct yaml_node *alt,
			       struct plugin_req *req)
{
	int err = 0;

	for (u32 i = 0; !err && alt && i < alt->n; i++)
		err = decode_alternative(l, alt->items[i], req->ctx, req);
	for (u32 i = 0; !err && i < req->n; i++)
		err = check_want(l, req, i);
	return err;
}

static const struct rules_plugin *find_plugin(const struct rules_options *opt, const char *name)
{
	for (u32 i = 0; i < opt->nplugins; i++) {
		if (!strcmp(opt->plugins[i].name, name))
			return &opt->plugins[i];
	}
	return NULL;
}

static void take_fields(struct loader *l, const struct plugin_req *req)
{
	for (u32 i = 0; i < req->n; i++) {
		const struct rules_plugin *p = find_plugin(l->opt, req->alt[i].name);

		if (p && p->fields)
			l->opt->fields = p->fields;
	}
}

static int read_plugin(struct loader *l, const struct yaml_node *n, const struct ctx *parent)
{
	static const char type[] = "required plugin versions entry";
	const struct ctx *ctx = ctx_node(l->a, parent, type, "", n);
	const struct yaml_node *alt = yaml_get(n, "alternatives");
	struct plugin_req *req = arena_alloc(l->a, sizeof(*req));
	int err;

	if (n->kind != YAML_MAP)
		return yaml_error(l, ctx, "Plugin version must be a mapping");
	req->alt = arena_alloc(l->a, (1 + (alt ? (size_t)alt->n : 0)) * sizeof(*req->alt));
	err = decode_want(l, n, type, parent, &ctx, &req->alt[req->n++]);
	if (err)
		return err;
	if (alt && alt->kind != YAML_SEQ)
		return yaml_error(l, ctx,
				  "Value of plugin version alternatives must be a sequence");
	if (alt && (spend(l, ctx, alt->n) || alt->n > ALTERNATIVES_MAX))
		return yaml_error(l, ctx, "Too many alternatives");
	req->ctx = ctx;
	err = decode_alternatives(l, alt, req);
	if (err)
		return err;
	vec_push(&l->col->plugins, req);
	take_fields(l, req);
	return 0;
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

/* ---- which plugins there are ---------------------------------------------------- */

static void unsatisfied(const struct plugin_req *req, struct rules_report *rep)
{
	struct buf b = { 0 };

	buf_adds(&b, "Plugin requirement not satisfied, must load one of: ");
	for (u32 i = 0; i < req->n; i++)
		buf_addf(&b, "%s%s (>= %s)", i ? ", " : "", req->alt[i].name, req->alt[i].version);
	report_unmet(rep, buf_str(&b));
	buf_fini(&b);
}

/* The first alternative whose plugin is there decides. */
static bool check_plugin(const struct rules_options *opt, const struct plugin_req *req,
			 struct rules_report *rep)
{
	struct buf b = { 0 };

	for (u32 i = 0; i < req->n; i++) {
		const struct rules_plugin *p = find_plugin(opt, req->alt[i].name);
		u32 have[3], want[3];

		if (!p)
			continue;
		if (version_parse(p->version, have) && version_parse(req->alt[i].version, want) &&
		    compatible(have, want))
			return true;
		buf_addf(&b, "Plugin '%s' version '%s' is not compatible with required plugin "
			 "version '%s'", p->name, p->version, req->alt[i].version);
		report_unmet(rep, buf_str(&b));
		buf_fini(&b);
		return false;
	}
	unsatisfied(req, rep);
	return false;
}

void check_plugins(const struct rules_options *opt, const struct collection *col,
		   struct rules_report *rep)
{
	for (size_t i = 0; opt->plugins_known && i < col->plugins.n; i++) {
		if (!check_plugin(opt, col->plugins.p[i], rep))
			return;
	}
}
