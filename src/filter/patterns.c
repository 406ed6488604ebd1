/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many patterns against one value.
 *
 *	is	a hash of the whole string
 *	starts	sorted; the last one not greater than the string, and from there along the
 *		links to ever shorter beginnings: all that match are on that way
 *	ends	the same from the ends
 *	holds	each by its rarest pair of neighbouring bytes: one pass over the string
 *		looks each pair up, most pairs being nobody's; a few are searched one by one
 */
#include "filter/patterns.h"

#include <stdlib.h>

#include "base/hash.h"

#define NONE UINT32_MAX
#define FEW 8

struct item {
	struct str str;
	u32 id;
	u32 link;	/* sorted ones: the longest other beginning; pairs: next of the same bucket */
	u32 at;		/* of the pair in str */
};

/* Those that are, by hash: items with equal strings stand together. */
struct whole {
	u32 mask;
	u32 n;
	u64 lens;		/* bits of the lengths there are; 63: that or longer */
	struct { u32 hash, item; } *slots;	/* item NONE: free */
	struct item *items;
};

struct sorted {
	u32 n;
	bool suffix;
	u32 bucket[257];	/* items by first (last) byte */
	struct item *items;
};

struct pairs {
	u32 n;
	u32 shift;		/* hash of a pair to its bucket */
	u32 *first;		/* items by bucket; NONE */
	struct item *items;
};

struct patterns {
	u32 nalways;
	u32 *always;		/* ids of those that match everything */
	struct whole is;
	struct sorted starts, ends;
	struct pairs holds;
	u32 nfew;		/* held ones that are searched one by one */
	struct few {
		struct needle needle;
		u32 id;
	} *few;
};

/* ---- those that are ---- */

static int cmp_item(const void *a, const void *b)
{
	const struct item *l = a, *r = b;

	return str_cmp(l->str, r->str);
}

static void build_whole(struct arena *a, struct whole *w)
{
	u32 cap = 4;

	while (cap < 2 * w->n)
		cap *= 2;
	w->mask = cap - 1;
	w->slots = arena_alloc(a, cap * sizeof(*w->slots));
	for (u32 i = 0; i < cap; i++)
		w->slots[i].item = NONE;
	qsort(w->items, w->n, sizeof(*w->items), cmp_item);
	for (u32 i = 0; i < w->n; i++) {
		u32 hash = str_hash(w->items[i].str.p, w->items[i].str.len), at = hash & w->mask;

		w->lens |= 1ull << size_min(w->items[i].str.len, 63);
		if (i && str_eq(w->items[i - 1].str, w->items[i].str))
			continue;
		while (w->slots[at].item != NONE)
			at = (at + 1) & w->mask;
		w->slots[at].hash = hash;
		w->slots[at].item = i;
	}
}

static void find_whole(const struct whole *w, struct str s, struct hits *h)
{
	u32 hash, i;

	if (!(w->lens >> size_min(s.len, 63) & 1))
		return;
	hash = str_hash(s.p, s.len);
	for (u32 at = hash & w->mask;; at = (at + 1) & w->mask) {
		i = w->slots[at].item;
		if (i == NONE)
			return;
		if (w->slots[at].hash == hash && str_eq(w->items[i].str, s))
			break;
	}
	for (u32 k = i; k < w->n && (k == i || str_eq(w->items[k].str, s)); k++)
		hits_add(h, w->items[k].id);
}

/* ---- beginnings and ends ---- */

static int cmp_item_back(const void *a, const void *b)
{
	const struct item *l = a, *r = b;

	return str_cmp_back(l->str, r->str);
}

static bool is_edge(const struct sorted *t, struct str item, struct str s)
{
	return t->suffix ? str_ends(s, item) : str_starts(s, item);
}

static u8 edge_of(const struct sorted *t, struct str s)
{
	return (u8)(t->suffix ? s.p[s.len - 1] : s.p[0]);
}

static void build_sorted(struct sorted *t, bool suffix)
{
	u32 link;

	t->suffix = suffix;
	qsort(t->items, t->n, sizeof(*t->items), suffix ? cmp_item_back : cmp_item);
	for (u32 i = 0; i < t->n; i++) {
		link = i ? i - 1 : NONE;
		while (link != NONE && !is_edge(t, t->items[link].str, t->items[i].str))
			link = t->items[link].link;
		t->items[i].link = link;
	}
	for (u32 c = 0, i = 0; c <= 256; c++) {
		while (i < t->n && edge_of(t, t->items[i].str) < c)
			i++;
		t->bucket[c] = i;
	}
}

static void find_sorted(const struct sorted *t, struct str s, struct hits *h)
{
	u32 lo, hi, at;
	u8 c;

	if (!s.len)
		return;
	c = edge_of(t, s);
	lo = t->bucket[c];
	hi = t->bucket[c + 1];
	if (lo == hi)
		return;
	/* the last one that is not greater, which lies before hi; at lo - 1 there is none */
	for (at = lo; hi - at > 1;) {
		u32 mid = at + (hi - at) / 2;

		if ((t->suffix ? str_cmp_back(t->items[mid].str, s) : str_cmp(t->items[mid].str, s)) <= 0)
			at = mid;
		else
			hi = mid;
	}
	while (at != NONE && at >= lo) {
		if (is_edge(t, t->items[at].str, s)) {
			hits_add(h, t->items[at].id);
			/* what is linked is a beginning of this one, hence of the string */
			for (at = t->items[at].link; at != NONE; at = t->items[at].link)
				hits_add(h, t->items[at].id);
			return;
		}
		at = t->items[at].link;
	}
}

/* ---- those that are somewhere in the string ---- */

static u32 pair_of(const char *p)
{
	u16 pair;

	memcpy(&pair, p, sizeof(pair));
	return pair;
}

static u32 bucket_of(const struct pairs *t, u32 pair)
{
	return pair * 0x9e3779b1u >> t->shift;
}

static u32 pair_weight(const char *p)
{
	return byte_weight(p[0]) + byte_weight(p[1]);
}

static u32 rarest_pair(struct str s)
{
	u32 best = 0;

	for (u32 i = 1; i + 1 < s.len; i++)
		if (pair_weight(s.p + i) < pair_weight(s.p + best))
			best = i;
	return best;
}

static void build_pairs(struct arena *a, struct pairs *t)
{
	u32 bits = 8;

	while (bits < 14 && 1u << bits < 4 * t->n)
		bits++;
	t->shift = 32 - bits;
	t->first = arena_alloc(a, sizeof(*t->first) << bits);
	memset(t->first, 0xff, sizeof(*t->first) << bits);
	for (u32 i = 0; i < t->n; i++) {
		struct item *it = &t->items[i];
		u32 bucket;

		it->at = rarest_pair(it->str);
		bucket = bucket_of(t, pair_of(it->str.p + it->at));
		it->link = t->first[bucket];
		t->first[bucket] = i;
	}
}

static bool is_at(const struct item *it, struct str s, u32 pair)
{
	return pair >= it->at && s.len - (pair - it->at) >= it->str.len &&
	       !memcmp(s.p + pair - it->at, it->str.p, it->str.len);
}

static void find_pairs(const struct pairs *t, struct str s, struct hits *h)
{
	for (u32 at = 0; at + 1 < s.len; at++) {
		u32 i = t->first[bucket_of(t, pair_of(s.p + at))];

		for (; i != NONE; i = t->items[i].link)
			if (is_at(&t->items[i], s, at))
				hits_add(h, t->items[i].id);
	}
}

static bool any_pair(const struct pairs *t, struct str s)
{
	for (u32 at = 0; at + 1 < s.len; at++) {
		u32 i = t->first[bucket_of(t, pair_of(s.p + at))];

		for (; i != NONE; i = t->items[i].link)
			if (is_at(&t->items[i], s, at))
				return true;
	}
	return false;
}

/* ---- all of them ---- */

static bool belongs(const struct pattern *p, enum pattern_kind kind, u32 least, u32 most)
{
	return p->kind == kind && p->str.len >= least && p->str.len <= most;
}

static struct item *items_of(struct arena *a, const struct pattern *items, u32 n,
			     enum pattern_kind kind, u32 least, u32 most, u32 *ret_n)
{
	struct item *out;
	u32 count = 0;

	for (u32 i = 0; i < n; i++)
		count += belongs(&items[i], kind, least, most);
	out = arena_alloc(a, (count + 1u) * sizeof(*out));
	*ret_n = count;
	count = 0;
	for (u32 i = 0; i < n; i++)
		if (belongs(&items[i], kind, least, most))
			out[count++] = (struct item){ .str = items[i].str, .id = items[i].id };
	return out;
}

/* Those of one byte, and all if there are few, one by one; the others by pairs. */
static void split_held(struct arena *a, struct patterns *t, const struct pattern *items, u32 n)
{
	struct item *held;
	u32 nheld, least;

	held = items_of(a, items, n, PATTERN_HOLDS, 1, UINT32_MAX, &nheld);
	least = nheld > FEW ? 2 : UINT32_MAX;
	t->few = arena_alloc(a, (nheld + 1u) * sizeof(*t->few));
	for (u32 i = 0; i < nheld; i++)
		if (held[i].str.len < least)
			t->few[t->nfew++] = (struct few){ needle_of(held[i].str), held[i].id };
	t->holds.items = items_of(a, items, n, PATTERN_HOLDS, least, UINT32_MAX, &t->holds.n);
	if (t->holds.n)
		build_pairs(a, &t->holds);
}

struct patterns *patterns_new(struct arena *a, const struct pattern *items, u32 n)
{
	struct patterns *t = arena_alloc(a, sizeof(*t));

	*t = (struct patterns){ .always = arena_alloc(a, (n + 1u) * sizeof(*t->always)) };
	for (u32 i = 0; i < n; i++)
		if (items[i].kind != PATTERN_IS && !items[i].str.len)
			t->always[t->nalways++] = items[i].id;
	t->is.items = items_of(a, items, n, PATTERN_IS, 0, UINT32_MAX, &t->is.n);
	t->starts.items = items_of(a, items, n, PATTERN_STARTS, 1, UINT32_MAX, &t->starts.n);
	t->ends.items = items_of(a, items, n, PATTERN_ENDS, 1, UINT32_MAX, &t->ends.n);
	if (t->is.n)
		build_whole(a, &t->is);
	build_sorted(&t->starts, false);
	build_sorted(&t->ends, true);
	split_held(a, t, items, n);
	return t;
}

void patterns_find(const struct patterns *t, struct str s, struct hits *h)
{
	for (u32 i = 0; i < t->nalways; i++)
		hits_add(h, t->always[i]);
	if (t->is.n)
		find_whole(&t->is, s, h);
	if (t->starts.n)
		find_sorted(&t->starts, s, h);
	if (t->ends.n)
		find_sorted(&t->ends, s, h);
	if (t->holds.n)
		find_pairs(&t->holds, s, h);
	for (u32 i = 0; i < t->nfew; i++)
		if (needle_found(&t->few[i].needle, s.p, s.len))
			hits_add(h, t->few[i].id);
}

/* ---- needles: does one of them match? ---- */

struct needles {
	struct patterns *patterns;
};

struct needles *needles_new(struct arena *a, const struct str *items, u32 n)
{
	struct needles *t = arena_alloc(a, sizeof(*t));
	struct pattern *p = arena_alloc(a, (n + 1u) * sizeof(*p));

	for (u32 i = 0; i < n; i++)
		p[i] = (struct pattern){ .kind = PATTERN_HOLDS, .str = items[i] };
	t->patterns = patterns_new(a, p, n);
	return t;
}

bool needles_match(const struct needles *needles, struct str s)
{
	const struct patterns *t = needles->patterns;

	for (u32 i = 0; i < t->nfew; i++)
		if (needle_found(&t->few[i].needle, s.p, s.len))
			return true;
	return t->nalways || (t->holds.n && any_pair(&t->holds, s));
}

/* ---- numbers ---- */

struct numbers {
	u32 n;
	struct number items[];	/* sorted by value */
};

static int cmp_number(const void *a, const void *b)
{
	const struct number *l = a, *r = b;

	return (l->value > r->value) - (l->value < r->value);
}

struct numbers *numbers_new(struct arena *a, const struct number *items, u32 n)
{
	struct numbers *t = arena_alloc(a, sizeof(*t) + n * sizeof(*items));

	t->n = n;
	if (n)
		memcpy(t->items, items, n * sizeof(*items));
	qsort(t->items, n, sizeof(*items), cmp_number);
	return t;
}

void numbers_find(const struct numbers *t, u64 value, struct hits *h)
{
	u32 lo = 0, hi = t->n;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (t->items[mid].value < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < t->n && t->items[lo].value == value; lo++)
		hits_add(h, t->items[lo].id);
}
