/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Open and executed files, by the links of /proc/PID. */
#ifndef SAKER_DRIVERS_PTRACE_WALK_FILE_H
#define SAKER_DRIVERS_PTRACE_WALK_FILE_H

#define K_CAP_DAC_OVERRIDE 1
#define ANON_PREFIX "anon_inode:"
#define DELETED " (deleted)"

enum { EXE_WRITABLE = 1, EXE_UPPER_LAYER = 2, EXE_FROM_MEMFD = 4, EXE_LOWER_LAYER = 8 };

/*
 * As it is known here: a file system whose server does not answer, or is a traced process that
 * waits for us, is not asked.
 */
static inline_ bool stat_known(const char *path, struct stat *st)
{
	struct statx sx;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &sx))
		return errno == ENOSYS && !stat(path, st);
	*st = (struct stat){
		.st_dev = makedev(sx.stx_dev_major, sx.stx_dev_minor),
		.st_rdev = makedev(sx.stx_rdev_major, sx.stx_rdev_minor),
		.st_ino = sx.stx_ino, .st_mode = sx.stx_mode, .st_nlink = sx.stx_nlink,
		.st_uid = sx.stx_uid, .st_gid = sx.stx_gid,
		.st_ctim = { sx.stx_ctime.tv_sec, sx.stx_ctime.tv_nsec },
		.st_mtim = { sx.stx_mtime.tv_sec, sx.stx_mtime.tv_nsec },
	};
	return true;
}

static inline_ bool fd_stat(struct ctx *c, s64 fd, struct stat *st)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%lld", c->task->tid, (long long)fd);
	return fd >= 0 && stat_known(path, st);
}

static inline_ u64 fd_ino(struct ctx *c, s64 fd)
{
	struct stat st;

	return fd_stat(c, fd, &st) ? st.st_ino : 0;
}

/* ---- names -------------------------------------------------------------------- */

/*
 * /proc says " (deleted)" after a name that is gone, which the kernel's own name does not have.
 * A file may be called so.
 */
static inline_ void strip_deleted(char *name, const struct stat *st)
{
	u64 n = strlen(name), suffix = strlen(DELETED);
	struct stat named;

	if (n <= suffix || strcmp(name + n - suffix, DELETED))
		return;
	if (st->st_nlink && !lstat(name, &named) && named.st_ino == st->st_ino &&
	    named.st_dev == st->st_dev)
		return;
	name[n - suffix] = 0;
}

/* Leaves out components at the front beyond PATH_DEPTH.  False: it did. */
static inline_ bool put_components(struct ctx *c, const char *name)
{
	const char *p, *start = name;
	u32 n = 0;

	for (p = name + strlen(name); *name == '/' && p > name; p--)
		if (p[-1] == '/' && ++n == PATH_DEPTH)
			start = p - 1;
	if (start != name)
		count_truncated(c);
	put(c, start, strlen(start));
	return start == name;
}

/* "uts:[4026531838]", which in the kernel is a root without a name: "/". */
static inline_ bool is_namespace(const char *name)
{
	return strstr(name, ":[") && strncmp(name, "pipe:", 5) && strncmp(name, "socket:", 7) &&
	       strncmp(name, "pidfd:", 6) && strncmp(name, "anon_inode:", 11);
}

/*
 * The name which a link of /proc shows as the kernel has it, in place: a memfd or another
 * file outside of all trees has no directory, a pipe no name.  The file of a namespace is a root.
 */
static inline_ char *kernel_name(char *name, const struct stat *st)
{
	static const char far[] = "(unreachable)";

	if (!strncmp(name, far, sizeof(far) - 1))
		name += sizeof(far) - 1;
	strip_deleted(name, st);
	if (!strncmp(name, "/memfd:", 7))
		return name + 1;
	if (*name != '/')
		strcpy(name, is_namespace(name) ? "/" : "");
	return name;
}

/* The same from the root of the process. */
static inline_ const char *from_root(struct ctx *c, char *name)
{
	static char copy[STR_MAX + 64];
	const char *root;
	u64 n;

	if (*name != '/')
		return name;
	snprintf(copy, sizeof(copy), "%s", name);
	root = proc_link(c->task->tid, "root");
	n = strlen(root);
	if (n <= 1 || strncmp(copy, root, n) || (copy[n] && copy[n] != '/'))
		return copy;
	return copy[n] ? copy + n : "/";
}

/* ---- what an open made ----------------------------------------------------------- */

/* Looked up once: opened_known says so, opened_inode that it is there. */
static inline_ const struct inode *opened_file(struct ctx *c)
{
	struct memo *m = memo(c);
	static struct inode inode;	/* of the event being made */

	if (!m->opened_known) {
		m->opened_known = true;
		inode.known = fd_stat(c, ret(c), &inode.st);
		m->opened_inode = inode.known ? &inode : NULL;
	}
	return m->opened_inode;
}

static inline_ u64 opened_dev(struct ctx *c)
{
	return opened_file(c) ? (u32)opened_file(c)->st.st_dev : 0;
}

static inline_ u64 opened_ino(struct ctx *c)
{
	return opened_file(c) ? opened_file(c)->st.st_ino : 0;
}

/* What the tracer cannot know is the layer of a file on overlayfs. */
static inline_ u32 opened_flags(struct ctx *c)
{
	return opened_file(c) && c->call->creates ? P_F_CREATED : 0;
}

static inline_ u32 creat_flags(struct ctx *c)
{
	return 0;
}

static inline_ struct done opened_kernel_path(struct ctx *c)
{
	char link[32];

	if (!opened_file(c))
		return DONE;
	snprintf(link, sizeof(link), "fd/%lld", (long long)ret(c));
	put_components(c, kernel_name(proc_link(c->task->tid, link), &opened_file(c)->st));
	put(c, "", 1);
	return DONE;
}

/* ---- the executable ---------------------------------------------------------------- */

static inline_ struct inode *task_exe_inode(struct ctx *c)
{
	char path[64];

	if (c->exe.known)
		return &c->exe;
	snprintf(path, sizeof(path), "/proc/%d/exe", c->task->tid);
	if (!stat_known(path, &c->exe.st))
		memset(&c->exe.st, 0, sizeof(c->exe.st));
	c->exe.i_ino = c->exe.st.st_ino;
	c->exe.known = true;
	return &c->exe;
}

static inline_ u64 inode_ctime(struct inode *inode)
{
	return (u64)inode->st.st_ctim.tv_sec * 1000000000 + inode->st.st_ctim.tv_nsec;
}

static inline_ u64 inode_mtime(struct inode *inode)
{
	return (u64)inode->st.st_mtim.tv_sec * 1000000000 + inode->st.st_mtim.tv_nsec;
}

/* On a file system mounted read-only, or marked as immutable. */
static inline_ bool exe_read_only(struct ctx *c)
{
	struct statvfs fs;
	struct statx sx;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", c->task->tid);
	if (!statvfs(path, &fs) && fs.f_flag & ST_RDONLY)
		return true;
	return !statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &sx) &&
	       sx.stx_attributes & STATX_ATTR_IMMUTABLE;
}

/* Could the task write to it: by mode bits, owner and capability. */
static inline_ bool exe_writable(struct ctx *c)
{
	const struct stat *st = &task_exe_inode(c)->st;

	if (exe_read_only(c))
		return false;
	if (task_cap_effective(c) >> K_CAP_DAC_OVERRIDE & 1)
		return true;
	if (c->task->fsuid == st->st_uid)
		return st->st_mode & 0200;
	if (c->task->fsgid == st->st_gid)
		return st->st_mode & 0020;
	return st->st_mode & 0002;
}

static inline_ u32 exec_flags(struct ctx *c)
{
	u32 v = exe_writable(c) ? EXE_WRITABLE : 0;

	if (!strncmp(proc_link(c->task->tid, "exe"), "/memfd:", 7))
		v |= EXE_FROM_MEMFD;
	return v;
}

static inline_ struct done exec_path(struct ctx *c)
{
	char *name = proc_link(c->task->tid, "exe");

	if (!*name)
		return DONE;
	put_components(c, kernel_name(name, &task_exe_inode(c)->st));
	put(c, "", 1);
	return DONE;
}

/* False: the event is not about an exec that succeeded. */
static inline_ bool put_new_filename(struct ctx *c)
{
	if (c->call->exec_name)
		put_text(c, c->call->exec_name);
	return c->call->exec_name;
}

#endif
