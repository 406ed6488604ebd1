/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to see syscalls, from the one that costs the watched programs least:
 *
 *   fexit       at the functions of the chosen calls; others cost nothing
 *   tracepoint  at the tracepoints of the chosen calls; the kernel tests a bitmap for others
 *   sys_exit    at the tracepoint of all calls; a program tests the number
 *
 * All deliver the same events.  The places of a way form groups (core_load.h): one for each
 * kind of program.
 */
#ifndef SAKER_CAPTURE_CORE_WAY_H
#define SAKER_CAPTURE_CORE_WAY_H

#include "base/buf.h"
#include "capture/core_load.h"
#include "capture/core_names.h"

struct core_way;

/* A place where a hook sits, or shall. */
struct core_hook {
	u32 group, side;
	u32 id;			/* type number of the function, or that of the tracepoint */
	const char *name;	/* of the function or the call; borrowed, lasting */
	bool want;
	int prog, link;		/* owned; -1: none */
};

struct core_missing {
	u32 code;
	bool exists;
};

struct core_ways {
	struct core_loader *l;		/* borrowed */
	const struct core_way *way;
	bool choosing;			/* another way can still be taken */
	struct core_functions functions;
	VEC(struct core_group) groups;
	VEC(struct core_hook) hooks;
	VEC(struct core_missing) missing;	/* calls of interest that have no place, in the plan being made */
	struct buf unseen;		/* calls of interest that the way cannot show */
	u32 nunseen;
	struct buf note;		/* why not the ways before it */
	struct buf described;
};

void core_ways_init(struct core_ways *w, struct core_loader *l);
void core_ways_fini(struct core_ways *w);
/*
 * Loads what `in` needs, calls ready(), which sets up scratch and routes, and attaches; then
 * removes what is no longer needed.  The first call chooses the way: the one of that name, or
 * for NULL and "auto" the first that works.  Returns 0 or a negative errno; d then may say more.
 */
int core_ways_set(struct core_ways *w, const char *name, const struct interest *in,
		  int (*ready)(void *ctx), void *ctx, struct diag *d);
/* The way that was taken, and why none of the cheaper ones. */
const char *core_ways_describe(struct core_ways *w);
/* Those that are attached or called by one that is. */
void core_ways_programs(const struct core_ways *w, struct programs_visitor *v);
/* Times that the kernel skipped a program because one ran already on that CPU. */
u64 core_ways_missed(const struct core_ways *w);

#endif
