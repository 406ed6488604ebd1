/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operator, with every modifier it takes, on every type that a value can have, single and in lists: one
 * comparison that holds, one that does not, or why it is refused.  The rows say what holds for which operators and
 * types; a pair without a row fails, and so does one with two.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "filter/filter.h"
#include "filter/ops.h"
#include "unit/filter_holds.h"

/* ---- types, and the value that a field of each has ---- */

#define T(NAME_) (1ull << PT_##NAME_)
#define SIGNED (T(INT8) | T(INT16) | T(INT32) | T(INT64) | T(ERRNO) | T(FD) | T(PID))	/* -7 */
#define FLAGS (T(FLAGS8) | T(FLAGS16) | T(FLAGS32) | T(ENUMFLAGS8) | T(ENUMFLAGS16) | T(ENUMFLAGS32) | T(MODE))
#define UNSIGNED (T(UINT8) | T(UINT16) | T(UINT32) | T(UINT64) | T(RELTIME) | T(ABSTIME) | T(PORT) | T(L4PROTO) | FLAGS)
#define NAMELESS (T(SYSCALLID) | T(SIGTYPE))	/* numbers that cannot be written in a condition */
#define NUMBERS (SIGNED | UNSIGNED | T(DOUBLE))	/* 7 where it has no sign, 2 as a double */
#define STRINGS (T(CHARBUF) | T(FSPATH) | T(FSRELPATH))	/* "/usr/Bin/cat" */
#define ADDR4 (T(IPV4ADDR) | T(IPADDR))			/* 10.1.2.3 */
#define NET4 (T(IPV4NET) | T(IPNET))			/* 10.1.2.3 */
#define ADDR6 T(IPV6ADDR)				/* 2001:db8::7 */
#define NET6 T(IPV6NET)					/* 2001:db8::7 */
#define ADDRS (ADDR4 | ADDR6 | NET4 | NET6)
#define OPAQUE (T(NONE) | T(SOCKADDR) | T(SOCKTUPLE) | T(FDLIST) | T(SOCKFAMILY) | T(DYN) | T(UID) | T(GID) | \
		T(SIGSET) | T(CHARBUFARRAY) | T(CHARBUF_PAIR_ARRAY) | T(FD32) | T(PID32))
#define ALL_TYPES ((1ull << PT_MAX) - 1)
#define LISTABLE (T(CHARBUF) | T(UINT64) | T(RELTIME) | T(ABSTIME) | T(BOOL) | T(IPADDR) | T(IPNET))

static const struct value values[PT_MAX] = {
#define VALUE(NAME_, ...) [PT_##NAME_] = { .type = PT_##NAME_, .fmt = PF_DEC, __VA_ARGS__ },
VALUE(INT8, .i = -7) VALUE(INT16, .i = -7) VALUE(INT32, .i = -7) VALUE(INT64, .i = -7)
VALUE(ERRNO, .i = -7) VALUE(FD, .i = -7) VALUE(PID, .i = -7)
VALUE(UINT8, .u = 7) VALUE(UINT16, .u = 7) VALUE(UINT32, .u = 7) VALUE(UINT64, .u = 7)
VALUE(RELTIME, .u = 7) VALUE(ABSTIME, .u = 7) VALUE(PORT, .u = 7) VALUE(L4PROTO, .u = 7)
VALUE(FLAGS8, .u = 7) VALUE(FLAGS16, .u = 7) VALUE(FLAGS32, .u = 7) VALUE(ENUMFLAGS8, .u = 7)
VALUE(ENUMFLAGS16, .u = 7) VALUE(ENUMFLAGS32, .u = 7) VALUE(MODE, .u = 7)
VALUE(SYSCALLID, .u = 7) VALUE(SIGTYPE, .u = 7) VALUE(DOUBLE, .d = 2) VALUE(BOOL, .u = 1)
VALUE(CHARBUF, .p = "/usr/Bin/cat", .len = 12) VALUE(FSPATH, .p = "/usr/Bin/cat", .len = 12)
VALUE(FSRELPATH, .p = "/usr/Bin/cat", .len = 12)
VALUE(BYTEBUF, .p = "GET\0/a", .len = 6)
VALUE(IPV4ADDR, .p = "\12\1\2\3", .len = 4) VALUE(IPADDR, .p = "\12\1\2\3", .len = 4)
VALUE(IPV4NET, .p = "\12\1\2\3", .len = 4) VALUE(IPNET, .p = "\12\1\2\3", .len = 4)
VALUE(IPV6ADDR, .p = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7", .len = 16)
VALUE(IPV6NET, .p = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7", .len = 16)
};

/* A second element of lists. */
static const struct value others[PT_MAX] = {
VALUE(CHARBUF, .p = "dog", .len = 3) VALUE(UINT64, .u = 9) VALUE(RELTIME, .u = 9) VALUE(ABSTIME, .u = 9)
VALUE(BOOL, .u = 1) VALUE(IPADDR, .p = "\12\1\2\4", .len = 4) VALUE(IPNET, .p = "\12\1\2\4", .len = 4)
};

/* ---- fields ---- */

enum { SCALAR, LIST, MISSING, NFORMS };

static bool get_value(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	(void)x;
	*v = values[f->field->id];
	v->type = (u8)f->field->id;
	return true;
}

static bool get_list(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	struct value *list = field_scratch(x, 2 * sizeof(*list));

	list[0] = values[f->field->id];
	list[1] = others[f->field->id];
	*v = (struct value){ .type = (u8)f->field->id, .is_list = true, .len = 2, .list = list };
	return true;
}

static bool get_nothing(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	(void)x;
	(void)f;
	(void)v;
	return false;
}

static struct field rows[NFORMS * PT_MAX];
static char names[NFORMS * PT_MAX][40];
static const struct field_class class = { .name = "types", .rows = rows, .n = ARRAY_SIZE(rows) };
static const struct field_class *const classes[] = { &class };
static const struct field_set fields = { .classes = classes, .n = 1 };

static const char *field_name(u32 form, u32 type)
{
	return names[form * PT_MAX + type];
}

static int make_fields(void **state)
{
	static const char *const forms[] = { "x", "l", "m" };
	static bool (*const get[])(struct field_ctx *, const struct field_ref *, struct value *) = {
		get_value, get_list, get_nothing };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 form = i / PT_MAX;

		snprintf(names[i], sizeof(names[i]), "%s.t%u", forms[form], i % PT_MAX);
		rows[i] = (struct field){ .name = names[i], .type = (u8)(i % PT_MAX), .id = i % PT_MAX,
					  .get = get[form], .flags = form == LIST ? FF_LIST : 0 };
	}
	return 0;
}

/* ---- operators ---- */

#define O(NAME_) (1u << OP_##NAME_)
#define ORDER (O(LT) | O(LE) | O(GT) | O(GE))
#define MEMBERS (O(IN) | O(INTERSECTS))
#define PARTS (O(CONTAINS) | O(STARTSWITH) | O(ENDSWITH))
#define HEX (O(BCONTAINS) | O(BSTARTSWITH))
#define PATTERNS (O(ICONTAINS) | O(GLOB) | O(IGLOB) | O(REGEX))
#define EQUAL (O(EQ) | O(NE))
#define ALL_OPS ((1u << OP_MAX) - 1)

#define M(NAME_) (1u << MOD_##NAME_)
#define PLAIN M(NONE)
#define WITH_LIST (M(ONEOF) | M(ANYOF) | M(ALLOF))

/* %s in a refusal: the operator, then the type. */
#define NO_NUMBER "filter error: '%s' operator not supported for numeric filters"
#define NO_STRING "filter error: '%s' operator not supported for string filters"
#define NO_BUFFER "filter error: '%s' operator not supported for buffer filters"
#define NO_ADDR "filter error: '%s' operator not supported for ip address and network filters"
#define NO_ADDR_LIST "filter error: '%s' with modifier not supported for ip address and network filters"
#define NO_LIST "filter error: '%s' operator not supported list filters"
#define NO_TYPE "filter error: '%s' operator not supported for type '%s'"
#define NO_TYPE_LIST "filter error: list filters are not supported for type '%.0s%s'"

static const struct row {
	u64 types;
	u32 ops, mods;
	const char *yes, *no;	/* right sides for which it holds and does not; NULL: it always (never) does */
	const char *refusal;
	const char *right;	/* of what is refused; NULL: one that fits the operator */
} scalars[] = {
	{ ALL_TYPES, O(EXISTS), PLAIN, "", NULL, NULL, NULL },

	/* numbers */
	{ SIGNED, O(EQ), PLAIN, "-7", "7", NULL, NULL },
	{ SIGNED, O(NE), PLAIN, "7", "-7", NULL, NULL },
	{ SIGNED, O(LT), PLAIN, "0", "-7", NULL, NULL },
	{ SIGNED, O(LE), PLAIN, "-7", "-8", NULL, NULL },
	{ SIGNED, O(GT), PLAIN, "-8", "-7", NULL, NULL },
	{ SIGNED, O(GE), PLAIN, "-7", "0", NULL, NULL },
	{ SIGNED, MEMBERS, PLAIN, "(1, -7)", "(1, 7)", NULL, NULL },
	{ UNSIGNED, O(EQ), PLAIN, "7", "8", NULL, NULL },
	{ UNSIGNED, O(NE), PLAIN, "8", "7", NULL, NULL },
	{ UNSIGNED, O(LT), PLAIN, "8", "7", NULL, NULL },
	{ UNSIGNED, O(LE), PLAIN, "7", "6", NULL, NULL },
	{ UNSIGNED, O(GT), PLAIN, "6", "7", NULL, NULL },
	{ UNSIGNED, O(GE), PLAIN, "7", "8", NULL, NULL },
	{ UNSIGNED, MEMBERS, PLAIN, "(1, 7)", "(1, 70)", NULL, NULL },
	{ T(DOUBLE), O(EQ), PLAIN, "2", "3", NULL, NULL },
	{ T(DOUBLE), O(NE), PLAIN, "3", "2", NULL, NULL },
	{ T(DOUBLE), O(LT), PLAIN, "3", "2", NULL, NULL },
	{ T(DOUBLE), O(LE), PLAIN, "2", "1", NULL, NULL },
	{ T(DOUBLE), O(GT), PLAIN, "1", "2", NULL, NULL },
	{ T(DOUBLE), O(GE), PLAIN, "2", "3", NULL, NULL },
	{ T(DOUBLE), MEMBERS, PLAIN, "(1, 2)", "(1, 3)", NULL, NULL },
	{ T(SYSCALLID), EQUAL | ORDER | MEMBERS, PLAIN | WITH_LIST, NULL, NULL, "wrong parameter type 18", NULL },
	{ T(SIGTYPE), EQUAL | ORDER | MEMBERS, PLAIN | WITH_LIST, NULL, NULL, "wrong parameter type 19", NULL },
	{ NUMBERS | NAMELESS | T(BOOL), PARTS | HEX | PATTERNS | O(PMATCH), PLAIN | WITH_LIST, NULL, NULL, NO_NUMBER, NULL },
	{ SIGNED, O(EQ), M(ONEOF), "(-7, 7)", "(-7, -7)", NULL, NULL },
	{ SIGNED, O(EQ), M(ANYOF), "(-7, -7)", "(1, 7)", NULL, NULL },
	{ SIGNED, O(EQ), M(ALLOF), "(-7, -7)", "(-7, 7)", NULL, NULL },
	{ UNSIGNED, O(EQ), M(ONEOF), "(7, 8)", "(7, 7)", NULL, NULL },
	{ UNSIGNED, O(EQ), M(ANYOF), "(7, 7)", "(6, 8)", NULL, NULL },
	{ UNSIGNED, O(EQ), M(ALLOF), "(7, 7)", "(7, 8)", NULL, NULL },
	{ T(DOUBLE), O(EQ), M(ONEOF), "(2, 3)", "(2, 2)", NULL, NULL },
	{ T(DOUBLE), O(EQ), M(ANYOF), "(2, 2)", "(1, 3)", NULL, NULL },
	{ T(DOUBLE), O(EQ), M(ALLOF), "(2, 2)", "(2, 3)", NULL, NULL },
	{ SIGNED, O(NE), M(ONEOF), "(-7, 7)", "(1, 2)", NULL, NULL },
	{ SIGNED, O(NE), M(ANYOF), "(-7, 7)", "(-7)", NULL, NULL },
	{ SIGNED, O(NE), M(ALLOF), "(1, 7)", "(-7, 7)", NULL, NULL },
	{ UNSIGNED, O(NE), M(ONEOF), "(7, 8)", "(1, 8)", NULL, NULL },
	{ UNSIGNED, O(NE), M(ANYOF), "(7, 8)", "(7)", NULL, NULL },
	{ UNSIGNED, O(NE), M(ALLOF), "(6, 8)", "(6, 7)", NULL, NULL },
	{ T(DOUBLE), O(NE), M(ONEOF), "(2, 3)", "(1, 3)", NULL, NULL },
	{ T(DOUBLE), O(NE), M(ANYOF), "(2, 3)", "(2)", NULL, NULL },
	{ T(DOUBLE), O(NE), M(ALLOF), "(1, 3)", "(1, 2)", NULL, NULL },

	/* truth values */
	{ T(BOOL), O(EQ), PLAIN, "true", "false", NULL, NULL },
	{ T(BOOL), O(NE), PLAIN, "false", "true", NULL, NULL },
	{ T(BOOL), MEMBERS, PLAIN, "(false, true)", "(false)", NULL, NULL },
	{ T(BOOL), O(EQ), M(ONEOF), "(true, false)", "(true, true)", NULL, NULL },
	{ T(BOOL), O(EQ), M(ANYOF), "(true, false)", "(false)", NULL, NULL },
	{ T(BOOL), O(EQ), M(ALLOF), "(true, true)", "(true, false)", NULL, NULL },
	{ T(BOOL), O(NE), M(ONEOF), "(true, false)", "(true)", NULL, NULL },
	{ T(BOOL), O(NE), M(ANYOF), "(true, false)", "(true)", NULL, NULL },
	{ T(BOOL), O(NE), M(ALLOF), "(false)", "(true, false)", NULL, NULL },
	{ T(BOOL), ORDER, PLAIN, NULL, NULL, NO_NUMBER, NULL },

	/* strings; '/' is less than a digit */
	{ STRINGS, O(EQ), PLAIN, "/usr/Bin/cat", "/usr/bin/cat", NULL, NULL },
	{ STRINGS, O(NE), PLAIN, "/usr/Bin/ca", "/usr/Bin/cat", NULL, NULL },
	{ STRINGS, O(LT) | O(LE), PLAIN, "0", "-1", NULL, NULL },
	{ STRINGS, O(GT) | O(GE), PLAIN, "-1", "0", NULL, NULL },
	{ STRINGS, MEMBERS, PLAIN, "(a, /usr/Bin/cat)", "(a, cat, /usr)", NULL, NULL },
	{ STRINGS, O(CONTAINS), PLAIN, "Bin", "bin", NULL, NULL },
	{ STRINGS, O(ICONTAINS), PLAIN, "bIN", "bon", NULL, NULL },
	{ STRINGS, O(STARTSWITH), PLAIN, "/usr", "usr", NULL, NULL },
	{ STRINGS, O(ENDSWITH), PLAIN, "/cat", "/ca", NULL, NULL },
	{ STRINGS, O(GLOB), PLAIN, "/*t", "/*/bin/*", NULL, NULL },
	{ STRINGS, O(IGLOB), PLAIN, "/*/bin/CA[st]", "/*/bin/CA[s]", NULL, NULL },
	{ STRINGS, O(REGEX), PLAIN, "'/usr/[A-Z]in/.+'", "'usr/[A-Z]in'", NULL, NULL },
	{ STRINGS, O(PMATCH), PLAIN, "(/etc, /usr/Bin)", "(/us, /usr/bin)", NULL, NULL },
	{ STRINGS, HEX, PLAIN | WITH_LIST, NULL, NULL, NO_STRING, NULL },
	{ STRINGS, O(EQ), M(ONEOF), "(/usr/Bin/cat, b)", "(/usr/Bin/cat, /usr/Bin/cat)", NULL, NULL },
	{ STRINGS, O(EQ), M(ANYOF), "(a, /usr/Bin/cat)", "(a, b)", NULL, NULL },
	{ STRINGS, O(EQ), M(ALLOF), "(/usr/Bin/cat)", "(/usr/Bin/cat, b)", NULL, NULL },
	{ STRINGS, O(NE), M(ONEOF), "(/usr/Bin/cat, b)", "(a, b)", NULL, NULL },
	{ STRINGS, O(NE), M(ANYOF), "(/usr/Bin/cat, b)", "(/usr/Bin/cat)", NULL, NULL },
	{ STRINGS, O(NE), M(ALLOF), "(a, b)", "(a, /usr/Bin/cat)", NULL, NULL },
	{ STRINGS, O(CONTAINS), M(ONEOF), "(Bin, bin)", "(Bin, cat)", NULL, NULL },
	{ STRINGS, O(CONTAINS), M(ANYOF), "(Bin, cat)", "(bin, dog)", NULL, NULL },
	{ STRINGS, O(CONTAINS), M(ALLOF), "(Bin, cat)", "(Bin, dog)", NULL, NULL },
	{ STRINGS, O(ICONTAINS), M(ONEOF), "(bin, dog)", "(bin, CAT)", NULL, NULL },
	{ STRINGS, O(ICONTAINS), M(ANYOF), "(bin, CAT)", "(bon, dog)", NULL, NULL },
	{ STRINGS, O(ICONTAINS), M(ALLOF), "(bin, CAT)", "(bin, dog)", NULL, NULL },
	{ STRINGS, O(STARTSWITH), M(ONEOF), "(/usr, /var)", "(/usr, /)", NULL, NULL },
	{ STRINGS, O(STARTSWITH), M(ANYOF), "(/usr, /)", "(usr, Bin)", NULL, NULL },
	{ STRINGS, O(STARTSWITH), M(ALLOF), "(/usr, /)", "(/usr, /var)", NULL, NULL },
	{ STRINGS, O(ENDSWITH), M(ONEOF), "(cat, dog)", "(cat, t)", NULL, NULL },
	{ STRINGS, O(ENDSWITH), M(ANYOF), "(cat, t)", "(dog, ca)", NULL, NULL },
	{ STRINGS, O(ENDSWITH), M(ALLOF), "(cat, t)", "(cat, dog)", NULL, NULL },
	{ STRINGS, O(GLOB), M(ONEOF), "(*cat, *dog)", "(*cat, /*)", NULL, NULL },
	{ STRINGS, O(GLOB), M(ANYOF), "(*cat, /*)", "(cat*, *Cat)", NULL, NULL },
	{ STRINGS, O(GLOB), M(ALLOF), "(*cat, /*)", "(*cat, *dog)", NULL, NULL },
	{ STRINGS, O(IGLOB), M(ONEOF), "(*CAT, *dog)", "(*CAT, /*)", NULL, NULL },
	{ STRINGS, O(IGLOB), M(ANYOF), "(*CAT, /*)", "(cat*, *dog)", NULL, NULL },
	{ STRINGS, O(IGLOB), M(ALLOF), "(*CAT, /*)", "(*CAT, *dog)", NULL, NULL },
	{ STRINGS, O(REGEX), M(ONEOF), "('.*cat', cat)", "('.*cat', '/.*')", NULL, NULL },
	{ STRINGS, O(REGEX), M(ANYOF), "('.*cat', '/.*')", "(cat, '.*Cat')", NULL, NULL },
	{ STRINGS, O(REGEX), M(ALLOF), "('.*cat', '/.*')", "('.*cat', cat)", NULL, NULL },

	/* buffers: G E T NUL / a */
	{ T(BYTEBUF), O(EQ), PLAIN, "'GET\\x00/a'", "GET", NULL, NULL },
	{ T(BYTEBUF), O(NE), PLAIN, "GET", "'GET\\x00/a'", NULL, NULL },
	{ T(BYTEBUF), MEMBERS, PLAIN, "(b, 'GET\\x00/a')", "(b, GET)", NULL, NULL },
	{ T(BYTEBUF), O(CONTAINS), PLAIN, "/", "get", NULL, NULL },
	{ T(BYTEBUF), O(STARTSWITH), PLAIN, "GE", "ET", NULL, NULL },
	{ T(BYTEBUF), O(ENDSWITH), PLAIN, "/a", "GET", NULL, NULL },
	{ T(BYTEBUF), O(BCONTAINS), PLAIN, "54002F", "5400ff", NULL, NULL },
	{ T(BYTEBUF), O(BSTARTSWITH), PLAIN, "474554", "4554", NULL, NULL },
	{ T(BYTEBUF), ORDER | PATTERNS | O(PMATCH), PLAIN | WITH_LIST, NULL, NULL, NO_BUFFER, NULL },
	{ T(BYTEBUF), O(EQ), M(ONEOF), "('GET\\x00/a', b)", "('GET\\x00/a', 'GET\\x00/a')", NULL, NULL },
	{ T(BYTEBUF), O(EQ), M(ANYOF), "(b, 'GET\\x00/a')", "(b, GET)", NULL, NULL },
	{ T(BYTEBUF), O(EQ), M(ALLOF), "('GET\\x00/a')", "('GET\\x00/a', b)", NULL, NULL },
	{ T(BYTEBUF), O(NE), M(ONEOF), "('GET\\x00/a', b)", "(b, GET)", NULL, NULL },
	{ T(BYTEBUF), O(NE), M(ANYOF), "('GET\\x00/a', b)", "('GET\\x00/a')", NULL, NULL },
	{ T(BYTEBUF), O(NE), M(ALLOF), "(b, GET)", "(b, 'GET\\x00/a')", NULL, NULL },
	{ T(BYTEBUF), O(CONTAINS), M(ONEOF), "(GET, b)", "(GET, a)", NULL, NULL },
	{ T(BYTEBUF), O(CONTAINS), M(ANYOF), "(GET, a)", "(get, b)", NULL, NULL },
	{ T(BYTEBUF), O(CONTAINS), M(ALLOF), "(GET, a)", "(GET, b)", NULL, NULL },
	{ T(BYTEBUF), O(STARTSWITH), M(ONEOF), "(GET, b)", "(GET, G)", NULL, NULL },
	{ T(BYTEBUF), O(STARTSWITH), M(ANYOF), "(GET, G)", "(ET, b)", NULL, NULL },
	{ T(BYTEBUF), O(STARTSWITH), M(ALLOF), "(GET, G)", "(GET, b)", NULL, NULL },
	{ T(BYTEBUF), O(ENDSWITH), M(ONEOF), "(a, b)", "(a, /a)", NULL, NULL },
	{ T(BYTEBUF), O(ENDSWITH), M(ANYOF), "(a, /a)", "(b, /)", NULL, NULL },
	{ T(BYTEBUF), O(ENDSWITH), M(ALLOF), "(a, /a)", "(a, b)", NULL, NULL },
	{ T(BYTEBUF), O(BCONTAINS), M(ONEOF), "(00, ff)", "(00, 2f)", NULL, NULL },
	{ T(BYTEBUF), O(BCONTAINS), M(ANYOF), "(00, ff)", "(ff, 01)", NULL, NULL },
	{ T(BYTEBUF), O(BCONTAINS), M(ALLOF), "(00, 2f)", "(00, ff)", NULL, NULL },
	{ T(BYTEBUF), O(BSTARTSWITH), M(ONEOF), "(47, ff)", "(47, 4745)", NULL, NULL },
	{ T(BYTEBUF), O(BSTARTSWITH), M(ANYOF), "(47, ff)", "(45, ff)", NULL, NULL },
	{ T(BYTEBUF), O(BSTARTSWITH), M(ALLOF), "(47, 4745)", "(47, ff)", NULL, NULL },

	/* addresses and networks */
	{ ADDR4, O(EQ), PLAIN, "10.1.2.3", "10.1.2.4", NULL, NULL },
	{ ADDR4, O(NE), PLAIN, "10.1.2.4", "10.1.2.3", NULL, NULL },
	{ ADDR4, MEMBERS, PLAIN, "(10.0.0.1, 10.1.2.3)", "(10.0.0.1, ::1)", NULL, NULL },
	{ ADDR4, O(EQ), M(ONEOF), "(10.1.2.3, ::1)", "(10.1.2.3, 10.1.2.3)", NULL, NULL },
	{ ADDR4, O(EQ), M(ANYOF), "(::1, 10.1.2.3)", "(::1, 10.1.2.4)", NULL, NULL },
	{ ADDR4, O(EQ), M(ALLOF), "(10.1.2.3)", "(10.1.2.3, 10.1.2.4)", NULL, NULL },
	{ ADDR4, O(NE), M(ONEOF), "(10.1.2.3, ::1)", "(10.1.2.4, ::1)", NULL, NULL },
	{ ADDR4, O(NE), M(ANYOF), "(10.1.2.3, ::1)", "(10.1.2.3)", NULL, NULL },
	{ ADDR4, O(NE), M(ALLOF), "(10.1.2.4, ::1)", "(10.1.2.3, ::1)", NULL, NULL },
	{ ADDR6, O(EQ), PLAIN, "2001:db8:0::7", "2001:db8::8", NULL, NULL },
	{ ADDR6, O(NE), PLAIN, "10.1.2.3", "2001:db8::7", NULL, NULL },
	{ ADDR6, MEMBERS, PLAIN, "(10.1.2.3, 2001:db8::7)", "(10.1.2.3, ::7)", NULL, NULL },
	{ ADDR6, O(EQ), M(ONEOF), "(2001:db8::7, ::1)", "(::2, ::1)", NULL, NULL },
	{ ADDR6, O(EQ), M(ANYOF), "(::1, 2001:db8::7)", "(::1, ::2)", NULL, NULL },
	{ ADDR6, O(EQ), M(ALLOF), "(2001:db8::7)", "(2001:db8::7, ::1)", NULL, NULL },
	{ ADDR6, O(NE), M(ONEOF), "(2001:db8::7, ::1)", "(::2, ::1)", NULL, NULL },
	{ ADDR6, O(NE), M(ANYOF), "(2001:db8::7, ::1)", "(2001:db8::7)", NULL, NULL },
	{ ADDR6, O(NE), M(ALLOF), "(::2, ::1)", "(2001:db8::7, ::1)", NULL, NULL },
	{ NET4, O(EQ), PLAIN, "10.1.0.0/16", "10.2.0.0/16", NULL, NULL },
	{ NET4, O(NE), PLAIN, "10.2.0.0/16", "10.0.0.0/8", NULL, NULL },
	{ NET4, MEMBERS, PLAIN, "(192.168.0.0/16, 10.0.0.0/8)", "(192.168.0.0/16, ::/0)", NULL, NULL },
	{ NET4, O(EQ), M(ONEOF), "(10.0.0.0/8, 11.0.0.0/8)", "(10.0.0.0/8, 10.1.0.0/16)", NULL, NULL },
	{ NET4, O(EQ), M(ANYOF), "(10.0.0.0/8, 10.1.0.0/16)", "(11.0.0.0/8, ::/0)", NULL, NULL },
	{ NET4, O(EQ), M(ALLOF), "(10.0.0.0/8, 10.1.0.0/16)", "(10.0.0.0/8, 11.0.0.0/8)", NULL, NULL },
	{ NET4, O(NE), M(ONEOF), "(10.0.0.0/8, 11.0.0.0/8)", "(11.0.0.0/8, ::/0)", NULL, NULL },
	{ NET4, O(NE), M(ANYOF), "(10.0.0.0/8, 11.0.0.0/8)", "(10.0.0.0/8)", NULL, NULL },
	{ NET4, O(NE), M(ALLOF), "(11.0.0.0/8, ::/0)", "(11.0.0.0/8, 10.0.0.0/8)", NULL, NULL },
	{ NET6, O(EQ), PLAIN, "2001:db8::/32", "2001:db9::/32", NULL, NULL },
	{ NET6, O(NE), PLAIN, "10.0.0.0/8", "2001::/16", NULL, NULL },
	{ NET6, MEMBERS, PLAIN, "(10.0.0.0/8, 2001:db8::/33)", "(0.0.0.0/0, fe80::/10)", NULL, NULL },
	{ NET6, O(EQ), M(ONEOF), "(2001::/16, fe80::/10)", "(2001::/16, ::/0)", NULL, NULL },
	{ NET6, O(EQ), M(ANYOF), "(2001::/16, ::/0)", "(fe80::/10, 0.0.0.0/0)", NULL, NULL },
	{ NET6, O(EQ), M(ALLOF), "(2001::/16, ::/0)", "(2001::/16, fe80::/10)", NULL, NULL },
	{ NET6, O(NE), M(ONEOF), "(2001::/16, fe80::/10)", "(fe80::/10, 0.0.0.0/0)", NULL, NULL },
	{ NET6, O(NE), M(ANYOF), "(2001::/16, fe80::/10)", "(2001::/16)", NULL, NULL },
	{ NET6, O(NE), M(ALLOF), "(fe80::/10, 0.0.0.0/0)", "(fe80::/10, ::/0)", NULL, NULL },
	{ ADDRS, ORDER | PARTS | HEX | PATTERNS | O(PMATCH), PLAIN, NULL, NULL, NO_ADDR, NULL },
	{ ADDRS, PARTS | HEX | PATTERNS, WITH_LIST, NULL, NULL, NO_ADDR_LIST, NULL },

	/* what cannot be compared */
	{ OPAQUE, ALL_OPS & ~O(EXISTS), PLAIN | WITH_LIST, NULL, NULL, NO_TYPE, NULL },
};

/* Lists hold the value of above and another: dog, 9, true, 10.1.2.4. */
static const struct row lists[] = {
	{ ALL_TYPES, O(EXISTS), PLAIN, "", NULL, NULL, NULL },
	{ T(CHARBUF), O(IN), PLAIN, "(a, dog, /usr/Bin/cat)", "(dog)", NULL, NULL },
	{ T(CHARBUF), O(INTERSECTS), PLAIN, "(a, dog)", "(a, cat)", NULL, NULL },
	{ T(UINT64) | T(RELTIME) | T(ABSTIME), O(IN), PLAIN, "(9, 8, 7)", "(8, 7)", NULL, NULL },
	{ T(UINT64) | T(RELTIME) | T(ABSTIME), O(INTERSECTS), PLAIN, "(8, 7)", "(1, 8)", NULL, NULL },
	{ T(BOOL), MEMBERS, PLAIN, "(true)", "(false)", NULL, NULL },
	{ T(IPADDR), O(IN), PLAIN, "(10.1.2.4, 10.1.2.3)", "(10.1.2.4, ::1)", NULL, NULL },
	{ T(IPADDR), O(INTERSECTS), PLAIN, "(10.1.2.4, ::1)", "(10.1.2.5, ::1)", NULL, NULL },
	{ T(IPNET), O(IN), PLAIN, "(10.1.2.0/24)", "(10.1.2.4/32)", NULL, NULL },
	{ T(IPNET), O(INTERSECTS), PLAIN, "(10.1.2.4/32)", "(10.1.2.8/29)", NULL, NULL },
	{ LISTABLE, ALL_OPS & ~(MEMBERS | O(EXISTS)), PLAIN | WITH_LIST, NULL, NULL, NO_LIST, NULL },
	{ ALL_TYPES & ~LISTABLE & ~OPAQUE, ALL_OPS & ~O(EXISTS), PLAIN | WITH_LIST, NULL, NULL, NO_TYPE_LIST, NULL },
	{ OPAQUE, ALL_OPS & ~O(EXISTS), PLAIN | WITH_LIST, NULL, NULL, NO_TYPE, NULL },
};

/* ---- running ---- */

static u32 npairs, nheld;

static const char *any_right(enum filter_op op, u32 mod)
{
	static const char *const right[] = {
		[SHAPE_NONE] = "", [SHAPE_NUMBER] = "1", [SHAPE_STRING] = "10", [SHAPE_LIST] = "(1)" };

	return mod ? "(10)" : right[op_rows[op].shape];
}

static void write_check(char *out, size_t size, const char *field, enum filter_op op, u32 mod, const char *right)
{
	snprintf(out, size, "%s %s%s%s %s", field, op_rows[op].name, mod ? " " : "", mod ? modifier_names[mod] : "", right);
}

static void expect(const char *text, int want, const char *refusal)
{
	struct diag d = { 0 };
	int got = filter_holds(&fields, text, &d);

	if (got != want)
		fail_msg("%s: %s, expected %s", text, got < 0 ? d.msg : got ? "holds" : "does not hold",
			 want < 0 ? refusal : want ? "that it holds" : "that it does not hold");
	if (want < 0 && strcmp(d.msg, refusal))
		fail_msg("%s: '%s', expected '%s'", text, d.msg, refusal);
	if (want == 1)
		nheld++;
	diag_fini(&d);
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void expect_pair(const struct row *r, u32 form, u32 type, enum filter_op op, u32 mod)
{
	const char *field = field_name(form, type);
	char text[200], refusal[200];

	npairs++;
	if (r->refusal) {
		snprintf(refusal, sizeof(refusal), r->refusal, op_rows[op].name, param_type_name(type));
		write_check(text, sizeof(text), field, op, mod, any_right(op, mod));
		return expect(text, -1, refusal);
	}
	write_check(text, sizeof(text), field, op, mod, r->yes);
	expect(text, 1, NULL);
	if (r->no) {
		write_check(text, sizeof(text), field, op, mod, r->no);
		expect(text, 0, NULL);
	}
	/* without a value nothing holds */
	write_check(text, sizeof(text), field_name(MISSING, type), op, mod, r->yes);
	if (form == SCALAR)
		expect(text, 0, NULL);
}

/* Is it an operator at all? */
static bool pair_exists(enum filter_op op, u32 mod)
{
	return !mod || op_rows[op].shape == SHAPE_STRING;
}

static const struct row *find_row(const struct row *from, u32 n, u32 type, enum filter_op op, u32 mod, u32 *ret_found)
{
	const struct row *found = NULL;

	*ret_found = 0;
	for (u32 i = 0; i < n; i++) {
		if (!(from[i].types >> type & 1) || !(from[i].ops >> op & 1) || !(from[i].mods >> mod & 1))
			continue;
		found = &from[i];
		++*ret_found;
	}
	return found;
}

static void run_rows(const struct row *from, u32 n, u32 form)
{
	u32 found;

	for (u32 type = 0; type < PT_MAX; type++)
		for (u32 op = 0; op < OP_MAX; op++)
			for (u32 mod = MOD_NONE; mod <= MOD_ALLOF; mod++) {
				const struct row *r = find_row(from, n, type, op, mod, &found);

				if (!pair_exists(op, mod))
					continue;
				if (found != 1)
					fail_msg("%u rows for '%s%s%s' on %s%s", found, op_rows[op].name,
						 mod ? " " : "", mod ? modifier_names[mod] : "",
						 form == LIST ? "lists of " : "", param_type_name(type));
				expect_pair(r, form, type, op, mod);
			}
}

static void test_scalars(void **state)
{
	(void)state;
	npairs = nheld = 0;
	run_rows(scalars, ARRAY_SIZE(scalars), SCALAR);
	assert_int_equal(npairs, PT_MAX * (OP_MAX + 3 * 11));
	assert_true(nheld > 300);
}

static void test_lists(void **state)
{
	(void)state;
	run_rows(lists, ARRAY_SIZE(lists), LIST);
}

/* A row that is lost is missed, whichever it is. */
static void test_lost_row(void **state)
{
	(void)state;
	for (u32 lost = 0; lost < ARRAY_SIZE(scalars); lost++) {
		struct row rest[ARRAY_SIZE(scalars)];
		u32 found, missing = 0;

		memcpy(rest, scalars, sizeof(rest));
		rest[lost].types = 0;
		for (u32 type = 0; type < PT_MAX; type++)
			for (u32 op = 0; op < OP_MAX; op++)
				for (u32 mod = MOD_NONE; mod <= MOD_ALLOF; mod++)
					missing += pair_exists(op, mod) &&
						   !find_row(rest, ARRAY_SIZE(rest), type, op, mod, &found);
		if (!missing)
			fail_msg("row %u is not needed", lost);
	}
}

/* The operators that take modifiers are as many as the test believes, and each type belongs to one family. */
static void test_families(void **state)
{
	static const u64 families[] = { SIGNED, UNSIGNED, NAMELESS, T(DOUBLE), T(BOOL), STRINGS, T(BYTEBUF), ADDR4, NET4,
					ADDR6, NET6, OPAQUE };
	u64 all = 0;
	u32 with_modifier = 0;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(families); i++) {
		assert_int_equal(all & families[i], 0);
		all |= families[i];
	}
	assert_true(all == ALL_TYPES);
	for (u32 op = 0; op < OP_MAX; op++)
		with_modifier += op_rows[op].shape == SHAPE_STRING;
	assert_int_equal(with_modifier, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_lost_row),
	};

	return cmocka_run_group_tests(tests, make_fields, NULL);
}
