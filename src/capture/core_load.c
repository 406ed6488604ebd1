/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/core_load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/route.h"
#include "capture/verifier.h"
#include "event/table.h"
#include "core.skel.h"
#include "plain.skel.h"

/* Of address space: only the log of a rejected program is written. */
#define LOG_BYTES ((size_t)1 << 20)

/* The programs as they are built for newer and for older kernels. */
struct core_variant {
	const char *name;
	const void *(*bytes)(size_t *ret_len);
};

static const struct core_variant variants[] = {
	{ "core", core_bpf__elf_bytes },
	{ "plain", plain_bpf__elf_bytes },
};

static const struct {
	const char *name;
	bool attached;		/* to a tracepoint */
	bool needed;
} programs[CORE_PROGRAMS] = {
	[CORE_EXIT] = { "on_exit", true, true },
	[CORE_FINISH] = { "finish_fds", false, true },
	[CORE_EXEC] = { "on_exec", true, false },
	[CORE_FORK] = { "on_fork", true, false },
	[CORE_TASK_EXIT] = { "on_task_exit", true, false },
	[CORE_ENTER] = { "on_enter", true, false },
};

static const char *const map_names[CORE_MAPS] = {
	[CORE_SCRATCH] = "scratch_map",
	[CORE_RINGS] = "rings",
	[CORE_STASHES] = "stashes",
	[CORE_BY_CODE] = "by_code",
	[CORE_FINISHERS] = "finishers",
	[CORE_LIVE] = ".data.live",
};

void core_loader_init(struct core_loader *l)
{
	*l = (struct core_loader){ .variant = variants };
	for (int i = 0; i < CORE_MAPS; i++)
		l->maps[i] = -1;
}

void core_loader_fini(struct core_loader *l)
{
	for (size_t i = 0; i < l->links.n; i++)
		bpf_link__destroy(l->links.p[i]);
	vec_fini(&l->links);
	for (int i = 0; i < CORE_MAPS; i++)
		if (l->maps[i] >= 0)
			close(l->maps[i]);
	core_loader_init(l);
}

/* ---- what is wanted ---------------------------------------------------------------- */

struct wanted {
	bool types[EV_MAX];
	bool programs[CORE_PROGRAMS];
};

/*
 * The event whose program captures a syscall.  The calls that make a process share one; so
 * do those without an event that can be captured: the generic one.
 */
static u32 exit_event(const struct core_loader *l, u32 code)
{
	u32 type = syscall_desc(code) ? syscall_desc(code)->event : EV_GENERIC_X;

	if (type == EV_SYSCALL_FORK_20_X || type == EV_SYSCALL_VFORK_20_X || type == EV_SYSCALL_CLONE3_X)
		type = EV_SYSCALL_CLONE_20_X;
	return event_desc(type)->captured && !l->rejected[type] ? type : EV_GENERIC_X;
}

/* What is missing for the interest: how many programs. */
static u32 wanted_of(const struct core_loader *l, const struct interest *in, struct wanted *w)
{
	u32 n = 0;

	*w = (struct wanted){ 0 };
	w->programs[CORE_EXIT] = w->programs[CORE_FINISH] = true;
	w->programs[CORE_EXEC] = route_wants_exec(in);
	w->programs[CORE_FORK] = route_wants_fork(in);
	w->programs[CORE_ENTER] = route_wants_enter(in);
	/* it also drops what was copied for a thread that ends */
	w->programs[CORE_TASK_EXIT] = interest_has(in, SC_sched_process_exit) || w->programs[CORE_ENTER];
	for (u32 i = 0; i < CORE_PROGRAMS; i++)
		n += w->programs[i] &= !l->has[i] && !l->refused[i];
	for (u32 code = 1; code < SC_MAX; code++)
		if (interest_has(in, code))
			w->types[exit_event(l, code)] = true;
	for (u32 t = 0; t < EV_MAX; t++)
		n += w->types[t] &= !l->loaded[t] && !l->rejected[t];
	return n;
}

/* Event type of the program `ev_ID`, 0 for other programs (type 0 is never captured). */
static u32 program_type(const struct bpf_program *p)
{
	const char *name = bpf_program__name(p);

	if (strncmp(name, "ev_", 3))
		return 0;
	for (u32 t = 1; t < EV_MAX; t++)
		if (!strcmp(event_desc(t)->id, name + 3))
			return t;
	return 0;
}

/* CORE_PROGRAMS for those of events. */
static u32 program_index(const struct bpf_program *p)
{
	u32 i = 0;

	while (i < CORE_PROGRAMS && strcmp(programs[i].name, bpf_program__name(p)))
		i++;
	return i;
}

/* ---- maps ---------------------------------------------------------------------------- */

static struct bpf_object *open_variant(const struct core_variant *v)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "saker");
	size_t len;
	const void *bytes = v->bytes(&len);

	return bpf_object__open_mem(bytes, len, &opts);
}

static int create_map(struct core_loader *l, int i, const struct bpf_map *m)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = bpf_map__map_flags(m));
	u32 entries = i == CORE_SCRATCH ? l->ncpus : i == CORE_RINGS ? l->nrings : bpf_map__max_entries(m);

	if (i == CORE_RINGS)
		opts.inner_map_fd = l->ring_fds[0];
	l->maps[i] = bpf_map_create(bpf_map__type(m), "saker", bpf_map__key_size(m), bpf_map__value_size(m),
				    entries, &opts);
	return l->maps[i] < 0 ? -errno : 0;
}

/* Once for all objects, as the first one describes them. */
static int create_maps(struct core_loader *l, const struct bpf_object *o)
{
	int err = 0;

	for (int i = 0; i < CORE_MAPS && !err; i++)
		if (l->maps[i] < 0)
			err = create_map(l, i, bpf_object__find_map_by_name(o, map_names[i]));
	return err;
}

/* ---- loading ------------------------------------------------------------------------ */

/*
 * What is wanted is loaded as two objects on the same maps, each by a thread of its own: most
 * of the time goes to relocation in libbpf and to the verifier.
 */
enum { PARTS = 2, PART_WORTH = 8 };	/* programs */

struct part {
	const struct core_loader *l;
	const struct wanted *w;
	u32 index, count;		/* of the parts */
	struct bpf_object *o;		/* owned */
	char *logs;			/* the verifier's, LOG_BYTES for each program; owned */
	size_t logs_len;
	int err;
};

static bool is_wanted(const struct wanted *w, const struct bpf_program *p)
{
	u32 type = program_type(p), i = program_index(p);

	return type ? w->types[type] : i < CORE_PROGRAMS && w->programs[i];
}

/* Returns with no value set: what no verifier accepts. */
static int spoil(struct bpf_program *p)
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

/* Each part comes to the same division: programs go where there is less to do. */
static void choose_programs(struct part *part)
{
	size_t load[PARTS] = { 0 }, n = 0;
	struct bpf_program *p;

	bpf_object__for_each_program(p, part->o) {
		u32 to = part->count > 1 && load[1] < load[0];
		bool wanted = is_wanted(part->w, p);

		if (wanted)
			load[to] += bpf_program__insn_cnt(p) + 200;
		bpf_program__set_autoload(p, wanted && to == part->index);
		bpf_program__set_log_buf(p, part->logs + LOG_BYTES * n++, LOG_BYTES);
	}
}

static int reuse_maps(const struct core_loader *l, struct bpf_object *o)
{
	int err;

	err = bpf_map__set_initial_value(bpf_object__find_map_by_name(o, ".rodata.config"), &l->config,
					 sizeof(l->config));
	for (int i = 0; i < CORE_MAPS && !err; i++)
		err = bpf_map__reuse_fd(bpf_object__find_map_by_name(o, map_names[i]), l->maps[i]);
	return err;
}

static void *load_part(void *arg)
{
	struct part *part = arg;
	struct bpf_program *p;
	size_t n = 0;

	if (!part->o)
		part->o = open_variant(part->l->variant);
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
	choose_programs(part);
	p = part->l->spoil ? bpf_object__find_program_by_name(part->o, part->l->spoil) : NULL;
	part->err = p ? spoil(p) : 0;
	part->err = part->err ?: reuse_maps(part->l, part->o) ?: bpf_object__load(part->o);
	return NULL;
}

static void part_fini(struct part *part)
{
	bpf_object__close(part->o);
	if (part->logs)
		munmap(part->logs, part->logs_len);
}

/* Takes note of one refusal.  False: nothing works without that program. */
static bool refuse(struct core_loader *l, const struct bpf_program *p, const char *why,
		   struct diag *d)
{
	u32 type = program_type(p), i = program_index(p);

	if (type)
		l->rejected[type] = true;
	else if (i < CORE_PROGRAMS && !programs[i].needed)
		l->refused[i] = true;
	else
		diag_set(d, "the kernel rejects the eBPF program %s: %s", bpf_program__name(p), why);
	if (d->msg)
		return false;
	if (l->on_rejected)
		l->on_rejected(l->ctx, bpf_program__name(p), why);
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
			again = refuse(l, p, verifier_reason(log), d);
		log += LOG_BYTES;
	}
	return again ? 1 : part->err;
}

/*
 * Puts the rings into their map.  The kernel waits for a grace period each time, 10 ms or so:
 * a thread of its own sleeps through that while programs are loaded.  Returns NULL or the
 * loader when it failed.
 */
static void *fill_rings(void *arg)
{
	struct core_loader *l = arg;

	for (u32 i = 0; i < l->nrings; i++)
		if (bpf_map_update_elem(l->maps[CORE_RINGS], &i, &l->ring_fds[i], BPF_ANY))
			return l;
	l->filled = true;
	return NULL;
}

static int load_parts(struct core_loader *l, const struct wanted *w, struct part *parts, u32 n,
		      struct diag *d)
{
	pthread_t thread, filler;
	bool threaded, filling;
	void *unfilled = NULL;
	int err = 0;

	for (u32 i = 0; i < n; i++)
		parts[i] = (struct part){ .l = l, .w = w, .index = i, .count = n };
	parts[0].o = open_variant(l->variant);
	err = parts[0].o ? create_maps(l, parts[0].o) : -errno;
	if (err)
		return err;
	filling = !l->filled && !pthread_create(&filler, NULL, fill_rings, l);
	threaded = n > 1 && !pthread_create(&thread, NULL, load_part, &parts[1]);
	load_part(&parts[0]);
	if (threaded)
		pthread_join(thread, NULL);
	else if (n > 1)
		load_part(&parts[1]);
	if (filling)
		pthread_join(filler, &unfilled);
	else if (!l->filled)
		unfilled = fill_rings(l);
	if (unfilled)
		return diag_set(d, "the ring buffers cannot be put into their map");
	for (u32 i = 0; i < n; i++)
		if (parts[i].err && err != 1)
			err = part_failed(l, &parts[i], d);
	return err;
}

/*
 * Loads without those which the kernel rejects, one after the other.  On success *ret_n parts
 * are the caller's.
 */
static int load_variant(struct core_loader *l, const struct interest *in, struct part *parts,
			u32 *ret_n, struct diag *d)
{
	struct wanted w;
	u32 n, count;
	int err = 1;

	*ret_n = 0;
	while (err == 1) {
		count = wanted_of(l, in, &w);
		if (!count)
			return 0;
		n = count >= PART_WORTH ? PARTS : 1;
		err = load_parts(l, &w, parts, n, d);
		for (u32 i = 0; err && i < n; i++)
			part_fini(&parts[i]);
	}
	*ret_n = err ? 0 : n;
	return err;
}

/* ---- putting to use ---------------------------------------------------------------------- */

/* Puts an event's program into the table, for each syscall that has this event. */
static int connect_event(struct core_loader *l, u32 type, int fd)
{
	for (u32 code = 1; code < SC_MAX; code++)
		if (exit_event(l, code) == type &&
		    bpf_map_update_elem(l->maps[CORE_BY_CODE], &code, &fd, BPF_ANY))
			return -errno;
	l->loaded[type] = true;
	return 0;
}

static int connect_program(struct core_loader *l, u32 i, const struct bpf_program *p)
{
	int fd = bpf_program__fd(p);
	struct bpf_link *link;
	u32 zero = 0;

	l->has[i] = true;
	if (!programs[i].attached)
		return bpf_map_update_elem(l->maps[CORE_FINISHERS], &zero, &fd, BPF_ANY) ? -errno : 0;
	link = bpf_program__attach(p);
	if (!link)
		return -errno;
	vec_push(&l->links, link);
	return 0;
}

/* Events first: nothing runs before the dispatcher is attached. */
static int connect_object(struct core_loader *l, struct bpf_object *o)
{
	struct bpf_program *p;
	int err = 0;

	bpf_object__for_each_program(p, o)
		if (!err && bpf_program__fd(p) >= 0 && program_type(p))
			err = connect_event(l, program_type(p), bpf_program__fd(p));
	return err;
}

static int attach_object(struct core_loader *l, struct bpf_object *o)
{
	struct bpf_program *p;
	int err = 0;

	bpf_object__for_each_program(p, o)
		if (!err && bpf_program__fd(p) >= 0 && program_index(p) < CORE_PROGRAMS)
			err = connect_program(l, program_index(p), p);
	return err;
}

int core_load(struct core_loader *l, const struct interest *in, int (*ready)(void *ctx), void *ctx,
	      struct diag *d)
{
	struct part parts[PARTS];
	u32 n;
	int err = load_variant(l, in, parts, &n, d);

	if (err && !l->has[CORE_EXIT] && l->variant == &variants[0]) {
		diag_clear(d);
		l->variant = &variants[1];
		err = load_variant(l, in, parts, &n, d);
	}
	for (u32 i = 0; i < n && !err; i++)
		err = connect_object(l, parts[i].o);
	if (!err)
		err = ready(ctx);
	for (u32 i = 0; i < n && !err; i++)
		err = attach_object(l, parts[i].o);
	for (u32 i = 0; i < n; i++)
		part_fini(&parts[i]);
	return err;
}
