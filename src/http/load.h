/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a shared library that is loaded when it is used for the first time. */
#ifndef SAKER_HTTP_LOAD_H
#define SAKER_HTTP_LOAD_H

#include <stddef.h>

#include "base/diag.h"
#include "base/types.h"

struct lib_function {
	const char *name;
	size_t offset;		/* of the pointer to it */
};

/*
 * Fills the n pointers of `into`.  The library stays loaded.  -ENOPKG with d, which says what
 * for and from which packages: it is not installed, or has not all of them.
 */
int lib_load(const char *lib, const struct lib_function *f, u32 n, void *into, const char *need,
	     struct diag *d);

#endif
