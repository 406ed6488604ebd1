/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The kernel filter, evaluated: which clauses of a set does a call satisfy?
 *
 * The same for all drivers, and for the tests, which compare it with the rules themselves.
 * Needs `inline_` and the numbers of the kernel's types only; a port gives the bytes of the path.
 * All loops are bounded; indices from the tables are masked, so that a verifier sees it.
 */
#ifndef SAKER_DRIVERS_FILTER_H
#define SAKER_DRIVERS_FILTER_H

#include "schema/filter_abi.h"

#define KF_ONES 0x0101010101010101ull
#define KF_HIGHS 0x8080808080808080ull
#define KF_WORDS (KF_PATH_MAX / 8)

#ifndef kf_opaque		/* keeps the compiler from proving v again after a verifier saw its bounds */
#define kf_opaque(v) asm volatile("" : "+r"(v))
#endif
#ifndef kf_unrolled		/* for verifiers that know no loops */
#define kf_unrolled
#endif
#ifndef kf_load			/* eight bytes, at any address */
#define kf_load(p) (*(const u64 *)(p))
#endif

/* The top bit of each byte of w that is c. */
static inline_ u64 kf_bytes(u64 w, u8 c)
{
	u64 x = w ^ KF_ONES * c;

	return ~(((x & ~KF_HIGHS) + ~KF_HIGHS) | x | ~KF_HIGHS);
}

/* Clauses of the set that result and flags permit. */
static inline_ u32 kf_flags(const struct kf_set *s, u32 mask, u32 flags)
{
	u32 i, access = 1u << (flags & 3);

	kf_unrolled for (i = 0; i < KF_CLAUSES; i++) {
		const struct kf_clause *c = &s->clauses[i];

		if (!(mask >> i))
			break;
		if ((flags & c->need) != c->need || flags & c->forbid || !(access & c->access))
			mask &= ~(1u << i);
	}
	return mask;
}

static inline_ u32 kf_result(const struct kf_set *s, u32 mask, s64 ret)
{
	u32 i;

	kf_unrolled for (i = 0; i < KF_CLAUSES; i++) {
		const struct kf_clause *c = &s->clauses[i];

		if (!(mask >> i))
			break;
		if ((ret < c->ret_min || ret > c->ret_max) && (!c->error || ret != c->error))
			mask &= ~(1u << i);
	}
	return mask;
}

/*
 * path has len bytes (0 < len < KF_PATH_MAX) and then KF_HEAD zeros.  Of each word, slashes and dots are
 * found, and what follows them.  The loop ends by len itself: with a copy of it that a verifier knows nothing
 * of, that of 6.18 has half the work, and that of 5.10 comes to no end with the classic programs.
 */
static inline_ void kf_look(const u8 *path, u32 len, struct kf_seen *ret)
{
	u64 odd = 0, hidden = 0, dotdot = 0, after_slash = 0, after_slash_dot = 0, after_dot = 0, after_dots = 0;
	u32 i;

	kf_unrolled for (i = 0; i < KF_WORDS; i++) {
		u64 w, slash, dot, nul, one, two, sd, dd;

		if (i * 8 > len)
			break;
		w = kf_load(path + i * 8);
		slash = kf_bytes(w, '/');
		dot = kf_bytes(w, '.');
		nul = kf_bytes(w, 0);
		one = slash << 8 | after_slash;		/* the byte before is a slash */
		sd = one & dot;
		two = sd << 8 | after_slash_dot;	/* the two before are "/." */
		dd = dot & (dot << 8 | after_dot);
		odd |= w & KF_HIGHS;
		odd |= (one & (slash | nul)) | (two & (slash | dot | nul));
		hidden |= sd;
		dotdot |= slash & (dd << 8 | after_dots);
		after_slash = slash >> 56;
		after_slash_dot = sd >> 56;
		after_dot = dot >> 56;
		after_dots = dd >> 56;
	}
	kf_unrolled for (i = 0; i < KF_HEAD / 8; i++)
		ret->head[i] = kf_load(path + i * 8);
	ret->hidden = hidden != 0;
	ret->dotdot = dotdot != 0;
	ret->plain = !odd && path[0] == '/';
	if (len >= 8) {
		u64 at = len - 8;

		kf_opaque(at);
		ret->tail = kf_load(path + (at & (KF_PATH_MAX - 1)));
	} else {
		ret->tail = ret->head[0] << (8 - len) * 8;
	}
}

static inline_ u32 kf_chain(const struct kfilter *f, u32 at, const struct kf_seen *p)
{
	u32 i, n, mask = 0;

	kf_unrolled for (i = 0; i < KF_CHAIN; i++) {
		const struct kf_path *k;
		u64 differs;

		kf_opaque(at);
		if (!at)
			break;
		k = &f->paths[at & (KF_PATHS - 1)];
		differs = ((p->tail ^ k->tail) & k->tail_mask) | (k->hidden & ~p->hidden);
		kf_unrolled for (n = 0; n < KF_HEAD / 8; n++)
			differs |= (p->head[n] ^ k->head[n]) & k->head_mask[n];
		if (!differs)
			mask |= k->clauses;
		at = k->next;
	}
	return mask;
}

/* Of the clauses in mask those that remain with this path; relative and odd ones satisfy all. */
static inline_ u32 kf_paths(const struct kfilter *f, const struct kf_set *s, u32 mask, const struct kf_seen *p)
{
	u32 found;

	if (!p->dotdot)
		mask &= ~(u32)s->dotdot;
	if (!p->plain || !(mask & s->with_path))
		return mask;
	found = kf_chain(f, s->always, p);
	found |= kf_chain(f, s->heads[KF_BUCKET_OF(p->head[0] >> 8) & (KF_BUCKETS - 1)], p);
	found |= kf_chain(f, s->deep[KF_DEEP_OF(p->head[0]) & (KF_BUCKETS - 1)], p);
	found |= kf_chain(f, s->tails[KF_BUCKET_OF(p->tail >> 32) & (KF_BUCKETS - 1)], p);
	return mask & (found | ~(u32)s->with_path);
}

static inline_ bool kf_test_holds(const struct kf_test *t, u64 v)
{
	u64 n = v & t->mask, at = n - t->min;

	return n >= t->min && n <= t->max && (at >= 64 || t->bits >> (at & 63) & 1);
}

/* Of the clauses in mask those that remain with these numbers; what is not known satisfies all. */
static inline_ u32 kf_numbers(const struct kf_set *s, u32 mask, const struct kf_values *v)
{
	u32 i, number = 0, need = 0, found = 0;

	for (i = 0; i < KF_TESTS; i++) {
		const struct kf_test *t = &s->tests[i];
		u64 n = t->number;

		if (!t->clauses)
			break;
		if (n != number) {
			mask &= found | ~need;
			need = found = 0;
			number = n;
		}
		kf_opaque(n);
		n &= KF_NUMBERS - 1;
		need |= t->clauses;
		if (!(v->known >> n & 1) || kf_test_holds(t, v->v[n][0]) || kf_test_holds(t, v->v[n][1]))
			found |= t->clauses;
	}
	return mask & (found | ~need);
}

#endif
