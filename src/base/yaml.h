/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML documents as trees of nodes with positions, on top of libyaml.
 *
 * Nodes and their strings live in the caller's arena.  An alias is the same node again, so
 * a tree may share parts but never contains itself (that is an error, as are documents
 * nested deeper than YAML_DEPTH_MAX).
 */
#ifndef SAKER_BASE_YAML_H
#define SAKER_BASE_YAML_H

#include "base/diag.h"
#include "base/mem.h"
#include "base/types.h"

#define YAML_DEPTH_MAX 100
#define YAML_NODES_MAX 10000000	/* of a text, each alias counted as what it stands for */

enum yaml_kind { YAML_SCALAR, YAML_SEQ, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	u32 line, col;		/* from 0, of the node's first character; col in bytes */
	u64 offset;		/* in bytes */
	bool plain;		/* a scalar without quotes */
	const char *s;		/* scalars; NUL terminated, but may hold NULs */
	u32 len;
	u32 n;			/* elements of a sequence, pairs of a map */
	struct yaml_node **items;	/* maps: key, value, key, value... */
};

/*
 * Parses all documents of a text.  0, or -EINVAL with position and libyaml's words in d.
 * A document without content is a plain empty scalar.
 */
int yaml_parse(struct arena *a, const char *text, size_t len, struct yaml_node ***ret_docs,
	       u32 *ret_n, struct diag *d);

/*
 * Value of a key of a map (the first one when it is repeated, as yaml-cpp does), NULL when absent
 * or no map.
 */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
struct yaml_node *yaml_get_node(const struct yaml_node *map, const char *key,
				struct yaml_node **ret_key);

/* A plain scalar that stands for null: empty, ~, null, Null, NULL. */
bool yaml_is_null(const struct yaml_node *n);
/* Scalars only; false when the text is not one of the type (bool: as yaml-cpp reads it). */
bool yaml_bool(const struct yaml_node *n, bool *ret);
bool yaml_s64(const struct yaml_node *n, s64 *ret);
bool yaml_double(const struct yaml_node *n, double *ret);

#endif
