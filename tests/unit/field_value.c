/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "field/field.h"

#define U(type_, fmt_, n_) { .type = type_, .fmt = fmt_, .u = n_ }
#define I(type_, fmt_, n_) { .type = type_, .fmt = fmt_, .i = n_ }
#define D(fmt_, n_) { .type = PT_DOUBLE, .fmt = fmt_, .d = n_ }
#define P(type_, fmt_, p_) { .type = type_, .fmt = fmt_, .len = sizeof(p_) - 1, .p = p_ }

static const struct value pair[] = { P(PT_CHARBUF, PF_NA, "a"), P(PT_CHARBUF, PF_NA, "b\"") };
static const struct value ports[] = {
	U(PT_PORT, PF_DEC, 80), U(PT_PORT, PF_DEC, 443), U(PT_PORT, PF_DEC, 22),
};

static const struct {
	struct value v;
	const char *text, *json;
} cases[] = {
	{ U(PT_UINT64, PF_DEC, 18446744073709551615ull), "18446744073709551615",
	  "18446744073709551615" },
	{ U(PT_UINT64, PF_ID, 7), "7", "7" },
	{ I(PT_INT64, PF_DEC, -2), "-2", "-2" },
	{ I(PT_ERRNO, PF_DEC, -13), "-13", "-13" },
	{ I(PT_FD, PF_DEC, -100), "-100", "-100" },
	{ I(PT_INT16, PF_DEC, 3), "3", "3" },
	{ I(PT_INT32, PF_HEX, 0x801), "801", "\"801\"" },
	{ I(PT_INT32, PF_HEX, -1), "FFFFFFFF", "\"FFFFFFFF\"" },
	{ U(PT_UINT32, PF_HEX, 0xfd00), "FD00", "\"FD00\"" },
	{ U(PT_UINT32, PF_OCT, 0644), "644", "\"644\"" },
	{ U(PT_FLAGS32, PF_HEX, 0x1001), "1001", "\"1001\"" },
	{ U(PT_UINT32, PF_10_PADDED_DEC, 42), "000000042", "\"000000042\"" },
	{ U(PT_RELTIME, PF_10_PADDED_DEC, 42), "000000042", "42" },
	{ U(PT_ABSTIME, PF_DEC, 1700000100010000000ull), "1700000100010000000",
	  "1700000100010000000" },
	{ U(PT_BOOL, PF_NA, 1), "true", "true" },
	{ U(PT_BOOL, PF_NA, 0), "false", "false" },
	{ D(PF_NA, 1.3671875), "1.4", "1.3671875" },
	{ D(PF_NA, 0.001049041748046875), "0.0", "0.001049041748046875" },
	{ D(PF_NA, 0.1), "0.1", "0.1" },
	{ D(PF_NA, 0), "0.0", "0.0" },
	{ D(PF_NA, 100), "100.0", "100.0" },
	{ D(PF_DEC, 2.75), "2.8", "2" },
	{ P(PT_CHARBUF, PF_NA, ""), "", "\"\"" },
	{ P(PT_CHARBUF, PF_NA, "a\"b\\\n"), "a\"b\\\n", "\"a\\\"b\\\\\\n\"" },
	{ P(PT_FSPATH, PF_NA, "/x\xff"), "/x\xff", "\"/x\xef\xbf\xbd\"" },
	{ P(PT_IPADDR, PF_NA, "\x0a\x01\x02\x03"), "10.1.2.3", "\"10.1.2.3\"" },
	{ P(PT_IPNET, PF_NA, "\x7f\x00\x00\x01"), "127.0.0.1", "\"127.0.0.1\"" },
	{ P(PT_IPADDR, PF_NA, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"), "2001:db8::2",
	  "\"2001:db8::2\"" },
	{ P(PT_IPADDR, PF_NA, "\x20"), "<NA>", "\"<NA>\"" },
	{ P(PT_BYTEBUF, BUFFER_DOTS, "a\0b\x7f"), "a.b.", "\"a.b.\"" },
	{ { .type = PT_CHARBUF, .is_list = true, .len = 2, .list = pair }, "(a,b\")",
	  "[\"a\",\"b\\\"\"]" },
	{ { .type = PT_PORT, .is_list = true, .len = 3, .list = ports }, "(80,443,22)",
	  "[80,443,22]" },
	{ { .type = PT_PORT, .is_list = true }, "()", "[]" },
	{ { .type = 200 }, "<NA>", "null" },
};

static void test_print(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		buf_clear(&b);
		value_print(&cases[i].v, &b);
		assert_string_equal(buf_str(&b), cases[i].text);
		buf_clear(&b);
		value_print_json(&cases[i].v, &b);
		assert_string_equal(buf_str(&b), cases[i].json);
	}
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_print) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
