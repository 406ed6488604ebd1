/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/transform.h"

#include <errno.h>
#include <string.h>

#include "base/similar.h"
#include "filter/ops.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* ---- of one value ---- */

static int refuse(const struct transform_row *t, const struct transform_arg *a, struct diag *d)
{
	return diag_set(
		d,
		"can't add field transformer: type '%s' is not supported by '%s' transformer "
		"applied on field '%s'",
		param_type_name(a->type), t->name, a->field ? a->field->field->name : t->name);
}

static int check_unary(const struct transform_row *t, const struct transform_arg *args, u32 n,
		       const char *selector, u32 selector_len, struct transform_arg *ret,
		       struct diag *d)
{
	(void)n;
	(void)selector_len;
	if (args[0].field && args[0].field->field->flags & FF_NO_TRANSFORMER)
		return diag_set(d, "field '%s' does not support transformers",
				args[0].field->field->name);
	if (selector)
		return diag_set(d,
				"filter error: transformer '%s' does not support field arguments",
				t->name);
	*ret = args[0];
	ret->field = NULL;
	return 0;
}

static int check_string(const struct transform_row *t, const struct transform_arg *args, u32 n,
			const char *selector, u32 selector_len, struct transform_arg *ret,
			struct diag *d)
{
	int err = check_unary(t, args, n, selector, selector_len, ret, d);

	if (!err && type_kind(args[0].type) != TK_STR)
		err = refuse(t, args, d);
	return err;
}

static int check_bytes(const struct transform_row *t, const struct transform_arg *args, u32 n,
		       const char *selector, u32 selector_len, struct transform_arg *ret,
		       struct diag *d)
{
	int err = check_unary(t, args, n, selector, selector_len, ret, d);

	if (!err && type_kind(args[0].type) != TK_STR && type_kind(args[0].type) != TK_BUF)
		err = refuse(t, args, d);
	return err;
}

static int check_len(const struct transform_row *t, const struct transform_arg *args, u32 n,
		     const char *selector, u32 selector_len, struct transform_arg *ret,
		     struct diag *d)
{
	int err = check_unary(t, args, n, selector, selector_len, ret, d);

	if (!err && !args[0].is_list && type_kind(args[0].type) != TK_STR &&
	    type_kind(args[0].type) != TK_BUF)
		err = refuse(t, args, d);
	*ret = (struct transform_arg){ .type = PT_UINT64 };
	return err;
}

static bool map_chars(struct field_ctx *x, const struct value *v, char (*f)(char),
		      struct value *ret)
{
	char *p = field_scratch(x, v->len + 1u);

	for (u32 i = 0; i < v->len; i++)
		p[i] = f(v->p[i]);
	p[v->len] = 0;
	*ret = *v;
	ret->p = p;
	return true;
}

static bool tolower_one(struct field_ctx *x, const struct value *v, struct value *ret)
{
	return map_chars(x, v, lower, ret);
}

static bool toupper_one(struct field_ctx *x, const struct value *v, struct value *ret)
{
	return map_chars(x, v, upper, ret);
}

static bool basename_one(struct field_ctx *x, const struct value *v, struct value *ret)
{
	u32 i = v->len;

	(void)x;
	while (i && v->p[i - 1] != '/')
		i--;
	*ret = *v;
	ret->p = v->p + i;
	ret->len = v->len - i;
	return true;
}

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Padding may be missing.  What is no base64 has no value. */
static bool b64_one(struct field_ctx *x, const struct value *v, struct value *ret)
{
	u32 len = v->len, bits = 0, n = 0;
	u64 acc = 0;
	char *out;

	while (len && len > v->len - size_min(v->len, 2) && v->p[len - 1] == '=')
		len--;
	if (len % 4 == 1)
		return false;
	out = field_scratch(x, len + 1u);
	for (u32 i = 0; i < len; i++) {
		int digit = base64_digit(v->p[i]);

		if (digit < 0)
			return false;
		acc = acc << 6 | (u64)digit;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (char)(acc >> bits);
		}
	}
	out[n] = 0;
	*ret = *v;
	ret->p = out;
	/* a string ends at its first NUL */
	ret->len = type_kind(v->type) == TK_STR ? (u32)strlen(out) : n;
	return true;
}

/* Elements of a list are transformed one by one. */
static bool each(struct field_ctx *x, const struct value *v, struct value *ret,
		 bool (*one)(struct field_ctx *x, const struct value *v, struct value *ret))
{
	struct value *list;

	if (!v->is_list)
		return one(x, v, ret);
	list = field_scratch(x, (v->len + 1u) * sizeof(*list));
	for (u32 i = 0; i < v->len; i++)
		if (!one(x, &v->list[i], &list[i]))
			return false;
	*ret = *v;
	ret->list = list;
	return true;
}

#define EACH(NAME_)										\
	static bool run_##NAME_(struct field_ctx *x, const struct value *args, u32 n,		\
				const char *selector, struct value *ret)			\
	{											\
		(void)n;									\
		(void)selector;									\
		return each(x, args, ret, NAME_##_one);						\
	}
EACH(tolower)
EACH(toupper)
EACH(basename)
EACH(b64)

static bool run_len(struct field_ctx *x, const struct value *args, u32 n, const char *selector,
		    struct value *ret)
{
	(void)x;
	(void)n;
	(void)selector;
	*ret = (struct value){ .type = PT_UINT64, .fmt = PF_DEC, .u = args[0].len };
	return true;
}

/* ---- of several ---- */

static int check_join(const struct transform_row *t, const struct transform_arg *args, u32 n,
		      const char *selector, u32 selector_len, struct transform_arg *ret,
		      struct diag *d)
{
	(void)t;
	(void)selector_len;
	if (n != 2)
		return diag_set(d, "join() requires exactly 2 arguments: separator and list");
	if (args[0].is_list)
		return diag_set(
			d, "join() first argument (separator) must be a single value, not a list");
	if (!args[1].is_list)
		return diag_set(d, "join() second argument must be a list");
	if (selector)
		return diag_set(
			d, "filter error: transformer 'join' does not support field arguments");
	*ret = (struct transform_arg){ .type = PT_CHARBUF };
	return 0;
}

/* What b holds, as a string that lives until the next event. */
static bool take_string(struct field_ctx *x, struct buf *b, struct value *ret)
{
	char *p = field_scratch(x, b->len + 1);

	if (b->len)
		memcpy(p, b->p, b->len);
	p[b->len] = 0;
	value_set_str(ret, p, b->len);
	buf_fini(b);
	return true;
}

static void add_value(struct buf *b, const struct value *v)
{
	if (!v->is_list && type_kind(v->type) == TK_STR)
		buf_add(b, v->p, v->len);
	else
		value_print(v, b);
}

static bool run_join(struct field_ctx *x, const struct value *args, u32 n, const char *selector,
		     struct value *ret)
{
	struct buf b = { 0 };

	(void)n;
	(void)selector;
	for (u32 i = 0; i < args[1].len; i++) {
		if (i)
			add_value(&b, &args[0]);
		add_value(&b, &args[1].list[i]);
	}
	return take_string(x, &b, ret);
}

static int check_concat(const struct transform_row *t, const struct transform_arg *args, u32 n,
			const char *selector, u32 selector_len, struct transform_arg *ret,
			struct diag *d)
{
	(void)t;
	(void)selector_len;
	for (u32 i = 0; i < n; i++)
		if (args[i].is_list || type_kind(args[i].type) != TK_STR)
			return diag_set(d, "concat() arguments must be strings");
	if (selector)
		return diag_set(
			d, "filter error: transformer 'concat' does not support field arguments");
	*ret = (struct transform_arg){ .type = PT_CHARBUF };
	return 0;
}

static bool run_concat(struct field_ctx *x, const struct value *args, u32 n, const char *selector,
		       struct value *ret)
{
	struct buf b = { 0 };

	(void)selector;
	for (u32 i = 0; i < n; i++)
		add_value(&b, &args[i]);
	return take_string(x, &b, ret);
}

/* ---- getopt ---- */

static int check_getopt(const struct transform_row *t, const struct transform_arg *args, u32 n,
			const char *selector, u32 selector_len, struct transform_arg *ret,
			struct diag *d)
{
	(void)t;
	if (n != 2)
		return diag_set(d,
				"getopt() requires exactly 2 arguments: args list and optstring");
	if (!args[0].is_list)
		return diag_set(d, "getopt() first argument must be a list");
	if (args[1].is_list)
		return diag_set(d, "getopt() second argument (optstring) must be a single value");
	if (type_kind(args[0].type) != TK_STR || type_kind(args[1].type) != TK_STR)
		return diag_set(d, "getopt() arguments must be strings");
	if (selector && selector_len != 1)
		return diag_set(d, "getopt() field argument must be a single option character");
	*ret = (struct transform_arg){ .type = PT_CHARBUF, .is_list = !selector };
	return 0;
}

struct getopt_run {
	const struct value *args, *optstring;
	u32 next;		/* argument behind the present one */
	char want;		/* the option asked for, 0: all */
	struct value *out;	/* all of them, or the last argument of the wanted one */
	u32 n;
};

/* The argument of an option that wants one but is the last word. */
static const char no_arg[] = "";

/* An option without argument stands for itself; one that lacks its argument is empty. */
static void getopt_put(struct getopt_run *g, char opt, const char *opt_text,
		       const struct value *arg)
{
	if (g->want) {
		if (g->want == opt) {
			g->n = 1;
			value_set_str(g->out, arg ? arg->p : opt_text, arg ? arg->len : 1);
		}
		return;
	}
	if (!arg || arg->p != no_arg)
		value_set_str(&g->out[g->n++], opt_text, 1);
	if (arg)
		value_set_str(&g->out[g->n++], arg->p, arg->len);
}

/* Argument of an option: the rest of its word or the next word. */
static struct value getopt_arg(struct getopt_run *g, const char *rest, u32 len)
{
	struct value v;

	if (len)
		value_set_str(&v, rest, len);
	else if (g->next < g->args->len)
		v = g->args->list[g->next++];
	else
		value_set_str(&v, no_arg, 0);
	return v;
}

/* A word of options, behind its '-'. */
static void getopt_word(struct getopt_run *g, const char *p, u32 len)
{
	for (u32 i = 0; i < len; i++) {
		const char *known =
			p[i] == ':' ? NULL : memchr(g->optstring->p, p[i], g->optstring->len);
		const char *end = g->optstring->p + g->optstring->len;
		struct value arg;

		if (!known) {
			getopt_put(g, '?', "?", NULL);
			continue;
		}
		if (known + 1 >= end || known[1] != ':') {
			getopt_put(g, p[i], p + i, NULL);
			continue;
		}
		arg = getopt_arg(g, p + i + 1, len - i - 1);
		getopt_put(g, p[i], p + i, &arg);
		return;
	}
}

/* No more values than characters, and two for each word. */
static size_t getopt_max(const struct value *args)
{
	size_t n = 1;

	for (u32 i = 0; i < args->len; i++)
		n += args->list[i].len + 2u;
	return n;
}

static bool run_getopt(struct field_ctx *x, const struct value *args, u32 n, const char *selector,
		       struct value *ret)
{
	struct getopt_run g = {
		.args = &args[0], .optstring = &args[1], .want = selector ? *selector : 0 };

	(void)n;
	g.out = field_scratch(x, getopt_max(args) * sizeof(*g.out));
	while (g.next < g.args->len) {
		const struct value *word = &g.args->list[g.next++];

		if (word->len < 2 || word->p[0] != '-' || (word->len == 2 && word->p[1] == '-'))
			break;
		if (word->p[1] != '-')
			getopt_word(&g, word->p + 1, word->len - 1);
	}
	if (selector) {
		*ret = *g.out;
		return g.n;
	}
	*ret = (struct value){ .type = PT_CHARBUF, .is_list = true, .len = g.n, .list = g.out };
	return true;
}

const struct transform_row transform_rows[TRANSFORM_MAX] = {
	{ "tolower", 1, check_string, run_tolower },
	{ "toupper", 1, check_string, run_toupper },
	{ "b64", 1, check_bytes, run_b64 },
	{ "basename", 1, check_string, run_basename },
	{ "len", 1, check_len, run_len },
	{ "join", 0, check_join, run_join },
	{ "concat", 0, check_concat, run_concat },
	{ "getopt", 0, check_getopt, run_getopt },
};

const struct transform_row *transform_by_name(const char *name)
{
	for (u32 i = 0; i < TRANSFORM_MAX; i++)
		if (!strcmp(transform_rows[i].name, name))
			return &transform_rows[i];
	return NULL;
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

const char *transform_similar(const char *text, size_t len)
{
	char word[SIMILAR_MAX];
	struct similar s = { .word = word };
	size_t n = 0;

	while (n < len && n < sizeof(word) - 1 && is_name(text[n])) {
		word[n] = lower(text[n]);
		n++;
	}
	word[n] = '\0';
	if (n == len || text[n] != '(')
		return NULL;
	for (u32 i = 0; i < TRANSFORM_MAX; i++) {
		if (!strcmp(word, transform_rows[i].name))	/* it was in capitals */
			return memcmp(word, text, n) ? transform_rows[i].name : NULL;
		similar_offer(&s, transform_rows[i].name);
	}
	similar_offer(&s, "val");
	return s.best;
}
