/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The same programs for kernels before 6.2; see KLOAD() in port.h. */
#define PLAIN_READS
#include "drivers/core/programs.h"
