/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix sockets: streams and datagrams, paths and abstract names, socketpair, descriptors
 * passed on.  The addresses of the kernel's sockets are not known here, but each is the
 * same in all events, and the two ends mirror each other.
 *
 * In a tuple the receiver comes first, and the path is its own.
 */
#include "expect.h"

static char text[100], buf[200];

static socklen_t fill(struct sockaddr_un *a, const char *name, bool abstract)
{
	memset(a, 'x', sizeof(*a));	/* what follows the name is no part of it */
	a->sun_family = AF_UNIX;
	a->sun_path[0] = 0;
	memcpy(a->sun_path + abstract, name, strlen(name) + !abstract);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name) +
			   !abstract);
}

/* pre: what the variables of this conversation begin with. */
static void stream(const char *name, bool abstract, const char *pre)
{
	char *server = expect_text("$%sserver:8", pre), *client = expect_text("$%sclient:8", pre);
	struct sockaddr_un addr;
	socklen_t len = fill(&addr, name, abstract);
	long listener = SYS(socket, AF_UNIX, SOCK_STREAM, 0);
	long fd, peer, n;

	EXPECT(SOCKET_SOCKET_X, I(fd, listener), I(domain, 1), I(type, SOCK_STREAM), I(proto, 0),
	       I(flags, 0));
	EXPECT(SOCKET_BIND_X, I(res, SYS(bind, listener, &addr, len)), ADDR_UN(addr, name),
	       I(fd, listener));
	EXPECT(SOCKET_LISTEN_X, I(res, SYS(listen, listener, 4)), I(fd, listener),
	       I(backlog, 4));
	fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	n = SYS(connect, fd, &addr, len);
	EXPECT(SOCKET_CONNECT_X, I(res, n), TUPLE_UN(tuple, server, client, name), I(fd, fd),
	       ADDR_UN(addr, name));
	peer = SYS(accept, listener, NULL, NULL);
	EXPECT(SOCKET_ACCEPT_5_X, I(fd, peer), TUPLE_UN(tuple, server, client, name),
	       I(queuepct, 0), I(queuelen, 0), I(queuemax, 4));
	n = SYS(sendto, fd, text, 21, 0, NULL, 0);
	EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, text, 21), I(fd, fd), I(size, 21),
	       TUPLE_UN(tuple, server, client, name));
	n = SYS(recvfrom, peer, buf, 150, 0, NULL, NULL);
	EXPECT(SOCKET_RECVFROM_X, I(res, n), B(data, text, 21),
	       TUPLE_UN(tuple, server, client, name), I(fd, peer), I(size, 150));
}

static void failures(void)
{
	struct sockaddr_un addr;
	socklen_t len = fill(&addr, "nobody", false);
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	EXPECT(SOCKET_CONNECT_X, I(res, SYS(connect, fd, &addr, len)), NONE(tuple), I(fd, fd),
	       ADDR_UN(addr, "nobody"));
	len = fill(&addr, "none/here", false);
	EXPECT(SOCKET_BIND_X, I(res, SYS(bind, fd, &addr, len)), ADDR_UN(addr, "none/here"),
	       I(fd, fd));
	EXPECT(SOCKET_BIND_X, I(res, SYS(bind, fd, BAD_PTR, 20)), NONE(addr), I(fd, fd));
}

/* A name that fills sun_path to the last byte, which is no NUL then. */
static void longest(void)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = 0;
	memcpy(addr.sun_path, name, sizeof(addr.sun_path));
	EXPECT(SOCKET_BIND_X, I(res, SYS(bind, fd, &addr, sizeof(addr))), ADDR_UN(addr, name),
	       I(fd, fd));
}

static void pairs(void)
{
	int fds[2];

	MUST(SYS(socketpair, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds));
	EXPECT(SOCKET_SOCKETPAIR_X, I(res, 0), I(fd1, fds[0]), I(fd2, fds[1]), VAR(source, pair0),
	       VAR(peer, pair1), I(domain, 1), I(type, SOCK_DGRAM | SOCK_CLOEXEC), I(proto, 0));
	EXPECT(SOCKET_SOCKETPAIR_X, I(res, SYS(socketpair, AF_INET, SOCK_STREAM, 6, fds)),
	       I(fd1, -1), I(fd2, -1), I(source, 0), I(peer, 0), I(domain, 2),
	       I(type, SOCK_STREAM), I(proto, 6));
}

static void datagrams(void)
{
	struct sockaddr_un addr, self;
	socklen_t len = fill(&addr, "dgram", false), self_len = fill(&self, "sender", false);
	int fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), peer = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	long n;

	MUST(bind(peer, (struct sockaddr *)&addr, len));
	MUST(bind(fd, (struct sockaddr *)&self, self_len));
	/* no peer yet: the address is in the call */
	n = SYS(sendto, fd, text, 11, 0, &addr, len);
	EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, text, 11), I(fd, fd), I(size, 11),
	       TUPLE_UN(tuple, "0000000000000000", "$dself:8", "dgram"));
	n = SYS(connect, fd, &addr, len);
	EXPECT(SOCKET_CONNECT_X, I(res, n), TUPLE_UN(tuple, "$dpeer:8", "$dself:8", "dgram"),
	       I(fd, fd), ADDR_UN(addr, "dgram"));
	n = SYS(sendto, fd, text, 12, 0, NULL, 0);
	EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, text, 12), I(fd, fd), I(size, 12),
	       TUPLE_UN(tuple, "$dpeer:8", "$dself:8", "dgram"));
}

/* Descriptors passed in control data. */
static void passing(void)
{
	struct iovec out = { text, 9 }, in = { buf, sizeof(buf) };
	char control[CMSG_SPACE(2 * sizeof(int))] = { 0 }, got[sizeof(control)] = { 0 };
	struct msghdr mo = { .msg_iov = &out, .msg_iovlen = 1, .msg_control = control,
			     .msg_controllen = sizeof(control) };
	struct msghdr mi = { .msg_iov = &in, .msg_iovlen = 1, .msg_control = got,
			     .msg_controllen = sizeof(got) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&mo);
	int passed[2] = { 0, 2 }, fds[2];
	long n;

	MUST(SYS(socketpair, AF_UNIX, SOCK_STREAM, 0, fds));
	EXPECT(SOCKET_SOCKETPAIR_X, I(res, 0), I(fd1, fds[0]), I(fd2, fds[1]), VAR(source, pass0),
	       VAR(peer, pass1), I(domain, 1), I(type, SOCK_STREAM), I(proto, 0));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(passed));
	memcpy(CMSG_DATA(c), passed, sizeof(passed));
	n = SYS(sendmsg, fds[0], &mo, 0);
	EXPECT(SOCKET_SENDMSG_X, I(res, n), B(data, text, 9), I(fd, fds[0]), I(size, 9),
	       TUPLE_UN(tuple, "$pass1:8", "$pass0:8", ""));
	n = SYS(recvmsg, fds[1], &mi, 0);
	EXPECT(SOCKET_RECVMSG_X, I(res, n), I(size, 9), B(data, text, 9),
	       TUPLE_UN(tuple, "$pass1:8", "$pass0:8", ""),
	       B(msgcontrol, got, mi.msg_controllen), I(fd, fds[1]));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('z' - i % 26);
	stream("sock", false, "path");
	stream("saker-conform-abstract", true, "abstract");
	failures();
	longest();
	pairs();
	datagrams();
	passing();
	return expect_done(argv);
}
