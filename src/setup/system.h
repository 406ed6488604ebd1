/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system that a driver is for: which kernel, and where its headers, saker's driver sources
 * and the drivers built before are.  Plain strings, owned by the arena; NULL: not found.
 */
#ifndef SAKER_SETUP_SYSTEM_H
#define SAKER_SETUP_SYSTEM_H

#include "base/diag.h"
#include "base/mem.h"
#include "base/types.h"

struct system_options {
	const char *release;	/* another kernel than the running one; NULL: that */
	const char *headers;	/* its build directory; NULL: where distributions have it */
	const char *driver_dir;	/* where built drivers are kept; NULL: the usual place */
	const char *probe;	/* object of the classic probe; NULL: environment or driver_dir */
	bool has_target;	/* a program to start or processes to attach to are given */
	bool (*interrupted)(void);	/* true: give up what takes long; may be NULL */
};

struct system {
	struct arena arena;
	bool foreign;			/* not the running kernel: its features cannot be asked */
	bool has_target;
	bool (*interrupted)(void);
	const char *release;		/* as uname -r */
	const char *version;		/* as uname -v; "" for a foreign kernel */
	const char *machine;
	const char *root;		/* of the host, from HOST_ROOT; "" */
	const char *headers;		/* what `make -C` takes; NULL: none found */
	const char *headers_release;	/* which kernel they are of; NULL: they do not tell */
	const char *sources;		/* folder with drivers/ and schema/; NULL */
	const char *driver_dir;		/* of all kernels */
	const char *built_dir;		/* driver_dir/RELEASE */
	const char *module;		/* saker.ko for this kernel, whether there or not */
	const char *probe;		/* saker-bpf.o, whether there or not */
};

void system_init(struct system *s, const struct system_options *opt);
void system_fini(struct system *s);

/* "RELEASE" of the vermagic of a module file, in the arena; NULL: it is no module. */
const char *system_module_release(struct system *s, const char *path);
/* Compiler that the kernel was built with, as its headers name it; in the arena; NULL: they do not. */
const char *system_kernel_compiler(struct system *s);
/* That one when it is installed here, or "cc"; NULL: neither is. */
const char *system_compiler(struct system *s);
/* Is a program of that name in PATH? */
bool system_has_program(const char *name);
/* First line of a small file without its newline, in the arena; NULL: cannot be read. */
const char *system_read_line(struct system *s, const char *path);
/* All of a file, at most max bytes, NUL-terminated and in the arena; NULL: cannot be read. */
char *system_read_file(struct system *s, const char *path, size_t max);
bool system_exists(const char *path);
/* Does the module file end with a signature? */
bool system_module_is_signed(struct system *s, const char *path);
/* Makes a folder and those above it.  0, or -1 with errno set. */
int system_make_dir(const char *path);

#endif
