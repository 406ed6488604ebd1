/* SPDX-License-Identifier: Apache-2.0 */
#include "app/drops.h"

#include <string.h>

#include "app/log.h"
#include "base/clock.h"

void drops_init(struct drops *d, const struct config *cfg)
{
	*d = (struct drops){ .cfg = cfg, .tokens = (double)cfg->drops_burst };
}

u64 drops_total(const struct capture_stats *s)
{
	return s->drops_buffer + s->drops_scratch;
}

void drops_message(const struct drops_verdict *v, struct buf *out)
{
	buf_addf(out,
		 "Falco internal: syscall event drop. %llu system calls dropped in last second.",
		 v->dropped);
}

static bool take_token(struct drops *d, u64 ts_ns)
{
	if (d->tokens_ns && ts_ns > d->tokens_ns)
		d->tokens +=
			d->cfg->drops_rate * (double)(ts_ns - d->tokens_ns) / (double)NS_PER_S;
	d->tokens_ns = ts_ns;
	if (d->tokens > (double)d->cfg->drops_burst)
		d->tokens = (double)d->cfg->drops_burst;
	if (d->tokens < 1)
		return false;
	d->tokens--;
	return true;
}

static void take_action(struct drops *d, struct drops_verdict *v)
{
	struct buf msg = { 0 };

	d->actions++;
	drops_message(v, &msg);
	v->alert = d->cfg->drops_actions & DROP_ALERT;
	v->exit = d->cfg->drops_actions & DROP_EXIT;
	if (d->cfg->drops_actions & DROP_LOG)
		log_debug("%s", buf_str(&msg));
	if (v->exit) {
		log_msg(PRIO_CRITICAL, "%s", buf_str(&msg));
		log_msg(PRIO_CRITICAL, "Exiting.");
	}
	buf_fini(&msg);
}

static void judge(struct drops *d, u64 ts_ns, struct drops_verdict *v)
{
	double threshold = d->cfg->drops_simulate ? 0 : d->cfg->drops_threshold;
	double ratio = v->made ? (double)v->dropped / (double)v->made : 1;

	if (!v->dropped || ratio <= threshold)
		return;
	d->occurrences++;
	if (take_token(d, ts_ns))
		take_action(d, v);
	else
		log_debug("Syscall event drop but token bucket depleted, skipping actions");
}

bool drops_check(struct drops *d, struct capture *c, u64 ts_ns, struct drops_verdict *ret)
{
	struct capture_stats now;

	if (!drops_due(d, ts_ns))
		return false;
	*ret = (struct drops_verdict){ 0 };
	if (!d->next_check_ns) {	/* the first event only starts the clock */
		d->next_check_ns = ts_ns + NS_PER_S;
		return false;
	}
	d->next_check_ns = ts_ns + NS_PER_S;
	capture_stats(c, &now);
	ret->delta = now;
	ret->delta.events -= d->last.events;
	ret->delta.drops_buffer -= d->last.drops_buffer;
	ret->delta.drops_scratch -= d->last.drops_scratch;
	for (u32 i = 0; i < DROP_CLASSES; i++)
		ret->delta.drops_class[i] -= d->last.drops_class[i];
	d->last = now;
	ret->dropped = drops_total(&ret->delta);
	ret->made = ret->delta.events + ret->dropped;
	if (d->cfg->drops_simulate) {
		log_info("Simulating syscall event drop");
		d->simulated++;
		ret->dropped++;
	}
	judge(d, ts_ns, ret);
	return true;
}
