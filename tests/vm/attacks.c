/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attacks DIR: performs the attack of each rule of etc/saker_rules.yaml, harmlessly, and always
 * the same ones: what saker says of them must not depend on the driver.  DIR must not exist; it
 * is removed at the end.  Prints "ran: RULE" or "skipped: RULE" for each.  Static, so that it
 * runs in a guest that has nothing but this and a shell.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIP 77
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

extern char **environ;

static const char *self;	/* this program */

/* ---- helpers ------------------------------------------------------------------------------ */

static int touch(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	if (fd < 0)
		return SKIP;
	close(fd);
	return 0;
}

static int read_of(const char *path)
{
	return touch(path, O_RDONLY);
}

static int plant(const char *dir, const char *path)
{
	int status;

	mkdir(dir, 0755);
	status = touch(path, O_WRONLY | O_CREAT);
	unlink(path);
	return status;
}

static int copy_of_self(int to)
{
	int from = open(self, O_RDONLY);
	struct stat st;

	if (from < 0 || fstat(from, &st) || sendfile(to, from, NULL, (size_t)st.st_size) != st.st_size)
		return SKIP;
	close(from);
	return 0;
}

/* Becomes the program at path, named so, which does what its first argument says. */
static int become(const char *path, const char *name, const char *arg, const char *more)
{
	char *argv[] = { (char *)name, (char *)arg, (char *)more, NULL };

	execve(path, argv, environ);
	return SKIP;
}

static int copy_and_become(const char *path, const char *name, const char *arg, const char *more)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0755);

	if (fd < 0 || copy_of_self(fd) || close(fd))
		return SKIP;
	return become(path, name, arg, more);
}

/* A child that waits to be killed. */
static pid_t victim(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void kill_victim(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* ---- attacks: 0, or SKIP when it cannot be done here -------------------------------------------- */

static int shadow(void) { return read_of("/etc/shadow"); }

static int ssh_key(void)
{
	mkdir(".ssh", 0700);
	touch(".ssh/id_ed25519", O_WRONLY | O_CREAT);
	return read_of(".ssh/id_ed25519");
}

static int credentials(void) { return copy_and_become("./grep", "grep", "nothing", "BEGIN OPENSSH PRIVATE KEY"); }

static int authorized_keys(void)
{
	mkdir(".ssh", 0700);
	return touch(".ssh/authorized_keys", O_WRONLY | O_CREAT | O_APPEND);
}

static int cron(void) { return plant("/etc/cron.d", "/etc/cron.d/.saker-test"); }

static int service(void)
{
	mkdir("/etc/systemd", 0755);
	return plant("/etc/systemd/system", "/etc/systemd/system/saker-test.tmp");
}

static int preload(void)
{
	if (!access("/etc/ld.so.preload", F_OK))
		return SKIP;
	return plant("/etc", "/etc/ld.so.preload");
}

static int system_program(void)
{
	mkdir("/usr", 0755);
	return plant("/usr/bin", "/usr/bin/.saker-test");
}

static int memfd(void)
{
	char path[64];
	int fd = memfd_create("attack", 0);

	if (fd < 0 || copy_of_self(fd))
		return SKIP;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return become(path, "true", "nothing", NULL);
}

static int shared_memory(void) { return copy_and_become("/dev/shm/saker-test", "saker-test", "nothing", NULL); }

static int reverse_shell(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(23451) };
	int l = socket(AF_INET, SOCK_STREAM, 0), s = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(l, (struct sockaddr *)&a, sizeof(a)) || listen(l, 1))
		return SKIP;
	a.sin_port = htons(23452);	/* the same tuple in every run */
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(s, (struct sockaddr *)&a, sizeof(a)))
		return SKIP;
	a.sin_port = htons(23451);
	if (connect(s, (struct sockaddr *)&a, sizeof(a)))
		return SKIP;
	return dup2(s, 0) == 0 ? 0 : SKIP;
}

static int network_service(void) { return copy_and_become("./nginx", "nginx", "shell", NULL); }

static int mining(void) { return copy_and_become("./miner", "miner", "nothing", "stratum+tcp://pool.invalid:3333"); }

static int setuid_bit(void)
{
	touch("setuid", O_WRONLY | O_CREAT);
	return chmod("setuid", 04755) ? SKIP : 0;
}

static int module(void)
{
	int fd = open("module", O_RDWR | O_CREAT, 0644);

	/* refused: the file is empty; a kernel without modules does not have the call */
	return syscall(SYS_finit_module, fd, "", 0) && errno == ENOSYS ? SKIP : 0;
}

static int bpf_program(void)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2 };
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	attr.insns = (uintptr_t)insns;
	attr.license = (uintptr_t)"GPL";
	/* before 5.11 programs count as locked memory, those of the sensor too */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)) < 0 ? SKIP : 0;
}

static int enter_namespace(void)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY);

	return setns(fd, CLONE_NEWUTS) ? SKIP : 0;
}

static int user_namespace(void)
{
	return setgid(65534) || setuid(65534) || unshare(CLONE_NEWUSER) ? SKIP : 0;
}

static int core_pattern(void) { return touch("/proc/sys/kernel/core_pattern", O_WRONLY); }

static int take_over(void)
{
	pid_t pid = victim();
	int status = ptrace(PTRACE_ATTACH, pid, NULL, NULL) ? SKIP : 0;

	kill_victim(pid);
	return status;
}

static int write_memory(void)
{
	char text[] = "saker";
	struct iovec v = { text, sizeof(text) };
	pid_t pid = victim();
	int status = process_vm_writev(pid, &v, 1, &v, 1, 0) == (ssize_t)sizeof(text) ? 0 : SKIP;

	kill_victim(pid);
	return status;
}

static int log_removed(void)
{
	int status = touch("/var/log/saker-test.log", O_WRONLY | O_CREAT);

	unlink("/var/log/saker-test.log");
	return status;
}

static int history(void)
{
	touch(".bash_history", O_WRONLY | O_CREAT);
	return unlink(".bash_history") ? SKIP : 0;
}

static const struct {
	const char *rule;
	int (*run)(void);
} attacks[] = {
	{ "Password hashes read", shadow },
	{ "Private SSH key read", ssh_key },
	{ "Search for credentials", credentials },
	{ "SSH login keys changed", authorized_keys },
	{ "Scheduled job planted", cron },
	{ "System service planted", service },
	{ "Library preload configured", preload },
	{ "System program changed", system_program },
	{ "Program run from memory", memfd },
	{ "Program run from shared memory", shared_memory },
	{ "Standard stream turned into a network connection", reverse_shell },
	{ "Shell started by a network service", network_service },
	{ "Mining pool on a command line", mining },
	{ "Setuid bit set", setuid_bit },
	{ "Kernel module loaded", module },
	{ "BPF program loaded", bpf_program },
	{ "Namespace of another process entered", enter_namespace },
	{ "User namespace made by an ordinary user", user_namespace },
	{ "Crash handler of the kernel changed", core_pattern },
	{ "Process taken over by ptrace", take_over },
	{ "Memory of another process written", write_memory },
	{ "Log emptied or removed", log_removed },
	{ "Shell history wiped", history },
};

/* What a copy of this program does under another name. */
static int disguised(const char *what)
{
	if (!strcmp(what, "shell")) {
		pid_t pid = fork();

		if (!pid) {
			execl("/bin/sh", "sh", "-c", ":", NULL);
			_exit(SKIP);
		}
		waitpid(pid, NULL, 0);
	}
	return 0;
}

int main(int argc, char **argv)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (argc > 1 && (!strcmp(argv[1], "nothing") || !strcmp(argv[1], "shell")))
		return disguised(argv[1]);
	if (n <= 0 || argc != 2 || mkdir(argv[1], 0777) || chmod(argv[1], 0777) || chdir(argv[1])) {
		fprintf(stderr, "usage: attacks DIR    DIR must not exist\n");
		return 2;
	}
	exe[n] = '\0';
	self = exe;
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		pid_t pid = fork();
		int status = -1;

		if (!pid)
			_exit(attacks[i].run());
		waitpid(pid, &status, 0);
		printf("%s: %s\n", status ? "skipped" : "ran", attacks[i].rule);
		fflush(stdout);
	}
	unlink("/dev/shm/saker-test");
	if (execl("/bin/rm", "rm", "-rf", argv[1], NULL))
		perror("rm");
	return 1;
}
