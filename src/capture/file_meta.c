/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nearly every block is a list of entries; the versions of a block differ in the fields of
 * an entry and in whether it begins with its length.  A row of blocks[] says which.
 */
#include "capture/file_meta.h"

#include <stdio.h>
#include <string.h>

#define HOSTNAME_LEN 128
#define NO_ID ((u32)-1)

/* What texts may have, as in Falco, which refuses a file with longer ones. */
#define PATH_TEXT_MAX 1024
#define ARGS_TEXT_MAX 4096
#define USER_TEXT_MAX 255

/* What is left of an entry.  Reading past the end yields zeros and sets bad, as a text that is too long does. */
struct cursor {
	const u8 *p, *end;
	bool bad;
	u32 too_long;		/* length of that text, or 0 */
};

enum entry_len {
	LEN_NONE,	/* entries follow each other without a length */
	LEN_WHOLE,	/* u32: of the entry, these four bytes included */
	LEN_REST,	/* u32: of what follows it */
};

struct meta;

struct block {
	void (*entry)(struct meta *m, struct cursor *c);
	const char *what;
	u32 type, old_type;
	u8 version;
	u8 len;			/* enum entry_len */
	bool by_thread;		/* the block begins with a tid */
};

struct meta {
	const struct block *block;
	const struct state_sink *sink;
	s64 tid;
};

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static const u8 *take(struct cursor *c, size_t n)
{
	const u8 *p = c->p;

	if (left(c) < n) {
		c->bad = true;
		c->p = c->end;
		return NULL;
	}
	c->p += n;
	return p;
}

static u64 take_number(struct cursor *c, size_t n)
{
	const u8 *p = take(c, n);
	u64 v = 0;

	if (p)
		memcpy(&v, p, n);	/* little endian */
	return v;
}

static u8 take_u8(struct cursor *c)
{
	return (u8)take_number(c, 1);
}

static u16 take_u16(struct cursor *c)
{
	return (u16)take_number(c, 2);
}

static u32 take_u32(struct cursor *c)
{
	return (u32)take_number(c, 4);
}

static u64 take_u64(struct cursor *c)
{
	return take_number(c, 8);
}

static void take_bytes(struct cursor *c, u8 *to, size_t n)
{
	const u8 *p = take(c, n);

	if (p)
		memcpy(to, p, n);
}

static struct state_str take_str(struct cursor *c, u32 max)
{
	u32 len = take_u16(c);
	const u8 *p;

	if (len > max && !c->bad) {
		c->bad = true;
		c->too_long = len;
	}
	p = c->bad ? NULL : take(c, len);
	return p ? (struct state_str){ (const char *)p, len } : (struct state_str){ "", 0 };
}

static void read_machine(struct meta *m, struct cursor *c)
{
	struct state_machine s = {
		.num_cpus = take_u32(c),
	};
	const u8 *name;

	s.memory_bytes = take_u64(c);
	s.max_pid = take_u64(c);
	name = take(c, HOSTNAME_LEN);
	s.boot_ts_ns = take_u64(c);
	if (c->bad)
		return;
	c->p = c->end;
	s.hostname.p = (const char *)name;
	s.hostname.len = (u32)strnlen(s.hostname.p, HOSTNAME_LEN);
	if (m->sink->machine)
		m->sink->machine(m->sink->ctx, &s);
}

/* The end of a process entry grew field by field: what is not there keeps its default. */
static void read_process_tail(struct state_thread *t, struct cursor *c)
{
	/* Without these two in files of before 0.10: by then the rest was 29 bytes. */
	if (left(c) > 29) {
		t->pidns_init_start_ns = take_u64(c);
		t->tty = take_u32(c);
	}
	if (left(c) >= 4)
		t->loginuid = take_u32(c);
	if (left(c) >= 1)
		t->exe_writable = take_u8(c);
	if (left(c) >= 24) {
		t->cap_inheritable = take_u64(c);
		t->cap_permitted = take_u64(c);
		t->cap_effective = take_u64(c);
	}
	if (left(c) >= 1)
		t->exe_upper_layer = take_u8(c);
	if (left(c) >= 24) {
		t->exe_ino = take_u64(c);
		t->exe_ino_ctime_ns = take_u64(c);
		t->exe_ino_mtime_ns = take_u64(c);
	}
	if (left(c) >= 1)
		t->exe_from_memfd = take_u8(c);
	if (left(c) >= 1)
		t->exe_lower_layer = take_u8(c);
	if (left(c) >= 8)
		t->pgid = (s64)take_u64(c);
}

static void read_memory(struct state_thread *t, struct cursor *c)
{
	t->vmsize_kb = take_u32(c);
	t->vmrss_kb = take_u32(c);
	t->vmswap_kb = take_u32(c);
	t->pfmajor = take_u64(c);
	t->pfminor = take_u64(c);
}

static void read_process(struct meta *m, struct cursor *c)
{
	u8 version = m->block->version;
	struct state_thread t = {
		.sid = -1, .vpgid = -1, .pgid = -1, .vtid = -1, .vpid = -1, .loginuid = NO_ID,
	};

	t.tid = (s64)take_u64(c);
	t.pid = (s64)take_u64(c);
	t.ptid = (s64)take_u64(c);
	if (version >= 6)
		t.sid = (s64)take_u64(c);
	if (version >= 8)
		t.vpgid = (s64)take_u64(c);
	t.comm = take_str(c, PATH_TEXT_MAX);
	t.exe = take_str(c, PATH_TEXT_MAX);
	if (version >= 7)
		t.exepath = take_str(c, PATH_TEXT_MAX);
	t.args = take_str(c, ARGS_TEXT_MAX);
	t.cwd = take_str(c, PATH_TEXT_MAX);
	t.fdlimit = take_u64(c);
	t.flags = take_u32(c);
	t.uid = take_u32(c);
	t.gid = take_u32(c);
	if (version >= 2)
		read_memory(&t, c);
	if (version >= 3)
		t.env = take_str(c, ARGS_TEXT_MAX);
	if (version >= 4) {
		t.vtid = (s64)take_u64(c);
		t.vpid = (s64)take_u64(c);
		t.cgroups = take_str(c, ARGS_TEXT_MAX);
	}
	if (version >= 5)
		t.root = take_str(c, PATH_TEXT_MAX);
	if (version >= 9)
		read_process_tail(&t, c);
	if (!c->bad && m->sink->thread)
		m->sink->thread(m->sink->ctx, &t);
}

static void read_connection(struct state_fd *f, struct cursor *c, size_t addr_len)
{
	take_bytes(c, f->saddr, addr_len);
	take_bytes(c, f->daddr, addr_len);
	f->sport = take_u16(c);
	f->dport = take_u16(c);
	f->l4proto = take_u8(c);
}

static void read_server(struct state_fd *f, struct cursor *c, size_t addr_len)
{
	take_bytes(c, f->saddr, addr_len);
	f->sport = take_u16(c);
	f->l4proto = take_u8(c);
}

static void read_unix(struct state_fd *f, struct cursor *c)
{
	f->unix_src = take_u64(c);
	f->unix_dst = take_u64(c);
	f->name = take_str(c, PATH_TEXT_MAX);
}

static void read_regular(struct state_fd *f, struct cursor *c, bool has_len)
{
	f->open_flags = take_u32(c);
	f->name = take_str(c, PATH_TEXT_MAX);
	if (has_len && left(c) >= 4)
		f->dev = take_u32(c);
}

/* A type of a later version: its length says where the next one begins. */
static void read_unknown_fd(struct state_fd *f, struct cursor *c, char name[32], bool has_len)
{
	static const char fmt[] = "unknown-type:[%u]";

	c->bad |= !has_len;
	c->p = c->end;
	f->name.p = name;
	f->name.len = (u32)snprintf(name, 32, fmt, f->type);
	f->type = FDT_UNSUPPORTED;
}

static void read_fd(struct meta *m, struct cursor *c)
{
	struct state_fd f = { .tid = m->tid };
	bool has_len = m->block->len != LEN_NONE;
	char unknown[32];

	f.fd = (s64)take_u64(c);
	f.ino = take_u64(c);
	f.type = take_u8(c);
	switch (f.type) {
	case FDT_IPV4_SOCK:
		read_connection(&f, c, 4);
		break;
	case FDT_IPV6_SOCK:
		read_connection(&f, c, 16);
		break;
	case FDT_IPV4_SERVSOCK:
		read_server(&f, c, 4);
		break;
	case FDT_IPV6_SERVSOCK:
		read_server(&f, c, 16);
		break;
	case FDT_UNIX_SOCK:
		read_unix(&f, c);
		break;
	case FDT_FILE_V2:
		read_regular(&f, c, has_len);
		break;
	case FDT_UNKNOWN:
		break;
	default:
		if (f.type < FDT_MAX)
			f.name = take_str(c, PATH_TEXT_MAX);
		else
			read_unknown_fd(&f, c, unknown, has_len);
	}
	if (!c->bad && m->sink->fd)
		m->sink->fd(m->sink->ctx, &f);
}

static void read_iface(struct meta *m, struct cursor *c)
{
	u16 type = take_u16(c);
	u16 name_len = take_u16(c);
	bool v6 = type == 2 || type == 4;
	struct state_iface i = { .v6 = v6 };
	size_t addr_len = v6 ? 16 : 4;
	const u8 *name;

	if (type < 1 || type > 4) {
		c->bad |= m->block->len == LEN_NONE;
		return;
	}
	take_bytes(c, i.addr, addr_len);
	take_bytes(c, i.mask, addr_len);
	take_bytes(c, i.bcast, addr_len);
	if (type <= 2)
		take_u64(c);	/* speed of the link */
	name = take(c, name_len);
	if (c->bad)
		return;
	i.name = (struct state_str){ (const char *)name, name_len };
	if (m->sink->iface)
		m->sink->iface(m->sink->ctx, &i);
}

static void read_user(struct meta *m, struct cursor *c)
{
	struct state_user u = { .uid = take_u32(c) };

	u.gid = take_u32(c);
	u.name = take_str(c, USER_TEXT_MAX);
	u.home = take_str(c, USER_TEXT_MAX);
	u.shell = take_str(c, USER_TEXT_MAX);
	if (!c->bad && m->sink->user)
		m->sink->user(m->sink->ctx, &u);
}

static void read_group(struct meta *m, struct cursor *c)
{
	struct state_group g = { .gid = take_u32(c) };

	g.name = take_str(c, USER_TEXT_MAX);
	if (!c->bad && m->sink->group)
		m->sink->group(m->sink->ctx, &g);
}

static void read_user_or_group(struct meta *m, struct cursor *c)
{
	u8 type = take_u8(c);

	if (type == 0)
		read_user(m, c);
	else if (type == 1)
		read_group(m, c);
	else
		c->bad |= m->block->len == LEN_NONE;
}

static const struct block blocks[] = {
	{ read_machine, "machine", 0x201, 0x8002abcd, 1, LEN_NONE, false },
	{ read_process, "process", 0x202, 0x8000abcd, 1, LEN_NONE, false },
	{ read_process, "process", 0x207, 0x8013abcd, 2, LEN_NONE, false },
	{ read_process, "process", 0x209, 0x8014abcd, 3, LEN_NONE, false },
	{ read_process, "process", 0x210, 0, 4, LEN_NONE, false },
	{ read_process, "process", 0x211, 0, 5, LEN_NONE, false },
	{ read_process, "process", 0x212, 0, 6, LEN_NONE, false },
	{ read_process, "process", 0x213, 0, 7, LEN_NONE, false },
	{ read_process, "process", 0x214, 0, 8, LEN_NONE, false },
	{ read_process, "process", 0x215, 0, 9, LEN_WHOLE, false },
	{ read_fd, "file descriptor", 0x203, 0x8001abcd, 1, LEN_NONE, true },
	{ read_fd, "file descriptor", 0x218, 0, 2, LEN_WHOLE, true },
	{ read_iface, "interface", 0x205, 0x8011abcd, 1, LEN_NONE, false },
	{ read_iface, "interface", 0x219, 0, 2, LEN_REST, false },
	{ read_user_or_group, "user", 0x206, 0x8012abcd, 1, LEN_NONE, false },
	{ read_user_or_group, "user", 0x220, 0, 2, LEN_WHOLE, false },
};

static const struct block *find_block(u32 type)
{
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		if (type && (blocks[i].type == type || blocks[i].old_type == type))
			return &blocks[i];
	return NULL;
}

/* Narrows the cursor to one entry. */
static void limit_entry(struct cursor *c, u8 len_kind)
{
	u32 len;

	if (len_kind == LEN_NONE)
		return;
	len = take_u32(c);
	if (len_kind == LEN_WHOLE) {
		c->bad |= len < 4;
		len -= 4;
	}
	c->bad |= len > left(c);
	if (!c->bad)
		c->end = c->p + len;
}

int meta_read(u32 type, const u8 *body, size_t len, const struct state_sink *sink, struct diag *d)
{
	struct meta m = { .block = find_block(type), .sink = sink };
	struct cursor rest = { body, body + len, false, 0 };

	if (!m.block)
		return 0;
	if (m.block->by_thread)
		m.tid = (s64)take_u64(&rest);
	/* Up to three bytes after the last entry fill the block up to a multiple of four. */
	while (!rest.bad && left(&rest) >= 4) {
		struct cursor entry = rest;

		limit_entry(&entry, m.block->len);
		if (!entry.bad)
			m.block->entry(&m, &entry);
		rest.p = m.block->len == LEN_NONE ? entry.p : entry.end;
		if (entry.too_long)
			return diag_at(d, 0, 0, (u64)(entry.p - body), "a text of %u bytes is too long for a %s",
				       entry.too_long, m.block->what);
		if (entry.bad)
			return diag_at(d, 0, 0, (u64)(entry.p - body),
				       "the entry of a %s does not fit into its block",
				       m.block->what);
	}
	if (rest.bad)
		return diag_at(d, 0, 0, 0, "no room for a thread number");
	return 0;
}
