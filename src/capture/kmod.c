/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "capture/driver.h"

static int kmod_open(const struct driver_options *opt, const struct interest *in, struct capture **ret,
		     struct diag *d)
{
	(void)opt;
	(void)in;
	(void)ret;
	diag_set(d, "the kernel module is not part of this build");
	return -ENOTSUP;
}

const struct driver driver_kmod = { .name = "kmod", .title = "kernel module", .open = kmod_open };
