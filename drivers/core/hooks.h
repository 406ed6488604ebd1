/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Where the driver sits at system calls: one program for each kind of place.
 *
 * All of them look the number up in live.routes and leave, or put arguments and result into
 * the scratch and tail-call the event's program, which does not know the place.  The loader
 * says which of them are attached, and to what; on_exit and on_enter_call are loaded several times.
 */
#ifndef SAKER_DRIVERS_CORE_HOOKS_H
#define SAKER_DRIVERS_CORE_HOOKS_H

/* regs: NULL where the place does not give them. */
static inline_ int syscall_end(void *prog_ctx, struct pt_regs *regs, u64 nr, long ret)
{
	struct scratch *s;
	bool is_compat;
	u32 route, code;

	if (nr >= NR_SYSCALLS)
		return 0;
	opaque(nr);
	route = live.routes[nr & (NR_SYSCALLS - 1)];
	if (!route)
		return 0;
	code = route_of(route, &is_compat);
	if (!code || reported_elsewhere(code, ret))
		return 0;
	if (config.self_pid && bpf_get_current_pid_tgid() >> 32 == config.self_pid)
		return 0;
	s = this_scratch();
	if (!s)
		return 0;
	if (s->busy) {
		s->drops_scratch++;
		s->by_code[code & (NR_CODES - 1)].seen++;
		s->by_code[code & (NR_CODES - 1)].lost++;
		s->by_code[code & (NR_CODES - 1)].lost_scratch++;
		return 0;
	}
	if (was_vain(s, nr)) {
		s->code = code;
		counters(s)->seen++;
		return event_drop(s);
	}
	s->busy = 1;
	s->compat = is_compat ? CALL_COMPAT : CALL_NATIVE;
	if (regs)
		take_args(s, regs, is_compat);
	else
		find_args(s, is_compat);
	if (code == SC_socketcall) {
		s->compat = CALL_INDIRECT;
		code = socketcall(s);
	}
	s->code = code;
	s->nr = nr;
	s->ret = is_compat ? (s32)ret : ret;
	if (!code) {
		s->busy = 0;
		return 0;
	}
	counters(s)->seen++;
	if (config.drop_failed && s->ret < 0)
		return event_drop(s);
	if (live.filtered[code & (NR_CODES - 1)])
		bpf_tail_call_static(prog_ctx, &by_code, FILTER_SLOT);
	bpf_tail_call(prog_ctx, &by_code, code);
	return event_lost(s);
}

/* At the end of every call; or, as fexit, of the function of one. */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs *regs, long ret)
{
	return syscall_end(ctx, regs, syscall_nr(regs), ret);
}

/* The end of every call, for 32-bit programs, which the tracepoints of single calls do not show. */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit_compat, struct pt_regs *regs, long ret)
{
	if (!is_compat_task())
		return 0;
	return syscall_end(ctx, regs, syscall_nr(regs), ret);
}

/* As fexit, where the BTF does not say that the argument is the registers. */
SEC("tp_btf/sys_exit")
int on_exit_blind(u64 *ctx)
{
	u64 unused;

	return syscall_end(ctx, NULL, find_call(&unused), ctx[1]);
}

/*
 * A call that a seccomp filter refuses reaches no function of its own.  The function that asks
 * the filter returns -1 then, from 7.x on false; the result of the call is in the registers.  It has another
 * number of arguments in every other kernel: N_.
 */
#define DENIED_PROGRAM(N_)								\
SEC("tp_btf/sys_exit")									\
int on_denied##N_(u64 *ctx)								\
{											\
	u64 ret;									\
	u32 nr;										\
											\
	if (config.filter_permits ? (u8)ctx[N_] : (int)ctx[N_] != -1)			\
		return 0;								\
	nr = find_call(&ret);								\
	return syscall_end(ctx, NULL, nr, ret);						\
}

DENIED_PROGRAM(0)
DENIED_PROGRAM(1)
DENIED_PROGRAM(2)
DENIED_PROGRAM(3)

/* What syscalls/sys_enter_* and sys_exit_* hand over, and raw_syscalls/sys_enter and sys_exit. */
struct trace_call {
	u64 common;
	int nr;
	u64 value;
};

SEC("tracepoint")
int on_exit_trace(struct trace_call *ctx)
{
	return syscall_end(ctx, NULL, (u32)ctx->nr, ctx->value);
}

/* ---- the beginning of those whose path or address is kept -------------------------- */

static inline_ int syscall_begin(struct pt_regs *regs, u64 nr)
{
	struct scratch *s;
	bool is_compat;
	u32 route, code;

	if (nr >= NR_SYSCALLS)
		return 0;
	opaque(nr);
	route = live.enter_routes[nr & (NR_SYSCALLS - 1)];
	if (!route)
		return 0;
	code = route_of(route, &is_compat);
	s = this_scratch();
	if (!code || !s || (config.self_pid && bpf_get_current_pid_tgid() >> 32 == config.self_pid))
		return 0;
	if (s->busy)
		return 0;	/* an interrupted one: the exit program reads it */
	s->vain.tid = 0;
	s->busy = 1;
	s->compat = is_compat ? CALL_COMPAT : CALL_NATIVE;
	if (regs)
		take_args(s, regs, is_compat);
	else
		find_args(s, is_compat);
	if (code == SC_socketcall) {
		s->compat = CALL_INDIRECT;
		code = socketcall(s);
	}
	s->busy = 0;
	if (s->compat == CALL_INDIRECT && code != SC_connect)
		return 0;
	return keep(s, code, nr);
}

/* At the beginning of every call. */
SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, struct pt_regs *regs, long id)
{
	return syscall_begin(regs, (u32)id);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter_compat, struct pt_regs *regs, long id)
{
	if (!is_compat_task())
		return 0;
	return syscall_begin(regs, (u32)id);
}

/* As fentry, at the function of one call. */
SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter_call, struct pt_regs *regs)
{
	return syscall_begin(regs, syscall_nr(regs));
}

SEC("tp_btf/sys_enter")
int on_enter_blind(u64 *ctx)
{
	u64 unused;

	return syscall_begin(NULL, find_call(&unused));
}

SEC("tracepoint")
int on_enter_trace(struct trace_call *ctx)
{
	return syscall_begin(NULL, (u32)ctx->nr);
}

#endif
