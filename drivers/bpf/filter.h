/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The kernel filter in the classic programs: steps between an entry and the event's own program.
 *
 * When a call begins, filter_look tests its flags and looks at the path that was copied, filter_paths
 * compares it and keeps what is left of the clauses with the copy.  When the call ends, filter_end adds
 * the result.  A path that was not copied passes; where the first two are not to be had, all paths do.
 */
#ifndef SAKER_DRIVERS_BPF_FILTER_H
#define SAKER_DRIVERS_BPF_FILTER_H

#define kf_unrolled unrolled
#include "drivers/filter.h"

/* What the steps have of it. */
struct filtering {
	struct bpf_settings *set;
	struct bpf_scratch *s;
	const struct kfilter *f;
	const struct kf_set *clauses;
	u32 serial, shape;
	bool teaches;			/* the call's descriptor would have to be looked at */
	bool none;			/* no event of the code passes */
};

/* False: no filter is in force any more, or all or none of the code's events pass. */
static inline_ bool filtering_begin(struct filtering *x)
{
	u64 code, v;
	u32 i;

	x->none = false;
	x->set = settings();
	x->s = this_scratch();
	if (!x->set || !x->s)
		return false;
	x->serial = x->set->filter;
	i = x->serial & 1;
	x->f = x->serial ? bpf_map_lookup_elem(&map_filters, &i) : NULL;
	if (!x->f)
		return false;
	code = x->s->code & (NR_CODES - 1);
	opaque(code);
	code &= NR_CODES - 1;
	x->shape = x->f->shapes[code];
	x->teaches = x->f->fds[code] & KF_TEACHES;
	v = x->f->codes[code];
	x->none = v == KF_NONE;
	if (v < KF_FIRST_SET)
		return false;
	v -= KF_FIRST_SET;
	opaque(v);
	x->clauses = &x->f->sets[v & (KF_SETS - 1)];
	return true;
}

static inline_ bool has_open_flags(u32 shape)
{
	return shape == KF_OPEN || shape == KF_CREAT || shape == KF_OPENAT || shape == KF_OPENAT2;
}

/* how: of openat2. */
static inline_ u64 open_flags_of(const struct filtering *x, u64 how)
{
	return x->shape == KF_OPEN ? x->s->args[1] : x->shape == KF_OPENAT ? x->s->args[2] :
	       x->shape == KF_CREAT ? KF_CREAT_FLAGS : how;
}

/* ---- the beginning of a call ------------------------------------------------------------------ */

/* The path is in the scratch, and not yet in the map. */
static inline_ int stash_put(void *ctx, struct bpf_scratch *s)
{
	struct entry e = { .set = settings(), .s = s, .counts = this_counts() };

	e.task = (void *)bpf_get_current_task();
	if (!e.set || !e.counts || !stash_keep(s))
		return 0;
	e.counts->enter_lost++;
	return send_enter(ctx, &e, s->code);
}

PROGRAM("step_filter_look") int step_filter_look(void *ctx)
{
	struct filtering x;
	struct bpf_scratch *s;
	u64 end, mask;
	u32 len;

	if (!filtering_begin(&x) || !has_open_flags(x.shape))
		return x.s ? stash_put(ctx, x.s) : 0;
	s = x.s;
	mask = kf_flags(x.clauses, x.clauses->all, open_flags_of(&x, s->stash.words[0]));
	if (!mask && x.shape != KF_OPENAT2) {
		forget_stash();		/* the end of the call finds the same flags */
		return 0;
	}
	s->stash.clauses = mask;
	s->stash.filter = x.serial;
	len = s->stash.len - 1;
	if (!(mask & (x.clauses->with_path | x.clauses->dotdot)) || !len || len >= KF_PATH_MAX)
		return stash_put(ctx, s);
	end = len;
	opaque(end);
	end &= KF_PATH_MAX - 1;
	*(u64 *)(s->stash.data + end) = 0;
	*(u64 *)(s->stash.data + end + 8) = 0;
	*(u64 *)(s->stash.data + end + 16) = 0;
	*(u64 *)(s->stash.data + end + 24) = 0;
	kf_look(s->stash.data, len, &s->seen);
	bpf_tail_call(ctx, &map_calls, CALL_STEP(STEP_FILTER_PATHS));
	return stash_put(ctx, s);
}

PROGRAM("step_filter_paths") int step_filter_paths(void *ctx)
{
	struct filtering x;

	if (filtering_begin(&x) && x.s->stash.filter == x.serial)
		x.s->stash.clauses = kf_paths(x.f, x.clauses, x.s->stash.clauses, &x.s->seen);
	return x.s ? stash_put(ctx, x.s) : 0;
}

/* ---- its end ------------------------------------------------------------------------------------ */

/* False: no rule can match the call that is in the scratch. */
static inline_ bool call_passes(struct filtering *x)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct bpf_scratch *s = x->s;
	struct bpf_stash *st = NULL;
	u64 mask = x->clauses->all, how = 0;

	if (has_open_flags(x->shape))
		st = bpf_map_lookup_elem(&map_stashes, &tid);
	if (st && st->nr == s->nr + 1 && st->filter == x->serial) {
		mask = st->clauses;
	} else if (has_open_flags(x->shape)) {
		if (st && st->nr == s->nr + 1)
			how = st->words[0];
		else if (x->shape == KF_OPENAT2)
			bpf_read_user(&how, sizeof(how), (void *)s->args[2]);
		mask = kf_flags(x->clauses, mask, open_flags_of(x, how));
	}
	return kf_result(x->clauses, mask, s->ret);
}

static inline_ int event_filtered(struct bpf_scratch *s)
{
	struct bpf_counts *n = this_counts();

	s->busy = 0;
	if (s->kept)
		forget_stash();
	if (n) {
		n->filtered++;
		counters(n, s->code)->filtered++;
	}
	return 0;
}

PROGRAM("step_filter_end") int step_filter_end(void *ctx)
{
	struct filtering x;
	u64 code;

	if (filtering_begin(&x) ? !x.teaches && !call_passes(&x) : x.none)
		return event_filtered(x.s);
	if (!x.s || !x.set)
		return 0;
	code = x.s->code;
	opaque(code);
	bpf_tail_call(ctx, &map_calls, CALL_ROW(x.set->types[code & (NR_CODES - 1)], 0));
	return event_lost(x.s);
}

#endif
