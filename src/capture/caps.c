/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/caps.h"

#include <linux/capability.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CAP_PERFMON		/* 5.8 */
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

static const char *const names[] = {
	[CAP_CHOWN] = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	[CAP_KILL] = "CAP_KILL",
	[CAP_SETGID] = "CAP_SETGID",
	[CAP_SETUID] = "CAP_SETUID",
	[CAP_SETPCAP] = "CAP_SETPCAP",
	[CAP_SYS_MODULE] = "CAP_SYS_MODULE",
	[CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
	[CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	[CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
	[CAP_SYSLOG] = "CAP_SYSLOG",
	[CAP_PERFMON] = "CAP_PERFMON",
	[CAP_BPF] = "CAP_BPF",
};

bool caps_has(u32 cap)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &h, data))
		return true;
	return data[cap / 32].effective >> cap % 32 & 1;
}

bool caps_has_or_admin(u32 cap)
{
	return caps_has(cap) || caps_has(CAP_SYS_ADMIN);
}

const char *caps_name(u32 cap)
{
	static __thread char other[16];

	if (cap < ARRAY_SIZE(names) && names[cap])
		return names[cap];
	snprintf(other, sizeof(other), "CAP_%u", cap);
	return other;
}
