/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes, eight at a time. */
#ifndef SAKER_BASE_BYTES_H
#define SAKER_BASE_BYTES_H

#include <string.h>

#include "base/types.h"

#define EACH_BYTE(b_) (0x0101010101010101ull * (u8)(b_))

/* Bit 7 of each byte that is b; it may also be set in bytes above one that is. */
static inline u64 bytes_that_are(u64 v, char b)
{
	v ^= EACH_BYTE(b);
	return (v - EACH_BYTE(1)) & ~v & EACH_BYTE(0x80);
}

/* Does s hold a and, right behind it, b or c?  "No" is certain; "yes" means: perhaps. */
static inline bool bytes_may_follow(const char *s, size_t len, char a, char b, char c)
{
	u64 here, next;
	size_t i = 0;

	for (; i + 9 <= len; i += 8) {
		memcpy(&here, s + i, sizeof(here));
		memcpy(&next, s + i + 1, sizeof(next));
		if (bytes_that_are(here, a) & (bytes_that_are(next, b) | bytes_that_are(next, c)))
			return true;
	}
	for (; i + 1 < len; i++)
		if (s[i] == a && (s[i + 1] == b || s[i + 1] == c))
			return true;
	return false;
}

#endif
