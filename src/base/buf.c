/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->p)
		b->p[0] = 0;
}

void buf_reserve(struct buf *b, size_t more)
{
	size_t want = b->len + more + 1;

	if (want <= b->cap)
		return;
	b->cap = size_max(want, b->cap ? b->cap * 2 : 128);
	b->p = xrealloc(b->p, b->cap);
}

void buf_reserve_all(struct buf *b, size_t cap)
{
	if (cap <= b->cap)
		return;
	b->cap = cap;
	b->p = xrealloc(b->p, cap);
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	buf_reserve(b, n);
	if (n)
		memcpy(b->p + b->len, p, n);
	b->len += n;
	b->p[b->len] = 0;
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	buf_reserve(b, (size_t)n);
	vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addv(b, fmt, ap);
	va_end(ap);
}

void buf_add_u64(struct buf *b, u64 v)
{
	char t[20];
	size_t i = sizeof(t);

	do {
		t[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, t + i, sizeof(t) - i);
}

void buf_add_s64(struct buf *b, s64 v)
{
	if (v < 0)
		buf_addc(b, '-');
	buf_add_u64(b, v < 0 ? 0 - (u64)v : (u64)v);
}

const char *buf_str(struct buf *b)
{
	return b->len ? b->p : "";	/* reserved memory holds anything */
}

/*
 * Length of the UTF-8 sequence at s; when it is invalid, *ret_bad is set and the length
 * is that of its maximal valid part (at least 1).
 */
static size_t utf8_len(const u8 *s, size_t n, bool *ret_bad)
{
	u8 lo = 0x80, hi = 0xbf;
	size_t want, i;

	*ret_bad = true;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		want = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		want = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		want = 4;
	else
		return 1;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	for (i = 1; i < want; i++) {
		if (i >= n || s[i] < lo || s[i] > hi)
			return i;
		lo = 0x80;
		hi = 0xbf;
	}
	*ret_bad = false;
	return want;
}

static void add_escaped(struct buf *b, u8 c)
{
	static const char names[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
				      ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\' };

	if (c < sizeof(names) && names[c]) {
		buf_addc(b, '\\');
		buf_addc(b, names[c]);
	} else {
		buf_addf(b, "\\u%04x", c);
	}
}

void buf_add_json(struct buf *b, const char *s, size_t n)
{
	const u8 *u = (const u8 *)s;
	size_t start = 0, i = 0, len;
	bool bad;

	while (i < n) {
		if (u[i] >= 0x20 && u[i] < 0x80 && u[i] != '"' && u[i] != '\\') {
			i++;
			continue;
		}
		if (u[i] >= 0x80) {
			len = utf8_len(u + i, n - i, &bad);
			if (!bad) {
				i += len;
				continue;
			}
			buf_add(b, s + start, i - start);
			buf_adds(b, "\xef\xbf\xbd");
		} else {
			len = 1;
			buf_add(b, s + start, i - start);
			add_escaped(b, u[i]);
		}
		i += len;
		start = i;
	}
	buf_add(b, s + start, i - start);
}
