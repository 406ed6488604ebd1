/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The classic eBPF driver: built on the machine where it runs, against the headers of its
 * kernel.
 *
 * An entry (entry.h) finds out what call it is and leaves its arguments in the CPU's scratch;
 * from there on one program tail-calls the next, each small enough for a verifier that takes 4,096
 * instructions.  ev_ID writes the parameters of that row of schema/events.def.  A parameter that
 * takes long (struct later of drivers/port.h) is continued by step_ programs, and the row goes on
 * with ev_ID_1, ev_ID_2.  What the kernel knows of descriptors is appended by step_fd.
 *
 * Only the entries look at their context, so that the others serve as raw and as plain
 * tracepoint programs.
 */
#include "drivers/bpf/port.h"
#include "drivers/compat/shapes.h"
#include "drivers/capture.h"
#include "drivers/lane.h"
#include "drivers/calls.h"

struct bpf_note saker_note SEC(BPF_NOTE_SECTION) = {
	.abi = BPF_PROBE_ABI,
	.scratch_bytes = sizeof(struct bpf_scratch),
	.release = UTS_RELEASE,
	.schema = 0
#include "schema/fingerprint.h"
};

static inline_ struct bpf_counts *this_counts(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&map_counts, &cpu);
}

static inline_ struct syscall_counters *counters(struct bpf_counts *n, u32 code)
{
	u64 i = code;

	opaque(i);
	return &n->by_code[i & (NR_CODES - 1)];
}

static inline_ void forget_stash(void)
{
	u32 tid = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&map_stashes, &tid);
}

/* ---- one event --------------------------------------------------------------- */

/* There is no program to go on with, or too many were called. */
static inline_ int event_lost(struct bpf_scratch *s)
{
	struct bpf_counts *n = this_counts();

	s->busy = 0;
	if (n) {
		n->drops_scratch++;
		counters(n, s->code)->lost++;
		counters(n, s->code)->lost_scratch++;
	}
	return 0;
}

static inline_ void event_begin(struct ctx *c, u32 type, u32 nparams)
{
	struct bpf_scratch *s = c->s;
	u8 *p = s->event;

	s->off = s->start = LENS_AT + 2 * nparams;
	s->prev = 0;
	s->nfds = s->fd_at = 0;
	s->truncated = 0;
	s->way = way_of(type);
	s->worker = s->workers > 1 ? WORKER_OF(KREAD(task(c), tgid), s->workers) : 0;
	if (type != EV_SYSCALL_CLONE_20_X)
		s->type = type;
	*(u64 *)p = bpf_ktime_get_ns() + s->epoch_ns;
	*(u64 *)(p + 8) = s->tid;
	*(u16 *)(p + 20) = s->type;
	*(u32 *)(p + 22) = nparams;
}

/* Puts the finished event into a buffer of one worker; the number of its own worker follows it. */
static inline_ long perf_put(void *ctx, struct bpf_scratch *s, u32 worker)
{
	u64 buffer = (u32)(worker * s->ncpus + bpf_get_smp_processor_id()), len = s->off - 1;

	opaque(len);
	len = (len & (EVENT_LEN_MAX - 1)) + 1;
	*(u16 *)(s->event + len) = s->worker;
	len += sizeof(u16);
	if (s->way & WAY_LANE)
		return bpf_perf_event_output(ctx, &map_lane, buffer, s->event, len);
	return bpf_perf_event_output(ctx, &map_events, buffer, s->event, len);
}

static inline_ void event_send(void *ctx, struct bpf_scratch *s)
{
	struct bpf_counts *n = this_counts();
	u64 len = s->off;

	s->busy = 0;
	if (s->kept)
		forget_stash();
	if (!n)
		return;
	n->truncated += s->truncated;
	if (len > BPF_EVENT_MAX) {
		n->drops_scratch++;
		counters(n, s->code)->lost++;
		counters(n, s->code)->lost_scratch++;
		return;
	}
	*(u32 *)(s->event + 16) = len;
	if (perf_put(ctx, s, s->worker)) {
		n->drops_buffer++;
		counters(n, s->code)->lost++;
	} else {
		counters(n, s->code)->sent++;
	}
}

/* Several messages are an event each: goes on with the next. */
static inline_ int event_end(void *ctx, struct bpf_scratch *s)
{
	struct bpf_counts *n;

	event_send(ctx, s);
	if (s->workers > 1 && s->way & WAY_ALL) {
		bpf_tail_call(ctx, &map_calls, CALL_STEP(STEP_COPIES));
		n = this_counts();
		if (n)
			n->copies_lost += s->workers - 1;
		return 0;
	}
	if (s->type != EV_SOCKET_SENDMMSG_X && s->type != EV_SOCKET_RECVMMSG_X)
		return 0;
	s->index++;
	n = this_counts();
	if ((s64)s->index >= s->ret || s->index >= MMSG_MAX || !n)
		return 0;
	counters(n, s->code)->seen++;
	s->busy = 1;
	bpf_tail_call(ctx, &map_calls, CALL_ROW(s->type, 0));
	return event_lost(s);
}

/* The parameter that went on later is complete. */
static inline_ int walk_end(void *ctx, struct bpf_scratch *s)
{
	param_close(s, s->nparam);
	if (!s->next)
		return event_end(ctx, s);
	bpf_tail_call(ctx, &map_calls, s->next);
	return event_lost(s);
}

static inline_ int step_next(void *ctx, struct bpf_scratch *s, u32 step)
{
	bpf_tail_call(ctx, &map_calls, CALL_STEP(step));
	return event_lost(s);
}

#include "drivers/bpf/entry.h"
#include "drivers/bpf/filter.h"

/* ---- rows ------------------------------------------------------------------------ */

static inline_ int row_end(void *ctx, struct ctx *c, u32 type, u32 nextra)
{
	struct bpf_scratch *s = c->s;
	u16 *lens = (u16 *)(s->event + LENS_AT + 2 * (c->nparam & 63));

	if (c->at > c->stage) {
		s->next = CALL_ROW(type, c->stage + 1);
		if (!s->walk)
			return walk_end(ctx, s);
		return step_next(ctx, s, s->walk);
	}
	if (!nextra)
		return event_end(ctx, s);
	lens[0] = 0;
	if (nextra > 1)
		lens[1] = 0;
	if (nextra > 1 && s->fds[1] < 0)
		s->nfds = 1;
	if (s->nfds < 2 && s->fds[0] < 0)
		return event_end(ctx, s);
	s->nparam = c->nparam;
	return step_next(ctx, s, STEP_FD);
}

#define ROW_PROGRAM(ID_, NAME_, STAGE_)							\
PROGRAM(NAME_) int ev_##ID_##_##STAGE_(void *ctx)						\
{											\
	struct bpf_scratch *s = this_scratch();						\
	struct ctx c = { .s = s, .stage = STAGE_ };					\
											\
	if (!s)										\
		return 0;								\
	if (STAGE_ == 0)								\
		event_begin(&c, EV_##ID_, nparams_##ID_);				\
	s->walk = STEP_NONE;								\
	capture_##ID_(&c);								\
	return row_end(ctx, &c, EV_##ID_, nextra_##ID_);				\
}

/* A stage more than the row has parameters that go on later. */
#define ROW_1(ID_) ROW_PROGRAM(ID_, "ev_" #ID_, 0)
#define ROW_2(ID_) ROW_1(ID_) ROW_PROGRAM(ID_, "ev_" #ID_ "_1", 1)
#define ROW_3(ID_) ROW_2(ID_) ROW_PROGRAM(ID_, "ev_" #ID_ "_2", 2)
#define ROW_0(ID_)

/* The others: 1.  Those with 0 are captured by the program of clone. */
#define STAGES_SYSCALL_EXECVE_19_X , ROW_3
#define STAGES_SYSCALL_EXECVEAT_X , ROW_3
#define STAGES_SYSCALL_OPEN_BY_HANDLE_AT_X , ROW_2
#define STAGES_SYSCALL_CLONE_20_X , ROW_2
#define STAGES_SYSCALL_CLONE3_X , ROW_0
#define STAGES_SYSCALL_FORK_20_X , ROW_0
#define STAGES_SYSCALL_VFORK_20_X , ROW_0
/* Captured where they are seen. */
#define STAGES_SIGNALDELIVER_E , ROW_0
#define STAGES_SCHEDSWITCH_6_E , ROW_0
#define STAGES_PAGE_FAULT_E , ROW_0
#define SECOND(a, b, ...) b
#define SELECT(...) SECOND(__VA_ARGS__)

#define EVENT(...)
#define UNUSED(...)
#define EXTRACT(NR_, ID_, ...) SELECT(STAGES_##ID_, ROW_1, )(ID_)
#include "schema/events.def"
#undef EXTRACT
#undef EVENT
#undef UNUSED

/* ---- steps ------------------------------------------------------------------------- */

#define UP_STEPS 3		/* of PATH_PER_STEP, in one program */
#define UP_ROUNDS (PATH_STEPS / UP_STEPS + 1)

PROGRAM("step_path_up") int step_path_up(void *ctx)
{
	struct bpf_scratch *s = this_scratch();
	struct ctx c = { .s = s };
	u32 i;

	if (!s)
		return 0;
	unrolled for (i = 0; i < UP_STEPS; i++)
		if (path_step(&c, loop(&c), i))
			goto turn;
	if (s->rounds++ < UP_ROUNDS)
		return step_next(ctx, s, STEP_PATH_UP);
turn:
	s->rounds = 0;
	if (!path_turn(&c))
		loop(&c)->path.n = 0;
	return step_next(ctx, s, STEP_PATH_EMIT);
}

PROGRAM("step_path_emit") int step_path_emit(void *ctx)
{
	struct bpf_scratch *s = this_scratch();
	struct ctx c = { .s = s };
	u32 i;

	if (!s)
		return 0;
	unrolled for (i = 0; i < UP_STEPS; i++)
		if (path_emit_step(&c, loop(&c), i))
			goto end;
	if (loop(&c)->path.n && s->rounds++ < UP_ROUNDS)
		return step_next(ctx, s, STEP_PATH_EMIT);
end:
	path_end(&c);
	return walk_end(ctx, s);
}

PROGRAM("step_cgroup") int step_cgroup(void *ctx)
{
	struct bpf_scratch *s = this_scratch();
	struct ctx c = { .s = s };

	if (!s)
		return 0;
	cgroup_step(&c, loop(&c), s->rounds);
	if (++s->rounds < CGROUP_SUBSYSTEMS)
		return step_next(ctx, s, STEP_CGROUP);
	return walk_end(ctx, s);
}

PROGRAM("step_fd") int step_fd(void *ctx)
{
	struct bpf_scratch *s = this_scratch();
	struct ctx c = { .s = s };
	s64 fd;

	if (!s)
		return 0;
	if (s->fd_at)
		s->nparam++;
	fd = s->fds[s->fd_at++ & 1];
	s->walk = STEP_NONE;
	s->next = s->fd_at < s->nfds ? CALL_STEP(STEP_FD) : 0;
	if (fd >= 0)
		put_file_info(&c, fd);
	if (s->walk)
		return step_next(ctx, s, s->walk);
	return walk_end(ctx, s);
}

/* An event that changes what all workers have to know. */
PROGRAM("step_copies") int step_copies(void *ctx)
{
	struct bpf_scratch *s = this_scratch();
	struct bpf_counts *n = this_counts();
	u32 i;

	if (!s || !n)
		return 0;
	if (s->off > BPF_EVENT_MAX) {
		n->copies_lost += s->workers - 1;
		return 0;
	}
	unrolled for (i = 0; i < BPF_WORKERS_MAX; i++)
		if (i < s->workers && i != s->worker && perf_put(ctx, s, i))
			n->copies_lost++;
	return 0;
}

char saker_license[] SEC("license") = "Dual MIT/GPL";
