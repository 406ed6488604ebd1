/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/core_loss.h"

#include "capture/core_load.h"
#include "capture/route.h"
#include "event/table.h"

static void add(struct driver_loss *l, u32 type)
{
	l->events[type / 64] |= 1ull << type % 64;
}

/* A rule may name a call by the event of its beginning: an even number, one less. */
static void add_pair(struct driver_loss *l, u32 type)
{
	add(l, type);
	if (type & 1)
		add(l, type - 1);
}

static void add_forks(struct driver_loss *l)
{
	static const u16 types[] = { EV_SYSCALL_CLONE_20_X, EV_SYSCALL_CLONE3_X, EV_SYSCALL_FORK_20_X,
				     EV_SYSCALL_VFORK_20_X };

	for (u32 i = 0; i < ARRAY_SIZE(types); i++)
		add_pair(l, types[i]);
}

/* Events that say more than their standard parameters. */
static void add_extras(struct driver_loss *l)
{
	for (u32 t = 1; t < EV_MAX; t++)
		if (event_desc(t)->captured && event_desc(t)->nextra)
			add_pair(l, t);
}

static void add_entered(struct driver_loss *l)
{
	for (u32 code = 1; code < SC_MAX; code++)
		if (route_is_enter(code))
			add_pair(l, syscall_desc(code)->event);
}

void core_loss_of(u32 id, bool all, bool small, struct driver_loss *ret)
{
	ret->kind = all ? LOSS_EVENTS : small ? LOSS_PARAMETERS : LOSS_NOTHING;
	if (id == EV_SYSCALL_CLONE_20_X || id == ID_PROGRAM + CORE_FORK) {
		add_forks(ret);
	} else if (id < EV_MAX) {
		add_pair(ret, id);
	} else if (id == ID_PROGRAM + CORE_EXEC) {
		add_pair(ret, EV_SYSCALL_EXECVE_19_X);
		add_pair(ret, EV_SYSCALL_EXECVEAT_X);
	} else if (id == ID_PROGRAM + CORE_TASK_EXIT) {
		add_pair(ret, EV_PROCEXIT_1_E);
	} else if (id == ID_PROGRAM + CORE_FINISH) {
		add_extras(ret);
		ret->kind = all || small ? LOSS_PARAMETERS : LOSS_NOTHING;
	} else {
		/* a hook at the beginning of calls: what they pass is read at their end */
		add_entered(ret);
		ret->kind = all ? LOSS_PARAMETERS : LOSS_NOTHING;
	}
}
