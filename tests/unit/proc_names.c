/* SPDX-License-Identifier: Apache-2.0 */
/* Users and groups of mount namespaces, and the files that those who live there choose. */
#include "unit/proc_events.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/users.h"

static char top[64];

static const char *in_top(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned i;
	char *p = path[i++ % 4];

	snprintf(p, PATH_MAX, "%s/%s", top, name);
	return p;
}

static void write_to(const char *name, const char *text)
{
	FILE *f = fopen(in_top(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_top(void **state)
{
	(void)state;
	strcpy(top, "/tmp/saker-names-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	return mkdir(in_top("etc"), 0755) || mkdir(in_top("dir"), 0755);
}

static int remove_top(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	return system(command);
}

/* ---- paths below a root ---- */

/* What the file that a path finds says; NULL: -*ret_err. */
static const char *found(const char *path, int *ret_err)
{
	static char text[64];
	int root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, in;
	struct stat st;
	ssize_t n;

	assert_true(root >= 0);
	fd = below_find(root, path, &st);
	close(root);
	*ret_err = fd < 0 ? -fd : 0;
	if (fd < 0)
		return NULL;
	in = below_reopen(fd);
	close(fd);
	assert_true(in >= 0);
	n = read(in, text, sizeof(text) - 1);
	close(in);
	assert_true(n >= 0);
	text[n] = 0;
	return text;
}

static void assert_refused(const char *path, int want)
{
	int err;

	assert_null(found(path, &err));
	assert_int_equal(err, want);
}

static void link_to(const char *target, const char *name)
{
	unlink(in_top(name));
	assert_int_equal(symlink(target, in_top(name)), 0);
}

static void test_links_stay_below(void **state)
{
	static const char *const good[] = {
		"file", "../etc/file", "/etc/file", "//etc/./file", "../../../../../../etc/file", "/../../etc/file",
		"../dir/../etc/file", "/way/file",
	};
	int err;

	(void)state;
	write_to("etc/file", "mine");
	link_to("/etc", "way");
	assert_string_equal(found("etc/file", &err), "mine");
	for (u32 i = 0; i < ARRAY_SIZE(good); i++) {
		link_to(good[i], "etc/passwd");
		assert_string_equal(found("etc/passwd", &err), "mine");
	}
	link_to("../../../../../../../../../../etc/hostname", "etc/passwd");
	assert_refused("etc/passwd", ENOENT);
	link_to("/proc/self/cwd/etc/file", "etc/passwd");
	assert_refused("etc/passwd", ENOENT);
	link_to("passwd", "etc/passwd");
	assert_refused("etc/passwd", ELOOP);
	link_to("file/x", "etc/passwd");
	assert_refused("etc/passwd", ENOTDIR);
	unlink(in_top("etc/passwd"));
}

static void test_no_ordinary_file(void **state)
{
	char deep[512] = "", name[300];
	struct stat st;
	int root;

	(void)state;
	assert_refused("etc", EINVAL);
	assert_refused("/", EISDIR);
	assert_refused("", EISDIR);
	assert_refused("etc/none", ENOENT);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_refused(name, ENAMETOOLONG);
	/* to open it would wait for a writer */
	assert_int_equal(mkfifo(in_top("etc/fifo"), 0644), 0);
	assert_refused("etc/fifo", EINVAL);
	if (!mknod(in_top("etc/null"), S_IFCHR | 0644, makedev(1, 3)))
		assert_refused("etc/null", EINVAL);
	for (u32 i = 0; i < 40; i++) {
		strcat(deep, "d/");
		assert_int_equal(mkdir(in_top(deep), 0755), 0);
	}
	strcat(deep, "x");
	assert_refused(deep, ELOOP);
	/* a regular file, but one of the kernel's */
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(below_find(root, "proc/version", &st), -EINVAL);
	close(root);
}

/* ---- namespaces ---- */

struct guest {
	pid_t pid;
};

/* A process in namespaces of its own, where /etc/passwd and group are files of ours. */
static struct guest start_guest(int flags)
{
	struct guest g;
	int ready[2];
	char c = 0;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	g.pid = fork();
	assert_true(g.pid >= 0);
	if (!g.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(flags) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount(in_top("passwd"), "/etc/passwd", NULL, MS_BIND, NULL) ||
		    mount(in_top("group"), "/etc/group", NULL, MS_BIND, NULL))
			_exit(1);
		if (write(ready[1], "r", 1) == 1)
			pause();
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1) {
		waitpid(g.pid, NULL, 0);
		close(ready[0]);
		skip();
	}
	close(ready[0]);
	return g;
}

static void end_guest(struct guest *g)
{
	kill(g->pid, SIGKILL);
	assert_int_equal(waitpid(g->pid, NULL, 0), g->pid);
}

static const char *name_of(struct proc *p, struct fed *f, s64 tid, u32 uid)
{
	struct event *ev = feed(p, f, EV_SYSCALL_CHDIR_X, tid, "ds", -2ll, "/x");
	const struct user *u;

	assert_non_null(ev->thread);
	u = proc_user(p, ev->thread, uid);
	return u ? u->name.p : "";
}

static const char *group_of(struct proc *p, struct fed *f, s64 tid, u32 gid)
{
	struct event *ev = feed(p, f, EV_SYSCALL_CHDIR_X, tid, "ds", -2ll, "/x");
	const struct group *g = proc_group_by_gid(p, ev->thread, gid);

	return g ? g->name.p : "";
}

static void write_files(const char *user, const char *group)
{
	char line[128];

	snprintf(line, sizeof(line), "%s:x:4242:1::/home/%s:/bin/sh\nbad\n+nis:::::::\n", user, user);
	write_to("passwd", line);
	snprintf(line, sizeof(line), "%s:x:4343:a,b\n", group);
	write_to("group", line);
}

static struct proc *live_proc(struct fed *f, u64 max_bytes)
{
	const struct proc_options opt = { .live = true, .lookup_users = true, .max_bytes.users = max_bytes };

	*f = (struct fed){ .ts_ns = 1700000000ull * NS_PER_S, .live = true };
	return proc_new(&opt);
}

static void later(struct fed *f, u64 ms)
{
	f->ts_ns += ms * 1000000;
}

static void test_namespace(void **state)
{
	static struct fed f;
	struct guest g;
	struct proc *p;
	struct proc_stats s;

	(void)state;
	write_files("inner", "inners");
	g = start_guest(CLONE_NEWNS);
	p = live_proc(&f, 0);
	assert_string_equal(name_of(p, &f, g.pid, 4242), "inner");
	assert_string_equal(group_of(p, &f, g.pid, 4343), "inners");
	assert_string_equal(name_of(p, &f, g.pid, 0), "");	/* the file has no root */
	assert_string_equal(name_of(p, &f, getpid(), 0), "root");
	assert_string_equal(name_of(p, &f, getpid(), 4242), "");
	assert_string_equal(group_of(p, &f, getpid(), 4343), "");
	/* a change is seen after a second */
	write_files("second", "seconds");
	assert_string_equal(name_of(p, &f, g.pid, 4242), "inner");
	later(&f, 1100);
	assert_string_equal(name_of(p, &f, g.pid, 4242), "second");
	assert_string_equal(group_of(p, &f, g.pid, 4343), "seconds");
	/* what has ended keeps its names; so do children that nobody asked about in time */
	known_thread(p, 1 << 29, 1 << 29, g.pid, "child");
	end_guest(&g);
	later(&f, 20000);
	assert_string_equal(name_of(p, &f, g.pid, 4242), "second");
	assert_string_equal(name_of(p, &f, 1 << 29, 4242), "second");
	proc_get_stats(p, &s);
	assert_int_equal(s.user_files_refused, 0);
	proc_free(p);
}

/* Their numbers are the host's, and so are their names: anybody may write such a passwd. */
static void test_user_namespace(void **state)
{
	static struct fed f;
	struct guest g;
	struct proc *p;

	(void)state;
	write_files("fake", "fakes");
	g = start_guest(CLONE_NEWUSER | CLONE_NEWNS);
	p = live_proc(&f, 0);
	assert_string_equal(name_of(p, &f, g.pid, 4242), "");
	assert_string_equal(name_of(p, &f, g.pid, 0), "root");
	end_guest(&g);
	proc_free(p);
}

/* Who shares a cgroup with many of a namespace, and a parent with the host. */
static void test_gone(void **state)
{
	static struct fed f;
	struct guest g;
	struct proc *p;
	struct event *ev;

	(void)state;
	write_files("inner", "inners");
	g = start_guest(CLONE_NEWNS);
	p = live_proc(&f, 0);
	known_thread(p, 1 << 29, 1 << 29, getpid(), "short");
	assert_string_equal(name_of(p, &f, 1 << 29, 4242), "");
	ev = feed(p, &f, EV_SYSCALL_CHDIR_X, g.pid, "ds", -2ll, "/x");
	pstr_set(&ev->thread->cgroups, "cpu=/box", 8);
	assert_string_equal(name_of(p, &f, g.pid, 4242), "inner");
	known_thread(p, (1 << 29) + 1, (1 << 29) + 1, getpid(), "short");
	ev = feed(p, &f, EV_SYSCALL_CHDIR_X, (1 << 29) + 1, "ds", -2ll, "/x");
	pstr_set(&ev->thread->cgroups, "cpu=/box", 8);
	assert_string_equal(name_of(p, &f, (1 << 29) + 1, 4242), "inner");
	end_guest(&g);
	proc_free(p);
}

/* ---- what a hostile namespace offers ---- */

/* Lines "uN:x:N:..." of so many users, and one that never ends. */
static void write_many(u32 n, u32 endless)
{
	FILE *f = fopen(in_top("passwd"), "w");

	assert_non_null(f);
	for (u32 i = 0; i < n; i++)
		fprintf(f, "u%u:x:%u:1:::\n", i, i);
	for (u32 i = 0; i < endless; i++)
		fputc('x', f);
	fclose(f);
}

static void test_large_files(void **state)
{
	static struct fed f;
	const u64 max = 256 << 10;
	struct guest g;
	struct proc *p;
	struct proc_stats s;

	(void)state;
	write_files("inner", "inners");
	g = start_guest(CLONE_NEWNS);
	p = live_proc(&f, max);
	write_many(60000, 2 << 20);
	assert_string_equal(name_of(p, &f, g.pid, 1), "u1");
	assert_string_equal(name_of(p, &f, g.pid, 59999), "");
	assert_string_equal(name_of(p, &f, getpid(), 0), "root");
	proc_get_stats(p, &s);
	assert_true(s.table[TABLE_USERS].bytes <= max / 2);
	assert_true(s.table[TABLE_USERS].refused > 0);
	assert_int_equal(s.user_files_refused, 1);
	/* the same file is not counted again, nor read */
	later(&f, 1100);
	assert_string_equal(name_of(p, &f, g.pid, 1), "u1");
	proc_get_stats(p, &s);
	assert_int_equal(s.user_files_refused, 1);
	/* one line of 3 MiB */
	write_many(0, 3 << 20);
	later(&f, 1100);
	assert_string_equal(name_of(p, &f, g.pid, 1), "");
	proc_get_stats(p, &s);
	assert_int_equal(s.user_files_refused, 2);
	/* and an empty file */
	write_to("passwd", "");
	later(&f, 1100);
	assert_string_equal(name_of(p, &f, g.pid, 1), "");
	end_guest(&g);
	proc_free(p);
}

/* More than may be read in a second: what is left is read in the next ones. */
static void test_many_changes(void **state)
{
	static struct fed f;
	struct guest g;
	struct proc *p;
	struct proc_stats s;
	u32 old = 0;

	(void)state;
	write_files("inner", "inners");
	g = start_guest(CLONE_NEWNS);
	p = live_proc(&f, 0);
	for (u32 i = 0; i < 8; i++) {
		write_many(100000 + i, 0);
		/* each time as after an exec: looked at at once */
		feed(p, &f, EV_SYSCALL_CHDIR_X, g.pid, "ds", -2ll, "/x")->thread->generation++;
		old += !*name_of(p, &f, g.pid, 1);
	}
	assert_true(old > 0 && old < 8);
	later(&f, 1100);
	assert_string_equal(name_of(p, &f, g.pid, 1), "u1");
	proc_get_stats(p, &s);
	end_guest(&g);
	proc_free(p);
}

/* Namespaces push each other out, and none the host. */
static void test_many_namespaces(void **state)
{
	enum { N = 12 };
	static struct fed f;
	const u64 max = 64 << 10;
	struct guest g[N];
	struct proc *p;
	struct proc_stats s;

	(void)state;
	write_many(2000, 0);
	write_to("group", "");
	g[0] = start_guest(CLONE_NEWNS);
	for (u32 i = 1; i < N; i++)
		g[i] = start_guest(CLONE_NEWNS);
	p = live_proc(&f, max);
	for (u32 i = 0; i < N; i++)
		assert_string_equal(name_of(p, &f, g[i].pid, 1), "u1");
	assert_string_equal(name_of(p, &f, getpid(), 0), "root");
	proc_get_stats(p, &s);
	assert_true(s.table[TABLE_USERS].evicted > 0);
	assert_true(s.table[TABLE_USERS].bytes <= max);
	for (u32 i = 0; i < N; i++)
		end_guest(&g[i]);
	proc_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links_stay_below), cmocka_unit_test(test_no_ordinary_file),
		cmocka_unit_test(test_namespace),        cmocka_unit_test(test_user_namespace),
		cmocka_unit_test(test_gone),             cmocka_unit_test(test_large_files),
		cmocka_unit_test(test_many_changes),     cmocka_unit_test(test_many_namespaces),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
