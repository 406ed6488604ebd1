/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Addresses and options of sockets as programs pass them, and how tuples are written. */
#ifndef SAKER_DRIVERS_EXTRACT_SOCK_H
#define SAKER_DRIVERS_EXTRACT_SOCK_H

#define K_AF_UNIX	1
#define K_AF_INET	2
#define K_AF_INET6	10
#define K_AF_NETLINK	16
#define K_EINPROGRESS	115

/* OUTBOUND: the local end is the source.  OWN_FIRST: the same, and unix sockets too. */
enum direction { OUTBOUND, INBOUND, OWN_FIRST };

struct inet_end {
	u32 addr[4];
	u16 port;	/* host order */
};

/* Of a socket, in host order; 0: none. */
struct ports {
	u16 local, remote;
};

static inline_ u16 swap16(u16 v)
{
	return v >> 8 | v << 8;
}

/* False: the caller passed no address of that family. */
static inline_ bool user_port(struct ctx *c, u64 addr, u32 family, u16 *ret_port)
{
	u16 head[2] = { 0 };

	if (!addr || !read_user(c, head, sizeof(head), addr) || head[0] != family)
		return false;
	*ret_port = swap16(head[1]);
	return true;
}

/* The address which the caller passed, if it is of that family. */
static inline_ void user_end(struct ctx *c, u64 addr, u32 family, struct inet_end *e)
{
	if (!user_port(c, addr, family, &e->port))
		return;
	if (family == K_AF_INET)
		read_user(c, e->addr, 4, addr + 4);
	else
		read_user(c, e->addr, 16, addr + 8);
}

static inline_ void put_end(struct ctx *c, u32 family, const struct inet_end *e)
{
	if (family == K_AF_INET)
		put(c, &e->addr[0], 4);
	else
		put(c, e->addr, 16);
	put(c, &e->port, 2);
}

static inline_ void put_user_unix_path(struct ctx *c, u64 addr, u64 len)
{
	u64 n = len > 2 ? len - 2 : 0;
	u8 first = 1;

	if (n > SUN_PATH_MAX - 20)
		n = SUN_PATH_MAX - 20;
	if (addr && n)
		read_user(c, &first, 1, addr + 2);
	if (!addr || !n || !put_user_str_n(c, addr + (first ? 2 : 3), first ? n : n - 1, SUN_PATH_MAX))
		put(c, "", 1);
}

/* A sockaddr in user space, or the one that was kept on entry. */
static inline_ struct done put_sockaddr(struct ctx *c, u64 addr, u64 len)
{
	u16 head[2] = { 0 };
	u8 family;
	u16 port;

	if (!addr || len < 2 || !read_user(c, head, sizeof(head), addr))
		return DONE;
	family = head[0];
	port = swap16(head[1]);
	if (family == K_AF_INET || family == K_AF_INET6) {
		put(c, &family, 1);
		if (family == K_AF_INET)
			put_user(c, addr + 4, 4, 32);
		else
			put_user(c, addr + 8, 16, 32);
		put(c, &port, 2);
	} else if (family == K_AF_UNIX) {
		put(c, &family, 1);
		put_user_unix_path(c, addr, len);
	}
	return DONE;
}

static inline_ struct done connect_addr(struct ctx *c, u64 addr, u64 len)
{
	if (!put_kept(c))
		put_sockaddr(c, addr, len);
	return DONE;
}

/* Value of a socket option of SOL_SOCKET by what it is; all others as bytes. */
#define K_SOL_SOCKET	1

static inline_ u8 sockopt_kind(u32 level, u32 opt)
{
	if (level != K_SOL_SOCKET)
		return DYN_SOCKOPT_UNKNOWN;
	switch (opt) {
	case 4:				/* ERROR */
		return DYN_SOCKOPT_ERRNO;
	case 20: case 21: case 66: case 67:	/* RCVTIMEO, SNDTIMEO */
		return DYN_SOCKOPT_RELTIME;
	case 57:			/* COOKIE */
		return DYN_SOCKOPT_UINT64;
	case 13: case 17: case 26: case 28: case 31: case 55: case 59:
		return DYN_SOCKOPT_UNKNOWN;
	}
	return opt <= 50 ? DYN_SOCKOPT_UINT32 : DYN_SOCKOPT_UNKNOWN;
}

static inline_ struct done sockopt_value(struct ctx *c, u64 level, u64 opt, u64 addr, u64 len)
{
	u8 kind = sockopt_kind(level, opt);
	u64 v = 0;

	put(c, &kind, 1);
	switch (kind) {
	case DYN_SOCKOPT_ERRNO:
		v = -(s64)(s32)user_u32(c, addr);
		put(c, &v, 8);
		break;
	case DYN_SOCKOPT_UINT32:
		v = user_u32(c, addr);
		put(c, &v, 4);
		break;
	case DYN_SOCKOPT_UINT64:
		v = user_u64(c, addr);
		put(c, &v, 8);
		break;
	case DYN_SOCKOPT_RELTIME:
		v = user_long(c, addr, 0) * 1000000000 + user_long(c, addr, 1) * 1000;
		put(c, &v, 8);
		break;
	default:
		len = len < snaplen(c) ? len : snaplen(c);
		put_user(c, addr, (u32)len, DATA_MAX);
	}
	return DONE;
}

static inline_ u32 sockopt_name(u64 level, u64 opt)
{
	return level == K_SOL_SOCKET ? value_sockopt_options(opt, 0) : 0;
}

#endif
