/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs at tracepoints, of two kinds.
 *
 * A raw one gets the arguments of the tracepoint.  A plain one gets the record that perf makes
 * of them, costs more, and needs tracefs; but perf does not let it be preempted.  Kernels from
 * 7.0 on preempt raw ones, and plain ones at the tracepoints of single syscalls (where these
 * may sleep), and skip a program that is to run while it stands preempted on that CPU.
 */
#ifndef SAKER_CAPTURE_TRACEPOINT_H
#define SAKER_CAPTURE_TRACEPOINT_H

#include "base/types.h"

struct driver_options;

/* What a user must know where raw ones are used nevertheless. */
#define TRACEPOINTS_PREEMPTED " (this kernel preempts programs there and may lose events: mount tracefs, "	\
	"permit perf_event_open)"

/* Are the tracepoints of syscalls there, and may be read? */
bool tracepoints_of_syscalls(void);
/* The number of GROUP/NAME, or a negative errno. */
int tracepoint_id(const char *name);
/* An event at the tracepoint of that number: a descriptor to be closed, or a negative errno. */
int tracepoint_open(u32 id);
/* Attaches a plain program for as long as the descriptor returned is open; or a negative errno. */
int tracepoint_attach(u32 id, int prog);

/* Does this kernel preempt a thread that runs in it, always or at the end of a time slice? */
bool kernel_preempts(void);
/* Does it preempt raw programs? */
bool kernel_preempts_raw(void);
/* The same, and plain ones can be had. */
bool tracepoints_must_be_plain(const struct driver_options *opt);

#endif
