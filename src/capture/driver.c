/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/driver.h"

#include <string.h>

#include "event/table.h"

const struct driver *const drivers[] = { &driver_core, &driver_kmod, &driver_bpf, &driver_ptrace };
const u32 ndrivers = ARRAY_SIZE(drivers);

const struct driver *driver_by_name(const char *name)
{
	for (u32 i = 0; name && i < ndrivers; i++)
		if (!strcmp(drivers[i]->name, name))
			return drivers[i];
	return NULL;
}

/* The kernel has tracepoints of page faults on x86 only. */
static bool machine_has(u32 code)
{
#if defined(__x86_64__)
	(void)code;
	return true;
#else
	return code != SC_page_fault_user && code != SC_page_fault_kernel;
#endif
}

bool driver_delivers(const struct driver *d, u32 code)
{
	const struct syscall_desc *s = syscall_desc(code);
	const struct event_desc *e = s && s->use & SU_USED ? event_desc(s->event) : NULL;

	for (const u16 *lacks = d ? d->lacks : NULL; lacks && *lacks; lacks++)
		if (*lacks == code)
			return false;
	return !e || !(e->category & EC_TRACEPOINT) || (e->captured && machine_has(code));
}
