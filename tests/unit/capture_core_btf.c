/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the kernel's BTF that programs are fitted to: programs must become the same with it as with all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/core_btf.h"
#include "capture/core_load.h"
#include "core.skel.h"
#include "plain.skel.h"
#include "small.skel.h"

static int new_file(char *path, size_t n)
{
	int fd = memfd_create("btf", 0);

	assert_true(fd >= 0);
	snprintf(path, n, "/proc/self/fd/%d", fd);
	return fd;
}

static struct btf *cut_of(const struct btf *programs, const struct btf *kernel)
{
	char path[64];
	int fd = new_file(path, sizeof(path));
	struct btf *ret;

	assert_int_equal(core_btf_write(programs, kernel, fd), 0);
	ret = btf__parse(path, NULL);
	assert_non_null(ret);
	close(fd);
	return ret;
}

static const char *name_of(const struct btf *b, u32 id)
{
	return btf__name_by_offset(b, btf__type_by_id(b, id)->name_off);
}

static void what_is_named_stays(void **state)
{
	struct btf *kernel = btf__new_empty(), *programs = btf__new_empty(), *cut;
	int other, word, inner, ptr, array, task, later;

	(void)state;
	other = btf__add_struct(kernel, "other", 4);
	word = btf__add_int(kernel, "int", 4, BTF_INT_SIGNED);
	inner = btf__add_struct(kernel, "inner", 4);
	assert_int_equal(btf__add_field(kernel, "x", word, 0, 0), 0);
	ptr = btf__add_ptr(kernel, other);
	array = btf__add_array(kernel, word, inner, 3);
	task = btf__add_struct(kernel, "task", 32);
	assert_int_equal(btf__add_field(kernel, "p", ptr, 0, 0), 0);
	assert_int_equal(btf__add_field(kernel, "a", array, 64, 0), 0);
	later = btf__add_struct(kernel, "later", 8);
	assert_true(later > task);
	btf__add_struct(programs, "task___old", 8);
	btf__add_struct(programs, "missing", 8);

	cut = cut_of(programs, kernel);
	assert_int_equal(btf__type_cnt(cut), task + 1);		/* the numbers of the kernel, up to the last */
	assert_string_equal(name_of(cut, (u32)task), "task");
	assert_string_equal(name_of(cut, (u32)inner), "inner");	/* in an array in task */
	assert_string_equal(name_of(cut, (u32)other), "");	/* only pointed to */
	assert_int_equal(btf_members(btf__type_by_id(cut, (u32)task))[0].type, ptr);
	assert_int_equal(btf_members(btf__type_by_id(cut, (u32)task))[1].type, array);
	assert_int_equal(btf__type_by_id(cut, (u32)ptr)->type, 0);
	assert_int_equal(btf_array(btf__type_by_id(cut, (u32)array))->type, inner);
	btf__free(cut);

	btf__add_struct(programs, "nothing_of_this", 8);
	btf__free(programs);
	programs = btf__new_empty();
	btf__add_struct(programs, "nothing", 8);
	cut = cut_of(programs, kernel);
	assert_int_equal(btf__type_cnt(cut), 1);
	btf__free(cut);
	btf__free(programs);
	btf__free(kernel);
}

/* ---- the real programs and the real kernel -------------------------------------------------------------- */

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static struct bpf_object *open_object(const void *bytes, size_t len, const char *path)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "saker", .btf_custom_path = path);
	struct bpf_object *o = bpf_object__open_mem(bytes, len, &opts);

	assert_non_null(o);
	return o;
}

/* Its programs are fitted; whether the kernel then takes them does not matter. */
static void fit(struct bpf_object *o)
{
	struct bpf_program *p;
	struct bpf_map *m;
	int inner;

	bpf_object__for_each_map(m, o) {
		if (!bpf_map__max_entries(m))
			bpf_map__set_max_entries(m, 1);
		if (bpf_map__type(m) != BPF_MAP_TYPE_ARRAY_OF_MAPS)
			continue;
		inner = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, (u32)sysconf(_SC_PAGESIZE), NULL);
		assert_true(inner >= 0);
		assert_int_equal(bpf_map__set_inner_map_fd(m, inner), 0);
	}
	bpf_object__for_each_program(p, o)
		bpf_program__set_autoload(p, true);
	bpf_object__load(o);
}

/* Maps have other descriptors each time. */
static bool same(const struct bpf_insn *a, const struct bpf_insn *b)
{
	return !memcmp(a, b, sizeof(*a)) ||
	       (a->code == (BPF_LD | BPF_IMM | BPF_DW) && a->src_reg && a->code == b->code && a->src_reg == b->src_reg &&
		a->dst_reg == b->dst_reg && a->off == b->off);
}

static u32 compare(struct bpf_object *all, struct bpf_object *cut)
{
	struct bpf_program *p = NULL, *q = NULL;
	u32 n = 0;

	while ((p = bpf_object__next_program(all, p))) {
		q = bpf_object__next_program(cut, q);
		assert_non_null(q);
		assert_int_equal(bpf_program__insn_cnt(p), bpf_program__insn_cnt(q));
		for (size_t i = 0; i < bpf_program__insn_cnt(p); i++)
			if (!same(bpf_program__insns(p) + i, bpf_program__insns(q) + i))
				fail_msg("%s: instruction %zu is another one", bpf_program__name(p), i);
		n += (u32)bpf_program__insn_cnt(p);
	}
	return n;
}

static void programs_become_the_same(void **state)
{
	static const void *(*const variants[])(size_t *) = { core_bpf__elf_bytes, plain_bpf__elf_bytes, small_bpf__elf_bytes };
	struct btf *kernel = btf__load_vmlinux_btf();
	libbpf_print_fn_t old = libbpf_set_print(silent);

	(void)state;
	if (geteuid() || !kernel) {
		print_message("skipped: %s\n", kernel ? "needs root" : "this kernel has no BTF");
		btf__free(kernel);
		skip();
	}
	for (u32 i = 0; i < ARRAY_SIZE(variants); i++) {
		struct bpf_object *all, *cut;
		const void *bytes;
		char path[64];
		size_t len;
		int fd = new_file(path, sizeof(path));
		u32 n;

		bytes = variants[i](&len);
		all = open_object(bytes, len, NULL);
		cut = open_object(bytes, len, path);
		assert_int_equal(core_btf_write(bpf_object__btf(cut), kernel, fd), 0);
		fit(all);
		fit(cut);
		n = compare(all, cut);
		print_message("%u instructions are the same\n", n);
		assert_true(n > 10000);
		bpf_object__close(all);
		bpf_object__close(cut);
		close(fd);
	}
	libbpf_set_print(old);
	btf__free(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_named_stays),
		cmocka_unit_test(programs_become_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
