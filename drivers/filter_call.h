/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The kernel filter's verdict on a call that has ended, for ports that no verifier reads: the kernel
 * module and ptrace.  The CO-RE and the classic programs take the same steps, cut to their size.
 *
 * On the primitives of drivers/port.h; the port provides one more:
 *	const u8 *kf_path(c, u32 path_arg, u32 *ret_len)	the path of this call as it was when it began, with
 *			KF_HEAD zeros behind it, until the event is made.  NULL: it is not known as a whole, or
 *			its length is not one that kf_look() takes
 */
#ifndef SAKER_DRIVERS_FILTER_CALL_H
#define SAKER_DRIVERS_FILTER_CALL_H

#include "drivers/filter.h"

/* NULL: all its events pass, or none. */
static inline_ const struct kf_set *kf_set_of(const struct kfilter *f, u32 code)
{
	u32 v = f->codes[code & (NR_CODES - 1)] - KF_FIRST_SET;

	return v < KF_SETS ? &f->sets[v] : NULL;
}

static inline_ u64 kf_open_flags(struct ctx *c, u32 shape)
{
	u64 flags = 0;

	switch (shape) {
	case KF_OPEN: return arg(c, 1);
	case KF_CREAT: return KF_CREAT_FLAGS;
	case KF_OPENAT: return arg(c, 2);
	}
	if (!kept_word(c, 0, &flags))
		read_user(c, &flags, sizeof(flags), arg(c, 2));
	return flags;
}

static inline_ void kf_call_look(struct ctx *c, u32 shape, struct kf_call *k)
{
	u32 len;
	const u8 *path = kf_path(c, shape == KF_OPEN || shape == KF_CREAT ? 0 : 1, &len);

	k->looked = true;
	k->known = path != NULL;
	if (path)
		kf_look(path, len, &k->seen);
}

/* Of descriptors nothing is known here. */
static inline_ u32 kf_arguments(struct ctx *c, const struct kf_set *set, u32 mask)
{
	struct kf_values v = { .known = KF_OF_ARGS };

	u32 i;

	for (i = 0; i < 6; i++)
		v.v[KF_ARG + i][0] = v.v[KF_ARG + i][1] = arg(c, i);
	return kf_numbers(set, mask, &v);
}

/* False: no rule can match the call. */
static inline_ bool kf_call_passes(struct ctx *c, const struct kfilter *f, struct kf_call *k)
{
	const struct kf_set *set = kf_set_of(f, code(c));
	u32 shape, mask;

	if (!set)
		return f->codes[code(c) & (NR_CODES - 1)] == KF_PASS;
	if (f->fds[code(c) & (NR_CODES - 1)] & KF_TEACHES)
		return true;
	mask = kf_result(set, set->all, ret(c));
	if (mask && set->numbers & KF_OF_ARGS)
		mask = kf_arguments(c, set, mask);
	shape = f->shapes[code(c) & (NR_CODES - 1)];
	if (!mask || shape == KF_NO_ARGS || shape > KF_OPENAT2)
		return mask;
	mask = kf_flags(set, mask, kf_open_flags(c, shape));
	if (!(mask & (set->with_path | set->dotdot)))
		return mask;
	if (!k->looked)
		kf_call_look(c, shape, k);
	return k->known ? kf_paths(f, set, mask, &k->seen) : true;
}

#endif
