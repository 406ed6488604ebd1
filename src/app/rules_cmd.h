/* SPDX-License-Identifier: Apache-2.0 */
/*
 * saker rules: what the loaded rules need and become.  One row for each thing it can tell
 * (struct rules_flag), in a file of its own; the list of them is in rules_cmd.c.
 */
#ifndef SAKER_APP_RULES_CMD_H
#define SAKER_APP_RULES_CMD_H

#include "app/config.h"
#include "base/similar.h"

/* From the command line. */
struct rules_request {
	bool given;		/* the command is "rules" */
	bool json;
	u32 what;		/* bits: rows of rules_cmd.c */
};

struct rules_call {
	const struct config *cfg;
	struct ruleset *set;
	bool verbose;
};

struct rules_flag {
	const char *name;	/* of the option, and of the member of the JSON object */
	const char *help;
	json_t *(*tell)(const struct rules_call *k);	/* a new reference */
	/* The same as text: what is what tell() gave. */
	void (*print)(const json_t *what, bool verbose, struct buf *out);
};

extern const struct rules_flag rules_flag_syscalls, rules_flag_explain;

/* Is this (without the "--") an option of saker rules?  Then it is taken. */
bool rules_cmd_option(struct rules_request *q, const char *name, size_t len);
/* All of them. */
void rules_cmd_offer(struct similar *s);
/* -EINVAL when there is nothing to do. */
int rules_cmd_check(const struct rules_request *q, struct diag *d);
void rules_cmd_help(void);
/* Prints what was asked for to standard output. */
void rules_cmd(const struct rules_request *q, const struct rules_call *k);

#endif
