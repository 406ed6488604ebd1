/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live events carry what the kernel knows of their fds.  That is believed; the table only
 * adds what the kernel cannot tell: the role a socket has had since connect or accept, and
 * the name by which a file was opened while all opens and closes are captured.
 */
#include "proc/internal.h"

enum { EPHEMERAL_FIRST = 32768, EPHEMERAL_LAST = 60999 };

struct fd *live_fd(const struct proc *p, const struct task *t, s64 num)
{
	if (!p->task || (t != p->task && (!t->t.group || t->t.group != p->task->t.group)))
		return NULL;
	for (u32 i = 0; i < p->nlive; i++)
		if (p->live[i].num == num)
			return (struct fd *)&p->live[i];
	return NULL;
}

/* One of the event's own fds, cleared.  The last one is reused when there are many. */
struct fd *live_slot(struct proc *p, s64 num)
{
	struct fd *fd = NULL;

	for (u32 i = 0; i < p->nlive && !fd; i++)
		if (p->live[i].num == num)
			fd = &p->live[i];
	if (!fd)
		fd = &p->live[p->nlive < LIVE_FDS ? p->nlive++ : LIVE_FDS - 1];
	fd_clear(fd);
	fd->num = num;
	fd->flags = FD_TRANSIENT;
	return fd;
}

/* ---- roles ---- */

static bool is_ephemeral(u16 port)
{
	return port >= EPHEMERAL_FIRST && port <= EPHEMERAL_LAST;
}

/* Who is who when the first packet is seen. */
enum fd_role live_guess(const struct proc *p, const struct fd *fd, bool incoming)
{
	u16 local = incoming ? fd->dport : fd->sport, remote = incoming ? fd->sport : fd->dport;

	if (port_known(p, local) || (!is_ephemeral(local) && is_ephemeral(remote)))
		return ROLE_SERVER;
	return ROLE_CLIENT;
}

/* fd has its local end as source. */
static enum fd_role live_role(const struct proc *p, const struct fd *fd, const struct fdinfo *info)
{
	if (info->flags & FDI_LISTENING)
		return ROLE_SERVER;
	if (!fd->dport)
		return ROLE_NONE;
	if (fd->sport && (port_known(p, fd->sport) ||
			  (!is_ephemeral(fd->sport) && is_ephemeral(fd->dport))))
		return ROLE_SERVER;
	return ROLE_CLIENT;
}

/* Nobody is at the other end, and this is one that others come to. */
static bool is_server_end(const struct fd *fd, const struct fdinfo *info, enum fd_role role)
{
	if (info->flags & FDI_LISTENING)
		return true;
	if (!fd->sport || fd->dport || role == ROLE_CLIENT)
		return false;
	return role == ROLE_SERVER || fd->l4proto != L4_UDP || !is_ephemeral(fd->sport);
}

static void set_server(struct proc *p, struct fd *fd, const struct fdinfo *info)
{
	fd->type = fd->type == FDT_IPV4_SOCK ? FDT_IPV4_SERVSOCK : FDT_IPV6_SERVSOCK;
	fd_set_role(fd, ROLE_SERVER);
	fd_set_name(fd);
	if (!(info->flags & FDI_LISTENING))
		return;
	fd->flags |= FD_LISTENING;
	port_set(p, fd->sport);
}

static void set_ip(struct proc *p, struct fd *fd, const struct sock_name *n,
		   const struct fdinfo *info, enum fd_role role)
{
	static const u8 zero[16];
	bool v6 = info->type == FDT_IPV6_SOCK || info->type == FDT_IPV6_SERVSOCK;

	fd->type = FDT_UNKNOWN;	/* take the addresses as they are */
	fd_set_tuple(fd, n);
	/* no address at all counts as mapped, but the socket knows its family */
	if (n->mapped && v6 && !memcmp(n->src, zero, 16) && !memcmp(n->dst, zero, 16))
		fd->type = FDT_IPV6_SOCK;
	fd->l4proto = info->l4proto;
	if (is_server_end(fd, info, role)) {
		set_server(p, fd, info);
		return;
	}
	if (role == ROLE_NONE)
		role = live_role(p, fd, info);
	fd_set_role(fd, role);
	if (role == ROLE_SERVER)
		fd_swap(fd);
	if (fd->dport || role == ROLE_SERVER)
		fd_set_name(fd);
}

static void set_unix(struct fd *fd, const struct sock_name *n)
{
	struct buf b = { 0 };

	fd->type = FDT_UNIX_SOCK;
	fd->unix_src = n->unix_src;
	fd->unix_dst = n->unix_dst;
	if (n->unix_src || n->unix_dst)
		fd_name_text(fd, &b);
	buf_add(&b, n->path, n->path_len);
	fd_rename(fd, buf_str(&b), b.len);
	buf_fini(&b);
}

/* ---- from fdinfo to fd ---- */

/* As events show it: minor's low byte, major, the rest of minor. */
static u32 encode_dev(u32 dev)
{
	u32 major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

/* Falco has no names for fds without a file, and a memfd goes by its argument. */
static void set_path(struct fd *fd, struct event_param name)
{
	static const char memfd[] = "memfd:", deleted[] = " (deleted)";
	const char *s = (const char *)name.p;
	u32 n = name.len;

	pstr_set(&fd->kpath, s, n);
	if (fd->type == FDT_MEMFD) {
		if (n && *s == '/')
			s++, n--;
		if (n >= sizeof(memfd) - 1 && !memcmp(s, memfd, sizeof(memfd) - 1))
			s += sizeof(memfd) - 1, n -= (u32)sizeof(memfd) - 1;
		if (n >= sizeof(deleted) - 1 &&
		    !memcmp(s + n - (sizeof(deleted) - 1), deleted, sizeof(deleted) - 1))
			n -= (u32)sizeof(deleted) - 1;
	} else if (fd->type != FDT_FILE && fd->type != FDT_FILE_V2 && fd->type != FDT_DIRECTORY &&
		   (fd->type != FDT_FIFO || n < 2 || *s != '/')) {
		n = 0;
	}
	fd_rename(fd, s, n);
}

static void fill(struct proc *p, struct fd *fd, const struct fdinfo *info, struct event_param name,
		 enum fd_role role)
{
	struct sock_name n;

	fd->type = info->type < FDT_MAX ? info->type : FDT_UNKNOWN;
	fd->l4proto = info->l4proto <= L4_RAW ? info->l4proto : L4_UNKNOWN;
	fd->ino = info->ino;
	fd->dev = encode_dev(info->dev);
	fd->open_flags = info->open_flags;
	fd_set_cloexec(fd, info->flags & FDI_CLOEXEC);
	fd->flags |= (info->flags & FDI_CONNECTED ? FD_CONNECTED : 0) |
		     (info->flags & FDI_UPPER_LAYER ? FD_UPPER_LAYER : 0) |
		     (info->flags & FDI_LOWER_LAYER ? FD_LOWER_LAYER : 0);
	if (!fd_is_socket(fd->type)) {
		set_path(fd, name);
		return;
	}
	if (!sock_tuple(name, &n))
		return;
	if (n.family == FAMILY_UNIX)
		set_unix(fd, &n);
	else
		set_ip(p, fd, &n, info, role);
}

static bool same_file(const struct fd *fd, const struct fdinfo *info)
{
	if (!fd->ino || fd->ino != info->ino)
		return false;
	return fd_is_socket(fd->type) == fd_is_socket(info->type);
}

/* Whether the event itself gives its fd another meaning. */
static bool event_replaces(const struct event *ev, s64 num)
{
	s64 res;

	return ev->desc->flags & EF_CREATES_FD && event_s64(ev, 0, &res) && res == num;
}

static bool has_peer(struct event_param tuple)
{
	struct sock_name n;

	return sock_tuple(tuple, &n) && n.dport;
}

/* A datagram socket goes by the peer of its last packet, which the kernel does not keep. */
static void take_last_peer(struct fd *fd, const struct fd *known)
{
	if (known->type != FDT_IPV4_SOCK && known->type != FDT_IPV6_SOCK)
		return;
	fd->type = known->type;
	memcpy(fd->saddr, known->saddr, sizeof(fd->saddr));
	memcpy(fd->daddr, known->daddr, sizeof(fd->daddr));
	fd->sport = known->sport;
	fd->dport = known->dport;
	fd_set_role(fd, fd_role(known));
	pstr_share(&fd->name, &known->name);
}

static void take_info(struct proc *p, struct event *ev, struct event_param param)
{
	struct task *t = task_of(ev->thread);
	enum fd_role role = ROLE_NONE;
	struct fdinfo info;
	struct fd *known, *fd;

	memcpy(&info, param.p, sizeof(info));
	param.p += sizeof(info);
	param.len -= (u32)sizeof(info);
	/* of an fd that the call made: live_end() */
	if (event_replaces(ev, info.fd))
		return;
	known = fdt_get(t, info.fd);
	if (known && !same_file(known, &info)) {
		fdt_del(p, t, info.fd);
		known = NULL;
	}
	if (known)
		role = fd_role(known);
	fd = live_slot(p, info.fd);
	fill(p, fd, &info, param, role);
	if (!known)
		return;
	/* a bound socket without peer: only bind has told its path */
	if (fd->type == FDT_UNIX_SOCK && !fd->unix_dst)
		pstr_share(&fd->name, &known->name);
	else if (fd_is_ip(fd->type) && fd->l4proto != L4_TCP && !has_peer(param))
		take_last_peer(fd, known);
}

static bool is_info(const struct event *ev, u32 i)
{
	return i < ev->desc->nparams + ev->desc->nextra && ev->desc->params[i].type == PT_FDINFO &&
	       ev->params[i].len >= sizeof(struct fdinfo);
}

void live_begin(struct proc *p, struct event *ev)
{
	for (u32 i = ev->desc->nparams; i < ev->nparams; i++)
		if (is_info(ev, i))
			take_info(p, ev, ev->params[i]);
}

/* ---- after the parser ---- */

/* What the kernel adds to an fd that the event made. */
static void complete(struct proc *p, struct fd *fd, struct event_param param)
{
	struct fdinfo info;
	struct sock_name n;

	memcpy(&info, param.p, sizeof(info));
	param.p += sizeof(info);
	param.len -= (u32)sizeof(info);
	fd->ino = info.ino;
	fd->dev = encode_dev(info.dev);
	if (!fd_is_socket(fd->type)) {
		if (fd->type == FDT_UNKNOWN || info.type == FDT_DIRECTORY)
			fd->type = info.type < FDT_MAX ? info.type : FDT_UNKNOWN;
		pstr_set(&fd->kpath, param.p, param.len);
		if (!fd->open_flags)
			fd->open_flags = info.open_flags;
		return;
	}
	if (fd_is_ip(fd->type) && info.l4proto != L4_UNKNOWN && info.l4proto <= L4_RAW)
		fd->l4proto = info.l4proto;
	if (!fd->name.len && fd_role(fd) == ROLE_SERVER && sock_tuple(param, &n) &&
	    n.family != FAMILY_UNIX)
		set_ip(p, fd, &n, &info, ROLE_SERVER);
}

static bool gives_address(const struct event *ev)
{
	switch (ev->type) {
	case EV_SOCKET_CONNECT_X:
	case EV_SOCKET_BIND_X:
	case EV_SOCKET_LISTEN_X:
		return true;
	case EV_SOCKET_SEND_X:
	case EV_SOCKET_SENDTO_X:
	case EV_SOCKET_SENDMSG_X:
	case EV_SOCKET_SENDMMSG_X:
	case EV_SOCKET_RECV_X:
	case EV_SOCKET_RECVFROM_X:
	case EV_SOCKET_RECVMSG_X:
	case EV_SOCKET_RECVMMSG_X:
		return ev->fd->l4proto != L4_TCP;
	}
	return false;
}

/* Keeps what a call has taught about a socket. */
static void remember(struct proc *p, struct event *ev)
{
	struct task *t = task_of(ev->thread);
	struct fd *fd = ev->fd, *kept;
	u32 flags;

	if (!fd || !(fd->flags & FD_TRANSIENT) || !fd_is_socket(fd->type) || !gives_address(ev))
		return;
	kept = fdt_get(t, fd->num);
	if (ev->type != EV_SOCKET_LISTEN_X)
		ev->fd_name_changed = kept ? !pstr_eq(&fd->name, kept->name.p, kept->name.len) :
					     fd->name.len != 0;
	kept = fdt_add(p, t, fd->num, NULL);
	if (!kept)
		return;
	flags = fd->flags & ~(u32)FD_TRANSIENT;
	fd_copy(kept, fd);
	kept->flags = flags;
}

void live_end(struct proc *p, struct event *ev)
{
	struct fdinfo info;
	struct fd *fd;

	if (!ev->thread)
		return;
	for (u32 i = ev->desc->nparams; i < ev->nparams; i++) {
		if (!is_info(ev, i))
			continue;
		memcpy(&info, ev->params[i].p, sizeof(info));
		if (!event_replaces(ev, info.fd))
			continue;
		if (!ev->fd || ev->fd->num != info.fd) {
			/* made by a call without a parser, or by one that could not tell */
			fd = live_slot(p, info.fd);
			fill(p, fd, &info, (struct event_param){ ev->params[i].p + sizeof(info),
							 ev->params[i].len - (u32)sizeof(info) },
			     ROLE_NONE);
			ev->fd = fd;
			ev->fd_num = info.fd;
		} else {
			fd = parse_own_fd(p, ev);
			if (fd)
				complete(p, fd, ev->params[i]);
		}
	}
	remember(p, ev);
}
