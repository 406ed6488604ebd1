/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The path of a dentry, and that of a kernfs node.
 *
 * Both are known from the leaf up, so they are built from its end in a buffer of the port's:
 * path_begin(), path_name() for each component, and appended by path_end() when the root is
 * reached.  Components that do not fit or lie deeper than PATH_DEPTH are left out at the
 * front, and the event counts as truncated.  The path stays in the buffer: path_end() may be
 * called again to append it again.
 */
#ifndef SAKER_DRIVERS_KWALK_PATH_H
#define SAKER_DRIVERS_KWALK_PATH_H

enum path_top {
	PATH_CUT,	/* more in front */
	PATH_ROOTED,	/* nothing in front: "/" */
	PATH_LOOSE,	/* part of no tree: the name alone, perhaps none */
};

#define PATH_PER_STEP 8

static inline_ struct mount *real_mount(struct vfsmount *mnt)
{
	return KCONTAINER(mnt, struct mount, mnt);
}

/* The root of a mount continues where that is mounted.  False: at the root of everything. */
static inline_ bool path_cross_mount(struct path_loop *l)
{
	struct mount *m = l->mnt, *parent = KREAD(m, mnt_parent);

	if (parent == m || !parent)
		return false;
	l->dentry = KREAD(m, mnt_mountpoint);
	l->mnt = parent;
	l->mnt_root = KREAD(parent, mnt.mnt_root);
	return true;
}

/* One component.  True: at the top, of the kind l->top. */
static inline_ bool path_up(struct ctx *c, struct path_loop *l)
{
	struct dentry *d = l->dentry, *parent;

	if (d == l->root_dentry && l->mnt == l->root_mnt) {
		l->top = PATH_ROOTED;
		return true;
	}
	if (d == l->mnt_root) {
		if (path_cross_mount(l))
			return false;
		l->top = PATH_ROOTED;
		return true;
	}
	parent = KREAD(d, d_parent);
	if (!path_name(c, KREAD(d, d_name.name), KREAD(d, d_name.len), parent != d))
		return true;
	l->dentry = parent;
	if (parent != d)
		return false;
	l->top = PATH_LOOSE;
	return true;
}

STEP(path_step)
static inline_ bool path_step(struct ctx *c, struct loop *l, u32 i)
{
	u32 n;

	for_bounded(n, PATH_PER_STEP, PATH_PER_STEP)
		if (path_up(c, &l->path))
			return true;
	return false;
}

/*
 * Appends the path down from `root_dentry` on `root_mnt` (NULL: from the root of the mount
 * tree), without NUL.  A dentry that is no part of a tree (a socket, a memfd) yields its name.
 */
static inline_ void put_path_from(struct ctx *c, struct vfsmount *mnt, struct dentry *dentry,
				  struct vfsmount *root_mnt, struct dentry *root_dentry)
{
	struct path_loop *l = &loop(c)->path;

	l->dentry = dentry;
	l->mnt = real_mount(mnt);
	l->mnt_root = KREAD(mnt, mnt_root);
	l->root_dentry = root_dentry;
	l->root_mnt = root_mnt ? real_mount(root_mnt) : NULL;
	l->top = PATH_CUT;
	path_begin(c);
	run_steps(c, path_step, PATH_DEPTH / PATH_PER_STEP, PATH_DEPTH / PATH_PER_STEP);
	path_end(c, l->top);
}

static inline_ struct kernfs_node *kernfs_parent(struct kernfs_node *n)
{
	struct kernfs_node___plain *plain = (void *)n;

	if (KHAS(struct kernfs_node, __parent))
		return KREAD(n, __parent);
	return KREAD(plain, parent);
}

STEP(kernfs_step)
static inline_ bool kernfs_step(struct ctx *c, struct loop *l, u32 i)
{
	struct kernfs_node *node = l->cgroup.node, *parent = kernfs_parent(node);

	if (!parent)
		return true;
	path_name_str(c, KREAD(node, name));
	l->cgroup.node = parent;
	return false;
}

static inline_ void put_kernfs_path(struct ctx *c, struct kernfs_node *n)
{
	path_begin(c);
	loop(c)->cgroup.node = n;
	run_steps(c, kernfs_step, CGROUP_DEPTH, CGROUP_DEPTH);
	path_end(c, PATH_ROOTED);
}

#endif
