/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration as a document: files merged, overrides of the command line applied,
 * environment variables expanded.  It knows no key.  All memory is the caller's arena.
 */
#ifndef SAKER_APP_DOC_H
#define SAKER_APP_DOC_H

#include "base/yaml.h"

enum doc_strategy { DOC_APPEND, DOC_OVERRIDE, DOC_ADD_ONLY };

struct yaml_node *doc_map(struct arena *a);

/* The whole file in the arena. 0 or -errno. */
int doc_read_file(struct arena *a, const char *path, char **ret_text, size_t *ret_len);
/* First document of a text; an empty one is an empty map.  -EINVAL with d filled. */
int doc_parse(struct arena *a, const char *text, size_t len, struct yaml_node **ret,
	      struct diag *d);

/* Adds the top-level keys of more to root.  Nodes are shared. */
void doc_merge(struct arena *a, struct yaml_node *root, const struct yaml_node *more,
	       enum doc_strategy strategy);

/*
 * Sets the value at a path: names separated by dots, [N] for an element that exists, []
 * for a new one at the end; a backslash takes '.', '[', ']' and '\' literally.
 */
int doc_set(struct arena *a, struct yaml_node *root, const char *path, const char *value,
	    struct diag *d);

/* Value at names separated by dots, NULL when absent. */
struct yaml_node *doc_get(const struct yaml_node *root, const char *path);

/*
 * A scalar's text with ${NAME} replaced by the environment's value (nothing when unset),
 * and $${x} by ${x}.  Never NULL.
 */
const char *doc_text(struct arena *a, const struct yaml_node *n);
/* The node itself, or a copy that holds the expanded text. */
const struct yaml_node *doc_expand(struct arena *a, const struct yaml_node *n);

#endif
