/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many patterns of strings, or many numbers, against one value: which of them match?  The
 * time depends on the value and on what matches, hardly on how many there are.
 *
 * What is built lives in the arena given, borrows its strings, and is read only.
 */
#ifndef SAKER_FILTER_PATTERNS_H
#define SAKER_FILTER_PATTERNS_H

#include "filter/match.h"

enum pattern_kind { PATTERN_IS, PATTERN_STARTS, PATTERN_ENDS, PATTERN_HOLDS, PATTERN_KINDS };

struct pattern {
	u8 kind;		/* enum pattern_kind */
	u32 id;			/* what is reported; several patterns may have the same */
	struct str str;
};

struct number {
	u64 value;
	u32 id;
};

/* Ids found, each once. */
struct hits {
	u32 epoch;
	u32 *marks;		/* by id: epoch in which it was found */
	u32 *ids;		/* room for all */
	u32 n;
};

static inline void hits_add(struct hits *h, u32 id)
{
	if (h->marks[id] == h->epoch)
		return;
	h->marks[id] = h->epoch;
	h->ids[h->n++] = id;
}

struct patterns;
struct patterns *patterns_new(struct arena *a, const struct pattern *items, u32 n);
void patterns_find(const struct patterns *t, struct str s, struct hits *h);

struct numbers;
struct numbers *numbers_new(struct arena *a, const struct number *items, u32 n);
void numbers_find(const struct numbers *t, u64 value, struct hits *h);

#endif
