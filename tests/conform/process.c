/* SPDX-License-Identifier: Apache-2.0 */
/* What a process does to itself and others: sessions, directories, limits, prctl, ptrace. */
#include "task.h"
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#define NO_PID 0x3fffffff

static void sessions(void)
{
	pid_t pid = MUST(fork());

	if (!pid) {
		pause();
		_exit(0);
	}
	EXPECT(SYSCALL_SETPGID_X, I(res, SYS(setpgid, pid, pid)), I(pid, pid), I(pgid, pid));
	EXPECT(SYSCALL_SETPGID_X, I(res, SYS(setpgid, 0, -3)), I(pid, 0), I(pgid, -3));
	EXPECT(SYSCALL_SETSID_X, I(res, SYS(setsid)));
	EXPECT(SYSCALL_SETSID_X, I(res, SYS(setsid)));
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, NULL, 0));
}

static void directories(void)
{
	char buf[4096];
	long fd;

	MUST(mkdir("one", 0755));
	MUST(mkdir("one/two", 0755));
	EXPECT(SYSCALL_CHDIR_X, I(res, SYS(chdir, "one/../one")), S(path, "one/../one"));
	EXPECT(SYSCALL_CHDIR_X, I(res, SYS(chdir, "none")), S(path, "none"));
	EXPECT(SYSCALL_CHDIR_X, I(res, SYS(chdir, BAD_PTR)), NONE(path));
	fd = MUST(open("two", O_RDONLY));
	EXPECT(SYSCALL_FCHDIR_X, I(res, SYS(fchdir, fd)), I(fd, fd));
	EXPECT(SYSCALL_FCHDIR_X, I(res, SYS(fchdir, -1)), I(fd, -1));
	MUST(SYS(getcwd, buf, sizeof(buf)));
	EXPECT(SYSCALL_GETCWD_X, I(res, strlen(buf) + 1), S(path, buf));
	EXPECT(SYSCALL_GETCWD_X, I(res, SYS(getcwd, buf, 3)), NONE(path));
	EXPECT(SYSCALL_CHROOT_X, I(res, SYS(chroot, "none")), S(path, "none"));
	EXPECT(SYSCALL_CHROOT_X, I(res, SYS(chroot, "../two")), S(path, "../two"));
}

static void limits(void)
{
	struct rlimit64 old, rl = { 100, 300 };

	EXPECT(SYSCALL_SETRLIMIT_X, I(res, SYS(setrlimit, RLIMIT_NOFILE, &rl)), I(cur, 100),
	       I(max, 300), I(resource, 7));
	MUST(SYS(getrlimit, RLIMIT_NOFILE, &old));
	EXPECT(SYSCALL_GETRLIMIT_X, I(res, 0), I(cur, 100), I(max, 300), I(resource, 7));
	MUST(SYS(getrlimit, RLIMIT_AS, &old));
	EXPECT(SYSCALL_GETRLIMIT_X, I(res, 0), I(cur, old.rlim_cur), I(max, old.rlim_max),
	       I(resource, 9));
	EXPECT(SYSCALL_GETRLIMIT_X, I(res, SYS(getrlimit, 99, &old)), I(cur, -1), I(max, -1),
	       I(resource, 255));
	rl.rlim_cur = 500;
	EXPECT(SYSCALL_SETRLIMIT_X, I(res, SYS(setrlimit, RLIMIT_NOFILE, &rl)), I(cur, 500),
	       I(max, 300), I(resource, 7));
	rl.rlim_cur = 90;
	MUST(SYS(prlimit64, getpid(), RLIMIT_NOFILE, &rl, &old));
	EXPECT(SYSCALL_PRLIMIT_X, I(res, 0), I(newcur, 90), I(newmax, 300), I(oldcur, 100),
	       I(oldmax, 300), I(pid, getpid()), I(resource, 7));
	EXPECT(SYSCALL_PRLIMIT_X, I(res, SYS(prlimit64, NO_PID, RLIMIT_CORE, &rl, NULL)),
	       I(newcur, 90), I(newmax, 300), ANY(oldcur, "not read"), ANY(oldmax, "not read"),
	       I(pid, NO_PID), I(resource, 4));
}

static void names(void)
{
	char name[16] = { 0 };
	int reaper = 5;

	EXPECT(SYSCALL_PRCTL_X, I(res, SYS(prctl, PR_SET_NAME, "my name", 0, 0, 0)),
	       I(option, 15), S(arg2_str, "my name"), I(arg2_int, 0));
	MUST(SYS(prctl, PR_GET_NAME, name));
	EXPECT(SYSCALL_PRCTL_X, I(res, 0), I(option, 16), S(arg2_str, "my name"), I(arg2_int, 0));
	EXPECT(SYSCALL_PRCTL_X, I(res, SYS(prctl, PR_SET_CHILD_SUBREAPER, 1L)), I(option, 36),
	       NONE(arg2_str), I(arg2_int, 1));
	EXPECT(SYSCALL_PRCTL_X, I(res, SYS(prctl, PR_GET_CHILD_SUBREAPER, &reaper)), I(option, 37),
	       NONE(arg2_str), I(arg2_int, 1));
	EXPECT(SYSCALL_PRCTL_X, I(res, SYS(prctl, PR_SET_NAME, BAD_PTR)), I(option, 15),
	       NONE(arg2_str), I(arg2_int, 0));
	EXPECT(SYSCALL_PRCTL_X, I(res, SYS(prctl, PR_CAPBSET_READ, 77L)), I(option, 23),
	       NONE(arg2_str), I(arg2_int, 77));
	EXPECT(SYSCALL_PRCTL_X, I(res, SYS(prctl, PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L)),
	       I(option, 38), NONE(arg2_str), I(arg2_int, 1));
}

static void filters(void)
{
	uint32_t action = SECCOMP_RET_LOG;

	EXPECT(SYSCALL_SECCOMP_X, I(res, SYS(seccomp, SECCOMP_GET_ACTION_AVAIL, 0L, &action)),
	       I(op, 2), I(flags, 0));
	EXPECT(SYSCALL_SECCOMP_X, I(res, SYS(seccomp, 99L, 5L, NULL)), I(op, 99), I(flags, 5));
}

static void namespaces(void)
{
	long fd = MUST(open("/proc/self/ns/uts", O_RDONLY));

	EXPECT(SYSCALL_UNSHARE_X, I(res, SYS(unshare, CLONE_NEWUTS | CLONE_NEWIPC | CLONE_FILES)),
	       I(flags, 128 | 8 | 1));
	EXPECT(SYSCALL_UNSHARE_X, I(res, SYS(unshare, CLONE_PTRACE)), I(flags, 1024));
	EXPECT(SYSCALL_SETNS_X, I(res, SYS(setns, fd, CLONE_NEWUTS)), I(fd, fd), I(nstype, 128));
	EXPECT(SYSCALL_SETNS_X, I(res, SYS(setns, fd, CLONE_NEWNET)), I(fd, fd), I(nstype, 16));
	EXPECT(SYSCALL_SETNS_X, I(res, SYS(setns, BAD_FD, CLONE_NEWCGROUP | CLONE_NEWUSER)),
	       I(fd, BAD_FD), I(nstype, 268435456 | 1048576));
}

static long word = 0x1122334455667788;

/* Forms of PT_DYN. */
enum { ADDRESS = 0, SIGNAL = 1 };

static void tracing(void)
{
	long out, pid = MUST(fork());

	if (!pid) {
		EXPECT(SYSCALL_PTRACE_X, I(res, SYS(ptrace, PTRACE_TRACEME, 0L, 0L, 0L)),
		       DYN(addr, ADDRESS, 0, 8), DYN(data, ADDRESS, 0, 8), I(request, 1),
		       I(pid, 0));
		raise(SIGSTOP);
		_exit(0);
	}
	MUST(waitpid((int)pid, NULL, 0));
	MUST(SYS(ptrace, PTRACE_PEEKDATA, pid, &word, &out));
	EXPECT(SYSCALL_PTRACE_X, I(res, 0), DYN(addr, ADDRESS, (uintptr_t)&word, 8),
	       DYN(data, ADDRESS, word, 8), I(request, 3), I(pid, pid));
	EXPECT(SYSCALL_PTRACE_X, I(res, SYS(ptrace, PTRACE_POKEDATA, pid, &word, 0x99L)),
	       DYN(addr, ADDRESS, (uintptr_t)&word, 8), DYN(data, ADDRESS, 0x99, 8),
	       I(request, 6), I(pid, pid));
	EXPECT(SYSCALL_PTRACE_X, I(res, SYS(ptrace, PTRACE_CONT, pid, 1L, (long)SIGKILL)),
	       DYN(addr, ADDRESS, 1, 8), DYN(data, SIGNAL, SIGKILL, 1), I(request, 8),
	       I(pid, pid));
	MUST(waitpid((int)pid, NULL, 0));
	EXPECT(SYSCALL_PTRACE_X, I(res, SYS(ptrace, PTRACE_ATTACH, (long)NO_PID, 5L, 6L)),
	       DYN(addr, ADDRESS, 0, 8), DYN(data, ADDRESS, 0, 8), I(request, 11),
	       I(pid, NO_PID));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	in_child(sessions);
	in_child(directories);
	in_child(limits);
	in_child(names);
	in_child(filters);
	in_child(namespaces);
	in_child(tracing);
	return expect_done(argv);
}
