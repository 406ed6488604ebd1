/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where alerts go.  A sink is one file with a descriptor, listed in SINKS.
 *
 * A sink is used by one output thread only.  A line comes without newline; after each
 * batch of lines flush() is called.  What fails returns a negative errno; sink_why() before
 * that when there is more to say.  Where the others must not wait for a sink, it is `apart`: it has
 * a queue and a thread of its own, which holds no capability.
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
	int fd;					/* of sink_syslog */
	struct spawner *spawner;		/* owned; of sink_program */
	struct http_post *post;			/* owned; of sink_http */
	bool hangs;		/* set by a sink that is apart: nobody answers, alerts pile up */
	const bool *stopping;			/* atomic */
	char why[384];				/* of the last failure; "": its errno says it all */
	u64 told_ns;				/* when a failure was last reported, */
	u64 untold;				/* and how many came since */
};

struct sink_ops {
	const char *name;	/* in messages */
	bool apart;
	bool (*enabled)(const struct output_options *opt);
	int (*open)(struct sink *s);		/* may be NULL, as all below but write */
	int (*write)(struct sink *s, enum priority prio, const char *line, size_t len);
	int (*flush)(struct sink *s);
	void (*reopen)(struct sink *s);
	int (*close)(struct sink *s);
};

/* All of them, the fast ones first: each takes a whole batch before the next one does. */
#define SINKS(SINK_) SINK_(stdout) SINK_(syslog) SINK_(file) SINK_(program) SINK_(http)

#define DECLARE_SINK(name_) extern const struct sink_ops sink_##name_;
SINKS(DECLARE_SINK)
#undef DECLARE_SINK

/* Line and newline. */
int sink_put_line(FILE *f, const char *line, size_t len);
int sink_flush_file(FILE *f);
/* Copied, and cut when it is long. */
void sink_why(struct sink *s, const char *why);
/* Something that the user should know and that is no failure. */
void sink_note(struct sink *s, const char *what);
/* Are the outputs being stopped?  Then nothing is waited for any more. */
bool sink_is_stopping(const struct sink *s);

#endif
