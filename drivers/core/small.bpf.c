/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The same programs with less to do, for a verifier that rejects the others: no parameters of
 * saker's own, and no walk from a file or a cgroup to its path.
 */
#define PLAIN_READS
#define NO_EXTRAS
#define NO_PATHS
#include "drivers/core/programs.h"
