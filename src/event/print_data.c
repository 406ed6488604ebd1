/* SPDX-License-Identifier: Apache-2.0 */
/* Printed forms that need no event: addresses, buffers, flags, times. */
#include "event/print.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define IP4_LEN 4u
#define IP6_LEN 16u

static void print_port(const u8 *p, struct buf *out)
{
	u16 port;

	memcpy(&port, p, sizeof(port));
	buf_addc(out, ':');
	buf_add_u64(out, port);
}

void print_ipv4(const u8 addr[4], struct buf *out)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			buf_addc(out, '.');
		buf_add_u64(out, addr[i]);
	}
}

void print_ipv6(const u8 addr[16], struct buf *out)
{
	char text[INET6_ADDRSTRLEN];

	buf_adds(out, inet_ntop(AF_INET6, addr, text, sizeof(text)) ? text : "<NA>");
}

static void print_ip4_end(const u8 *p, struct buf *out)
{
	print_ipv4(p, out);
	print_port(p + IP4_LEN, out);
}

static bool is_mapped(const u8 *addr)
{
	static const u8 prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, prefix, sizeof(prefix));
}

static void print_family(u8 family, struct buf *out)
{
	buf_addf(out, "family %u", family);
}

void print_sockaddr(const u8 *p, u32 len, struct buf *out)
{
	if (!len)
		return;
	if (p[0] == AF_UNIX) {
		buf_add(out, p + 1, strnlen((const char *)p + 1, len - 1));
	} else if (p[0] == AF_INET && len >= 1 + IP4_LEN + 2) {
		print_ip4_end(p + 1, out);
	} else if (p[0] == AF_INET6 && len >= 1 + IP6_LEN + 2) {
		print_ipv6(p + 1, out);
		print_port(p + 1 + IP6_LEN, out);
	} else {
		print_family(p[0], out);
	}
}

static void print_tuple6(const u8 *src, const u8 *dst, struct buf *out)
{
	bool mapped = is_mapped(src) && is_mapped(dst);

	if (mapped)
		print_ipv4(src + 12, out);
	else
		print_ipv6(src, out);
	print_port(src + IP6_LEN, out);
	buf_adds(out, "->");
	if (mapped)
		print_ipv4(dst + 12, out);
	else
		print_ipv6(dst, out);
	print_port(dst + IP6_LEN, out);
}

static void print_tuple_unix(const u8 *p, u32 len, struct buf *out)
{
	u64 src, dst;

	memcpy(&src, p, 8);
	memcpy(&dst, p + 8, 8);
	buf_addf(out, "%llx->%llx ", src, dst);
	buf_add(out, p + 16, strnlen((const char *)p + 16, len - 16));
}

void print_socktuple(const u8 *p, u32 len, struct buf *out)
{
	if (!len)
		return;
	if (p[0] == AF_UNIX && len >= 1 + 16) {
		print_tuple_unix(p + 1, len - 1, out);
	} else if (p[0] == AF_INET && len >= 1 + 2 * (IP4_LEN + 2)) {
		print_ip4_end(p + 1, out);
		buf_adds(out, "->");
		print_ip4_end(p + 1 + IP4_LEN + 2, out);
	} else if (p[0] == AF_INET6 && len >= 1 + 2 * (IP6_LEN + 2)) {
		print_tuple6(p + 1, p + 1 + IP6_LEN + 2, out);
	} else {
		print_family(p[0], out);
	}
}

static void print_dots(const u8 *p, u32 len, struct buf *out)
{
	buf_reserve(out, len);
	for (u32 i = 0; i < len; i++)
		buf_addc(out, p[i] >= ' ' && p[i] < 0x7f ? (char)p[i] : '.');
}

static void print_hex(const u8 *p, u32 len, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";

	for (u32 i = 0; i < len; i++) {
		buf_addc(out, digits[p[i] >> 4]);
		buf_addc(out, digits[p[i] & 15]);
	}
}

/* Lines of 16 bytes: offset, pairs of bytes and, when wanted, the characters. */
static void print_dump(const u8 *p, u32 len, bool ascii, struct buf *out)
{
	for (u32 at = 0; at < len; at += 16) {
		u32 n = (u32)size_min(16, len - at);

		buf_addf(out, "\n\t0x%04x:", at);
		for (u32 i = 0; i < 16; i++) {
			if (i % 2 == 0 && (i < n || ascii))
				buf_addc(out, ' ');
			if (i < n)
				print_hex(p + at + i, 1, out);
			else if (ascii)
				buf_adds(out, "  ");
		}
		if (ascii) {
			buf_adds(out, "  ");
			print_dots(p + at, n, out);
		}
	}
	buf_addc(out, '\n');
}

static void print_base64(const u8 *p, u32 len, struct buf *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (u32 i = 0; i < len; i += 3) {
		u32 left = len - i;
		u32 second = left > 1 ? p[i + 1] : 0;
		u32 third = left > 2 ? p[i + 2] : 0;
		u32 v = (u32)p[i] << 16 | second << 8 | third;

		buf_addc(out, digits[v >> 18]);
		buf_addc(out, digits[v >> 12 & 63]);
		buf_addc(out, left > 1 ? digits[v >> 6 & 63] : '=');
		buf_addc(out, left > 2 ? digits[v & 63] : '=');
	}
}

void print_bytes(const u8 *p, u32 len, enum buffer_format f, struct buf *out)
{
	switch (f) {
	case BUFFER_HEX:
	case BUFFER_HEXASCII:
		print_dump(p, len, f == BUFFER_HEXASCII, out);
		break;
	case BUFFER_BASE64:
		print_base64(p, len, out);
		break;
	case BUFFER_DOTS:
		print_dots(p, len, out);
		break;
	}
}

static void print_name(const char *name, bool first, struct buf *out)
{
	if (!first)
		buf_addc(out, '|');
	buf_adds(out, name);
}

void print_flags(const struct flag_table *t, u32 value, struct buf *out)
{
	u32 left = value;
	bool first = true;

	for (u32 i = 0; i < t->n; i++) {
		u32 bits = t->flags[i].value;

		if (bits ? (left & bits) != bits : value != 0)
			continue;
		print_name(t->flags[i].name, first, out);
		first = false;
		left &= ~bits;
	}
}

void print_enum(const struct flag_table *t, u32 value, struct buf *out)
{
	bool first = true;

	for (u32 i = 0; i < t->n; i++) {
		if (t->flags[i].value != value)
			continue;
		print_name(t->flags[i].name, first, out);
		first = false;
	}
}

void print_time(u64 ts_ns, struct buf *out)
{
	time_t s = (time_t)(ts_ns / 1000000000);
	char text[64];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	buf_addf(out, "%s.%09llu", text, ts_ns % 1000000000);
}
