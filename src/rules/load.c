/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file more: its items join a copy of the collection, which is compiled as a whole and
 * takes the place of the old one when all went well.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/compile.h"

struct rules *rules_new(const struct rules_options *opt)
{
	struct rules *r = xcalloc(1, sizeof(*r));

	r->opt = *opt;
	return r;
}

static void file_free(struct rules_file *f)
{
	struct arena a = f->a;	/* which holds f */

	arena_fini(&a);
}

void rules_free(struct rules *r)
{
	struct rules_file *f, *next;

	if (!r)
		return;
	compiled_free(r->now);
	collection_fini(&r->col);
	for (f = r->files; f; f = next) {
		next = f->next;
		file_free(f);
	}
	free(r);
}

static struct rules_file *file_new(const char *name, const char *text, size_t len)
{
	struct arena a;
	struct rules_file *f;

	arena_init(&a);
	f = arena_alloc(&a, sizeof(*f));
	f->name = arena_strdup(&a, name);
	f->text = arena_memdup0(&a, len ? text : "", len);
	f->len = len;
	f->a = a;
	return f;
}

/* The first key that an item has decides what it is. */
static const struct {
	const char *key;
	int (*read)(struct loader *l, const struct yaml_node *item, const struct ctx *parent);
} kinds[] = {
	{ "required_engine_version", read_engine_version },
	{ "required_plugin_versions", read_plugin_versions },
	{ "list", read_list },
	{ "macro", read_macro },
	{ "rule", read_rule },
};

static int read_item(struct loader *l, const struct yaml_node *item, const struct ctx *parent)
{
	const struct ctx *ctx = ctx_node(l->a, parent, "rules content item", "", item);

	if (item->kind != YAML_MAP)
		return yaml_error(l, ctx, "Unexpected element type. Each element should be a yaml "
				  "associative array.");
	if (spend(l, ctx, item->n + 1ull))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (has_key(item, kinds[i].key))
			return kinds[i].read(l, item, parent);
	}
	report_warn(l->rep, LOAD_UNKNOWN_ITEM, ctx, "Unknown top level item");
	return 0;
}

static int read_doc(struct loader *l, const struct yaml_node *doc, const struct ctx *ctx)
{
	int err = 0;

	if (yaml_is_null(doc))
		return 0;
	if (doc->kind == YAML_SCALAR)
		return yaml_error(l, ctx, "Rules content is not yaml");
	if (doc->kind != YAML_SEQ)
		return yaml_error(l, ctx, "Rules content is not yaml array of objects");
	for (u32 i = 0; !err && i < doc->n; i++) {
		if (!yaml_is_null(doc->items[i]))
			err = read_item(l, doc->items[i], ctx);
	}
	return err;
}

static int parse_file(struct loader *l, const struct ctx *ctx, struct yaml_node ***ret_docs,
		      u32 *ret_n)
{
	struct diag d = { 0 };
	int err = yaml_parse(l->a, l->file->text, l->file->len, ret_docs, ret_n, &d);

	if (err && d.has_pos)
		report_error(l->rep, LOAD_ERR_YAML_PARSE, ctx_error(l->a, ctx, &d),
			     "error at line %u, column %u: %s", d.line + 1, d.col + 1, d.msg);
	else if (err)
		report_error(l->rep, LOAD_ERR_YAML_PARSE, ctx_error(l->a, ctx, &d), "%s", d.msg);
	diag_fini(&d);
	return err;
}

static int read_file(struct loader *l)
{
	const struct ctx *ctx = ctx_file(l->file);
	struct yaml_node **docs;
	u32 n = 0;
	int err = parse_file(l, ctx, &docs, &n);

	if (err)
		return err;
	report_schema_checked(l->rep);
	for (u32 i = 0; i < n; i++) {
		if (!yaml_is_null(docs[i]))
			schema_check(docs[i], l->rep);
	}
	for (u32 i = 0; !err && i < n; i++)
		err = read_doc(l, docs[i], ctx);
	return err;
}

/* Replaces the state by one with the file. */
static void commit(struct rules *r, struct rules_file *f, const struct collection *col,
		   struct compiled *now)
{
	compiled_free(r->now);
	collection_fini(&r->col);
	r->col = *col;
	r->now = now;
	r->now->col = &r->col;
	f->next = r->files;
	r->files = f;
}

int rules_load(struct rules *r, const char *name, const char *text, size_t len,
	       struct rules_report **ret_report)
{
	struct rules_report *rep = report_new(name);
	struct rules_file *f = file_new(name, text, len);
	struct collection col;
	struct compiled *now = NULL;
	struct loader l = { .opt = &r->opt, .file = f, .a = &f->a, .col = &col, .rep = rep };
	int err;

	collection_copy(&col, &r->col);
	err = read_file(&l);
	check_plugins(&r->opt, &col, rep);
	if (!err)
		now = compile(&r->opt, &col, r->now, rep, &err);
	if (now) {
		commit(r, f, &col, now);
	} else {
		collection_fini(&col);
		file_free(f);
	}
	*ret_report = rep;
	return err;
}
