/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a YAML value may be, as constant data.  From one description come the check of a document
 * (shape_check()) and the JSON schema that is printed for others (shape_json()): both say the same
 * of every document, which tests/cli/schema.py demands with another validator.
 *
 * A scalar has the type that the core schema of YAML 1.2 gives it.  As the readers take a quoted
 * number for a number, texts that look like one are taken too.
 */
#ifndef SAKER_BASE_SHAPE_H
#define SAKER_BASE_SHAPE_H

#include <jansson.h>

#include "base/buf.h"
#include "base/yaml.h"

enum shape_type {
	SHAPE_ANY,
	SHAPE_BOOL, SHAPE_INT, SHAPE_NUMBER, SHAPE_TEXT,	/* a text: any scalar but null */
	SHAPE_LIST, SHAPE_MAP,
};

struct shape_key;

struct shape {
	enum shape_type type;
	bool nullable;			/* no value is one */
	bool words;			/* of a bool: yes, no, on, off, y, n too */
	s64 min, max;			/* of an integer; both 0: what fits */
	double low, high;		/* of a number */
	const char *choices;		/* of a text: words separated by ", "; NULL: any */
	const struct shape *items;	/* of a list; in a map: of the values of keys that are not in keys */
	const struct shape_key *keys;
	u32 nkeys;
	u32 min_keys, max_keys;		/* 0: no limit */
	const struct shape *or;		/* what it may be instead; NULL: nothing */
};

struct shape_key {
	const char *name;
	const struct shape *shape;
	const char *help;		/* NULL: none */
	const char *def;		/* the default as text; NULL or "": none */
	bool required;
	bool no_effect;			/* taken, but nothing is done with it yet */
};

#define SHAPE_KEYS(rows) .keys = (rows), .nkeys = ARRAY_SIZE(rows)

enum shape_fault_kind {
	SHAPE_WRONG,	/* of another type, none of the choices, out of range */
	SHAPE_UNKNOWN_KEY, SHAPE_MISSING_KEY,	/* name */
	SHAPE_FEW_KEYS, SHAPE_MANY_KEYS,
	/* after what was found inside */
	SHAPE_IN_KEY, SHAPE_IN_ITEM,	/* name; index */
};

struct shape_fault {
	enum shape_fault_kind kind;
	const char *where;		/* "[engine][kind]", "[0][items]"; "" is the document */
	const struct shape *shape;	/* what was expected there */
	const char *name;
	u32 index;
};

struct shape_checker {
	/* Told of each fault, the inner ones first. */
	void (*fault)(void *ctx, const struct shape_fault *f);
	/* The node that is meant by this one; NULL: itself. */
	const struct yaml_node *(*expand)(void *ctx, const struct yaml_node *n);
	void *ctx;
	bool partial;	/* keys may be missing: the document is a part of one */
};

bool shape_check(const struct shape *s, const struct yaml_node *n, const struct shape_checker *how);

/* Is this one of the words? */
bool shape_is_choice(const char *choices, const char *word, size_t len);

/* The value of a scalar that is an integer or number in the sense above; false: it is none. */
bool shape_int(const struct yaml_node *n, s64 *ret);
bool shape_number(const struct yaml_node *n, double *ret);

/* "true or false", "a number from 1 to 10 or auto": what is expected. */
void shape_describe(const struct shape *s, struct buf *out);

/*
 * The JSON schema (draft 06), to be freed with json_decref().  With variables, what holds a ${NAME}
 * may stand for anything.
 */
json_t *shape_json(const struct shape *s, bool variables);

/* What texts must look like to be taken for another type; shape_check() does the same without. */
#define SHAPE_BOOL_TEXT "true|false"
#define SHAPE_BOOL_WORDS "[yYnN]|[yY]es|YES|[nN]o|NO|[tT]rue|TRUE|[fF]alse|FALSE|[oO]n|ON|[oO]ff|OFF"
#define SHAPE_INT_TEXT "[-+]?([0-9]{1,18}|0x[0-9a-fA-F]{1,15})"
#define SHAPE_UINT_TEXT "[+]?([0-9]{1,18}|0x[0-9a-fA-F]{1,15})"
#define SHAPE_NUMBER_TEXT "[-+]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][-+]?[0-9]{1,3})?"

#endif
