/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "capture/driver.h"

static int ptrace_open(const struct driver_options *opt, const struct interest *in, struct capture **ret,
		     struct diag *d)
{
	(void)opt;
	(void)in;
	(void)ret;
	diag_set(d, "the ptrace driver is not part of this build");
	return -ENOTSUP;
}

const struct driver driver_ptrace = { .name = "ptrace", .title = "ptrace", .open = ptrace_open };
