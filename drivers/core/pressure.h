/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* drivers/pressure.h in the CO-RE programs. */
#ifndef SAKER_DRIVERS_CORE_PRESSURE_H
#define SAKER_DRIVERS_CORE_PRESSURE_H

#include "drivers/pressure.h"

/* plain.bpf.c is for kernels before 6.2: the verifier of 5.10 does not come to an end with hold_event(). */
#ifndef PLAIN_READS
static inline_ u64 event_word(const struct scratch *s, u64 at)
{
	opaque(at);
	return *(const u64 *)(s->event + (at & (EVENT_LEN_MAX - 1)));
}

/* All but the time; len: of the whole event, at least a header.  0: it is too long. */
static inline_ u64 equal_key(const struct scratch *s, u32 len)
{
	struct held_hash h;
	u32 i, n = len;

	if (len > HELD_SAME_MAX)
		return 0;
	opaque(n);	/* the verifier takes all ends of the loop for the same */
	held_hash_init(&h, config.held_keys[0], config.held_keys[1]);
	held_hash_add(&h, event_word(s, len - 8));	/* the words below may leave a rest */
	for (i = 8; i + 8 <= HELD_SAME_MAX; i += 8) {
		if (i + 8 > n)
			break;
		held_hash_add(&h, event_word(s, i));
	}
	return held_hash_end(&h);
}

/* Where a parameter (0 to 2) begins. */
static inline_ u32 param_at(const struct scratch *s, u32 n)
{
	u32 at = LENS_AT + 2 * *(const u32 *)(s->event + 22), i;

	for (i = 0; i < 2; i++)
		if (i < n)
			at += *(const u16 *)(s->event + LENS_AT + 2 * i);
	return at;
}

/* 1 when d, a small difference, is none, or negative: without a branch, each of which the verifier would follow. */
static inline_ u32 is_zero(u32 d)
{
	d--;
	opaque(d);
	return d >> 31;
}

static inline_ u32 is_negative(u32 d)
{
	opaque(d);
	return d >> 31;
}

/* The path's directory goes into text. */
static inline_ u32 directory(const struct scratch *s, u32 n, u8 *text)
{
	u64 at = param_at(s, n);
	u32 len = 0, going_on = 1, i;

	opaque(at);
	at &= EVENT_LEN_MAX - 1;
	for (i = 0; i < HELD_TEXT; i++) {
		u32 c = s->event[at + i], take;

		going_on &= 1 ^ is_zero(c);
		take = going_on & is_zero(c ^ '/');
		opaque(take);
		len += (i + 1 - len) * take;
		text[i] = c;
	}
	for (i = 0; i < HELD_TEXT; i++) {
		u32 keep = 0 - is_negative(i - len);

		opaque(keep);
		text[i] &= keep;
	}
	return len;
}

static inline_ u64 alike_key(const struct scratch *s, u32 kind, u32 type, u32 pid, struct held *h)
{
	struct held_hash hash;
	u32 i;

	held_hash_init(&hash, config.held_keys[0], config.held_keys[1]);
	held_hash_add(&hash, (u64)pid << 32 | type);
	if (kind == HELD_FD) {
		h->fd = (s32)s->args[0];
		held_hash_add(&hash, h->fd);
	} else {
		h->len = directory(s, kind == HELD_PATH1 ? 1 : 2, h->text);
		for (i = 0; i < HELD_TEXT; i += 8)
			held_hash_add(&hash, *(const u64 *)(h->text + i));
	}
	return held_hash_end(&hash);
}

/* A global function: the verifier looks at it on its own.  The event, of len bytes, lies in the scratch.  True: it is not to be sent. */
__noinline int hold_event(u32 len, u32 level)
{
	struct scratch *s = this_scratch();
	struct held h = { .fd = -1 }, *slot;
	u32 pid = bpf_get_current_pid_tgid() >> 32, type, kind;
	u64 key;

	if (!s || len < LENS_AT + 8)
		return 0;
	type = *(u16 *)(s->event + 20);
	if (!(type & 1))	/* what is told when a call begins is kept for its end */
		return 0;
	kind = held_kind(type);
	key = level < 2 || kind == HELD_EQUAL ? equal_key(s, len) : alike_key(s, kind, type, pid, &h);
	if (!key)
		return 0;
	slot = &s->held_slots[key & (HELD_SLOTS - 1)];
	if (held_back(slot, key, bpf_ktime_get_boot_ns()))
		return 1;
	h.key = slot->key;
	h.since_ns = slot->since_ns;
	h.count = slot->count;
	h.pid = pid;
	h.code = s->code;
	*slot = h;
	return 0;
}

#endif /* PLAIN_READS */

static inline_ void *ring_of(struct scratch *s, u32 worker, u32 lane)
{
	u32 ring = worker * (config.lane_ring + 1) + (lane ? config.lane_ring : s->ring);

	return bpf_map_lookup_elem(&rings, &ring);
}

#ifdef PLAIN_READS
static inline_ u32 pressure_level(struct scratch *s, u32 worker)
{
	return 0;
}

static inline_ int hold_event(u32 len, u32 level)
{
	return 0;
}
#else
static inline_ u8 pressure_on(struct scratch *s, u32 worker)
{
	void *ring = ring_of(s, worker, 0);

	return ring ? pressure_of(bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA),
				  bpf_ringbuf_query(ring, BPF_RB_RING_SIZE)) : 0;
}

/* Of the ring that bulk events share, as it was lately.  0: nothing is held back. */
static inline_ u32 pressure_level(struct scratch *s, u32 worker)
{
	u32 w = worker & (WORKERS_MAX - 1);

	if (!config.hold_back)
		return 0;
	if (s->until_look[w]) {
		s->until_look[w]--;
	} else {
		s->until_look[w] = PRESSURE_LOOK_EVERY;
		s->pressure[w] = pressure_on(s, worker);
	}
	return s->pressure[w];
}
#endif

#endif
