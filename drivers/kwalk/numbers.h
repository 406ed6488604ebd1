/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the kernel filter tests of a descriptor: its type, and of a socket protocol, ports and addresses.  Only
 * what user space will take from the event in the same way (docs/kernel-filter.md) counts as known.
 */
#ifndef SAKER_DRIVERS_KWALK_NUMBERS_H
#define SAKER_DRIVERS_KWALK_NUMBERS_H

static inline_ u32 swap32(u32 v)
{
	return (u32)swap16((u16)v) << 16 | swap16((u16)(v >> 16));
}

static inline_ void know(struct kf_values *v, u32 number, u64 one, u64 other)
{
	v->v[number][0] = one;
	v->v[number][1] = other;
	v->known |= 1u << number;
}

/* Of a connected socket; false: it is none, or listens. */
static inline_ bool know_ends(struct kf_values *v, struct sock *sk, u32 family)
{
	struct inet_sock *inet = (void *)sk;
	u16 remote = swap16((__force u16)KREAD(sk, __sk_common.skc_dport));

	if (!remote || KREAD(sk, __sk_common.skc_state) == K_TCP_LISTEN)
		return false;
	know(v, KF_PORT, swap16((__force u16)KREAD(inet, inet_sport)), remote);
	if (family == K_AF_INET)
		know(v, KF_ADDR4, swap32((__force u32)KREAD(inet, inet_saddr)),
		     swap32((__force u32)KREAD(sk, __sk_common.skc_daddr)));
	return true;
}

/* An IPv6 socket may talk IPv4; it counts as either then. */
static inline_ bool know_socket(struct kf_values *v, struct sock *sk, bool teaches)
{
	u32 family = KREAD(sk, __sk_common.skc_family);
	u8 type = sock_type(sk, family), l4proto;

	know(v, KF_FD_TYPE, type, family == K_AF_INET6 ? FDT_IPV4_SOCK : type);
	if (family != K_AF_INET && family != K_AF_INET6) {
		know(v, KF_L4PROTO, L4_NA, L4_NA);
		know(v, KF_PORT, ~0ull, ~0ull);
		know(v, KF_ADDR4, ~0ull, ~0ull);
		return !teaches;
	}
	if (!know_ends(v, sk, family))
		return !teaches && KREAD(sk, __sk_common.skc_state) != K_TCP_LISTEN;
	l4proto = sock_l4proto(sk);
	know(v, KF_L4PROTO, l4proto, l4proto);
	return !teaches || l4proto == L4_TCP;
}

/* False: its event has to be made, whatever the rules say. */
static inline_ bool know_fd(struct ctx *c, struct kf_values *v, s64 fd, bool teaches)
{
	struct file *f = task_file(task(c), fd);
	struct socket *sock;
	bool unnamed;
	u8 type;

	if (!f)
		return true;
	if ((KREAD(f, f_inode, i_mode) & K_S_IFMT) == K_S_IFSOCK) {
		sock = KREAD(f, private_data);
		return know_socket(v, KREAD(sock, sk), teaches);
	}
	type = file_type(c, KREAD(f, f_path.dentry), KREAD(f, f_inode), &unnamed);
	know(v, KF_FD_TYPE, type, type);
	know(v, KF_L4PROTO, L4_NA, L4_NA);
	know(v, KF_PORT, ~0ull, ~0ull);
	know(v, KF_ADDR4, ~0ull, ~0ull);
	return true;
}

#endif
