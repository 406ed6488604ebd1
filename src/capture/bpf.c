/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "capture/driver.h"

static int bpf_open(const struct driver_options *opt, const struct interest *in, struct capture **ret,
		     struct diag *d)
{
	(void)opt;
	(void)in;
	(void)ret;
	diag_set(d, "the classic eBPF probe is not part of this build");
	return -ENOTSUP;
}

const struct driver driver_bpf = { .name = "ebpf", .title = "classic BPF probe", .open = bpf_open };
