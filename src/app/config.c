/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

void config_init(struct config *c)
{
	memset(c, 0, sizeof(*c));
	arena_init(&c->arena);
}

void config_fini(struct config *c)
{
	vec_fini(&c->files);
	vec_fini(&c->faults);
	vec_fini(&c->no_effect);
	strmap_fini(&c->static_fields);
	arena_fini(&c->arena);
}

int config_bad(const struct config *c, struct diag *d, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;
	int err;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	err = diag_set(d, "Error reading config file (%s): %s", c->path, buf_str(&b));
	buf_fini(&b);
	return err;
}

const char *config_beside(struct config *c, const char *path)
{
	const char *slash = strrchr(c->path, '/'), *other;

	if (path[0] == '/' || !slash)
		return path;
	other = arena_printf(&c->arena, "%.*s/%s", (int)(slash - c->path), c->path, path);
	return access(other, F_OK) ? path : other;
}

/* ---- files -------------------------------------------------------------------------- */

static int add_file(struct config *c, const char *path, const char *text, size_t len,
		    struct yaml_node **ret, struct diag *d)
{
	struct diag why = { 0 };
	int err = doc_parse(&c->arena, text, len, ret, &why);

	if (err && why.has_pos)
		diag_set(d, "Error reading config file (%s): line %u, column %u: %s", path,
			 why.line + 1, why.col + 1, why.msg);
	else if (err)
		diag_set(d, "Error reading config file (%s): %s", path, why.msg);
	diag_fini(&why);
	if (!err)
		vec_push(&c->files, (struct config_file){
			.path = path, .schema = config_schema_check(&c->arena, *ret, false) });
	return err;
}

static int load_file(struct config *c, const char *path, struct yaml_node **ret, struct diag *d)
{
	size_t len;
	char *text;
	int err = doc_read_file(&c->arena, path, &text, &len);

	if (err == -ENOENT)
		return diag_set(d, "Could not find configuration file at %s", path);
	if (err)
		return diag_set(d, "Cannot read configuration file %s: %s", path, file_error(err));
	return add_file(c, path, text, len, ret, d);
}

static int include_file(struct config *c, const char *path, enum doc_strategy strategy,
			struct diag *d)
{
	struct yaml_node *more;
	int err;

	if (!strcmp(path, c->path))
		return diag_set(d, "Config error: '%s' includes itself.", path);
	err = load_file(c, path, &more, d);
	if (err)
		return err;
	if (yaml_get(more, "config_files"))
		return diag_set(
			d, "Config error: 'config_files' directive in included config file %s.",
			path);
	doc_merge(&c->arena, c->root, more, strategy);
	return 0;
}

static int not_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int include_folder(struct config *c, const char *path, enum doc_strategy strategy,
			  struct diag *d)
{
	struct dirent **names;
	int n = scandir(path, &names, not_hidden, compare_names), err = 0;

	if (n < 0)
		return diag_set(d, "Cannot read folder %s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *file = arena_printf(&c->arena, "%s/%s", path, names[i]->d_name);
		struct stat st;

		if (!err && !stat(file, &st) && S_ISREG(st.st_mode))
			err = include_file(c, file, strategy, d);
		free(names[i]);
	}
	free(names);
	return err;
}

static int include(struct config *c, const char *path, enum doc_strategy strategy, struct diag *d)
{
	struct stat st;

	path = config_beside(c, path);
	if (stat(path, &st))
		return 0;
	return S_ISDIR(st.st_mode) ? include_folder(c, path, strategy, d)
				   : include_file(c, path, strategy, d);
}

static int include_entry(struct config *c, const struct yaml_node *n, struct diag *d)
{
	static const char *const names[] = {
		[DOC_APPEND] = "append", [DOC_OVERRIDE] = "override", [DOC_ADD_ONLY] = "add-only" };
	const struct yaml_node *path = n->kind == YAML_MAP ? yaml_get(n, "path") : n;
	const struct yaml_node *strategy = n->kind == YAML_MAP ? yaml_get(n, "strategy") : NULL;

	if (!path || path->kind != YAML_SCALAR)
		return config_bad(
			c, d, "config_files: an entry is a path, or a map of path and strategy");
	if (!strategy)
		return include(c, doc_text(&c->arena, path), DOC_APPEND, d);
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (strategy->kind == YAML_SCALAR &&
		    !strcmp(doc_text(&c->arena, strategy), names[i]))
			return include(c, doc_text(&c->arena, path), i, d);
	return config_bad(c, d, "config_files: strategy is append, override or add-only");
}

static int include_all(struct config *c, struct diag *d)
{
	const struct yaml_node *n = yaml_get(c->root, "config_files");
	int err = 0;

	if (!n || yaml_is_null(n))
		return 0;
	if (n->kind != YAML_SEQ)
		return include_entry(c, n, d);
	for (u32 i = 0; i < n->n && !err; i++)
		err = include_entry(c, n->items[i], d);
	return err;
}

/* ---- overrides ---------------------------------------------------------------------- */

static bool is_for_config_files(const char *option)
{
	size_t len = strcspn(option, ".[=");

	return len == strlen("config_files") && !strncmp(option, "config_files", len);
}

/* "a.b[3].c" sets "a.b[].c" of a document in which there is no list yet. */
static const char *without_places(struct arena *a, const char *key)
{
	struct buf b = { 0 };
	const char *text;

	for (const char *p = key; *p; p++) {
		buf_addc(&b, *p);
		if (*p == '\\' && p[1])
			buf_addc(&b, *++p);
		else if (*p == '[')
			p += strspn(p + 1, "0123456789");
	}
	text = arena_memdup0(a, buf_str(&b), b.len);
	buf_fini(&b);
	return text;
}

/*
 * What the schema says of one override, told apart from what the files say: in a document of its own.  Warnings
 * only, as for files.
 */
static void check_override(struct config *c, const char *key, const char *value)
{
	struct yaml_node *alone = doc_map(&c->arena);
	struct diag why = { 0 };
	const char *verdict;

	if (!doc_set(&c->arena, alone, without_places(&c->arena, key), value, &why)) {
		verdict = config_schema_check(&c->arena, alone, true);
		if (strcmp(verdict, "ok"))
			vec_push(&c->faults, (struct config_fault){ key, verdict });
	}
	diag_fini(&why);
}

void config_print_faults(const struct config *c)
{
	for (size_t i = 0; i < c->faults.n; i++)
		fprintf(stderr, "Warning: option -o %s: %s\n", c->faults.p[i].key, c->faults.p[i].what);
}

static int apply_override(struct config *c, const char *option, const char *equals, struct diag *d)
{
	const char *key = arena_memdup0(&c->arena, option, (size_t)(equals - option));
	int err = doc_set(&c->arena, c->root, key, equals + 1, d);

	if (!err)
		check_override(c, key, equals + 1);
	return err;
}

static int apply_overrides(struct config *c, const struct strlist *o, bool files, struct diag *d)
{
	int err = 0;

	for (u32 i = 0; i < o->n && !err; i++) {
		const char *equals = strchr(o->p[i], '=');

		if (!equals || equals == o->p[i])
			return diag_set(
				d,
				"Error parsing config option \"%s\". Must be of the form key=val "
				"or key.subkey=val",
				o->p[i]);
		if (is_for_config_files(o->p[i]) != files)
			continue;
		err = apply_override(c, o->p[i], equals, d);
	}
	return err;
}

/* ---- from the document to the struct ------------------------------------------------ */

static bool all_scalars(const struct yaml_node *n)
{
	for (u32 i = 0; n->kind == YAML_SEQ && i < n->n; i++)
		if (n->items[i]->kind != YAML_SCALAR)
			return false;
	return n->kind != YAML_MAP;
}

int config_strings(struct config *c, const struct yaml_node *n, struct strlist *ret)
{
	u32 max = n->kind == YAML_SEQ ? n->n : 1;

	*ret = (struct strlist){ 0 };
	if (!all_scalars(n))
		return -EINVAL;
	ret->p = arena_alloc(&c->arena, sizeof(*ret->p) * (max + 1));
	for (u32 i = 0; n->kind == YAML_SEQ && i < n->n; i++)
		ret->p[ret->n++] = doc_text(&c->arena, n->items[i]);
	if (n->kind == YAML_SCALAR && !yaml_is_null(n))
		ret->p[ret->n++] = doc_text(&c->arena, n);
	return 0;
}

/* False when the node is not of the row's type. */
static bool store(struct config *c, const struct config_row *row, const struct yaml_node *n)
{
	void *at = (char *)c + row->offset;
	s64 num;

	if (row->shape->type == SHAPE_LIST)
		return !config_strings(c, n, at);
	if (row->shape->type == SHAPE_BOOL)
		return yaml_bool(n, at);
	if (row->shape->type == SHAPE_NUMBER)
		return shape_number(n, at);
	if (row->shape->type == SHAPE_INT && !row->shape->or) {
		if (!shape_int(n, &num) || num < 0)
			return false;
		*(u64 *)at = (u64)num;
		return true;
	}
	/* a number or a word is read by the row's own function */
	if (n->kind != YAML_SCALAR)
		return false;
	*(const char **)at = n->s;
	return true;
}

static void store_default(struct config *c, const struct config_row *row)
{
	struct yaml_node n = { .kind = YAML_SCALAR, .plain = true, .s = row->def,
			       .len = (u32)strlen(row->def) };

	if (row->offset)
		store(c, row, &n);
}

static bool same_value(const struct config_row *row, const struct yaml_node *n)
{
	bool x, y = !strcmp(row->idle, "true");

	if (row->shape->type == SHAPE_BOOL)
		return yaml_bool(n, &x) && x == y;
	return n->kind == YAML_SCALAR && !strcmp(n->s, row->idle);
}

/* A section that is not enabled asks for nothing. */
static bool is_switched_off(struct config *c, const char *key)
{
	const char *dot = strrchr(key, '.');
	const struct yaml_node *n;
	char enabled[128];
	bool on;

	if (!dot || !strcmp(dot, ".enabled"))
		return false;
	snprintf(enabled, sizeof(enabled), "%.*s.enabled", (int)(dot - key), key);
	if (!config_row(enabled))
		return false;
	n = doc_get(c->root, enabled);
	return !n || !yaml_bool(doc_expand(&c->arena, n), &on) || !on;
}

static void note_effect(struct config *c, const struct config_row *row, const struct yaml_node *n)
{
	if (!(row->flags & CFG_NO_EFFECT) || (row->idle && same_value(row, n)) ||
	    is_switched_off(c, row->key))
		return;
	vec_push(&c->no_effect, row->key);
}

/* What is no list or map where one is needed ends the program: there is nothing to go on with. */
static bool is_of_kind(const struct shape *s, const struct yaml_node *n)
{
	if (s->type == SHAPE_MAP)
		return n->kind == YAML_MAP;
	if (s->type != SHAPE_LIST)
		return true;
	return s->or ? all_scalars(n) : n->kind == YAML_SEQ;
}

static int bad_kind(const struct config *c, const struct config_row *row, struct diag *d)
{
	struct buf what = { 0 };
	int err;

	shape_describe(row->shape, &what);
	err = config_bad(c, d, "%s: bad conversion, expected %s", row->key, buf_str(&what));
	buf_fini(&what);
	return err;
}

static int apply_row(struct config *c, const struct config_row *row, struct diag *d)
{
	const struct yaml_node *n = doc_get(c->root, row->key);

	store_default(c, row);
	if (!n || yaml_is_null(n))
		return 0;
	n = doc_expand(&c->arena, n);
	note_effect(c, row, n);
	if (!is_of_kind(row->shape, n))
		return bad_kind(c, row, d);
	if (row->offset && !store(c, row, n))
		store_default(c, row);
	return row->parse ? row->parse(c, n, d) : 0;
}

static int check_sections(struct config *c, struct diag *d)
{
	for (u32 i = 0; i < c->root->n; i++) {
		const struct yaml_node *key = c->root->items[2 * i],
				       *value = c->root->items[2 * i + 1];

		if (key->kind == YAML_SCALAR && config_is_section(key->s) &&
		    value->kind != YAML_MAP && !yaml_is_null(value))
			return config_bad(c, d, "%s: expected a map of keys and values", key->s);
	}
	return 0;
}

static int apply(struct config *c, const struct strlist *overrides, struct diag *d)
{
	int err = apply_overrides(c, overrides, true, d);

	c->modern_buf_preset = 4;
	if (!err)
		err = include_all(c, d);
	if (!err)
		err = apply_overrides(c, overrides, false, d);
	if (!err)
		err = check_sections(c, d);
	for (u32 i = 0; i < config_nrows && !err; i++)
		err = apply_row(c, &config_rows[i], d);
	return err ? err : config_check(c, d);
}

int config_load(struct config *c, const char *path, const struct strlist *overrides, struct diag *d)
{
	int err;

	c->path = path;
	err = load_file(c, path, &c->root, d);
	return err ? err : apply(c, overrides, d);
}

int config_load_text(struct config *c, const char *path, const char *text, size_t len,
		     const struct strlist *overrides, struct diag *d)
{
	int err;

	c->path = path;
	err = add_file(c, path, text, len, &c->root, d);
	return err ? err : apply(c, overrides, d);
}

int config_defaults(struct config *c, const struct strlist *overrides, struct diag *d)
{
	c->path = "";
	c->root = doc_map(&c->arena);
	return apply(c, overrides, d);
}
