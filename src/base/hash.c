/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

u64 hash_bytes(const void *p, size_t n)
{
	const u8 *b = p;
	u64 h = 0x9e3779b97f4a7c15ull ^ n, w;

	for (; n >= 8; n -= 8, b += 8) {
		memcpy(&w, b, 8);
		h = (h ^ w) * 0xd6e8feb86659fd93ull;
		h ^= h >> 32;
	}
	if (n) {
		w = 0;
		memcpy(&w, b, n);
		h = (h ^ w) * 0xd6e8feb86659fd93ull;
	}
	return hash_u64(h);
}

void map64_fini(struct map64 *m)
{
	free(m->slots);
	*m = (struct map64){ 0 };
}

static struct map64_entry *map64_slot(const struct map64 *m, u64 key)
{
	size_t i = hash_u64(key) & (m->cap - 1);

	while (m->slots[i].value && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

void *map64_get(const struct map64 *m, u64 key)
{
	return m->count ? map64_slot(m, key)->value : NULL;
}

static void map64_grow(struct map64 *m)
{
	struct map64 old = *m;
	size_t i;

	m->cap = old.cap ? old.cap * 2 : 16;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (i = 0; i < old.cap; i++)
		if (old.slots[i].value)
			*map64_slot(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void map64_put(struct map64 *m, u64 key, void *value)
{
	struct map64_entry *e;

	if ((m->count + 1) * 4 > m->cap * 3)
		map64_grow(m);
	e = map64_slot(m, key);
	if (!e->value)
		m->count++;
	e->key = key;
	e->value = value;
}

void *map64_del(struct map64 *m, u64 key)
{
	size_t i, j, home;
	void *value;

	if (!m->count)
		return NULL;
	i = (size_t)(map64_slot(m, key) - m->slots);
	value = m->slots[i].value;
	if (!value)
		return NULL;
	m->count--;
	/* close the gap: move back what would no longer be found */
	for (j = (i + 1) & (m->cap - 1); m->slots[j].value; j = (j + 1) & (m->cap - 1)) {
		home = hash_u64(m->slots[j].key) & (m->cap - 1);
		if (((j - home) & (m->cap - 1)) < ((j - i) & (m->cap - 1)))
			continue;
		m->slots[i] = m->slots[j];
		i = j;
	}
	m->slots[i].value = NULL;
	return value;
}

struct map64_entry *map64_next(const struct map64 *m, size_t *pos)
{
	while (*pos < m->cap)
		if (m->slots[(*pos)++].value)
			return &m->slots[*pos - 1];
	return NULL;
}

void strmap_fini(struct strmap *m)
{
	free(m->slots);
	*m = (struct strmap){ 0 };
}

static struct strmap_entry *strmap_slot(const struct strmap *m, const char *key, size_t len,
					u32 hash)
{
	size_t i = hash & (m->cap - 1);
	struct strmap_entry *e;

	for (;; i = (i + 1) & (m->cap - 1)) {
		e = &m->slots[i];
		if (!e->value)
			return e;
		if (e->hash == hash && e->len == len && !memcmp(e->key, key, len))
			return e;
	}
}

void *strmap_get(const struct strmap *m, const char *key, size_t len)
{
	return m->count ? strmap_slot(m, key, len, (u32)hash_bytes(key, len))->value : NULL;
}

void *strmap_gets(const struct strmap *m, const char *key)
{
	return strmap_get(m, key, strlen(key));
}

static void strmap_grow(struct strmap *m)
{
	struct strmap old = *m;
	struct strmap_entry *e;
	size_t i;

	m->cap = old.cap ? old.cap * 2 : 16;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (i = 0; i < old.cap; i++) {
		e = &old.slots[i];
		if (e->value)
			*strmap_slot(m, e->key, e->len, e->hash) = *e;
	}
	free(old.slots);
}

void strmap_put(struct strmap *m, const char *key, size_t len, void *value)
{
	u32 hash = (u32)hash_bytes(key, len);
	struct strmap_entry *e;

	if ((m->count + 1) * 4 > m->cap * 3)
		strmap_grow(m);
	e = strmap_slot(m, key, len, hash);
	if (!e->value)
		m->count++;
	*e = (struct strmap_entry){ .key = key, .value = value, .len = (u32)len, .hash = hash };
}

void *strmap_del(struct strmap *m, const char *key, size_t len)
{
	size_t i, j, home;
	void *value;

	if (!m->count)
		return NULL;
	i = (size_t)(strmap_slot(m, key, len, (u32)hash_bytes(key, len)) - m->slots);
	value = m->slots[i].value;
	if (!value)
		return NULL;
	m->count--;
	for (j = (i + 1) & (m->cap - 1); m->slots[j].value; j = (j + 1) & (m->cap - 1)) {
		home = m->slots[j].hash & (m->cap - 1);
		if (((j - home) & (m->cap - 1)) < ((j - i) & (m->cap - 1)))
			continue;
		m->slots[i] = m->slots[j];
		i = j;
	}
	m->slots[i].value = NULL;
	return value;
}

struct strmap_entry *strmap_next(const struct strmap *m, size_t *pos)
{
	while (*pos < m->cap)
		if (m->slots[(*pos)++].value)
			return &m->slots[*pos - 1];
	return NULL;
}
