/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More than snaplen of the data of some sockets: by their ports, and by what the data begin with.
 *
 * capture: read,write,pread64,pwrite64,readv,writev,sendto,recvfrom,sendmsg,recvmsg,sendmmsg,recvmmsg,process_vm_readv,process_vm_writev
 * full ports: 7000-7010
 */
#include "expect.h"
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/uio.h>

enum { FULL = 16000, MORE = 2000, DNS = 512, STATSD = 8125, LEN = 3000, LONG = 20000 };
#define TEXT(s_) s_, sizeof(s_) - 1
#define OPCODE(s_) TEXT("\x40\0\0\0\1\0\0\0\0\0\0\0" s_)

struct end {
	long fd;
	struct sockaddr_in6 name;
};

static char data[LONG], buf[LONG];
static const struct sockaddr_in6 none[2] = { { .sin6_family = AF_INET }, { .sin6_family = AF_INET6 } };

/* A network of its own, where all ports are free. */
static void own_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	MUST(unshare(CLONE_NEWNET));
	MUST(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &lo));
}

static void begin_with(const void *head, size_t n)
{
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)('A' + i % 50);
	memcpy(data, head, n);
}

static struct sockaddr_in6 loopback(int family, int port)
{
	struct sockaddr_in6 a = { .sin6_family = (sa_family_t)family, .sin6_port = htons((uint16_t)port) };

	if (family == AF_INET)
		((struct sockaddr_in *)&a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a.sin6_addr = in6addr_loopback;
	return a;
}

static void learn_name(struct end *e)
{
	socklen_t len = sizeof(e->name);

	MUST(getsockname((int)e->fd, (struct sockaddr *)&e->name, &len));
}

static struct end datagrams(int family, int port)
{
	struct end e = { MUST(socket(family, SOCK_DGRAM, 0)), loopback(family, port) };

	MUST(bind((int)e.fd, (struct sockaddr *)&e.name, sizeof(e.name)));
	learn_name(&e);
	return e;
}

static void connection(int port, struct end *client, struct end *server)
{
	struct sockaddr_in6 a = loopback(AF_INET, port);
	int l = MUST(socket(AF_INET, SOCK_STREAM, 0)), yes = 1, bytes = 1 << 18;

	MUST(setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)));
	MUST(setsockopt(l, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)));
	MUST(bind(l, (struct sockaddr *)&a, sizeof(a)));
	MUST(listen(l, 1));
	client->fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
	MUST(connect((int)client->fd, (struct sockaddr *)&a, sizeof(a)));
	server->fd = MUST(accept(l, NULL, NULL));
	learn_name(client);
	learn_name(server);
	close(l);
}

static void hang_up(const struct end *client, const struct end *server)
{
	close((int)client->fd);
	close((int)server->fd);
}

static void streams(void)
{
	static const struct {
		int port;
		const char *head;
		size_t n;
		long len, sent, received;
	} rows[] = {
		{ 7000, TEXT("x"), LONG, FULL, FULL }, { 7010, TEXT("x"), LEN, LEN, LEN },
		{ 7005, TEXT("x"), 100, 100, 100 },
		{ 6999, TEXT("x"), LEN, SNAPLEN, SNAPLEN }, { 7011, TEXT("x"), LEN, SNAPLEN, SNAPLEN },
		{ STATSD, TEXT("x"), LEN, MORE, SNAPLEN }, { 53, TEXT("x"), LEN, DNS, SNAPLEN },
		{ 53, TEXT("GET / HTTP/1.1"), LEN, DNS, MORE },
		{ 5000, TEXT("GET / HTTP/1.1"), LEN, MORE, MORE }, { 5000, TEXT("HTTP/1.1 200 OK"), LEN, MORE, MORE },
		{ 5000, TEXT("GET / HTTP/1.1"), 81, 81, 81 }, { 5000, TEXT("GET / HTTP/1.1"), 60, 60, 60 },
		{ 5000, TEXT("GETS /"), LEN, SNAPLEN, SNAPLEN },
		{ 5000, OPCODE("\xd4\x07\0\0"), LEN, MORE, MORE }, { 5000, OPCODE("\xd8\x07\0\0"), LEN, SNAPLEN, SNAPLEN },
		{ 3306, TEXT("\x21\0\0\0\3select"), LEN, MORE, MORE },
		{ 3306, TEXT("GET / HTTP/1.1"), LEN, SNAPLEN, SNAPLEN },
		{ 5432, TEXT("Q\0\0\0\x20select"), LEN, MORE, MORE },
		{ 5432, TEXT("\0\0\0\x50\0\3\0\0user"), LEN, MORE, MORE },
		{ 5432, TEXT("Z\0\0\0\x05I"), LEN, SNAPLEN, SNAPLEN }, { 27017, TEXT("x"), LEN, MORE, MORE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		long len = rows[i].len, n;
		struct end c, s;

		connection(rows[i].port, &c, &s);
		begin_with(rows[i].head, rows[i].n);
		n = SYS(sendto, c.fd, data, len, 0, NULL, 0);
		EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, data, rows[i].sent), I(fd, c.fd), I(size, len),
		       TUPLE(tuple, &c.name, &s.name));
		n = SYS(recvfrom, s.fd, buf, len, MSG_WAITALL, NULL, NULL);
		EXPECT(SOCKET_RECVFROM_X, I(res, len), B(data, data, rows[i].received), TUPLE(tuple, &c.name, &s.name),
		       I(fd, s.fd), I(size, len));
		n = SYS(write, c.fd, data, len);
		EXPECT(SYSCALL_WRITE_X, I(res, n), B(data, data, rows[i].sent), I(fd, c.fd), I(size, len));
		MUST(recv((int)s.fd, buf, (size_t)len, MSG_PEEK | MSG_WAITALL));
		n = SYS(read, s.fd, buf, len);
		EXPECT(SYSCALL_READ_X, I(res, n), B(data, data, rows[i].received), I(fd, s.fd), I(size, len));
		hang_up(&c, &s);
	}
}

/* Where sockets are not connected, the other end is the address in the call, if there is one. */
static void addresses(int family)
{
	struct end a = datagrams(family, 0), b = datagrams(family, STATSD);
	const struct sockaddr_in6 *no_name = &none[family == AF_INET6];
	struct sockaddr_in6 peer = { 0 };
	socklen_t len = sizeof(peer);
	long n;

	begin_with("x", 1);
	n = SYS(sendto, a.fd, data, LEN, 0, &b.name, sizeof(b.name));
	EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, data, MORE), I(fd, a.fd), I(size, LEN), TUPLE(tuple, &a.name, &b.name));
	n = SYS(recvfrom, b.fd, buf, LEN, 0, &peer, &len);
	EXPECT(SOCKET_RECVFROM_X, I(res, n), B(data, data, SNAPLEN), TUPLE(tuple, &a.name, &b.name), I(fd, b.fd),
	       I(size, LEN));
	for (int i = 0; i < 2; i++) {
		n = SYS(sendto, b.fd, data, LEN, 0, &a.name, sizeof(a.name));
		EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, data, SNAPLEN), I(fd, b.fd), I(size, LEN),
		       TUPLE(tuple, &b.name, &a.name));
	}
	n = SYS(recvfrom, a.fd, buf, LEN, 0, &peer, &len);
	EXPECT(SOCKET_RECVFROM_X, I(res, n), B(data, data, MORE), TUPLE(tuple, &b.name, &a.name), I(fd, a.fd),
	       I(size, LEN));
	n = SYS(recvfrom, a.fd, buf, LEN, 0, NULL, NULL);
	EXPECT(SOCKET_RECVFROM_X, I(res, n), B(data, data, SNAPLEN), TUPLE(tuple, no_name, &a.name), I(fd, a.fd),
	       I(size, LEN));
	MUST(connect((int)a.fd, (struct sockaddr *)&b.name, sizeof(b.name)));
	n = SYS(sendto, a.fd, data, LEN, 0, NULL, 0);
	EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, data, MORE), I(fd, a.fd), I(size, LEN), TUPLE(tuple, &a.name, &b.name));
	hang_up(&a, &b);
}

static void messages(void)
{
	struct end a = datagrams(AF_INET, 0), full = datagrams(AF_INET, 7005), other = datagrams(AF_INET, 5000);
	struct sockaddr_in6 peer[2] = { 0 };
	struct iovec out[3] = { { data, 3 }, { data + 3, 9000 }, { data + 9003, 9000 } };
	struct iovec in[3] = { { buf, 7 }, { buf + 7, 8000 }, { buf + 8007, 11000 } };
	struct iovec one = { data, LEN }, into[2] = { { buf, LONG / 2 }, { buf + LONG / 2, LONG / 2 } };
	struct msghdr mo = { .msg_name = &full.name, .msg_namelen = sizeof(full.name), .msg_iov = out, .msg_iovlen = 3 };
	struct msghdr mi = { .msg_name = &peer[0], .msg_namelen = sizeof(peer[0]), .msg_iov = in, .msg_iovlen = 3 };
	struct mmsghdr many[3] = {
		{ .msg_hdr = { &full.name, sizeof(full.name), &one, 1, NULL, 0, 0 } },
		{ .msg_hdr = { &other.name, sizeof(other.name), &one, 1, NULL, 0, 0 } },
		{ .msg_hdr = { &full.name, sizeof(full.name), &one, 1, NULL, 0, 0 } },
	};
	struct mmsghdr got[2] = {
		{ .msg_hdr = { &peer[0], sizeof(peer[0]), &into[0], 1, NULL, 0, 0 } },
		{ .msg_hdr = { &peer[1], sizeof(peer[1]), &into[1], 1, NULL, 0, 0 } },
	};
	long n;

	begin_with("x", 1);
	n = SYS(sendmsg, a.fd, &mo, 0);
	EXPECT(SOCKET_SENDMSG_X, I(res, n), B(data, data, FULL), I(fd, a.fd), I(size, 18003),
	       TUPLE(tuple, &a.name, &full.name));
	n = SYS(recvmsg, full.fd, &mi, 0);
	EXPECT(SOCKET_RECVMSG_X, I(res, n), I(size, 18003), B(data, data, FULL), TUPLE(tuple, &a.name, &full.name),
	       NONE(msgcontrol), I(fd, full.fd));
	if (SYS(sendmmsg, a.fd, many, 3, 0) != 3)
		die("sendmmsg");
	for (int i = 0; i < 3; i++)
		EXPECT(SOCKET_SENDMMSG_X, I(res, LEN), I(fd, a.fd), I(size, LEN), B(data, data, i == 1 ? SNAPLEN : LEN),
		       TUPLE(tuple, &a.name, i == 1 ? &other.name : &full.name));
	if (SYS(recvmmsg, full.fd, got, 2, 0, NULL) != 2)
		die("recvmmsg");
	for (int i = 0; i < 2; i++)
		EXPECT(SOCKET_RECVMMSG_X, I(res, LEN), I(fd, full.fd), I(size, LEN), B(data, data, LEN),
		       TUPLE(tuple, &a.name, &full.name), NONE(msgcontrol));
	close((int)other.fd);
	hang_up(&a, &full);
}

/* What counts is what the first of the buffers begins with. */
static void vectors(void)
{
	static const struct {
		size_t first;
		long keep;
	} rows[] = { { 14, MORE }, { 16, MORE }, { 8, MORE }, { 5, MORE }, { 4, SNAPLEN }, { 0, SNAPLEN } };
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec io[2];
	struct end c, s;
	long n;

	if (page == MAP_FAILED)
		die("mmap");
	MUST(mprotect(page + 4096, 4096, PROT_NONE));
	connection(5000, &c, &s);
	begin_with(TEXT("PUT / HTTP/1.1"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		io[0] = (struct iovec){ data, rows[i].first };
		io[1] = (struct iovec){ data + rows[i].first, LEN - rows[i].first };
		n = SYS(writev, c.fd, io, 2);
		EXPECT(SYSCALL_WRITEV_X, I(res, n), B(data, data, rows[i].keep), I(fd, c.fd), I(size, LEN));
		MUST(recv((int)s.fd, buf, LEN, MSG_PEEK | MSG_WAITALL));
		io[0].iov_base = buf;
		io[1].iov_base = buf + rows[i].first;
		n = SYS(readv, s.fd, io, 2);
		EXPECT(SYSCALL_READV_X, I(res, n), I(size, n), B(data, data, rows[i].keep), I(fd, s.fd));
	}
	/* behind it nothing can be read */
	for (size_t first = 5; first < 16; first += 3) {
		io[0] = (struct iovec){ memcpy(page + 4096 - first, data, first), first };
		io[1] = (struct iovec){ data + first, LEN - first };
		n = SYS(writev, c.fd, io, 2);
		EXPECT(SYSCALL_WRITEV_X, I(res, n), B(data, data, MORE), I(fd, c.fd), I(size, LEN));
		MUST(recv((int)s.fd, buf, LEN, MSG_WAITALL));
	}
	hang_up(&c, &s);
}

/* What fails is shown as it should have been written. */
static void failures(void)
{
	struct iovec io[2] = { { data, 1000 }, { data + 1000, 2000 } };
	struct msghdr m = { .msg_iov = io, .msg_iovlen = 2 };
	struct end c, s;
	long n;

	signal(SIGPIPE, SIG_IGN);
	connection(7001, &c, &s);
	begin_with(TEXT("x"));
	MUST(shutdown((int)c.fd, SHUT_WR));
	n = SYS(write, c.fd, data, LONG);
	EXPECT(SYSCALL_WRITE_X, I(res, n), B(data, data, FULL), I(fd, c.fd), I(size, LONG));
	n = SYS(pwrite64, c.fd, data, LEN, 0L);
	EXPECT(SYSCALL_PWRITE_X, I(res, n), B(data, data, LEN), I(fd, c.fd), I(size, LEN), I(pos, 0));
	n = SYS(sendmsg, c.fd, &m, 0);
	EXPECT(SOCKET_SENDMSG_X, I(res, n), B(data, data, 3000), I(fd, c.fd), I(size, 3000), TUPLE(tuple, &c.name, &s.name));
	n = SYS(write, c.fd, BAD_PTR, LEN);
	EXPECT(SYSCALL_WRITE_X, I(res, n), NONE(data), I(fd, c.fd), I(size, LEN));
	n = SYS(read, s.fd, buf, LEN);
	EXPECT(SYSCALL_READ_X, I(res, 0), NONE(data), I(fd, s.fd), I(size, LEN));
	n = SYS(write, BAD_FD, data, LEN);
	EXPECT(SYSCALL_WRITE_X, I(res, n), B(data, data, SNAPLEN), I(fd, BAD_FD), I(size, LEN));
	hang_up(&c, &s);
}

/* Files and pipes are no sockets, and a process is no descriptor; unix sockets have no ports. */
static void others(void)
{
	struct iovec from = { data, LEN }, to = { buf, LEN };
	long n, file = MUST(open("file", O_RDWR | O_CREAT, 0600)), pid = getpid();
	struct rlimit most = { (rlim_t)pid + 1, (rlim_t)pid + 1 };
	struct end c, s;
	int fds[2];

	begin_with(TEXT("GET / HTTP/1.1"));
	n = SYS(write, file, data, LEN);
	EXPECT(SYSCALL_WRITE_X, I(res, n), B(data, data, SNAPLEN), I(fd, file), I(size, LEN));
	n = SYS(pread64, file, buf, LEN, 0L);
	EXPECT(SYSCALL_PREAD_X, I(res, n), B(data, data, SNAPLEN), I(fd, file), I(size, LEN), I(pos, 0));
	MUST(pipe(fds));
	n = SYS(write, fds[1], data, LEN);
	EXPECT(SYSCALL_WRITE_X, I(res, n), B(data, data, SNAPLEN), I(fd, fds[1]), I(size, LEN));
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	n = SYS(write, fds[1], data, LEN);
	EXPECT(SYSCALL_WRITE_X, I(res, n), B(data, data, MORE), I(fd, fds[1]), I(size, LEN));
	n = SYS(read, fds[0], buf, LEN);
	EXPECT(SYSCALL_READ_X, I(res, n), B(data, data, MORE), I(fd, fds[0]), I(size, LEN));
	connection(7000, &c, &s);
	/* a socket of that number, if it can be had */
	if (pid > s.fd && !setrlimit(RLIMIT_NOFILE, &most))
		dup2((int)c.fd, (int)pid);
	n = SYS(process_vm_writev, pid, &from, 1L, &to, 1L, 0L);
	EXPECT(SYSCALL_PROCESS_VM_WRITEV_X, I(res, n), I(pid, pid), B(data, data, SNAPLEN));
	n = SYS(process_vm_readv, pid, &to, 1L, &from, 1L, 0L);
	EXPECT(SYSCALL_PROCESS_VM_READV_X, I(res, n), I(pid, pid), B(data, data, SNAPLEN));
}

static void all(void)
{
	own_network();
	streams();
	addresses(AF_INET);
	addresses(AF_INET6);
	messages();
	vectors();
	failures();
	others();
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	in_child(all);
	return expect_done(argv);
}
