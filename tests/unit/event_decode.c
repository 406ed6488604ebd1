/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "event/event.h"

struct raw {
	struct event_hdr h;
	u8 rest[200];
} __attribute__((packed));

static void start(struct raw *r, u16 type, u32 nparams, const u16 *lens)
{
	memset(r, 0, sizeof(*r));
	r->h = (struct event_hdr){ .ts_ns = 5, .tid = 77, .type = type, .nparams = nparams,
				   .len = sizeof(r->h) };
	for (u32 i = 0; i < nparams; i++) {
		memcpy(r->rest + 2 * i, &lens[i], 2);
		r->h.len += 2u + lens[i];
	}
}

static void close_event(struct raw *r, s64 res, s64 fd)
{
	start(r, EV_SYSCALL_CLOSE_X, 2, (const u16[]){ 8, 8 });
	memcpy(r->rest + 4, &res, 8);
	memcpy(r->rest + 12, &fd, 8);
}

static void test_good(void **state)
{
	(void)state;
	struct diag d = { 0 };
	struct event ev;
	struct raw r;
	s64 v;
	u64 u;
	u32 w;

	close_event(&r, -9, 4);
	assert_int_equal(event_decode(&ev, &r.h, sizeof(r), &d), 0);
	assert_int_equal(ev.ts_ns, 5);
	assert_int_equal(ev.tid, 77);
	assert_int_equal(ev.fd_num, -1);
	assert_string_equal(ev.desc->id, "SYSCALL_CLOSE_X");
	assert_true(event_s64(&ev, 1, &v));
	assert_int_equal(v, 4);
	assert_false(event_u32(&ev, 1, &w));
	assert_false(event_u64(&ev, 2, &u));
	assert_true(event_res(&ev, &v));
	assert_int_equal(v, -9);
	assert_string_equal(event_name(&ev), "close");
	assert_int_equal(event_syscall(&ev), SC_close);
	assert_int_equal(event_syscall(&ev), SC_close);
}

/* Every shorter buffer is refused, and none is read beyond its end (ASan). */
static void test_short(void **state)
{
	(void)state;
	struct raw r;

	close_event(&r, 0, 4);
	for (size_t n = 0; n < r.h.len; n++) {
		struct diag d = { 0 };
		struct event ev;
		u8 *copy = malloc(n ? n : 1);

		memcpy(copy, &r, n);
		assert_int_equal(event_decode(&ev, (struct event_hdr *)copy, n, &d), -22);
		assert_non_null(d.msg);
		diag_fini(&d);
		free(copy);
	}
}

static void test_bad(void **state)
{
	(void)state;
	static const struct {
		u32 len, nparams;
		u16 type, len0;
	} rows[] = {
		{ 46, 2, EV_MAX, 8 },
		{ 46, 41, EV_SYSCALL_CLOSE_X, 8 },
		{ 46, 0xffffffff, EV_SYSCALL_CLOSE_X, 8 },
		{ 46, 2, EV_SYSCALL_CLOSE_X, 9 },
		{ 46, 2, EV_SYSCALL_CLOSE_X, 0xffff },
		{ 25, 2, EV_SYSCALL_CLOSE_X, 8 },
		{ 100000, 2, EV_SYSCALL_CLOSE_X, 8 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diag d = { 0 };
		struct event ev;
		struct raw r;

		close_event(&r, 0, 4);
		assert_int_equal(r.h.len, 46);
		r.h.len = rows[i].len;
		r.h.nparams = rows[i].nparams;
		r.h.type = rows[i].type;
		memcpy(r.rest, &rows[i].len0, 2);
		assert_int_equal(event_decode(&ev, &r.h, sizeof(r), &d), -22);
		assert_non_null(d.msg);
		diag_fini(&d);
	}
}

static void test_large(void **state)
{
	(void)state;
	struct diag d = { 0 };
	struct event ev;
	struct raw r;
	u32 len = 5, s_len;
	const char *s;

	start(&r, EV_CONTAINER_JSON_2_E, 0, NULL);
	r.h.nparams = 1;
	r.h.len += 4 + 5;
	memcpy(r.rest, &len, 4);
	memcpy(r.rest + 4, "{\0}x", 5);
	assert_int_equal(event_decode(&ev, &r.h, sizeof(r), &d), 0);
	assert_int_equal(ev.params[0].len, 5);
	assert_true(event_str(&ev, 0, &s, &s_len));
	assert_int_equal(s_len, 1);
	assert_false(event_str(&ev, 1, &s, &s_len));
	len = 0xfffffff0;
	memcpy(r.rest, &len, 4);
	assert_int_equal(event_decode(&ev, &r.h, sizeof(r), &d), -22);
	diag_fini(&d);
}

static void test_names(void **state)
{
	(void)state;
	static const struct {
		u16 type, code, nr, len1;
		const char *name;
		u32 syscall;
	} rows[] = {
		{ EV_GENERIC_X, SC_getpid, 39, 2, "getpid", SC_getpid },
		{ EV_GENERIC_X, 0xffff, 0, 0, "syscall", SC_unknown },
		{ EV_GENERIC_E, SC_getpid, 0, 0, "getpid", SC_getpid },
#ifdef __x86_64__
		{ EV_GENERIC_X, 0, 39, 2, "getpid", SC_getpid },
#endif
		{ EV_SYSCALL_SETUID_X, 0, 0, 2, "setuid", SC_setuid },
		{ EV_SYSCALL_PREAD_X, 0, 0, 2, "pread", SC_pread64 },
		{ EV_SYSCALL_OPENAT_2_E, 0, 0, 2, "openat", SC_openat },
		{ EV_SOCKET_ACCEPT_E, 0, 0, 2, "accept", SC_accept },
		{ EV_PROCEXIT_1_E, 0, 0, 2, "procexit", SC_unknown },
		{ EV_NOTIFICATION_E, 0, 0, 2, "notification", SC_unknown },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diag d = { 0 };
		struct event ev;
		struct raw r;

		start(&r, rows[i].type, 2, (const u16[]){ 2, rows[i].len1 });
		memcpy(r.rest + 4, &rows[i].code, 2);
		memcpy(r.rest + 6, &rows[i].nr, 2);
		assert_int_equal(event_decode(&ev, &r.h, sizeof(r), &d), 0);
		assert_string_equal(event_name(&ev), rows[i].name);
		assert_int_equal(event_syscall(&ev), rows[i].syscall);
	}
}

static void test_res(void **state)
{
	(void)state;
	static const struct {
		u16 type, len;
		bool has;
		s64 res;
	} rows[] = {
		{ EV_SYSCALL_READ_X, 8, true, -1 },
		{ EV_SYSCALL_READ_E, 8, false, 0 },
		{ EV_SYSCALL_GETUID_X, 4, true, -1 },
		{ EV_GENERIC_X, 2, false, 0 },
		{ EV_SYSCALL_READ_X, 0, true, 0 },	/* older versions had no result */
		{ EV_SYSCALL_READ_X, 4, true, -1 },
		{ EV_SYSCALL_READ_X, 7, false, 0 },
		{ EV_SYSCALL_GETUID_X, 0, false, 0 },
		{ EV_PROCEXIT_1_E, 8, false, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diag d = { 0 };
		struct event ev;
		struct raw r;
		s64 v;

		start(&r, rows[i].type, 1, &rows[i].len);
		memset(r.rest + 2, 0xff, 8);
		assert_int_equal(event_decode(&ev, &r.h, sizeof(r), &d), 0);
		assert_int_equal(event_res(&ev, &v), rows[i].has);
		if (rows[i].has)
			assert_int_equal(v, rows[i].res);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_res),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
