/* SPDX-License-Identifier: Apache-2.0 */
#include "app/talkers.h"

#include <string.h>

#include "base/hash.h"

/* A free place, or the one that was least active. */
static struct talker *make_room(struct talkers *t, struct talker *set)
{
	struct talker *least = set;

	for (u32 i = 0; i < TALKER_WAYS; i++) {
		if (!set[i].events)
			return &set[i];
		if (set[i].recent < least->recent)
			least = &set[i];
	}
	t->evicted++;
	return least;
}

struct talker *talkers_find(struct talkers *t, s64 pid)
{
	struct talker *set, *k;

	k = set = t->table[hash_u64((u64)pid) % TALKER_SETS];
	while (k < set + TALKER_WAYS && (k->pid != pid || !k->events))
		k++;
	if (k == set + TALKER_WAYS) {
		k = make_room(t, set);
		*k = (struct talker){ .pid = pid };
	}
	t->last = k;
	return k;
}

void talkers_age(struct talkers *t)
{
	for (u32 i = 0; i < TALKERS_MAX; i++)
		t->table[i / TALKER_WAYS][i % TALKER_WAYS].recent /= 2;
}
