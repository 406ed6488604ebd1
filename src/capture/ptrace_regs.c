/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/ptrace_regs.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#if defined(__x86_64__)

int regs_get(s32 tid, struct regs *ret)
{
	return ptrace(PTRACE_GETREGS, tid, NULL, &ret->r) < 0 ? -errno : 0;
}

int regs_set(s32 tid, const struct regs *r)
{
	return ptrace(PTRACE_SETREGS, tid, NULL, &r->r) < 0 ? -errno : 0;
}

int regs_skip_call(s32 tid, s64 ret)
{
	struct regs r;
	int err = regs_get(tid, &r);

	if (err)
		return err;
	r.r.orig_rax = ~0ull;
	r.r.rax = (u64)ret;
	return regs_set(tid, &r);
}

int regs_make_call(s32 tid, const struct regs *saved, u64 addr, u32 nr, const u64 args[6])
{
	struct regs r = *saved;

	r.r.orig_rax = ~0ull;
	r.r.rax = nr;
	r.r.rip = addr;
	r.r.rdi = args[0];
	r.r.rsi = args[1];
	r.r.rdx = args[2];
	r.r.r10 = args[3];
	r.r.r8 = args[4];
	r.r.r9 = args[5];
	return regs_set(tid, &r);
}

void regs_rewind(struct regs *r)
{
	r->r.rip -= 2;
	r->r.rax = r->r.orig_rax;
	r->r.orig_rax = ~0ull;
}

void regs_no_call(struct regs *r)
{
	r->r.orig_rax = ~0ull;
}

u64 regs_call_addr(const struct regs *r)
{
	return r->r.rip - 2;
}

bool regs_is_call(const u8 *code)
{
	return code[0] == 0x0f && code[1] == 0x05;
}

u32 regs_call_len(void)
{
	return 2;
}

#elif defined(__aarch64__)

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

int regs_get(s32 tid, struct regs *ret)
{
	struct iovec v = { &ret->r, sizeof(ret->r) };

	return ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &v) < 0 ? -errno : 0;
}

int regs_set(s32 tid, const struct regs *r)
{
	struct iovec v = { (void *)&r->r, sizeof(r->r) };

	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &v) < 0 ? -errno : 0;
}

static int set_nr(s32 tid, int nr)
{
	struct iovec v = { &nr, sizeof(nr) };

	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_ARM_SYSTEM_CALL, &v) < 0 ? -errno : 0;
}

int regs_skip_call(s32 tid, s64 ret)
{
	struct regs r;
	int err = regs_get(tid, &r);

	if (!err)
		err = set_nr(tid, -1);
	if (err)
		return err;
	r.r.regs[0] = (u64)ret;
	return regs_set(tid, &r);
}

int regs_make_call(s32 tid, const struct regs *saved, u64 addr, u32 nr, const u64 args[6])
{
	struct regs r = *saved;

	memcpy(r.r.regs, args, 6 * sizeof(*args));
	r.r.regs[8] = nr;
	r.r.pc = addr;
	return regs_set(tid, &r);
}

/* x0 is still the first argument while the call begins, x8 the number. */
void regs_rewind(struct regs *r)
{
	r->r.pc -= 4;
}

void regs_no_call(struct regs *r)
{
	(void)r;
}

u64 regs_call_addr(const struct regs *r)
{
	return r->r.pc - 4;
}

bool regs_is_call(const u8 *code)
{
	static const u8 svc[] = { 0x01, 0x00, 0x00, 0xd4 };

	return !memcmp(code, svc, sizeof(svc));
}

u32 regs_call_len(void)
{
	return 4;
}

#endif
