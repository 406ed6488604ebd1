/* SPDX-License-Identifier: Apache-2.0 */
#include "app/pressure.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "event/table.h"

#define NAMED 3		/* kinds of events in a description */

enum pressure_news pressure_check(struct pressure *p, const struct capture_stats *s)
{
	bool more = s->held > p->held || s->drops_buffer > p->lost;

	if (more && !p->on) {
		p->on = true;
		p->occurrences++;
		p->begin_held = p->held;
		p->begin_lost = p->lost;
		p->calm = 0;
		p->held = s->held;
		p->lost = s->drops_buffer;
		return PRESSURE_BEGINS;
	}
	p->held = s->held;
	p->lost = s->drops_buffer;
	p->calm = more ? 0 : p->calm + 1;
	if (!p->on || p->calm < PRESSURE_CALM_S)
		return PRESSURE_SAME;
	p->on = false;
	return PRESSURE_ENDS;
}

/* ---- what it was ------------------------------------------------------------------------------- */

struct kinds {
	struct held_visitor v;
	VEC(struct held) kinds;
};

static void add(struct held_visitor *v, const struct held *h)
{
	struct kinds *k = container_of(v, struct kinds, v);

	for (size_t i = 0; i < k->kinds.n; i++) {
		struct held *sum = &k->kinds.p[i];

		if (sum->pid == h->pid && sum->code == h->code && sum->fd == h->fd && sum->len == h->len &&
		    !memcmp(sum->text, h->text, h->len)) {
			sum->count += h->count;
			return;
		}
	}
	vec_push(&k->kinds, *h);
}

static int by_count(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return (y->count > x->count) - (y->count < x->count);
}

static void describe(const struct held *h, struct buf *out)
{
	const struct syscall_desc *d = syscall_desc(h->code);

	buf_addf(out, "%s%llu %s", out->len ? ", " : "", h->count, d ? d->name : "events");
	if (h->len)
		buf_adds(out, " in ");
	for (u32 i = 0; i < h->len; i++)	/* chosen by who made the call */
		buf_addc(out, isprint(h->text[i]) ? (char)h->text[i] : '.');
	if (h->fd >= 0)
		buf_addf(out, " on descriptor %lld", h->fd);
	buf_addf(out, " by process %u", h->pid);
}

void pressure_describe(struct capture *c, struct buf *out)
{
	struct kinds k = { .v.visit = add };

	capture_held(c, &k.v);
	if (k.kinds.n)
		qsort(k.kinds.p, k.kinds.n, sizeof(*k.kinds.p), by_count);
	for (size_t i = 0; i < k.kinds.n && i < NAMED; i++)
		describe(&k.kinds.p[i], out);
	vec_fini(&k.kinds);
}
