/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The classic eBPF driver as a source of events: for kernels without BTF or ring buffers.  Its
 * programs are built on the machine, for its kernel, by drivers/bpf.
 *
 * Buffers are those of perf, one for each CPU: cpus_per_ring does not concern it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "capture/bpf_load.h"
#include "capture/caps.h"
#include "capture/counters.h"
#include "capture/perf_ring.h"
#include "capture/tracepoint.h"

/* One worker's buffers.  The first one's are read through struct bpf, others are handles of their own. */
struct bpf_worker {
	struct capture base;
	struct perf_rings rings;
	struct bpf *bpf;		/* of the first one */
};

struct bpf {
	struct capture base;
	struct driver_options opt;
	struct bpf_loader loader;
	struct bpf_worker *workers;	/* owned; opt.workers of them */
	u32 ncpus;
	char text[256];		/* see bpf_describe() */
};

/* Programs read the monotonic clock, the only one of old kernels, which stands in a suspend. */
static u64 monotonic_epoch(u64 boot_epoch)
{
	struct timespec boot, mono;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return boot_epoch + (boot.tv_sec - mono.tv_sec) * 1000000000ull + boot.tv_nsec - mono.tv_nsec;
}

static void set_epoch(struct perf_rings *r, u64 boot_epoch)
{
	struct bpf *b = container_of(r, struct bpf_worker, rings)->bpf;

	b->loader.settings.epoch_ns = monotonic_epoch(boot_epoch);
	bpf_loader_settings(&b->loader);
}

static int bpf_next(struct capture *base, struct raw_event *ret, int timeout_ms)
{
	struct bpf *b = container_of(base, struct bpf, base);

	return merge_next(&b->workers[0].rings.merge, ret, timeout_ms);
}

static int worker_next(struct capture *base, struct raw_event *ret, int timeout_ms)
{
	return merge_next(&container_of(base, struct bpf_worker, base)->rings.merge, ret, timeout_ms);
}

/* All is struct bpf's. */
static void worker_close(struct capture *base)
{
	diag_fini(&base->diag);
}

static const struct capture_ops worker_ops = {
	.name = "ebpf",
	.next = worker_next,
	.close = worker_close,
};

static struct capture *bpf_worker(struct capture *base, u32 i)
{
	struct bpf_worker *w = &container_of(base, struct bpf, base)->workers[i];

	w->base.ops = &worker_ops;
	return &w->base;
}

static int bpf_set_interest(struct capture *base, const struct interest *in, struct diag *d)
{
	struct bpf *b = container_of(base, struct bpf, base);
	struct interest own = *in;
	int err;

	own.syscalls[0] &= ~1ull;	/* SC_unknown is none */
	err = bpf_loader_load(&b->loader, &own, d);
	if (err)
		diag_set(d, "the eBPF programs that the rules need cannot be loaded: %s", strerror(-err));
	return err;
}

static int bpf_set_filter(struct capture *base, const struct kfilter *f, struct diag *d)
{
	struct bpf *b = container_of(base, struct bpf, base);
	bool first = !b->loader.filter_steps;
	int err = bpf_loader_filter(&b->loader, f, d);

	if (!err && f && first && !b->loader.filter_paths && b->opt.notice)
		b->opt.notice(b->opt.ctx, "The kernel does not take the programs that look at paths: the kernel filter "
			      "tests the result of a call and its flags only");
	return err;
}

static void bpf_counters(struct capture *base, struct counters_visitor *v)
{
	struct bpf *b = container_of(base, struct bpf, base);
	struct bpf_counts n;

	for (u32 cpu = 0; cpu < b->ncpus; cpu++)
		if (!bpf_map_lookup_elem(b->loader.maps[MAP_counts], &cpu, &n))
			counters_visit(v, cpu, n.by_code);
}

static void bpf_stats(struct capture *base, struct capture_stats *ret)
{
	struct bpf *b = container_of(base, struct bpf, base);
	struct bpf_counts n;
	u64 lost = 0;

	for (u32 i = 0; i < b->opt.workers; i++)
		lost += perf_rings_lost(&b->workers[i].rings);
	for (u32 cpu = 0; cpu < b->ncpus; cpu++) {
		if (bpf_map_lookup_elem(b->loader.maps[MAP_counts], &cpu, &n))
			continue;
		ret->drops_buffer += n.drops_buffer;
		ret->drops_scratch += n.drops_scratch;
		ret->truncated += n.truncated;
		ret->enter_lost += n.enter_lost;
		ret->filtered += n.filtered;
		ret->copies_lost += n.copies_lost;
	}
	/* before 5.2 the programs are not told, and the kernel says so in the buffer: no copies there, see bpf_divides() */
	if (lost > ret->drops_buffer && b->opt.workers == 1) {
		ret->events -= lost - ret->drops_buffer;
		ret->drops_class[DROPS_REST] += lost - ret->drops_buffer;
		ret->drops_buffer = lost;
	}
}

static void bpf_programs(struct capture *base, struct programs_visitor *v)
{
	bpf_loader_programs(&container_of(base, struct bpf, base)->loader, v);
}

static const char *bpf_describe(struct capture *base)
{
	struct bpf *b = container_of(base, struct bpf, base);

	snprintf(b->text, sizeof(b->text), "attached to %s tracepoints%s, two perf buffers for each CPU%s, of "
		 "%llu and %llu KiB", b->loader.plain ? "plain" : "raw",
		 !b->loader.plain && kernel_preempts_raw() ? TRACEPOINTS_PREEMPTED : "",
		 b->opt.workers > 1 ? " and worker" : "",
		 b->workers[0].rings.bytes[PERF_EVENTS] >> 10, b->workers[0].rings.bytes[PERF_LANE] >> 10);
	return b->text;
}

static void bpf_close(struct capture *base)
{
	struct bpf *b = container_of(base, struct bpf, base);

	bpf_loader_fini(&b->loader);
	for (u32 i = 0; b->workers && i < b->opt.workers; i++)
		perf_rings_fini(&b->workers[i].rings);
	free(b->workers);
	diag_fini(&b->base.diag);
	free(b);
}

static const struct capture_ops bpf_ops = {
	.name = "ebpf",
	.next = bpf_next,
	.worker = bpf_worker,
	.stats = bpf_stats,
	.counters = bpf_counters,
	.programs = bpf_programs,
	.set_interest = bpf_set_interest,
	.set_filter = bpf_set_filter,
	.describe = bpf_describe,
	.close = bpf_close,
};

/* ---- opening -------------------------------------------------------------------- */

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* The option, the environment, or where 'saker driver build ebpf' leaves it. */
static void probe_path(const struct driver_options *opt, struct buf *b)
{
	const char *path = opt->probe ?: getenv("SAKER_BPF_PROBE") ?: getenv("FALCO_BPF_PROBE");

	if (path && *path)
		buf_adds(b, path);
	else
		buf_addf(b, "%s/.saker/saker-bpf.o", getenv("HOME") ?: "/root");
}

static int check_privileges(struct diag *d)
{
	caps_raise_memlock();
	return caps_check("ebpf", d);
}

static bool confidential(void)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";

	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return strstr(line, "[confidentiality]");
}

static int read_probe(struct bpf *b, struct diag *d)
{
	struct utsname u;
	struct buf path = { 0 };
	int err;

	probe_path(&b->opt, &path);
	uname(&u);
	err = bpf_probe_read_file(&b->loader.probe, buf_str(&path), d) ?:
	      bpf_probe_check(&b->loader.probe, buf_str(&path), u.release, d);
	buf_fini(&path);
	return err;
}

/* What the kernel loses before 5.2 may be an event or a copy for another worker: it does not say which. */
static bool bpf_divides(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	uname(&u);
	return sscanf(u.release, "%u.%u", &major, &minor) != 2 || major > 5 || (major == 5 && minor >= 2);
}

static int open_rings(struct bpf *b, struct diag *d)
{
	const int maps[] = { b->loader.maps[MAP_events], b->loader.maps[MAP_lane] };
	u32 page = sysconf(_SC_PAGESIZE), lane = b->opt.buf_bytes / 2;
	int err = 0;

	for (u32 i = 0; i < b->opt.workers && !err; i++)
		err = perf_rings_init(&b->workers[i].rings, i, b->ncpus, b->opt.buf_bytes,
				      lane < page ? page : lane, maps, d);
	return err;
}

static void first_settings(struct bpf *b)
{
	struct bpf_settings *s = &b->loader.settings;

	s->snaplen = b->opt.snaplen < EVENT_PARAM_LEN_MAX ? b->opt.snaplen : EVENT_PARAM_LEN_MAX;
	s->dynamic = b->opt.dynamic;
	s->self_pid = b->opt.self_pid;
	s->drop_failed = b->opt.drop_failed;
	s->workers = b->opt.workers;
	s->ncpus = b->ncpus;
	s->epoch_ns = monotonic_epoch(b->workers[0].rings.merge.epoch_ns);
	b->workers[0].bpf = b;
	b->workers[0].rings.epoch = set_epoch;
}

static int load(struct bpf *b, const struct interest *in, struct diag *d)
{
	struct interest own = *in;
	int err;

	own.syscalls[0] &= ~1ull;
	first_settings(b);
	err = bpf_loader_load(&b->loader, &own, d);
	if (err && confidential()) {
		diag_clear(d);
		diag_set(d, "the kernel is locked down (confidentiality): no eBPF program may read its memory; "
			 "boot with lockdown=integrity, or use another driver");
	}
	if (err)
		diag_set(d, "the eBPF programs cannot be loaded: %s", strerror(-err));
	return err;
}

static int bpf_open(const struct driver_options *opt, const struct interest *in, struct capture **ret,
		    struct diag *d)
{
	struct bpf *b = xcalloc(1, sizeof(*b));
	libbpf_print_fn_t old = libbpf_set_print(silent);
	int err;

	b->base.ops = &bpf_ops;
	b->opt = *opt;
	if (!b->opt.workers)
		b->opt.workers = 1;
	b->workers = xcalloc(b->opt.workers, sizeof(*b->workers));
	b->ncpus = libbpf_num_possible_cpus();
	bpf_loader_init(&b->loader, &b->opt);
	err = check_privileges(d) ?: read_probe(b, d) ?: bpf_loader_maps(&b->loader, b->ncpus, d) ?:
	      open_rings(b, d) ?: load(b, in, d);
	libbpf_set_print(old);
	if (err)
		bpf_close(&b->base);
	else
		*ret = &b->base;
	return err;
}

const struct driver driver_bpf = { .name = "ebpf", .title = "classic BPF probe", .workers = BPF_WORKERS_MAX,
				   .divides = bpf_divides, .open = bpf_open };
