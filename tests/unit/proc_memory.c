/* SPDX-License-Identifier: Apache-2.0 */
/* Budgets: what is kept, what is forgotten first, and what comes back. */
#include "unit/proc_events.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KIB = 1024, THREAD = 1 << 13 | 1 };

static struct proc *system_with(struct fed *f, struct proc_options opt)
{
	struct proc *p = proc_new(&opt);

	f->live = opt.live;
	f->ts_ns = 1700000000ull * 1000000000;
	known_thread(p, 1, 1, 0, "init");
	known_thread(p, 1000, 1000, 1, "p1000");
	known_thread(p, 3000, 3000, 1000, "bash");
	return p;
}

static struct table_stats stats_of(struct proc *p, enum proc_table which)
{
	struct proc_stats s;

	proc_get_stats(p, &s);
	return s.table[which];
}

static void fork_of(struct proc *p, struct fed *f, s64 parent, s64 child, u32 flags)
{
	feed_clone(p, f, &(struct clone_of){ .on = parent, .res = child, .tid = parent, .pid = parent,
					     .ptid = 1, .flags = flags });
	proc_done(p, &f->ev);
}

static void look(struct proc *p, struct fed *f, s64 tid)
{
	feed(p, f, EV_SYSCALL_CHDIR_X, tid, "ds", -2ll, "/nowhere");
	proc_done(p, &f->ev);
}

static void open_file(struct proc *p, struct fed *f, s64 tid, s64 num)
{
	char name[64];

	snprintf(name, sizeof(name), "/srv/data/a-file-with-a-name-%lld", num);
	feed(p, f, EV_SYSCALL_OPEN_X, tid, "dsuuud", num, name, 1, 0, 0x801, 77ll);
	proc_done(p, &f->ev);
}

static void test_threads_keep_budget(void **state)
{
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){ .max_bytes.threads = 256 * KIB });
	struct table_stats s;

	(void)state;
	for (s64 tid = 10000; tid < 20000; tid++) {
		fork_of(p, &f, 3000, tid, 0);
		s = stats_of(p, TABLE_THREADS);
		assert_true(s.bytes <= 256 * KIB);
		assert_non_null(proc_thread(p, tid));
	}
	assert_int_equal(s.max_bytes, 256 * KIB);
	assert_int_equal(s.entries + s.evicted, 10003);
	assert_true(s.entries > 100);
	assert_int_equal(s.refused, 0);
	/* the youngest are there, and all they come from */
	assert_non_null(proc_thread(p, 19900));
	assert_null(proc_thread(p, 10000));
	assert_int_equal(proc_ancestor(p, proc_thread(p, 19999), 1)->tid, 3000);
	assert_int_equal(proc_ancestor(p, proc_thread(p, 19999), 3)->tid, 1);
	proc_free(p);
}

static void test_oldest_unused_first(void **state)
{
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){ .max_threads = 100 });

	(void)state;
	for (s64 tid = 10000; tid < 10097; tid++)
		fork_of(p, &f, 3000, tid, 0);
	assert_int_equal(stats_of(p, TABLE_THREADS).evicted, 0);
	for (s64 tid = 11000; tid < 13000; tid++) {
		fork_of(p, &f, 3000, tid, 0);
		look(p, &f, 10007);
	}
	assert_int_equal(stats_of(p, TABLE_THREADS).entries, 100);
	assert_int_equal(stats_of(p, TABLE_THREADS).evicted, 2000);
	assert_non_null(proc_thread(p, 10007));
	assert_null(proc_thread(p, 10008));
	assert_non_null(proc_thread(p, 12990));
	proc_free(p);
}

/* A parent goes when it has no children any more, not before. */
static void test_children_before_parents(void **state)
{
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){ .max_threads = 20 });

	(void)state;
	fork_of(p, &f, 3000, 4000, 0);
	fork_of(p, &f, 4000, 4001, 0);
	fork_of(p, &f, 4001, 4002, 0);
	for (s64 tid = 10000; tid < 10100; tid++) {
		fork_of(p, &f, 3000, tid, 0);
		look(p, &f, 4002);
	}
	assert_int_equal(proc_ancestor(p, proc_thread(p, 4002), 2)->tid, 4000);
	feed(p, &f, EV_PROCEXIT_1_E, 4002, "ddbbd", 0ll, 0ll, 0, 0, 0ll);
	proc_done(p, &f.ev);
	for (s64 tid = 10100; tid < 10200; tid++)
		fork_of(p, &f, 3000, tid, 0);
	assert_null(proc_thread(p, 4001));
	assert_null(proc_thread(p, 4000));
	assert_non_null(proc_thread(p, 3000));
	proc_free(p);
}

/* The first thread of a process stays as long as others are known. */
static void test_main_thread_stays(void **state)
{
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){ .max_threads = 20 });

	(void)state;
	fork_of(p, &f, 3000, 4000, 0);
	feed_clone(p, &f, &(struct clone_of){ .on = 4000, .res = 4001, .tid = 4000, .pid = 4000, .ptid = 3000,
					      .flags = THREAD });
	proc_done(p, &f.ev);
	for (s64 tid = 10000; tid < 10100; tid++) {
		fork_of(p, &f, 3000, tid, 0);
		look(p, &f, 4001);
	}
	assert_int_equal(proc_main_thread(p, proc_thread(p, 4001))->tid, 4000);
	/* ... and ends with the last of them */
	feed(p, &f, EV_PROCEXIT_1_E, 4000, "ddbbd", 0ll, 0ll, 0, 0, 0ll);
	proc_done(p, &f.ev);
	assert_non_null(proc_thread(p, 4000));
	for (s64 tid = 10100; tid < 10300; tid++)
		fork_of(p, &f, 3000, tid, 0);
	assert_null(proc_thread(p, 4001));
	assert_null(proc_thread(p, 4000));
	proc_free(p);
}

static void test_placeholders_first(void **state)
{
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){ .max_threads = 50 });

	(void)state;
	for (s64 tid = 10000; tid < 10040; tid++)
		fork_of(p, &f, 3000, tid, 0);
	for (s64 tid = 20000; tid < 30000; tid++)
		look(p, &f, tid);
	for (s64 tid = 10000; tid < 10040; tid++)
		assert_non_null(proc_thread(p, tid));
	assert_int_equal(stats_of(p, TABLE_THREADS).entries, 50);
	proc_free(p);
}

static void test_nothing_to_forget(void **state)
{
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){ .max_threads = 3 });

	(void)state;
	known_thread(p, 3001, 3001, 1000, "refused");
	assert_null(proc_thread(p, 3001));
	assert_int_equal(stats_of(p, TABLE_THREADS).refused, 1);
	feed(p, &f, EV_PROCEXIT_1_E, 3000, "ddbbd", 0ll, 0ll, 0, 0, 0ll);
	feed(p, &f, EV_PROCEXIT_1_E, 1000, "ddbbd", 0ll, 0ll, 0, 0, 0ll);
	proc_done(p, &f.ev);
	proc_free(p);
	p = system_with(&f, (struct proc_options){ .max_threads = 3, .self_pid = 3000 });
	for (s64 tid = 4000; tid < 4010; tid++)
		fork_of(p, &f, 3000, tid, 0);
	assert_non_null(proc_thread(p, 3000));
	assert_int_equal(stats_of(p, TABLE_THREADS).entries, 3);
	proc_free(p);
}

/* Long names count, and are given back. */
static void test_long_arguments(void **state)
{
	static char args[4096], env[4096];
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){ .max_bytes.threads = 512 * KIB });

	(void)state;
	memset(args, 'a', sizeof(args) - 1);
	memset(env, 'e', sizeof(env) - 1);
	for (s64 tid = 10000; tid < 11000; tid++) {
		fork_of(p, &f, 3000, tid, 0);
		args[0] = (char)tid;
		feed(p, &f, EV_SYSCALL_EXECVE_19_X, tid, "dsBdddsddduuusBBuduuddddddusdus", 0ll, "/bin/cat", args,
		     4096, tid, tid, 3000ll, "/", 2048ll, 3ll, 4ll, 10, 20, 30, "cat", "cpu=/x\0", 7, env, 4096, 34816,
		     77ll, 1001, 5, 1ll, 2ll, 3ll, 99ll, 400ll, 500ll, 33, "/usr/bin/cat", 78ll, 34, "cat");
		proc_done(p, &f.ev);
		assert_true(stats_of(p, TABLE_THREADS).bytes <= 512 * KIB);
		assert_int_equal(proc_thread(p, tid)->args.len, 4096);
	}
	assert_true(stats_of(p, TABLE_THREADS).entries < 70);
	proc_free(p);
}

static void test_fds_keep_budget(void **state)
{
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){ .max_bytes.fds = 256 * KIB });
	struct table_stats s;
	u64 n;

	(void)state;
	open_file(p, &f, 1000, 9);
	for (s64 num = 10; num < 2010; num++) {
		for (s64 tid = 1000; tid <= 3000; tid += 2000)
			open_file(p, &f, tid, num);
		feed(p, &f, EV_SYSCALL_READ_X, 1000, "dBdu", 1ll, "x", 1, 9ll, 1);
		proc_done(p, &f.ev);
		s = stats_of(p, TABLE_FDS);
		assert_true(s.bytes <= 256 * KIB);
		assert_non_null(proc_fd(p, proc_thread(p, 3000), num));
	}
	assert_int_equal(s.entries + s.evicted, 4001);
	assert_true(s.entries > 200);
	/* used all the time */
	assert_string_equal(proc_fd(p, proc_thread(p, 1000), 9)->name.p, "/srv/data/a-file-with-a-name-9");
	assert_null(proc_fd(p, proc_thread(p, 1000), 10));
	/* the number of open ones is right all the same */
	n = proc_fd_count(p, proc_thread(p, 1000));
	assert_int_equal(n, 2001);
	feed(p, &f, EV_SYSCALL_CLOSE_X, 1000, "dd", 0ll, 10ll);
	proc_done(p, &f.ev);
	feed(p, &f, EV_SYSCALL_CLOSE_X, 1000, "dd", 0ll, 2009ll);
	proc_done(p, &f.ev);
	assert_int_equal(proc_fd_count(p, proc_thread(p, 1000)), 1999);
	proc_free(p);
}

static void test_copies_of_fds(void **state)
{
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){ .max_bytes.fds = 2048 * KIB });

	(void)state;
	for (s64 num = 3; num < 3003; num++)
		open_file(p, &f, 3000, num);
	for (s64 tid = 10000; tid < 10200; tid++) {
		fork_of(p, &f, 3000, tid, 0);
		open_file(p, &f, tid, 5000);	/* now it has a table of its own */
		assert_true(stats_of(p, TABLE_FDS).bytes <= 2048 * KIB);
		assert_non_null(proc_fd(p, proc_thread(p, tid), 5000));
		assert_int_equal(proc_fd_count(p, proc_thread(p, tid)), 3001);
	}
	proc_free(p);
	/* a table that is as large as all may be is not copied */
	p = system_with(&f, (struct proc_options){ .max_bytes.fds = 128 * KIB });
	for (s64 num = 3; num < 3003; num++)
		open_file(p, &f, 3000, num);
	fork_of(p, &f, 3000, 10000, 0);
	for (s64 num = 4000; num < 4400; num++)
		open_file(p, &f, 10000, num);
	assert_true(stats_of(p, TABLE_FDS).bytes <= 128 * KIB);
	assert_int_equal(proc_fd_count(p, proc_thread(p, 10000)), 3400);
	proc_free(p);
}

/* Millions of threads and fds later, the tables say what malloc() says. */
static void test_bytes_are_true(void **state)
{
	struct fed f = { 0 };
	size_t before, used;
	struct proc_stats s;
	struct proc *p;

	(void)state;
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	p = system_with(&f, (struct proc_options){ 0 });
	for (s64 tid = 10000; tid < 14000; tid++) {
		fork_of(p, &f, 3000, tid, 0);
		for (s64 num = 0; num < 10; num++)
			open_file(p, &f, tid, num * 300);
	}
	used = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	proc_get_stats(p, &s);
	if (before && used < 4 << 20)
		skip();		/* another malloc */
	if (before)
		assert_in_range(s.bytes, used - used / 100, used + used / 100);
	proc_free(p);
	if (before)
		assert_in_range(mallinfo2().uordblks + mallinfo2().hblkhd, before - 4096, before + 65536);
}

static void test_users(void **state)
{
	struct proc *p = proc_new(&(struct proc_options){ .max_bytes.users = 64 * KIB });
	const struct state_sink *sink = proc_state_sink(p);
	struct table_stats s;

	(void)state;
	for (u32 uid = 0; uid < 10000; uid++) {
		struct state_user u = { .uid = uid, .name = str_of("somebody"), .home = str_of("/home/somebody") };

		sink->user(sink->ctx, &u);
	}
	s = stats_of(p, TABLE_USERS);
	assert_true(s.bytes < 68 * KIB);
	assert_true(s.entries > 100);
	assert_int_equal(s.entries + s.refused, 10000);
	proc_free(p);
}

/* ---- live ---- */

static pid_t sleeper_of(pid_t *grandchild)
{
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		pid_t below;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		below = fork();
		if (!below) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		if (write(ready[1], &below, sizeof(below)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], grandchild, sizeof(*grandchild)), (int)sizeof(*grandchild));
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void test_thread_comes_back(void **state)
{
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){ .live = true, .max_threads = 40 });
	pid_t below, child = sleeper_of(&below);
	struct table_stats s;
	struct event *ev;
	u64 before;

	(void)state;
	look(p, &f, below);
	assert_int_equal(proc_parent(p, proc_thread(p, below))->tid, child);
	for (s64 tid = 4000000; tid < 4000400; tid++)
		fork_of(p, &f, 3000, tid, 0);
	assert_null(proc_thread(p, below));
	assert_null(proc_thread(p, child));
	before = stats_of(p, TABLE_THREADS).recreated;
	/* it comes with its lineage */
	ev = feed(p, &f, EV_SYSCALL_CHDIR_X, below, "ds", -2ll, "/x");
	assert_string_equal(ev->thread->comm.p, "proc_memory");
	assert_int_equal(proc_parent(p, ev->thread)->tid, child);
	assert_int_equal(proc_ancestor(p, ev->thread, 2)->tid, getpid());
	proc_done(p, ev);
	s = stats_of(p, TABLE_THREADS);
	assert_true(s.recreated >= before + 2);
	assert_true(s.entries <= 40);
	kill(below, SIGKILL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	proc_free(p);
}

/* A number that /proc does not know is asked for once a second. */
static void test_unknown_thread_costs_once(void **state)
{
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){ .live = true });
	struct proc_stats s;

	(void)state;
	for (u32 i = 0; i < 500; i++)
		look(p, &f, 1ll << 31);
	proc_get_stats(p, &s);
	assert_int_equal(s.proc_lookups, 1);
	f.ts_ns += 2000000000ull;
	look(p, &f, 1ll << 31);
	proc_get_stats(p, &s);
	assert_int_equal(s.proc_lookups, 2);
	/* the clock is set back by an hour */
	f.ts_ns -= 3600 * 1000000000ull;
	for (u32 i = 0; i < 500; i++)
		look(p, &f, 1ll << 31);
	proc_get_stats(p, &s);
	assert_int_equal(s.proc_lookups, 3);
	proc_free(p);
}

static void test_fd_comes_back(void **state)
{
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	struct fed f = { 0 };
	struct proc *p = system_with(&f, (struct proc_options){
		.live = true, .keep_fds = true, .max_bytes.fds = 64 * KIB });
	struct proc_stats s, after;
	struct thread *t;

	(void)state;
	assert_true(file >= 0);
	look(p, &f, getpid());
	open_file(p, &f, getpid(), file);
	for (s64 num = 3000; num < 4000; num++)
		open_file(p, &f, getpid(), num);
	feed(p, &f, EV_SYSCALL_CHDIR_X, getpid(), "ds", -2ll, "/x");
	t = proc_thread(p, getpid());
	assert_string_equal(proc_fd(p, t, file)->name.p, "/etc/passwd");
	assert_int_equal(stats_of(p, TABLE_FDS).recreated, 1);
	assert_int_equal(proc_fd_count(p, t), 1001);
	proc_get_stats(p, &s);
	for (u32 i = 0; i < 100; i++)
		assert_null(proc_fd(p, t, 3000));
	proc_get_stats(p, &after);
	assert_int_equal(after.proc_lookups, s.proc_lookups + 1);
	/* the clock is set back by an hour */
	f.ts_ns -= 3600 * 1000000000ull;
	look(p, &f, getpid());
	for (u32 i = 0; i < 100; i++)
		assert_null(proc_fd(p, t, 3000));
	proc_get_stats(p, &after);
	assert_int_equal(after.proc_lookups, s.proc_lookups + 2);
	proc_done(p, &f.ev);
	assert_true(stats_of(p, TABLE_FDS).bytes <= 64 * KIB);
	close(file);
	proc_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_keep_budget),
		cmocka_unit_test(test_oldest_unused_first),
		cmocka_unit_test(test_children_before_parents),
		cmocka_unit_test(test_main_thread_stays),
		cmocka_unit_test(test_placeholders_first),
		cmocka_unit_test(test_nothing_to_forget),
		cmocka_unit_test(test_long_arguments),
		cmocka_unit_test(test_fds_keep_budget),
		cmocka_unit_test(test_copies_of_fds),
		cmocka_unit_test(test_bytes_are_true),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_thread_comes_back),
		cmocka_unit_test(test_unknown_thread_costs_once),
		cmocka_unit_test(test_fd_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
