/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a collection means: lists with their lists put in, macros and conditions as trees,
 * outputs with what append_output adds.  Made anew after each file; all of it lives in one
 * arena and refers to the items.
 */
#ifndef SAKER_RULES_COMPILE_H
#define SAKER_RULES_COMPILE_H

#include "rules/item.h"

struct clist {
	const struct list_item *item;
	struct names items;	/* with the items of other lists in place of their names */
	bool used;
	u8 state;
	const char *text;	/* what stands for the name in a condition */
	u32 len;
	VEC(u32) deps;		/* places of the lists put into text */
};

/* Of a tree with its macros in place; shared subtrees count each time. */
struct tree_size {
	u64 nodes;
	u32 height;
};

struct cmacro {
	const struct macro_item *item;
	const char *text;	/* of the condition, with lists */
	u32 len;
	struct ast *tree;	/* with macros; other trees refer to it */
	struct tree_size size;
	u8 state;
	bool used;
};

/* One extra field of append_output. */
struct cextra {
	const char *key, *format;
	bool raw;
};

struct crule {
	const struct rule_item *item;
	const char *text;	/* of the condition, with exceptions and lists */
	u32 len;
	struct ast *tree;
	struct event_set events;
	const char *output;
	struct cextra *extra;
	u32 nextra, extra_cap;
	u64 print;		/* hash of the tree's text */
	bool quiet;		/* checked, and there was nothing to say about it */
};

struct compiled {
	struct arena a;
	const struct rules_options *opt;
	const struct collection *col;
	struct rules_report *rep;	/* these two only while compiling */
	const struct compiled *before;	/* as it was without the newest file, or NULL */
	size_t seen;			/* rules of before that were passed */
	struct clist *lists;
	u32 nlists;
	struct strmap list_at;		/* name → place + 1 */
	u64 compared;			/* words with names of lists */
	struct cmacro *macros;
	u32 nmacros;
	struct strmap macro_at;
	VEC(struct crule) rules;	/* those that take part, in order of definition */
	u64 text_bytes, nodes;		/* made so far; both are bounded */
};

struct rules {
	struct rules_options opt;
	struct rules_file *files;	/* newest first */
	struct collection col;
	struct compiled *now;		/* of col; NULL before the first file */
};

/*
 * NULL when something is wrong, which rep tells.  *ret_err: -EINVAL, or -ENOTSUP.  before
 * (or NULL) saves checking again those rules which are what they were.
 */
struct compiled *compile(const struct rules_options *opt, const struct collection *col,
			 const struct compiled *before, struct rules_report *rep, int *ret_err);
void compiled_free(struct compiled *c);

/* ---- expand.c ---------------------------------------------------------------- */
int compile_lists(struct compiled *c);
void mark_used_lists(struct compiled *c);
/* The text with lists put in, in the arena.  -E2BIG when it becomes too large. */
int expand_text(struct compiled *c, const char *s, size_t len, const char **ret, u32 *ret_len);
/* Remarks on what stands where a list may, and is nearly the name of one. */
void remark_lists(struct compiled *c, const char *s, size_t len, const struct ctx *ctx);

/* ---- macros.c ------------------------------------------------------------------ */
int compile_macros(struct compiled *c);
/* Parses a condition after putting lists in. */
int parse_condition(struct compiled *c, const char *s, size_t len, const struct ctx *ctx,
		    const char **ret_text, u32 *ret_len, struct ast **ret);
/* Puts macros below visibility into the tree; ctx is that of the item. */
int resolve_macros(struct compiled *c, struct ast **tree, u32 visibility, const struct ctx *ctx,
		   const char *text, u32 len, struct tree_size *ret);

/* ---- conditions.c -------------------------------------------------------------- */
struct deprecated_field {
	const char *name, *msg;		/* msg: of a condition that uses it */
};

#define NDEPRECATED_FIELDS 6
extern const struct deprecated_field deprecated_fields[NDEPRECATED_FIELDS];

/* Warnings that need only the tree. */
void warn_condition(struct compiled *c, const struct crule *r);
const struct ctx *node_ctx(struct compiled *c, const struct crule *r, const struct ast *n);

/* ---- append.c ------------------------------------------------------------------ */
/* The rule's output and its extra fields, with what the configuration appends. */
void compile_output(struct compiled *c, struct crule *r);
int check_output(struct compiled *c, const struct crule *r, struct diag *d);

#endif
