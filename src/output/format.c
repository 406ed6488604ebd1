/* SPDX-License-Identifier: Apache-2.0 */
#include "output/format.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/similar.h"
#include "base/vec.h"
#include "filter/transform.h"
#include "output/transform.h"

#define WIDTH_MAX 4096

enum token_kind { TOKEN_TEXT, TOKEN_FIELD, TOKEN_TRANSFORM };

struct token {
	enum token_kind kind;
	u32 width;		/* 0: as long as it is */
	const char *text;	/* TOKEN_TEXT, in the arena */
	u32 len;
	u32 field;
	const struct transform *transform;
};

struct format_field {
	struct field_ref ref;
	bool bare;
};

struct format {
	struct arena arena;
	const struct field_set *set;
	VEC(struct token) tokens;
	VEC(struct format_field) fields;
};

static u32 add_field(void *ctx, const struct field_ref *ref)
{
	struct format *f = ctx;

	for (u32 i = 0; i < f->fields.n; i++)
		if (!strcmp(f->fields.p[i].ref.text, ref->text))
			return i;
	vec_push(&f->fields, (struct format_field){ .ref = *ref });
	return (u32)f->fields.n - 1;
}

static void add_text(struct format *f, const char *p, size_t n)
{
	if (!n)
		return;
	vec_push(&f->tokens, (struct token){
		.kind = TOKEN_TEXT, .text = arena_memdup0(&f->arena, p, n), .len = (u32)n });
}

static int unknown(const char *p, size_t n, struct diag *d)
{
	struct diag why = *d;
	int err;

	*d = (struct diag){ 0 };
	if (why.msg)
		err = diag_set(d, "unknown filter: %s", why.msg);
	else
		err = diag_set(d, "unknown filter: %.*s", (int)size_min(n, 60), p);
	diag_meant(d, why.meant);
	diag_fini(&why);
	return err;
}

static int unknown_field(const struct field_set *set, const char *p, size_t n, struct diag *d)
{
	bool named = !d->msg;	/* else it is the argument that is wrong */
	char name[SIMILAR_MAX] = "";
	size_t len = 0;
	int err = unknown(p, n, d);

	while (len < n && len < sizeof(name) - 1 &&
	       (isalnum((unsigned char)p[len]) || p[len] == '_' || p[len] == '.'))
		len++;
	memcpy(name, p, len);
	if (named) {
		diag_meant(d, transform_similar(p, n));
		diag_meant(d, field_similar(set, name));
	}
	return err;
}

static int add_transform(struct format *f, const char *p, size_t span, u32 width, struct diag *d)
{
	struct transform_builder b = {
		.arena = &f->arena, .fields = f->set, .add_field = add_field, .ctx = f };
	struct token t = { .kind = TOKEN_TRANSFORM, .width = width };
	int err = transform_compile(&b, p, span, &t.transform, d);

	if (err)
		return unknown(p, span, d);
	vec_push(&f->tokens, t);
	return 0;
}

static int add_field_token(struct format *f, const char *p, size_t n, u32 width, size_t *ret_used,
			   struct diag *d)
{
	struct token t = { .kind = TOKEN_FIELD, .width = width };
	struct field_ref ref;
	int err = field_parse(f->set, p, n, &f->arena, &ref, ret_used, d);

	if (err)
		return unknown_field(f->set, p, n, d);
	t.field = add_field(f, &ref);
	f->fields.p[t.field].bare = true;
	vec_push(&f->tokens, t);
	return 0;
}

/* p is behind the '%'; *ret_used counts from there. */
static int add_token(struct format *f, const char *p, size_t n, size_t *ret_used, struct diag *d)
{
	size_t i = 0, span, used = 0;
	u32 width = 0;
	int err;

	for (; i < n && isdigit((unsigned char)p[i]); i++)
		width = (u32)u64_min(width * 10ull + (u32)(p[i] - '0'), WIDTH_MAX);
	if (i == n)
		return diag_set(d, "invalid formatting syntax: formatting cannot end with a %s",
				i ? "number" : "%");
	span = transform_span(p + i, n - i);
	if (span) {
		used = span;
		err = add_transform(f, p + i, span, width, d);
	} else {
		err = add_field_token(f, p + i, n - i, width, &used, d);
	}
	*ret_used = i + used;
	return err;
}

static int compile(struct format *f, const char *text, struct diag *d)
{
	size_t len = strlen(text), start = 0;

	if (len && text[0] == '*')	/* "values may be missing": they always may */
		start = 1;
	if (start == len)
		return diag_set(d, "empty formatting token");
	while (start < len) {
		const char *mark = memchr(text + start, '%', len - start);
		size_t at = mark ? (size_t)(mark - text) : len, used = 0;
		int err;

		add_text(f, text + start, at - start);
		if (!mark)
			break;
		err = add_token(f, mark + 1, len - at - 1, &used, d);
		if (err)
			return err;
		start = at + 1 + used;
	}
	return 0;
}

int format_compile(const struct field_set *fields, const char *text, struct format **ret,
		   struct diag *d)
{
	struct format *f = xcalloc(1, sizeof(*f));
	int err;

	arena_init(&f->arena);
	f->set = fields;
	err = compile(f, text, d);
	if (err)
		format_free(f);
	else
		*ret = f;
	return err;
}

void format_free(struct format *f)
{
	if (!f)
		return;
	vec_fini(&f->tokens);
	vec_fini(&f->fields);
	arena_fini(&f->arena);
	free(f);
}

void format_values(const struct format *f, struct field_ctx *x, struct value *vals, bool *has)
{
	for (u32 i = 0; i < f->fields.n; i++)
		has[i] = field_print_value(x, &f->fields.p[i].ref, &vals[i]);
}

static void fit(struct buf *out, size_t start, u32 width)
{
	size_t len = out->len - start;

	if (len > width) {
		out->len = start + width;
		out->p[out->len] = '\0';
		return;
	}
	for (; len < width; len++)
		buf_addc(out, ' ');
}

/*
 * What a transformer computes has no print format of its own: only texts and lists print
 * (so %len(...) is <NA>, as it always was).
 */
static void print_transformed(const struct transform *t, struct field_ctx *x,
			      const struct value *vals, const bool *has, struct buf *out)
{
	struct value v;

	if (transform_eval(t, x, vals, has, &v) && (v.is_list || v.type != PT_UINT64))
		value_print(&v, out);
	else
		buf_add(out, "<NA>", 4);
}

void format_print_values(const struct format *f, struct field_ctx *x, const struct value *vals,
			 const bool *has, struct buf *out)
{
	for (size_t i = 0; i < f->tokens.n; i++) {
		const struct token *t = &f->tokens.p[i];
		size_t start = out->len;

		if (t->kind == TOKEN_TEXT) {
			buf_add(out, t->text, t->len);
			continue;
		}
		if (t->kind == TOKEN_TRANSFORM)
			print_transformed(t->transform, x, vals, has, out);
		else if (has[t->field])
			value_print(&vals[t->field], out);
		else
			buf_add(out, "<NA>", 4);
		if (t->width)
			fit(out, start, t->width);
	}
}

void format_print(const struct format *f, struct field_ctx *x, struct buf *out)
{
	struct value *vals = field_scratch(x, sizeof(*vals) * (f->fields.n + 1));
	bool *has = field_scratch(x, f->fields.n + 1);

	format_values(f, x, vals, has);
	format_print_values(f, x, vals, has, out);
}

u32 format_nfields(const struct format *f)
{
	return (u32)f->fields.n;
}

const struct field_ref *format_field(const struct format *f, u32 i)
{
	return &f->fields.p[i].ref;
}

bool format_field_bare(const struct format *f, u32 i)
{
	return f->fields.p[i].bare;
}
