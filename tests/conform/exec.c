/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execve and execveat: of a file, through a symbolic link, of a script, of a memfd, as
 * another user, on a terminal, from layers of overlayfs, and failing.
 *
 * The program executes copies of itself; as "--child" it reports its size and ends.
 */
#include "task.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>

enum { WRITABLE = 1, UPPER_LAYER = 2, FROM_MEMFD = 4, LOWER_LAYER = 8 };
#define ENV "SAKER_A=1", "SAKER_EMPTY=", "SAKER_B=two words"

static char cwd[4000], prog[4100];
static char *envp[] = { ENV, NULL };
static const char env_bytes[] = "SAKER_A=1\0SAKER_EMPTY=\0SAKER_B=two words";

/* What the child knows before it executes, and its new image of itself. */
static struct report {
	long ppid, pgid, limit, loginuid, tty, uid, gid;
	uint64_t inheritable, permitted, effective, bounding;
	long vm_size, vm_rss;
	char comm[16];
} *report;

struct image {
	const char *exe, *comm, *path, *filename;
	const char *args;
	size_t args_len;
	int flags;
	struct stat st;
};

static long long ns(struct timespec t)
{
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void look(void)
{
	char buf[64] = "-1";

	read_proc("/proc/self/loginuid", buf, sizeof(buf));
	report->loginuid = atol(buf);
	report->ppid = getppid();
	report->pgid = getpgrp();
	report->limit = fd_limit();
	report->tty = stat_field("/proc/self/stat", 7);
	report->uid = geteuid();
	report->gid = getegid();
	report->inheritable = status_hex("CapInh:");
	report->permitted = status_hex("CapPrm:");
	report->effective = status_hex("CapEff:");
	report->bounding = status_hex("CapBnd:");
}

/* Parameters of a task, whichever image it runs. */
#define TASK(tid_) \
	I(tid, tid_), I(pid, tid_), I(ptid, report->ppid), NONE(cwd), \
	I(fdlimit, report->limit), cgroups_of_self(), B(env, env_bytes, sizeof(env_bytes)), \
	I(tty, report->tty), I(vpgid, report->pgid), I(loginuid, report->loginuid), \
	I(cap_inheritable, report->inheritable), I(uid, report->uid), I(pgid, report->pgid), \
	I(gid, report->gid)

#define IMAGE(m_) \
	S(exe, (m_)->exe), B(args, (m_)->args, (m_)->args_len), S(comm, (m_)->comm), \
	I(flags, (m_)->flags), I(exe_ino, (m_)->st.st_ino), \
	I(exe_ino_ctime, ns((m_)->st.st_ctim)), I(exe_ino_mtime, ns((m_)->st.st_mtim)), \
	S(trusted_exepath, (m_)->path)

/* A new image has touched little of itself yet; its size grows until it can look. */
#define NEW_SIZES \
	RANGE(pgft_maj, 0, 1000), RANGE(pgft_min, 1, 100000), \
	RANGE(vm_size, 1, report->vm_size), \
	RANGE(vm_rss, 0, report->vm_rss + NEAR_KB), I(vm_swap, 0)

static uint64_t caps_after(void)
{
	return report->uid ? 0 : report->bounding;
}

static void expect_execve(long pid, struct image *m)
{
	EXPECT_OF(pid, SYSCALL_EXECVE_19_X, I(res, 0), TASK(pid), IMAGE(m), NEW_SIZES,
		  I(cap_permitted, caps_after()), I(cap_effective, caps_after()),
		  S(filename, m->filename));
}

/* Runs fn, which executes, in a child; m: what has to be seen. */
static void run(void (*fn)(void), struct image *m)
{
	pid_t pid;
	int status;

	memset(report, 0, sizeof(*report));
	pid = fork();
	if (!pid) {
		fn();
		_exit(99);
	}
	MUST(waitpid(MUST(pid), &status, 0));
	if (status || !report->vm_size)
		die("child");
	if (!m->comm)
		m->comm = report->comm;
	expect_execve(pid, m);
}

static void copy_self(int to)
{
	struct stat st;
	int from = MUST(open("/proc/self/exe", O_RDONLY));
	off_t left;

	MUST(fstat(from, &st));
	for (left = st.st_size; left > 0; )
		left -= MUST(SYS(sendfile, to, from, NULL, left));
	close(from);
}

/* ---- the ways to execute; each runs in a child ---- */

static char *const argv_plain[] = { "zero", "--child", "", "last arg", NULL };
static const char args_plain[] = "--child\0\0last arg";

static void alone(void)
{
	MUST(setsid());
	look();
}

static void as_link(void)
{
	alone();
	SYS(execve, "./link", argv_plain, envp);
}

static void as_other_user(void)
{
	MUST(setresgid(65534, 65534, 65534));
	MUST(setresuid(65534, 65534, 65534));
	alone();
	SYS(execve, "bin/../bin/a-rather-long-name", argv_plain, envp);
}

static void as_script(void)
{
	char *const args[] = { "ignored", "x", NULL };

	alone();
	SYS(execve, "./script", args, envp);
}

static void on_terminal(void)
{
	int pty = MUST(posix_openpt(O_RDWR | O_NOCTTY));

	MUST(setsid());
	MUST(unlockpt(pty));
	MUST(open(ptsname(pty), O_RDWR));	/* becomes the controlling terminal */
	look();
	SYS(execve, prog, argv_plain, envp);
}

/* A successful execveat is an execve; the kernel makes the name up from the descriptor. */
static int memfd, bin;

static void as_memfd(void)
{
	alone();
	SYS(execveat, memfd, "", argv_plain, envp, AT_EMPTY_PATH);
}

static void at_directory(void)
{
	alone();
	SYS(execveat, bin, "a-rather-long-name", argv_plain, envp, 0);
}

static void as_layer(void)
{
	alone();
	SYS(execve, "all/a-rather-long-name", argv_plain, envp);
}

/* The same file in an overlay: below, then copied up by a change of its mode. */
static void layered(void)
{
	static char path[4200];
	struct image m = { .exe = "zero", .comm = "a-rather-long-n", .path = path,
			   .filename = "all/a-rather-long-name", .args = args_plain,
			   .args_len = sizeof(args_plain), .flags = WRITABLE | LOWER_LAYER };

	snprintf(path, sizeof(path), "%s/all/a-rather-long-name", cwd);
	MUST(unshare(CLONE_NEWNS));
	MUST(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	MUST(mkdir("all", 0755));
	MUST(mkdir("upper", 0755));
	MUST(mkdir("work", 0755));
	if (mount("overlay", "all", "overlay", 0, "lowerdir=bin,upperdir=upper,workdir=work"))
		return;
	MUST(stat(m.filename, &m.st));
	run(as_layer, &m);
	MUST(chmod(m.filename, 0755));
	MUST(stat(m.filename, &m.st));
	m.flags = WRITABLE | UPPER_LAYER;
	run(as_layer, &m);
}

static void failing(void)
{
	struct image m = { .exe = "zero", .comm = "conform-exec", .args = args_plain,
			   .args_len = sizeof(args_plain), .filename = "none" };
	static char self[4200];
	long res;

	MUST(prctl(PR_SET_NAME, m.comm));
	MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	MUST(stat("/proc/self/exe", &m.st));
	m.path = self;
	m.flags = WRITABLE;
	alone();
#define OLD_IMAGE \
	TASK(getpid()), IMAGE(&m), FAULTS, VM_SIZES, I(cap_permitted, report->permitted), \
	I(cap_effective, report->effective)
	res = SYS(execve, "none", argv_plain, envp);
	EXPECT(SYSCALL_EXECVE_19_X, I(res, res), OLD_IMAGE, S(filename, "none"));
	res = SYS(execve, "bin", argv_plain, envp);
	EXPECT(SYSCALL_EXECVE_19_X, I(res, res), OLD_IMAGE, S(filename, "bin"));
	res = SYS(execveat, BAD_FD, "none", argv_plain, envp, 0);
	EXPECT(SYSCALL_EXECVEAT_X, I(res, res), OLD_IMAGE);
}

/* ---- the test ---- */

static int child(void)
{
	report->vm_size = status_of("VmSize:");
	report->vm_rss = status_of("VmRSS:");
	return prctl(PR_GET_NAME, report->comm);
}

/* The copies' report goes to the memory of the parent, through this descriptor. */
#define REPORT_FD 200

static void prepare(void)
{
	char text[4300];
	int fd;

	MUST(mkdir("bin", 0755));
	snprintf(prog, sizeof(prog), "%s/bin/a-rather-long-name", cwd);
	fd = MUST(open(prog, O_WRONLY | O_CREAT | O_EXCL, 0755));
	copy_self(fd);
	close(fd);
	MUST(symlink("bin/a-rather-long-name", "link"));
	fd = MUST(open("script", O_WRONLY | O_CREAT | O_EXCL, 0755));
	snprintf(text, sizeof(text), "#!%s --child\n", prog);
	MUST(write(fd, text, strlen(text)));
	close(fd);
	bin = MUST(open("bin", O_RDONLY | O_DIRECTORY));
	memfd = MUST(memfd_create("in-memory", 0));
	copy_self(memfd);
}

static void succeeding(void)
{
	struct image m = { .exe = "zero", .comm = "link", .path = prog, .filename = "./link",
			   .args = args_plain, .args_len = sizeof(args_plain),
			   .flags = WRITABLE };
	char script_args[] = "--child\0./script\0x", name[64];

	MUST(stat(prog, &m.st));
	run(as_link, &m);
	m.comm = "a-rather-long-n";
	m.filename = prog;
	run(on_terminal, &m);
	snprintf(name, sizeof(name), "/dev/fd/%d/a-rather-long-name", bin);
	m.filename = name;
	run(at_directory, &m);
	m.filename = "bin/../bin/a-rather-long-name";
	m.flags = 0;
	run(as_other_user, &m);
	MUST(chmod(prog, 0757));
	MUST(stat(prog, &m.st));
	m.flags = WRITABLE;
	run(as_other_user, &m);
	m.exe = prog;
	m.args = script_args;
	m.args_len = sizeof(script_args);
	m.comm = "script";
	m.filename = "./script";
	run(as_script, &m);
	/* its comm is the number of the descriptor, or since 6.14 the name of the file */
	m = (struct image){ .exe = "zero", .path = "memfd:in-memory",
			    .args = args_plain, .args_len = sizeof(args_plain),
			    .filename = name, .flags = WRITABLE | FROM_MEMFD };
	snprintf(name, sizeof(name), "/dev/fd/%d", memfd);
	MUST(fstat(memfd, &m.st));
	run(as_memfd, &m);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc > 1 && !strcmp(argv[1], "--child")) {
		report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED,
			      REPORT_FD, 0);
		return report == MAP_FAILED ? 1 : child();
	}
	expect_init();
	fd = MUST(memfd_create("report", 0));
	MUST(ftruncate(fd, sizeof(*report)));
	MUST(dup2(fd, REPORT_FD));
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (report == MAP_FAILED || !getcwd(cwd, sizeof(cwd)))
		die("report");
	prepare();
	succeeding();
	in_child(layered);
	in_child(failing);
	return expect_done(argv);
}
