/* SPDX-License-Identifier: Apache-2.0 */
/* UDP: addresses in the call, sendmsg and recvmsg, sendmmsg and recvmmsg. */
#include "expect.h"

static char text[200], buf[2][256];
static struct sockaddr_in6 a, b, none;	/* ends of the sockets fa and fb; no address */
static long fa, fb;

static long bound(int family, struct sockaddr_in6 *name)
{
	struct sockaddr_in *in = (struct sockaddr_in *)name;
	socklen_t len = sizeof(*name);
	int fd = MUST(socket(family, SOCK_DGRAM, 0));

	memset(name, 0, sizeof(*name));
	name->sin6_family = (sa_family_t)family;
	if (family == AF_INET)
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		name->sin6_addr = in6addr_loopback;
	MUST(bind(fd, (struct sockaddr *)name, sizeof(*name)));
	MUST(getsockname(fd, (struct sockaddr *)name, &len));
	return fd;
}

static void to_and_from(void)
{
	struct sockaddr_in6 peer = { 0 };
	socklen_t len = sizeof(peer);
	long n = SYS(sendto, fa, text, 33, 0, &b, sizeof(b));

	EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, text, 33), I(fd, fa), I(size, 33),
	       TUPLE(tuple, &a, &b));
	n = SYS(recvfrom, fb, buf, 100, 0, &peer, &len);
	EXPECT(SOCKET_RECVFROM_X, I(res, n), B(data, text, 33), TUPLE(tuple, &a, &b), I(fd, fb),
	       I(size, 100));
	MUST(SYS(sendto, fa, text, 90, 0, &b, sizeof(b)));
	EXPECT(SOCKET_SENDTO_X, I(res, 90), B(data, text, SNAPLEN), I(fd, fa), I(size, 90),
	       TUPLE(tuple, &a, &b));
	/* nobody asks for the sender, so nobody knows it */
	n = SYS(recvfrom, fb, buf, 100, 0, NULL, NULL);
	EXPECT(SOCKET_RECVFROM_X, I(res, n), B(data, text, SNAPLEN), TUPLE(tuple, &none, &b),
	       I(fd, fb), I(size, 100));
	n = SYS(recvfrom, fb, buf, 100, MSG_DONTWAIT, &peer, &len);
	EXPECT(SOCKET_RECVFROM_X, I(res, n), NONE(data), NONE(tuple), I(fd, fb), I(size, 100));
}

static void messages(void)
{
	struct iovec out[2] = { { text, 50 }, { text + 50, 60 } };
	struct iovec in[2] = { { buf[0], 20 }, { buf[1], 200 } };
	struct sockaddr_in6 peer = { 0 };
	struct msghdr mo = { .msg_name = &b, .msg_namelen = sizeof(b), .msg_iov = out,
			     .msg_iovlen = 2 };
	struct msghdr mi = { .msg_name = &peer, .msg_namelen = sizeof(peer), .msg_iov = in,
			     .msg_iovlen = 2 };
	long n = SYS(sendmsg, fa, &mo, 0);

	EXPECT(SOCKET_SENDMSG_X, I(res, n), B(data, text, SNAPLEN), I(fd, fa), I(size, 110),
	       TUPLE(tuple, &a, &b));
	n = SYS(recvmsg, fb, &mi, 0);
	EXPECT(SOCKET_RECVMSG_X, I(res, n), I(size, 110), B(data, text, SNAPLEN),
	       TUPLE(tuple, &a, &b), NONE(msgcontrol), I(fd, fb));
	n = SYS(recvmsg, fb, &mi, MSG_DONTWAIT);
	EXPECT(SOCKET_RECVMSG_X, I(res, n), I(size, 0), NONE(data), NONE(tuple),
	       NONE(msgcontrol), I(fd, fb));
	out[1].iov_len = 10;
	n = SYS(sendmsg, BAD_FD, &mo, 0);
	EXPECT(SOCKET_SENDMSG_X, I(res, n), B(data, text, 60), I(fd, BAD_FD), I(size, 60),
	       NONE(tuple));
	n = SYS(sendmsg, fa, BAD_PTR, 0);
	EXPECT(SOCKET_SENDMSG_X, I(res, n), NONE(data), I(fd, fa), I(size, 0),
	       ANY(tuple, "a socket, but no message"));
}

/* One event for each message. */
static void many(void)
{
	struct sockaddr_in6 peer[2] = { 0 };
	struct iovec out[2] = { { text, 15 }, { text + 15, 90 } };
	struct iovec in[2] = { { buf[0], 256 }, { buf[1], 256 } };
	struct mmsghdr mo[2] = {
		{ .msg_hdr = { &b, sizeof(b), &out[0], 1, NULL, 0, 0 } },
		{ .msg_hdr = { &b, sizeof(b), &out[1], 1, NULL, 0, 0 } },
	};
	struct mmsghdr mi[2] = {
		{ .msg_hdr = { &peer[0], sizeof(peer[0]), &in[0], 1, NULL, 0, 0 } },
		{ .msg_hdr = { &peer[1], sizeof(peer[1]), &in[1], 1, NULL, 0, 0 } },
	};

	if (SYS(sendmmsg, fa, mo, 2, 0) != 2)
		die("sendmmsg");
	EXPECT(SOCKET_SENDMMSG_X, I(res, 15), I(fd, fa), I(size, 15), B(data, text, 15),
	       TUPLE(tuple, &a, &b));
	EXPECT(SOCKET_SENDMMSG_X, I(res, 90), I(fd, fa), I(size, 90),
	       B(data, text + 15, SNAPLEN), TUPLE(tuple, &a, &b));
	if (SYS(recvmmsg, fb, mi, 2, 0, NULL) != 2)
		die("recvmmsg");
	EXPECT(SOCKET_RECVMMSG_X, I(res, 15), I(fd, fb), I(size, 15), B(data, text, 15),
	       TUPLE(tuple, &a, &b), NONE(msgcontrol));
	EXPECT(SOCKET_RECVMMSG_X, I(res, 90), I(fd, fb), I(size, 90),
	       B(data, text + 15, SNAPLEN), TUPLE(tuple, &a, &b), NONE(msgcontrol));
	EXPECT(SOCKET_SENDMMSG_X, I(res, SYS(sendmmsg, BAD_FD, mo, 2, 0)), I(fd, BAD_FD),
	       I(size, 0), NONE(data), NONE(tuple));
	EXPECT(SOCKET_RECVMMSG_X, I(res, SYS(recvmmsg, fb, mi, 2, MSG_DONTWAIT, NULL)), I(fd, fb),
	       I(size, 0), NONE(data), NONE(tuple), NONE(msgcontrol));
}

/* Without a bind: the kernel chooses a port, and no address. */
static void unbound(int family)
{
	struct sockaddr_in6 self = { 0 };
	socklen_t len = sizeof(self);
	int fd = MUST(socket(family, SOCK_DGRAM, 0));
	long n = SYS(sendto, fd, text, 8, 0, &b, sizeof(b));

	MUST(getsockname(fd, (struct sockaddr *)&self, &len));
	EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, text, 8), I(fd, fd), I(size, 8),
	       TUPLE(tuple, &self, &b));
	n = SYS(connect, fd, &b, sizeof(b));
	MUST(getsockname(fd, (struct sockaddr *)&self, &len));
	EXPECT(SOCKET_CONNECT_X, I(res, n), TUPLE(tuple, &self, &b), I(fd, fd), ADDR(addr, &b));
	n = SYS(sendto, fd, text, 9, 0, NULL, 0);
	EXPECT(SOCKET_SENDTO_X, I(res, n), B(data, text, 9), I(fd, fd), I(size, 9),
	       TUPLE(tuple, &self, &b));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('0' + i % 10);
	for (int i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET;

		fa = bound(family, &a);
		fb = bound(family, &b);
		none = (struct sockaddr_in6){ .sin6_family = (sa_family_t)family };
		to_and_from();
		messages();
		many();
		unbound(family);
	}
	return expect_done(argv);
}
