/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The questions of drivers/kwalk/, answered from user space. */
#ifndef SAKER_DRIVERS_PTRACE_WALK_H
#define SAKER_DRIVERS_PTRACE_WALK_H

#include <dirent.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "drivers/ptrace/proc.h"
#include "drivers/ptrace/walk_task.h"
#include "drivers/ptrace/walk_file.h"
#include "drivers/ptrace/walk_unix.h"
#include "drivers/ptrace/walk_sock.h"
#include "drivers/ptrace/walk_fdinfo.h"

#endif
