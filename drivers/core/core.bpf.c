/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The programs for kernels of today: loads through typed pointers. */
#include "drivers/core/programs.h"
