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

#include "bpfobject.h"

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
