/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/numbers.h"

#include <stdio.h>
#include <string.h>

#include "event/table.h"

/* ---- how parameters are made ------------------------------------------------------------------ */

#define PARAM(NAME_, TYPE_, FMT_, TABLE_, ...) #__VA_ARGS__,
#define EXTRA(NAME_, TYPE_, ...) #__VA_ARGS__,
#define EVENT(NR_, ID_, NAME_, CAT_, FLAGS_, ...)
#define EXTRACT(NR_, ID_, NAME_, CAT_, FLAGS_, ...) static const char *const made_##ID_[] = { __VA_ARGS__ NULL };
#define UNUSED(NR_, ID_)
#include "schema/events.def"
#undef EXTRACT
#define EXTRACT(NR_, ID_, NAME_, CAT_, FLAGS_, ...) [NR_] = made_##ID_,
static const char *const *const made[EV_MAX] = {
#include "schema/events.def"
};
#undef PARAM
#undef EXTRA
#undef EVENT
#undef EXTRACT
#undef UNUSED

/* Portable and kernel's values of flags: the latter is the third column, or else the second. */
struct native {
	u32 value, columns, third[2];
};

#define FLAG(NAME_, VALUE_, ...) { VALUE_, ARRAY_SIZE(((const u32[]){ VALUE_, ##__VA_ARGS__ })), { VALUE_, ##__VA_ARGS__ } },
#define FLAG_TABLE(NAME_, ...) static const struct native native_##NAME_[] = { __VA_ARGS__ };
#include "schema/flags.def"
#undef FLAG_TABLE
#undef FLAG
#define FLAG_TABLE(NAME_, ...) [AUX_##NAME_] = native_##NAME_,
static const struct native *const natives[] = {
#include "schema/flags.def"
};
#undef FLAG_TABLE

enum how {
	HOW_PLAIN,	/* the argument, as wide as the parameter */
	HOW_INT,	/* 32 bits with a sign */
	HOW_BITS,	/* bits_TABLE() of drivers/extract/flags.h */
	HOW_VALUE,	/* value_TABLE() */
};

/* A parameter that is made from one argument alone. */
struct origin {
	enum how how;
	u32 arg;
	u64 mask;		/* of the argument */
	u32 other;		/* HOW_VALUE: what values become that the table lacks */
	const struct param_desc *desc;
	const struct flag_table *names;		/* NULL: none */
	const struct native *natives;
};

static bool whole(const char *text, int n)
{
	return n > 0 && !text[n];
}

static bool read_expression(const char *text, struct origin *o)
{
	u32 bytes = param_type_size(o->desc->type), mask = 0;
	char table[32] = "";
	int n = 0;

	o->mask = bytes && bytes < 8 ? (1ull << 8 * bytes) - 1 : ~0ull;
	if (sscanf(text, "arg(c, %u)%n", &o->arg, &n) == 1 && whole(text, n)) {
		o->how = HOW_PLAIN;
	} else if (n = 0, sscanf(text, "arg(c, %u) & %o%n", &o->arg, &mask, &n) == 2 && whole(text, n) &&
		   strstr(text, "& 0") && !strstr(text, "0x")) {
		o->how = HOW_PLAIN;
		o->mask &= mask;
	} else if (n = 0, sscanf(text, "int_arg(c, %u)%n", &o->arg, &n) == 1 && whole(text, n)) {
		o->how = HOW_INT;
		o->mask = UINT32_MAX;
	} else if (n = 0, sscanf(text, "bits_%31[a-z0-9_](arg(c, %u))%n", table, &o->arg, &n) == 2 && whole(text, n)) {
		o->how = HOW_BITS;
		o->mask = ~0ull;
	} else if (n = 0, sscanf(text, "value_%31[a-z0-9_](arg(c, %u), %u)%n", table, &o->arg, &o->other, &n) == 3 &&
			  whole(text, n)) {
		o->how = HOW_VALUE;
		o->mask = UINT32_MAX;
	} else {
		return false;
	}
	return o->arg < 6 && (!table[0] || (o->names && !strcmp(table, o->names->name)));
}

static bool find_origin(u32 event, const struct field_ref *f, struct origin *ret)
{
	const struct event_desc *e = event_desc(event);
	int i = e && f->arg ? event_param_index(e, f->arg, f->arg_len) : -1;

	if (i < 0 || (u32)i >= e->nparams || event >= EV_MAX || !made[event])
		return false;
	*ret = (struct origin){ .desc = &e->params[i] };
	ret->names = event_flags((enum param_aux)ret->desc->aux);
	if (ret->names)
		ret->natives = natives[ret->desc->aux];
	return read_expression(made[event][i], ret);
}

static u32 native(const struct origin *o, u32 i)
{
	const struct native *v = &o->natives[i];

	return o->how == HOW_PLAIN || v->columns < 2 ? v->value : v->third[1];
}

/* ---- sets of flags, as text ---------------------------------------------------------------------- */

static bool has_text(const char *name, const struct value *v)
{
	return memmem(name, strlen(name), v->p, v->len);
}

static bool is_flag_text(const struct value *v)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	bool letter = false;

	for (u32 i = 0; i < v->len; i++) {
		bool digit = v->p[i] >= '0' && v->p[i] <= '9';

		if (!v->p[i] || (!digit && !strchr(letters, v->p[i])))
			return false;
		letter |= !digit;
	}
	return letter;
}

static bool one_bit(u32 v)
{
	return v && !(v & (v - 1));
}

/* The argument's bits that may be the reason why a flag is printed. */
static u32 causes(const struct origin *o, u32 flag)
{
	u32 ret = 0;

	for (u32 i = 0; i < o->names->n; i++)
		if (o->names->flags[i].value & o->names->flags[flag].value)
			ret |= native(o, i);
	return ret;
}

/* The flag is printed if, and only if, one bit of the argument is set. */
static bool is_one_bit(const struct origin *o, u32 flag)
{
	u32 value = o->names->flags[flag].value;

	for (u32 i = 0; i < o->names->n; i++)
		if (i != flag && o->names->flags[i].value & value)
			return false;
	return one_bit(value) && one_bit(native(o, flag)) && (o->mask & native(o, flag));
}

/* "contains": of the names with this text one is printed, or none is. */
static bool flag_tests(const struct origin *o, const struct filter_node *n, bool yes, struct kf_test *ret, u32 *ret_n)
{
	u32 bits = 0;

	if (n->op != OP_CONTAINS || n->modifier || n->nvalues != 1 || !is_flag_text(&n->values[0]))
		return false;
	for (u32 i = 0; i < o->names->n; i++) {
		if (!has_text(o->names->flags[i].name, &n->values[0]))
			continue;
		if (!o->names->flags[i].value || (!yes && !is_one_bit(o, i)))
			return false;
		bits |= yes ? causes(o, i) : native(o, i);
	}
	if (!bits)
		return false;
	*ret_n = 1;
	ret[0] = yes ? cond_test((u8)(KF_ARG + o->arg), bits & o->mask, 1, ~0ull) :
		       cond_test((u8)(KF_ARG + o->arg), bits & o->mask, 0, 0);
	return true;
}

/* ---- one of some numbers ------------------------------------------------------------------------- */

static bool add_number(const struct origin *o, u64 v, struct kf_test *ret, u32 *n)
{
	if (*n == COND_TESTS_MAX || v & ~o->mask)
		return false;
	ret[(*n)++] = cond_test((u8)(KF_ARG + o->arg), o->mask, v, v);
	return true;
}

/* What the argument was when the parameter is v. */
static bool add_parameter(const struct origin *o, u64 v, struct kf_test *ret, u32 *n)
{
	u32 before = *n;

	if (o->how != HOW_VALUE)
		return add_number(o, o->how == HOW_INT ? (u32)v : v, ret, n);
	if (v == o->other)
		return false;
	for (u32 i = 0; i < o->names->n; i++)
		if (o->names->flags[i].value == v && !add_number(o, native(o, i), ret, n))
			return false;
	return *n > before;
}

static bool decimal(const struct value *v, u64 *ret)
{
	*ret = 0;
	for (u32 i = 0; i < v->len; i++) {
		if (v->p[i] < '0' || v->p[i] > '9' || i == 9)
			return false;
		*ret = *ret * 10 + (u64)(v->p[i] - '0');
	}
	return v->len;
}

static bool is_name(const char *name, const struct value *v)
{
	return name && v->len == strlen(name) && !memcmp(name, v->p, v->len);
}

/* Text of a constant, of a signal, or the number that stands there when it has no name. */
static bool add_text(const struct origin *o, const struct value *v, struct kf_test *ret, u32 *n)
{
	u64 number;

	if (decimal(v, &number))
		return add_parameter(o, number, ret, n);
	for (u32 i = 0; o->names && i < o->names->n; i++)
		if (is_name(o->names->flags[i].name, v))
			return add_parameter(o, o->names->flags[i].value, ret, n);
	for (u32 i = 0; o->desc->type == PT_SIGTYPE && i < 256; i++)
		if (is_name(signal_name(i), v))
			return add_parameter(o, i, ret, n);
	return false;
}

static bool is_constant(const struct origin *o)
{
	u8 type = o->desc->type;

	return type == PT_ENUMFLAGS8 || type == PT_ENUMFLAGS16 || type == PT_ENUMFLAGS32 || type == PT_SIGTYPE;
}

static bool is_set(const struct origin *o)
{
	u8 type = o->desc->type;

	return o->names && (type == PT_FLAGS8 || type == PT_FLAGS16 || type == PT_FLAGS32 || type == PT_MODE);
}

static bool is_unsigned(u8 type)
{
	return type == PT_UINT8 || type == PT_UINT16 || type == PT_UINT32 || type == PT_UINT64;
}

/* Numbers as such: evt.rawarg of what has no sign, and of numbers of processes. */
static bool raw_tests(const struct origin *o, const struct filter_node *n, struct kf_test *ret, u32 *ret_n)
{
	u8 number = (u8)(KF_ARG + o->arg);
	u64 v = n->values[0].u, limit = o->how == HOW_INT ? INT32_MAX : o->mask;

	if (n->field->type != o->desc->type || n->modifier || o->how == HOW_VALUE || o->how == HOW_BITS ||
	    (o->how == HOW_PLAIN && !is_unsigned(o->desc->type) && !is_constant(o)))
		return false;
	switch (n->op) {
	case OP_EQ:
	case OP_IN:
		for (u32 i = 0; i < n->nvalues; i++)
			if (!add_parameter(o, n->values[i].u, ret, ret_n))
				return false;
		return true;
	case OP_GT:
	case OP_GE:
		if (v > limit || (n->op == OP_GT && v == limit))
			return false;
		ret[(*ret_n)++] = cond_test(number, o->mask, n->op == OP_GT ? v + 1 : v, limit);
		return true;
	case OP_LT:
	case OP_LE:
		if (o->how == HOW_INT || v > limit || (n->op == OP_LT && !v))
			return false;
		ret[(*ret_n)++] = cond_test(number, o->mask, 0, n->op == OP_LT ? v - 1 : v);
		return true;
	default:
		return false;
	}
}

bool number_tests(u32 event, const struct filter_node *n, bool yes, struct kf_test *ret, u32 *ret_n)
{
	struct origin o;

	*ret_n = 0;
	if (!n->one_value || !n->nvalues || !find_origin(event, n->field, &o))
		return false;
	if (!strcmp(n->field->field->name, "evt.rawarg"))
		return yes && raw_tests(&o, n, ret, ret_n);
	if (is_set(&o))
		return flag_tests(&o, n, yes, ret, ret_n);
	if (!is_constant(&o) || n->modifier || !yes || (n->op != OP_EQ && n->op != OP_IN && n->op != OP_INTERSECTS))
		return false;
	for (u32 i = 0; i < n->nvalues; i++)
		if (!add_text(&o, &n->values[i], ret, ret_n))
			return false;
	return true;
}

u8 fd_of_event(u32 event)
{
	const struct event_desc *e = event_desc(event);
	u32 arg = 0, n = 0;
	bool tuple = false;
	u8 ret = 0;

	for (u32 i = 0; e && event < EV_MAX && made[event] && i < e->nparams + e->nextra; i++) {
		tuple |= e->params[i].type == PT_SOCKTUPLE;
		if (e->params[i].type != PT_FDINFO)
			continue;
		n++;
		if (sscanf(made[event][i], "fd_arg(c, %u)", &arg) == 1 && arg < 6)
			ret = (u8)(arg + 1);
	}
	if (n != 1 || !ret || !(e->flags & EF_USES_FD) || e->flags & EF_CREATES_FD)
		return 0;
	return tuple ? ret | KF_TEACHES : ret;
}
