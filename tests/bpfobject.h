/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest object file of the classic eBPF driver: one program that loads a map. */
#ifndef SAKER_TESTS_BPFOBJECT_H
#define SAKER_TESTS_BPFOBJECT_H

#include <elf.h>
#include <stddef.h>
#include <string.h>

#include "capture/bpf_object.h"

static const u64 schema = 0
#include "schema/fingerprint.h"
;

/* Sections of a small object, after the null section; its last is the names of sections. */
enum { S_NOTE = 1, S_PROGRAM, S_REL, S_SYMTAB, S_STRTAB, S_NAMES, SECTIONS };

static const char section_names[] = "\0saker\0prog/raw_exit\0.relprog/raw_exit\0.symtab\0.strtab\0";
static const char symbol_names[] = "\0map_scratch\0map_nothing\0";

struct object {
	Elf64_Ehdr head;
	struct bpf_note note;
	struct bpf_insn insns[3];
	Elf64_Rel rel;
	Elf64_Sym symbols[3];
	char symbol_names[sizeof(symbol_names)];
	char names[sizeof(section_names)];
	Elf64_Shdr sections[SECTIONS];
};

#define SECTION(NAME_, TYPE_, MEMBER_, LINK_, INFO_, SIZE_) {					\
	.sh_name = NAME_, .sh_type = TYPE_, .sh_offset = offsetof(struct object, MEMBER_),	\
	.sh_size = sizeof(((struct object *)0)->MEMBER_), .sh_link = LINK_, .sh_info = INFO_,	\
	.sh_entsize = SIZE_, .sh_addralign = 1 }

static struct object object(void)
{
	struct object o = {
		.head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT },
			  .e_type = ET_REL, .e_machine = EM_BPF, .e_version = EV_CURRENT,
			  .e_shoff = offsetof(struct object, sections), .e_ehsize = sizeof(Elf64_Ehdr),
			  .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = SECTIONS, .e_shstrndx = S_NAMES },
		.note = { .abi = BPF_PROBE_ABI, .scratch_bytes = sizeof(struct bpf_scratch),
			  .schema = schema, .release = "5.10.0-1-cloud-amd64" },
		.insns = { { .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1 }, { 0 },
			   { .code = BPF_JMP | BPF_EXIT } },
		.rel = { .r_offset = 0, .r_info = ELF64_R_INFO(1, 1) },
		.symbols = { { 0 }, { .st_name = 1 }, { .st_name = 13 } },
		.sections = { { 0 },
			SECTION(1, SHT_PROGBITS, note, 0, 0, 0),
			SECTION(7, SHT_PROGBITS, insns, 0, 0, 0),
			SECTION(21, SHT_REL, rel, S_SYMTAB, S_PROGRAM, sizeof(Elf64_Rel)),
			SECTION(39, SHT_SYMTAB, symbols, S_STRTAB, 1, sizeof(Elf64_Sym)),
			SECTION(47, SHT_STRTAB, symbol_names, 0, 0, 0),
			SECTION(39, SHT_STRTAB, names, 0, 0, 0),
		},
	};

	memcpy(o.symbol_names, symbol_names, sizeof(symbol_names));
	memcpy(o.names, section_names, sizeof(section_names));
	return o;
}

#endif
