/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/loss.h"

#include "capture/route.h"
#include "event/table.h"

static void add(struct driver_loss *l, u32 type)
{
	l->events[type / 64] |= 1ull << type % 64;
}

/* A rule may name a call by the event of its beginning: an even number, one less. */
void loss_add_event(struct driver_loss *l, u32 type)
{
	add(l, type);
	if (type & 1)
		add(l, type - 1);
}

void loss_add_forks(struct driver_loss *l)
{
	static const u16 types[] = { EV_SYSCALL_CLONE_20_X, EV_SYSCALL_CLONE3_X, EV_SYSCALL_FORK_20_X,
				     EV_SYSCALL_VFORK_20_X };

	for (u32 i = 0; i < ARRAY_SIZE(types); i++)
		loss_add_event(l, types[i]);
}

void loss_add_extras(struct driver_loss *l)
{
	for (u32 t = 1; t < EV_MAX; t++)
		if (event_desc(t)->captured && event_desc(t)->nextra)
			loss_add_event(l, t);
}

void loss_add_entered(struct driver_loss *l)
{
	for (u32 code = 1; code < SC_MAX; code++)
		if (route_is_enter(code))
			loss_add_event(l, syscall_desc(code)->event);
}

void loss_add_execs(struct driver_loss *l)
{
	loss_add_event(l, EV_SYSCALL_EXECVE_19_X);
	loss_add_event(l, EV_SYSCALL_EXECVEAT_X);
}
