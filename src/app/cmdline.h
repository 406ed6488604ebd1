/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one row for each option, from which --help is printed. */
#ifndef SAKER_APP_CMDLINE_H
#define SAKER_APP_CMDLINE_H

#include "app/config.h"
#include "app/rules_cmd.h"

#define CONFIG_PATH "/etc/saker/saker.yaml"	/* when -c is not given */

enum list_format { LIST_TEXT, LIST_MARKDOWN, LIST_JSON };

struct cmdline {	/* strings are those of argv */
	int argc;
	char **argv;
	struct rules_request rules_cmd;
	bool userspace, doctor, help, version, dry_run, unbuffered, verbose, page_size, support;
	bool config_schema, rule_schema, ignored, names_only, markdown;
	bool list_rules, list_events, list_metrics, list_plugins;
	bool list_fields;		/* --list given */
	const char *list_source;	/* its value, or NULL */
	const char *config, *list_rule, *pidfile, *print, *plugin_info, *format_name;
	enum list_format format;
	u64 seconds;			/* -M; 0: no limit */
	char **program;			/* what follows "--" after --userspace; NULL: nothing */
	struct strlist pids;		/* --pid */
	struct strlist rules, validate, options, enable_sources, disable_sources;
};

/* 0, or -EINVAL with a message for the user. */
int cmdline_parse(struct cmdline *c, struct arena *a, int argc, char **argv, struct diag *d);
void cmdline_help(struct buf *out);
/* Appends to a list that lives in the arena. */
void cmdline_add(struct arena *a, struct strlist *l, const char *value);

#endif
