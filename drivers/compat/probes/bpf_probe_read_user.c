/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* BPF has bpf_probe_read_user(), which knows whose memory it reads: 5.5, commit 6ae08ae3dea2. */
#include <linux/types.h>
#include <uapi/linux/bpf.h>

int probe(void);
int probe(void)
{
	return BPF_FUNC_probe_read_user;
}
