/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/core_loss.h"

#include "capture/core_load.h"
#include "capture/loss.h"
#include "event/table.h"

void core_loss_of(u32 id, bool all, bool small, struct driver_loss *ret)
{
	ret->kind = all ? LOSS_EVENTS : small ? LOSS_PARAMETERS : LOSS_NOTHING;
	if (id == EV_SYSCALL_CLONE_20_X || id == ID_PROGRAM + CORE_FORK) {
		loss_add_forks(ret);
	} else if (id < EV_MAX) {
		loss_add_event(ret, id);
	} else if (id == ID_PROGRAM + CORE_EXEC) {
		loss_add_execs(ret);
	} else if (id == ID_PROGRAM + CORE_TASK_EXIT) {
		loss_add_event(ret, EV_PROCEXIT_1_E);
	} else if (id >= ID_PROGRAM + CORE_POINTS && id < ID_STUB) {
		loss_add_event(ret, syscall_desc(core_point_code(id - ID_PROGRAM))->event);
	} else if (id == ID_PROGRAM + CORE_FINISH) {
		loss_add_extras(ret);
		ret->kind = all || small ? LOSS_PARAMETERS : LOSS_NOTHING;
	} else if (id == ID_PROGRAM + CORE_FILTER || id == ID_PROGRAM + CORE_HOLD) {
		ret->kind = LOSS_NOTHING;	/* all events come, also those that no rule wants, or that are like others */
	} else {
		/* a hook at the beginning of calls: what they pass is read at their end */
		loss_add_entered(ret);
		ret->kind = all ? LOSS_PARAMETERS : LOSS_NOTHING;
	}
}
