/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK 16384

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	max_align_t data[];
};

static void *checked(void *p, size_t n)
{
	if (p || !n)
		return p;
	fprintf(stderr, "Error: out of memory (%zu bytes wanted)\n", n);
	exit(1);
}

void *xmalloc(size_t n)
{
	return checked(malloc(n), n);
}

void *xcalloc(size_t count, size_t size)
{
	return checked(calloc(count, size), count && size ? count : 0);
}

void *xrealloc(void *p, size_t n)
{
	return checked(realloc(p, n), n);
}

char *xstrdup(const char *s)
{
	return xmemdup0(s, strlen(s));
}

char *xmemdup0(const void *p, size_t n)
{
	char *s = xmalloc(n + 1);

	if (n)
		memcpy(s, p, n);
	s[n] = 0;
	return s;
}

void arena_init(struct arena *a)
{
	a->head = NULL;
	a->bytes = 0;
}

void arena_fini(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->head; b; b = next) {
		next = b->next;
		free(b);
	}
	arena_init(a);
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = a->head;

	if (!keep)
		return;
	if (!keep->next) {
		keep->used = 0;
		return;
	}
	a->head = keep->next;
	arena_fini(a);
	keep->next = NULL;
	keep->used = 0;
	a->head = keep;
	a->bytes = sizeof(*keep) + keep->size;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->head;
	size_t size;
	void *p;

	n = (n + 15) & ~(size_t)15;
	if (!b || b->size - b->used < n) {
		size = size_max(n, ARENA_BLOCK);
		b = xcalloc(1, sizeof(*b) + size);
		b->size = size;
		a->bytes += sizeof(*b) + size;
		if (a->head && n > ARENA_BLOCK / 4) {
			/* keep filling the present block: this one is full already */
			b->next = a->head->next;
			a->head->next = b;
		} else {
			b->next = a->head;
			a->head = b;
		}
	}
	p = (char *)b->data + b->used;
	b->used += n;
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup0(a, s, strlen(s));
}

char *arena_memdup0(struct arena *a, const void *p, size_t n)
{
	char *s = arena_alloc(a, n + 1);

	if (n)
		memcpy(s, p, n);
	s[n] = 0;
	return s;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return arena_strdup(a, "");
	s = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}
