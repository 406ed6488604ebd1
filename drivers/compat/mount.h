/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The head of the kernel's struct mount, which its headers for modules do not have
 * (fs/mount.h; the same from 3.3 to 7.3).
 */
#ifndef SAKER_DRIVERS_COMPAT_MOUNT_H
#define SAKER_DRIVERS_COMPAT_MOUNT_H

#include <linux/mount.h>

struct mount {
	struct hlist_node mnt_hash;
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

#endif
