/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/ops.h"

#include <string.h>

#define STR (1 << TK_STR)
#define BUF (1 << TK_BUF)
#define NUM KINDS_NUMBER
#define ALL KINDS_ANY

const struct op_row op_rows[OP_MAX] = {
	[OP_EXISTS]	 = { "exists", "EXISTS", SHAPE_NONE, false, true, ALL, 0 },
	[OP_EQ]		 = { "=", "=", SHAPE_STRING, false, false, ALL, 1 },
	[OP_NE]		 = { "!=", "!=", SHAPE_STRING, false, false, ALL, 1 },
	[OP_LT]		 = { "<", "<", SHAPE_NUMBER, false, false, NUM | STR, 1 },
	[OP_LE]		 = { "<=", "<=", SHAPE_NUMBER, false, false, NUM | STR, 1 },
	[OP_GT]		 = { ">", ">", SHAPE_NUMBER, false, false, NUM | STR, 1 },
	[OP_GE]		 = { ">=", ">=", SHAPE_NUMBER, false, false, NUM | STR, 1 },
	[OP_CONTAINS]	 = { "contains", "CONTAINS", SHAPE_STRING, true, false, STR | BUF, 12 },
	[OP_ICONTAINS]	 = { "icontains", "ICONTAINS", SHAPE_STRING, true, false, STR, 24 },
	[OP_BCONTAINS]	 = { "bcontains", "BCONTAINS", SHAPE_STRING, true, false, BUF, 12 },
	[OP_STARTSWITH]	 = { "startswith", "STARTSWITH", SHAPE_STRING, true, false, STR | BUF, 2 },
	[OP_BSTARTSWITH] = { "bstartswith", "BSTARTSWITH", SHAPE_STRING, true, false, BUF, 2 },
	[OP_ENDSWITH]	 = { "endswith", "ENDSWITH", SHAPE_STRING, true, false, STR | BUF, 2 },
	[OP_GLOB]	 = { "glob", "GLOB", SHAPE_STRING, true, false, STR, 20 },
	[OP_IGLOB]	 = { "iglob", "IGLOB", SHAPE_STRING, true, false, STR, 24 },
	[OP_REGEX]	 = { "regex", "REGEX", SHAPE_STRING, true, false, STR, 60 },
	[OP_PMATCH]	 = { "pmatch", "PMATCH", SHAPE_LIST, false, false, STR, 30 },
	[OP_IN]		 = { "in", "IN", SHAPE_LIST, false, true, ALL, 3 },
	[OP_INTERSECTS]	 = { "intersects", "INTERSECTS", SHAPE_LIST, false, true, ALL, 3 },
};

const char *const modifier_names[] = {
	[MOD_NONE] = NULL, [MOD_ONEOF] = "oneof", [MOD_ANYOF] = "anyof", [MOD_ALLOF] = "allof",
};

static const struct {
	u8 kind;
	u8 bits;
	bool list;
} type_rows[PT_MAX] = {
	[PT_INT8]	 = { TK_SIGNED, 8, false },
	[PT_INT16]	 = { TK_SIGNED, 16, false },
	[PT_INT32]	 = { TK_SIGNED, 32, false },
	[PT_INT64]	 = { TK_SIGNED, 64, false },
	[PT_UINT8]	 = { TK_UNSIGNED, 8, false },
	[PT_UINT16]	 = { TK_UNSIGNED, 16, false },
	[PT_UINT32]	 = { TK_UNSIGNED, 32, false },
	[PT_UINT64]	 = { TK_UNSIGNED, 64, true },
	[PT_CHARBUF]	 = { TK_STR, 0, true },
	[PT_BYTEBUF]	 = { TK_BUF, 0, false },
	[PT_ERRNO]	 = { TK_SIGNED, 64, false },
	[PT_FD]		 = { TK_SIGNED, 64, false },
	[PT_PID]	 = { TK_SIGNED, 64, false },
	[PT_FSPATH]	 = { TK_STR, 0, false },
	[PT_FSRELPATH]	 = { TK_STR, 0, false },
	[PT_SYSCALLID]	 = { TK_UNSIGNED, 16, false },
	[PT_SIGTYPE]	 = { TK_UNSIGNED, 8, false },
	[PT_RELTIME]	 = { TK_UNSIGNED, 64, true },
	[PT_ABSTIME]	 = { TK_UNSIGNED, 64, true },
	[PT_PORT]	 = { TK_UNSIGNED, 16, false },
	[PT_L4PROTO]	 = { TK_UNSIGNED, 8, false },
	[PT_BOOL]	 = { TK_BOOL, 32, true },
	[PT_FLAGS8]	 = { TK_UNSIGNED, 8, false },
	[PT_FLAGS16]	 = { TK_UNSIGNED, 16, false },
	[PT_FLAGS32]	 = { TK_UNSIGNED, 32, false },
	[PT_ENUMFLAGS8]	 = { TK_UNSIGNED, 8, false },
	[PT_ENUMFLAGS16] = { TK_UNSIGNED, 16, false },
	[PT_ENUMFLAGS32] = { TK_UNSIGNED, 32, false },
	[PT_MODE]	 = { TK_UNSIGNED, 32, false },
	[PT_DOUBLE]	 = { TK_DOUBLE, 64, false },
	[PT_IPV4ADDR]	 = { TK_IP, 0, false },
	[PT_IPV6ADDR]	 = { TK_IP, 0, false },
	[PT_IPADDR]	 = { TK_IP, 0, true },
	[PT_IPV4NET]	 = { TK_NET, 0, false },
	[PT_IPV6NET]	 = { TK_NET, 0, false },
	[PT_IPNET]	 = { TK_NET, 0, true },
};

enum type_kind type_kind(u32 type)
{
	return type < PT_MAX ? type_rows[type].kind : TK_NONE;
}

u32 type_bits(u32 type)
{
	return type < PT_MAX ? type_rows[type].bits : 0;
}

bool type_may_be_list(u32 type)
{
	return type < PT_MAX && type_rows[type].list;
}

const char *type_kind_name(enum type_kind k)
{
	static const char *const names[TK_MAX] = {
		[TK_NONE] = "no filters",
		[TK_SIGNED] = "numeric filters",
		[TK_UNSIGNED] = "numeric filters",
		[TK_DOUBLE] = "numeric filters",
		[TK_BOOL] = "numeric filters",
		[TK_STR] = "string filters",
		[TK_BUF] = "buffer filters",
		[TK_IP] = "ip address and network filters",
		[TK_NET] = "ip address and network filters",
	};

	return names[k];
}

const char *filter_op_name(enum filter_op op)
{
	return op_rows[op].name;
}

enum filter_op filter_op_by_name(const char *s, size_t len)
{
	if (len == 2 && !memcmp(s, "==", 2))
		return OP_EQ;
	for (u32 i = 0; i < OP_MAX; i++)
		if (strlen(op_rows[i].name) == len && !memcmp(op_rows[i].name, s, len))
			return (enum filter_op)i;
	return OP_MAX;
}

bool filter_op_wants_list(enum filter_op op)
{
	return op_rows[op].shape == SHAPE_LIST;
}

bool filter_op_takes_modifier(enum filter_op op)
{
	return op_rows[op].shape == SHAPE_STRING;
}
