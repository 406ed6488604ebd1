/* SPDX-License-Identifier: Apache-2.0 */
/* setsockopt and getsockopt: the forms of the value. */
#include "expect.h"
#include <netinet/tcp.h>
#include <sys/time.h>

enum { UNKNOWN = 0, ERRNO = 1, UINT32 = 2, UINT64 = 3, TIME = 4 };	/* forms of PT_DYN */

static long fd;

/* PT_DYN with the bytes as they are. */
static char *raw(const void *p, size_t len)
{
	char b[64] = { UNKNOWN };

	memcpy(b + 1, p, len);
	return expect_bytes(b, len + 1);
}
#define RAW(name_, p_, len_) ((struct val){ #name_, raw(p_, len_) })

static void sets(void)
{
	struct timeval tv = { 3, 250 };
	struct linger linger = { 1, 9 };
	int n = 1;

	EXPECT(SOCKET_SETSOCKOPT_X,
	       I(res, SYS(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &n, sizeof(n))), I(fd, fd),
	       I(level, 1), I(optname, 2), DYN(val, UINT32, 1, 4), I(optlen, 4));
	EXPECT(SOCKET_SETSOCKOPT_X,
	       I(res, SYS(setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv))), I(fd, fd),
	       I(level, 1), I(optname, 20), DYN(val, TIME, 3000250000, 8), I(optlen, sizeof(tv)));
	EXPECT(SOCKET_SETSOCKOPT_X,
	       I(res, SYS(setsockopt, fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger))),
	       I(fd, fd), I(level, 1), I(optname, 13), RAW(val, &linger, sizeof(linger)),
	       I(optlen, sizeof(linger)));
	EXPECT(SOCKET_SETSOCKOPT_X,
	       I(res, SYS(setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &n, sizeof(n))), I(fd, fd),
	       I(level, 2), I(optname, 0), RAW(val, &n, sizeof(n)), I(optlen, 4));
	n = 5;
	EXPECT(SOCKET_SETSOCKOPT_X,
	       I(res, SYS(setsockopt, fd, IPPROTO_IP, IP_TTL, &n, sizeof(n))), I(fd, fd),
	       I(level, 0), I(optname, 0), RAW(val, &n, sizeof(n)), I(optlen, 4));
	n = 77777;
	EXPECT(SOCKET_SETSOCKOPT_X,
	       I(res, SYS(setsockopt, BAD_FD, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n))),
	       I(fd, BAD_FD), I(level, 1), I(optname, 7), DYN(val, UINT32, 77777, 4),
	       I(optlen, 4));
}

static void gets(void)
{
	struct timeval tv;
	struct linger linger;
	socklen_t len = sizeof(int);
	uint64_t cookie;
	int n = 0;

	EXPECT(SOCKET_GETSOCKOPT_X, I(res, SYS(getsockopt, fd, SOL_SOCKET, SO_TYPE, &n, &len)),
	       I(fd, fd), I(level, 1), I(optname, 3), DYN(val, UINT32, SOCK_STREAM, 4),
	       I(optlen, 4));
	len = 8;
	MUST(SYS(getsockopt, fd, SOL_SOCKET, SO_COOKIE, &cookie, &len));
	EXPECT(SOCKET_GETSOCKOPT_X, I(res, 0), I(fd, fd), I(level, 1), I(optname, 53),
	       DYN(val, UINT64, cookie, 8), I(optlen, 8));
	len = sizeof(tv);
	MUST(SYS(getsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &tv, &len));
	EXPECT(SOCKET_GETSOCKOPT_X, I(res, 0), I(fd, fd), I(level, 1), I(optname, 20),
	       DYN(val, TIME, tv.tv_sec * 1000000000 + tv.tv_usec * 1000, 8),
	       I(optlen, sizeof(tv)));
	len = 32;
	MUST(SYS(getsockopt, fd, SOL_SOCKET, SO_LINGER, &linger, &len));
	EXPECT(SOCKET_GETSOCKOPT_X, I(res, 0), I(fd, fd), I(level, 1), I(optname, 13),
	       RAW(val, &linger, sizeof(linger)), I(optlen, sizeof(linger)));
	len = sizeof(n);
	EXPECT(SOCKET_GETSOCKOPT_X, I(res, SYS(getsockopt, fd, SOL_SOCKET, SO_DOMAIN, &n, &len)),
	       I(fd, fd), I(level, 1), I(optname, 39), DYN(val, UINT32, AF_INET, 4),
	       I(optlen, 4));
	n = 3;
	EXPECT(SOCKET_GETSOCKOPT_X,
	       I(res, SYS(getsockopt, BAD_FD, SOL_SOCKET, SO_KEEPALIVE, &n, &len)),
	       I(fd, BAD_FD), I(level, 1), I(optname, 9), DYN(val, UINT32, 3, 4), I(optlen, 4));
}

/* The error of a connection that failed, as a negative errno. */
static void error(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	int closed = MUST(socket(AF_INET, SOCK_STREAM, 0));
	socklen_t len = sizeof(a);
	int err = 0;

	MUST(bind(closed, (struct sockaddr *)&a, sizeof(a)));
	MUST(getsockname(closed, (struct sockaddr *)&a, &len));
	connect(s, (struct sockaddr *)&a, sizeof(a));
	len = sizeof(err);
	MUST(SYS(getsockopt, s, SOL_SOCKET, SO_ERROR, &err, &len));
	EXPECT(SOCKET_GETSOCKOPT_X, I(res, 0), I(fd, s), I(level, 1), I(optname, 4),
	       DYN(val, ERRNO, (int64_t)-err, 8), I(optlen, 4));
}

int main(int argc, char **argv)
{
	(void)argc;
	expect_init();
	fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
	sets();
	gets();
	error();
	return expect_done(argv);
}
