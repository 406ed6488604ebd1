/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * "Dynamic snaplen": of sockets on some ports and of some protocols more of the data is kept than
 * snaplen(c).  The first rule that applies decides; none makes it less.
 */
#ifndef SAKER_DRIVERS_EXTRACT_SNAPLEN_H
#define SAKER_DRIVERS_EXTRACT_SNAPLEN_H

#include "drivers/extract/protocol.h"

STEP(snaplen_step)
static inline_ bool snaplen_step(struct ctx *c, struct loop *l, u32 i)
{
	struct dynamic_snaplen d = dynamic_snaplen(c);
	struct sock *sk = fd_sock(c, l->snap.fd);
	struct data_head head = { .n = 0 };
	struct ports p = { 0 };
	u32 keep;

	l->snap.keep = snaplen(c);
	if (!sk)
		return true;
	sock_ports(c, sk, l->snap.peer, &p);
	head.n = l->snap.n < sizeof(head.words) ? l->snap.n : sizeof(head.words);
	/* less may be readable where they end */
	if (!read_user(c, head.words, 16, l->snap.addr) && !read_user(c, head.words, 8, l->snap.addr))
		read_user(c, head.words, 5, l->snap.addr);
	keep = snaplen_of(&d, p.local, p.remote, &head);
	if (keep > l->snap.keep)
		l->snap.keep = keep;
	return true;
}

/* Without it, or with data that snaplen(c) has room for, there is nothing to find out. */
static inline_ bool may_keep_more(struct ctx *c, u64 n)
{
	return dynamic_snaplen(c).enabled && n > snaplen(c);
}

/* first: how many of the n bytes are at addr. */
static inline_ void look_at(struct ctx *c, u64 addr, u64 first, u64 n, u64 peer)
{
	loop(c)->snap.fd = fd_arg(c, 0);
	loop(c)->snap.addr = addr;
	loop(c)->snap.n = first < n ? first : n;
	loop(c)->snap.peer = peer;
}

/* What a verifier knows of it does not depend on the rule that applied. */
static inline_ u64 kept(struct ctx *c, u64 n)
{
	u64 keep = *(volatile unsigned long long *)&loop(c)->snap.keep;

	return n < keep ? n : keep;
}

/* Not a step: these programs have no other function, and kernels before 5.10 allow no tail call with one. */
static inline_ u64 kept_of_data(struct ctx *c, u64 addr, u64 n, u64 peer)
{
	if (!may_keep_more(c, n))
		return min_snaplen(c, n);
	look_at(c, addr, n, n, peer);
	snaplen_step(c, loop(c), 0);
	return kept(c, n);
}

static inline_ u64 kept_of_iov(struct ctx *c, u64 iov, u64 n)
{
	struct long_pair first;

	if (!may_keep_more(c, n))
		return min_snaplen(c, n);
	first = user_pair(c, iov, 0);
	look_at(c, first.v[0], first.v[1], n, 0);
	run_steps(c, snaplen_step, 1, 1);
	return kept(c, n);
}

static inline_ u64 kept_of_msg(struct ctx *c, u64 msg, u64 iov, u64 n)
{
	struct long_pair first;

	if (!may_keep_more(c, n))
		return min_snaplen(c, n);
	first = user_pair(c, iov, 0);
	look_at(c, first.v[0], first.v[1], n, msg_member(c, msg, MSG_NAME));
	run_steps(c, snaplen_step, 1, 1);
	return kept(c, n);
}

#endif
