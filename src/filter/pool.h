/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled form, as the passes of this module see it.
 *
 *	source		where a value comes from: a field, a constant, a transformer of sources
 *	predicate	source, operator, constants (or another source)
 *	expression	a predicate, or "and", "or", "not" of expressions
 *
 * Each distinct one exists once, so that what is worked out for one event is kept under its
 * number.  All is arrays of the pool; everything pointed to lives in the pool's arena.
 */
#ifndef SAKER_FILTER_POOL_H
#define SAKER_FILTER_POOL_H

#include "base/hash.h"
#include "base/vec.h"
#include "filter/filter.h"
#include "filter/match.h"
#include "filter/ops.h"
#include "filter/patterns.h"
#include "filter/transform.h"

#define NO_SOURCE UINT32_MAX

/* Position of a node, as diag_at() wants it. */
#define POS(n_) (n_)->line, (n_)->col, (n_)->offset

enum source_kind {
	SRC_CONST,
	SRC_FIELD,
	SRC_FIELD_ALL,		/* a field of which a comparison wants all values */
	SRC_TRANSFORM,
	SRC_LIST,		/* of the values of other sources */
};

struct source {
	u8 kind;		/* enum source_kind */
	u8 type;		/* enum param_type */
	bool is_list;
	bool bytes;		/* values have bytes at p */
	u32 flags;		/* FF_* of the fields in it */
	u32 n;
	u32 *kids;		/* sources */
	const char *name;	/* of the field in it, for messages and dumps */
	union {
		struct field_ref ref;
		struct value constant;
		struct {
			const struct transform_row *row;
			const char *selector;	/* NULL: none */
		} transform;
	};
};

/* How the values of a source count. */
enum pred_mode {
	PRED_ONE,		/* there is one */
	PRED_ANY,		/* one of the list must satisfy */
	PRED_ALL,		/* all of the list must, and there must be one */
};

/* How a predicate is decided: the common ways need no call. */
enum pred_how {
	HOW_GENERAL,		/* lists, other sources, exists */
	HOW_CALL,		/* match() of the one value */
	HOW_EQ_INT,
};

struct pred {
	u8 op;			/* enum filter_op */
	u8 modifier;		/* enum filter_modifier */
	u8 type;		/* of the constants */
	u8 kind;		/* enum type_kind of it */
	u8 mode;		/* enum pred_mode */
	u8 how;			/* enum pred_how */
	bool simple;		/* one value, one call of match */
	u32 src, rhs;		/* rhs: NO_SOURCE, or instead of constants */
	u32 n;
	struct value *values;
	bool (*match)(const struct pred *p, const struct value *v);
	union {			/* what match wants, by operator */
		const struct strset *set;
		const struct affixes *affixes;
		const struct needles *needles;
		const struct paths *paths;
		struct regex **regexes;	/* one for each value */
		const u64 *numbers;	/* sorted */
		const struct resolved *resolved;
		struct str str;
		struct needle needle;
		u64 u;
	};
};

enum expr_kind { EXPR_CONST, EXPR_PRED, EXPR_NOT, EXPR_AND, EXPR_OR };

struct expr {
	u8 kind;		/* enum expr_kind */
	u32 n;
	u32 at;			/* predicate, or index of the first kid; of constants the value */
	u32 flags;		/* FF_* of the fields in it */
};

/* ---- as it is run: made when the pool is sealed ---- */

/* An expression; the same number. */
struct node {
	u8 kind;		/* enum expr_kind; never EXPR_NOT */
	u8 how;			/* of predicates: enum pred_how */
	u32 n;			/* kids, or of predicates the source */
	union {
		const struct pred *pred;
		const u32 *kids;	/* references */
		u64 value;		/* of constants */
	};
};

/* An expression, perhaps negated: number << 1 | negated. */
#define REF(expr_, not_) ((expr_) << 1 | (not_))

/* A group of expressions: group.c. */
struct expr_group {
	u32 n;
	const u32 *exprs;
	const struct step *steps;
	u32 nsteps;
};

enum step_kind {
	STEP_LEAF,		/* a candidate */
	STEP_TEST,		/* go on only if the expression holds */
	STEP_TEXT,		/* those of many that a string of the source matches */
	STEP_NUMBER,
};

/* One of many ways to go on. */
struct branch {
	u32 first, end;		/* steps of the group */
	u32 check;		/* reference to hold first, or NO_CHECK: the match said all */
};

#define NO_CHECK UINT32_MAX

struct step {
	u8 kind;		/* enum step_kind */
	u32 next;		/* step to go on with when there is nothing below */
	union {
		struct { u32 at, rest; } leaf;	/* place in the group, reference */
		u32 ref;
		struct {
			u32 src;
			const struct branch *branches;
			union {
				const struct patterns *patterns;
				const struct numbers *numbers;
			};
		};
	};
};

struct resolver;

struct filter_pool {
	struct arena arena;
	const struct field_set *fields;
	VEC(struct source) sources;
	VEC(struct pred) preds;
	VEC(struct expr) exprs;
	VEC(u32) kids;
	struct strmap index;	/* bytes of a source, predicate or expression → its number + 1 */
	bool sealing;			/* the order of kids is no more that of numbers */
	struct map64 special;	/* type << 32 | expr → expr + 1, while being specialised */
	VEC(struct regex *) regexes;	/* to be freed */
	struct resolver *resolver;	/* NULL: no host names */
	VEC(struct expr_group) groups;
	u32 leaves_max;			/* of the largest group */
	u32 branch_max;			/* branches of the widest step */
	struct node *nodes;		/* by expression; NULL until sealed */
	u32 *refs;			/* of all nodes */
};

/* ---- hash-consing: key bytes → number; the key is copied when it is new ---- */

u32 pool_find(struct filter_pool *p, const struct buf *key);	/* UINT32_MAX: new */
void pool_remember(struct filter_pool *p, const struct buf *key, u32 id);
void key_u32(struct buf *key, u32 v);
void key_bytes(struct buf *key, const void *p, u32 len);

/* ---- source.c ---- */

/* The field of a node, bound; d may be NULL. */
int field_of(const struct field_set *set, struct arena *a, const struct ast *n,
	     struct field_ref *ret, struct diag *d);
/* all: for a comparison, which may want more values than the one that prints. */
int source_of(struct filter_pool *p, const struct ast *n, bool all, u32 *ret, struct diag *d);
/* Moves the message of an error without position to the position of n. */
int error_at(const struct ast *n, struct diag *d, struct diag *from);

/* ---- pred.c ---- */

/* Takes values (in the pool's arena) as they are, brings the predicate to its simplest form. */
int pred_intern(struct filter_pool *pool, struct pred *p, u32 *ret, struct diag *d);
/* Can predicates a and b, or'ed, be one?  If so *ret is it. */
bool preds_mergeable(const struct filter_pool *p, u32 a, u32 b);
u32 preds_merge(struct filter_pool *p, const u32 *preds, u32 n);
/* One comparison of any operator (but regex and pmatch) with one value. */
bool value_compare(enum filter_op op, const struct value *l, const struct value *r);

/* ---- check.c ---- */

typedef void (*note_fn)(void *ctx, const struct filter_note *);

/* An AST_CHECK as predicate; *ret_known: it is FILTER_TRUE or FILTER_FALSE, -1: not known. */
int check_compile(struct filter_pool *p, const struct ast *n, u32 *ret, int *ret_known,
		  struct diag *d, note_fn note, void *ctx);
void note_value(struct filter_pool *p, const struct ast *n, note_fn note, void *ctx);
void note_regex(struct filter_pool *p, const struct ast *n, note_fn note, void *ctx);

/* ---- infer.c ---- */

/* A comparison whose result the field alone tells: 0, 1, or -1 for all others. */
int check_known(const struct field_ref *f, const struct pred *pred);
bool event_name_known(const char *name, u32 len);
/* The most similar name that is known; NULL: none. */
const char *event_name_similar(const char *name);
/* Does an event of the type tell its name itself, as GENERIC_X does? */
bool event_names_itself(u32 type);
/* Is the field one whose values must be names of events? */
bool field_names_events(const struct field_ref *f);

/* ---- compile.c: constructors; they simplify ---- */

u32 expr_pred(struct filter_pool *p, u32 pred);
u32 expr_not(struct filter_pool *p, u32 kid);
/* kind: EXPR_AND or EXPR_OR; kids are scrambled. */
u32 expr_chain(struct filter_pool *p, enum expr_kind kind, u32 *kids, u32 n);

/* ---- order.c ---- */

struct guess {
	double cost, chance;	/* chance of being true */
};

struct guesses {		/* by expression */
	struct guess *p;
	size_t n, cap;
};

/*
 * Puts the kids of expressions into the order in which they are worth trying, and adds the
 * guesses of those that are not yet among them.
 */
void order_exprs(struct filter_pool *p, struct guesses *g);
double guess_source(const struct filter_pool *p, u32 src);

/* ---- group.c ---- */

/* The steps of all groups.  Makes new expressions. */
void group_all(struct filter_pool *p, struct guesses *guesses);

/* ---- guard.c ---- */

/* What values of a source must be for an expression to hold; to be freed. */
struct guard_values {
	VEC(struct pattern) patterns;
	VEC(struct number) numbers;
};

#define GUARD_SOURCE(key_) ((key_) >> 1)
#define GUARD_IS_TEXT(key_) ((key_) & 1)

/* Can the value of one source tell that expr does not hold?  *ret_key: source << 1 | is text. */
bool guard_find(const struct filter_pool *p, u32 expr, u32 *ret_key);
bool guard_by(const struct filter_pool *p, u32 expr, u32 key);
/* Does it tell as well that it does? */
bool guard_certain(const struct filter_pool *p, u32 expr);
/* Adds what the value must match, under the id. */
void guard_values(const struct filter_pool *p, u32 expr, u32 key, u32 id, struct guard_values *out);

/* ---- flat.c ---- */

u32 flat_ref(const struct filter_pool *p, u32 expr);
void flatten_exprs(struct filter_pool *p);

/* ---- run.c ---- */

/* Does one value of p's source satisfy it?  For predicates without other source. */
bool pred_match(const struct pred *p, const struct value *v);

/* ---- resolve.c: addresses of host names, found in the background ---- */

struct resolved;

const struct resolved *resolver_add(struct filter_pool *p, const char *name);
bool resolved_has(const struct resolved *r, const char *addr, u32 len);
void resolver_start(struct resolver *r);
void resolver_free(struct resolver *r);

#endif
