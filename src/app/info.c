/* SPDX-License-Identifier: Apache-2.0 */
#include "app/info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "app/interest.h"
#include "event/table.h"

#define PLUGIN_API_VERSION "3.12.0"
#define DRIVER_API_VERSION "10.1.0"

static struct utsname system_name;

static const struct utsname *get_system(void)
{
	if (!system_name.sysname[0])
		uname(&system_name);
	return &system_name;
}

const char *info_machine(void)
{
	return get_system()->machine;
}

const char *info_system(void)
{
	static char text[1024];
	FILE *f = fopen("/proc/version", "re");

	if (!f || !fgets(text, sizeof(text), f))
		snprintf(text, sizeof(text), "%s %s", get_system()->sysname, get_system()->release);
	if (f)
		fclose(f);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

void info_print_help(void)
{
	struct buf out = { 0 };

	cmdline_help(&out);
	fwrite(out.p, 1, out.len, stdout);
	buf_fini(&out);
}

static void print_json(json_t *json, size_t flags)
{
	json_dumpf(json, stdout, JSON_SORT_KEYS | flags);
	putchar('\n');
	json_decref(json);
}

/* Falco's keys stay for programs that read them; saker's own stand beside them. */
static const struct {
	const char *key, *label, *value;
} versions[] = {
	{ "saker_version", "Saker version: ", SAKER_VERSION },
	{ "falco_version", NULL, SAKER_VERSION },
	{ "libs_version", "Libs version:  ", SAKER_VERSION },
	{ "plugin_api_version", "Plugin API:    ", PLUGIN_API_VERSION },
	{ "engine_version_semver", "Engine:        ", RULES_ENGINE_VERSION },
	{ NULL, "Driver:", "" },
	{ "driver_api_version", "  API version:    ", DRIVER_API_VERSION },
	{ "driver_schema_version", "  Schema version: ", INFO_SCHEMA_VERSION },
	{ "default_driver_version", "  Default driver: ", SAKER_VERSION },
};

static json_t *engine_minor(void)
{
	const char *dot = strchr(RULES_ENGINE_VERSION, '.') + 1;

	return json_stringn(dot, strcspn(dot, "."));
}

json_t *info_versions(void)
{
	json_t *all = json_object();

	for (u32 i = 0; i < ARRAY_SIZE(versions); i++)
		if (versions[i].key)
			json_object_set_new(all, versions[i].key, json_string(versions[i].value));
	json_object_set_new(all, "engine_version", engine_minor());
	return all;
}

void info_print_version(bool json)
{
	if (json) {
		print_json(info_versions(), JSON_COMPACT);
		return;
	}
	for (u32 i = 0; i < ARRAY_SIZE(versions); i++)
		if (versions[i].label)
			printf("%s%s\n", versions[i].label, versions[i].value);
}

/* In Falco's order, which programs and tests may have seen. */
static const char *const ignored_order[] = {
	"sendfile", "preadv", "readv", "pread", "recv", "send", "pwritev", "writev", "write", "pwrite", "read",
};

static u32 ignored_rank(const char *name)
{
	u32 i = 0;

	while (i < ARRAY_SIZE(ignored_order) && strcmp(ignored_order[i], name))
		i++;
	return i;
}

static int compare_ignored(const void *a, const void *b)
{
	u32 x = ignored_rank(*(const char *const *)a), y = ignored_rank(*(const char *const *)b);

	return x < y ? -1 : x > y;
}

/* Several calls may share an event: one line for each event. */
void info_print_ignored(void)
{
	bool seen[EV_MAX] = { false };
	const char *names[EV_MAX] = { NULL };
	u32 n = 0;

	for (u32 code = 1; code < SC_MAX; code++) {
		const struct syscall_desc *s = interest_is_heavy(code) ? syscall_desc(code) : NULL;
		const struct event_desc *e = s ? event_desc(s->event) : NULL;

		if (!e || seen[s->event])
			continue;
		seen[s->event] = true;
		names[n++] = e->name;
	}
	qsort(names, n, sizeof(*names), compare_ignored);
	printf("Ignored syscall(s):\n");
	for (u32 i = 0; i < n; i++)
		printf("- %s\n", names[i]);
	putchar('\n');
}

/* ---- schemas ------------------------------------------------------------------------ */

static void print_schema(const struct shape *shape, bool variables)
{
	json_t *schema = shape_json(shape, variables);

	json_object_set_new(schema, "$schema", json_string("http://json-schema.org/draft-06/schema#"));
	print_json(schema, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
}

void info_print_config_schema(void)
{
	struct arena a;

	arena_init(&a);
	print_schema(config_shape(&a), true);
	arena_fini(&a);
}

void info_print_rule_schema(void)
{
	print_schema(rules_shape(), false);
}

/* ---- --support ---------------------------------------------------------------------- */

static json_t *command_line(const struct cmdline *cmd)
{
	struct buf b = { 0 };
	json_t *json;

	for (int i = 0; i < cmd->argc; i++)
		buf_addf(&b, "%s%s", i ? " " : "", cmd->argv[i]);
	json = json_string(buf_str(&b));
	buf_fini(&b);
	return json ? json : json_null();
}

static json_t *file_text(const char *path)
{
	struct arena a;
	json_t *json = NULL;
	char *text;
	size_t len;

	arena_init(&a);
	if (!doc_read_file(&a, path, &text, &len))
		json = json_stringn(text, len);
	arena_fini(&a);
	return json ? json : json_null();
}

int info_print_support(const struct cmdline *cmd, const struct config *c,
		       const struct strlist *rules)
{
	const struct utsname *u = get_system();
	json_t *all = json_object(), *files = json_array();

	for (u32 i = 0; i < rules->n; i++)
		json_array_append_new(files,
				      json_pack("{s:s, s:[{s:o}]}", "name", rules->p[i], "variants",
						"content", file_text(rules->p[i])));
	json_object_set_new(all, "system_info",
			    json_pack("{s:s, s:s, s:s, s:s, s:s}", "sysname", u->sysname,
				      "nodename", u->nodename, "release", u->release, "version",
				      u->version, "machine", u->machine));
	json_object_set_new(all, "version", json_string(SAKER_VERSION));
	json_object_set_new(all, "engine_info", info_versions());
	json_object_set_new(all, "cmdline", command_line(cmd));
	json_object_set_new(all, "config", file_text(c->path));
	json_object_set_new(all, "rules_files", files);
	print_json(all, JSON_COMPACT);
	return 0;
}
