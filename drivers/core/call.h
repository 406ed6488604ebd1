/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The system call at hand: number, table, arguments; and what it is to this sensor. */
#ifndef SAKER_DRIVERS_CORE_CALL_H
#define SAKER_DRIVERS_CORE_CALL_H

/* Where arguments are: X(n, member of struct pt_regs). */
#if defined(__TARGET_ARCH_x86)
#define NATIVE_ARGS(X) X(0, di) X(1, si) X(2, dx) X(3, r10) X(4, r8) X(5, r9)
#define COMPAT_ARGS(X) X(0, bx) X(1, cx) X(2, dx) X(3, si) X(4, di) X(5, bp)
#define REG_NUMBER orig_ax
#define REG_RESULT ax
#define REG_FIRST di
#define REG_FIRST32 bx
#define TS_COMPAT 2

static inline_ bool is_compat_task(void)
{
	struct task_struct *t = current_task();

	return KREAD(t, thread_info.status) & TS_COMPAT;
}
#elif defined(__TARGET_ARCH_arm64)
#define NATIVE_ARGS(X) X(0, orig_x0) X(1, regs[1]) X(2, regs[2]) X(3, regs[3]) X(4, regs[4]) \
	X(5, regs[5])
#define COMPAT_ARGS(X) NATIVE_ARGS(X)
#define REG_NUMBER syscallno
#define REG_RESULT regs[0]
#define REG_FIRST orig_x0
#define REG_FIRST32 orig_x0
#define TIF_32BIT 22

static inline_ bool is_compat_task(void)
{
	struct task_struct *t = current_task();

	return KREAD(t, thread_info.flags) >> TIF_32BIT & 1;
}
#endif

#define syscall_nr(r) ((u32)(r)->REG_NUMBER)

#define FROM_REGS(N_, REG_) s->args[N_] = regs->REG_;
#define FROM_REGS32(N_, REG_) s->args[N_] = (u32)regs->REG_;
#define FROM_ADDRESS(N_, REG_) s->args[N_] = BPF_CORE_READ(regs, REG_);

static inline_ void take_args(struct scratch *s, struct pt_regs *regs, bool is_compat)
{
	if (is_compat) {
		COMPAT_ARGS(FROM_REGS32)
	} else {
		NATIVE_ARGS(FROM_REGS)
	}
}

/*
 * In programs that are not given the registers.  Before 5.15 no helper knows where they are:
 * at the end of the stack, which has 16 KiB but in kernels built for debugging.
 */
#define HAS_TASK_REGS bpf_core_enum_value_exists(enum bpf_func_id___x, BPF_FUNC_task_pt_regs___x)

static inline_ struct pt_regs *regs_address(void)
{
	struct task_struct *t = (void *)bpf_get_current_task();

	if (HAS_TASK_REGS)
		return (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return BPF_CORE_READ(t, stack) + KERNEL_STACK - KSIZE(struct pt_regs);
}

static inline_ void find_args(struct scratch *s, bool is_compat)
{
	struct pt_regs *regs;

	if (HAS_TASK_REGS) {
		regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
		take_args(s, regs, is_compat);
		return;
	}
	regs = regs_address();
	if (is_compat) {
		COMPAT_ARGS(FROM_ADDRESS)
	} else {
		NATIVE_ARGS(FROM_ADDRESS)
	}
}

/* Number and result of the call, as far as it came. */
static inline_ u32 find_call(u64 *ret_result)
{
	struct pt_regs *regs = regs_address();

	*ret_result = BPF_CORE_READ(regs, REG_RESULT);
	return BPF_CORE_READ(regs, REG_NUMBER);
}

static inline_ u64 find_first_arg(bool is_compat)
{
	struct pt_regs *regs = regs_address();

	return is_compat ? (u32)BPF_CORE_READ(regs, REG_FIRST32) : BPF_CORE_READ(regs, REG_FIRST);
}

/* Code of the syscall if it is of interest, or else SC_unknown. */
static inline_ u32 route_of(u32 route, bool *ret_compat)
{
	*ret_compat = config.compat && is_compat_task();
	return *ret_compat ? route >> 16 : route & 0xffff;
}

#if defined(__TARGET_ARCH_arm64)
/* 32-bit programs make these calls themselves. */
static inline_ u32 socketcall(struct scratch *s)
{
	return SC_unknown;
}
#else
/*
 * The call inside a 32-bit socketcall, its arguments put in the place of those of socketcall;
 * SC_unknown when it is of no interest or its arguments cannot be read.
 */
static __noinline u32 socketcall(struct scratch *s)
{
	u32 call = s->args[0], args[6] = { 0 }, code, n;

	switch (call) {
#define SOCKETCALL(NR_, NAME_, NARGS_) case NR_: code = SC_##NAME_; n = NARGS_; break;
	SOCKETCALLS(SOCKETCALL)
#undef SOCKETCALL
	default: return SC_unknown;
	}
	if (!(live.wanted[code / 64 & (NR_CODES / 64 - 1)] >> code % 64 & 1) ||
	    bpf_probe_read_user(args, n * sizeof(args[0]) & 31, (void *)s->args[1]))
		return SC_unknown;
	for (int i = 0; i < 6; i++)
		s->args[i] = args[i];
	return code;
}
#endif

#endif
