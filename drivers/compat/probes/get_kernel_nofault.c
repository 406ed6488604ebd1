/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Loads of the kernel's memory that may fault: x86 from 5.8, arm64 from 5.11 on. */
#include <linux/uaccess.h>

long probe(const long *p);
long probe(const long *p)
{
	long v;

	__get_kernel_nofault(&v, p, long, fault);
	return v;
fault:
	return 0;
}
