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
	VFORK_FLAGS = 0,	/* vfork says it all */
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

static void forks(void)
{
	long pid = SYS(fork);

	if (!pid)
		_exit(0);
	MUST(pid);
	PARENT(SYSCALL_FORK_20_X, pid, 0);
	CHILD(SYSCALL_FORK_20_X, pid, pid, getpid(), 0);
	MUST(waitpid((int)pid, NULL, 0));
}

static void vforks(void)
{
	/* the child must not return into this frame: a raw call with nothing in between */
	register long ret asm("rax") = SYS_vfork;

	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "mov $60, %%eax\n\t"
		     "xor %%edi, %%edi\n\t"
		     "syscall\n"
		     "1:"
		     : "+a"(ret) : : "rcx", "r11", "rdi", "memory", "cc");
	MUST(ret);
	expect_line = __LINE__;
	PARENT(SYSCALL_VFORK_20_X, ret, VFORK_FLAGS);
	CHILD(SYSCALL_VFORK_20_X, ret, ret, getpid(), VFORK_FLAGS);
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
	register long ret asm("rax") = SYS_clone3;
	register void (*fn)(void) asm("r12") = thread_main;

	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "call *%%r12\n"
		     "1:"
		     : "+a"(ret) : "D"(&a), "S"(sizeof(a)), "r"(fn) : "rcx", "r11", "memory", "cc");
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
	syscall(SYS_fork);
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
	IN_NAMESPACE(SYSCALL_FORK_20_X, second, pid, 2, pid, CL_CHILD_IN_PIDNS);
	MUST(kill((int)pid, SIGKILL));
	MUST(waitpid((int)pid, NULL, 0));

	/* from now on children live elsewhere */
	MUST(unshare(CLONE_NEWPID));
	pid = SYS(fork);
	if (!pid)
		init_main();
	MUST(pid);
	PARENT(SYSCALL_FORK_20_X, pid, CL_CHILD_IN_PIDNS);
	IN_NAMESPACE(SYSCALL_FORK_20_X, pid, getpid(), 1, pid, CL_CHILD_IN_PIDNS);
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
	PARENT(SYSCALL_FORK_20_X, SYS(fork), 0);
	PARENT(SYSCALL_VFORK_20_X, SYS(vfork), VFORK_FLAGS);
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
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
