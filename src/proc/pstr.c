/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/pstr.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(offsetof(struct pstr_pool, none.nul) == offsetof(struct pstr_pool, none) + sizeof(struct pstr_head),
	      "the empty string is found as others are");

void pstr_pool_init(struct pstr_pool *pool, struct account *account)
{
	*pool = (struct pstr_pool){ .account = account, .none.head.pool = pool };
}

static bool is_none(const struct pstr_head *h)
{
	return h == &h->pool->none.head;
}

void pstr_fini(struct pstr *s)
{
	struct pstr_head *h = pstr_head_of(s);
	struct pstr_pool *pool = h->pool;

	if (!is_none(h) && !--h->refs)
		account_free(pool->account, h);
	pstr_init(s, pool);
}

static struct pstr_head *head_new(struct pstr_pool *pool, size_t n)
{
	/*
	 * Room for a longer name of the next file in this slot; with header and NUL it fills what
	 * malloc() gives, which is a multiple of 16 and 8 more.
	 */
	size_t cap = n < 23 ? 23 : ((n + 8) & ~(size_t)15) + 7;
	struct pstr_head *h = account_malloc(pool->account, sizeof(*h) + cap + 1);

	h->pool = pool;
	h->refs = 1;
	h->cap = (u32)cap;
	return h;
}

void pstr_set_anew(struct pstr *s, const void *p, size_t n)
{
	struct pstr_head *h = pstr_head_of(s);
	char *data;

	if (!n) {
		pstr_fini(s);
		return;
	}
	data = pstr_data_of(head_new(h->pool, n));
	memcpy(data, p, n);
	data[n] = 0;
	pstr_fini(s);
	s->p = data;
	s->len = (u32)n;
}

void pstr_update(struct pstr *s, const void *p, size_t n)
{
	if (s->len != n || (n && memcmp(s->p, p, n)))
		pstr_set(s, p, n);
}

void pstr_share(struct pstr *s, const struct pstr *from)
{
	struct pstr_head *h = pstr_head_of(from);

	if (s == from)
		return;
	if (!is_none(h))
		h->refs++;
	pstr_fini(s);
	*s = *from;
}
