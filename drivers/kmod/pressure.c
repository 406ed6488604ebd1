/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* drivers/pressure.h in the kernel module: each consumer has its own ring, slots and keys. */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "drivers/kmod/kmod.h"
#include "drivers/pressure.h"

static u64 load(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* All but the time; len: of the whole event.  0: it is too long. */
static u64 equal_key(const struct consumer *k, const u8 *event, u32 len)
{
	struct held_hash h;
	u32 i;

	if (len > HELD_SAME_MAX)
		return 0;
	held_hash_init(&h, k->held_keys[0], k->held_keys[1]);
	held_hash_add(&h, load(event + len - 8));	/* the words below may leave a rest */
	for (i = 8; i + 8 <= len; i += 8)
		held_hash_add(&h, load(event + i));
	return held_hash_end(&h);
}

/* Of the path that is parameter n; what of it does not fit is left out. */
static void directory(const u8 *event, u32 n, struct held *h)
{
	const u8 *lens = event + sizeof(struct event_hdr);
	u32 nparams, at, i;
	u16 len;

	memcpy(&nparams, event + offsetof(struct event_hdr, nparams), sizeof(nparams));
	at = sizeof(struct event_hdr) + 2 * nparams;
	for (i = 0; i <= n; i++) {
		memcpy(&len, lens + 2 * i, sizeof(len));
		at += i < n ? len : 0;
	}
	memset(h->text, 0, sizeof(h->text));
	for (i = 0; i < len && i < HELD_TEXT && event[at + i]; i++) {
		h->text[i] = event[at + i];
		if (h->text[i] == '/')
			h->len = i + 1;
	}
	memset(h->text + h->len, 0, HELD_TEXT - h->len);
}

static u64 alike_key(struct ctx *c, const struct consumer *k, u32 kind, u32 type, struct held *h)
{
	struct held_hash hash;
	u32 i;

	held_hash_init(&hash, k->held_keys[0], k->held_keys[1]);
	held_hash_add(&hash, (u64)c->task->tgid << 32 | type);
	if (kind == HELD_FD) {
		h->fd = (s32)c->args[0];
		held_hash_add(&hash, h->fd);
	} else {
		directory(c->s->event, kind == HELD_PATH1 ? 1 : 2, h);
		for (i = 0; i < HELD_TEXT; i += 8)
			held_hash_add(&hash, load(h->text + i));
	}
	return held_hash_end(&hash);
}

/* The consumer's position is looked up only when the one known from before says that it may be behind. */
static u32 pressure_in(struct ring *r, struct kmod_control *control)
{
	if (pressure_of(r->head - r->tail, r->size))
		r->tail = smp_load_acquire(&control->tail[KMOD_RING].at);
	return pressure_of(r->head - r->tail, r->size);
}

bool pressure_holds(struct ctx *c, struct consumer *k, struct cpu_rings *r, u32 type)
{
	u32 level = pressure_in(&r->rings[KMOD_RING], r->control), kind;
	struct held h = { .fd = -1 }, *slot;
	u64 key;

	/* what is told when a call begins is kept for its end */
	if (!level || !(type & 1) || c->overflow || c->off > EVENT_LEN_MAX - 8)
		return false;
	kind = held_kind(type);
	key = level < 2 || kind == HELD_EQUAL ? equal_key(k, c->s->event, c->off) : alike_key(c, k, kind, type, &h);
	if (!key)
		return false;
	slot = &r->held[key & (HELD_SLOTS - 1)];
	if (held_back(slot, key, ktime_get_boot_fast_ns()))
		return true;
	h.key = slot->key;
	h.since_ns = slot->since_ns;
	h.count = slot->count;
	h.pid = c->task->tgid;
	h.code = c->code;
	*slot = h;
	return false;
}
