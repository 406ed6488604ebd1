/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Data read and written, iovecs, messages, poll sets. */
#ifndef SAKER_DRIVERS_EXTRACT_IO_H
#define SAKER_DRIVERS_EXTRACT_IO_H

/* Bytes written, or to be written when the call failed. */
static inline_ u64 size_out(struct ctx *c, u64 size)
{
	return ret(c) > 0 ? (u64)ret(c) : size;
}

/* Nothing arrived when the call failed. */
static inline_ u64 size_in(struct ctx *c)
{
	return ret(c) > 0 ? (u64)ret(c) : 0;
}

static inline_ u64 min_snaplen(struct ctx *c, u64 n)
{
	return n < snaplen(c) ? n : snaplen(c);
}

/*
 * In snaplen.h: of n bytes that went through the descriptor which is argument 0, how many are kept.
 * The first are at addr, or in what the vector iov begins with.  peer: an address that the call passed; 0: none.
 */
static inline_ u64 kept_of_data(struct ctx *c, u64 addr, u64 n, u64 peer);
static inline_ u64 kept_of_iov(struct ctx *c, u64 iov, u64 n);
static inline_ u64 kept_of_msg(struct ctx *c, u64 msg, u64 iov, u64 n);

static inline_ struct done data_out(struct ctx *c, u64 addr, u64 size, u64 peer)
{
	put_user(c, addr, kept_of_data(c, addr, size_out(c, size), peer), DATA_MAX);
	return DONE;
}

static inline_ struct done data_in(struct ctx *c, u64 addr, u64 peer)
{
	if (ret(c) > 0)
		put_user(c, addr, kept_of_data(c, addr, ret(c), peer), DATA_MAX);
	return DONE;
}

/* A buffer that is passed, whatever comes of it. */
static inline_ struct done data_arg(struct ctx *c, u64 addr, u64 n)
{
	put_user(c, addr, min_snaplen(c, n), DATA_MAX);
	return DONE;
}

STEP(iov_data_step)
static inline_ bool iov_data_step(struct ctx *c, struct loop *l, u32 i)
{
	struct long_pair iov = user_pair(c, l->io.addr, i);
	u64 n = iov.v[1];

	if (n > l->io.left)
		n = l->io.left;
	n &= DATA_MAX - 1;	/* as it is anyway: the compiler need not check it */
	put_user(c, iov.v[0], n, DATA_MAX);
	l->io.left -= n;
	return !l->io.left;
}

static inline_ struct done iov_data(struct ctx *c, u64 iov, u64 count, u64 n)
{
	loop(c)->io.addr = iov;
	loop(c)->io.left = n;
	if (n)
		run_steps(c, iov_data_step, count, IOV_MAX_);
	return DONE;
}

STEP(iov_size_step)
static inline_ bool iov_size_step(struct ctx *c, struct loop *l, u32 i)
{
	l->io.sum += user_long(c, l->io.addr, 2 * i + 1);
	return false;
}

static inline_ u64 iov_size(struct ctx *c, u64 iov, u64 count)
{
	loop(c)->io.addr = iov;
	loop(c)->io.sum = 0;
	run_steps(c, iov_size_step, count, IOV_MAX_);
	return loop(c)->io.sum;
}

static inline_ struct done iov_out(struct ctx *c, u64 iov, u64 count)
{
	return iov_data(c, iov, count, kept_of_iov(c, iov, size_out(c, ~0ull)));
}

static inline_ struct done iov_in(struct ctx *c, u64 iov, u64 count)
{
	return iov_data(c, iov, count, kept_of_iov(c, iov, size_in(c)));
}

/* Of another process: no descriptor is involved. */
static inline_ struct done memory_out(struct ctx *c, u64 iov, u64 count)
{
	return iov_data(c, iov, count, min_snaplen(c, size_out(c, ~0ull)));
}

static inline_ struct done memory_in(struct ctx *c, u64 iov, u64 count)
{
	return iov_data(c, iov, count, min_snaplen(c, size_in(c)));
}

/* struct msghdr of the caller: name, namelen, iov, iovlen, control, controllen. */
enum { MSG_NAME, MSG_NAMELEN, MSG_IOV, MSG_IOVLEN, MSG_CONTROL, MSG_CONTROLLEN };

static inline_ u64 msg_member(struct ctx *c, u64 msg, u32 n)
{
	u64 v = user_long(c, msg, n);

	return n == MSG_NAMELEN ? (u32)v : v;	/* an int; padding follows */
}

/* The message of a sendmmsg() or recvmmsg() which this event is about. */
static inline_ u64 mmsg(struct ctx *c)
{
	return arg(c, 1) + mmsg_index(c) * (compat(c) ? 32 : 64);
}

/* Its bytes, or why there are none. */
static inline_ s64 mmsg_res(struct ctx *c)
{
	return ret(c) < 0 ? ret(c) : user_u32(c, mmsg(c) + (compat(c) ? 28 : 56));
}

static inline_ u64 mmsg_name(struct ctx *c)
{
	return msg_member(c, mmsg(c), MSG_NAME);
}

static inline_ struct done msg_data(struct ctx *c, u64 msg, u64 n)
{
	u64 iov = msg_member(c, msg, MSG_IOV);

	return iov_data(c, iov, msg_member(c, msg, MSG_IOVLEN), kept_of_msg(c, msg, iov, n));
}

static inline_ struct done msg_out(struct ctx *c, u64 msg)
{
	return msg_data(c, msg, size_out(c, ~0ull));
}

static inline_ struct done msg_in(struct ctx *c, u64 msg)
{
	return msg_data(c, msg, size_in(c));
}

static inline_ struct done mmsg_data(struct ctx *c)
{
	s64 n = mmsg_res(c);

	return msg_data(c, mmsg(c), n > 0 ? n : 0);
}

static inline_ u64 msg_size(struct ctx *c, u64 msg)
{
	return iov_size(c, msg_member(c, msg, MSG_IOV), msg_member(c, msg, MSG_IOVLEN));
}

/* Ancillary data, all of it: it carries descriptors. */
static inline_ struct done msg_control(struct ctx *c, u64 msg)
{
	if (ret(c) >= 0)
		put_user(c, msg_member(c, msg, MSG_CONTROL), msg_member(c, msg, MSG_CONTROLLEN),
			 CONTROL_MAX);
	return DONE;
}

struct poll_fd {
	s32 fd;
	s16 events, revents;
};

STEP(poll_step)
static inline_ bool poll_step(struct ctx *c, struct loop *l, u32 i)
{
	struct poll_fd p = { 0 };
	u16 events;
	s64 fd;

	read_user(c, &p, sizeof(p), l->io.addr + i * sizeof(p));
	fd = p.fd;
	events = bits_poll_flags((u16)p.revents);
	put(c, &fd, sizeof(fd));
	put(c, &events, sizeof(events));
	return false;
}

/* What is ready after the call. */
static inline_ struct done poll_list(struct ctx *c, u64 addr, u64 count)
{
	u16 n = count < POLL_MAX ? count : POLL_MAX;
	u8 first;

	if (!read_user(c, &first, 1, addr))
		n = 0;
	put(c, &n, sizeof(n));
	loop(c)->io.addr = addr;
	run_steps(c, poll_step, n, POLL_MAX);
	return DONE;
}

#endif
