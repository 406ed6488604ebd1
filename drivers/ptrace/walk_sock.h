/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Sockets, through a duplicate of the descriptor.
 *
 * The addresses in the kernel that unix tuples carry are not to be had: the numbers of
 * their inodes stand in for them.  They serve the same purpose, to tell the ends of a conversation and to
 * find its events.
 */
#ifndef SAKER_DRIVERS_PTRACE_WALK_SOCK_H
#define SAKER_DRIVERS_PTRACE_WALK_SOCK_H

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define K_PIDFD_THREAD	O_EXCL
#define TCP_SYN_SENT_	2
#define TCP_LISTEN_	10
#define TCP_ESTABLISHED_ 1

/* A duplicate of the thread's descriptor; -1: none.  Older kernels know processes only. */
static inline_ int dup_fd(struct ctx *c, s64 fd)
{
	const struct task_struct *t = c->task;
	int pidfd = syscall(SYS_pidfd_open, t->tid, t->tid == t->tgid ? 0 : K_PIDFD_THREAD), copy;

	if (pidfd < 0)
		pidfd = syscall(SYS_pidfd_open, t->tgid, 0);
	if (pidfd < 0)
		return -1;
	copy = syscall(SYS_pidfd_getfd, pidfd, (int)fd, 0);
	close(pidfd);
	return copy;
}

/* What sock_diag says of a unix socket. */
struct unix_answer {
	u32 ino, peer_ino;
	u32 backlog;
};

static inline_ struct unix_answer unix_answer(const struct nlmsghdr *h)
{
	const struct unix_diag_msg *m = NLMSG_DATA(h);
	const u8 *p = (const u8 *)m + NLMSG_ALIGN(sizeof(*m)), *end = (const u8 *)h + h->nlmsg_len;
	struct unix_answer a = {
		.ino = m->udiag_ino,
	};

	while (p + NLA_HDRLEN <= end) {
		struct unix_diag_rqlen queue;
		struct nlattr attr;

		memcpy(&attr, p, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN || p + attr.nla_len > end)
			break;
		if (attr.nla_type == UNIX_DIAG_PEER)
			memcpy(&a.peer_ino, p + NLA_HDRLEN, sizeof(a.peer_ino));
		if (attr.nla_type == UNIX_DIAG_RQLEN) {
			memcpy(&queue, p + NLA_HDRLEN, sizeof(queue));
			a.backlog = queue.udiag_wqueue;
		}
		p += NLA_ALIGN(attr.nla_len);
	}
	return a;
}

/* The descriptor of the answer, which stays open; -1: not to be had. */
static inline_ int ask_unix_diag(u32 ino)
{
	static int diag = -1;
	struct timeval patience = { .tv_sec = 1 };
	struct {
		struct nlmsghdr h;
		struct unix_diag_req r;
	} req = {
		.h = { .nlmsg_len = sizeof(req), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		       .nlmsg_flags = NLM_F_REQUEST },
		.r = { .sdiag_family = AF_UNIX, .udiag_states = ~0u, .udiag_ino = ino,
		       .udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN, .udiag_cookie = { ~0u, ~0u } },
	};

	if (diag < 0) {
		diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
		if (diag >= 0)
			setsockopt(diag, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	}
	return diag < 0 || send(diag, &req, sizeof(req), 0) < 0 ? -1 : diag;
}

/* False: sock_diag does not know unix sockets here, or it is of another network namespace. */
static inline_ bool unix_by_ino(u32 ino, struct unix_answer *ret_answer)
{
	static union {
		struct nlmsghdr h;
		u8 bytes[1024];
	} got;
	int diag = ask_unix_diag(ino);
	ssize_t n = diag < 0 ? -1 : recv(diag, &got, sizeof(got), 0);

	if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct unix_diag_msg)) || got.h.nlmsg_len > (size_t)n ||
	    got.h.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	*ret_answer = unix_answer(&got.h);
	return ret_answer->ino == ino;
}

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static inline_ void take_inet(const union address *a, u32 *addr, u16 *port)
{
	if (a->any.sa_family == AF_INET) {
		memcpy(addr, &a->in.sin_addr, 4);
		*port = ntohs(a->in.sin_port);
	} else if (a->any.sa_family == AF_INET6) {
		memcpy(addr, &a->in6.sin6_addr, 16);
		*port = ntohs(a->in6.sin6_port);
	}
}

static inline_ u32 take_path(const union address *a, socklen_t len, char *path)
{
	u32 n = len > 2 ? len - 2 : 0;

	if (n > sizeof(a->un.sun_path))
		n = sizeof(a->un.sun_path);
	memcpy(path, a->un.sun_path, n);
	return n;
}

static inline_ u32 sock_option(int fd, int name)
{
	int v = 0;
	socklen_t len = sizeof(v);

	return getsockopt(fd, SOL_SOCKET, name, &v, &len) ? 0 : (u32)v;
}

/*
 * The remote end of a connection in the making, which getpeername() does not tell: from
 * /proc/PID/net.
 */
static inline_ void find_remote(struct ctx *c, struct sock *sk)
{
	char path[64], line[512];
	bool six = sk->family == AF_INET6;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/net/tcp%s", c->task->tid, six ? "6" : "");
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		char hex[33] = "";
		unsigned long ino;
		unsigned int port, i;

		if (sscanf(line, "%*s %*[^:]:%*x %32[0-9A-F]:%x %*x %*s %*s %*s %*u %*u %lu", hex, &port,
			   &ino) != 3 || ino != sk->ino)
			continue;
		for (i = 0; i < strlen(hex) / 8; i++) {
			char word[9] = "";

			memcpy(word, hex + 8 * i, 8);
			sk->peer_addr[i] = strtoul(word, NULL, 16);
		}
		sk->peer_port = port;
		break;
	}
	if (f)
		fclose(f);
}

static inline_ void look_at_tcp(struct ctx *c, struct sock *sk, int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return;
	sk->connected = info.tcpi_state == TCP_ESTABLISHED_;
	if (info.tcpi_state == TCP_SYN_SENT_)
		find_remote(c, sk);
	if (info.tcpi_state == TCP_LISTEN_) {
		sk->queue = info.tcpi_unacked;
		sk->queue_max = info.tcpi_sacked;
	}
}

/* The other end of a connection, until it is accepted, is known by this end alone. */
#define ACCEPTED_END (1ull << 63)

static inline_ void look_at_unix(struct ctx *c, struct sock *sk, int fd)
{
	struct unix_answer a;
	bool connects = sk->type != SOCK_DGRAM && sk->connected;

	if (connects && !sk->path_len && sk->peer_path_len) {
		sk->peer = sk->id | ACCEPTED_END;
		return;
	}
	if (!unix_by_ino(sk->ino, &a)) {
		unix_ask_links(c, sk, fd);
	} else if (sk->listening) {
		sk->queue_max = a.backlog;
	} else {
		sk->peer = a.peer_ino;
	}
	if (connects && sk->path_len && !sk->peer_path_len && sk->peer)
		sk->id = sk->peer | ACCEPTED_END;
}

static inline_ void look_at_sock(struct ctx *c, struct sock *sk, int fd)
{
	union address own = { 0 }, peer = { 0 };
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);

	sk->family = sock_option(fd, SO_DOMAIN);
	sk->type = sock_option(fd, SO_TYPE);
	sk->proto = sock_option(fd, SO_PROTOCOL);
	sk->listening = sock_option(fd, SO_ACCEPTCONN);
	if (getsockname(fd, &own.any, &own_len))
		own_len = 0;
	if (getpeername(fd, &peer.any, &peer_len))
		peer_len = 0;
	sk->connected = peer_len;
	if (sk->family == AF_UNIX) {
		sk->path_len = take_path(&own, own_len, sk->path);
		sk->peer_path_len = take_path(&peer, peer_len, sk->peer_path);
		look_at_unix(c, sk, fd);
	} else if (sk->family == AF_INET || sk->family == AF_INET6) {
		take_inet(&own, sk->addr, &sk->port);
		if (peer_len)
			take_inet(&peer, sk->peer_addr, &sk->peer_port);
		if (sk->proto == IPPROTO_TCP)
			look_at_tcp(c, sk, fd);
	} else {
		sk->connected = false;
	}
}

/* NULL: no socket.  What was found is kept until another descriptor is asked for. */
static inline_ struct sock *fd_sock(struct ctx *c, s64 fd)
{
	struct sock *sk = &c->sock;
	struct stat st;
	int copy;

	if (sk->fd == fd && fd >= 0)
		return sk->known ? sk : NULL;
	memset(sk, 0, sizeof(*sk));
	sk->fd = fd;
	if (!fd_stat(c, fd, &st) || !S_ISSOCK(st.st_mode))
		return NULL;
	sk->known = true;
	sk->ino = sk->id = st.st_ino;
	copy = dup_fd(c, fd);
	if (copy < 0)
		return sk;
	look_at_sock(c, sk, copy);
	close(copy);
	return sk;
}

static inline_ void sock_ports(struct ctx *c, struct sock *sk, u64 user_addr, struct ports *p)
{
	if (sk->family != AF_INET && sk->family != AF_INET6)
		return;
	p->local = sk->port;
	p->remote = sk->peer_port;
	if (!p->remote)
		user_port(c, user_addr, sk->family, &p->remote);
}

/* ---- tuples ---------------------------------------------------------------------- */

static inline_ void put_inet_tuple(struct ctx *c, struct sock *sk, enum direction dir, u64 user_addr)
{
	struct inet_end local = { .port = sk->port }, remote = { .port = sk->peer_port };
	u8 family = sk->family;

	memcpy(local.addr, sk->addr, 16);
	memcpy(remote.addr, sk->peer_addr, 16);
	if (!remote.port)
		user_end(c, user_addr, family, &remote);
	put(c, &family, 1);
	put_end(c, family, dir == INBOUND ? &remote : &local);
	put_end(c, family, dir == INBOUND ? &local : &remote);
}

/* Abstract names begin with a NUL, which is left out. */
static inline_ void put_unix_path(struct ctx *c, const char *path, u32 n)
{
	if (n && !*path)
		path++, n--;
	put(c, path, strnlen(path, n));
	put(c, "", 1);
}

/* As drivers/kwalk/socket.h: tuples name the receiving end first, with its path. */
static inline_ void put_unix_tuple(struct ctx *c, struct sock *sk, enum direction dir, u64 user_addr,
				   u64 user_len)
{
	u8 family = AF_UNIX;

	put(c, &family, 1);
	put(c, dir == OUTBOUND ? &sk->peer : &sk->id, 8);
	put(c, dir == OUTBOUND ? &sk->id : &sk->peer, 8);
	if (dir == INBOUND || (dir == OWN_FIRST && !sk->peer))
		put_unix_path(c, sk->path, sk->path_len);
	else if (sk->peer)
		put_unix_path(c, sk->peer_path, sk->peer_path_len);
	else
		put_user_unix_path(c, user_addr, user_len);
}

static inline_ struct done put_tuple(struct ctx *c, struct sock *sk, enum direction dir, u64 user_addr,
				     u64 user_len)
{
	u32 family = sk ? sk->family : 0;

	if (family == AF_INET || family == AF_INET6)
		put_inet_tuple(c, sk, dir, user_addr);
	else if (family == AF_UNIX)
		put_unix_tuple(c, sk, dir, user_addr, user_len);
	return DONE;
}

#include "drivers/extract/tuple.h"

static inline_ u32 queue_len(struct ctx *c, s64 fd)
{
	struct sock *sk = ret(c) >= 0 ? fd_sock(c, fd) : NULL;

	return sk ? sk->queue : 0;
}

static inline_ u32 queue_max(struct ctx *c, s64 fd)
{
	struct sock *sk = ret(c) >= 0 ? fd_sock(c, fd) : NULL;

	return sk ? sk->queue_max : 0;
}

static inline_ u32 queue_pct(struct ctx *c, s64 fd)
{
	u32 max = queue_max(c, fd);

	return max ? (u64)queue_len(c, fd) * 100 / max : 0;
}

static inline_ u64 pair_end(struct ctx *c, bool peer)
{
	struct sock *sk = ret(c) < 0 ? NULL : fd_sock(c, (s32)user_u32(c, arg(c, 3)));

	return !sk ? 0 : peer ? sk->peer : sk->id;
}

#endif
