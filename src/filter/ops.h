/* SPDX-License-Identifier: Apache-2.0 */
/* Operators, modifiers and kinds of types, as rows. */
#ifndef SAKER_FILTER_OPS_H
#define SAKER_FILTER_OPS_H

#include "filter/filter.h"

/* Types that are parsed and compared alike. */
enum type_kind {
	TK_NONE,
	TK_SIGNED,
	TK_UNSIGNED,
	TK_DOUBLE,
	TK_BOOL,
	TK_STR,
	TK_BUF,
	TK_IP,
	TK_NET,
	TK_MAX
};

#define KINDS_NUMBER (1 << TK_SIGNED | 1 << TK_UNSIGNED | 1 << TK_DOUBLE)
#define KINDS_ANY                                                                                  \
	(KINDS_NUMBER | 1 << TK_BOOL | 1 << TK_STR | 1 << TK_BUF | 1 << TK_IP | 1 << TK_NET)

/* What stands on the right of an operator. */
enum op_shape { SHAPE_NONE, SHAPE_NUMBER, SHAPE_STRING, SHAPE_LIST };

struct op_row {
	const char *name;
	const char *upper;	/* as some messages have it */
	u8 shape;		/* enum op_shape */
	bool word;		/* must be followed by a blank */
	bool lists;		/* works on fields that are lists */
	u16 kinds;		/* 1 << enum type_kind */
	u8 cost;		/* relative, of one comparison */
};

extern const struct op_row op_rows[OP_MAX];
extern const char *const modifier_names[];	/* by enum filter_modifier */

enum type_kind type_kind(u32 type);
/* Bits of an integer type. */
u32 type_bits(u32 type);
/* "string filters" and so on, as messages name the kind. */
const char *type_kind_name(enum type_kind k);
bool type_may_be_list(u32 type);

#endif
