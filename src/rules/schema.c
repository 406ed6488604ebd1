/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of a rules file, beside what the loader demands: names of keys and types of
 * their values.  Complaints are warnings only.
 */
#include <string.h>

#include "rules/item.h"

#define VISITS_MAX 1000000	/* of nodes: aliases may stand for very many */

enum shape {
	ANY_SCALAR, BOOL, INTEGER, PRIORITY, SCALARS, EXCEPTIONS, OVERRIDE, PLUGINS, ALTERNATIVES,
	ANY,
};

struct property {
	const char *name;
	enum shape shape;
};

static const struct property item_props[] = {
	{ "required_engine_version", ANY_SCALAR },
	{ "required_plugin_versions", PLUGINS },
	{ "macro", ANY_SCALAR },
	{ "condition", ANY_SCALAR },
	{ "list", ANY_SCALAR },
	{ "items", SCALARS },
	{ "rule", ANY_SCALAR },
	{ "desc", ANY_SCALAR },
	{ "output", ANY_SCALAR },
	{ "priority", PRIORITY },
	{ "source", ANY_SCALAR },
	{ "enabled", BOOL },
	{ "capture", BOOL },
	{ "capture_duration", INTEGER },
	{ "warn_evttypes", BOOL },
	{ "skip-if-unknown-filter", BOOL },
	{ "append", BOOL },
	{ "tags", SCALARS },
	{ "exceptions", EXCEPTIONS },
	{ "override", OVERRIDE },
	{ NULL, ANY },
};

static const struct property exception_props[] = {
	{ "name", ANY_SCALAR },
	{ "fields", ANY },
	{ "comps", ANY },
	{ "values", ANY },
	{ NULL, ANY },
};

static const struct property override_props[] = {
	{ "append", ANY_SCALAR }, { "capture", ANY_SCALAR }, { "capture_duration", ANY_SCALAR },
	{ "condition", ANY_SCALAR }, { "desc", ANY_SCALAR }, { "enabled", ANY_SCALAR },
	{ "exceptions", ANY_SCALAR }, { "items", ANY_SCALAR }, { "output", ANY_SCALAR },
	{ "priority", ANY_SCALAR }, { "skip-if-unknown-filter", ANY_SCALAR },
	{ "tags", ANY_SCALAR }, { "warn_evttypes", ANY_SCALAR }, { NULL, ANY },
};

static const struct property plugin_props[] = {
	{ "name", ANY_SCALAR },
	{ "version", ANY_SCALAR },
	{ "alternatives", ALTERNATIVES },
	{ NULL, ANY },
};

static const struct property alternative_props[] = {
	{ "name", ANY_SCALAR }, { "version", ANY_SCALAR }, { NULL, ANY },
};

struct check {
	struct rules_report *rep;
	struct buf path;	/* "<root>[0][items]" */
	u32 visits;
};

static bool check_map(struct check *c, const struct yaml_node *n, const struct property *props);

static bool fail(struct check *c, const char *msg)
{
	report_schema(c->rep, "failed for %s: %s", buf_str(&c->path), msg);
	return false;
}

static bool wrong_type(struct check *c)
{
	return fail(c, "Value type not permitted by 'type' constraint.");
}

static void leave(struct check *c, size_t len)
{
	c->path.len = len;
	c->path.p[len] = 0;
}

/* Each element of a sequence: a map of these properties, or (NULL) a scalar. */
static bool check_seq(struct check *c, const struct yaml_node *n, const struct property *props)
{
	bool ok = true;

	if (n->kind != YAML_SEQ)
		return wrong_type(c);
	for (u32 i = 0; i < n->n && c->visits < VISITS_MAX; i++) {
		const struct yaml_node *e = n->items[i];
		size_t len = c->path.len;
		bool good;

		c->visits++;
		buf_addf(&c->path, "[%u]", i);
		good = props ? check_map(c, e, props) :
		       (e->kind == YAML_SCALAR && !yaml_is_null(e)) || wrong_type(c);
		leave(c, len);
		if (good)
			continue;
		report_schema(c->rep, "failed for %s: Failed to validate item #%u in array.",
			      buf_str(&c->path), i);
		ok = false;
	}
	return ok;
}

static bool check_priority(struct check *c, const struct yaml_node *n)
{
	static const char *const names[] = {
		"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO",
		"INFORMATIONAL", "DEBUG",
	};

	for (size_t i = 0; n->kind == YAML_SCALAR && i < ARRAY_SIZE(names); i++) {
		if (!strcmp(n->s, names[i]))
			return true;
	}
	return fail(c, "Failed to match against any enum values.");
}

static bool is_truth(const char *s)
{
	return !strcmp(s, "true") || !strcmp(s, "false");
}

static bool check_value(struct check *c, const struct yaml_node *n, enum shape shape)
{
	bool scalar = n->kind == YAML_SCALAR && !yaml_is_null(n);
	s64 v;

	switch (shape) {
	case ANY_SCALAR:
		/* an empty string in quotes is one, a null is not */
		return scalar || wrong_type(c);
	case BOOL:
		return (scalar && is_truth(n->s)) || wrong_type(c);
	case INTEGER:
		return (scalar && yaml_s64(n, &v)) || wrong_type(c);
	case PRIORITY:
		return check_priority(c, n);
	case SCALARS:
		return check_seq(c, n, NULL);
	case EXCEPTIONS:
		return check_seq(c, n, exception_props);
	case OVERRIDE:
		return check_map(c, n, override_props);
	case PLUGINS:
		return check_seq(c, n, plugin_props);
	case ALTERNATIVES:
		return check_seq(c, n, alternative_props);
	case ANY:
		break;
	}
	return true;
}

static const struct property *find_property(const struct property *props, const char *name)
{
	for (; props->name; props++) {
		if (!strcmp(props->name, name))
			return props;
	}
	return NULL;
}

static bool check_property(struct check *c, const struct yaml_node *key,
			   const struct yaml_node *value, const struct property *props)
{
	const char *name = key->kind == YAML_SCALAR ? key->s : "";
	const struct property *p = find_property(props, name);
	size_t len = c->path.len;
	bool ok;

	if (!p) {
		report_schema(c->rep, "failed for %s: Object contains a property that could not be "
			      "validated using 'properties' or 'additionalProperties' "
			      "constraints: '%.1000s'.", buf_str(&c->path), name);
		return false;
	}
	buf_addf(&c->path, "[%s]", name);
	ok = check_value(c, value, p->shape);
	leave(c, len);
	if (!ok)
		report_schema(c->rep, "failed for %s: Failed to validate against schema associated "
			      "with property name '%s'.", buf_str(&c->path), name);
	return ok;
}

static bool check_map(struct check *c, const struct yaml_node *n, const struct property *props)
{
	bool ok = true;

	if (n->kind != YAML_MAP)
		return wrong_type(c);
	for (u32 i = 0; i < n->n && c->visits < VISITS_MAX; i++) {
		c->visits++;
		ok &= check_property(c, n->items[2 * i], n->items[2 * i + 1], props);
	}
	return ok;
}

void schema_check(const struct yaml_node *doc, struct rules_report *rep)
{
	struct check c = { .rep = rep };

	buf_adds(&c.path, "<root>");
	check_seq(&c, doc, item_props);
	buf_fini(&c.path);
}
