/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "rules/item.h"

#define ELEMENTS_MAX 4000000

int yaml_error(struct loader *l, const struct ctx *ctx, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	report_error(l->rep, LOAD_ERR_YAML_VALIDATE, ctx, "%s", buf_str(&b));
	buf_fini(&b);
	return -EINVAL;
}

int spend(struct loader *l, const struct ctx *ctx, u64 n)
{
	l->spent += n;
	if (l->spent > ELEMENTS_MAX)
		return yaml_error(l, ctx, "The file has more than %u elements", ELEMENTS_MAX);
	return 0;
}

bool has_key(const struct yaml_node *item, const char *key)
{
	return yaml_get(item, key) != NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct text trimmed(const struct text *t)
{
	struct text r = *t;

	while (r.len && is_blank(*r.p)) {
		r.p++;
		r.len--;
	}
	while (r.len && is_blank(r.p[r.len - 1]))
		r.len--;
	r.cap = 0;
	return r;
}

/* The scalar of a key; *ret NULL when it is absent, null or empty and that is allowed. */
static int get_scalar(struct loader *l, const struct yaml_node *item, const char *key,
		      bool optional, const struct ctx *ctx, const struct yaml_node **ret,
		      const struct ctx **ret_ctx)
{
	const struct yaml_node *n = yaml_get(item, key);

	*ret = NULL;
	if (optional && (!n || yaml_is_null(n)))
		return 0;
	if (!n)
		return yaml_error(l, ctx, "Item has no mapping for key '%s'", key);
	if (yaml_is_null(n))
		return yaml_error(l, ctx, "Mapping for key '%s' is empty", key);
	*ret_ctx = ctx_node(l->a, ctx, "value for", key, n);
	if (n->kind != YAML_SCALAR)
		return yaml_error(l, *ret_ctx, "Value is not a scalar value");
	if (!n->len && optional)
		return 0;
	if (!n->len)
		return yaml_error(l, *ret_ctx, "Value must be non-empty");
	*ret = n;
	return 0;
}

static int get_text(struct loader *l, const struct yaml_node *item, const char *key, bool optional,
		    const struct ctx *ctx, struct text *ret)
{
	const struct yaml_node *n;
	const struct ctx *vctx;
	int err = get_scalar(l, item, key, optional, ctx, &n, &vctx);

	if (!err && n)
		*ret = (struct text){ .p = n->s, .len = n->len, .set = true };
	return err;
}

int decode_text(struct loader *l, const struct yaml_node *item, const char *key,
		const struct ctx *ctx, struct text *ret)
{
	return get_text(l, item, key, false, ctx, ret);
}

int decode_opt_text(struct loader *l, const struct yaml_node *item, const char *key,
		    const struct ctx *ctx, struct text *ret)
{
	return get_text(l, item, key, true, ctx, ret);
}

static int get_bool(struct loader *l, const struct yaml_node *item, const char *key, bool optional,
		    const struct ctx *ctx, bool *ret)
{
	const struct yaml_node *n;
	const struct ctx *vctx;
	int err = get_scalar(l, item, key, optional, ctx, &n, &vctx);

	if (!err && n && !yaml_bool(n, ret))
		return yaml_error(l, vctx, "Can't decode YAML scalar value");
	return err;
}

int decode_bool(struct loader *l, const struct yaml_node *item, const char *key,
		const struct ctx *ctx, bool *ret)
{
	return get_bool(l, item, key, false, ctx, ret);
}

int decode_opt_bool(struct loader *l, const struct yaml_node *item, const char *key,
		    const struct ctx *ctx, bool *ret)
{
	return get_bool(l, item, key, true, ctx, ret);
}

static int get_u32(struct loader *l, const struct yaml_node *item, const char *key, bool optional,
		   const struct ctx *ctx, u32 *ret)
{
	const struct yaml_node *n;
	const struct ctx *vctx;
	s64 v = 0;
	int err = get_scalar(l, item, key, optional, ctx, &n, &vctx);

	if (err || !n)
		return err;
	if (!yaml_s64(n, &v) || v < 0 || v > UINT32_MAX)
		return yaml_error(l, vctx, "Can't decode YAML scalar value");
	*ret = v;
	return 0;
}

int decode_u32(struct loader *l, const struct yaml_node *item, const char *key,
	       const struct ctx *ctx, u32 *ret)
{
	return get_u32(l, item, key, false, ctx, ret);
}

int decode_opt_u32(struct loader *l, const struct yaml_node *item, const char *key,
		   const struct ctx *ctx, u32 *ret)
{
	return get_u32(l, item, key, true, ctx, ret);
}

static int fill_names(struct loader *l, const struct yaml_node *seq, const struct ctx *ctx,
		      struct names *ret)
{
	const char **p = arena_alloc(l->a, seq->n * sizeof(*p));

	for (u32 i = 0; i < seq->n; i++) {
		const struct yaml_node *n = seq->items[i];
		struct ctx at = ctx_at(ctx, "list item", "", n);

		if (n->kind != YAML_SCALAR || yaml_is_null(n))
			return yaml_error(l, &at, "sequence value is not scalar");
		p[i] = n->s;
	}
	ret->p = p;
	ret->n = seq->n;
	return 0;
}

int decode_names(struct loader *l, const struct yaml_node *item, const char *key, bool optional,
		 const struct ctx *ctx, struct names *ret)
{
	const struct yaml_node *n = yaml_get(item, key);
	const struct ctx *vctx;

	if (optional && (!n || yaml_is_null(n)))
		return 0;
	if (!n)
		return yaml_error(l, ctx, "Item has no mapping for key '%s'", key);
	vctx = ctx_node(l->a, ctx, "value for", key, n);
	if (n->kind != YAML_SEQ)
		return yaml_error(l, vctx, "Value is not a sequence");
	if (spend(l, vctx, n->n))
		return -EINVAL;
	return fill_names(l, n, vctx, ret);
}

static bool is_known(const char *const *known, const char *key)
{
	for (; *known; known++) {
		if (!strcmp(*known, key))
			return true;
	}
	return false;
}

void warn_unknown_keys(struct loader *l, const struct yaml_node *item, const struct ctx *ctx,
		       const char *const *known)
{
	for (u32 i = 0; i < item->n; i++) {
		const struct yaml_node *key = item->items[2 * i];

		if (key->kind == YAML_SCALAR && !is_known(known, key->s))
			report_warn(l->rep, LOAD_UNKNOWN_KEY, ctx,
				    "Unknown key '%.1000s'. The key will be ignored.", key->s);
	}
}
