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

void pstr_fini(struct pstr *s);		/* leaves an empty string */
void pstr_set(struct pstr *s, const void *p, size_t n);
/* The copy belongs to the pool of what it was copied from. */
void pstr_share(struct pstr *s, const struct pstr *from);
void pstr_drop(struct pstr *s);		/* pstr_clear() of one that is not empty */

/* Sets it unless it says so already: a string shared with the parent stays shared. */
void pstr_update(struct pstr *s, const void *p, size_t n);

/* Empty; keeps memory that is its own. */
static inline void pstr_clear(struct pstr *s)
{
	if (s->len)
		pstr_drop(s);
}

static inline bool pstr_eq(const struct pstr *s, const char *p, size_t n)
{
	return s->len == n && !__builtin_memcmp(s->p, p, n);
}

#endif
