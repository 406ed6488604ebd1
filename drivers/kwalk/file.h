/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* fd -> file -> inode; what kind of thing an fd is. */
#ifndef SAKER_DRIVERS_KWALK_FILE_H
#define SAKER_DRIVERS_KWALK_FILE_H

#define K_S_IFMT	0170000
#define K_S_IFSOCK	0140000
#define K_S_IFREG	0100000
#define K_S_IFDIR	0040000
#define K_S_IFIFO	0010000
#define K_FMODE_CREATED	0x100000
#define K_OVERLAYFS	0x794c7630
#define K_ANON_INODEFS	0x09041934
#define K_PIDFS		0x50494446
#define K_SB_RDONLY	1
#define K_S_IMMUTABLE	(1 << 3)

static inline_ struct file *task_file(struct task_struct *t, s64 fd)
{
	struct fdtable *fdt = KREAD(t, files, fdt);
	struct file **fds = KREAD(fdt, fd);

	if (fd < 0 || fd >= KREAD(fdt, max_fds) || !fds)
		return NULL;
	return KREAD_AT(&fds[fd]);
}

static inline_ bool fd_cloexec(struct task_struct *t, s64 fd)
{
	struct fdtable *fdt = KREAD(t, files, fdt);
	unsigned long *bits = KREAD(fdt, close_on_exec);
	u64 word = KREAD_AT(&bits[(u64)fd / 64]);

	return word >> (fd & 63) & 1;
}

/* As stat() gives it. */
static inline_ u32 dev_encoded(u32 dev)
{
	u32 major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

static inline_ u64 fd_dev(struct ctx *c, s64 fd)
{
	struct file *f = task_file(task(c), fd);

	return f ? dev_encoded(KREAD(f, f_inode, i_sb, s_dev)) : 0;
}

static inline_ u64 fd_ino(struct ctx *c, s64 fd)
{
	struct file *f = task_file(task(c), fd);

	return f ? KREAD(f, f_inode, i_ino) : 0;
}

/*
 * Of a file on overlayfs, P_UPPER_LAYER or P_LOWER_LAYER.  overlayfs may be a module without
 * types of its own in the kernel's BTF; its inode is followed by the dentry of the upper layer.
 */
static inline_ u32 inode_layer(struct ctx *c, struct inode *inode)
{
	struct dentry *upper = NULL;

	if (KREAD(inode, i_sb, s_magic) != K_OVERLAYFS)
		return 0;
	read_kernel(c, &upper, sizeof(upper), (char *)inode + KSIZE(struct inode));
	return upper && KREAD(upper, d_inode) ? P_UPPER_LAYER : P_LOWER_LAYER;
}

/* The file which the call opened; looked up once. */
static inline_ struct file *opened_file(struct ctx *c)
{
	struct memo *m = memo(c);

	if (!m->opened_known) {
		m->opened_known = true;
		m->opened = task_file(task(c), ret(c));
		m->opened_inode = m->opened ? KREAD(m->opened, f_inode) : NULL;
	}
	return m->opened;
}

static inline_ u64 opened_dev(struct ctx *c)
{
	return opened_file(c) ? dev_encoded(KREAD(memo(c)->opened_inode, i_sb, s_dev)) : 0;
}

static inline_ u64 opened_ino(struct ctx *c)
{
	return opened_file(c) ? KREAD(memo(c)->opened_inode, i_ino) : 0;
}

/* What only the kernel knows of an open: portable bits beside the flags passed. */
static inline_ u32 opened_flags(struct ctx *c)
{
	struct file *f = opened_file(c);

	if (!f)
		return 0;
	return ((__force u32)KREAD(f, f_mode) & K_FMODE_CREATED ? P_F_CREATED : 0) |
	       inode_layer(c, memo(c)->opened_inode);
}

static inline_ u32 creat_flags(struct ctx *c)
{
	u32 p = opened_flags(c);

	return (p & P_UPPER_LAYER ? 1 : 0) | (p & P_LOWER_LAYER ? 2 : 0);
}

/* Could the task write to the file: by mode bits, owner and capability. */
static inline_ bool inode_writable(struct ctx *c, struct inode *inode)
{
	const struct cred *cred = KREAD(task(c), cred);
	u32 mode = KREAD(inode, i_mode), uid = KREAD(inode, i_uid.val), gid = KREAD(inode, i_gid.val);

	if (KREAD(inode, i_sb, s_flags) & K_SB_RDONLY || KREAD(inode, i_flags) & K_S_IMMUTABLE)
		return false;
	if (cap_value(c, KADDR(cred, cap_effective)) >> K_CAP_DAC_OVERRIDE & 1)
		return true;
	if (KREAD(cred, fsuid.val) == uid)
		return mode & 0200;
	if (KREAD(cred, fsgid.val) == gid)
		return mode & 0020;
	return mode & 0002;
}

#endif
