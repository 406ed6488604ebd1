/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* PT_FDINFO: all that the kernel knows of an fd.  See struct fdinfo in schema/event.h. */
#ifndef SAKER_DRIVERS_KWALK_FDINFO_H
#define SAKER_DRIVERS_KWALK_FDINFO_H

#define K_IPPROTO_ICMP	1
#define K_IPPROTO_TCP	6
#define K_IPPROTO_UDP	17
#define K_IPPROTO_ICMPV6 58
#define K_SOCK_STREAM	1
#define K_SOCK_DGRAM	2
#define K_SOCK_RAW	3
#define K_TCP_ESTABLISHED 1
#define K_TCP_LISTEN	10

/* Anonymous inodes are told apart by the name of their dentry: "[eventpoll]", "anon_inode:[..]". */
static inline_ u8 anon_type(struct ctx *c, const unsigned char *name)
{
	char n[16] = { 0 };

	read_kernel(c, n, sizeof(n), name);
	switch (n[0] == '[' ? n[1] << 16 | n[2] << 8 | n[5] : 0) {
	case 'e' << 16 | 'v' << 8 | 't':
		return n[6] == 'p' ? FDT_EVENTPOLL : FDT_EVENT;
	case 's' << 16 | 'i' << 8 | 'a':
		return FDT_SIGNALFD;
	case 't' << 16 | 'i' << 8 | 'r':
		return FDT_TIMERFD;
	case 'p' << 16 | 'i' << 8 | 'd':
		return FDT_PIDFD;
	case 'i' << 16 | 'o' << 8 | 'r':
		return FDT_IOURING;
	case 'u' << 16 | 's' << 8 | 'f':
		return FDT_USERFAULTFD;
	}
	if (n[0] == 'i' && n[1] == 'n' && n[2] == 'o')
		return FDT_INOTIFY;
	if ((n[0] == 'b' && n[1] == 'p' && n[2] == 'f') || (n[0] == '[' && n[1] == 'b'))
		return FDT_BPF;
	return FDT_UNSUPPORTED;
}

static inline_ u8 sock_type(struct sock *sk, u32 family)
{
	bool listening = KREAD(sk, __sk_common.skc_state) == K_TCP_LISTEN;

	switch (family) {
	case K_AF_INET:
		return listening ? FDT_IPV4_SERVSOCK : FDT_IPV4_SOCK;
	case K_AF_INET6:
		return listening ? FDT_IPV6_SERVSOCK : FDT_IPV6_SOCK;
	case K_AF_UNIX:
		return FDT_UNIX_SOCK;
	case K_AF_NETLINK:
		return FDT_NETLINK;
	}
	return FDT_UNSUPPORTED;
}

static inline_ u8 sock_l4proto(struct sock *sk)
{
	switch (KREAD(sk, sk_protocol)) {
	case K_IPPROTO_TCP:
		return L4_TCP;
	case K_IPPROTO_UDP:
		return L4_UDP;
	case K_IPPROTO_ICMP:
	case K_IPPROTO_ICMPV6:
		return L4_ICMP;
	}
	return KREAD(sk, sk_type) == K_SOCK_RAW ? L4_RAW : L4_NA;
}

static inline_ void fdinfo_sock(struct fdinfo *info, struct sock *sk)
{
	u32 family = KREAD(sk, __sk_common.skc_family), state = KREAD(sk, __sk_common.skc_state);

	info->type = sock_type(sk, family);
	info->l4proto = family == K_AF_INET || family == K_AF_INET6 ? sock_l4proto(sk) : L4_NA;
	if (state == K_TCP_LISTEN)
		info->flags |= FDI_LISTENING;
	else if (state == K_TCP_ESTABLISHED)
		info->flags |= FDI_CONNECTED;
}

static inline_ u8 file_type(struct ctx *c, struct dentry *d, struct inode *inode, bool *ret_unnamed)
{
	bool loose = KREAD(d, d_parent) == d;
	u64 magic = KREAD(inode, i_sb, s_magic);

	*ret_unnamed = magic == K_PIDFS || (loose && magic == K_ANON_INODEFS);
	if (magic == K_PIDFS)
		return FDT_PIDFD;
	if (*ret_unnamed)
		return anon_type(c, KREAD(d, d_name.name));
	switch (KREAD(inode, i_mode) & K_S_IFMT) {
	case K_S_IFREG:
		return dentry_is_memfd(c, d) ? FDT_MEMFD : FDT_FILE_V2;
	case K_S_IFDIR:
		return FDT_DIRECTORY;
	case K_S_IFIFO:
		return FDT_FIFO;
	}
	return FDT_FILE_V2;		/* devices */
}

static inline_ void put_fdinfo_head(struct ctx *c, struct fdinfo *info)
{
	put(c, &info->ino, 8);
	put(c, &info->fd, 8);
	put(c, &info->dev, 4);
	put(c, &info->open_flags, 4);
	put(c, &info->type, 1);
	put(c, &info->l4proto, 1);
	put(c, &info->flags, 1);
	put(c, &info->reserved, 1);
}

static inline_ void put_file_info(struct ctx *c, s64 fd)
{
	struct task_struct *t = task(c);
	struct file *f = task_file(t, fd);
	struct inode *inode;
	struct sock *sk = NULL;
	struct fdinfo info = { 0 };
	bool unnamed = false;
	u32 layer;
	u64 at;

	if (!f)
		return;
	inode = KREAD(f, f_inode);
	info.ino = KREAD(inode, i_ino);
	info.fd = fd;
	info.dev = KREAD(inode, i_sb, s_dev);
	info.open_flags = open_flags(KREAD(f, f_flags));
	info.flags = fd_cloexec(t, fd) ? FDI_CLOEXEC : 0;
	layer = inode_layer(c, inode);
	info.flags |= layer & P_UPPER_LAYER ? FDI_UPPER_LAYER : 0;
	info.flags |= layer & P_LOWER_LAYER ? FDI_LOWER_LAYER : 0;
	if ((KREAD(inode, i_mode) & K_S_IFMT) == K_S_IFSOCK) {
		struct socket *sock = KREAD(f, private_data);

		sk = KREAD(sock, sk);
		fdinfo_sock(&info, sk);
	} else {
		info.type = file_type(c, KREAD(f, f_path.dentry), inode, &unnamed);
	}
	at = position(c);
	put_fdinfo_head(c, &info);
	if (sk) {
		put_tuple(c, sk, OWN_FIRST, 0, 0);
	} else if (!unnamed) {
		struct fs_struct *fs = KREAD(t, fs);

		put_path(c, KREAD(f, f_path.mnt), KREAD(f, f_path.dentry), KREAD(fs, root.mnt),
			 KREAD(fs, root.dentry), at, info.flags);
	}
}

#endif
