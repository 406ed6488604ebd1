/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capabilities of the calling thread (the kernel keeps them for each thread).  A set of
 * them is a mask: bit 1 << number, by the numbers of linux/capability.h.
 */
#ifndef SAKER_BASE_CAP_H
#define SAKER_BASE_CAP_H

#include <linux/capability.h>

#include "base/types.h"

#ifndef CAP_PERFMON		/* 5.8 */
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

#define CAP_BIT(cap) (1ull << (cap))

struct caps {
	u64 effective, permitted, inheritable;
};

/* 0 or a negative errno. */
int caps_get(struct caps *ret);
int caps_set(const struct caps *c);
/*
 * For good: all but `keep` of every set, and all but `bounding` of the bounding set, where
 * that is allowed (CAP_SETPCAP).
 */
int caps_give_up(u64 keep, u64 bounding);

#endif
