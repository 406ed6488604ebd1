/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/core_load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "event/table.h"
#include "core.skel.h"
#include "plain.skel.h"

#define LOG_BYTES 8192

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

static bool any(const struct interest *in, const u16 *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (interest_has(in, codes[i]))
			return true;
	return false;
}

static const u16 exec_codes[] = { SC_execve, SC_execveat };
static const u16 fork_codes[] = { SC_clone, SC_clone3, SC_fork, SC_vfork };
static const u16 enter_codes[] = { SC_open, SC_openat, SC_openat2, SC_creat, SC_connect };

bool core_wants_exec(const struct interest *in)
{
	return any(in, exec_codes, ARRAY_SIZE(exec_codes));
}

bool core_wants_fork(const struct interest *in)
{
	return any(in, fork_codes, ARRAY_SIZE(fork_codes));
}

bool core_is_enter(u32 code)
{
	for (size_t i = 0; i < ARRAY_SIZE(enter_codes); i++)
		if (enter_codes[i] == code)
			return true;
	return false;
}

struct wanted {
	bool types[EV_MAX];
	bool programs[CORE_PROGRAMS];
};

/* The event of a syscall; those without one that can be captured share the generic one. */
static u32 exit_event(const struct core_loader *l, u32 code)
{
	u32 type = syscall_desc(code) ? syscall_desc(code)->event : EV_GENERIC_X;

	return event_desc(type)->captured && !l->rejected[type] ? type : EV_GENERIC_X;
}

/* What is missing for the interest.  False: nothing. */
static bool wanted_of(const struct core_loader *l, const struct interest *in, struct wanted *w)
{
	bool some = false;

	*w = (struct wanted){ 0 };
	w->programs[CORE_EXIT] = w->programs[CORE_FINISH] = true;
	w->programs[CORE_EXEC] = core_wants_exec(in);
	w->programs[CORE_FORK] = core_wants_fork(in);
	w->programs[CORE_ENTER] = any(in, enter_codes, ARRAY_SIZE(enter_codes));
	/* it also drops what was copied for a thread that ends */
	w->programs[CORE_TASK_EXIT] = interest_has(in, SC_sched_process_exit) || w->programs[CORE_ENTER];
	for (u32 i = 0; i < CORE_PROGRAMS; i++)
		some |= w->programs[i] &= !l->has[i] && !l->refused[i];
	for (u32 code = 1; code < SC_MAX; code++)
		if (interest_has(in, code))
			w->types[exit_event(l, code)] = true;
	for (u32 t = 0; t < EV_MAX; t++)
		some |= w->types[t] &= !l->loaded[t] && !l->rejected[t];
	return some;
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

/* ---- loading ------------------------------------------------------------------------ */

static int prepare_maps(const struct core_loader *l, struct bpf_object *o)
{
	int err = 0;

	bpf_map__set_initial_value(bpf_object__find_map_by_name(o, ".rodata.config"), &l->config,
				   sizeof(l->config));
	if (l->maps[0] < 0) {
		err = bpf_map__set_max_entries(bpf_object__find_map_by_name(o, map_names[CORE_SCRATCH]),
					       l->ncpus);
		return err ?: bpf_map__set_max_entries(bpf_object__find_map_by_name(o, map_names[CORE_RINGS]),
						       l->nrings);
	}
	for (int i = 0; i < CORE_MAPS && !err; i++)
		err = bpf_map__reuse_fd(bpf_object__find_map_by_name(o, map_names[i]), l->maps[i]);
	return err;
}

/* The verifier's last words: "why" of a rejected program. */
static const char *last_line(char *log)
{
	char *p;

	for (;;) {
		size_t n = strlen(log);

		while (n && log[n - 1] == '\n')
			log[--n] = '\0';
		p = strrchr(log, '\n');
		if (!p || (strncmp(p + 1, "processed ", 10) && strncmp(p + 1, "verification time", 17) &&
			   strncmp(p + 1, "stack depth", 11)))
			return p ? p + 1 : log;
		*p = '\0';
	}
}

/* Takes note of one refusal.  False: nothing works without that program. */
static bool refuse(struct core_loader *l, const struct bpf_program *p, const char *why, struct diag *d)
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
static int load_failed(struct core_loader *l, struct bpf_object *o, char *logs, int err, struct diag *d)
{
	struct bpf_program *p;
	bool again = false;

	bpf_object__for_each_program(p, o) {
		if (*logs)
			again = refuse(l, p, last_line(logs), d);
		logs += LOG_BYTES;
	}
	return again ? 1 : err;
}

static int load_object(struct core_loader *l, const struct wanted *w, struct bpf_object **ret, struct diag *d)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "saker");
	size_t len, n = 0;
	const void *bytes = l->variant->bytes(&len);
	struct bpf_object *o = bpf_object__open_mem(bytes, len, &opts);
	struct bpf_program *p;
	char *logs;
	int err;

	if (!o)
		return -errno;
	bpf_object__for_each_program(p, o)
		n++;
	logs = xcalloc(n, LOG_BYTES);
	n = 0;
	bpf_object__for_each_program(p, o) {
		u32 type = program_type(p), i = program_index(p);

		bpf_program__set_autoload(p, type ? w->types[type] : i < CORE_PROGRAMS && w->programs[i]);
		bpf_program__set_log_buf(p, logs + LOG_BYTES * n++, LOG_BYTES);
	}
	err = prepare_maps(l, o) ?: bpf_object__load(o);
	if (err)
		err = load_failed(l, o, logs, err, d);
	free(logs);
	if (err)
		bpf_object__close(o);
	else
		*ret = o;
	return err;
}

/* Loads without those which the kernel rejects, one after the other. */
static int load_variant(struct core_loader *l, const struct interest *in, struct bpf_object **ret, struct diag *d)
{
	struct wanted w;
	int err;

	*ret = NULL;
	do
		err = wanted_of(l, in, &w) ? load_object(l, &w, ret, d) : 0;
	while (err == 1);
	return err;
}

/* ---- putting to use ---------------------------------------------------------------------- */

static int keep_maps(struct core_loader *l, struct bpf_object *o)
{
	for (int i = 0; i < CORE_MAPS; i++) {
		if (l->maps[i] >= 0)
			continue;
		l->maps[i] = fcntl(bpf_object__find_map_fd_by_name(o, map_names[i]), F_DUPFD_CLOEXEC, 3);
		if (l->maps[i] < 0)
			return -errno;
	}
	return 0;
}

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
	int err = keep_maps(l, o);

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
	struct bpf_object *o;
	int err = load_variant(l, in, &o, d);

	if (err && l->maps[0] < 0 && l->variant == &variants[0]) {
		diag_clear(d);
		l->variant = &variants[1];
		err = load_variant(l, in, &o, d);
	}
	if (err || !o)
		return err ?: ready(ctx);
	err = connect_object(l, o);
	if (!err)
		err = ready(ctx);
	if (!err)
		err = attach_object(l, o);
	bpf_object__close(o);
	return err;
}
