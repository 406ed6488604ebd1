/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

void *vec_grown(void *p, size_t *cap, size_t need, size_t size)
{
	*cap = size_max(need, *cap ? *cap * 2 : 8);
	return xrealloc(p, *cap * size);
}
