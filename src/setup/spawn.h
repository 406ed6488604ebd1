/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAKER_SETUP_SPAWN_H
#define SAKER_SETUP_SPAWN_H

#include "base/types.h"

/*
 * Runs a command in a process group of its own, its output appended to the file log, and
 * waits for it.  Returns its wait status, or a negative errno; -ETIMEDOUT, or -EINTR when
 * interrupted() (may be NULL) became true: it was killed.
 */
int spawn_and_wait(const char *const *argv, const char *log, u32 seconds, bool (*interrupted)(void));

#endif
