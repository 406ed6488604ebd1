/* SPDX-License-Identifier: Apache-2.0 */
/* From an interest, by code, to what a driver is told: by number, and which tracepoints. */
#ifndef SAKER_CAPTURE_ROUTE_H
#define SAKER_CAPTURE_ROUTE_H

#include "capture/capture.h"

/* What a syscall's number (below NR_SYSCALLS) stands for, as ROUTE() of schema/driver_abi.h. */
u32 route_exit(const struct interest *in, u32 nr);
/* The same of those whose path or address is copied when the call begins. */
u32 route_enter(const struct interest *in, u32 nr);

/* Is the path or address that this call is given copied when it begins? */
bool route_is_enter(u32 code);

bool route_wants_exec(const struct interest *in);
bool route_wants_fork(const struct interest *in);
bool route_wants_enter(const struct interest *in);

#endif
