/* SPDX-License-Identifier: Apache-2.0 */
/* clone, exec, exit, and who is whose parent then. */
#include "unit/proc_events.h"

enum { NEWPID = 1 << 6, PARENT = 1 << 8, THREAD = 1 << 13 | 1, VFORK = 1 << 27, NEWUSER = 1 << 20 };

static struct event *feed_exec(struct proc *p, struct fed *f, s64 tid, const char *comm)
{
	return feed(p, f, EV_SYSCALL_EXECVE_19_X, tid, "dsBdddsddduuusBBuduuddddddusdus", 0ll,
		    "/bin/cat", "a\0b\0", 4, tid, tid, 1ll, "/elsewhere", 2048ll, 3ll, 4ll, 10, 20,
		    30, comm, "cpu=/x\0", 7, "E=1\0F=2\0", 8, 34816, 77ll, 1001, 5, 1ll, 2ll, 3ll,
		    99ll, 400ll, 500ll, 33, "/usr/bin/cat (deleted)", 78ll, 34, "cat");
}

static struct event *fork_of(struct proc *p, struct fed *f, s64 parent, s64 ptid, s64 child)
{
	return feed_clone(
		p, f,
		&(struct clone_of){
			.on = parent, .res = child, .tid = parent, .pid = parent, .ptid = ptid});
}

static struct event *thread_of(struct proc *p, struct fed *f, s64 pid, s64 tid)
{
	return feed_clone(
		p, f,
		&(struct clone_of){
			.on = pid, .res = tid, .tid = pid, .pid = pid, .ptid = 1, .flags = THREAD});
}

static struct event *child_of(struct proc *p, struct fed *f, s64 ptid, s64 tid, const char *comm)
{
	return feed_clone(
		p, f,
		&(struct clone_of){.on = tid, .tid = tid, .pid = tid, .ptid = ptid, .comm = comm});
}

static struct event *feed_exit(struct proc *p, struct fed *f, s64 tid, s64 reaper)
{
	return feed(p, f, EV_PROCEXIT_1_E, tid, "ddbbd", 0ll, 0ll, 0, 0, reaper);
}

static struct event *feed_open(struct proc *p, struct fed *f, s64 tid, s64 num, const char *name)
{
	return feed(p, f, EV_SYSCALL_OPEN_X, tid, "dsuuud", num, name, 1, 0, 0x801, 77ll);
}

static void assert_parent(struct proc *p, s64 tid, s64 parent)
{
	struct thread *t = proc_thread(p, tid), *up;

	assert_non_null(t);
	up = proc_parent(p, t);
	assert_int_equal(up ? up->tid : 0, parent);
	assert_int_equal(t->ptid, parent);
}

static void test_fork_from_parent(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	const struct thread *t;

	(void)state;
	fork_of(p, &f, 1000, 1, 4000);
	assert_true(f.visible);
	t = proc_thread(p, 4000);
	assert_non_null(t);
	assert_int_equal(t->pid, 4000);
	assert_int_equal(t->vpid, 4000);
	assert_string_equal(t->comm.p, "kid");
	assert_string_equal(t->exepath.p, "/bin/x");
	assert_string_equal(t->cwd.p, "/home/p/");
	assert_int_equal(t->uid, 500);
	assert_int_equal(t->sid, 1);
	assert_int_equal(t->nargs, 1);
	assert_int_equal(proc_fd_count(p, t), 2);
	assert_string_equal(proc_fd(p, t, 7)->name.p, "/var/dir");
	assert_parent(p, 4000, 1000);
	/* the child's own event changes nothing then */
	child_of(p, &f, 1000, 4000, "no");
	assert_string_equal(proc_thread(p, 4000)->comm.p, "kid");
	assert_int_equal(proc_nthreads(p, proc_thread(p, 4000)), 1);
	proc_free(p);
}

static void test_child_first(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;

	(void)state;
	ev = child_of(p, &f, 1000, 4001, NULL);
	assert_non_null(ev->thread);
	assert_int_equal(ev->thread->tid, 4001);
	assert_true(ev->thread->flags & TH_INVERTED);
	assert_string_equal(ev->thread->cwd.p, "/home/p/");
	assert_parent(p, 4001, 1000);
	feed_clone(p, &f,
		   &(struct clone_of){.on = 1000,
				      .res = 4001,
				      .tid = 1000,
				      .pid = 1000,
				      .ptid = 1,
				      .comm = "no"});
	assert_string_equal(proc_thread(p, 4001)->comm.p, "kid");
	proc_free(p);
}

static const struct {
	u16 type;
	u32 flags;
	s64 vtid;
	bool made;
} callers[] = {
	{EV_SYSCALL_CLONE_20_X, 0, 0, true},       {EV_SYSCALL_CLONE3_X, 0, 0, true},
	{EV_SYSCALL_FORK_20_X, 0, 0, true},        {EV_SYSCALL_VFORK_20_X, 0, 0, false},
	{EV_SYSCALL_CLONE_20_X, VFORK, 0, false},  {EV_SYSCALL_CLONE_20_X, NEWPID, 0, false},
	{EV_SYSCALL_CLONE_20_X, PARENT, 0, false}, {EV_SYSCALL_CLONE_20_X, 0, 1, false},
};

static void test_caller_makes_child(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
		struct fed f = {0};
		struct proc *p = some_system(&f);

		feed_clone(p, &f,
			   &(struct clone_of){.type = callers[i].type,
					      .on = 1000,
					      .res = 4000,
					      .tid = 1000,
					      .pid = 1000,
					      .ptid = 1,
					      .flags = callers[i].flags,
					      .vtid = callers[i].vtid});
		assert_int_equal(proc_thread(p, 4000) != NULL, callers[i].made);
		proc_free(p);
	}
}

static void test_threads_share(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;

	(void)state;
	thread_of(p, &f, 1000, 4002);
	assert_int_equal(proc_thread(p, 4002)->pid, 1000);
	assert_int_equal(proc_nthreads(p, proc_thread(p, 1000)), 2);
	assert_int_equal(proc_nchilds(p, proc_thread(p, 1000)), 1);
	assert_parent(p, 4002, 1);
	feed_open(p, &f, 4002, 60, "/shared");
	assert_string_equal(proc_fd(p, proc_thread(p, 1000), 60)->name.p, "/shared");
	feed(p, &f, EV_SYSCALL_CHDIR_X, 4002, "ds", 0ll, "sub/../dir");
	assert_string_equal(proc_thread(p, 1000)->cwd.p, "/home/p/dir/");
	ev = feed_open(p, &f, 1000, 61, "rel");
	assert_string_equal(ev->fd->name.p, "/home/p/dir/rel");
	/* the process goes on when its main thread ends */
	feed_exit(p, &f, 1000, 0);
	proc_done(p, &f.ev);
	assert_non_null(proc_thread(p, 1000));
	assert_int_equal(proc_nthreads(p, proc_thread(p, 4002)), 1);
	assert_int_equal(proc_nchilds(p, proc_thread(p, 4002)), 1);
	/* ... and its children are those of another thread, so of the process still */
	assert_int_equal(proc_thread(p, 3000)->ptid, 4002);
	assert_int_equal(proc_parent(p, proc_thread(p, 3000))->tid, 1000);
	assert_int_equal(proc_ancestor(p, proc_thread(p, 3000), 2)->tid, 1);
	feed_exit(p, &f, 4002, 0);
	proc_done(p, &f.ev);
	assert_null(proc_thread(p, 1000));
	assert_null(proc_thread(p, 4002));
	assert_parent(p, 3000, 1);
	proc_free(p);
}

static void test_exit_is_deferred(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev = feed_exit(p, &f, 1000, 0);

	(void)state;
	assert_true(ev->thread->flags & TH_DEAD);
	assert_string_equal(ev->thread->comm.p, "p1000");
	proc_done(p, ev);
	assert_null(proc_thread(p, 1000));
	assert_parent(p, 3000, 1);
	/* an exit of nobody we know makes no entry */
	assert_null(feed_exit(p, &f, 5555, 0)->thread);
	/* but other events do: with nothing but the number */
	ev = feed_open(p, &f, 1000, 4, "rel");
	assert_true(ev->thread->flags & TH_INVALID);
	assert_string_equal(ev->thread->comm.p, "<NA>");
	assert_int_equal(ev->thread->pid, -1);
	assert_string_equal(ev->fd->name.p, "./rel");
	assert_int_equal(proc_fd_count(p, ev->thread), 0);
	assert_null(proc_ancestor(p, ev->thread, 0));
	proc_free(p);
}

static void test_reapers(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);

	(void)state;
	known_thread(p, 3001, 3001, 3000, "vim");
	known_thread(p, 3002, 3002, 3001, "grep");
	/* named by the kernel */
	feed_exit(p, &f, 3001, 1000);
	feed_open(p, &f, 3002, 3, "/x");
	assert_parent(p, 3002, 1000);
	/* a subreaper */
	fork_of(p, &f, 3002, 1000, 3003);
	feed(p, &f, EV_SYSCALL_PRCTL_X, 1000, "dusd", 0ll, 36, "", 1ll);
	assert_true(proc_thread(p, 1000)->flags & TH_CHILD_SUBREAPER);
	feed_exit(p, &f, 3002, 0);
	feed_open(p, &f, 3003, 3, "/x");
	assert_parent(p, 3003, 1000);
	/* a reaper that cannot be: the child itself */
	fork_of(p, &f, 3003, 1000, 3004);
	feed_exit(p, &f, 3003, 3004);
	feed_open(p, &f, 1000, 3, "/x");
	assert_null(proc_parent(p, proc_thread(p, 3004)));
	/* init leaves orphans */
	feed_exit(p, &f, 1, 0);
	feed_open(p, &f, 1000, 3, "/x");
	assert_parent(p, 1000, 0);
	proc_free(p);
}

static void test_tid_is_reused(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);

	(void)state;
	known_thread(p, 3001, 3001, 3000, "vim");
	/* the exit of 3000 was missed */
	feed_clone(p, &f,
		   &(struct clone_of){.on = 1000,
				      .res = 3000,
				      .tid = 1000,
				      .pid = 1000,
				      .ptid = 1,
				      .comm = "new"});
	assert_string_equal(proc_thread(p, 3000)->comm.p, "new");
	assert_parent(p, 3000, 1000);
	assert_parent(p, 3001, 1);
	/* an exit and then the parent's late event: no entry comes back */
	feed_exit(p, &f, 3000, 0);
	fork_of(p, &f, 1000, 1, 3000);
	assert_null(proc_thread(p, 3000));
	/* unless time has passed */
	f.ts_ns += 3000000000ull;
	fork_of(p, &f, 1000, 1, 3000);
	assert_non_null(proc_thread(p, 3000));
	proc_free(p);
}

static void test_exec(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	const struct thread *t = proc_thread(p, 1000);
	u32 generation;

	(void)state;
	feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", 20ll, "/keep", 1, 0, 1, 1ll);
	feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", 21ll, "/close", 1 | 4096, 0, 1, 1ll);
	thread_of(p, &f, 1000, 4002);
	generation = t->generation;
	feed_exec(p, &f, 1000, "cat");
	assert_string_equal(t->comm.p, "cat");
	assert_string_equal(t->exe.p, "/bin/cat");
	assert_string_equal(t->exepath.p, "/usr/bin/cat");
	assert_string_equal(t->cwd.p, "/home/p/");
	assert_memory_equal(t->args.p, "a\0b", 4);
	assert_int_equal(t->nargs, 2);
	assert_int_equal(t->env.len, 8);
	assert_int_equal(t->uid, 33);
	assert_int_equal(t->gid, 34);
	assert_int_equal(t->loginuid, 1001);
	assert_int_equal(t->vpgid, 77);
	assert_int_equal(t->pgid, 78);
	assert_int_equal(t->cap_effective, 3);
	assert_int_equal(t->exe_ino, 99);
	assert_true(t->flags & TH_EXE_WRITABLE && t->flags & TH_EXE_FROM_MEMFD);
	assert_false(t->flags & TH_EXE_UPPER_LAYER);
	assert_int_not_equal(t->generation, generation);
	assert_non_null(proc_fd(p, t, 20));
	assert_null(proc_fd(p, t, 21));
	assert_null(proc_thread(p, 4002));
	assert_int_equal(proc_nthreads(p, t), 1);
	assert_parent(p, 1000, 1);
	proc_free(p);
}

static void test_exec_of_unknown(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev = feed_exec(p, &f, 4005, "cat");

	(void)state;
	assert_int_equal(ev->thread->pid, 4005);
	assert_int_equal(proc_nthreads(p, ev->thread), 1);
	assert_parent(p, 4005, 1);
	assert_string_equal(ev->thread->cwd.p, "");
	proc_free(p);
}

/* An event of execveat, res 0 unless failed, after its enter event. */
static struct event *feed_execveat(struct proc *p, struct fed *f, s64 dirfd, const char *path, u32 flags,
				   s64 res)
{
	feed(p, f, EV_SYSCALL_EXECVEAT_E, 1000, "dsu", dirfd, path, flags);
	return feed(p, f, EV_SYSCALL_EXECVEAT_X, 1000, "dsB", res, "cat", "a", 2);
}

/* execveat is about the fd it starts from, even if that does not survive the exec. */
static void test_execveat_fd(void **state)
{
	enum { EMPTY_PATH = 1, NOFOLLOW = 2, OPEN_CLOEXEC = 1 << 12 };
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;
	struct fd *fd;

	(void)state;
	ev = feed_execveat(p, &f, 7, "bin/cat", NOFOLLOW, 0);
	assert_non_null(ev->fd);
	assert_int_equal(ev->fd->type, FDT_DIRECTORY);
	assert_string_equal(ev->fd->name.p, "/var/dir");
	assert_int_equal(ev->fd_num, -1);
	assert_string_equal(ev->thread->exepath.p, "/var/dir/bin/cat");
	assert_non_null(feed_execveat(p, &f, 0, "", EMPTY_PATH, 0)->fd);
	assert_null(feed_execveat(p, &f, 7, "/bin/cat", 0, 0)->fd);
	assert_null(feed_execveat(p, &f, SAKER_AT_FDCWD, "cat", 0, 0)->fd);
	assert_null(feed_execveat(p, &f, 99, "cat", 0, 0)->fd);
	assert_null(feed_execveat(p, &f, 7, "cat", 0, -2)->fd);

	fd = proc_fd(p, proc_thread(p, 1000), 7);
	fd->open_flags |= OPEN_CLOEXEC;
	ev = feed_execveat(p, &f, 7, "cat", 0, 0);
	assert_string_equal(ev->fd->name.p, "/var/dir");
	proc_done(p, ev);
	assert_null(proc_fd(p, proc_thread(p, 1000), 7));
	proc_free(p);
}

static void test_failed_calls(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	u64 before;
	struct proc_stats s;

	(void)state;
	feed_open(p, &f, 1000, 3, "/x");
	proc_get_stats(p, &s);
	before = s.threads;
	fork_of(p, &f, 1000, 1, -11);
	feed(p, &f, EV_SYSCALL_EXECVE_19_X, 1000, "dss", -2ll, "/bin/no", "x");
	feed(p, &f, EV_SYSCALL_SETUID_X, 1000, "du", -1ll, 0);
	feed(p, &f, EV_SYSCALL_CHDIR_X, 1000, "ds", -2ll, "/no");
	proc_get_stats(p, &s);
	assert_int_equal(s.threads, before);
	assert_string_equal(proc_thread(p, 1000)->comm.p, "p1000");
	assert_string_equal(proc_thread(p, 1000)->cwd.p, "/home/p/");
	assert_int_equal(proc_thread(p, 1000)->uid, 1000);
	proc_free(p);
}

static void test_identity(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	const struct thread *t = proc_thread(p, 1000);

	(void)state;
	feed(p, &f, EV_SYSCALL_SETUID_X, 1000, "du", 0ll, 0);
	assert_int_equal(t->uid, 0);
	feed(p, &f, EV_SYSCALL_SETRESUID_X, 1000, "duuu", 0ll, 1, 33, 2);
	assert_int_equal(t->uid, 33);
	feed(p, &f, EV_SYSCALL_SETREUID_X, 1000, "duu", 0ll, 1, UINT32_MAX);
	assert_int_equal(t->uid, 33);
	feed(p, &f, EV_SYSCALL_SETREGID_X, 1000, "duu", 0ll, 1, 7);
	assert_int_equal(t->gid, 7);
	feed(p, &f, EV_SYSCALL_SETSID_X, 1000, "d", 1000ll);
	assert_int_equal(t->sid, 1000);
	feed(p, &f, EV_SYSCALL_CAPSET_X, 1000, "dddd", 0ll, 1ll, 2ll, 4ll);
	assert_int_equal(t->cap_effective, 4);
	feed(p, &f, EV_SYSCALL_UNSHARE_X, 1000, "du", 0ll, 1 << 28);
	assert_int_equal(t->cap_effective, 4);
	feed(p, &f, EV_SYSCALL_UNSHARE_X, 1000, "du", 0ll, NEWUSER);
	assert_int_equal(t->cap_effective, (1ull << 41) - 1);
	feed(p, &f, EV_SYSCALL_PRLIMIT_X, 3000,
	     "dddddd"
	     "b",
	     0ll, 5000ll, 0ll, 0ll, 0ll, 1000ll, 7);
	assert_int_equal(t->fdlimit, 5000);
	feed(p, &f, EV_SYSCALL_SETRLIMIT_X, 1000, "dddb", 0ll, 600ll, 0ll, 7);
	assert_int_equal(t->fdlimit, 600);
	feed(p, &f, EV_SYSCALL_CHROOT_X, 1000, "ds", 0ll, "/jail");
	assert_string_equal(t->root.p, "/jail");
	proc_free(p);
}

static void test_users(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	const struct user *u;

	(void)state;
	feed(p, &f, EV_USER_ADDED_E, -1, "uussss", 7, 8, "seven", "/home/seven", "/bin/sh", "");
	feed(p, &f, EV_USER_ADDED_E, -1, "uussss", 9, 8, "nine", "/", "/bin/sh", "container");
	feed(p, &f, EV_GROUP_ADDED_E, -1, "uss", 8, "eight", "");
	u = proc_user(p, NULL, 7);
	assert_non_null(u);
	assert_string_equal(u->name.p, "seven");
	assert_string_equal(u->home.p, "/home/seven");
	assert_null(proc_user(p, NULL, 9));
	assert_string_equal(proc_group_by_gid(p, NULL, 8)->name.p, "eight");
	feed(p, &f, EV_USER_DELETED_E, -1, "uussss", 7, 8, "seven", "/", "/bin/sh", "");
	feed(p, &f, EV_GROUP_DELETED_E, -1, "uss", 8, "eight", "");
	assert_null(proc_user(p, NULL, 7));
	assert_null(proc_group_by_gid(p, NULL, 8));
	proc_free(p);
}

static void test_hidden_events(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct event *ev;

	(void)state;
	feed(p, &f, EV_SYSCALL_OPEN_E, 1000, "suu", "/early", 1, 0);
	assert_false(f.visible);
	feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", 20ll, "/late", 1 | 1 << 14, 0, 1, 1ll);
	assert_true(f.visible);
	assert_string_equal(f.ev.fd->name.p, "/early");
	assert_int_equal(f.ev.fd->open_flags, 1 | 1 << 14);
	/* not the call that follows, and not another one's */
	feed_open(p, &f, 1000, 21, "/late");
	assert_string_equal(f.ev.fd->name.p, "/late");
	feed(p, &f, EV_SYSCALL_OPENAT_2_E, 1000, "dsuu", -100ll, "early", 1, 0);
	feed_open(p, &f, 1000, 22, "/late");
	assert_string_equal(f.ev.fd->name.p, "/late");
	feed(p, &f, EV_SYSCALL_OPEN_E, 1000, "suu", "<NA>", 1, 0);
	feed_open(p, &f, 1000, 23, "/late");
	assert_string_equal(f.ev.fd->name.p, "/late");
	ev = feed(p, &f, EV_DROP_E, 1000, "u", 1);
	assert_true(f.visible);
	assert_string_equal(ev->thread->comm.p, "p1000");
	proc_free(p);
}

static void test_full_table(void **state)
{
	const struct proc_options opt = {.max_threads = 3};
	struct proc *p = proc_new(&opt);
	struct fed f = {.ts_ns = 1};
	struct proc_stats s;

	(void)state;
	for (s64 tid = 1; tid < 10; tid++)
		feed_open(p, &f, tid, 3, "/x");
	assert_non_null(f.ev.thread);
	proc_done(p, &f.ev);
	proc_get_stats(p, &s);
	assert_int_equal(s.threads, 3);
	assert_int_equal(s.table[TABLE_THREADS].evicted, 6);
	assert_int_equal(s.drops_full_threadtable, 0);
	fork_of(p, &f, 20, 1, 21);
	fork_of(p, &f, 20, 1, 0);
	proc_free(p);
}

static void test_loops_in_metadata(void **state)
{
	const struct proc_options opt = {0};
	struct proc *p = proc_new(&opt);
	struct fed f = {.ts_ns = 1};
	const struct thread *t;
	u32 n = 0;

	(void)state;
	known_thread(p, 10, 10, 12, "a");
	known_thread(p, 11, 11, 10, "b");
	known_thread(p, 12, 12, 11, "c");
	known_thread(p, 13, 13, 13, "self");
	feed_open(p, &f, 12, 3, "/x");
	for (t = f.ev.thread; t && n < 10; t = proc_parent(p, t))
		n++;
	assert_true(n <= 3);
	assert_null(proc_ancestor(p, f.ev.thread, 100000));
	assert_null(proc_parent(p, proc_thread(p, 13)));
	proc_free(p);
}

static void test_fork_bomb_shares(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct proc_stats few, many;

	(void)state;
	for (s64 num = 10; num < 4000; num++)
		feed_open(p, &f, 1000, num, "/some/file/with/a/name");
	proc_get_stats(p, &few);
	for (s64 tid = 5000; tid < 6000; tid++)
		fork_of(p, &f, 1000, 1, tid);
	proc_get_stats(p, &many);
	assert_int_equal(many.threads, few.threads + 1000);
	assert_int_equal(many.fds, few.fds);
	assert_true(many.bytes - few.bytes < 1000 * 2048);
	/* a change of one child is seen by it alone */
	feed(p, &f, EV_SYSCALL_CLOSE_X, 5500, "dd", 0ll, 20ll);
	proc_done(p, &f.ev);
	assert_null(proc_fd(p, proc_thread(p, 5500), 20));
	assert_non_null(proc_fd(p, proc_thread(p, 1000), 20));
	assert_non_null(proc_fd(p, proc_thread(p, 5501), 20));
	proc_free(p);
}

/* A dead leader says that it made the last thread that its process has. */
static void test_clone_of_own_thread(void **state)
{
	struct fed f = {0};
	struct proc *p = some_system(&f);
	struct clone_of own = { .on = 1000, .res = 1001, .tid = 1000, .pid = 1000, .ptid = 1000 };

	(void)state;
	known_thread(p, 1001, 1000, 1, "p1000");
	feed_exit(p, &f, 1000, 1);
	feed_clone(p, &f, &own);
	proc_done(p, &f.ev);
	proc_free(p);
}

/* What is known of a process may be wrong: a thread of it that is its ancestor. */
static void test_no_loop_by_thread(void **state)
{
	struct fed f = { 0 };
	struct proc *p = some_system(&f);
	u32 n = 0;

	(void)state;
	known_thread(p, 5000, 5000, 3000, "kid");
	/* p1000, whose end was missed: the number is that of a new thread of its grandchild */
	feed_clone(p, &f, &(struct clone_of){ .on = 1000, .tid = 1000, .pid = 5000, .ptid = 0, .flags = 1 << 13 | 1 });
	for (const struct thread *t = proc_thread(p, 1000); t; t = proc_parent(p, t))
		assert_in_range(++n, 1, 5);
	for (const struct thread *t = proc_thread(p, 3000); t; t = proc_parent(p, t))
		assert_in_range(++n, 1, 10);
	proc_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_from_parent),   cmocka_unit_test(test_child_first),
		cmocka_unit_test(test_caller_makes_child), cmocka_unit_test(test_threads_share),
		cmocka_unit_test(test_exit_is_deferred),   cmocka_unit_test(test_reapers),
		cmocka_unit_test(test_tid_is_reused),      cmocka_unit_test(test_exec),
		cmocka_unit_test(test_exec_of_unknown),    cmocka_unit_test(test_execveat_fd),
		cmocka_unit_test(test_failed_calls),
		cmocka_unit_test(test_identity),           cmocka_unit_test(test_users),
		cmocka_unit_test(test_hidden_events),      cmocka_unit_test(test_full_table),
		cmocka_unit_test(test_loops_in_metadata),  cmocka_unit_test(test_fork_bomb_shares),
		cmocka_unit_test(test_clone_of_own_thread),
		cmocka_unit_test(test_no_loop_by_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
