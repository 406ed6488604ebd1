/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where this kernel has a syscall: the function that does it, and the tracepoint.
 *
 * Their names are those of the kernel's sources, which for some calls differ from the names
 * that programs use.
 */
#ifndef SAKER_CAPTURE_CORE_NAMES_H
#define SAKER_CAPTURE_CORE_NAMES_H

#include "base/types.h"
#include "base/vec.h"

struct core_function {
	char *name;		/* owned */
	u32 id, proto;		/* type numbers: of it, and of its signature */
	u32 nargs;
	bool returns_bool;
	bool blind;		/* its program is not given the registers */
};

/* Functions of syscalls, and others that core_way.c asks for. */
struct core_functions {
	VEC(struct core_function) list;	/* by name */
};

/* Returns 0 or a negative errno. */
int core_functions_init(struct core_functions *f);
void core_functions_fini(struct core_functions *f);
/* NULL: this kernel does not have it, or not as a function of its own. */
const struct core_function *core_function(const struct core_functions *f, const char *name);
/* That of a native call, by its number's code; NULL as above. */
const struct core_function *core_function_native(const struct core_functions *f, u32 code);

/* Is that the symbol of the function of a native call? */
bool core_is_function_of(const char *symbol, u32 code);

enum { COMPAT_FUNCTIONS = 24 };

/*
 * Those that may do a 32-bit call; the kernel has several, for its different sizes of time and
 * of user numbers, and to look at one too many does no harm.  Returns how many.
 */
u32 core_function_compat(const struct core_functions *f, u32 code,
			 const struct core_function **ret);

/* The number of the tracepoint of a native call; 0: none. */
u32 core_tracepoint_id(u32 code, bool enter);

#endif
