/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing arrays: VEC(struct foo) v = { 0 }; vec_push(&v, foo); v.p[i], v.n; vec_fini(&v).
 * Elements move when the array grows.
 */
#ifndef SAKER_BASE_VEC_H
#define SAKER_BASE_VEC_H

#include <stdlib.h>

#include "base/mem.h"

#define VEC(type) struct { type *p; size_t n, cap; }

void *vec_grown(void *p, size_t *cap, size_t need, size_t size);

#define vec_reserve(v, more)								\
	((v)->n + (more) > (v)->cap ?							\
		(void)((v)->p = vec_grown((v)->p, &(v)->cap, (v)->n + (more), sizeof(*(v)->p))) : (void)0)
#define vec_push(v, ...)								\
	(vec_reserve(v, 1), (v)->p[(v)->n++] = __VA_ARGS__)
#define vec_fini(v)									\
	(free((v)->p), (v)->p = NULL, (v)->n = (v)->cap = 0)

#endif
