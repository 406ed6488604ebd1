/* SPDX-License-Identifier: Apache-2.0 */
#include "output/transform.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "filter/filter.h"
#include "filter/transform.h"

#define DEPTH_MAX 100

enum node_kind { NODE_CONSTANT, NODE_FIELD, NODE_LIST, NODE_CALL };

struct transform {
	enum node_kind kind;
	u32 field;			/* NODE_FIELD */
	struct value constant;
	const struct transform_row *row;
	const char *selector;
	const struct transform **args;
	u32 nargs;
	struct transform_arg result;	/* what is known of its value */
};

/* Index after the quoted string that starts at text[i]. */
static size_t skip_quoted(const char *text, size_t len, size_t i)
{
	char quote = text[i++];

	while (i < len && text[i] != quote)
		i += text[i] == '\\' ? 2 : 1;
	return i + 1;
}

/* Index after the bracket that matches the one at text[i], 0 when there is none. */
static size_t skip_brackets(const char *text, size_t len, size_t i, char open, char close)
{
	u32 depth = 0;

	while (i < len) {
		if (text[i] == '"' || text[i] == '\'') {
			i = skip_quoted(text, len, i);
			continue;
		}
		if (text[i] == open)
			depth++;
		else if (text[i] == close && !--depth)
			return i + 1;
		i++;
	}
	return 0;
}

size_t transform_span(const char *text, size_t len)
{
	char name[32];
	size_t i = 0, end;

	while (i < len && i < sizeof(name) - 1 && isalnum((unsigned char)text[i])) {
		name[i] = text[i];
		i++;
	}
	name[i] = '\0';
	if (i >= len || text[i] != '(' || !transform_by_name(name))
		return 0;
	end = skip_brackets(text, len, i, '(', ')');
	if (end && end < len && text[end] == '[' && !strcmp(name, "getopt"))
		i = skip_brackets(text, len, end, '[', ']');
	else
		i = 0;
	return i ? i : end;
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
	struct transform_arg *args = arena_alloc(b->arena, sizeof(*args) * (n->n + 1));

	t->kind = NODE_CALL;
	t->row = transform_by_name(n->text);
	t->selector = n->arg;
	if (!t->row || (t->row->nargs ? n->n != t->row->nargs : n->n < 2)) {
		diag_set(d, "transformer '%s' has a wrong number of arguments", n->text);
		return false;
	}
	if (!compile_args(b, n, t, depth, d))
		return false;
	for (u32 i = 0; i < n->n; i++)
		args[i] = t->args[i]->result;
	t->result = args[0];
	return !t->row->check(t->row, args, n->n, n->arg, n->arg_len, &t->result, d);
}

static bool compile_field(const struct transform_builder *b, const struct ast *n,
			  struct transform *t, struct diag *d)
{
	struct field_ref *ref = arena_alloc(b->arena, sizeof(*ref));
	struct buf name = { 0 };
	size_t used = 0;
	bool ok;

	buf_add(&name, n->text, n->text_len);
	if (n->arg)
		buf_addf(&name, "[%s]", n->arg);
	ok = !field_parse(b->fields, buf_str(&name), name.len, b->arena, ref, &used, d) &&
	     used == name.len;
	if (!ok) {
		bool named = !d->msg;	/* else it is the argument that is wrong */

		diag_set(d, "%s is no field", buf_str(&name));
		if (named)
			diag_meant(d, field_similar(b->fields, n->text));
	}
	buf_fini(&name);
	if (!ok)
		return false;
	t->kind = NODE_FIELD;
	t->field = b->add_field(b->ctx, ref);
	t->result = (struct transform_arg){ .type = ref->type, .is_list = ref->is_list,
					    .field = ref };
	return true;
}

static bool compile_constant(const struct transform_builder *b, const struct ast *n,
			     struct transform *t)
{
	t->kind = NODE_CONSTANT;
	value_set_str(&t->constant, arena_memdup0(b->arena, n->text, n->text_len), n->text_len);
	t->result.type = PT_CHARBUF;
	return true;
}

static bool compile_list(const struct transform_builder *b, const struct ast *n,
			 struct transform *t, u32 depth, struct diag *d)
{
	t->kind = NODE_LIST;
	t->result = (struct transform_arg){ .type = PT_CHARBUF, .is_list = true };
	return compile_args(b, n, t, depth, d);
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
	else if (n->kind == AST_LIST)
		ok = compile_list(b, n, t, depth, d);
	else if (n->kind == AST_VALUE)
		ok = compile_constant(b, n, t);
	else
		diag_set(d, "not a transformer");
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
	err = filter_parse(b->arena, condition.p, condition.len, FILTER_DEPTH_MAX, &n, d);
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

	if (t->kind == NODE_FIELD) {
		*ret = vals[t->field];
		return has[t->field];
	}
	if (t->kind == NODE_CONSTANT) {
		*ret = t->constant;
		return true;
	}
	args = field_scratch(x, sizeof(*args) * (t->nargs + 1));
	for (u32 i = 0; i < t->nargs; i++)
		if (!transform_eval(t->args[i], x, vals, has, &args[i]))
			return false;
	if (t->kind == NODE_CALL)
		return t->row->run(x, args, t->nargs, t->selector, ret);
	*ret = (struct value){ .type = PT_CHARBUF, .is_list = true, .len = t->nargs, .list = args };
	return true;
}
