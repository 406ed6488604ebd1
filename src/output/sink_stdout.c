/* SPDX-License-Identifier: Apache-2.0 */
#include "output/sink.h"

static bool stdout_enabled(const struct output_options *opt)
{
	return opt->stdout_enabled;
}

static int stdout_write(struct sink *s, enum priority prio, const char *line, size_t len)
{
	(void)s;
	(void)prio;
	return sink_put_line(stdout, line, len);
}

static int stdout_flush(struct sink *s)
{
	return s->opt->buffered ? 0 : sink_flush_file(stdout);
}

static int stdout_close(struct sink *s)
{
	(void)s;
	return sink_flush_file(stdout);
}

const struct sink_ops sink_stdout = {
	.name = "stdout",
	.enabled = stdout_enabled,
	.write = stdout_write,
	.flush = stdout_flush,
	.close = stdout_close,
};
