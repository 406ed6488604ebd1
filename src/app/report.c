/* SPDX-License-Identifier: Apache-2.0 */
#include "app/report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "app/log.h"
#include "app/loop.h"
#include "base/clock.h"
#include "base/file.h"

#define PATIENCE_MS 1000	/* with workers that do not come back from an event */

int report_init(struct report *p, const struct config *cfg, const struct facts *facts, struct diag *d)
{
	const char *path = cfg->metrics.output_file;

	*p = (struct report){ .fd = -1 };
	if (!cfg->metrics.enabled)
		return 0;
	if (path[0]) {
		p->fd = file_create(path, O_APPEND | O_NONBLOCK, 0644);
		if (p->fd < 0) {
			diag_set(d, "metrics.output_file %s cannot be opened: %s", path, file_error(p->fd));
			return p->fd;
		}
	}
	if (cfg->metrics.output_rule || path[0]) {
		p->cfg = cfg;
		p->facts = facts;
		p->interval_ns = cfg->metrics.interval_ms * 1000000;
	} else if (!cfg->web.enabled || !cfg->web.prometheus) {
		log_warning("metrics.enabled is set, but neither metrics.output_rule nor metrics.output_file nor "
			    "webserver.prometheus_metrics_enabled: nobody gets the metrics");
	}
	return 0;
}

void report_fini(struct report *p)
{
	if (p->cfg && p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void add_json(const struct internal_field *f, struct buf *out)
{
	buf_addc(out, '"');
	buf_add_json(out, f->key, strlen(f->key));
	buf_adds(out, "\":");
	if (f->number) {
		buf_adds(out, f->value);
		return;
	}
	buf_addc(out, '"');
	buf_add_json(out, f->value, strlen(f->value));
	buf_addc(out, '"');
}

static void write_line(struct report *p, const struct metrics_fields *m)
{
	struct buf b = { 0 };
	size_t done = 0;
	ssize_t n = 0;

	buf_adds(&b, "{\"output_fields\":{");
	for (u32 i = 0; i < m->n; i++) {
		if (i)
			buf_addc(&b, ',');
		add_json(&m->p[i], &b);
	}
	buf_addf(&b, "},\"sample\":%llu}\n", p->samples);
	while (done < b.len && (n = write(p->fd, b.p + done, b.len - done)) > 0)
		done += (size_t)n;
	if (done < b.len && !p->failed++)
		log_error("metrics.output_file %s cannot be written: %s", p->cfg->metrics.output_file, strerror(errno));
	buf_fini(&b);
}

/* What was missed while the machine slept is not made up for.  False: this was only the beginning. */
static bool set_next(struct report *p, u64 ts_ns)
{
	u64 interval = p->interval_ns;
	bool first = !p->next_ns;

	if (first || p->next_ns + interval <= ts_ns || p->next_ns > ts_ns)
		p->next_ns = ts_ns + interval;
	else
		p->next_ns += interval;
	return !first;
}

/* False: other workers have yet to tell their figures.  One that is stuck is left out after a while. */
static bool gather(struct report *p, const struct run *r, struct snapshot *sum)
{
	const struct crew *c = r->crew;
	u64 now = c->n > 1 ? clock_ms(CLOCK_MONOTONIC) : 0;
	bool late = p->asked_ms && now > p->asked_ms + PATIENCE_MS, all = true;

	if (c->n > 1 && !p->asked_ms) {
		p->asked_ms = now;
		for (u32 i = 1; i < c->n; i++)
			desk_want(&c->runs[i]->desk);
		return false;
	}
	for (u32 i = 1; i < c->n; i++)
		all &= desk_take(&c->runs[i]->desk, late ? 0 : p->asked_ms, sum) != -EAGAIN;
	if (all || late) {
		p->asked_ms = 0;
		return true;
	}
	snapshot_fini(sum);
	return false;
}

bool report_make(struct report *p, const struct run *r, u64 ts_ns, struct metrics_fields *ret)
{
	struct snapshot s = { 0 }, own = { 0 };
	struct figures f;

	if (!p->asked_ms && !set_next(p, ts_ns))
		return false;
	if (!gather(p, r, &s))
		return false;
	snapshot_fill(&own, r);
	snapshot_add(&s, &own);
	snapshot_fini(&own);
	if (!r->live)
		s.time_ns = ts_ns;
	figures_init(&f, p->cfg, p->facts, &s, &p->past);
	metrics_fields(&f, ret);
	p->past = (struct metrics_past){ .time_ns = f.now_ns, .events = f.snap.events, .made = f.made, .drops = f.drops };
	figures_fini(&f);
	p->samples++;
	if (p->fd >= 0)
		write_line(p, ret);
	return true;
}
