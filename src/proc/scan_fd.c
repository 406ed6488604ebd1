/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors from /proc/PID/fd.  Sockets are matched by inode with the tables of
 * /proc/PID/net, which are read once for each network namespace.
 */
#include "proc/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { NET_FILE_MAX = 64 << 20 };

struct sock {
	u8 type, l4proto;
	u8 saddr[16], daddr[16];
	u16 sport, dport;
	u64 ptr;	/* of a unix socket */
	char *path;	/* owned, or NULL */
};

static void sock_free(struct sock *s)
{
	free(s->path);
	free(s);
}

static void space_free(struct map64 *m)
{
	struct map64_entry *e;
	size_t pos = 0;

	while ((e = map64_next(m, &pos)))
		sock_free(e->value);
	map64_fini(m);
	free(m);
}

void scan_net_fini(struct scan_net *n)
{
	struct map64_entry *e;
	size_t pos = 0;

	while ((e = map64_next(&n->spaces, &pos)))
		space_free(e->value);
	map64_fini(&n->spaces);
	buf_fini(&n->text);
}

static void sock_put(struct map64 *m, u64 ino, const struct sock *s)
{
	struct sock *copy;

	if (!ino || map64_get(m, ino)) {
		free(s->path);
		return;
	}
	copy = xmalloc(sizeof(*copy));
	*copy = *s;
	map64_put(m, ino, copy);
}

/* ---- lines of the tables ---- */

struct net_file {
	const char *name;
	bool v6;
	u8 l4proto;
};

static const struct net_file ip_files[] = {
	{ "net/tcp", false, L4_TCP },  { "net/tcp6", true, L4_TCP },
	{ "net/udp", false, L4_UDP },  { "net/udp6", true, L4_UDP },
	{ "net/raw", false, L4_RAW },  { "net/raw6", true, L4_RAW },
	{ "net/icmp", false, L4_ICMP }, { "net/icmp6", true, L4_ICMP },
};

/* Words of 8 hex digits, each an u32 as this machine has it in memory, then the port. */
static const char *address(const char *s, bool v6, u8 addr[16], u16 *port)
{
	char word[9] = "";
	u32 v, words = v6 ? 4 : 1;

	memset(addr, 0, 16);
	for (u32 i = 0; i < words; i++, s += 8) {
		if (strnlen(s, 8) < 8)
			return NULL;
		memcpy(word, s, 8);
		v = (u32)strtoul(word, NULL, 16);
		memcpy(addr + 4 * i, &v, 4);
	}
	if (*s != ':')
		return NULL;
	*port = (u16)strtoul(s + 1, (char **)&s, 16);
	return s;
}

static const char *words(const char *s, u32 n)
{
	while (n--) {
		s += strspn(s, " ");
		s += strcspn(s, " \n");
	}
	return s + strspn(s, " ");
}

/* "sl: local remote state tx:rx tr:tm retransmit uid timeout inode ..." */
static bool ip_line(const char *line, const struct net_file *f, struct sock *s, u64 *ino,
		    u32 *state)
{
	const char *p = strchr(line, ':');

	memset(s, 0, sizeof(*s));
	p = p ? address(p + 1 + strspn(p + 1, " "), f->v6, s->saddr, &s->sport) : NULL;
	p = p ? address(p + strspn(p, " "), f->v6, s->daddr, &s->dport) : NULL;
	if (!p)
		return false;
	*state = (u32)strtoul(p, NULL, 16);
	*ino = strtoull(words(p, 6), NULL, 10);
	s->l4proto = f->l4proto;
	s->type = s->dport || f->l4proto == L4_RAW || f->l4proto == L4_ICMP ?
			  (f->v6 ? FDT_IPV6_SOCK : FDT_IPV4_SOCK) :
			  (f->v6 ? FDT_IPV6_SERVSOCK : FDT_IPV4_SERVSOCK);
	return true;
}

static const char *next_line(const char *s)
{
	s = strchr(s, '\n');
	return s && s[1] ? s + 1 : NULL;
}

static void read_ip(struct map64 *m, const struct buf *b, const struct net_file *f)
{
	const char *line = b->len ? next_line(b->p) : NULL;
	struct sock s;
	u64 ino;
	u32 state;

	for (; line; line = next_line(line))
		if (ip_line(line, f, &s, &ino, &state))
			sock_put(m, ino, &s);
}

/* "ptr: refs protocol flags type state inode path" */
static void read_unix(struct map64 *m, const struct buf *b)
{
	const char *line = b->len ? next_line(b->p) : NULL, *path;
	struct sock s;
	char *end;
	u64 ino;

	for (; line; line = next_line(line)) {
		s = (struct sock){ .type = FDT_UNIX_SOCK, .ptr = strtoull(line, NULL, 16) };
		ino = strtoull(words(line, 6), &end, 10);
		path = end + strspn(end, " ");
		if (*path && *path != '\n')
			s.path = xmemdup0(path, strcspn(path, "\n"));
		sock_put(m, ino, &s);
	}
}

/* "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode" */
static void read_netlink(struct map64 *m, const struct buf *b)
{
	const char *line = b->len ? next_line(b->p) : NULL;
	const struct sock s = { .type = FDT_NETLINK };

	for (; line; line = next_line(line))
		sock_put(m, strtoull(words(line, 9), NULL, 10), &s);
}

static struct map64 *space_of(struct scan_net *n, int dir)
{
	struct map64 *m;
	struct stat st;

	if (fstatat(dir, "ns/net", &st, 0))
		return NULL;
	m = map64_get(&n->spaces, st.st_ino);
	if (m)
		return m;
	m = xcalloc(1, sizeof(*m));
	map64_put(&n->spaces, st.st_ino, m);
	for (u32 i = 0; i < ARRAY_SIZE(ip_files); i++)
		if (scan_read(dir, ip_files[i].name, &n->text, NET_FILE_MAX))
			read_ip(m, &n->text, &ip_files[i]);
	if (scan_read(dir, "net/unix", &n->text, NET_FILE_MAX))
		read_unix(m, &n->text);
	if (scan_read(dir, "net/netlink", &n->text, NET_FILE_MAX))
		read_netlink(m, &n->text);
	return m;
}

void scan_ports(struct proc *p, int dir)
{
	enum { TCP_LISTEN = 10, FILES = 2 };
	struct buf text = { 0 };
	const char *line;
	struct sock s;
	u64 ino;
	u32 state;

	for (u32 i = 0; i < FILES; i++) {
		if (!scan_read(dir, ip_files[i].name, &text, NET_FILE_MAX) || !text.len)
			continue;
		for (line = next_line(text.p); line; line = next_line(line))
			if (ip_line(line, &ip_files[i], &s, &ino, &state) && state == TCP_LISTEN)
				port_set(p, s.sport);
	}
	buf_fini(&text);
}

/* ---- fds ---- */

static const struct {
	const char *link;
	u8 type;
} links[] = {
	{ "pipe:", FDT_FIFO },
	{ "anon_inode:[eventfd", FDT_EVENT },
	{ "anon_inode:[eventpoll]", FDT_EVENTPOLL },
	{ "anon_inode:[signalfd]", FDT_SIGNALFD },
	{ "anon_inode:[timerfd]", FDT_TIMERFD },
	{ "anon_inode:inotify", FDT_INOTIFY },
	{ "anon_inode:[io_uring]", FDT_IOURING },
	{ "anon_inode:[userfaultfd]", FDT_USERFAULTFD },
	{ "anon_inode:[pidfd]", FDT_PIDFD },
	{ "anon_inode:bpf", FDT_BPF },
	{ "anon_inode:", FDT_UNSUPPORTED },
	{ "/memfd:", FDT_MEMFD },
};

/* The C library's is 0 on machines of 64 bits. */
#ifdef __aarch64__
#define KERNEL_O_LARGEFILE 0400000
#else
#define KERNEL_O_LARGEFILE 0100000
#endif

/* Flags as open(2) has them to portable ones. */
static u32 portable_flags(u32 flags)
{
	static const struct {
		u32 os, portable;
	} map[] = {
		{ O_CREAT, 4 }, { O_APPEND, 8 }, { O_DSYNC, 16 }, { O_EXCL, 32 }, { O_NONBLOCK, 64 },
		{ O_SYNC, 128 }, { O_TRUNC, 256 }, { O_DIRECT, 512 }, { O_DIRECTORY, 1024 },
		{ KERNEL_O_LARGEFILE, 2048 }, { O_CLOEXEC, 4096 },
	};
	u32 ret = (flags & O_ACCMODE) == O_RDWR ? 3 : (flags & O_ACCMODE) == O_WRONLY ? 2 : 1;

	for (u32 i = 0; i < ARRAY_SIZE(map); i++)
		if ((flags & map[i].os) == map[i].os)
			ret |= map[i].portable;
	return ret;
}

static void take_flags(int dir, s64 num, struct buf *text, struct state_fd *f)
{
	char name[40];
	const char *s;

	snprintf(name, sizeof(name), "fdinfo/%lld", num);
	if (!scan_read(dir, name, text, 1024) || !text->len)
		return;
	s = strstr(text->p, "flags:");
	if (s)
		f->open_flags = portable_flags((u32)strtoul(s + 6, NULL, 8));
	s = strstr(text->p, "mnt_id:");
	if (s)
		f->mount_id = (u32)strtoul(s + 7, NULL, 10);
}

static void take_socket(struct scan_net *n, int dir, const struct stat *st, struct state_fd *f)
{
	struct map64 *m = space_of(n, dir);
	const struct sock *s = m ? map64_get(m, st->st_ino) : NULL;

	f->type = s ? s->type : FDT_UNKNOWN;
	if (!s)
		return;
	f->l4proto = s->l4proto;
	memcpy(f->saddr, s->saddr, 16);
	memcpy(f->daddr, s->daddr, 16);
	f->sport = s->sport;
	f->dport = s->dport;
	f->unix_src = s->ptr;
	f->name = (struct state_str){ s->path ? s->path : "", s->path ? (u32)strlen(s->path) : 0 };
}

static u8 link_type(const char *link, const struct stat *st)
{
	for (u32 i = 0; i < ARRAY_SIZE(links); i++)
		if (!strncmp(link, links[i].link, strlen(links[i].link)))
			return links[i].type;
	if (S_ISDIR(st->st_mode))
		return FDT_DIRECTORY;
	return S_ISFIFO(st->st_mode) ? FDT_FIFO : FDT_FILE_V2;
}

/* As events show it: minor's low byte, major, the rest of minor. */
static u32 encode_dev(dev_t dev)
{
	u32 hi = major(dev), lo = minor(dev);

	return (lo & 0xff) | hi << 8 | (lo & ~0xffu) << 12;
}

/* n: NULL: sockets are left out. */
static bool scan_one(struct proc *p, struct scan_net *n, int dir, int fds, const char *name, s64 pid)
{
	struct buf text = { 0 };
	struct state_fd f = { .tid = pid, .fd = strtoll(name, NULL, 10) };
	char link[PATH_LEN_MAX];
	ssize_t len = readlinkat(fds, name, link, sizeof(link) - 1);
	struct stat st;

	if (len < 0 || fstatat(fds, name, &st, 0)) {
		p->stats.scan_skipped++;
		return false;
	}
	if (S_ISSOCK(st.st_mode) && !n)
		return false;
	link[len] = 0;
	f.ino = st.st_ino;
	f.dev = encode_dev(st.st_dev);
	take_flags(dir, f.fd, n ? &n->text : &text, &f);
	buf_fini(&text);
	if (S_ISSOCK(st.st_mode)) {
		take_socket(n, dir, &st, &f);
	} else {
		f.type = link_type(link, &st);
		f.name = (struct state_str){ link, (u32)len };
	}
	p->sink.fd(p->sink.ctx, &f);
	return true;
}

bool scan_fd(struct proc *p, s64 tid, s64 num)
{
	char path[PATH_LEN_MAX], name[24];
	int dir, fds;
	bool found = false;

	snprintf(path, sizeof(path), "%s/proc/%lld", p->host_root, tid);
	snprintf(name, sizeof(name), "%lld", num);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds = dir < 0 ? -1 : openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fds >= 0) {
		found = scan_one(p, NULL, dir, fds, name, tid) && fdt_get(thread_find(p, tid), num);
		close(fds);
	}
	if (dir >= 0)
		close(dir);
	return found;
}

void scan_fds(struct proc *p, struct scan_net *n, int dir, s64 pid)
{
	int fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		p->stats.scan_skipped++;
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d)))
		if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
			scan_one(p, n, dir, dirfd(d), e->d_name, pid);
	closedir(d);
}
