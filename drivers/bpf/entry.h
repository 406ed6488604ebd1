/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Where programs are attached: what a call is, and whether it is of interest.  Each has two
 * shapes: raw_NAME for raw tracepoints (4.17), and plain_NAME, whose context is the record of the
 * tracepoint instead of its arguments.
 */
#ifndef SAKER_DRIVERS_BPF_ENTRY_H
#define SAKER_DRIVERS_BPF_ENTRY_H

struct raw_ctx {
	u64 args[3];
};

/* As in tracefs' events/EVENT/format of each, unchanged since 3.x (sys_exit: 64-bit kernels). */
struct plain_sys {
	u64 common;
	long id;
	u64 ret_or_args;
};

struct plain_exec {
	u64 common;
	u32 filename_at;	/* and its length, in the upper half */
	s32 pid, old_pid;
};

struct plain_signal {
	u64 common;
	s32 sig, error, code;
};

struct plain_switch {
	u64 common;
	char prev_comm[16];
	s32 prev_pid, prev_prio;
	long prev_state;
	char next_comm[16];
	s32 next_pid;
};

struct plain_fault {
	u64 common;
	unsigned long address, ip, error;
};

/* ---- registers ---------------------------------------------------------------- */

#if defined(__TARGET_ARCH_x86)
#define syscall_nr(regs) ((u32)KREAD(regs, orig_ax))

static inline_ bool task_is_compat(struct task_struct *t)
{
	return KREAD(t, thread_info.status) & TS_COMPAT;
}

static inline_ void read_args(u64 *args, struct pt_regs *regs, bool is_compat)
{
	struct pt_regs r;

	bpf_read_kernel(&r, sizeof(r), regs);
	args[0] = is_compat ? (u32)r.bx : r.di;
	args[1] = is_compat ? (u32)r.cx : r.si;
	args[2] = is_compat ? (u32)r.dx : r.dx;
	args[3] = is_compat ? (u32)r.si : r.r10;
	args[4] = is_compat ? (u32)r.di : r.r8;
	args[5] = is_compat ? (u32)r.bp : r.r9;
}

static inline_ struct pt_regs *regs_of(struct task_struct *t)
{
	return (struct pt_regs *)((char *)KREAD(t, stack) + THREAD_SIZE -
				  TOP_OF_KERNEL_STACK_PADDING) - 1;
}
#elif defined(__TARGET_ARCH_arm64)
#define syscall_nr(regs) ((u32)KREAD(regs, syscallno))

static inline_ bool task_is_compat(struct task_struct *t)
{
	return KREAD(t, thread_info.flags) >> TIF_32BIT & 1;
}

static inline_ void read_args(u64 *args, struct pt_regs *regs, bool is_compat)
{
	bpf_read_kernel(args, 6 * sizeof(*args), &regs->regs[0]);
	args[0] = KREAD(regs, orig_x0);
	if (is_compat) {
		args[0] = (u32)args[0];
		args[1] = (u32)args[1];
		args[2] = (u32)args[2];
		args[3] = (u32)args[3];
		args[4] = (u32)args[4];
		args[5] = (u32)args[5];
	}
}

static inline_ struct pt_regs *regs_of(struct task_struct *t)
{
	return (struct pt_regs *)((char *)KREAD(t, stack) + THREAD_SIZE) - 1;
}
#endif

/* ---- what is of interest -------------------------------------------------------- */

/* What the entries share: the maps' values of this CPU. */
struct entry {
	struct bpf_settings *set;
	struct bpf_scratch *s;
	struct bpf_counts *counts;
	struct task_struct *task;	/* the current one */
};

static inline_ struct bpf_settings *settings(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&map_settings, &zero);
}

/* False: the consumer's own, or no memory. */
static inline_ bool entry_begin(struct entry *e)
{
	if (e->set->self_pid && bpf_get_current_pid_tgid() >> 32 == e->set->self_pid)
		return false;
	e->s = this_scratch();
	e->counts = this_counts();
	return e->s && e->counts;
}

static inline_ u32 route_at(const u32 *routes, u64 nr)
{
	opaque(nr);
	return routes[nr & (NR_SYSCALLS - 1)];
}

/* May the kernel filter discard events of this call? */
static inline_ bool is_filtered(struct bpf_settings *set, u64 code)
{
	opaque(code);
	return set->filter && set->filtered[code & (NR_CODES - 1)];
}

/* Code of the syscall if it is of interest, or else SC_unknown. */
static inline_ u32 route_of(struct entry *e, u32 route, bool *ret_compat)
{
	*ret_compat = false;
	e->task = (void *)bpf_get_current_task();
	if (!(route >> 16))
		return route;
	*ret_compat = task_is_compat(e->task);
	return *ret_compat ? route >> 16 : route & 0xffff;
}

/*
 * The call inside a 32-bit socketcall, its arguments copied to the scratch; SC_unknown when
 * it is of no interest or its arguments cannot be read.  s->args are those of socketcall.
 */
static inline_ u32 socketcall(struct entry *e)
{
	u32 args[8] = { 0 }, code, n;
	struct bpf_scratch *s = e->s;
	u64 word, len;

	switch ((u32)s->args[0]) {
#define SOCKETCALL(NR_, NAME_, NARGS_) case NR_: code = SC_##NAME_; n = NARGS_; break;
	SOCKETCALLS(SOCKETCALL)
#undef SOCKETCALL
	default: return SC_unknown;
	}
	word = code / 64;
	opaque(word);
	if (!(e->set->wanted[word & (NR_CODES / 64 - 1)] >> (code & 63) & 1))
		return SC_unknown;
	len = n * sizeof(args[0]) - 1;
	opaque(len);
	if (bpf_read_user(args, (len & 31) + 1, (void *)s->args[1]))
		return SC_unknown;
	s->args[0] = args[0];
	s->args[1] = args[1];
	s->args[2] = args[2];
	s->args[3] = args[3];
	s->args[4] = args[4];
	s->args[5] = args[5];
	return code;
}

/* The scratch is this event's from here on.  False: it is another's. */
static inline_ bool claim(struct entry *e, u32 code)
{
	struct bpf_scratch *s = e->s;

	if (s->busy) {
		e->counts->drops_scratch++;
		counters(e->counts, code)->lost++;
		counters(e->counts, code)->lost_scratch++;
		return false;
	}
	s->busy = 1;
	s->code = code;
	s->ret = 0;
	s->new_filename = 0;
	s->index = 0;
	s->kept = 0;
	s->task = (u64)(unsigned long)e->task;
	s->tid = bpf_get_current_pid_tgid();
	s->snaplen = e->set->snaplen;
	s->dynamic = e->set->dynamic;
	s->epoch_ns = e->set->epoch_ns;
	s->workers = e->set->workers;
	s->ncpus = e->set->ncpus;
	return true;
}

static inline_ void set_kind(struct bpf_scratch *s, bool is_compat, bool indirect)
{
	s->compat = indirect ? CALL_INDIRECT : is_compat ? CALL_COMPAT : CALL_NATIVE;
	s->long_bytes = is_compat ? 4 : 8;
}

static inline_ int go(void *ctx, struct entry *e, u32 type)
{
	bpf_tail_call(ctx, &map_calls, CALL_ROW(type, 0));
	return event_lost(e->s);
}

/* The rows of the calls that make a process differ in the source of the flags only. */
static inline_ u32 fork_args(struct bpf_scratch *s)
{
	u64 flags = s->args[0], addr = flags;

	if (s->code == SC_clone3) {
		flags = 0;
		bpf_read_user(&flags, sizeof(flags), (void *)addr);
	} else if (s->code != SC_clone) {
		flags = 0;
	}
	s->args[0] = flags;
	s->type = fork_event(s->code);
	return EV_SYSCALL_CLONE_20_X;
}

/* ---- the end of a syscall --------------------------------------------------------- */

/*
 * A plain tracepoint of fork does not have the child.  There the child reports itself, when it
 * returns from the call.
 */
static inline_ bool elsewhere(u32 code, s64 ret, bool plain)
{
	return reported_elsewhere(code, ret) && !(plain && is_fork(code));
}

static inline_ int exit_of(void *ctx, u64 nr, s64 ret, struct pt_regs *regs, bool plain)
{
	struct entry e = { .set = settings() };
	bool is_compat, indirect, kept;
	u32 route, code;
	u64 type;

	if (nr >= NR_SYSCALLS || !e.set)
		return 0;
	route = route_at(e.set->routes, nr);
	if (!route)
		return 0;
	code = route_of(&e, route, &is_compat);
	if (!code || elsewhere(code, ret, plain) || !entry_begin(&e))
		return 0;
	if (plain)
		regs = regs_of(e.task);
	kept = route_at(e.set->enter_routes, nr);
	if (code == SC_socketcall) {
		if (e.s->busy) {	/* which call it is is not known */
			counters(e.counts, code)->seen++;
			claim(&e, code);
			return 0;
		}
		read_args(e.s->args, regs, true);
		code = socketcall(&e);
		if (!code)
			return 0;
	}
	counters(e.counts, code)->seen++;
	if (e.set->drop_failed && ret < 0) {
		e.counts->filtered++;
		counters(e.counts, code)->filtered++;
		if (kept)
			forget_stash();
		return 0;
	}
	if (!claim(&e, code))
		return 0;
	e.s->nr = nr;
	e.s->kept = kept;
	e.s->ret = is_compat ? (s32)ret : ret;
	indirect = is_compat && route >> 16 == SC_socketcall;
	set_kind(e.s, is_compat, indirect);
	if (!indirect)
		read_args(e.s->args, regs, is_compat);
	if (is_fork(code))
		return go(ctx, &e, fork_args(e.s));
	if (is_filtered(e.set, code))
		bpf_tail_call(ctx, &map_calls, CALL_STEP(STEP_FILTER_END));
	type = code;
	opaque(type);
	return go(ctx, &e, e.set->types[type & (NR_CODES - 1)]);
}

PROGRAM("raw_exit") int raw_exit(struct raw_ctx *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];

	return exit_of(ctx, syscall_nr(regs), ctx->args[1], regs, false);
}

PROGRAM("plain_exit") int plain_exit(struct plain_sys *ctx)
{
	return exit_of(ctx, (u32)ctx->id, ctx->ret_or_args, NULL, true);
}

/* ---- the beginning of open and connect ----------------------------------------- */

/*
 * What the caller passes could be changed by another thread while the call runs.  So it is
 * copied here, and the exit event has the copy.  What does not fit is sent as an event of
 * its own, and user space puts the two together.
 */
static inline_ int send_enter(void *ctx, struct entry *e, u32 code)
{
	counters(e->counts, code)->seen++;
	if (!claim(e, code))
		return 0;
	return go(ctx, e, code == SC_open ? EV_SYSCALL_OPEN_E : code == SC_creat ? EV_SYSCALL_CREAT_E :
		  code == SC_openat ? EV_SYSCALL_OPENAT_2_E :
		  code == SC_openat2 ? EV_SYSCALL_OPENAT2_E : EV_SOCKET_CONNECT_E);
}

/* As it will stand in the event; the scratch is free. */
static inline_ long keep_address(struct bpf_scratch *s)
{
	struct ctx c = { .s = s };
	u64 n;

	s->off = 0;
	put_sockaddr(&c, s->args[1], s->args[2]);
	n = s->off - 1;
	if (!s->off)
		return 0;
	opaque(n);
	bpf_read_kernel(s->stash.data, (n & (STASH_ROOM - 1)) + 1, s->event);
	return s->off;
}

static inline_ long keep_path(struct bpf_scratch *s, u64 addr)
{
	long n = bpf_read_user_str(s->stash.data, STASH_ROOM, (void *)addr);

	if (n == 0)
		s->stash.data[0] = 0;
	return n == 0 ? 1 : n;
}

/* Moves what was copied to where the end of the call finds it. */
static inline_ int stash_keep(struct bpf_scratch *s)
{
	u32 tid = bpf_get_current_pid_tgid();

	return bpf_map_update_elem(&map_stashes, &tid, &s->stash, BPF_ANY) ? -1 : 0;
}

/* 0: it is kept, or not in memory yet: the exit program reads it.  Less: it must be sent. */
static inline_ int keep(void *ctx, struct entry *e, u32 code, u64 nr)
{
	struct bpf_scratch *s = e->s;
	long n;

	if (code == SC_connect)
		n = keep_address(s);
	else
		n = keep_path(s, code == SC_open || code == SC_creat ? s->args[0] : s->args[1]);
	if (code == SC_openat2)
		bpf_read_user(s->stash.words, sizeof(s->stash.words), (void *)s->args[2]);
	if (n <= 0)
		return 0;
	if (n == STASH_ROOM)
		return -1;
	s->stash.nr = nr + 1;
	s->stash.len = n;
	s->stash.filter = 0;
	if (is_filtered(e->set, code)) {
		s->code = code;
		bpf_tail_call(ctx, &map_calls, CALL_STEP(STEP_FILTER_LOOK));
	}
	return stash_keep(s);
}

/* may_keep: the verifier knows that a map's value can be put into another map (4.18). */
static inline_ int enter_of(void *ctx, u64 nr, struct pt_regs *regs, bool may_keep)
{
	struct entry e = { .set = settings() };
	bool is_compat;
	u32 route, code;

	if (nr >= NR_SYSCALLS || !e.set)
		return 0;
	route = route_at(e.set->enter_routes, nr);
	if (!route)
		return 0;
	code = route_of(&e, route, &is_compat);
	if (!code || !entry_begin(&e))
		return 0;
	if (e.s->busy)
		return 0;	/* an interrupted one: the exit program reads it */
	if (!regs)
		regs = regs_of(e.task);
	set_kind(e.s, is_compat, false);
	e.s->nr = nr;
	read_args(e.s->args, regs, is_compat);
	if (code == SC_socketcall) {
		code = socketcall(&e);
		if (code != SC_connect)
			return 0;
		set_kind(e.s, true, true);
	}
	if (may_keep && !keep(ctx, &e, code, nr))
		return 0;
	e.counts->enter_lost++;
	return send_enter(ctx, &e, code);
}

PROGRAM("raw_enter") int raw_enter(struct raw_ctx *ctx)
{
	return enter_of(ctx, (u32)ctx->args[1], (void *)ctx->args[0], true);
}

PROGRAM("raw_enter_small") int raw_enter_small(struct raw_ctx *ctx)
{
	return enter_of(ctx, (u32)ctx->args[1], (void *)ctx->args[0], false);
}

PROGRAM("plain_enter") int plain_enter(struct plain_sys *ctx)
{
	return enter_of(ctx, (u32)ctx->id, NULL, true);
}

PROGRAM("plain_enter_small") int plain_enter_small(struct plain_sys *ctx)
{
	return enter_of(ctx, (u32)ctx->id, NULL, false);
}

/* ---- processes ------------------------------------------------------------------- */

/* False: nothing to report, or no room. */
static inline_ bool lifecycle_begin(struct entry *e, u32 code)
{
	if (!entry_begin(e))
		return false;
	counters(e->counts, code)->seen++;
	if (!claim(e, code))
		return false;
	set_kind(e->s, false, false);
	return true;
}

PROGRAM("raw_exec") int raw_exec(struct raw_ctx *ctx)
{
	struct entry e = { .set = settings(), .task = (void *)ctx->args[0] };

	if (!e.set || !e.set->want_exec || !lifecycle_begin(&e, SC_execve))
		return 0;
	e.s->new_filename = (u64)(unsigned long)KREAD((struct linux_binprm *)ctx->args[2], filename);
	return go(ctx, &e, EV_SYSCALL_EXECVE_19_X);
}

/* The record holds a copy of the file name. */
PROGRAM("plain_exec") int plain_exec(struct plain_exec *ctx)
{
	struct entry e = { .set = settings(), .task = (void *)bpf_get_current_task() };
	char *copy;

	if (!e.set || !e.set->want_exec || !lifecycle_begin(&e, SC_execve))
		return 0;
	copy = (char *)e.s->name;
	bpf_read_kernel_str(copy, BPF_NAME, (char *)ctx + (ctx->filename_at & 0xffff));
	e.s->new_filename = (u64)(unsigned long)copy;
	return go(ctx, &e, EV_SYSCALL_EXECVE_19_X);
}

/* The child's own event, sent before the child runs. */
PROGRAM("raw_fork") int raw_fork(struct raw_ctx *ctx)
{
	struct task_struct *parent = (void *)bpf_get_current_task(), *child = (void *)ctx->args[1];
	struct entry e = { .set = settings(), .task = child };
	struct pt_regs *regs;
	bool is_compat;
	u32 code;

	if (!e.set || !e.set->want_fork || KREAD(child, flags) & K_PF_KTHREAD ||
	    !lifecycle_begin(&e, SC_clone))
		return 0;
	regs = regs_of(parent);
	is_compat = task_is_compat(parent);
	code = fork_code(syscall_nr(regs), is_compat);
	read_args(e.s->args, regs, is_compat);
	e.s->code = code;
	if (!code)
		e.s->args[0] = 0;
	e.s->tid = KREAD(child, pid);
	fork_args(e.s);
	e.s->code = SC_clone;
	return go(ctx, &e, EV_SYSCALL_CLONE_20_X);
}

static inline_ int task_exit_of(void *ctx)
{
	struct entry e = { .set = settings(), .task = (void *)bpf_get_current_task() };

	forget_stash();
	if (!e.set || !e.set->want_exit || KREAD(e.task, flags) & K_PF_KTHREAD ||
	    !lifecycle_begin(&e, SC_sched_process_exit))
		return 0;
	return go(ctx, &e, EV_PROCEXIT_1_E);
}

PROGRAM("raw_task_exit") int raw_task_exit(void *ctx)
{
	return task_exit_of(ctx);
}

PROGRAM("plain_task_exit") int plain_task_exit(void *ctx)
{
	return task_exit_of(ctx);
}

/* ---- tracepoints of one event ---------------------------------------------------- */

/*
 * Raw ones on any kernel that has raw tracepoints: the kernel holds a lock there or has interrupts off, and
 * does not preempt them.  They call no other program, so that it does not matter what kind those are.
 */

/* False: nobody wants it, or there is no room. */
static inline_ bool point_begin(struct entry *e, u32 code)
{
	e->set = settings();
	e->task = (void *)bpf_get_current_task();
	return e->set && e->set->wanted[code / 64] >> code % 64 & 1 && lifecycle_begin(e, code);
}

#define POINT_END(ctx, e, ID_) ({							\
	struct ctx c_ = { .s = (e)->s };						\
											\
	event_begin(&c_, EV_##ID_, nparams_##ID_);					\
	capture_##ID_(&c_);								\
	event_send(ctx, (e)->s);							\
	0;										\
})

/* Of a SIGKILL the kernel has no siginfo: small numbers stand in its place, and are read as zeros. */
PROGRAM("raw_signal") int raw_signal(struct raw_ctx *ctx)
{
	siginfo_t *info = (void *)ctx->args[1];
	struct entry e;

	if (!point_begin(&e, SC_signal_deliver))
		return 0;
	e.s->args[0] = (u32)ctx->args[0];
	e.s->args[1] = (u32)KREAD(info, si_code);
	e.s->args[2] = (u32)KREAD(info, _sifields._kill._pid);
	return POINT_END(ctx, &e, SIGNALDELIVER_E);
}

/* The record does not have the sender. */
PROGRAM("plain_signal") int plain_signal(struct plain_signal *ctx)
{
	struct entry e;

	if (!point_begin(&e, SC_signal_deliver))
		return 0;
	e.s->args[0] = (u32)ctx->sig;
	e.s->args[1] = (u32)ctx->code;
	e.s->args[2] = 0;
	return POINT_END(ctx, &e, SIGNALDELIVER_E);
}

/* The thread before is still the current one. */
static inline_ int switch_of(void *ctx, u32 next)
{
	struct entry e;

	if (!point_begin(&e, SC_sched_switch))
		return 0;
	e.s->args[0] = next;
	return POINT_END(ctx, &e, SCHEDSWITCH_6_E);
}

PROGRAM("raw_switch") int raw_switch(struct raw_ctx *ctx)
{
	struct task_struct *next = (void *)ctx->args[2];

	return switch_of(ctx, KREAD(next, pid));
}

PROGRAM("plain_switch") int plain_switch(struct plain_switch *ctx)
{
	return switch_of(ctx, ctx->next_pid);
}

#if defined(__TARGET_ARCH_x86)
static inline_ int fault_of(void *ctx, u32 code, u64 addr, u64 ip, u64 error)
{
	struct entry e;

	if (!point_begin(&e, code))
		return 0;
	e.s->args[0] = addr;
	e.s->args[1] = ip;
	e.s->args[2] = error;
	return POINT_END(ctx, &e, PAGE_FAULT_E);
}

static inline_ int raw_fault(struct raw_ctx *ctx, u32 code)
{
	struct pt_regs *regs = (void *)ctx->args[1];

	return fault_of(ctx, code, ctx->args[0], KREAD(regs, ip), ctx->args[2]);
}

/* While an event is made here it is the maker's own, who reads what the caller points to: no loss. */
static inline_ bool makes_event(void)
{
	struct bpf_scratch *s = this_scratch();

	return !s || s->busy;
}

PROGRAM("raw_fault_user") int raw_fault_user(struct raw_ctx *ctx)
{
	return raw_fault(ctx, SC_page_fault_user);
}

PROGRAM("raw_fault_kernel") int raw_fault_kernel(struct raw_ctx *ctx)
{
	return makes_event() ? 0 : raw_fault(ctx, SC_page_fault_kernel);
}

PROGRAM("plain_fault_user") int plain_fault_user(struct plain_fault *ctx)
{
	return fault_of(ctx, SC_page_fault_user, ctx->address, ctx->ip, ctx->error);
}

PROGRAM("plain_fault_kernel") int plain_fault_kernel(struct plain_fault *ctx)
{
	return makes_event() ? 0 : fault_of(ctx, SC_page_fault_kernel, ctx->address, ctx->ip, ctx->error);
}
#endif

#endif
