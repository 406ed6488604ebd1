/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the kernel's BTF that the programs are fitted to.
 *
 * For each kernel type that programs name, libbpf goes through all of the kernel's BTF, more than
 * a hundred thousand types; for each object again.  Of these a few hundred matter: those with the
 * names that the programs use, and what lies inside of them.  Pointers lead nowhere, as what
 * they point to is found by its own name.
 */
#ifndef SAKER_CAPTURE_CORE_BTF_H
#define SAKER_CAPTURE_CORE_BTF_H

#include "base/types.h"

struct btf;

/*
 * Writes what `programs`, the BTF of an object with programs, needs of `kernel` to fd, a file.
 * Returns 0 or a negative errno.
 */
int core_btf_write(const struct btf *programs, const struct btf *kernel, int fd);

#endif
