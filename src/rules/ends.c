/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From fields of a descriptor to tests on what the kernel knows of it.  A descriptor of which user space does not know has
 * none of these fields, so only what holds for a field that is there may be tested: never the opposite.
 */
#include "rules/numbers.h"

#include <string.h>

#include "proc/proc.h"

/* Bits of the numbers below 64 that one of the values means; 0: at least one of them means none. */
typedef u64 (*bits_fn)(const struct value *v);

static bool is_text(const struct value *v, const char *text)
{
	return text && v->len == strlen(text) && !memcmp(v->p, text, v->len);
}

static u64 types_of(const struct value *v)
{
	u64 ret = 0;

	for (u8 i = 0; i < FDT_MAX; i++)
		ret |= is_text(v, fd_type_name(i)) ? 1ull << i : 0;
	return ret;
}

static u64 typechars_of(const struct value *v)
{
	u64 ret = 0;

	for (u8 i = FDT_UNKNOWN + 1; i < FDT_MAX && v->len == 1; i++)
		ret |= fd_typechar(i) == v->p[0] ? 1ull << i : 0;
	return ret;
}

static u64 protocols_of(const struct value *v)
{
	static const char *const names[] = { [L4_TCP] = "tcp", [L4_UDP] = "udp", [L4_ICMP] = "icmp", [L4_RAW] = "raw" };

	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (is_text(v, names[i]))
			return 1ull << i;
	return 0;
}

static bool one_of(const struct filter_node *n, bits_fn fn, u64 *ret)
{
	*ret = 0;
	for (u32 i = 0; i < n->nvalues; i++) {
		u64 bits = fn(&n->values[i]);

		if (!bits)
			return false;
		*ret |= bits;
	}
	return true;
}

/* What the kernel takes for no type of these, or does not know, satisfies both. */
static bool small_tests(const struct filter_node *n, u8 number, bits_fn fn, struct kf_test *ret, u32 *ret_n)
{
	u64 bits;

	if (!n->one_value || !one_of(n, fn, &bits))
		return false;
	ret[0] = cond_test(number, ~0ull, 0, 63);
	if (n->op == OP_EQ || n->op == OP_IN || n->op == OP_INTERSECTS)
		ret[0].bits = bits;
	else if (n->op == OP_NE && n->nvalues == 1)
		ret[0].bits = ~bits;
	else
		return false;
	*ret_n = 1;
	return true;
}

static bool type_tests(const struct filter_node *n, struct kf_test *ret, u32 *ret_n)
{
	return small_tests(n, KF_FD_TYPE, types_of, ret, ret_n);
}

static bool typechar_tests(const struct filter_node *n, struct kf_test *ret, u32 *ret_n)
{
	return small_tests(n, KF_FD_TYPE, typechars_of, ret, ret_n);
}

static bool protocol_tests(const struct filter_node *n, struct kf_test *ret, u32 *ret_n)
{
	return small_tests(n, KF_L4PROTO, protocols_of, ret, ret_n);
}

/* Either end's, whichever the field means: which one is client is not known in the kernel. */
static bool port_tests(const struct filter_node *n, struct kf_test *ret, u32 *ret_n)
{
	u64 v = n->values[0].u, min = 0, max = UINT16_MAX;

	switch (n->op) {
	case OP_EQ:
	case OP_IN:
	case OP_INTERSECTS:
		for (u32 i = 0; i < n->nvalues && i < COND_TESTS_MAX; i++)
			ret[i] = cond_test(KF_PORT, ~0ull, n->values[i].u, n->values[i].u);
		*ret_n = n->nvalues;
		return n->nvalues <= COND_TESTS_MAX;
	case OP_GE: min = v; break;
	case OP_GT: min = v + 1; break;
	case OP_LE: max = v; break;
	case OP_LT: max = v - 1; break;
	default: return false;
	}
	if (v > UINT16_MAX || (n->op == OP_LT && !v))
		return false;
	ret[0] = cond_test(KF_PORT, ~0ull, min, max);
	*ret_n = 1;
	return true;
}

static u32 first_address(const struct value *v)
{
	const u8 *p = (const u8 *)v->p;

	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

/* IPv4 addresses, or networks: their length stands behind the address.  One of IPv6 says nothing here. */
static bool address_tests(const struct filter_node *n, struct kf_test *ret, u32 *ret_n)
{
	bool net = n->field->type == PT_IPNET || n->field->type == PT_IPV4NET;

	if ((n->op != OP_EQ && n->op != OP_IN && n->op != OP_INTERSECTS) || n->nvalues > COND_TESTS_MAX)
		return false;
	for (u32 i = 0; i < n->nvalues; i++) {
		u32 bits, host, addr;

		if (n->values[i].len != 4)
			return false;
		bits = net ? (u8)n->values[i].p[4] : 32;
		host = bits >= 32 ? 0 : UINT32_MAX >> bits;
		addr = first_address(&n->values[i]);
		ret[i] = cond_test(KF_ADDR4, ~0ull, addr & ~host, addr | host);
	}
	*ret_n = n->nvalues;
	return true;
}

static const struct {
	const char *field;
	bool (*tests)(const struct filter_node *n, struct kf_test *ret, u32 *ret_n);
} rows[] = {
	{ "fd.type", type_tests }, { "fd.typechar", typechar_tests }, { "fd.l4proto", protocol_tests },
	{ "fd.port", port_tests }, { "fd.sport", port_tests }, { "fd.cport", port_tests }, { "fd.lport", port_tests },
	{ "fd.rport", port_tests },
	{ "fd.ip", address_tests }, { "fd.sip", address_tests }, { "fd.cip", address_tests }, { "fd.lip", address_tests },
	{ "fd.rip", address_tests },
	{ "fd.net", address_tests }, { "fd.snet", address_tests }, { "fd.cnet", address_tests }, { "fd.lnet", address_tests },
	{ "fd.rnet", address_tests },
};

bool fd_tests(const struct filter_node *n, bool yes, struct kf_test *ret, u32 *ret_n)
{
	*ret_n = 0;
	for (u32 i = 0; i < ARRAY_SIZE(rows) && yes && !n->modifier && n->nvalues; i++)
		if (!strcmp(rows[i].field, n->field->field->name))
			return rows[i].tests(n, ret, ret_n);
	return false;
}
