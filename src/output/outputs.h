/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of finished alerts and the thread that delivers them, in order, to all
 * enabled sinks.
 *
 * Any thread may push; start, reopen and stop belong to the main one.  What does not fit is
 * dropped and counted, or, when wait is set (a file can wait, a kernel cannot), the producer
 * sleeps until there is room.
 */
#ifndef SAKER_OUTPUT_OUTPUTS_H
#define SAKER_OUTPUT_OUTPUTS_H

#include "base/account.h"
#include "output/alert.h"

struct output_options {	/* strings are borrowed for the life of the outputs */
	bool buffered;
	bool stdout_enabled, syslog_enabled;
	struct {
		bool enabled, keep_alive;
		const char *filename;
	} file;
	struct {
		bool enabled, keep_alive;
		const char *program;
	} program;
	u64 capacity;		/* alerts in the queue; 0: as many as max_bytes allows */
	u64 max_bytes;		/* memory of the queue and of what is being delivered; 0: no limit */
	bool wait;
	/* Is the wait for room to be given up?  May be NULL. */
	bool (*interrupted)(void);
	/* Called by the output thread: a sink failed with this errno. */
	void (*failed)(const char *sink, int err);
	/*
	 * Called first thing in the output thread, and in the process that starts programs: to
	 * give up privileges.  May be NULL.
	 */
	void (*lower_thread)(void);
	void (*lower_child)(void);
};

struct outputs;

/* How many sinks are enabled. */
u32 outputs_enabled(const struct output_options *opt);
/* 0, or a negative errno with d filled: a sink cannot be opened. */
int outputs_start(const struct output_options *opt, struct outputs **ret, struct diag *d);
/* False: the queue is full, the alert is dropped and counted. */
bool outputs_push(struct outputs *o, enum priority prio, const char *line, size_t len);
void outputs_reopen(struct outputs *o);
u64 outputs_dropped(const struct outputs *o);
/* Alerts that a sink could not deliver, for each sink. */
u64 outputs_failed(const struct outputs *o);
/* Of the queue as a table.  Any thread. */
void outputs_stats(struct outputs *o, struct table_stats *ret);
/*
 * Delivers what is queued and ends the thread.  When nothing moves for stall_ms (0: wait
 * for ever) the rest is given up: returns how many alerts were not delivered.  *ret_failed is
 * outputs_failed() at the end; may be NULL.
 */
u64 outputs_stop(struct outputs *o, u32 stall_ms, u64 *ret_failed);

#endif
