/* SPDX-License-Identifier: Apache-2.0 */
/* The capabilities of this thread, by the numbers of linux/capability.h. */
#ifndef SAKER_CAPTURE_CAPS_H
#define SAKER_CAPTURE_CAPS_H

#include "base/types.h"

/* Is it effective?  True when the kernel does not tell. */
bool caps_has(u32 cap);
/* The same, or CAP_SYS_ADMIN, which includes CAP_BPF and CAP_PERFMON. */
bool caps_has_or_admin(u32 cap);
/* "CAP_BPF"; "CAP_60" for one that has no name here. */
const char *caps_name(u32 cap);

#endif
