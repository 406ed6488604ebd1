/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cap.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int caps_get(struct caps *ret)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &h, data))
		return -errno;
	*ret = (struct caps){
		.effective = data[0].effective | (u64)data[1].effective << 32,
		.permitted = data[0].permitted | (u64)data[1].permitted << 32,
		.inheritable = data[0].inheritable | (u64)data[1].inheritable << 32,
	};
	return 0;
}

int caps_set(const struct caps *c)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ (u32)c->effective, (u32)c->permitted, (u32)c->inheritable },
		{ (u32)(c->effective >> 32), (u32)(c->permitted >> 32), (u32)(c->inheritable >> 32) },
	};

	return syscall(SYS_capset, &h, data) ? -errno : 0;
}

/* The bounding set first, while CAP_SETPCAP is there. */
int caps_give_up(u64 keep, u64 bounding)
{
	struct caps c;
	int err = caps_get(&c);

	if (err)
		return err;
	c.effective = c.permitted;
	caps_set(&c);
	for (u32 cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(bounding & CAP_BIT(cap)))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	c.permitted &= keep;
	c.effective = c.permitted;
	c.inheritable = 0;
	return caps_set(&c);
}
