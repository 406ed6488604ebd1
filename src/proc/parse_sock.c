/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: addresses, roles and names.
 *
 * A name has the client's end first.  Who is client is known from connect and accept; for
 * datagram sockets it is guessed when the first packet is seen.
 */
#include "proc/internal.h"

#include "event/print.h"

enum { E_INPROGRESS = 115, SOCK_DGRAM_TYPE = 2, SOCK_CLOEXEC_FLAG = 02000000 };

static bool result(const struct event *ev, s64 *ret)
{
	return event_s64(ev, 0, ret);
}

static u8 l4_of(u32 type, u32 proto)
{
	enum { STREAM = 1, RAW = 3, IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_RAW = 255 };

	switch (proto) {
	case 0:
		if ((type & 0xff) == STREAM)
			return L4_TCP;
		return (type & 0xff) == SOCK_DGRAM_TYPE ? L4_UDP : L4_UNKNOWN;
	case IP_TCP:
		return type == RAW ? L4_RAW : L4_TCP;
	case IP_UDP:
		return type == RAW ? L4_RAW : L4_UDP;
	case IP_ICMP:
		return type == RAW ? L4_RAW : L4_ICMP;
	case IP_RAW:
		return L4_RAW;
	}
	return L4_UNKNOWN;
}

static struct fd *add_socket(struct proc *p, struct event *ev, s64 num, u32 domain, u32 type,
			     u32 proto)
{
	bool inet = domain == FAMILY_INET || domain == FAMILY_INET6;
	struct fd *fd = parse_add_fd(p, ev, num,
				     domain == FAMILY_UNIX ? FDT_UNIX_SOCK :
				     domain == FAMILY_INET ? FDT_IPV4_SOCK :
				     domain == FAMILY_INET6 ? FDT_IPV6_SOCK :
				     domain == FAMILY_NETLINK ? FDT_NETLINK : FDT_UNKNOWN);

	if (fd && inet)
		fd->l4proto = l4_of(type, proto);
	return fd;
}

PARSER(parse_socket)
{
	u32 domain = 0, type = 0, proto = 0, flags = 0;
	struct fd *fd;
	s64 num;

	if (!result(ev, &num) || num < 0)
		return;
	event_u32(ev, 1, &domain);
	event_u32(ev, 2, &type);
	event_u32(ev, 3, &proto);
	event_u32(ev, 4, &flags);
	fd = add_socket(p, ev, num, domain, type, proto);
	if (!fd)
		return;
	fd->open_flags = flags;
	fd_set_cloexec(fd, flags & OPEN_CLOEXEC || type & SOCK_CLOEXEC_FLAG);
}

PARSER(parse_socketpair)
{
	s64 res, num[2];
	u64 ends[2] = { 0 };
	u32 type = 0;

	if (!result(ev, &res) || res < 0 || !event_s64(ev, 1, &num[0]) ||
	    !event_s64(ev, 2, &num[1]) || num[0] == num[1])
		return;
	event_u64(ev, 3, &ends[0]);
	event_u64(ev, 4, &ends[1]);
	event_u32(ev, 6, &type);
	for (u32 i = 0; i < 2; i++) {
		struct fd *fd = parse_add_fd(p, ev, num[i], FDT_UNIX_SOCK);

		if (!fd)
			continue;
		fd->unix_src = ends[0];
		fd->unix_dst = ends[1];
		fd_set_cloexec(fd, type & SOCK_CLOEXEC_FLAG);
	}
}

/* ---- names of parameters ---- */

static void name_of_tuple(const struct sock_name *n, struct fd *fd)
{
	struct fd tmp = { .type = FDT_UNIX_SOCK, .unix_src = n->unix_src, .unix_dst = n->unix_dst };
	struct buf b = { 0 };

	if (n->family != FAMILY_UNIX) {
		fd_set_name(fd);
		return;
	}
	fd_name_text(&tmp, &b);
	buf_add(&b, n->path, n->path_len);
	fd_rename(fd, b.p, b.len);
	buf_fini(&b);
}

static void note_name(struct event *ev, const struct fd *fd, struct pstr *old)
{
	ev->fd_name_changed = !pstr_eq(&fd->name, old->p, old->len);
	pstr_fini(old);
}

/* ---- bind, listen ---- */

PARSER(parse_bind)
{
	struct event_param addr = event_param(ev, 1);
	struct buf name = { 0 };
	struct sock_name n;
	struct pstr old;
	struct fd *fd;
	s64 res;

	if (!result(ev, &res) || res < 0 || !sock_addr(addr, &n))
		return;
	fd = parse_own_fd(p, ev);
	if (!fd)
		return;
	if (n.family != FAMILY_UNIX && n.sport) {
		fd->type = n.family == FAMILY_INET ? FDT_IPV4_SERVSOCK : FDT_IPV6_SERVSOCK;
		memcpy(fd->saddr, n.src, 16);
		memset(fd->daddr, 0, 16);
		fd->sport = n.sport;
		fd->dport = 0;
		fd_set_role(fd, ROLE_SERVER);
		port_set(p, n.sport);
	}
	pstr_init(&old, &p->fd_names);
	pstr_share(&old, &fd->name);
	print_sockaddr(addr.p, addr.len, &name);
	fd_rename(fd, buf_str(&name), name.len);
	buf_fini(&name);
	note_name(ev, fd, &old);
}

PARSER(parse_listen)
{
	struct fd *fd;
	s64 res;

	if (!result(ev, &res) || res < 0)
		return;
	fd = parse_own_fd(p, ev);
	if (!fd)
		return;
	fd->flags |= FD_LISTENING;
	if (fd_is_ip(fd->type) && fd->sport)
		port_set(p, fd->sport);
}

/* ---- connect ---- */

static bool same_dst(const struct sock_name *tuple, const struct sock_name *addr)
{
	return tuple->family == addr->family && tuple->dport == addr->sport &&
	       !memcmp(tuple->dst, addr->src, 16);
}

/*
 * The tuple's destination may have been read from memory of the process after the call
 * (it equals the address argument then): what was read on entry is the truth.
 */
static bool connect_tuple(struct proc *p, struct event *ev, struct sock_name *ret)
{
	struct sock_name late, early;
	struct event enter;
	bool have_tuple = sock_tuple(event_param(ev, 1), ret);
	bool have_late = sock_addr(event_param(ev, 3), &late);

	if (!parse_enter(p, ev, &enter) || !have_late || !sock_addr(event_param(&enter, 1), &early))
		return have_tuple;
	if (!have_tuple) {
		memset(ret, 0, sizeof(*ret));
		ret->family = early.family;
	} else if (early.family != ret->family ||
		   (early.family == FAMILY_UNIX ?
			    late.path_len != ret->path_len || memcmp(late.path, ret->path, late.path_len) :
			    !same_dst(ret, &late))) {
		return true;
	}
	memcpy(ret->dst, early.src, 16);
	ret->dport = early.sport;
	ret->path = early.path;
	ret->path_len = early.path_len;
	return true;
}

static void set_client(const struct sock_name *n, struct fd *fd)
{
	u8 old = fd->type, l4proto = fd->l4proto;
	bool changed = fd_set_tuple(fd, n);

	/* a v6 socket that talks v4: Falco does not know the protocol any more */
	if (old != fd->type && old == FDT_IPV6_SOCK && !(fd->flags & FD_TRANSIENT))
		fd->l4proto = L4_UNKNOWN;
	if (changed && n->family != FAMILY_UNIX && fd_role(fd) == ROLE_SERVER && l4proto == L4_UDP)
		fd_swap(fd);
	name_of_tuple(n, fd);
}

PARSER(parse_connect)
{
	struct sock_name n;
	struct pstr old;
	struct fd *fd;
	s64 res;

	if (!result(ev, &res) || (res < 0 && res != -E_INPROGRESS))
		return;
	fd = parse_own_fd(p, ev);
	if (!fd)
		return;
	fd->flags |= FD_CONNECTED;
	if (!connect_tuple(p, ev, &n))
		return;
	if (fd->flags & FD_TRANSIENT) {
		/* which end is local was a guess; now it is known */
		fd->type = n.family == FAMILY_UNIX ? FDT_UNIX_SOCK : FDT_UNKNOWN;
		fd_set_role(fd, ROLE_CLIENT);
	}
	pstr_init(&old, &p->fd_names);
	pstr_share(&old, &fd->name);
	set_client(&n, fd);
	note_name(ev, fd, &old);
	if (fd_role(fd) == ROLE_NONE)
		fd_set_role(fd, ROLE_CLIENT);
}

/* ---- accept ---- */

PARSER(parse_accept)
{
	struct sock_name n;
	struct fd *fd;
	u32 flags = 0;
	s64 num;

	if (!result(ev, &num) || num < 0)
		return;
	ev->fd_num = task_of(ev->thread)->last_fd = num;
	if (!sock_tuple(event_param(ev, 1), &n))
		return;
	fd = parse_add_fd(p, ev, num, FDT_UNIX_SOCK);
	if (!fd)
		return;
	fd_set_tuple(fd, &n);
	if (n.family != FAMILY_UNIX)
		fd->l4proto = L4_TCP;
	name_of_tuple(&n, fd);
	if (ev->type == EV_SOCKET_ACCEPT4_6_X && event_u32(ev, 5, &flags))
		fd_set_cloexec(fd, flags & SOCK_CLOEXEC_FLAG);
	fd_set_role(fd, ROLE_SERVER);
	fd->flags |= FD_CONNECTED;
	ev->fd_name_changed = true;
}

/* ---- data ---- */

/*
 * Ports of a socket as Falco's guess reads them: those of an IPv6 socket are taken from
 * the middle of its source address.
 */
static void guess_ports(const struct fd *fd, u16 *sport, u16 *dport)
{
	*sport = fd->sport;
	*dport = fd->dport;
	if (fd->type != FDT_IPV6_SOCK)
		return;
	memcpy(sport, fd->saddr + 8, 2);
	memcpy(dport, fd->saddr + 10, 2);
}

static bool uses_port(const struct task *t, u16 port, bool as_server)
{
	const struct fd_table *f = fdt_of(t);
	const struct fd *fd;
	size_t pos = 0;

	while (f && (fd = fdt_next(f, &pos))) {
		if (fd->type == FDT_IPV4_SOCK && (as_server ? fd->dport : fd->sport) == port)
			return true;
		if (as_server && fd->type == FDT_IPV4_SERVSOCK && fd->sport == port)
			return true;
	}
	return false;
}

static enum fd_role guess_role(const struct task *t, const struct fd *fd, bool incoming)
{
	u16 sport, dport;

	guess_ports(fd, &sport, &dport);
	if (!uses_port(t, dport, true))
		return ROLE_CLIENT;
	if (!uses_port(t, sport, false))
		return ROLE_SERVER;
	return incoming ? ROLE_SERVER : ROLE_CLIENT;
}

static bool is_tcp(const struct fd *fd)
{
	return fd->type == FDT_IPV4_SOCK && fd->l4proto == L4_TCP;
}

/* The packet's addresses become those of the socket. */
static bool take_packet(struct proc *p, struct fd *fd, const struct sock_name *n)
{
	bool changed = fd_set_tuple(fd, n);

	if (!changed || n->family == FAMILY_UNIX)
		return changed;
	if (fd->l4proto == L4_UNKNOWN)
		fd->l4proto = L4_UDP;
	fd_fill_local(p, fd);
	return true;
}

static void seen_packet(struct proc *p, struct event *ev, struct event_param tuple, bool incoming)
{
	struct sock_name n;
	struct pstr old;
	struct fd *fd = ev->fd;

	if (!fd || (fd->name.len && is_tcp(fd)) || !sock_tuple(tuple, &n))
		return;
	fd = parse_own_fd(p, ev);
	if (!fd || !take_packet(p, fd, &n))
		return;
	pstr_init(&old, &p->fd_names);
	pstr_share(&old, &fd->name);
	if (n.family != FAMILY_UNIX) {
		if (fd_role(fd) == ROLE_NONE)
			fd_set_role(fd, ev->live ? live_guess(p, fd, incoming) :
					guess_role(task_of(ev->thread), fd, incoming));
		if (fd_role(fd) == (incoming ? ROLE_CLIENT : ROLE_SERVER))
			fd_swap(fd);
	}
	name_of_tuple(&n, fd);
	note_name(ev, fd, &old);
}

/* Data went through it, so it is connected. */
static void note_io(struct proc *p, struct event *ev)
{
	if ((ev->fd->type != FDT_IPV4_SOCK && ev->fd->type != FDT_IPV6_SOCK) ||
	    ev->fd->flags & FD_CONNECTED)
		return;
	if (parse_own_fd(p, ev))
		ev->fd->flags |= FD_CONNECTED;
}

PARSER(parse_io)
{
	s64 res;

	if (result(ev, &res) && res >= 0)
		note_io(p, ev);
}

PARSER(parse_recv)
{
	u32 i = ev->type == EV_SOCKET_RECVFROM_X ? 2 : ev->type == EV_SOCKET_RECVMSG_X ? 3 : 4;
	s64 res;

	if (!result(ev, &res) || res < 0)
		return;
	note_io(p, ev);
	seen_packet(p, ev, event_param(ev, i), true);
}

PARSER(parse_send)
{
	s64 res;

	if (!result(ev, &res) || res < 0)
		return;
	note_io(p, ev);
	seen_packet(p, ev, event_param(ev, 4), false);
}

bool parse_infer_udp(struct proc *p, struct event *ev)
{
	struct sock_name n;
	struct fd *fd;
	s64 res;

	if (ev->type != EV_SOCKET_SEND_X && ev->type != EV_SOCKET_SENDTO_X &&
	    ev->type != EV_SOCKET_SENDMSG_X)
		return false;
	if (!result(ev, &res) || res < 0 || ev->fd_num < 0 || !sock_tuple(event_param(ev, 4), &n) ||
	    n.family == FAMILY_UNIX)
		return false;
	fd = add_socket(p, ev, ev->fd_num, n.mapped ? FAMILY_INET6 : n.family, SOCK_DGRAM_TYPE, 17);
	if (fd)
		fd->flags |= FD_CONNECTED;
	return fd != NULL;
}
