/* SPDX-License-Identifier: Apache-2.0 */
/* --list-metrics: the table of docs/metrics.md. */
#include <stdio.h>
#include <string.h>

#include "app/list.h"
#include "app/metrics.h"

/* What varies in a name, for readers. */
static const char *hole_of(const struct metric_row *row)
{
	static const struct {
		const char *part, *hole;
	} holes[] = {
		{ "_file", "FILE" }, { "rules", "RULE" }, { "syscall.", "SYSCALL" }, { "cpu", "N" }, { "tables", "TABLE" },
		{ "drops_buffer", "KIND" }, { "interfaces", "INTERFACE" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(holes); i++)
		if (strstr(row->json, holes[i].part))
			return holes[i].hole;
	return "PROGRAM";
}

static void add_prometheus(const struct metric_row *row, struct buf *out)
{
	const char *hole = strstr(row->prometheus, "%s");

	if (hole)
		buf_addf(out, "%.*sPROGRAM%s", (int)(hole - row->prometheus), row->prometheus, hole + 2);
	else
		buf_adds(out, row->prometheus);
}

static void list_row(const struct metric_row *row, bool json, bool first)
{
	const struct config mb = { .metrics.convert_memory = true };
	const char *type = row->type == METRIC_COUNTER ? "counter" : "gauge";
	const char *key = metric_group_key(row->group);
	struct buf name = { 0 }, prometheus = { 0 };

	if (row->json)
		metric_json_name(row, &mb, hole_of(row), &name);
	if (row->prometheus)
		add_prometheus(row, &prometheus);
	if (json)
		printf("%s{\"json\":\"%s\",\"prometheus\":\"%s\",\"type\":\"%s\",\"switch\":\"%s\",\"live\":%s,\"help\":\"%s\"}",
		       first ? "[" : ",\n ", buf_str(&name), buf_str(&prometheus), type, key ? key : "",
		       row->flags & METRIC_LIVE ? "true" : "false", row->help);
	else
		printf("| %s%s%s | %s%s%s | %s | %s | %s |\n", name.len ? "`" : "", name.len ? name.p : "-",
		       name.len ? "`" : "", prometheus.len ? "`" : "", prometheus.len ? prometheus.p : "-",
		       prometheus.len ? "`" : "", type, key ? key : "-", row->help);
	buf_fini(&name);
	buf_fini(&prometheus);
}

void list_metrics(enum list_format format)
{
	bool json = format == LIST_JSON;

	if (!json)
		printf("| JSON | Prometheus | type | switch | |\n|---|---|---|---|---|\n");
	for (u32 i = 0; i < metric_nrows; i++)
		list_row(&metric_rows[i], json, i == 0);
	if (json)
		printf("]\n");
}
