/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of the CO-RE programs, as libbpf opens them: from this program's own file, and with
 * the part of the kernel's types that they name (core_btf.h).
 *
 * Of the first variant that can be done beforehand, in a thread, while the rules are read.
 */
#ifndef SAKER_CAPTURE_CORE_OBJECT_H
#define SAKER_CAPTURE_CORE_OBJECT_H

#include "base/types.h"

struct bpf_object;

/* The programs as they are built for newer and for older kernels, and with less to do. */
enum { CORE_VARIANTS = 3 };

const char *core_variant_name(u32 variant);	/* "core" */
/* The object in this program's file. */
const void *core_variant_bytes(u32 variant, size_t *ret_len);

/* btf: a file of core_object_first(), or -1: types are looked for in the whole BTF.  NULL with errno. */
struct bpf_object *core_object_open(u32 variant, int btf);
/* The first of its variant: makes the file for it and for those that follow.  *ret_btf, -1 when there is none, is the caller's. */
struct bpf_object *core_object_first(u32 variant, int *ret_btf);

/* At most once; needs no right.  Whoever starts it takes or drops what it makes. */
void core_early_start(void);
/*
 * Waits for it.  False: it was not started.  Two objects of the first variant, NULL as from
 * core_object_open(), and their file; all are the caller's.
 */
bool core_early_take(struct bpf_object *ret[2], int *ret_btf);
void core_early_drop(void);

#endif
