/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* __i_mtime, a timespec64: 6.7 to 6.10, commit 12cd44023651. */
#include <linux/fs.h>

long probe(struct inode *i);
long probe(struct inode *i)
{
	return i->__i_mtime.tv_sec;
}
