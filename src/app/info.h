/* SPDX-License-Identifier: Apache-2.0 */
/* What the print options say about the program itself, on standard output. */
#ifndef SAKER_APP_INFO_H
#define SAKER_APP_INFO_H

#include "app/cmdline.h"

#define INFO_SCHEMA_VERSION "4.5.1"	/* of the event table */

void info_print_help(void);
json_t *info_versions(void);	/* a new reference */
void info_print_version(bool json);
void info_print_ignored(void);
void info_print_config_schema(void);
void info_print_rule_schema(void);
int info_print_support(const struct cmdline *cmd, const struct config *c,
		       const struct strlist *rules);
const char *info_machine(void);		/* "x86_64" */
/* "Linux version 6.18.0 ..." */
const char *info_system(void);

#endif
