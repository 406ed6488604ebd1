/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rowdump: the rows of events, system calls and fields as this build has them, as JSON;
 * tests/cli/tables.py makes docs/events.md and docs/fields.md of it.
 */
#include <jansson.h>
#include <stdio.h>

#include "event/table.h"
#include "field/field.h"

static const struct {
	u32 flag;
	const char *name;
} categories[] = {
	{ EC_OTHER, "other" },
	{ EC_FILE, "file" },
	{ EC_NET, "net" },
	{ EC_IPC, "ipc" },
	{ EC_MEMORY, "memory" },
	{ EC_PROCESS, "process" },
	{ EC_SLEEP, "sleep" },
	{ EC_SYSTEM, "system" },
	{ EC_SIGNAL, "signal" },
	{ EC_USER, "user" },
	{ EC_TIME, "time" },
	{ EC_PROCESSING, "processing" },
	{ EC_IO_READ, "read" },
	{ EC_IO_WRITE, "write" },
	{ EC_IO_OTHER, "io" },
	{ EC_WAIT, "wait" },
	{ EC_SCHEDULER, "scheduler" },
	{ EC_INTERNAL, "internal" },
};

static const struct {
	u32 flag;
	const char *name;
} flags[] = {
	{ FF_FILTER_ONLY, "FILTER_ONLY" },
	{ FF_PRINT_ONLY, "PRINT_ONLY" },
	{ FF_ARG_REQUIRED, "ARG_REQUIRED" },
	{ FF_HIDDEN, "HIDDEN" },
	{ FF_LIST, "LIST" },
	{ FF_ARG_ALLOWED, "ARG_ALLOWED" },
	{ FF_ARG_INDEX, "ARG_INDEX" },
	{ FF_ARG_KEY, "ARG_KEY" },
	{ FF_DEPRECATED, "DEPRECATED" },
	{ FF_NO_TRANSFORMER, "NO_TRANSFORMER" },
	{ FF_NO_RHS, "NO_RHS" },
	{ FF_SUGGESTED, "SUGGESTED" },
	{ FF_ANY, "ANY" },
	{ FF_ENDS, "ENDS" },
	{ FF_FD_TABLE, "FD_TABLE" },
	{ FF_ARG_DOT, "ARG_DOT" },
	{ FF_FD_LIMIT, "FD_LIMIT" },
};

static const char *category_name(u32 category)
{
	for (u32 i = 0; i < ARRAY_SIZE(categories); i++)
		if ((category & EC_BASE) == categories[i].flag)
			return categories[i].name;
	return "";
}

static json_t *params(const struct event_desc *d)
{
	json_t *all = json_array();

	for (u32 i = 0; i < d->nparams + d->nextra; i++) {
		const struct param_desc *p = &d->params[i];

		json_array_append_new(all, json_pack("{s:s, s:s, s:b}", "name", p->name, "type",
						     param_type_name(p->type), "extra",
						     i >= d->nparams));
	}
	return all;
}

static json_t *events(void)
{
	json_t *all = json_array();

	for (u32 type = 0; type < EV_MAX; type++) {
		const struct event_desc *d = event_desc(type);

		if (d->flags & EF_UNUSED)
			continue;
		json_array_append_new(
			all, json_pack("{s:i, s:s, s:s, s:b, s:b, s:s, s:b, s:o}", "number",
				       (int)type, "id", d->id, "name", d->name, "captured",
				       d->captured, "enter", event_is_enter(type), "category",
				       category_name(d->category), "syscall",
				       !!(d->category & EC_SYSCALL), "params", params(d)));
	}
	return all;
}

static json_t *syscalls(void)
{
	json_t *all = json_array();

	for (u32 code = 1; code < SC_MAX; code++) {
		const struct syscall_desc *s = syscall_desc(code);

		if (s)
			json_array_append_new(all, json_pack("{s:s, s:s}", "name", s->name,
							     "event", event_desc(s->event)->id));
	}
	return all;
}

static json_t *field(const struct field *f)
{
	json_t *names = json_array();

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++)
		if (f->flags & flags[i].flag)
			json_array_append_new(names, json_string(flags[i].name));
	return json_pack("{s:s, s:s, s:s, s:o}", "name", f->name, "type", param_type_name(f->type),
			 "help", f->help ? f->help : "", "flags", names);
}

static json_t *fields(void)
{
	const struct field_set *set = field_builtin();
	json_t *all = json_array();

	for (u32 i = 0; i < set->n; i++) {
		const struct field_class *c = set->classes[i];
		json_t *rows = json_array();

		for (u32 j = 0; j < c->n; j++)
			json_array_append_new(rows, field(&c->rows[j]));
		json_array_append_new(all,
				      json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "name", c->name,
						"desc", c->desc ? c->desc : "", "help",
						c->help ? c->help : "", "source",
						c->source ? c->source : "", "hidden", c->hidden,
						"rows", rows));
	}
	return all;
}

int main(void)
{
	json_t *all = json_pack("{s:o, s:o, s:o}", "events", events(), "syscalls", syscalls(),
				"fields", fields());

	if (!all || json_dumpf(all, stdout, JSON_INDENT(1))) {
		fprintf(stderr, "rowdump: a row cannot be written as JSON\n");
		return 1;
	}
	putchar('\n');
	json_decref(all);
	return 0;
}
