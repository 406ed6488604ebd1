/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts items together in order: a second definition takes the place of the first, appends
 * and overrides make a changed copy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/item.h"

#define TAGS_MAX 1000

static void copy_map(struct strmap *to, const struct strmap *from)
{
	struct strmap_entry *e;
	size_t pos = 0;

	while ((e = strmap_next(from, &pos)))
		strmap_put(to, e->key, e->len, e->value);
}

#define COPY_VEC(to, from)								\
	do {										\
		vec_reserve(to, (from)->n);						\
		if ((from)->n)								\
			memcpy((to)->p, (from)->p, (from)->n * sizeof(*(to)->p));	\
		(to)->n = (from)->n;							\
	} while (0)

void collection_copy(struct collection *to, const struct collection *from)
{
	*to = (struct collection){ .next = from->next };
	memcpy(to->engine, from->engine, sizeof(to->engine));
	COPY_VEC(&to->lists, &from->lists);
	COPY_VEC(&to->macros, &from->macros);
	COPY_VEC(&to->rules, &from->rules);
	COPY_VEC(&to->plugins, &from->plugins);
	copy_map(&to->list_at, &from->list_at);
	copy_map(&to->macro_at, &from->macro_at);
	copy_map(&to->rule_at, &from->rule_at);
}

void collection_fini(struct collection *c)
{
	vec_fini(&c->lists);
	vec_fini(&c->macros);
	vec_fini(&c->rules);
	vec_fini(&c->plugins);
	strmap_fini(&c->list_at);
	strmap_fini(&c->macro_at);
	strmap_fini(&c->rule_at);
}

/*
 * Places are found by name: the map holds the place plus one.  Items of one name keep the
 * place and the index of the first.
 */
static size_t place_of(const struct strmap *m, const char *name)
{
	return (uintptr_t)strmap_gets(m, name);
}

static void set_place(struct strmap *m, const char *name, size_t place)
{
	strmap_put(m, name, strlen(name), (void *)(uintptr_t)place);
}

void *grown(struct arena *a, const void *p, u32 n, u32 *cap, u32 more, size_t size)
{
	void *q;

	if ((u64)n + more <= *cap)
		return (void *)(uintptr_t)p;
	*cap = u64_min(2 * ((u64)n + more) + 8, UINT32_MAX);
	q = arena_alloc(a, *cap * size);
	if (n)
		memcpy(q, p, n * size);
	return q;
}

static void join(struct arena *a, struct text *t, const struct text *more)
{
	char *p = grown(a, t->p, t->len, &t->cap, more->len + 1, 1);

	p[t->len] = ' ';
	memcpy(p + t->len + 1, more->p, more->len);
	t->p = p;
	t->len += 1 + more->len;
}

/* ---- lists ------------------------------------------------------------------ */

void collect_list(struct loader *l, struct list_item *v)
{
	struct collection *c = l->col;
	size_t place = place_of(&c->list_at, v->name);

	v->index = v->visibility = c->next++;
	if (place) {
		v->index = c->lists.p[place - 1]->index;
		c->lists.p[place - 1] = v;
		return;
	}
	vec_push(&c->lists, v);
	set_place(&c->list_at, v->name, c->lists.n);
}

int collect_list_append(struct loader *l, struct list_item *v)
{
	struct collection *c = l->col;
	size_t place = place_of(&c->list_at, v->name);
	struct names add = v->items;

	if (!place)
		return report_error(l->rep, LOAD_ERR_VALIDATE, v->ctx,
				    "List uses 'append' or 'override.items: append' but no list by "
				    "that name already exists");
	*v = *c->lists.p[place - 1];
	v->items.p = grown(l->a, v->items.p, v->items.n, &v->items.cap, add.n, sizeof(*v->items.p));
	if (add.n)
		memcpy(v->items.p + v->items.n, add.p, add.n * sizeof(*add.p));
	v->items.n += add.n;
	v->visibility = c->next++;
	c->lists.p[place - 1] = v;
	return 0;
}

/* ---- macros ----------------------------------------------------------------- */

void collect_macro(struct loader *l, struct macro_item *v)
{
	struct collection *c = l->col;
	size_t place = place_of(&c->macro_at, v->name);

	v->index = v->visibility = c->next++;
	if (place) {
		v->index = c->macros.p[place - 1]->index;
		c->macros.p[place - 1] = v;
		return;
	}
	vec_push(&c->macros, v);
	set_place(&c->macro_at, v->name, c->macros.n);
}

int collect_macro_append(struct loader *l, struct macro_item *v)
{
	struct collection *c = l->col;
	size_t place = place_of(&c->macro_at, v->name);
	struct text add = v->cond;

	if (!place)
		return report_error(l->rep, LOAD_ERR_VALIDATE, v->ctx,
				    "Macro uses 'append' or 'override.condition: append' but no "
				    "macro by that name already exists");
	*v = *c->macros.p[place - 1];
	join(l->a, &v->cond, &add);
	v->visibility = c->next++;
	c->macros.p[place - 1] = v;
	return 0;
}

/* ---- rules -------------------------------------------------------------------- */

static bool known_source(const struct rules_options *opt, const char *source)
{
	for (u32 i = 0; i < opt->nsources; i++) {
		if (!strcmp(opt->sources[i], source))
			return true;
	}
	return false;
}

static int check_all_exceptions(struct loader *l, struct rule_item *v)
{
	int err = 0;

	for (u32 i = 0; !err && i < v->exceptions.n; i++)
		err = check_exception(l, &v->exceptions.p[i], !v->unknown_source);
	return err;
}

static int refuse_source(struct loader *l, const struct ctx *ctx)
{
	return report_error(l->rep, LOAD_ERR_VALIDATE, ctx,
			    "Rule has been re-defined with a different source");
}

int collect_rule(struct loader *l, struct rule_item *v)
{
	struct collection *c = l->col;
	size_t place = place_of(&c->rule_at, v->name);
	int err;

	if (place && strcmp(c->rules.p[place - 1]->source, v->source))
		return refuse_source(l, v->ctx);
	v->unknown_source = !known_source(l->opt, v->source);
	if (v->unknown_source)
		report_warn(l->rep, LOAD_UNKNOWN_SOURCE, v->ctx, "Unknown source %s, skipping",
			    v->source);
	err = check_all_exceptions(l, v);
	if (err)
		return err;
	v->index = v->visibility = c->next++;
	if (place) {
		v->index = c->rules.p[place - 1]->index;
		c->rules.p[place - 1] = v;
		return 0;
	}
	vec_push(&c->rules, v);
	set_place(&c->rule_at, v->name, c->rules.n);
	return 0;
}

/* A copy of the rule at this place, which takes the place. */
static struct rule_item *changed_rule(struct loader *l, size_t place)
{
	struct collection *c = l->col;
	struct rule_item *v = arena_alloc(l->a, sizeof(*v));

	*v = *c->rules.p[place - 1];
	v->visibility = c->next++;
	c->rules.p[place - 1] = v;
	return v;
}

int collect_rule_enable(struct loader *l, const struct ctx *ctx, const char *name, bool enabled)
{
	size_t place = place_of(&l->col->rule_at, name);

	if (!place)
		return report_error(l->rep, LOAD_ERR_VALIDATE, ctx,
				    "Rule has 'enabled' key but no rule by that name already "
				    "exists");
	changed_rule(l, place)->enabled = enabled;
	return 0;
}

static bool other_source(const struct collection *c, size_t place, const struct rule_update *u)
{
	return u->source.set && strcmp(u->source.p, c->rules.p[place - 1]->source);
}

/* Both are sorted. */
static struct names merged_tags(struct arena *a, const struct names *x, const struct names *y)
{
	struct names all = { .p = arena_alloc(a, ((size_t)x->n + y->n) * sizeof(*all.p)) };
	u32 i = 0, k = 0;

	while (i < x->n || k < y->n) {
		int c = i == x->n ? 1 : k == y->n ? -1 : strcmp(x->p[i], y->p[k]);

		all.p[all.n++] = c <= 0 ? x->p[i] : y->p[k];
		i += c <= 0;
		k += c >= 0;
	}
	return all;
}

int collect_rule_append(struct loader *l, const struct rule_update *u)
{
	size_t place = place_of(&l->col->rule_at, u->name);
	struct rule_item *v;

	if (!place)
		return report_error(l->rep, LOAD_ERR_VALIDATE, u->ctx,
				    "Rule uses 'append' or 'override.<key>: append' but no rule by "
				    "that name already exists");
	if (other_source(l->col, place, u))
		return refuse_source(l, u->ctx);
	v = changed_rule(l, place);
	if (u->cond.set)
		join(l->a, &v->cond, &u->cond);
	if (u->output.set)
		join(l->a, &v->output, &u->output);
	if (u->desc.set)
		join(l->a, &v->desc, &u->desc);
	if (u->has_tags && (u64)v->tags.n + u->tags.n > TAGS_MAX)
		return yaml_error(l, u->ctx, "More than %u tags", TAGS_MAX);
	if (u->has_tags)
		v->tags = merged_tags(l->a, &v->tags, &u->tags);
	if (u->has_exceptions)
		return append_exceptions(l, v, &u->exceptions, &v->exceptions);
	return 0;
}

static void replace_texts(struct rule_item *v, const struct rule_update *u)
{
	if (u->cond.set) {
		v->cond = u->cond;
		v->cond_ctx = u->cond_ctx;
	}
	if (u->output.set) {
		v->output = u->output;
		v->output_ctx = u->output_ctx;
	}
	if (u->desc.set)
		v->desc = u->desc;
	if (u->has_tags)
		v->tags = u->tags;
}

static void replace_values(struct rule_item *v, const struct rule_update *u)
{
	if (u->has_priority)
		v->priority = u->priority;
	if (u->has_enabled)
		v->enabled = u->enabled;
	if (u->has_warn)
		v->warn_evttypes = u->warn_evttypes;
	if (u->has_skip)
		v->skip_unknown = u->skip_unknown;
	if (u->has_capture)
		v->capture = u->capture;
	if (u->has_duration)
		v->capture_duration = u->capture_duration;
}

int collect_rule_replace(struct loader *l, const struct rule_update *u)
{
	size_t place = place_of(&l->col->rule_at, u->name);
	struct rule_item *v;

	if (!place)
		return report_error(l->rep, LOAD_ERR_VALIDATE, u->ctx,
				    "An 'override.<key>: replace' to a rule was requested but no "
				    "rule by that name already exists");
	if (other_source(l->col, place, u))
		return refuse_source(l, u->ctx);
	v = changed_rule(l, place);
	replace_texts(v, u);
	replace_values(v, u);
	if (!u->has_exceptions)
		return 0;
	v->exceptions = u->exceptions;
	return check_all_exceptions(l, v);
}
