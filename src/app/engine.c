/* SPDX-License-Identifier: Apache-2.0 */
#include "app/engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/interest_log.h"
#include "app/kernel_filter.h"
#include "app/log.h"
#include "app/signals.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "capture/driver.h"
#include "event/table.h"
#include "setup/cache.h"
#include "setup/choose.h"

#define EVENTS_NAMED 12		/* in a line of the log */

#define PIDS_MAX 256u		/* of --pid; children and threads come with them */

struct engine_row {
	const char *kind;
	int (*open)(struct run *r, struct diag *d);
};

/* Each worker knows all threads, in its part of the memory. */
static u64 share_of(const struct run *r, enum memory_table table)
{
	return r->cfg->memory.table_bytes[table] / r->crew->n;
}

static struct proc *new_proc(const struct run *r, bool live)
{
	struct proc_options opt = {
		.host_root = getenv("HOST_ROOT"),
		.max_threads = (u32)u64_min(r->cfg->thread_table_size, UINT32_MAX),
		.max_bytes = {
			.threads = share_of(r, MEMORY_THREADS),
			.fds = share_of(r, MEMORY_FDS),
			.users = share_of(r, MEMORY_USERS),
		},
		.purge_interval_s = u64_max(r->cfg->purge_interval_s, 1),
		.purge_quiet_s = u64_max(r->cfg->purge_quiet_s, 1),
		.self_pid = live ? getpid() : 0,
		.live = live,
		.lookup_users = live,
		.keep_fds = ruleset_uses(r->set, FF_FD_TABLE),
	};

	return proc_new(&opt);
}

static int open_file(struct run *r, struct diag *d)
{
	struct diag why = { 0 };
	int err = capture_open_file(r->cfg->capture_file, proc_state_sink(r->proc), &r->capture, &why);

	if (err)
		diag_set(d, "Could not open trace filename %s for reading: %s", r->cfg->capture_file, why.msg);
	diag_fini(&why);
	return err;
}

static int open_replay(struct run *r, struct diag *d)
{
	int err;

	r->proc = new_proc(r, false);
	r->hostname = "";	/* the events are not of this machine */
	err = open_file(r, d);
	if (!err)
		log_info("Replaying events from the capture file: %s", r->cfg->capture_file);
	return err;
}

/* For a source that cannot divide its events among so many. */
static void limit_workers(struct run *r, const char *source, u32 max)
{
	if (r->crew->n > max)
		log_warning("%s: its events can be divided among %u worker%s, not the %u that were asked for",
			    source, max, max == 1 ? "" : "s", r->crew->n);
	if (r->crew->n > max)
		r->crew->n = max;
}

static u32 most_workers(const struct driver *d)
{
	return d->workers && (!d->divides || d->divides()) ? d->workers : 1;
}

static int open_none(struct run *r, struct diag *d)
{
	int err;

	log_info("Opening 'syscall' source with no driver");
	limit_workers(r, "no driver", 1);
	r->proc = new_proc(r, true);
	err = capture_open_none(&r->capture);
	if (err)
		diag_set(d, "no source without a driver: %s", strerror(-err));
	return err;
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

static void note_loss(struct run *r, const struct driver_loss *loss)
{
	struct run_driver *drv = &r->driver;

	if (loss->kind == LOSS_NOTHING)
		return;
	buf_addf(&drv->rejected, "%s%s (%s)", drv->nrejected++ ? ", " : "", loss->program, loss->why);
	for (u32 i = 0; i < ARRAY_SIZE(drv->blind); i++) {
		(loss->kind == LOSS_EVENTS ? drv->blind : drv->poorer)[i] |= loss->events[i];
		drv->poorer[i] &= ~drv->blind[i];
	}
}

static void program_rejected(void *ctx, const struct driver_loss *loss)
{
	struct buf b = { 0 };

	note_loss(ctx, loss);
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

static u64 buf_preset(const struct config *c, const char *kind)
{
	return !strcmp(kind, "kmod") ? c->kmod_buf_preset :
	       !strcmp(kind, "ebpf") ? c->bpf_buf_preset : c->modern_buf_preset;
}

static bool drop_failed(const struct config *c, const char *kind)
{
	return !strcmp(kind, "kmod") ? c->kmod_drop_failed :
	       !strcmp(kind, "ebpf") ? c->bpf_drop_failed : c->modern_drop_failed;
}

static void driver_notice(void *ctx, const char *text)
{
	(void)ctx;
	log_warning("Driver: %s", text);
}

/* "--pid 1,2 --pid 3" */
static int read_pids(const struct strlist *l, s32 *pids, u32 *ret_n, struct diag *d)
{
	for (u32 i = 0; i < l->n; i++)
		for (const char *p = l->p[i]; *p; ) {
			char *end;
			long v = strtol(p, &end, 10);

			if (end == p || v <= 0 || v > INT32_MAX || (*end && *end != ','))
				return diag_set(d, "--pid '%s': not a list of process numbers", l->p[i]);
			if (*ret_n == PIDS_MAX)
				return diag_set(d, "--pid: more than %u processes", PIDS_MAX);
			pids[(*ret_n)++] = (s32)v;
			p = *end ? end + 1 : end;
		}
	return 0;
}

/* Attach first, then scan: what starts in between is seen by one of them at least. */
static int open_driver(struct run *r, const struct driver *driver, const char *probe, struct diag *d)
{
	const struct config *c = r->cfg;
	s32 pids[PIDS_MAX];
	struct driver_options opt = {
		.buf_bytes = (u32)config_buf_bytes(buf_preset(c, driver->name)),
		.drop_failed = drop_failed(c, driver->name),
		.hold_back = c->hold_back,
		.snaplen = c->snaplen ? (u32)c->snaplen : 80,
		.dynamic = { c->dynamic.enabled, c->dynamic.full_first, c->dynamic.full_last, (u16)c->dynamic.statsd_port },
		.self_pid = getpid(),
		.probe = probe,
		.spoil = getenv("SAKER_TEST_SPOIL"),	/* a program to make unacceptable */
		.rejected = program_rejected,
		.ctx = r,
		.attach = c->attach,
		.notice = driver_notice,
		.argv = r->cmd->program,
		.pids = pids,
	};
	bool grow = c->modern_buf_auto && !strcmp(driver->name, "modern_ebpf");
	u64 start = clock_ms(CLOCK_MONOTONIC);
	int err, threads;

	if (grow) {
		opt.buf_bytes = BUF_AUTO_BYTES;
		opt.buf_budget = c->buf_memory_max << 20;
	}
	opt.workers = (u32)u64_min(r->crew->n, most_workers(driver));
	err = read_pids(&r->cmd->pids, pids, &opt.npids, d);
	if (err)
		return err;
	if (strcmp(driver->name, "modern_ebpf") && (c->modern_buf_auto || c->cpus_for_each_buffer != 2))
		log_warning("buf_size_preset auto and cpus_for_each_buffer are for modern_ebpf: buffers of %s "
			    "are not shared by CPUs and do not grow", driver->title);
	if (grow)
		log_info("Syscall buffers begin with %u bytes each and grow up to %llu MBs together",
			 opt.buf_bytes, c->buf_memory_max);
	else
		log_info("The chosen syscall buffer dimension is: %u bytes (%u MBs)", opt.buf_bytes,
			 opt.buf_bytes >> 20);
	log_info("Opening 'syscall' source with %s.", driver->title);
	opt.cpus_per_ring = cpus_per_ring(c);
	err = driver->open(&opt, &r->interest, &r->capture, d);
	if (err)
		return err;
	r->live = true;
	kernel_filter_set(r);
	limit_workers(r, driver->title, opt.workers);
	r->proc = new_proc(r, true);
	if (capture_describe(r->capture))
		log_info("%s: %s", driver->title, capture_describe(r->capture));
	threads = proc_scan(r->proc);
	if (threads < 0) {
		diag_set(d, "cannot read the list of processes in /proc: %s", strerror(-threads));
		return threads;
	}
	log_info("ready in %llu ms: %u system calls watched, %d threads known, %u rules",
		 clock_ms(CLOCK_MONOTONIC) - start, count_syscalls(&r->interest), threads, ruleset_count(r->set));
	return 0;
}

/* ---- other workers --------------------------------------------------------------------- */

struct scan {
	struct proc *proc;
	pthread_t thread;
	bool started;
	int err;		/* the thread's until it is joined */
};

static void *scan(void *arg)
{
	struct scan *s = arg;
	int n = proc_scan(s->proc);

	s->err = n < 0 ? n : 0;
	return NULL;
}

/* Each looks for itself, at the same time as the others. */
static int scan_all(struct crew *c, struct diag *d)
{
	struct scan *scans = xcalloc(c->n, sizeof(*scans));
	int err = 0;

	for (u32 i = 1; i < c->n; i++) {
		scans[i].proc = c->runs[i]->proc;
		scans[i].started = !thread_start(&scans[i].thread, scan, &scans[i]);
	}
	for (u32 i = 1; i < c->n; i++) {
		if (scans[i].started)
			pthread_join(scans[i].thread, NULL);
		else
			scan(&scans[i]);
		err = err ? err : scans[i].err;
	}
	if (err)
		diag_set(d, "a worker cannot read the list of processes in /proc: %s", strerror(-err));
	free(scans);
	return err;
}

int engine_open_workers(struct crew *c, struct diag *d)
{
	struct run *first = c->runs[0];
	int err = 0;

	for (u32 i = 1; i < c->n && !err; i++) {
		struct run *r = c->runs[i];

		r->proc = new_proc(r, r->live);
		if (r->live)
			r->capture = first->capture->ops->worker(first->capture, i);
		else
			err = open_file(r, d);
	}
	return err || !first->live ? err : scan_all(c, d);
}

u32 engine_rules_of(const struct run *r, const u64 *events, struct buf *out)
{
	u32 n = 0;

	for (u32 i = 0; i < ruleset_count(r->set); i++) {
		const struct rule *rule = ruleset_rule(r->set, i);
		bool concerned = false;

		for (u32 t = 0; t < EV_MAX && !concerned; t++)
			concerned = events[t / 64] >> t % 64 & 1 && event_set_has(&rule->events, t);
		if (concerned)
			buf_addf(out, "%s%s", n++ ? ", " : "", rule->name);
	}
	return n;
}

/* What the loss of programs means for those who wrote the rules. */
static void tell_losses(struct run *r)
{
	struct buf names = { 0 };
	u32 n = engine_rules_of(r, r->driver.blind, &names);

	if (n)
		log_warning("%u rules do not see all of their events: %s", n, buf_str(&names));
	buf_clear(&names);
	n = engine_rules_of(r, r->driver.poorer, &names);
	if (n)
		log_warning("%u rules see events with less in them: %s", n, buf_str(&names));
	buf_fini(&names);
}

/* ---- choosing a driver ------------------------------------------------------------------- */

struct chooser {
	struct run *run;
	struct system sys;
	struct features feat;
	struct driver_status last;	/* of the start before; all NULL when there was none */
	const struct way *ways[WAYS_MAX];
	u32 nways;
	struct buf failed;		/* "KIND: why; KIND: why": what was tried, or cannot work */
};

static void chooser_init(struct chooser *ch, struct run *r)
{
	const struct config *c = r->cfg;

	*ch = (struct chooser){ .run = r };
	system_init(&ch->sys, &(struct system_options){
		.driver_dir = c->driver_dir, .probe = c->probe, .has_target = r->cmd->userspace,
		.interrupted = signals_stopping });
	features_init(&ch->feat, &ch->sys);
	if (status_read(&ch->sys, &ch->last))
		ch->last = (struct driver_status){ 0 };
	ch->nways = ways_in_order(c->engine_kind, c->driver_fallback, ch->last.used, ch->ways);
}

static void chooser_fini(struct chooser *ch)
{
	buf_fini(&ch->failed);
	features_fini(&ch->feat);
	system_fini(&ch->sys);
}

static bool told(const struct chooser *ch, u32 i)
{
	for (u32 j = 0; j < i; j++)
		if (!strcmp(ch->ways[j]->kind, ch->ways[i]->kind))
			return true;
	return false;
}

/* What speaks against a kind, once, before its first way is looked at. */
static void explain(struct chooser *ch, u32 i, bool best)
{
	struct buf why = { 0 };
	const char *remedy;

	if (told(ch, i))
		return;
	remedy = kind_explain(&ch->feat, ch->ways[i]->kind, true, &why);
	if (why.len)
		buf_addf(&ch->failed, "%s%s: %s", ch->failed.len ? "; " : "", ch->ways[i]->kind, buf_str(&why));
	if (best)
		ch->run->driver.remedy = remedy;
	buf_fini(&why);
}

/* 0: it works.  Else why not is added to what failed. */
static int try_way(struct chooser *ch, const struct way *w)
{
	const struct driver *driver = driver_by_name(w->kind);
	struct diag d = { 0 };
	int err;

	log_debug("Driver %s: %s", w->kind, w->what);
	if (w->steps & WAY_BUILD)
		log_notice("Building the %s driver for %s; this takes a moment", w->kind, ch->sys.release);
	err = way_prepare(w, &ch->feat, &d);
	if (!err)
		err = open_driver(ch->run, driver, ch->sys.probe, &d);
	if (err) {
		const char *why = d.msg ? d.msg : strerror(-err);

		log_info("The %s driver does not work: %s", w->kind, why);
		buf_addf(&ch->failed, "%s%s: %s", ch->failed.len ? "; " : "", w->kind, why);
	}
	diag_fini(&d);
	return err;
}

/* Is there no way left for a kind, when this way is the first that works? */
static bool was_given_up(const char *kind, const struct way *first)
{
	for (const struct way *w = first; w < ways + nways; w++)
		if (!strcmp(w->kind, kind))
			return false;
	return true;
}

/*
 * What should have been used: what the user named, or what worked on the kernel before.  It
 * outlives the chooser.
 */
static const char *expected(const struct chooser *ch)
{
	const struct driver *before = ch->last.used ? driver_by_name(ch->last.used) : NULL;

	if (strcmp(ch->run->driver.wanted, "auto"))
		return ch->run->driver.wanted;
	return before ? before->name : "auto";
}

/* What is lost with a driver that the configuration did not name; with that one it was told before. */
static void tell_lacks(struct run *r, const struct driver *d)
{
	struct sysset lacked = { 0 }, custom = { 0 };

	for (u32 code = 1; code < SC_MAX; code++)
		if (interest_has(&r->interest, code) && !driver_delivers(d, code))
			sysset_add(&lacked, code);
	if (d != driver_by_name(r->cfg->engine_kind))
		interest_warn_undelivered(d, &lacked, &custom, r->set);
}

static void tell_choice(struct chooser *ch, const struct way *w)
{
	struct run_driver *drv = &ch->run->driver;

	drv->used = w->kind;
	drv->wanted = expected(ch);
	drv->fallback = strcmp(drv->wanted, "auto") && strcmp(drv->wanted, w->kind) &&
			(strcmp(ch->run->cfg->engine_kind, "auto") || was_given_up(drv->wanted, w));
	buf_adds(&drv->why, buf_str(&ch->failed));
	tell_losses(ch->run);
	tell_lacks(ch->run, driver_by_name(w->kind));
	if (drv->fallback)
		log_warning("Driver: %s is used instead of %s, which does not work here: %s%s%s", w->kind,
			    drv->wanted, buf_str(&drv->why), drv->remedy ? ". To mend it: " : "",
			    drv->remedy ? drv->remedy : "");
	else if (drv->why.len)
		log_info("Driver: %s (%s), because others do not work here: %s", w->kind, w->what,
			 buf_str(&drv->why));
	else
		log_info("Driver: %s (%s)%s", w->kind, w->what,
			 strcmp(ch->run->cfg->engine_kind, "auto") ? "" : ", the best one");
}

/* For `saker doctor` and those who look at the machine later. */
static void keep_status(struct chooser *ch)
{
	const struct run_driver *drv = &ch->run->driver;
	struct driver_status st = {
		.release = ch->sys.release, .wanted = ch->run->cfg->engine_kind, .used = drv->used,
		.why = drv->why.len ? drv->why.p : NULL, .remedy = drv->why.len ? drv->remedy : NULL,
		.since = time(NULL),
	};
	int err = status_write(&ch->sys, &st);

	if (err)
		log_debug("%s/status.json cannot be written: %s", ch->sys.driver_dir, strerror(-err));
}

static int no_driver(struct chooser *ch, struct diag *d)
{
	struct run_driver *drv = &ch->run->driver;

	buf_adds(&drv->why, buf_str(&ch->failed));
	diag_set(d, "no driver works here: %s%s%s", buf_str(&drv->why), drv->remedy ? ". To mend it: " : "",
		 drv->remedy ? drv->remedy : "");
	return -ENODEV;
}

static int open_live(struct run *r, struct diag *d)
{
	struct chooser ch;
	int err = -ENODEV;
	u32 i;

	chooser_init(&ch, r);
	r->driver.wanted = r->cfg->engine_kind;
	for (i = 0; i < ch.nways; i++) {
		explain(&ch, i, i == 0);
		if (ch.ways[i]->steps & WAY_BUILD && !r->cfg->driver_build)
			continue;
		if (way_missing(&ch.feat, ch.ways[i], true))
			continue;
		err = try_way(&ch, ch.ways[i]);
		if (!err || r->live)	/* the driver was open, but not all that follows went well */
			break;
	}
	if (!err)
		tell_choice(&ch, ch.ways[i]);
	else
		err = no_driver(&ch, d);
	if (!r->cmd->doctor)
		keep_status(&ch);
	chooser_fini(&ch);
	return err;
}

static const struct engine_row engines[] = {
	{ "auto", open_live },
	{ "replay", open_replay },
	{ "nodriver", open_none },
};

bool engine_is_replay(const struct config *c)
{
	return !strcmp(c->engine_kind, "replay");
}

int engine_open(struct run *r, struct diag *d)
{
	for (u32 i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(engines[i].kind, r->cfg->engine_kind))
			return engines[i].open(r, d);
	if (driver_by_name(r->cfg->engine_kind))
		return open_live(r, d);
	return diag_set(d, "engine.kind '%s' is not a valid kind.", r->cfg->engine_kind);
}

void engine_prepare(const struct config *c)
{
	const struct driver *d = driver_by_name(c->engine_kind);

	if (d && d->prepare)
		d->prepare();
}

void engine_unprepare(const struct config *c)
{
	const struct driver *d = driver_by_name(c->engine_kind);

	if (d && d->drop)
		d->drop();
}
