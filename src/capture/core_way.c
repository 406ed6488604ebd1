/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/core_way.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/counters.h"
#include "capture/route.h"
#include "capture/tracepoint.h"
#include "event/table.h"

/* The tracepoints of single calls pay when this many times as many calls are not watched. */
#define TRACE_SHARE 4

struct core_way {
	const char *name;
	/*
	 * Is it possible here; and, unless it was asked for by name, does it pay?  Returns 0 or a
	 * negative errno, and d says why.
	 */
	int (*check)(struct core_ways *w, const struct interest *in, bool named, struct diag *d);
	/* Marks the hooks that are wanted. */
	void (*plan)(struct core_ways *w, const struct interest *in);
	/*
	 * A kernel before 6.1 takes programs of this kind with maps that allocate when they are
	 * used, but logs a warning with a stack trace.
	 */
	bool preallocate;
	bool plain;		/* can do with plain tracepoints, see tracepoint.h */
};

/* ---- hooks and groups ------------------------------------------------------------------- */

static void hook_release(struct core_hook *h)
{
	if (h->link >= 0)
		close(h->link);
	if (h->prog >= 0)
		close(h->prog);
	h->link = h->prog = -1;
}

static void drop_all(struct core_ways *w)
{
	for (size_t i = 0; i < w->hooks.n; i++)
		hook_release(&w->hooks.p[i]);
	for (size_t i = 0; i < w->groups.n; i++)
		core_group_fini(&w->groups.p[i]);
	vec_fini(&w->hooks);
	vec_fini(&w->groups);
}

void core_ways_init(struct core_ways *w, struct core_loader *l)
{
	*w = (struct core_ways){ .l = l };
}

void core_ways_fini(struct core_ways *w)
{
	drop_all(w);
	core_functions_fini(&w->functions);
	vec_fini(&w->missing);
	buf_fini(&w->unseen);
	buf_fini(&w->note);
	buf_fini(&w->described);
}

static u32 group_for(struct core_ways *w, enum core_place place, const struct core_function *fn)
{
	struct core_group g;

	for (size_t i = 0; i < w->groups.n; i++)
		if (w->groups.p[i].place == place && (!fn || w->groups.p[i].proto == fn->proto))
			return i;
	core_group_init(&g, place);
	if (fn) {
		g.target = xstrdup(fn->name);
		g.proto = fn->proto;
	}
	vec_push(&w->groups, g);
	return w->groups.n - 1;
}

static void want_hook(struct core_ways *w, u32 group, u32 side, u32 id, const char *name)
{
	for (size_t i = 0; i < w->hooks.n; i++) {
		struct core_hook *h = &w->hooks.p[i];

		if (h->group == group && h->side == side && h->id == id) {
			h->want = true;
			return;
		}
	}
	vec_push(&w->hooks, (struct core_hook){ .group = group, .side = side, .id = id, .name = name,
						.want = true, .prog = -1, .link = -1 });
}

/* socketcall stands for several. */
static void add_code(struct core_ways *w, u32 group, const struct interest *in, u32 code)
{
	struct interest *codes = &w->groups.p[group].codes;

	interest_add(codes, code);
	if (code != SC_socketcall)
		return;
#define SOCKETCALL(NR_, NAME_, NARGS_)							\
	if (interest_has(in, SC_##NAME_))						\
		interest_add(codes, SC_##NAME_);
	SOCKETCALLS(SOCKETCALL)
#undef SOCKETCALL
}

/* Both sides of one call at one place. */
static void want_call(struct core_ways *w, u32 group, const struct interest *in, u32 code,
		      const char *name, u32 exit_id, u32 enter_id, bool enter)
{
	add_code(w, group, in, code);
	want_hook(w, group, SIDE_EXIT, exit_id, name);
	if (!enter)
		return;
	w->groups.p[group].want_enter = true;
	want_hook(w, group, SIDE_ENTER, enter_id, name);
}

/*
 * A call without function or tracepoint: one that this kernel does not know, or one that cannot
 * be seen this way.  Of a call that was left out when the kernel was built a weak symbol
 * remains: attempts fail, but are to be seen.
 */
static void add_missing(struct core_ways *w, u32 code)
{
	vec_push(&w->missing, (struct core_missing){ .code = code });
}

/* One of the symbols, "ADDRESS TYPE NAME[\tMODULE]".  How many calls turn out to exist. */
static size_t note_symbol(struct core_ways *w, char *line)
{
	char *type = strchr(line, ' ');
	size_t n = 0;

	if (!type || !type[1] || !strchr("TtWw", type[1]) || type[2] != ' ')
		return 0;
	type[3 + strcspn(type + 3, "\t\n")] = 0;
	for (size_t i = 0; i < w->missing.n; i++)
		if (!w->missing.p[i].exists && core_is_function_of(type + 3, w->missing.p[i].code)) {
			w->missing.p[i].exists = true;
			n++;
		}
	return n;
}

/* The list of symbols is long: it is read once, and only as far as necessary. */
static void find_unseen(struct core_ways *w)
{
	char line[256];
	size_t left = w->missing.n;
	FILE *f = left ? fopen("/proc/kallsyms", "re") : NULL;

	while (f && left && fgets(line, sizeof(line), f))
		left -= note_symbol(w, line);
	if (f)
		fclose(f);
	for (size_t i = 0; i < w->missing.n; i++) {
		if (!w->missing.p[i].exists)
			continue;
		buf_addf(&w->unseen, "%s%s", w->unseen.len ? ", " : "", syscall_desc(w->missing.p[i].code)->name);
		w->nunseen++;
	}
	w->missing.n = 0;
}

/* ---- the ways ------------------------------------------------------------------------- */

static bool returns(u32 code)
{
	return code != SC_exit && code != SC_exit_group;
}

static u32 call_group(struct core_ways *w, const struct core_function *fn)
{
	return group_for(w, fn->blind ? PLACE_BLIND : PLACE_CALL, fn);
}

static void plan_native(struct core_ways *w, const struct interest *in, u32 code, bool enter)
{
	const struct core_function *fn = core_function_native(&w->functions, code);

	if (!fn)
		add_missing(w, code);
	else
		want_call(w, call_group(w, fn), in, code, fn->name, fn->id,
			  fn->id, enter);
}

static void plan_compat(struct core_ways *w, const struct interest *in, u32 code, bool enter)
{
	const struct core_function *fns[COMPAT_FUNCTIONS];
	u32 n;

	n = core_function_compat(&w->functions, code, fns);
	for (u32 i = 0; i < n; i++)
		want_call(w, call_group(w, fns[i]), in, code, fns[i]->name,
			  fns[i]->id, fns[i]->id, enter);
}

/* Calls that a filter refuses reach no function; they are seen where the filter is asked. */
static void plan_denied(struct core_ways *w, const struct interest *in)
{
	const struct core_function *fn = core_function(&w->functions, "__secure_computing") ?:
					 core_function(&w->functions, "__seccomp_filter");
	u32 group;

	if (!fn || fn->nargs > PLACE_DENIED_MAX - PLACE_DENIED)
		return;
	w->l->config.filter_permits = fn->returns_bool;
	group = group_for(w, PLACE_DENIED + fn->nargs, fn);
	w->groups.p[group].codes = *in;
	want_hook(w, group, SIDE_EXIT, fn->id, fn->name);
}

static void plan_fexit(struct core_ways *w, const struct interest *in)
{
	for (u32 nr = 0; nr < NR_SYSCALLS; nr++) {
		u32 route = route_exit(in, nr), enter = route_enter(in, nr);

		if (route & 0xffff && returns(route & 0xffff))
			plan_native(w, in, route & 0xffff, enter & 0xffff);
		if (route >> 16 && returns(route >> 16) && w->l->config.compat)
			plan_compat(w, in, route >> 16, enter >> 16);
	}
	plan_denied(w, in);
}

static void plan_tracepoint(struct core_ways *w, const struct interest *in)
{
	for (u32 nr = 0; nr < NR_SYSCALLS; nr++) {
		u32 route = route_exit(in, nr), enter = route_enter(in, nr), code = route & 0xffff, id;

		if (code && returns(code)) {
			id = core_tracepoint_id(code, false);
			if (!id)
				add_missing(w, code);
			else
				want_call(w, group_for(w, PLACE_TRACE, NULL), in, code,
					  syscall_desc(code)->name, id, core_tracepoint_id(code, true),
					  enter & 0xffff);
		}
		/* the tracepoints of single calls do not show those of 32-bit programs */
		if (route >> 16 && w->l->config.compat)
			want_call(w, group_for(w, PLACE_ALL_COMPAT, NULL), in, route >> 16,
				  "32-bit calls", 0, 0, enter >> 16);
	}
}

static void plan_all(struct core_ways *w, const struct interest *in)
{
	u32 group = group_for(w, w->l->plain ? PLACE_TRACE : PLACE_ALL, NULL);
	int ends = w->l->plain ? tracepoint_id("raw_syscalls/sys_exit") : 0;
	int begins = w->l->plain ? tracepoint_id("raw_syscalls/sys_enter") : 0;

	w->groups.p[group].codes = *in;
	want_call(w, group, in, SC_unknown, "all calls", ends, begins, route_wants_enter(in));
}

static int check_fexit(struct core_ways *w, const struct interest *in, bool named, struct diag *d)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd, err;

	(void)in;
	(void)named;
	opts.expected_attach_type = BPF_TRACE_FEXIT;
	opts.attach_btf_id = 1;	/* no function: a kernel that would take the program says EINVAL */
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "saker_probe", "Dual MIT/GPL", nothing, 2, &opts);
	err = fd < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	if (err == -EPERM) {
		diag_set(d, "the kernel permits no programs at its functions");
		return err;
	}
	/*
	 * Unlike one at a tracepoint: anywhere when the kernel is fully preemptible, at the end of a time
	 * slice when it is so lazily.  Until it runs again, the CPU's scratch is taken.
	 */
	if (kernel_preempts()) {
		diag_set(d, "this kernel preempts programs at functions, and would lose events");
		return -ENOTSUP;
	}
	err = w->functions.list.n ? 0 : core_functions_init(&w->functions);
	if (err)
		diag_set(d, "the kernel's BTF cannot be read: %s", strerror(-err));
	return err;
}

static u32 count_native(const struct interest *in, u32 *ret_all)
{
	u32 n = 0;

	*ret_all = 0;
	for (u32 nr = 0; nr < NR_SYSCALLS; nr++) {
		n += syscall_code_by_nr(nr) && interest_has(in, syscall_code_by_nr(nr));
		*ret_all += syscall_code_by_nr(nr) != SC_unknown;
	}
	return n;
}

/* Are there 32-bit calls among them?  Only x86 has a table of its own for those. */
static bool wants_compat(const struct core_ways *w, const struct interest *in)
{
	for (u32 nr = 0; nr < NR_SYSCALLS && w->l->config.compat; nr++)
		if (route_exit(in, nr) >> 16)
			return true;
	return false;
}

static int check_tracepoint(struct core_ways *w, const struct interest *in, bool named,
			    struct diag *d)
{
	u32 all, n = count_native(in, &all);
	int fd;

	if (!tracepoints_of_syscalls()) {
		diag_set(d, "the tracepoints of syscalls are not there or may not be read; mount tracefs: "
			 "mount -t tracefs tracefs /sys/kernel/tracing");
		return -ENOENT;
	}
	if (!named && wants_compat(w, in)) {
		diag_set(d, "this kernel runs 32-bit programs, which need the tracepoint of all calls anyway");
		return -ENOTSUP;
	}
	if (!named && n * TRACE_SHARE > all) {
		diag_set(d, "%u of %u calls are watched: it would cost more", n, all);
		return -ENOTSUP;
	}
	if (kernel_preempts_raw()) {
		diag_set(d, "this kernel preempts programs at the tracepoints of single calls, and would lose events");
		return -ENOTSUP;
	}
	fd = tracepoint_open(core_tracepoint_id(SC_openat, false));
	if (fd < 0) {
		diag_set(d, "perf_event_open: %s; CAP_PERFMON is needed, and kernel.perf_event_paranoid of "
			 "at most 2", strerror(-fd));
		return fd;
	}
	close(fd);
	return 0;
}

static int check_nothing(struct core_ways *w, const struct interest *in, bool named, struct diag *d)
{
	(void)w;
	(void)in;
	(void)named;
	(void)d;
	return 0;
}

static const struct core_way ways[] = {
	{ "fexit", check_fexit, plan_fexit, false, false },
	{ "tracepoint", check_tracepoint, plan_tracepoint, true, false },
	{ "sys_exit", check_nothing, plan_all, false, true },
};

/* ---- attaching ------------------------------------------------------------------------ */

static int attach_function(struct core_hook *h, const struct core_stub *s)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts);

	opts.expected_attach_type = s->attach;
	opts.attach_btf_id = h->id;
	h->prog = bpf_prog_load(s->type, "saker_call", "Dual MIT/GPL", s->insns, s->n, &opts);
	if (h->prog < 0)
		return -errno;
	h->link = bpf_raw_tracepoint_open(NULL, h->prog);
	return h->link < 0 ? -errno : 0;
}

static int attach_hook(struct core_ways *w, struct core_hook *h)
{
	const struct core_group *g = &w->groups.p[h->group];
	const struct core_stub *s = &g->stubs[h->side];

	if (s->fd < 0)
		return 0;	/* rejected, and told */
	switch (g->place) {
	case PLACE_TRACE:
		h->link = tracepoint_attach(h->id, s->fd);
		return h->link < 0 ? h->link : 0;
	case PLACE_ALL:
	case PLACE_ALL_COMPAT:
		h->link = bpf_raw_tracepoint_open(NULL, s->fd);
		return h->link < 0 ? -errno : 0;
	default:
		return attach_function(h, s);
	}
}

/*
 * One place that cannot be had is no reason to give up a way that was asked for, or that is
 * in use; but a better one may be found while there is a choice.
 */
static int attach_wanted(struct core_ways *w, struct diag *d)
{
	u32 attached = 0;
	int err = 0;

	for (size_t i = 0; i < w->hooks.n; i++) {
		struct core_hook *h = &w->hooks.p[i];

		if (h->want && h->link < 0)
			err = attach_hook(w, h);
		attached += h->want && h->link >= 0 && !err;
		if (!err)
			continue;
		hook_release(h);
		diag_set(d, "no program can be attached to %s: %s", h->name, err == -524 ?
			 "not supported by this kernel" : strerror(-err));
		if (w->choosing || !attached)
			return err;
		buf_addf(&w->unseen, "%s%s", w->unseen.len ? ", " : "", h->name);
		w->nunseen++;
		diag_clear(d);
		err = 0;
	}
	return 0;
}

struct closing {
	u32 n;
	int fds[];
};

/* The kernel waits for a grace period at each of them. */
static void *close_all(void *arg)
{
	struct closing *c = arg;

	for (u32 i = 0; i < c->n; i++)
		close(c->fds[i]);
	free(c);
	return NULL;
}

/* Events go on to be read meanwhile, so that is left to a thread. */
static void detach_unwanted(struct core_ways *w)
{
	struct closing *c = xcalloc(1, sizeof(*c) + 2 * w->hooks.n * sizeof(c->fds[0]));
	pthread_t thread;

	for (size_t i = 0; i < w->hooks.n; i++) {
		struct core_hook *h = &w->hooks.p[i];

		if (h->want)
			continue;
		if (h->link >= 0)
			c->fds[c->n++] = h->link;
		if (h->prog >= 0)
			c->fds[c->n++] = h->prog;
		h->link = h->prog = -1;
	}
	if (c->n && !pthread_create(&thread, NULL, close_all, c))
		pthread_detach(thread);
	else
		close_all(c);
}

/* ---- all together ------------------------------------------------------------------------- */

static void plan(struct core_ways *w, const struct interest *in)
{
	buf_clear(&w->unseen);
	w->nunseen = 0;
	for (size_t i = 0; i < w->hooks.n; i++)
		w->hooks.p[i].want = false;
	for (size_t i = 0; i < w->groups.n; i++) {
		w->groups.p[i].codes = (struct interest){ 0 };
		w->groups.p[i].want_enter = false;
	}
	w->way->plan(w, in);
	find_unseen(w);
}

static bool group_wanted(const struct core_ways *w, u32 group)
{
	for (size_t i = 0; i < w->hooks.n; i++)
		if (w->hooks.p[i].group == group && w->hooks.p[i].want)
			return true;
	return false;
}

static int apply(struct core_ways *w, const struct interest *in, int (*ready)(void *ctx), void *ctx,
		 struct diag *d)
{
	bool any = false;
	int err = 0;

	for (u32 i = 0; i < w->groups.n && !err; i++)
		if (group_wanted(w, i)) {
			err = core_load(w->l, &w->groups.p[i], in, d);
			any = true;
		}
	/* no call at all, but what does not sit at calls, and the maps */
	if (!any)
		err = core_load(w->l, &w->groups.p[group_for(w, PLACE_ALL, NULL)], in, d);
	err = err ?: ready(ctx) ?: core_attach_others(w->l, in) ?: attach_wanted(w, d);
	if (!err)
		detach_unwanted(w);
	return err;
}

static int try_way(struct core_ways *w, const struct core_way *way, const struct interest *in,
		   bool named, int (*ready)(void *ctx), void *ctx, struct diag *d)
{
	int err;

	w->way = way;
	w->choosing = !named;
	err = way->check(w, in, named, d);
	if (err)
		return err;
	w->l->plain = way->plain && tracepoints_must_be_plain(w->l->opt);
	w->l->preallocate = way->preallocate || w->l->plain;
	plan(w, in);
	if (w->nunseen && !named) {
		diag_set(d, "it does not show %s", buf_str(&w->unseen));
		return -ENOTSUP;
	}
	return apply(w, in, ready, ctx, d);
}

static int no_such_way(const char *name, struct diag *d)
{
	diag_set(d, "engine.modern_ebpf.attach: there is no way '%s' to attach; choose auto, fexit, "
		 "tracepoint or sys_exit", name);
	return -EINVAL;
}

static int named_way(struct core_ways *w, const char *name, const struct interest *in,
		     int (*ready)(void *ctx), void *ctx, struct diag *d)
{
	struct diag why = { 0 };
	u32 i = 0;
	int err;

	while (i < ARRAY_SIZE(ways) && strcmp(ways[i].name, name))
		i++;
	if (i == ARRAY_SIZE(ways))
		return no_such_way(name, d);
	err = try_way(w, &ways[i], in, true, ready, ctx, &why);
	if (err)
		diag_set(d, "the programs cannot be attached by %s: %s; with engine.modern_ebpf.attach: auto "
			 "another way is taken", name, why.msg ? why.msg : strerror(-err));
	diag_fini(&why);
	return err;
}

static int first_way(struct core_ways *w, const struct interest *in, int (*ready)(void *ctx),
		     void *ctx, struct diag *d)
{
	struct diag why = { 0 };
	int err = -ENOTSUP;

	for (u32 i = 0; i < ARRAY_SIZE(ways) && err; i++) {
		diag_clear(&why);
		err = try_way(w, &ways[i], in, false, ready, ctx, &why);
		if (!err)
			break;
		buf_addf(&w->note, "; not %s: %s", ways[i].name, why.msg ? why.msg : strerror(-err));
		drop_all(w);
		core_loader_again(w->l);
	}
	if (err && why.msg)
		diag_set(d, "%s", why.msg);
	diag_fini(&why);
	return err;
}

int core_ways_set(struct core_ways *w, const char *name, const struct interest *in,
		  int (*ready)(void *ctx), void *ctx, struct diag *d)
{
	if (w->way) {
		w->choosing = false;
		plan(w, in);
		return apply(w, in, ready, ctx, d);
	}
	if (name && strcmp(name, "auto"))
		return named_way(w, name, in, ready, ctx, d);
	return first_way(w, in, ready, ctx, d);
}

const char *core_ways_describe(struct core_ways *w)
{
	struct buf b = { 0 };
	u32 n = 0;

	for (size_t i = 0; i < w->hooks.n; i++)
		n += w->hooks.p[i].link >= 0;
	buf_addf(&b, "attached by %s, at %u place%s", w->way->name, n, n == 1 ? "" : "s");
	if (w->nunseen)
		buf_addf(&b, " (does not show %s)", buf_str(&w->unseen));
	if (w->way->plain && !w->l->plain && kernel_preempts_raw())
		buf_adds(&b, TRACEPOINTS_PREEMPTED);
	buf_adds(&b, buf_str(&w->note));
	buf_fini(&w->described);
	w->described = b;
	return buf_str(&w->described);
}

/* The kernel counts a program with those that it calls. */
void core_ways_programs(const struct core_ways *w, struct programs_visitor *v)
{
	for (size_t i = 0; i < w->hooks.n; i++)
		programs_visit(v, w->hooks.p[i].name, w->hooks.p[i].prog);
	for (size_t i = 0; i < w->groups.n; i++)
		for (u32 side = 0; side < SIDES; side++)
			programs_visit(v, NULL, w->groups.p[i].stubs[side].fd);
	for (u32 i = 0; i < CORE_PROGRAMS; i++)
		if (w->l->others[i].link >= 0)
			programs_visit(v, NULL, w->l->others[i].prog);
}

u64 core_ways_missed(const struct core_ways *w)
{
	u64 sum = 0;

	for (size_t i = 0; i < w->hooks.n; i++)
		sum += core_program_missed(w->hooks.p[i].prog);
	for (size_t i = 0; i < w->groups.n; i++)
		for (u32 side = 0; side < SIDES; side++)
			sum += core_program_missed(w->groups.p[i].stubs[side].fd);
	for (u32 i = 0; i < CORE_PROGRAMS; i++)
		sum += core_program_missed(w->l->others[i].prog);
	return sum;
}
