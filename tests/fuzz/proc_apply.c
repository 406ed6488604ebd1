/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A system of a few processes to which everything happens: the input says which events, in what order, with
 * what parameters.  They are well formed as far as a decoder can tell, their numbers few, so that they meet.
 */
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "fuzz/proc_touch.h"
#include "proc/proc.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define EVENT_BYTES 65536

struct input {
	const u8 *p;
	size_t n;
};

static u8 take(struct input *in)
{
	if (!in->n)
		return 0;
	in->n--;
	return *in->p++;
}

static s64 take_number(struct input *in)
{
	static const s64 odd[] = { -1, -2, -100, -115, 1ll << 31, 1ll << 32, INT64_MIN, INT64_MAX };
	u8 b = take(in);
	u64 n = 0;

	if (b < 0x80)
		return b % 16;
	if (b < 0xc0)
		return odd[b % ARRAY_SIZE(odd)];
	for (u32 i = 0; i <= b % 8u; i++)
		n |= (u64)take(in) << 8 * i;
	return n;
}

struct made {
	u8 bytes[EVENT_BYTES];
	u32 at;
};

static u32 put(struct made *m, const void *p, u32 n)
{
	n = (u32)size_min(n, sizeof(m->bytes) - m->at);
	memcpy(m->bytes + m->at, p, n);
	m->at += n;
	return n;
}

static u32 put_raw(struct made *m, struct input *in, u32 n)
{
	u32 done = 0;

	for (; done < n; done++) {
		u8 b = take(in);

		if (!put(m, &b, 1))
			break;
	}
	return done;
}

static u32 put_string(struct made *m, struct input *in)
{
	static const char *const some[] = {
		"", "/", ".", "..", "/etc/passwd", "../../a//b/./c", "a", "<NA>", "/proc/self/fd/3", "cpu=/a",
		"/usr/bin/some-program", "-x", "memfd:x", "{\"container\":{\"id\":\"a\"}}", "(null)",
	};
	static const char filling[] = "/a-name-that-is-repeated";
	u8 b = take(in);
	u32 n = 0;

	if (b < 0x80) {
		const char *s = some[b % ARRAY_SIZE(some)];

		return put(m, s, (u32)strlen(s) + (b < 0x70));	/* some without their end */
	}
	if (b < 0xe0)
		return put_raw(m, in, b % 32);
	for (u32 i = take(in); i-- > 0;)
		n += put(m, filling, sizeof(filling) - (b % 2));	/* with NUL, or one string */
	return n;
}

static u32 put_tuple(struct made *m, struct input *in)
{
	static const u8 lens[] = { 13, 37, 17, 7, 19, 3, 1, 0 };	/* IPv4, IPv6, unix; their addresses */
	static const u8 families[] = { 2, 10, 1, 0, 16, 255 };
	u8 b = take(in), family = families[b % ARRAY_SIZE(families)];

	return put(m, &family, 1) + put_raw(m, in, lens[b / 8 % ARRAY_SIZE(lens)]) + (b & 0x80 ? put_string(m, in) : 0);
}

static u32 put_fdinfo(struct made *m, struct input *in)
{
	struct fdinfo info = {
		.ino = take(in), .fd = take_number(in), .dev = take(in), .open_flags = take(in), .type = take(in) % 40,
		.l4proto = take(in) % 8, .flags = take(in),
	};

	return put(m, &info, sizeof(info)) + (info.type % 2 ? put_tuple(m, in) : put_string(m, in));
}

static u32 put_fdlist(struct made *m, struct input *in)
{
	u16 n = take(in) % 8;
	u32 len = put(m, &n, sizeof(n));

	for (u32 i = 0; i < n; i++) {
		s64 fd = take_number(in);
		s16 flags = (s16)take(in);

		len += put(m, &fd, sizeof(fd)) + put(m, &flags, sizeof(flags));
	}
	return len;
}

/* Of the type that the table has; now and then of none. */
static u32 put_param(struct made *m, struct input *in, u32 type)
{
	u32 size = param_type_size(type);
	s64 n;

	if (size) {
		n = take_number(in);
		return put(m, &n, size_min(size, sizeof(n)));
	}
	switch (type) {
	case PT_SOCKADDR:
	case PT_SOCKTUPLE:
		return put_tuple(m, in);
	case PT_FDINFO:
		return put_fdinfo(m, in);
	case PT_FDLIST:
		return put_fdlist(m, in);
	case PT_BYTEBUF:
	case PT_DYN:
		return put_raw(m, in, take(in) % 24);
	default:
		return put_string(m, in);
	}
}

/* h is completed; the number of bytes in m. */
static u32 make_event(struct made *m, struct input *in, struct event_hdr *h, bool live, u8 how)
{
	const struct event_desc *desc = event_desc(h->type);
	u32 size = desc->flags & EF_LARGE ? 4 : 2;
	u32 n = desc->nparams + (live ? desc->nextra : 0);

	if (how % 16 == 15)
		n = take(in) % (n + 1);
	m->at = (u32)sizeof(*h) + n * size;
	for (u32 i = 0; i < n; i++) {
		u32 type = i < desc->nparams + desc->nextra ? desc->params[i].type : PT_BYTEBUF, len;

		if (how / 16 == 15 && take(in) % 4 == 0)
			len = put_raw(m, in, take(in) % 20);
		else
			len = put_param(m, in, type);
		memcpy(m->bytes + sizeof(*h) + i * size, &len, size);
	}
	h->nparams = n;
	h->len = m->at;
	memcpy(m->bytes, h, sizeof(*h));
	return m->at;
}

enum { LIVE = 1 << 0, KEEP_FDS = 1 << 1, FEW_THREADS = 1 << 2, SMALL = 1 << 3, KNOWN = 1 << 4, OTHERS = 1 << 5 };

static void apply(struct proc *p, struct event *ev, bool others)
{
	bool visible;

	if (others && proc_pass(p, ev, &visible))
		return;
	proc_apply(p, ev);
	touch_event(p, ev);
	proc_done(p, ev);
}

static void one_event(struct proc *p, struct input *in, u32 mode, u64 *ts_ns)
{
	static struct made m;
	u32 type = (take(in) | take(in) << 8) % EV_MAX;
	struct event_hdr h = { .type = (u16)type };
	struct diag d = { 0 };
	u8 how = take(in);
	struct event ev;
	u8 *bytes;
	u32 len;

	h.tid = (u64)take_number(in);
	*ts_ns += how & 1 ? 1000 : 1500000000;
	h.ts_ns = *ts_ns;
	len = make_event(&m, in, &h, mode & LIVE, how);
	bytes = malloc(len);		/* of its own size: what reads beyond, or later, is found */
	memcpy(bytes, m.bytes, len);
	if (event_decode(&ev, (const struct event_hdr *)bytes, len, &d)) {
		diag_fini(&d);
	} else {
		ev.live = mode & LIVE;
		ev.state_only = how & 2;
		apply(p, &ev, mode & OTHERS && how & 4);
	}
	free(bytes);
}

static struct state_str str(const char *s)
{
	return (struct state_str){ s, (u32)strlen(s) };
}

static void known(struct proc *p)
{
	const struct state_sink *sink = proc_state_sink(p);

	for (s64 tid = 1; tid < 8; tid++) {
		struct state_thread t = {
			.tid = tid, .pid = tid < 6 ? tid : 5, .ptid = tid / 2, .vtid = tid, .vpid = tid < 6 ? tid : 5, .comm = str("c"),
			.exe = str("/e"), .cwd = str("/d"), .root = str("/"), .args = { "-a\0b", 5 }, .env = { "A=1", 4 },
			.cgroups = { "cpu=/", 6 },
		};

		sink->thread(sink->ctx, &t);
		for (s64 num = 0; num < 6; num++) {
			struct state_fd fd = { .tid = tid, .fd = num, .type = (u8)(num + tid), .name = str("/some/file") };

			sink->fd(sink->ctx, &fd);
		}
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	u32 mode = take(&in);
	struct proc_options opt = {
		.keep_fds = mode & KEEP_FDS, .max_threads = mode & FEW_THREADS ? 6 : 0, .self_pid = 3,
		.max_bytes = { mode & SMALL ? 6000 : 0, mode & SMALL ? 4000 : 0, mode & SMALL ? 2000 : 0 },
	};
	struct proc *p = proc_new(&opt);
	u64 ts_ns = 1700000000ull * 1000000000;

	if (mode & KNOWN)
		known(p);
	while (in.n)
		one_event(p, &in, mode, &ts_ns);
	proc_free(p);
	return 0;
}
