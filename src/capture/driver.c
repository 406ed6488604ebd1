/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/driver.h"

#include <string.h>

const struct driver *const drivers[] = { &driver_core, &driver_kmod, &driver_bpf, &driver_ptrace };
const u32 ndrivers = ARRAY_SIZE(drivers);

const struct driver *driver_by_name(const char *name)
{
	for (u32 i = 0; i < ndrivers; i++)
		if (!strcmp(drivers[i]->name, name))
			return drivers[i];
	return NULL;
}
