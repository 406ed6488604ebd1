/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to match a string against a constant pattern, or against many at once.
 *
 * Everything built lives in the arena given (but for regexes: regex_free()), borrows the
 * strings it is built from, and is read only afterwards.
 */
#ifndef SAKER_FILTER_MATCH_H
#define SAKER_FILTER_MATCH_H

#include <string.h>

#include "base/diag.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/types.h"

struct str {
	const char *p;
	u32 len;
};

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && !memcmp(a.p, b.p, a.len);
}

static inline bool str_starts(struct str s, struct str with)
{
	return s.len >= with.len && !memcmp(s.p, with.p, with.len);
}

static inline bool str_ends(struct str s, struct str with)
{
	return s.len >= with.len && !memcmp(s.p + s.len - with.len, with.p, with.len);
}

static inline u64 str_word(const char *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Short and quick: the items were chosen by the author of the rules. */
static inline u32 str_hash(const char *p, u32 len)
{
	const u64 k = 0x9e3779b97f4a7c15ull;
	u64 head = 0, tail = 0;
	u32 a = 0, b = 0;

	if (len > 32)
		return (u32)hash_bytes(p, len);
	if (len > 16) {
		head = str_word(p) * k ^ str_word(p + 8);
		tail = str_word(p + len - 16) * k ^ str_word(p + len - 8);
	} else if (len >= 8) {
		head = str_word(p);
		tail = str_word(p + len - 8);
	} else if (len >= 4) {
		memcpy(&a, p, 4);
		memcpy(&b, p + len - 4, 4);
		head = a;
		tail = b;
	} else if (len) {
		head = (u64)(u8)p[0] << 16 | (u64)(u8)p[len / 2] << 8 | (u8)p[len - 1];
	}
	return (u32)(hash_u64(head * k ^ tail ^ len));
}

int str_cmp(struct str a, struct str b);
int str_cmp_back(struct str a, struct str b);	/* the same from the ends */
bool str_contains(struct str s, struct str what);
bool str_icontains(struct str s, struct str what);	/* ASCII case */

/* One string to be found in many: by its rarest byte. */
struct needle {
	struct str str;
	u32 at;			/* of the byte */
};

struct needle needle_of(struct str s);
bool needle_found(const struct needle *n, const char *p, u32 len);

/* How common is the byte in paths and command lines?  A guess, from 1 to 6. */
u32 byte_weight(char c);

/* As fnmatch(3) without flags, or with FNM_CASEFOLD; bytes, not characters. */
bool glob_match(struct str pattern, struct str s, bool fold);
/* Does the pattern hold anything but plain characters? */
bool glob_is_pattern(struct str pattern);

/* Equality with any of many. */
struct strset;
struct strset *strset_new(struct arena *a, const struct str *items, u32 n);
bool strset_has(const struct strset *s, const char *p, u32 len);

/* One of many is the beginning (or with suffix: the end). */
struct affixes;
struct affixes *affixes_new(struct arena *a, const struct str *items, u32 n, bool suffix);
bool affixes_match(const struct affixes *t, struct str s);

/* One of many is somewhere in it. */
struct needles;
struct needles *needles_new(struct arena *a, const struct str *items, u32 n);
bool needles_match(const struct needles *t, struct str s);

/* One of many paths, whose components may be globs, is it or a directory above it. */
struct paths;
struct paths *paths_new(struct arena *a, const struct str *items, u32 n);
bool paths_match(const struct paths *t, struct str s);

/* A regular expression that must match from end to end. */
struct regex;
int regex_new(struct str pattern, struct regex **ret, struct diag *d);
void regex_free(struct regex *r);
bool regex_match(const struct regex *r, struct str s);
/* Could simpler operators do the same? */
bool regex_is_simple(struct str pattern);

#endif
