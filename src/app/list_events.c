/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "app/info.h"
#include "app/interest.h"
#include "app/list.h"
#include "event/table.h"

/* A line of the list: an event, or a syscall without an event of its own. */
struct entry {
	const struct event_desc *desc;	/* NULL: generic */
	const char *name;
	u32 type;
	bool enter;
};

static const struct category {
	u32 flag;
	const char *title;
} categories[] = {
	{ EC_SYSCALL, "Syscall events" },
	{ EC_TRACEPOINT, "Tracepoint events" },
	{ EC_PLUGIN, "Plugin events" },
	{ EC_METAEVENT, "Metaevents" },
};

struct event_list {
	enum list_format format;
	json_t *json;		/* of the present category */
};

static bool is_listed(const struct event_desc *d, u32 category)
{
	return d && d->category & category && !(d->flags & (EF_UNUSED | EF_OLD)) &&
	       (d->category & EC_BASE) != EC_UNKNOWN && strcmp(d->name, "syscall");
}

/* ---- parameters --------------------------------------------------------------------- */

static void add_flags(const struct param_desc *p, struct buf *out)
{
	const struct flag_table *t = event_flags(p->aux);

	for (u32 i = 0; t && i < t->n; i++)
		buf_addf(out, "%s%s", i ? ", " : ": ", t->flags[i].name);
}

static void add_params(const struct entry *e, struct buf *out)
{
	if (!e->desc) {
		buf_adds(out, "(SYSCALLID **ID**, UINT16 **nativeID**)");
		return;
	}
	buf_addc(out, '(');
	for (u32 i = 0; i < e->desc->nparams; i++) {
		const struct param_desc *p = &e->desc->params[i];

		buf_addf(out, "%s%s **%s**", i ? ", " : "", param_type_name(p->type), p->name);
		add_flags(p, out);
	}
	buf_addc(out, ')');
}

static json_t *json_param(const struct param_desc *p)
{
	json_t *json = json_pack("{s:s, s:s}", "type", param_type_name(p->type), "name", p->name);
	const struct flag_table *t = event_flags(p->aux);
	json_t *flags = json_array();

	for (u32 i = 0; t && i < t->n; i++)
		json_array_append_new(flags, json_string(t->flags[i].name));
	if (t)
		json_object_set(json, "flags", flags);
	json_decref(flags);
	return json;
}

static json_t *json_params(const struct entry *e)
{
	json_t *all = json_array();

	if (!e->desc) {
		json_array_append_new(all,
				      json_pack("{s:s, s:s}", "type", "SYSCALLID", "name", "ID"));
		json_array_append_new(
			all, json_pack("{s:s, s:s}", "type", "UINT16", "name", "nativeID"));
	}
	for (u32 i = 0; e->desc && i < e->desc->nparams; i++)
		json_array_append_new(all, json_param(&e->desc->params[i]));
	return all;
}

/* ---- entries ------------------------------------------------------------------------ */

/* Is it an event of calls that are left out because there are so many (-i)? */
static bool is_heavy(u32 type)
{
	for (u32 code = 1; code < SC_MAX; code++) {
		const struct syscall_desc *s = syscall_desc(code);

		if (s && s->event == type && interest_is_heavy(code))
			return true;
	}
	return false;
}

/*
 * In the set that is captured by default, when a rule wants it: events that a driver delivers, but for those of
 * -i.  Generic calls are captured at their ends.
 */
static bool is_captured(const struct entry *e)
{
	return e->desc ? e->desc->captured && !is_heavy(e->type) : !e->enter;
}

static void add_entry(struct event_list *l, const struct entry *e)
{
	const char *dir = e->enter ? ">" : "<";
	struct buf params = { 0 };

	if (l->format == LIST_JSON) {
		json_array_append_new(l->json, json_pack("{s:s, s:s, s:b, s:o}", "name", e->name,
							 "dir", dir, "available", is_captured(e),
							 "params", json_params(e)));
		return;
	}
	add_params(e, &params);
	if (l->format == LIST_MARKDOWN)
		printf("%s | `%s` | `%s` | %s\n", is_captured(e) ? "Yes" : "No", dir, e->name,
		       buf_str(&params));
	else
		printf("%s %s%s\n", dir, e->name, buf_str(&params));
	buf_fini(&params);
}

static void add_generic(struct event_list *l)
{
	for (u32 code = 1; code < SC_MAX; code++) {
		const struct syscall_desc *s = syscall_desc(code);

		if (!s || s->use & SU_USED)
			continue;
		add_entry(l, &(struct entry){ .name = s->name, .enter = true });
		add_entry(l, &(struct entry){ .name = s->name });
	}
}

static void add_category(struct event_list *l, const struct category *c)
{
	for (u32 type = 0; type < EV_MAX; type++) {
		const struct event_desc *d = event_desc(type);

		if (is_listed(d, c->flag))
			add_entry(l, &(struct entry){ .desc = d, .name = d->name, .type = type,
						      .enter = event_is_enter(type) });
	}
	if (c->flag == EC_SYSCALL)
		add_generic(l);
}

static void title(struct event_list *l, const struct category *c)
{
	if (l->format == LIST_JSON)
		return;
	printf("## %s\n\n", c->title);
	if (l->format == LIST_MARKDOWN)
		printf("Default | Dir | Name | Params \n:-------|:----|:-----|:-----\n");
}

void list_events(enum list_format format)
{
	struct event_list l = { .format = format };
	json_t *all = json_pack("{s:s}", "schema_version", INFO_SCHEMA_VERSION);

	if (format != LIST_JSON)
		printf("The events below are valid for Saker *Schema Version*: %s\n",
		       INFO_SCHEMA_VERSION);
	for (u32 i = 0; i < ARRAY_SIZE(categories); i++) {
		l.json = json_array();
		title(&l, &categories[i]);
		add_category(&l, &categories[i]);
		json_object_set_new(all, categories[i].title, l.json);
		if (format != LIST_JSON)
			putchar('\n');
	}
	if (format == LIST_JSON) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
}
