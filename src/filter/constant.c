/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/constant.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "filter/ops.h"

/* Decimal with an optional sign, nothing behind it; too large values saturate. */
static bool parse_decimal(const char *s, bool *ret_negative, u64 *ret)
{
	char *end;

	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	*ret_negative = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	if (*s < '0' || *s > '9')
		return false;
	*ret = strtoull(s, &end, 10);
	return !*end;
}

/* Values that do not fit the type wrap, as they always have. */
static u64 wrap_unsigned(u64 v, u32 bits)
{
	return bits < 64 ? v & ((1ull << bits) - 1) : v;
}

static s64 wrap_signed(u64 v, u32 bits)
{
	return bits < 64 ? (s64)(v << (64 - bits)) >> (64 - bits) : (s64)v;
}

static int parse_number(u32 type, const char *text, struct value *ret, struct diag *d)
{
	bool negative;
	u64 v;

	if (!parse_decimal(text, &negative, &v))
		return diag_set(d, "%s is not a valid number", text);
	if (negative)
		v = -v;
	if (type_kind(type) == TK_DOUBLE)
		ret->d = (double)(s64)v;
	else if (type_kind(type) == TK_SIGNED)
		ret->i = wrap_signed(v, type_bits(type));
	else
		ret->u = wrap_unsigned(v, type_bits(type));
	return 0;
}

/* A number or the name of a service. */
static int parse_port(const char *text, u32 len, struct value *ret, struct diag *d)
{
	struct servent buf, *found = NULL;
	char space[1024];

	if (strspn(text, "0123456789") == len) {
		ret->u = strtoull(text, NULL, 10) & 0xffff;
		return 0;
	}
	if (getservbyname_r(text, NULL, &buf, space, sizeof(space), &found) || !found)
		return diag_set(d, "unrecognized protocol %s", text);
	ret->u = ntohs((u16)found->s_port);
	return 0;
}

static int parse_bool(const char *text, struct value *ret, struct diag *d)
{
	ret->u = !strcmp(text, "true");
	if (!ret->u && strcmp(text, "false"))
		return diag_set(d, "filter error: unrecognized boolean value %s", text);
	return 0;
}

static int parse_string(const char *text, u32 len, struct value *ret, struct diag *d)
{
	if (memchr(text, 0, len))
		return diag_set(d, "filter error: filter value cannot contain a NUL byte (\\x00)");
	ret->p = text;
	ret->len = len;
	return 0;
}

/* The version is told by the characters: a dot (and no colon) is of an IPv4 address. */
static int parse_addr(struct arena *a, const char *text, struct value *ret, struct diag *d)
{
	bool v4 = strchr(text, '.') && !strchr(text, ':');
	u8 *p = arena_alloc(a, 17);

	if (inet_pton(v4 ? AF_INET : AF_INET6, text, p) != 1)
		return diag_set(d, "unrecognized %s address %s", v4 ? "IPv4" : "IPv6", text);
	ret->p = (char *)p;
	ret->len = v4 ? 4 : 16;
	return 0;
}

static int parse_net(struct arena *a, const char *text, struct value *ret, struct diag *d)
{
	const char *slash = strchr(text, '/');
	bool negative;
	u64 bits;
	int err;

	err = parse_addr(a, slash ? arena_memdup0(a, text, (size_t)(slash - text)) : text, ret, d);
	if (err)
		return err;
	if (!slash || !parse_decimal(slash + 1, &negative, &bits) || negative ||
	    bits > ret->len * 8u)
		return diag_set(d, "invalid netmask %s", slash ? slash + 1 : "");
	((u8 *)ret->p)[ret->len] = (u8)bits;
	return 0;
}

int constant_parse(struct arena *a, u32 type, const char *text, u32 len, struct value *ret,
		   struct diag *d)
{
	*ret = (struct value){ .type = (u8)type, .fmt = PF_DEC };
	switch (type_kind(type)) {
	case TK_SIGNED:
	case TK_UNSIGNED:
	case TK_DOUBLE:
		if (type == PT_SYSCALLID || type == PT_SIGTYPE)
			return diag_set(d, "wrong parameter type %u", type);
		if (type == PT_PORT)
			return parse_port(text, len, ret, d);
		return parse_number(type, text, ret, d);
	case TK_BOOL:
		return parse_bool(text, ret, d);
	case TK_STR:
		return parse_string(text, len, ret, d);
	case TK_BUF:
		ret->p = text;
		ret->len = len;
		return 0;
	case TK_IP:
		return parse_addr(a, text, ret, d);
	case TK_NET:
		return parse_net(a, text, ret, d);
	default:
		return diag_set(d, "wrong parameter type %u", type);
	}
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int constant_parse_hex(struct arena *a, const char *text, u32 len, struct value *ret,
		       struct diag *d)
{
	static const char msg[] =
		"filter error: bcontains and bstartswith operator support hex strings only";
	char *p = arena_alloc(a, len / 2 + 1);

	if (len % 2)
		return diag_set(d, "%s", msg);
	for (u32 i = 0; i < len; i += 2) {
		int hi = hex_value(text[i]), lo = hex_value(text[i + 1]);

		if (hi < 0 || lo < 0)
			return diag_set(d, "%s", msg);
		p[i / 2] = (char)(hi << 4 | lo);
	}
	*ret = (struct value){ .type = PT_BYTEBUF, .p = p, .len = len / 2 };
	return 0;
}
