/* SPDX-License-Identifier: Apache-2.0 */
/* Templates over four made-up fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "output/format.h"
#include "unit/output_fields.h"

static const struct {
	const char *template, *text;	/* text NULL: an error */
	const char *error;
} rows[] = {
	{ "no fields", "no fields", NULL },
	{ "a %t.name b", "a init b", NULL },
	{ "*%t.name", "init", NULL },
	{ "%t.name%t.num", "init7", NULL },
	{ "%t.nameand", "initand", NULL },
	{ "%t.name.", "init.", NULL },
	{ "%t.none|", "<NA>|", NULL },
	{ "%2t.name|", "in|", NULL },
	{ "%8t.name|", "init    |", NULL },
	{ "%6t.none|", "<NA>  |", NULL },
	{ "%0t.name|", "init|", NULL },
	{ "%toupper(t.name)", "INIT", NULL },
	{ "%6toupper( t.name )|", "INIT  |", NULL },
	{ "%tolower(toupper(t.name))", "init", NULL },
	{ "%concat(t.name, \")\")", "init)", NULL },
	{ "%join(\"->\", (t.name, t.path))", "init->/a/b", NULL },
	{ "%basename(t.path)", "b", NULL },
	{ "%toupper(t.none)", "<NA>", NULL },
	{ "%len(t.name)", "<NA>", NULL },
	{ "line\nbreak", "line\nbreak", NULL },
	{ "100%", NULL, "invalid formatting syntax: formatting cannot end with a %" },
	{ "%12", NULL, "invalid formatting syntax: formatting cannot end with a number" },
	{ "", NULL, "empty formatting token" },
	{ "%%", NULL, "unknown filter" },
	{ "%no.such", NULL, "unknown filter" },
	{ "% t.name", NULL, "unknown filter" },
	{ "%toupper(t.num)", NULL, "unknown filter" },
	{ "%toupper(t.name", NULL, "unknown filter" },
	{ "%toupper (t.name)", NULL, "unknown filter" },
	{ "%toupper()", NULL, "unknown filter" },
	{ "%concat(t.name)", NULL, "unknown filter" },
	{ "%val(t.name)", NULL, "unknown filter" },
	{ "%touper(", NULL, "unknown filter" },
	{ "%toupper(\"", NULL, "unknown filter" },
};

static void check_row(u32 i)
{
	struct diag d = { 0 };
	struct format *f = NULL;
	struct field_ctx x;
	struct event ev = { 0 };
	struct buf out = { 0 };
	int err = format_compile(&test_fields, rows[i].template, &f, &d);

	if (!rows[i].text) {
		assert_int_not_equal(err, 0);
		assert_non_null(strstr(d.msg, rows[i].error));
		diag_fini(&d);
		return;
	}
	if (err)
		fail_msg("%s: %s", rows[i].template, d.msg);
	field_ctx_init(&x, NULL);
	field_ctx_event(&x, &ev);
	format_print(f, &x, &out);
	assert_string_equal(buf_str(&out), rows[i].text);
	buf_fini(&out);
	field_ctx_fini(&x);
	format_free(f);
}

static void templates(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(i);
}

static void fields_once(void **state)
{
	struct diag d = { 0 };
	struct format *f;

	(void)state;
	assert_int_equal(format_compile(&test_fields, "%t.name %toupper(t.path) %t.name %t.num", &f, &d), 0);
	assert_int_equal(format_nfields(f), 3);
	assert_string_equal(format_field(f, 0)->text, "t.name");
	assert_string_equal(format_field(f, 1)->text, "t.path");
	assert_string_equal(format_field(f, 2)->text, "t.num");
	assert_true(format_field_bare(f, 0));
	assert_false(format_field_bare(f, 1));
	format_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates),
		cmocka_unit_test(fields_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
