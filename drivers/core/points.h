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
#define POINT_END(c, ID_) (capture_##ID_(c), event_end(c, way_of(EV_##ID_)))

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

#endif
