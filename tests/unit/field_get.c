/* SPDX-License-Identifier: Apache-2.0 */
/* Getters over hand-made events and a small process tree. */
#include "unit/field_help.h"

/* ---- the machine: init, a login shell of alice, and vim in it ---- */

static void add_thread(const struct state_sink *sink, s64 tid, s64 ptid, const char *comm,
		       struct state_str args, struct state_str env)
{
	struct state_thread t = {
		.tid = tid, .pid = tid, .ptid = ptid, .vtid = tid, .vpid = tid,
		.sid = tid == 1 ? 1 : 200, .pgid = tid, .vpgid = tid,
		.comm = { comm, (u32)strlen(comm) },
		.exe = STR("/bin/exe"), .exepath = STR("/usr/bin/exe"),
		.cwd = STR("/home/alice/"), .root = STR("/"), .args = args, .env = env,
		.cgroups = STR("cpu=/user\0memory=/user/m\0"),
		.fdlimit = 1024, .loginuid = UINT32_MAX,
		.uid = tid == 1 ? 0 : 1000, .gid = tid == 1 ? 0 : 1000, .vmsize_kb = 10,
		.cap_effective = 1ull << 12 | 1ull << 13,
	};

	sink->thread(sink->ctx, &t);
}

static struct proc *make_machine(void)
{
	static const struct proc_options opt = { 0 };
	struct proc *p = proc_new(&opt);
	const struct state_sink *sink = proc_state_sink(p);
	struct state_user alice = {
		.uid = 1000, .gid = 1000,
		.name = STR("alice"), .home = STR("/home/alice"), .shell = STR("/bin/zsh"),
	};
	struct state_fd file = {
		.tid = 300, .fd = 4, .type = FDT_FILE_V2, .ino = 77, .dev = 0x10802a05,
		.name = STR("/etc/passwd"),
	};
	struct state_fd dir = {
		.tid = 300, .fd = 7, .type = FDT_DIRECTORY, .name = STR("/var/dir"),
	};
	struct state_fd sock = {
		.tid = 300, .fd = 5, .type = FDT_IPV4_SOCK, .l4proto = L4_TCP,
		.saddr = { 192, 168, 1, 10 }, .daddr = { 10, 1, 2, 3 },
		.sport = 51000, .dport = 80,
	};

	add_thread(sink, 1, 0, "init", (struct state_str){ "", 0 }, (struct state_str){ "", 0 });
	add_thread(sink, 200, 1, "bash", (struct state_str)STR("-l\0"),
		   (struct state_str)STR("HOME=/home/alice\0X=shell\0"));
	add_thread(sink, 300, 200, "vim", (struct state_str)STR("-R\0a b\0"),
		   (struct state_str)STR("E=1\0"));
	sink->fd(sink->ctx, &file);
	sink->fd(sink->ctx, &dir);
	sink->fd(sink->ctx, &sock);
	sink->user(sink->ctx, &alice);
	return p;
}

/* ---- what each event shows ---- */

static void make_openat(struct maker *m)
{
	add_s64(m, 9);
	add_s64(m, 7);
	add_str(m, "sub/../new.txt");
	add_u32(m, 4 | 2);
	add_u32(m, 0755);
	add_u32(m, 0x801);
	add(m, &(u64){ 5 }, 8);
}

static void make_read(struct maker *m)
{
	add_s64(m, 3);
	add(m, "a\0b", 3);
	add_s64(m, 4);
	add_u32(m, 100);
}

static void make_write_failed(struct maker *m)
{
	add_s64(m, -32);
	add(m, "GET /", 5);
	add_s64(m, 5);
	add_u32(m, 5);
}

/* The tuple is missing, and the table has a file of this number. */
static void make_accept(struct maker *m)
{
	add_s64(m, 4);
	add(m, "", 0);
}

/* I/O on a directory. */
static void make_close(struct maker *m)
{
	add_s64(m, 0);
	add_s64(m, 7);
}

static void make_unlinkat(struct maker *m)
{
	add_s64(m, 0);
	add_s64(m, 7);
	add_str(m, "gone");
	add_u32(m, 0);
}

static void make_generic(struct maker *m)
{
	add(m, &(u16){ SC_sync }, 2);
	add(m, &(u16){ 162 }, 2);
}

static const struct {
	void (*make)(struct maker *m);
	u16 type;
	struct {
		const char *field, *text;
	} want[56];
} cases[] = {
	{ make_openat, EV_SYSCALL_OPENAT_2_X, {
		{ "evt.num", "7" },
		{ "evt.type", "openat" },
		{ "syscall.type", "openat" },
		{ "evt.dir", "<" },
		{ "evt.category", "file" },
		{ "evt.rawtime", "1700000100010000000" },
		{ "evt.rawtime.ns", "010000000" },
		{ "evt.time", "22:15:00.010000000" },
		{ "evt.time.iso8601", "2023-11-14T22:15:00.010000000+0000" },
		{ "evt.datetime.s", "2023-11-14 22:15:00" },
		{ "evt.res", "SUCCESS" },
		{ "evt.rawres", "9" },
		{ "evt.is_open_read", "false" },
		{ "evt.is_open_write", "true" },
		{ "evt.is_open_exec", "true" },
		{ "evt.is_open_create", "false" },
		{ "evt.arg.flags", "O_CREAT|O_WRONLY" },
		{ "evt.arg[99]", NOTHING },
		{ "evt.arg.name", "/var/dir/new.txt" },
		{ "evt.rawarg.name", "sub/../new.txt" },
		{ "evt.rawarg.mode", "755" },
		{ "evt.rawarg.path", NOTHING },
		{ "evt.abspath", "/var/dir/new.txt" },
		{ "evt.buffer", NOTHING },
		{ "evt.type.is.openat", NOTHING },
		{ "evt.around[1700000100011000000]", "1" },
		{ "fd.name", "/var/dir/new.txt" },
		{ "fd.nameraw", "sub/../new.txt" },
		{ "fd.directory", "/var/dir" },
		{ "fd.filename", "new.txt" },
		{ "fd.num", "9" },
		{ "fd.uid", "3009" },
		{ "fd.sip", NOTHING },
		{ "container.id", "host" },
		{ "container.name", NOTHING },
		{ "k8s.ns.name", NOTHING },
		{ "util.cnt", "1" },
	} },
	{ make_read, EV_SYSCALL_READ_X, {
		{ "evt.buffer", "a.b" },
		{ "evt.buflen", "3" },
		{ "evt.buflen.in", "3" },
		{ "evt.buflen.out", NOTHING },
		{ "evt.is_io_read", "true" },
		{ "evt.io_dir", "read" },
		{ "evt.count.error.file", "0" },
		{ "evt.count.error.net", NOTHING },
		{ "fd.type", "file" },
		{ "fd.typechar", "f" },
		{ "fd.dev", "10802A05" },
		{ "fd.dev.major", "42" },
		{ "fd.dev.minor", "67589" },
		{ "fd.ino", "77" },
		{ "fd.l4proto", "<NA>" },
		{ "fd.sockfamily", NOTHING },
		{ "fd.types", "(directory,ipv4,file)" },
		{ "fd.types[7]", "(directory)" },
		{ "fd.types[99]", NOTHING },
		{ "proc.name", "vim" },
		{ "proc.pname", "bash" },
		{ "proc.aname", "bash init" },
		{ "proc.aname[0]", "vim" },
		{ "proc.aname[1]", "bash" },
		{ "proc.aname[3]", NOTHING },
		{ "proc.apid", "300" },
		{ "proc.cmdline", "vim -R a b" },
		{ "proc.exeline", "/bin/exe -R a b" },
		{ "proc.args", "-R a b" },
		{ "proc.args[1]", "a b" },
		{ "proc.args[2]", "" },
		{ "proc.cmdnargs", "2" },
		{ "proc.cmdlenargs", "5" },
		{ "proc.env", "E=1" },
		{ "proc.env[E]", "1" },
		{ "proc.env[NO]", "" },
		{ "proc.aenv[X]", "shell" },
		{ "proc.sname", "bash" },
		{ "proc.loginshellid", "200" },
		{ "proc.ppid", "200" },
		{ "thread.cgroups", "cpu=/user memory=/user/m" },
		{ "thread.cgroup.memory", "/user/m" },
		{ "thread.cap_effective", "CAP_NET_ADMIN CAP_NET_RAW" },
		{ "proc.fdopencount", "3" },
		{ "proc.exe_ino", NOTHING },
		{ "user.name", "alice" },
		{ "user.loginuid", "-1" },
		{ "user.loginname", "<NA>" },
		{ "group.name", "<NA>" },
	} },
	{ make_write_failed, EV_SYSCALL_WRITE_X, {
		{ "evt.res", "EPIPE" },
		{ "evt.failed", "true" },
		{ "evt.count.error.net", "1" },
		{ "evt.category", "net" },
		{ "evt.is_io_write", "true" },
		{ "evt.buflen", NOTHING },
		{ "fd.name", "192.168.1.10:51000->10.1.2.3:80" },
		{ "fd.directory", NOTHING },
		{ "fd.ip", NOTHING },
		{ "fd.sockfamily", "ip" },
		{ "fd.type", "ipv4" },
		{ "fd.sip.name", NOTHING },
		{ "fs.path.name", NOTHING },
	} },
	{ make_accept, EV_SOCKET_ACCEPT_5_X, {
		{ "evt.count.error", "0" },
		{ "evt.count.error.net", "0" },
		{ "evt.count.error.file", NOTHING },
		{ "evt.count.error.other", NOTHING },
	} },
	{ make_close, EV_SYSCALL_CLOSE_X, {
		{ "evt.count.error.file", "0" },
		{ "evt.buflen", "0" },
		{ "evt.buflen.file", NOTHING },
		{ "fd.type", "directory" },
	} },
	{ make_unlinkat, EV_SYSCALL_UNLINKAT_2_X, {
		{ "fs.path.name", "/var/dir/gone" },
		{ "fs.path.nameraw", "gone" },
		{ "fs.path.source", NOTHING },
		{ "evt.abspath.dst", "/var/dir/gone" },
		{ "fd.num", "7" },
	} },
	{ make_generic, EV_GENERIC_X, {
		{ "evt.type", "sync" },
		{ "evt.args", "" },
		{ "evt.res", NOTHING },
		{ "evt.failed", NOTHING },
		{ "fd.num", NOTHING },
		{ "fd.name", NOTHING },
		{ "evt.count.exit", "1" },
		{ "evt.is_async", "false" },
		{ "evt.asynctype", NOTHING },
	} },
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct proc *p = make_machine();
		struct maker m = { 0 };
		struct field_ctx x;
		struct event ev;

		field_ctx_init(&x, p);
		cases[i].make(&m);
		decode(&m, cases[i].type, 300, &ev);
		assert_true(proc_apply(p, &ev));
		field_ctx_event(&x, &ev);
		for (size_t k = 0; k < ARRAY_SIZE(cases[i].want) && cases[i].want[k].field; k++)
			check(&x, cases[i].want[k].field, cases[i].want[k].text);
		proc_done(p, &ev);
		field_ctx_fini(&x);
		proc_free(p);
	}
}

/* evt.buffer in base64 is encoded twice, evt.arg.data and what conditions compare are not. */
static void test_buffer_printed(void **state)
{
	struct proc *p = make_machine();
	struct maker m = { 0 };
	struct field_ctx x;
	struct event ev;

	(void)state;
	field_ctx_init(&x, p);
	make_read(&m);
	decode(&m, EV_SYSCALL_READ_X, 300, &ev);
	assert_true(proc_apply(p, &ev));
	field_ctx_event(&x, &ev);
	check_printed(&x, "evt.buffer", "a.b");
	x.buffers = BUFFER_BASE64;
	check_printed(&x, "evt.buffer", "WVFCaQ==");
	check_printed(&x, "evt.arg.data", "YQBi");
	check(&x, "evt.buffer", "YQBi");

	proc_done(p, &ev);
	field_ctx_fini(&x);
	proc_free(p);
}

static void show_event(struct field_ctx *x, struct maker *m, u16 type, struct event *ev)
{
	decode(m, type, 300, ev);
	assert_true(proc_apply(x->proc, ev));
	field_ctx_event(x, ev);
}

static void make_read_of(struct maker *m, const char *data)
{
	*m = (struct maker){ 0 };
	add_s64(m, 0);
	add(m, data, strlen(data));
	add_s64(m, 4);
	add_u32(m, 100);
}

/*
 * An empty buffer in an alert of a capture: as many bytes as the last one had, of what was
 * printed into the same memory since.  Live, and in conditions, it is empty.
 */
static void test_buffer_left(void **state)
{
	struct proc *p = make_machine();
	struct maker m;
	struct field_ctx x;
	struct event ev;

	(void)state;
	field_ctx_init(&x, p);
	make_read_of(&m, "");
	show_event(&x, &m, EV_SYSCALL_READ_X, &ev);
	check_printed(&x, "evt.buffer", "");		/* there was none yet */
	assert_true(x.reprint);
	proc_done(p, &ev);

	make_read_of(&m, "a secret of others");
	show_event(&x, &m, EV_SYSCALL_READ_X, &ev);
	x.reprint = false;
	check_printed(&x, "evt.buffer", "a secret of others");
	assert_false(x.reprint);
	proc_done(p, &ev);

	make_read_of(&m, "");
	show_event(&x, &m, EV_SYSCALL_READ_X, &ev);
	check(&x, "evt.buffer", "");
	check(&x, "evt.arg.size", "100");		/* conditions leave nothing */
	check_printed(&x, "evt.buffer", "NULL.ret of others");
	check_printed(&x, "evt.arg.size", "100");
	check_printed(&x, "evt.buffer", "NULL.ret of others");
	ev.live = true;
	check_printed(&x, "evt.buffer", "");
	check_printed(&x, "evt.arg.size", "100");
	ev.live = false;
	proc_done(p, &ev);

	make_read_of(&m, "xy");
	show_event(&x, &m, EV_SYSCALL_READ_X, &ev);
	check_printed(&x, "evt.args", "res=0 data=xy fd=4(<f>/etc/passwd) size=100");
	proc_done(p, &ev);
	make_read_of(&m, "");
	show_event(&x, &m, EV_SYSCALL_READ_X, &ev);
	check_printed(&x, "evt.buffer", "NU");

	x.buffers = BUFFER_BASE64;
	check_printed(&x, "evt.buffer", "TlU=");
	proc_done(p, &ev);

	/* `data` that is no buffer shows as what it is */
	x.buffers = BUFFER_DOTS;
	make_read_of(&m, "a secret");
	show_event(&x, &m, EV_SYSCALL_READ_X, &ev);
	check_printed(&x, "evt.buffer", "a secret");
	proc_done(p, &ev);
	m = (struct maker){ 0 };
	add_s64(&m, 0);
	add(&m, "\0\1\0\0\0\0\0\0", 9);
	add(&m, "\0\xbc\x0a\0\0\0\0\0", 9);	/* a number, DYN_PTRACE_UINT64 */
	add(&m, &(u16){ 4 }, 2);
	add_s64(&m, 300);
	show_event(&x, &m, EV_SYSCALL_PTRACE_X, &ev);
	check_printed(&x, "evt.arg.data", "ABC");
	check_printed(&x, "evt.buffer", "ABC.cret");
	proc_done(p, &ev);
	field_ctx_fini(&x);
	proc_free(p);
}

/* In alerts of captures, fs.path.name changes what fields of the fd show; nowhere else. */
static void test_path_printed(void **state)
{
	struct proc *p = make_machine();
	struct maker m = { 0 };
	struct field_ctx x;
	struct event ev;

	(void)state;
	field_ctx_init(&x, p);
	make_openat(&m);
	decode(&m, EV_SYSCALL_OPENAT_2_X, 300, &ev);
	assert_true(proc_apply(p, &ev));

	field_ctx_event(&x, &ev);
	check(&x, "fs.path.name", "/var/dir");
	check_printed(&x, "fs.path.nameraw", "sub/../new.txt");
	check_printed(&x, "fs.path.source", NOTHING);
	check_printed(&x, "evt.abspath", "/var/dir/new.txt");
	check(&x, "fd.name", "/var/dir/new.txt");
	check_printed(&x, "fd.name", "/var/dir/new.txt");
	check_printed(&x, "fs.path.name", "/var/dir");
	check_printed(&x, "fd.name", "/var/dir");
	check_printed(&x, "fd.type", "directory");
	check_printed(&x, "fd.filename", NOTHING);
	check_printed(&x, "fd.num", "9");
	check_printed(&x, "evt.abspath", "/var/dir/new.txt");
	assert_string_equal(ev.fd->name.p, "/var/dir/new.txt");

	field_ctx_event(&x, &ev);
	check_printed(&x, "fd.name", "/var/dir/new.txt");

	ev.live = true;
	check_printed(&x, "fs.path.name", "/var/dir");
	check_printed(&x, "fd.name", "/var/dir/new.txt");
	proc_done(p, &ev);
	field_ctx_fini(&x);
	proc_free(p);
}

/* A directory that is not known takes nobody's place. */
static void test_unknown_dir_printed(void **state)
{
	struct proc *p = make_machine();
	struct maker m = { 0 };
	struct field_ctx x;
	struct event ev;

	(void)state;
	field_ctx_init(&x, p);
	make_openat(&m);
	memcpy(m.data + 8, &(s64){ 99 }, 8);
	decode(&m, EV_SYSCALL_OPENAT_2_X, 300, &ev);
	assert_true(proc_apply(p, &ev));
	field_ctx_event(&x, &ev);
	check_printed(&x, "fs.path.name", "<UNKNOWN>");
	check_printed(&x, "fd.type", "file");
	check_printed(&x, "fd.num", "9");
	proc_done(p, &ev);
	field_ctx_fini(&x);
	proc_free(p);
}

/* Comparisons of ancestors and of connections look at several values. */
static void test_lists(void **state)
{
	static const struct {
		const char *field, *text;
	} want[] = {
		{ "proc.aname", "(bash,init)" },
		{ "proc.apid", "(200,1)" },
		{ "proc.acmdline", "(bash -l,init)" },
		{ "fd.ip", "(192.168.1.10,10.1.2.3)" },
		{ "fd.net", "(192.168.1.10,10.1.2.3)" },
		{ "fd.port", "(51000,80)" },
	};
	struct proc *p = make_machine();
	struct maker m = { 0 };
	struct buf b = { 0 };
	struct field_ctx x;
	struct event ev;
	struct arena a;

	(void)state;
	arena_init(&a);
	field_ctx_init(&x, p);
	make_write_failed(&m);
	decode(&m, EV_SYSCALL_WRITE_X, 300, &ev);
	proc_apply(p, &ev);
	field_ctx_event(&x, &ev);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		struct field_ref f;
		struct value v;

		parse(&a, want[i].field, &f);
		assert_true(f.field->get_all(&x, &f, &v));
		buf_clear(&b);
		value_print(&v, &b);
		assert_string_equal(buf_str(&b), want[i].text);
	}
	proc_done(p, &ev);
	field_ctx_fini(&x);
	proc_free(p);
	arena_fini(&a);
	buf_fini(&b);
}

static void get_any(struct field_ctx *x, const struct field_class *c, const struct field *row)
{
	struct field_ref f = { .field = row, .class = c, .type = row->type, .fmt = row->fmt };
	struct buf b = { 0 };
	struct value v;

	if (row->flags & (FF_ARG_REQUIRED | FF_ARG_ALLOWED)) {
		f.arg = "data";
		f.arg_len = 4;
	}
	for (int i = 0; i < 3; i++) {
		f.has_index = i;
		f.index = i == 2 ? INT64_MAX : 0;
		if (row->get(x, &f, &v)) {
			value_print(&v, &b);
			value_print_json(&v, &b);
		}
		if (row->get_all && row->get_all(x, &f, &v))
			value_print(&v, &b);
		if (field_print_value(x, &f, &v))
			value_print(&v, &b);
	}
	buf_fini(&b);
}

static void get_all(struct field_ctx *x, const struct event *ev)
{
	const struct field_set *set = field_builtin();

	field_ctx_event(x, ev);
	x->buffers = ev->type % 2 ? BUFFER_BASE64 : BUFFER_DOTS;
	for (u32 c = 0; c < set->n; c++)
		for (u32 i = 0; i < set->classes[c]->n; i++)
			get_any(x, set->classes[c], &set->classes[c]->rows[i]);
}

/* Every getter copes with every event type, be its parameters empty or absent. */
static void test_all_getters(void **state)
{
	(void)state;
	for (u32 type = 0; type < EV_MAX; type++)
		for (int present = 0; present < 2; present++) {
			struct proc *p = make_machine();
			struct maker m = { 0 };
			struct field_ctx x;
			struct event ev;

			for (u32 i = 0; present && i < event_desc(type)->nparams; i++)
				add(&m, "", 0);
			decode(&m, (u16)type, present ? 300 : 12345, &ev);
			field_ctx_init(&x, p);
			if (proc_apply(p, &ev))
				get_all(&x, &ev);
			proc_done(p, &ev);
			field_ctx_fini(&x);
			proc_free(p);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_buffer_printed),
		cmocka_unit_test(test_buffer_left),
		cmocka_unit_test(test_path_printed),
		cmocka_unit_test(test_unknown_dir_printed),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_all_getters),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
