/* SPDX-License-Identifier: Apache-2.0 */
#include "app/web.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/doc.h"
#include "app/figures_json.h"
#include "app/info.h"
#include "app/log.h"
#include "app/metrics.h"
#include "app/privileges.h"
#include "http/listen.h"

#define ASK_MS 3000
#define THREADS_MAX 4

/* ---- health ---------------------------------------------------------------------------------- */

/* The worst of all loops.  False: one does not answer. */
static bool get_health(const struct web *w, struct health *ret)
{
	bool all = true;

	*ret = (struct health){ 0 };
	for (u32 i = 0; i < w->ndesks; i++) {
		struct health h;

		all &= !desk_ask_health(w->desks[i], &h);
		if (!i || (h.blind && !ret->blind))
			*ret = h;
	}
	return all;
}

static json_t *driver_report(const struct health *h)
{
	json_t *o = json_pack("{s:s?, s:s?, s:b}", "wanted", h->wanted, "used", h->used, "fallback", h->fallback);

	if (h->fallback && h->why)
		json_object_set_new(o, "why", json_string(h->why));
	if (h->nrejected && h->rejected)
		json_object_set_new(o, "rejected", json_string(h->rejected));
	return o;
}

static void add_json(json_t *o, struct buf *out)
{
	char *text = json_dumps(o, JSON_SORT_KEYS);

	if (text)
		buf_adds(out, text);
	free(text);
	json_decref(o);
}

/* When all is well, word for word what programs know from Falco. */
static void answer_health(const struct web *w, struct http_answer *ret)
{
	struct health h;
	bool stalled = !get_health(w, &h), degraded = h.fallback || h.nrejected;
	json_t *o;

	ret->status = stalled || h.blind ? 503 : 200;
	if (!stalled && !h.blind && !degraded) {
		buf_adds(&ret->body, "{\"status\": \"ok\"}");
		return;
	}
	o = json_pack("{s:s}", "status", stalled ? "stalled" : h.blind ? "blind" : "degraded");
	if (stalled)
		json_object_set_new(o, "reason", json_string("the event loop does not come back"));
	else if (h.blind)
		json_object_set_new(o, "reason", json_string(h.reason));
	if (h.live)
		json_object_set_new(o, "driver", driver_report(&h));
	add_json(o, &ret->body);
}

/* ---- the rest --------------------------------------------------------------------------------- */

static void answer_versions(const struct web *w, struct http_answer *ret)
{
	(void)w;
	ret->status = 200;
	add_json(info_versions(), &ret->body);
}

/* 0, or the answer says why not. */
static int get_figures(const struct web *w, struct figures *ret, struct http_answer *answer)
{
	struct snapshot sum = { 0 };
	int err = 0;

	for (u32 i = 0; i < w->ndesks && !err; i++)
		err = desk_ask(w->desks[i], ASK_MS, &sum);
	if (!err) {
		figures_init(ret, w->cfg, w->facts, &sum, NULL);
		return 0;
	}
	snapshot_fini(&sum);
	answer->status = 503;
	answer->type = "text/plain";
	buf_addf(&answer->body, "%s\n", err == -ESHUTDOWN ? "the sensor ends" : "the event loop does not come back");
	return err;
}

static void answer_metrics(const struct web *w, struct http_answer *ret)
{
	struct figures f;

	if (get_figures(w, &f, ret))
		return;
	http_get_counts(w->server, &f.web);
	ret->status = 200;
	metrics_prometheus(&f, &ret->body);
	figures_fini(&f);
}

static void answer_figures(const struct web *w, struct http_answer *ret)
{
	struct figures f;

	if (get_figures(w, &f, ret))
		return;
	if (!metric_group_on(w->cfg, GROUP_RESOURCES))
		resources_get(&f.res, w->facts->start_mono_ns);
	ret->status = 200;
	figures_json(&f, &ret->body);
	figures_fini(&f);
}

static bool serves_metrics(const struct web *w)
{
	return w->cfg->metrics.enabled && w->cfg->web.prometheus;
}

struct route {
	const char *path;	/* NULL: webserver.k8s_healthz_endpoint */
	const char *type;
	bool local;		/* for saker top only */
	void (*answer)(const struct web *w, struct http_answer *ret);
};

static const struct route routes[] = {
	{ NULL, "application/json", false, answer_health },
	{ "/versions", "application/json", false, answer_versions },
	{ "/metrics", "text/plain; version=0.0.4", false, answer_metrics },
	{ FIGURES_PATH, "application/json", true, answer_figures },
};

static void find_answer(const struct web *w, const char *path, bool local, struct http_answer *ret)
{
	for (u32 i = 0; i < ARRAY_SIZE(routes); i++) {
		const struct route *r = &routes[i];

		if (strcmp(path, r->path ? r->path : w->cfg->web.healthz) || (r->local && !local) ||
		    (r->answer == answer_metrics && !local && !serves_metrics(w)))
			continue;
		ret->type = r->type;
		r->answer(w, ret);
		return;
	}
}

void web_answer(const struct web *w, const char *path, struct http_answer *ret)
{
	find_answer(w, path, false, ret);
}

void web_answer_local(const struct web *w, const char *path, struct http_answer *ret)
{
	find_answer(w, path, true, ret);
}

/* ---- start and end ------------------------------------------------------------------------------ */

static void handle(void *ctx, const char *path, struct http_answer *ret)
{
	web_answer(ctx, path, ret);
}

static void handle_local(void *ctx, const char *path, struct http_answer *ret)
{
	web_answer_local(ctx, path, ret);
}

static void local_failed(void *ctx, const char *why)
{
	(void)ctx;
	log_error("saker top cannot be served: %s", why);
}

static u32 threads_of(const struct web *w)
{
	u64 n = w->cfg->web.threads ? w->cfg->web.threads : u64_min(w->facts->ncpus, THREADS_MAX);

	return (u32)u64_min(n, 64);
}

static int read_pem(const struct web *w, struct arena *a, const char **ret, struct diag *d)
{
	const char *path = w->cfg->web.certificate;
	char *text;
	size_t len;
	int err = doc_read_file(a, path, &text, &len);

	if (err)
		diag_set(d, "webserver.ssl_certificate %s cannot be read: %s", path, strerror(-err));
	else
		*ret = text;
	return err;
}

static int start_server(struct web *w, struct diag *d)
{
	struct http_options opt = { .threads = threads_of(w), .handle = handle, .ctx = w,
				    .lower_thread = w->cfg->privileges_drop ? privileges_lower_server : NULL };
	struct diag why = { 0 };
	struct arena a;
	u16 port = 0;
	int err;

	arena_init(&a);
	err = w->cfg->web.ssl ? read_pem(w, &a, &opt.pem, d) : 0;
	if (!err)
		err = http_listen_tcp(w->cfg->web.address, (u16)w->cfg->web.port, &opt.fd, &port, d);
	if (!err) {
		err = http_start(&opt, &w->server, &why);
		if (err && opt.pem)
			diag_set(d, "webserver with ssl_certificate %s: %s", w->cfg->web.certificate, why.msg);
		else if (err)
			diag_set(d, "webserver: %s", why.msg);
		else
			log_info("Web server: listening on %s, port %u%s (%u threads)", w->cfg->web.address, port,
				 opt.pem ? ", with TLS" : "", opt.threads);
	}
	diag_fini(&why);
	arena_fini(&a);
	return err;
}

/* Most runs of an ordinary user cannot have the usual path: that is no news. */
static void start_local(struct web *w)
{
	struct http_options opt = { .handle = handle_local, .failed = local_failed, .ctx = w, .lazy = true,
				    .lower_thread = w->cfg->privileges_drop ? privileges_lower_server : NULL };
	const char *path = w->cfg->top_socket;
	struct diag d = { 0 };
	int err = http_listen_unix(path, &opt.fd, &d);

	if (!err)
		w->socket = xstrdup(path);
	if (!err)
		err = http_start(&opt, &w->local, &d);
	if (err)
		log_msg(err == -EACCES || err == -EROFS || err == -ENOENT ? PRIO_INFORMATIONAL : PRIO_WARNING,
			"saker top cannot look at this sensor: top.socket %s", d.msg ? d.msg : strerror(-err));
	diag_fini(&d);
}

int web_start(struct web *w, const struct config *cfg, const struct facts *facts, struct desk **desks, u32 ndesks,
	      struct diag *d)
{
	bool replay = !strcmp(cfg->engine_kind, "replay");
	int err = 0;

	*w = (struct web){ .cfg = cfg, .facts = facts, .desks = desks, .ndesks = ndesks };
	if (replay)
		return 0;
	if (cfg->web.enabled)
		err = start_server(w, d);
	if (!err && cfg->top_enabled && cfg->top_socket[0])
		start_local(w);
	return err;
}

static void tell_counts(struct http_server *s)
{
	struct http_counts n;

	http_get_counts(s, &n);
	log_info("Web server: %llu requests answered, %llu refused or broken off, %llu connections ended because they were "
		 "too slow", n.requests, n.bad, n.ended);
}

void web_stop(struct web *w)
{
	if (w->server)
		tell_counts(w->server);
	http_stop(w->server);
	http_stop(w->local);
	w->server = w->local = NULL;
	if (w->socket)
		unlink(w->socket);
	free(w->socket);
	w->socket = NULL;
}
