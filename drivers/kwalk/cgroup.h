/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The cgroups of a task: "cpuset=/a\0cpu=/a\0...", the subsystems that tell containers apart. */
#ifndef SAKER_DRIVERS_KWALK_CGROUP_H
#define SAKER_DRIVERS_KWALK_CGROUP_H

#define CGROUP_SUBSYSTEMS 5

static inline_ void put_cgroup_name(struct ctx *c, u32 n)
{
	put_kernel(c, n == 0 ? "cpuset=" : n == 1 ? "cpu=" : n == 2 ? "cpuacct=" :
		   n == 3 ? "io=" : "memory=",
		   n == 0 ? 7 : n == 1 ? 4 : n == 2 ? 8 : n == 3 ? 3 : 7, 16);
}

/* Several subsystems mostly share one cgroup: its path is built once. */
STEP(cgroup_step)
static inline_ bool cgroup_step(struct ctx *c, struct loop *l, u32 i)
{
	s32 index = cgroup_subsystem(i);
	struct css_set *set = KREAD(task(c), cgroups);
	struct cgroup_subsys_state **subsys = KADDR(set, subsys[0]), *css;
	struct cgroup *cg;

	if (index < 0)
		return false;
	css = KREAD_AT(&subsys[index]);
	if (!css)
		return false;
	cg = KREAD(css, cgroup);
	put_cgroup_name(c, i);
	if (cg == l->cgroup.last) {
		put_again(c, l->cgroup.last_at, l->cgroup.last_len, STR_MAX);
		return false;
	}
	l->cgroup.last = cg;
	l->cgroup.last_at = position(c);
	put_kernfs_path(c, KREAD(cg, kn));
	l->cgroup.last_len = position(c) - l->cgroup.last_at;
	return false;
}

static inline_ struct done task_cgroups(struct ctx *c)
{
	loop(c)->cgroup.last = NULL;
	run_steps(c, cgroup_step, CGROUP_SUBSYSTEMS, CGROUP_SUBSYSTEMS);
	return DONE;
}

#endif
