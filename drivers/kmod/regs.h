/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What depends on the architecture. */
#ifndef SAKER_DRIVERS_KMOD_REGS_H
#define SAKER_DRIVERS_KMOD_REGS_H

#include <linux/compat.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#if defined(CONFIG_X86_64)
#include <asm/processor.h>
#include <asm/vsyscall.h>

/* The page of vsyscalls is the user's, and nothing is above it. */
#define KERNEL_LIMIT ((unsigned long)VSYSCALL_ADDR)

/* Reading an address that is not canonical is another kind of fault. */
static inline unsigned long lowest_kernel_address(void)
{
	return -1ul << (boot_cpu_data.x86_virt_bits - 1);
}

static inline u32 syscall_nr(const struct pt_regs *regs)
{
	return regs->orig_ax;
}

static inline bool is_compat_call(void)
{
	return in_ia32_syscall();
}

static inline void read_args(const struct pt_regs *r, bool is_compat, u64 *args)
{
	args[0] = is_compat ? (u32)r->bx : r->di;
	args[1] = is_compat ? (u32)r->cx : r->si;
	args[2] = is_compat ? (u32)r->dx : r->dx;
	args[3] = is_compat ? (u32)r->si : r->r10;
	args[4] = is_compat ? (u32)r->di : r->r8;
	args[5] = is_compat ? (u32)r->bp : r->r9;
}

#elif defined(CONFIG_ARM64)
#define KERNEL_LIMIT (~0ul)

static inline unsigned long lowest_kernel_address(void)
{
	return 1ul << 63;
}

static inline u32 syscall_nr(const struct pt_regs *regs)
{
	return regs->syscallno;
}

static inline bool is_compat_call(void)
{
	return is_compat_task();
}

/* The first argument's register holds the result when the call ends. */
static inline void read_args(const struct pt_regs *r, bool is_compat, u64 *args)
{
	u32 i;

	args[0] = is_compat ? (u32)r->orig_x0 : r->orig_x0;
	for (i = 1; i < 6; i++)
		args[i] = is_compat ? (u32)r->regs[i] : r->regs[i];
}

#else
#error "the module is for x86_64 and arm64"
#endif

#endif
