/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared strings.  A struct pstr that pstr_init() has seen owns a reference to its bytes;
 * copying one by assignment borrows.  Copies by pstr_share() cost a counter, and setting a
 * string that nobody else holds reuses its memory.
 */
#ifndef SAKER_PROC_PSTR_H
#define SAKER_PROC_PSTR_H

#include "proc/proc.h"

extern const char pstr_empty[1];

static inline void pstr_init(struct pstr *s)
{
	s->p = pstr_empty;
	s->len = 0;
}

void pstr_fini(struct pstr *s);		/* leaves an empty string */
void pstr_set(struct pstr *s, const void *p, size_t n);
void pstr_share(struct pstr *s, const struct pstr *from);
void pstr_drop(struct pstr *s);		/* pstr_clear() of one that is not empty */
size_t pstr_bytes(const struct pstr *s);	/* memory, its share of it */

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
