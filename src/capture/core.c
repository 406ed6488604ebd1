/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CO-RE eBPF driver's user-space half: loads the programs that the interest needs,
 * attaches them, and reads the rings.
 *
 * Programs that a later interest needs are loaded as another object on the maps of the first.
 * Nothing is pinned, so the kernel drops everything when this process ends, however it ends.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/vec.h"
#include "capture/capture.h"
#include "capture/ring.h"
#include "event/table.h"
#include "schema/core_abi.h"
#include "core.skel.h"

#define NAP_MIN_MS 2
#define NAP_MAX_MS 40
#define EPOCH_CHECK_NS 5000000000ull
#define LOG_BYTES 8192
#define OBJECTS_MAX 64

struct core {
	struct capture base;
	struct core_options opt;
	struct core_bpf *objects[OBJECTS_MAX];	/* owned; the first one's maps are everybody's */
	u32 nobjects;
	VEC(struct bpf_link *) links;
	int prog_fds[EV_MAX];		/* loaded programs by event type, borrowed; -1: none */
	bool rejected[EV_MAX];
	bool attached_exec, attached_fork, attached_exit, attached_enter;
	bool rejected_exec, rejected_fork, rejected_exit, rejected_enter;
	struct ring_set rings;
	struct scratch *scratch;	/* mapped, one for each possible CPU */
	u32 ncpus;
	int nap_ms;
	u64 epoch_checked;
};

/* 32-bit numbers: only x86 has a table of its own for them. */
#if defined(__x86_64__)
#define NR(NUMBER_, NAME_) [NUMBER_] = SC_##NAME_,
static const u16 compat_codes[NR_SYSCALLS] = {
#include "schema/nr/i386.def"
};
#undef NR
#else
static const u16 compat_codes[NR_SYSCALLS];
#endif

static u64 clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* What boot time must be added to for the time since 1970: the least disturbed of a few tries. */
static u64 boot_epoch(void)
{
	u64 best = ~0ull, epoch = 0;

	for (int i = 0; i < 5; i++) {
		u64 a = clock_ns(CLOCK_BOOTTIME), now = clock_ns(CLOCK_REALTIME);
		u64 b = clock_ns(CLOCK_BOOTTIME);

		if (b - a < best) {
			best = b - a;
			epoch = now - (a + b) / 2;
		}
	}
	return epoch;
}

/* ---- what to load ------------------------------------------------------------- */

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

struct wanted {
	bool types[EV_MAX];
	bool exec, fork, exit, enter;
};

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

/* The event that stands for a syscall, given the rows that this build captures. */
static u32 exit_event(u32 code)
{
	const struct syscall_desc *d = syscall_desc(code);

	if (!d)
		return EV_GENERIC_X;
	return event_desc(d->event)->captured ? d->event : EV_GENERIC_X;
}

static void wanted_of(const struct core *c, const struct interest *in, struct wanted *w)
{
	*w = (struct wanted){
		.exec = any(in, exec_codes, ARRAY_SIZE(exec_codes)),
		.fork = any(in, fork_codes, ARRAY_SIZE(fork_codes)),
		.enter = any(in, enter_codes, ARRAY_SIZE(enter_codes)),
	};
	w->exit = interest_has(in, SC_sched_process_exit) || w->enter;
	for (u32 code = 1; code < SC_MAX; code++)
		if (interest_has(in, code))
			w->types[exit_event(code)] = true;
	for (u32 t = 0; t < EV_MAX; t++)
		if (c->rejected[t])
			w->types[t] = false, w->types[EV_GENERIC_X] = true;
}

/* ---- loading ---------------------------------------------------------------------- */

static bool *rejected_flag(struct core *c, const struct bpf_program *p)
{
	const char *name = bpf_program__name(p);

	if (!strcmp(name, "on_exec"))
		return &c->rejected_exec;
	if (!strcmp(name, "on_fork"))
		return &c->rejected_fork;
	if (!strcmp(name, "on_task_exit"))
		return &c->rejected_exit;
	if (!strcmp(name, "on_enter"))
		return &c->rejected_enter;
	return program_type(p) ? &c->rejected[program_type(p)] : NULL;
}

static bool program_wanted(const struct core *c, const struct wanted *w, const struct bpf_program *p)
{
	const char *name = bpf_program__name(p);
	u32 type = program_type(p);

	if (type)
		return w->types[type] && c->prog_fds[type] < 0;
	if (!strcmp(name, "on_exec"))
		return w->exec && !c->attached_exec && !c->rejected_exec;
	if (!strcmp(name, "on_fork"))
		return w->fork && !c->attached_fork && !c->rejected_fork;
	if (!strcmp(name, "on_task_exit"))
		return w->exit && !c->attached_exit && !c->rejected_exit;
	if (!strcmp(name, "on_enter"))
		return w->enter && !c->attached_enter && !c->rejected_enter;
	return !c->nobjects;	/* dispatcher and finisher */
}

static u32 page_shift(void)
{
	return __builtin_ctzl(sysconf(_SC_PAGESIZE));
}

static void set_options(const struct core *c, struct core_bpf *o)
{
	o->rodata->opt_snaplen = c->opt.snaplen;
	o->rodata->opt_self_pid = c->opt.self_pid;
	o->rodata->opt_drop_failed = c->opt.drop_failed;
	o->rodata->opt_page_shift = page_shift();
	o->rodata->opt_lane_ring = c->rings.n - 1;
	o->rodata->opt_wake_bytes[0] = c->rings.rings[0].size / 8;
	o->rodata->opt_wake_bytes[1] = c->rings.rings[c->rings.n - 1].size / 8;
}

static int share_maps(const struct core *c, struct core_bpf *o)
{
	struct core_bpf *first = c->objects[0];
	int err = 0;

	if (!c->nobjects) {
		err = err ?: bpf_map__set_max_entries(o->maps.scratch_map, c->ncpus);
		return err ?: bpf_map__set_max_entries(o->maps.rings, c->rings.n);
	}
	err = err ?: bpf_map__reuse_fd(o->maps.scratch_map, bpf_map__fd(first->maps.scratch_map));
	err = err ?: bpf_map__reuse_fd(o->maps.rings, bpf_map__fd(first->maps.rings));
	err = err ?: bpf_map__reuse_fd(o->maps.stashes, bpf_map__fd(first->maps.stashes));
	err = err ?: bpf_map__reuse_fd(o->maps.by_code, bpf_map__fd(first->maps.by_code));
	err = err ?: bpf_map__reuse_fd(o->maps.finishers, bpf_map__fd(first->maps.finishers));
	return err ?: bpf_map__reuse_fd(o->maps.bss, bpf_map__fd(first->maps.bss));
}

/* The verifier's last words: "why" of a rejected program. */
static const char *last_line(char *log)
{
	char *end = log + strlen(log), *p;

	while (end > log && end[-1] == '\n')
		*--end = '\0';
	p = strrchr(log, '\n');
	if (p && !strncmp(p + 1, "processed ", 10)) {
		*p = '\0';
		p = strrchr(log, '\n');
	}
	return p ? p + 1 : log;
}

/*
 * Loads what is wanted as one object.  1: a program was rejected, and noted as such; the
 * caller tries again without it.
 */
static int load_once(struct core *c, const struct wanted *w, struct diag *d)
{
	struct core_bpf *o = core_bpf__open();
	struct bpf_program *p;
	u32 n = 0, i = 0;
	char *logs;
	int err;

	if (!o)
		return -errno;
	bpf_object__for_each_program(p, o->obj)
		n++;
	logs = xcalloc(n, LOG_BYTES);
	bpf_object__for_each_program(p, o->obj) {
		bpf_program__set_autoload(p, program_wanted(c, w, p));
		bpf_program__set_log_buf(p, logs + LOG_BYTES * i++, LOG_BYTES);
	}
	set_options(c, o);
	err = share_maps(c, o) ?: core_bpf__load(o);
	i = 0;
	if (err)
		bpf_object__for_each_program(p, o->obj) {
			char *log = logs + LOG_BYTES * i++;
			bool *flag = rejected_flag(c, p);

			if (*log && !flag)
				diag_set(d, "the kernel rejects the eBPF program %s: %s",
					 bpf_program__name(p), last_line(log));
			if (!*log || !flag)
				continue;
			*flag = true;
			if (c->opt.rejected)
				c->opt.rejected(c->opt.ctx, bpf_program__name(p), last_line(log));
			err = 1;
		}
	bpf_object__for_each_program(p, o->obj)
		bpf_program__set_log_buf(p, NULL, 0);
	free(logs);
	if (err)
		core_bpf__destroy(o);
	else
		c->objects[c->nobjects++] = o;
	return err;
}

static int attach(struct core *c, struct bpf_program *p, bool *attached)
{
	struct bpf_link *link;

	if (bpf_program__fd(p) < 0 || (attached && *attached))
		return 0;
	link = bpf_program__attach(p);
	if (!link)
		return -errno;
	vec_push(&c->links, link);
	if (attached)
		*attached = true;
	return 0;
}

/* Programs become reachable only through by_code, so the tables are filled first. */
static int connect_programs(struct core *c)
{
	struct core_bpf *o = c->objects[c->nobjects - 1];
	int table = bpf_map__fd(c->objects[0]->maps.by_code), err = 0;
	struct bpf_program *p;
	u32 zero = 0;

	bpf_object__for_each_program(p, o->obj)
		if (program_type(p) && bpf_program__fd(p) >= 0)
			c->prog_fds[program_type(p)] = bpf_program__fd(p);
	for (u32 code = 1; code < SC_MAX && !err; code++) {
		int fd = c->prog_fds[exit_event(code)];

		if (fd < 0)
			fd = c->prog_fds[EV_GENERIC_X];
		if (fd >= 0 && bpf_map_update_elem(table, &code, &fd, BPF_ANY))
			err = -errno;
	}
	if (c->nobjects == 1) {
		int fd = bpf_program__fd(o->progs.finish_fds);

		if (bpf_map_update_elem(bpf_map__fd(o->maps.finishers), &zero, &fd, BPF_ANY))
			err = -errno;
	}
	return err;
}

static int attach_programs(struct core *c)
{
	struct core_bpf *o = c->objects[c->nobjects - 1];
	int err = 0;

	err = err ?: attach(c, o->progs.on_exec, &c->attached_exec);
	err = err ?: attach(c, o->progs.on_fork, &c->attached_fork);
	err = err ?: attach(c, o->progs.on_task_exit, &c->attached_exit);
	err = err ?: attach(c, o->progs.on_enter, &c->attached_enter);
	return c->nobjects == 1 ? err ?: attach(c, o->progs.on_exit, NULL) : err;
}

static bool is_enter(u32 code)
{
	for (size_t i = 0; i < ARRAY_SIZE(enter_codes); i++)
		if (enter_codes[i] == code)
			return true;
	return false;
}

/* ---- the interest --------------------------------------------------------------------- */

static void set_routes(struct core *c, const struct interest *in)
{
	struct core_bpf__bss *bss = c->objects[0]->bss;

	for (u32 nr = 0; nr < NR_SYSCALLS; nr++) {
		u32 code = syscall_code_by_nr(nr), compat = compat_codes[nr];
		u32 route = ROUTE(code && interest_has(in, code) ? code : 0,
				  compat && interest_has(in, compat) ? compat : 0);

		__atomic_store_n(&bss->routes[nr], route, __ATOMIC_RELAXED);
		route = ROUTE(is_enter(code) && interest_has(in, code) ? code : 0,
			      is_enter(compat) && interest_has(in, compat) ? compat : 0);
		__atomic_store_n(&bss->enter_routes[nr], route, __ATOMIC_RELAXED);
	}
	bss->want_exec = any(in, exec_codes, ARRAY_SIZE(exec_codes));
	bss->want_fork = any(in, fork_codes, ARRAY_SIZE(fork_codes));
	bss->want_exit = interest_has(in, SC_sched_process_exit);
}

static bool missing(const struct core *c, const struct wanted *w)
{
	for (u32 t = 1; t < EV_MAX; t++)
		if (w->types[t] && c->prog_fds[t] < 0)
			return true;
	return !c->nobjects || (w->exec && !c->attached_exec && !c->rejected_exec) ||
	       (w->fork && !c->attached_fork && !c->rejected_fork) ||
	       (w->exit && !c->attached_exit && !c->rejected_exit) ||
	       (w->enter && !c->attached_enter && !c->rejected_enter);
}

static int load_interest(struct core *c, const struct interest *in, struct diag *d)
{
	struct wanted w;
	int err;

	wanted_of(c, in, &w);
	if (!missing(c, &w))
		return 0;
	if (c->nobjects == OBJECTS_MAX)
		return -E2BIG;
	while ((err = load_once(c, &w, d)) == 1)
		wanted_of(c, in, &w);
	return err ?: connect_programs(c);
}

static int core_set_interest(struct capture *base, const struct interest *in, struct diag *d)
{
	struct core *c = container_of(base, struct core, base);
	u32 before = c->nobjects;
	int err = load_interest(c, in, d);

	if (!err) {
		set_routes(c, in);
		err = c->nobjects > before ? attach_programs(c) : 0;
	}
	if (err)
		diag_set(d, "the programs for the new rules cannot be loaded: %s", strerror(-err));
	return err;
}

/* ---- reading ----------------------------------------------------------------------------- */

static void check_epoch(struct core *c)
{
	u64 now = clock_ns(CLOCK_BOOTTIME), epoch;
	s64 off;

	if (now - c->epoch_checked < EPOCH_CHECK_NS)
		return;
	c->epoch_checked = now;
	epoch = boot_epoch();
	off = epoch - c->rings.epoch_ns;
	if (off > -1000000 && off < 1000000)
		return;		/* noise; a step of the clock is more */
	c->rings.epoch_ns = epoch;
	c->objects[0]->bss->boot_epoch_ns = epoch;
}

static int core_next(struct capture *base, struct raw_event *ret, int timeout_ms)
{
	struct core *c = container_of(base, struct core, base);
	u64 end = 0;
	u32 len;

	for (;;) {
		const struct event_hdr *h = ring_set_next(&c->rings, &len);
		int err, nap = c->nap_ms;
		u64 now;

		if (h) {
			u16 cpu;

			c->nap_ms = NAP_MIN_MS;
			memcpy(&cpu, (const u8 *)h + len - sizeof(cpu), sizeof(cpu));
			*ret = (struct raw_event){ .hdr = h, .len = len - sizeof(cpu), .cpu = cpu, .live = true };
			return 0;
		}
		if (timeout_ms <= 0)
			return -EAGAIN;
		now = clock_ns(CLOCK_BOOTTIME);
		check_epoch(c);
		if (!end)
			end = now + (u64)timeout_ms * 1000000;
		if (now >= end)
			return -EAGAIN;
		if ((u64)nap * 1000000 > end - now)
			nap = (end - now) / 1000000 + 1;
		err = ring_set_wait(&c->rings, nap);
		if (err)
			return err;
		if (c->nap_ms < NAP_MAX_MS)
			c->nap_ms *= 2;
	}
}

static void core_stats(struct capture *base, struct capture_stats *ret)
{
	struct core *c = container_of(base, struct core, base);

	for (u32 cpu = 0; cpu < c->ncpus; cpu++) {
		const struct scratch *s = &c->scratch[cpu];

		for (u32 code = 0; code < SC_MAX; code++) {
			ret->seen += s->by_code[code].seen;
			ret->events += s->by_code[code].sent;
		}
		ret->drops_buffer += s->drops_buffer;
		ret->drops_scratch += s->drops_scratch;
		ret->truncated += s->truncated;
		ret->enter_lost += s->enter_lost;
		ret->filtered += s->filtered;
	}
}

static void core_close(struct capture *base)
{
	struct core *c = container_of(base, struct core, base);

	for (size_t i = 0; i < c->links.n; i++)
		bpf_link__destroy(c->links.p[i]);
	vec_fini(&c->links);
	for (u32 i = 0; i < c->nobjects; i++)
		core_bpf__destroy(c->objects[i]);
	if (c->scratch)
		munmap(c->scratch, c->ncpus * sizeof(*c->scratch));
	ring_set_fini(&c->rings);
	diag_fini(&c->base.diag);
	free(c);
}

static const struct capture_ops core_ops = {
	.name = "modern_ebpf",
	.next = core_next,
	.stats = core_stats,
	.set_interest = core_set_interest,
	.close = core_close,
};

/* ---- opening -------------------------------------------------------------------------------- */

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static bool has_capability(u32 cap)
{
	struct __user_cap_header_struct { u32 version; int pid; } h = { 0x20080522, 0 };
	struct { u32 effective, permitted, inheritable; } data[2] = { { 0 } };

	if (syscall(SYS_capget, &h, data))
		return true;
	return data[cap / 32].effective >> cap % 32 & 1;
}

/* CAP_SYS_ADMIN includes both. */
static int check_system(struct diag *d)
{
	const char *missing_cap;

	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		diag_set(d, "the kernel has no BTF (/sys/kernel/btf/vmlinux: %s): the modern_ebpf driver "
			 "needs a kernel built with CONFIG_DEBUG_INFO_BTF", strerror(errno));
		return -ENOTSUP;
	}
	if (has_capability(21))
		return 0;
	missing_cap = !has_capability(39) ? "CAP_BPF" : !has_capability(38) ? "CAP_PERFMON" : NULL;
	if (!missing_cap)
		return 0;
	diag_set(d, "%s is missing: run as root, or give the program CAP_BPF and CAP_PERFMON", missing_cap);
	return -EPERM;
}

static int fail(struct diag *d, int err, const char *what)
{
	if (err == -EPERM)
		diag_set(d, "%s: not permitted; run as root or with CAP_BPF and CAP_PERFMON, and raise "
			 "RLIMIT_MEMLOCK on kernels before 5.11", what);
	else
		diag_set(d, "%s: %s", what, strerror(-err));
	return err;
}

static int open_rings(struct core *c, struct diag *d)
{
	u32 online = sysconf(_SC_NPROCESSORS_ONLN), n, lane = c->opt.buf_bytes / 2;
	int err;

	n = c->opt.cpus_per_ring ? (online + c->opt.cpus_per_ring - 1) / c->opt.cpus_per_ring : 1;
	if (lane < (u32)sysconf(_SC_PAGESIZE))
		lane = c->opt.buf_bytes;
	err = ring_set_init(&c->rings, n + 1, c->opt.buf_bytes, lane);
	if (err == -EPERM)
		return fail(d, err, "a ring buffer cannot be allocated");
	if (err)
		diag_set(d, "a ring buffer of %u bytes cannot be allocated: %s; its size must be a power of two "
			 "and a multiple of the page size, choose a smaller buf_size_preset", c->opt.buf_bytes,
			 strerror(-err));
	c->rings.epoch_ns = boot_epoch();
	return err;
}

static int publish_rings(struct core *c)
{
	int table = bpf_map__fd(c->objects[0]->maps.rings);

	for (u32 i = 0; i < c->rings.n; i++)
		if (bpf_map_update_elem(table, &i, &c->rings.rings[i].fd, BPF_ANY))
			return -errno;
	c->scratch = mmap(NULL, c->ncpus * sizeof(*c->scratch), PROT_READ | PROT_WRITE, MAP_SHARED,
			  bpf_map__fd(c->objects[0]->maps.scratch_map), 0);
	if (c->scratch == MAP_FAILED) {
		c->scratch = NULL;
		return -errno;
	}
	for (u32 cpu = 0; cpu < c->ncpus; cpu++)
		c->scratch[cpu].ring = c->opt.cpus_per_ring ?
				       cpu / c->opt.cpus_per_ring % (c->rings.n - 1) : 0;
	c->objects[0]->bss->boot_epoch_ns = c->rings.epoch_ns;
	return 0;
}

int capture_open_core(const struct core_options *opt, const struct interest *in,
		      struct capture **ret, struct diag *d)
{
	struct core *c = xcalloc(1, sizeof(*c));
	libbpf_print_fn_t old = libbpf_set_print(silent);
	int err;

	c->base.ops = &core_ops;
	c->opt = *opt;
	c->ncpus = libbpf_num_possible_cpus();
	c->nap_ms = NAP_MIN_MS;
	for (u32 t = 0; t < EV_MAX; t++)
		c->prog_fds[t] = -1;
	err = check_system(d) ?: open_rings(c, d);
	if (err)
		goto out;
	err = load_interest(c, in, d);
	if (err) {
		fail(d, err, "the eBPF programs cannot be loaded");
		goto out;
	}
	err = publish_rings(c);
	if (!err) {
		set_routes(c, in);
		err = attach_programs(c);
	}
	if (err)
		fail(d, err, "the eBPF programs cannot be attached");
out:
	libbpf_set_print(old);
	if (err)
		core_close(&c->base);
	else
		*ret = &c->base;
	return err;
}
