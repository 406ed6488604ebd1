/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events made by hand, for tests of proc/.  feed() builds one from a format with a letter
 * for each parameter, decodes and applies it:
 *
 *	d s64   u u32   h u16   b u8   s string   B pointer, int length   - empty
 */
#ifndef SAKER_TESTS_UNIT_PROC_EVENTS_H
#define SAKER_TESTS_UNIT_PROC_EVENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event/event.h"
#include "proc/proc.h"

struct fed {
	u8 bytes[65536];
	struct event ev;
	bool visible;
	bool live;
	u64 ts_ns;	/* of the last event; advances by 1 ms */
};

static inline void fed_put(struct fed *f, u32 *at, u32 i, const void *p, u32 n)
{
	u16 len = (u16)n;

	memcpy(f->bytes + sizeof(struct event_hdr) + 2 * i, &len, 2);
	if (n)
		memcpy(f->bytes + *at, p, n);
	*at += n;
}

static inline void fed_params(struct fed *f, u32 *at, const char *fmt, va_list ap)
{
	for (u32 i = 0; fmt[i]; i++) {
		s64 d;
		u32 u;
		const char *s;

		switch (fmt[i]) {
		case 'd':
			d = va_arg(ap, long long);
			fed_put(f, at, i, &d, 8);
			break;
		case 'u':
		case 'h':
		case 'b':
			u = va_arg(ap, unsigned);
			fed_put(f, at, i, &u, fmt[i] == 'u' ? 4 : fmt[i] == 'h' ? 2 : 1);
			break;
		case 's':
			s = va_arg(ap, const char *);
			fed_put(f, at, i, s, (u32)strlen(s) + 1);
			break;
		case 'B':
			s = va_arg(ap, const char *);
			fed_put(f, at, i, s, (u32)va_arg(ap, int));
			break;
		default:
			fed_put(f, at, i, NULL, 0);
		}
	}
}

/* Applies it; the caller ends it with proc_done(), or the next feed() does. */
static inline struct event *feed(struct proc *p, struct fed *f, u16 type, s64 tid,
				 const char *fmt, ...)
{
	struct event_hdr h = { .tid = (u64)tid, .type = type, .nparams = (u32)strlen(fmt) };
	u32 at = (u32)sizeof(h) + 2 * h.nparams;
	struct diag d = { 0 };
	va_list ap;

	va_start(ap, fmt);
	fed_params(f, &at, fmt, ap);
	va_end(ap);
	f->ts_ns += 1000000;
	h.ts_ns = f->ts_ns;
	h.len = at;
	memcpy(f->bytes, &h, sizeof(h));
	assert_int_equal(event_decode(&f->ev, (const void *)f->bytes, at, &d), 0);
	f->ev.live = f->live;
	f->visible = proc_apply(p, &f->ev);
	return &f->ev;
}

static inline struct state_str str_of(const char *s)
{
	return (struct state_str){ s, (u32)strlen(s) };
}

/* A process (or a thread of pid) as a capture file lists it. */
static inline void known_thread(struct proc *p, s64 tid, s64 pid, s64 ptid, const char *comm)
{
	const struct state_sink *sink = proc_state_sink(p);
	struct state_thread t = {
		.tid = tid, .pid = pid, .ptid = ptid, .vtid = tid, .vpid = pid, .sid = 1, .pgid = pid,
		.vpgid = pid, .uid = 1000, .gid = 1000, .loginuid = 1000,
		.comm = str_of(comm), .exe = str_of(comm), .exepath = str_of("/bin/x"),
		.cwd = str_of(tid == pid ? "/home/p" : ""), .args = { "-a\0b c", 7 },
		.env = { "A=1", 4 }, .root = str_of("/"), .cgroups = { "cpu=/", 6 },
		.flags = tid == pid ? 0 : 0x2001, .fdlimit = 1024,
	};

	sink->thread(sink->ctx, &t);
}

static inline void known_file(struct proc *p, s64 tid, s64 num, u8 type, const char *name)
{
	const struct state_sink *sink = proc_state_sink(p);
	struct state_fd f = { .tid = tid, .fd = num, .type = type, .ino = (u64)num, .name = str_of(name) };

	sink->fd(sink->ctx, &f);
}

/* init, p1000 with stdin and a directory, and a shell below it. */
static inline struct proc *some_system(struct fed *f)
{
	const struct proc_options opt = { 0 };
	struct proc *p = proc_new(&opt);

	f->ts_ns = 1700000000ull * 1000000000;
	known_thread(p, 1, 1, 0, "init");
	known_thread(p, 1000, 1000, 1, "p1000");
	known_thread(p, 3000, 3000, 1000, "bash");
	known_file(p, 1000, 0, FDT_FIFO, "pipe:[11]");
	known_file(p, 1000, 7, FDT_DIRECTORY, "/var/dir");
	return p;
}

/* The clone family: res, then what the events tell of tid, a child of ptid. */
struct clone_of {
	u16 type;
	s64 on, res, tid, pid, ptid;
	u32 flags;
	s64 vtid, vpid;
	const char *comm;
};

static inline struct event *feed_clone(struct proc *p, struct fed *f, const struct clone_of *c)
{
	return feed(p, f, c->type ? c->type : EV_SYSCALL_CLONE_20_X, c->on,
		    "dsBdddsddduuusBuuuddd", c->res, "/bin/x", "-n", 3, c->tid, c->pid,
		    c->ptid, "/cwd", 1024ll, 1ll, 2ll, 0, 0, 0, c->comm ? c->comm : "kid", "cpu=/\0", 7,
		    c->flags, 500, 600, c->vtid ? c->vtid : c->tid, c->vpid ? c->vpid : c->pid, 5ll);
}

#endif
