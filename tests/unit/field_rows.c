/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of fields that need a process of which everything is known, and that are worked out
 * by hand: alice has started vim from her shell, as part of less' process group; vim has a second
 * thread, and a child in a pid namespace of its own.
 */
#include "unit/field_help.h"

#define BOOT 1699999000000000000ull
#define FIRST (TS - 5250000000ull)	/* of the first event */

/* portable clone_flags */
enum { FILES = 1, SAME_PROCESS = 8192 };
enum { INIT = 1, BASH = 200, LESS = 250, VIM = 300, THREAD = 301, CHILD = 400 };

static const struct state_thread threads[] = {
	{ .tid = INIT, .pid = INIT, .vtid = 1, .vpid = 1, .sid = 1, .pgid = 1, .vpgid = 1,
	  .comm = STR("init"), .exe = STR("/sbin/init"), .exepath = STR("/usr/lib/init"),
	  .cwd = STR("/"), .root = STR("/"), .loginuid = UINT32_MAX },
	{ .tid = BASH, .pid = BASH, .ptid = INIT, .vtid = 200, .vpid = 200, .sid = 200, .pgid = 200,
	  .vpgid = 200, .comm = STR("bash"), .exe = STR("-bash"), .exepath = STR("/usr/bin/bash"),
	  .args = STR("-l\0--posix\0"), .cwd = STR("/"), .root = STR("/"),
	  .clone_ts_ns = 1700000000000000000, .uid = 1000, .gid = 1000, .loginuid = 1000 },
	{ .tid = LESS, .pid = LESS, .ptid = BASH, .vtid = 250, .vpid = 250, .sid = 200, .pgid = 250,
	  .vpgid = 250, .comm = STR("less"), .exe = STR("less"), .exepath = STR("/usr/bin/less"),
	  .cwd = STR("/"), .root = STR("/"), .uid = 1000, .gid = 1000, .loginuid = 1000 },
	{ .tid = VIM, .pid = VIM, .ptid = BASH, .vtid = 300, .vpid = 300, .sid = 200, .pgid = 250,
	  .vpgid = 250, .comm = STR("vim"), .exe = STR("vim"), .exepath = STR("/usr/bin/vim"),
	  .cwd = STR("/home/alice/"), .root = STR("/"), .fdlimit = 16,
	  .clone_ts_ns = 1700000050000000000, .pidns_init_start_ns = BOOT,
	  .uid = 1000, .gid = 1000, .loginuid = 1000, .tty = 34819,
	  .vmsize_kb = 5001, .vmrss_kb = 602, .vmswap_kb = 73, .pfmajor = 8, .pfminor = 94,
	  .cap_permitted = 1u << 0 | 1u << 21, .cap_inheritable = 1u << 7,
	  .exe_ino = 4711, .exe_ino_ctime_ns = 1699999990000000000,
	  .exe_ino_mtime_ns = 1699999980000000000, .exe_writable = true, .exe_upper_layer = true },
	{ .tid = THREAD, .pid = VIM, .ptid = BASH, .vtid = 301, .vpid = 300, .sid = 200,
	  .pgid = 250, .vpgid = 250, .comm = STR("vim"), .exe = STR("vim"), .exepath = STR("/usr/bin/vim"),
	  .cwd = STR("/"), .root = STR("/"), .loginuid = UINT32_MAX,
	  .flags = FILES | SAME_PROCESS, .vmsize_kb = 5001, .vmrss_kb = 602 },
	{ .tid = CHILD, .pid = CHILD, .ptid = VIM, .vtid = 4, .vpid = 3, .sid = 3, .pgid = CHILD,
	  .vpgid = 3, .comm = STR("child"), .exe = STR("/proc/self/fd/3"),
	  .exepath = STR("memfd:child"), .cwd = STR("/"), .root = STR("/"),
	  .loginuid = UINT32_MAX, .exe_lower_layer = true, .exe_from_memfd = true },
};

static const struct state_fd fds[] = {
	{ .tid = VIM, .fd = 0, .type = FDT_FILE_V2, .name = STR("/dev/pts/3") },
	{ .tid = VIM, .fd = 1, .type = FDT_FIFO, .name = STR("pipe:[77]") },
	{ .tid = VIM, .fd = 2, .type = FDT_UNIX_SOCK, .name = STR("/run/errors") },
	{ .tid = VIM, .fd = 4, .type = FDT_FILE_V2, .name = STR("/etc/passwd") },
	{ .tid = VIM, .fd = 5, .type = FDT_IPV4_SOCK, .l4proto = L4_TCP },
	{ .tid = VIM, .fd = 6, .type = FDT_UNIX_SOCK, .name = STR("/dev/log") },
	{ .tid = VIM, .fd = 7, .type = FDT_DIRECTORY, .name = STR("/var/dir") },
	{ .tid = VIM, .fd = 8, .type = FDT_EVENT },
};

static struct proc *make_machine(void)
{
	static const struct proc_options opt = { 0 };
	const struct state_user alice = {
		.uid = 1000, .gid = 1000,
		.name = STR("alice"), .home = STR("/home/alice"), .shell = STR("/bin/zsh"),
	};
	const struct state_iface eth = {
		.addr = { 192, 168, 1, 10 }, .mask = { 255, 255, 255 }, .name = STR("eth0"),
	};
	struct proc *p = proc_new(&opt);
	const struct state_sink *sink = proc_state_sink(p);

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		sink->thread(sink->ctx, &threads[i]);
	sink->iface(sink->ctx, &eth);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		sink->fd(sink->ctx, &fds[i]);
	sink->user(sink->ctx, &alice);
	return p;
}

/* ---- events ---- */

/* 192.168.1.10:51000 to 10.1.2.3:80 */
static void make_connect(struct maker *m)
{
	static const u8 tuple[] = { 2, 192, 168, 1, 10, 51000 & 255, 51000 >> 8,
				    10, 1, 2, 3, 80, 0 };
	static const u8 addr[] = { 2, 10, 1, 2, 3, 80, 0 };

	add_s64(m, 0);
	add(m, tuple, sizeof(tuple));
	add_s64(m, 5);
	add(m, addr, sizeof(addr));
}

static void make_read(struct maker *m)
{
	add_s64(m, 2);
	add(m, "ab", 2);
	add_s64(m, 4);
	add_u32(m, 100);
}

/* To /dev/log. */
static void make_write(struct maker *m)
{
	add_s64(m, 2);
	add(m, "ab", 2);
	add_s64(m, 6);
	add_u32(m, 2);
}

static void make_getcwd(struct maker *m)
{
	add_s64(m, -34);
	add_str(m, "");
}

static void make_munmap(struct maker *m)
{
	add_s64(m, -22);
	add_u32(m, 5001);
	add_u32(m, 602);
	add_u32(m, 73);
	add_s64(m, 0x1000);
	add_s64(m, 4096);
}

static void add_open(struct maker *m, u32 flags)
{
	add_s64(m, 9);
	add_str(m, "notes");
	add_u32(m, flags);
	add_u32(m, 0);
	add_u32(m, 0x801);
	add_s64(m, 5);
}

/* Read only; in the upper and in the lower layer. */
static void make_open_upper(struct maker *m)
{
	add_open(m, 1 | 32768);
}

static void make_open_lower(struct maker *m)
{
	add_open(m, 1 | 65536);
}

static void make_rename(struct maker *m)
{
	add_s64(m, 0);
	add_str(m, "a/../old");
	add_str(m, "/tmp//new");
}

/* Socket, file, and one that is not open. */
static void make_poll(struct maker *m)
{
	static const s64 nums[] = { 5, 4, 99 };
	u8 list[2 + 3 * 10] = { 3 };

	for (size_t i = 0; i < ARRAY_SIZE(nums); i++)
		memcpy(list + 2 + 10 * i, &nums[i], sizeof(nums[i]));
	add_s64(m, 1);
	add(m, list, sizeof(list));
	add_s64(m, 1000);
}

static const struct {
	void (*make)(struct maker *m);
	u16 type;
	s64 tid;
	struct {
		const char *field, *text;
	} want[72];
} cases[] = {
	{ make_read, EV_SYSCALL_READ_X, VIM, {
		{ "evt.time.s", "22:15:00" },
		{ "evt.datetime", "2023-11-14 22:15:00.010000000" },
		{ "evt.outputtime", "22:15:00.010000000" },
		{ "evt.rawtime.s", "1700000100" },
		{ "evt.reltime", "5250000000" },
		{ "evt.reltime.s", "5" },
		{ "evt.reltime.ns", "250000000" },
		{ "evt.deltatime", "0" },
		{ "evt.deltatime.s", "0" },
		{ "evt.deltatime.ns", "000000000" },
		{ "evt.source", "syscall" },
		{ "evt.pluginname", NOTHING },
		{ "evt.plugininfo", NOTHING },
		{ "evt.hostname", "machine" },
		{ "evt.cpu", "3" },
		{ "evt.count", "1" },
		{ "evt.count.error.memory", NOTHING },
		{ "evt.is_io", "true" },
		{ "evt.is_wait", "false" },
		{ "evt.is_syslog", "false" },
		{ "proc.pexe", "-bash" },
		{ "proc.aexe[0]", "vim" },
		{ "proc.aexe[2]", "/sbin/init" },
		{ "proc.pexepath", "/usr/bin/bash" },
		{ "proc.aargs[1]", "-l --posix" },
		{ "proc.aargs[7]", NOTHING },
		{ "proc.vpid", "300" },
		{ "proc.pvpid", "200" },
		{ "proc.sid.exe", "-bash" },
		{ "proc.sid.exepath", "/usr/bin/bash" },
		{ "proc.vpgid", "250" },
		{ "proc.vpgid.name", "less" },
		{ "proc.vpgid.exe", "less" },
		{ "proc.vpgid.exepath", "/usr/bin/less" },
		{ "proc.pgid", "250" },
		{ "proc.pgid.name", "less" },
		{ "proc.pgid.exe", "less" },
		{ "proc.pgid.exepath", "/usr/bin/less" },
		{ "proc.pid.ts", "1700000050000000000" },
		{ "proc.duration", "50010000000" },
		{ "proc.ppid.ts", "1700000000000000000" },
		{ "proc.ppid.duration", "100010000000" },
		{ "proc.is_exe_writable", "true" },
		{ "proc.is_exe_upper_layer", "true" },
		{ "proc.is_exe_lower_layer", "false" },
		{ "proc.is_exe_from_memfd", "false" },
		{ "proc.is_sid_leader", "false" },
		{ "proc.is_vpgid_leader", "false" },
		{ "proc.is_pgid_leader", "false" },
		{ "proc.exe_ino", "4711" },
		{ "proc.exe_ino.ctime", "1699999990000000000" },
		{ "proc.exe_ino.mtime", "1699999980000000000" },
		{ "proc.exe_ino.ctime_duration_proc_start", "60000000000" },
		{ "proc.exe_ino.ctime_duration_pidns_start", "990000000000" },
		{ "proc.pidns_init_start_ts", "1699999000000000000" },
		{ "thread.cap_permitted", "CAP_CHOWN CAP_SYS_ADMIN" },
		{ "thread.cap_inheritable", "CAP_SETUID" },
		{ "proc.fdusage", "50.0" },	/* 8 of 16 */
		{ "proc.vmsize", "5001" },
		{ "proc.vmrss", "602" },
		{ "proc.vmswap", "73" },
		{ "thread.vmrss", "602" },
		{ "thread.pfmajor", "8" },
		{ "thread.pfminor", "94" },
		{ "thread.vtid", "300" },
		{ "thread.exectime", "0" },
		{ "thread.totexectime", "0" },
		{ "thread.cpu", NOTHING },
	} },
	/* once more: there is no end to what a process is */
	{ make_read, EV_SYSCALL_READ_X, VIM, {
		{ "evt.info", "res=2 data=ab fd=4(<f>/etc/passwd) size=100" },
		{ "proc.aexepath[1]", "/usr/bin/bash" },
		{ "proc.pcmdline", "bash -l --posix" },
		{ "proc.tty", "34819" },
		{ "proc.nthreads", "2" },
		{ "proc.nchilds", "1" },
		{ "thread.tid", "300" },
		{ "thread.ismain", "true" },
		{ "thread.vmsize", "5001" },
		{ "user.uid", "1000" },
		{ "group.gid", "1000" },
		{ "proc.stdin.type", "file" },
		{ "proc.stdin.name", "/dev/pts/3" },
		{ "proc.stdout.type", "pipe" },
		{ "proc.stdout.name", "pipe:[77]" },
		{ "proc.stderr.type", "unix" },
		{ "proc.stderr.name", "/run/errors" },
		{ "user.homedir", "/home/alice" },
		{ "user.shell", "/bin/zsh" },
		{ "user.loginname", "alice" },
		{ "fd.containername", "host:/etc/passwd" },
		{ "fd.containerdirectory", "host:/etc" },
		{ "fd.is_upper_layer", "false" },
		{ "fd.is_lower_layer", "false" },
		{ "fd.lip", NOTHING },
		{ "fd.cproto", NOTHING },
		{ "fdlist.nums", NOTHING },
	} },
	{ make_getcwd, EV_SYSCALL_GETCWD_X, THREAD, {
		{ "thread.tid", "301" },
		{ "thread.vtid", "301" },
		{ "thread.ismain", "false" },
		{ "thread.vmsize", "0" },
		{ "thread.vmrss", "0" },
		{ "proc.vmsize", "5001" },
		{ "proc.nthreads", "2" },
		{ "proc.fdusage", "50.0" },
		{ "proc.ppid.ts", "1700000000000000000" },
	} },
	{ make_getcwd, EV_SYSCALL_GETCWD_X, CHILD, {
		{ "evt.is_io", "false" },
		{ "evt.count.error.memory", NOTHING },
		{ "proc.pexe", "vim" },
		{ "proc.vpid", "3" },
		{ "proc.pvpid", "300" },
		{ "thread.vtid", "4" },
		{ "proc.sid.exe", "" },
		{ "proc.vpgid.exepath", "" },
		{ "proc.pgid.name", "child" },
		{ "proc.pgid.exe", "/proc/self/fd/3" },
		{ "proc.is_exe_writable", "false" },
		{ "proc.is_exe_upper_layer", "false" },
		{ "proc.is_exe_lower_layer", "true" },
		{ "proc.is_exe_from_memfd", "true" },
		{ "proc.is_sid_leader", "true" },
		{ "proc.is_vpgid_leader", "true" },
		{ "proc.is_pgid_leader", "true" },
		{ "proc.ppid.ts", "1700000050000000000" },
		{ "proc.exe_ino.ctime", NOTHING },
		{ "proc.exe_ino.mtime", NOTHING },
		{ "proc.exe_ino.ctime_duration_proc_start", NOTHING },
		{ "proc.exe_ino.ctime_duration_pidns_start", NOTHING },
		{ "proc.pidns_init_start_ts", NOTHING },
		{ "thread.cap_permitted", "" },
		{ "proc.fdusage", "0.0" },
		{ "proc.stdin.name", NOTHING },
		{ "user.homedir", "/root" },
		{ "fd.containername", NOTHING },
		{ "fs.path.target", NOTHING },
	} },
	{ make_write, EV_SYSCALL_WRITE_X, VIM, {
		{ "evt.is_syslog", "true" },
		{ "evt.is_io", "true" },
	} },
	{ make_munmap, EV_SYSCALL_MUNMAP_X, VIM, {
		{ "evt.count.error.memory", "1" },
		{ "evt.count.error.file", NOTHING },
	} },
	{ make_open_upper, EV_SYSCALL_OPEN_X, VIM, {
		{ "fd.is_upper_layer", "true" },
		{ "fd.is_lower_layer", "false" },
		{ "fd.containername", "host:/home/alice/notes" },
		{ "fd.containerdirectory", "host:/home/alice" },
	} },
	{ make_open_lower, EV_SYSCALL_OPEN_X, VIM, {
		{ "fd.is_upper_layer", "false" },
		{ "fd.is_lower_layer", "true" },
	} },
	{ make_rename, EV_SYSCALL_RENAME_X, VIM, {
		{ "fs.path.source", "/home/alice/old" },
		{ "fs.path.sourceraw", "a/../old" },
		{ "fs.path.target", "/tmp/new" },
		{ "fs.path.targetraw", "/tmp//new" },
		{ "fs.path.name", NOTHING },
	} },
	{ make_connect, EV_SOCKET_CONNECT_X, VIM, {
		{ "fd.cip", "192.168.1.10" },
		{ "fd.lip", "192.168.1.10" },
		{ "fd.rip", "10.1.2.3" },
		{ "fd.lport", "51000" },
		{ "fd.rport", "80" },
		{ "fd.cproto", "51000" },
		{ "fd.sproto", "80" },
		{ "fd.lproto", "51000" },
		{ "fd.rproto", "80" },
		{ "fd.lnet", "192.168.1.10" },
		{ "fd.rnet", "10.1.2.3" },
		{ "fd.proto", NOTHING },
		{ "fd.cip.name", NOTHING },
		{ "fd.lip.name", NOTHING },
		{ "fd.rip.name", NOTHING },
		{ "fd.containername", "host:192.168.1.10:51000->10.1.2.3:80" },
		{ "fd.containerdirectory", NOTHING },
	} },
	{ make_poll, EV_SYSCALL_POLL_X, VIM, {
		{ "evt.is_wait", "true" },
		{ "evt.is_io", "false" },
		{ "fdlist.nums", "5,4,99" },
		{ "fdlist.names", "192.168.1.10:51000->10.1.2.3:80,/etc/passwd,<NA>" },
		{ "fdlist.cips", "192.168.1.10" },
		{ "fdlist.sips", "10.1.2.3" },
		{ "fdlist.cports", "51000" },
		{ "fdlist.sports", "80" },
	} },
};

/* Applies an event that was made; the caller ends it. */
static void begin(struct field_ctx *x, struct maker *m, u16 type, s64 tid, struct event *ev)
{
	decode(m, type, (u64)tid, ev);
	ev->cpu = 3;
	proc_apply(x->proc, ev);
	field_ctx_event(x, ev);
}

/* A connection made some time ago is the first event. */
static void start(struct field_ctx *x)
{
	struct maker m = { .ts_ns = FIRST };
	struct event ev;

	field_ctx_init(x, make_machine());
	x->hostname = "machine";
	make_connect(&m);
	begin(x, &m, EV_SOCKET_CONNECT_X, VIM, &ev);
	proc_done(x->proc, &ev);
}

static void end(struct field_ctx *x, struct event *ev)
{
	struct proc *p = x->proc;

	proc_done(p, ev);
	field_ctx_fini(x);
	proc_free(p);
}

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct maker m = { 0 };
		struct field_ctx x;
		struct event ev;

		start(&x);
		cases[i].make(&m);
		begin(&x, &m, cases[i].type, cases[i].tid, &ev);
		for (size_t k = 0; k < ARRAY_SIZE(cases[i].want) && cases[i].want[k].field; k++)
			check(&x, cases[i].want[k].field, cases[i].want[k].text);
		end(&x, &ev);
	}
}

/* Comparisons look at several values, and at the addresses behind names of hosts. */
static void test_compared(void **state)
{
	static const struct {
		const char *field, *text;
	} want[] = {
		{ "proc.aexe", "(-bash,/sbin/init)" },
		{ "fd.proto", "(51000,80)" },
		{ "fd.cip.name", "(192.168.1.10)" },
		{ "fd.lip.name", "(192.168.1.10)" },
		{ "fd.sip.name", "(10.1.2.3)" },
		{ "fd.rip.name", "(10.1.2.3)" },
	};
	struct maker m = { 0 };
	struct field_ctx x;
	struct event ev;

	(void)state;
	start(&x);
	make_connect(&m);
	begin(&x, &m, EV_SOCKET_CONNECT_X, VIM, &ev);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		check_list(&x, want[i].field, want[i].text);
	end(&x, &ev);
}

/* Of the CPU times in notices, what came since the one before; 100 at most. */
static void test_cpu_times(void **state)
{
	static const struct {
		const char *field, *text;
	} want[] = {
		{ "thread.cpu", "41.0" },
		{ "thread.cpu.user", "30.0" },
		{ "thread.cpu.system", "11.0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		struct maker before = { .ts_ns = TS - 1 }, after = { 0 }, later = { 0 };
		struct field_ctx x;
		struct event ev;

		start(&x);
		add_s64(&before, 10);
		add_s64(&before, 5);
		begin(&x, &before, EV_PROCINFO_E, VIM, &ev);
		check(&x, want[i].field, "0.0");
		proc_done(x.proc, &ev);
		add_s64(&after, 40);
		add_s64(&after, 16);
		begin(&x, &after, EV_PROCINFO_E, VIM, &ev);
		check(&x, want[i].field, want[i].text);
		proc_done(x.proc, &ev);
		add_s64(&later, 400);
		add_s64(&later, 300);
		begin(&x, &later, EV_PROCINFO_E, VIM, &ev);
		check(&x, want[i].field, "100.0");
		end(&x, &ev);
	}
}

/* No container runtime is asked: all runs on the host, nothing is known of containers and pods. */
static void test_no_container(void **state)
{
	static const char *const unknown[] = {
		"container.full_id", "container.name", "container.image", "container.image.id",
		"container.type", "container.privileged", "container.mounts", "container.mount[0]",
		"container.mount.source[/]", "container.mount.dest[/]", "container.mount.mode[/]",
		"container.mount.rdwr[/]", "container.mount.propagation[/]",
		"container.image.repository", "container.image.tag", "container.image.digest",
		"container.start_ts", "container.duration", "container.ip", "container.cni.json",
		"container.host_pid", "container.host_network", "container.host_ipc",
		"container.label[app]", "container.labels",
		"k8s.pod.name", "k8s.ns.name", "k8s.pod.id", "k8s.pod.uid", "k8s.pod.sandbox_id",
		"k8s.pod.full_sandbox_id", "k8s.pod.label[app]", "k8s.pod.labels", "k8s.pod.ip",
		"k8s.pod.cni.json",
		/* those that Falco no longer has a value for */
		"container.healthcheck", "container.liveness_probe", "container.readiness_probe",
		"proc.is_container_healthcheck", "proc.is_container_liveness_probe",
		"proc.is_container_readiness_probe",
		"k8s.rc.name", "k8s.rc.id", "k8s.rc.label[app]", "k8s.rc.labels",
		"k8s.svc.name", "k8s.svc.id", "k8s.svc.label[app]", "k8s.svc.labels",
		"k8s.ns.id", "k8s.ns.label[app]", "k8s.ns.labels",
		"k8s.rs.name", "k8s.rs.id", "k8s.rs.label[app]", "k8s.rs.labels",
		"k8s.deployment.name", "k8s.deployment.id", "k8s.deployment.label[app]", "k8s.deployment.labels",
		"evt.latency.quantized", "evt.infra.docker.name", "evt.infra.docker.container.id",
		"evt.infra.docker.container.name", "evt.infra.docker.container.image",
	};
	struct maker m = { 0 };
	struct field_ctx x;
	struct event ev;

	(void)state;
	start(&x);
	make_read(&m);
	begin(&x, &m, EV_SYSCALL_READ_X, VIM, &ev);
	check(&x, "container.id", "host");
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		check(&x, unknown[i], NOTHING);
	end(&x, &ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_compared),
		cmocka_unit_test(test_cpu_times),
		cmocka_unit_test(test_no_container),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
