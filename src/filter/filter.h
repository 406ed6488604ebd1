/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions: text → tree → checked predicates → a compiled set that is evaluated.
 *
 *	filter_parse	text to tree			(lex.c, parse.c)
 *	filter_print	tree to canonical text		(print.c)
 *	filter_compile	tree to predicates in a pool	(check.c, compile.c)
 *	filter_events	which event types can match	(infer.c)
 *	filter_group	many conditions as one tree	(guard.c, group.c)
 *	filter_run	evaluate for one event		(run.c)
 *
 * A pool holds many conditions compiled together: each distinct predicate exists once in
 * it and is evaluated at most once per event, and each distinct field is extracted at
 * most once per event, whichever conditions use them.  Nothing here knows a particular
 * field: they are rows of a struct field_set.
 */
#ifndef SAKER_FILTER_FILTER_H
#define SAKER_FILTER_FILTER_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/types.h"
#include "field/field.h"

/* Steps of the grammar that may be open at once (five for each pair of parentheses), and
 * depth of trees in all passes. */
#define FILTER_DEPTH_MAX 1000

enum ast_kind {
	AST_AND,	/* two or more kids */
	AST_OR,
	AST_NOT,	/* one kid */
	AST_MACRO,	/* name in text; the rules loader replaces it by the macro's tree */
	AST_CHECK,	/* left, op, and (but for exists) right; text: the operator as written */
	AST_FIELD,	/* text: name; arg: argument or NULL */
	AST_TRANSFORM,	/* text: name; kids: arguments; arg: selector or NULL */
	AST_VALUE,	/* a constant: text, unescaped; quoted tells whether it was */
	AST_LIST,	/* kids are values (or fields, in arguments of transformers) */
	AST_LIST_NAME,	/* a lone identifier where a list may stand: a list of that one value */
};

enum filter_op {
	OP_EXISTS, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE,
	OP_CONTAINS, OP_ICONTAINS, OP_BCONTAINS, OP_STARTSWITH, OP_BSTARTSWITH, OP_ENDSWITH,
	OP_GLOB, OP_IGLOB, OP_REGEX, OP_PMATCH, OP_IN, OP_INTERSECTS,
	OP_MAX,
};

enum filter_modifier { MOD_NONE, MOD_ONEOF, MOD_ANYOF, MOD_ALLOF };

struct ast {
	enum ast_kind kind;
	enum filter_op op;
	enum filter_modifier modifier;
	bool quoted;
	bool val;		/* the field on the right was written val(...) */
	const char *text;	/* NUL terminated, but may hold NULs: see text_len */
	u32 text_len;
	const char *arg;	/* NUL terminated, unescaped; NULL: none */
	u32 arg_len;
	u32 line, col;		/* from 0, within the text parsed */
	u32 offset;
	u32 n;
	struct ast **kids;	/* AST_CHECK: left and, unless exists, right */
};

/* Nodes live in a.  0, or -EINVAL with the position within the text in d. */
int filter_parse(struct arena *a, const char *text, size_t len, u32 max_depth,
		 struct ast **ret, struct diag *d);
void filter_print(const struct ast *n, struct buf *out);
const char *filter_op_name(enum filter_op op);	/* "startswith" */
/* Operator by its text ("==" is "="), OP_MAX when there is none; for exceptions. */
enum filter_op filter_op_by_name(const char *s, size_t len);
/* Takes its right side in parentheses: in, intersects, pmatch. */
bool filter_op_wants_list(enum filter_op op);
/* Takes a modifier and a list (contains anyof (a, b)). */
bool filter_op_takes_modifier(enum filter_op op);

/* Sets of event types and syscalls. */
struct event_set {
	u64 ev[(EV_MAX + 63) / 64];
	u64 sc[(SC_MAX + 63) / 64];
};

void event_set_fill(struct event_set *s, bool full);
void event_set_and(struct event_set *s, const struct event_set *o);
void event_set_or(struct event_set *s, const struct event_set *o);
void event_set_not(struct event_set *s);
bool event_set_has(const struct event_set *s, u32 type);
bool event_set_has_sc(const struct event_set *s, u32 code);

/* Expressions that always mean the same. */
#define FILTER_FALSE 0u
#define FILTER_TRUE 1u

struct filter_pool;	/* shared, read only once sealed */
struct filter_state;	/* what one worker knows of the present event */

struct filter_pool *filter_pool_new(const struct field_set *fields);
void filter_pool_free(struct filter_pool *p);

/* What compile finds worth a word although it compiles. */
struct filter_note {
	const struct ast *node;
	const char *msg;	/* in the pool's arena */
};

/*
 * Compiles a tree without AST_MACRO nodes into the pool; *ret_expr names it.  Constant
 * expressions are folded.  0, or -EINVAL with message and position (of the
 * offending node) in d.  notes may be NULL.
 */
int filter_compile(struct filter_pool *p, const struct ast *n, u32 *ret_expr, struct diag *d,
		   void (*note)(void *ctx, const struct filter_note *), void *ctx);
/*
 * Event types and syscalls for which the tree can be true (reference: event-type
 * inference).  -ENOTSUP with a message when evt.type is compared in a way that cannot be
 * decided; else as filter_compile().
 */
int filter_events(struct filter_pool *p, const struct ast *n, struct event_set *ret,
		  struct diag *d);
/*
 * What is left of expr when the event is of this type: comparisons of the event's name are
 * decided.  Types whose name is told by the event itself (GENERIC_X, ASYNCEVENT_E, ...)
 * keep them.  Before filter_pool_seal().
 */
u32 filter_expr_for_event(struct filter_pool *p, u32 expr, u32 type);
/* FF_* flags of all fields that expr uses, or'ed. */
u32 filter_expr_flags(const struct filter_pool *p, u32 expr);
/* A field in expr that has one of these flags: its name, as long as the pool; NULL: none. */
const char *filter_expr_field(const struct filter_pool *p, u32 expr, u32 flags);
/* After the last compile: the pool may be shared from here on. */
void filter_pool_seal(struct filter_pool *p);
u32 filter_pool_predicates(const struct filter_pool *p);
/* Text of an expression as compiled, for tests and for --explain. */
void filter_expr_print(const struct filter_pool *p, u32 expr, struct buf *out);

enum filter_node_kind { NODE_CONST, NODE_CHECK, NODE_NOT, NODE_AND, NODE_OR };

/* An expression as compiled, one step of it.  Everything is borrowed from the pool. */
struct filter_node {
	enum filter_node_kind kind;
	bool value;		/* NODE_CONST */
	u32 n;			/* NODE_NOT, NODE_AND, NODE_OR */
	const u32 *kids;	/* expressions */
	/* NODE_CHECK */
	enum filter_op op;
	enum filter_modifier modifier;
	const char *name;	/* of the field in it */
	/* NULL: it is transformed, or compared with another source: then nothing below is known */
	const struct field_ref *field;
	bool one_value;		/* the field has one value or none, not several */
	const struct value *values;
	u32 nvalues;
};

void filter_node(const struct filter_pool *p, u32 expr, struct filter_node *ret);

struct filter_state *filter_state_new(const struct filter_pool *p);
void filter_state_free(struct filter_state *s);
/* A new event begins: everything remembered is void.  O(1). */
void filter_begin(struct filter_state *s, struct field_ctx *x);
bool filter_run(struct filter_state *s, u32 expr);

/*
 * Which of many expressions hold?  A group is asked as a whole, so that what its
 * expressions have in common is tried once, and those that a value of a field rules out
 * are not looked at one by one.
 *
 * filter_group() is called before filter_pool_seal(); equal lists are the same group.
 * filter_matches() asks for the event begun.  The arrays belong to s, are in no order, may
 * name an expression more than once, and live until the next call.
 */
struct filter_matches {
	const u32 *held;	/* places in the group's list of those that hold */
	u32 nheld;
	const u32 *looked_at;	/* those that were not ruled out beforehand */
	u32 nlooked_at;
};

u32 filter_group(struct filter_pool *p, const u32 *exprs, u32 n);
void filter_matches(struct filter_state *s, u32 group, struct filter_matches *ret);
/* The steps of a group, as text, once sealed. */
void filter_group_print(const struct filter_pool *p, u32 group, struct buf *out);

#endif
