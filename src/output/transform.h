/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transformers in output templates: %toupper(proc.name), %join("-", (proc.name, evt.type)).
 *
 * Compiled from the tree that filter_parse() makes; nodes live in the arena given.
 */
#ifndef SAKER_OUTPUT_TRANSFORM_H
#define SAKER_OUTPUT_TRANSFORM_H

#include "base/diag.h"
#include "field/field.h"

struct transform;

struct transform_builder {
	struct arena *arena;
	const struct field_set *fields;
	/* Registers a field; the number returned is handed to transform_eval()'s values. */
	u32 (*add_field)(void *ctx, const struct field_ref *f);
	void *ctx;
};

/*
 * Length of the transformer call at the start of text ("name(...)", with its selector),
 * 0 when text does not start with the name of one and a parenthesis.
 */
size_t transform_span(const char *text, size_t len);
int transform_compile(const struct transform_builder *b, const char *text, size_t len,
		      const struct transform **ret, struct diag *d);
/* vals and has are those of the format's fields.  False: no value. */
bool transform_eval(const struct transform *t, struct field_ctx *x, const struct value *vals,
		    const bool *has, struct value *ret);

#endif
