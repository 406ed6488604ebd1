/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls of a 32-bit program: open, openat, socket and connect (by socketcall), writev,
 * fork, execve.  Built with -m32 and without, without a C library; the events of both must be the same
 * (tests/vm/run compares them).
 */
#define O_WRONLY 1
#define O_CREAT 0100
#define O_EXCL 0200
#define O_LARGEFILE 0100000	/* a 64-bit program has it without asking */
#define AT_FDCWD (-100)

#ifdef __i386__
enum { NR_exit = 1, NR_fork = 2, NR_open = 5, NR_close = 6, NR_execve = 11, NR_socketcall = 102,
       NR_writev = 146, NR_openat = 295 };

static long call(long nr, long a, long b, long c, long d)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
	return ret;
}

static long socket(long family, long type, long protocol)
{
	long args[] = { family, type, protocol };

	return call(NR_socketcall, 1, (long)args, 0, 0);
}

static long connect(long fd, const void *addr, long len)
{
	long args[] = { fd, (long)addr, len };

	return call(NR_socketcall, 3, (long)args, 0, 0);
}
#else
enum { NR_exit = 60, NR_fork = 57, NR_open = 2, NR_close = 3, NR_execve = 59, NR_openat = 257,
       NR_writev = 20, NR_socket = 41, NR_connect = 42 };

static long call(long nr, long a, long b, long c, long d)
{
	register long r10 asm("r10") = d;
	long ret;

	asm volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
		     : "rcx", "r11", "memory");
	return ret;
}

static long socket(long family, long type, long protocol)
{
	return call(NR_socket, family, type, protocol, 0);
}

static long connect(long fd, const void *addr, long len)
{
	return call(NR_connect, fd, (long)addr, len, 0);
}
#endif

struct address {
	unsigned short family, port;
	unsigned char host[4], zero[8];
};

struct piece {
	const void *at;
	long n;
};

__attribute__((used, noreturn)) void run(void);
void run(void)
{
	struct address a = { 2, 81 << 8, { 127, 0, 0, 1 }, { 0 } };
	const char *argv[] = { "true", "32", 0 }, *env[] = { "A=b", 0 };
	struct piece pieces[] = { { "first,", 6 }, { "second", 6 } };
	long fd;

	call(NR_close, call(NR_open, (long)"/etc/group", O_LARGEFILE, 0, 0), 0, 0, 0);
	call(NR_close, call(NR_openat, AT_FDCWD, (long)"/etc/group", O_LARGEFILE, 0),
	     0, 0, 0);
	call(NR_open, (long)"/tmp/calls32", O_WRONLY | O_CREAT | O_EXCL | O_LARGEFILE, 0640, 0);
	call(NR_open, 1, 0, 0, 0);
	fd = socket(2, 1, 0);
	connect(fd, &a, sizeof(a));
	call(NR_close, fd, 0, 0, 0);
	connect(fd, &a, sizeof(a));
	call(NR_writev, 99, (long)pieces, 2, 0);
	if (!call(NR_fork, 0, 0, 0, 0))
		call(NR_exit, 3, 0, 0, 0);
	call(NR_execve, (long)"/bin/true", (long)argv, (long)env, 0);
	call(NR_exit, 1, 0, 0, 0);
	__builtin_unreachable();
}

asm(".globl _start\n_start:\n\tcall run\n");
