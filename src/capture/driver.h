/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live drivers, a row each.  All of them deliver the same events for the same system
 * calls; what a driver cannot do it reports as not available.
 */
#ifndef SAKER_CAPTURE_DRIVER_H
#define SAKER_CAPTURE_DRIVER_H

#include "capture/capture.h"

/* What becomes of events whose program this kernel does not take. */
enum driver_loss_kind {
	LOSS_NOTHING,		/* another variant of it does the same */
	LOSS_PARAMETERS,	/* they come, but with less in them */
	LOSS_EVENTS,		/* they do not come, or as the generic event only */
};

/* Borrowed for the time of the call. */
struct driver_loss {
	const char *program, *why;
	const char *instead;	/* the variant that is tried next; NULL: none */
	enum driver_loss_kind kind;
	u64 events[(EV_MAX + 63) / 64];	/* by type: those that it concerns */
};

/* Members that do not concern a driver are ignored by it. */
struct driver_options {
	u32 buf_bytes;		/* of each ring; a power of two times the page size */
	u64 buf_budget;		/* rings grow from buf_bytes on, up to so many bytes together; 0: they do not */
	u32 cpus_per_ring;	/* 0: one ring for all CPUs */
	u32 workers;		/* among which events are divided, each with rings of its own; 0: 1 */
	bool drop_failed;	/* no exit events of failed syscalls */
	u32 snaplen;		/* bytes of I/O data kept */
	struct dynamic_snaplen dynamic;	/* and of which sockets more */
	bool hold_back;		/* under pressure, what is like something that was sent */
	s64 self_pid;		/* events of this process are not captured; 0: none */
	const char *attach;	/* modern_ebpf: auto, fexit, tracepoint or sys_exit; NULL: auto */
	const char *probe;	/* ebpf: the object file */
	char *const *argv;	/* ptrace: the program to start, NULL-terminated; NULL: none */
	const s32 *pids;	/* ptrace: processes to attach to */
	u32 npids;
	/*
	 * Called for each program that could not be loaded or attached, and for each smaller
	 * variant of it that could not either; may be NULL.
	 */
	void (*rejected)(void *ctx, const struct driver_loss *loss);
	/* Called with what a user should know; may be NULL. */
	void (*notice)(void *ctx, const char *text);
	void *ctx;
	/*
	 * For tests: a program to make unacceptable, in all of its variants; "core:NAME" and
	 * "plain:NAME": in that one; "big:NAME": in all but the last; "raw": tracepoints are
	 * plain ones, as on a kernel that preempts (tracepoint.h).  NULL: none.
	 */
	const char *spoil;
};

struct driver {
	const char *name;	/* engine.kind */
	const char *title;	/* for the log: "modern BPF probe" */
	u32 workers;		/* among which it can divide its events; 0: it cannot */
	const u16 *lacks;	/* codes of the events that it cannot see, and others do; ends in 0; NULL: none */
	bool (*divides)(void);	/* NULL, or false: not on this kernel */
	/*
	 * Begins in a thread what open() needs whatever it is asked for, at most once.  Who calls it calls
	 * drop(), too, after open() or in its place.  NULL: there is nothing of the kind.
	 */
	void (*prepare)(void);
	void (*drop)(void);
	/*
	 * Starts to capture the syscalls of interest.  Returns 0 or a negative errno; d then
	 * names what is missing and the remedy.
	 */
	int (*open)(const struct driver_options *opt, const struct interest *in,
		    struct capture **ret, struct diag *d);
};

/* One for each file of this folder that is a driver. */
extern const struct driver driver_core, driver_kmod, driver_bpf, driver_ptrace;

/* From the one that is preferred to the last resort. */
extern const struct driver *const drivers[];
extern const u32 ndrivers;

/* NULL: none of that name. */
const struct driver *driver_by_name(const char *name);
/* Does it (NULL: any driver) send an event for the code?  A call without an event of its own comes as a generic one. */
bool driver_delivers(const struct driver *d, u32 code);

#endif
