/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* __i_ctime, a timespec64: 6.6 to 6.10, commit 13bc24457850. */
#include <linux/fs.h>

long probe(struct inode *i);
long probe(struct inode *i)
{
	return i->__i_ctime.tv_sec;
}
