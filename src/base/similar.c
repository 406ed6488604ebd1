/* SPDX-License-Identifier: Apache-2.0 */
#include "base/similar.h"

#include <string.h>

static u32 min(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* Row by row: rows[i % 3][k] is the distance of the first i letters of a to the first k of b. */
u32 similar_distance(const char *a, const char *b)
{
	u32 rows[3][SIMILAR_MAX];
	size_t na = strlen(a), nb = strlen(b);

	if (na >= SIMILAR_MAX || nb >= SIMILAR_MAX)
		return UINT32_MAX;
	for (u32 i = 0; i <= na; i++) {
		u32 *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		now[0] = i;
		for (u32 k = 1; k <= nb; k++) {
			if (!i) {
				now[k] = k;
				continue;
			}
			now[k] = min(last[k - 1] + (a[i - 1] != b[k - 1]),
				     min(last[k], now[k - 1]) + 1);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				now[k] = min(now[k], before[k - 2] + 1);
		}
	}
	return rows[na % 3][nb];
}

void similar_offer(struct similar *s, const char *other)
{
	size_t n = strlen(s->word), m = strlen(other);
	u32 distance;

	/* each letter more is one to insert: most need not be compared */
	if (!similar_enough(s->word, (u32)(n < m ? m - n : n - m)))
		return;
	distance = similar_distance(s->word, other);
	if (distance && similar_enough(s->word, distance) && (!s->best || distance < s->distance)) {
		s->best = other;
		s->distance = distance;
	}
}

bool similar_enough(const char *word, u32 distance)
{
	return distance <= min((u32)strlen(word) / 3, 3);
}
