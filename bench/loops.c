/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops NAME SECONDS [RATE]: repeats one thing, at most RATE times a second, and prints NAME, its cost in ns (the median of
 * batches of some 0.5 ms), that of the best batch, and how often it was done.  What a sensor adds is the difference between two runs.
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

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void nap(double ns)
{
	struct timespec t = { (time_t)(ns / 1e9), (long)(ns - (double)(time_t)(ns / 1e9) * 1e9) };

	nanosleep(&t, NULL);
}

/* Prints the figures: the median, because some batches are disturbed by others' work, and the best, should most be. */
static void measure(const struct loop *l, double ns, double rate)
{
	static double batches[1 << 16];
	size_t n = 0, max = sizeof(batches) / sizeof(batches[0]);
	unsigned long iterations = 0;
	double begin = now(), t = begin;

	while (t < begin + ns) {
		double start = now(), ahead;

		for (unsigned int i = 0; i < l->batch; i++)
			l->body();
		t = now();
		if (n < max)
			batches[n++] = (t - start) / l->batch;
		iterations += l->batch;
		ahead = rate > 0 ? begin + (double)iterations / rate * 1e9 - t : 0;
		if (ahead > 0)
			nap(ahead);
	}
	qsort(batches, n, sizeof(batches[0]), compare);
	printf("%s %.1f %.1f %lu\n", l->name, batches[n / 2], batches[0], iterations);
}

int main(int argc, char **argv)
{
	double ns = argc == 3 || argc == 4 ? atof(argv[2]) * 1e9 : 0, rate = argc == 4 ? atof(argv[3]) : 0;

	prepare();
	for (size_t i = 0; ns > 0 && i < sizeof(loops) / sizeof(loops[0]); i++)
		if (!strcmp(loops[i].name, argv[1])) {
			measure(&loops[i], ns, rate);
			return 0;
		}
	fprintf(stderr, "usage: loops openat|getppid|read|sendrecv|fork|forkexec SECONDS [RATE]\n");
	return 2;
}
