/* SPDX-License-Identifier: Apache-2.0 */
/* Building, keeping and removing drivers, with sources and headers made up by the test. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "setup/build.h"
#include "setup/module.h"

static char dir[64];

static const char *in_dir(const char *name)
{
	static char path[4][256];
	static u32 n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", dir, name);
	return path[n];
}

static void put_file(const char *name, const char *text)
{
	char path[256], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(system_make_dir(path), 0);
	*slash = '/';
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/saker-setup-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	put_file("src/drivers/capture.h", "");
	put_file("src/schema/event.h", "");
	put_file("src/drivers/kmod/Makefile",
		 "all:\n\ttest -d $(KDIR)\n\tprintf 'ELF vermagic=6.1.0-a SMP' >$(OUT)/saker.ko\n\techo $(CC)\n");
	put_file("src/drivers/bpf/Makefile", "all:\n\t@echo 'probe.c:7:3: error: no such member' >&2; false\n");
	put_file("headers/Makefile", "");
	put_file("headers/include/config/kernel.release", "6.1.0\n");
	put_file("headers/include/generated/utsrelease.h", "#define UTS_RELEASE \"6.1.0-a\"\n");
	setenv("SAKER_SOURCES", in_dir("src"), 1);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void init(struct system *s, const char *release)
{
	system_init(s, &(struct system_options){ .release = release, .headers = in_dir("headers"),
						 .driver_dir = in_dir("drivers") });
}

static void test_build(void **state)
{
	struct system s;
	struct diag d = { 0 };

	(void)state;
	init(&s, "6.1.0-a");
	assert_true(s.foreign);
	assert_string_equal(s.headers_release, "6.1.0-a");
	assert_int_equal(build_driver(&s, FILE_MODULE, &d), 0);
	assert_null(d.msg);
	assert_string_equal(s.module, in_dir("drivers/6.1.0-a/saker.ko"));
	assert_int_equal(access(s.module, R_OK), 0);
	assert_int_equal(access(in_dir("drivers/6.1.0-a/saker.ko.log"), R_OK), 0);
	system_fini(&s);
}

static void test_build_fails(void **state)
{
	struct system s;
	struct diag d = { 0 };

	(void)state;
	put_file("drivers/6.1.0-a/saker-bpf.o", "the one before");
	init(&s, "6.1.0-a");
	assert_true(build_driver(&s, FILE_PROBE, &d) < 0);
	assert_non_null(strstr(d.msg, "probe.c:7:3: error: no such member"));
	assert_non_null(strstr(d.msg, "saker-bpf.o.log"));
	assert_int_equal(access(in_dir("drivers/6.1.0-a/saker-bpf.o"), R_OK), 0);	/* still there */
	diag_fini(&d);
	system_fini(&s);
}

static void uses_compiler(const char *line, const char *own, const char *used)
{
	struct system s;
	char text[128];

	snprintf(text, sizeof(text), "CONFIG_A=y\n%s\n", line);
	put_file("headers/include/config/auto.conf", text);
	init(&s, "6.1.0-a");
	assert_string_equal(system_kernel_compiler(&s), own);
	assert_string_equal(system_compiler(&s), used);
	system_fini(&s);
}

/* Quoted before 6.1. */
static void test_compiler(void **state)
{
	struct system s;
	struct diag d = { 0 };

	(void)state;
	uses_compiler("CONFIG_CC_VERSION_TEXT=\"make (Debian 10.2.1-6) 10.2.1\"", "make", "make");
	uses_compiler("CONFIG_CC_VERSION_TEXT=make (Debian 12.2.0) 12.2.0", "make", "make");
	uses_compiler("CONFIG_CC_VERSION_TEXT=no-such-gcc-99 (Debian) 99", "no-such-gcc-99", "cc");
	put_file("src/drivers/kmod/Makefile", "all:\n\t@echo 'saker: it does not compile' >&2; false\n");
	init(&s, "6.1.0-a");
	assert_true(build_driver(&s, FILE_MODULE, &d) < 0);
	assert_non_null(strstr(d.msg, "saker: it does not compile (the kernel's own compiler, no-such-gcc-99, is not"));
	diag_fini(&d);
	system_fini(&s);
}

static void test_wrong_headers(void **state)
{
	struct system s;
	struct diag d = { 0 };

	(void)state;
	init(&s, "6.1.0-b");
	assert_true(build_driver(&s, FILE_MODULE, &d) < 0);
	assert_non_null(strstr(d.msg, "holds the headers of 6.1.0-a, not of 6.1.0-b"));
	diag_fini(&d);
	s.headers_release = NULL;
	d = (struct diag){ 0 };
	assert_true(build_driver(&s, FILE_MODULE, &d) < 0);
	assert_non_null(strstr(d.msg, "no configured kernel headers"));
	diag_fini(&d);
	s.headers = NULL;
	d = (struct diag){ 0 };
	assert_true(build_driver(&s, FILE_MODULE, &d) < 0);
	assert_non_null(strstr(d.msg, "no kernel headers found for 6.1.0-b"));
	diag_fini(&d);
	system_fini(&s);
}

struct listing {
	u32 n;
	char text[256];
};

static void add(void *ctx, const struct cache_entry *e)
{
	struct listing *l = ctx;

	l->n++;
	strcat(l->text, e->release);
	strcat(l->text, " ");
}

static void test_cache(void **state)
{
	struct system s;
	struct diag d = { 0 };
	struct listing l = { 0 };
	struct buf b = { 0 };

	(void)state;
	put_file("drivers/6.1.0-10/saker.ko", "x");
	put_file("drivers/6.1.0-9/saker.ko", "x");
	put_file("drivers/6.1.0-9/saker-bpf.o", "x");
	put_file("drivers/6.1.0-9/notes", "not ours");
	init(&s, "6.1.0-10");
	assert_int_equal(cache_list(&s, add, &l), 0);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.text, "6.1.0-9 6.1.0-9 6.1.0-10 ");
	cache_explain_others(&s, FILE_PROBE, &b);
	assert_string_equal(buf_str(&b), " (there is one for 6.1.0-9)");
	assert_int_equal(cache_clean(&s, false, &d), 2);
	assert_int_equal(access(in_dir("drivers/6.1.0-9/notes"), R_OK), 0);
	assert_int_equal(access(in_dir("drivers/6.1.0-10/saker.ko"), R_OK), 0);
	assert_int_equal(cache_clean(&s, true, &d), 1);
	assert_int_not_equal(access(in_dir("drivers/6.1.0-10"), F_OK), 0);
	buf_fini(&b);
	system_fini(&s);
}

static void test_status(void **state)
{
	struct system s;
	struct driver_status st = { .release = "6.1.0-a", .wanted = "kmod", .used = "ebpf", .why = "a \"reason\"",
				    .since = 1234 }, got;

	(void)state;
	init(&s, "6.1.0-a");
	assert_int_equal(status_read(&s, &got), -ENOENT);
	assert_int_equal(status_write(&s, &st), 0);
	assert_int_equal(status_read(&s, &got), 0);
	assert_string_equal(got.used, "ebpf");
	assert_string_equal(got.why, "a \"reason\"");
	assert_null(got.remedy);
	assert_int_equal(got.since, 1234);
	put_file("drivers/status.json", "{ \"kernel\": 7 }");
	assert_int_equal(status_read(&s, &got), -EINVAL);
	put_file("drivers/status.json", "[");
	assert_int_equal(status_read(&s, &got), -ENOENT);
	system_fini(&s);
}

static void test_module_release(void **state)
{
	struct system s;

	(void)state;
	put_file("a.ko", "\177ELF....vermagic=6.1.0-a SMP preempt");
	put_file("b.ko", "\177ELF....");
	put_file("c.ko", "vermagic=6.1.0-a ");
	put_file("signed.ko", "\177ELF~Module signature appended~\n");
	init(&s, "6.1.0-a");
	assert_string_equal(system_module_release(&s, in_dir("a.ko")), "6.1.0-a");
	assert_null(system_module_release(&s, in_dir("b.ko")));
	assert_null(system_module_release(&s, in_dir("c.ko")));
	assert_null(system_module_release(&s, in_dir("none.ko")));
	assert_true(system_module_is_signed(&s, in_dir("signed.ko")));
	assert_false(system_module_is_signed(&s, in_dir("a.ko")));
	system_fini(&s);
}

static void finds_probe(const char *saker, const char *falco, const char *want)
{
	struct system s;

	saker ? setenv("SAKER_BPF_PROBE", saker, 1) : unsetenv("SAKER_BPF_PROBE");
	falco ? setenv("FALCO_BPF_PROBE", falco, 1) : unsetenv("FALCO_BPF_PROBE");
	init(&s, "6.1.0-a");
	assert_string_equal(s.probe, want);
	system_fini(&s);
}

static void test_probe_path(void **state)
{
	(void)state;
	setenv("HOME", in_dir("home"), 1);
	finds_probe(NULL, NULL, in_dir("drivers/6.1.0-a/saker-bpf.o"));
	finds_probe("/x.o", "/y.o", "/x.o");
	finds_probe(NULL, "/y.o", "/y.o");
	finds_probe(NULL, "", in_dir("home/.saker/saker-bpf.o"));
	put_file("home/.saker/saker-bpf.o", "x");
	finds_probe(NULL, NULL, in_dir("home/.saker/saker-bpf.o"));
	put_file("drivers/6.1.0-a/saker-bpf.o", "x");
	finds_probe(NULL, NULL, in_dir("drivers/6.1.0-a/saker-bpf.o"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_build), TEST(test_build_fails), TEST(test_compiler), TEST(test_wrong_headers), TEST(test_cache),
		TEST(test_status), TEST(test_module_release), TEST(test_probe_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
