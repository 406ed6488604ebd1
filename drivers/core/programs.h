/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The CO-RE driver.
 *
 * on_exit, at the end of every syscall, looks the number up in live.routes and leaves, or
 * tail-calls the program of that syscall, generated from its row of schema/events.def.  Each of
 * those assembles its event in the CPU's scratch and puts it into a ring.  What the kernel
 * knows of a descriptor is appended by finish_fds, the same for all, so that the others stay small.
 * Everything else (exec, fork, exit, entry of open and connect) has programs of its own.
 *
 * Nothing here is pinned: it all goes when the process that loaded it goes.
 */
#ifndef SAKER_DRIVERS_CORE_PROGRAMS_H
#define SAKER_DRIVERS_CORE_PROGRAMS_H

#include "drivers/core/port.h"
#include "drivers/core/shapes.h"
#include "drivers/capture.h"
#include "drivers/lane.h"
#include "drivers/calls.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SC_MAX);
	__type(key, u32);
	__type(value, u32);
} by_code SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} finishers SEC(".maps");

/* ---- one event --------------------------------------------------------------- */

static inline_ struct syscall_counters *counters(struct scratch *s)
{
	return &s->by_code[s->code & (NR_CODES - 1)];
}

/* The header, with the time; s is this CPU's and free. */
static inline_ void event_begin(struct ctx *c, struct scratch *s, u32 type, u32 nparams)
{
	u8 *p = s->event;

	c->s = s;
	c->nparam = 0;
	c->prev = 0;
	c->off = c->start = LENS_AT + 2 * nparams;
	*(u64 *)p = bpf_ktime_get_boot_ns() + live.boot_epoch_ns;
	*(u64 *)(p + 8) = (u32)bpf_get_current_pid_tgid();
	*(u16 *)(p + 20) = type;
	*(u32 *)(p + 22) = nparams;
	s->nfds = 0;
	s->busy = 1;
	c->memo.opened_known = false;
}

/* Puts the finished event into its ring; the number of the CPU follows it. */
static inline_ int event_end(struct ctx *c, u32 lane)
{
	struct scratch *s = c->s;
	u32 ring = lane ? config.lane_ring : s->ring;
	u64 len = c->off, flags = BPF_RB_NO_WAKEUP;
	void *rb;

	*(u32 *)(s->event + 16) = len;
	s->busy = 0;
	if (len > EVENT_LEN_MAX - 8) {
		s->drops_scratch++;
		counters(s)->lost++;
		return 0;
	}
	opaque(len);
	len &= EVENT_LEN_MAX - 1;
	*(u16 *)(s->event + len) = bpf_get_smp_processor_id();
	len += sizeof(u16);
	rb = bpf_map_lookup_elem(&rings, &ring);
	if (!rb)
		return 0;
	lane &= 1;
	s->unwoken[lane] += len;
	if (s->unwoken[lane] > config.wake_bytes[lane]) {
		s->unwoken[lane] = 0;
		flags = BPF_RB_FORCE_WAKEUP;
	}
	if (bpf_ringbuf_output(rb, s->event, len, flags)) {
		s->drops_buffer++;
		counters(s)->lost++;
	} else {
		counters(s)->sent++;
	}
	return 0;
}

/* ---- the end of a syscall ------------------------------------------------------ */

#if defined(__TARGET_ARCH_x86)
#define syscall_nr(regs) ((u32)(regs)->orig_ax)

static inline_ bool is_compat_task(void)
{
	struct task_struct *t = current_task();

	return BPF_CORE_READ(t, thread_info.status) & TS_COMPAT;
}
#elif defined(__TARGET_ARCH_arm64)
#define syscall_nr(regs) ((u32)(regs)->syscallno)
#define TIF_32BIT 22

static inline_ bool is_compat_task(void)
{
	struct task_struct *t = current_task();

	return BPF_CORE_READ(t, thread_info.flags) >> TIF_32BIT & 1;
}
#endif

/* Code of the syscall if it is of interest, or else SC_unknown. */
static inline_ u32 route_of(u32 route, bool *ret_compat)
{
	*ret_compat = false;
	if (!(route >> 16))
		return route;
	*ret_compat = is_compat_task();
	return *ret_compat ? route >> 16 : route & 0xffff;
}

/*
 * The call inside a 32-bit socketcall, its arguments copied to the scratch; SC_unknown when
 * it is of no interest or its arguments cannot be read.
 */
static __noinline u32 socketcall(struct pt_regs *regs, struct scratch *s)
{
	u32 call = reg_arg(regs, 0, true), args[6] = { 0 }, code, n;

	switch (call) {
#define SOCKETCALL(NR_, NAME_, NARGS_) case NR_: code = SC_##NAME_; n = NARGS_; break;
	SOCKETCALLS(SOCKETCALL)
#undef SOCKETCALL
	default: return SC_unknown;
	}
	if (!(live.wanted[code / 64 & (NR_CODES / 64 - 1)] >> code % 64 & 1) ||
	    bpf_probe_read_user(args, n * sizeof(args[0]) & 31, (void *)reg_arg(regs, 1, true)))
		return SC_unknown;
	for (int i = 0; i < 6; i++)
		s->args[i] = args[i];
	return code;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs *regs, long ret)
{
	u64 nr = syscall_nr(regs);
	u32 route, code, call;
	struct scratch *s;
	bool is_compat;

	if (nr >= NR_SYSCALLS)
		return 0;
	opaque(nr);
	route = live.routes[nr & (NR_SYSCALLS - 1)];
	if (!route)
		return 0;
	code = route_of(route, &is_compat);
	if (!code || reported_elsewhere(code, ret))
		return 0;
	call = is_compat ? CALL_COMPAT : CALL_NATIVE;
	if (config.self_pid && bpf_get_current_pid_tgid() >> 32 == config.self_pid)
		return 0;
	s = this_scratch();
	if (!s)
		return 0;
	if (code == SC_socketcall && s->busy) {
		s->drops_scratch++;
		return 0;
	}
	if (code == SC_socketcall) {
		code = socketcall(regs, s);
		if (!code)
			return 0;
		call = CALL_INDIRECT;
	}
	s->by_code[code & (NR_CODES - 1)].seen++;
	if (config.drop_failed && ret < 0) {
		s->filtered++;
		return 0;
	}
	if (s->busy) {
		s->drops_scratch++;
		s->by_code[code & (NR_CODES - 1)].lost++;
		return 0;
	}
	s->busy = 1;
	s->code = code;
	s->nr = nr;
	s->compat = call;
	bpf_tail_call(ctx, &by_code, code);
	s->busy = 0;
	counters(s)->lost++;
	return 0;
}

/* fds, off, nparam and lane of the event are where the program before left them. */
STEP(fd_step)
static inline_ bool fd_step(struct ctx *c, struct loop *l, u32 i)
{
	s64 fd = c->s->fds[i & 1];

	c->start = c->off;
	c->nparam = c->s->nparam;
	if (fd >= 0)
		put_file_info(c, fd);
	param_end(c);
	c->s->nparam = c->nparam;
	return false;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(finish_fds, struct pt_regs *regs, long ret)
{
	struct scratch *s = this_scratch();
	struct ctx c = { .s = s };

	if (!s)
		return 0;
	c.off = s->off;
	c.task = current_task();
	run_steps(&c, fd_step, s->nfds, 2);
	return event_end(&c, s->lane);
}

static inline_ int event_end_fds(void *prog_ctx, struct ctx *c, u32 lane, u32 nextra)
{
	struct scratch *s = c->s;

	u16 *lens = (u16 *)(s->event + LENS_AT + 2 * c->nparam);

	lens[0] = 0;
	if (nextra > 1)
		lens[1] = 0;
	if (nextra > 1 && s->fds[1] < 0)
		s->nfds = 1;
	if (s->nfds > 1 || s->fds[0] >= 0) {
		s->off = c->off;
		s->nparam = c->nparam;
		s->lane = lane;
		bpf_tail_call_static(prog_ctx, &finishers, 0);
	}
	return event_end(c, lane);
}

static inline_ int event_drop(struct scratch *s)
{
	s->busy = 0;
	s->filtered++;
	return 0;
}

/* Rows that other programs capture, when their syscall begins or at a tracepoint. */
#define ELSEWHERE_SYSCALL_OPEN_E ,
#define ELSEWHERE_SYSCALL_CREAT_E ,
#define ELSEWHERE_SYSCALL_OPENAT_2_E ,
#define ELSEWHERE_SYSCALL_OPENAT2_E ,
#define ELSEWHERE_SOCKET_CONNECT_E ,
#define ELSEWHERE_PROCEXIT_1_E ,
#define ELSEWHERE_SOCKET_SENDMMSG_X ,
#define ELSEWHERE_SOCKET_RECVMMSG_X ,
#define ELSEWHERE_SYSCALL_CLONE_20_X ,
#define ELSEWHERE_SYSCALL_CLONE3_X ,
#define ELSEWHERE_SYSCALL_FORK_20_X ,
#define ELSEWHERE_SYSCALL_VFORK_20_X ,
#define THIRD(a, b, c, ...) c
#define SELECT(...) THIRD(__VA_ARGS__)
#define NO_PROGRAM(ID_)

#define EXIT_PROGRAM(ID_)								\
SEC("tp_btf/sys_exit")									\
int BPF_PROG(ev_##ID_, struct pt_regs *regs, long ret)					\
{											\
	struct scratch *s = this_scratch();						\
	struct ctx c;									\
											\
	if (!s)										\
		return 0;								\
	c.regs = regs;									\
	c.bprm = NULL;									\
	c.ret = s->compat ? (s32)ret : ret;						\
	if (failures_only(EV_##ID_) && c.ret >= 0)					\
		return event_drop(s);							\
	c.task = current_task();							\
	event_begin(&c, s, EV_##ID_, nparams_##ID_);					\
	capture_##ID_(&c);								\
	if (nextra_##ID_)								\
		return event_end_fds(ctx, &c, lane_of(EV_##ID_), nextra_##ID_);		\
	return event_end(&c, lane_of(EV_##ID_));					\
}

#define EVENT(...)
#define UNUSED(...)
#define EXTRACT(NR_, ID_, ...) SELECT(ELSEWHERE_##ID_, NO_PROGRAM, EXIT_PROGRAM)(ID_)
#include "schema/events.def"
#undef EXTRACT
#undef EVENT
#undef UNUSED

/* ---- the beginning of open and connect ----------------------------------------- */

/*
 * What the caller passes could be changed by another thread while the call runs.  So it is
 * copied here, and the exit event has the copy.  What does not fit is sent as an event of
 * its own, and user space puts the two together.
 */
static __noinline int send_enter(struct pt_regs *regs, struct scratch *s, u32 code)
{
	struct ctx c;

	s->by_code[code & (NR_CODES - 1)].seen++;
	if (s->busy) {
		s->drops_scratch++;
		s->by_code[code & (NR_CODES - 1)].lost++;
		return 0;
	}
	s->code = code;
	c.regs = regs;
	c.bprm = NULL;
	c.ret = 0;
	c.task = current_task();
	switch (code) {
	case SC_open:
		event_begin(&c, s, EV_SYSCALL_OPEN_E, nparams_SYSCALL_OPEN_E);
		capture_SYSCALL_OPEN_E(&c);
		break;
	case SC_creat:
		event_begin(&c, s, EV_SYSCALL_CREAT_E, nparams_SYSCALL_CREAT_E);
		capture_SYSCALL_CREAT_E(&c);
		break;
	case SC_openat:
		event_begin(&c, s, EV_SYSCALL_OPENAT_2_E, nparams_SYSCALL_OPENAT_2_E);
		capture_SYSCALL_OPENAT_2_E(&c);
		break;
	case SC_openat2:
		event_begin(&c, s, EV_SYSCALL_OPENAT2_E, nparams_SYSCALL_OPENAT2_E);
		capture_SYSCALL_OPENAT2_E(&c);
		break;
	default:
		event_begin(&c, s, EV_SOCKET_CONNECT_E, nparams_SOCKET_CONNECT_E);
		capture_SOCKET_CONNECT_E(&c);
	}
	return event_end(&c, 0);
}

static const struct stash empty_stash;

static inline_ struct stash *own_stash(void)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct stash *st = bpf_map_lookup_elem(&stashes, &tid);

	if (st)
		return st;
	bpf_map_update_elem(&stashes, &tid, &empty_stash, BPF_NOEXIST);
	return bpf_map_lookup_elem(&stashes, &tid);
}

/* As it will stand in the event.  The scratch is at hand: nothing is assembled meanwhile. */
static inline_ long keep_address(struct stash *st, struct scratch *s, u64 addr, u32 len)
{
	struct ctx c = { .s = s };
	u64 n;

	if (s->busy)
		return -1;
	put_sockaddr(&c, addr, len);
	n = c.off;
	opaque(n);
	n &= STASH_ROOM - 1;
	bpf_probe_read_kernel(st->data, n, s->event);
	return n;
}

static inline_ long keep_path(struct stash *st, u64 addr)
{
	long n = bpf_probe_read_user_str(st->data, sizeof(st->data), (void *)addr);

	if (n == 0)
		st->data[0] = 0;
	return n == 0 ? 1 : n;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, struct pt_regs *regs, long id)
{
	u64 nr = (u32)id;
	struct scratch *s;
	struct stash *st;
	bool is_compat;
	u32 route, code;
	long n;

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
	s->compat = is_compat ? CALL_COMPAT : CALL_NATIVE;
	s->args[1] = reg_arg(regs, 1, is_compat);
	s->args[2] = reg_arg(regs, 2, is_compat);
	if (code == SC_socketcall) {
		code = socketcall(regs, s);
		if (code != SC_connect)
			return 0;
		s->compat = CALL_INDIRECT;
	}
	st = own_stash();
	if (!st) {
		s->enter_lost++;
		return send_enter(regs, s, code);
	}
	st->nr = 0;
	if (code == SC_connect)
		n = keep_address(st, s, s->args[1], s->args[2]);
	else
		n = keep_path(st, reg_arg(regs, code == SC_open || code == SC_creat ? 0 : 1, is_compat));
	if (code == SC_openat2)
		bpf_probe_read_user(st->words, sizeof(st->words), (void *)reg_arg(regs, 2, is_compat));
	if (n == sizeof(st->data)) {
		s->enter_lost++;
		return send_enter(regs, s, code);
	}
	if (n <= 0)
		return 0;	/* not in memory yet: the exit program reads it */
	st->len = n;
	st->nr = nr + 1;
	return 0;
}

/* ---- several messages: an event for each ---------------------------------------- */

#define MMSG_PROGRAM(ID_)								\
__noinline int do_message_##ID_(u32 i)							\
{											\
	struct scratch *s = this_scratch();						\
	struct ctx c;									\
											\
	if (!s)										\
		return 1;								\
	c.regs = NULL;									\
	c.bprm = NULL;									\
	c.ret = s->ret;									\
	c.task = current_task();							\
	s->index = i;									\
	if (i)										\
		counters(s)->seen++;							\
	event_begin(&c, s, EV_##ID_, nparams_##ID_);					\
	capture_##ID_(&c);								\
	s->nparam = c.nparam;								\
	run_steps(&c, fd_step, 1, 1);							\
	event_end(&c, lane_of(EV_##ID_));						\
	return 0;									\
}											\
											\
SEC("tp_btf/sys_exit")									\
int BPF_PROG(ev_##ID_, struct pt_regs *regs, long ret)					\
{											\
	struct scratch *s = this_scratch();						\
	u32 i;										\
											\
	if (!s)										\
		return 0;								\
	if (s->compat != CALL_INDIRECT) {						\
		s->args[0] = reg_arg(regs, 0, s->compat);				\
		s->args[1] = reg_arg(regs, 1, s->compat);				\
	}										\
	s->ret = s->compat ? (s32)ret : ret;						\
	for (i = 0; i < MMSG_MAX; i++)							\
		if ((i && (s64)i >= ret) || do_message_##ID_(i))			\
			break;								\
	return 0;									\
}

MMSG_PROGRAM(SOCKET_SENDMMSG_X)
MMSG_PROGRAM(SOCKET_RECVMMSG_X)

/* ---- processes ------------------------------------------------------------------- */

/* False: nothing to report, or no room. */
static inline_ bool lifecycle_begin(struct ctx *c, u32 code, u32 type, u32 nparams)
{
	struct scratch *s = this_scratch();

	if (!s || (config.self_pid && bpf_get_current_pid_tgid() >> 32 == config.self_pid))
		return false;
	s->by_code[code].seen++;
	if (s->busy) {
		s->drops_scratch++;
		s->by_code[code].lost++;
		return false;
	}
	s->busy = 1;
	s->code = code;
	s->compat = 0;
	c->regs = NULL;
	c->bprm = NULL;
	c->ret = 0;
	event_begin(c, s, type, nparams);
	return true;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)
{
	struct ctx c;

	if (!live.want_exec)
		return 0;
	c.task = p;
	if (!lifecycle_begin(&c, SC_execve, EV_SYSCALL_EXECVE_19_X, nparams_SYSCALL_EXECVE_19_X))
		return 0;
	c.bprm = bprm;
	capture_SYSCALL_EXECVE_19_X(&c);
	return event_end(&c, 1);
}

/* Code and flags of the call that makes a child, from the registers of the parent. */
static inline_ u32 fork_call(u64 *ret_flags)
{
	u32 code = SC_clone;
	struct pt_regs *regs;
	bool is_compat;
	u64 addr;

	*ret_flags = 0;
	if (!bpf_core_enum_value_exists(enum bpf_func_id___x, BPF_FUNC_task_pt_regs___x))
		return code;
	regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	is_compat = is_compat_task();
	code = fork_code(syscall_nr(regs), is_compat);
	addr = reg_arg(regs, 0, is_compat);
	if (code == SC_clone)
		*ret_flags = addr;
	else if (code == SC_clone3)
		bpf_probe_read_user(ret_flags, sizeof(*ret_flags), (void *)addr);
	return code;
}

/* The parent's event.  The rows of these calls differ in the source of the flags only. */
SEC("tp_btf/sys_exit")
int BPF_PROG(ev_SYSCALL_CLONE_20_X, struct pt_regs *regs, long ret)
{
	struct scratch *s = this_scratch();
	struct ctx c;
	u64 flags;

	if (!s)
		return 0;
	flags = reg_arg(regs, 0, s->compat);
	if (s->code == SC_clone3)
		bpf_probe_read_user(&flags, sizeof(flags), (void *)flags);
	else if (s->code != SC_clone)
		flags = 0;
	s->args[0] = flags;
	c.regs = NULL;
	c.bprm = NULL;
	c.ret = s->compat ? (s32)ret : ret;
	c.task = current_task();
	event_begin(&c, s, fork_event(s->code), nparams_SYSCALL_CLONE_20_X);
	capture_SYSCALL_CLONE_20_X(&c);
	return event_end(&c, 1);
}

/* The child's own event, sent before the child runs. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 code, type;
	struct ctx c;
	u64 flags;

	if (!live.want_fork || child->flags & K_PF_KTHREAD)
		return 0;
	code = fork_call(&flags);
	type = fork_event(code);
	c.task = child;
	if (!lifecycle_begin(&c, SC_clone, type, nparams_SYSCALL_CLONE_20_X))
		return 0;
	c.s->args[0] = flags;
	*(u64 *)(c.s->event + 8) = child->pid;
	capture_SYSCALL_CLONE_20_X(&c);
	return event_end(&c, 1);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_task_exit, struct task_struct *p)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct ctx c;

	bpf_map_delete_elem(&stashes, &tid);
	if (!live.want_exit || p->flags & K_PF_KTHREAD)
		return 0;
	c.task = p;
	if (!lifecycle_begin(&c, SC_sched_process_exit, EV_PROCEXIT_1_E, nparams_PROCEXIT_1_E))
		return 0;
	capture_PROCEXIT_1_E(&c);
	return event_end(&c, 1);
}

char driver_license[] SEC("license") = "Dual MIT/GPL";

#endif
