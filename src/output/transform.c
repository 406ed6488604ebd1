/* SPDX-License-Identifier: Apache-2.0 */
#include "output/transform.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "filter/filter.h"

#define DEPTH_MAX 100

struct transform {
	const struct transform_op *op;	/* NULL: a constant, a field or a list */
	bool is_field, is_list;
	u32 field;			/* is_field */
	struct value constant;
	const struct transform **args;
	u32 nargs;
	u8 type;			/* what it evaluates to: enum param_type */
	bool gives_list;
};

struct transform_op {
	const char *name;
	u32 min_args, max_args;
	u8 result;
	bool (*accepts)(const struct transform *arg, u32 i);
	bool (*run)(const struct transform *t, struct field_ctx *x, const struct value *args,
		    struct value *ret);
};

static bool is_string_type(u8 type)
{
	return type == PT_CHARBUF || type == PT_FSPATH || type == PT_FSRELPATH;
}

static bool accepts_string(const struct transform *arg, u32 i)
{
	(void)i;
	return !arg->gives_list && is_string_type(arg->type);
}

static bool accepts_bytes(const struct transform *arg, u32 i)
{
	(void)i;
	return !arg->gives_list && (is_string_type(arg->type) || arg->type == PT_BYTEBUF);
}

static bool accepts_countable(const struct transform *arg, u32 i)
{
	return arg->gives_list || accepts_bytes(arg, i);
}

static bool accepts_join(const struct transform *arg, u32 i)
{
	return i ? arg->gives_list : accepts_string(arg, i);
}

static bool map_bytes(struct field_ctx *x, const struct value *v, int (*map)(int), struct value *ret)
{
	char *p = field_scratch(x, v->len);

	for (u32 i = 0; i < v->len; i++)
		p[i] = (char)map((unsigned char)v->p[i]);
	value_set_str(ret, p, v->len);
	return true;
}

static bool run_tolower(const struct transform *t, struct field_ctx *x, const struct value *args,
			struct value *ret)
{
	(void)t;
	return map_bytes(x, &args[0], tolower, ret);
}

static bool run_toupper(const struct transform *t, struct field_ctx *x, const struct value *args,
			struct value *ret)
{
	(void)t;
	return map_bytes(x, &args[0], toupper, ret);
}

static bool run_basename(const struct transform *t, struct field_ctx *x, const struct value *args,
			 struct value *ret)
{
	const char *slash = args[0].len ? memrchr(args[0].p, '/', args[0].len) : NULL;
	const char *p = slash ? slash + 1 : args[0].p;

	(void)t;
	(void)x;
	value_set_str(ret, p, args[0].len - (size_t)(p - args[0].p));
	return true;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool run_b64(const struct transform *t, struct field_ctx *x, const struct value *args,
		    struct value *ret)
{
	u32 len = args[0].len, n = 0, bits = 0, nbits = 0;
	char *out = field_scratch(x, len);

	(void)t;
	while (len && args[0].len - len < 2 && args[0].p[len - 1] == '=')
		len--;
	if (len % 4 == 1)
		return false;
	for (u32 i = 0; i < len; i++) {
		int digit = base64_digit(args[0].p[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (u32)digit;
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			out[n++] = (char)(bits >> nbits);
			bits &= (1u << nbits) - 1;
		}
	}
	value_set_str(ret, out, n);
	return true;
}

/* A number without a print format: in a template it has no text (reference: output formats). */
static bool run_len(const struct transform *t, struct field_ctx *x, const struct value *args,
		    struct value *ret)
{
	(void)t;
	(void)x;
	(void)args;
	(void)ret;
	return false;
}

static bool glue(struct field_ctx *x, const struct value *sep, const struct value *parts, u32 n,
		 struct value *ret)
{
	size_t len = 0;
	char *out, *p;

	for (u32 i = 0; i < n; i++)
		len += parts[i].len + (sep && i ? sep->len : 0);
	p = out = field_scratch(x, len);
	for (u32 i = 0; i < n; i++) {
		if (sep && sep->len && i)
			p = mempcpy(p, sep->p, sep->len);
		if (parts[i].len)
			p = mempcpy(p, parts[i].p, parts[i].len);
	}
	value_set_str(ret, out, len);
	return true;
}

static bool run_concat(const struct transform *t, struct field_ctx *x, const struct value *args,
		       struct value *ret)
{
	return glue(x, NULL, args, t->nargs, ret);
}

static bool run_join(const struct transform *t, struct field_ctx *x, const struct value *args,
		     struct value *ret)
{
	(void)t;
	for (u32 i = 0; i < args[1].len; i++)
		if (!is_string_type(args[1].list[i].type))
			return false;
	return glue(x, &args[0], args[1].list, args[1].len, ret);
}

static const struct transform_op ops[] = {
	{ "tolower", 1, 1, PT_CHARBUF, accepts_string, run_tolower },
	{ "toupper", 1, 1, PT_CHARBUF, accepts_string, run_toupper },
	{ "basename", 1, 1, PT_CHARBUF, accepts_string, run_basename },
	{ "b64", 1, 1, PT_CHARBUF, accepts_bytes, run_b64 },
	{ "len", 1, 1, PT_UINT64, accepts_countable, run_len },
	{ "join", 2, 2, PT_CHARBUF, accepts_join, run_join },
	{ "concat", 2, UINT32_MAX, PT_CHARBUF, accepts_string, run_concat },
};

static const struct transform_op *op_by_name(const char *name, size_t len)
{
	for (u32 i = 0; i < ARRAY_SIZE(ops); i++)
		if (strlen(ops[i].name) == len && !memcmp(ops[i].name, name, len))
			return &ops[i];
	return NULL;
}

/* Index after the quoted string that starts at text[i]. */
static size_t skip_quoted(const char *text, size_t len, size_t i)
{
	char quote = text[i++];

	while (i < len && text[i] != quote)
		i += text[i] == '\\' ? 2 : 1;
	return i + 1;
}

size_t transform_span(const char *text, size_t len)
{
	size_t i = 0;
	u32 depth = 0;

	while (i < len && (isalnum((unsigned char)text[i]) || text[i] == '_'))
		i++;
	if (i >= len || text[i] != '(' || !op_by_name(text, i))
		return 0;
	while (i < len) {
		if (text[i] == '"' || text[i] == '\'') {
			i = skip_quoted(text, len, i);
			continue;
		}
		if (text[i] == '(')
			depth++;
		else if (text[i] == ')' && !--depth)
			return i + 1;
		i++;
	}
	return 0;
}

static const struct transform *compile(const struct transform_builder *b, const struct ast *n,
				       u32 depth, struct diag *d);

static bool compile_args(const struct transform_builder *b, const struct ast *n,
			 struct transform *t, u32 depth, struct diag *d)
{
	t->nargs = n->n;
	t->args = arena_alloc(b->arena, sizeof(*t->args) * (n->n + 1));
	for (u32 i = 0; i < n->n; i++) {
		t->args[i] = compile(b, n->kids[i], depth + 1, d);
		if (!t->args[i])
			return false;
	}
	return true;
}

static bool compile_call(const struct transform_builder *b, const struct ast *n,
			 struct transform *t, u32 depth, struct diag *d)
{
	t->op = op_by_name(n->text, n->text_len);
	if (!t->op || n->arg || n->n < t->op->min_args || n->n > t->op->max_args) {
		diag_set(d, "transformer '%s' cannot be used like this in an output", n->text);
		return false;
	}
	if (!compile_args(b, n, t, depth, d))
		return false;
	t->type = t->op->result;
	for (u32 i = 0; i < t->nargs; i++)
		if (!t->op->accepts(t->args[i], i)) {
			diag_set(d, "argument %u of transformer '%s' is of a wrong type", i + 1, n->text);
			return false;
		}
	return true;
}

static bool compile_field(const struct transform_builder *b, const struct ast *n,
			  struct transform *t, struct diag *d)
{
	struct field_ref ref;
	struct buf name = { 0 };
	size_t used = 0;
	bool ok = false;

	buf_add(&name, n->text, n->text_len);
	if (n->arg)
		buf_addf(&name, "[%s]", n->arg);
	if (field_parse(b->fields, buf_str(&name), name.len, b->arena, &ref, &used, d) ||
	    used != name.len)
		diag_set(d, "%s is no field", buf_str(&name));
	else if (ref.field->flags & FF_NO_TRANSFORMER)
		diag_set(d, "field %s cannot be transformed", buf_str(&name));
	else
		ok = true;
	buf_fini(&name);
	if (!ok)
		return false;
	t->is_field = true;
	t->field = b->add_field(b->ctx, &ref);
	t->type = ref.type;
	t->gives_list = ref.is_list;
	return true;
}

static const struct transform *compile(const struct transform_builder *b, const struct ast *n,
				       u32 depth, struct diag *d)
{
	struct transform *t = arena_alloc(b->arena, sizeof(*t));
	bool ok = false;

	if (depth >= DEPTH_MAX)
		diag_set(d, "transformers are nested too deep");
	else if (n->kind == AST_TRANSFORM)
		ok = compile_call(b, n, t, depth, d);
	else if (n->kind == AST_FIELD)
		ok = compile_field(b, n, t, d);
	else if (n->kind == AST_LIST) {
		ok = compile_args(b, n, t, depth, d);
		t->is_list = t->gives_list = true;
	} else if (n->kind == AST_VALUE) {
		value_set_str(&t->constant, arena_memdup0(b->arena, n->text, n->text_len), n->text_len);
		t->type = PT_CHARBUF;
		ok = true;
	} else {
		diag_set(d, "not a transformer");
	}
	return ok ? t : NULL;
}

int transform_compile(const struct transform_builder *b, const char *text, size_t len,
		      const struct transform **ret, struct diag *d)
{
	struct buf condition = { 0 };
	struct ast *n;
	int err;

	/* The grammar of conditions is the one place that knows transformers. */
	buf_add(&condition, text, len);
	buf_adds(&condition, " exists");
	err = filter_parse(b->arena, condition.p, condition.len, DEPTH_MAX, &n, d);
	buf_fini(&condition);
	if (err)
		return err;
	if (n->kind != AST_CHECK || n->op != OP_EXISTS || n->kids[0]->kind != AST_TRANSFORM)
		return diag_set(d, "not a transformer");
	*ret = compile(b, n->kids[0], 0, d);
	return *ret ? 0 : -EINVAL;
}

bool transform_eval(const struct transform *t, struct field_ctx *x, const struct value *vals,
		    const bool *has, struct value *ret)
{
	struct value *args;

	if (t->is_field) {
		*ret = vals[t->field];
		return has[t->field];
	}
	if (!t->op && !t->is_list) {
		*ret = t->constant;
		return true;
	}
	args = field_scratch(x, sizeof(*args) * (t->nargs + 1));
	for (u32 i = 0; i < t->nargs; i++)
		if (!transform_eval(t->args[i], x, vals, has, &args[i]))
			return false;
	if (t->op)
		return t->op->run(t, x, args, ret);
	*ret = (struct value){ .type = PT_CHARBUF, .is_list = true, .len = t->nargs, .list = args };
	return true;
}
