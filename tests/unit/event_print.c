/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "event/print.h"
#include "scapfile.h"

static bool fd_name(void *ctx, const struct event *ev, s64 fd, struct buf *out)
{
	(void)ctx;
	(void)ev;
	if (fd != 3)
		return false;
	buf_adds(out, "<f>/etc/passwd");
	return true;
}

static char fd_typechar(void *ctx, const struct event *ev, s64 fd)
{
	(void)ctx;
	(void)ev;
	return fd == 3 ? 'f' : 0;
}

static bool comm(void *ctx, s64 pid, struct buf *out)
{
	(void)ctx;
	if (pid != 1)
		return false;
	buf_adds(out, "init");
	return true;
}

static bool user(void *ctx, const struct event *ev, u32 uid, struct buf *out)
{
	(void)ctx;
	(void)ev;
	if (uid)
		return false;
	buf_adds(out, "root");
	return true;
}

static bool path(void *ctx, const struct event *ev, u32 i, const char *p, u32 len, struct buf *out)
{
	(void)ctx;
	(void)ev;
	(void)i;
	buf_adds(out, "/cwd/");
	buf_add(out, p, len);
	return true;
}

static const struct event_print_ops ops = {
	.fd_name = fd_name, .fd_typechar = fd_typechar, .comm = comm, .user = user, .group = user,
	.path = path,
};

#define FDS "\x02\0" "\3\0\0\0\0\0\0\0" "\x01\0" "\6\0\0\0\0\0\0\0" "\x40\0"

static const struct {
	u16 type, index;
	struct test_param value;
	const char *expected;	/* raw, or raw(resolved) */
} rows[] = {
	{ EV_SYSCALL_CLOSE_X, 0, { NULL, 0, 8 }, "0" },
	{ EV_SYSCALL_CLOSE_X, 0, { NULL, -2ull, 8 }, "-2(ENOENT)" },
	{ EV_SYSCALL_CLOSE_X, 0, { NULL, -9999ull, 8 }, "-9999" },
	{ EV_SYSCALL_CLOSE_X, 0, { NULL, 1ull << 63, 8 }, "-9223372036854775808" },
	{ EV_SYSCALL_CLOSE_X, 0, { NULL, 0, 0 }, "<NA>" },
	{ EV_SYSCALL_CLOSE_X, 0, { NULL, 0, 4 }, "<NA>" },
	{ EV_SYSCALL_CLOSE_X, 1, { NULL, 3, 8 }, "3(<f>/etc/passwd)" },
	{ EV_SYSCALL_CLOSE_X, 1, { NULL, 4, 8 }, "4" },
	{ EV_SYSCALL_CLOSE_X, 1, { NULL, -100ull, 8 }, "-100(AT_FDCWD)" },
	{ EV_SYSCALL_CLOSE_X, 1, { NULL, -1ull, 8 }, "-1(EPERM)" },
	{ EV_SYSCALL_MMAP_X, 0, { NULL, 0x7000, 8 }, "28672" },
	{ EV_SYSCALL_READ_X, 1, { "a\0\x01\xc3z", 0, 5 }, "a...z" },
	{ EV_SYSCALL_READ_X, 1, { NULL, 0, 0 }, "NULL" },
	{ EV_SYSCALL_READ_X, 3, { NULL, 0xffffffff, 4 }, "-1" },
	{ EV_SYSCALL_OPEN_X, 1, { "/a b", 0, 5 }, "/a b" },
	{ EV_SYSCALL_OPEN_X, 1, { "rel", 0, 4 }, "rel(/cwd/rel)" },
	{ EV_SYSCALL_OPEN_X, 1, { "", 0, 1 }, "" },
	{ EV_SYSCALL_OPEN_X, 1, { "<NA>", 0, 5 }, "<NA>" },
	{ EV_SYSCALL_OPEN_X, 1, { "cut", 0, 2 }, "cu(/cwd/cu)" },
	{ EV_SYSCALL_OPEN_X, 2, { NULL, 0, 4 }, "0(O_NONE)" },
	{ EV_SYSCALL_OPEN_X, 2, { NULL, 7, 4 }, "7(O_CREAT|O_RDWR)" },
	{ EV_SYSCALL_OPEN_X, 2, { NULL, 4097, 4 }, "4097(O_RDONLY|O_CLOEXEC)" },
	{ EV_SYSCALL_OPEN_X, 3, { NULL, 0, 4 }, "0" },
	{ EV_SYSCALL_OPEN_X, 3, { NULL, 0644, 4 }, "0644" },
	{ EV_SYSCALL_OPEN_X, 3, { NULL, 0xffffffff, 4 }, "037777777777" },
	{ EV_SYSCALL_OPEN_X, 4, { NULL, 0x801, 4 }, "801" },
	{ EV_SYSCALL_ACCESS_X, 2, { NULL, 0, 4 }, "0(F_OK)" },
	{ EV_SYSCALL_ACCESS_X, 2, { NULL, 5, 4 }, "5(R_OK|X_OK)" },
	{ EV_ITER_TASK_FILE_ANON_INODE_E, 1, { NULL, 7, 1 },
	  "7(ANON_INODE_FD_TYPE_EVENTFD|ANON_INODE_FD_TYPE_EVENTPOLL|ANON_INODE_FD_TYPE_SIGNALFD)" },
	{ EV_SYSCALL_FUTEX_X, 2, { NULL, 384, 2 }, "384(FUTEX_CLOCK_REALTIME|FUTEX_PRIVATE_FLAG)" },
	{ EV_SYSCALL_FUTEX_X, 1, { NULL, 0xabcdef, 8 }, "ABCDEF" },
	{ EV_SOCKET_SOCKET_X, 1, { NULL, 1, 4 }, "1(AF_LOCAL|AF_UNIX)" },
	{ EV_SOCKET_SOCKET_X, 1, { NULL, 99, 4 }, "99" },
	{ EV_SYSCALL_CHMOD_X, 2, { NULL, 04755, 4 },
	  "04755(S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID)" },
	{ EV_SYSCALL_CHMOD_X, 2, { NULL, 0, 4 }, "0" },
	{ EV_SOCKET_BIND_X, 1, { "\2\x0a\1\2\3\x90\x1f", 0, 7 }, "10.1.2.3:8080" },
	{ EV_SOCKET_BIND_X, 1, { "\2\x0a\1\2\3\x90", 0, 6 }, "family 2" },
	{ EV_SOCKET_BIND_X, 1, { "\1/run/s\0x", 0, 9 }, "/run/s" },
	{ EV_SOCKET_BIND_X, 1, { "\x10xx", 0, 3 }, "family 16" },
	{ EV_SOCKET_BIND_X, 1, { "\x0a\0\0\0\0\0\0\0\0\0\0\xff\xff\x08\x08\x08\x08\x35\0", 0, 19 },
	  "::ffff:8.8.8.8:53" },
	{ EV_SOCKET_CONNECT_X, 1, { "\2\x0a\0\0\1\1\0\x0a\0\0\2\2\0", 0, 13 }, "10.0.0.1:1->10.0.0.2:2" },
	{ EV_SOCKET_CONNECT_X, 1,
	  { "\x0a\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1\1\0\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\2\2\0", 0, 37 },
	  "10.0.0.1:1->10.0.0.2:2" },
	{ EV_SOCKET_CONNECT_X, 1,
	  { "\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\0\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\2\2\0", 0, 37 },
	  "::1:1->::ffff:10.0.0.2:2" },
	{ EV_SOCKET_CONNECT_X, 1, { "\1\x10\0\0\0\0\0\0\0\x11\0\0\0\0\0\0\0/s", 0, 19 }, "10->11 /s" },
	{ EV_SOCKET_CONNECT_X, 1, { NULL, 0, 0 }, "NULL" },
	{ EV_SYSCALL_POLL_X, 1, { FDS, 0, 22 }, "3:f1 6:40" },
	{ EV_SYSCALL_POLL_X, 1, { FDS, 0, 13 }, "3:f1" },
	{ EV_SYSCALL_POLL_X, 1, { FDS, 0, 1 }, "" },
	{ EV_SYSCALL_POLL_X, 1, { "\0\0", 0, 2 }, "" },
	{ EV_SYSCALL_KILL_X, 1, { NULL, 1, 8 }, "1(init)" },
	{ EV_SYSCALL_KILL_X, 1, { NULL, 5, 8 }, "5" },
	{ EV_SYSCALL_KILL_X, 2, { NULL, 9, 1 }, "9(SIGKILL)" },
	{ EV_SYSCALL_KILL_X, 2, { NULL, 0, 1 }, "0" },
	{ EV_SYSCALL_NANOSLEEP_X, 1, { NULL, 1500000000, 8 }, "1500000000(1.5s)" },
	{ EV_SYSCALL_NANOSLEEP_X, 1, { NULL, 0, 8 }, "0(0s)" },
	{ EV_SYSCALL_SETUID_X, 1, { NULL, 0, 4 }, "0(root)" },
	{ EV_SYSCALL_SETUID_X, 1, { NULL, 0xffffffff, 4 }, "-1(<NONE>)" },
	{ EV_SYSCALL_SETUID_X, 1, { NULL, 5, 4 }, "5(<NA>)" },
	{ EV_SYSCALL_SETGID_X, 1, { NULL, 0, 4 }, "0(root)" },
	{ EV_SYSCALL_IO_URING_ENTER_X, 5, { NULL, 0x202, 4 }, "SIGINT SIGUSR1" },
	{ EV_SYSCALL_EXECVE_19_X, 24, { NULL, 1700000000123456789, 8 }, "2023-11-14 22:13:20.123456789" },
	{ EV_GENERIC_X, 0, { NULL, SC_getpid, 2 }, "16(getpid)" },
	{ EV_GENERIC_X, 0, { NULL, 0, 2 }, "0(unknown)" },
	{ EV_GENERIC_X, 0, { NULL, 65535, 2 }, "65535" },
	{ EV_SOCKET_SETSOCKOPT_X, 4, { "\2\1\0\0\0", 0, 5 }, "1" },
	{ EV_SOCKET_SETSOCKOPT_X, 4, { "\1\xfe\xff\xff\xff\xff\xff\xff\xff", 0, 9 }, "-2(ENOENT)" },
	{ EV_SOCKET_SETSOCKOPT_X, 4, { "\0ab", 0, 3 }, "ab" },
	{ EV_SOCKET_SETSOCKOPT_X, 4, { "\x09", 0, 1 }, "(n.a.)" },
	{ EV_SOCKET_SETSOCKOPT_X, 4, { "\2\1", 0, 2 }, "<NA>" },
	{ EV_SYSCALL_PTRACE_X, 1, { "\0\xbc\x0a\0\0\0\0\0\0", 0, 9 }, "ABC" },
	{ EV_SYSCALL_PTRACE_X, 1, { "\1\x09", 0, 2 }, "9(SIGKILL)" },
	{ EV_SYSCALL_KEYCTL_X, 2, { "\1key", 0, 5 }, "key" },
	{ EV_ITER_TASK_FILE_SOCKET_INET_E, 3, { NULL, 1, 4 }, "(n.a.)" },
};

static void decode(struct buf *b, struct event *ev)
{
	struct diag d = { 0 };

	assert_int_equal(event_decode(ev, (struct event_hdr *)b->p, b->len, &d), 0);
}

static void test_params(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct test_param p[EVENT_PARAMS_MAX] = { 0 };
		struct buf b = { 0 }, raw = { 0 }, resolved = { 0 };
		struct event ev;

		p[rows[i].index] = rows[i].value;
		put_event_size(&b, rows[i].type, 1, 2, 2, p, rows[i].index + 1u);
		decode(&b, &ev);
		event_print_param(&ev, rows[i].index, &ops, &raw, &resolved);
		if (resolved.len)
			buf_addf(&raw, "(%s)", buf_str(&resolved));
		if (strcmp(buf_str(&raw), rows[i].expected))
			fail_msg("row %zu: '%s', expected '%s'", i, buf_str(&raw), rows[i].expected);
		event_print_param(&ev, rows[i].index, NULL, &raw, NULL);
		buf_fini(&b);
		buf_fini(&raw);
		buf_fini(&resolved);
	}
}

static void test_absent(void **state)
{
	(void)state;
	struct buf b = { 0 }, raw = { 0 };
	struct event ev;

	put_event(&b, EV_SYSCALL_CLOSE_X, 1, 2, P_NUM(8, 0));
	decode(&b, &ev);
	assert_true(event_print_param(&ev, 0, &ops, &raw, NULL));
	assert_false(event_print_param(&ev, 1, &ops, &raw, NULL));
	assert_false(event_print_param(&ev, 99, &ops, &raw, NULL));
	assert_string_equal(buf_str(&raw), "0<NA><NA>");
	buf_fini(&b);
	buf_fini(&raw);
}

static void test_args(void **state)
{
	(void)state;
	struct buf b = { 0 }, out = { 0 };
	struct event ev;

	put_event(&b, EV_SYSCALL_OPEN_X, 1, 2, P_NUM(8, 3), P_STR("x"), P_NUM(4, 1), P_NONE);
	decode(&b, &ev);
	event_print_args(&ev, &ops, &out);
	assert_string_equal(buf_str(&out),
			    "fd=3(<f>/etc/passwd) name=x(/cwd/x) flags=1(O_RDONLY) mode=<NA>");
	buf_clear(&out);
	buf_clear(&b);
	put_event(&b, EV_GENERIC_X, 1, 2, P_NUM(2, 16), P_NUM(2, 39));
	decode(&b, &ev);
	event_print_args(&ev, &ops, &out);
	assert_int_equal(out.len, 0);
	buf_fini(&b);
	buf_fini(&out);
}

static void test_bytes(void **state)
{
	(void)state;
	static const struct {
		enum buffer_format f;
		const char *in, *out;
	} forms[] = {
		{ BUFFER_DOTS, "GET /\n", "GET /." },
		{ BUFFER_BASE64, "", "" },
		{ BUFFER_BASE64, "a", "YQ==" },
		{ BUFFER_BASE64, "ab", "YWI=" },
		{ BUFFER_BASE64, "abc", "YWJj" },
		{ BUFFER_BASE64, "abc\xff", "YWJj/w==" },
		{ BUFFER_HEX, "abc", "\n\t0x0000: 6162 63\n" },
		{ BUFFER_HEXASCII, "0123456789abcdefX",
		  "\n\t0x0000: 3031 3233 3435 3637 3839 6162 6364 6566  0123456789abcdef"
		  "\n\t0x0010: 58                                       X\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct buf b = { 0 };

		print_bytes((const u8 *)forms[i].in, (u32)strlen(forms[i].in), forms[i].f, &b);
		assert_string_equal(buf_str(&b), forms[i].out);
		buf_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_bytes),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
