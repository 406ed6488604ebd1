/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* From tracepoints to events in rings.  The same rules as in drivers/core/programs.h. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <trace/events/sched.h>
#include <trace/events/signal.h>
#if __has_include(<asm/trace/exceptions.h>)
#include <asm/trace/exceptions.h>
#elif __has_include(<trace/events/exceptions.h>)	/* where it is from 6.16 on */
#include <trace/events/exceptions.h>
#endif
#include <trace/events/syscalls.h>

#include "drivers/kmod/kmod.h"
#include "drivers/kmod/access.h"
#include "drivers/kmod/regs.h"
#include "drivers/calls.h"
#include "drivers/lane.h"

unsigned long kernel_low __ro_after_init, kernel_span __ro_after_init;

static DEFINE_PER_CPU(struct scratch *, scratches);

/* ---- one event --------------------------------------------------------------------- */

/* Begins to work on this CPU.  False: it is at work already. */
static bool begin(struct ctx *c)
{
	struct scratch *s = __this_cpu_read(scratches);

	c->s = s;
	if (!s || s->busy)
		return false;
	s->busy = true;
	barrier();
	return true;
}

static void end(struct ctx *c)
{
	barrier();
	c->s->busy = false;
}

/* Preemption and page faults are off between these two. */
static void enter_probe(void)
{
	preempt_disable_notrace();
	pagefault_disable();
}

static void leave_probe(void)
{
	pagefault_enable();
	preempt_enable_notrace();
}

static void store(u8 *p, u64 v, u32 n)
{
	memcpy(p, &v, n);
}

/* Makes the event, but for its time and length. */
static void build(struct ctx *c, u32 type, u32 tid)
{
	const struct row *row = &event_rows[type];
	u8 *p = c->s->event;

	c->off = c->start = sizeof(struct event_hdr) + 2 * row->nparams;
	c->prev = 0;
	c->nparam = 0;
	c->truncated = 0;
	c->overflow = false;
	c->memo.opened_known = false;
	store(p + offsetof(struct event_hdr, tid), tid, 8);
	store(p + offsetof(struct event_hdr, type), type, 2);
	store(p + offsetof(struct event_hdr, nparams), row->nparams, 4);
	row->capture(c);
	store(p + offsetof(struct event_hdr, len), c->off, 4);
}

/* The consumer's positions are not trusted: at worst its own events are lost. */
static bool ring_put(struct ring *r, struct kmod_control *control, u32 lane, const u8 *p, u32 len)
{
	u32 need = ALIGN(len, 8), at = r->head & (r->size - 1), first = min(len, r->size - at);

	if (r->head + need - r->tail > r->size) {
		r->tail = smp_load_acquire(&control->tail[lane].at);
		if (r->head + need - r->tail > r->size)
			return false;
	}
	memcpy(r->data + at, p, first);
	if (unlikely(first < len))
		memcpy(r->data, p + first, len - first);
	r->head += need;
	smp_store_release(&control->head[lane].at, r->head);
	return true;
}

static u32 owner_of(const struct consumer *k, const struct task_struct *t)
{
	return WORKER_OF(t->tgid, k->opt.workers);
}

/* Does the consumer count what becomes of the task's events? */
static bool is_owner(const struct consumer *k, const struct task_struct *t)
{
	return k->opt.workers == 1 || owner_of(k, t) == k->opt.worker;
}

/* owner: the worker whose process the event is of. */
static void send(struct ctx *c, struct consumer *k, struct cpu_rings *r, u32 lane, u32 owner)
{
	struct syscall_counters *n = &r->counters.by_code[c->code];
	struct ring *ring = &r->rings[lane];
	bool copy = owner != k->opt.worker;
	u32 len = c->off + sizeof(u16);

	if (c->overflow || c->off > EVENT_LEN_MAX - 8) {
		r->counters.copies_lost += copy;
		r->counters.drops_scratch += !copy;
		n->lost += !copy;
		n->lost_scratch += !copy;
		return;
	}
	store(c->s->event, ktime_get_boot_fast_ns() + k->opt.epoch_ns, 8);
	store(c->s->event + c->off, owner, sizeof(u16));
	if (!ring_put(ring, r->control, lane, c->s->event, len)) {
		r->counters.copies_lost += copy;
		r->counters.drops_buffer += !copy;
		n->lost += !copy;
		return;
	}
	n->sent += !copy;
	ring->unwoken += len;
	if (ring->unwoken > ring->wake_bytes) {
		ring->unwoken = 0;
		irq_work_queue(&k->wake);
	}
}

static bool wants_code(const struct kmod_interest *in, u32 code)
{
	return in->wanted[code / 64 % (NR_CODES / 64)] >> code % 64 & 1;
}

static bool wants_exec(const struct kmod_interest *in, u32 code)
{
	return in->want_exec;
}

static bool wants_fork(const struct kmod_interest *in, u32 code)
{
	return in->want_fork;
}

static bool wants_exit(const struct kmod_interest *in, u32 code)
{
	return in->want_exit;
}

/* What is to be done with an event that is of interest. */
struct plan {
	bool (*wants)(const struct kmod_interest *in, u32 code);
	u32 type;
	u32 tid;
	bool may_filter;	/* an event of a failure */
	bool drop;		/* nothing to say */
	bool by_rules;		/* the consumers' filters apply */
};

/* Has the event nothing for this consumer? */
static bool is_filtered(struct ctx *c, const struct plan *p, const struct consumer *k)
{
	const struct kfilter *f = p->by_rules ? rcu_dereference_sched(k->filter) : NULL;

	return p->drop || (p->may_filter && k->opt.drop_failed) || (f && !filter_passes(c, f));
}

/* Do these two get the same bytes of data? */
static bool keep_the_same(const struct kmod_options *a, const struct kmod_options *b)
{
	return a->snaplen == b->snaplen && !memcmp(&a->dynamic, &b->dynamic, sizeof(a->dynamic));
}

/* Makes the event and hands it to each consumer that wants it.  Between begin() and end(). */
static void deliver(struct ctx *c, const struct plan *p)
{
	const struct consumer_table *t = rcu_dereference_sched(consumers);
	const struct kmod_options *built = NULL;
	u32 i, way = event_way(p->type);

	for (i = 0; t && i < t->n; i++) {
		struct consumer *k = t->c[i];
		bool mine = is_owner(k, c->task);
		struct cpu_rings *r;

		if (!p->wants(&k->in, c->code) || k->opt.self_pid == current->tgid ||
		    !(mine || way & WAY_ALL))
			continue;
		r = READ_ONCE(k->cpus[smp_processor_id()]);
		if (!r) {
			atomic64_add(mine, &k->no_ring);
			continue;
		}
		r->counters.by_code[c->code].seen += mine;
		if (is_filtered(c, p, k)) {
			r->counters.filtered += mine;
			r->counters.by_code[c->code].filtered += mine;
			continue;
		}
		if (!built || !keep_the_same(built, &k->opt)) {
			built = &k->opt;
			c->snaplen = built->snaplen;
			c->dynamic = built->dynamic;
			build(c, p->type, p->tid);
		}
		r->counters.truncated += mine ? c->truncated : 0;
		if (way == WAY_RING && k->opt.hold_back && pressure_holds(c, k, r, p->type)) {
			r->counters.by_code[c->code].held++;
			continue;
		}
		send(c, k, r, way & WAY_LANE ? KMOD_LANE : KMOD_RING, owner_of(k, c->task));
	}
}

enum reason { LOST_BUSY, LOST_ENTER };

/* Counts what is not delivered to those that wanted it. */
static void count_lost(u32 code, bool (*wants)(const struct kmod_interest *in, u32 code),
		       enum reason why)
{
	const struct consumer_table *t = rcu_dereference_sched(consumers);
	u32 i;

	for (i = 0; t && i < t->n; i++) {
		struct consumer *k = t->c[i];
		struct cpu_rings *r = READ_ONCE(k->cpus[smp_processor_id()]);

		if (!wants(&k->in, code) || k->opt.self_pid == current->tgid || !r || !is_owner(k, current))
			continue;
		if (why == LOST_ENTER) {
			r->counters.enter_lost++;
			continue;
		}
		r->counters.by_code[code].seen++;
		r->counters.by_code[code].lost++;
		r->counters.by_code[code].lost_scratch++;
		r->counters.drops_scratch++;
	}
}

/* ---- the end of a syscall -------------------------------------------------------------- */

static u32 exit_event(u32 code)
{
	u32 type = exit_events[code];

	return event_rows[type].capture ? type : EV_GENERIC_X;
}

/* Code of the syscall if it is of interest, or else SC_unknown. */
static u32 route_of(u32 route, bool *ret_compat)
{
	*ret_compat = false;
	if (!(route >> 16))
		return route;
	*ret_compat = is_compat_call();
	return *ret_compat ? route >> 16 : route & 0xffff;
}

/*
 * The call inside a 32-bit socketcall, with its arguments; SC_unknown when it is of no
 * interest or its arguments cannot be read.
 */
static u32 socketcall(u64 *args)
{
	u32 code, n, i, words[6] = { 0 };

	switch (args[0]) {
#define SOCKETCALL(NR_, NAME_, NARGS_) case NR_: code = SC_##NAME_; n = NARGS_; break;
	SOCKETCALLS(SOCKETCALL)
#undef SOCKETCALL
	default: return SC_unknown;
	}
	if (!wants_code(&interest_any, code) || !copy_user(words, args[1], n * sizeof(words[0])))
		return SC_unknown;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		args[i] = words[i];
	return code;
}

static void deliver_exit(struct ctx *c)
{
	struct plan p = { .wants = wants_code, .type = exit_event(c->code), .tid = current->pid,
			  .may_filter = c->ret < 0, .by_rules = true };
	bool several = c->code == SC_sendmmsg || c->code == SC_recvmmsg;

	p.drop = failures_only(p.type) && c->ret >= 0;
	c->s->filtered.looked = false;
	do
		deliver(c, &p);
	while (several && ++c->index < MMSG_MAX && (s64)c->index < c->ret);
}

static noinline void syscall_end(struct pt_regs *regs, long ret, u32 nr, u32 route)
{
	struct ctx c = { .nr = nr, .task = current };
	bool is_compat;

	c.code = route_of(route, &is_compat);
	if (!c.code || reported_elsewhere(c.code, ret))
		return;
	c.compat = is_compat ? CALL_COMPAT : CALL_NATIVE;
	c.ret = is_compat ? (s32)ret : ret;
	read_args(regs, is_compat, c.args);
	if (c.code == SC_socketcall) {
		c.compat = CALL_INDIRECT;
		c.code = socketcall(c.args);
		if (!c.code)
			return;
	}
	if (begin(&c)) {
		c.stash = stash_find(nr);
		deliver_exit(&c);
		end(&c);
	} else {
		count_lost(c.code, wants_code, LOST_BUSY);
	}
}

static void on_exit(void *data, struct pt_regs *regs, long ret)
{
	u32 nr = syscall_nr(regs), route;

	if (nr >= NR_SYSCALLS)
		return;
	route = READ_ONCE(interest_any.routes[nr]);
	if (!route)
		return;
	enter_probe();
	syscall_end(regs, ret, nr, route);
	leave_probe();
}

/* ---- the beginning of open and connect -------------------------------------------------- */

static u32 enter_event(u32 code)
{
	switch (code) {
	case SC_open: return EV_SYSCALL_OPEN_E;
	case SC_creat: return EV_SYSCALL_CREAT_E;
	case SC_openat: return EV_SYSCALL_OPENAT_2_E;
	case SC_openat2: return EV_SYSCALL_OPENAT2_E;
	default: return EV_SOCKET_CONNECT_E;
	}
}

/* Is there a consumer that may want the event of the call, by what is known before its path is? */
static bool path_is_wanted(struct ctx *c)
{
	const struct consumer_table *t = rcu_dereference_sched(consumers);
	u32 i;

	for (i = 0; t && i < t->n; i++) {
		const struct consumer *k = t->c[i];
		const struct kfilter *f = rcu_dereference_sched(k->filter);

		if (wants_code(&k->in, c->code) && k->opt.self_pid != current->tgid && is_owner(k, current) &&
		    (!f || filter_wants_path(c, f)))
			return true;
	}
	return false;
}

/*
 * What the caller passes could be changed by another thread while the call runs.  So it is
 * copied here, and the exit event has the copy.  What does not fit is sent as an event of its
 * own, and user space puts the two together.
 */
static void keep(struct ctx *c)
{
	const struct plan p = { .wants = wants_code, .type = enter_event(c->code), .tid = current->pid };
	u64 words[3] = { 0 };
	u8 *data = c->s->event;
	long n;

	stash_forget();
	if (!path_is_wanted(c))
		return;
	if (c->code == SC_connect) {
		append_sockaddr(c, c->args[1], c->args[2]);
		n = c->off;
	} else {
		n = copy_user_str(data, c->args[c->code == SC_open || c->code == SC_creat ? 0 : 1], STASH_ROOM);
	}
	if (c->code == SC_openat2)
		load_user(words, sizeof(words), c->args[2]);
	if (n <= 0)
		return;		/* not in memory yet: read at the end */
	if (n < STASH_ROOM && stash_keep(c->nr, data, n, words))
		return;
	count_lost(c->code, wants_code, LOST_ENTER);
	deliver(c, &p);
}

static noinline void syscall_begin(struct pt_regs *regs, u32 nr, u32 route)
{
	struct ctx c = { .nr = nr, .task = current };
	bool is_compat;

	c.code = route_of(route, &is_compat);
	if (!c.code)
		return;
	c.compat = is_compat ? CALL_COMPAT : CALL_NATIVE;
	read_args(regs, is_compat, c.args);
	if (c.code == SC_socketcall) {
		c.compat = CALL_INDIRECT;
		c.code = socketcall(c.args);
		if (c.code != SC_connect)
			return;
	}
	if (!begin(&c))
		return;		/* read at the end */
	keep(&c);
	end(&c);
}

static void on_enter(void *data, struct pt_regs *regs, long id)
{
	u32 nr = id, route;

	if (nr >= NR_SYSCALLS)
		return;
	route = READ_ONCE(interest_any.enter_routes[nr]);
	if (!route)
		return;
	enter_probe();
	syscall_begin(regs, nr, route);
	leave_probe();
}

/* ---- processes --------------------------------------------------------------------------- */

static void lifecycle(struct ctx *c, const struct plan *p)
{
	enter_probe();
	if (begin(c)) {
		deliver(c, p);
		end(c);
	} else {
		count_lost(c->code, p->wants, LOST_BUSY);
	}
	leave_probe();
}

static void on_exec(void *data, struct task_struct *t, pid_t old_pid, struct linux_binprm *bprm)
{
	const struct plan p = { .wants = wants_exec, .type = EV_SYSCALL_EXECVE_19_X, .tid = current->pid };
	struct ctx c = { .code = SC_execve, .task = t, .new_filename = bprm->filename };

	if (READ_ONCE(interest_any.want_exec))
		lifecycle(&c, &p);
}

/* The child's own event, sent before the child runs. */
static void on_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	struct plan p = { .wants = wants_fork, .tid = child->pid };
	struct ctx c = { .task = child };
	struct pt_regs *regs;
	bool is_compat;

	if (!READ_ONCE(interest_any.want_fork) || child->flags & PF_KTHREAD)
		return;
	regs = task_pt_regs(current);
	is_compat = is_compat_call();
	c.code = fork_code(syscall_nr(regs), is_compat);
	read_args(regs, is_compat, c.args);
	if (!c.code)
		c.args[0] = 0;		/* made by the kernel */
	p.type = fork_event(c.code);
	c.code = SC_clone;
	lifecycle(&c, &p);
}

static void task_exit(struct task_struct *t)
{
	const struct plan p = { .wants = wants_exit, .type = EV_PROCEXIT_1_E, .tid = current->pid };
	struct ctx c = { .code = SC_sched_process_exit, .task = t };

	enter_probe();
	stash_drop();
	leave_probe();
	if (READ_ONCE(interest_any.want_exit) && !(t->flags & PF_KTHREAD))
		lifecycle(&c, &p);
}

#ifdef HAVE_exit_group_dead
static void on_task_exit(void *data, struct task_struct *t, bool group_dead)
{
	task_exit(t);
}
#else
static void on_task_exit(void *data, struct task_struct *t)
{
	task_exit(t);
}
#endif

/* ---- tracepoints of one event ------------------------------------------------------------ */

/* Of a SIGKILL the kernel has no siginfo: small numbers stand in its place. */
static void on_signal(void *data, int sig, struct kernel_siginfo *info, struct k_sigaction *ka)
{
	const struct plan p = { .wants = wants_code, .type = EV_SIGNALDELIVER_E, .tid = current->pid };
	struct ctx c = { .code = SC_signal_deliver, .task = current, .args = { (u32)sig } };

	if (!wants_code(&interest_any, c.code))
		return;
	if (info > (struct kernel_siginfo *)SEND_SIG_PRIV) {
		c.args[1] = (u32)info->si_code;
		c.args[2] = (u32)info->si_pid;
	}
	lifecycle(&c, &p);
}

/* The thread before is still the current one. */
static void task_switch(struct task_struct *before, struct task_struct *next)
{
	const struct plan p = { .wants = wants_code, .type = EV_SCHEDSWITCH_6_E, .tid = before->pid };
	struct ctx c = { .code = SC_sched_switch, .task = before, .args = { next->pid } };

	if (wants_code(&interest_any, c.code))
		lifecycle(&c, &p);
}

#ifdef HAVE_sched_switch_state
static void on_switch(void *data, bool preempt, struct task_struct *before, struct task_struct *next,
		      unsigned int state)
{
	task_switch(before, next);
}
#else
static void on_switch(void *data, bool preempt, struct task_struct *before, struct task_struct *next)
{
	task_switch(before, next);
}
#endif

#ifdef CONFIG_X86
static void page_fault(u32 code, unsigned long addr, struct pt_regs *regs, unsigned long error)
{
	const struct plan p = { .wants = wants_code, .type = EV_PAGE_FAULT_E, .tid = current->pid };
	struct ctx c = { .code = code, .task = current, .args = { addr, regs->ip, error } };

	if (wants_code(&interest_any, code))
		lifecycle(&c, &p);
}

static void on_fault_user(void *data, unsigned long addr, struct pt_regs *regs, unsigned long error)
{
	page_fault(SC_page_fault_user, addr, regs, error);
}

/* While an event is made here it is the maker's own, who reads what the caller points to: no loss. */
static void on_fault_kernel(void *data, unsigned long addr, struct pt_regs *regs, unsigned long error)
{
	const struct scratch *s = raw_cpu_read(scratches);

	if (s && !s->busy)
		page_fault(SC_page_fault_kernel, addr, regs, error);
}
#endif

/* ---- attaching --------------------------------------------------------------------------- */

enum { TP_ENTER, TP_EXIT, TP_EXEC, TP_FORK, TP_TASK_EXIT, TP_SIGNAL, TP_SWITCH, TP_FAULT_USER, TP_FAULT_KERNEL,
       TP_MAX };

static struct {
	const char *name;
	void *fn;
	u32 code;		/* of the event that it alone is for; such a tracepoint may be missing */
	struct tracepoint *tp;
	bool attached;
} probes[TP_MAX] = {
	[TP_ENTER] = { "sys_enter", on_enter },
	[TP_EXIT] = { "sys_exit", on_exit },
	[TP_EXEC] = { "sched_process_exec", on_exec },
	[TP_FORK] = { "sched_process_fork", on_fork },
	[TP_TASK_EXIT] = { "sched_process_exit", on_task_exit },
	[TP_SIGNAL] = { "signal_deliver", on_signal, SC_signal_deliver },
	[TP_SWITCH] = { "sched_switch", on_switch, SC_sched_switch },
#ifdef CONFIG_X86
	[TP_FAULT_USER] = { "page_fault_user", on_fault_user, SC_page_fault_user },
	[TP_FAULT_KERNEL] = { "page_fault_kernel", on_fault_kernel, SC_page_fault_kernel },
#endif
};

static void find_tracepoint(struct tracepoint *tp, void *arg)
{
	u32 i;

	for (i = 0; i < TP_MAX; i++)
		if (!strcmp(tp->name, probes[i].name))
			probes[i].tp = tp;
}

/* Never called: the compiler compares the probes' types with the tracepoints'. */
static void __maybe_unused check_types(void)
{
	check_trace_callback_type_sys_enter(on_enter);
	check_trace_callback_type_sys_exit(on_exit);
	check_trace_callback_type_sched_process_exec(on_exec);
	check_trace_callback_type_sched_process_fork(on_fork);
	check_trace_callback_type_sched_process_exit(on_task_exit);
	check_trace_callback_type_signal_deliver(on_signal);
	check_trace_callback_type_sched_switch(on_switch);
#ifdef CONFIG_X86
	check_trace_callback_type_page_fault_user(on_fault_user);
	check_trace_callback_type_page_fault_kernel(on_fault_kernel);
#endif
}

int __init probes_init(void)
{
	u32 i;

	kernel_low = lowest_kernel_address();
	kernel_span = KERNEL_LIMIT - kernel_low;
	for_each_kernel_tracepoint(find_tracepoint, NULL);
	for (i = 0; i < TP_MAX; i++) {
		if (probes[i].tp || probes[i].code)
			continue;
		pr_err("saker: this kernel has no tracepoint %s (CONFIG_FTRACE_SYSCALLS or "
		       "CONFIG_TRACEPOINTS is off)\n", probes[i].name);
		return -ENOENT;
	}
	return 0;
}

static bool probe_wanted(u32 i)
{
	const struct kmod_interest *in = &interest_any;
	u32 n, code;

	if (probes[i].code)
		return probes[i].tp && wants_code(in, probes[i].code);
	switch (i) {
	case TP_ENTER: return in->want_enter;
	case TP_EXEC: return in->want_exec;
	case TP_FORK: return in->want_fork;
	case TP_TASK_EXIT: return in->want_exit || in->want_enter;
	}
	for (n = code = 0; code < NR_SYSCALLS && !n; code++)
		n = in->routes[code];
	return n;
}

int probes_update(void)
{
	bool detached = false, any = false;
	u32 i;
	int err = 0;

	for (i = 0; i < TP_MAX; i++) {
		bool wanted = probe_wanted(i);
		int failed = 0;

		any |= wanted;
		if (wanted == probes[i].attached)
			continue;
		if (wanted)
			failed = tracepoint_probe_register(probes[i].tp, probes[i].fn, NULL);
		else
			tracepoint_probe_unregister(probes[i].tp, probes[i].fn, NULL);
		if (i == TP_ENTER && !wanted)
			stash_expire();
		probes[i].attached = wanted && !failed;
		err = err ?: failed;
		detached |= !wanted;
	}
	if (detached)
		tracepoint_synchronize_unregister();
	if (detached && !any)
		stash_drop_all();
	return err;
}

/* ---- scratch ------------------------------------------------------------------------------ */

int scratch_add_cpu(unsigned int cpu)
{
	struct scratch *s;

	if (per_cpu(scratches, cpu))
		return 0;
	s = kvzalloc_node(sizeof(*s), GFP_KERNEL, cpu_to_node(cpu));
	if (!s)
		return -ENOMEM;
	per_cpu(scratches, cpu) = s;
	return 0;
}

void scratch_free(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		kvfree(per_cpu(scratches, cpu));
		per_cpu(scratches, cpu) = NULL;
	}
}
