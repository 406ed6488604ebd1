/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up fields for tests of the filter module: they read the struct facts in x->user. */
#ifndef SAKER_TESTS_FILTER_FIELDS_H
#define SAKER_TESTS_FILTER_FIELDS_H

#include <errno.h>
#include <string.h>

#include "filter/filter.h"

struct facts {
	const char *name, *path, *cmdline;	/* NULL: missing */
	const char *kin[4];	/* nearest first, NULL at the end */
	const char *types[4];
	u64 num;
	s64 res;
	bool flag;
	const char *data;
	u32 data_len;
	u8 sip[16], cip[16];
	u32 ip_len;		/* 0: no addresses */
	u16 port;
	double load;
	u32 asked[16];		/* how often the getter of a field with this id ran */
};

enum {
	ID_NAME,
	ID_PATH,
	ID_CMDLINE,
	ID_NUM,
	ID_RES,
	ID_FLAG,
	ID_DATA,
	ID_PORT,
	ID_LOAD,
	ID_KIN,
	ID_MAX
};

static inline struct facts *facts_of(struct field_ctx *x, const struct field_ref *f)
{
	struct facts *t = x->user;

	t->asked[f->field->id]++;
	return t;
}

static inline bool put_str(struct value *v, const char *s)
{
	if (s)
		value_set_str(v, s, strlen(s));
	return s;
}

static inline bool get_text(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	struct facts *t = facts_of(x, f);

	return put_str(v, f->field->id == ID_NAME   ? t->name
			  : f->field->id == ID_PATH ? t->path
						    : t->cmdline);
}

static inline bool get_number(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	struct facts *t = facts_of(x, f);

	*v = (struct value){ .type = f->type, .fmt = PF_DEC };
	switch (f->field->id) {
	case ID_NUM:
		v->u = t->num;
		break;
	case ID_RES:
		v->i = t->res;
		break;
	case ID_FLAG:
		v->u = t->flag;
		break;
	case ID_PORT:
		v->u = t->port;
		break;
	case ID_LOAD:
		v->d = t->load;
		break;
	}
	return true;
}

static inline bool get_data(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	struct facts *t = facts_of(x, f);

	*v = (struct value){ .type = PT_BYTEBUF, .len = t->data_len, .p = t->data };
	return t->data;
}

static inline bool list_of(struct field_ctx *x, struct value *v, const char *const *items)
{
	struct value *list = field_scratch(x, 5 * sizeof(*list));
	u32 n = 0;

	for (; n < 4 && items[n]; n++)
		put_str(&list[n], items[n]);
	*v = (struct value){ .type = PT_CHARBUF, .is_list = true, .len = n, .list = list };
	return true;
}

static inline bool get_types(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	return list_of(x, v, facts_of(x, f)->types);
}

static inline bool get_kin(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	struct facts *t = facts_of(x, f);

	return f->has_index && f->index < 4 ? put_str(v, t->kin[f->index]) : put_str(v, t->kin[0]);
}

static inline bool get_kin_all(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	return list_of(x, v, facts_of(x, f)->kin);
}

static inline bool get_ip(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	struct facts *t = x->user;

	*v = (struct value){ .type = f->type, .len = t->ip_len, .p = (const char *)t->sip };
	return t->ip_len;
}

static inline bool get_ip_all(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	struct facts *t = x->user;
	struct value *list = field_scratch(x, 2 * sizeof(*list));

	list[0] = (struct value){ .type = f->type, .len = t->ip_len, .p = (const char *)t->sip };
	list[1] = (struct value){ .type = f->type, .len = t->ip_len, .p = (const char *)t->cip };
	*v = (struct value){ .type = f->type, .is_list = true, .len = 2, .list = list };
	return t->ip_len;
}

static inline bool get_event_name(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	(void)f;
	return put_str(v, event_name(x->ev));
}

static inline bool get_opaque(struct field_ctx *x, const struct field_ref *f, struct value *v)
{
	(void)x;
	(void)f;
	(void)v;
	return false;
}

static const struct field test_rows[] = {
	{ .name = "t.name", .type = PT_CHARBUF, .get = get_text, .id = ID_NAME },
	{ .name = "t.path", .type = PT_FSPATH, .get = get_text, .id = ID_PATH },
	{ .name = "t.cmdline", .type = PT_CHARBUF, .get = get_text, .id = ID_CMDLINE },
	{ .name = "t.num", .type = PT_UINT64, .get = get_number, .id = ID_NUM },
	{ .name = "evt.num", .type = PT_UINT64, .get = get_number, .id = ID_NUM },
	{ .name = "t.u8", .type = PT_UINT8, .get = get_number, .id = ID_NUM },
	{ .name = "t.res", .type = PT_INT64, .get = get_number, .id = ID_RES },
	{ .name = "t.flag", .type = PT_BOOL, .get = get_number, .id = ID_FLAG },
	{ .name = "t.port", .type = PT_PORT, .get = get_number, .id = ID_PORT },
	{ .name = "t.load", .type = PT_DOUBLE, .get = get_number, .id = ID_LOAD },
	{ .name = "t.around",
	 .type = PT_UINT64,
	 .flags = FF_WITHIN | FF_NO_RHS,
	 .get = get_number,
	 .id = ID_NUM },
	{ .name = "t.data", .type = PT_BYTEBUF, .get = get_data, .id = ID_DATA },
	{ .name = "t.types", .type = PT_CHARBUF, .flags = FF_LIST, .get = get_types, .id = ID_KIN },
	{ .name = "t.kin",
	 .type = PT_CHARBUF,
	 .get = get_kin,
	 .get_all = get_kin_all,
	 .id = ID_KIN,
	 .flags = FF_ANY | FF_ARG_ALLOWED | FF_ARG_INDEX | FF_NO_TRANSFORMER | FF_NO_RHS },
	{ .name = "t.sip", .type = PT_IPADDR, .get = get_ip },
	{ .name = "t.ip",
	 .type = PT_IPADDR,
	 .get = get_ip,
	 .get_all = get_ip_all,
	 .flags = FF_ENDS | FF_NO_RHS },
	{ .name = "t.net",
	 .type = PT_IPNET,
	 .get = get_ip,
	 .get_all = get_ip_all,
	 .flags = FF_ENDS | FF_NO_RHS },
	{ .name = "t.uid", .type = PT_UID, .get = get_opaque },
	{ .name = "evt.type", .type = PT_CHARBUF, .get = get_event_name, .flags = FF_NAMED_EVENT },
};

static const struct field_class test_class = {
	.name = "test", .rows = test_rows, .n = ARRAY_SIZE(test_rows) };
static const struct field_class *const test_classes[] = { &test_class };
static const struct field_set test_fields = { .classes = test_classes, .n = 1 };

#endif
