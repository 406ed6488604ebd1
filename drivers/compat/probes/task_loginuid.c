/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A task has a login uid: kernels with CONFIG_AUDIT. */
#include <linux/sched.h>

unsigned int probe(struct task_struct *t);
unsigned int probe(struct task_struct *t)
{
	return t->loginuid.val;
}
