/* SPDX-License-Identifier: Apache-2.0 */
#include "app/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "app/signals.h"
#include "base/vec.h"
#include "event/table.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#endif

enum action { ALLOW, NOT_THERE, KILL, ALLOW_IF, REFUSE_IF, REFUSE_UNLESS };

struct row {
	u32 nr;
	u8 action;
	u8 arg;			/* _IF, _UNLESS: (its low 32 bits & mask) == value */
	u32 mask, value;
	const char *driver;	/* engine.kind that it is for; "!KIND": not for; NULL: all; GROWS, HTTP */
};

#define GROWS "+"		/* as driver: when ring buffers grow */
#define HTTP "^"		/* as driver: when alerts go to an HTTP server */
#define OWN_PID 0xffffffffu	/* as value: filled in */

#define OK(call) { .nr = SYS_##call, .action = ALLOW }
#define ON(call, if_or_unless, n, bits, v) \
	{ .nr = SYS_##call, .action = if_or_unless, .arg = n, .mask = bits, .value = v }
#define BUT(kind, call, if_or_unless, n, bits, v) \
	{ .nr = SYS_##call, .action = if_or_unless, .arg = n, .mask = bits, .value = v, .driver = kind }
#define OF(kind, call) { .nr = SYS_##call, .action = ALLOW, .driver = kind }
#define ABSENT(call) { .nr = SYS_##call, .action = NOT_THERE }
#define NEVER(call) { .nr = SYS_##call, .action = KILL }

static const struct row rows[] = {
	/* reading events, waiting */
	OK(epoll_pwait), OK(epoll_ctl), OK(ppoll), OK(nanosleep), OK(clock_nanosleep),
	OK(clock_gettime), OK(gettimeofday), OK(clock_getres), OK(futex),
	OK(sched_yield), OK(restart_syscall), OK(sched_getaffinity), OK(sched_getparam),
	/* files: process look-ups, users, alerts, what is opened again */
	OK(read), OK(readv), OK(pread64), OK(write), OK(writev), OK(close),
	OK(openat), OK(fstat), OK(newfstatat), OK(statx), OK(lseek),
	OK(readlinkat), OK(getdents64), OK(faccessat),
	OK(fcntl), OK(dup), OK(dup3), OK(pipe2), OK(getcwd), OK(unlinkat),
	OK(fadvise64), OK(fsync), OK(flock), OK(ftruncate), OK(fstatfs),
#ifdef SYS_faccessat2
	OK(faccessat2),
#endif
#ifdef __x86_64__
	OK(open), OK(stat), OK(lstat), OK(access), OK(readlink), OK(unlink),
	OK(poll), OK(epoll_wait), OK(time),
#endif
	/* a terminal must not be typed into on behalf of its user */
	ON(ioctl, REFUSE_IF, 1, ~0u, TIOCSTI), OK(ioctl),
	/* memory; code only as it is in a file (libraries that ask name servers) */
	ON(mmap, REFUSE_IF, 2, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE), OK(mmap),
	ON(mprotect, ALLOW_IF, 2, PROT_EXEC, 0),
	OK(munmap), OK(mremap), OK(madvise), OK(brk),
	/* syslog, name servers, the process that starts programs */
	ON(socket, ALLOW_IF, 0, ~0u, AF_UNIX), ON(socket, ALLOW_IF, 0, ~0u, AF_INET),
	ON(socket, ALLOW_IF, 0, ~0u, AF_INET6), ON(socket, ALLOW_IF, 0, ~0u, AF_NETLINK),
	OK(connect), OK(bind), OK(sendto), OK(sendmsg), OK(sendmmsg), OK(recvmsg), OK(recvfrom),
	OK(recvmmsg), OK(shutdown), OK(getsockopt), OK(setsockopt), OK(getsockname),
	OK(getpeername), OK(wait4), OK(waitid),
	/* the web server; its thread listens already */
	OK(accept4), OK(epoll_create1), OK(epoll_ctl), OK(eventfd2), OK(sendfile),
	ON(prctl, ALLOW_IF, 0, ~0u, PR_SET_NAME),
	/* libcurl's threads wake each other so */
	BUT(HTTP, socketpair, ALLOW_IF, 0, ~0u, AF_UNIX),
	/* threads, not processes; clone() can be looked into, clone3() cannot */
	ON(clone, ALLOW_IF, 0, CLONE_THREAD, CLONE_THREAD),
#ifdef SYS_clone3
	ABSENT(clone3),
#endif
	/* itself */
	OK(getpid), OK(gettid), OK(getuid), OK(geteuid), OK(getgid),
	OK(getegid), OK(getrandom), OK(getrusage), OK(uname), OK(sysinfo),
	OK(rt_sigaction), OK(rt_sigprocmask), OK(rt_sigreturn), OK(sigaltstack),
	ON(tgkill, ALLOW_IF, 0, ~0u, OWN_PID), OK(exit), OK(exit_group),
	OK(set_robust_list), OK(capget), OK(seccomp),
#ifdef SYS_rseq
	OK(rseq),
#endif
	/* drivers */
	BUT("modern_ebpf", bpf, ALLOW_IF, 0, ~0u, BPF_OBJ_GET_INFO_BY_FD),	/* counters of its programs */
	BUT(GROWS, bpf, ALLOW_IF, 0, ~0u, BPF_MAP_CREATE), BUT(GROWS, bpf, ALLOW_IF, 0, ~0u, BPF_MAP_UPDATE_ELEM),
	OF("ebpf", bpf), OF("ebpf", perf_event_open),	/* counters; CPUs that come back */
	OF("ptrace", ptrace), OF("ptrace", process_vm_readv), OF("ptrace", kill), OF("ptrace", tkill),
	OF("ptrace", tgkill), OF("ptrace", getpgid), OF("ptrace", rt_sigtimedwait),
	OF("ptrace", statfs), OF("ptrace", prlimit64), OF("ptrace", getsid),
	OF("ptrace", timer_create), OF("ptrace", timer_settime), OF("ptrace", timer_delete),
#ifdef SYS_pidfd_getfd
	OF("ptrace", prlimit64), OF("ptrace", statfs), OF("ptrace", process_vm_writev),
	OF("ptrace", pidfd_open), OF("ptrace", pidfd_getfd),
#endif
	/* nobody's here */
	NEVER(execve), NEVER(execveat), NEVER(ptrace), NEVER(process_vm_readv),
	NEVER(process_vm_writev), NEVER(bpf), NEVER(init_module),
	NEVER(finit_module), NEVER(delete_module), NEVER(kexec_load),
	NEVER(mount), NEVER(umount2), NEVER(pivot_root), NEVER(chroot),
	NEVER(setns), NEVER(unshare), NEVER(reboot), NEVER(swapon),
	NEVER(add_key), NEVER(keyctl),
#ifdef SYS_kexec_file_load
	NEVER(kexec_file_load),
#endif
#ifdef SYS_userfaultfd
	NEVER(userfaultfd),
#endif
#ifdef SYS_open_by_handle_at
	NEVER(open_by_handle_at),
#endif
};

/* Of the thread that may look into other processes: /proc/PID/mem is only to be read. */
static const struct row reader_rows[] = {
	/* a thread of its own makes ring buffers and puts them in place */
	BUT(GROWS, bpf, REFUSE_UNLESS, 0, ~0u, BPF_OBJ_GET_INFO_BY_FD),
	ON(mmap, REFUSE_UNLESS, 2, PROT_EXEC, 0),
	/* ptrace asks the kernel for the addresses of sockets */
	BUT("!ptrace", socket, REFUSE_UNLESS, 0, ~0u, AF_UNIX),
	/* kmod opens the device of a CPU that comes back */
	BUT("!kmod", openat, REFUSE_UNLESS, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
#ifdef __x86_64__
	BUT("!kmod", open, REFUSE_UNLESS, 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
#endif
};

bool sandbox_is_partial(void)
{
	return SANITIZED;
}

/* ---- what was refused ------------------------------------------------------------------- */

static struct {
	volatile u64 refused;
	volatile u64 fresh[8];		/* by number, since the last report */
} seen;

static void on_sigsys(int number, siginfo_t *info, void *context)
{
	ucontext_t *c = context;
	u32 nr = (u32)info->si_syscall;

	(void)number;
	__atomic_add_fetch(&seen.refused, 1, __ATOMIC_RELAXED);
	if (nr < 64 * ARRAY_SIZE(seen.fresh))
		__atomic_or_fetch(&seen.fresh[nr / 64], 1ull << nr % 64, __ATOMIC_RELAXED);
	signal_flags.any = 1;
#if defined(__x86_64__)
	c->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
	c->uc_mcontext.regs[0] = (u64)-EPERM;
#endif
}

u64 sandbox_refused(void)
{
	return __atomic_load_n(&seen.refused, __ATOMIC_RELAXED);
}

bool sandbox_report(struct buf *b)
{
	bool any = false;

	for (u32 nr = 0; nr < 64 * ARRAY_SIZE(seen.fresh); nr++) {
		u64 bit = 1ull << nr % 64;
		const struct syscall_desc *s;

		if (!(__atomic_fetch_and(&seen.fresh[nr / 64], ~bit, __ATOMIC_RELAXED) & bit))
			continue;
		s = syscall_desc(syscall_code_by_nr(nr));
		if (s && s->name)
			buf_addf(b, "%s%s", any ? ", " : "", s->name);
		else
			buf_addf(b, "%snumber %u", any ? ", " : "", nr);
		any = true;
	}
	return any;
}

/* ---- the filter ---------------------------------------------------------------------------- */

#ifdef THIS_ARCH

struct program {
	VEC(struct sock_filter) code;
};

static void emit(struct program *p, u16 code, u32 k, u8 jt, u8 jf)
{
	struct sock_filter f = { code, jt, jf, k };

	vec_push(&p->code, f);
}

static void load(struct program *p, u32 offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void give(struct program *p, u32 verdict)
{
	emit(p, BPF_RET | BPF_K, verdict, 0, 0);
}

static u32 refusal(void)
{
	return SANITIZED ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP;
}

/* A condition that does not decide leaves the number in place for the next row. */
static void emit_condition(struct program *p, const struct row *r)
{
	u32 value = r->value == OWN_PID ? (u32)getpid() : r->value;
	bool unless = r->action == REFUSE_UNLESS;

	emit(p, BPF_JMP | BPF_JEQ | BPF_K, r->nr, 0, 5);
	/* little-endian, as both architectures are */
	load(p, (u32)offsetof(struct seccomp_data, args) + 8 * r->arg);
	emit(p, BPF_ALU | BPF_AND | BPF_K, r->mask, 0, 0);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, value, unless, !unless);
	give(p, r->action == ALLOW_IF ? SECCOMP_RET_ALLOW : refusal());
	load(p, offsetof(struct seccomp_data, nr));
}

static void emit_row(struct program *p, const struct row *r)
{
	static const u32 verdicts[] = {
		[ALLOW] = SECCOMP_RET_ALLOW,
		[NOT_THERE] = SECCOMP_RET_ERRNO | ENOSYS,
		[KILL] = SECCOMP_RET_KILL_PROCESS,
	};

	if (r->action >= ALLOW_IF) {
		emit_condition(p, r);
		return;
	}
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, r->nr, 0, 1);
	give(p, verdicts[r->action]);
}

/* A sanitizer's run time traces threads and starts a program that names addresses. */
static bool left_out(const struct row *r)
{
	return SANITIZED && r->action == KILL &&
	       (r->nr == SYS_ptrace || r->nr == SYS_execve || r->nr == SYS_process_vm_readv);
}

static bool row_applies(const struct row *r, const struct sandbox_options *opt)
{
	const char *driver = opt->driver;

	if (left_out(r))
		return false;
	if (r->driver && !strcmp(r->driver, GROWS))
		return opt->grows;
	if (r->driver && !strcmp(r->driver, HTTP))
		return opt->http;
	if (r->driver && r->driver[0] == '!')
		return !driver || strcmp(r->driver + 1, driver);
	return !r->driver || (driver && !strcmp(r->driver, driver));
}

/* The first row that decides counts, so those of a driver come before KILL. */
static void build(struct program *p, const struct row *from, u32 n, const struct sandbox_options *opt,
		  u32 otherwise)
{
	load(p, offsetof(struct seccomp_data, arch));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0);
	give(p, SECCOMP_RET_KILL_PROCESS);
	load(p, offsetof(struct seccomp_data, nr));
	for (int pass = 0; pass < 2; pass++)	/* a driver's own first */
		for (u32 i = 0; i < n; i++)
			if (row_applies(&from[i], opt) && (from[i].driver ? 0 : 1) == pass)
				emit_row(p, &from[i]);
	give(p, otherwise);
}

static int install(const struct program *p, u32 flags)
{
	struct sock_fprog f = { .len = (u16)p->code.n, .filter = p->code.p };
	long ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &f);

	return ret < 0 ? -errno : ret ? -ESRCH : 0;	/* positive: a thread that cannot follow */
}

int sandbox_enter(const struct sandbox_options *opt)
{
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct program all = { 0 }, reader = { 0 };
	int err;

	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGSYS, &sa, NULL))
		return -errno;
	build(&reader, reader_rows, ARRAY_SIZE(reader_rows), opt, SECCOMP_RET_ALLOW);
	build(&all, rows, ARRAY_SIZE(rows), opt, refusal());
	/* in this order: what is there before a synchronisation is given to all threads */
	err = install(&all, SECCOMP_FILTER_FLAG_TSYNC);
	if (!err && !SANITIZED)
		err = install(&reader, 0);
	vec_fini(&all.code);
	vec_fini(&reader.code);
	return err;
}

#else

int sandbox_enter(const struct sandbox_options *opt)
{
	(void)opt;
	return -ENOTSUP;
}

#endif
