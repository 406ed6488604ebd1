/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file, plain or gzip, as a window over its unpacked bytes.  The window grows to what
 * is asked for, but never by more than the file has delivered: a length of 4 GB in a
 * short file costs nothing.  Pointers into the window are valid until the next
 * stream_fill() that has to read.  Used by one thread.
 */
#ifndef SAKER_CAPTURE_FILE_STREAM_H
#define SAKER_CAPTURE_FILE_STREAM_H

#include <zlib.h>

#include "base/types.h"

struct stream {
	gzFile gz;		/* owned */
	u8 *buf;		/* owned */
	size_t pos, end, cap;
	u64 base;		/* offset of buf[0] in the unpacked data */
	const char *broken;	/* the packed data ends early or is damaged; NULL: no */
	bool eof;
};

/* Returns 0 or -errno. */
int stream_open(struct stream *s, const char *path);
void stream_close(struct stream *s);

bool stream_read_more(struct stream *s, size_t n);

/* Returns the number of bytes available from the position on: less than n only at the end. */
static inline size_t stream_fill(struct stream *s, size_t n)
{
	if (s->end - s->pos < n)
		stream_read_more(s, n);
	return s->end - s->pos;
}

static inline const u8 *stream_at(const struct stream *s)
{
	return s->buf + s->pos;
}

/* n bytes must be available. */
static inline void stream_skip(struct stream *s, size_t n)
{
	s->pos += n;
}

static inline u64 stream_offset(const struct stream *s)
{
	return s->base + s->pos;
}

#endif
