/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml's events, turned into nodes by an explicit stack: the depth of a document is
 * bounded here and nothing recurses.
 */
#include "base/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/hash.h"
#include "base/vec.h"

struct anchor {
	struct yaml_node *node;
	u64 nodes;		/* in it, itself included */
	u32 height;
};

/* A sequence or map whose end has not been seen. */
struct frame {
	struct yaml_node *node;
	struct anchor *anchor;	/* NULL: none */
	u32 first;		/* of its elements in builder.pending */
	u32 height;		/* of the tallest element so far */
	u64 nodes;		/* of the document before it */
};

struct builder {
	struct arena *a;
	struct diag *d;
	struct strmap anchors;
	VEC(struct yaml_node *) pending;	/* elements of all open frames */
	VEC(struct yaml_node *) docs;
	struct frame stack[YAML_DEPTH_MAX];
	u32 depth;
	u64 nodes;	/* so far, aliases as what they stand for */
	/* libyaml counts characters; this walks along to count bytes */
	const char *text;
	size_t len, byte, line_start;
	u64 chars;
};

static size_t char_len(const char *p, size_t left)
{
	u8 c = *p;
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return size_min(n, left);
}

static void walk_to(struct builder *b, u64 chars)
{
	while (b->chars < chars && b->byte < b->len) {
		size_t n = char_len(b->text + b->byte, b->len - b->byte);

		if (b->text[b->byte] == '\r' && b->byte + 1 < b->len &&
		    b->text[b->byte + 1] == '\n') {
			/* counted as two characters, as libyaml does */
		} else if (b->text[b->byte] == '\n' || b->text[b->byte] == '\r') {
			b->line_start = b->byte + n;
		}
		b->byte += n;
		b->chars++;
	}
}

static void locate(struct builder *b, const yaml_mark_t *m, u32 *line, u32 *col, u64 *offset)
{
	walk_to(b, m->index);
	*line = m->line;
	*col = b->byte - b->line_start;
	*offset = b->byte;
}

static struct yaml_node *new_node(struct builder *b, enum yaml_kind kind, const yaml_mark_t *m)
{
	struct yaml_node *n = arena_alloc(b->a, sizeof(*n));

	n->kind = kind;
	n->s = "";
	locate(b, m, &n->line, &n->col, &n->offset);
	return n;
}

static int error_at(struct builder *b, const yaml_mark_t *m, const char *what)
{
	u32 line, col;
	u64 offset;

	locate(b, m, &line, &col, &offset);
	return diag_at(b->d, line, col, offset, "%s", what);
}

static struct anchor *set_anchor(struct builder *b, const yaml_char_t *name, struct yaml_node *n)
{
	struct anchor *an;
	char *key;

	if (!name)
		return NULL;
	key = arena_strdup(b->a, (const char *)name);
	an = arena_alloc(b->a, sizeof(*an));
	an->node = n;
	strmap_put(&b->anchors, key, strlen(key), an);
	return an;
}

/* A few lines of aliases could otherwise stand for more than anybody can walk through. */
static int count_nodes(struct builder *b, const yaml_mark_t *m, u64 n)
{
	b->nodes += n;
	return b->nodes <= YAML_NODES_MAX ? 0 :
	       error_at(b, m, "too many values, those that aliases stand for included");
}

/* Hangs a finished node of the given height below the innermost open one. */
static int attach(struct builder *b, struct yaml_node *n, u32 height)
{
	struct frame *f;

	if (b->depth + height > YAML_DEPTH_MAX)
		return diag_at(b->d, n->line, n->col, n->offset, "nested too deeply");
	if (!b->depth) {
		vec_push(&b->docs, n);
		return 0;
	}
	f = &b->stack[b->depth - 1];
	if (height > f->height)
		f->height = height;
	vec_push(&b->pending, n);
	return 0;
}

static int on_scalar(struct builder *b, const yaml_event_t *e)
{
	struct yaml_node *n = new_node(b, YAML_SCALAR, &e->start_mark);
	struct anchor *an = set_anchor(b, e->data.scalar.anchor, n);

	if (an)
		an->nodes = an->height = 1;
	n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	n->s = arena_memdup0(b->a, e->data.scalar.value, e->data.scalar.length);
	n->len = e->data.scalar.length;
	return count_nodes(b, &e->start_mark, 1) ?: attach(b, n, 1);
}

static int on_alias(struct builder *b, const yaml_event_t *e)
{
	struct anchor *an = strmap_gets(&b->anchors, (const char *)e->data.alias.anchor);

	if (!an)
		return error_at(b, &e->start_mark, "the referenced anchor is not defined");
	if (!an->height)
		return error_at(b, &e->start_mark, "the anchor contains itself");
	return count_nodes(b, &e->start_mark, an->nodes) ?: attach(b, an->node, an->height);
}

static int on_start(struct builder *b, const yaml_event_t *e, enum yaml_kind kind)
{
	struct frame *f;

	if (b->depth == YAML_DEPTH_MAX)
		return error_at(b, &e->start_mark, "nested too deeply");
	f = &b->stack[b->depth++];
	f->node = new_node(b, kind, &e->start_mark);
	f->anchor = set_anchor(b, kind == YAML_MAP ? e->data.mapping_start.anchor :
				  e->data.sequence_start.anchor, f->node);
	f->first = b->pending.n;
	f->height = 0;
	f->nodes = b->nodes;
	return count_nodes(b, &e->start_mark, 1);
}

static int on_end(struct builder *b)
{
	struct frame *f = &b->stack[--b->depth];
	u32 n = b->pending.n - f->first;
	struct yaml_node *node = f->node;

	node->items = arena_alloc(b->a, n * sizeof(*node->items));
	if (n)
		memcpy(node->items, b->pending.p + f->first, n * sizeof(*node->items));
	node->n = node->kind == YAML_MAP ? n / 2 : n;
	b->pending.n = f->first;
	if (f->anchor) {
		f->anchor->height = f->height + 1;
		f->anchor->nodes = b->nodes - f->nodes;
	}
	return attach(b, node, f->height + 1);
}

static int on_event(struct builder *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(b, e);
	case YAML_ALIAS_EVENT:
		return on_alias(b, e);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(b, e, YAML_SEQ);
	case YAML_MAPPING_START_EVENT:
		return on_start(b, e, YAML_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(b);
	case YAML_DOCUMENT_END_EVENT:
		strmap_fini(&b->anchors);	/* anchors do not outlive their document */
		return 0;
	default:
		return 0;
	}
}

/* Errors of the reader, which runs ahead, have no mark but an offset in bytes. */
static int reader_error(struct builder *b, size_t offset, const char *what)
{
	u32 line = 0, col = 0;

	offset = size_min(offset, b->len);
	for (size_t i = 0; i < offset; i++) {
		col++;
		if (b->text[i] == '\n') {
			line++;
			col = 0;
		}
	}
	return diag_at(b->d, line, col, offset, "%s", what);
}

static int library_error(struct builder *b, const yaml_parser_t *p)
{
	const char *what = p->problem ? p->problem : "cannot be parsed";

	if (p->error == YAML_READER_ERROR)
		return reader_error(b, p->problem_offset, what);
	if (!p->problem_mark.index && p->context_mark.index)
		return error_at(b, &p->context_mark, what);
	return error_at(b, &p->problem_mark, what);
}

static int build(struct builder *b, yaml_parser_t *p)
{
	yaml_event_t e;
	bool end = false;
	int err = 0;

	while (!err && !end) {
		if (!yaml_parser_parse(p, &e))
			return library_error(b, p);
		end = e.type == YAML_STREAM_END_EVENT;
		err = on_event(b, &e);
		yaml_event_delete(&e);
	}
	return err;
}

int yaml_parse(struct arena *a, const char *text, size_t len, struct yaml_node ***ret_docs,
	       u32 *ret_n, struct diag *d)
{
	struct builder b = { .a = a, .d = d, .text = text, .len = len };
	yaml_parser_t p;
	int err;

	if (!yaml_parser_initialize(&p))
		return diag_set(d, "the YAML library cannot be initialised");
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	err = build(&b, &p);
	if (!err) {
		*ret_docs = arena_alloc(a, b.docs.n * sizeof(**ret_docs));
		if (b.docs.n)
			memcpy(*ret_docs, b.docs.p, b.docs.n * sizeof(**ret_docs));
		*ret_n = b.docs.n;
	}
	yaml_parser_delete(&p);
	strmap_fini(&b.anchors);
	vec_fini(&b.pending);
	vec_fini(&b.docs);
	return err;
}

struct yaml_node *yaml_get_node(const struct yaml_node *map, const char *key,
				struct yaml_node **ret_key)
{
	size_t len = strlen(key);

	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (u32 i = 0; i < map->n; i++) {
		struct yaml_node *k = map->items[2 * i];

		if (k->kind != YAML_SCALAR || k->len != len || memcmp(k->s, key, len))
			continue;
		if (ret_key)
			*ret_key = k;
		return map->items[2 * i + 1];
	}
	return NULL;
}

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	return yaml_get_node(map, key, NULL);
}

bool yaml_is_null(const struct yaml_node *n)
{
	if (n->kind != YAML_SCALAR || !n->plain)
		return false;
	return !n->len || !strcmp(n->s, "~") || !strcmp(n->s, "null") || !strcmp(n->s, "Null") ||
	       !strcmp(n->s, "NULL");
}

/* yaml-cpp takes a word in lower case, in upper case, or with a capital. */
static bool is_word(const struct yaml_node *n, const char *word)
{
	bool upper = true, tail = true;

	if (n->len != strlen(word))
		return false;
	for (u32 i = 0; i < n->len; i++) {
		if (n->s[i] != word[i] - 32)
			upper = false;
		if (i && n->s[i] != word[i])
			tail = false;
	}
	return upper || (tail && (n->s[0] == word[0] || n->s[0] == word[0] - 32));
}

bool yaml_bool(const struct yaml_node *n, bool *ret)
{
	static const struct {
		const char *yes, *no;
	} words[] = { { "y", "n" }, { "yes", "no" }, { "true", "false" }, { "on", "off" } };

	if (n->kind != YAML_SCALAR)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (is_word(n, words[i].yes))
			return *ret = true, true;
		if (is_word(n, words[i].no))
			return *ret = false, true;
	}
	return false;
}

static bool only_blanks(const char *s)
{
	return !s[strspn(s, " \t\r\n")];
}

static bool may_be_number(const struct yaml_node *n)
{
	return n->kind == YAML_SCALAR && n->len && strlen(n->s) == n->len &&
	       !strchr(" \t\r\n", n->s[0]);
}

bool yaml_s64(const struct yaml_node *n, s64 *ret)
{
	char *end;
	s64 v;

	if (!may_be_number(n))
		return false;
	errno = 0;
	v = strtoll(n->s, &end, 0);
	if (errno || end == n->s || !only_blanks(end))
		return false;
	*ret = v;
	return true;
}

bool yaml_double(const struct yaml_node *n, double *ret)
{
	char *end;
	double v;

	if (!may_be_number(n))
		return false;
	v = strtod(n->s, &end);
	if (end == n->s || !only_blanks(end))
		return false;
	*ret = v;
	return true;
}
