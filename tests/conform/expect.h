/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a conformance program says about itself: perform a syscall, and beside it declare
 * the event which the driver has to deliver for it.
 *
 *	fd = SYS(openat, AT_FDCWD, "file", O_RDONLY, 0);
 *	EXPECT(SYSCALL_OPENAT_2_X, I(fd, fd), I(dirfd, -100), S(name, "file"), ...);
 *
 * Values come from return values, fstat(), getsockname(), /proc and the arguments, never
 * from saker's tables.  A program includes this header once and ends in
 * `return expect_done(argv);`, which writes one JSON line for each expected event to the
 * file named in argv[1] ("" or missing: standard output).
 *
 * Expectations are kept in shared memory until then: that costs no syscall, which would
 * show in the trace, and children and threads record theirs in the same place.
 */
#ifndef TESTS_CONFORM_EXPECT_H
#define TESTS_CONFORM_EXPECT_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#ifndef __x86_64__
#include "older.h"
#endif

#define EXPECT_ROOM (8u << 20)

struct expect_room {
	size_t used;
	char text[EXPECT_ROOM];
};

/* A parameter's name and its expected value as JSON; lives until EXPECT() has run. */
struct val {
	const char *name;
	char *json;
};

static struct expect_room *expect_room_;
static __thread int expect_line;	/* of the last SYS() */
static __thread bool expect_absent;	/* the last SYS() is no call of this architecture */
static __thread long expect_tid;	/* 0: the caller; children in a pid namespace set it */

/* The portable values of file_flags. */
enum {
	PO_NONE = 0, PO_RDONLY = 1, PO_WRONLY = 2, PO_RDWR = 3, PO_CREAT = 4, PO_APPEND = 8,
	PO_DSYNC = 16, PO_EXCL = 32, PO_NONBLOCK = 64, PO_SYNC = 128, PO_TRUNC = 256,
	PO_DIRECT = 512, PO_DIRECTORY = 1024, PO_LARGEFILE = 2048, PO_CLOEXEC = 4096,
	PO_TMPFILE = 8192, PO_CREATED = 16384, PO_UPPER = 32768, PO_LOWER = 65536,
};

enum { SNAPLEN = 80 };
#define BAD_PTR ((void *)1)
#define BAD_FD 1000

static inline long sys_ret(long r)
{
	return r == -1 ? -errno : r;
}

/* Returns what the kernel returned: a value, or a negative errno. */
#ifdef __x86_64__
#define SYS(name_, ...) (expect_line = __LINE__, sys_ret(syscall(SYS_##name_, ##__VA_ARGS__)))
#else
#define SYS(name_, ...) \
	(expect_line = __LINE__, expect_absent = SYS_##name_ >= OLDER_CALLS, \
	 sys_ret(SYS_##name_ < OLDER_CALLS ? syscall(SYS_##name_, ##__VA_ARGS__) : \
					     older_call(SYS_##name_, ##__VA_ARGS__)))
#endif

static inline void die(const char *what)
{
	fprintf(stderr, "conform: %s: %s\n", what, strerror(errno));
	exit(2);
}

static inline long must(long r, const char *what)
{
	if (r < 0)
		die(what);
	return r;
}
#define MUST(expr_) must(expr_, #expr_)

/* Shared with all children, for what they tell each other. */
static inline void *shared_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

/* Must be the first call of main(). */
static inline void expect_init(void)
{
	expect_room_ = shared_memory(sizeof(*expect_room_));
	memset(expect_room_, 0, 1 << 20);	/* no page faults while it counts */
}

static inline char *expect_alloc(size_t n)
{
	size_t at = __atomic_fetch_add(&expect_room_->used, n, __ATOMIC_RELAXED);

	if (at + n > EXPECT_ROOM)
		abort();
	return expect_room_->text + at;
}

__attribute__((format(printf, 1, 2)))
static inline char *expect_text(const char *fmt, ...)
{
	va_list ap, ap2;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(ap2, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	p = expect_alloc((size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap2);
	va_end(ap2);
	va_end(ap);
	return p;
}

static inline char *expect_hex(const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *d = data;
	char *p = expect_alloc(2 * len + 1);

	for (size_t i = 0; i < len; i++) {
		p[2 * i] = digits[d[i] >> 4];
		p[2 * i + 1] = digits[d[i] & 15];
	}
	p[2 * len] = 0;
	return p;
}

static inline char *expect_bytes(const void *data, size_t len)
{
	return expect_text("{\"hex\":\"%s\"}", expect_hex(data, len));
}

static inline char *expect_string(const char *s)
{
	return s ? expect_bytes(s, strlen(s) + 1) : expect_bytes("", 0);
}

/* An integer of the parameter's width. */
#define I(name_, n_) ((struct val){ #name_, expect_text("{\"int\":%lld}", (long long)(n_)) })
/* A string, NUL included; NULL: no value. */
#define S(name_, s_) ((struct val){ #name_, expect_string(s_) })
#define B(name_, p_, len_) ((struct val){ #name_, expect_bytes(p_, len_) })
/* A parameter without value (length 0). */
#define NONE(name_) ((struct val){ #name_, expect_bytes("", 0) })
/* Cannot be known here, for the reason given. */
#define ANY(name_, why_) ((struct val){ #name_, expect_text("{\"any\":\"%s\"}", why_) })
/* Between lo and hi, both included. */
#define RANGE(name_, lo_, hi_) \
	((struct val){ #name_, expect_text("{\"range\":[%lld,%lld]}", (long long)(lo_), \
					   (long long)(hi_)) })
/*
 * A pattern: JSON list of strings, hex bytes or "$NAME:LEN".  A variable is bound where it
 * appears first, and is not zero; the same name is the same value in the whole program,
 * another name another value.
 */
#define PATTERN(name_, json_) ((struct val){ #name_, expect_text("{\"pat\":[%s]}", json_) })
#define VAR(name_, var_) PATTERN(name_, "\"$" #var_ ":8\"")

/* The PT_DYN forms: index of the variant, then a value of `size` bytes. */
static inline char *expect_dyn(unsigned char idx, uint64_t value, size_t size)
{
	unsigned char b[9] = { idx };

	memcpy(b + 1, &value, size);
	return expect_bytes(b, size + 1);
}
#define DYN(name_, idx_, value_, size_) \
	((struct val){ #name_, expect_dyn(idx_, (uint64_t)(value_), size_) })

static inline size_t put_addr(unsigned char *p, const void *addr)
{
	const struct sockaddr_in6 *in6 = addr;
	const struct sockaddr_in *in = addr;
	uint16_t port = ntohs(in->sin_port);

	if (in->sin_family == AF_INET6) {
		memcpy(p, &in6->sin6_addr, 16);
		memcpy(p + 16, &port, 2);
		return 18;
	}
	memcpy(p, &in->sin_addr, 4);
	memcpy(p + 4, &port, 2);
	return 6;
}

/* PT_SOCKADDR of an internet address. */
static inline char *expect_addr(const void *addr)
{
	unsigned char b[32] = { (unsigned char)((const struct sockaddr *)addr)->sa_family };

	return expect_bytes(b, 1 + put_addr(b + 1, addr));
}
#define ADDR(name_, addr_) ((struct val){ #name_, expect_addr(addr_) })

/* PT_SOCKADDR of a unix path; of an abstract name without its leading NUL. */
static inline char *expect_addr_un(const char *path)
{
	return expect_text("{\"hex\":\"01%s00\"}", expect_hex(path, strlen(path)));
}
#define ADDR_UN(name_, path_) ((struct val){ #name_, expect_addr_un(path_) })

/* PT_SOCKTUPLE of two internet addresses of the same family. */
static inline char *expect_tuple(const void *src, const void *dst)
{
	unsigned char b[64] = { (unsigned char)((const struct sockaddr *)src)->sa_family };
	size_t n = 1 + put_addr(b + 1, src);

	return expect_bytes(b, n + put_addr(b + n, dst));
}
#define TUPLE(name_, src_, dst_) ((struct val){ #name_, expect_tuple(src_, dst_) })

/* PT_SOCKTUPLE of unix sockets: variables (or 16 hex digits) for both ends, and a path. */
static inline char *expect_tuple_un(const char *src, const char *dst, const char *path)
{
	return expect_text("{\"pat\":[\"01\",\"%s\",\"%s\",\"%s00\"]}", src, dst,
			   expect_hex(path, strlen(path)));
}
#define TUPLE_UN(name_, src_, dst_, path_) \
	((struct val){ #name_, expect_tuple_un(src_, dst_, path_) })

/* A row that this architecture does not reach. */
static inline void expect_none_of(const char *type)
{
	expect_text("\n{\"at\":\"\",\"absent\":\"%s\"}\n", type);
}

static inline void expect_event(const char *at, const char *type, long tid,
				const struct val *v)
{
	size_t len = 0;
	char *s, *p;

	if (expect_absent) {
		expect_none_of(type);
		return;
	}
	for (const struct val *i = v; i->name; i++)
		len += strlen(i->name) + strlen(i->json) + 8;
	s = p = expect_alloc(len + 1);
	for (; v->name; v++)
		p += sprintf(p, "%s\"%s\":%s", p == s ? "" : ",", v->name, v->json);
	*p = 0;
	expect_text("\n{\"at\":\"%s:%d\",\"type\":\"%s\",\"tid\":%ld,\"params\":{%s}}\n",
		    strrchr(at, '/') ? strrchr(at, '/') + 1 : at, expect_line, type, tid, s);
}

static inline long expect_caller(void)
{
	return expect_tid ? expect_tid : syscall(SYS_gettid);
}

/* The next event of that type, of the thread named or of the caller. */
#define EXPECT_OF(tid_, type_, ...) \
	expect_event(__FILE__, #type_, tid_, (struct val[]){ __VA_ARGS__, { NULL, NULL } })
#define EXPECT(type_, ...) EXPECT_OF(expect_caller(), type_, __VA_ARGS__)
/* For event types without parameters. */
#define EXPECT_EMPTY_AFTER(type_, call_) ((void)(call_), EXPECT_EMPTY(type_))
/* For those whose parameters do not name the result. */
#define EXPECT_CALL(type_, call_, ...) ((void)(call_), EXPECT(type_, __VA_ARGS__))
#define EXPECT_EMPTY(type_) \
	expect_event(__FILE__, #type_, expect_caller(), (struct val[]){ { NULL, NULL } })

/* Writes the expectations: of all the text in the room only whole lines that are events. */
static inline int expect_done(char **argv)
{
	FILE *f = argv[1] && argv[1][0] ? fopen(argv[1], "w") : stdout;
	size_t used = expect_room_->used;

	if (!f)
		die(argv[1]);
	for (size_t i = 0; i < used; ) {
		const char *p = expect_room_->text + i;

		if (!strncmp(p, "\n{\"at\"", 6))
			fputs(p + 1, f);
		i += strlen(p) + 1;
	}
	return fclose(f) ? 2 : 0;
}

/* Runs fn in a forked child, waits, and passes its failure on. */
static inline void in_child(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		fn();
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	if (status) {
		fprintf(stderr, "conform: child ended with status %#x\n", status);
		exit(2);
	}
}

#endif
