/* SPDX-License-Identifier: Apache-2.0 */
#include "app/doc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/vec.h"

#define FILE_BYTES_MAX (256u << 20)

static struct yaml_node *new_node(struct arena *a, enum yaml_kind kind)
{
	struct yaml_node *n = arena_alloc(a, sizeof(*n));

	n->kind = kind;
	n->s = "";
	return n;
}

static struct yaml_node *new_scalar(struct arena *a, const char *text, size_t len)
{
	struct yaml_node *n = new_node(a, YAML_SCALAR);

	n->plain = true;
	n->s = arena_memdup0(a, text, len);
	n->len = (u32)len;
	return n;
}

struct yaml_node *doc_map(struct arena *a)
{
	return new_node(a, YAML_MAP);
}

/* ---- reading ------------------------------------------------------------------------ */

/* A pipe's writer may stop in the middle. */
static int wait_for_more(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct stat st;
	int n;

	if (fstat(fd, &st) || !S_ISFIFO(st.st_mode))
		return 0;
	do
		n = poll(&p, 1, FILE_PIPE_WAIT_MS);
	while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : n ? -errno : -ENODATA;
}

static int read_fd(int fd, struct buf *out)
{
	for (;;) {
		ssize_t n;
		int err = out->len > FILE_BYTES_MAX ? -EFBIG : wait_for_more(fd);

		if (err)
			return err;
		buf_reserve(out, 65536);
		n = read(fd, out->p + out->len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		out->len += (size_t)n;
	}
}

int doc_read_file(struct arena *a, const char *path, char **ret_text, size_t *ret_len)
{
	struct buf text = { 0 };
	int fd, err;

	err = file_open(path, &fd);
	if (err)
		return err;
	err = read_fd(fd, &text);
	close(fd);
	if (!err) {
		*ret_text = arena_memdup0(a, buf_str(&text), text.len);
		*ret_len = text.len;
	}
	buf_fini(&text);
	return err;
}

int doc_parse(struct arena *a, const char *text, size_t len, struct yaml_node **ret,
	      struct diag *d)
{
	struct yaml_node **docs;
	u32 n = 0;
	int err = yaml_parse(a, text, len, &docs, &n, d);

	if (err)
		return err;
	if (!n || yaml_is_null(docs[0])) {
		*ret = doc_map(a);
		return 0;
	}
	if (docs[0]->kind != YAML_MAP)
		return diag_at(d, docs[0]->line, docs[0]->col, docs[0]->offset,
			       "a configuration is a map of keys and values");
	*ret = docs[0];
	return 0;
}

/* ---- merging ------------------------------------------------------------------------ */

/* Adds elements to a sequence, or pairs (count 2) to a map. */
static void add_items(struct arena *a, struct yaml_node *n, struct yaml_node *const *items,
		      u32 count)
{
	u32 have = n->kind == YAML_MAP ? 2 * n->n : n->n;
	struct yaml_node **all = arena_alloc(a, sizeof(*all) * (have + count));

	if (have)
		memcpy(all, n->items, sizeof(*all) * have);
	if (count)
		memcpy(all + have, items, sizeof(*all) * count);
	n->items = all;
	n->n += n->kind == YAML_MAP ? count / 2 : count;
}

static struct yaml_node **value_slot(struct yaml_node *map, const char *key)
{
	for (u32 i = 0; i < map->n; i++)
		if (map->items[2 * i]->kind == YAML_SCALAR && !strcmp(map->items[2 * i]->s, key))
			return &map->items[2 * i + 1];
	return NULL;
}

static void map_put(struct arena *a, struct yaml_node *map, const char *key,
		    struct yaml_node *value)
{
	struct yaml_node **slot = value_slot(map, key);

	if (slot)
		*slot = value;
	else
		add_items(a, map, (struct yaml_node *[]){new_scalar(a, key, strlen(key)), value},
			  2);
}

static struct yaml_node *joined(struct arena *a, const struct yaml_node *x,
				const struct yaml_node *y)
{
	struct yaml_node *n = new_node(a, YAML_SEQ);

	add_items(a, n, x->items, x->n);
	add_items(a, n, y->items, y->n);
	return n;
}

/* The pairs of a map that grows, and where each key is (1 + its place). */
struct merged {
	VEC(struct yaml_node *) items;
	struct strmap places;
};

static void add_pair(struct merged *m, struct yaml_node *key, struct yaml_node *value)
{
	if (key->kind == YAML_SCALAR && !strmap_gets(&m->places, key->s))
		strmap_put(&m->places, key->s, strlen(key->s),
			   (void *)(uintptr_t)(m->items.n + 1));
	vec_push(&m->items, key);
	vec_push(&m->items, value);
}

static void merge_pair(struct arena *a, struct merged *m, struct yaml_node *key,
		       struct yaml_node *value, enum doc_strategy strategy)
{
	uintptr_t place = (uintptr_t)strmap_gets(&m->places, key->s);
	struct yaml_node **old = place ? &m->items.p[place] : NULL;

	if (!old)
		add_pair(m, key, value);
	else if (strategy == DOC_APPEND && (*old)->kind == YAML_SEQ && value->kind == YAML_SEQ)
		*old = joined(a, *old, value);
	else if (strategy != DOC_ADD_ONLY)
		*old = value;
}

void doc_merge(struct arena *a, struct yaml_node *root, const struct yaml_node *more,
	       enum doc_strategy strategy)
{
	struct merged m = { 0 };

	for (u32 i = 0; i < root->n; i++)
		add_pair(&m, root->items[2 * i], root->items[2 * i + 1]);
	for (u32 i = 0; i < more->n; i++)
		if (more->items[2 * i]->kind == YAML_SCALAR)
			merge_pair(a, &m, more->items[2 * i], more->items[2 * i + 1], strategy);
	root->n = 0;
	add_items(a, root, m.items.p, (u32)m.items.n);
	strmap_fini(&m.places);
	vec_fini(&m.items);
}

/* ---- overriding --------------------------------------------------------------------- */

struct path {
	const char *text;
	size_t at, len;
	struct diag *d;
};

static int path_error(const struct path *p, const char *what)
{
	return diag_set(p->d, "Config error at key \"%s\": Parsing error: %s at pos %zu", p->text,
			what, p->at);
}

/* A name up to the next '.' or '['. */
static int take_name(struct path *p, struct buf *name)
{
	for (; p->at < p->len && p->text[p->at] != '.' && p->text[p->at] != '['; p->at++) {
		char c = p->text[p->at];

		if (c == ']')
			return path_error(p, "unexpected ']'");
		if (c == '\\') {
			if (p->at + 1 == p->len)
				return path_error(p, "trailing backslash");
			c = p->text[++p->at];
			if (!memchr(".[]\\", c, 4))
				return path_error(p, "unknown escape");
		}
		buf_addc(name, c);
	}
	return name->len ? 0 : path_error(p, "empty name");
}

/* "[N]" or "[]": the element; a null node becomes a sequence. */
static int take_element(struct arena *a, struct path *p, struct yaml_node **slot,
			struct yaml_node ***ret)
{
	struct yaml_node *seq, *fresh;
	char *end;
	unsigned long index;

	if (yaml_is_null(*slot))
		*slot = new_node(a, YAML_SEQ);
	seq = *slot;
	if (seq->kind != YAML_SEQ)
		return path_error(p, "not a list");
	p->at++;
	if (p->at < p->len && p->text[p->at] == ']') {
		p->at++;
		fresh = new_scalar(a, "", 0);
		add_items(a, seq, &fresh, 1);
		*ret = &seq->items[seq->n - 1];
		return 0;
	}
	if (p->text[p->at] < '0' || p->text[p->at] > '9')
		return path_error(p, "a number or ']' was expected");
	index = strtoul(p->text + p->at, &end, 10);
	if (*end != ']')
		return path_error(p, "']' was expected");
	if (index >= seq->n)
		return path_error(p, "no such element");
	p->at = (size_t)(end + 1 - p->text);
	*ret = &seq->items[index];
	return 0;
}

static int take_key(struct arena *a, struct path *p, struct yaml_node **slot,
		    struct yaml_node ***ret)
{
	struct buf name = { 0 };
	int err = take_name(p, &name);

	if (!err && yaml_is_null(*slot))
		*slot = doc_map(a);
	if (!err && (*slot)->kind != YAML_MAP)
		err = path_error(p, "not a map");
	if (!err) {
		if (!value_slot(*slot, name.p))
			map_put(a, *slot, name.p, new_scalar(a, "", 0));
		*ret = value_slot(*slot, name.p);
	}
	buf_fini(&name);
	return err;
}

static int walk(struct arena *a, struct path *p, struct yaml_node **slot, struct yaml_node ***ret)
{
	int err = take_key(a, p, slot, &slot);

	while (!err && p->at < p->len) {
		if (p->text[p->at] == '[') {
			err = take_element(a, p, slot, &slot);
		} else if (p->text[p->at] == '.') {
			p->at++;
			err = take_key(a, p, slot, &slot);
		} else {
			err = path_error(p, "unexpected character");
		}
	}
	*ret = slot;
	return err;
}

static int parse_value(struct arena *a, const char *path, const char *value,
		       struct yaml_node **ret, struct diag *d)
{
	struct diag why = { 0 };
	int err = 0;

	if (value[0] != '{') {
		*ret = new_scalar(a, value, strlen(value));
		return 0;
	}
	if (doc_parse(a, value, strlen(value), ret, &why))
		err = diag_set(d, "Config error at key \"%s\": %s", path, why.msg);
	diag_fini(&why);
	return err;
}

int doc_set(struct arena *a, struct yaml_node *root, const char *path, const char *value,
	    struct diag *d)
{
	struct path p = { .text = path, .len = strlen(path), .d = d };
	struct yaml_node *node, **slot;
	int err = parse_value(a, path, value, &node, d);

	if (!err)
		err = walk(a, &p, &root, &slot);
	if (!err)
		*slot = node;
	return err;
}

/* ---- looking up --------------------------------------------------------------------- */

struct yaml_node *doc_get(const struct yaml_node *root, const char *path)
{
	const struct yaml_node *n = root;
	char name[128];

	while (n) {
		size_t len = strcspn(path, ".");
		struct yaml_node *next;

		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		next = yaml_get(n, name);
		if (!path[len])
			return next;
		path += len + 1;
		n = next;
	}
	return NULL;
}

/* Appends the value of the variable named at p..end; names hold any byte but '}'. */
static void add_variable(struct buf *out, const char *p, const char *end)
{
	char *name = xmemdup0(p, (size_t)(end - p));
	const char *value = getenv(name);

	if (value)
		buf_adds(out, value);
	free(name);
}

const char *doc_text(struct arena *a, const struct yaml_node *n)
{
	const char *p = n->s, *text;
	struct buf out = { 0 };

	if (!strstr(p, "${"))
		return p;
	while (*p) {
		bool literal = !strncmp(p, "$${", 3);
		const char *end = literal || !strncmp(p, "${", 2) ? strchr(p, '}') : NULL;

		if (!end) {
			buf_addc(&out, *p++);
			continue;
		}
		if (literal)
			buf_add(&out, p + 1, (size_t)(end - p));
		else
			add_variable(&out, p + 2, end);
		p = end + 1;
	}
	text = arena_memdup0(a, buf_str(&out), out.len);
	buf_fini(&out);
	return text;
}

const struct yaml_node *doc_expand(struct arena *a, const struct yaml_node *n)
{
	const char *text = n->kind == YAML_SCALAR ? doc_text(a, n) : NULL;
	struct yaml_node *copy;

	if (!text || text == n->s)
		return n;
	copy = new_scalar(a, text, strlen(text));
	copy->plain = n->plain;
	return copy;
}
