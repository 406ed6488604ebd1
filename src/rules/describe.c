/* SPDX-License-Identifier: Apache-2.0 */
/* What the options -L and -l tell about rules, macros and lists. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/table.h"
#include "output/format.h"
#include "rules/compile.h"

#define NAME_COLUMN 50
#define TEXT_COLUMN 59

/* ---- sets of names ------------------------------------------------------------------ */

/* Strings in an arena; sorted, each once, when they become JSON. */
struct nameset {
	struct arena *a;
	VEC(const char *) v;
};

static void set_add(struct nameset *s, const char *p, size_t n)
{
	vec_push(&s->v, arena_memdup0(s->a, p, n));
}

static void set_adds(struct nameset *s, const char *p)
{
	set_add(s, p, strlen(p));
}

static void set_addb(struct nameset *s, struct buf *b)
{
	set_add(s, buf_str(b), b->len);
	buf_clear(b);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *text_json(const char *p, size_t n)
{
	json_t *j = json_stringn(p, n);
	struct buf b = { 0 };

	if (j)
		return j;
	buf_addc(&b, '"');
	buf_add_json(&b, p, n);
	buf_addc(&b, '"');
	j = json_loadb(b.p, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	buf_fini(&b);
	return j;
}

static json_t *str_json(const char *s)
{
	return text_json(s, strlen(s));
}

static json_t *sorted_json(struct nameset *s, bool once)
{
	json_t *j = json_array();

	if (s->v.n)
		qsort(s->v.p, s->v.n, sizeof(*s->v.p), compare);
	for (size_t i = 0; i < s->v.n; i++) {
		if (!i || !once || strcmp(s->v.p[i - 1], s->v.p[i]))
			json_array_append_new(j, str_json(s->v.p[i]));
	}
	vec_fini(&s->v);
	return j;
}

/* Frees the set. */
static json_t *set_json(struct nameset *s)
{
	return sorted_json(s, true);
}

static json_t *names_json(const struct names *n)
{
	json_t *j = json_array();

	for (u32 i = 0; i < n->n; i++)
		json_array_append_new(j, str_json(n->p[i]));
	return j;
}

/* ---- conditions ----------------------------------------------------------------------- */

/* What a description needs at hand; a is for the description at hand only. */
struct teller {
	const struct compiled *c;
	struct arena a;
	struct filter_pool *pool;
};

struct uses {
	struct nameset fields, ops, macros, lists;
};

static void add_op(struct nameset *ops, const struct ast *n)
{
	static const char *const modifiers[] = {
		[MOD_ONEOF] = " oneof", [MOD_ANYOF] = " anyof", [MOD_ALLOF] = " allof",
	};
	struct buf b = { 0 };

	buf_adds(&b, filter_op_name(n->op));
	if (n->modifier != MOD_NONE)
		buf_adds(&b, modifiers[n->modifier]);
	set_addb(ops, &b);
	buf_fini(&b);
}

static void add_field(struct nameset *fields, const struct ast *n)
{
	struct ast plain = *n;
	struct buf b = { 0 };

	plain.val = false;
	filter_print(&plain, &b);
	set_addb(fields, &b);
	buf_fini(&b);
}

static bool is_list(const struct compiled *c, const struct ast *n)
{
	return strmap_get(&c->list_at, n->text, n->text_len) != NULL;
}

static void collect_uses(const struct compiled *c, const struct ast *n, struct uses *u)
{
	switch (n->kind) {
	case AST_CHECK:
		add_op(&u->ops, n);
		break;
	case AST_FIELD:
		add_field(&u->fields, n);
		break;
	case AST_MACRO:
		set_add(&u->macros, n->text, n->text_len);
		break;
	case AST_VALUE:
	case AST_LIST_NAME:
		if (is_list(c, n))
			set_add(&u->lists, n->text, n->text_len);
		break;
	default:
		break;
	}
	for (u32 i = 0; i < n->n; i++)
		collect_uses(c, n->kids[i], u);
}

static void uses_init(struct uses *u, struct arena *a)
{
	*u = (struct uses){ { .a = a }, { .a = a }, { .a = a }, { .a = a } };
}

static void uses_fini(struct uses *u)
{
	vec_fini(&u->fields.v);
	vec_fini(&u->ops.v);
	vec_fini(&u->macros.v);
	vec_fini(&u->lists.v);
}

/* Macros and lists that the condition itself names, as it is written in the file. */
static void add_named(struct teller *t, const struct text *cond, json_t *details)
{
	struct diag d = { 0 };
	struct ast *raw;
	struct uses u;

	uses_init(&u, &t->a);
	if (!filter_parse(&t->a, cond->p, cond->len, FILTER_DEPTH_MAX, &raw, &d))
		collect_uses(t->c, raw, &u);
	json_object_set_new(details, "macros", set_json(&u.macros));
	json_object_set_new(details, "lists", set_json(&u.lists));
	uses_fini(&u);
	diag_fini(&d);
}

/* Fields and operators with all macros and lists in place. */
static void add_used(struct teller *t, const struct ast *tree, json_t *details)
{
	struct buf b = { 0 };
	struct uses u;

	uses_init(&u, &t->a);
	collect_uses(t->c, tree, &u);
	json_object_set_new(details, "condition_operators", set_json(&u.ops));
	json_object_set_new(details, "condition_fields", set_json(&u.fields));
	filter_print(tree, &b);
	json_object_set_new(details, "condition_compiled", text_json(buf_str(&b), b.len));
	uses_fini(&u);
	buf_fini(&b);
}

static bool is_generic(u32 type)
{
	return type == EV_GENERIC_E || type == EV_GENERIC_X;
}

/*
 * Syscalls that are told by their own names: those without an event type, but not the
 * placeholder in the table; and select under its other name, as Falco does.
 */
static bool has_own_name(u32 sc)
{
	const struct syscall_desc *d = syscall_desc(sc);

	return d && sc != SC_na_1 && (is_generic(d->event) || sc == SC__newselect);
}

/* Names as evt.type has them. */
static void add_event_names(struct nameset *s, const struct event_set *events)
{
	for (u32 sc = 0; sc < SC_MAX; sc++) {
		if (has_own_name(sc) && event_set_has_sc(events, sc))
			set_adds(s, syscall_desc(sc)->name);
	}
	for (u32 type = 0; type < EV_MAX; type++) {
		if (event_set_has(events, type) && !is_generic(type))
			set_adds(s, event_desc(type)->name);
	}
	/* types of accept4 from old captures are named accept */
	if (event_set_has(events, EV_SOCKET_ACCEPT4_5_X))
		set_adds(s, syscall_desc(SC_accept4)->name);
	set_adds(s, event_desc(EV_ASYNCEVENT_E)->name);
}

static void add_events(struct teller *t, const struct ast *tree, json_t *details)
{
	struct nameset s = { .a = &t->a };
	struct event_set events;
	struct diag d = { 0 };

	event_set_fill(&events, false);
	if (!filter_events(t->pool, tree, &events, &d))
		add_event_names(&s, &events);
	json_object_set_new(details, "events", set_json(&s));
	diag_fini(&d);
}

/* ---- rules ------------------------------------------------------------------------------ */

static void add_entry(struct nameset *s, const struct entry *e)
{
	if (!e->is_list)
		set_adds(s, e->s);
	for (u32 i = 0; i < e->n; i++)
		set_adds(s, e->items[i].s);
}

static void add_exceptions(struct teller *t, const struct rule_item *r, json_t *details)
{
	struct nameset names = { .a = &t->a }, fields = { .a = &t->a }, ops = { .a = &t->a };

	for (u32 i = 0; i < r->exceptions.n; i++) {
		const struct exception *ex = &r->exceptions.p[i];

		set_adds(&names, ex->name);
		if (!ex->nvalues)
			continue;
		add_entry(&fields, &ex->fields);
		add_entry(&ops, &ex->comps);
	}
	json_object_set_new(details, "exception_names", set_json(&names));
	json_object_set_new(details, "exception_fields", set_json(&fields));
	json_object_set_new(details, "exception_operators", set_json(&ops));
}

/* Length of "name(...)" at s, 0 when there is no such thing. */
static size_t transformer_len(const char *s)
{
	size_t n = 0;
	u32 open = 0;

	while (islower((unsigned char)s[n]) || isdigit((unsigned char)s[n]))
		n++;
	if (!n || s[n] != '(')
		return 0;
	for (; s[n]; n++) {
		open += s[n] == '(';
		open -= s[n] == ')';
		if (!open)
			return n + 1;
	}
	return 0;
}

/* A transformer and the fields in it. */
static void add_transformer(struct teller *t, const char *p, size_t n, struct nameset *fields)
{
	struct buf b = { 0 };
	struct diag d = { 0 };
	struct ast *tree;
	struct uses u;

	uses_init(&u, &t->a);
	set_add(fields, p, n);
	buf_add(&b, p, n);
	buf_adds(&b, " exists");
	if (!filter_parse(&t->a, b.p, b.len, FILTER_DEPTH_MAX, &tree, &d))
		collect_uses(t->c, tree, &u);
	for (size_t i = 0; i < u.fields.v.n; i++)
		set_adds(fields, u.fields.v.p[i]);
	uses_fini(&u);
	diag_fini(&d);
	buf_fini(&b);
}

/* Each time that the output names a field counts. */
static void add_output_fields(struct teller *t, const struct crule *r, json_t *details)
{
	struct nameset s = { .a = &t->a };

	for (const char *p = r->output; (p = strchr(p, '%'));) {
		struct diag d = { 0 };
		struct field_ref ref;
		size_t n;

		p++;
		p += strspn(p, "0123456789*");
		n = transformer_len(p);
		if (n)
			add_transformer(t, p, n, &s);
		else if (!field_parse(t->c->opt->fields, p, strlen(p), &t->a, &ref, &n, &d))
			set_add(&s, p, n);
		diag_fini(&d);
	}
	json_object_set_new(details, "output_fields", sorted_json(&s, false));
}

static void add_extra(const struct crule *r, json_t *details)
{
	json_t *formatted;

	if (!r->nextra)
		return;
	formatted = json_object();
	for (u32 i = 0; i < r->nextra; i++)
		json_object_set_new(formatted, r->extra[i].key, str_json(r->extra[i].format));
	json_object_set_new(details, "extra_output_formatted_fields", formatted);
}

static json_t *rule_info(const struct rule_item *r)
{
	json_t *j = json_object();

	json_object_set_new(j, "name", str_json(r->name));
	json_object_set_new(j, "condition", text_json(r->cond.p, r->cond.len));
	json_object_set_new(j, "priority", str_json(priority_name(r->priority)));
	json_object_set_new(j, "output", text_json(r->output.p, r->output.len));
	json_object_set_new(j, "description", text_json(r->desc.p, r->desc.len));
	json_object_set_new(j, "enabled", json_boolean(r->enabled));
	json_object_set_new(j, "source", str_json(r->source));
	json_object_set_new(j, "capture", json_boolean(r->capture));
	json_object_set_new(j, "capture_duration", json_integer(r->capture_duration));
	json_object_set_new(j, "tags", names_json(&r->tags));
	return j;
}

static json_t *rule_json(struct teller *t, const struct crule *r)
{
	json_t *details = json_object(), *j = json_object();

	add_named(t, &r->item->cond, details);
	add_used(t, r->tree, details);
	add_events(t, r->tree, details);
	add_exceptions(t, r->item, details);
	add_output_fields(t, r, details);
	add_extra(r, details);
	json_object_set_new(details, "output_compiled", str_json(r->output));
	json_object_set_new(details, "plugins", json_array());
	json_object_set_new(j, "info", rule_info(r->item));
	json_object_set_new(j, "details", details);
	arena_reset(&t->a);
	return j;
}

/* ---- macros and lists --------------------------------------------------------------------- */

static json_t *macro_json(struct teller *t, const struct cmacro *m)
{
	json_t *info = json_object(), *details = json_object(), *j = json_object();

	json_object_set_new(info, "name", str_json(m->item->name));
	json_object_set_new(info, "condition", text_json(m->item->cond.p, m->item->cond.len));
	json_object_set_new(details, "used", json_boolean(m->used));
	add_named(t, &m->item->cond, details);
	add_used(t, m->tree, details);
	add_events(t, m->tree, details);
	json_object_set_new(details, "plugins", json_array());
	json_object_set_new(j, "info", info);
	json_object_set_new(j, "details", details);
	arena_reset(&t->a);
	return j;
}

static json_t *list_json(struct teller *t, const struct clist *l)
{
	json_t *info = json_object(), *details = json_object(), *items = json_array(),
	       *j = json_object();
	struct nameset lists = { .a = &t->a };

	for (u32 i = 0; i < l->item->items.n; i++) {
		const char *s = l->item->items.p[i];

		if (strmap_gets(&t->c->list_at, s))
			set_adds(&lists, s);
		else
			json_array_append_new(items, str_json(s));
	}
	json_object_set_new(info, "name", str_json(l->item->name));
	json_object_set_new(info, "items", items);
	json_object_set_new(details, "used", json_boolean(l->used));
	json_object_set_new(details, "lists", set_json(&lists));
	json_object_set_new(details, "items_compiled", names_json(&l->items));
	json_object_set_new(details, "plugins", json_array());
	json_object_set_new(j, "info", info);
	json_object_set_new(j, "details", details);
	arena_reset(&t->a);
	return j;
}

/* ---- everything ------------------------------------------------------------------------------ */

static json_t *want_json(const struct plugin_want *w)
{
	json_t *j = json_object();

	json_object_set_new(j, "name", str_json(w->name));
	json_object_set_new(j, "version", str_json(w->version));
	return j;
}

static json_t *plugins_json(const struct collection *col)
{
	json_t *all = json_array();

	for (size_t i = 0; i < col->plugins.n; i++) {
		const struct plugin_req *req = col->plugins.p[i];
		json_t *j = want_json(&req->alt[0]), *alt = json_array();

		for (u32 k = 1; k < req->n; k++)
			json_array_append_new(alt, want_json(&req->alt[k]));
		if (req->n > 1)
			json_object_set(j, "alternatives", alt);
		json_decref(alt);
		json_array_append_new(all, j);
	}
	return all;
}

static void add_everything(struct teller *t, const struct collection *col, json_t *j)
{
	json_t *macros = json_array(), *lists = json_array();
	char version[40];

	snprintf(version, sizeof(version), "%u.%u.%u", col->engine[0], col->engine[1],
		 col->engine[2]);
	json_object_set_new(j, "required_engine_version", json_string(version));
	json_object_set_new(j, "required_plugin_versions", plugins_json(col));
	for (u32 i = 0; t->c && i < t->c->nmacros; i++)
		json_array_append_new(macros, macro_json(t, &t->c->macros[i]));
	for (u32 i = 0; t->c && i < t->c->nlists; i++)
		json_array_append_new(lists, list_json(t, &t->c->lists[i]));
	json_object_set_new(j, "macros", macros);
	json_object_set_new(j, "lists", lists);
}

json_t *rules_describe(struct rules *r, const char *rule)
{
	struct teller t = { .c = r->now };
	json_t *j = json_object(), *rules = json_array();

	arena_init(&t.a);
	t.pool = filter_pool_new(r->opt.fields);
	for (size_t i = 0; t.c && i < t.c->rules.n; i++) {
		if (!rule || !strcmp(t.c->rules.p[i].item->name, rule))
			json_array_append_new(rules, rule_json(&t, &t.c->rules.p[i]));
	}
	if (!rule)
		add_everything(&t, &r->col, j);
	if (rule && !json_array_size(rules)) {
		json_decref(j);
		json_decref(rules);
		j = NULL;
	} else {
		json_object_set_new(j, "rules", rules);
	}
	filter_pool_free(t.pool);
	arena_fini(&t.a);
	return j;
}

static void wrap(const char *s, size_t len, struct buf *out)
{
	size_t used = 0, i = 0, n;

	while (i < len) {
		if (isspace((unsigned char)s[i])) {
			i++;
			continue;
		}
		for (n = 0; i + n < len && !isspace((unsigned char)s[i + n]); n++)
			;
		if (used && used + n + 1 > TEXT_COLUMN) {
			buf_addf(out, "\n%*s", NAME_COLUMN + 1, "");
			used = 0;
		}
		buf_add(out, s + i, n);
		buf_addc(out, ' ');
		used += n + 1;
		i += n;
	}
}

int rules_describe_text(struct rules *r, const char *rule, struct buf *out)
{
	const struct compiled *c = r->now;
	int err = rule ? -ENOENT : 0;
	size_t start = out->len;

	buf_addf(out, "%-*s %s\n", NAME_COLUMN, "Rule", "Description");
	buf_addf(out, "%-*s %s\n", NAME_COLUMN, "----", "-----------");
	for (size_t i = 0; c && i < c->rules.n; i++) {
		const struct rule_item *item = c->rules.p[i].item;

		if (rule && strcmp(item->name, rule))
			continue;
		buf_addf(out, "%-*s ", NAME_COLUMN, item->name);
		wrap(item->desc.p, item->desc.len, out);
		buf_adds(out, "\n\n");
		err = 0;
	}
	if (err)
		out->len = start;
	return err;
}
