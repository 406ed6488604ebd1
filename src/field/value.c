/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text and as JSON: one table of kinds, two writers. */
#include "field/field.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum value_kind {
	KIND_NONE, KIND_UNSIGNED, KIND_SIGNED, KIND_BOOL, KIND_DOUBLE, KIND_STRING, KIND_OTHER,
};

static const struct {
	u8 kind;	/* enum value_kind */
	u8 bits;	/* of numbers */
} types[] = {
	[PT_NONE] = { KIND_NONE, 0 },
	[PT_INT8] = { KIND_SIGNED, 8 },
	[PT_INT16] = { KIND_SIGNED, 16 },
	[PT_INT32] = { KIND_SIGNED, 32 },
	[PT_INT64] = { KIND_SIGNED, 64 },
	[PT_UINT8] = { KIND_UNSIGNED, 8 },
	[PT_UINT16] = { KIND_UNSIGNED, 16 },
	[PT_UINT32] = { KIND_UNSIGNED, 32 },
	[PT_UINT64] = { KIND_UNSIGNED, 64 },
	[PT_CHARBUF] = { KIND_STRING, 0 },
	[PT_BYTEBUF] = { KIND_OTHER, 0 },
	[PT_ERRNO] = { KIND_SIGNED, 64 },
	[PT_SOCKADDR] = { KIND_OTHER, 0 },
	[PT_SOCKTUPLE] = { KIND_OTHER, 0 },
	[PT_FD] = { KIND_SIGNED, 64 },
	[PT_PID] = { KIND_SIGNED, 64 },
	[PT_FDLIST] = { KIND_OTHER, 0 },
	[PT_FSPATH] = { KIND_STRING, 0 },
	[PT_SYSCALLID] = { KIND_UNSIGNED, 16 },
	[PT_SIGTYPE] = { KIND_UNSIGNED, 8 },
	[PT_RELTIME] = { KIND_UNSIGNED, 64 },
	[PT_ABSTIME] = { KIND_UNSIGNED, 64 },
	[PT_PORT] = { KIND_UNSIGNED, 16 },
	[PT_L4PROTO] = { KIND_UNSIGNED, 8 },
	[PT_SOCKFAMILY] = { KIND_UNSIGNED, 8 },
	[PT_BOOL] = { KIND_BOOL, 32 },
	[PT_IPV4ADDR] = { KIND_OTHER, 0 },
	[PT_DYN] = { KIND_OTHER, 0 },
	[PT_FLAGS8] = { KIND_UNSIGNED, 8 },
	[PT_FLAGS16] = { KIND_UNSIGNED, 16 },
	[PT_FLAGS32] = { KIND_UNSIGNED, 32 },
	[PT_UID] = { KIND_UNSIGNED, 32 },
	[PT_GID] = { KIND_UNSIGNED, 32 },
	[PT_DOUBLE] = { KIND_DOUBLE, 0 },
	[PT_SIGSET] = { KIND_UNSIGNED, 32 },
	[PT_CHARBUFARRAY] = { KIND_OTHER, 0 },
	[PT_CHARBUF_PAIR_ARRAY] = { KIND_OTHER, 0 },
	[PT_IPV4NET] = { KIND_OTHER, 0 },
	[PT_IPV6ADDR] = { KIND_OTHER, 0 },
	[PT_IPV6NET] = { KIND_OTHER, 0 },
	[PT_IPADDR] = { KIND_OTHER, 0 },
	[PT_IPNET] = { KIND_OTHER, 0 },
	[PT_MODE] = { KIND_UNSIGNED, 32 },
	[PT_FSRELPATH] = { KIND_STRING, 0 },
	[PT_ENUMFLAGS8] = { KIND_UNSIGNED, 8 },
	[PT_ENUMFLAGS16] = { KIND_UNSIGNED, 16 },
	[PT_ENUMFLAGS32] = { KIND_UNSIGNED, 32 },
	[PT_FD32] = { KIND_SIGNED, 32 },
	[PT_PID32] = { KIND_SIGNED, 32 },
};
_Static_assert(ARRAY_SIZE(types) == PT_MAX, "a row for each type");

static enum value_kind kind_of(const struct value *v)
{
	return v->type < PT_MAX ? types[v->type].kind : KIND_NONE;
}

/* Negative numbers print as the two's complement of their type. */
static u64 bits_of(const struct value *v)
{
	u32 bits = types[v->type].bits;

	return bits < 64 ? v->u & ((1ull << bits) - 1) : v->u;
}

static void print_number(const struct value *v, struct buf *out)
{
	bool is_signed = kind_of(v) == KIND_SIGNED;

	if (v->fmt == PF_OCT)
		buf_addf(out, "%llo", bits_of(v));
	else if (v->fmt == PF_HEX)
		buf_addf(out, "%llX", bits_of(v));
	else if (v->fmt == PF_10_PADDED_DEC && is_signed)
		buf_addf(out, "%09lld", v->i);
	else if (v->fmt == PF_10_PADDED_DEC)
		buf_addf(out, "%09llu", v->u);
	else if (is_signed)
		buf_add_s64(out, v->i);
	else
		buf_add_u64(out, v->u);
}

static void print_address(const struct value *v, struct buf *out)
{
	if (v->len == 4)
		print_ipv4((const u8 *)v->p, out);
	else if (v->len == 16)
		print_ipv6((const u8 *)v->p, out);
	else
		buf_adds(out, "<NA>");
}

/* Types that are bytes of an event, and addresses. */
static void print_other(const struct value *v, struct buf *out)
{
	switch (v->type) {
	case PT_BYTEBUF:
		print_bytes((const u8 *)v->p, v->len, v->fmt, out);
		break;
	case PT_IPV4ADDR:
	case PT_IPV6ADDR:
	case PT_IPADDR:
	case PT_IPV4NET:
	case PT_IPV6NET:
	case PT_IPNET:
		print_address(v, out);
		break;
	default:
		buf_adds(out, "<NA>");
	}
}

static void print_list(const struct value *v, struct buf *out)
{
	buf_addc(out, '(');
	for (u32 i = 0; i < v->len; i++) {
		if (i)
			buf_addc(out, ',');
		value_print(&v->list[i], out);
	}
	buf_addc(out, ')');
}

void value_print(const struct value *v, struct buf *out)
{
	if (v->is_list) {
		print_list(v, out);
		return;
	}
	switch (kind_of(v)) {
	case KIND_UNSIGNED:
	case KIND_SIGNED:
		print_number(v, out);
		break;
	case KIND_BOOL:
		buf_adds(out, v->u ? "true" : "false");
		break;
	case KIND_DOUBLE:
		buf_addf(out, "%.1lf", v->d);
		break;
	case KIND_STRING:
		buf_add(out, v->p, v->len);
		break;
	default:
		print_other(v, out);
	}
}

/* The shortest text that reads back as d, with an exponent only where one helps. */
static void json_double(double d, struct buf *out)
{
	bool plain = !d || (fabs(d) >= 1e-5 && fabs(d) < 1e15);
	char s[64];

	if (!isfinite(d)) {
		buf_adds(out, "null");
		return;
	}
	for (int digits = 1; digits <= 24; digits++) {
		if (plain)
			snprintf(s, sizeof(s), "%.*f", digits, d);
		else
			snprintf(s, sizeof(s), "%.*g", digits, d);
		if (strtod(s, NULL) == d)
			break;
	}
	buf_adds(out, s);
}

static void json_list(const struct value *v, struct buf *out)
{
	buf_addc(out, '[');
	for (u32 i = 0; i < v->len; i++) {
		if (i)
			buf_addc(out, ',');
		value_print_json(&v->list[i], out);
	}
	buf_addc(out, ']');
}

/* Octal and hexadecimal numbers are strings; padded parts of a time are plain numbers. */
static void json_number(const struct value *v, struct buf *out)
{
	struct value plain = *v;
	bool quote = v->fmt == PF_OCT || v->fmt == PF_HEX;

	if (v->fmt == PF_10_PADDED_DEC) {
		quote = v->type != PT_RELTIME && v->type != PT_ABSTIME;
		if (!quote)
			plain.fmt = PF_DEC;
	}
	if (quote)
		buf_addc(out, '"');
	print_number(&plain, out);
	if (quote)
		buf_addc(out, '"');
}

static void json_string(const struct value *v, struct buf *out)
{
	struct buf text = { 0 };

	buf_addc(out, '"');
	if (kind_of(v) == KIND_STRING) {
		buf_add_json(out, v->p, v->len);
	} else {
		value_print(v, &text);
		buf_add_json(out, buf_str(&text), text.len);
		buf_fini(&text);
	}
	buf_addc(out, '"');
}

void value_print_json(const struct value *v, struct buf *out)
{
	if (v->is_list) {
		json_list(v, out);
		return;
	}
	switch (kind_of(v)) {
	case KIND_UNSIGNED:
	case KIND_SIGNED:
		json_number(v, out);
		break;
	case KIND_BOOL:
		buf_adds(out, v->u ? "true" : "false");
		break;
	case KIND_DOUBLE:
		if (v->fmt == PF_DEC)
			buf_addf(out, "%lld", (s64)v->d);
		else if (v->fmt == FMT_TEXT_ONLY)
			buf_adds(out, "0.0");
		else
			json_double(v->d, out);
		break;
	case KIND_NONE:
		buf_adds(out, "null");
		break;
	default:
		json_string(v, out);
	}
}
