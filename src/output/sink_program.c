/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds alerts to the standard input of a shell command: one run of it for each alert, or
 * with keep_alive one for all.
 */
#include "output/sink.h"

#include <errno.h>

#include "output/spawner.h"

static bool program_enabled(const struct output_options *opt)
{
	return opt->program.enabled;
}

static int program_open(struct sink *s)
{
	return spawner_new(s->opt->program.program, s->opt->lower_child, &s->spawner);
}

/* A program that says that it failed has not taken what it was given. */
static int end_run(struct sink *s)
{
	char why[64];
	int err, status;

	if (!s->file)
		return 0;
	err = fclose(s->file) ? -errno : 0;
	s->file = NULL;
	status = spawner_wait(s->spawner);
	if (status <= 0)
		return status ? status : err;
	if (status > SPAWNER_SIGNAL)
		snprintf(why, sizeof(why), "the program was ended by signal %d", status - SPAWNER_SIGNAL);
	else
		snprintf(why, sizeof(why), "the program ended with status %d", status);
	sink_why(s, why);
	return err ? err : -EPIPE;
}

static int program_write(struct sink *s, enum priority prio, const char *line, size_t len)
{
	int err = s->file ? 0 : spawner_run(s->spawner, &s->file), end = 0;

	(void)prio;
	if (err)
		return err;
	err = sink_put_line(s->file, line, len);
	if (err || !s->opt->program.keep_alive)
		end = end_run(s);
	return err ? err : end;
}

static int program_flush(struct sink *s)
{
	int err = s->file && !s->opt->buffered ? sink_flush_file(s->file) : 0;

	if (err)	/* the program is gone: the next alert starts it again */
		end_run(s);
	return err;
}

static void program_reopen(struct sink *s)
{
	end_run(s);
}

static int program_close(struct sink *s)
{
	int err = end_run(s);

	spawner_free(s->spawner);
	s->spawner = NULL;
	return err;
}

const struct sink_ops sink_program = {
	.name = "program",
	.enabled = program_enabled,
	.open = program_open,
	.write = program_write,
	.flush = program_flush,
	.reopen = program_reopen,
	.close = program_close,
};
