/* SPDX-License-Identifier: Apache-2.0 */
/* One fd: its strings, flags, addresses and name. */
#include "proc/internal.h"

#include "event/print.h"

static const struct {
	const char *name;
	char c;
} types[FDT_MAX] = {
	[FDT_UNKNOWN] = { NULL, 'o' },
	[FDT_FILE] = { "file", 'f' },
	[FDT_DIRECTORY] = { "directory", 'd' },
	[FDT_IPV4_SOCK] = { "ipv4", '4' },
	[FDT_IPV6_SOCK] = { "ipv6", '6' },
	[FDT_IPV4_SERVSOCK] = { "ipv4", '4' },
	[FDT_IPV6_SERVSOCK] = { "ipv6", '6' },
	[FDT_FIFO] = { "pipe", 'p' },
	[FDT_UNIX_SOCK] = { "unix", 'u' },
	[FDT_EVENT] = { "event", 'e' },
	[FDT_UNSUPPORTED] = { NULL, 'X' },
	[FDT_SIGNALFD] = { "signalfd", 's' },
	[FDT_EVENTPOLL] = { "eventpoll", 'l' },
	[FDT_INOTIFY] = { "inotify", 'i' },
	[FDT_TIMERFD] = { "timerfd", 't' },
	[FDT_NETLINK] = { "netlink", 'n' },
	[FDT_FILE_V2] = { "file", 'f' },
	[FDT_BPF] = { "bpf", 'b' },
	[FDT_USERFAULTFD] = { "userfaultfd", 'u' },
	[FDT_IOURING] = { "io_uring", 'r' },
	[FDT_MEMFD] = { "memfd", 'm' },
	[FDT_PIDFD] = { "pidfd", 'P' },
};

char fd_typechar(u8 type)
{
	return type < FDT_MAX ? types[type].c : '?';
}

const char *fd_type_name(u8 type)
{
	return type < FDT_MAX ? types[type].name : NULL;
}

bool fd_is_ip(u8 type)
{
	return type >= FDT_IPV4_SOCK && type <= FDT_IPV6_SERVSOCK;
}

bool fd_is_socket(u8 type)
{
	return fd_is_ip(type) || type == FDT_UNIX_SOCK || type == FDT_NETLINK;
}

void fd_init(struct fd *fd, struct pstr_pool *names)
{
	memset(fd, 0, sizeof(*fd));
	pstr_init(&fd->name, names);
	pstr_init(&fd->name_raw, names);
	pstr_init(&fd->kpath, names);
}

void fd_fini(struct fd *fd)
{
	pstr_fini(&fd->name);
	pstr_fini(&fd->name_raw);
	pstr_fini(&fd->kpath);
}

void fd_clear(struct fd *fd)
{
	memset(fd, 0, offsetof(struct fd, name));
	pstr_clear(&fd->name);
	pstr_clear(&fd->name_raw);
	pstr_clear(&fd->kpath);
}

void fd_rename(struct fd *fd, const char *p, size_t n)
{
	if (fd->flags & FD_RAW_IS_NAME) {
		pstr_share(&fd->name_raw, &fd->name);
		fd->flags &= ~(u32)FD_RAW_IS_NAME;
	}
	pstr_set(&fd->name, p, n);
}

void fd_copy(struct fd *to, const struct fd *from)
{
	memcpy(to, from, offsetof(struct fd, name));
	pstr_share(&to->name, &from->name);
	pstr_share(&to->name_raw, &from->name_raw);
	pstr_share(&to->kpath, &from->kpath);
}

void fd_set_cloexec(struct fd *fd, bool on)
{
	fd->open_flags = on ? fd->open_flags | OPEN_CLOEXEC : fd->open_flags & ~(u32)OPEN_CLOEXEC;
	fd->flags = on ? fd->flags | FD_CLOSE_ON_EXEC : fd->flags & ~(u32)FD_CLOSE_ON_EXEC;
}

void fd_set_role(struct fd *fd, enum fd_role role)
{
	fd->flags &= ~(u32)(FD_ROLE_CLIENT | FD_ROLE_SERVER);
	if (role == ROLE_CLIENT)
		fd->flags |= FD_ROLE_CLIENT;
	else if (role == ROLE_SERVER)
		fd->flags |= FD_ROLE_SERVER;
}

enum fd_role fd_role(const struct fd *fd)
{
	if (fd->flags & FD_ROLE_SERVER)
		return ROLE_SERVER;
	return fd->flags & FD_ROLE_CLIENT ? ROLE_CLIENT : ROLE_NONE;
}

u8 fd_l4proto(const struct fd *fd)
{
	switch (fd->type) {
	case FDT_IPV4_SERVSOCK:
	case FDT_IPV6_SERVSOCK:
		return fd->l4proto;
	case FDT_IPV4_SOCK:
	case FDT_IPV6_SOCK:
		if (fd->l4proto == L4_RAW)
			return L4_RAW;
		return fd_role(fd) == ROLE_NONE ? L4_NA : fd->l4proto;
	}
	return L4_NA;
}

/* ---- addresses ---- */

bool addr6_is_v4(const u8 a[16])
{
	static const u8 zero[16], ones[2] = { 0xff, 0xff };

	if (memcmp(a, zero, 10))
		return false;
	return !memcmp(a + 10, ones, 2) || !memcmp(a + 10, zero, 6);
}

static u16 port_at(const u8 *p)
{
	u16 port;

	memcpy(&port, p, sizeof(port));
	return port;
}

static void path_in(struct sock_name *n, const u8 *p, u32 len)
{
	n->path = (const char *)p;
	n->path_len = (u32)strnlen((const char *)p, len);
}

static bool tuple_inet6(const u8 *p, struct sock_name *ret)
{
	const u8 *src = p + 1, *dst = p + 19;

	ret->sport = port_at(p + 17);
	ret->dport = port_at(p + 35);
	ret->mapped = addr6_is_v4(src) && addr6_is_v4(dst);
	ret->family = ret->mapped ? FAMILY_INET : FAMILY_INET6;
	memcpy(ret->src, ret->mapped ? src + 12 : src, ret->mapped ? 4 : 16);
	memcpy(ret->dst, ret->mapped ? dst + 12 : dst, ret->mapped ? 4 : 16);
	return true;
}

bool sock_tuple(struct event_param p, struct sock_name *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!p.len)
		return false;
	ret->family = p.p[0];
	switch (ret->family) {
	case FAMILY_INET:
		if (p.len < 13)
			return false;
		memcpy(ret->src, p.p + 1, 4);
		ret->sport = port_at(p.p + 5);
		memcpy(ret->dst, p.p + 7, 4);
		ret->dport = port_at(p.p + 11);
		return true;
	case FAMILY_INET6:
		return p.len >= 37 && tuple_inet6(p.p, ret);
	case FAMILY_UNIX:
		if (p.len < 17)
			return false;
		memcpy(&ret->unix_src, p.p + 1, 8);
		memcpy(&ret->unix_dst, p.p + 9, 8);
		path_in(ret, p.p + 17, p.len - 17);
		return true;
	}
	return false;
}

bool sock_addr(struct event_param p, struct sock_name *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!p.len)
		return false;
	ret->family = p.p[0];
	switch (ret->family) {
	case FAMILY_INET:
		if (p.len < 7)
			return false;
		memcpy(ret->src, p.p + 1, 4);
		ret->sport = port_at(p.p + 5);
		return true;
	case FAMILY_INET6:
		if (p.len < 19)
			return false;
		ret->mapped = addr6_is_v4(p.p + 1);
		memcpy(ret->src, p.p + (ret->mapped ? 13 : 1), ret->mapped ? 4 : 16);
		ret->sport = port_at(p.p + 17);
		if (ret->mapped)
			ret->family = FAMILY_INET;
		return true;
	case FAMILY_UNIX:
		path_in(ret, p.p + 1, p.len - 1);
		return true;
	}
	return false;
}

static bool same_ends(const struct fd *fd, const struct sock_name *n, bool turned)
{
	const u8 *src = turned ? n->dst : n->src, *dst = turned ? n->src : n->dst;
	u16 sport = turned ? n->dport : n->sport, dport = turned ? n->sport : n->dport;

	return !memcmp(fd->saddr, src, 16) && !memcmp(fd->daddr, dst, 16) && fd->sport == sport &&
	       fd->dport == dport;
}

bool fd_set_tuple(struct fd *fd, const struct sock_name *n)
{
	u8 type = n->family == FAMILY_INET ? FDT_IPV4_SOCK : FDT_IPV6_SOCK;

	if (n->family == FAMILY_UNIX) {
		fd->type = FDT_UNIX_SOCK;
		fd->unix_src = n->unix_src;
		fd->unix_dst = n->unix_dst;
		return true;
	}
	if (fd->type == type && (same_ends(fd, n, false) || same_ends(fd, n, true)))
		return false;
	fd->type = type;
	memcpy(fd->saddr, n->src, 16);
	memcpy(fd->daddr, n->dst, 16);
	fd->sport = n->sport;
	fd->dport = n->dport;
	return true;
}

void fd_swap(struct fd *fd)
{
	u8 addr[16];
	u16 port = fd->sport;

	memcpy(addr, fd->saddr, 16);
	memcpy(fd->saddr, fd->daddr, 16);
	memcpy(fd->daddr, addr, 16);
	fd->sport = fd->dport;
	fd->dport = port;
}

/* ---- names ---- */

static void add_end(const u8 *addr, bool v6, bool with_port, u16 port, struct buf *out)
{
	if (v6)
		print_ipv6(addr, out);
	else
		print_ipv4(addr, out);
	if (with_port) {
		buf_addc(out, ':');
		buf_add_u64(out, port);
	}
}

static void add_hex(struct buf *out, u64 v)
{
	char tmp[16];
	u32 n = 0;

	do {
		tmp[sizeof(tmp) - ++n] = "0123456789abcdef"[v & 15];
		v >>= 4;
	} while (v);
	buf_add(out, tmp + sizeof(tmp) - n, n);
}

static void ip_text(const struct fd *fd, bool v6, struct buf *out)
{
	bool ports = fd->l4proto == L4_TCP || fd->l4proto == L4_UDP;

	if (!ports && fd->l4proto != L4_ICMP && fd->l4proto != L4_RAW) {
		buf_adds(out, "<unknown>");
		return;
	}
	add_end(fd->saddr, v6, ports, fd->sport, out);
	buf_adds(out, "->");
	add_end(fd->daddr, v6, ports, fd->dport, out);
}

void fd_name_text(const struct fd *fd, struct buf *out)
{
	switch (fd->type) {
	case FDT_IPV4_SOCK:
	case FDT_IPV6_SOCK:
		ip_text(fd, fd->type == FDT_IPV6_SOCK, out);
		break;
	case FDT_IPV4_SERVSOCK:
	case FDT_IPV6_SERVSOCK:
		add_end(fd->saddr, fd->type == FDT_IPV6_SERVSOCK, true, fd->sport, out);
		break;
	case FDT_UNIX_SOCK:
		add_hex(out, fd->unix_src);
		buf_adds(out, "->");
		add_hex(out, fd->unix_dst);
		buf_addc(out, ' ');
		break;
	default:
		buf_add(out, fd->name.p, fd->name.len);
	}
}

void fd_set_scanned_name(struct fd *fd)
{
	u8 l4proto = fd->l4proto;

	fd->l4proto = L4_TCP;
	fd_set_name(fd);
	fd->l4proto = l4proto;
}

void fd_set_name(struct fd *fd)
{
	struct buf b = { 0 };

	fd_name_text(fd, &b);
	fd_rename(fd, buf_str(&b), b.len);
	buf_fini(&b);
}
