/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object file of the classic eBPF driver: the input is a file, or, when it begins with 'c',
 * changes to a good one: offset (2 bytes), value (1 byte), over and over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/bpfobject.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void see(const struct bpf_probe *p)
{
	static u64 sum;

	for (size_t i = 0; i < p->programs.n; i++) {
		const struct bpf_code *code = &p->programs.p[i];

		for (u32 j = 0; j < code->ninsns; j++)
			sum += (u64)code->insns[j].imm;
		for (size_t j = 0; j < code->uses.n; j++)
			if (code->uses.p[j].insn >= code->ninsns || code->uses.p[j].map >= MAP_COUNT)
				abort();
		if (bpf_probe_find(p, code->name) == NULL)
			abort();
	}
}

static void try(const void *file, size_t size)
{
	int fd = memfd_create("object", 0);
	struct bpf_probe p;
	struct diag d = { 0 };
	char path[64];

	if (fd < 0 || write(fd, file, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!bpf_probe_read_file(&p, path, &d)) {
		see(&p);
		bpf_probe_check(&p, path, "5.10.0-1-cloud-amd64", &d);
	} else if (!d.msg) {
		abort();
	}
	bpf_probe_fini(&p);
	diag_fini(&d);
	close(fd);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct object o = object();

	if (!size || data[0] != 'c') {
		try(data, size);
		return 0;
	}
	for (size_t i = 1; i + 3 <= size; i += 3)
		((u8 *)&o)[(data[i] | data[i + 1] << 8) % sizeof(o)] = data[i + 2];
	try(&o, sizeof(o));
	return 0;
}
