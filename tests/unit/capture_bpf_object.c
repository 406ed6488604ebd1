/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Reads the first n bytes of it; the message is to be freed. */
static int read_object(const struct object *o, size_t n, struct bpf_probe *p, struct diag *d)
{
	char path[] = "/tmp/saker-test-XXXXXX";
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, o, n), n);
	close(fd);
	err = bpf_probe_read_file(p, path, d);
	unlink(path);
	return err;
}

static void is_refused(const struct object *o, size_t n, const char *why)
{
	struct bpf_probe p;
	struct diag d = { 0 };

	assert_int_equal(read_object(o, n, &p, &d), -EINVAL);
	assert_non_null(strstr(d.msg, why));
	assert_non_null(strstr(d.msg, "saker driver build ebpf"));
	bpf_probe_fini(&p);
	diag_fini(&d);
}

static void test_reads_programs(void **state)
{
	struct object o = object();
	struct bpf_probe p;
	struct diag d = { 0 };
	const struct bpf_code *code;

	(void)state;
	assert_int_equal(read_object(&o, sizeof(o), &p, &d), 0);
	code = bpf_probe_find(&p, "raw_exit");
	assert_non_null(code);
	assert_int_equal(code->ninsns, 3);
	assert_int_equal(code->uses.n, 1);
	assert_int_equal(code->uses.p[0].map, MAP_scratch);
	assert_null(bpf_probe_find(&p, "raw_enter"));
	assert_int_equal(bpf_probe_check(&p, "x.o", "5.10.0-1-cloud-amd64", &d), 0);
	bpf_probe_fini(&p);
}

static void test_names_what_does_not_fit(void **state)
{
	struct object o = object();
	struct bpf_probe p;
	struct diag d = { 0 };

	(void)state;
	assert_int_equal(read_object(&o, sizeof(o), &p, &d), 0);
	assert_int_equal(bpf_probe_check(&p, "x.o", "6.1.0", &d), -ENOEXEC);
	assert_non_null(strstr(d.msg, "5.10.0-1-cloud-amd64"));
	assert_non_null(strstr(d.msg, "6.1.0"));
	diag_fini(&d);
	p.note.schema++;
	assert_int_equal(bpf_probe_check(&p, "x.o", "5.10.0-1-cloud-amd64", &d), -EINVAL);
	assert_non_null(strstr(d.msg, "another version"));
	diag_fini(&d);
	bpf_probe_fini(&p);
}

static void test_refuses_other_files(void **state)
{
	struct object o = object();
	struct bpf_probe p;
	struct diag d = { 0 };

	(void)state;
	assert_int_equal(bpf_probe_read_file(&p, "/nonexistent/saker-bpf.o", &d), -ENOENT);
	assert_non_null(strstr(d.msg, "SAKER_BPF_PROBE"));
	bpf_probe_fini(&p);
	diag_fini(&d);
	is_refused(&o, 0, "no ELF file");
	o.head.e_machine = EM_X86_64;
	is_refused(&o, sizeof(o), "not for BPF");
}

static void test_refuses_broken_ones(void **state)
{
	struct object o = object();

	(void)state;
	o.rel.r_info = ELF64_R_INFO(2, 1);
	is_refused(&o, sizeof(o), "map_nothing");
	o.rel.r_info = ELF64_R_INFO(99, 1);
	is_refused(&o, sizeof(o), "relocation");
	o.rel.r_info = ELF64_R_INFO(1, 1);
	o.rel.r_offset = 2 * sizeof(struct bpf_insn);	/* not a load; and its second half is outside */
	is_refused(&o, sizeof(o), "relocation");
	o.rel.r_offset = 4;
	is_refused(&o, sizeof(o), "relocation");
	o = object();
	o.sections[S_PROGRAM].sh_size--;
	is_refused(&o, sizeof(o), "raw_exit");
	o = object();
	o.names[21 + 12] = 'X';				/* relocations of a program that is not there */
	is_refused(&o, sizeof(o), "is no eBPF probe");
}

/* Cut anywhere: refused, or without what is missing; never read beyond. */
static void test_survives_cutting(void **state)
{
	struct object o = object();

	(void)state;
	for (size_t n = 0; n < sizeof(o); n += 3) {
		struct bpf_probe p;
		struct diag d = { 0 };

		read_object(&o, n, &p, &d);
		bpf_probe_fini(&p);
		diag_fini(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_programs),
		cmocka_unit_test(test_names_what_does_not_fit),
		cmocka_unit_test(test_refuses_other_files),
		cmocka_unit_test(test_refuses_broken_ones),
		cmocka_unit_test(test_survives_cutting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
