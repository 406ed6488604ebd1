/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appends to a file.  Without keep_alive it is opened anew for each batch, so that it can be
 * moved away at any time; with it, on demand only (SIGUSR1).
 */
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

static bool file_enabled(const struct output_options *opt)
{
	return opt->file.enabled;
}

/* Every failure is of this file: which one it is, is said. */
static int told(struct sink *s, int err)
{
	char why[sizeof(s->why)];

	if (err) {
		snprintf(why, sizeof(why), "%.300s: %s", s->opt->file.filename, file_error(err));
		sink_why(s, why);
	}
	return err;
}

/* A named pipe without a reader must not hold up all outputs; one that is read slowly may. */
static int open_append(const char *name, FILE **ret)
{
	int fd = file_create(name, O_APPEND, 0666), err;

	if (fd < 0)
		return fd;
	*ret = fdopen(fd, "a");
	if (*ret)
		return 0;
	err = -errno;
	close(fd);
	return err;
}

static int open_file(struct sink *s)
{
	return s->file ? 0 : told(s, open_append(s->opt->file.filename, &s->file));
}

static int file_close(struct sink *s)
{
	int err = 0;

	if (s->file && fclose(s->file))
		err = told(s, -errno);
	s->file = NULL;
	return err;
}

/* Whether it can be written is better known at the start than with the first alert. */
static int file_start(struct sink *s)
{
	int err = open_file(s);

	if (err == -ENXIO) {	/* the reader may come later */
		sink_note(s, s->why);
		s->why[0] = '\0';
		return 0;
	}
	return err || s->opt->file.keep_alive ? err : file_close(s);
}

static int file_write(struct sink *s, enum priority prio, const char *line, size_t len)
{
	int err = open_file(s);

	(void)prio;
	return err ? err : told(s, sink_put_line(s->file, line, len));
}

static int file_flush(struct sink *s)
{
	if (!s->file)
		return 0;
	if (!s->opt->file.keep_alive)
		return file_close(s);
	return s->opt->buffered ? 0 : told(s, sink_flush_file(s->file));
}

static void file_reopen(struct sink *s)
{
	file_close(s);
}

const struct sink_ops sink_file = {
	.name = "file",
	.enabled = file_enabled,
	.open = file_start,
	.write = file_write,
	.flush = file_flush,
	.reopen = file_reopen,
	.close = file_close,
};
