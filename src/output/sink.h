/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where alerts go.  A sink is one file with a descriptor, listed in outputs.c.
 *
 * Sinks are used by the output thread only.  A line comes without newline; after each
 * batch of lines flush() is called.  What fails returns a negative errno.
 */
#ifndef SAKER_OUTPUT_SINK_H
#define SAKER_OUTPUT_SINK_H

#include <stdio.h>

#include "output/alert.h"
#include "output/outputs.h"

struct sink {
	const struct sink_ops *ops;
	const struct output_options *opt;	/* borrowed */
	FILE *file;
	struct spawner *spawner;		/* owned; of sink_program */
};

struct sink_ops {
	const char *name;	/* in messages */
	bool (*enabled)(const struct output_options *opt);
	int (*open)(struct sink *s);		/* may be NULL, as all below but write */
	int (*write)(struct sink *s, enum priority prio, const char *line, size_t len);
	int (*flush)(struct sink *s);
	void (*reopen)(struct sink *s);
	int (*close)(struct sink *s);
};

extern const struct sink_ops sink_stdout, sink_file, sink_syslog, sink_program;

/* Line and newline. */
int sink_put_line(FILE *f, const char *line, size_t len);
int sink_flush_file(FILE *f);

#endif
