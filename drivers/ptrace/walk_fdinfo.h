/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* PT_FDINFO from /proc/PID/fd and fdinfo.  See struct fdinfo in schema/event.h. */
#ifndef SAKER_DRIVERS_PTRACE_WALK_FDINFO_H
#define SAKER_DRIVERS_PTRACE_WALK_FDINFO_H

static inline_ u8 anon_type(const char *name)
{
	static const struct {
		const char *name;
		u8 type;
	} rows[] = {
		{ "[eventpoll]", FDT_EVENTPOLL }, { "[eventfd]", FDT_EVENT },
		{ "[signalfd]", FDT_SIGNALFD }, { "[timerfd]", FDT_TIMERFD },
		{ "[pidfd]", FDT_PIDFD }, { "[io_uring]", FDT_IOURING },
		{ "[userfaultfd]", FDT_USERFAULTFD }, { "inotify", FDT_INOTIFY },
		{ "[inotify]", FDT_INOTIFY }, { "bpf", FDT_BPF }, { "[b", FDT_BPF },
	};
	u32 i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strncmp(name, rows[i].name, strlen(rows[i].name)))
			return rows[i].type;
	return FDT_UNSUPPORTED;
}

static inline_ u8 sock_type(const struct sock *sk)
{
	switch (sk->family) {
	case AF_INET:
		return sk->listening ? FDT_IPV4_SERVSOCK : FDT_IPV4_SOCK;
	case AF_INET6:
		return sk->listening ? FDT_IPV6_SERVSOCK : FDT_IPV6_SOCK;
	case AF_UNIX:
		return FDT_UNIX_SOCK;
	case AF_NETLINK:
		return FDT_NETLINK;
	}
	return FDT_UNSUPPORTED;
}

static inline_ u8 sock_l4proto(const struct sock *sk)
{
	if (sk->family != AF_INET && sk->family != AF_INET6)
		return L4_NA;
	switch (sk->proto) {
	case IPPROTO_TCP:
		return L4_TCP;
	case IPPROTO_UDP:
		return L4_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return L4_ICMP;
	}
	return sk->type == SOCK_RAW ? L4_RAW : L4_NA;
}

static inline_ u8 file_type(const struct stat *st, const char *link)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return !strncmp(link, "/memfd:", 7) ? FDT_MEMFD : FDT_FILE_V2;
	case S_IFDIR:
		return FDT_DIRECTORY;
	case S_IFIFO:
		return FDT_FIFO;
	}
	return FDT_FILE_V2;		/* devices */
}

/* "flags:" of /proc/PID/fdinfo/FD, in octal; it includes the descriptor's own. */
static inline_ u64 fdinfo_flags(struct ctx *c, s64 fd)
{
	char name[32];
	const char *p;

	snprintf(name, sizeof(name), "fdinfo/%lld", (long long)fd);
	p = strstr(proc_text(c->task->tgid, c->task->tid, name), "flags:");
	return p ? strtoull(p + 6, NULL, 8) : 0;
}

static inline_ void put_fdinfo_head(struct ctx *c, const struct fdinfo *info)
{
	put(c, info, sizeof(*info));
}

static inline_ void put_sock_info(struct ctx *c, struct fdinfo *info)
{
	struct sock *sk = fd_sock(c, info->fd);

	if (!sk)
		return;
	info->type = sock_type(sk);
	info->l4proto = sock_l4proto(sk);
	info->flags |= sk->listening ? FDI_LISTENING : sk->connected ? FDI_CONNECTED : 0;
	put_fdinfo_head(c, info);
	put_tuple(c, sk, OWN_FIRST, 0, 0);
}

static inline_ void put_named_info(struct ctx *c, struct fdinfo *info, const struct stat *st)
{
	char name[32], *link;
	u64 at = position(c);

	snprintf(name, sizeof(name), "fd/%lld", (long long)info->fd);
	link = proc_link(c->task->tid, name);
	if (!strncmp(link, ANON_PREFIX, sizeof(ANON_PREFIX) - 1)) {
		info->type = anon_type(link + sizeof(ANON_PREFIX) - 1);
		put_fdinfo_head(c, info);
		return;
	}
	info->type = !strncmp(link, "pidfd:", 6) ? FDT_PIDFD : file_type(st, link);
	put_fdinfo_head(c, info);
	if (!put_components(c, from_root(c, kernel_name(link, st))))
		put_at(c, at + __builtin_offsetof(struct fdinfo, flags),
		       info->flags | FDI_NAME_TRUNCATED);
}

static void put_file_info(struct ctx *c, s64 fd)
{
	struct fdinfo info = { .fd = fd };
	struct stat st;
	u64 flags;

	if (!fd_stat(c, fd, &st))
		return;
	flags = fdinfo_flags(c, fd);
	info.ino = st.st_ino;
	info.dev = major(st.st_dev) << 20 | minor(st.st_dev);
	info.open_flags = open_flags(flags & ~(u64)K_O_CLOEXEC);
	info.flags = flags & K_O_CLOEXEC ? FDI_CLOEXEC : 0;
	if (S_ISSOCK(st.st_mode))
		put_sock_info(c, &info);
	else
		put_named_info(c, &info, &st);
}

#endif
