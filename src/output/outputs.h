/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of finished alerts and the thread that delivers them, in order, to all
 * enabled sinks; a sink on the network has a queue and a thread of its own.
 *
 * Any thread may push; start, reopen, check and stop belong to the main one.  What does not fit is
 * dropped and counted, or, when wait is set (a file can wait, a kernel cannot), the producer
 * sleeps until there is room; not for a server that has ceased to answer.
 */
#ifndef SAKER_OUTPUT_OUTPUTS_H
#define SAKER_OUTPUT_OUTPUTS_H

#include "base/account.h"
#include "http/post.h"
#include "output/alert.h"

struct output_options {	/* strings are borrowed for the life of the outputs */
	bool buffered;
	bool stdout_enabled, syslog_enabled;
	const char *syslog_path;	/* NULL: the system's */
	struct {
		bool enabled, keep_alive;
		const char *filename;
	} file;
	struct {
		bool enabled, keep_alive;
		const char *program;
	} program;
	struct {
		bool enabled, echo;		/* echo: answers to standard output */
		struct http_post_options post;
		struct http_files *files;	/* moved from by outputs_start() */
		u32 max_timeouts;		/* in a row, before an alert is given up */
	} http;
	u64 capacity;		/* alerts in a queue; 0: as many as max_bytes allows */
	u64 max_bytes;		/* memory of the queues and of what is being delivered; 0: no limit */
	u64 timeout_ms;		/* of the watchdog; 0: none */
	bool wait;
	/* Is nothing to be waited for any more?  May be NULL. */
	bool (*interrupted)(void);
	/*
	 * Told by an output thread, these may be NULL: a sink failed (at most once a second for each
	 * sink; more: so often since the last time); something that is no failure.
	 */
	void (*failed)(const char *sink, const char *why, u64 more);
	void (*noted)(const char *sink, const char *what);
	/* Told by any thread, once for each: a sink blocks for timeout_ms; so do all (or: only itself). */
	void (*blocked)(const char *sink, bool all);
	/*
	 * Called first thing in the output thread, in those of sinks on the network, and in the
	 * process that starts programs: to give up privileges.  May be NULL.
	 */
	void (*lower_thread)(void);
	void (*lower_apart)(void);
	void (*lower_child)(void);
};

struct outputs;

/* How many sinks are enabled. */
u32 outputs_enabled(const struct output_options *opt);
/* 0, or a negative errno with d filled: a sink cannot be opened. */
int outputs_start(const struct output_options *opt, struct outputs **ret, struct diag *d);
/* False: a queue is full, its sinks do not get the alert; that is counted. */
bool outputs_push(struct outputs *o, enum priority prio, const char *line, size_t len);
void outputs_reopen(struct outputs *o);
/* Any thread, as the next: alerts that found a queue full. */
u64 outputs_dropped(const struct outputs *o);
/* Alerts that a sink could not deliver, for each sink. */
u64 outputs_failed(const struct outputs *o);
/* The watchdog: to be called now and then, from any thread. */
void outputs_check(struct outputs *o);
/* Of the queues as a table.  Any thread. */
void outputs_stats(struct outputs *o, struct table_stats *ret);
/*
 * Delivers what is queued and ends the threads.  When nothing moves for stall_ms (0: wait
 * until interrupted(), and then timeout_ms) the rest is given up: returns how many alerts were not delivered.  A sink on the network
 * that is slow has four times that.  *ret_failed is outputs_failed() at the end; may be NULL.
 */
u64 outputs_stop(struct outputs *o, u32 stall_ms, u64 *ret_failed);

#endif
