/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/pstr.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct shared {
	u32 refs, cap;	/* cap without the NUL */
	char data[];
};

const char pstr_empty[1] = "";

static struct shared *shared_of(const struct pstr *s)
{
	return s->p == pstr_empty ? NULL : (struct shared *)(void *)(s->p - offsetof(struct shared, data));
}

void pstr_fini(struct pstr *s)
{
	struct shared *h = shared_of(s);

	if (h && !--h->refs)
		free(h);
	pstr_init(s);
}

static struct shared *shared_new(size_t n)
{
	/* room for a longer name of the next file in this slot */
	size_t cap = n < 24 ? 24 : (n + 15) & ~(size_t)15;
	struct shared *h = xmalloc(sizeof(*h) + cap + 1);

	h->refs = 1;
	h->cap = (u32)cap;
	return h;
}

void pstr_set(struct pstr *s, const void *p, size_t n)
{
	struct shared *h = shared_of(s);

	if (!h || h->refs > 1 || h->cap < n) {
		if (!n) {
			pstr_fini(s);
			return;
		}
		h = shared_new(n);
		memcpy(h->data, p, n);
		pstr_fini(s);
	} else if (n) {
		memmove(h->data, p, n);
	}
	h->data[n] = 0;
	s->p = h->data;
	s->len = (u32)n;
}

void pstr_update(struct pstr *s, const void *p, size_t n)
{
	if (s->len != n || (n && memcmp(s->p, p, n)))
		pstr_set(s, p, n);
}

void pstr_drop(struct pstr *s)
{
	struct shared *h = shared_of(s);

	if (h->refs > 1) {
		pstr_fini(s);
		return;
	}
	h->data[0] = 0;
	s->len = 0;
}

void pstr_share(struct pstr *s, const struct pstr *from)
{
	struct shared *h = shared_of(from);

	if (s == from)
		return;
	if (h)
		h->refs++;
	pstr_fini(s);
	*s = *from;
}

size_t pstr_bytes(const struct pstr *s)
{
	const struct shared *h = shared_of(s);

	return h ? (sizeof(*h) + h->cap + 1) / h->refs : 0;
}
