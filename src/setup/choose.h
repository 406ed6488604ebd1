/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to get a driver to work, a row each, from the best to the last resort.  A driver may
 * have several: a module that is loaded already, one that has to be loaded, one that has to
 * be built first.
 */
#ifndef SAKER_SETUP_CHOOSE_H
#define SAKER_SETUP_CHOOSE_H

#include "setup/feature.h"

enum {
	WAY_BUILD = 1 << 0,	/* build the driver's file, */
	WAY_LOAD = 1 << 1,	/* load the module, before the driver is opened */
};

struct way {
	const char *kind;	/* engine.kind */
	const char *what;	/* "saker.ko is built and loaded" */
	u32 steps;
	u64 needs;		/* bit for each enum feature without which it cannot work */
	u64 wants;		/* works without, but worse */
};

#define WAYS_MAX 8
extern const struct way ways[];
extern const u32 nways;

/* Of the needs, those that are missing.  quick: what is dear to ask counts as there. */
u64 way_missing(struct features *f, const struct way *w, bool quick);

/*
 * The ways to try, in order, into ret (WAYS_MAX).  kind "auto": all; another: its own, and
 * with fallback all others after them, the one of `last` (may be NULL) first.  Returns their
 * number; 0: there is no such kind.
 */
u32 ways_in_order(const char *kind, bool fallback, const char *last, const struct way **ret);

/* Builds and loads what the way says.  Negative errno: d says why and what to do. */
int way_prepare(const struct way *w, struct features *f, struct diag *d);

/* "headers: none found for 6.1.0-56; make: not installed" for the features in mask. */
void features_explain(struct features *f, u64 mask, struct buf *out);
/*
 * Why a kind cannot be used here, in one line without a full stop: what its last way, the one
 * that starts from nothing, lacks.  Returns the remedy; NULL, and nothing in out, when one of
 * its ways lacks nothing that is known.
 */
const char *kind_explain(struct features *f, const char *kind, bool quick, struct buf *out);

#endif
