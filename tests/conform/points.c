/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page faults and task switches: tracepoints that fire all the time, so that they are asked for.
 *
 * capture: sched_switch,page_fault_user,page_fault_kernel
 */
#include <sched.h>
#include <setjmp.h>
#include <sys/resource.h>

#include "expect.h"

#define ROUNDS 100
#define HERE(done_) (expect_line = __LINE__, (void)(done_))	/* where what is expected was done */

/* What another program counts of this one. */
struct use {
	struct rusage at;
	long vm_kib;
};

static void use_now(struct use *u)
{
	long page_kib = sysconf(_SC_PAGESIZE) / 1024, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%ld", &pages) != 1)
		die("/proc/self/statm");
	fclose(f);
	u->vm_kib = pages * page_kib;
	getrusage(RUSAGE_THREAD, &u->at);
}

/* The first CPU that it may run on is the only one from now on. */
static void one_cpu(void)
{
	cpu_set_t may, one;
	int cpu = 0;

	MUST(sched_getaffinity(0, sizeof(may), &may));
	while (!CPU_ISSET(cpu, &may))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	MUST(sched_setaffinity(0, sizeof(one), &one));
}

/* Each waits for the other, on the same CPU: of many times it is the next at least once. */
static void switches(void)
{
	int to[2], from[2];
	struct use before, after;
	signed char c = 0;
	pid_t pid;

	one_cpu();
	MUST(pipe(to));
	MUST(pipe(from));
	pid = MUST(fork());
	if (!pid) {
		while (read(to[0], &c, 1) == 1 && c >= 0)
			MUST(write(from[1], &c, 1));
		_exit(0);
	}
	use_now(&before);
	HERE(0);
	for (int i = 0; i < ROUNDS; i++) {
		MUST(write(to[1], &c, 1));
		MUST(read(from[0], &c, 1));
	}
	getrusage(RUSAGE_THREAD, &after.at);
	c = -1;
	MUST(write(to[1], &c, 1));
	MUST(waitpid(pid, NULL, 0));
	EXPECT(SCHEDSWITCH_6_E, I(next, pid), RANGE(pgft_maj, before.at.ru_majflt, after.at.ru_majflt),
	       RANGE(pgft_min, before.at.ru_minflt, after.at.ru_minflt), I(vm_size, before.vm_kib),
	       RANGE(vm_rss, 1, before.vm_kib), RANGE(vm_swap, 0, before.vm_kib));
	EXPECT_OF(pid, SCHEDSWITCH_6_E, I(next, getpid()), RANGE(pgft_maj, 0, after.at.ru_majflt + ROUNDS),
		  RANGE(pgft_min, 0, 100000), I(vm_size, before.vm_kib), RANGE(vm_rss, 1, before.vm_kib),
		  RANGE(vm_swap, 0, before.vm_kib));
}

#ifdef __x86_64__
enum { PROTECTION = 1, NOT_PRESENT = 2, WRITES = 4, READS = 8, BY_USER = 16, BY_KERNEL = 32, FETCHES = 128 };

static sigjmp_buf back;

static void on_segv(int sig)
{
	siglongjmp(back, sig);
}

__attribute__((noinline, noclone)) static char load(volatile char *p)
{
	return *p;
}

__attribute__((noinline, noclone)) static void store(volatile char *p)
{
	*p = 1;
}

#define WITHIN(fn_) RANGE(ip, (long)(fn_), (long)(fn_) + 64)

static char *page(int prot)
{
	char *p = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void faults(void)
{
	struct sigaction sa = { .sa_handler = on_segv, .sa_flags = SA_NODEFER };
	char *p = page(PROT_READ | PROT_WRITE), *q;
	int zero;

	MUST(sigaction(SIGSEGV, &sa, NULL));
	HERE(load(p + 8));
	EXPECT(PAGE_FAULT_E, I(addr, (long)p + 8), WITHIN(load), I(error, NOT_PRESENT | READS | BY_USER));
	HERE(store(p + 16));	/* the page of zeros is there, and not to be written */
	EXPECT(PAGE_FAULT_E, I(addr, (long)p + 16), WITHIN(store), I(error, PROTECTION | WRITES | BY_USER));
	p = page(PROT_READ | PROT_WRITE);
	HERE(store(p + 24));
	EXPECT(PAGE_FAULT_E, I(addr, (long)p + 24), WITHIN(store), I(error, NOT_PRESENT | WRITES | BY_USER));
	/* faults that end in a signal, too */
	q = page(PROT_READ);
	load(q);
	if (!sigsetjmp(back, 1))
		HERE(0), store(q + 32);
	EXPECT(PAGE_FAULT_E, I(addr, (long)q + 32), WITHIN(store), I(error, PROTECTION | WRITES | BY_USER));
	if (!sigsetjmp(back, 1))
		HERE(0), ((void (*)(void))(p + 40))();
	EXPECT(PAGE_FAULT_E, I(addr, (long)p + 40), I(ip, (long)p + 40),
	       I(error, PROTECTION | READS | BY_USER | FETCHES));
	/* of the kernel, on behalf of the process */
	p = page(PROT_READ | PROT_WRITE);
	zero = MUST(open("/dev/zero", O_RDONLY));
	HERE(MUST(read(zero, p + 48, 1)));
	EXPECT(PAGE_FAULT_E, I(addr, (long)p + 48), ANY(ip, "an instruction of the kernel"),
	       I(error, NOT_PRESENT | WRITES | BY_KERNEL));
}
#else
static void faults(void)
{
	expect_none_of("PAGE_FAULT_E");
}
#endif

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	faults();
	switches();
	return expect_done(argv);
}
