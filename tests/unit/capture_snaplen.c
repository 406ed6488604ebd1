/* SPDX-License-Identifier: Apache-2.0 */
/* How many bytes of a socket's data are kept, by ports and by what the data begin with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/types.h"
#include "schema/driver_abi.h"

#define inline_ inline
#include "drivers/extract/protocol.h"

#define DATA(s) s, sizeof(s) - 1
#define OPCODE(s) DATA("\x40\0\0\0\1\0\0\0\0\0\0\0" s)

struct row {
	u16 local, remote;
	const char *data;
	u32 len;
	u32 want;
};

static const struct dynamic_snaplen plain = { .enabled = 1, .statsd_port = 8125 };

static u32 kept(const struct dynamic_snaplen *d, const struct row *r)
{
	struct data_head h = { .n = r->len < 16 ? r->len : 16 };

	/* what is behind the data is not to be looked at */
	memset(h.words, r->len && r->data[0] == 3 ? 0xff : 3, sizeof(h.words));
	memcpy(h.words, r->data, h.n);
	return snaplen_of(d, r->local, r->remote, &h);
}

static void check(const struct dynamic_snaplen *d, const struct row *rows, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (kept(d, &rows[i]) != rows[i].want)
			fail_msg("row %u: %u bytes, %u are expected", i, kept(d, &rows[i]), rows[i].want);
}

static void by_ports(void **state)
{
	static const struct dynamic_snaplen range = { 1, 8000, 8100, 8125 }, one = { 1, 53, 53, 8050 },
					    none = { .enabled = 1 };
	static const struct row in_range[] = {
		{ 40000, 8000, DATA("x"), SNAPLEN_FULL }, { 40000, 8100, DATA("x"), SNAPLEN_FULL },
		{ 8000, 40000, DATA("x"), SNAPLEN_FULL }, { 8050, 40000, DATA("GET / HTTP/1.1"), SNAPLEN_FULL },
		{ 8050, 8125, DATA("x"), SNAPLEN_FULL }, { 40000, 7999, DATA("x"), 0 }, { 40000, 8101, DATA("x"), 0 },
		{ 40000, 8125, DATA("x"), SNAPLEN_MORE }, { 8125, 40000, DATA("x"), 0 },
		{ 40000, 53, DATA("x"), SNAPLEN_DNS }, { 53, 40000, DATA("x"), 0 },
		{ 40000, 53, DATA("GET / HTTP/1.1"), SNAPLEN_DNS }, { 0, 0, DATA("x"), 0 },
	}, first_wins[] = {
		{ 40000, 53, DATA("x"), SNAPLEN_FULL }, { 53, 53, DATA("x"), SNAPLEN_FULL },
		{ 40000, 8050, DATA("x"), SNAPLEN_MORE }, { 40000, 8125, DATA("x"), 0 },
	}, no_ports[] = {
		{ 0, 0, DATA("x"), 0 }, { 40000, 0, DATA("x"), 0 }, { 40000, 8125, DATA("x"), 0 },
		{ 0, 0, DATA("GET / HTTP/1.1"), SNAPLEN_MORE }, { 40000, 53, DATA("x"), SNAPLEN_DNS },
	};

	(void)state;
	check(&range, in_range, sizeof(in_range) / sizeof(in_range[0]));
	check(&one, first_wins, sizeof(first_wins) / sizeof(first_wins[0]));
	check(&none, no_ports, sizeof(no_ports) / sizeof(no_ports[0]));
}

static void by_data(void **state)
{
	static const struct row rows[] = {
		{ 40000, 3306, DATA("\x21\0\0\0\x03select"), SNAPLEN_MORE },
		{ 3306, 40000, DATA("\x21\0\0\0x"), SNAPLEN_MORE },
		{ 40000, 3306, DATA("\3xxxx"), SNAPLEN_MORE }, { 40000, 3306, DATA("x\3xxx"), SNAPLEN_MORE },
		{ 40000, 3306, DATA("xx\3xx"), SNAPLEN_MORE }, { 40000, 3306, DATA("xxx\3x"), SNAPLEN_MORE },
		{ 40000, 3306, DATA("xxxx\3"), SNAPLEN_MORE }, { 40000, 3306, DATA("xxxxx\3"), 0 },
		{ 40000, 3306, DATA("xx\0\0x"), SNAPLEN_MORE }, { 40000, 3306, DATA("xx\0xx"), 0 },
		{ 40000, 3306, DATA("xxxx"), 0 }, { 40000, 3306, DATA("\3xxx"), 0 },
		{ 40000, 3306, DATA("GET / HTTP/1.1"), 0 }, { 40000, 3307, DATA("\3xxxx"), 0 },

		{ 40000, 5432, DATA("Q\0\0\0\x10select"), SNAPLEN_MORE }, { 5432, 40000, DATA("P\0xxxxx"), SNAPLEN_MORE },
		{ 40000, 5432, DATA("E\0xxxxx"), SNAPLEN_MORE },
		{ 40000, 5432, DATA("\0\0\0\x40\0\3\0\0user"), SNAPLEN_MORE },
		{ 40000, 5432, DATA("Qxxxxxx"), 0 }, { 40000, 5432, DATA("Z\0xxxxx"), 0 },
		{ 40000, 5432, DATA("\0\0\0\x40\0\2\0\0user"), 0 }, { 40000, 5432, DATA("Q\0xxxx"), 0 },
		{ 40000, 5432, DATA("GET / HTTP/1.1"), 0 }, { 40000, 5433, DATA("Q\0\0\0\x10select"), 0 },

		{ 40000, 27017, DATA("x"), SNAPLEN_MORE }, { 27017, 40000, DATA("x"), SNAPLEN_MORE },
		{ 40000, 5000, OPCODE("\1\0\0\0"), SNAPLEN_MORE }, { 40000, 5000, OPCODE("\xd1\x07\0\0"), SNAPLEN_MORE },
		{ 40000, 5000, OPCODE("\xd7\x07\0\0x"), SNAPLEN_MORE }, { 40000, 5000, OPCODE("\xd0\x07\0\0"), 0 },
		{ 40000, 5000, OPCODE("\xd8\x07\0\0"), 0 }, { 40000, 5000, OPCODE("\0\0\0\0"), 0 },
		{ 40000, 5000, OPCODE("\1\0\0\x80"), 0 }, { 40000, 5000, OPCODE("\1\0\0"), 0 },
		{ 0, 0, OPCODE("\xd4\x07\0\0"), SNAPLEN_MORE },

		{ 40000, 5000, DATA("GET /"), SNAPLEN_MORE }, { 80, 5000, DATA("HTTP/1.1 200 OK"), SNAPLEN_MORE },
		{ 40000, 5000, DATA("POST /"), SNAPLEN_MORE }, { 40000, 5000, DATA("PUT /"), SNAPLEN_MORE },
		{ 40000, 5000, DATA("DELETE /"), SNAPLEN_MORE }, { 40000, 5000, DATA("TRACE /"), SNAPLEN_MORE },
		{ 40000, 5000, DATA("CONNECT a:1"), SNAPLEN_MORE }, { 40000, 5000, DATA("OPTIONS *"), SNAPLEN_MORE },
		{ 40000, 5000, DATA("GET "), 0 }, { 40000, 5000, DATA("GETS /"), 0 }, { 40000, 5000, DATA("get /"), 0 },
		{ 40000, 5000, DATA("HTTPS/"), 0 }, { 40000, 5000, DATA(" GET /"), 0 }, { 40000, 5000, DATA(""), 0 },
	};

	(void)state;
	check(&plain, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_ports),
		cmocka_unit_test(by_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
