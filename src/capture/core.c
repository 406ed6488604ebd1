/* SPDX-License-Identifier: Apache-2.0 */
/* The CO-RE eBPF driver as a source of events: rings, routes, counters. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/caps.h"
#include "capture/core_way.h"
#include "capture/counters.h"
#include "capture/driver.h"
#include "capture/ring_grow.h"
#include "capture/route.h"

/* One worker's rings.  The first one's are read through struct core, others are handles of their own. */
struct core_worker {
	struct capture base;
	struct ring_set rings;
};

struct core {
	struct capture base;
	struct driver_options opt;
	struct core_loader loader;
	struct core_ways ways;
	struct interest interest;	/* being set */
	struct core_worker *workers;	/* owned; opt.workers of them */
	u64 ring_bytes;			/* of all rings, as they were made */
	struct ring_grower *grower;	/* owned; NULL: rings stay as they are */
	int *ring_fds;		/* owned; as the loader wants them */
	struct scratch *scratch;	/* mapped, one for each possible CPU */
	struct core_live *live;		/* mapped */
	struct kfilter *filters;	/* mapped, two */
	u32 serial;			/* of the one in force, or that was */
	u32 ncpus;
};

/* ---- the interest --------------------------------------------------------------------- */

static size_t page_round(size_t n)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

static void *map_shared(int fd, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static u32 rings_each(const struct core *c)
{
	return c->workers[0].rings.n;
}

/* Makes the maps of a new loader known to both sides. */
static int publish(struct core *c)
{
	const int *maps = c->loader.maps;

	c->scratch = map_shared(maps[CORE_SCRATCH], page_round(c->ncpus * sizeof(*c->scratch)));
	c->live = map_shared(maps[CORE_LIVE], page_round(sizeof(*c->live)));
	if (!c->scratch || !c->live)
		return -errno;
	for (u32 cpu = 0; cpu < c->ncpus; cpu++)
		c->scratch[cpu].ring = c->opt.cpus_per_ring ?
				       cpu / c->opt.cpus_per_ring % (rings_each(c) - 1) : 0;
	c->live->boot_epoch_ns = c->workers[0].rings.merge.epoch_ns;
	for (u32 i = 0; i < c->opt.workers; i++) {
		c->workers[i].rings.live_epoch = &c->live->boot_epoch_ns;
		if (c->grower)
			ring_grower_add(c->grower, maps[CORE_RINGS], &c->workers[i].rings, i * rings_each(c));
	}
	return 0;
}

static void set_routes(struct core_live *live, const struct interest *in)
{
	for (u32 nr = 0; nr < NR_SYSCALLS; nr++) {
		__atomic_store_n(&live->routes[nr], route_exit(in, nr), __ATOMIC_RELAXED);
		__atomic_store_n(&live->enter_routes[nr], route_enter(in, nr), __ATOMIC_RELAXED);
	}
	for (u32 i = 0; i < ARRAY_SIZE(in->syscalls); i++)
		__atomic_store_n(&live->wanted[i], in->syscalls[i], __ATOMIC_RELAXED);
	live->want_exec = route_wants_exec(in);
	live->want_fork = route_wants_fork(in);
	live->want_exit = interest_has(in, SC_sched_process_exit);
}

static int loader_ready(void *ctx)
{
	struct core *c = ctx;
	int err = c->live ? 0 : publish(c);

	if (!err)
		set_routes(c->live, &c->interest);
	return err;
}

static int core_set_interest(struct capture *base, const struct interest *in, struct diag *d)
{
	struct core *c = container_of(base, struct core, base);
	int err;

	c->interest = *in;
	c->interest.syscalls[0] &= ~1ull;	/* SC_unknown is none */
	err = core_ways_set(&c->ways, c->opt.attach, &c->interest, loader_ready, c, d);
	if (err)
		diag_set(d, "the eBPF programs that the rules need cannot be loaded: %s", strerror(-err));
	return err;
}

/* ---- the filter ------------------------------------------------------------------------ */

static size_t filters_len(void)
{
	return page_round(2 * sizeof(struct kfilter));
}

/* What the filter knows of a descriptor must be what user space is told of it. */
static bool decides(const struct core *c, const struct kfilter *f, u32 code)
{
	u32 v = f->codes[code];
	bool fd = f->fds[code] & KF_TEACHES || (v >= KF_FIRST_SET && f->sets[v - KF_FIRST_SET].numbers & KF_OF_FD);

	return v != KF_PASS && (!fd || core_sends_fds(&c->loader, code));
}

/* The one that is not in force is written, then takes the place of the other at once. */
static int core_set_filter(struct capture *base, const struct kfilter *f, struct diag *d)
{
	struct core *c = container_of(base, struct core, base);
	u32 serial = f ? ++c->serial : 0;

	if (f && !serial)
		serial = c->serial = 2;
	if (f && !c->filters)
		c->filters = map_shared(c->loader.maps[CORE_FILTERS], filters_len());
	if (f && !c->filters) {
		int err = -errno;

		diag_set(d, "the kernel filter's table cannot be mapped: %s", strerror(-err));
		return err;
	}
	if (f)
		c->filters[serial & 1] = *f;
	__atomic_store_n(&c->live->filter, serial, __ATOMIC_RELEASE);
	for (u32 code = 0; code < NR_CODES; code++)
		c->live->filtered[code] = f && decides(c, f, code);
	return 0;
}

/* ---- reading ----------------------------------------------------------------------------- */

static int core_next(struct capture *base, struct raw_event *ret, int timeout_ms)
{
	return merge_next(&container_of(base, struct core, base)->workers[0].rings.merge, ret, timeout_ms);
}

static int worker_next(struct capture *base, struct raw_event *ret, int timeout_ms)
{
	return merge_next(&container_of(base, struct core_worker, base)->rings.merge, ret, timeout_ms);
}

/* All is struct core's. */
static void worker_close(struct capture *base)
{
	diag_fini(&base->diag);
}

static const struct capture_ops worker_ops = {
	.name = "modern_ebpf",
	.next = worker_next,
	.close = worker_close,
};

static struct capture *core_worker(struct capture *base, u32 i)
{
	struct core_worker *w = &container_of(base, struct core, base)->workers[i];

	w->base.ops = &worker_ops;
	return &w->base;
}

static void ring_stats(struct core *c, struct capture_stats *ret)
{
	struct ring_grow_stats g;

	if (!c->grower) {
		ret->ring_bytes = c->ring_bytes;
		return;
	}
	ring_grower_stats(c->grower, &g);
	ret->ring_bytes = g.bytes;
	ret->rings_grown = g.grown;
	ret->rings_refused = g.refused;
	ret->rings_failed = g.failed;
}

static void core_counters(struct capture *base, struct counters_visitor *v)
{
	struct core *c = container_of(base, struct core, base);

	for (u32 cpu = 0; cpu < c->ncpus; cpu++)
		counters_visit(v, cpu, c->scratch[cpu].by_code);
}

static void core_stats(struct capture *base, struct capture_stats *ret)
{
	struct core *c = container_of(base, struct core, base);

	for (u32 cpu = 0; cpu < c->ncpus; cpu++) {
		const struct scratch *s = &c->scratch[cpu];

		ret->drops_buffer += s->drops_buffer;
		ret->drops_scratch += s->drops_scratch;
		ret->truncated += s->truncated;
		ret->enter_lost += s->enter_lost;
		ret->filtered += s->filtered;
		ret->copies_lost += s->copies_lost;
	}
	ret->unseen = core_ways_missed(&c->ways);
	ret->drops_scratch += ret->unseen;
	ring_stats(c, ret);
}

static void core_held(struct capture *base, struct held_visitor *v)
{
	struct core *c = container_of(base, struct core, base);

	for (u32 cpu = 0; cpu < c->ncpus; cpu++)
		for (u32 i = 0; i < HELD_SLOTS; i++) {
			struct held h = c->scratch[cpu].held_slots[i];

			if (h.count && h.len <= sizeof(h.text))	/* the copy may be of two moments */
				v->visit(v, &h);
		}
}

static void core_programs(struct capture *base, struct programs_visitor *v)
{
	core_ways_programs(&container_of(base, struct core, base)->ways, v);
}

static void core_close(struct capture *base)
{
	struct core *c = container_of(base, struct core, base);

	ring_grower_free(c->grower);
	core_ways_fini(&c->ways);
	core_loader_fini(&c->loader);
	if (c->scratch)
		munmap(c->scratch, page_round(c->ncpus * sizeof(*c->scratch)));
	for (u32 i = 0; i < c->opt.workers; i++)
		ring_set_fini(&c->workers[i].rings);
	free(c->workers);
	if (c->filters)
		munmap(c->filters, filters_len());
	if (c->live)
		munmap(c->live, page_round(sizeof(*c->live)));
	free(c->ring_fds);
	diag_fini(&c->base.diag);
	free(c);
}

static const char *core_describe(struct capture *base)
{
	return core_ways_describe(&container_of(base, struct core, base)->ways);
}

static const struct capture_ops core_ops = {
	.name = "modern_ebpf",
	.next = core_next,
	.worker = core_worker,
	.stats = core_stats,
	.counters = core_counters,
	.programs = core_programs,
	.held = core_held,
	.set_interest = core_set_interest,
	.set_filter = core_set_filter,
	.describe = core_describe,
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

static int check_system(struct diag *d)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		diag_set(d, "the kernel has no BTF (/sys/kernel/btf/vmlinux: %s): the modern_ebpf driver "
			 "needs a kernel built with CONFIG_DEBUG_INFO_BTF", strerror(errno));
		return -ENOTSUP;
	}
	caps_raise_memlock();
	return caps_check("modern_ebpf", d);
}

static int fail(struct diag *d, int err, const char *what)
{
	if (err == -EPERM)
		diag_set(d, "%s: not permitted: %s", what, caps_other_reason());
	else
		diag_set(d, "%s: %s", what, strerror(-err));
	return err;
}

static u32 lane_bytes(u32 bytes)
{
	return bytes / 2 < (u32)sysconf(_SC_PAGESIZE) ? bytes : bytes / 2;
}

/* n rings for each worker, and a lane. */
static u64 all_bytes(const struct core *c, u32 n, u32 bytes)
{
	return c->opt.workers * ((u64)n * bytes + lane_bytes(bytes));
}

/* Rings that grow begin as small as the budget wants them. */
static int fit_budget(struct core *c, u32 n, struct diag *d)
{
	u32 page = sysconf(_SC_PAGESIZE);

	while (c->opt.buf_bytes > page && all_bytes(c, n, c->opt.buf_bytes) > c->opt.buf_budget)
		c->opt.buf_bytes /= 2;
	if (all_bytes(c, n, c->opt.buf_bytes) <= c->opt.buf_budget)
		return 0;
	diag_set(d, "buf_memory_max has no room for %u ring buffers of %u bytes: raise it, or share buffers "
		 "by cpus_for_each_buffer", c->opt.workers * (n + 1), page);
	return -ENOSPC;
}

static int open_rings(struct core *c, struct diag *d)
{
	u32 online = sysconf(_SC_NPROCESSORS_ONLN), n;
	int err = 0;

	n = c->opt.cpus_per_ring ? (online + c->opt.cpus_per_ring - 1) / c->opt.cpus_per_ring : 1;
	if (c->opt.buf_budget && fit_budget(c, n, d))
		return -ENOSPC;
	for (u32 i = 0; i < c->opt.workers && !err; i++)
		err = ring_set_init(&c->workers[i].rings, n + 1, c->opt.buf_bytes, lane_bytes(c->opt.buf_bytes));
	if (err == -EPERM)
		return fail(d, err, "a ring buffer cannot be allocated");
	if (err) {
		diag_set(d, "%u ring buffers of %u bytes cannot be allocated: %s; choose a smaller "
			 "buf_size_preset, more cpus_for_each_buffer or fewer workers (a size must be a power of "
			 "two and a multiple of the page size)", c->opt.workers * (n + 1), c->opt.buf_bytes,
			 strerror(-err));
		return err;
	}
	c->ring_bytes = all_bytes(c, n, c->opt.buf_bytes);
	if (!c->opt.buf_budget)
		return 0;
	c->grower = ring_grower_new(c->opt.buf_budget, c->ring_bytes);
	return c->grower ? 0 : fail(d, -EAGAIN, "no thread for ring buffers that grow");
}

#if defined(__x86_64__)
static void no_compat(int sig)
{
	(void)sig;
	_exit(1);
}

/*
 * Does the kernel run 32-bit programs?  It can be built to and told not to, so a process of
 * its own makes such a call (getpid, 20) and sees whether it dies of that.
 */
static bool runs_compat(void)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		long nr = 20;

		signal(SIGSEGV, no_compat);
		signal(SIGILL, no_compat);
		signal(SIGSYS, no_compat);
		asm volatile("int $0x80" : "+a"(nr) : : "memory", "r8", "r9", "r10", "r11");
		_exit(nr != getpid());
	}
	/* when in doubt, yes */
	return pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || !WEXITSTATUS(status);
}
#else
static bool runs_compat(void)
{
	return true;
}
#endif

static void set_config(struct core *c)
{
	const struct ring_set *r = &c->workers[0].rings;
	u64 keys[2] = { 0 };

	c->loader.ncpus = c->ncpus;
	c->loader.nrings = c->opt.workers * r->n;
	c->ring_fds = xcalloc(c->loader.nrings, sizeof(*c->ring_fds));
	for (u32 i = 0; i < c->loader.nrings; i++)
		c->ring_fds[i] = c->workers[i / r->n].rings.rings[i % r->n]->fd;
	c->loader.ring_fds = c->ring_fds;
	c->loader.opt = &c->opt;
	/* without them nothing is held back: events could be made to look like others */
	if (getrandom(keys, sizeof(keys), 0) != sizeof(keys))
		c->opt.hold_back = false;
	c->loader.config = (struct core_config){
		.snaplen = c->opt.snaplen < EVENT_PARAM_LEN_MAX ? c->opt.snaplen : EVENT_PARAM_LEN_MAX,
		.dynamic = c->opt.dynamic,
		.self_pid = c->opt.self_pid,
		.drop_failed = c->opt.drop_failed,
		.hold_back = c->opt.hold_back,
		.held_keys = { keys[0], keys[1] },
		.compat = runs_compat(),
		.page_shift = __builtin_ctzl(sysconf(_SC_PAGESIZE)),
		.workers = c->opt.workers,
		.lane_ring = r->n - 1,
		.wake_bytes = { r->rings[0]->size / 8, r->rings[r->n - 1]->size / 8 },
	};
}

static int core_open(const struct driver_options *opt, const struct interest *in,
		     struct capture **ret, struct diag *d)
{
	struct core *c = xcalloc(1, sizeof(*c));
	libbpf_print_fn_t old = libbpf_set_print(silent);
	int err;

	c->base.ops = &core_ops;
	c->opt = *opt;
	if (!c->opt.workers)
		c->opt.workers = 1;
	c->workers = xcalloc(c->opt.workers, sizeof(*c->workers));
	c->ncpus = libbpf_num_possible_cpus();
	core_loader_init(&c->loader);
	core_ways_init(&c->ways, &c->loader);
	err = check_system(d) ?: open_rings(c, d);
	if (err)
		goto out;
	set_config(c);
	c->interest = *in;
	c->interest.syscalls[0] &= ~1ull;
	err = core_ways_set(&c->ways, opt->attach, &c->interest, loader_ready, c, d);
	if (err && !d->msg)
		fail(d, err, "the eBPF programs cannot be loaded");
out:
	libbpf_set_print(old);
	if (err)
		core_close(&c->base);
	else
		*ret = &c->base;
	return err;
}

const struct driver driver_core = { .name = "modern_ebpf", .title = "modern BPF probe", .workers = WORKERS_MAX,
				    .open = core_open,
				    .prepare = core_early_start, .drop = core_early_drop };
