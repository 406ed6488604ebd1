/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading and attaching the CO-RE programs.
 *
 * Programs that a later interest needs are loaded as another object on the same maps.  Only
 * file descriptors are kept: nothing is pinned, so the kernel drops all of it when this process
 * ends, however it ends.
 */
#ifndef SAKER_CAPTURE_CORE_LOAD_H
#define SAKER_CAPTURE_CORE_LOAD_H

#include "base/diag.h"
#include "base/vec.h"
#include "capture/capture.h"
#include "schema/core_abi.h"

struct bpf_link;
struct core_variant;

/* Programs that are no event's own, by name. */
enum core_program {
	CORE_EXIT, CORE_FINISH, CORE_EXEC, CORE_FORK, CORE_TASK_EXIT, CORE_ENTER, CORE_PROGRAMS
};
enum core_map {
	CORE_SCRATCH, CORE_RINGS, CORE_STASHES, CORE_BY_CODE, CORE_FINISHERS, CORE_LIVE, CORE_MAPS
};

struct core_loader {
	const struct core_variant *variant;
	struct core_config config;	/* of all objects */
	u32 nrings, ncpus;
	const int *ring_fds;		/* borrowed, nrings of them: what the map of rings holds */
	bool filled;			/* the map of rings is */
	int maps[CORE_MAPS];		/* owned; -1: not yet */
	bool loaded[EV_MAX];		/* programs by event type */
	bool rejected[EV_MAX];
	bool has[CORE_PROGRAMS];
	bool refused[CORE_PROGRAMS];
	VEC(struct bpf_link *) links;	/* owned */
	const char *spoil;		/* borrowed; see struct driver_options */
	void (*on_rejected)(void *ctx, const char *program, const char *why);
	void *ctx;
};

void core_loader_init(struct core_loader *l);
void core_loader_fini(struct core_loader *l);
/*
 * Loads and attaches what `in` needs and is missing.  ready() is called when all is loaded and
 * the maps are there, before anything new runs; it sets up scratch and routes.
 */
int core_load(struct core_loader *l, const struct interest *in, int (*ready)(void *ctx), void *ctx,
	      struct diag *d);

#endif
