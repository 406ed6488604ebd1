/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/file_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define WINDOW_BYTES (512u << 10)
#define GZ_BUFFER_BYTES (128u << 10)

int stream_open(struct stream *s, const char *path)
{
	int fd, err;

	*s = (struct stream){ .cap = WINDOW_BYTES };
	err = file_open(path, &fd);
	if (err)
		return err;
	s->gz = gzdopen(fd, "rb");
	if (!s->gz) {
		close(fd);
		return -ENOMEM;
	}
	gzbuffer(s->gz, GZ_BUFFER_BYTES);
	s->buf = xmalloc(s->cap);
	return 0;
}

void stream_close(struct stream *s)
{
	if (s->gz)
		gzclose(s->gz);
	free(s->buf);
	*s = (struct stream){ 0 };
}

static void make_room(struct stream *s)
{
	if (s->pos) {
		memmove(s->buf, s->buf + s->pos, s->end - s->pos);
		s->base += s->pos;
		s->end -= s->pos;
		s->pos = 0;
	}
	if (s->end == s->cap) {
		s->cap *= 2;
		s->buf = xrealloc(s->buf, s->cap);
	}
}

static void note_end(struct stream *s)
{
	int err;
	const char *why = gzerror(s->gz, &err);

	s->eof = true;
	if (err == Z_ERRNO)
		s->broken = strerror(errno);
	else if (err != Z_OK && err != Z_STREAM_END)
		s->broken = err == Z_BUF_ERROR ? "the packed data ends early" : why;
}

bool stream_read_more(struct stream *s, size_t n)
{
	while (s->end - s->pos < n && !s->eof) {
		int got;

		if (s->pos || s->end == s->cap)
			make_room(s);
		got = gzread(s->gz, s->buf + s->end, (unsigned)size_min(s->cap - s->end, 1u << 30));
		if (got > 0)
			s->end += (size_t)got;
		else
			note_end(s);
	}
	return s->end - s->pos >= n;
}
