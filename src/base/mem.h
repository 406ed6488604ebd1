/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that cannot fail, and arenas.
 *
 * saker has nothing useful to do without memory: the xalloc family prints one line and
 * exits with status 1 when the system refuses.  Sizes that come from input are checked
 * by the caller before they get here.
 *
 * An arena hands out memory that is freed together (a parsed file, a rule set).  Blocks
 * are zeroed and aligned to 16 bytes; single objects are never freed.
 */
#ifndef SAKER_BASE_MEM_H
#define SAKER_BASE_MEM_H

#include "base/types.h"

void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xmemdup0(const void *p, size_t n);	/* n bytes and a NUL */

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t bytes;		/* allocated from the system */
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);
/* Forgets all objects but keeps one block: what is allocated next is not zeroed. */
void arena_reset(struct arena *a);
void *arena_alloc(struct arena *a, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_memdup0(struct arena *a, const void *p, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);

#endif
