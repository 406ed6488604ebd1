/* SPDX-License-Identifier: Apache-2.0 */
/* Hidden classes: "util", and the fields made by the option static_fields. */
#include "field/getter.h"

GETTER(get_counter)
{
	return set_u64(f, ret, ++x->counter);
}

static const struct field util_rows[] = {
	{ .name = "util.cnt", .type = PT_UINT64, .fmt = PF_ID, .get = get_counter,
	  .help = "Counts how often it was asked for." },
};

const struct field_class field_class_util = {
	.name = "util",
	.desc = "",
	.help = "",
	.source = "syscall",
	.hidden = true,
	.rows = util_rows,
	.n = ARRAY_SIZE(util_rows),
};

GETTER(get_static)
{
	const char *s = f->data;

	if (!s && x->static_fields && f->arg)
		s = strmap_get(x->static_fields, f->arg, f->arg_len);
	return s && set_cstr(ret, s);
}

static const struct field static_rows[] = {
	{ .name = "static", .type = PT_CHARBUF,
	  .flags = FF_ARG_REQUIRED | FF_ARG_KEY | FF_ARG_DOT | FF_HIDDEN, .get = get_static,
	  .help = "static.KEY is the value that static_fields has for KEY." },
};

const struct field_class field_class_static = {
	.name = "static",
	.desc = "",
	.help = "",
	.hidden = true,
	.rows = static_rows,
	.n = ARRAY_SIZE(static_rows),
};
