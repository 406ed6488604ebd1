/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/bpf_object.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define PROGRAM_PREFIX "prog/"
#define R_BPF_64_64 1
#define REBUILD "build it again with 'saker driver build ebpf'"

static const u64 own_schema = 0
#include "schema/fingerprint.h"
;

static const char *const map_names[MAP_COUNT] = {
#define NAME(NAME_, ...) [MAP_##NAME_] = "map_" #NAME_,
	BPF_MAPS(NAME)
#undef NAME
};

struct reader {
	const char *path;
	Elf *elf;
	size_t names;		/* section of section names */
	Elf_Data *symbols;
	size_t symbol_names;	/* section of them */
	struct diag *d;
};

static int broken(struct reader *r, const char *what)
{
	diag_set(r->d, "%s is no eBPF probe of saker (%s): " REBUILD, r->path, what);
	return -EINVAL;
}

static const char *section_name(struct reader *r, Elf_Scn *scn, GElf_Shdr *ret_shdr)
{
	if (!gelf_getshdr(scn, ret_shdr))
		return "";
	return elf_strptr(r->elf, r->names, ret_shdr->sh_name) ?: "";
}

static enum bpf_map_index map_by_name(const char *name)
{
	u32 i = 0;

	while (i < MAP_COUNT && strcmp(map_names[i], name))
		i++;
	return i;
}

/* ---- programs ----------------------------------------------------------------- */

static int add_program(struct reader *r, struct bpf_probe *p, Elf_Scn *scn, const char *name)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	struct bpf_code code = { 0 };

	if (!data || !data->d_buf || data->d_size % sizeof(struct bpf_insn) || !data->d_size)
		return broken(r, name);
	code.name = xstrdup(name + strlen(PROGRAM_PREFIX));
	code.ninsns = data->d_size / sizeof(struct bpf_insn);
	code.insns = xcalloc(code.ninsns, sizeof(struct bpf_insn));
	memcpy(code.insns, data->d_buf, data->d_size);
	vec_push(&p->programs, code);
	return 0;
}

static int add_use(struct reader *r, struct bpf_code *code, const GElf_Rel *rel)
{
	struct bpf_map_use use = { .insn = rel->r_offset / sizeof(struct bpf_insn) };
	GElf_Sym sym;
	const char *name;

	if (GELF_R_TYPE(rel->r_info) != R_BPF_64_64 || rel->r_offset % sizeof(struct bpf_insn) ||
	    use.insn + 1 >= code->ninsns ||
	    code->insns[use.insn].code != (BPF_LD | BPF_IMM | BPF_DW) ||
	    !gelf_getsym(r->symbols, GELF_R_SYM(rel->r_info), &sym))
		return broken(r, "a relocation");
	name = elf_strptr(r->elf, r->symbol_names, sym.st_name);
	use.map = name ? map_by_name(name) : MAP_COUNT;
	if (use.map == MAP_COUNT)
		return broken(r, name ? name : "a symbol");
	vec_push(&code->uses, use);
	return 0;
}

static int add_uses(struct reader *r, struct bpf_probe *p, Elf_Scn *scn, const char *program)
{
	struct bpf_code *code = (struct bpf_code *)bpf_probe_find(p, program);
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Rel rel;
	int err = 0;

	if (!code || !data)
		return broken(r, program);
	for (int i = 0; !err && gelf_getrel(data, i, &rel); i++)
		err = add_use(r, code, &rel);
	return err;
}

/* ---- the file -------------------------------------------------------------------- */

static int read_note(struct reader *r, struct bpf_probe *p, Elf_Scn *scn)
{
	Elf_Data *data = elf_getdata(scn, NULL);

	if (!data || !data->d_buf || data->d_size < sizeof(u32))
		return broken(r, BPF_NOTE_SECTION);
	memcpy(&p->note, data->d_buf, size_min(data->d_size, sizeof(p->note)));
	p->note.release[sizeof(p->note.release) - 1] = '\0';
	return 0;
}

static int read_first(struct reader *r, struct bpf_probe *p, Elf_Scn *scn)
{
	GElf_Shdr sh;
	const char *name = section_name(r, scn, &sh);

	if (!strcmp(name, BPF_NOTE_SECTION))
		return read_note(r, p, scn);
	if (sh.sh_type == SHT_PROGBITS && !strncmp(name, PROGRAM_PREFIX, strlen(PROGRAM_PREFIX)))
		return add_program(r, p, scn, name);
	if (sh.sh_type == SHT_SYMTAB) {
		r->symbols = elf_getdata(scn, NULL);
		r->symbol_names = sh.sh_link;
	}
	return 0;
}

static int read_relocations(struct reader *r, struct bpf_probe *p, Elf_Scn *scn)
{
	static const char prefix[] = ".rel" PROGRAM_PREFIX;
	GElf_Shdr sh;
	const char *name = section_name(r, scn, &sh);

	if (sh.sh_type != SHT_REL || strncmp(name, prefix, strlen(prefix)))
		return 0;
	return r->symbols ? add_uses(r, p, scn, name + strlen(prefix)) : broken(r, "no symbols");
}

static int read_elf(struct reader *r, struct bpf_probe *p)
{
	Elf_Scn *scn = NULL;
	GElf_Ehdr eh;
	int err = 0;

	if (!r->elf || elf_kind(r->elf) != ELF_K_ELF || !gelf_getehdr(r->elf, &eh))
		return broken(r, "no ELF file");
	if (eh.e_machine != EM_BPF || elf_getshdrstrndx(r->elf, &r->names))
		return broken(r, "not for BPF");
	while (!err && (scn = elf_nextscn(r->elf, scn)))
		err = read_first(r, p, scn);
	while (!err && (scn = elf_nextscn(r->elf, scn)))
		err = read_relocations(r, p, scn);
	return err;
}

int bpf_probe_read_file(struct bpf_probe *p, const char *path, struct diag *d)
{
	struct reader r = { .path = path, .d = d };
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	*p = (struct bpf_probe){ 0 };
	if (fd < 0) {
		err = -errno;
		diag_set(d, "the eBPF probe %s: %s; build it with 'saker driver build ebpf', or name "
			 "another file in the environment variable SAKER_BPF_PROBE", path, strerror(-err));
		return err;
	}
	elf_version(EV_CURRENT);
	r.elf = elf_begin(fd, ELF_C_READ, NULL);
	err = read_elf(&r, p);
	elf_end(r.elf);
	close(fd);
	return err;
}

int bpf_probe_check(const struct bpf_probe *p, const char *path, const char *release, struct diag *d)
{
	const struct bpf_note *n = &p->note;

	if (n->abi != BPF_PROBE_ABI || n->schema != own_schema ||
	    n->scratch_bytes != sizeof(struct bpf_scratch)) {
		diag_set(d, "the eBPF probe %s was built by another version of saker: " REBUILD, path);
		return -EINVAL;
	}
	if (strcmp(n->release, release)) {
		diag_set(d, "the eBPF probe %s was built for kernel %s, and this one is %s: " REBUILD, path,
			 n->release, release);
		return -ENOEXEC;
	}
	return 0;
}

void bpf_probe_fini(struct bpf_probe *p)
{
	for (size_t i = 0; i < p->programs.n; i++) {
		free(p->programs.p[i].name);
		free(p->programs.p[i].insns);
		vec_fini(&p->programs.p[i].uses);
	}
	vec_fini(&p->programs);
}

const struct bpf_code *bpf_probe_find(const struct bpf_probe *p, const char *name)
{
	for (size_t i = 0; i < p->programs.n; i++)
		if (!strcmp(p->programs.p[i].name, name))
			return &p->programs.p[i];
	return NULL;
}
