/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pmatch: is a path, or a directory above it, one of a list?  Paths are compared by
 * components, so slashes at the ends and double ones do not count.  Plain paths are found
 * by hash at each component of the value; those with globs are tried one after the other.
 */
#include <stdlib.h>

#include "filter/match.h"

struct paths {
	bool root;		/* "/" is one: everything is below it */
	struct strset *plain;	/* "a/b/c" */
	u32 nglobs;
	struct str *globs;
};

/* The next component of *s, which is advanced; false at the end. */
static bool component(struct str *s, struct str *ret)
{
	u32 n = 0;

	while (s->len && *s->p == '/') {
		s->p++;
		s->len--;
	}
	while (n < s->len && s->p[n] != '/')
		n++;
	*ret = (struct str){ s->p, n };
	s->p += n;
	s->len -= n;
	return n;
}

/* Components joined by single slashes. */
static struct str normal(struct arena *a, struct str path)
{
	char *out = arena_alloc(a, path.len + 1u);
	struct str part;
	u32 n = 0;

	while (component(&path, &part)) {
		if (n)
			out[n++] = '/';
		memcpy(out + n, part.p, part.len);
		n += part.len;
	}
	return (struct str){ out, n };
}

struct paths *paths_new(struct arena *a, const struct str *items, u32 n)
{
	struct paths *t = arena_alloc(a, sizeof(*t));
	struct str *plain = arena_alloc(a, (n + 1u) * sizeof(*plain));
	u32 nplain = 0;

	*t = (struct paths){ .globs = arena_alloc(a, (n + 1u) * sizeof(*t->globs)) };
	for (u32 i = 0; i < n; i++) {
		struct str path = normal(a, items[i]);

		if (!path.len)
			t->root |= items[i].len > 0;
		else if (glob_is_pattern(path))
			t->globs[t->nglobs++] = path;
		else
			plain[nplain++] = path;
	}
	t->plain = strset_new(a, plain, nplain);
	return t;
}

static bool glob_above(struct str glob, struct str s)
{
	struct str want, have;

	while (component(&glob, &want))
		if (!component(&s, &have) || !glob_match(want, have, false))
			return false;
	return true;
}

/* s begins with a component and has no double slashes. */
static bool plain_above(const struct paths *t, struct str s)
{
	for (u32 i = 1; i <= s.len; i++)
		if ((i == s.len || s.p[i] == '/') && strset_has(t->plain, s.p, i))
			return true;
	return false;
}

static bool plain_above_odd(const struct paths *t, struct str s)
{
	char *copy = xmalloc(s.len + 1u);
	struct str part, joined = { copy, 0 };
	bool hit = false;

	while (!hit && component(&s, &part)) {
		if (joined.len)
			copy[joined.len++] = '/';
		memcpy(copy + joined.len, part.p, part.len);
		joined.len += part.len;
		hit = strset_has(t->plain, copy, joined.len);
	}
	free(copy);
	return hit;
}

bool paths_match(const struct paths *t, struct str s)
{
	struct str rest = s;
	bool hit;

	if (t->root)
		return true;
	while (rest.len && *rest.p == '/') {
		rest.p++;
		rest.len--;
	}
	hit = memmem(rest.p, rest.len, "//", 2) ? plain_above_odd(t, rest) : plain_above(t, rest);
	for (u32 i = 0; !hit && i < t->nglobs; i++)
		hit = glob_above(t->globs[i], rest);
	return hit;
}
