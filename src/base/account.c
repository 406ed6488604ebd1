/* SPDX-License-Identifier: Apache-2.0 */
#include "base/account.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/mem.h"

static size_t size_of(void *p)
{
	return p ? malloc_usable_size(p) + sizeof(size_t) : 0;
}

void *account_malloc(struct account *a, size_t n)
{
	void *p = xmalloc(n);

	a->bytes += size_of(p);
	return p;
}

void *account_calloc(struct account *a, size_t n)
{
	void *p = xcalloc(1, n);

	a->bytes += size_of(p);
	return p;
}

void *account_realloc(struct account *a, void *p, size_t n)
{
	a->bytes -= size_of(p);
	p = xrealloc(p, n);
	a->bytes += size_of(p);
	return p;
}

void account_free(struct account *a, void *p)
{
	a->bytes -= size_of(p);
	free(p);
}
