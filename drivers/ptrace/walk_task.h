/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Ids, parents, users, memory and limits of a task: what drivers/kwalk/ answers in the kernel. */
#ifndef SAKER_DRIVERS_PTRACE_WALK_TASK_H
#define SAKER_DRIVERS_PTRACE_WALK_TASK_H

#define K_PF_EXITING	0x00000004
#define CAPS_KNOWN	((1ull << 41) - 1)
#define P_CLONE_CHILD_IN_PIDNS (1 << 29)
#define REAPER_ANCESTORS 16

static inline_ u64 task_tid(struct task_struct *t) { return t->tid; }
static inline_ u64 task_pid(struct task_struct *t) { return t->tgid; }
static inline_ u64 task_ptid(struct task_struct *t) { return load_status(t)->ppid; }
static inline_ u64 task_vtid(struct task_struct *t) { return load_status(t)->vtid; }
static inline_ u64 task_vpid(struct task_struct *t) { return load_status(t)->vpid; }
static inline_ u64 task_pgid(struct task_struct *t) { return load_status(t)->pgid; }
static inline_ u64 task_vpgid(struct task_struct *t) { return load_status(t)->vpgid; }
static inline_ u64 task_euid(struct task_struct *t) { return load_status(t)->euid; }
static inline_ u64 task_egid(struct task_struct *t) { return load_status(t)->egid; }
static inline_ u64 task_tty(struct task_struct *t) { return load_stat(t)->tty; }

static inline_ u64 task_cap_inheritable(struct ctx *c)
{
	return load_status(c->task)->cap_inheritable & CAPS_KNOWN;
}

static inline_ u64 task_cap_permitted(struct ctx *c)
{
	return load_status(c->task)->cap_permitted & CAPS_KNOWN;
}

static inline_ u64 task_cap_effective(struct ctx *c)
{
	return load_status(c->task)->cap_effective & CAPS_KNOWN;
}

static inline_ u64 task_fdlimit(struct task_struct *t)
{
	struct rlimit limit;
	const char *p;

	if (!prlimit(t->tid, RLIMIT_NOFILE, NULL, &limit))
		return limit.rlim_cur;
	p = strstr(proc_text(t->tgid, t->tid, "limits"), "\nMax open files");
	return p ? strtoull(p + strlen("\nMax open files"), NULL, 10) : 0;
}

static inline_ u64 task_loginuid(struct task_struct *t)
{
	const char *text = proc_text(t->tgid, t->tid, "loginuid");

	return *text ? strtoull(text, NULL, 10) : ~0u;
}

static inline_ struct done task_comm(struct ctx *c)
{
	char *text = proc_text(c->task->tgid, c->task->tid, "comm"), *end = strrchr(text, '\n');

	if (end)
		*end = 0;
	put_text(c, text);
	return DONE;
}

/* ---- memory ------------------------------------------------------------------- */

static inline_ u64 page_kib(u64 pages)
{
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static inline_ u64 task_vm_size(struct ctx *c)
{
	return page_kib(strtoull(proc_text(c->task->tgid, c->task->tid, "statm"), NULL, 10));
}

static inline_ u64 task_vm_rss(struct ctx *c)
{
	const char *p = strchr(proc_text(c->task->tgid, c->task->tid, "statm"), ' ');

	return p ? page_kib(strtoull(p, NULL, 10)) : 0;
}

static inline_ u64 task_vm_swap(struct ctx *c)
{
	return load_status(c->task)->vm_swap;
}

/* At most STR_MAX bytes of strings, the last of them ended in any case. */
static inline_ struct done put_strings(struct ctx *c, u64 addr, u64 end)
{
	u64 n = end - addr;

	if (addr >= end)
		return DONE;
	if (n < STR_MAX) {
		put_user(c, addr, n, STR_MAX);
	} else {
		put_user(c, addr, STR_MAX - 1, STR_MAX);
		put(c, "", 1);
		count_truncated(c);
	}
	return DONE;
}

static inline_ struct done task_exe(struct ctx *c)
{
	const struct task_struct *t = load_stat(c->task);

	if (t->arg_start < t->arg_end)
		put_user_str(c, t->arg_start, STR_MAX);
	return DONE;
}

/* What follows the first argument, which is the parameter just written. */
static inline_ struct done task_args(struct ctx *c)
{
	const struct task_struct *t = load_stat(c->task);

	return put_strings(c, t->arg_start + previous_len(c), t->arg_end);
}

static inline_ struct done task_env(struct ctx *c)
{
	const struct task_struct *t = load_stat(c->task);

	return put_strings(c, t->env_start, t->env_end);
}

/* ---- namespaces ------------------------------------------------------------------ */

static inline_ bool same_pidns(s32 a, s32 b)
{
	char mine[64];

	snprintf(mine, sizeof(mine), "%.63s", proc_link(a, "ns/pid"));
	return !strcmp(mine, proc_link(b, "ns/pid"));
}

/*
 * The first process of the task's pid namespace: an ancestor, as a rule; 0: it cannot be
 * seen.
 */
static inline_ s32 pidns_init(struct task_struct *t)
{
	struct task_struct p = *t;
	u32 i;

	if (load_status(t)->nspids <= 1)
		return 1;	/* the tracer's own */
	for (i = 0; i < 64 && load_status(&p)->vpid != 1; i++) {
		if (p.ppid <= 0)
			return 0;
		p = (struct task_struct){ .tid = p.ppid, .tgid = p.ppid };
	}
	return p.vpid == 1 && same_pidns(p.tgid, t->tid) ? p.tgid : 0;
}

static inline_ u64 task_pidns_start(struct task_struct *t)
{
	s32 init = pidns_init(t);
	u64 ticks;

	if (!init)
		return 0;
	ticks = strtoull(stat_field(proc_text(init, init, "stat"), 22), NULL, 10);
	return ticks * (1000000000 / sysconf(_SC_CLK_TCK));
}

/* Flags of clone(), portable; and whether the child sees itself as another pid. */
static inline_ u32 clone_flags(struct ctx *c, u64 flags)
{
	u32 v = bits_clone_flags(flags);
	char own[64];

	snprintf(own, sizeof(own), "%.63s", proc_link(c->task->tid, "ns/pid"));
	if (load_status(c->task)->nspids > 1 ||
	    strcmp(own, proc_link(c->task->tid, "ns/pid_for_children")))
		v |= P_CLONE_CHILD_IN_PIDNS;
	return v;
}

/* ---- who inherits the children ------------------------------------------------------ */

/* The first thread of the process, but for this one, that is not about to end; 0: none. */
static inline_ s32 other_thread(struct task_struct *t)
{
	char path[64];
	struct dirent *e;
	s32 found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", t->tgid);
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir))) {
		s32 tid = atoi(e->d_name);
		const char *text;

		if (tid <= 0 || tid == t->tid)
			continue;
		text = proc_text(t->tgid, tid, "stat");
		if (*text && !(strtoul(stat_field(text, 9), NULL, 10) & K_PF_EXITING))
			found = tid;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Without a list of children in /proc (CONFIG_PROC_CHILDREN) all processes are asked. */
static inline_ bool has_child_in_proc(s32 tgid)
{
	struct dirent *e;
	bool found = false;
	DIR *dir = opendir("/proc");

	while (dir && !found && (e = readdir(dir))) {
		s32 pid = atoi(e->d_name);

		found = pid > 0 && strtol(stat_field(proc_text(pid, pid, "stat"), 4), NULL, 10) == tgid;
	}
	if (dir)
		closedir(dir);
	return found;
}

static inline_ bool has_children(struct task_struct *t)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", t->tgid, t->tid);
	if (access(path, R_OK))
		return has_child_in_proc(t->tgid);
	return *proc_text(t->tgid, t->tid, "children");
}

static inline_ u64 task_reaper(struct ctx *c)
{
	struct task_struct *t = c->task, p;
	s32 init, other;
	u32 i;

	if (!has_children(t))
		return 0;
	other = other_thread(t);
	if (other)
		return other;
	init = pidns_init(t);
	p = (struct task_struct){ .tid = load_status(t)->ppid, .tgid = t->ppid };
	for (i = 0; i < REAPER_ANCESTORS && p.tgid > 0 && p.tgid != init; i++) {
		if (c->is_subreaper(c->owner, p.tgid))
			return p.tgid;
		p = (struct task_struct){ .tid = load_status(&p)->ppid, .tgid = p.ppid };
	}
	return init;
}

/* ---- cgroups ------------------------------------------------------------------------ */

/* Does the list (separated by `sep`, ended by `end`) have the word? */
static inline_ bool has_word(const char *list, const char *word, const char *ends)
{
	u64 n = strlen(word);

	for (; *list && *list != '\n' && *list != ':'; list++) {
		if (!strncmp(list, word, n) && strchr(ends, list[n]))
			return true;
		list += strcspn(list, ends);
		if (!*list || *list == '\n' || *list == ':')
			break;
	}
	return false;
}

/* Of the unified hierarchy: how much of the path has the controller, from the root on. */
static inline_ u64 unified_len(const char *path, u64 len, const char *controller)
{
	char file[STR_MAX], text[1024];
	u64 good = 0, at = 0;

	for (;;) {
		ssize_t n;
		int fd;

		snprintf(file, sizeof(file), "/sys/fs/cgroup%.*s/cgroup.subtree_control", (int)at, path);
		fd = open(file, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		if (fd >= 0)
			close(fd);
		text[n < 0 ? 0 : n] = 0;
		if (at >= len || !has_word(text, controller, " \n"))
			return good;
		at = at + 1 + strcspn(path + at + 1, "/");
		good = at > len ? len : at;
	}
}

/* "NAME=PATH"; nothing when the kernel does not have the subsystem. */
static inline_ void put_cgroup(struct ctx *c, const char *text, const char *name, const char *v1)
{
	const char *line, *path, *unified = NULL;
	char out[STR_MAX];
	u64 len;

	for (line = text; *line; line += strcspn(line, "\n") + 1) {
		const char *names = strchr(line, ':');

		path = names ? strchr(names + 1, ':') : NULL;
		if (!path)
			return;
		path++;
		if (names[1] == ':')
			unified = path;
		if (!has_word(names + 1, v1, ",:"))
			continue;
		snprintf(out, sizeof(out), "%s=%.*s", name, (int)strcspn(path, "\n"), path);
		put_text(c, out);
		return;
	}
	if (!unified)
		return;
	len = unified_len(unified, strcspn(unified, "\n"), name);
	snprintf(out, sizeof(out), "%s=%.*s", name, len ? (int)len : 1, unified);
	put_text(c, out);
}

static inline_ struct done task_cgroups(struct ctx *c)
{
	char text[PROC_TEXT];

	memcpy(text, proc_text(c->task->tgid, c->task->tid, "cgroup"), sizeof(text));
	put_cgroup(c, text, "cpuset", "cpuset");
	put_cgroup(c, text, "cpu", "cpu");
	put_cgroup(c, text, "cpuacct", "cpuacct");
	put_cgroup(c, text, "io", "blkio");
	put_cgroup(c, text, "memory", "memory");
	return DONE;
}

#endif
