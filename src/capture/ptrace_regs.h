/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a stopped thread: what differs between machines. */
#ifndef SAKER_CAPTURE_PTRACE_REGS_H
#define SAKER_CAPTURE_PTRACE_REGS_H

#include <sys/user.h>

#include "base/types.h"

struct regs {
	struct user_regs_struct r;
};

int regs_get(s32 tid, struct regs *ret);
int regs_set(s32 tid, const struct regs *r);
/* The call that is about to begin is not made, and returns ret. */
int regs_skip_call(s32 tid, s64 ret);
/* Makes the thread begin a call: addr is that of a system call instruction. */
int regs_make_call(s32 tid, const struct regs *saved, u64 addr, u32 nr, const u64 args[6]);
/* Back to before the call that is beginning: the thread will make it once more. */
void regs_rewind(struct regs *r);
/* No call is under way: nothing is to be restarted. */
void regs_no_call(struct regs *r);
/* Address of the instruction that made the call which is under way. */
u64 regs_call_addr(const struct regs *r);
bool regs_is_call(const u8 *code);	/* the bytes of that instruction */
u32 regs_call_len(void);

#endif
