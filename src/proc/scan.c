/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes and threads from /proc: all at start, single ones later.  What vanishes while
 * it is read, or may not be read, is left out and counted.
 */
#include "proc/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

/* One process while it is read; the strings point into the buffers. */
struct reading {
	struct state_thread t;
	struct buf status, stat, comm, cmdline, environ, cgroup, cgroups;
	bool kernel;	/* a thread of the kernel: no memory, no fds */
	char exe[PATH_BYTES], cwd[PATH_BYTES], root[PATH_BYTES];
};

bool scan_read(int dir, const char *name, struct buf *b, size_t max)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	buf_clear(b);
	if (fd < 0)
		return false;
	while (b->len < max) {
		size_t want = size_min(max - b->len, 16384);

		buf_reserve(b, want + 1);
		n = read(fd, b->p + b->len, want);
		if (n <= 0)
			break;
		b->len += (size_t)n;
		b->p[b->len] = 0;
	}
	close(fd);
	return n >= 0;
}

/* Of a file that the kernel makes as a whole: there is no second read to learn that it is at its end. */
static bool read_whole(int dir, const char *name, struct buf *b, size_t max)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	buf_clear(b);
	if (fd < 0)
		return false;
	buf_reserve(b, max + 1);
	n = read(fd, b->p, max);
	b->len = n > 0 ? (size_t)n : 0;
	b->p[b->len] = 0;
	close(fd);
	return n >= 0;
}

/* ---- one process ---- */

/* What follows "key:" in status, or NULL. */
static const char *status_value(const struct buf *b, const char *key)
{
	size_t n = strlen(key);
	const char *s = b->p;

	while (s) {
		if (!strncmp(s, key, n) && s[n] == ':')
			return s + n + 1 + strspn(s + n + 1, " \t");
		s = strchr(s, '\n');
		s = s ? s + 1 : NULL;
	}
	return NULL;
}

static u64 status_u64(const struct buf *b, const char *key, int base, u64 otherwise)
{
	const char *s = status_value(b, key);

	return s ? strtoull(s, NULL, base) : otherwise;
}

/* The second number of a line: the effective id. */
static u32 status_effective(const struct buf *b, const char *key)
{
	const char *s = status_value(b, key);
	char *end;

	if (!s)
		return UID_NONE;
	strtoul(s, &end, 10);
	return (u32)strtoul(end, NULL, 10);
}

/* The last number of a line: what the innermost namespace shows. */
static s64 status_last(const struct buf *b, const char *key, s64 otherwise)
{
	const char *s = status_value(b, key);
	s64 v = otherwise;
	char *end;

	while (s && *s && *s != '\n') {
		v = strtoll(s, &end, 10);
		if (end == s)
			break;
		s = end + strspn(end, " \t");
	}
	return v;
}

static void take_status(struct reading *r)
{
	const struct buf *b = &r->status;
	struct state_thread *t = &r->t;

	t->pid = (s64)status_u64(b, "Tgid", 10, (u64)t->tid);
	t->ptid = (s64)status_u64(b, "PPid", 10, 0);
	t->uid = status_effective(b, "Uid");
	t->gid = status_effective(b, "Gid");
	t->vtid = status_last(b, "NSpid", t->tid);
	t->vpid = status_last(b, "NStgid", t->pid);
	t->vpgid = status_last(b, "NSpgid", -1);
	t->vmsize_kb = (u32)status_u64(b, "VmSize", 10, 0);
	t->vmrss_kb = (u32)status_u64(b, "VmRSS", 10, 0);
	t->vmswap_kb = (u32)status_u64(b, "VmSwap", 10, 0);
	t->cap_inheritable = status_u64(b, "CapInh", 16, 0);
	t->cap_permitted = status_u64(b, "CapPrm", 16, 0);
	t->cap_effective = status_u64(b, "CapEff", 16, 0);
}

/* Number i of stat, counted as in proc(5); fields before 3 hold the name. */
static s64 stat_field(const char *after_name, u32 i)
{
	const char *s = after_name;

	for (u32 k = 3; k <= i && s; k++) {
		s = strchr(s, ' ');
		s = s ? s + 1 : NULL;
	}
	return s ? strtoll(s, NULL, 10) : -1;
}

/* The name stands in brackets, and may hold some itself. */
static const char *take_comm(struct reading *r)
{
	const char *s = r->stat.p ? strchr(r->stat.p, '(') : NULL;
	const char *end = s ? strrchr(s, ')') : NULL;

	if (!end)
		return NULL;
	r->t.comm = (struct state_str){ s + 1, (u32)(end - s - 1) };
	return end + 1;
}

static void take_stat(const struct proc *p, struct reading *r)
{
	enum { PF_KTHREAD = 0x200000 };
	const char *s = take_comm(r);
	u64 hz = (u64)sysconf(_SC_CLK_TCK);
	struct state_thread *t = &r->t;

	if (!s)
		return;
	r->kernel = stat_field(s, 9) & PF_KTHREAD;
	t->pgid = stat_field(s, 5);
	t->sid = stat_field(s, 6);
	t->tty = (u32)stat_field(s, 7);
	t->pfminor = (u64)stat_field(s, 10);
	t->pfmajor = (u64)stat_field(s, 12);
	t->clone_ts_ns = p->boot_ts_ns + (u64)stat_field(s, 22) * (NS_PER_S / (hz ? hz : 100));
	t->pidns_init_start_ns = p->boot_ts_ns;
}

static struct state_str link_at(int dir, const char *name, char *buf)
{
	ssize_t n = readlinkat(dir, name, buf, PATH_BYTES - 1);

	return (struct state_str){ buf, n < 0 ? 0 : (u32)n };
}

static bool may_write(const struct state_thread *t, const struct stat *st)
{
	enum { CAP_DAC_OVERRIDE = 1 };

	return (st->st_mode & S_IWUSR && st->st_uid == t->uid) ||
	       (st->st_mode & S_IWGRP && st->st_gid == t->gid) || st->st_mode & S_IWOTH ||
	       t->cap_effective >> CAP_DAC_OVERRIDE & 1;
}

static void take_exe(int dir, struct reading *r)
{
	static const char deleted[] = " (deleted)";
	struct state_thread *t = &r->t;
	struct stat st;

	t->exepath = link_at(dir, "exe", r->exe);
	if (!t->exepath.len || fstatat(dir, "exe", &st, 0))
		return;
	t->exe_ino = st.st_ino;
	t->exe_ino_ctime_ns = (u64)st.st_ctim.tv_sec * NS_PER_S + (u64)st.st_ctim.tv_nsec;
	t->exe_ino_mtime_ns = (u64)st.st_mtim.tv_sec * NS_PER_S + (u64)st.st_mtim.tv_nsec;
	t->exe_writable = may_write(t, &st);
	t->exe_from_memfd = !strncmp(r->exe, "/memfd:", 7);
	if (t->exepath.len > sizeof(deleted) - 1 &&
	    !memcmp(r->exe + t->exepath.len - (sizeof(deleted) - 1), deleted, sizeof(deleted) - 1))
		t->exepath.len -= (u32)sizeof(deleted) - 1;
}

static struct state_str of_buf(const struct buf *b)
{
	return (struct state_str){ b->p ? b->p : "", (u32)b->len };
}

static void take_cmdline(struct reading *r)
{
	size_t n = strnlen(r->cmdline.p ? r->cmdline.p : "", r->cmdline.len);

	r->t.exe = (struct state_str){ r->cmdline.p ? r->cmdline.p : "", (u32)n };
	if (n < r->cmdline.len)
		r->t.args = (struct state_str){ r->cmdline.p + n + 1, (u32)(r->cmdline.len - n - 1) };
}

/* Lines "id:subsystems:path" become "subsystem=path", NUL separated. */
static void take_cgroups(struct reading *r)
{
	const char *s = r->cgroup.p, *end, *sub, *path;

	buf_clear(&r->cgroups);
	for (; s && *s; s = end + 1) {
		end = strchrnul(s, '\n');
		sub = memchr(s, ':', (size_t)(end - s));
		path = sub ? memchr(sub + 1, ':', (size_t)(end - sub - 1)) : NULL;
		if (path) {
			buf_add(&r->cgroups, sub + 1, (size_t)(path - sub - 1));
			buf_addc(&r->cgroups, '=');
			buf_add(&r->cgroups, path + 1, (size_t)(end - path - 1));
			buf_addc(&r->cgroups, 0);
		}
		if (!*end)
			break;
	}
	r->t.cgroups = of_buf(&r->cgroups);
}

static u64 soft_limit(const struct buf *b)
{
	const char *s = b->p ? strstr(b->p, "Max open files") : NULL;

	return s ? strtoull(s + strlen("Max open files"), NULL, 10) : 0;
}

static void read_user_side(int dir, struct reading *r)
{
	take_exe(dir, r);
	scan_read(dir, "cmdline", &r->cmdline, ARGS_LEN_MAX);
	take_cmdline(r);
	read_whole(dir, "limits", &r->environ, 4096);
	r->t.fdlimit = soft_limit(&r->environ);
	if (read_whole(dir, "loginuid", &r->environ, 16) && r->environ.len)
		r->t.loginuid = (u32)strtoul(r->environ.p, NULL, 10);
	scan_read(dir, "environ", &r->environ, ARGS_LEN_MAX);
	r->t.env = of_buf(&r->environ);
	r->t.root = link_at(dir, "root", r->root);
}

static bool read_process(const struct proc *p, int dir, s64 tid, struct reading *r)
{
	r->kernel = false;
	r->t = (struct state_thread){ .tid = tid, .pgid = -1, .sid = -1, .loginuid = UID_NONE };
	if (!read_whole(dir, "status", &r->status, 16384) || !r->status.len ||
	    !read_whole(dir, "stat", &r->stat, 4096))
		return false;
	take_status(r);
	take_stat(p, r);
	read_whole(dir, "cgroup", &r->cgroup, ARGS_LEN_MAX);
	take_cgroups(r);
	r->t.cwd = link_at(dir, "cwd", r->cwd);
	if (!r->kernel)
		read_user_side(dir, r);
	return true;
}

static void reading_fini(struct reading *r)
{
	if (!r)
		return;
	buf_fini(&r->status);
	buf_fini(&r->stat);
	buf_fini(&r->comm);
	buf_fini(&r->cmdline);
	buf_fini(&r->environ);
	buf_fini(&r->cgroup);
	buf_fini(&r->cgroups);
	free(r);
}

static struct task *take_process(struct proc *p, const struct reading *r)
{
	struct task *t = state_thread_in(p, &r->t);

	if (t && t->t.tid != t->t.vtid)
		t->t.flags |= TH_IN_PIDNS;
	return t;
}

/* A further thread: what it shares with its process is not read again. */
static struct task *take_thread(struct proc *p, int task_dir, s64 tid, struct reading *r)
{
	struct state_thread t = r->t;
	char name[48];
	struct task *task;

	snprintf(name, sizeof(name), "%lld/comm", tid);
	if (!scan_read(task_dir, name, &r->comm, 64))
		return NULL;
	if (r->comm.len && r->comm.p[r->comm.len - 1] == '\n')
		r->comm.len--;
	t.comm = of_buf(&r->comm);
	if (t.vtid != t.tid) {
		snprintf(name, sizeof(name), "%lld/status", tid);
		if (!scan_read(task_dir, name, &r->status, 16384))
			return NULL;
		t.vtid = status_last(&r->status, "NSpid", tid);
	} else {
		t.vtid = tid;
	}
	t.tid = tid;
	t.flags = CL_THREAD | CL_FILES;
	t.env = t.cwd = (struct state_str){ "", 0 };
	t.vmsize_kb = t.vmrss_kb = t.vmswap_kb = 0;
	task = state_thread_in(p, &t);
	if (task && r->t.vtid != r->t.tid)
		task->t.flags |= TH_IN_PIDNS;
	return task;
}

static s64 dir_number(const struct dirent *e)
{
	char *end;
	s64 v;

	if (e->d_name[0] < '1' || e->d_name[0] > '9')
		return 0;
	v = strtoll(e->d_name, &end, 10);
	return *end ? 0 : v;
}

static void scan_threads(struct proc *p, int dir, struct reading *r)
{
	int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	s64 tid;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d))) {
		tid = dir_number(e);
		if (tid && tid != r->t.pid && !take_thread(p, dirfd(d), tid, r))
			p->stats.scan_skipped++;
	}
	closedir(d);
}

static int open_task(const struct proc *p, s64 tid)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/proc/%lld", p->host_root, tid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void scan_process(struct proc *p, int proc_dir, const char *name, s64 pid, struct reading *r,
			 struct scan_net *net)
{
	int dir = openat(proc_dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 || !read_process(p, dir, pid, r) || !take_process(p, r)) {
		p->stats.scan_skipped++;
	} else if (!r->kernel) {
		scan_threads(p, dir, r);
		if (p->opt.keep_fds)
			scan_fds(p, net, dir, pid);
	}
	if (dir >= 0)
		close(dir);
}

/* ---- the machine ---- */

static void scan_ifaces(struct proc *p)
{
	struct ifaddrs *list, *i;

	if (getifaddrs(&list))
		return;
	for (i = list; i; i = i->ifa_next) {
		struct state_iface f = { .name = { i->ifa_name, (u32)strlen(i->ifa_name) } };

		if (!i->ifa_addr || !i->ifa_netmask)
			continue;
		if (i->ifa_addr->sa_family == AF_INET) {
			memcpy(f.addr, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr, 4);
			memcpy(f.mask, &((struct sockaddr_in *)(void *)i->ifa_netmask)->sin_addr, 4);
		} else if (i->ifa_addr->sa_family == AF_INET6) {
			f.v6 = true;
			memcpy(f.addr, &((struct sockaddr_in6 *)(void *)i->ifa_addr)->sin6_addr, 16);
			memcpy(f.mask, &((struct sockaddr_in6 *)(void *)i->ifa_netmask)->sin6_addr, 16);
		} else {
			continue;
		}
		p->sink.iface(p->sink.ctx, &f);
	}
	freeifaddrs(list);
}

static void scan_listening(struct proc *p)
{
	int dir = open_task(p, 1);

	if (dir < 0)
		return;
	scan_ports(p, dir);
	close(dir);
}

int proc_scan(struct proc *p)
{
	struct reading *r = xcalloc(1, sizeof(*r));
	struct scan_net net = { 0 };
	char path[PATH_BYTES];
	struct dirent *e;
	int ret;
	DIR *d;
	s64 pid;

	snprintf(path, sizeof(path), "%s/proc", p->host_root);
	p->boot_ts_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	d = opendir(path);
	if (!d) {
		ret = -errno;
		goto out;
	}
	scan_ifaces(p);
	scan_listening(p);
	while ((e = readdir(d))) {
		pid = dir_number(e);
		if (pid)
			scan_process(p, dirfd(d), e->d_name, pid, r, &net);
	}
	closedir(d);
	thread_link_all(p);
	ret = (int)p->tasks.count;
out:
	scan_net_fini(&net);
	reading_fini(r);
	return ret;
}

/* ---- single tasks ---- */

static struct task *scan_parent(struct proc *p, s64 pid)
{
	struct reading *r = xcalloc(1, sizeof(*r));
	int dir = open_task(p, pid);
	struct task *t = NULL;

	if (dir >= 0 && read_process(p, dir, pid, r) && r->t.pid == pid)
		t = take_process(p, r);
	p->thread_budget.recreated += t != NULL;
	if (dir >= 0)
		close(dir);
	reading_fini(r);
	return t;
}

/* A parent that nobody had a use for may have been forgotten before its child was. */
static void link_with_ancestors(struct proc *p, struct task *t)
{
	struct task *chain[32];
	u32 n = 0;

	while (t && n < ARRAY_SIZE(chain)) {
		s64 parent = t->t.ptid;

		chain[n++] = t;
		t = parent > 0 && !thread_find(p, parent) && parse_may_ask(p) ? scan_parent(p, parent) : NULL;
	}
	while (n)
		thread_link(p, chain[--n]);
}

static struct task *scan_further_thread(struct proc *p, s64 tid, s64 pid, struct reading *r)
{
	int dir = open_task(p, pid), task_dir;
	struct task *m, *t = NULL;

	if (dir < 0)
		return NULL;
	task_dir = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (task_dir >= 0 && read_process(p, dir, pid, r)) {
		m = thread_find(p, pid);
		if (!m || !m->t.group) {
			m = take_process(p, r);
			if (m)
				link_with_ancestors(p, m);
		}
		t = take_thread(p, task_dir, tid, r);
	}
	if (task_dir >= 0)
		close(task_dir);
	close(dir);
	return t;
}

struct task *scan_task(struct proc *p, s64 tid)
{
	struct reading *r = xcalloc(1, sizeof(*r));
	int dir = open_task(p, tid);
	struct task *t = NULL;

	if (dir >= 0 && read_process(p, dir, tid, r)) {
		if (r->t.pid == tid)
			t = take_process(p, r);
		else
			t = scan_further_thread(p, tid, r->t.pid, r);
	}
	p->thread_budget.recreated += t != NULL;
	if (t)
		link_with_ancestors(p, t);
	else
		p->stats.scan_skipped++;
	if (dir >= 0)
		close(dir);
	reading_fini(r);
	return t;
}

bool scan_alive(const struct proc *p, const struct task *t)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/proc/%lld/task/%lld", p->host_root,
		 t->t.pid > 0 ? t->t.pid : t->t.tid, t->t.tid);
	return !access(path, F_OK) || errno != ENOENT;
}
