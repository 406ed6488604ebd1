/* SPDX-License-Identifier: Apache-2.0 */
#include "output/sink.h"

static bool stdout_enabled(const struct output_options *opt)
{
	return opt->stdout_enabled;
}

/* Answers of an HTTP server may go there too, from another thread. */
static void lock(const struct sink *s)
{
	if (s->opt->http.echo)
		flockfile(stdout);
}

static void unlock(const struct sink *s)
{
	if (s->opt->http.echo)
		funlockfile(stdout);
}

static int stdout_write(struct sink *s, enum priority prio, const char *line, size_t len)
{
	int err;

	(void)prio;
	lock(s);
	err = sink_put_line(stdout, line, len);
	unlock(s);
	return err;
}

static int flush(const struct sink *s)
{
	int err;

	lock(s);
	err = sink_flush_file(stdout);
	unlock(s);
	return err;
}

static int stdout_flush(struct sink *s)
{
	return s->opt->buffered ? 0 : flush(s);
}

static int stdout_close(struct sink *s)
{
	return flush(s);
}

const struct sink_ops sink_stdout = {
	.name = "stdout",
	.enabled = stdout_enabled,
	.write = stdout_write,
	.flush = stdout_flush,
	.close = stdout_close,
};
