/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A function for each event that is captured: the rows of schema/events.def. */
#include "drivers/kmod/port.h"
#include "drivers/capture.h"
#include "drivers/lane.h"

#define EVENT(...)
#define UNUSED(...)
#define EXTRACT(NR_, ID_, ...)								\
static void row_##ID_(struct ctx *c)							\
{											\
	capture_##ID_(c);								\
}
#include "schema/events.def"
#undef EXTRACT

#define EXTRACT(NR_, ID_, ...)								\
	[EV_##ID_] = { .capture = row_##ID_, .nparams = nparams_##ID_ },
const struct row event_rows[EV_MAX] = {
#include "schema/events.def"
};
#undef EXTRACT
#undef EVENT
#undef UNUSED

const u16 exit_events[SC_MAX] = {
#define SYSCALL(CODE_, NAME_, EVENT_, USE_) [CODE_] = EV_##EVENT_,
#include "schema/syscalls.def"
#undef SYSCALL
};

u32 event_way(u32 type)
{
	return way_of(type);
}

void append_sockaddr(struct ctx *c, u64 addr, u64 len)
{
	put_sockaddr(c, addr, len);
}
