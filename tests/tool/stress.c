/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads for a driver that may break a kernel: run it in a guest.
 *
 *	stress hostile SECONDS		syscalls with bad addresses, lengths and changing memory
 *	stress forks N			processes and threads that come and go, N of each
 *	stress cycle DRIVER N		opens and closes the driver N times, reading a little
 *	stress hold DRIVER[:ATTACH] MIB SYSCALLS PROGRAM [ARG...]
 *					runs the program while the driver writes and nobody reads
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/driver.h"
#include "event/table.h"

/* ---- hostile --------------------------------------------------------------------------- */

#define AREA (64 << 12)
#define HUGE_STRING (5ull << 30)
#define HUGE_PIECE (64 << 20)

static u8 *area;		/* mapped, unmapped and protected in turn by another thread */
static u8 *edge;		/* ends where nothing is mapped */
static u8 *huge;		/* a string of more than 4 GiB, and no NUL */
static int sock, file;

static u64 any(u64 n)
{
	static __thread u64 x;

	if (!x)
		x = (u64)getpid() * 2654435761u + (u64)time(NULL);
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % n;
}

static u64 bad_address(void)
{
	switch (any(14)) {
	case 0: return 0;
	case 1: return ~0ull;
	case 2: return 0xffffffff81000000;	/* the kernel's text */
	case 3: return 0xffff888000000000 + any(1 << 30);
	case 4: return 0xffffffffff600000;	/* vsyscall */
	case 5: return 0x8000000000000000;	/* not canonical */
	case 6: return 0x00007ffffffff000 - any(16);
	case 7: return (u64)(uintptr_t)edge - 1 - any(64);
	case 8: return (u64)(uintptr_t)edge - 4096 + any(4096);
	case 9: return huge ? (u64)(uintptr_t)huge + any(8) : 1;
	default: return (u64)(uintptr_t)area + any(AREA);
	}
}

static u64 bad_number(void)
{
	static const u64 n[] = { 0, 1, 2, 3, 7, 16, 64, 128, 255, 4095, 4096, 4097, 65535, 65536, 1u << 31, ~0u,
				 1ull << 32, (1ull << 32) - 1, 1ull << 62, 1ull << 63, ~0ull, ~0ull - 1 };

	return n[any(ARRAY_SIZE(n))];
}

static u64 bad_argument(void)
{
	switch (any(8)) {
	case 0: return sock;
	case 1: return file;
	case 2: return (u32)AT_FDCWD;
	case 3: case 4: return bad_number();
	default: return bad_address();
	}
}

/* Addresses, counts and lengths of the caller's own structures, now and then. */
static void fill_area(void)
{
	u64 words[16];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = any(3) ? bad_address() : bad_number();
	for (u32 i = 0; i < 64; i++) {
		u64 at = (any(AREA / 256) * 256 + any(8)) % (AREA - sizeof(words));
		struct iovec to = { area + at, sizeof(words) }, from = { words, sizeof(words) };

		/* may be gone: this call does not fault */
		if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) < 0)
			continue;
	}
}

static const u16 hostile_calls[] = {
	SYS_openat, SYS_openat2, SYS_execve, SYS_execveat, SYS_connect, SYS_bind, SYS_sendto, SYS_sendmsg, SYS_sendmmsg,
	SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg, SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev, SYS_readv, SYS_preadv,
	SYS_setsockopt, SYS_getsockopt, SYS_getsockname, SYS_socketpair, SYS_clone3, SYS_prctl, SYS_bpf, SYS_mount, SYS_fsconfig,
	SYS_symlinkat, SYS_linkat, SYS_renameat2, SYS_unlinkat, SYS_mkdirat, SYS_fchmodat, SYS_fchownat, SYS_ppoll,
	SYS_io_uring_setup, SYS_io_uring_register, SYS_semop, SYS_prlimit64, SYS_capset, SYS_memfd_create,
	SYS_finit_module, SYS_init_module, SYS_delete_module, SYS_setns, SYS_umount2, SYS_chdir, SYS_chroot, SYS_ptrace,
#ifdef __x86_64__
	SYS_open, SYS_creat, SYS_stat, SYS_lstat, SYS_access, SYS_poll, SYS_rename, SYS_unlink,
#endif
};

static u64 end_ns;

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* What the calls read changes while they read it. */
static void *changer(void *arg)
{
	while (now_ns() < end_ns) {
		u8 *p = area + any(AREA >> 12 << 12) / 4096 * 4096;

		switch (any(4)) {
		case 0: mprotect(p, 4096, PROT_NONE); break;
		case 1: munmap(p, 4096); break;
		case 2: madvise(p, 4096, MADV_DONTNEED); break;
		default: mmap(p, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		}
		fill_area();
	}
	return arg;
}

static void on_alarm(int number)
{
	(void)number;
}

/* Some of the calls would wait for ever. */
static void interrupt_often(void)
{
	struct sigaction a = { .sa_handler = on_alarm };
	struct itimerval often = { .it_interval.tv_usec = 10000, .it_value.tv_usec = 10000 };

	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static int hostile_child(void)
{
	pthread_t t;

	interrupt_often();
	pthread_create(&t, NULL, changer, NULL);
	while (now_ns() < end_ns) {
		u16 nr = hostile_calls[any(ARRAY_SIZE(hostile_calls))];

		if (nr == SYS_prctl)
			prctl(PR_SET_NAME, bad_address());
		else
			syscall(nr, any(2) ? (u64)sock : bad_argument(), bad_argument(), bad_argument(), bad_argument(),
				any(3) ? 0 : bad_argument(), any(3) ? 0 : bad_argument());
		if (!any(200) && !fork())
			_exit(0);
	}
	return 0;
}

static u8 *huge_string(void)
{
	u8 *p = mmap(NULL, HUGE_STRING, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int fd = memfd_create("piece", 0);
	u8 *piece;

	if (p == MAP_FAILED || fd < 0 || ftruncate(fd, HUGE_PIECE))
		return NULL;
	piece = mmap(NULL, HUGE_PIECE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (piece == MAP_FAILED)
		return NULL;
	memset(piece, 'A', HUGE_PIECE);
	for (u64 at = 0; at < HUGE_STRING; at += HUGE_PIECE)
		if (mmap(p + at, HUGE_PIECE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			return NULL;
	return p;
}

static int hostile(int seconds)
{
	u64 end = now_ns() + (u64)seconds * 1000000000;
	u8 *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u32 children = 0, killed = 0;

	area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	huge = huge_string();
	if (p == MAP_FAILED || area == MAP_FAILED || !huge || munmap(p + 4096, 4096)) {
		perror("stress: mmap");
		return 1;
	}
	edge = p + 4096;
	memset(p, 'A', 4096);
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	file = open("/dev/null", O_RDWR);
	while (now_ns() < end) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			end_ns = now_ns() + 300000000;
			_exit(hostile_child());
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			break;
		children++;
		killed += WIFSIGNALED(status);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	printf("hostile: %u children, %u ended by a signal\n", children, killed);
	return children ? 0 : 1;
}

/* ---- forks ------------------------------------------------------------------------------- */

static void *short_thread(void *arg)
{
	close(open("/dev/null", O_RDONLY));
	return arg;
}

static void short_process(bool with_memory, bool with_exec)
{
	pid_t pid = with_memory ? fork() : vfork();

	if (pid)
		return;
	if (with_exec)
		execl("/nowhere", "nowhere", NULL);
	_exit(0);
}

static int forks(int n)
{
	for (int i = 0; i < n; i++) {
		pthread_t t;

		short_process(i % 2, i % 8 == 0);
		if (!pthread_create(&t, NULL, short_thread, NULL))
			pthread_detach(t);
		while (waitpid(-1, NULL, i % 64 ? WNOHANG : 0) > 0)
			;
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	return 0;
}

/* ---- cycle ------------------------------------------------------------------------------- */

static int cycle(const char *name, int n)
{
	struct driver_options opt = { .buf_bytes = 1 << 20, .cpus_per_ring = 1, .snaplen = 80 };
	const struct driver *d = driver_by_name(name);
	struct interest in = { 0 };
	u64 events = 0;

	if (!d)
		return 2;
	for (u32 code = 1; code < SC_MAX; code++)
		interest_add(&in, code);
	for (int i = 0; i < n; i++) {
		struct diag diag = { 0 };
		struct raw_event raw;
		struct capture *c;

		if (d->open(&opt, &in, &c, &diag)) {
			fprintf(stderr, "stress: %s\n", diag.msg);
			diag_fini(&diag);
			return 1;
		}
		for (u32 k = 0; k < 100 && !capture_next(c, &raw, 1); k++)
			events++;
		capture_close(c);
	}
	printf("cycle: %d times, %llu events\n", n, events);
	return 0;
}

/* ---- hold -------------------------------------------------------------------------------- */

static int add_syscalls(struct interest *in, const char *list)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		int code = syscall_code_by_name(list, n);

		if (code < 0)
			return -1;
		interest_add(in, code);
		list += n + (list[n] == ',');
	}
	return 0;
}

/* For what an event costs: the reader's time is not part of it. */
static int hold(char **argv)
{
	struct driver_options opt = { .buf_bytes = (u32)atoi(argv[1]) << 20, .cpus_per_ring = 1, .snaplen = 80,
				    .self_pid = getpid() };
	char *attach = strchr(argv[0], ':');
	struct interest in = { 0 };
	struct capture_stats st;
	struct diag diag = { 0 };
	const struct driver *d;
	struct capture *c;
	pid_t pid;

	if (attach)
		*attach++ = '\0';
	opt.attach = attach;
	d = driver_by_name(argv[0]);

	if (!d || add_syscalls(&in, argv[2]))
		return 2;
	if (d->open(&opt, &in, &c, &diag)) {
		fprintf(stderr, "stress: %s\n", diag.msg);
		diag_fini(&diag);
		return 1;
	}
	pid = fork();
	if (!pid) {
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	capture_stats(c, &st);
	printf("hold: %llu events, dropped %llu+%llu\n", st.events, st.drops_buffer, st.drops_scratch);
	capture_close(c);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "hostile"))
		return hostile(atoi(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "forks"))
		return forks(atoi(argv[2]));
	if (argc == 4 && !strcmp(argv[1], "cycle"))
		return cycle(argv[2], atoi(argv[3]));
	if (argc >= 6 && !strcmp(argv[1], "hold"))
		return hold(argv + 2);
	fprintf(stderr, "usage: stress hostile SECONDS | forks N | cycle DRIVER N |\n"
		"              hold DRIVER[:ATTACH] MIB SYSCALLS PROGRAM [ARG...]\n");
	return 2;
}
