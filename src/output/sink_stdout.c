/* SPDX-License-Identifier: Apache-2.0 */
#include "output/sink.h"

static bool stdout_enabled(const struct output_options *opt)
{
	return opt->stdout_enabled;
}

static int stdout_write(struct sink *s, enum priority prio, const char *line, size_t len)
{
	int err;

	(void)s;
	(void)prio;
	flockfile(stdout);	/* answers of an HTTP server may go there too */
	err = sink_put_line(stdout, line, len);
	funlockfile(stdout);
	return err;
}

static int flush(void)
{
	int err;

	flockfile(stdout);
	err = sink_flush_file(stdout);
	funlockfile(stdout);
	return err;
}

static int stdout_flush(struct sink *s)
{
	return s->opt->buffered ? 0 : flush();
}

static int stdout_close(struct sink *s)
{
	(void)s;
	return flush();
}

const struct sink_ops sink_stdout = {
	.name = "stdout",
	.enabled = stdout_enabled,
	.write = stdout_write,
	.flush = stdout_flush,
	.close = stdout_close,
};
