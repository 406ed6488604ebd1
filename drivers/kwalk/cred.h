/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Users, groups and capabilities of a task. */
#ifndef SAKER_DRIVERS_KWALK_CRED_H
#define SAKER_DRIVERS_KWALK_CRED_H

#define K_CAP_DAC_OVERRIDE 1
#define CAPS_KNOWN ((1ull << 41) - 1)

static inline_ u64 task_euid(struct task_struct *t)
{
	return KREAD(t, cred, euid.val);
}

static inline_ u64 task_egid(struct task_struct *t)
{
	return KREAD(t, cred, egid.val);
}

static inline_ u64 cap_value(struct ctx *c, const void *set)
{
	u64 v = 0;

	read_kernel(c, &v, sizeof(v), set);
	return v & CAPS_KNOWN;
}

static inline_ u64 task_cap_inheritable(struct ctx *c)
{
	const struct cred *cred = KREAD(task(c), cred);

	return cap_value(c, KADDR(cred, cap_inheritable));
}

static inline_ u64 task_cap_permitted(struct ctx *c)
{
	const struct cred *cred = KREAD(task(c), cred);

	return cap_value(c, KADDR(cred, cap_permitted));
}

static inline_ u64 task_cap_effective(struct ctx *c)
{
	const struct cred *cred = KREAD(task(c), cred);

	return cap_value(c, KADDR(cred, cap_effective));
}

#endif
