/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp filter, each question in a process of its own, which never leaves it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/sandbox.h"

enum { ANSWER_OK = 0, ANSWER_NO_FILTER = 77 };

/* Wait status of a process that enters the sandbox and returns what act() says. */
static int inside_with(const struct sandbox_options *opt, int (*act)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(sandbox_enter(opt) ? ANSWER_NO_FILTER : act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == ANSWER_NO_FILTER)
		skip();
	return status;
}

static int inside(const char *driver, int (*act)(void))
{
	return inside_with(&(struct sandbox_options){ .driver = driver }, act);
}

static bool exits_well(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == ANSWER_OK;
}

static bool is_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

/* 0 when the call was refused and this was counted and named. */
static int refused(long ret, const char *name)
{
	struct buf b = { 0 };
	bool good = ret == -1 && errno == EPERM && sandbox_refused() == 1 && sandbox_report(&b) &&
		    !strcmp(buf_str(&b), name) && !sandbox_report(&b);

	buf_fini(&b);
	return good ? ANSWER_OK : 1;
}

static int ordinary(void)
{
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC), s;
	char c;
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && read(fd, &c, 1) == 1 && !close(fd) && p != MAP_FAILED && s >= 0 &&
	       !sandbox_refused() ? ANSWER_OK : 1;
}

static int packet_socket(void)
{
	return refused(socket(AF_PACKET, SOCK_RAW, 0), "socket");
}

static int network_socket(void)
{
	return refused(socket(AF_INET, SOCK_STREAM, 0), "socket");
}

static int write_open(void)
{
	return refused(open("/dev/null", O_WRONLY | O_CLOEXEC), "openat");
}

static int memory_open(void)
{
	return refused(open("/proc/self/mem", O_RDWR | O_CLOEXEC), "openat");
}

static int create(void)
{
	return refused(open("/tmp/saker-sandbox-test", O_RDONLY | O_CREAT | O_CLOEXEC, 0600), "openat");
}

static int code_mmap(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return refused(p == MAP_FAILED ? -1 : 0, "mmap");
}

static int type_in(void)
{
	return refused(ioctl(0, TIOCSTI, "x"), "ioctl");
}

static int new_process(void)
{
	return refused(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0), "clone");
}

static int new_caps(void)
{
	return refused(prctl(PR_CAPBSET_DROP, 1, 0, 0, 0), "prctl");
}

static int signal_other(void)
{
	return refused(syscall(SYS_tgkill, 1, 1, 0), "tgkill");
}

static int pair_refused(void)
{
	int fds[2];

	return refused(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair");
}

static int pair_made(void)
{
	int fds[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, fds) ? 1 : ANSWER_OK;
}

static int program_started(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

static int traced(void)
{
	return ptrace(PTRACE_ATTACH, 1, 0, 0) ? 1 : 2;
}

static int bpf_call(void)
{
	return syscall(SYS_bpf, 0, NULL, 0) == -1 && errno != ENOSYS ? ANSWER_OK : 1;
}

static int namespace_left(void)
{
	return syscall(SYS_unshare, 0) ? 1 : 2;
}

static int module_loaded(void)
{
	return syscall(SYS_finit_module, -1, "", 0) ? 1 : 2;
}

static void allowed(void **state)
{
	(void)state;
	assert_true(exits_well(inside(NULL, ordinary)));
	assert_true(exits_well(inside("modern_ebpf", ordinary)));
}

static void refused_and_counted(void **state)
{
	static int (*const acts[])(void) = {
		packet_socket, network_socket, write_open, memory_open, create, code_mmap, type_in,
		new_process, new_caps, signal_other,
	};

	(void)state;
	if (sandbox_is_partial())
		skip();
	for (u32 i = 0; i < ARRAY_SIZE(acts); i++)
		if (!exits_well(inside("modern_ebpf", acts[i])))
			fail_msg("act %u was not refused", i);
}

static void killed(void **state)
{
	(void)state;
	assert_true(is_killed(inside(NULL, bpf_call)));
	assert_true(is_killed(inside("modern_ebpf", bpf_call)));
	assert_true(is_killed(inside(NULL, namespace_left)));
	assert_true(is_killed(inside(NULL, module_loaded)));
	if (sandbox_is_partial())
		skip();
	assert_true(is_killed(inside(NULL, program_started)));
	assert_true(is_killed(inside(NULL, traced)));
}

/* A driver's own calls, and only its. */
static void of_a_driver(void **state)
{
	int status = inside("ptrace", traced);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_true(exits_well(inside("ebpf", bpf_call)));
	assert_true(is_killed(inside("ptrace", bpf_call)));
}

/* What libcurl needs, when it is there. */
static void of_http(void **state)
{
	(void)state;
	assert_true(exits_well(inside_with(&(struct sandbox_options){ .http = true }, pair_made)));
	if (sandbox_is_partial())
		skip();
	assert_true(exits_well(inside(NULL, pair_refused)));
	assert_true(exits_well(inside("modern_ebpf", pair_refused)));
}

/* ---- other threads ---- */

static pthread_barrier_t barrier;

static void *other_thread(void *ret)
{
	int *writes = ret;

	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	/* may write: it is not the one that looks into other processes */
	writes[0] = open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0;
	writes[1] = socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM;
	return NULL;
}

static void threads(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		pthread_t t;
		int got[2] = { 0 };

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		pthread_barrier_init(&barrier, NULL, 2);
		if (pthread_create(&t, NULL, other_thread, got))
			_exit(1);
		pthread_barrier_wait(&barrier);
		if (sandbox_enter(&(struct sandbox_options){ 0 }))
			_exit(ANSWER_NO_FILTER);
		pthread_barrier_wait(&barrier);
		pthread_join(t, NULL);
		_exit(got[0] && got[1] && open("/dev/null", O_WRONLY | O_CLOEXEC) < 0 ? ANSWER_OK : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (sandbox_is_partial() || (WIFEXITED(status) && WEXITSTATUS(status) == ANSWER_NO_FILTER))
		skip();
	assert_true(exits_well(status));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allowed),
		cmocka_unit_test(refused_and_counted),
		cmocka_unit_test(killed),
		cmocka_unit_test(of_a_driver),
		cmocka_unit_test(of_http),
		cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
