/* SPDX-License-Identifier: Apache-2.0 */
/* Live events with the kernel's own view of their fds, and the scan of /proc. */
#include "unit/proc_events.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char info_bytes[400];
static u32 info_len;

static void set_info(s64 num, u8 type, u64 ino, u8 l4proto, u8 flags, const void *name, size_t n)
{
	struct fdinfo info = {.ino = ino,
			      .fd = num,
			      .dev = 8 << 20 | 1,
			      .open_flags = 3,
			      .type = type,
			      .l4proto = l4proto,
			      .flags = flags};

	memcpy(info_bytes, &info, sizeof(info));
	memcpy(info_bytes + sizeof(info), name, n);
	info_len = (u32)(sizeof(info) + n);
}

static void file_info(s64 num, u64 ino, const char *path)
{
	set_info(num, FDT_FILE_V2, ino, L4_UNKNOWN, 0, path, strlen(path));
}

/* Local end first. */
static void sock_info(s64 num, u64 ino, u8 l4proto, u8 flags, u8 host, u16 sport, u16 dport)
{
	u8 t[13] = {2, 10, 0, 0, host, 0, 0, 10, 0, 0, dport ? 9 : 0};

	memcpy(t + 5, &sport, 2);
	memcpy(t + 11, &dport, 2);
	set_info(num, FDT_IPV4_SOCK, ino, l4proto, flags, t, sizeof(t));
}

static struct proc *live_system(struct fed *f, bool keep_fds)
{
	const struct proc_options opt = {.keep_fds = keep_fds};
	struct proc *p = proc_new(&opt);

	f->ts_ns = 1700000000ull * 1000000000;
	f->live = true;
	known_thread(p, 1, 1, 0, "init");
	known_thread(p, 1000, 1000, 1, "p1000");
	return p;
}

static struct event *feed_read(struct proc *p, struct fed *f, s64 num)
{
	return feed(p, f, EV_SYSCALL_READ_X, 1000, "dBduB", 1ll, "x", 1, num, 1, info_bytes,
		    info_len);
}

static void test_read(void **state)
{
	struct fed f = {0};
	struct proc *p = live_system(&f, false);
	struct event *ev;

	(void)state;
	file_info(5, 77, "/etc/passwd");
	ev = feed_read(p, &f, 5);
	assert_non_null(ev->fd);
	assert_true(ev->fd->flags & FD_TRANSIENT);
	assert_string_equal(ev->fd->name.p, "/etc/passwd");
	assert_string_equal(ev->fd->kpath.p, "/etc/passwd");
	assert_int_equal(ev->fd->dev, 0x801);
	assert_int_equal(ev->fd_num, 5);
	assert_ptr_equal(proc_fd(p, ev->thread, 5), ev->fd);
	/* no trace of it in the table */
	ev = feed(p, &f, EV_SYSCALL_READ_X, 1000, "dBdu", 1ll, "x", 1, 5ll, 1);
	assert_null(ev->fd);
	proc_free(p);
}

static void test_open(void **state)
{
	struct fed f = {0};
	struct proc *p = live_system(&f, false);
	struct event *ev;

	(void)state;
	file_info(6, 77, "/real/passwd");
	ev = feed(p, &f, EV_SYSCALL_OPEN_X, 1000, "dsuuudB", 6ll, "link/../passwd", 1, 0, 0x801,
		  77ll, info_bytes, (int)info_len);
	assert_string_equal(ev->fd->name.p, "/home/p/passwd");
	assert_string_equal(ev->fd->kpath.p, "/real/passwd");
	assert_int_equal(ev->fd->ino, 77);
	assert_int_equal(ev->fd_num, 6);
	/* a directory from the event itself */
	set_info(7, FDT_DIRECTORY, 5, L4_UNKNOWN, 0, "/srv", 4);
	ev = feed(p, &f, EV_SYSCALL_OPENAT_2_X, 1000, "ddsuuudBB", 8ll, 7ll, "sub", 1, 0, 1, 2ll,
		  "", 0, info_bytes, (int)info_len);
	assert_string_equal(ev->fd->name.p, "/srv/sub");
	proc_free(p);
}

static const struct {
	u8 l4proto, flags;
	u16 sport, dport;
	const char *name;
	bool server;
	u8 type;
} ends[] = {
	{L4_TCP, FDI_CONNECTED, 40000, 443, "10.0.0.1:40000->10.0.0.9:443", false, FDT_IPV4_SOCK},
	{L4_TCP, FDI_CONNECTED, 443, 40000, "10.0.0.9:40000->10.0.0.1:443", true, FDT_IPV4_SOCK},
	{L4_TCP, FDI_LISTENING, 80, 0, "10.0.0.1:80", true, FDT_IPV4_SERVSOCK},
	{L4_UDP, 0, 53, 0, "10.0.0.1:53", true, FDT_IPV4_SERVSOCK},
	{L4_UDP, 0, 40000, 0, "", false, FDT_IPV4_SOCK},
	{L4_TCP, 0, 0, 0, "", false, FDT_IPV4_SOCK},
};

static void test_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct fed f = {0};
		struct proc *p = live_system(&f, false);
		struct event *ev;

		sock_info(5, 9, ends[i].l4proto, ends[i].flags, 1, ends[i].sport, ends[i].dport);
		ev = feed_read(p, &f, 5);
		assert_string_equal(ev->fd->name.p, ends[i].name);
		assert_int_equal(!!(ev->fd->flags & FD_ROLE_SERVER), ends[i].server);
		assert_int_equal(ev->fd->type, ends[i].type);
		proc_free(p);
	}
}

static void test_role_is_kept(void **state)
{
	static const u8 tuple[13] = {2, 10, 0, 0, 1, 0x50, 0, 10, 0, 0, 9, 0x40, 0x9c};
	struct fed f = {0};
	struct proc *p = live_system(&f, false);
	struct event *ev;

	(void)state;
	/* a client on a server's port: only connect tells */
	sock_info(5, 9, L4_TCP, FDI_CONNECTED, 1, 80, 40000);
	ev = feed(p, &f, EV_SOCKET_CONNECT_X, 1000, "dBd-B", 0ll, tuple, 13, 5ll, info_bytes,
		  info_len);
	assert_string_equal(ev->fd->name.p, "10.0.0.1:80->10.0.0.9:40000");
	assert_true(ev->fd->flags & FD_ROLE_CLIENT);
	ev = feed_read(p, &f, 5);
	assert_string_equal(ev->fd->name.p, "10.0.0.1:80->10.0.0.9:40000");
	assert_true(ev->fd->flags & FD_ROLE_CLIENT);
	/* another socket under that number */
	sock_info(5, 10, L4_TCP, FDI_CONNECTED, 1, 80, 40000);
	ev = feed_read(p, &f, 5);
	assert_string_equal(ev->fd->name.p, "10.0.0.9:40000->10.0.0.1:80");
	assert_true(ev->fd->flags & FD_ROLE_SERVER);
	/* and a file */
	file_info(5, 10, "/f");
	ev = feed_read(p, &f, 5);
	assert_int_equal(ev->fd->type, FDT_FILE_V2);
	proc_free(p);
}

static void test_datagrams(void **state)
{
	static const u8 out[13] = { 2, 10, 0, 0, 1, 0x40, 0x9c, 10, 0, 0, 9, 53, 0 };
	static const u8 in[13] = { 2, 10, 0, 0, 9, 53, 0, 10, 0, 0, 1, 0x40, 0x9c };
	static const char name[] = "10.0.0.1:40000->10.0.0.9:53";
	struct fed f = { 0 };
	struct proc *p = live_system(&f, false);
	struct event *ev;

	(void)state;
	/* bound by the kernel to any port, without a peer */
	sock_info(5, 9, L4_UDP, 0, 1, 40000, 0);
	ev = feed(p, &f, EV_SOCKET_SENDTO_X, 1000, "dBduBB", 1ll, "q", 1, 5ll, 1, out, 13,
		  info_bytes, (int)info_len);
	assert_string_equal(ev->fd->name.p, name);
	assert_true(ev->fd->flags & FD_ROLE_CLIENT && ev->fd_name_changed);
	ev = feed(p, &f, EV_SOCKET_RECVFROM_X, 1000, "dBBduB", 1ll, "r", 1, in, 13, 5ll, 9,
		  info_bytes, (int)info_len);
	assert_string_equal(ev->fd->name.p, name);
	assert_false(ev->fd_name_changed);
	assert_string_equal(feed_read(p, &f, 5)->fd->name.p, name);
	proc_free(p);
}

static void test_names_of_kinds(void **state)
{
	static const struct {
		u8 type;
		const char *path, *name;
	} kinds[] = {
		{FDT_FIFO, "/", ""},          {FDT_FIFO, "/run/fifo", "/run/fifo"},
		{FDT_EVENT, "[eventfd]", ""}, {FDT_MEMFD, "/memfd:x (deleted)", "x"},
		{FDT_MEMFD, "memfd:y", "y"},  {FDT_DIRECTORY, "/d", "/d"},
	};
	struct fed f = {0};
	struct proc *p = live_system(&f, false);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		set_info(5, kinds[i].type, 3, 0, 0, kinds[i].path, strlen(kinds[i].path));
		assert_string_equal(feed_read(p, &f, 5)->fd->name.p, kinds[i].name);
	}
	proc_free(p);
}

/* Cut short, wrong types, many. */
static void test_bad_info(void **state)
{
	struct fed f = {0};
	struct proc *p = live_system(&f, false);

	(void)state;
	file_info(5, 77, "/etc/passwd");
	for (int n = 0; n < (int)info_len; n++)
		feed(p, &f, EV_SYSCALL_READ_X, 1000, "dBduB", 1ll, "x", 1, 5ll, 1, info_bytes, n);
	for (int n = 0; n < 14; n++) {
		sock_info(5, 9, L4_TCP, 0, 1, 80, 40000);
		feed(p, &f, EV_SYSCALL_READ_X, 1000, "dBduB", 1ll, "x", 1, 5ll, 1, info_bytes,
		     28 + n);
	}
	set_info(-5, 200, 1, 99, 0xff, "\x0a", 1);
	feed_read(p, &f, -5);
	feed_read(p, &f, 5);
	proc_free(p);
}

/* ---- /proc ---- */

static void *sleeper(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

static void test_scan(void **state)
{
	const struct proc_options opt = {.live = true, .lookup_users = true, .keep_fds = true};
	struct proc *p = proc_new(&opt);
	char cwd[4096], exe[4096] = "";
	const struct thread *t;
	struct proc_stats s;
	struct fd *fd;
	pthread_t th;
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	int ret;

	(void)state;
	assert_int_equal(pthread_create(&th, NULL, sleeper, NULL), 0);
	ret = proc_scan(p);
	assert_true(ret > 1);
	t = proc_thread(p, getpid());
	assert_non_null(t);
	assert_int_equal(t->ptid, getppid());
	assert_int_equal(t->uid, geteuid());
	assert_string_equal(t->comm.p, "proc_live");
	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	assert_string_equal(t->exepath.p, exe);
	assert_true(t->exe_ino != 0);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_memory_equal(t->cwd.p, cwd, strlen(cwd));
	assert_int_equal(t->cwd.p[t->cwd.len - 1], '/');
	assert_int_equal(proc_nthreads(p, t), 2);
	assert_true(t->fdlimit > 0);
	assert_true(t->clone_ts_ns > proc_boot_ts_ns(p));
	fd = proc_fd(p, t, file);
	assert_non_null(fd);
	assert_string_equal(fd->name.p, "/etc/passwd");
	assert_true(fd->flags & FD_CLOSE_ON_EXEC);
	assert_int_equal(fd->open_flags & 3, 1);
	assert_non_null(proc_user(p, t, 0));
	assert_string_equal(proc_user(p, t, 0)->name.p, "root");
	assert_string_equal(proc_group_by_gid(p, t, 0)->name.p, "root");
	assert_null(proc_user(p, t, 4000000000u));
	proc_get_stats(p, &s);
	assert_true(s.bytes > 0);
	pthread_cancel(th);
	pthread_join(th, NULL);
	close(file);
	proc_free(p);
}

static void test_lookup_of_missing(void **state)
{
	const struct proc_options opt = {.live = true, .max_lookups_per_s = 2};
	struct proc *p = proc_new(&opt);
	struct fed f = {.ts_ns = 1700000000ull * 1000000000, .live = true};
	struct event *ev;
	struct proc_stats s;

	(void)state;
	known_thread(p, getppid(), getppid(), 0, "parent");
	ev = feed(p, &f, EV_SYSCALL_CHDIR_X, getpid(), "ds", -2ll, "/x");
	assert_string_equal(ev->thread->comm.p, "proc_live");
	assert_int_equal(ev->thread->pid, getpid());
	assert_int_equal(proc_nthreads(p, ev->thread), 1);
	ev = feed(p, &f, EV_SYSCALL_CHDIR_X, 1ll << 31, "ds", -2ll, "/x");
	assert_true(ev->thread->flags & TH_INVALID);
	ev = feed(p, &f, EV_SYSCALL_CHDIR_X, 1, "ds", -2ll, "/x");
	assert_true(ev->thread->flags & TH_INVALID);
	proc_get_stats(p, &s);
	assert_int_equal(s.proc_lookups, 2);
	assert_int_equal(s.proc_lookups_refused, 1);
	proc_free(p);
}

/* Time goes on by so many seconds, somebody else has an event. */
static bool is_known_after(struct proc *p, struct fed *f, u32 seconds, s64 tid)
{
	f->ts_ns += seconds * 1000000000ull;
	feed(p, f, EV_SYSCALL_CHDIR_X, 1, "ds", -2ll, "/x");
	return proc_thread(p, tid);
}

static void test_purge(void **state)
{
	const struct proc_options opt = {
		.live = true, .purge_interval_s = 100, .purge_quiet_s = 200};
	struct proc *p = proc_new(&opt);
	struct fed f = {.ts_ns = 1700000000ull * 1000000000, .live = true};
	const s64 gone = 1 << 30;

	(void)state;
	known_thread(p, 1, 1, 0, "init");
	known_thread(p, gone, gone, 1, "gone");
	feed(p, &f, EV_SYSCALL_CHDIR_X, gone, "ds", -2ll, "/x");
	assert_true(is_known_after(p, &f, 31, gone));	/* looked at, not quiet for long */
	assert_true(is_known_after(p, &f, 101, gone));	/* the same */
	assert_true(is_known_after(p, &f, 90, gone));	/* quiet for long, not looked at */
	assert_false(is_known_after(p, &f, 11, gone));
	assert_non_null(proc_thread(p, 1));
	proc_free(p);
}

static void test_purge_default(void **state)
{
	const struct proc_options opt = {.live = true};
	struct proc *p = proc_new(&opt);
	struct fed f = {.ts_ns = 1700000000ull * 1000000000, .live = true};

	(void)state;
	known_thread(p, 1, 1, 0, "init");
	known_thread(p, 1 << 30, 1 << 30, 1, "gone");
	assert_true(is_known_after(p, &f, 0, 1 << 30));
	assert_true(is_known_after(p, &f, 29, 1 << 30));	/* of long ago, not looked at */
	assert_false(is_known_after(p, &f, 2, 1 << 30));
	known_thread(p, 1 << 30, 1 << 30, 1, "gone");
	assert_true(is_known_after(p, &f, 298, 1 << 30));
	assert_false(is_known_after(p, &f, 2, 1 << 30));
	assert_non_null(proc_thread(p, 1));
	proc_free(p);
}

/* All of a large table are looked at in an interval, whatever a second is allowed. */
static void test_purge_many(void **state)
{
	const struct proc_options opt = {
		.live = true, .purge_interval_s = 20, .purge_quiet_s = 10};
	struct proc *p = proc_new(&opt);
	struct fed f = {.ts_ns = 1700000000ull * 1000000000, .live = true};
	struct proc_stats s;

	(void)state;
	known_thread(p, 1, 1, 0, "init");
	for (u32 i = 0; i < 4000; i++)
		known_thread(p, (1 << 30) + i, (1 << 30) + i, 1, "gone");
	is_known_after(p, &f, 0, 1);
	is_known_after(p, &f, 31, 1);
	proc_get_stats(p, &s);
	assert_in_range(s.threads, 3000, 3999);		/* not all at once */
	for (u32 i = 0; i < 20; i++)
		is_known_after(p, &f, 1, 1);
	proc_get_stats(p, &s);
	assert_int_equal(s.threads, 1);
	proc_free(p);
}

/* The clock is set back by an hour: what is told by time goes on. */
static void test_set_back(void **state)
{
	const u64 hour_ns = 3600 * 1000000000ull;
	const struct proc_options opt = {.live = true};
	struct proc *p = proc_new(&opt);
	struct fed f = {.ts_ns = 1700000000ull * 1000000000, .live = true};
	const s64 gone = 1 << 30, kid = getpid();	/* this one is in /proc */

	(void)state;
	known_thread(p, 1, 1, 0, "init");
	known_thread(p, gone, gone, 1, "gone");
	/* a thread whose end is missed, and one with the same number; before and after */
	feed_clone(p, &f, &(struct clone_of){.on = kid, .tid = kid, .pid = kid, .ptid = 1, .comm = "first"});
	assert_string_equal(proc_thread(p, kid)->comm.p, "first");
	feed(p, &f, EV_SYSCALL_CHDIR_X, gone, "ds", -2ll, "/x");
	assert_non_null(proc_thread(p, gone));
	f.ts_ns -= hour_ns;
	feed_clone(p, &f, &(struct clone_of){.on = kid, .tid = kid, .pid = kid, .ptid = 1, .comm = "second"});
	assert_string_equal(proc_thread(p, kid)->comm.p, "second");
	/* it ends, and its number is used again at once by its parent */
	feed(p, &f, EV_PROCEXIT_1_E, kid, "ddbbd", 0ll, 0ll, 0, 0, -1ll);
	f.ts_ns -= hour_ns;
	feed_clone(p, &f, &(struct clone_of){.on = 1, .res = kid, .tid = 1, .pid = 1, .ptid = 0, .comm = "init"});
	assert_non_null(proc_thread(p, kid));
	/* purge: those of before, too */
	for (u32 i = 0; i < 4; i++) {
		f.ts_ns += 2000000000ull;
		feed(p, &f, EV_SYSCALL_CHDIR_X, 1, "ds", -2ll, "/x");
	}
	assert_null(proc_thread(p, gone));
	assert_non_null(proc_thread(p, 1));
	proc_free(p);
}

/* A root that a test made: what is not there is skipped. */
static void test_host_root(void **state)
{
	const struct proc_options opt = {
		.live = true, .lookup_users = true, .host_root = "/nonexistent"};
	struct proc *p = proc_new(&opt);

	(void)state;
	assert_true(proc_scan(p) < 0);
	assert_null(proc_user(p, NULL, 0));
	proc_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),           cmocka_unit_test(test_open),
		cmocka_unit_test(test_ends),           cmocka_unit_test(test_role_is_kept),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_names_of_kinds), cmocka_unit_test(test_bad_info),
		cmocka_unit_test(test_scan),           cmocka_unit_test(test_lookup_of_missing),
		cmocka_unit_test(test_set_back),
		cmocka_unit_test(test_purge_default), cmocka_unit_test(test_purge_many),
		cmocka_unit_test(test_purge),          cmocka_unit_test(test_host_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
