/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared strings.  A struct pstr that pstr_init() has seen owns a reference to its bytes;
 * copying one by assignment borrows.  Copies by pstr_share() cost a counter, and setting a
 * string that nobody else holds reuses its memory.
 *
 * Their memory is counted in the account of a pool.  A string finds its pool by its bytes, the empty
 * one by those which every pool has for that; the pool outlives its strings.
 */
#ifndef SAKER_PROC_PSTR_H
#define SAKER_PROC_PSTR_H

#include <string.h>

#include "base/account.h"
#include "proc/proc.h"

/* Before the bytes of a string. */
struct pstr_head {
	struct pstr_pool *pool;
	u32 refs, cap;		/* cap without the NUL */
};

struct pstr_pool {
	struct account *account;	/* borrowed */
	struct {
		struct pstr_head head;
		char nul;
	} none;				/* the empty string */
};

void pstr_pool_init(struct pstr_pool *pool, struct account *account);

static inline void pstr_init(struct pstr *s, struct pstr_pool *pool)
{
	s->p = &pool->none.nul;
	s->len = 0;
}

static inline struct pstr_head *pstr_head_of(const struct pstr *s)
{
	return (struct pstr_head *)(void *)(s->p - sizeof(struct pstr_head));
}

static inline char *pstr_data_of(struct pstr_head *h)
{
	return (char *)(h + 1);
}

void pstr_fini(struct pstr *s);		/* leaves an empty string */
void pstr_set_anew(struct pstr *s, const void *p, size_t n);

/* p may lie in the string itself. */
static inline void pstr_set(struct pstr *s, const void *p, size_t n)
{
	struct pstr_head *h = pstr_head_of(s);

	if (h->refs != 1 || h->cap < n || !n) {	/* nobody owns the empty string of a pool */
		pstr_set_anew(s, p, n);
		return;
	}
	memmove(pstr_data_of(h), p, n);
	pstr_data_of(h)[n] = 0;
	s->len = (u32)n;
}

/* The copy belongs to the pool of what it was copied from. */
void pstr_share(struct pstr *s, const struct pstr *from);

/* Sets it unless it says so already: a string shared with the parent stays shared. */
void pstr_update(struct pstr *s, const void *p, size_t n);

/* Empty; keeps memory that is its own. */
static inline void pstr_clear(struct pstr *s)
{
	struct pstr_head *h = pstr_head_of(s);

	if (!s->len)
		return;
	if (h->refs > 1) {
		pstr_fini(s);
		return;
	}
	pstr_data_of(h)[0] = 0;
	s->len = 0;
}

static inline bool pstr_eq(const struct pstr *s, const char *p, size_t n)
{
	return s->len == n && !__builtin_memcmp(s->p, p, n);
}

#endif
