/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processes the events come from: a small table, so that the loop spends next to nothing
 * on it.  Those with few events of late give way to others, which is counted: a process that
 * comes back starts at 0 again.  Used by one thread.
 */
#ifndef SAKER_APP_TALKERS_H
#define SAKER_APP_TALKERS_H

#include "base/types.h"

#define TALKER_SETS 64u
#define TALKER_WAYS 8u
#define TALKERS_MAX (TALKER_SETS * TALKER_WAYS)

struct talker {
	s64 pid;
	u64 events;		/* since it is in the table */
	u32 recent;		/* halved by talkers_age() */
	char name[20];		/* the process's own, when it was last asked for */
};

struct talkers {
	struct talker table[TALKER_SETS][TALKER_WAYS];	/* events 0: free */
	struct talker *last;	/* events come in runs */
	u64 evicted;
};

/* The place of a process, made when it has none. */
struct talker *talkers_find(struct talkers *t, s64 pid);
/* Counts an event; returns its place. */
static inline struct talker *talkers_count(struct talkers *t, s64 pid)
{
	struct talker *k = t->last && t->last->pid == pid ? t->last : talkers_find(t, pid);

	k->events++;
	k->recent++;
	return k;
}

/* Once a second. */
void talkers_age(struct talkers *t);

#endif
