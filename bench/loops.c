/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops NAME SECONDS: repeats one thing and prints its cost in ns per iteration.
 * What a sensor adds to it is the difference between two runs.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int zero, udp;
static struct sockaddr_in self;

static void openat_close(void)
{
	close(open("/etc/hostname", O_RDONLY));
}

static void getppid_(void)
{
	syscall(SYS_getppid);
}

static void read_(void)
{
	char c;

	if (read(zero, &c, 1) != 1)
		exit(1);
}

static void send_recv(void)
{
	char c = 0;

	if (sendto(udp, &c, 1, 0, (struct sockaddr *)&self, sizeof(self)) != 1 ||
	    recvfrom(udp, &c, 1, 0, NULL, NULL) != 1)
		exit(1);
}

static void fork_(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void fork_exec(void)
{
	static char *argv[] = { "/bin/true", NULL }, *envp[] = { NULL };
	pid_t pid;

	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, envp))
		exit(1);
	waitpid(pid, NULL, 0);
}

static const struct loop {
	const char *name;
	void (*body)(void);
	unsigned int batch;	/* iterations of a batch: well below a time slice */
} loops[] = {
	{ "openat", openat_close, 500 },
	{ "getppid", getppid_, 5000 },
	{ "read", read_, 5000 },
	{ "sendrecv", send_recv, 300 },
	{ "fork", fork_, 4 },
	{ "forkexec", fork_exec, 4 },
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void prepare(void)
{
	socklen_t len = sizeof(self);

	zero = open("/dev/zero", O_RDONLY);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	self.sin_family = AF_INET;
	self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (zero < 0 || udp < 0 || bind(udp, (struct sockaddr *)&self, len) ||
	    getsockname(udp, (struct sockaddr *)&self, &len))
		exit(1);
}

/* The best batch: what disturbs only ever adds. */
static double measure(const struct loop *l, double ns)
{
	double best = 1e18, end = now() + ns;

	do {
		double start = now(), t;

		for (unsigned int i = 0; i < l->batch; i++)
			l->body();
		t = (now() - start) / l->batch;
		if (t < best)
			best = t;
	} while (now() < end);
	return best;
}

int main(int argc, char **argv)
{
	if (argc == 3) {
		prepare();
		for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++)
			if (!strcmp(loops[i].name, argv[1])) {
				printf("%s %.1f\n", argv[1], measure(&loops[i], atof(argv[2]) * 1e9));
				return 0;
			}
	}
	fprintf(stderr, "usage: loops openat|getppid|read|sendrecv|fork|forkexec SECONDS\n");
	return 2;
}
