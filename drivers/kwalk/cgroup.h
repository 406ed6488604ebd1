/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The cgroups of a task: "cpuset=/a\0cpu=/a\0...", the subsystems that tell containers apart. */
#ifndef SAKER_DRIVERS_KWALK_CGROUP_H
#define SAKER_DRIVERS_KWALK_CGROUP_H

#define CGROUP_SUBSYSTEMS 5

static inline_ void put_cgroup_name(struct ctx *c, u32 n)
{
	static const char names[][8] = { "cpuset=", "cpu=", "cpuacct=", "io=", "memory=" };
	u64 word = 0;

	/* as numbers: the data of programs are no part of an old kernel's idea of BPF */
	if (n == 0)
		__builtin_memcpy(&word, names[0], 8);
	else if (n == 1)
		__builtin_memcpy(&word, names[1], 8);
	else if (n == 2)
		__builtin_memcpy(&word, names[2], 8);
	else if (n == 3)
		__builtin_memcpy(&word, names[3], 8);
	else
		__builtin_memcpy(&word, names[4], 8);
	put(c, &word, 8);
	unput(c, n == 0 ? 1 : n == 1 ? 4 : n == 2 ? 0 : n == 3 ? 5 : 1);
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

#ifndef PORT_WALKS_LATER
static inline_ void walk_cgroups(struct ctx *c)
{
	run_steps(c, cgroup_step, CGROUP_SUBSYSTEMS, CGROUP_SUBSYSTEMS);
}
#endif

static inline_ struct later task_cgroups(struct ctx *c)
{
	loop(c)->cgroup.last = NULL;
	walk_cgroups(c);
	return LATER;
}

#endif
