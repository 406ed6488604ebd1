/* SPDX-License-Identifier: Apache-2.0 */
/* TCP over IPv4 and IPv6: socket to shutdown, tuples from both ends, the accept queue. */
#include "expect.h"

struct ends {
	struct sockaddr_in6 client, server;
};

static char text[300], buf[400];

static void loopback(struct sockaddr_in6 *a, int family, int port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)a;

	memset(a, 0, sizeof(*a));
	a->sin6_family = (sa_family_t)family;
	a->sin6_port = htons((uint16_t)port);
	if (family == AF_INET)
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a->sin6_addr = in6addr_loopback;
}

static struct sockaddr_in6 name_of(long fd)
{
	struct sockaddr_in6 a = { 0 };
	socklen_t len = sizeof(a);

	MUST(getsockname((int)fd, (struct sockaddr *)&a, &len));
	return a;
}

static long new_socket(int family, int type)
{
	long fd = SYS(socket, family, type, 0);

	EXPECT(SOCKET_SOCKET_X, I(fd, fd), I(domain, family), I(type, type), I(proto, 0),
	       I(flags, (type & SOCK_CLOEXEC ? PO_CLOEXEC : 0) |
			(type & SOCK_NONBLOCK ? PO_NONBLOCK : 0)));
	return fd;
}

static long new_server(int family, struct sockaddr_in6 *addr)
{
	long fd = new_socket(family, SOCK_STREAM | SOCK_CLOEXEC);

	loopback(addr, family, 0);
	EXPECT(SOCKET_BIND_X, I(res, SYS(bind, fd, addr, sizeof(*addr))), ADDR(addr, addr),
	       I(fd, fd));
	*addr = name_of(fd);
	EXPECT(SOCKET_LISTEN_X, I(res, SYS(listen, fd, 5)), I(fd, fd), I(backlog, 5));
	return fd;
}

static long connect_to(struct sockaddr_in6 *server, int type)
{
	long fd = new_socket(server->sin6_family, type);
	long res = SYS(connect, fd, server, sizeof(*server));
	struct sockaddr_in6 client = name_of(fd);

	EXPECT(SOCKET_CONNECT_X, I(res, res), TUPLE(tuple, &client, server), I(fd, fd),
	       ADDR(addr, server));
	return fd;
}

static void refused(int family)
{
	struct sockaddr_in6 nobody;
	long fd = new_socket(family, SOCK_STREAM);

	/* bound and not listening: nobody else takes the port, nobody answers */
	loopback(&nobody, family, 0);
	MUST(bind((int)new_socket(family, SOCK_STREAM), (struct sockaddr *)&nobody,
		  sizeof(nobody)));
	nobody = name_of(fd + 1);
	EXPECT(SOCKET_CONNECT_X, I(res, SYS(connect, fd, &nobody, sizeof(nobody))), NONE(tuple),
	       I(fd, fd), ADDR(addr, &nobody));
	EXPECT(SOCKET_CONNECT_X, I(res, SYS(connect, BAD_FD, &nobody, sizeof(nobody))),
	       NONE(tuple), I(fd, BAD_FD), ADDR(addr, &nobody));
	EXPECT(SOCKET_CONNECT_X, I(res, SYS(connect, fd, BAD_PTR, sizeof(nobody))), NONE(tuple),
	       I(fd, fd), NONE(addr));
}

static void data(long client, long server, struct ends *e)
{
	long n = SYS(sendto, client, text, 40, 0, NULL, 0);

	EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, text, 40), I(fd, client), I(size, 40),
	       TUPLE(tuple, &e->client, &e->server));
	n = SYS(recvfrom, server, buf, sizeof(buf), 0, NULL, NULL);
	EXPECT(SOCKET_RECVFROM_X, I(res, n), B(data, text, 40),
	       TUPLE(tuple, &e->client, &e->server), I(fd, server), I(size, sizeof(buf)));
	n = SYS(sendto, server, text, sizeof(text), 0, NULL, 0);
	EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, text, SNAPLEN), I(fd, server),
	       I(size, sizeof(text)), TUPLE(tuple, &e->server, &e->client));
	n = SYS(recvfrom, client, buf, sizeof(buf), 0, NULL, NULL);
	EXPECT(SOCKET_RECVFROM_X, I(res, n), B(data, text, SNAPLEN),
	       TUPLE(tuple, &e->server, &e->client), I(fd, client), I(size, sizeof(buf)));
	n = SYS(recvfrom, client, buf, 10, MSG_DONTWAIT, NULL, NULL);
	EXPECT(SOCKET_RECVFROM_X, I(res, n), NONE(data), NONE(tuple), I(fd, client), I(size, 10));
	n = SYS(sendto, BAD_FD, text, 25, 0, NULL, 0);
	EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, text, 25), I(fd, BAD_FD), I(size, 25),
	       NONE(tuple));
}

static void accepts(long listener, struct sockaddr_in6 *server)
{
	struct sockaddr_in6 peer;
	socklen_t len = sizeof(peer);
	long clients[3];
	struct ends e = { .server = *server };
	long fd;

	for (int i = 0; i < 3; i++)
		clients[i] = connect_to(server, SOCK_STREAM);
	e.client = name_of(clients[0]);
	fd = SYS(accept, listener, &peer, &len);
	EXPECT(SOCKET_ACCEPT_5_X, I(fd, fd), TUPLE(tuple, &e.client, server), I(queuepct, 40),
	       I(queuelen, 2), I(queuemax, 5));
	data(clients[0], fd, &e);
	EXPECT_EMPTY_AFTER(SOCKET_GETSOCKNAME_X, SYS(getsockname, fd, &peer, &len));
	EXPECT_EMPTY_AFTER(SOCKET_GETPEERNAME_X, SYS(getpeername, fd, &peer, &len));
	EXPECT(SOCKET_SHUTDOWN_X, I(res, SYS(shutdown, fd, SHUT_WR)), I(fd, fd), I(how, 1));
	EXPECT(SOCKET_SHUTDOWN_X, I(res, SYS(shutdown, fd, SHUT_RDWR)), I(fd, fd), I(how, 2));
	EXPECT(SOCKET_SHUTDOWN_X, I(res, SYS(shutdown, BAD_FD, SHUT_RD)), I(fd, BAD_FD),
	       I(how, 0));

	e.client = name_of(clients[1]);
	fd = SYS(accept4, listener, NULL, NULL, SOCK_CLOEXEC);
	EXPECT(SOCKET_ACCEPT4_6_X, I(fd, fd), TUPLE(tuple, &e.client, server), I(queuepct, 20),
	       I(queuelen, 1), I(queuemax, 5), I(flags, PO_CLOEXEC));
	e.client = name_of(clients[2]);
	fd = SYS(accept4, listener, NULL, NULL, 0);
	EXPECT(SOCKET_ACCEPT4_6_X, I(fd, fd), TUPLE(tuple, &e.client, server), I(queuepct, 0),
	       I(queuelen, 0), I(queuemax, 5), I(flags, 0));
	EXPECT(SOCKET_ACCEPT_5_X, I(fd, SYS(accept, BAD_FD, NULL, NULL)), NONE(tuple),
	       I(queuepct, 0), I(queuelen, 0), I(queuemax, 0));
	EXPECT(SOCKET_ACCEPT4_6_X, I(fd, SYS(accept4, clients[0], NULL, NULL, SOCK_NONBLOCK)),
	       NONE(tuple), I(queuepct, 0), I(queuelen, 0), I(queuemax, 0),
	       I(flags, PO_NONBLOCK));
}

static void family(int af)
{
	struct sockaddr_in6 server;
	long listener = new_server(af, &server);

	accepts(listener, &server);
	/* not blocking: in progress, or done at once */
	connect_to(&server, SOCK_STREAM | SOCK_NONBLOCK);
	refused(af);
	EXPECT(SOCKET_BIND_X, I(res, SYS(bind, listener, &server, sizeof(server))),
	       ADDR(addr, &server), I(fd, listener));
	EXPECT(SOCKET_LISTEN_X, I(res, SYS(listen, BAD_FD, -7)), I(fd, BAD_FD), I(backlog, -7));
}

/* An IPv4 peer of an IPv6 socket: addresses are mapped, on this side only. */
static void mapped(void)
{
	struct sockaddr_in6 server, to = { .sin6_family = AF_INET6 }, client;
	struct sockaddr_in *in = (struct sockaddr_in *)&server, peer = { .sin_family = AF_INET };
	long listener = new_server(AF_INET, &server);
	long fd = new_socket(AF_INET6, SOCK_STREAM);
	long res;

	to.sin6_port = in->sin_port;
	memcpy(to.sin6_addr.s6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16);
	res = SYS(connect, fd, &to, sizeof(to));
	client = name_of(fd);
	EXPECT(SOCKET_CONNECT_X, I(res, res), TUPLE(tuple, &client, &to), I(fd, fd),
	       ADDR(addr, &to));
	peer.sin_port = client.sin6_port;
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = SYS(accept, listener, NULL, NULL);
	EXPECT(SOCKET_ACCEPT_5_X, I(fd, fd), TUPLE(tuple, &peer, in), I(queuepct, 0),
	       I(queuelen, 0), I(queuemax, 5));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 26);
	family(AF_INET);
	family(AF_INET6);
	mapped();
	EXPECT(SOCKET_SOCKET_X, I(fd, SYS(socket, AF_INET, SOCK_DGRAM, IPPROTO_TCP)),
	       I(domain, AF_INET), I(type, SOCK_DGRAM), I(proto, IPPROTO_TCP), I(flags, 0));
	return expect_done(argv);
}
