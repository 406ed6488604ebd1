/* SPDX-License-Identifier: Apache-2.0 */
/* New processes and threads: fork, vfork, clone, clone3, seen by parent and child. */
#include "task.h"
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>

/* Portable values of clone_flags. */
enum {
	CL_FILES = 1, CL_FS = 2, CL_IO = 4, CL_NEWIPC = 8, CL_NEWUTS = 128,
	CL_PARENT_SETTID = 512, CL_SIGHAND = 2048, CL_SYSVSEM = 4096, CL_THREAD = 8192,
	CL_VM = 32768, CL_CHILD_CLEARTID = 8388608, CL_CHILD_SETTID = 16777216,
	CL_NEWPID = 64, CL_CHILD_IN_PIDNS = 536870912,
	CL_VFORK = 134217728,
};

static char cmdline[4096];
static long cmdline_len;
static char stack[65536] __attribute__((aligned(16)));

/* Parameters that parent and child have in common. */
#define COMMON(flags_) \
	S(exe, cmdline), \
	B(args, cmdline + strlen(cmdline) + 1, cmdline_len - (long)strlen(cmdline) - 1), \
	NONE(cwd), I(fdlimit, fd_limit()), S(comm, "conform-fork"), cgroups_of_self(), \
	I(flags, flags_), I(uid, geteuid()), I(gid, getegid())

#define PARENT(type_, res_, flags_) \
	EXPECT(type_, I(res, res_), I(tid, getpid()), I(pid, getpid()), I(ptid, getppid()), \
	       I(vtid, getpid()), I(vpid, getpid()), I(pidns_init_start_ts, 0), FAULTS, \
	       VM_SIZES, COMMON(flags_))

/* A child has not run yet, so the parent knows its sizes; shared pages do not count yet. */
#define CHILD_SIZES \
	I(vm_size, status_of("VmSize:")), RANGE(vm_rss, 0, status_of("VmRSS:") + NEAR_KB), \
	I(vm_swap, 0)

#define CHILD(type_, child_, pid_, ptid_, flags_) \
	EXPECT_OF(child_, type_, I(res, 0), I(tid, child_), I(pid, pid_), I(ptid, ptid_), \
		  I(vtid, child_), I(vpid, pid_), init_start("/proc/1/stat"), \
		  RANGE(pgft_maj, 0, 10), RANGE(pgft_min, 0, 100), CHILD_SIZES, COMMON(flags_))

/*
 * The raw calls: the child of vfork must not return into its caller's frame, and a thread has a
 * new stack.
 */
#if defined(__x86_64__)
#define FORK() SYS(fork)
#define FORK_X SYSCALL_FORK_20_X
#define VFORK_X SYSCALL_VFORK_20_X
#define VFORK_FLAGS 0	/* vfork says it all */

static long raw_vfork(void)
{
	register long ret asm("rax") = SYS_vfork;

	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "mov $60, %%eax\n\t"
		     "xor %%edi, %%edi\n\t"
		     "syscall\n"
		     "1:"
		     : "+a"(ret) : : "rcx", "r11", "rdi", "memory", "cc");
	return ret;
}

static long raw_clone3(struct clone_args *a, size_t size, void (*fn)(void))
{
	register long ret asm("rax") = SYS_clone3;
	register void (*start)(void) asm("r12") = fn;

	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "call *%%r12\n"
		     "1:"
		     : "+a"(ret) : "D"(a), "S"(size), "r"(start) : "rcx", "r11", "memory", "cc");
	return ret;
}
#elif defined(__aarch64__)
/* There is clone only. */
#define FORK() (expect_line = __LINE__, sys_ret(syscall(SYS_clone, SIGCHLD, 0L, 0L, 0L, 0L)))
#define FORK_X SYSCALL_CLONE_20_X
#define VFORK_X SYSCALL_CLONE_20_X
#define VFORK_FLAGS (CL_VFORK | CL_VM)

static long raw_vfork(void)
{
	register long nr asm("x8") = SYS_clone, ret asm("x0") = CLONE_VFORK | CLONE_VM | SIGCHLD;
	register long sp asm("x1") = 0, ptid asm("x2") = 0, tls asm("x3") = 0, ctid asm("x4") = 0;

	asm volatile("svc #0\n\t"
		     "cbnz x0, 1f\n\t"
		     "mov x8, #93\n\t"	/* exit */
		     "svc #0\n"
		     "1:"
		     : "+r"(ret), "+r"(nr) : "r"(sp), "r"(ptid), "r"(tls), "r"(ctid) : "memory", "cc");
	return ret;
}

static long raw_clone3(struct clone_args *a, size_t size, void (*fn)(void))
{
	register long nr asm("x8") = SYS_clone3, ret asm("x0") = (long)a;
	register size_t len asm("x1") = size;
	register void (*start)(void) asm("x19") = fn;

	asm volatile("svc #0\n\t"
		     "cbnz x0, 1f\n\t"
		     "mov x29, #0\n\t"
		     "blr x19\n"
		     "1:"
		     : "+r"(ret) : "r"(nr), "r"(len), "r"(start) : "x30", "memory", "cc");
	return ret;
}
#endif

static void forks(void)
{
	long pid = FORK();

	if (!pid)
		_exit(0);
	MUST(pid);
	PARENT(FORK_X, pid, 0);
	CHILD(FORK_X, pid, pid, getpid(), 0);
	MUST(waitpid((int)pid, NULL, 0));
}

static void vforks(void)
{
	long ret = raw_vfork();

	MUST(ret);
	expect_line = __LINE__;
	PARENT(VFORK_X, ret, VFORK_FLAGS);
	CHILD(VFORK_X, ret, ret, getpid(), VFORK_FLAGS);
	MUST(waitpid((int)ret, NULL, 0));
}

static void clones(void)
{
	pid_t tid;
	long flags = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_PARENT_SETTID | CLONE_IO;
	int portable = CL_NEWUTS | CL_NEWIPC | CL_PARENT_SETTID | CL_IO;
	long pid = SYS(clone, flags | SIGCHLD, NULL, &tid, NULL, 0L);

	if (!pid)
		_exit(3);
	MUST(pid);
	PARENT(SYSCALL_CLONE_20_X, pid, portable);
	CHILD(SYSCALL_CLONE_20_X, pid, pid, getpid(), portable);
	MUST(waitpid((int)pid, NULL, 0));
	/* shared signal handlers need shared memory */
	PARENT(SYSCALL_CLONE_20_X, SYS(clone, CLONE_SIGHAND, NULL, NULL, NULL, 0L), CL_SIGHAND);
}

/* Ends without touching anything of the C library. */
static void thread_main(void)
{
	syscall(SYS_exit, 0);
}

static void threads(void)
{
	static pid_t tid;
	struct clone_args a = {
		.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			 CLONE_SYSVSEM | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID,
		.stack = (uintptr_t)stack,
		.stack_size = sizeof(stack),
		.child_tid = (uintptr_t)&tid,
		.parent_tid = (uintptr_t)&tid,
	};
	int portable = CL_VM | CL_FS | CL_FILES | CL_SIGHAND | CL_THREAD | CL_SYSVSEM |
		       CL_CHILD_CLEARTID | CL_PARENT_SETTID;
	long ret = raw_clone3(&a, sizeof(a), thread_main);
	MUST(ret);
	expect_line = __LINE__;
	PARENT(SYSCALL_CLONE3_X, ret, portable);
	CHILD(SYSCALL_CLONE3_X, ret, getpid(), getppid(), portable);
	while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
		sched_yield();

	a.flags = CLONE_THREAD;
	PARENT(SYSCALL_CLONE3_X, SYS(clone3, &a, sizeof(a)), CL_THREAD);
}

static void processes(void)
{
	struct clone_args a = { .exit_signal = SIGCHLD, .flags = CLONE_FS };
	long pid = SYS(clone3, &a, sizeof(a));

	if (!pid)
		_exit(0);
	MUST(pid);
	PARENT(SYSCALL_CLONE3_X, pid, CL_FS);
	CHILD(SYSCALL_CLONE3_X, pid, pid, getpid(), CL_FS);
	MUST(waitpid((int)pid, NULL, 0));
}

static long first_child_of(long pid)
{
	char path[64], buf[64];

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", pid, pid);
	while (read_proc(path, buf, sizeof(buf)) <= 0)
		usleep(1000);
	return atol(buf);
}

static const char *stat_of(long pid)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	return path;
}

/* The first process of a namespace; it starts a second one, and both wait to be killed. */
static void init_main(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	FORK();
	for (;;)
		pause();
}

#define IN_NAMESPACE(type_, child_, ptid_, vpid_, init_, flags_) \
	EXPECT_OF(child_, type_, I(res, 0), I(tid, child_), I(pid, child_), I(ptid, ptid_), \
		  I(vtid, vpid_), I(vpid, vpid_), init_start(stat_of(init_)), \
		  RANGE(pgft_maj, 0, 10), RANGE(pgft_min, 0, 100), CHILD_SIZES, COMMON(flags_))

static void namespaces(void)
{
	long second, pid = SYS(clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, 0L);

	if (!pid)
		init_main();
	MUST(pid);
	PARENT(SYSCALL_CLONE_20_X, pid, CL_NEWPID);
	IN_NAMESPACE(SYSCALL_CLONE_20_X, pid, getpid(), 1, pid, CL_NEWPID | CL_CHILD_IN_PIDNS);
	second = first_child_of(pid);
	IN_NAMESPACE(FORK_X, second, pid, 2, pid, CL_CHILD_IN_PIDNS);
	MUST(kill((int)pid, SIGKILL));
	MUST(waitpid((int)pid, NULL, 0));

	/* from now on children live elsewhere */
	MUST(unshare(CLONE_NEWPID));
	pid = FORK();
	if (!pid)
		init_main();
	MUST(pid);
	PARENT(FORK_X, pid, CL_CHILD_IN_PIDNS);
	IN_NAMESPACE(FORK_X, pid, getpid(), 1, pid, CL_CHILD_IN_PIDNS);
	MUST(kill((int)pid, SIGKILL));
	MUST(waitpid((int)pid, NULL, 0));
}

/* A user that may not have one more process. */
static void exhausted(void)
{
	struct rlimit one = { 1, 1 };

	MUST(setrlimit(RLIMIT_NPROC, &one));
	MUST(setresgid(65534, 65534, 65534));
	MUST(setresuid(65534, 65534, 65534));
	PARENT(FORK_X, FORK(), 0);
	PARENT(VFORK_X, raw_vfork(), VFORK_FLAGS);
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
#ifndef __x86_64__
	expect_none_of("SYSCALL_FORK_20_X");
	expect_none_of("SYSCALL_VFORK_20_X");
#endif
	MUST(syscall(SYS_prctl, 15, "conform-fork"));
	cmdline_len = read_proc("/proc/self/cmdline", cmdline, sizeof(cmdline));
	forks();
	vforks();
	clones();
	threads();
	processes();
	in_child(namespaces);
	in_child(exhausted);
	return expect_done(argv);
}
