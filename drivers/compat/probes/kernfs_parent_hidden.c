/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A kernfs_node keeps its parent in __parent: 6.15, commit 633488947ef6. */
#include <linux/kernfs.h>

void *probe(struct kernfs_node *n);
void *probe(struct kernfs_node *n)
{
	return (void *)n->__parent;
}
