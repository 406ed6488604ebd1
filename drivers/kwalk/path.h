/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The path of a dentry, and that of a kernfs node.
 *
 * Both are known from the leaf up: path_push() keeps the nodes on the way, and when the root
 * is reached path_emit_step() writes their names from there down.  Components deeper than
 * PATH_DEPTH are left out at the front, and the event counts as truncated.
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
	if (parent != d && l->n >= PATH_DEPTH)
		return true;
	path_push(c, l->n, d);
	l->n++;
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

STEP(path_emit_step)
static inline_ bool path_emit_step(struct ctx *c, struct loop *l, u32 i)
{
	struct path_loop *p = &l->path;
	u32 n;

	for_bounded(n, PATH_PER_STEP, PATH_PER_STEP) {
		struct dentry *d;

		if (!p->n)
			return true;
		d = path_pop(c, --p->n);
		if (p->top != PATH_LOOSE)
			put(c, "/", 1);
		put_name(c, KREAD(d, d_name.name), KREAD(d, d_name.len));
	}
	return false;
}

static inline_ void path_begin(struct ctx *c, struct vfsmount *mnt, struct dentry *dentry,
			       struct vfsmount *root_mnt, struct dentry *root_dentry)
{
	struct path_loop *l = &loop(c)->path;

	l->dentry = dentry;
	l->mnt = real_mount(mnt);
	l->mnt_root = KREAD(mnt, mnt_root);
	l->root_dentry = root_dentry;
	l->root_mnt = root_mnt ? real_mount(root_mnt) : NULL;
	l->top = PATH_CUT;
	l->n = 0;
}

/* Between the way up and the way down.  False: nothing is left to be written. */
static inline_ bool path_turn(struct ctx *c)
{
	struct path_loop *l = &loop(c)->path;

	if (l->top == PATH_CUT)
		count_truncated(c);
	if (l->top != PATH_ROOTED || l->n)
		return true;
	put(c, "/", 1);
	return false;
}

static inline_ void path_end(struct ctx *c)
{
	struct path_loop *l = &loop(c)->path;

	if (!l->info_at)
		put(c, "", 1);
	else if (l->top == PATH_CUT)
		put_at(c, l->info_at + __builtin_offsetof(struct fdinfo, flags),
		       l->info_flags | FDI_NAME_TRUNCATED);
}

/* A port whose programs are too small for this goes on elsewhere: walk_path() is its own. */
#ifndef PORT_WALKS_LATER
static inline_ void walk_path(struct ctx *c)
{
	run_steps(c, path_step, PATH_STEPS, PATH_STEPS);
	if (path_turn(c))
		run_steps(c, path_emit_step, PATH_STEPS, PATH_STEPS);
	path_end(c);
}
#endif

/*
 * Appends the path down from `root_dentry` on `root_mnt` (NULL: from the root of the mount
 * tree), as the last thing of a parameter.  A dentry that is no part of a tree (a socket, a
 * memfd) yields its name.  A NUL follows; or the path is the name of the struct fdinfo at
 * info_at, whose flags are info_flags, and it is noted there when the front is missing.
 */
static inline_ void put_path(struct ctx *c, struct vfsmount *mnt, struct dentry *dentry,
			     struct vfsmount *root_mnt, struct dentry *root_dentry, u64 info_at,
			     u32 info_flags)
{
	loop(c)->path.info_at = info_at;
	loop(c)->path.info_flags = info_flags;
	path_begin(c, mnt, dentry, root_mnt, root_dentry);
	walk_path(c);
}

STEP(kernfs_step)
static inline_ bool kernfs_step(struct ctx *c, struct loop *l, u32 i)
{
	struct kernfs_node *node = l->cgroup.node, *parent = kernfs_parent(node);

	if (!parent)
		return true;
	path_push(c, i, node);
	l->cgroup.n = i + 1;
	l->cgroup.node = parent;
	return false;
}

STEP(kernfs_emit_step)
static inline_ bool kernfs_emit_step(struct ctx *c, struct loop *l, u32 i)
{
	struct kernfs_node *node;

	if (!l->cgroup.n)
		return true;
	node = path_pop(c, --l->cgroup.n);
	put(c, "/", 1);
	put_kernel_str(c, KREAD(node, name), NAME_MAX_);
	unput(c, 1);
	return false;
}

/* Ended by a NUL. */
static inline_ void put_kernfs_path(struct ctx *c, struct kernfs_node *n)
{
	loop(c)->cgroup.node = n;
	loop(c)->cgroup.n = 0;
	run_steps(c, kernfs_step, CGROUP_DEPTH, CGROUP_DEPTH);
	if (loop(c)->cgroup.n)
		run_steps(c, kernfs_emit_step, CGROUP_DEPTH, CGROUP_DEPTH);
	else
		put(c, "/", 1);
	put(c, "", 1);
}

#endif
