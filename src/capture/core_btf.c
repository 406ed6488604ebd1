/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/core_btf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/vec.h"

struct cut {
	const struct btf *from;
	bool *wanted;		/* by number */
	VEC(u32) taken;		/* those that are */
	u32 last;		/* the highest of them */
};

/* NAME___SUFFIX is another picture of NAME (a "flavor"). */
static size_t name_len(const char *name)
{
	const char *s = name;

	while ((s = strstr(s, "___"))) {
		if (s > name && s[3] && s[3] != '_')
			return (size_t)(s - name);
		s += 3;
	}
	return strlen(name);
}

static bool is_named(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_FWD:
		return t->name_off;
	}
	return false;
}

/* Type i that t is made of; NULL: there is none.  Pointers are made of nothing. */
static u32 *inside(struct btf_type *t, u32 i)
{
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return i < btf_vlen(t) ? &btf_members(t)[i].type : NULL;
	case BTF_KIND_ARRAY:
		return i == 0 ? &btf_array(t)->type : i == 1 ? &btf_array(t)->index_type : NULL;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return i == 0 ? &t->type : NULL;
	}
	return NULL;
}

static void take(struct cut *c, u32 id)
{
	if (!id || c->wanted[id])
		return;
	c->wanted[id] = true;
	vec_push(&c->taken, id);
	if (id > c->last)
		c->last = id;
}

static void names_of(const struct btf *programs, struct strmap *names)
{
	for (u32 id = 1; id < btf__type_cnt(programs); id++) {
		const struct btf_type *t = btf__type_by_id(programs, id);
		const char *name = btf__name_by_offset(programs, t->name_off);

		if (is_named(t) && !strmap_get(names, name, name_len(name)))
			strmap_put(names, name, name_len(name), (void *)name);
	}
}

static void take_named(struct cut *c, const struct strmap *names)
{
	for (u32 id = 1; id < btf__type_cnt(c->from); id++) {
		const struct btf_type *t = btf__type_by_id(c->from, id);
		const char *name;

		if (!is_named(t))
			continue;
		name = btf__name_by_offset(c->from, t->name_off);
		if (strmap_get(names, name, name_len(name)))
			take(c, id);
	}
}

/* What was taken is made of grows the list while it is gone through. */
static void take_inside(struct cut *c)
{
	for (size_t i = 0; i < c->taken.n; i++) {
		struct btf_type *t = (struct btf_type *)btf__type_by_id(c->from, c->taken.p[i]);
		const u32 *id;

		for (u32 k = 0; (id = inside(t, k)); k++)
			take(c, *id);
	}
}

/* Type id of `to`; pointers, and what is not wanted but has a number to keep: a pointer to nothing. */
static int copy(const struct cut *c, struct btf *to, u32 id)
{
	const struct btf_type *t = btf__type_by_id(c->from, id);

	return c->wanted[id] && btf_kind(t) != BTF_KIND_PTR ? btf__add_type(to, c->from, t) : btf__add_ptr(to, 0);
}

/* btf__add_type() leaves the numbers of other types as they are: they are the same. */
static struct btf *copy_all(const struct cut *c)
{
	struct btf *to = btf__new_empty();

	for (u32 id = 1; to && id <= c->last; id++)
		if (copy(c, to, id) < 0) {
			btf__free(to);
			return NULL;
		}
	return to;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int core_btf_write(const struct btf *programs, const struct btf *kernel, int fd)
{
	struct cut c = { .from = kernel };
	struct strmap names = { 0 };
	const void *raw = NULL;
	struct btf *to;
	u32 len = 0;

	c.wanted = xcalloc(btf__type_cnt(kernel), sizeof(*c.wanted));
	names_of(programs, &names);
	take_named(&c, &names);
	take_inside(&c);
	to = copy_all(&c);
	if (to)
		raw = btf__raw_data(to, &len);
	strmap_fini(&names);
	vec_fini(&c.taken);
	free(c.wanted);
	if (raw) {
		int err = write_all(fd, raw, len);

		btf__free(to);
		return err;
	}
	btf__free(to);
	return -ENOMEM;
}
