/* SPDX-License-Identifier: Apache-2.0 */
/* Alert lines, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "output/alert.h"
#include "unit/output_fields.h"

#define TS_NS 1470327477881785348ull	/* 2016-08-04T16:17:57 UTC */

static const char *const tags[] = { "a", "b" };

struct row {
	const char *template;
	struct alert_options opt;
	const char *extra_key, *extra;
	bool raw, with_tags;
	const char *line;
};

#define ALL .include_output = true, .include_fields = true, .include_tags = true, .hostname = "h\"x"

static const struct row rows[] = {
	{ "n=%t.name \"q\" %t.odd", { ALL }, NULL, NULL, false, false,
	  "16:17:57.881785348: Warning n=init \\\"q\\\" q\\\"\\\\\\n\xef\xbf\xbd" },
	{ "n=%t.name", { .iso_8601 = true, ALL }, NULL, NULL, false, false,
	  "2016-08-04T16:17:57.881785348+0000: Warning n=init" },
	{ "n=%t.num %t.none %t.time", { .json = true, ALL }, NULL, NULL, false, true,
	  "{\"hostname\":\"h\\\"x\",\"output\":\"16:17:57.881785348: Warning n=7 <NA> 12:00\","
	  "\"output_fields\":{\"evt.time\":1470327477881785348,\"t.none\":null,\"t.num\":7,"
	  "\"t.time\":1470327477881785348},\"priority\":\"Warning\",\"rule\":\"r \\\"1\\\"\","
	  "\"source\":\"syscall\",\"tags\":[\"a\",\"b\"],\"time\":\"2016-08-04T16:17:57.881785348Z\"}" },
	{ "m %toupper(t.name)", { .json = true, .iso_8601 = true, .include_message = true, .include_fields = true,
				  .hostname = "h" }, NULL, NULL, false, false,
	  "{\"hostname\":\"h\",\"message\":\"m INIT\",\"output_fields\":{\"evt.time.iso8601\":1470327477881785348,"
	  "\"t.name\":\"init\"},\"priority\":\"Warning\",\"rule\":\"r \\\"1\\\"\",\"source\":\"syscall\","
	  "\"time\":\"2016-08-04T16:17:57.881785348Z\"}" },
	{ "m", { .json = true, ALL }, "a.key", "%t.name/%t.num", false, false,
	  "{\"hostname\":\"h\\\"x\",\"output\":\"16:17:57.881785348: Warning m\",\"output_fields\":{\"a.key\":\"init/7\","
	  "\"evt.time\":1470327477881785348},\"priority\":\"Warning\",\"rule\":\"r \\\"1\\\"\",\"source\":\"syscall\","
	  "\"tags\":[],\"time\":\"2016-08-04T16:17:57.881785348Z\"}" },
	{ "%t.num", { .json = true, .include_fields = true, .hostname = "" }, "t.num", "%t.num", true, false,
	  "{\"hostname\":\"\",\"output_fields\":{\"evt.time\":1470327477881785348,\"t.num\":7},\"priority\":\"Warning\","
	  "\"rule\":\"r \\\"1\\\"\",\"source\":\"syscall\",\"time\":\"2016-08-04T16:17:57.881785348Z\"}" },
};

static struct format *compile(const char *template)
{
	struct diag d = { 0 };
	struct format *f = NULL;

	if (format_compile(&test_fields, template, &f, &d))
		fail_msg("%s: %s", template, d.msg);
	return f;
}

static void check_row(const struct row *r)
{
	struct alert_extra extra = { .key = r->extra_key, .raw = r->raw };
	struct alert_desc a = { .rule = "r \"1\"", .source = "syscall", .priority = PRIO_WARNING,
				.tags = tags, .ntags = r->with_tags ? 2 : 0 };
	struct alert_printer *p = alert_printer_new(&r->opt, &test_fields);
	struct event ev = { .ts_ns = TS_NS };
	struct field_ctx x;
	struct buf out = { 0 };

	a.format = compile(r->template);
	if (r->extra) {
		extra.format = compile(r->extra);
		a.extra = &extra;
		a.nextra = 1;
	}
	field_ctx_init(&x, NULL);
	for (int i = 0; i < 2; i++) {	/* made, then remembered */
		field_ctx_event(&x, &ev);
		buf_clear(&out);
		alert_print(p, &a, &x, &out);
		assert_string_equal(buf_str(&out), r->line);
	}
	buf_fini(&out);
	field_ctx_fini(&x);
	alert_printer_free(p);
	format_free(a.format);
	format_free(extra.format);
}

static void lines(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

static void internal(void **state)
{
	const struct internal_field fields[] = { { "a", "0", false }, { "b", "12", true } };
	struct alert_options opt = { .hostname = "h" };
	struct alert_printer *p = alert_printer_new(&opt, &test_fields);
	struct buf out = { 0 };

	(void)state;
	alert_print_internal(p, TS_NS, "r", PRIO_DEBUG, "lost 1.", fields, 2, &out);
	assert_string_equal(buf_str(&out), "16:17:57.881785348: Debug lost 1. (a=\"0\" b=12)");
	alert_printer_free(p);
	opt.json = true;
	p = alert_printer_new(&opt, &test_fields);
	buf_clear(&out);
	alert_print_internal(p, TS_NS, "r", PRIO_DEBUG, "lost 1.", fields, 2, &out);
	assert_string_equal(buf_str(&out), "{\"hostname\":\"h\",\"output\":\"lost 1.\",\"output_fields\":{\"a\":\"0\",\"b\":12},"
			    "\"priority\":\"Debug\",\"rule\":\"r\",\"source\":\"internal\","
			    "\"time\":\"2016-08-04T16:17:57.881785348Z\"}");
	alert_printer_free(p);
	buf_fini(&out);
}

static void priorities(void **state)
{
	(void)state;
	assert_int_equal(priority_by_name("INFO"), PRIO_INFORMATIONAL);
	assert_int_equal(priority_by_name("informational"), PRIO_INFORMATIONAL);
	assert_int_equal(priority_by_name("Emergency"), PRIO_EMERGENCY);
	assert_int_equal(priority_by_name("nosuch"), PRIO_MAX);
	for (u32 i = 0; i < PRIO_MAX; i++)
		assert_int_equal(priority_by_name(priority_name(i)), i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(internal),
		cmocka_unit_test(priorities),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
