/* SPDX-License-Identifier: Apache-2.0 */
/* Left and right sides of checks: nodes of the tree to sources, each distinct one once. */
#include "filter/pool.h"

#include <errno.h>

u32 pool_find(struct filter_pool *p, const struct buf *key)
{
	uintptr_t found = (uintptr_t)strmap_get(&p->index, key->p, key->len);

	return found ? (u32)(found - 1) : UINT32_MAX;
}

void pool_remember(struct filter_pool *p, const struct buf *key, u32 id)
{
	strmap_put(&p->index, arena_memdup0(&p->arena, key->p, key->len), key->len,
		   (void *)((uintptr_t)id + 1));
}

void key_u32(struct buf *key, u32 v)
{
	buf_add(key, &v, sizeof(v));
}

void key_bytes(struct buf *key, const void *p, u32 len)
{
	key_u32(key, len);
	if (len)
		buf_add(key, p, len);
}

int error_at(const struct ast *n, struct diag *d, struct diag *from)
{
	diag_at(d, POS(n), "%s", from->msg ? from->msg : "not valid");
	diag_meant(d, from->meant);
	diag_fini(from);
	return -EINVAL;
}

/* ---- fields ---- */

/* "name[arg]", as field_parse() wants it. */
static void field_text(const struct ast *n, struct buf *out)
{
	buf_add(out, n->text, n->text_len);
	if (!n->arg)
		return;
	if (n->arg_len && !memchr(n->arg, ']', n->arg_len) && *n->arg != '"' && *n->arg != '\'') {
		buf_addf(out, "[%s]", n->arg);
		return;
	}
	buf_adds(out, "[\"");
	for (u32 i = 0; i < n->arg_len; i++) {
		if (n->arg[i] == '"')
			buf_addc(out, '\\');
		buf_addc(out, n->arg[i]);
	}
	buf_adds(out, "\"]");
}

int field_of(const struct field_set *set, struct arena *a, const struct ast *n,
	     struct field_ref *ret, struct diag *d)
{
	struct diag mine = { 0 };
	struct buf b = { 0 };
	size_t used = 0;
	int err;

	field_text(n, &b);
	err = field_parse(set, b.p, b.len, a, ret, &used, &mine);
	if (err == -ENOENT || (!err && used != b.len)) {
		err = diag_at(d, POS(n), "filter_check called with nonexistent field %s%s%s%s",
			      n->text, n->arg ? "[" : "", n->arg ? n->arg : "", n->arg ? "]" : "");
		if (d)	/* to compare all names is dear */
			diag_meant(d, field_similar(set, n->text));
	} else if (err) {
		error_at(n, d, &mine);
	}
	diag_fini(&mine);
	buf_fini(&b);
	return err;
}

/* Does a comparison with this field look at several values? */
static bool wants_all(const struct field_ref *f)
{
	if (!f->field->get_all)
		return false;
	if (f->field->flags & (FF_ENDS | FF_RESOLVE))
		return true;
	return f->field->flags & FF_ANY && !f->has_index &&
	       (!f->arg || !(f->field->flags & FF_ARG_KEY));
}

/* ---- interning ---- */

static u32 source_add(struct filter_pool *p, const struct buf *key, const struct source *s)
{
	enum type_kind kind = type_kind(s->type);

	vec_push(&p->sources, *s);
	p->sources.p[p->sources.n - 1].bytes = kind == TK_STR || kind == TK_BUF;
	pool_remember(p, key, (u32)p->sources.n - 1);
	return (u32)p->sources.n - 1;
}

static int source_field(struct filter_pool *p, const struct ast *n, bool all, u32 *ret,
			struct diag *d)
{
	struct source s = { .kind = SRC_FIELD };
	struct buf key = { 0 };
	int err = field_of(p->fields, &p->arena, n, &s.ref, d);

	if (err)
		return err;
	if (all && wants_all(&s.ref))
		s.kind = SRC_FIELD_ALL;
	buf_addf(&key, "F%u", s.kind);
	key_bytes(&key, &s.ref.field, sizeof(s.ref.field));
	key_bytes(&key, s.ref.arg, s.ref.arg_len);
	key_u32(&key, s.ref.arg != NULL);
	*ret = pool_find(p, &key);
	if (*ret == UINT32_MAX) {
		s.type = s.ref.type;
		s.is_list = s.ref.is_list;
		s.flags = s.ref.field->flags;
		s.name = s.ref.field->name;
		*ret = source_add(p, &key, &s);
	}
	buf_fini(&key);
	return 0;
}

static u32 source_const(struct filter_pool *p, const struct ast *n)
{
	struct source s = { .kind = SRC_CONST, .type = PT_CHARBUF, .name = "rawstring" };
	struct buf key = { 0 };
	u32 id;

	buf_adds(&key, "C");
	key_bytes(&key, n->text, n->text_len);
	id = pool_find(p, &key);
	if (id == UINT32_MAX) {
		/* a string ends at its first NUL */
		value_set_str(&s.constant, arena_memdup0(&p->arena, n->text, n->text_len),
			      strlen(n->text));
		id = source_add(p, &key, &s);
	}
	buf_fini(&key);
	return id;
}

/* Sources of all kids, in the arena. */
static int source_kids(struct filter_pool *p, const struct ast *n, struct source *s, struct diag *d)
{
	int err;

	s->n = n->n;
	s->kids = arena_alloc(&p->arena, (n->n + 1u) * sizeof(*s->kids));
	for (u32 i = 0; i < n->n; i++) {
		const struct source *kid;

		err = source_of(p, n->kids[i], false, &s->kids[i], d);
		if (err)
			return err;
		kid = &p->sources.p[s->kids[i]];
		s->flags |= kid->flags;
		if (!s->name || kid->kind == SRC_FIELD)
			s->name = kid->name;
	}
	return 0;
}

static u32 source_intern(struct filter_pool *p, const struct source *s, const char *tag,
			 const struct ast *n)
{
	struct buf key = { 0 };
	u32 id;

	buf_adds(&key, tag);
	key_bytes(&key, n->arg, n->arg_len);
	key_u32(&key, n->arg != NULL);
	key_bytes(&key, s->kids, s->n * (u32)sizeof(*s->kids));
	id = pool_find(p, &key);
	if (id == UINT32_MAX)
		id = source_add(p, &key, s);
	buf_fini(&key);
	return id;
}

static int source_list(struct filter_pool *p, const struct ast *n, u32 *ret, struct diag *d)
{
	struct source s = { .kind = SRC_LIST, .type = PT_CHARBUF, .is_list = true };
	int err = source_kids(p, n, &s, d);

	if (err)
		return err;
	if (!s.name)
		s.name = "list";
	*ret = source_intern(p, &s, "L", n);
	return 0;
}

/* Checks the arguments, which tells the type. */
static int transform_type(struct filter_pool *p, const struct ast *n, struct source *s,
			  struct diag *d)
{
	struct transform_arg *args = arena_alloc(&p->arena, (s->n + 1u) * sizeof(*args)), result;
	struct diag mine = { 0 };

	for (u32 i = 0; i < s->n; i++) {
		const struct source *kid = &p->sources.p[s->kids[i]];
		const struct field_ref *f = kid->kind == SRC_FIELD ? &kid->ref : NULL;

		args[i] = (struct transform_arg){ kid->type, kid->is_list, f };
	}
	if (s->transform.row->check(s->transform.row, args, s->n, n->arg, n->arg_len, &result,
				    &mine))
		return error_at(n, d, &mine);
	s->type = result.type;
	s->is_list = result.is_list;
	return 0;
}

static int source_transform(struct filter_pool *p, const struct ast *n, u32 *ret, struct diag *d)
{
	struct source s = { .kind = SRC_TRANSFORM };
	const struct transform_row *row = transform_by_name(n->text);
	struct buf tag = { 0 };
	int err;

	if (!row || (n->n == 1) != (row->nargs == 1))
		return diag_at(d, POS(n), "unknown field transfomer '%s'", n->text);
	err = source_kids(p, n, &s, d);
	if (err)
		return err;
	s.transform.row = row;
	s.transform.selector = n->arg;
	err = transform_type(p, n, &s, d);
	if (err)
		return err;
	buf_addf(&tag, "T%s ", row->name);
	*ret = source_intern(p, &s, tag.p, n);
	buf_fini(&tag);
	return 0;
}

int source_of(struct filter_pool *p, const struct ast *n, bool all, u32 *ret, struct diag *d)
{
	switch (n->kind) {
	case AST_FIELD:
		return source_field(p, n, all, ret, d);
	case AST_TRANSFORM:
		return source_transform(p, n, ret, d);
	case AST_LIST:
		return source_list(p, n, ret, d);
	case AST_VALUE:
		*ret = source_const(p, n);
		return 0;
	default:
		return diag_at(d, POS(n), "no field");
	}
}
