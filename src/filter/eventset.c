/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of event types and syscalls. */
#include <string.h>

#include "filter/filter.h"

void event_set_fill(struct event_set *s, bool full)
{
	memset(s, full ? 0xff : 0, sizeof(*s));
}

void event_set_and(struct event_set *s, const struct event_set *o)
{
	for (u32 i = 0; i < ARRAY_SIZE(s->ev); i++)
		s->ev[i] &= o->ev[i];
	for (u32 i = 0; i < ARRAY_SIZE(s->sc); i++)
		s->sc[i] &= o->sc[i];
}

void event_set_or(struct event_set *s, const struct event_set *o)
{
	for (u32 i = 0; i < ARRAY_SIZE(s->ev); i++)
		s->ev[i] |= o->ev[i];
	for (u32 i = 0; i < ARRAY_SIZE(s->sc); i++)
		s->sc[i] |= o->sc[i];
}

void event_set_not(struct event_set *s)
{
	for (u32 i = 0; i < ARRAY_SIZE(s->ev); i++)
		s->ev[i] = ~s->ev[i];
	for (u32 i = 0; i < ARRAY_SIZE(s->sc); i++)
		s->sc[i] = ~s->sc[i];
}

bool event_set_has(const struct event_set *s, u32 type)
{
	return type < EV_MAX && s->ev[type / 64] >> type % 64 & 1;
}

bool event_set_has_sc(const struct event_set *s, u32 code)
{
	return code < SC_MAX && s->sc[code / 64] >> code % 64 & 1;
}
