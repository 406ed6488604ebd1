/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mix RATE SECONDS DIR: about RATE system calls a second of many kinds, by four processes, for a sensor to live with: files
 * read and written, connections, datagrams, forks, programs, threads, other users, orphans.  Names, arguments, users and
 * ports vary, so that whatever remembers them has something to forget.  Prints what was done:
 *
 *	NAME COUNT ...; calls COUNT, late SECONDS
 *
 * late: by how much the load fell behind its rate (it does not catch up).  DIR has to be empty and is left so.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOADS 4
#define FILES 1024
#define NAMES 64	/* of the program that is executed */
#define SPAN 0.25	/* seconds behind from which the time is given up */

static const char *dir;
static char *files[FILES];
static unsigned int nfiles;
static unsigned int seed;

static unsigned int any(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % n;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void nap(double seconds)
{
	struct timespec t = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };

	nanosleep(&t, NULL);
}

static const char *path(const char *kind, unsigned int n)
{
	static char buf[2][512];
	static unsigned int next;

	snprintf(buf[++next % 2], sizeof(buf[0]), "%s/%s%u", dir, kind, n);
	return buf[next % 2];
}

static void give(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void put(int fd, const char *s)
{
	if (fd >= 0 && write(fd, s, strlen(s)) < 0)
		return;
}

static void take(int fd)
{
	char buf[64];

	if (fd >= 0 && read(fd, buf, sizeof(buf)) < 0)
		return;
}

/* ---- files ---------------------------------------------------------------------------------- */

static void read_file(void)
{
	struct stat st;
	int fd = nfiles ? open(files[any(nfiles)], O_RDONLY | O_CLOEXEC) : -1;

	fstat(fd, &st);
	take(fd);
	give(fd);
}

static void miss_file(void)
{
	struct stat st;
	const char *name = path("missing", any(1u << 30));

	give(open(name, O_RDONLY));
	stat(name, &st);
	access(name, R_OK);
}

/* As a compiler looks for a header. */
static void search_file(void)
{
	char name[512];

	for (unsigned int i = 0; i < 5; i++) {
		unsigned int n = any(1u << 20);

		for (unsigned int k = 0; k < 8; k++) {
			snprintf(name, sizeof(name), "%s/include%u/header%u.h", dir, k, n);
			give(open(name, O_RDONLY | O_CLOEXEC));
		}
		give(nfiles ? open(files[any(nfiles)], O_RDONLY | O_CLOEXEC) : -1);
	}
}

static void write_file(void)
{
	const char *name = path("file", any(1u << 30)), *other = path("moved", any(1u << 30));
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	for (int i = 0; i < 3; i++)
		put(fd, "some text\n");
	give(fd);
	rename(name, other);
	unlink(other);
}

static void change_dir(void)
{
	const char *name = path("dir", any(1u << 30)), *other = path("link", any(1u << 30));

	mkdir(name, 0700);
	chmod(name, 0711);
	if (!symlink(name, other))
		unlink(other);
	rmdir(name);
}

static void shuffle_fds(void)
{
	int fds[2];

	if (pipe(fds))
		return;
	put(fds[1], "x");
	take(fds[0]);
	give(dup(fds[0]));
	give(fcntl(fds[1], F_DUPFD_CLOEXEC, 100));
	give(fds[0]);
	give(fds[1]);
}

/* ---- sockets ---------------------------------------------------------------------------------- */

static int bound(int type, struct sockaddr_in *ret)
{
	socklen_t len = sizeof(*ret);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	*ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || (!bind(fd, (struct sockaddr *)ret, len) && !getsockname(fd, (struct sockaddr *)ret, &len)))
		return fd;
	close(fd);
	return -1;
}

static void talk_tcp(void)
{
	struct linger reset = { .l_onoff = 1 };	/* leaves no TIME_WAIT */
	struct sockaddr_in a;
	int server = bound(SOCK_STREAM, &a), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer = -1;

	if (server >= 0 && client >= 0 && !listen(server, 1) && !connect(client, (struct sockaddr *)&a, sizeof(a)))
		peer = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	put(client, "hello\n");
	take(peer);
	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	give(client);
	give(peer);
	give(server);
}

static void talk_udp(void)
{
	struct sockaddr_in a;
	int fd = bound(SOCK_DGRAM, &a);
	char c = 0;

	for (int i = 0; i < 4; i++)
		if (sendto(fd, &c, 1, MSG_DONTWAIT, (struct sockaddr *)&a, sizeof(a)) == 1)
			recvfrom(fd, &c, 1, MSG_DONTWAIT, NULL, NULL);
	give(fd);
}

static void talk_unix(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return;
	put(fds[0], "x");
	take(fds[1]);
	give(fds[0]);
	give(fds[1]);
}

/* ---- processes -------------------------------------------------------------------------------- */

/* In a child: what it does; then it ends. */
static void child(void (*body)(void))
{
	pid_t pid = fork();

	if (!pid) {
		seed ^= (unsigned int)getpid();
		if (body)
			body();
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void fork_only(void)
{
	child(NULL);
}

static void exec_tool(void)
{
	char a[32], b[32];
	const char *tool = path("tool", any(NAMES));

	snprintf(a, sizeof(a), "--number=%u", any(1u << 30));
	snprintf(b, sizeof(b), "/srv/data/%u", any(1u << 20));
	execl(tool, tool, a, b, (char *)NULL);
}

static void fork_exec(void)
{
	child(exec_tool);
}

static void exec_shell(void)
{
	dup2(open("/dev/null", O_RDWR), 1);
	execl("/bin/sh", "sh", "-c", "cat /etc/hostname; (echo x; true) | cat", (char *)NULL);
}

static void run_shell(void)
{
	child(exec_shell);
}

static void be_other(void)
{
	if (setgid(1000 + any(100)) || setuid(1000 + any(100)))
		return;
	read_file();
	write_file();
}

static void other_user(void)
{
	child(be_other);
}

/* Its parent ends first. */
static void leave_orphan(void)
{
	if (!fork()) {
		nap(0.05);
		read_file();
		_exit(0);
	}
}

static void orphan(void)
{
	child(leave_orphan);
}

static void *thread_main(void *p)
{
	read_file();
	return p;
}

static void thread(void)
{
	pthread_t t;

	if (!pthread_create(&t, NULL, thread_main, NULL))
		pthread_join(t, NULL);
}

/* ---- the mix ------------------------------------------------------------------------------------ */

static const struct action {
	const char *name;
	void (*body)(void);
	unsigned int calls;	/* about; of a program, those of its loader, too */
	unsigned int weight;
} actions[] = {
	{ "read", read_file, 4, 400 },
	{ "miss", miss_file, 3, 150 },
	{ "search", search_file, 50, 180 },
	{ "write", write_file, 7, 100 },
	{ "dir", change_dir, 5, 20 },
	{ "fds", shuffle_fds, 8, 40 },
	{ "tcp", talk_tcp, 12, 30 },
	{ "udp", talk_udp, 12, 40 },
	{ "unix", talk_unix, 5, 30 },
	{ "fork", fork_only, 5, 20 },
	{ "exec", fork_exec, 40, 20 },
	{ "shell", run_shell, 200, 3 },
	{ "user", other_user, 20, 10 },
	{ "orphan", orphan, 12, 5 },
	{ "thread", thread, 10, 20 },
};
#define NACTIONS (sizeof(actions) / sizeof(actions[0]))

struct tally {
	unsigned long done[NACTIONS], calls;
	double late;
};

static unsigned int choose(void)
{
	unsigned int sum = 0, i, r;

	for (i = 0; i < NACTIONS; i++)
		sum += actions[i].weight;
	r = any(sum);
	for (i = 0; r >= actions[i].weight; i++)
		r -= actions[i].weight;
	return i;
}

static void load(double rate, double end, struct tally *t)
{
	double due = now();

	while (now() < end) {
		unsigned int i = choose();
		double ahead;

		actions[i].body();
		t->done[i]++;
		t->calls += actions[i].calls;
		due += actions[i].calls / rate;
		ahead = due - now();
		if (ahead > 0.002) {
			nap(ahead);
		} else if (ahead < -SPAN) {
			t->late -= ahead;
			due = now();
		}
	}
}

static int remember(const char *name, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)ftw;
	if (kind == FTW_F && S_ISREG(st->st_mode) && nfiles < FILES)
		files[nfiles++] = strdup(name);
	return nfiles == FILES;
}

static void prepare(void)
{
	if (chdir(dir) || chmod(dir, 0777))
		exit(1);
	nftw("/etc", remember, 16, FTW_PHYS);
	nftw("/usr/share", remember, 16, FTW_PHYS);
	for (unsigned int i = 0; i < NAMES; i++)
		if (symlink("/bin/true", path("tool", i)))
			exit(1);
}

static void report(const struct tally *t)
{
	struct tally sum = { .calls = 0 };

	for (int i = 0; i < LOADS; i++) {
		for (size_t k = 0; k < NACTIONS; k++)
			sum.done[k] += t[i].done[k];
		sum.calls += t[i].calls;
		sum.late += t[i].late;
	}
	for (size_t k = 0; k < NACTIONS; k++)
		printf("%s %lu%s", actions[k].name, sum.done[k], k + 1 < NACTIONS ? " " : "; ");
	printf("calls %lu, late %.1f\n", sum.calls, sum.late / LOADS);
}

int main(int argc, char **argv)
{
	struct tally *t = mmap(NULL, LOADS * sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double rate = argc == 4 ? atof(argv[1]) : 0, end = now() + (argc == 4 ? atof(argv[2]) : 0);
	pid_t parent = getpid();

	if (rate <= 0 || t == MAP_FAILED) {
		fprintf(stderr, "usage: mix RATE SECONDS DIR\n");
		return 2;
	}
	dir = argv[3];
	prepare();
	for (unsigned int i = 0; i < LOADS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			return 1;
		seed = 2463534242u + i;
		load(rate / LOADS, end, &t[i]);
		_exit(0);
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
	for (unsigned int i = 0; i < NAMES; i++)
		unlink(path("tool", i));
	report(t);
	return 0;
}
