/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/core_load.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/core_loss.h"
#include "capture/core_object.h"
#include "capture/route.h"
#include "capture/tracepoint.h"
#include "capture/verifier.h"
#include "event/table.h"

/* Of threads whose arguments are kept, where their number costs memory beforehand: 1 KiB each. */
#define STASHES_PREALLOCATED 8192

/* Of address space: only the log of a rejected program is written. */
#define LOG_BYTES ((size_t)1 << 20)

enum { SMALL = CORE_VARIANTS - 1, NONE };

/*
 * By name, also as plain ones, with their tracepoints.  Without one they are raw ones on any kernel: those
 * of a code run where the kernel holds a lock or has interrupts off, and does not preempt them.
 */
static const struct {
	const char *name[2], *point;
	u32 code;
} programs[CORE_PROGRAMS] = {
	[CORE_FINISH] = { .name = { "finish_fds", "finish_fds" } },
	[CORE_HOLD] = { .name = { "finish_held", "finish_held" } },
	[CORE_FILTER] = { .name = { "filter_call", "filter_call" } },
	[CORE_EXEC] = { .name = { "on_exec", "on_exec_trace" }, .point = "sched/sched_process_exec" },
	[CORE_FORK] = { .name = { "on_fork", "on_fork_trace" }, .point = "task/task_newtask" },
	[CORE_TASK_EXIT] = { .name = { "on_task_exit", "on_task_exit_trace" }, .point = "sched/sched_process_exit" },
	[CORE_SIGNAL] = { .name = { "on_signal", "on_signal" }, .code = SC_signal_deliver },
	[CORE_SWITCH] = { .name = { "on_switch", "on_switch" }, .code = SC_sched_switch },
	[CORE_FAULT_USER] = { .name = { "on_fault_user", "on_fault_user" }, .code = SC_page_fault_user },
	[CORE_FAULT_KERNEL] = { .name = { "on_fault_kernel", "on_fault_kernel" }, .code = SC_page_fault_kernel },
};

/* What the programs of each place are loaded as.  No target: that of the group. */
static const struct {
	u32 type;
	struct {
		const char *name, *target;
		u32 attach;
	} side[SIDES];
} places[CORE_PLACES] = {
	[PLACE_ALL] = { BPF_PROG_TYPE_TRACING, { { "on_exit", "sys_exit", BPF_TRACE_RAW_TP },
						 { "on_enter", "sys_enter", BPF_TRACE_RAW_TP } } },
	[PLACE_ALL_COMPAT] = { BPF_PROG_TYPE_TRACING,
			       { { "on_exit_compat", "sys_exit", BPF_TRACE_RAW_TP },
				 { "on_enter_compat", "sys_enter", BPF_TRACE_RAW_TP } } },
	[PLACE_TRACE] = { BPF_PROG_TYPE_TRACEPOINT, { { "on_exit_trace", NULL, 0 },
						      { "on_enter_trace", NULL, 0 } } },
	[PLACE_CALL] = { BPF_PROG_TYPE_TRACING, { { "on_exit", NULL, BPF_TRACE_FEXIT },
						  { "on_enter_call", NULL, BPF_TRACE_FENTRY } } },
	[PLACE_BLIND] = { BPF_PROG_TYPE_TRACING, { { "on_exit_blind", NULL, BPF_TRACE_FEXIT },
						   { "on_enter_blind", NULL, BPF_TRACE_FENTRY } } },
#define DENIED(N_)									\
	[PLACE_DENIED + N_] = { BPF_PROG_TYPE_TRACING,					\
				{ { "on_denied" #N_, NULL, BPF_TRACE_FEXIT } } }
	DENIED(0), DENIED(1), DENIED(2), DENIED(3),
#undef DENIED
};

static const char *const map_names[CORE_MAPS] = {
	[CORE_SCRATCH] = "scratch_map",
	[CORE_RINGS] = "rings",
	[CORE_STASHES] = "stashes",
	[CORE_LIVE] = ".data.live",
	[CORE_FILTERS] = "filters",
	[CORE_BY_CODE] = "by_code",
	[CORE_FINISHERS] = "finishers",
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int keep_fd(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* The objects in our own file need no memory once they are loaded; should they be needed again, they are read again. */
static void drop_variants(struct core_loader *l)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (u32 i = 0; i < CORE_VARIANTS; i++) {
		size_t len;
		uintptr_t start = (uintptr_t)core_variant_bytes(i, &len), end = (start + len) & ~(page - 1);

		start = (start + page - 1) & ~(page - 1);
		if (start < end)
			madvise((void *)start, end - start, MADV_DONTNEED);
		close_fd(&l->btf[i]);
	}
}

void core_loader_init(struct core_loader *l)
{
	*l = (struct core_loader){ 0 };
	for (int i = 0; i < CORE_SHARED; i++)
		l->maps[i] = -1;
	for (u32 i = 0; i < CORE_VARIANTS; i++)
		l->btf[i] = -1;
	for (u32 i = 0; i < CORE_PROGRAMS; i++)
		l->others[i].prog = l->others[i].link = -1;
}

void core_loader_again(struct core_loader *l)
{
	for (u32 i = 0; i < CORE_PROGRAMS; i++) {
		close_fd(&l->others[i].link);
		close_fd(&l->others[i].prog);
	}
	close_fd(&l->maps[CORE_STASHES]);
}

void core_loader_fini(struct core_loader *l)
{
	core_loader_again(l);
	for (int i = 0; i < CORE_SHARED; i++)
		close_fd(&l->maps[i]);
	drop_variants(l);
	core_loader_init(l);
}

void core_group_init(struct core_group *g, enum core_place place)
{
	*g = (struct core_group){ .place = place };
	for (int i = 0; i < CORE_MAPS; i++)
		g->maps[i] = -1;
	for (int i = 0; i < SIDES; i++)
		g->stubs[i].fd = -1;
}

void core_group_fini(struct core_group *g)
{
	for (int i = 0; i < SIDES; i++) {
		close_fd(&g->stubs[i].fd);
		free(g->stubs[i].insns);
	}
	for (size_t i = 0; i < g->fds.n; i++)
		close(g->fds.p[i]);
	vec_fini(&g->fds);
	close_fd(&g->maps[CORE_BY_CODE]);
	close_fd(&g->maps[CORE_FINISHERS]);
	free(g->target);
	core_group_init(g, g->place);
}

/* ---- what is wanted ---------------------------------------------------------------- */

/*
 * The event whose program captures a syscall.  The calls that make a process share one; so
 * do those without an event that can be captured: the generic one.
 */
static u32 exit_event(const struct core_loader *l, u32 code)
{
	u32 type = syscall_desc(code) ? syscall_desc(code)->event : EV_GENERIC_X;

	if (type == EV_SYSCALL_FORK_20_X || type == EV_SYSCALL_VFORK_20_X || type == EV_SYSCALL_CLONE3_X)
		type = EV_SYSCALL_CLONE_20_X;
	return event_desc(type)->captured && l->variant[type] != NONE ? type : EV_GENERIC_X;
}

/* Its event has a program that is none of a syscall's. */
static bool is_point(u32 code)
{
	return syscall_desc(code) && event_desc(syscall_desc(code)->event)->category & EC_TRACEPOINT;
}

bool core_sends_fds(const struct core_loader *l, u32 code)
{
	u32 type = exit_event(l, code);

	return type != EV_GENERIC_X && l->variant[type] < SMALL;
}

static u32 stub_id(const struct core_group *g, u32 side)
{
	return ID_STUB + SIDES * g->place + side;
}

/* What is missing: how many programs. */
static u32 wanted_of(const struct core_loader *l, const struct core_group *g,
		     const struct interest *in, bool *want)
{
	u32 n = 0;

	memset(want, 0, CORE_IDS * sizeof(*want));
	want[ID_PROGRAM + CORE_FINISH] = want[ID_PROGRAM + CORE_FILTER] = want[stub_id(g, SIDE_EXIT)] = true;
	want[ID_PROGRAM + CORE_HOLD] = l->config.hold_back;
	want[stub_id(g, SIDE_ENTER)] = g->want_enter;
	want[ID_PROGRAM + CORE_EXEC] = route_wants_exec(in) && l->others[CORE_EXEC].prog < 0;
	want[ID_PROGRAM + CORE_FORK] = route_wants_fork(in) && l->others[CORE_FORK].prog < 0;
	/* it also drops what was copied for a thread that ends */
	want[ID_PROGRAM + CORE_TASK_EXIT] = (interest_has(in, SC_sched_process_exit) ||
					     route_wants_enter(in)) &&
					    l->others[CORE_TASK_EXIT].prog < 0;
	for (u32 i = CORE_POINTS; i < CORE_PROGRAMS; i++)
		want[ID_PROGRAM + i] = interest_has(in, programs[i].code) && l->others[i].prog < 0;
	for (u32 code = 1; code < SC_MAX; code++)
		if (interest_has(&g->codes, code) && !is_point(code))
			want[exit_event(l, code)] = true;
	for (u32 id = 0; id < CORE_IDS; id++)
		n += want[id] &= !g->loaded[id] && l->variant[id] != NONE;
	return n;
}

/* CORE_IDS: none that this group can have. */
static u32 program_id(const struct core_loader *l, const struct core_group *g, const struct bpf_program *p)
{
	const char *name = bpf_program__name(p);

	for (u32 t = 1; !strncmp(name, "ev_", 3) && t < EV_MAX; t++)
		if (!strcmp(event_desc(t)->id, name + 3))
			return t;
	for (u32 i = 0; i < CORE_PROGRAMS; i++)
		if (!strcmp(programs[i].name[l->plain], name))
			return ID_PROGRAM + i;
	for (u32 i = 0; i < SIDES; i++)
		if (places[g->place].side[i].name && !strcmp(places[g->place].side[i].name, name))
			return stub_id(g, i);
	return CORE_IDS;
}

/* ---- maps ---------------------------------------------------------------------------- */

static int create_map(struct core_loader *l, int i, const struct bpf_map *m, int *ret_fd)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = bpf_map__map_flags(m));
	u32 entries = i == CORE_SCRATCH ? l->ncpus : i == CORE_RINGS ? l->nrings : bpf_map__max_entries(m);

	if (i == CORE_STASHES && l->preallocate) {
		opts.map_flags &= ~BPF_F_NO_PREALLOC;
		entries = STASHES_PREALLOCATED;
	}
	if (i == CORE_RINGS)
		opts.inner_map_fd = l->ring_fds[0];
	*ret_fd = bpf_map_create(bpf_map__type(m), "saker", bpf_map__key_size(m), bpf_map__value_size(m),
				 entries, &opts);
	return *ret_fd < 0 ? -errno : 0;
}

/* Once for all objects of a group, or of all groups, as the first one describes them. */
static int create_maps(struct core_loader *l, struct core_group *g, const struct bpf_object *o)
{
	int err = 0;

	for (int i = 0; i < CORE_MAPS && !err; i++) {
		int *fd = i < CORE_SHARED ? &l->maps[i] : &g->maps[i];

		if (*fd < 0)
			err = create_map(l, i, bpf_object__find_map_by_name(o, map_names[i]), fd);
		g->maps[i] = *fd;
	}
	return err;
}

/* ---- loading ------------------------------------------------------------------------ */

/*
 * What is wanted is loaded as several objects on the same maps, each by a thread of its own:
 * most of the time goes to relocation in libbpf and to the verifier.  There is one for each
 * variant that is needed, and for the one that most programs come from two.
 */
enum { PARTS = CORE_VARIANTS + 1, PART_WORTH = 8 };	/* programs */

struct part {
	const struct core_loader *l;
	const struct core_group *g;
	const bool *want;
	u32 variant;
	u32 index, count;		/* of the objects of this variant */
	struct bpf_object *o;		/* owned */
	char *logs;			/* the verifier's, LOG_BYTES for each program; owned */
	size_t logs_len;
	int err;
};

static bool spoilt(const struct part *part, const struct bpf_program *p)
{
	const char *spoil = part->l->opt->spoil, *name = bpf_program__name(p);
	size_t n = spoil ? strcspn(spoil, ":") : 0;

	if (!spoil || !spoil[n])
		return spoil && !strcmp(spoil, name);
	if (strcmp(spoil + n + 1, name))
		return false;
	return !strncmp(spoil, "big", n) ? part->variant != SMALL :
	       !strncmp(spoil, core_variant_name(part->variant), n);
}

/* Returns with no value set: what no verifier accepts. */
static int spoil_program(struct bpf_program *p)
{
	size_t n = bpf_program__insn_cnt(p);
	struct bpf_insn *insns = xcalloc(n, sizeof(*insns));
	int err;

	memcpy(insns, bpf_program__insns(p), n * sizeof(*insns));
	insns[0] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	err = bpf_program__set_insns(p, insns, n);
	free(insns);
	return err;
}

/* As what it is loaded: hooks say it for themselves, and for the events that they call. */
static int set_kind(const struct core_group *g, struct bpf_program *p, u32 id)
{
	u32 side = id >= ID_STUB ? (id - ID_STUB) % SIDES : SIDE_EXIT, type = places[g->place].type;
	const char *target = places[g->place].side[side].target ?: g->target;

	if (id >= ID_PROGRAM + CORE_TAILS && id < ID_STUB)
		return 0;
	bpf_program__set_type(p, type);
	bpf_program__set_expected_attach_type(p, places[g->place].side[side].attach);
	return type == BPF_PROG_TYPE_TRACING ? bpf_program__set_attach_target(p, 0, target) : 0;
}

/* Each part comes to the same division: programs go where there is less to do. */
static int choose_programs(struct part *part)
{
	size_t load[2] = { 0 }, n = 0;
	struct bpf_program *p;
	int err = 0;

	bpf_object__for_each_program(p, part->o) {
		u32 id = program_id(part->l, part->g, p), to = part->count > 1 && load[1] < load[0];
		bool want = id < CORE_IDS && part->want[id] && part->l->variant[id] == part->variant;

		if (want)
			load[to] += bpf_program__insn_cnt(p) + 200;
		want &= to == part->index;
		bpf_program__set_autoload(p, want);
		bpf_program__set_log_buf(p, part->logs + LOG_BYTES * n++, LOG_BYTES);
		if (want && !err)
			err = set_kind(part->g, p, id);
		if (want && !err && spoilt(part, p))
			err = spoil_program(p);
	}
	return err;
}

static int reuse_maps(const struct part *part)
{
	const struct core_loader *l = part->l;
	int err;

	err = bpf_map__set_initial_value(bpf_object__find_map_by_name(part->o, ".rodata.config"),
					 &l->config, sizeof(l->config));
	for (int i = 0; i < CORE_MAPS && !err; i++)
		err = bpf_map__reuse_fd(bpf_object__find_map_by_name(part->o, map_names[i]),
					part->g->maps[i]);
	return err;
}

static void *load_part(void *arg)
{
	struct part *part = arg;
	struct bpf_program *p;
	size_t n = 0;

	if (!part->o)
		part->o = core_object_open(part->variant, part->l->btf[part->variant]);
	if (!part->o) {
		part->err = -errno;
		return NULL;
	}
	bpf_object__for_each_program(p, part->o)
		n++;
	part->logs_len = n * LOG_BYTES;
	part->logs = mmap(NULL, part->logs_len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (part->logs == MAP_FAILED) {
		part->logs = NULL;
		part->err = -ENOMEM;
		return NULL;
	}
	part->err = choose_programs(part) ?: reuse_maps(part) ?: bpf_object__load(part->o);
	return NULL;
}

static void part_fini(struct part *part)
{
	bpf_object__close(part->o);
	if (part->logs)
		munmap(part->logs, part->logs_len);
}

/* Takes note of one refusal.  False: nothing works without that program. */
static bool refuse(struct core_loader *l, const struct core_group *g, u32 id,
		   const struct bpf_program *p, const char *why, struct diag *d)
{
	struct driver_loss loss = { .program = bpf_program__name(p), .why = why };

	l->variant[id]++;
	if (l->variant[id] == NONE && id == stub_id(g, SIDE_EXIT)) {
		diag_set(d, "the kernel rejects the eBPF program %s: %s", loss.program, why);
		return false;
	}
	loss.instead = l->variant[id] == NONE ? NULL : core_variant_name(l->variant[id]);
	core_loss_of(id, l->variant[id] == NONE, l->variant[id] == SMALL, &loss);
	if (l->opt->rejected)
		l->opt->rejected(l->opt->ctx, &loss);
	return true;
}

/* 1: programs were rejected, and it is worth trying without them. */
static int part_failed(struct core_loader *l, struct part *part, struct diag *d)
{
	struct bpf_program *p;
	char *log = part->logs;
	bool again = false;

	if (!part->o || !log)
		return part->err;
	bpf_object__for_each_program(p, part->o) {
		if (*log)
			again = refuse(l, part->g, program_id(part->l, part->g, p), p, verifier_reason(log), d);
		log += LOG_BYTES;
	}
	return again ? 1 : part->err;
}

static bool point_missing(const struct btf *kernel, u32 code)
{
	char name[64];

	snprintf(name, sizeof(name), "btf_trace_%s", syscall_desc(code)->name);
	return btf__find_by_name_kind(kernel, name, BTF_KIND_TYPEDEF) < 0;
}

/* An object with a program for a tracepoint that this kernel does not have would not load at all. */
static void leave_out_missing(struct core_loader *l, const struct interest *in)
{
	struct btf *kernel = NULL;

	for (u32 i = CORE_POINTS; i < CORE_PROGRAMS; i++) {
		u32 id = ID_PROGRAM + i, code = programs[i].code;
		struct driver_loss loss = { .program = programs[i].name[0], .why = "it has no such tracepoint" };

		if (!interest_has(in, code) || l->others[i].prog >= 0 || l->variant[id] == NONE)
			continue;
		if (!kernel)
			kernel = btf__load_vmlinux_btf();
		if (!kernel || !point_missing(kernel, code))
			continue;
		l->variant[id] = NONE;
		core_loss_of(id, true, false, &loss);
		/* where no driver has it that was told already */
		if (l->opt->rejected && driver_delivers(NULL, code))
			l->opt->rejected(l->opt->ctx, &loss);
	}
	btf__free(kernel);
}

/*
 * Puts the rings into their map.  The kernel waits for a grace period each time, 10 ms or so:
 * a thread of its own sleeps through that while programs are loaded.  Returns NULL or the
 * loader when it failed.
 */
static void *fill_rings(void *arg)
{
	struct core_loader *l = arg;
	u32 *keys = xcalloc(l->nrings, sizeof(*keys)), n = l->nrings;
	int err;

	for (u32 i = 0; i < n; i++)
		keys[i] = i;
	/* all at once, where the kernel can */
	err = bpf_map_update_batch(l->maps[CORE_RINGS], keys, l->ring_fds, &n, NULL);
	free(keys);
	for (u32 i = 0; err && i < l->nrings; i++)
		if (bpf_map_update_elem(l->maps[CORE_RINGS], &i, &l->ring_fds[i], BPF_ANY))
			return l;
	l->filled = true;
	return NULL;
}

/* Which objects are needed: how many. */
static u32 divide(const struct core_loader *l, const struct core_group *g, const bool *want,
		  struct part *parts)
{
	u32 count[CORE_VARIANTS] = { 0 }, n = 0;

	for (u32 id = 0; id < CORE_IDS; id++)
		if (want[id])
			count[l->variant[id]]++;
	for (u32 v = 0; v < CORE_VARIANTS; v++) {
		u32 of = !count[v] ? 0 : v == l->base && count[v] >= PART_WORTH ? 2 : 1;

		for (u32 i = 0; i < of; i++)
			parts[n++] = (struct part){ .l = l, .g = g, .want = want, .variant = v,
						    .index = i, .count = of };
	}
	return n;
}

/* What was made beforehand, as far as it fits. */
static void take_early(struct core_loader *l, struct part *parts, u32 n)
{
	struct bpf_object *objects[2];
	int btf;

	if (!core_early_take(objects, &btf))
		return;
	for (u32 i = 0, to = 0; i < 2; i++) {
		while (to < n && parts[to].variant)
			to++;
		if (to < n)
			parts[to++].o = objects[i];
		else
			bpf_object__close(objects[i]);
	}
	l->btf[0] = btf;
}

static int load_parts(struct core_loader *l, struct core_group *g, struct part *parts, u32 n,
		      struct diag *d)
{
	pthread_t threads[PARTS], filler;
	bool threaded[PARTS] = { false }, filling;
	void *unfilled = NULL;
	int err = 0;

	take_early(l, parts, n);
	for (u32 i = 0; i < n; i++)
		if (l->btf[parts[i].variant] < 0 && !parts[i].o)
			parts[i].o = core_object_first(parts[i].variant, &l->btf[parts[i].variant]);
	if (!parts[0].o)
		parts[0].o = core_object_open(parts[0].variant, l->btf[parts[0].variant]);
	err = parts[0].o ? create_maps(l, g, parts[0].o) : -errno;
	if (err)
		return err;
	filling = !l->filled && !pthread_create(&filler, NULL, fill_rings, l);
	for (u32 i = 1; i < n; i++)
		threaded[i] = !pthread_create(&threads[i], NULL, load_part, &parts[i]);
	load_part(&parts[0]);
	for (u32 i = 1; i < n; i++) {
		if (threaded[i])
			pthread_join(threads[i], NULL);
		else
			load_part(&parts[i]);
	}
	if (filling)
		pthread_join(filler, &unfilled);
	else if (!l->filled)
		unfilled = fill_rings(l);
	if (unfilled)
		return diag_set(d, "the ring buffers cannot be put into their map");
	for (u32 i = 0; i < n; i++)
		if (parts[i].err && (!err || err == 1) && !d->msg)
			err = part_failed(l, &parts[i], d);
	return err;
}

/* From now on, programs of a variant below this one are not tried. */
static void set_base(struct core_loader *l, u32 base)
{
	l->base = base;
	for (u32 id = 0; id < CORE_IDS; id++)
		if (l->variant[id] < base)
			l->variant[id] = base;
}

/* ---- putting to use ---------------------------------------------------------------------- */

/* Puts an event's program into the table, for each syscall that has this event. */
static int connect_event(const struct core_loader *l, const struct core_group *g, u32 type, int fd)
{
	for (u32 code = 1; code < SC_MAX; code++)
		if (exit_event(l, code) == type &&
		    bpf_map_update_elem(g->maps[CORE_BY_CODE], &code, &fd, BPF_ANY))
			return -errno;
	return 0;
}

/* One that lives as long as the group, in place of the object's. */
static int lasting_map(struct core_group *g, struct bpf_object *o, int fd)
{
	struct bpf_map *m;

	for (int i = 0; i < CORE_MAPS; i++) {
		m = bpf_object__find_map_by_name(o, map_names[i]);
		if (m && bpf_map__fd(m) == fd)
			return g->maps[i];
	}
	fd = keep_fd(fd);
	vec_push(&g->fds, fd);
	return fd;
}

static int keep_stub(struct core_group *g, u32 side, struct bpf_object *o, struct bpf_program *p)
{
	struct core_stub *s = &g->stubs[side];

	s->n = bpf_program__insn_cnt(p);
	s->insns = xcalloc(s->n, sizeof(*s->insns));
	memcpy(s->insns, bpf_program__insns(p), s->n * sizeof(*s->insns));
	for (u32 i = 0; i < s->n; i++)
		if (s->insns[i].code == (BPF_LD | BPF_IMM | BPF_DW) &&
		    (s->insns[i].src_reg == BPF_PSEUDO_MAP_FD || s->insns[i].src_reg == BPF_PSEUDO_MAP_VALUE))
			s->insns[i].imm = lasting_map(g, o, s->insns[i].imm);
	s->type = places[g->place].type;
	s->attach = places[g->place].side[side].attach;
	s->fd = keep_fd(bpf_program__fd(p));
	return s->fd < 0 ? -errno : 0;
}

static int connect_program(struct core_loader *l, struct core_group *g, struct bpf_object *o,
			   struct bpf_program *p, u32 id)
{
	static const struct {
		enum core_map map;
		u32 at;
	} tails[CORE_TAILS] = {
		[CORE_FINISH] = { CORE_FINISHERS, FINISH_FDS },
		[CORE_HOLD] = { CORE_FINISHERS, FINISH_HELD },
		[CORE_FILTER] = { CORE_BY_CODE, 0 },
	};
	int fd = bpf_program__fd(p), err = 0;
	u32 tail = id - ID_PROGRAM;

	if (id < EV_MAX) {
		err = connect_event(l, g, id, fd);
	} else if (id >= ID_STUB) {
		err = keep_stub(g, (id - ID_STUB) % SIDES, o, p);
	} else if (tail < CORE_TAILS) {
		err = bpf_map_update_elem(g->maps[tails[tail].map], &tails[tail].at, &fd, BPF_ANY) ? -errno : 0;
	} else {
		l->others[id - ID_PROGRAM].prog = keep_fd(fd);
	}
	g->loaded[id] = !err;
	return err;
}

static int connect_part(struct core_loader *l, struct core_group *g, struct bpf_object *o)
{
	struct bpf_program *p;
	int err = 0;

	bpf_object__for_each_program(p, o)
		if (!err && bpf_program__fd(p) >= 0)
			err = connect_program(l, g, o, p, program_id(l, g, p));
	return err;
}

int core_load(struct core_loader *l, struct core_group *g, const struct interest *in,
	      struct diag *d)
{
	struct part parts[PARTS];
	bool want[CORE_IDS];
	int err = 1;

	leave_out_missing(l, in);
	while (err && wanted_of(l, g, in, want)) {
		u32 n = divide(l, g, want, parts);
		bool first = !g->loaded[ID_PROGRAM + CORE_FINISH];

		err = load_parts(l, g, parts, n, d);
		for (u32 i = 0; i < n && !err; i++)
			err = connect_part(l, g, parts[i].o);
		for (u32 i = 0; i < n; i++)
			part_fini(&parts[i]);
		if (!err || err == 1)
			continue;
		/* not one of the programs: the kernel lacks what this variant asks for */
		if (l->base || !first || d->msg)
			return err;
		set_base(l, 1);
	}
	drop_variants(l);
	return 0;
}

u32 core_point_code(u32 program)
{
	return programs[program].code;
}

int core_attach_others(struct core_loader *l, const struct interest *in)
{
	for (u32 i = 0; i < CORE_PROGRAMS; i++) {
		int prog = l->others[i].prog, *link = &l->others[i].link, id;

		if (programs[i].code && !interest_has(in, programs[i].code)) {
			close_fd(link);
			continue;
		}
		if (prog < 0 || *link >= 0)
			continue;
		if (l->plain && programs[i].point) {
			id = tracepoint_id(programs[i].point);
			*link = id < 0 ? id : tracepoint_attach(id, prog);
		} else {
			*link = bpf_raw_tracepoint_open(NULL, prog);
			if (*link < 0)
				*link = -errno;
		}
		if (*link < 0)
			return *link;
	}
	return 0;
}

u64 core_program_missed(int prog)
{
	struct bpf_prog_info info = { 0 };
	u32 len = sizeof(info);

	return prog < 0 || bpf_obj_get_info_by_fd(prog, &info, &len) ? 0 : info.recursion_misses;
}
