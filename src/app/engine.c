/* SPDX-License-Identifier: Apache-2.0 */
#include "app/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/interest.h"
#include "app/log.h"
#include "base/buf.h"
#include "capture/driver.h"
#include "event/table.h"

#define EVENTS_NAMED 12		/* in a line of the log */

struct engine_row {
	const char *kind;
	int (*open)(struct run *r, struct diag *d);
};

static struct proc *new_proc(const struct run *r, bool live)
{
	struct proc_options opt = {
		.host_root = getenv("HOST_ROOT"),
		.max_threads = (u32)u64_min(r->cfg->thread_table_size, UINT32_MAX),
		.live = live,
		.lookup_users = live,
	};

	return proc_new(&opt);
}

static int open_replay(struct run *r, struct diag *d)
{
	log_info("Replaying events from the capture file: %s", r->cfg->capture_file);
	r->proc = new_proc(r, false);
	r->hostname = "";	/* the events are not of this machine */
	return capture_open_file(r->cfg->capture_file, proc_state_sink(r->proc), &r->capture, d);
}

static int open_none(struct run *r, struct diag *d)
{
	int err;

	log_info("Opening 'syscall' source with no driver");
	r->proc = new_proc(r, true);
	err = capture_open_none(&r->capture);
	if (err)
		diag_set(d, "no source without a driver: %s", strerror(-err));
	return err;
}

static u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + (u64)ts.tv_nsec / 1000000;
}

static void add_event_names(struct buf *b, const struct driver_loss *loss)
{
	const char *last = "";
	u32 n = 0;

	for (u32 t = 0; t < EV_MAX; t++) {
		const char *name = loss->events[t / 64] >> t % 64 & 1 ? event_desc(t)->name : last;

		if (!strcmp(name, last))
			continue;
		if (n++ < EVENTS_NAMED)
			buf_addf(b, "%s%s", n > 1 ? ", " : "", name);
		last = name;
	}
	if (n > EVENTS_NAMED)
		buf_addf(b, " and %u more", n - EVENTS_NAMED);
}

static void program_rejected(void *ctx, const struct driver_loss *loss)
{
	struct buf b = { 0 };

	(void)ctx;
	buf_addf(&b, "The kernel does not take BPF program %s: %s", loss->program, loss->why);
	if (loss->instead)
		buf_addf(&b, "; its variant '%s' is tried", loss->instead);
	if (loss->kind == LOSS_PARAMETERS)
		buf_adds(&b, ". These events have less in them: ");
	else if (loss->kind == LOSS_EVENTS)
		buf_adds(&b, ". Rules are blind for these events: ");
	if (loss->kind != LOSS_NOTHING)
		add_event_names(&b, loss);
	log_warning("%s", buf_str(&b));
	buf_fini(&b);
}

static u32 count_syscalls(const struct interest *in)
{
	u32 n = 0;

	for (u32 code = 1; code < SC_MAX; code++)
		n += interest_has(in, code);
	return n;
}

static u32 cpus_per_ring(const struct config *c)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	if (online > 0 && c->cpus_for_each_buffer > (u64)online) {
		log_warning("engine.modern_ebpf.cpus_for_each_buffer is %llu, but there are %ld "
			    "CPUs: one buffer is used for all", c->cpus_for_each_buffer, online);
		return 0;
	}
	return (u32)c->cpus_for_each_buffer;
}

/* Attach first, then scan: what starts in between is seen by one of them at least. */
static int open_live(struct run *r, const struct driver *driver, struct diag *d)
{
	const struct config *c = r->cfg;
	struct driver_options opt = {
		.buf_bytes = (u32)config_buf_bytes(c->ebpf_buf_preset),
		.drop_failed = c->drop_failed_exit,
		.snaplen = c->snaplen ? (u32)c->snaplen : 80,
		.self_pid = getpid(),
		.rejected = program_rejected,
		.attach = c->attach,
	};
	u64 start = now_ms();
	int err, threads;

	interest_compute(c, r->set, &r->interest);
	log_info("The chosen syscall buffer dimension is: %u bytes (%u MBs)", opt.buf_bytes,
		 opt.buf_bytes >> 20);
	log_info("Opening 'syscall' source with %s.", driver->title);
	opt.cpus_per_ring = cpus_per_ring(c);
	r->live = true;
	r->proc = new_proc(r, true);
	err = driver->open(&opt, &r->interest, &r->capture, d);
	if (err)
		return err;
	if (capture_describe(r->capture))
		log_info("%s: %s", driver->title, capture_describe(r->capture));
	threads = proc_scan(r->proc);
	if (threads < 0) {
		diag_set(d, "cannot read the list of processes in /proc: %s", strerror(-threads));
		return threads;
	}
	log_info("ready in %llu ms: %u system calls watched, %d threads known, %u rules",
		 now_ms() - start, count_syscalls(&r->interest), threads, ruleset_count(r->set));
	return 0;
}

static int open_auto(struct run *r, struct diag *d)
{
	return open_live(r, &driver_core, d);
}

static const struct engine_row engines[] = {
	{ "auto", open_auto },
	{ "replay", open_replay },
	{ "nodriver", open_none },
};

bool engine_is_replay(const struct config *c)
{
	return !strcmp(c->engine_kind, "replay");
}

int engine_open(struct run *r, struct diag *d)
{
	const struct driver *driver = driver_by_name(r->cfg->engine_kind);

	for (u32 i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(engines[i].kind, r->cfg->engine_kind))
			return engines[i].open(r, d);
	if (driver)
		return open_live(r, driver, d);
	return diag_set(d, "engine.kind '%s' is not a valid kind.", r->cfg->engine_kind);
}
