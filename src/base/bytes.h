/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes, sixteen at a time. */
#ifndef SAKER_BASE_BYTES_H
#define SAKER_BASE_BYTES_H

#include <string.h>

#include "base/types.h"

typedef u8 bytes16 __attribute__((vector_size(16)));

static inline bool bytes16_any(bytes16 v)
{
	u64 half[2];

	memcpy(half, &v, sizeof(half));
	return half[0] | half[1];
}

/* Are there, among the 16 from s on, an a and right behind it, perhaps as the 17th, b or c? */
static inline bool bytes16_follow(const char *s, u8 a, u8 b, u8 c)
{
	bytes16 here, next;

	memcpy(&here, s, sizeof(here));
	memcpy(&next, s + 1, sizeof(next));
	return bytes16_any((bytes16)(here == a) & ((bytes16)(next == b) | (bytes16)(next == c)));
}

/* Does s hold a and, right behind it, b or c? */
static inline bool bytes_follow(const char *s, size_t len, char a, char b, char c)
{
	size_t i = 0;

	for (; i + 17 <= len; i += 16)
		if (bytes16_follow(s + i, (u8)a, (u8)b, (u8)c))
			return true;
	/* the rest, with what was seen before it where there is enough */
	if (len >= 17)
		return bytes16_follow(s + len - 17, (u8)a, (u8)b, (u8)c);
	for (; i + 1 < len; i++)
		if (s[i] == a && (s[i + 1] == b || s[i + 1] == c))
			return true;
	return false;
}

#endif
