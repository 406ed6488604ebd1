/* SPDX-License-Identifier: Apache-2.0 */
/* Single strings, and sets of them: equal to, beginning or ending with, or holding one. */
#include <stdlib.h>

#include "base/hash.h"
#include "filter/match.h"

int str_cmp(struct str a, struct str b)
{
	int c = memcmp(a.p, b.p, size_min(a.len, b.len));

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

bool str_contains(struct str s, struct str what)
{
	struct needle n = { .str = what };

	return needle_found(&n, s.p, s.len);
}

static u8 fold(char c)
{
	return (u8)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool str_icontains(struct str s, struct str what)
{
	for (u32 i = 0; what.len <= s.len && i <= s.len - what.len; i++) {
		u32 k = 0;

		while (k < what.len && fold(s.p[i + k]) == fold(what.p[k]))
			k++;
		if (k == what.len)
			return true;
	}
	return false;
}

/* ---- one in many ---- */

u32 byte_weight(char c)
{
	if (c == '/' || c == 'e')
		return 6;
	if (c && strchr("taonisrlcd", c))
		return 5;
	if ((c >= 'a' && c <= 'z') || (c && strchr("-._ ", c)))
		return 4;
	return c == '0' || c == '1' || c == '2' ? 3 : c >= '3' && c <= '9' ? 2 : 1;
}

struct needle needle_of(struct str s)
{
	struct needle n = { .str = s };

	for (u32 i = 1; i < s.len; i++)
		if (byte_weight(s.p[i]) < byte_weight(s.p[n.at]))
			n.at = i;
	return n;
}

bool needle_found(const struct needle *n, const char *p, u32 len)
{
	const char *at = p + n->at, *end;

	if (!n->str.len || n->str.len > len)
		return !n->str.len;
	/* one behind the last place of the byte */
	end = p + (len - n->str.len) + n->at + 1;
	while ((at = memchr(at, n->str.p[n->at], (size_t)(end - at)))) {
		if (!memcmp(at - n->at, n->str.p, n->str.len))
			return true;
		if (++at == end)
			break;
	}
	return false;
}

/* ---- equality: most strings fail by their length or first character ---- */

struct strset {
	u64 lens;		/* bit 63: that or longer */
	u64 first[4];		/* bits by first byte */
	u32 mask;		/* of slots */
	bool empty;		/* has the empty string */
	struct str_slot {
		const char *p;	/* NULL: free */
		u32 len, hash;
	} *slots;
};

static u32 len_bit(u32 len)
{
	return len < 63 ? len : 63;
}

static void strset_add(struct strset *s, struct str item)
{
	u32 hash = str_hash(item.p, item.len), i = hash & s->mask;

	if (!item.len) {
		s->empty = true;
		return;
	}
	while (s->slots[i].p)
		i = (i + 1) & s->mask;
	s->slots[i] = (struct str_slot){ item.p, item.len, hash };
	s->lens |= 1ull << len_bit(item.len);
	s->first[(u8)item.p[0] >> 6] |= 1ull << ((u8)item.p[0] & 63);
}

struct strset *strset_new(struct arena *a, const struct str *items, u32 n)
{
	struct strset *s = arena_alloc(a, sizeof(*s));
	u32 cap = 4;

	while (cap < 2 * n)
		cap *= 2;
	*s = (struct strset){ .mask = cap - 1 };
	s->slots = arena_alloc(a, cap * sizeof(*s->slots));
	memset(s->slots, 0, cap * sizeof(*s->slots));
	for (u32 i = 0; i < n; i++)
		if (!strset_has(s, items[i].p, items[i].len))
			strset_add(s, items[i]);
	return s;
}

bool strset_has(const struct strset *s, const char *p, u32 len)
{
	u32 hash;

	if (!len)
		return s->empty;
	if (!(s->lens >> len_bit(len) & 1) || !(s->first[(u8)p[0] >> 6] >> ((u8)p[0] & 63) & 1))
		return false;
	hash = str_hash(p, len);
	for (u32 i = hash & s->mask; s->slots[i].p; i = (i + 1) & s->mask)
		if (s->slots[i].hash == hash && s->slots[i].len == len &&
		    !memcmp(s->slots[i].p, p, len))
			return true;
	return false;
}

/* ---- beginnings and ends ---- */

/*
 * Sorted, without those that begin with another one: so at most one can match, and it is
 * the last that is not greater than the string.  Suffixes are compared from their ends.
 */
struct affixes {
	bool all;		/* the empty string is one */
	bool suffix;
	u32 n;
	u32 shared;		/* bytes that all begin (end) with, but for the last of the shortest */
	u32 bucket[257];	/* items by the byte after (before) these */
	struct str *items;
};

int str_cmp_back(struct str a, struct str b)
{
	u32 n = (u32)size_min(a.len, b.len);

	for (u32 i = 1; i <= n; i++) {
		int c = (u8)a.p[a.len - i] - (u8)b.p[b.len - i];

		if (c)
			return c;
	}
	return (a.len > b.len) - (a.len < b.len);
}

static int cmp_prefix(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static int cmp_suffix(const void *a, const void *b)
{
	return str_cmp_back(*(const struct str *)a, *(const struct str *)b);
}

static bool affix_of(const struct affixes *t, struct str item, struct str s)
{
	return t->suffix ? str_ends(s, item) : str_starts(s, item);
}

/* The byte after those shared; s is longer than they are. */
static u8 edge(const struct affixes *t, struct str s)
{
	return (u8)(t->suffix ? s.p[s.len - 1 - t->shared] : s.p[t->shared]);
}

static struct str shared_part(const struct affixes *t)
{
	struct str s = t->items[0];

	return (struct str){ t->suffix ? s.p + s.len - t->shared : s.p, t->shared };
}

/* Sorted: what the first and the last one share, all do. */
static u32 count_shared(const struct affixes *t)
{
	struct str a = t->items[0], b = t->items[t->n - 1];
	u32 n = 0;

	while (n + 1 < size_min(a.len, b.len) &&
	       (t->suffix ? a.p[a.len - 1 - n] == b.p[b.len - 1 - n] : a.p[n] == b.p[n]))
		n++;
	return n;
}

struct affixes *affixes_new(struct arena *a, const struct str *items, u32 n, bool suffix)
{
	struct affixes *t = arena_alloc(a, sizeof(*t));
	struct str *sorted = arena_alloc(a, (n + 1u) * sizeof(*sorted));

	*t = (struct affixes){ .suffix = suffix, .items = sorted };
	if (n)
		memcpy(sorted, items, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), suffix ? cmp_suffix : cmp_prefix);
	for (u32 i = 0; i < n; i++) {
		t->all |= !sorted[i].len;
		if (!sorted[i].len || (t->n && affix_of(t, sorted[t->n - 1], sorted[i])))
			continue;
		sorted[t->n++] = sorted[i];
	}
	t->shared = t->n ? count_shared(t) : 0;
	for (u32 c = 0, i = 0; c <= 256; c++) {
		while (i < t->n && edge(t, sorted[i]) < c)
			i++;
		t->bucket[c] = i;
	}
	return t;
}

bool affixes_match(const struct affixes *t, struct str s)
{
	u32 lo, hi;
	u8 c;

	if (t->all || s.len <= t->shared)
		return t->all;
	c = edge(t, s);
	lo = t->bucket[c];
	hi = t->bucket[c + 1];
	if (lo == hi || (t->shared && !affix_of(t, shared_part(t), s)))
		return false;
	while (hi - lo > 2) {
		u32 mid = lo + (hi - lo) / 2;

		if ((t->suffix ? str_cmp_back(t->items[mid], s) : str_cmp(t->items[mid], s)) <= 0)
			lo = mid;
		else
			hi = mid;
	}
	for (; lo < hi; lo++)
		if (affix_of(t, t->items[lo], s))
			return true;
	return false;
}
