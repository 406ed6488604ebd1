/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The CO-RE driver.
 *
 * A program of hooks.h, at the end of every syscall or of chosen ones, looks the number up in
 * live.routes and leaves, or tail-calls the program of that syscall, generated from its row of
 * schema/events.def.  Those do not look at their own context, so they are loaded as whatever kind
 * of program the hook is: "tracepoint" is a stand-in.  Each of them assembles its event in the CPU's scratch and puts it into a ring.  What the kernel
 * knows of a descriptor is appended by finish_fds, the same for all, so that the others stay small.
 * Everything else (exec, fork, exit, entry of open and connect) has programs of its own.
 *
 * Nothing here is pinned: it all goes when the process that loaded it goes.
 */
#ifndef SAKER_DRIVERS_CORE_PROGRAMS_H
#define SAKER_DRIVERS_CORE_PROGRAMS_H

#include "drivers/core/port.h"
#include "drivers/core/call.h"
#include "drivers/core/shapes.h"
#include "drivers/capture.h"
#include "drivers/lane.h"
#include "drivers/calls.h"
#include "drivers/core/filter.h"
#include "drivers/core/pressure.h"

#ifdef NO_PATHS
static inline_ void walk_path(struct ctx *c)
{
	count_truncated(c);
	path_end(c);
}

static inline_ void walk_cgroups(struct ctx *c)
{
	count_truncated(c);
}
#endif

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SC_MAX);
	__type(key, u32);
	__type(value, u32);
} by_code SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, FINISHERS);
	__type(key, u32);
	__type(value, u32);
} finishers SEC(".maps");

/* ---- one event --------------------------------------------------------------- */

static inline_ struct syscall_counters *counters(struct scratch *s)
{
	return &s->by_code[s->code & (NR_CODES - 1)];
}

/* It does not fit, or there is no program to go on with. */
static inline_ int event_lost(struct scratch *s)
{
	s->busy = 0;
	s->drops_scratch++;
	counters(s)->lost++;
	counters(s)->lost_scratch++;
	return 0;
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

/* Puts the finished event into a ring of one worker. */
static inline_ long ring_put(struct scratch *s, u32 worker, u32 lane, u64 len)
{
	u32 *unwoken = &s->unwoken[worker & (WORKERS_MAX - 1)][lane & 1];
	void *rb = ring_of(s, worker, lane);
	u64 flags = BPF_RB_NO_WAKEUP;

	if (!rb)
		return -1;
	*unwoken += len;
	if (*unwoken > config.wake_bytes[lane & 1]) {
		*unwoken = 0;
		flags = BPF_RB_FORCE_WAKEUP;
	}
	return bpf_ringbuf_output(rb, s->event, len, flags);
}

/* What must not be lost may take the room of the rest. */
static inline_ long ring_put_somewhere(struct scratch *s, u32 worker, u32 lane, u64 len)
{
	long err = ring_put(s, worker, lane, len);

	return err && lane ? ring_put(s, worker, WAY_RING, len) : err;
}

static inline_ u32 worker_of(const struct ctx *c)
{
	return config.workers > 1 ? WORKER_OF(KREAD(c->task, tgid), config.workers) : 0;
}

/* Puts the finished event into its ring, and into those of all workers when they have to know. */
static inline_ int event_end(struct ctx *c, u32 way)
{
	u32 lane = way & WAY_LANE, worker, i;
	struct scratch *s = c->s;
	u64 len = c->off;

	*(u32 *)(s->event + 16) = len;
	s->busy = 0;
	if (len > EVENT_LEN_MAX - 8) {
		s->copies_lost += way & WAY_ALL ? config.workers - 1 : 0;
		return event_lost(s);
	}
	opaque(len);
	len &= EVENT_LEN_MAX - 1;
	worker = worker_of(c);
	*(u16 *)(s->event + len) = bpf_get_smp_processor_id();
	*(u16 *)(s->event + len + 2) = worker;
	len += sizeof(struct ring_tail);
	if (ring_put_somewhere(s, worker, lane, len)) {
		s->drops_buffer++;
		counters(s)->lost++;
	} else {
		counters(s)->sent++;
	}
	if (config.workers > 1 && way & WAY_ALL)
		for_bounded(i, config.workers, WORKERS_MAX)
			if (i != worker && ring_put_somewhere(s, i, lane, len))
				s->copies_lost++;
	return 0;
}

/* The same, but under pressure the event may be held back. */
static inline_ int event_end_held(struct ctx *c, u32 way)
{
	struct scratch *s = c->s;
	u32 level = way == WAY_RING ? pressure_level(s, worker_of(c)) : 0;

	*(u32 *)(s->event + 16) = c->off;
	if (!level || c->off > EVENT_LEN_MAX - 8 || !hold_event(c->off, level))
		return event_end(c, way);
	s->busy = 0;
	counters(s)->held++;
	return 0;
}

/*
 * The same for programs that others call at their end: what holds back is a program, too.  In each of
 * them it would be nine tenths of what the verifier has to look at.
 */
static inline_ int event_pass_on(void *prog_ctx, struct ctx *c, u32 way)
{
	struct scratch *s = c->s;

	if (way == WAY_RING && pressure_level(s, worker_of(c))) {
		s->off = c->off;
		bpf_tail_call_static(prog_ctx, &finishers, FINISH_HELD);
	}
	return event_end(c, way);
}

SEC("tracepoint")
int finish_held(void *ctx)
{
	struct scratch *s = this_scratch();
	struct ctx c = { .s = s };

	if (!s)
		return 0;
	c.off = s->off;
	c.task = current_task();
	return event_end_held(&c, WAY_RING);
}

/* ---- the end of a syscall ------------------------------------------------------ */

/* fds, off, nparam and way of the event are where the program before left them. */
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

SEC("tracepoint")
int finish_fds(void *ctx)
{
	struct scratch *s = this_scratch();
	struct ctx c = { .s = s };

	if (!s)
		return 0;
	c.off = s->off;
	c.task = current_task();
#ifndef NO_EXTRAS
	run_steps(&c, fd_step, s->nfds, 2);
#endif
	return event_pass_on(ctx, &c, s->way);
}

static inline_ int event_end_fds(void *prog_ctx, struct ctx *c, u32 way, u32 nextra)
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
		s->way = way;
#if !defined(__TARGET_ARCH_arm64)
		bpf_tail_call_static(prog_ctx, &finishers, FINISH_FDS);
#elif !defined(NO_EXTRAS)
		/* no tail calls there, before 6.0, from a program that also calls functions */
		run_steps(c, fd_step, s->nfds, 2);
#endif
	}
	return event_pass_on(prog_ctx, c, way);
}

static inline_ int event_drop(struct scratch *s)
{
	s->busy = 0;
	s->filtered++;
	counters(s)->filtered++;
	return 0;
}

/* Between the hook and the event's program, where the filter has something to say. */
SEC("tracepoint")
int filter_call(void *ctx)
{
	struct scratch *s = this_scratch();

	if (!s)
		return 0;
	if (!call_passes(s))
		return event_drop(s);
	bpf_tail_call(ctx, &by_code, s->code);
	s->busy = 0;
	counters(s)->lost++;
	return 0;
}

/* Rows that other programs capture, when their syscall begins or at a tracepoint. */
#define ELSEWHERE_SYSCALL_OPEN_E ,
#define ELSEWHERE_SYSCALL_CREAT_E ,
#define ELSEWHERE_SYSCALL_OPENAT_2_E ,
#define ELSEWHERE_SYSCALL_OPENAT2_E ,
#define ELSEWHERE_SOCKET_CONNECT_E ,
#define ELSEWHERE_PROCEXIT_1_E ,
#define ELSEWHERE_SIGNALDELIVER_E ,
#define ELSEWHERE_SCHEDSWITCH_6_E ,
#define ELSEWHERE_PAGE_FAULT_E ,
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
SEC("tracepoint")									\
int ev_##ID_(void *ctx)									\
{											\
	struct scratch *s = this_scratch();						\
	struct ctx c;									\
											\
	if (!s)										\
		return 0;								\
	c.new_filename = NULL;								\
	if (failures_only(EV_##ID_) && s->ret >= 0)					\
		return event_drop(s);							\
	c.task = current_task();							\
	event_begin(&c, s, EV_##ID_, nparams_##ID_);					\
	capture_##ID_(&c);								\
	if (nextra_##ID_)								\
		return event_end_fds(ctx, &c, way_of(EV_##ID_), nextra_##ID_);		\
	return event_pass_on(ctx, &c, way_of(EV_##ID_));				\
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
 * its own, and user space puts the two together.  (A global function: the verifier looks at it once,
 * not wherever it is called.)
 */
__noinline int send_enter(u32 code)
{
	struct scratch *s = this_scratch();
	struct ctx c;

	if (!s)
		return 0;
	s->by_code[code & (NR_CODES - 1)].seen++;
	if (s->busy) {
		s->drops_scratch++;
		s->by_code[code & (NR_CODES - 1)].lost++;
		return 0;
	}
	s->code = code;
	s->ret = 0;
	c.new_filename = NULL;
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
	return event_end(&c, WAY_RING);
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

/*
 * Path or address as it will stand in the event, where events are assembled: nothing is assembled
 * meanwhile.  Its length; not above 0: it is not to be had.
 */
static inline_ long read_kept(struct scratch *s, u32 code)
{
	struct ctx c = { .s = s };
	long n;

	if (code == SC_connect) {
		put_sockaddr(&c, s->args[1], s->args[2]);
		return c.off;
	}
	n = bpf_probe_read_user_str(s->event, STASH_ROOM,
				    (void *)s->args[code == SC_open || code == SC_creat ? 0 : 1]);
	if (n == 0)
		s->event[0] = 0;
	return n == 0 ? 1 : n;
}

static inline_ int keep_nothing(struct stash *st, struct scratch *s, u32 nr)
{
	st->len = 0;
	st->nr = nr + 1;
	note_vain(s, nr, st->filter);
	return 0;
}

/* Keeps the path or address of the call whose arguments are in the scratch. */
static inline_ int keep(struct scratch *s, u32 code, u32 nr)
{
	struct stash *st = own_stash();
	u64 n;
	long len;

	if (!st) {
		s->enter_lost++;
		return send_enter(code);
	}
	st->nr = 0;
	if (code == SC_openat2)
		bpf_probe_read_user(st->words, sizeof(st->words), (void *)s->args[2]);
	if (begin_filtered(st, s, code))
		return keep_nothing(st, s, nr);
	len = read_kept(s, code);
	if (len == STASH_ROOM) {
		s->enter_lost++;
		return send_enter(code);
	}
	if (len <= 0)
		return 0;	/* not in memory yet: the exit program reads it */
	n = len;
	opaque(n);
	n &= STASH_ROOM - 1;
	if (path_filtered(st, code, n))
		return keep_nothing(st, s, nr);
	bpf_probe_read_kernel(st->data, n, s->event);
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
	c.new_filename = NULL;								\
	c.task = current_task();							\
	s->index = i;									\
	if (i)										\
		counters(s)->seen++;							\
	event_begin(&c, s, EV_##ID_, nparams_##ID_);					\
	capture_##ID_(&c);								\
	s->nparam = c.nparam;								\
	run_steps(&c, fd_step, 1, 1);							\
	event_end_held(&c, way_of(EV_##ID_));						\
	return 0;									\
}											\
											\
SEC("tracepoint")									\
int ev_##ID_(void *ctx)									\
{											\
	struct scratch *s = this_scratch();						\
	u32 i;										\
											\
	if (!s)										\
		return 0;								\
	for (i = 0; i < MMSG_MAX; i++)							\
		if ((i && (s64)i >= s->ret) || do_message_##ID_(i))			\
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
		s->by_code[code].lost_scratch++;
		return false;
	}
	s->busy = 1;
	s->code = code;
	s->compat = 0;
	s->ret = 0;
	c->new_filename = NULL;
	event_begin(c, s, type, nparams);
	return true;
}

static inline_ int task_executes(const char *filename)
{
	struct ctx c;

	if (!live.want_exec)
		return 0;
	c.task = current_task();
	if (!lifecycle_begin(&c, SC_execve, EV_SYSCALL_EXECVE_19_X, nparams_SYSCALL_EXECVE_19_X))
		return 0;
	c.new_filename = filename;
	capture_SYSCALL_EXECVE_19_X(&c);
	return event_end(&c, WAY_LANE | WAY_ALL);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)
{
	return task_executes(bprm->filename);
}

/* As in tracefs' events/sched/sched_process_exec/format: the record holds a copy of the name. */
struct trace_exec {
	u64 common;
	u32 filename_at;	/* and its length, in the upper half */
	s32 pid, old_pid;
};

SEC("tracepoint")
int on_exec_trace(struct trace_exec *ctx)
{
	return task_executes((char *)ctx + (ctx->filename_at & 0xffff));
}

/* Code and flags of the call that makes a child, from the registers of the parent. */
static inline_ u32 fork_call(u64 *ret_flags)
{
	bool is_compat = is_compat_task();
	u64 unused, addr = find_first_arg(is_compat);
	u32 code = fork_code(find_call(&unused), is_compat);

	*ret_flags = 0;
	if (code == SC_clone)
		*ret_flags = addr;
	else if (code == SC_clone3)
		bpf_probe_read_user(ret_flags, sizeof(*ret_flags), (void *)addr);
	return code;
}

/* The parent's event.  The rows of these calls differ in the source of the flags only. */
SEC("tracepoint")
int ev_SYSCALL_CLONE_20_X(void *ctx)
{
	struct scratch *s = this_scratch();
	struct ctx c;
	u64 flags;

	if (!s)
		return 0;
	flags = s->args[0];
	if (s->code == SC_clone3)
		bpf_probe_read_user(&flags, sizeof(flags), (void *)flags);
	else if (s->code != SC_clone)
		flags = 0;
	s->args[0] = flags;
	c.new_filename = NULL;
	c.task = current_task();
	event_begin(&c, s, fork_event(s->code), nparams_SYSCALL_CLONE_20_X);
	capture_SYSCALL_CLONE_20_X(&c);
	return event_end(&c, WAY_LANE | WAY_ALL);
}

/* The child's own event, sent before the child runs. */
static inline_ int task_forks(struct task_struct *child)
{
	u32 code, type;
	struct ctx c;
	u64 flags;

	if (!live.want_fork || KREAD(child, flags) & K_PF_KTHREAD)
		return 0;
	code = fork_call(&flags);
	type = fork_event(code);
	c.task = child;
	if (!lifecycle_begin(&c, SC_clone, type, nparams_SYSCALL_CLONE_20_X))
		return 0;
	c.s->args[0] = flags;
	*(u64 *)(c.s->event + 8) = (u32)KREAD(child, pid);
	capture_SYSCALL_CLONE_20_X(&c);
	return event_end(&c, WAY_LANE | WAY_ALL);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	return task_forks(child);
}

/*
 * As in tracefs' events/task/task_newtask/format.  The parent makes the child there, too; its
 * record has the child's number only, and kernels that need this program find the task.
 */
struct trace_newtask {
	u64 common;
	s32 pid;
};

/* From 6.2 on.  libbpf seeks what vmlinux lacks in the modules, where an ordinary user may not look. */
#ifndef PLAIN_READS
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *t) __ksym __weak;

SEC("tracepoint")
int on_fork_trace(struct trace_newtask *ctx)
{
	struct task_struct *child = bpf_task_from_pid(ctx->pid);

	if (!child)
		return 0;
	task_forks(child);
	bpf_task_release(child);
	return 0;
}
#endif

static inline_ int task_exits(void)
{
	struct task_struct *p = current_task();
	u32 tid = bpf_get_current_pid_tgid();
	struct ctx c;

	bpf_map_delete_elem(&stashes, &tid);
	if (!live.want_exit || KREAD(p, flags) & K_PF_KTHREAD)
		return 0;
	c.task = p;
	if (!lifecycle_begin(&c, SC_sched_process_exit, EV_PROCEXIT_1_E, nparams_PROCEXIT_1_E))
		return 0;
	capture_PROCEXIT_1_E(&c);
	return event_end(&c, WAY_LANE | WAY_ALL);
}

SEC("tp_btf/sched_process_exit")
int on_task_exit(void *ctx)
{
	return task_exits();
}

SEC("tracepoint")
int on_task_exit_trace(void *ctx)
{
	return task_exits();
}

#include "drivers/core/points.h"
#include "drivers/core/hooks.h"

char driver_license[] SEC("license") = "Dual MIT/GPL";

#endif
