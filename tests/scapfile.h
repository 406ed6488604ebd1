/* SPDX-License-Identifier: Apache-2.0 */
/* Writes capture files and events for tests. */
#ifndef SAKER_TESTS_SCAPFILE_H
#define SAKER_TESTS_SCAPFILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "schema/event.h"

static inline void put_u8(struct buf *b, u8 v)
{
	buf_add(b, &v, sizeof(v));
}

static inline void put_u16(struct buf *b, u16 v)
{
	buf_add(b, &v, sizeof(v));
}

static inline void put_u32(struct buf *b, u32 v)
{
	buf_add(b, &v, sizeof(v));
}

static inline void put_u64(struct buf *b, u64 v)
{
	buf_add(b, &v, sizeof(v));
}

static inline void put_str(struct buf *b, const char *s)
{
	put_u16(b, (u16)strlen(s));
	buf_adds(b, s);
}

/* One parameter of an event: bytes, a string with its NUL, or a number of 1 to 8 bytes. */
struct test_param {
	const void *p;
	u64 n;
	u32 len;
};

#define P_NUM(LEN_, N_) ((struct test_param){ NULL, (u64)(N_), LEN_ })
#define P_STR(S_) ((struct test_param){ S_, 0, (u32)strlen(S_) + 1 })
#define P_BYTES(P_, LEN_) ((struct test_param){ P_, 0, LEN_ })
#define P_NONE ((struct test_param){ NULL, 0, 0 })

/* len_size: 2, or 4 for large events. */
static inline void put_event_size(struct buf *b, u16 type, u64 ts_ns, u64 tid, int len_size,
				  const struct test_param *p, u32 n)
{
	struct event_hdr h = { .ts_ns = ts_ns, .tid = tid, .type = type, .nparams = n,
			       .len = sizeof(h) };

	for (u32 i = 0; i < n; i++)
		h.len += (u32)len_size + p[i].len;
	buf_add(b, &h, sizeof(h));
	for (u32 i = 0; i < n; i++)
		buf_add(b, &p[i].len, (size_t)len_size);
	for (u32 i = 0; i < n; i++)
		buf_add(b, p[i].p ? p[i].p : (const void *)&p[i].n, p[i].len);
}

#define PARAMS(...) (const struct test_param[]){ __VA_ARGS__ }, \
	(u32)(sizeof((struct test_param[]){ __VA_ARGS__ }) / sizeof(struct test_param))
#define put_event(B_, TYPE_, TS_, TID_, ...) \
	put_event_size(B_, TYPE_, TS_, TID_, 2, PARAMS(__VA_ARGS__))

static inline void put_block(struct buf *b, u32 type, const void *body, size_t len)
{
	static const char zeros[4];
	size_t pad = -len % 4;

	put_u32(b, type);
	put_u32(b, (u32)(len + pad + 12));
	buf_add(b, body, len);
	buf_add(b, zeros, pad);
	put_u32(b, (u32)(len + pad + 12));
}

static inline void put_block_buf(struct buf *b, u32 type, struct buf *body)
{
	put_block(b, type, body->p ? body->p : "", body->len);
	buf_fini(body);
}

static inline void put_section(struct buf *b)
{
	struct buf s = { 0 };

	put_u32(&s, 0x1a2b3c4d);
	put_u16(&s, 1);
	put_u16(&s, 2);
	put_u64(&s, ~0ull);
	put_block_buf(b, 0x0a0d0d0a, &s);
}

/* An event block (type 0x216) around what put_event() wrote. */
static inline void put_event_block(struct buf *b, u16 cpu, const struct buf *event)
{
	struct buf s = { 0 };

	put_u16(&s, cpu);
	buf_add(&s, event->p, event->len);
	put_block_buf(b, 0x216, &s);
}

/* Writes a temporary file; the name must be unlinked and freed. */
static inline char *save_temp(const void *p, size_t len)
{
	char *name = strdup("/tmp/saker-test-XXXXXX");
	int fd = mkstemp(name);

	if (fd < 0 || write(fd, p, len) != (ssize_t)len)
		abort();
	close(fd);
	return name;
}

#endif
