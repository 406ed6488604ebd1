/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tracepoints that are neither syscalls nor the life of a process.  The loader attaches a program of
 * these for as long as its event is wanted, so that it costs nothing otherwise.
 */
#ifndef SAKER_DRIVERS_CORE_POINTS_H
#define SAKER_DRIVERS_CORE_POINTS_H

/* False: nobody wants it, or there is no room. */
static inline_ bool point_begin(struct ctx *c, u32 code, u32 type, u32 nparams)
{
	c->task = current_task();
	return live.wanted[code / 64] >> code % 64 & 1 && lifecycle_begin(c, code, type, nparams);
}

#define POINT_BEGIN(c, CODE_, ID_) point_begin(c, SC_##CODE_, EV_##ID_, nparams_##ID_)
#define POINT_END(c, ID_) (capture_##ID_(c), event_end_held(c, way_of(EV_##ID_)))

/* Of a SIGKILL the kernel has no siginfo: small numbers stand in its place, and are read as zeros. */
SEC("tp_btf/signal_deliver")
int on_signal(u64 *ctx)
{
	struct kernel_siginfo *info = (void *)ctx[1];
	struct ctx c;

	if (!POINT_BEGIN(&c, signal_deliver, SIGNALDELIVER_E))
		return 0;
	c.s->args[0] = (u32)ctx[0];
	c.s->args[1] = KREAD(info, si_code);
	c.s->args[2] = KREAD(info, _sifields._kill._pid);
	return POINT_END(&c, SIGNALDELIVER_E);
}

/* The thread before is still the current one. */
SEC("tp_btf/sched_switch")
int on_switch(u64 *ctx)
{
	struct task_struct *next = (void *)ctx[2];
	struct ctx c;

	if (!POINT_BEGIN(&c, sched_switch, SCHEDSWITCH_6_E))
		return 0;
	c.s->args[0] = KREAD(next, pid);
	return POINT_END(&c, SCHEDSWITCH_6_E);
}

#if defined(__TARGET_ARCH_x86)
static inline_ int page_fault(u64 *ctx, u32 code)
{
	struct pt_regs *regs = (void *)ctx[1];
	struct ctx c;

	if (!point_begin(&c, code, EV_PAGE_FAULT_E, nparams_PAGE_FAULT_E))
		return 0;
	c.s->args[0] = ctx[0];
	c.s->args[1] = KREAD(regs, ip);
	c.s->args[2] = ctx[2];
	return POINT_END(&c, PAGE_FAULT_E);
}

SEC("tp_btf/page_fault_user")
int on_fault_user(u64 *ctx)
{
	return page_fault(ctx, SC_page_fault_user);
}

/* While an event is made here it is the maker's own, who reads what the caller points to: no loss. */
SEC("tp_btf/page_fault_kernel")
int on_fault_kernel(u64 *ctx)
{
	struct scratch *s = this_scratch();

	return s && !s->busy ? page_fault(ctx, SC_page_fault_kernel) : 0;
}
#endif

#endif
