/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second thread overwrites a path or an address while the call that got it is blocked.
 * The event must say what the kernel used, not what is there when the call returns.
 */
#include "expect.h"
#include <linux/openat2.h>
#include <pthread.h>

static char path[64];
static struct sockaddr_un unix_addr;
static struct sockaddr_in inet_addr_;
static int listener, open_mode;

/* The first thread's file in /proc. */
static const char *read_proc(const char *name)
{
	static char data[512];
	char file[64];
	int fd;
	ssize_t n;

	snprintf(file, sizeof(file), "/proc/self/task/%d/%s", getpid(), name);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	n = read(fd, data, sizeof(data) - 1);
	close(fd);
	data[n < 0 ? 0 : n] = 0;
	return data;
}

/* Asleep in one of the calls tested, not stopped by a tracer on its way there. */
static int is_blocked(void)
{
	const char *state = strrchr(read_proc("stat"), ')');
	long nr;

	if (!state || strncmp(state, ") S", 3) || sscanf(read_proc("syscall"), "%ld", &nr) != 1)
		return 0;
	return nr == SYS_open || nr == SYS_openat || nr == SYS_openat2 || nr == SYS_creat ||
	       nr == SYS_connect;
}

/* However slow the machine is: what is overwritten too early is another test, and may not end. */
static void let_it_block(void)
{
	for (int i = 0; !is_blocked(); i++) {
		if (i == 1000)
			die("the call does not block");
		usleep(10000);
	}
}

static void *open_other_end(void *arg)
{
	let_it_block();
	strcpy(path, "/etc/innocent");
	close(MUST(open("fifo", open_mode)));	/* or else the next open would not block */
	return arg;
}

static pthread_t begin(void *(*fn)(void *))
{
	pthread_t t;

	if (pthread_create(&t, NULL, fn, NULL))
		die("pthread_create");
	return t;
}

static pthread_t begin_open(int other_end)
{
	strcpy(path, "fifo");
	open_mode = other_end;
	return begin(open_other_end);
}

static struct stat fifo(void)
{
	struct stat st;

	MUST(stat("fifo", &st));
	return st;
}

static void opens(void)
{
	struct open_how how = { .flags = O_RDONLY };
	struct stat st;
	pthread_t t;
	long fd;

	MUST(mkfifo("fifo", 0600));
	st = fifo();
	t = begin_open(O_WRONLY);
	fd = SYS(open, path, O_RDONLY, 0);
	EXPECT(SYSCALL_OPEN_X, I(fd, fd), S(name, "fifo"), I(flags, PO_RDONLY), I(mode, 0),
	       I(dev, st.st_dev), I(ino, st.st_ino));
	pthread_join(t, NULL);
	close((int)fd);
	t = begin_open(O_WRONLY);
	fd = SYS(openat, AT_FDCWD, path, O_RDONLY, 0);
	EXPECT(SYSCALL_OPENAT_2_X, I(fd, fd), I(dirfd, -100), S(name, "fifo"),
	       I(flags, PO_RDONLY), I(mode, 0), I(dev, st.st_dev), I(ino, st.st_ino));
	pthread_join(t, NULL);
	close((int)fd);
	t = begin_open(O_WRONLY);
	fd = SYS(openat2, AT_FDCWD, path, &how, sizeof(how));
	EXPECT(SYSCALL_OPENAT2_X, I(fd, fd), I(dirfd, -100), S(name, "fifo"), I(flags, PO_RDONLY),
	       I(mode, 0), I(resolve, 0), I(dev, st.st_dev), I(ino, st.st_ino));
	pthread_join(t, NULL);
	close((int)fd);
	t = begin_open(O_RDONLY);
	fd = SYS(creat, path, 0600);
	EXPECT(SYSCALL_CREAT_X, I(fd, fd), S(name, "fifo"), I(mode, 0600), I(dev, st.st_dev),
	       I(ino, st.st_ino), I(creat_flags, 0));
	pthread_join(t, NULL);
}

static void *accept_unix(void *arg)
{
	let_it_block();
	strcpy(unix_addr.sun_path, "innocent");
	MUST(accept(listener, NULL, NULL));
	MUST(accept(listener, NULL, NULL));
	return arg;
}

/* The second connection has to wait until the first was accepted. */
static void unix_connect(void)
{
	int first = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof("listener");
	pthread_t t;
	long res;

	listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	unix_addr.sun_family = AF_UNIX;
	strcpy(unix_addr.sun_path, "listener");
	MUST(bind(listener, (struct sockaddr *)&unix_addr, len));
	MUST(listen(listener, 0));
	MUST(connect(first, (struct sockaddr *)&unix_addr, len));
	t = begin(accept_unix);
	res = SYS(connect, fd, &unix_addr, len);
	EXPECT(SOCKET_CONNECT_X, I(res, res),
	       TUPLE_UN(tuple, "$server:8", "$client:8", "listener"), I(fd, fd),
	       ADDR_UN(addr, "listener"));
	pthread_join(t, NULL);
}

static void *accept_inet(void *arg)
{
	let_it_block();
	inet_addr_.sin_addr.s_addr = htonl(0x01020304);
	inet_addr_.sin_port = htons(53);
	MUST(accept(listener, NULL, NULL));
	return arg;
}

static void inet_connect(void)
{
	struct sockaddr_in server, client;
	socklen_t len = sizeof(server);
	int first = MUST(socket(AF_INET, SOCK_STREAM, 0));
	int fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
	pthread_t t;
	long res;

	listener = MUST(socket(AF_INET, SOCK_STREAM, 0));
	inet_addr_.sin_family = AF_INET;
	inet_addr_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	MUST(bind(listener, (struct sockaddr *)&inet_addr_, len));
	MUST(listen(listener, 0));
	MUST(getsockname(listener, (struct sockaddr *)&inet_addr_, &len));
	server = inet_addr_;
	MUST(connect(first, (struct sockaddr *)&server, len));
	t = begin(accept_inet);
	res = SYS(connect, fd, &inet_addr_, sizeof(inet_addr_));
	MUST(getsockname(fd, (struct sockaddr *)&client, &len));
	EXPECT(SOCKET_CONNECT_X, I(res, res), TUPLE(tuple, &client, &server), I(fd, fd),
	       ADDR(addr, &server));
	pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	opens();
	unix_connect();
	inet_connect();
	return expect_done(argv);
}
