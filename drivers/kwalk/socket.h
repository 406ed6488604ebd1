/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Sockets: addresses, tuples, options, queues. */
#ifndef SAKER_DRIVERS_KWALK_SOCKET_H
#define SAKER_DRIVERS_KWALK_SOCKET_H

static inline_ struct sock *fd_sock(struct ctx *c, s64 fd)
{
	struct file *f = task_file(task(c), fd);
	struct socket *sock;

	if (!f || (KREAD(f, f_inode, i_mode) & K_S_IFMT) != K_S_IFSOCK)
		return NULL;
	sock = KREAD(f, private_data);
	return KREAD(sock, sk);
}

static inline_ void local_end(struct ctx *c, struct sock *sk, u32 family, struct inet_end *e)
{
	struct inet_sock *inet = (void *)sk;

	e->port = swap16((__force u16)KREAD(inet, inet_sport));
	if (family == K_AF_INET)
		e->addr[0] = (__force u32)KREAD(inet, inet_saddr);
	else
		read_kernel(c, e->addr, 16, KADDR(sk, __sk_common.skc_v6_rcv_saddr));
}

static inline_ void remote_end(struct ctx *c, struct sock *sk, u32 family, struct inet_end *e)
{
	e->port = swap16((__force u16)KREAD(sk, __sk_common.skc_dport));
	if (family == K_AF_INET)
		e->addr[0] = (__force u32)KREAD(sk, __sk_common.skc_daddr);
	else
		read_kernel(c, e->addr, 16, KADDR(sk, __sk_common.skc_v6_daddr));
}

/* In host order; user_addr: of a socket that is not connected. */
static inline_ void sock_ports(struct ctx *c, struct sock *sk, u64 user_addr, struct ports *p)
{
	struct inet_sock *inet = (void *)sk;
	u32 family = KREAD(sk, __sk_common.skc_family);

	if (family != K_AF_INET && family != K_AF_INET6)
		return;
	p->local = swap16((__force u16)KREAD(inet, inet_sport));
	p->remote = swap16((__force u16)KREAD(sk, __sk_common.skc_dport));
	if (!p->remote)
		user_port(c, user_addr, family, &p->remote);
}

static inline_ void put_inet_tuple(struct ctx *c, struct sock *sk, u8 family, enum direction dir,
				   u64 user_addr)
{
	struct inet_end local = { { 0 } }, remote = { { 0 } };

	local_end(c, sk, family, &local);
	remote_end(c, sk, family, &remote);
	if (!remote.port)
		user_end(c, user_addr, family, &remote);
	put(c, &family, 1);
	put_end(c, family, dir == INBOUND ? &remote : &local);
	put_end(c, family, dir == INBOUND ? &local : &remote);
}

/* Abstract names begin with a NUL, which is left out, and have no NUL at their end. */
static inline_ void put_unix_path(struct ctx *c, struct sock *sk)
{
	struct unix_sock *u = (void *)sk;
	struct unix_address *a = KREAD(u, addr);
	const char *path = (const char *)KADDR(a, name[0].sun_path);
	u64 n = a ? KREAD(a, len) - 2 : 0;
	u8 first = 0;

	if (!a || n > SUN_PATH_MAX) {
		put(c, "", 1);
		return;
	}
	read_kernel(c, &first, 1, path);
	if (!put_kernel_str_n(c, first ? path : path + 1, first || !n ? n : n - 1, SUN_PATH_MAX))
		put(c, "", 1);
}

/*
 * Tuples name the receiving end first; an fdinfo names its own.  The path is that of the
 * receiver, who is the one with a name, as things are.
 */
static inline_ void put_unix_tuple(struct ctx *c, struct sock *sk, enum direction dir, u64 user_addr,
				   u64 user_len)
{
	struct unix_sock *u = (void *)sk;
	struct sock *peer = KREAD(u, peer);
	u64 own = (u64)(unsigned long)sk, other = (u64)(unsigned long)peer;
	u8 family = K_AF_UNIX;

	put(c, &family, 1);
	put(c, dir == OUTBOUND ? &other : &own, 8);
	put(c, dir == OUTBOUND ? &own : &other, 8);
	if (dir == INBOUND || (dir == OWN_FIRST && !peer))
		put_unix_path(c, sk);
	else if (peer)
		put_unix_path(c, peer);
	else
		put_user_unix_path(c, user_addr, user_len);
}

static inline_ struct done put_tuple(struct ctx *c, struct sock *sk, enum direction dir, u64 user_addr,
				     u64 user_len)
{
	u32 family = sk ? KREAD(sk, __sk_common.skc_family) : 0;

	if (family == K_AF_INET || family == K_AF_INET6)
		put_inet_tuple(c, sk, family, dir, user_addr);
	else if (family == K_AF_UNIX)
		put_unix_tuple(c, sk, dir, user_addr, user_len);
	return DONE;
}

#include "drivers/extract/tuple.h"

static inline_ u32 queue_len(struct ctx *c, s64 fd)
{
	struct sock *sk = fd_sock(c, fd);

	return ret(c) >= 0 && sk ? KREAD(sk, sk_ack_backlog) : 0;
}

static inline_ u32 queue_max(struct ctx *c, s64 fd)
{
	struct sock *sk = fd_sock(c, fd);

	return ret(c) >= 0 && sk ? KREAD(sk, sk_max_ack_backlog) : 0;
}

static inline_ u32 queue_pct(struct ctx *c, s64 fd)
{
	u32 max = queue_max(c, fd);

	return max ? (u64)queue_len(c, fd) * 100 / max : 0;
}

/* socketpair: the two ends' addresses in the kernel, as unix tuples have them. */
static inline_ u64 pair_end(struct ctx *c, bool peer)
{
	struct unix_sock *u;

	if (ret(c) < 0)
		return 0;
	u = (void *)fd_sock(c, user_u32(c, arg(c, 3)));
	return (u64)(unsigned long)(peer ? (void *)KREAD(u, peer) : (void *)u);
}

#endif
