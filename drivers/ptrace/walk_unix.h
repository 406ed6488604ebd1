/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Which unix sockets belong together, from the calls that joined them.
 *
 * sock_diag tells it better, but may be a module that is not there, and knows the tracer's own
 * network namespace only.  Of a connection, this end and the accepted one are brought together
 * by the path, the process that connects, and the order of calls.
 */
#ifndef SAKER_DRIVERS_PTRACE_WALK_UNIX_H
#define SAKER_DRIVERS_PTRACE_WALK_UNIX_H

#include <sys/socket.h>

#define UNIX_LINKS 1024			/* the oldest is forgotten */

struct unix_link {
	u64 ino, peer;
	s32 pid;
	bool connects;			/* and was not accepted yet */
	u32 backlog;
	char name[SUN_PATH_MAX + 1];	/* that it connects to, without folders */
};

static struct unix_links {
	struct unix_link rows[UNIX_LINKS];
	u32 next;			/* the oldest one */
} unix_links;

static inline_ struct unix_link *unix_link(u64 ino)
{
	u32 i;

	for (i = 0; ino && i < UNIX_LINKS; i++)
		if (unix_links.rows[i].ino == ino)
			return &unix_links.rows[i];
	return NULL;
}

/* Anew, behind all others. */
static inline_ struct unix_link *unix_link_new(u64 ino)
{
	struct unix_link *l = unix_link(ino);

	if (l)
		l->ino = 0;
	l = &unix_links.rows[unix_links.next++ % UNIX_LINKS];
	*l = (struct unix_link){ .ino = ino };
	return l;
}

/* The last component: a path may be named in several ways.  Abstract names begin with a NUL. */
static inline_ void unix_name(char *dst, const char *path, u32 n)
{
	u32 i, len, start = n && !*path;

	if (n > SUN_PATH_MAX)
		n = SUN_PATH_MAX;
	len = start;
	while (len < n && path[len])
		len++;
	for (i = start; i < len; i++)
		if (path[i] == '/')
			start = i + 1;
	memcpy(dst, path + start, len - start);
	dst[len - start] = 0;
}

/* A connect begins; `addr` is its address as events have it. */
static inline_ void unix_connects(struct ctx *c, const u8 *addr, u32 len)
{
	u64 ino;

	if (len < 2 || *addr != AF_UNIX)
		return;
	ino = fd_ino(c, (s32)arg(c, 0));
	if (ino) {
		struct unix_link *l = unix_link_new(ino);

		l->pid = c->task->tgid;
		l->connects = true;
		unix_name(l->name, (const char *)addr + 1, len - 1);
	}
}

static inline_ void unix_pair(u64 a, u64 b)
{
	if (a && b) {
		unix_link_new(a)->peer = b;
		unix_link_new(b)->peer = a;
	}
}

/* No more than net.core.somaxconn. */
static inline_ u32 unix_backlog(s32 asked)
{
	char text[16] = "";
	int fd = open("/proc/sys/net/core/somaxconn", O_RDONLY | O_CLOEXEC);
	u32 max = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 ? strtoul(text, NULL, 10) : 0;

	if (fd >= 0)
		close(fd);
	return max && (u32)asked > max ? max : (u32)asked;
}

/* A call has ended. */
static inline_ void unix_note(struct ctx *c)
{
	struct unix_link *l;

	if (code(c) == SC_listen && !ret(c)) {
		u64 ino = fd_ino(c, (s32)arg(c, 0));

		if (ino)
			unix_link_new(ino)->backlog = unix_backlog(arg(c, 1));
	} else if (code(c) == SC_connect && ret(c) < 0 && c->call->kept) {
		l = unix_link(fd_ino(c, (s32)arg(c, 0)));
		if (l)
			l->connects = false;
	} else if (code(c) == SC_socketpair && !ret(c)) {
		unix_pair(fd_ino(c, (s32)user_u32(c, arg(c, 3))),
			  fd_ino(c, (s32)user_u32(c, arg(c, 3) + 4)));
	}
}

/* Who connected to the socket that `sk` was accepted from; 0: unknown. */
static inline_ u64 unix_client(const struct sock *sk, int fd)
{
	char name[SUN_PATH_MAX + 1];
	struct ucred cred = { 0 };
	socklen_t len = sizeof(cred);
	u32 i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return 0;
	unix_name(name, sk->path, sk->path_len);
	for (i = 0; i < UNIX_LINKS; i++) {
		struct unix_link *l = &unix_links.rows[(unix_links.next + i) % UNIX_LINKS];

		if (l->ino && l->connects && l->pid == cred.pid && !strcmp(l->name, name)) {
			u64 ino = l->ino;

			l->connects = false;
			unix_link_new(sk->ino)->peer = ino;
			return ino;
		}
	}
	return 0;
}

/* The one bound to a path, in the thread's network namespace; abstract names begin with '@'. */
static inline_ u64 unix_by_name(struct ctx *c, const struct sock *sk)
{
	char path[64], line[512], name[SUN_PATH_MAX + 2];
	u32 i, n = sk->peer_path_len;
	u64 found = 0;
	FILE *f;

	memcpy(name, sk->peer_path, n);
	if (*sk->peer_path)
		n = strnlen(name, n);
	for (i = 0; i < n && !*sk->peer_path; i++)
		name[i] = name[i] ? name[i] : '@';
	memcpy(name + n, "\n", 2);
	snprintf(path, sizeof(path), "/proc/%d/net/unix", c->task->tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		unsigned long ino;
		unsigned int type;
		int at = 0;

		/* the latest, if an earlier one's name was removed */
		if (sscanf(line, "%*s %*x %*x %*x %x %*x %lu %n", &type, &ino, &at) == 2 && at &&
		    type == sk->type && !strcmp(line + at, name) && ino > found)
			found = ino;
	}
	if (f)
		fclose(f);
	return found;
}

/* For what sock_diag does not tell. */
static inline_ void unix_ask_links(struct ctx *c, struct sock *sk, int fd)
{
	const struct unix_link *l = unix_link(sk->ino);

	if (l && sk->listening)
		sk->queue_max = l->backlog;
	else if (l && l->peer)
		sk->peer = l->peer;
	else if (sk->connected && sk->type != SOCK_DGRAM && sk->path_len && !sk->peer_path_len)
		sk->peer = unix_client(sk, fd);
	else if (sk->peer_path_len && (sk->type == SOCK_DGRAM || !l))
		sk->peer = unix_by_name(c, sk);
}

#endif
