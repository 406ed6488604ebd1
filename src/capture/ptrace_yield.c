/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/ptrace_trace.h"

bool ptrace_yield(struct ptrace *p, struct tracee *t)
{
	(void)p;
	(void)t;
	return false;
}

void ptrace_yield_serve(struct ptrace *p)
{
	(void)p;
}

void ptrace_yield_fini(struct ptrace *p)
{
	(void)p;
}
