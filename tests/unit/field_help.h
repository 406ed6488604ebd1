/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of fields: events made by hand, and comparing what a field shows of them. */
#ifndef SAKER_TESTS_FIELD_HELP_H
#define SAKER_TESTS_FIELD_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "field/field.h"

#define TS 1700000100010000000ull

/* ---- making events ---- */

struct maker {
	u8 bytes[4096];
	u16 lens[EVENT_PARAMS_MAX];
	u8 data[2048];
	u32 n, len;
	u64 ts_ns;	/* 0: TS */
};

static inline void add(struct maker *m, const void *p, size_t len)
{
	memcpy(m->data + m->len, p, len);
	m->lens[m->n++] = (u16)len;
	m->len += (u32)len;
}

static inline void add_s64(struct maker *m, s64 v)
{
	add(m, &v, sizeof(v));
}

static inline void add_u32(struct maker *m, u32 v)
{
	add(m, &v, sizeof(v));
}

static inline void add_str(struct maker *m, const char *s)
{
	add(m, s, strlen(s) + 1);
}

static inline void decode(struct maker *m, u16 type, u64 tid, struct event *ev)
{
	struct event_hdr h = { .ts_ns = m->ts_ns ? m->ts_ns : TS, .tid = tid, .type = type,
			       .nparams = m->n };
	struct diag d = { 0 };
	bool large = event_desc(type)->flags & EF_LARGE;
	u8 *p = m->bytes + sizeof(h);

	for (u32 i = 0; i < m->n; i++, p += large ? 4 : 2)
		memcpy(p, &m->lens[i], 2);
	memcpy(p, m->data, m->len);
	h.len = (u32)(p - m->bytes) + m->len;
	memcpy(m->bytes, &h, sizeof(h));
	assert_int_equal(event_decode(ev, (struct event_hdr *)m->bytes, h.len, &d), 0);
	ev->num = 7;
}

#define STR(s_) { s_, sizeof(s_) - 1 }

/* ---- what a field shows ---- */

#define NOTHING NULL

static inline void parse(struct arena *a, const char *text, struct field_ref *ret)
{
	struct diag d = { 0 };
	size_t used;

	if (field_parse(field_builtin(), text, strlen(text), a, ret, &used, &d) ||
	    used != strlen(text))
		fail_msg("%s: %s", text, d.msg ? d.msg : "unknown");
}

typedef bool (*get_value)(struct field_ctx *x, const struct field_ref *f, struct value *ret);

static inline void check_by(get_value get, struct field_ctx *x, const char *field,
			    const char *text)
{
	struct buf b = { 0 };
	struct field_ref f;
	struct value v;
	struct arena a;

	arena_init(&a);
	parse(&a, field, &f);
	if (get(x, &f, &v)) {
		value_print(&v, &b);
		if (!text || strcmp(buf_str(&b), text))
			fail_msg("%s is '%s' instead of '%s'", field, buf_str(&b),
				 text ? text : "nothing");
	} else if (text) {
		fail_msg("%s has no value instead of '%s'", field, text);
	}
	buf_fini(&b);
	arena_fini(&a);
}

static inline void check(struct field_ctx *x, const char *field, const char *text)
{
	check_by(field_value, x, field, text);
}

static inline bool get_all_of(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	return f->field->get_all(x, f, ret);
}

/* What a comparison looks at, where that is several values. */
static inline void check_list(struct field_ctx *x, const char *field, const char *text)
{
	check_by(get_all_of, x, field, text);
}

/* As an alert shows it. */
static inline void check_printed(struct field_ctx *x, const char *field, const char *text)
{
	check_by(field_print_value, x, field, text);
}

#endif
