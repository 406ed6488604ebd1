/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doubly linked rings: a head and members that have a struct list in them.  Nothing is owned.  A zeroed
 * struct is in no ring; a head is initialised before use.
 */
#ifndef SAKER_BASE_LIST_H
#define SAKER_BASE_LIST_H

#include "base/types.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline bool list_in(const struct list *l)
{
	return l->next;
}

/* l is in no ring. */
static inline void list_add_tail(struct list *head, struct list *l)
{
	l->next = head;
	l->prev = head->prev;
	head->prev->next = l;
	head->prev = l;
}

static inline void list_del(struct list *l)
{
	if (!l->next)
		return;
	l->next->prev = l->prev;
	l->prev->next = l->next;
	l->next = l->prev = NULL;
}

#endif
