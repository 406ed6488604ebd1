/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object file of the classic eBPF driver, read into memory: programs, the maps they name,
 * and what it was built for.  It has no BTF and needs none, so that any kernel will do.
 */
#ifndef SAKER_CAPTURE_BPF_OBJECT_H
#define SAKER_CAPTURE_BPF_OBJECT_H

#include <linux/bpf.h>

#include "base/diag.h"
#include "base/vec.h"
#include "event/state.h"
#include "schema/bpf_abi.h"

enum bpf_map_index {
#define INDEX(NAME_, ...) MAP_##NAME_,
	BPF_MAPS(INDEX)
#undef INDEX
	MAP_COUNT,
};

/* An instruction that loads the address of a map. */
struct bpf_map_use {
	u32 insn;
	enum bpf_map_index map;
};

struct bpf_code {
	char *name;		/* owned */
	struct bpf_insn *insns;	/* owned, ninsns of them */
	u32 ninsns;
	VEC(struct bpf_map_use) uses;
};

struct bpf_probe {
	struct bpf_note note;
	VEC(struct bpf_code) programs;
};

/*
 * Reads the file.  Returns 0 or a negative errno, with the reason and the remedy in d; *ret is to
 * be ended by bpf_probe_fini() in either case.
 */
int bpf_probe_read_file(struct bpf_probe *p, const char *path, struct diag *d);
/* Is it for this saker, and for the kernel `release`? */
int bpf_probe_check(const struct bpf_probe *p, const char *path, const char *release, struct diag *d);
void bpf_probe_fini(struct bpf_probe *p);
/* NULL: no program of that name. */
const struct bpf_code *bpf_probe_find(const struct bpf_probe *p, const char *name);

#endif
