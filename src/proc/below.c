/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files below somebody else's root directory.  Who owns that root chooses what lies there, so a path is
 * walked name by name: a symbolic link is read, not followed, and means what it means below that root;
 * ".." at the top stays there; links that the kernel would follow by magic are text like any other.
 * Nothing is opened before it is known to be a regular file on a real file system: opening a pipe may
 * wait, opening a device may do anything.  (openat2() can resolve so, too, but a seccomp filter cannot
 * see its flags, and the thread that does this must not open anything for writing.)
 */
#include "proc/users.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { DEPTH_MAX = 32, LINKS_MAX = 16, TEXT_MAX = 2048 };

struct walk {
	int root, fds[DEPTH_MAX];	/* the way down; root is not owned */
	u32 depth, links;
	char rest[TEXT_MAX];		/* of the path, yet to be walked */
};

static int top(const struct walk *w)
{
	return w->depth ? w->fds[w->depth - 1] : w->root;
}

static void up(struct walk *w)
{
	if (w->depth)
		close(w->fds[--w->depth]);
}

/* The text of a link takes the place of its name. */
static int follow(struct walk *w, int link)
{
	char text[TEXT_MAX];
	size_t rest = strlen(w->rest);
	ssize_t n = readlinkat(link, "", text, sizeof(text));

	if (n < 0)
		return -errno;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)n + 1 + rest + 1 > sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + n + 1, w->rest, rest + 1);
	memcpy(w->rest, text, (size_t)n);
	w->rest[n] = '/';
	while (w->rest[0] == '/' && w->depth)
		up(w);
	return 0;
}

static int down(struct walk *w, const char *name)
{
	int fd = openat(top(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC), err = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		err = -errno;
	} else if (S_ISLNK(st.st_mode)) {
		err = follow(w, fd);
	} else if (w->depth == DEPTH_MAX) {
		err = -ELOOP;
	} else {
		w->fds[w->depth++] = fd;
		return 0;
	}
	close(fd);
	return err;
}

/* Takes the next name off the rest. */
static int step(struct walk *w)
{
	size_t skip = strspn(w->rest, "/"), n = strcspn(w->rest + skip, "/");
	char name[256];

	if (n >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, w->rest + skip, n);
	name[n] = 0;
	memmove(w->rest, w->rest + skip + n, strlen(w->rest + skip + n) + 1);
	if (!n || !strcmp(name, "."))
		return 0;
	if (!strcmp(name, "..")) {
		up(w);
		return 0;
	}
	return down(w, name);
}

/* File systems whose files are no memory of anything: to read one may wait, or do something. */
static bool is_made_up(int fd)
{
	static const u32 types[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC, SELINUX_MAGIC,
		CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, BPF_FS_MAGIC, EFIVARFS_MAGIC, DEVPTS_SUPER_MAGIC,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return true;
	for (u32 i = 0; i < ARRAY_SIZE(types); i++)
		if ((u32)fs.f_type == types[i])
			return true;
	return false;
}

int below_find(int root, const char *path, struct stat *st)
{
	struct walk w = { .root = root };
	int err = 0, fd = -1;

	snprintf(w.rest, sizeof(w.rest), "%s", path);
	while (!err && w.rest[0])
		err = step(&w);
	if (!err && !w.depth)
		err = -EISDIR;
	if (!err)
		fd = w.fds[--w.depth];
	while (w.depth)
		up(&w);
	if (!err && (fstat(fd, st) || !S_ISREG(st->st_mode) || is_made_up(fd)))
		err = -EINVAL;
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

int below_reopen(int found)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
