/* SPDX-License-Identifier: Apache-2.0 */
#include "app/workers.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "app/engine.h"
#include "app/log.h"
#include "app/signals.h"
#include "base/mem.h"
#include "base/thread.h"

#define PATIENCE_MS 1000	/* of workers_ordered */

u32 workers_wanted(const struct config *c)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	u32 cpus = online > 0 ? (u32)online : 1;

	if (!c->workers)
		return cpus < WORKERS_AUTO_MAX ? cpus : WORKERS_AUTO_MAX;
	if (c->workers > cpus)
		log_warning("workers is %u, but there %s %u CPU%s: more workers than CPUs do not make "
			    "anything faster", c->workers, cpus == 1 ? "is" : "are", cpus, cpus == 1 ? "" : "s");
	return c->workers;
}

static struct run *new_run(const struct run *first, u32 index)
{
	struct run *r = xcalloc(1, sizeof(*r));

	r->index = index;
	r->crew = first->crew;
	r->cmd = first->cmd;
	r->cfg = first->cfg;
	r->hostname = first->hostname;
	r->fields = first->fields;
	r->set = ruleset_share(first->set);
	r->live = first->live;
	r->driver = first->driver;	/* its texts are the first one's */
	heartbeat_share(&r->heartbeat, &first->heartbeat);
	desk_init(&r->desk);
	r->outputs = first->outputs;
	return r;
}

static void free_run(struct run *r)
{
	field_ctx_fini(&r->fctx);
	alert_printer_free(r->printer);
	capture_close(r->capture);
	proc_free(r->proc);
	ruleset_free(r->set);
	buf_fini(&r->line);
	desk_fini(&r->desk);
	free(r);
}

/* A file has an order of its own, and always shows it. */
static void init_order(struct run *first)
{
	struct crew *c = first->crew;
	struct order_options opt = {
		.workers = c->n,
		.patience_ms = first->live ? PATIENCE_MS : 0,
		.interrupted = signals_stopping,
	};

	if (first->live && !first->cfg->workers_ordered)
		return;
	c->by_number = !first->live;
	c->order = order_new(&opt, first->outputs);
}

int workers_open(struct run *first, const struct workers_options *opt, struct diag *d)
{
	struct crew *c = first->crew;
	int err = 0;

	c->runs = xcalloc(c->n, sizeof(struct run *));
	c->runs[0] = first;
	if (c->n == 1)
		return 0;
	for (u32 i = 1; i < c->n; i++) {
		c->runs[i] = new_run(first, i);
		c->runs[i]->printer = alert_printer_new(opt->alerts, first->fields);
	}
	init_order(first);
	err = engine_open_workers(c, d);
	for (u32 i = 1; i < c->n && !err; i++)
		opt->init_fields(opt->ctx, c->runs[i]);
	if (err)
		workers_fini(c);
	else
		log_info("Workers: %u%s", c->n, c->order && first->live ? ", alerts ordered by time" : "");
	return err;
}

struct hand {
	struct run *run;
	pthread_t thread;
	struct diag diag;
	int err;
};

/* Its figures can be asked for to the end, and stay there. */
static int run_one(struct run *r, struct diag *d)
{
	int err = loop_run(r, d);

	desk_serve(&r->desk, r);
	desk_close(&r->desk);
	return err;
}

static void *work(void *arg)
{
	struct hand *h = arg;

	h->err = run_one(h->run, &h->diag);
	return NULL;
}

static int start(struct hand *h, struct diag *d)
{
	int err = thread_start(&h->thread, work, h);

	if (err)
		diag_set(d, "no thread for a worker: %s", strerror(-err));
	return err;
}

int workers_run(struct crew *c, struct diag *d)
{
	struct hand *hands = xcalloc(c->n, sizeof(*hands));
	u32 started = 1;
	int err = 0;

	for (; started < c->n; started++) {
		hands[started].run = c->runs[started];
		err = start(&hands[started], d);
		if (err)
			break;
	}
	if (err)
		__atomic_store_n(&c->stop, true, __ATOMIC_RELAXED);
	else
		err = run_one(c->runs[0], d);
	for (u32 i = 1; i < started; i++) {
		pthread_join(hands[i].thread, NULL);
		if (hands[i].err && !err) {
			err = hands[i].err;
			diag_set(d, "%s", hands[i].diag.msg ? hands[i].diag.msg : strerror(-err));
		}
		diag_fini(&hands[i].diag);
	}
	free(hands);
	return err;
}

void workers_fini(struct crew *c)
{
	for (u32 i = 1; c->runs && i < c->n; i++)
		if (c->runs[i])
			free_run(c->runs[i]);
	free(c->runs);
	c->runs = NULL;
	c->n = 1;
}
