/* SPDX-License-Identifier: Apache-2.0 */
/* Names and arguments of fields. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "field/field.h"

#define WHOLE -1

/* used: bytes consumed, or a negative errno; WHOLE: all of text. */
static const struct {
	const char *text;
	int used;
	const char *name, *arg;
	s64 index;	/* -1: none */
	const char *msg;
} names[] = {
	{ "proc.name", WHOLE, "proc.name", NULL, -1, NULL },
	{ "proc.nameand", 9, "proc.name", NULL, -1, NULL },
	{ "proc.name.", 9, "proc.name", NULL, -1, NULL },
	{ "proc.name[1]", 9, "proc.name", NULL, -1, NULL },
	{ "proc.pid.", 8, "proc.pid", NULL, -1, NULL },
	{ "proc.pid.ts", WHOLE, "proc.pid.ts", NULL, -1, NULL },
	{ "evt.time.iso8601 x", 16, "evt.time.iso8601", NULL, -1, NULL },
	{ "evt.args", WHOLE, "evt.args", NULL, -1, NULL },
	{ "fd.types[0]", WHOLE, "fd.types", "0", 0, NULL },
	{ "fd.types", WHOLE, "fd.types", NULL, -1, NULL },
	{ "fd.typechar", WHOLE, "fd.typechar", NULL, -1, NULL },
	{ "proc.aname[2]", WHOLE, "proc.aname", "2", 2, NULL },
	{ "proc.aname[2]x", 13, "proc.aname", "2", 2, NULL },
	{ "proc.aname[", 10, "proc.aname", NULL, -1, NULL },
	{ "proc.aname[]", 10, "proc.aname", NULL, -1, NULL },
	{ "proc.aname[0", 10, "proc.aname", NULL, -1, NULL },
	{ "proc.aname[x]", 10, "proc.aname", NULL, -1, NULL },
	{ "proc.aname[99999999999999999999]", 10, "proc.aname", NULL, -1, NULL },
	{ "proc.aname[-1]", WHOLE, "proc.aname", "-1", -1, NULL },
	{ "proc.args[3]", WHOLE, "proc.args", "3", 3, NULL },
	{ "proc.env[HOME]", WHOLE, "proc.env", "HOME", -1, NULL },
	{ "proc.env[1234]", WHOLE, "proc.env", "1234", -1, NULL },
	{ "proc.env['a aa']", WHOLE, "proc.env", "a aa", -1, NULL },
	{ "proc.env[\"a]b\"]", WHOLE, "proc.env", "a]b", -1, NULL },
	{ "proc.env[\"test \\\"with\\\"escaping\"]", WHOLE, "proc.env", "test \"with\"escaping", -1,
	  NULL },
	{ "proc.env[\"\"]", WHOLE, "proc.env", "", -1, NULL },
	{ "proc.env[\"x", 8, "proc.env", NULL, -1, NULL },
	{ "proc.aenv[1]", WHOLE, "proc.aenv", "1", 1, NULL },
	{ "proc.aenv[HOME]", WHOLE, "proc.aenv", "HOME", -1, NULL },
	{ "evt.arg[0]", WHOLE, "evt.arg", "0", 0, NULL },
	{ "evt.arg[99]", WHOLE, "evt.arg", "99", 99, NULL },
	{ "evt.arg.flags", WHOLE, "evt.arg", "flags", -1, NULL },
	{ "evt.arg.flags.", 13, "evt.arg", "flags", -1, NULL },
	{ "evt.arg.fd,", 10, "evt.arg", "fd", -1, NULL },
	{ "evt.arg.oldpathology", 15, "evt.arg", "oldpath", -1, NULL },
	{ "evt.arg[key]", -EINVAL, NULL, NULL, 0, "key is not a valid number" },
	{ "evt.arg.nosuch", -EINVAL, NULL, NULL, 0, "unknown event argument nosuch" },
	{ "evt.arg", -EINVAL, NULL, NULL, 0, "filter syntax error: evt.arg" },
	{ "evt.rawarg.fd", WHOLE, "evt.rawarg", "fd", -1, NULL },
	{ "evt.rawarg.nosuch", -EINVAL, NULL, NULL, 0, "unknown event argument nosuch" },
	{ "evt.rawarg[0]", -EINVAL, NULL, NULL, 0, "filter syntax error: evt.rawarg" },
	{ "evt.type.is.open", WHOLE, "evt.type.is", "open", -1, NULL },
	{ "evt.type.is.nosuch", WHOLE, "evt.type.is", "nosuch", -1, NULL },
	{ "evt.abspath", WHOLE, "evt.abspath", NULL, -1, NULL },
	{ "evt.abspath.src", WHOLE, "evt.abspath", "src", 0, NULL },
	{ "evt.abspath.dst", WHOLE, "evt.abspath", "dst", 1, NULL },
	{ "evt.abspath.foo", 11, "evt.abspath", NULL, -1, NULL },
	{ "evt.around[1404996934793590564]", WHOLE, "evt.around", "1404996934793590564",
	  1404996934793590564, NULL },
	{ "evt.around[x]", -EINVAL, NULL, NULL, 0, "x is not a valid number" },
	{ "thread.cgroup.cpu", WHOLE, "thread.cgroup", "cpu", -1, NULL },
	{ "thread.cgroup[cpu]", WHOLE, "thread.cgroup", "cpu", -1, NULL },
	{ "thread.cgroups", WHOLE, "thread.cgroups", NULL, -1, NULL },
	{ "thread.cgroup", -EINVAL, NULL, NULL, 0, "filter syntax error: thread.cgroup" },
	{ "thread.cgroup.", -EINVAL, NULL, NULL, 0, "filter syntax error: thread.cgroup." },
	{ "container.label[app]", WHOLE, "container.label", "app", -1, NULL },
	{ "container.mount.dest[/proc*]", WHOLE, "container.mount.dest", "/proc*", -1, NULL },
	{ "container.mount.dest[0]", WHOLE, "container.mount.dest", "0", 0, NULL },
	{ "static.team", WHOLE, "static", "team", -1, NULL },
	{ "static.nosuch", -ENOENT, NULL, NULL, 0, NULL },
	{ "PROC.NAME", -ENOENT, NULL, NULL, 0, NULL },
	{ "proc", -ENOENT, NULL, NULL, 0, NULL },
	{ "proc.", -ENOENT, NULL, NULL, 0, NULL },
	{ "ka.verb", -ENOENT, NULL, NULL, 0, NULL },
	{ "", -ENOENT, NULL, NULL, 0, NULL },
};

static void check_name(size_t i, const struct field_set *set)
{
	struct diag d = { 0 };
	struct field_ref f;
	struct arena a;
	size_t used, want;
	int err;

	arena_init(&a);
	/* a copy without NUL at the end: reads behind it are seen by the sanitizer */
	char *text = malloc(strlen(names[i].text) + !*names[i].text);

	memcpy(text, names[i].text, strlen(names[i].text));
	err = field_parse(set, text, strlen(names[i].text), &a, &f, &used, &d);
	if (names[i].used < WHOLE) {
		if (err != names[i].used)
			fail_msg("%s: %d", names[i].text, err);
		if (names[i].msg)
			assert_string_equal(d.msg, names[i].msg);
	} else {
		want = names[i].used == WHOLE ? strlen(names[i].text) : (size_t)names[i].used;
		if (err || used != want)
			fail_msg("%s: %d, %zu bytes used", names[i].text, err, used);
		assert_string_equal(f.field->name, names[i].name);
		assert_int_equal(strlen(f.text), used);
		assert_memory_equal(f.text, names[i].text, used);
		if (names[i].arg)
			assert_string_equal(f.arg, names[i].arg);
		else
			assert_null(f.arg);
		if (!strcmp(f.field->name, "evt.abspath") && names[i].arg)
			assert_int_equal(f.index, names[i].index);
		else if (f.has_index != (names[i].index >= 0) ||
			 (f.has_index && f.index != names[i].index))
			fail_msg("%s: index %lld", names[i].text, f.index);
	}
	free(text);
	diag_fini(&d);
	arena_fini(&a);
}

static void test_names(void **state)
{
	struct field_set set = *field_builtin();
	struct strmap keys = { 0 };
	char value[] = "red";

	(void)state;
	strmap_put(&keys, "team", 4, value);
	set.static_fields = &keys;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		check_name(i, &set);
	strmap_fini(&keys);
}

/* evt.rawarg has the type of the first event that knows the parameter. */
static void test_rawarg_type(void **state)
{
	static const struct {
		const char *text;
		u8 type, fmt;
	} cases[] = {
		{ "evt.rawarg.ID", PT_SYSCALLID, PF_DEC },
		{ "evt.rawarg.fd", PT_FD, PF_DEC },
		{ "evt.rawarg.addr", PT_SOCKADDR, PF_NA },
		{ "evt.rawarg.data", PT_BYTEBUF, PF_NA },
		{ "evt.rawarg.fds", PT_FDLIST, PF_NA },
		{ "evt.rawarg.mode", PT_UINT32, PF_OCT },
		{ "evt.rawarg.sig", PT_SIGTYPE, PF_DEC },
	};
	struct field_ref f;
	struct arena a;
	size_t used;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct diag d = { 0 };

		assert_int_equal(field_parse(field_builtin(), cases[i].text,
					     strlen(cases[i].text), &a, &f, &used, &d), 0);
		if (f.type != cases[i].type || f.fmt != cases[i].fmt)
			fail_msg("%s: type %u, format %u", cases[i].text, f.type, f.fmt);
	}
	arena_fini(&a);
}

/* ---- the rows ---- */

static void check_row(const struct field_class *c, const struct field *f)
{
	u32 known = (1u << 25) - 1;
	bool takes = f->flags & (FF_ARG_REQUIRED | FF_ARG_ALLOWED);
	bool says_what = f->flags & (FF_ARG_INDEX | FF_ARG_KEY);

	if (!f->name || !*f->name || !f->get)
		fail_msg("%s: a row without name or getter", c->name);
	if (!f->help || strlen(f->help) < 5 || f->help[strlen(f->help) - 1] != '.')
		fail_msg("%s: help is no sentence", f->name);
	if (f->flags & ~known || takes != says_what ||
	    (f->flags & FF_ARG_REQUIRED && f->flags & FF_ARG_ALLOWED))
		fail_msg("%s: flags %x", f->name, f->flags);
	if ((f->flags & (FF_ANY | FF_ENDS | FF_RESOLVE)) ? !f->get_all : !!f->get_all)
		fail_msg("%s: get_all and its flag do not agree", f->name);
	if (f->type >= PT_MAX || f->type == PT_NONE || f->fmt > PF_OCT)
		fail_msg("%s: type %u, format %u", f->name, f->type, f->fmt);
}

static u32 count_unlisted(const struct field_class *c)
{
	u32 n = 0;

	for (u32 i = 0; i < c->n; i++)
		n += !!(c->rows[i].flags & (FF_HIDDEN | FF_DEPRECATED | FF_PRINT_ONLY));
	return n;
}

static void test_rows(void **state)
{
	const struct field_set *set = field_builtin();
	struct strmap seen = { 0 };

	(void)state;
	for (u32 c = 0; c < set->n; c++)
		for (u32 i = 0; i < set->classes[c]->n; i++) {
			const struct field *f = &set->classes[c]->rows[i];

			check_row(set->classes[c], f);
			if (strmap_gets(&seen, f->name))
				fail_msg("%s: two rows", f->name);
			strmap_put(&seen, f->name, strlen(f->name), (void *)(uintptr_t)f);
		}
	strmap_fini(&seen);
}

/* At least as many fields as rules written for Falco know. */
static void test_counts(void **state)
{
	static const struct {
		const char *name;
		u32 n;
	} want[] = {
		{ "evt", 18 }, { "evt", 58 }, { "process", 90 }, { "user", 6 }, { "group", 2 },
		{ "fd", 46 }, { "fs.path", 6 }, { "util", 1 }, { "fdlist", 6 },
	};
	const struct field_set *set = field_builtin();
	u32 listed = 0;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(want); i++) {
		assert_string_equal(set->classes[i]->name, want[i].name);
		assert_true(set->classes[i]->n >= want[i].n);
		if (!set->classes[i]->hidden)
			listed += set->classes[i]->n - count_unlisted(set->classes[i]);
	}
	assert_true(listed >= 207);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_rawarg_type),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
