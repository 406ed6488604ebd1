/* SPDX-License-Identifier: Apache-2.0 */
/* How alike two words are, for "did you mean". */
#ifndef SAKER_BASE_SIMILAR_H
#define SAKER_BASE_SIMILAR_H

#include "base/types.h"

#define SIMILAR_MAX 48	/* words from this length on are not compared */

/*
 * Letters to insert, leave out, replace, or swap with their neighbour to get from a to b;
 * UINT32_MAX when one of them is too long.
 */
u32 similar_distance(const char *a, const char *b);

/* What may be meant by a word: offer it each word there is. */
struct similar {
	const char *word;	/* the mistyped one */
	const char *best;	/* the likeliest so far, one of those offered; NULL: none */
	u32 distance;
};

void similar_offer(struct similar *s, const char *other);

/* Is a word at this distance a likely meaning of the mistyped word? */
bool similar_enough(const char *word, u32 distance);

#endif
