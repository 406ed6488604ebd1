/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <zlib.h>

#include "capture/capture.h"
#include "event/event.h"
#include "scapfile.h"

struct seen {
	u32 threads, fds, users, groups, ifaces, machines, restarts;
	struct state_thread thread;	/* the last one, without its strings */
	struct state_fd fd;
	char comm[32], root[32], name[64];
};

static void copy(char *to, size_t size, struct state_str s)
{
	snprintf(to, size, "%.*s", (int)s.len, s.p);
}

static void see_machine(void *ctx, const struct state_machine *m)
{
	struct seen *s = ctx;

	s->machines++;
	assert_int_equal(m->num_cpus, 4);
	copy(s->name, sizeof(s->name), m->hostname);
}

static void see_thread(void *ctx, const struct state_thread *t)
{
	struct seen *s = ctx;

	s->threads++;
	s->thread = *t;
	copy(s->comm, sizeof(s->comm), t->comm);
	copy(s->root, sizeof(s->root), t->root);
}

static void see_fd(void *ctx, const struct state_fd *f)
{
	struct seen *s = ctx;

	s->fds++;
	s->fd = *f;
	copy(s->name, sizeof(s->name), f->name);
}

static void see_user(void *ctx, const struct state_user *u)
{
	struct seen *s = ctx;

	s->users++;
	copy(s->name, sizeof(s->name), u->shell);
}

static void see_group(void *ctx, const struct state_group *g)
{
	struct seen *s = ctx;

	s->groups++;
	copy(s->name, sizeof(s->name), g->name);
}

static void see_iface(void *ctx, const struct state_iface *i)
{
	struct seen *s = ctx;

	s->ifaces++;
	copy(s->name, sizeof(s->name), i->name);
}

static void see_restart(void *ctx)
{
	struct seen *s = ctx;

	s->restarts++;
}

static struct state_sink sink_of(struct seen *s)
{
	*s = (struct seen){ 0 };
	return (struct state_sink){ s, see_machine, see_thread, see_fd, see_user, see_group, see_iface, see_restart };
}

static void put_close(struct buf *b, u16 cpu, u64 ts)
{
	struct buf e = { 0 };

	put_event(&e, EV_SYSCALL_CLOSE_X, ts, 7, P_NUM(8, 0), P_NUM(8, 4));
	put_event_block(b, cpu, &e);
	buf_fini(&e);
}

/* Opens bytes as a capture; the temporary file is gone when this returns. */
static int open_bytes(const struct buf *b, struct seen *s, struct capture **c, struct diag *d)
{
	char *name = save_temp(b->p ? b->p : "", b->len);
	struct state_sink sink = sink_of(s);
	int err = capture_open_file(name, &sink, c, d);

	unlink(name);
	free(name);
	return err;
}

/* Reads all; returns the number of events, *end says how it ended. */
static u32 read_all(struct capture *c, int *end)
{
	struct raw_event raw;
	struct event ev;
	u32 n = 0;

	while (!(*end = capture_next(c, &raw, 0))) {
		struct diag d = { 0 };

		assert_int_equal(event_decode(&ev, raw.hdr, raw.len, &d), 0);
		n++;
	}
	assert_int_equal(capture_next(c, &raw, 0), *end);
	return n;
}

static void put_thread(struct buf *b, int version)
{
	struct buf e = { 0 };
	u32 len;

	for (u64 i = 1; i <= 3; i++)
		put_u64(&e, i);		/* tid, pid, ptid */
	if (version >= 6)
		put_u64(&e, 4);		/* sid */
	if (version >= 8)
		put_u64(&e, 5);		/* vpgid */
	put_str(&e, "comm");
	put_str(&e, "exe");
	if (version >= 7)
		put_str(&e, "/exepath");
	put_str(&e, "args");
	put_str(&e, "/cwd");
	put_u64(&e, 1024);
	put_u32(&e, 0x2000);
	put_u32(&e, 10);
	put_u32(&e, 11);
	if (version >= 2) {
		for (u32 i = 20; i < 23; i++)
			put_u32(&e, i);
		put_u64(&e, 23);
		put_u64(&e, 24);
	}
	if (version >= 3)
		put_str(&e, "ENV=1");
	if (version >= 4) {
		put_u64(&e, 31);
		put_u64(&e, 32);
		put_str(&e, "cpu=/x");
	}
	if (version >= 5)
		put_str(&e, "/root");
	if (version >= 9) {
		put_u64(&e, 41);	/* pidns_init_start_ts */
		put_u32(&e, 42);	/* tty */
		put_u32(&e, 43);	/* loginuid */
		put_u8(&e, 1);
		for (u64 i = 51; i < 54; i++)
			put_u64(&e, i);
		put_u8(&e, 1);
		for (u64 i = 54; i < 57; i++)
			put_u64(&e, i);
		put_u8(&e, 1);
		put_u8(&e, 1);
		put_u64(&e, 61);	/* pgid */
		buf_adds(&e, "of a later version");
		len = (u32)e.len + 4;
		buf_add(b, &len, 4);
	}
	buf_add(b, e.p, e.len);
	buf_fini(&e);
}

static void check_thread(const struct seen *s, int version)
{
	const struct state_thread *t = &s->thread;

	assert_int_equal(t->tid, 1);
	assert_int_equal(t->ptid, 3);
	assert_int_equal(t->sid, version >= 6 ? 4 : -1);
	assert_int_equal(t->vpgid, version >= 8 ? 5 : -1);
	assert_int_equal(t->fdlimit, 1024);
	assert_int_equal(t->gid, 11);
	assert_int_equal(t->pfminor, version >= 2 ? 24 : 0);
	assert_int_equal(t->vpid, version >= 4 ? 32 : -1);
	assert_string_equal(s->comm, "comm");
	assert_string_equal(s->root, version >= 5 ? "/root" : "");
	assert_int_equal(t->loginuid, version >= 9 ? 43 : UINT32_MAX);
	assert_int_equal(t->tty, version >= 9 ? 42 : 0);
	assert_int_equal(t->cap_effective, version >= 9 ? 53 : 0);
	assert_int_equal(t->exe_ino_mtime_ns, version >= 9 ? 56 : 0);
	assert_int_equal(t->exe_lower_layer, version >= 9);
	assert_int_equal(t->pgid, version >= 9 ? 61 : -1);
}

static void test_process_lists(void **state)
{
	static const u32 types[] = { 0x202, 0x207, 0x209, 0x210, 0x211, 0x212, 0x213, 0x214, 0x215 };

	(void)state;
	for (int version = 1; version <= 9; version++) {
		struct buf b = { 0 }, block = { 0 };
		struct diag d = { 0 };
		struct capture *c;
		struct seen s;
		int end;

		put_section(&b);
		put_thread(&block, version);
		put_thread(&block, version);
		put_block_buf(&b, types[version - 1], &block);
		put_close(&b, 3, 99);
		assert_int_equal(open_bytes(&b, &s, &c, &d), 0);
		assert_int_equal(s.threads, 2);
		check_thread(&s, version);
		assert_int_equal(read_all(c, &end), 1);
		assert_int_equal(end, -ENODATA);
		capture_close(c);
		buf_fini(&b);
	}
}

/* Entries of old writers end after the capabilities: 29 bytes without tty and start time. */
static void test_process_tail_of_29(void **state)
{
	(void)state;
	struct buf b = { 0 }, block = { 0 }, e = { 0 };
	struct diag d = { 0 };
	struct capture *c;
	struct seen s;
	u32 len;

	put_thread(&e, 8);
	put_u32(&e, 43);
	put_u8(&e, 1);
	for (u64 i = 51; i < 54; i++)
		put_u64(&e, i);
	len = (u32)e.len + 4;
	buf_add(&block, &len, 4);
	buf_add(&block, e.p, e.len);
	put_section(&b);
	put_block_buf(&b, 0x215, &block);
	put_close(&b, 0, 1);
	assert_int_equal(open_bytes(&b, &s, &c, &d), 0);
	assert_int_equal(s.thread.tty, 0);
	assert_int_equal(s.thread.loginuid, 43);
	assert_true(s.thread.exe_writable);
	assert_int_equal(s.thread.cap_effective, 53);
	capture_close(c);
	buf_fini(&e);
	buf_fini(&b);
}

static void put_fd(struct buf *b, bool with_len, u8 type, const void *body, size_t n)
{
	if (with_len)
		put_u32(b, (u32)(4 + 17 + n));
	put_u64(b, 5);
	put_u64(b, 77);
	put_u8(b, type);
	buf_add(b, body, n);
}

static void test_fds(void **state)
{
	static const struct {
		u8 type;
		const char *body;
		u32 len;
		bool only_v2;
		u8 want_type;
		const char *want_name;
		u16 sport, dport;
		u32 dev;
	} rows[] = {
		{ FDT_FILE, "\4\0/dev", 6, false, FDT_FILE, "/dev", 0, 0, 0 },
		{ FDT_FILE_V2, "\1\0\0\0\2\0/x\7\0\0\0", 12, true, FDT_FILE_V2, "/x", 0, 0, 7 },
		{ FDT_FILE_V2, "\1\0\0\0\2\0/x", 8, false, FDT_FILE_V2, "/x", 0, 0, 0 },
		{ FDT_IPV4_SOCK, "\x0a\0\0\1\x0a\0\0\2\1\0\2\0\2", 13, false, FDT_IPV4_SOCK, "", 1, 2, 0 },
		{ FDT_IPV4_SERVSOCK, "\x0a\0\0\1\1\0\2", 7, false, FDT_IPV4_SERVSOCK, "", 1, 0, 0 },
		{ FDT_UNIX_SOCK, "AAAAAAAABBBBBBBB\2\0/s", 20, false, FDT_UNIX_SOCK, "/s", 0, 0, 0 },
		{ FDT_EVENT, "\0\0", 2, false, FDT_EVENT, "", 0, 0, 0 },
		{ 99, "whatever", 8, true, FDT_UNSUPPORTED, "unknown-type:[99]", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		size_t r = i / 2;
		bool v2 = i % 2;
		struct buf b = { 0 }, block = { 0 };
		struct diag d = { 0 };
		struct capture *c;
		struct seen s;

		if (rows[r].only_v2 && !v2)
			continue;
		put_section(&b);
		put_u64(&block, 42);
		put_fd(&block, v2, rows[r].type, rows[r].body, rows[r].len);
		put_fd(&block, v2, rows[r].type, rows[r].body, rows[r].len);
		put_block_buf(&b, v2 ? 0x218 : 0x203, &block);
		put_close(&b, 0, 1);
		assert_int_equal(open_bytes(&b, &s, &c, &d), 0);
		assert_int_equal(s.fds, 2);
		assert_int_equal(s.fd.tid, 42);
		assert_int_equal(s.fd.fd, 5);
		assert_int_equal(s.fd.ino, 77);
		assert_int_equal(s.fd.type, rows[r].want_type);
		assert_string_equal(s.name, rows[r].want_name);
		assert_int_equal(s.fd.sport, rows[r].sport);
		assert_int_equal(s.fd.dport, rows[r].dport);
		assert_int_equal(s.fd.dev, rows[r].dev);
		capture_close(c);
		buf_fini(&b);
	}
}

static void put_lists(struct buf *b, bool v2)
{
	struct buf users = { 0 }, ifaces = { 0 };

	if (v2)
		put_u32(&users, 4 + 1 + 8 + 6 + 7 + 4);
	put_u8(&users, 0);
	put_u32(&users, 1000);
	put_u32(&users, 1001);
	put_str(&users, "user");
	put_str(&users, "/home");
	put_str(&users, "sh");
	if (v2)
		put_u32(&users, 4 + 1 + 4 + 7);
	put_u8(&users, 1);
	put_u32(&users, 1001);
	put_str(&users, "group");
	put_block_buf(b, v2 ? 0x220 : 0x206, &users);
	for (u16 type = 1; type <= 4; type++) {
		size_t n = 3 * (type % 2 ? 4 : 16) + (type <= 2 ? 8 : 0);

		if (v2)
			put_u32(&ifaces, (u32)(2 + 2 + n + 3));
		put_u16(&ifaces, type);
		put_u16(&ifaces, 3);
		for (size_t i = 0; i < n; i++)
			put_u8(&ifaces, (u8)i);
		buf_adds(&ifaces, "lo0");
	}
	put_block_buf(b, v2 ? 0x219 : 0x205, &ifaces);
}

static void test_lists(void **state)
{
	(void)state;
	for (int v2 = 0; v2 < 2; v2++) {
		struct buf b = { 0 }, machine = { 0 };
		struct diag d = { 0 };
		struct capture *c;
		struct seen s;

		put_section(&b);
		put_u32(&machine, 4);
		put_u64(&machine, 1 << 30);
		put_u64(&machine, 32768);
		buf_add(&machine, "host\0", 5);
		while (machine.len < 20 + 128 + 32)
			put_u8(&machine, 0);
		put_block_buf(&b, 0x201, &machine);
		put_block(&b, 0x7777, "unknown", 7);
		put_lists(&b, v2);
		put_close(&b, 0, 1);
		assert_int_equal(open_bytes(&b, &s, &c, &d), 0);
		assert_int_equal(s.machines, 1);
		assert_int_equal(s.users, 1);
		assert_int_equal(s.groups, 1);
		assert_int_equal(s.ifaces, 4);
		assert_string_equal(s.name, "lo0");
		capture_close(c);
		buf_fini(&b);
	}
}

static void test_events(void **state)
{
	(void)state;
	struct buf b = { 0 }, e = { 0 }, block = { 0 };
	struct diag d = { 0 };
	struct capture_stats stats;
	struct raw_event raw;
	struct capture *c;
	struct seen s;

	put_section(&b);
	put_close(&b, 3, 100);
	/* flags: for the state only */
	put_event(&e, EV_SYSCALL_CLOSE_X, 101, 7, P_NUM(8, 0), P_NUM(8, 4));
	put_u16(&block, 1);
	put_u32(&block, 1);
	buf_add(&block, e.p, e.len);
	put_block_buf(&b, 0x217, &block);
	/* a type of the future is skipped */
	buf_clear(&e);
	put_event(&e, 60000, 102, 7, P_NUM(8, 0));
	put_event_block(&b, 0, &e);
	/* an old header, without the number of parameters */
	buf_clear(&e);
	put_u16(&e, 2);
	put_u64(&e, 103);
	put_u64(&e, 8);
	put_u32(&e, 22 + 4 + 16);
	put_u16(&e, EV_SYSCALL_CLOSE_X);
	put_u16(&e, 8);
	put_u16(&e, 8);
	put_u64(&e, 0);
	put_u64(&e, 9);
	put_block(&b, 0x204, e.p, e.len);

	assert_int_equal(open_bytes(&b, &s, &c, &d), 0);
	assert_int_equal(capture_next(c, &raw, 0), 0);
	assert_int_equal(raw.cpu, 3);
	assert_int_equal(raw.hdr->ts_ns, 100);
	assert_false(raw.state_only);
	assert_false(raw.live);
	assert_int_equal(capture_next(c, &raw, 0), 0);
	assert_int_equal(raw.hdr->ts_ns, 101);
	assert_true(raw.state_only);
	assert_int_equal(capture_next(c, &raw, 0), 0);
	assert_int_equal(raw.hdr->ts_ns, 103);
	assert_int_equal(raw.hdr->nparams, 2);
	assert_int_equal(raw.hdr->len, 26 + 4 + 16);
	assert_int_equal(capture_next(c, &raw, 0), -ENODATA);
	capture_stats(c, &stats);
	assert_int_equal(stats.events, 3);
	capture_close(c);
	buf_fini(&e);
	buf_fini(&b);
}

/* Large events are not bound to 64 KiB, and the window grows for them. */
static void test_large(void **state)
{
	(void)state;
	struct buf b = { 0 }, e = { 0 }, block = { 0 };
	char *json = calloc(1, 3000001);
	struct diag d = { 0 };
	struct raw_event raw;
	struct capture *c;
	struct seen s;

	memset(json, 'x', 3000000);
	put_section(&b);
	put_event_size(&e, EV_CONTAINER_JSON_2_E, 1, 7, 4, PARAMS(P_STR(json)));
	put_u16(&block, 0);
	buf_add(&block, e.p, e.len);
	put_block_buf(&b, 0x221, &block);
	put_close(&b, 0, 2);
	assert_int_equal(open_bytes(&b, &s, &c, &d), 0);
	assert_int_equal(capture_next(c, &raw, 0), 0);
	assert_int_equal(raw.hdr->len, 26 + 4 + 3000001);
	assert_int_equal(capture_next(c, &raw, 0), 0);
	assert_int_equal(raw.hdr->ts_ns, 2);
	capture_close(c);
	free(json);
	buf_fini(&e);
	buf_fini(&b);
}

static void test_twice_and_gzip(void **state)
{
	(void)state;
	struct buf b = { 0 };
	struct diag d = { 0 };
	struct capture *c;
	struct seen s;
	struct state_sink sink = sink_of(&s);
	char *name;
	gzFile gz;
	int end;

	for (int i = 0; i < 2; i++) {
		put_section(&b);
		put_lists(&b, true);
		for (u64 k = 0; k < 50000; k++)
			put_close(&b, 0, k);
	}
	name = save_temp("", 0);
	gz = gzopen(name, "wb1");
	assert_int_equal(gzwrite(gz, b.p, (unsigned)b.len), b.len);
	gzclose(gz);
	assert_int_equal(capture_open_file(name, &sink, &c, &d), 0);
	assert_int_equal(s.users, 1);
	assert_int_equal(read_all(c, &end), 100000);
	assert_int_equal(end, -ENODATA);
	assert_int_equal(s.users, 2);
	assert_int_equal(s.restarts, 1);
	capture_close(c);

	/* cut: events up to the cut, then an error */
	assert_int_equal(truncate(name, 2000), 0);
	assert_int_equal(capture_open_file(name, &sink, &c, &d), 0);
	assert_in_range(read_all(c, &end), 1, 99999);
	assert_int_equal(end, -EINVAL);
	assert_non_null(strstr(c->diag.msg, "Is the file truncated?"));
	capture_close(c);
	unlink(name);
	free(name);
	buf_fini(&b);
}

static void put_raw_block(struct buf *b, u32 type, u32 len)
{
	put_u32(b, type);
	put_u32(b, len);
}

/* What is wrong is said, with the place. */
static void test_broken(void **state)
{
	static const struct {
		const char *what, *message;
	} rows[] = {
		{ "empty", "no events in file (byte 0 of /tmp/" },
		{ "no section", "invalid block type 0x78787878 (byte 0" },
		{ "magic", "invalid magic number 0x4d3c2b1a (byte 0" },
		{ "byte order", "of the other byte order, and cannot be read here (byte 0" },
		{ "major", "version 2 of the file format" },
		{ "no events", "no events in file (byte 28" },
		{ "huge metadata", "expected 1000000000 bytes, found 8. Is the file truncated? (byte 28" },
		{ "too huge metadata", "cannot have 4294967295 bytes (byte 28" },
		{ "huge event", "cannot have 65548 bytes (byte 28" },
		{ "tiny event", "cannot have 8 bytes (byte 28" },
		{ "empty event", "event block of 12 bytes is too short (byte 28" },
		{ "cut header", "expected 8 bytes, found 5. Is the file truncated? (byte 28" },
		{ "trailer", "length 16 in front, 99 at its end (byte 28" },
		{ "entry", "the entry of a process does not fit into its block (byte 40" },
		{ "event length", "event of length 1000, but its block has" },
		{ "old lengths", "cannot convert v1 event block to v2: type 5 (byte 28" },
		{ "unknown between", "could not restart capture: invalid block type 0x7777 (byte 88" },
		{ "metadata between", "could not restart capture: invalid block type 0x201 (byte 88" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *w = rows[i].what;
		struct buf b = { 0 }, e = { 0 };
		struct diag d = { 0 };
		struct capture *c = NULL;
		const char *msg;
		struct seen s;
		int err;

		if (strcmp(w, "empty") && strcmp(w, "no section"))
			put_section(&b);
		if (!strcmp(w, "no section"))
			buf_adds(&b, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		if (!strcmp(w, "magic"))
			memcpy(b.p + 8, "\x1a\x2b\x3c\x4d", 4);
		if (!strcmp(w, "byte order")) {
			memcpy(b.p + 4, "\0\0\0\x1c", 4);
			memcpy(b.p + 8, "\x1a\x2b\x3c\x4d", 4);
		}
		if (!strcmp(w, "major"))
			b.p[12] = 2;
		if (!strcmp(w, "huge metadata"))
			put_raw_block(&b, 0x215, 1000000000);
		if (!strcmp(w, "too huge metadata"))
			put_raw_block(&b, 0x215, UINT32_MAX);
		if (!strcmp(w, "huge event"))
			put_raw_block(&b, 0x216, 65548);
		if (!strcmp(w, "tiny event"))
			put_raw_block(&b, 0x216, 8);
		if (!strcmp(w, "empty event"))
			put_block(&b, 0x216, "", 0);
		if (!strcmp(w, "cut header"))
			buf_adds(&b, "\x16\x02zzz");
		if (!strcmp(w, "trailer")) {
			put_block(&b, 0x7777, "abcd", 4);
			b.p[b.len - 4] = 99;
		}
		if (!strcmp(w, "entry"))
			put_block(&b, 0x215, "\xff\xff\0\0abcd", 8);
		if (!strcmp(w, "event length")) {
			put_close(&b, 0, 1);
			memcpy(b.p + 28 + 8 + 2 + 16, "\xe8\3\0\0", 4);
		}
		if (!strcmp(w, "old lengths")) {
			put_u16(&e, 0);
			put_u64(&e, 1);
			put_u64(&e, 1);
			put_u32(&e, 22 + 5);
			put_u16(&e, EV_SYSCALL_CLOSE_X);
			buf_adds(&e, "\x09zzzz");
			put_block(&b, 0x204, e.p, e.len);
		}
		if (strstr(w, "between")) {
			put_close(&b, 0, 1);
			put_block(&b, w[0] == 'u' ? 0x7777 : 0x201, "abcd", 4);
		}
		err = open_bytes(&b, &s, &c, &d);
		if (!err)
			read_all(c, &err);
		assert_int_equal(err, -EINVAL);
		msg = c ? c->diag.msg : d.msg;
		if (!strstr(msg, rows[i].message) || strncmp(msg, "scap error: ", 12))
			fail_msg("%s: '%s', expected '%s'", w, msg, rows[i].message);
		capture_close(c);
		diag_fini(&d);
		buf_fini(&b);
		buf_fini(&e);
	}
}

/* Of a section header only the first 28 bytes count, but for options that its length at both ends tells of. */
static void test_section_lengths(void **state)
{
	static const struct {
		u32 len, options, tail;
		int nevents;
	} rows[] = {
		{ 28, 0, 28, 1 }, { 0, 0, 28, 1 }, { 28, 0, 99, 1 }, { 0xffffffff, 0, 7, 1 }, { 70000, 0, 28, 1 },
		{ 40, 12, 40, 1 }, { 36, 8, 36, 1 },
		{ 40, 12, 41, -1 },	/* what stands there is taken for blocks */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf b = { 0 };
		struct diag d = { 0 };
		struct capture *c = NULL;
		struct seen s;
		int err;

		put_section(&b);
		memcpy(b.p + 4, &rows[i].len, 4);
		b.len -= 4;
		for (u32 k = 0; k < rows[i].options; k++)
			buf_addc(&b, '\1');
		put_u32(&b, rows[i].tail);
		put_section(&b);	/* of no meaning before events */
		put_close(&b, 0, 1);
		err = open_bytes(&b, &s, &c, &d);
		if (rows[i].nevents < 0) {
			assert_int_equal(err, -EINVAL);
		} else {
			assert_int_equal(err, 0);
			assert_int_equal(read_all(c, &err), rows[i].nevents);
			assert_int_equal(err, -ENODATA);
			assert_int_equal(s.restarts, 0);
		}
		capture_close(c);
		diag_fini(&d);
		buf_fini(&b);
	}
}

/* Texts in lists may have 1024 bytes, those of users 255. */
static void test_long_texts(void **state)
{
	static const struct {
		u32 type, before, len;
		bool good;
	} rows[] = {
		{ 0x202, 24, 1024, true }, { 0x202, 24, 1025, false },	/* comm of a process */
		{ 0x206, 9, 255, true }, { 0x206, 9, 256, false },	/* name of a user */
		{ 0x203, 25, 1024, true }, { 0x203, 25, 1025, false },	/* name of a file */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf b = { 0 }, e = { 0 };
		struct diag d = { 0 };
		struct capture *c = NULL;
		struct seen s;
		int err;

		put_section(&b);
		for (u32 k = 0; k < rows[i].before; k++)
			put_u8(&e, 0);
		if (rows[i].type == 0x203)
			e.p[24] = FDT_FILE;
		put_u16(&e, (u16)rows[i].len);
		for (u32 k = 0; k < rows[i].len; k++)
			buf_addc(&e, 'x');
		for (u32 k = 0; k < 26 && rows[i].type == 0x202; k++)	/* exe, args, cwd, fdlimit, ... */
			put_u8(&e, 0);
		for (u32 k = 0; k < 4 && rows[i].type == 0x206; k++)	/* home, shell */
			put_u8(&e, 0);
		put_block(&b, rows[i].type, e.p, e.len);
		put_close(&b, 0, 1);
		err = open_bytes(&b, &s, &c, &d);
		assert_int_equal(err, rows[i].good ? 0 : -EINVAL);
		if (err && !strstr(d.msg, " bytes is too long for a "))
			fail_msg("%s", d.msg);
		assert_int_equal(s.threads + s.users + s.fds, rows[i].good);
		capture_close(c);
		diag_fini(&d);
		buf_fini(&b);
		buf_fini(&e);
	}
}

static void test_missing(void **state)
{
	(void)state;
	struct diag d = { 0 };
	struct capture *c;

	assert_int_equal(capture_open_file("/nonexistent/x.scap", NULL, &c, &d), -ENOENT);
	assert_string_equal(d.msg, "No such file or directory");
	diag_fini(&d);
}

static void test_none(void **state)
{
	(void)state;
	struct capture_stats stats;
	struct raw_event raw;
	struct capture *c;

	assert_int_equal(capture_open_none(&c), 0);
	assert_int_equal(capture_next(c, &raw, 0), -EAGAIN);
	assert_int_equal(capture_next(c, &raw, 1), -EAGAIN);
	capture_stats(c, &stats);
	assert_int_equal(stats.events, 0);
	capture_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_lists),
		cmocka_unit_test(test_process_tail_of_29),
		cmocka_unit_test(test_fds),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_twice_and_gzip),
		cmocka_unit_test(test_section_lengths),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
