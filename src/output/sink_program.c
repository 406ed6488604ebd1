/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds alerts to the standard input of a shell command: one run of it for each alert, or
 * with keep_alive one for all.
 */
#include "output/sink.h"

#include <errno.h>
#include <signal.h>

static bool program_enabled(const struct output_options *opt)
{
	return opt->program.enabled;
}

static int program_close(struct sink *s)
{
	int err = 0;

	if (s->file && pclose(s->file) == -1)
		err = -errno;
	s->file = NULL;
	return err;
}

/* The output thread takes no signals; its children do. */
static FILE *start_program(const char *command)
{
	sigset_t none, old;
	FILE *f;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, &old);
	f = popen(command, "we");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return f;
}

static int program_write(struct sink *s, enum priority prio, const char *line, size_t len)
{
	int err, end = 0;

	(void)prio;
	if (!s->file)
		s->file = start_program(s->opt->program.program);
	if (!s->file)
		return errno ? -errno : -ENOMEM;
	err = sink_put_line(s->file, line, len);
	if (err || !s->opt->program.keep_alive)
		end = program_close(s);
	return err ? err : end;
}

static int program_flush(struct sink *s)
{
	int err = s->file && !s->opt->buffered ? sink_flush_file(s->file) : 0;

	if (err)	/* the program is gone: the next alert starts it again */
		program_close(s);
	return err;
}

static void program_reopen(struct sink *s)
{
	program_close(s);
}

const struct sink_ops sink_program = {
	.name = "program",
	.enabled = program_enabled,
	.write = program_write,
	.flush = program_flush,
	.reopen = program_reopen,
	.close = program_close,
};
