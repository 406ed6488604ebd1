/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists.  Their names are replaced in the text of conditions, before these are parsed:
 * wherever a name stands between blanks, parentheses, commas or '='.
 *
 * An item that is the name of an earlier list stands for that list's items.  The name of a
 * later list is replaced when the text is: lists are put in in order of definition, so
 * what a list brings in may name lists after it, never itself.  The text of every list is
 * therefore made once, from the last list to the first.
 */
#include "rules/compile.h"

#include <errno.h>
#include <string.h>

#include "base/similar.h"

#define TEXT_MAX_BYTES (8u << 20)	/* of one text */
#define ALL_TEXT_MAX (64u << 20)	/* of all lists and conditions */
#define NESTED_MAX 100
#define COMPARE_MAX (1u << 22)		/* a remark is not worth more */
#define ODD_LISTS_MAX 100		/* lists whose names need a search of their own */

enum { LIST_NEW, LIST_BUSY, LIST_DONE };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_delim(char c)
{
	return is_blank(c) || c == '(' || c == ')' || c == ',' || c == '=';
}

static struct clist *find_list(const struct compiled *c, const char *s, size_t n)
{
	uintptr_t place = (uintptr_t)strmap_get(&c->list_at, s, n);

	return place ? &c->lists[place - 1] : NULL;
}

void add_quoted(struct buf *out, const char *s)
{
	if (!strchr(s, ' ') || *s == '"' || *s == '\'') {
		buf_adds(out, s);
		return;
	}
	buf_addc(out, '"');
	for (; *s; s++) {
		if (*s == '"')
			buf_addc(out, '\\');
		buf_addc(out, *s);
	}
	buf_addc(out, '"');
}

/* ---- putting lists into a text ------------------------------------------------ */

static size_t put_list(const struct clist *l, const char *s, size_t len, size_t i, struct buf *out)
{
	while (out->len && is_blank(out->p[out->len - 1]))
		out->len--;
	while (i < len && is_blank(s[i]))
		i++;
	/* an empty list takes a comma with it */
	if (!l->items.n && out->len && out->p[out->len - 1] == ',')
		out->len--;
	else if (!l->items.n && i < len && s[i] == ',')
		i++;
	if (out->len)
		buf_addc(out, ' ');
	buf_add(out, l->text, l->len);
	buf_addc(out, ' ');
	return i;
}

/* Lists from place `from` on; owner (or NULL) notes which. */
static int put_lists(struct compiled *c, const char *s, size_t len, u32 from, struct clist *owner,
		     struct buf *out)
{
	size_t i = 0, n;
	struct clist *l;

	while (i < len) {
		for (n = 0; i + n < len && !is_delim(s[i + n]); n++)
			;
		l = n ? find_list(c, s + i, n) : NULL;
		if (!l || l - c->lists < from) {
			n += !n;
			buf_add(out, s + i, n);
			i += n;
			continue;
		}
		i = put_list(l, s, len, i + n, out);
		if (owner)
			vec_push(&owner->deps, l - c->lists);
		else
			l->used = true;
		if (out->len > TEXT_MAX_BYTES)
			return -E2BIG;
	}
	return 0;
}

static bool bounded_at(const char *s, size_t len, size_t at, size_t n)
{
	return (!at || is_delim(s[at - 1])) && (at + n == len || is_delim(s[at + n]));
}

/* A name that holds delimiters (there is a warning about it) is no token: search for it. */
static void put_odd_list(struct clist *l, struct buf *text)
{
	size_t n = strlen(l->item->name), i = 0, at;
	struct buf out = { 0 };
	const char *p;

	while (text->len - i >= n && (p = memmem(text->p + i, text->len - i, l->item->name, n))) {
		at = p - text->p;
		if (!bounded_at(text->p, text->len, at, n) || out.len > TEXT_MAX_BYTES) {
			buf_add(&out, text->p + i, at + 1 - i);
			i = at + 1;
			continue;
		}
		buf_add(&out, text->p + i, at - i);
		i = put_list(l, text->p, text->len, at + n, &out);
		l->used = true;
	}
	if (out.len) {
		buf_add(&out, text->p + i, text->len - i);
		buf_fini(text);
		*text = out;
	}
}

static void put_odd_lists(struct compiled *c, struct buf *text)
{
	u32 done = 0;

	for (u32 i = 0; i < c->nlists && done < ODD_LISTS_MAX && text->len <= TEXT_MAX_BYTES; i++) {
		const char *name = c->lists[i].item->name;

		if (!name[strcspn(name, " \t\n\r(),=")])
			continue;
		put_odd_list(&c->lists[i], text);
		done++;
	}
}

static int keep_text(struct compiled *c, struct buf *b, const char **ret, u32 *ret_len)
{
	c->text_bytes += b->len;
	if (b->len > TEXT_MAX_BYTES || c->text_bytes > ALL_TEXT_MAX)
		return -E2BIG;
	*ret = arena_memdup0(&c->a, buf_str(b), b->len);
	*ret_len = b->len;
	return 0;
}

int expand_text(struct compiled *c, const char *s, size_t len, const char **ret, u32 *ret_len)
{
	struct buf b = { 0 };
	int err = put_lists(c, s, len, 0, NULL, &b);

	if (!err) {
		put_odd_lists(c, &b);
		err = keep_text(c, &b, ret, ret_len);
	}
	buf_fini(&b);
	return err;
}

/* ---- names that may be meant for lists -------------------------------------------- */

static bool takes_list(const char *s, size_t n)
{
	return (n == 2 && !memcmp(s, "in", n)) || (n == 6 && !memcmp(s, "pmatch", n)) ||
	       (n == 10 && !memcmp(s, "intersects", n));
}

/* Until the next delimiter; delimiters in quotes are none. */
static size_t token_len(const char *s, size_t len)
{
	size_t n = 0;
	const char *end;

	if (*s == '"' || *s == '\'') {
		end = memchr(s + 1, *s, len - 1);
		return end ? (size_t)(end - s) + 1 : len;
	}
	while (n < len && !is_delim(s[n]))
		n++;
	return n;
}

static void remark_list(struct compiled *c, const char *s, size_t n, const struct ctx *ctx)
{
	char word[SIMILAR_MAX];
	struct similar similar = { .word = word };

	if (n >= sizeof(word) || c->compared > COMPARE_MAX || find_list(c, s, n))
		return;
	c->compared += c->nlists;
	memcpy(word, s, n);
	word[n] = '\0';
	for (u32 i = 0; i < c->nlists; i++)
		similar_offer(&similar, c->lists[i].item->name);
	if (similar.best)
		report_remark(c->rep, "%s:%u:%u: '%s' is the name of no list and taken as it is; did you mean "
			      "the list '%s'?", ctx->file->name, ctx->line + 1, ctx->col + 1, word, similar.best);
}

/* Only of the file that is loaded: the conditions of those before are looked at again for each. */
void remark_lists(struct compiled *c, const char *s, size_t len, const struct ctx *ctx)
{
	size_t i = 0, n = 0;
	const char *last = s;
	bool in_list = false;

	if (strcmp(ctx->file->name, rules_report_name(c->rep)))
		return;
	while (i < len) {
		if (is_delim(s[i])) {
			if (s[i] == '(')
				in_list = takes_list(last, n);
			in_list &= s[i++] != ')';
			continue;
		}
		last = s + i;
		n = token_len(last, len - i);
		if (in_list && *last != '"' && *last != '\'')
			remark_list(c, last, n, ctx);
		i += n;
	}
}

/* ---- lists in lists -------------------------------------------------------------- */

static int too_large(struct compiled *c, const struct list_item *item)
{
	return report_error(c->rep, LOAD_ERR_VALIDATE, item->ctx,
			    "List becomes too large when the lists in it are put in");
}

static int compile_items(struct compiled *c, struct clist *l, u32 depth);

/* Another list that may stand for the item, or NULL. */
static struct clist *list_of_item(struct compiled *c, const struct clist *l, const char *item,
				  u32 depth)
{
	struct clist *ref = find_list(c, item, strlen(item));

	if (!ref || ref == l || ref->item->index >= l->item->visibility ||
	    ref->state == LIST_BUSY || depth > NESTED_MAX)
		return NULL;
	return ref;
}

static int add_items(struct compiled *c, struct names *to, const struct clist *l,
		     const char *const *items, u32 n)
{
	to->p = grown(&c->a, to->p, to->n, &to->cap, n, sizeof(*to->p));
	for (u32 i = 0; i < n; i++) {
		c->text_bytes += strlen(items[i]) + 2;
		to->p[to->n++] = items[i];
	}
	return c->text_bytes > ALL_TEXT_MAX ? too_large(c, l->item) : 0;
}

static int compile_items(struct compiled *c, struct clist *l, u32 depth)
{
	const struct names *in = &l->item->items;
	int err = 0;

	l->state = LIST_BUSY;
	for (u32 i = 0; !err && i < in->n; i++) {
		struct clist *ref = list_of_item(c, l, in->p[i], depth);

		if (!ref) {
			err = add_items(c, &l->items, l, (const char *const *)&in->p[i], 1);
			continue;
		}
		ref->used = true;
		if (ref->state == LIST_NEW)
			err = compile_items(c, ref, depth + 1);
		if (!err)
			err = add_items(c, &l->items, l, ref->items.p, ref->items.n);
	}
	l->state = LIST_DONE;
	return err;
}

static int compile_text(struct compiled *c, struct clist *l)
{
	struct buf raw = { 0 }, b = { 0 };
	int err;

	for (u32 i = 0; i < l->items.n && raw.len <= TEXT_MAX_BYTES; i++) {
		if (i)
			buf_adds(&raw, ", ");
		add_quoted(&raw, l->items.p[i]);
	}
	err = put_lists(c, buf_str(&raw), raw.len, l - c->lists + 1, l, &b);
	if (!err)
		err = keep_text(c, &b, &l->text, &l->len);
	buf_fini(&raw);
	buf_fini(&b);
	return err ? too_large(c, l->item) : 0;
}

int compile_lists(struct compiled *c)
{
	int err = 0;

	c->nlists = c->col->lists.n;
	c->lists = arena_alloc(&c->a, c->nlists * sizeof(*c->lists));
	for (u32 i = 0; i < c->nlists; i++) {
		const char *name = c->col->lists.p[i]->name;

		c->lists[i].item = c->col->lists.p[i];
		strmap_put(&c->list_at, name, strlen(name), (void *)(uintptr_t)(i + 1));
	}
	for (u32 i = 0; !err && i < c->nlists; i++) {
		if (c->lists[i].state == LIST_NEW)
			err = compile_items(c, &c->lists[i], 0);
	}
	for (u32 i = c->nlists; !err && i--;)
		err = compile_text(c, &c->lists[i]);
	return err;
}

/* Lists brought in by a list that a condition uses count as used; deps only point forward. */
void mark_used_lists(struct compiled *c)
{
	for (u32 i = 0; i < c->nlists; i++) {
		for (size_t k = 0; c->lists[i].used && k < c->lists[i].deps.n; k++)
			c->lists[c->lists[i].deps.p[k]].used = true;
	}
}
