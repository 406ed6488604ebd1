/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output templates: "File %fd.name opened by %proc.name", compiled once, printed often.
 */
#ifndef SAKER_OUTPUT_FORMAT_H
#define SAKER_OUTPUT_FORMAT_H

#include "base/buf.h"
#include "base/diag.h"
#include "field/field.h"

struct format;

/*
 * 0, or -EINVAL with the message in d.  A leading '*' and missing values are as in the
 * reference: a missing value prints <NA>.
 */
int format_compile(const struct field_set *fields, const char *text, struct format **ret,
		   struct diag *d);
void format_free(struct format *f);
void format_print(const struct format *f, struct field_ctx *x, struct buf *out);

/*
 * The fields it names, in order, each once; for output_fields and descriptions.  Those that
 * stand inside a transformer are among them.
 */
u32 format_nfields(const struct format *f);
const struct field_ref *format_field(const struct format *f, u32 i);
/* Does field i stand somewhere by itself, not only inside a transformer? */
bool format_field_bare(const struct format *f, u32 i);

/* The two halves of format_print(): vals and has hold format_nfields() elements. */
void format_values(const struct format *f, struct field_ctx *x, struct value *vals, bool *has);
void format_print_values(const struct format *f, struct field_ctx *x, const struct value *vals,
			 const bool *has, struct buf *out);

#endif
