/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of a configuration, made of its rows, and the word on what does not have it. */
#include <string.h>

#include "app/config.h"
#include "base/similar.h"

const struct config_row *config_row(const char *key)
{
	for (u32 i = 0; i < config_nrows; i++)
		if (!strcmp(config_rows[i].key, key))
			return &config_rows[i];
	return NULL;
}

bool config_is_choice(const char *key, const char *word)
{
	return shape_is_choice(config_row(key)->shape->choices, word, strlen(word));
}

static bool is_section(const char *key, size_t len)
{
	for (u32 i = 0; i < config_nrows; i++)
		if (!strncmp(config_rows[i].key, key, len) && config_rows[i].key[len] == '.')
			return true;
	return false;
}

bool config_is_section(const char *key)
{
	return is_section(key, strlen(key));
}

/* ---- the shape ---------------------------------------------------------------------- */

static const struct shape *section_shape(struct arena *a, const char *prefix, size_t len);

/* In a file a key without a value is as good as none. */
static const struct shape *nullable(struct arena *a, const struct shape *s)
{
	struct shape *copy = arena_alloc(a, sizeof(*copy));

	*copy = *s;
	copy->nullable = true;
	return copy;
}

static bool is_there(const struct shape_key *keys, u32 n, const char *name, size_t len)
{
	for (u32 i = 0; i < n; i++)
		if (!strncmp(keys[i].name, name, len) && !keys[i].name[len])
			return true;
	return false;
}

static struct shape_key key_of(struct arena *a, const struct config_row *row, const char *name)
{
	size_t len = strcspn(name, ".");
	struct shape_key k = { .name = arena_memdup0(a, name, len) };

	if (name[len]) {
		k.shape = section_shape(a, row->key, (size_t)(name + len + 1 - row->key));
		return k;
	}
	k.shape = nullable(a, row->shape);
	k.help = row->help;
	k.def = row->def;
	k.required = row->flags & CFG_REQUIRED;
	k.no_effect = row->flags & CFG_NO_EFFECT;
	return k;
}

/* Of the keys that begin with so much: "", "engine.", "engine.kmod." */
static const struct shape *section_shape(struct arena *a, const char *prefix, size_t len)
{
	struct shape_key *keys = arena_alloc(a, config_nrows * sizeof(*keys));
	struct shape *s = arena_alloc(a, sizeof(*s));
	u32 n = 0;

	*s = (struct shape){ .type = SHAPE_MAP, .nullable = len, .min_keys = len ? 1 : 0, .keys = keys };
	for (u32 i = 0; i < config_nrows; i++) {
		const struct config_row *row = &config_rows[i];
		const char *name = row->key + len;

		if (strncmp(row->key, prefix, len) || is_there(keys, n, name, strcspn(name, ".")))
			continue;
		keys[n++] = key_of(a, row, name);
		if (row->flags & CFG_SPARSE && !strchr(name, '.'))
			s->min_keys = 0;
	}
	s->nkeys = n;
	return s;
}

const struct shape *config_shape(struct arena *a)
{
	return section_shape(a, "", 0);
}

/* ---- the check ---------------------------------------------------------------------- */

struct verdict {
	struct arena *a;
	const char *failure;
};

/* "engine.knd" for [engine] and "knd", "rules[0].enabel" for [rules][0] and "enabel" */
static void add_key(struct buf *out, const char *where, const char *name)
{
	for (const char *p = where; *p;) {
		size_t len = strcspn(p, "]");
		bool place = p[1] >= '0' && p[1] <= '9';

		if (place)
			buf_add(out, p, len + 1);
		else
			buf_addf(out, "%s%.*s", p == where ? "" : ".", (int)len - 1, p + 1);
		p += len + (p[len] == ']');
	}
	buf_addf(out, "%s%s", *where ? "." : "", name);
}

static void add_similar(struct buf *out, const struct shape_fault *f)
{
	struct similar s = { .word = f->name };

	for (u32 i = 0; i < f->shape->nkeys; i++)
		similar_offer(&s, f->shape->keys[i].name);
	if (!s.best || !similar_enough(f->name, s.distance))
		return;
	buf_adds(out, " Did you mean '");
	add_key(out, f->where, s.best);
	buf_adds(out, "'?");
}

/* Falco's words for keys, followed by what may be meant. */
static void add_reason(struct buf *out, const struct shape_fault *f)
{
	switch (f->kind) {
	case SHAPE_UNKNOWN_KEY:
		buf_addf(out, "Object contains a property that could not be validated using 'properties' or "
			 "'additionalProperties' constraints: '%s'.", f->name);
		add_similar(out, f);
		break;
	case SHAPE_MISSING_KEY:
		buf_addf(out, "Missing required property '%s'.", f->name);
		break;
	case SHAPE_FEW_KEYS:
		buf_addf(out, "Object should have no fewer than %u properties.", f->index);
		break;
	case SHAPE_MANY_KEYS:
		buf_addf(out, "Object should have no more than %u properties.", f->index);
		break;
	default:
		buf_adds(out, "expected ");
		shape_describe(f->shape, out);
	}
}

static void on_fault(void *ctx, const struct shape_fault *f)
{
	struct verdict *v = ctx;
	struct buf what = { 0 };

	if (v->failure)
		return;
	buf_addf(&what, "failed for <root>%s: ", f->where);
	add_reason(&what, f);
	v->failure = arena_memdup0(v->a, buf_str(&what), what.len);
	buf_fini(&what);
}

static const struct yaml_node *expand(void *ctx, const struct yaml_node *n)
{
	struct verdict *v = ctx;

	return doc_expand(v->a, n);
}

const char *config_schema_check(struct arena *a, const struct yaml_node *root, bool partial)
{
	struct verdict v = { .a = a };
	const struct shape_checker how = { .fault = on_fault, .expand = expand, .ctx = &v, .partial = partial };

	shape_check(config_shape(a), root, &how);
	return v.failure ? v.failure : "ok";
}
