/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of a connection: client and server by role, local and remote by address. */
#include "field/fd.h"

#include "field/getter.h"

struct end {
	const u8 *addr;
	u32 addr_len;
	u16 port;
};

static const struct fd *event_fd(const struct field_ctx *x)
{
	u32 flags = x->ev->desc->flags;

	return x->thread && flags & (EF_CREATES_FD | EF_USES_FD | EF_DESTROYS_FD) ? x->ev->fd
										  : NULL;
}

static bool is_server_socket(const struct fd *fd)
{
	return fd->type == FDT_IPV4_SERVSOCK || fd->type == FDT_IPV6_SERVSOCK;
}

static bool is_connection(const struct fd *fd)
{
	return fd->type == FDT_IPV4_SOCK || fd->type == FDT_IPV6_SOCK;
}

static u32 address_len(const struct fd *fd)
{
	return fd->type == FDT_IPV4_SOCK || fd->type == FDT_IPV4_SERVSOCK ? 4 : 16;
}

static bool has_role(const struct fd *fd)
{
	return fd->flags & (FD_ROLE_CLIENT | FD_ROLE_SERVER);
}

static bool is_local(const struct proc *p, const struct fd *fd, const u8 *addr)
{
	return address_len(fd) == 4 ? proc_is_local_ipv4(p, addr) : proc_is_local_ipv6(p, addr);
}

/* Does the field mean the source end? */
static bool wants_source(const struct proc *p, const struct fd *fd, s64 which)
{
	switch (which) {
	case END_CLIENT:
		return true;
	case END_SERVER:
		return false;
	default:
		return is_local(p, fd, fd->saddr) == (which == END_LOCAL);
	}
}

/* A bound socket has a server end only. */
static bool find_end(struct field_ctx *x, s64 which, struct end *ret)
{
	const struct fd *fd = event_fd(x);
	bool source;

	if (!fd)
		return false;
	if (is_server_socket(fd) && which == END_SERVER) {
		*ret = (struct end){ fd->saddr, address_len(fd), fd->sport };
		return true;
	}
	if (!is_connection(fd) || !has_role(fd))
		return false;
	source = wants_source(x->proc, fd, which);
	*ret = (struct end){source ? fd->saddr : fd->daddr, address_len(fd),
			    source ? fd->sport : fd->dport};
	return true;
}

static void set_address(u8 type, const struct end *e, struct value *ret)
{
	*ret = (struct value){ .type = type, .len = e->addr_len, .p = (const char *)e->addr };
}

bool field_fd_get_no_value(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	(void)x, (void)f, (void)ret;
	return false;
}

bool field_fd_get_address(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	struct end e;

	if (!find_end(x, f->field->id, &e))
		return false;
	set_address(f->type, &e, ret);
	return true;
}

bool field_fd_get_named_end(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	struct value *list;
	struct end e;

	if (!find_end(x, f->field->id, &e))
		return false;
	list = field_scratch(x, sizeof(*list));
	set_address(PT_IPADDR, &e, list);
	set_list(f, ret, list, 1);
	ret->type = PT_IPADDR;
	return true;
}

bool field_fd_get_port(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	struct end e;

	return find_end(x, f->field->id, &e) && set_u64(f, ret, e.port);
}

/* A bound socket has texts, but they are empty. */
bool field_fd_get_proto(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct fd *fd = event_fd(x);
	struct buf *b = tmp_buf(x);
	s64 which = f->field->id;
	struct end e;

	if (!fd || !has_role(fd))
		return false;
	if (is_connection(fd)) {
		find_end(x, which, &e);
		buf_add_u64(b, e.port);
		return set_scratch(x, ret, b);
	}
	if (which == END_CLIENT || (which == END_SERVER && is_server_socket(fd)))
		return set_str(ret, "", 0);
	return false;
}

static void set_end(const struct field_ref *f, const struct fd *fd, bool source, struct value *v)
{
	struct end e = {source ? fd->saddr : fd->daddr, address_len(fd),
			source ? fd->sport : fd->dport};

	if (f->field->id == END_PORT)
		set_u64(f, v, e.port);
	else
		set_address(f->type, &e, v);
}

bool field_fd_get_ends(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct fd *fd = event_fd(x);
	struct value *list;

	if (!fd || !field_is_ip_fd(fd))
		return false;
	list = field_scratch(x, 2 * sizeof(*list));
	set_end(f, fd, true, &list[0]);
	if (is_connection(fd))
		set_end(f, fd, false, &list[1]);
	return set_list(f, ret, list, is_connection(fd) ? 2 : 1);
}

bool field_fd_get_l4proto(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	static const char *const names[] = {
		[L4_TCP] = "tcp",
		[L4_UDP] = "udp",
		[L4_ICMP] = "icmp",
		[L4_RAW] = "raw",
	};
	const struct fd *fd = event_fd(x);
	u8 proto;

	(void)f;
	if (!fd)
		return false;
	proto = fd_l4proto(fd);
	return set_cstr(ret, proto < ARRAY_SIZE(names) && names[proto] ? names[proto] : "<NA>");
}

bool field_fd_get_family(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct fd *fd = event_fd(x);

	(void)f;
	if (!fd || !field_is_net_fd(fd))
		return false;
	return set_cstr(ret, field_is_ip_fd(fd) ? "ip" : "unix");
}

/* A fresh IPv6 socket counts as a server's: "::" lies in the network of the loopback device. */
static bool is_unbound_ipv6(const struct fd *fd)
{
	static const u8 any[16];

	return fd->type == FDT_IPV6_SOCK && !memcmp(fd->daddr, any, sizeof(any));
}

bool field_fd_get_is_server(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct fd *fd = event_fd(x);
	bool server;

	if (!fd)
		return false;
	server = is_server_socket(fd);
	if (is_connection(fd))
		server = is_local(x->proc, fd, fd->daddr) || is_unbound_ipv6(fd);
	return set_u64(f, ret, server);
}
