/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/bpf_load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/counters.h"
#include "capture/loss.h"
#include "capture/route.h"
#include "capture/tracepoint.h"
#include "capture/verifier.h"
#include "event/table.h"

/* Does a new process pass the tracepoint of the end of syscalls?  With plain ones it is seen there only. */
#ifdef __x86_64__
#define CHILD_REPORTS true
#else
#define CHILD_REPORTS false
#endif

#define LOG_BYTES ((size_t)1 << 20)

static const struct {
	u32 type, key, value, entries;
} maps[MAP_COUNT] = {
#define ROW(NAME_, TYPE_, KEY_, VALUE_, ENTRIES_) [MAP_##NAME_] = { TYPE_, KEY_, VALUE_, ENTRIES_ },
	BPF_MAPS(ROW)
#undef ROW
};

static const char *const step_names[BPF_STEPS] = {
	[STEP_PATH_UP] = "step_path_up",
	[STEP_PATH_EMIT] = "step_path_emit",
	[STEP_CGROUP] = "step_cgroup",
	[STEP_FD] = "step_fd",
	[STEP_COPIES] = "step_copies",
	[STEP_FILTER_LOOK] = "step_filter_look",
	[STEP_FILTER_PATHS] = "step_filter_paths",
	[STEP_FILTER_END] = "step_filter_end",
};

static const struct {
	const char *raw;	/* tracepoint; its program is raw_NAME, or plain_NAME */
	const char *plain;	/* the same in tracefs; NULL: not to be had there */
	const char *name;
	u32 code;		/* of the event that it alone is for */
} entries[ENTRIES] = {
	[ENTRY_EXIT] = { "sys_exit", "raw_syscalls/sys_exit", "exit", 0 },
	[ENTRY_ENTER] = { "sys_enter", "raw_syscalls/sys_enter", "enter", 0 },
	[ENTRY_EXEC] = { "sched_process_exec", "sched/sched_process_exec", "exec", 0 },
	[ENTRY_FORK] = { "sched_process_fork", NULL, "fork", 0 },	/* see elsewhere() in entry.h */
	[ENTRY_TASK_EXIT] = { "sched_process_exit", "sched/sched_process_exit", "task_exit", 0 },
	[ENTRY_SIGNAL] = { "signal_deliver", "signal/signal_deliver", "signal", SC_signal_deliver },
	[ENTRY_SWITCH] = { "sched_switch", "sched/sched_switch", "switch", SC_sched_switch },
	[ENTRY_FAULT_USER] = { "page_fault_user", "exceptions/page_fault_user", "fault_user", SC_page_fault_user },
	[ENTRY_FAULT_KERNEL] = { "page_fault_kernel", "exceptions/page_fault_kernel", "fault_kernel",
				 SC_page_fault_kernel },
};

void bpf_loader_init(struct bpf_loader *l, const struct driver_options *opt)
{
	*l = (struct bpf_loader){ .opt = opt, .raw_exit = -1 };
	for (u32 i = 0; i < MAP_COUNT; i++)
		l->maps[i] = -1;
	for (u32 i = 0; i < ENTRIES; i++)
		l->entries[i] = l->links[i] = -1;
}

void bpf_loader_programs(const struct bpf_loader *l, struct programs_visitor *v)
{
	for (u32 i = 0; i < ENTRIES; i++)
		if (l->attached[i])
			programs_visit(v, NULL, l->entries[i]);
}

static void detach_point(struct bpf_loader *l, enum bpf_entry e)
{
	if (l->links[e] >= 0)
		close(l->links[e]);
	l->links[e] = -1;
	l->attached[e] = false;
}

/* Programs and what is attached: the reverse of loading. */
static void unload(struct bpf_loader *l)
{
	for (u32 i = ENTRY_POINTS; i < ENTRIES; i++)
		detach_point(l, i);
	while (l->fds.n)
		close(l->fds.p[--l->fds.n]);
	for (u32 i = 0; i < ENTRIES; i++)
		l->entries[i] = -1;
	l->raw_exit = -1;
	l->steps = l->filter_steps = l->filter_end = l->filter_paths = false;
	memset(l->loaded, 0, sizeof(l->loaded));
	memset(l->rejected, 0, sizeof(l->rejected));
	memset(l->attached, 0, sizeof(l->attached));
	memset(l->refused, 0, sizeof(l->refused));
}

void bpf_loader_fini(struct bpf_loader *l)
{
	unload(l);
	vec_fini(&l->fds);
	for (u32 i = 0; i < MAP_COUNT; i++)
		if (l->maps[i] >= 0)
			close(l->maps[i]);
	bpf_probe_fini(&l->probe);
	bpf_loader_init(l, NULL);
}

static int make_map(struct bpf_loader *l, enum bpf_map_index i, u32 ncpus, struct diag *d)
{
	l->maps[i] = bpf_map_create(maps[i].type, "saker", maps[i].key, maps[i].value,
				    maps[i].entries ?: i == MAP_events || i == MAP_lane ?
				    ncpus * l->opt->workers : ncpus, NULL);
	if (l->maps[i] >= 0)
		return 0;
	if (errno == EPERM)
		diag_set(d, "a BPF map cannot be made: not permitted; run as root or with CAP_BPF and "
			 "CAP_PERFMON, and before Linux 5.11 with CAP_SYS_RESOURCE or a higher "
			 "RLIMIT_MEMLOCK");
	else
		diag_set(d, "a BPF map of %u bytes cannot be made: %s", maps[i].value, strerror(errno));
	return -errno;
}

int bpf_loader_maps(struct bpf_loader *l, u32 ncpus, struct diag *d)
{
	int err = 0;

	for (u32 i = 0; i < MAP_COUNT && !err; i++)
		err = make_map(l, i, ncpus, d);
	return err;
}

/* ---- one program --------------------------------------------------------------- */

int bpf_load_code(const struct bpf_loader *l, const struct bpf_code *code, bool plain, u32 log_level,
		  char *log, size_t size)
{
	struct bpf_prog_load_opts opts = { .sz = sizeof(opts), .log_level = log_level,
					   .log_buf = log_level ? log : NULL,
					   .log_size = log_level ? size : 0 };
	struct bpf_insn *insns = xcalloc(code->ninsns, sizeof(*insns));
	u32 type = plain ? BPF_PROG_TYPE_TRACEPOINT : BPF_PROG_TYPE_RAW_TRACEPOINT;
	int fd;

	memcpy(insns, code->insns, code->ninsns * sizeof(*insns));
	for (size_t i = 0; i < code->uses.n; i++) {
		struct bpf_insn *insn = &insns[code->uses.p[i].insn];

		insn->src_reg = BPF_PSEUDO_MAP_FD;
		insn->imm = l->maps[code->uses.p[i].map];
	}
	if (l->opt->spoil && !strcmp(l->opt->spoil, code->name))
		insns[0] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	*log = '\0';
	fd = bpf_prog_load(type, "saker", "Dual MIT/GPL", insns, code->ninsns, &opts);
	if (fd < 0)
		fd = -errno;
	if (fd < 0 && !log_level) {
		opts.log_level = 1;
		opts.log_buf = log;
		opts.log_size = size;
		bpf_prog_load(type, "saker", "Dual MIT/GPL", insns, code->ninsns, &opts);
	}
	free(insns);
	return fd;
}

/* loss: what it concerns, by kind and events; name and reason are added. */
static void report(const struct bpf_loader *l, const char *name, const char *why, struct driver_loss *loss)
{
	loss->program = name;
	loss->why = why;
	if (l->opt->rejected)
		l->opt->rejected(l->opt->ctx, loss);
}

/* Loads a program and keeps it.  What is missing or rejected is reported. */
static int load_as(struct bpf_loader *l, const char *name, bool plain, struct driver_loss *loss)
{
	const struct bpf_code *code = bpf_probe_find(&l->probe, name);
	char *log;
	int fd;

	if (!code) {
		report(l, name, "the eBPF probe does not have it", loss);
		return -ENOENT;
	}
	log = xcalloc(1, LOG_BYTES);
	fd = bpf_load_code(l, code, plain, 0, log, LOG_BYTES);
	if (fd >= 0)
		vec_push(&l->fds, fd);
	else
		report(l, name, *log ? verifier_reason(log) : strerror(-fd), loss);
	free(log);
	return fd;
}

static int load(struct bpf_loader *l, const char *name, struct driver_loss *loss)
{
	return load_as(l, name, l->plain, loss);
}

static int put_call(struct bpf_loader *l, u32 index, int fd)
{
	return bpf_map_update_elem(l->maps[MAP_calls], &index, &fd, BPF_ANY) ? -errno : 0;
}

/* ---- events -------------------------------------------------------------------------- */

static void load_event(struct bpf_loader *l, u32 type)
{
	struct driver_loss loss = { .kind = LOSS_EVENTS };
	char name[64];
	int fd;

	if (type == EV_SYSCALL_CLONE_20_X)
		loss_add_forks(&loss);
	else
		loss_add_event(&loss, type);

	for (u32 stage = 0; stage < BPF_STAGES && !l->rejected[type]; stage++) {
		if (stage)
			snprintf(name, sizeof(name), "ev_%s_%u", event_desc(type)->id, stage);
		else
			snprintf(name, sizeof(name), "ev_%s", event_desc(type)->id);
		if (stage && !bpf_probe_find(&l->probe, name))
			break;
		fd = load(l, name, &loss);
		l->rejected[type] = fd < 0 || put_call(l, CALL_ROW(type, stage), fd);
	}
	l->loaded[type] = !l->rejected[type];
}

/* The event whose program captures a syscall, see exit_event() of the CO-RE driver. */
static u32 event_of(const struct bpf_loader *l, u32 code)
{
	u32 type = syscall_desc(code) ? syscall_desc(code)->event : EV_GENERIC_X;

	if (code == SC_sched_process_exit)
		return EV_PROCEXIT_1_E;
	if (type == EV_SYSCALL_FORK_20_X || type == EV_SYSCALL_VFORK_20_X || type == EV_SYSCALL_CLONE3_X)
		type = EV_SYSCALL_CLONE_20_X;
	return event_desc(type)->captured && !l->rejected[type] ? type : EV_GENERIC_X;
}

static u32 enter_event(u32 code)
{
	switch (code) {
	case SC_open: return EV_SYSCALL_OPEN_E;
	case SC_creat: return EV_SYSCALL_CREAT_E;
	case SC_openat: return EV_SYSCALL_OPENAT_2_E;
	case SC_openat2: return EV_SYSCALL_OPENAT2_E;
	case SC_connect: return EV_SOCKET_CONNECT_E;
	}
	return 0;
}

static void load_wanted(struct bpf_loader *l, u32 type)
{
	if (type && !l->loaded[type] && !l->rejected[type])
		load_event(l, type);
}

static bool is_filter_step(u32 step)
{
	return step == STEP_FILTER_LOOK || step == STEP_FILTER_PATHS || step == STEP_FILTER_END;
}

static int load_steps(struct bpf_loader *l, struct diag *d)
{
	for (u32 i = 1; i < BPF_STEPS && !l->steps; i++) {
		struct driver_loss loss = { .kind = LOSS_EVENTS };	/* all of them: the driver does not start */
		int fd, err;

		if (is_filter_step(i))
			continue;
		fd = load(l, step_names[i], &loss);
		err = fd < 0 ? fd : put_call(l, CALL_STEP(i), fd);
		if (err) {
			diag_set(d, "the kernel rejects the eBPF program %s: %s", step_names[i], strerror(-err));
			return err;
		}
	}
	l->steps = true;
	return 0;
}

/* False: the kernel does not take it; it was reported. */
static bool load_filter_step(struct bpf_loader *l, enum bpf_step step)
{
	struct driver_loss loss = { .kind = LOSS_NOTHING };	/* more events come */
	int fd = load(l, step_names[step], &loss);

	return fd >= 0 && !put_call(l, CALL_STEP(step), fd);
}

/* What looks at paths is of use as a whole only. */
static void load_filter_steps(struct bpf_loader *l)
{
	l->filter_end = load_filter_step(l, STEP_FILTER_END);
	l->filter_paths = l->filter_end && load_filter_step(l, STEP_FILTER_PATHS) &&
			  load_filter_step(l, STEP_FILTER_LOOK);
	l->filter_steps = true;
}

/* The one of the two that is not in force is written, then takes the place of the other. */
int bpf_loader_filter(struct bpf_loader *l, const struct kfilter *f, struct diag *d)
{
	struct bpf_settings *s = &l->settings;
	u32 serial = f ? l->serial + 1 ?: 2 : 0, i = serial & 1;
	int err = 0;

	if (f && !l->filter_steps)
		load_filter_steps(l);
	if (f && !l->filter_end) {
		err = -EACCES;
		diag_set(d, "the kernel rejects the eBPF program %s", step_names[STEP_FILTER_END]);
	} else if (f && bpf_map_update_elem(l->maps[MAP_filters], &i, f, BPF_ANY)) {
		err = -errno;
		diag_set(d, "the kernel filter's table of %zu bytes cannot be written: %s", sizeof(*f), strerror(-err));
	}
	s->filter = err ? 0 : serial;
	l->serial = serial ?: l->serial;
	for (u32 code = 0; code < NR_CODES; code++)
		s->filtered[code] = s->filter && f->codes[code] != KF_PASS;
	return bpf_loader_settings(l) ?: err;
}

/* Its entry writes the event itself. */
static bool is_point(u32 code)
{
	for (u32 e = ENTRY_POINTS; e < ENTRIES; e++)
		if (entries[e].code == code)
			return true;
	return false;
}

/* A rejected event falls back to the generic one. */
static void load_events(struct bpf_loader *l, const struct interest *in)
{
	for (u32 code = 1; code < SC_MAX; code++) {
		if (!interest_has(in, code) || is_point(code))
			continue;
		load_wanted(l, event_of(l, code));
		load_wanted(l, event_of(l, code));
		load_wanted(l, enter_event(code));
	}
	if (route_wants_exec(in))
		load_wanted(l, EV_SYSCALL_EXECVE_19_X);
	if (route_wants_fork(in))
		load_wanted(l, EV_SYSCALL_CLONE_20_X);
}

/* ---- entries ----------------------------------------------------------------------------- */

static int attach_plain(const char *name, int prog)
{
	int id = tracepoint_id(name);

	return id < 0 ? id : tracepoint_attach(id, prog);
}

static int attach_raw(const char *name, int prog)
{
	int fd = bpf_raw_tracepoint_open(name, prog);

	return fd < 0 ? -errno : fd;
}

static void entry_loss(enum bpf_entry e, struct driver_loss *loss)
{
	*loss = (struct driver_loss){ .kind = e == ENTRY_ENTER ? LOSS_PARAMETERS : LOSS_EVENTS };
	switch (e) {
	case ENTRY_EXEC: loss_add_execs(loss); break;
	case ENTRY_FORK: loss_add_forks(loss); break;
	case ENTRY_ENTER: loss_add_entered(loss); break;
	case ENTRY_TASK_EXIT: loss_add_event(loss, EV_PROCEXIT_1_E); break;
	case ENTRY_EXIT: break;	/* without it the driver does not start */
	default: loss_add_event(loss, syscall_desc(entries[e].code)->event);
	}
}

/* Without the entry of all syscalls as a raw tracepoint everything is tried as a plain one. */
static const struct driver_loss plain_instead = { .kind = LOSS_NOTHING, .instead = "plain" };

/* The smaller variant when there is one. */
static int load_entry(struct bpf_loader *l, enum bpf_entry e)
{
	struct driver_loss loss;
	char name[64];
	int fd;

	if (e == ENTRY_EXIT && l->raw_exit >= 0)
		return l->raw_exit;
	entry_loss(e, &loss);
	snprintf(name, sizeof(name), "%s_%s", l->plain ? "plain" : "raw", entries[e].name);
	if (e == ENTRY_ENTER) {
		loss.kind = LOSS_NOTHING;
		loss.instead = "small";
	}
	fd = load(l, name, &loss);
	if (fd >= 0 || e != ENTRY_ENTER)
		return fd;
	entry_loss(e, &loss);
	strcat(name, "_small");
	return load(l, name, &loss);
}

static int attach(struct bpf_loader *l, enum bpf_entry e)
{
	struct driver_loss loss;
	int prog, fd;

	if (l->attached[e] || l->refused[e] || (l->plain && !entries[e].plain))
		return 0;
	prog = load_entry(l, e);
	if (prog < 0) {
		l->refused[e] = true;
		return prog;
	}
	fd = l->plain ? attach_plain(entries[e].plain, prog) : attach_raw(entries[e].raw, prog);
	if (fd < 0) {
		entry_loss(e, &loss);
		if (e == ENTRY_EXIT && !l->plain)
			loss = plain_instead;
		report(l, entries[e].name, strerror(-fd), &loss);
		l->refused[e] = true;
		return fd;
	}
	vec_push(&l->fds, fd);
	l->attached[e] = true;
	l->entries[e] = prog;
	return 0;
}

/*
 * Those of one event are raw ones, also where the others are plain (drivers/bpf/entry.h).  Without raw
 * tracepoints, of the plain one's record: it does not name the sender of a signal.
 */
static int attach_point_as(struct bpf_loader *l, enum bpf_entry e, bool plain)
{
	struct driver_loss loss;
	char name[64];
	int fd;

	entry_loss(e, &loss);
	if (!plain && l->plain) {
		loss.kind = e == ENTRY_SIGNAL ? LOSS_PARAMETERS : LOSS_NOTHING;
		loss.instead = "plain";
	}
	snprintf(name, sizeof(name), "%s_%s", plain ? "plain" : "raw", entries[e].name);
	if (l->entries[e] < 0)	/* or else it was attached before */
		l->entries[e] = load_as(l, name, plain, &loss);
	if (l->entries[e] < 0)
		return l->entries[e];
	fd = plain ? attach_plain(entries[e].plain, l->entries[e]) : attach_raw(entries[e].raw, l->entries[e]);
	if (fd < 0) {
		report(l, entries[e].name, strerror(-fd), &loss);
		l->entries[e] = -1;
	}
	return fd;
}

static void attach_point(struct bpf_loader *l, enum bpf_entry e)
{
	int fd = attach_point_as(l, e, false);

	if (fd < 0 && l->plain)
		fd = attach_point_as(l, e, true);
	l->refused[e] = fd < 0;
	l->attached[e] = fd >= 0;
	l->links[e] = fd < 0 ? -1 : fd;
}

static void attach_points(struct bpf_loader *l, const struct interest *in)
{
	for (u32 e = ENTRY_POINTS; e < ENTRIES; e++) {
		if (!interest_has(in, entries[e].code) || !driver_delivers(NULL, entries[e].code))
			detach_point(l, e);
		else if (!l->attached[e] && !l->refused[e])
			attach_point(l, e);
	}
}

static void set_settings(struct bpf_loader *l, const struct interest *in)
{
	struct bpf_settings *s = &l->settings;

	for (u32 nr = 0; nr < NR_SYSCALLS; nr++) {
		s->routes[nr] = route_exit(in, nr);
		s->enter_routes[nr] = route_enter(in, nr);
	}
	for (u32 code = 1; code < SC_MAX; code++)
		s->types[code] = event_of(l, code);
	memcpy(s->wanted, in->syscalls, sizeof(in->syscalls));
	s->want_exec = route_wants_exec(in);
	s->want_fork = route_wants_fork(in);
	s->want_exit = interest_has(in, SC_sched_process_exit);
}

int bpf_loader_settings(struct bpf_loader *l)
{
	u32 zero = 0;

	return bpf_map_update_elem(l->maps[MAP_settings], &zero, &l->settings, BPF_ANY) ? -errno : 0;
}

/* Events first: nothing runs before the entries are attached. */
static int load_all(struct bpf_loader *l, const struct interest *in, struct diag *d)
{
	int err = load_steps(l, d);

	if (err)
		return err;
	load_events(l, in);
	set_settings(l, in);
	err = bpf_loader_settings(l);
	if (err)
		return err;
	/* it also forgets what was kept for a thread that ends */
	if (interest_has(in, SC_sched_process_exit) || route_wants_enter(in))
		attach(l, ENTRY_TASK_EXIT);
	if (route_wants_exec(in))
		attach(l, ENTRY_EXEC);
	if (route_wants_fork(in))
		attach(l, ENTRY_FORK);
	if (route_wants_enter(in))
		attach(l, ENTRY_ENTER);
	attach_points(l, in);
	err = attach(l, ENTRY_EXIT);
	if (err)
		diag_set(d, "the eBPF program for the end of syscalls cannot be attached to the tracepoint "
			 "%s: %s", l->plain ? entries[ENTRY_EXIT].plain : entries[ENTRY_EXIT].raw,
			 strerror(-err));
	return err;
}

static int load_raw(struct bpf_loader *l, const struct interest *in, struct diag *d)
{
	struct driver_loss loss = plain_instead;

	l->raw_exit = load(l, "raw_exit", &loss);
	return l->raw_exit < 0 ? l->raw_exit : load_all(l, in, d);
}

int bpf_loader_load(struct bpf_loader *l, const struct interest *in, struct diag *d)
{
	int err;

	if (l->attached[ENTRY_EXIT])
		return load_all(l, in, d);
	if (!l->plain && !(CHILD_REPORTS && tracepoints_must_be_plain(l->opt))) {
		err = load_raw(l, in, d);
		if (!err || err == -EPERM)
			return err;
		diag_clear(d);
		unload(l);
	}
	/* a map of programs takes only those of the type of the first */
	close(l->maps[MAP_calls]);
	l->plain = true;
	return make_map(l, MAP_calls, 0, d) ?: load_all(l, in, d);
}
