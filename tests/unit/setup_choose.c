/* SPDX-License-Identifier: Apache-2.0 */
/* Which ways are taken, in which order, and what is said of those that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "setup/choose.h"

#define BIT(x) (1ull << FEAT_##x)

/* Features as a test wants them: nothing is asked of this machine. */
struct fixture {
	struct system sys;
	struct features f;
};

static void with(struct fixture *t, u64 missing)
{
	memset(t, 0, sizeof(*t));
	t->sys.release = "6.1.0-test";
	t->sys.driver_dir = "/nonexistent";
	t->sys.module = "/nonexistent/saker.ko";
	t->sys.probe = "/nonexistent/saker-bpf.o";
	features_init(&t->f, &t->sys);
	for (u32 x = 0; x < NFEATURES; x++)
		t->f.state[x] = missing >> x & 1 ? FEATURE_NO : FEATURE_YES;
}

static const struct way *first_usable(struct fixture *t, const char *kind, bool fallback, const char *last)
{
	const struct way *order[WAYS_MAX];
	u32 n = ways_in_order(kind, fallback, last, order);

	for (u32 i = 0; i < n; i++)
		if (!way_missing(&t->f, order[i], false))
			return order[i];
	return NULL;
}

static void takes(u64 missing, const char *kind, const char *want, u32 steps)
{
	struct fixture t;
	const struct way *w;

	with(&t, missing);
	w = first_usable(&t, kind, true, NULL);
	if (!want) {
		assert_null(w);
		return;
	}
	assert_non_null(w);
	assert_string_equal(w->kind, want);
	assert_int_equal(w->steps, steps);
}

static void test_best_first(void **state)
{
	const u64 files = BIT(DEVICE) | BIT(MODULE_FILE) | BIT(PROBE_FILE);

	(void)state;
	takes(0, "auto", "modern_ebpf", 0);
	takes(BIT(BTF), "auto", "kmod", 0);
	takes(BIT(BTF) | BIT(DEVICE), "auto", "ebpf", 0);
	takes(BIT(RINGBUF) | BIT(DEVICE) | BIT(PROBE_FILE), "auto", "kmod", WAY_LOAD);
	takes(BIT(BTF) | files, "auto", "ebpf", WAY_BUILD);
	takes(BIT(BTF) | files | BIT(CLANG), "auto", "kmod", WAY_BUILD | WAY_LOAD);
	takes(BIT(BTF) | files | BIT(HEADERS), "auto", "ptrace", 0);
	takes(BIT(BTF) | files | BIT(HEADERS) | BIT(TARGET), "auto", NULL, 0);
}

static void test_rights(void **state)
{
	const u64 nothing = BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_SYS_MODULE) | BIT(CAP_SYS_ADMIN);

	(void)state;
	takes(nothing, "auto", "kmod", 0);		/* the device may still be open to us */
	takes(nothing | BIT(DEVICE), "auto", "ptrace", 0);
	takes(BIT(BPF_READS), "auto", "kmod", 0);
	takes(BIT(BPF_READS) | BIT(DEVICE) | BIT(SIGNING), "auto", "ptrace", 0);
	takes(nothing | BIT(DEVICE) | BIT(YAMA), "auto", NULL, 0);
	takes(BIT(CAP_SYS_PTRACE) | BIT(FENTRY), "auto", "modern_ebpf", 0);	/* only wanted */
}

static void test_named(void **state)
{
	struct fixture t;

	(void)state;
	takes(0, "ebpf", "ebpf", 0);
	takes(BIT(DEVICE) | BIT(MODULE_FILE) | BIT(HEADERS), "kmod", "modern_ebpf", 0);
	with(&t, BIT(DEVICE) | BIT(MODULE_FILE) | BIT(HEADERS));
	assert_null(first_usable(&t, "kmod", false, NULL));
	assert_string_equal(first_usable(&t, "kmod", true, "ebpf")->kind, "ebpf");
	assert_null(first_usable(&t, "replay", true, NULL));
}

static void test_order_holds_each_way_once(void **state)
{
	const struct way *order[WAYS_MAX];
	u64 seen = 0;
	u32 n = ways_in_order("kmod", true, "kmod", order);

	(void)state;
	assert_int_equal(n, nways);
	for (u32 i = 0; i < n; i++)
		seen |= 1ull << (order[i] - ways);
	assert_int_equal(seen, (1ull << nways) - 1);
	assert_true(nways <= WAYS_MAX);
}

static void test_unknown_is_tried(void **state)
{
	struct fixture t;

	(void)state;
	with(&t, 0);
	t.f.state[FEAT_SIGNING] = FEATURE_UNKNOWN;
	assert_int_equal(way_missing(&t.f, &ways[3], false), 0);
	t.f.state[FEAT_TRACING] = FEATURE_NO;
	assert_int_equal(way_missing(&t.f, &ways[0], true), 0);	/* dear to ask: not at a start */
	assert_int_equal(way_missing(&t.f, &ways[0], false), BIT(TRACING));
}

static void explains(u64 missing, const char *kind, const char *want, enum feature remedy)
{
	struct fixture t;
	struct buf out = { 0 };
	const char *r;

	with(&t, missing);
	r = kind_explain(&t.f, kind, false, &out);
	assert_string_equal(buf_str(&out), want);
	if (*want)
		assert_ptr_equal(r, feature_rows[remedy].remedy);
	else
		assert_null(r);
	buf_fini(&out);
}

static void test_words(void **state)
{
	(void)state;
	explains(0, "kmod", "", 0);
	explains(BIT(DEVICE), "kmod", "", 0);		/* it can be loaded */
	explains(BIT(CAP_BPF) | BIT(BTF), "modern_ebpf", "CAP_BPF is missing, BTF is missing", FEAT_CAP_BPF);
	explains(BIT(DEVICE) | BIT(MODULE_FILE) | BIT(HEADERS), "kmod",
		 "no saker.ko for Linux 6.1.0-test, and it cannot be built: headers is missing", FEAT_HEADERS);
	explains(BIT(DEVICE) | BIT(MODULE_FILE) | BIT(HEADERS) | BIT(MODULES), "kmod",
		 "modules is missing, headers is missing", FEAT_MODULES);
	explains(BIT(TARGET), "ptrace", "program is missing", FEAT_TARGET);
}

static void test_rows_are_complete(void **state)
{
	(void)state;
	for (u32 x = 0; x < NFEATURES; x++) {
		assert_non_null(feature_rows[x].name);
		assert_non_null(feature_rows[x].what);
		assert_non_null(feature_rows[x].probe);
		assert_non_null(feature_rows[x].remedy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_best_first),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_order_holds_each_way_once),
		cmocka_unit_test(test_unknown_is_tried),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_rows_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
