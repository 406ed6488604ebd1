/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is counted: what a table has taken from the system, to the byte, the allocator's own word
 * for each block included.  An account belongs to one thread, as the table does.
 */
#ifndef SAKER_BASE_ACCOUNT_H
#define SAKER_BASE_ACCOUNT_H

#include "base/types.h"

struct account {
	u64 bytes;
};

/* As xmalloc and its kin; account_free() takes NULL. */
void *account_malloc(struct account *a, size_t n);
void *account_calloc(struct account *a, size_t n);
void *account_realloc(struct account *a, void *p, size_t n);
void account_free(struct account *a, void *p);

/* What is known of any table.  Only u64: those of several workers are added word by word. */
struct table_stats {
	u64 entries, bytes;
	u64 max_bytes;		/* 0: no limit */
	u64 evicted;		/* entries removed to make room, */
	u64 recreated;		/* and read again when they were needed (or for the first time, when events were lost) */
	u64 refused;		/* that found no room */
};

#endif
