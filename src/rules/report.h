/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with rules files and where: contexts and the collecting side of reports.
 *
 * A context is a chain of locations from the file down to the key at hand.  Contexts live
 * in the arena of the file they describe; a report copies what it needs from them, so it
 * outlives them.
 */
#ifndef SAKER_RULES_REPORT_H
#define SAKER_RULES_REPORT_H

#include "base/mem.h"
#include "base/vec.h"
#include "base/yaml.h"
#include "rules/rules.h"

/* The two about extensions are for loaders that others add to Falco's engine: nothing raises them here. */
enum load_code {
	LOAD_ERR_FILE_READ, LOAD_ERR_YAML_PARSE, LOAD_ERR_YAML_VALIDATE,
	LOAD_ERR_COMPILE_CONDITION, LOAD_ERR_COMPILE_OUTPUT, LOAD_ERR_VALIDATE,
	LOAD_ERR_EXTENSION,
	/* warnings */
	LOAD_UNKNOWN_SOURCE, LOAD_UNSAFE_NA_CHECK, LOAD_NO_EVTTYPE, LOAD_UNKNOWN_FILTER,
	LOAD_UNUSED_MACRO, LOAD_UNUSED_LIST, LOAD_UNKNOWN_ITEM, LOAD_DEPRECATED_ITEM,
	LOAD_WARNING_EXTENSION, LOAD_APPEND_NO_VALUES, LOAD_EXCEPTION_NAME_NOT_UNIQUE,
	LOAD_INVALID_MACRO_NAME, LOAD_INVALID_LIST_NAME, LOAD_COMPILE_CONDITION,
	LOAD_UNKNOWN_KEY,
	LOAD_CODE_MAX,
};

/* One rules file; name and text live in the arena. */
struct rules_file {
	struct rules_file *next;
	struct arena a;
	const char *name;
	const char *text;
	size_t len;
};

struct ctx {
	const struct ctx *parent;	/* NULL: the file itself */
	const struct rules_file *file;
	const char *type;		/* "rule", "macro condition"... */
	const char *name;		/* of the item; "" when it has none */
	const char *where;		/* name of the file, or a quoted piece of a condition */
	u32 line, col;			/* from 0 */
	u64 offset;
	const char *text;		/* NULL: of the file; else the condition it points into */
	size_t len;
};

const struct ctx *ctx_file(struct rules_file *f);
/* One that is not kept: elements of lists are too many for that. */
struct ctx ctx_at(const struct ctx *parent, const char *type, const char *name,
		  const struct yaml_node *n);
const struct ctx *ctx_node(struct arena *a, const struct ctx *parent, const char *type,
			   const char *name, const struct yaml_node *n);
const struct ctx *ctx_error(struct arena *a, const struct ctx *parent, const struct diag *d);
/* A place within a condition; d NULL or without position: the condition as a whole. */
const struct ctx *ctx_expr(struct arena *a, const struct ctx *parent, const char *text, size_t len,
			   const struct diag *d);

struct rules_report *report_new(const char *name);
/* Always -EINVAL, so that a caller can return it. */
int report_error(struct rules_report *r, enum load_code code, const struct ctx *c,
		 const char *fmt, ...) PRINTF(4, 5);
void report_warn(struct rules_report *r, enum load_code code, const struct ctx *c,
		 const char *fmt, ...) PRINTF(4, 5);
/* The word that was probably meant (NULL: none), to the error or warning that was reported last. */
void report_meant(struct rules_report *r, const char *word);
void report_deprecated(struct rules_report *r, const struct ctx *c, const char *field,
		       const char *msg);
/* What may be worth a look, and is neither wrong nor in the report's texts. */
void report_remark(struct rules_report *r, const char *fmt, ...) PRINTF(2, 3);
void report_fatal(struct rules_report *r, const char *msg);
/* What the rules ask for is not there: nothing else needs to be told. */
void report_unmet(struct rules_report *r, const char *msg);
/* The file was checked against the schema: with no complaint until report_schema() adds one. */
void report_schema_checked(struct rules_report *r);
void report_schema(struct rules_report *r, const char *fmt, ...) PRINTF(2, 3);

#endif
