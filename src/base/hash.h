/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash tables with open addressing, from a 64-bit key or a string to a pointer.
 *
 * map64: keys are numbers (a tid, an fd).  strmap: keys are byte strings, borrowed: the
 * owner of the value keeps the key alive as long as the entry.  Values are never NULL and
 * stay owned by the caller.  A zeroed struct is an empty table.  Not thread safe.
 */
#ifndef SAKER_BASE_HASH_H
#define SAKER_BASE_HASH_H

#include "base/types.h"

u64 hash_bytes(const void *p, size_t n);

static inline u64 hash_u64(u64 v)
{
	v ^= v >> 32;
	v *= 0xd6e8feb86659fd93ull;
	v ^= v >> 32;
	v *= 0xd6e8feb86659fd93ull;
	return v ^ v >> 32;
}

struct map64_entry {
	u64 key;
	void *value;	/* NULL: free */
};

struct map64 {
	struct map64_entry *slots;
	size_t cap, count;	/* cap is 0 or a power of two */
};

void map64_fini(struct map64 *m);
void *map64_get(const struct map64 *m, u64 key);
void map64_put(struct map64 *m, u64 key, void *value);	/* replaces */
void *map64_del(struct map64 *m, u64 key);		/* the value, or NULL */
/* Iteration: *pos starts at 0; NULL at the end.  No changes meanwhile. */
struct map64_entry *map64_next(const struct map64 *m, size_t *pos);

struct strmap_entry {
	const char *key;
	void *value;	/* NULL: free */
	u32 len, hash;
};

struct strmap {
	struct strmap_entry *slots;
	size_t cap, count;
};

void strmap_fini(struct strmap *m);
void *strmap_get(const struct strmap *m, const char *key, size_t len);
void *strmap_gets(const struct strmap *m, const char *key);
void strmap_put(struct strmap *m, const char *key, size_t len, void *value);
void *strmap_del(struct strmap *m, const char *key, size_t len);
struct strmap_entry *strmap_next(const struct strmap *m, size_t *pos);

#endif
