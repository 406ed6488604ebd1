/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tuples of the syscalls, by what is known at their end.  Included by what defines fd_sock()
 * and put_tuple(): kwalk/socket.h, or a port's own walk.
 */
#ifndef SAKER_DRIVERS_EXTRACT_TUPLE_H
#define SAKER_DRIVERS_EXTRACT_TUPLE_H

static inline_ struct done connect_tuple(struct ctx *c, s64 fd)
{
	if (ret(c) == 0 || ret(c) == -K_EINPROGRESS)
		put_tuple(c, fd_sock(c, fd), OUTBOUND, 0, 0);
	return DONE;
}

static inline_ struct done accept_tuple(struct ctx *c)
{
	if (ret(c) >= 0)
		put_tuple(c, fd_sock(c, ret(c)), INBOUND, 0, 0);
	return DONE;
}

static inline_ struct done send_tuple(struct ctx *c, s64 fd, u64 user_addr, u64 user_len)
{
	return put_tuple(c, fd_sock(c, fd), OUTBOUND, user_addr, user_len);
}

static inline_ struct done msg_send_tuple(struct ctx *c, u64 msg)
{
	return send_tuple(c, fd_arg(c, 0), msg_member(c, msg, MSG_NAME), msg_member(c, msg, MSG_NAMELEN));
}

static inline_ struct done mmsg_send_tuple(struct ctx *c)
{
	return ret(c) < 0 ? DONE : msg_send_tuple(c, mmsg(c));
}

static inline_ struct done recv_tuple(struct ctx *c, s64 fd, u64 user_addr)
{
	if (ret(c) >= 0)
		put_tuple(c, fd_sock(c, fd), INBOUND, user_addr, 0);
	return DONE;
}

#endif
