/* SPDX-License-Identifier: Apache-2.0 */
/* Fields for tests of templates and alerts: values that are always the same. */
#ifndef SAKER_TESTS_OUTPUT_FIELDS_H
#define SAKER_TESTS_OUTPUT_FIELDS_H

#include <string.h>

#include "field/field.h"

static bool get_text(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	static const char *const texts[] = { "init", "/a/b", "q\"\\\n\xff", "12:00" };

	(void)x;
	value_set_str(ret, texts[f->field->id], strlen(texts[f->field->id]));
	return true;
}

static bool get_num(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	(void)x;
	*ret = (struct value){ .type = f->type, .fmt = f->fmt, .u = 7 };
	return true;
}

static bool get_none(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	(void)x;
	(void)f;
	(void)ret;
	return false;
}

static const struct field test_rows[] = {
	{ .name = "t.name", .type = PT_CHARBUF, .get = get_text, .id = 0 },
	{ .name = "t.path", .type = PT_FSPATH, .get = get_text, .id = 1 },
	{ .name = "t.odd", .type = PT_CHARBUF, .get = get_text, .id = 2 },
	{ .name = "t.time", .type = PT_CHARBUF, .flags = FF_TIME, .get = get_text, .id = 3 },
	{ .name = "t.num", .type = PT_UINT64, .fmt = PF_DEC, .get = get_num },
	{ .name = "t.none", .type = PT_CHARBUF, .get = get_none },
};

static const struct field_class test_class = {
	.name = "t", .desc = "", .rows = test_rows, .n = ARRAY_SIZE(test_rows),
};

static const struct field_class *const test_classes[] = { &test_class };
static const struct field_set test_fields = { .classes = test_classes, .n = 1 };

#endif
