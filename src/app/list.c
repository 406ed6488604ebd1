/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over the classes, three printers behind a const struct. */
#include "app/list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "event/table.h"

#define COLUMN 30
#define WIDTH 120

struct lister {
	bool types;
	json_t *classes, *fields;	/* JSON only: all, and those of the present class */
};

struct list_ops {
	void (*class)(struct lister *l, const struct field_class *c);
	void (*field)(struct lister *l, const struct field *f);
	void (*end)(struct lister *l);
};

static void add_name(struct buf *out, const struct field_class *c)
{
	buf_adds(out, c->name);
	if (c->desc && c->desc[0])
		buf_addf(out, " (%s)", c->desc);
}

/* Words of text, broken at WIDTH, further lines indented by COLUMN. */
static void add_wrapped(struct buf *out, const char *text)
{
	size_t at = COLUMN;

	while (*text) {
		size_t len = strcspn(text, " \n");

		if (at > COLUMN && at + len + 1 > WIDTH) {
			buf_addf(out, "\n%*s", COLUMN, "");
			at = COLUMN;
		} else if (at > COLUMN) {
			buf_addc(out, ' ');
			at++;
		}
		buf_add(out, text, len);
		at += len;
		text += len;
		text += strspn(text, " \n");
	}
	buf_addc(out, '\n');
}

static void put(struct buf *b)
{
	fwrite(b->p, 1, b->len, stdout);
	buf_fini(b);
}

static const char *source_of(const struct field_class *c)
{
	return c->source ? c->source : "syscall";
}

/* ---- text --------------------------------------------------------------------------- */

static void add_row(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, "%-*s", COLUMN, name);
	if (strlen(name) >= COLUMN)
		buf_addf(out, "\n%*s", COLUMN, "");
	add_wrapped(out, text);
}

static void text_class(struct lister *l, const struct field_class *c)
{
	struct buf out = { 0 }, name = { 0 };

	(void)l;
	add_name(&name, c);
	buf_adds(&out, "-------------------------------\n");
	add_row(&out, "Field Class:", buf_str(&name));
	if (c->help && c->help[0])
		add_row(&out, "Description:", c->help);
	add_row(&out, "Event Sources:", source_of(c));
	buf_addc(&out, '\n');
	buf_fini(&name);
	put(&out);
}

static const struct {
	u32 flag;
	const char *name;
} flag_names[] = {
	{ FF_ARG_REQUIRED, "ARG_REQUIRED" },
	{ FF_ARG_ALLOWED, "ARG_ALLOWED" },
	{ FF_LIST, "EPF_IS_LIST" },
	{ FF_NO_RHS, "EPF_NO_RHS" },
	{ FF_NO_TRANSFORMER, "EPF_NO_TRANSFORMER" },
	{ FF_FILTER_ONLY, "FILTER_ONLY" },
};

static void add_flags(struct buf *out, u32 flags)
{
	bool any = false;

	for (u32 i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (!(flags & flag_names[i].flag))
			continue;
		buf_addf(out, "%s%s", any ? "," : "(", flag_names[i].name);
		any = true;
	}
	if (any)
		buf_adds(out, ") ");
}

static void text_field(struct lister *l, const struct field *f)
{
	struct buf out = { 0 }, text = { 0 };

	if (l->types)
		buf_addf(&text, "(Type: %s) ", param_type_name(f->type));
	add_flags(&text, f->flags);
	buf_adds(&text, f->help ? f->help : "");
	add_row(&out, f->name, buf_str(&text));
	buf_fini(&text);
	put(&out);
}

static void text_end(struct lister *l)
{
	(void)l;
	putchar('\n');
}

/* ---- markdown ----------------------------------------------------------------------- */

static void markdown_class(struct lister *l, const struct field_class *c)
{
	struct buf name = { 0 };

	(void)l;
	add_name(&name, c);
	printf("## Field Class: %s\n\n", buf_str(&name));
	if (c->help && c->help[0])
		printf("%s\n\n", c->help);
	printf("Event Sources: %s\n\nName | Type | Description\n:----|:-----|:-----------\n",
	       source_of(c));
	buf_fini(&name);
}

static void markdown_field(struct lister *l, const struct field *f)
{
	bool list = f->flags & FF_LIST;

	(void)l;
	printf("`%s` | %s%s%s | %s\n", f->name, list ? "LIST(" : "", param_type_name(f->type),
	       list ? ")" : "", f->help ? f->help : "");
}

/* ---- JSON --------------------------------------------------------------------------- */

static void json_class(struct lister *l, const struct field_class *c)
{
	struct buf name = { 0 };

	add_name(&name, c);
	l->fields = json_array();
	json_array_append_new(l->classes,
			      json_pack("{s:s, s:s, s:[s], s:o}", "name", buf_str(&name), "desc",
					c->help ? c->help : "", "event_sources", source_of(c),
					"fields", l->fields));
	buf_fini(&name);
}

static json_t *argument(u32 flags)
{
	json_t *types = json_array();

	if (!(flags & (FF_ARG_REQUIRED | FF_ARG_ALLOWED))) {
		json_decref(types);
		return json_null();
	}
	if (flags & FF_ARG_INDEX)
		json_array_append_new(types, json_string("INDEX"));
	if (flags & FF_ARG_KEY)
		json_array_append_new(types, json_string("KEY"));
	return json_pack("{s:b, s:o}", "required", !!(flags & FF_ARG_REQUIRED), "type", types);
}

static void json_field(struct lister *l, const struct field *f)
{
	json_array_append_new(l->fields,
			      json_pack("{s:s, s:s, s:s, s:b, s:o}", "name", f->name, "type",
					param_type_name(f->type), "desc", f->help ? f->help : "",
					"is_list", !!(f->flags & FF_LIST), "argument",
					argument(f->flags)));
}

static void print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
	putchar('\n');
	json_decref(json);
}

static void json_end(struct lister *l)
{
	(void)l;
}

/* ---- names only --------------------------------------------------------------------- */

static void no_class(struct lister *l, const struct field_class *c)
{
	(void)l;
	(void)c;
}

static void name_field(struct lister *l, const struct field *f)
{
	(void)l;
	printf("%s\n", f->name);
}

static void json_name_field(struct lister *l, const struct field *f)
{
	json_array_append_new(l->classes, json_string(f->name));
}

static const struct list_ops printers[] = {
	[LIST_TEXT] = { text_class, text_field, text_end },
	[LIST_MARKDOWN] = { markdown_class, markdown_field, text_end },
	[LIST_JSON] = { json_class, json_field, json_end },
};

static const struct list_ops name_printers[] = {
	[LIST_TEXT] = { no_class, name_field, json_end },
	[LIST_MARKDOWN] = { no_class, name_field, json_end },
	[LIST_JSON] = { no_class, json_name_field, json_end },
};

static bool is_listed(const struct field_class *c, const char *source)
{
	return !c->hidden && (!source || !c->source || !strcmp(c->source, source));
}

int list_fields(const struct field_set *fields, const char *source, enum list_format format,
		bool names_only, bool types)
{
	const struct list_ops *ops = names_only ? &name_printers[format] : &printers[format];
	struct lister l = { .types = types, .classes = json_array() };

	if (source && strcmp(source, "syscall")) {
		json_decref(l.classes);
		return -EINVAL;
	}
	for (u32 i = 0; i < fields->n; i++) {
		const struct field_class *c = fields->classes[i];

		if (!is_listed(c, source))
			continue;
		ops->class(&l, c);
		for (u32 j = 0; j < c->n; j++)
			if (!(c->rows[j].flags & (FF_HIDDEN | FF_DEPRECATED)))
				ops->field(&l, &c->rows[j]);
		ops->end(&l);
	}
	if (format == LIST_JSON)
		print_json(
			json_pack("{s:O}", names_only ? "fieldnames" : "fieldclasses", l.classes));
	json_decref(l.classes);
	return 0;
}
