/* SPDX-License-Identifier: Apache-2.0 */
/* Transformers: functions of values, as rows {name, number of arguments, check, run}. */
#ifndef SAKER_FILTER_TRANSFORM_H
#define SAKER_FILTER_TRANSFORM_H

#include "filter/filter.h"

/* What is known of an argument before any event. */
struct transform_arg {
	u8 type;		/* enum param_type */
	bool is_list;
	const struct field_ref *field;	/* NULL: not a field */
};

struct transform_row {
	const char *name;
	u8 nargs;		/* 0: two or more */
	/* The result's type (in/out: the first argument's), or -EINVAL with the message in d. */
	int (*check)(const struct transform_row *t, const struct transform_arg *args, u32 n,
		     const char *selector, u32 selector_len, struct transform_arg *ret,
		     struct diag *d);
	/* False: no value.  What it writes lives in x until the next event. */
	bool (*run)(struct field_ctx *x, const struct value *args, u32 n, const char *selector,
		    struct value *ret);
};

#define TRANSFORM_MAX 8
extern const struct transform_row transform_rows[TRANSFORM_MAX];

const struct transform_row *transform_by_name(const char *name);
/* Of a text that begins like a call: the transformer that may be meant, or val; NULL: none. */
const char *transform_similar(const char *text, size_t len);

#endif
