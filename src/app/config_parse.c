/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that hold lists of maps, and what must hold between keys. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/config.h"
#include "schema/driver_abi.h"
#include "app/duration.h"

static const char *text_of(struct config *c, const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	return n && n->kind == YAML_SCALAR && !yaml_is_null(n) ? doc_text(&c->arena, n) : NULL;
}

/* ---- rules -------------------------------------------------------------------------- */

static int parse_choice(struct config *c, const struct yaml_node *n, struct rules_selection *ret,
			struct diag *d)
{
	const struct yaml_node *on = yaml_get(n, "enable"), *off = yaml_get(n, "disable");
	const struct yaml_node *what = on ? on : off;

	if (!what || (on && off))
		return config_bad(c, d, "rules: each entry has either 'enable' or 'disable'");
	ret->enable = on;
	ret->rule = text_of(c, what, "rule");
	ret->tag = text_of(c, what, "tag");
	if (!ret->rule == !ret->tag)
		return config_bad(c, d, "rules: '%s' needs either 'rule' or 'tag'",
				  on ? "enable" : "disable");
	return 0;
}

int config_parse_selection(struct config *c, const struct yaml_node *n, struct diag *d)
{
	struct rules_selection *s = arena_alloc(&c->arena, sizeof(*s) * (n->n + 1));
	int err = 0;

	for (u32 i = 0; i < n->n && !err; i++)
		err = parse_choice(c, n->items[i], &s[i], d);
	c->selection = s;
	c->nselection = n->n;
	return err;
}

/* ---- append_output ------------------------------------------------------------------ */

/* An empty text is as good as none: it restricts nothing and adds nothing. */
static const char *nonempty_text_of(struct config *c, const struct yaml_node *map, const char *key)
{
	const char *s = text_of(c, map, key);

	return s && *s ? s : NULL;
}

/* The element type of rules_append.extra_fields has no name. */
struct extra_field {
	const char *key, *format;
};

_Static_assert(sizeof(struct extra_field) == sizeof(*((struct rules_append *)0)->extra_fields),
	       "as in rules.h");

static int parse_extra_fields(struct config *c, const struct yaml_node *n, struct rules_append *ret,
			      struct diag *d)
{
	struct extra_field *f;
	u32 max = 0, count = 0;

	if (n->kind != YAML_SEQ)
		return config_bad(c, d, "append_output: extra_fields is a list");
	for (u32 i = 0; i < n->n; i++)
		max += n->items[i]->kind == YAML_MAP ? n->items[i]->n : 1;
	f = arena_alloc(&c->arena, sizeof(*f) * (max + 1));
	for (u32 i = 0; i < n->n; i++) {
		const struct yaml_node *e = n->items[i];

		if (e->kind == YAML_SCALAR)
			f[count++] = (struct extra_field){ doc_text(&c->arena, e), NULL };
		for (u32 j = 0; e->kind == YAML_MAP && j < e->n; j++) {
			const struct yaml_node *key = e->items[2 * j], *value = e->items[2 * j + 1];

			if (key->kind != YAML_SCALAR || value->kind != YAML_SCALAR)
				return config_bad(
					c, d,
					"append_output: an extra field is a text, or KEY: FORMAT");
			f[count++] = (struct extra_field){ key->s, doc_text(&c->arena, value) };
		}
	}
	ret->extra_fields = (const void *)f;
	ret->nextra_fields = count;
	return 0;
}

static int parse_match(struct config *c, const struct yaml_node *n, struct rules_append *ret,
		       struct diag *d)
{
	const struct yaml_node *tags = yaml_get(n, "tags");
	struct strlist list;

	ret->match_rule = nonempty_text_of(c, n, "rule");
	ret->match_source = nonempty_text_of(c, n, "source");
	if (!tags || yaml_is_null(tags))
		return 0;
	if (config_strings(c, tags, &list))
		return config_bad(c, d, "append_output: tags is a list of texts");
	ret->match_tags = list.p;
	ret->nmatch_tags = list.n;
	return 0;
}

static int parse_addition(struct config *c, const struct yaml_node *n, struct rules_append *ret,
			  struct diag *d)
{
	const struct yaml_node *match = yaml_get(n, "match"), *extra = yaml_get(n, "extra_fields");
	const struct yaml_node *suggested = yaml_get(n, "suggested_output");
	int err = 0;

	if (n->kind != YAML_MAP)
		return config_bad(c, d, "append_output: each entry is a map");
	ret->extra_output = nonempty_text_of(c, n, "extra_output");
	if (suggested && !yaml_bool(doc_expand(&c->arena, suggested), &ret->suggested_output))
		return config_bad(c, d, "append_output: suggested_output is true or false");
	if (match)
		err = parse_match(c, match, ret, d);
	if (!err && extra && !yaml_is_null(extra))
		err = parse_extra_fields(c, extra, ret, d);
	return err;
}

int config_parse_append(struct config *c, const struct yaml_node *n, struct diag *d)
{
	struct rules_append *a = arena_alloc(&c->arena, sizeof(*a) * (n->n + 1));
	int err = 0;

	for (u32 i = 0; i < n->n && !err; i++)
		err = parse_addition(c, n->items[i], &a[i], d);
	c->append = a;
	c->nappend = n->n;
	return err;
}

void config_add_extra_output(struct config *c, const char *format)
{
	struct rules_append *a = arena_alloc(&c->arena, sizeof(*a) * (c->nappend + 1));

	if (c->nappend)
		memcpy(a, c->append, sizeof(*a) * c->nappend);
	a[c->nappend++] = (struct rules_append){ .extra_output = format };
	c->append = a;
}

int config_parse_static(struct config *c, const struct yaml_node *n, struct diag *d)
{
	c->static_keys.p = arena_alloc(&c->arena, sizeof(*c->static_keys.p) * (n->n + 1));
	for (u32 i = 0; i < n->n; i++) {
		const struct yaml_node *key = n->items[2 * i], *value = n->items[2 * i + 1];

		if (key->kind != YAML_SCALAR || value->kind != YAML_SCALAR)
			return config_bad(c, d,
					  "static_fields: a map of names and texts is expected");
		if (!strmap_gets(&c->static_fields, key->s))
			c->static_keys.p[c->static_keys.n++] = key->s;
		strmap_put(&c->static_fields, key->s, strlen(key->s),
			   (void *)doc_text(&c->arena, value));
	}
	return 0;
}

/* ---- plugins ------------------------------------------------------------------------ */

/* Do the ".." of a relative path lead out of where it starts? */
static bool leaves_folder(const char *path)
{
	int depth = 0;

	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && !strncmp(path, "..", 2))
			depth--;
		else if (len && !(len == 1 && *path == '.'))
			depth++;
		if (depth < 0)
			return true;
		path += len + (path[len] == '/');
	}
	return false;
}

static bool is_builtin_plugin(const char *name)
{
	return !strcmp(name, "container");
}

static bool plugin_is_known(struct config *c, const char *name)
{
	const struct yaml_node *n = yaml_get(c->root, "plugins");

	for (u32 i = 0; n && n->kind == YAML_SEQ && i < n->n; i++) {
		const char *known = text_of(c, n->items[i], "name");

		if (known && !strcmp(known, name))
			return true;
	}
	return false;
}

static void note_plugin(struct config *c, const char *name)
{
	if (!is_builtin_plugin(name))
		vec_push(&c->no_effect, arena_printf(&c->arena, "plugins (%s)", name));
}

int config_parse_load_plugins(struct config *c, const struct yaml_node *n, struct diag *d)
{
	(void)n;
	c->load_plugins_given = true;
	for (u32 i = 0; i < c->load_plugins.n; i++) {
		const char *name = c->load_plugins.p[i];

		if (!is_builtin_plugin(name) && !plugin_is_known(c, name))
			return diag_set(
				d,
				"Cannot load plugin '%s': plugin config not found for given name",
				name);
		note_plugin(c, name);
	}
	return 0;
}

/* After load_plugins: rows are read in order. */
int config_parse_plugins(struct config *c, const struct yaml_node *n, struct diag *d)
{
	for (u32 i = 0; i < n->n; i++) {
		const char *name = text_of(c, n->items[i], "name");
		const char *path = text_of(c, n->items[i], "library_path");

		if (!name || !path)
			return config_bad(c, d,
					  "plugins: each entry needs 'name' and 'library_path'");
		if (path[0] != '/' && leaves_folder(path))
			return config_bad(
				c, d,
				"plugin '%s': library_path '%s' resolves outside the plugins "
				"directory",
				name, path);
		if (!c->load_plugins_given)
			note_plugin(c, name);
	}
	return 0;
}

/* ---- the rest ----------------------------------------------------------------------- */

static int parse_old_rules_key(struct config *c, const char *key, const struct yaml_node *n, struct diag *d)
{
	const char *other = c->old_rules_key ? c->old_rules_key : "rules_files";

	if (c->old_rules_key || doc_get(c->root, "rules_files"))
		return config_bad(c, d, "both '%s' and '%s' keys set", other, key);
	c->old_rules_key = key;
	config_strings(c, n, &c->rules_files);
	return 0;
}

int config_parse_rules_file(struct config *c, const struct yaml_node *n, struct diag *d)
{
	return parse_old_rules_key(c, "rules_file", n, d);
}

int config_parse_rule_files(struct config *c, const struct yaml_node *n, struct diag *d)
{
	return parse_old_rules_key(c, "rule_files", n, d);
}

int config_parse_actions(struct config *c, const struct yaml_node *n, struct diag *d)
{
	static const struct {
		const char *name;
		u32 flag;
	} names[] = {
		{ "ignore", DROP_IGNORE },
		{ "log", DROP_LOG },
		{ "alert", DROP_ALERT },
		{ "exit", DROP_EXIT },
	};
	struct strlist list;
	u32 j;

	c->drops_actions = 0;
	config_strings(c, n, &list);
	for (u32 i = 0; i < list.n; i++) {
		for (j = 0; j < ARRAY_SIZE(names) && strcmp(names[j].name, list.p[i]); j++)
			;
		if (j == ARRAY_SIZE(names))
			return config_bad(c, d,
					  "available actions for syscall event drops are ignore, "
					  "log, alert, exit");
		c->drops_actions |= names[j].flag;
	}
	for (j = 1; j < 3; j++)
		if (c->drops_actions & DROP_IGNORE && c->drops_actions & names[j].flag)
			return config_bad(
				c, d,
				"syscall event drop action \"%s\" does not make sense with the "
				"\"ignore\" action",
				names[j].name);
	return 0;
}

int config_parse_preset(struct config *c, const struct yaml_node *n, struct diag *d)
{
	if (n->kind == YAML_SCALAR && !strcmp(n->s, "auto"))
		return config_bad(c, d, "buf_size_preset: only the buffers of modern_ebpf can be auto");
	return 0;
}

int config_parse_modern_preset(struct config *c, const struct yaml_node *n, struct diag *d)
{
	s64 v;

	c->modern_buf_auto = n->kind == YAML_SCALAR && !strcmp(n->s, "auto");
	if (c->modern_buf_auto)
		return 0;
	if (!shape_int(n, &v))
		return config_bad(c, d, "engine.modern_ebpf.buf_size_preset: a number from 1 to 10, or auto, is "
				  "expected");
	c->modern_buf_preset = v < 0 ? 0 : (u64)v;
	return 0;
}

int config_parse_workers(struct config *c, const struct yaml_node *n, struct diag *d)
{
	s64 v;

	if (n->kind == YAML_SCALAR && !strcmp(n->s, "auto"))
		return 0;
	if (!shape_int(n, &v) || v < 1 || v > WORKERS_MAX)
		return config_bad(c, d, "workers: a number from 1 to %u, or auto, is expected", WORKERS_MAX);
	return 0;
}

static int check_engine(struct config *c, struct diag *d)
{
	const u64 presets[] = { c->modern_buf_preset, c->bpf_buf_preset, c->kmod_buf_preset };

	if (!config_is_choice("engine.kind", c->engine_kind))
		return config_bad(c, d, "engine.kind '%s' is not a valid kind.", c->engine_kind);
	if (!config_is_choice("engine.modern_ebpf.attach", c->attach))
		return config_bad(c, d, "engine.modern_ebpf.attach '%s' is not valid: choose auto, "
				  "fexit, tracepoint or sys_exit.", c->attach);
	if (!strcmp(c->engine_kind, "replay") && !c->capture_file[0])
		return config_bad(
			c, d,
			"engine.kind is 'replay' but no engine.replay.capture_file specified.");
	for (u32 i = 0; i < ARRAY_SIZE(presets); i++)
		if (presets[i] < 1 || presets[i] > 10)
			return diag_set(d, "The 'buf_size_preset' value must be between '1' and '10'");
	if (c->buf_memory_max < 1 || c->buf_memory_max > 1 << 20)
		return config_bad(c, d, "engine.modern_ebpf.buf_memory_max is from 1 to 1048576 MiB");
	return 0;
}

/* As from -o 'http_output.url="http://..."', where quotes are part of the value. */
static const char *unquoted(struct config *c, const char *s)
{
	size_t len = strlen(s);

	if (len < 2 || s[0] != s[len - 1] || (s[0] != '"' && s[0] != '\''))
		return s;
	return arena_memdup0(&c->arena, s + 1, len - 2);
}

/* libcurl takes what has no scheme for http. */
static int check_http(struct config *c, struct diag *d)
{
	const char *url, *sep;

	if (!c->http.enabled)
		return 0;
	c->http.url = url = unquoted(c, c->http.url);
	sep = strstr(url, "://");
	if (!*url)
		return config_bad(c, d, "http output enabled but no url in configuration block");
	if (sep && strncasecmp(url, "http://", 7) && strncasecmp(url, "https://", 8))
		return config_bad(c, d, "http_output.url begins with '%.*s://': http:// or https:// is expected",
				  (int)(sep - url), url);
	if (c->http.max_timeouts > 255)
		return config_bad(c, d, "http_output.max_consecutive_timeouts is at most 255");
	if (c->http.mtls && (!c->http.client_cert[0] || !c->http.client_key[0]))
		return config_bad(c, d, "http_output.mtls needs client_cert and client_key");
	return 0;
}

static int check_outputs(struct config *c, struct diag *d)
{
	u8 addr[16];

	if (c->sinks.file.enabled && !c->sinks.file.filename[0])
		return config_bad(c, d,
				  "file output enabled but no filename in configuration block");
	if (c->sinks.program.enabled && !c->sinks.program.program[0])
		return config_bad(c, d,
				  "program output enabled but no program in configuration block");
	if (c->web.port > 65535)
		return config_bad(c, d, "webserver.listen_port is at most 65535");
	if (c->web.healthz[0] != '/')
		return config_bad(c, d, "webserver.k8s_healthz_endpoint \"%s\" does not begin with '/'", c->web.healthz);
	if (inet_pton(AF_INET, c->web.address, addr) != 1 &&
	    inet_pton(AF_INET6, c->web.address, addr) != 1)
		return config_bad(c, d, "webserver listen address \"%s\" is not a valid IP address",
				  c->web.address);
	if (!(c->drops_threshold >= 0 && c->drops_threshold <= 1))
		return config_bad(
			c, d, "syscall event drops threshold must be a double in the range [0, 1]");
	return 0;
}

#define INTERVAL_MIN_MS 100

static int check_metrics(struct config *c, struct diag *d)
{
	const char *text = c->metrics.interval;

	if (text[0] && !text[strspn(text, "0123456789")])
		return config_bad(c, d, "metrics.interval \"%s\" has no unit: write 30s, 15m or 1h", text);
	if (duration_parse(text, &c->metrics.interval_ms))
		return config_bad(c, d, "metrics.interval \"%s\" is no duration: numbers with the units y, w, d, h, m, s, "
				  "ms in this order, such as 1h30m", text);
	if (c->metrics.interval_ms < INTERVAL_MIN_MS)
		return config_bad(c, d, "metrics.interval \"%s\" is too short: the least is 100ms", text);
	if (!c->max_timeouts)
		return config_bad(c, d, "syscall_event_timeouts.max_consecutives is at least 1");
	return 0;
}

static int check_names(struct config *c, struct diag *d)
{
	static const char *const levels[PRIO_MAX] = {
		"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug" };
	u32 i;

	c->min_priority = priority_by_name(c->min_priority_name);
	if (c->min_priority == PRIO_MAX)
		return diag_set(d,
				"Unknown priority \"%s\"--must be one of emergency, alert, "
				"critical, error, warning, notice, informational, debug",
				c->min_priority_name);
	if (!config_is_choice("rule_matching", c->matching))
		return diag_set(d,
				"Unknown rule matching strategy \"%s\"--must be one of first, all",
				c->matching);
	c->first_match = !strcmp(c->matching, "first");
	for (i = 0; i < PRIO_MAX && strcmp(levels[i], c->log_level_name); i++)
		;
	c->log_level = i;
	if (i == PRIO_MAX)
		return config_bad(
			c, d,
			"log_level \"%s\" is none of emergency, alert, critical, error, warning, "
			"notice, info, debug",
			c->log_level_name);
	return 0;
}

int config_check(struct config *c, struct diag *d)
{
	int err;

	if (!doc_get(c->root, "syscall_event_drops.actions"))
		c->drops_actions = DROP_IGNORE;
	/* "auto" has no digits */
	c->workers = (u32)strtoul(c->workers_text, NULL, 0);
	err = check_engine(c, d);
	if (!err)
		err = check_outputs(c, d);
	if (!err)
		err = check_http(c, d);
	if (!err)
		err = check_metrics(c, d);
	if (!err)
		err = config_check_memory(c, d);
	if (!err)
		err = config_check_snaplen(c, d);
	return err ? err : check_names(c, d);
}
