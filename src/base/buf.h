/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing string.  .p is always NUL terminated once something was added; the bytes may
 * hold NULs of their own, .len counts.  A zeroed struct is an empty one.
 */
#ifndef SAKER_BASE_BUF_H
#define SAKER_BASE_BUF_H

#include <stdarg.h>

#include "base/types.h"

struct buf {
	char *p;	/* owned; NULL while empty */
	size_t len, cap;
};

void buf_fini(struct buf *b);
void buf_clear(struct buf *b);		/* keeps the memory */
void buf_reserve(struct buf *b, size_t more);
void buf_reserve_all(struct buf *b, size_t cap);	/* .cap is that, when it was less */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_addv(struct buf *b, const char *fmt, va_list ap) PRINTF(2, 0);
void buf_add_u64(struct buf *b, u64 v);
void buf_add_s64(struct buf *b, s64 v);
const char *buf_str(struct buf *b);	/* "" when empty; valid until the next change */

/*
 * Appends n bytes as the inside of a JSON string: quotes, backslashes and control
 * characters escaped, invalid UTF-8 replaced by U+FFFD (one for each maximal invalid
 * part, as the Unicode standard recommends and Falco does).
 */
void buf_add_json(struct buf *b, const char *s, size_t n);

#endif
