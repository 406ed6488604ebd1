/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * All walks of kernel structures.  A port that cannot look into the kernel names a header of
 * its own in PORT_WALK, with functions of the same names and meaning: those that the rows of
 * schema/events.def and drivers/extract/ call.
 */
#ifndef SAKER_DRIVERS_KWALK_WALK_H
#define SAKER_DRIVERS_KWALK_WALK_H

#include "drivers/kwalk/task.h"
#include "drivers/kwalk/cred.h"
#include "drivers/kwalk/file.h"
#include "drivers/kwalk/path.h"
#include "drivers/kwalk/cgroup.h"
#include "drivers/kwalk/socket.h"
#include "drivers/kwalk/mm.h"
#include "drivers/kwalk/fdinfo.h"

#endif
