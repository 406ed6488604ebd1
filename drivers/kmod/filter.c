/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The kernel filter of a consumer: its tables as they were handed over, and what they say of a call.
 *
 * Each consumer has its own, and its events are chosen by its own: a call is made an event when the
 * filter of any one passes it, and is then given to those whose filter does.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "drivers/kmod/kmod.h"
#include "drivers/kmod/access.h"

/* Of the primitives of drivers/port.h those that are needed here. */
#define code(c) ((c)->code)
#define ret(c) ((c)->ret)
#define arg(c, n) ((c)->args[n])
#define read_user(c, dst, n, addr) load_user(dst, n, addr)

static inline_ bool kept_word(struct ctx *c, u32 n, u64 *ret_v)
{
	if (c->stash)
		*ret_v = c->stash->words[n];
	return c->stash;
}

static_assert(sizeof(((struct scratch *)0)->path) >= KF_PATH_MAX + KF_HEAD);

static const u8 *kf_path(struct ctx *c, u32 path_arg, u32 *ret_len)
{
	const struct stash *st = c->stash;
	u8 *copy = (u8 *)c->s->path;	/* no path is being built; an event of another consumer may lie beside it */
	long n = st ? st->len : copy_user_str(copy, c->args[path_arg], KF_PATH_MAX);

	if (n <= 1 || n > KF_PATH_MAX || (!st && n == KF_PATH_MAX))
		return NULL;
	*ret_len = n - 1;
	if (st)
		return st->data;
	memset(copy + n, 0, KF_HEAD);
	return copy;
}

#include "drivers/filter_call.h"

bool filter_passes(struct ctx *c, const struct kfilter *f)
{
	return kf_call_passes(c, f, &c->s->filtered);
}

/* Those of openat2 are in memory that another thread may change: the end of the call decides. */
bool filter_wants_path(struct ctx *c, const struct kfilter *f)
{
	const struct kf_set *set = kf_set_of(f, c->code);
	u32 shape = f->shapes[c->code];

	if (!set)
		return f->codes[c->code] == KF_PASS;
	if (shape != KF_OPEN && shape != KF_CREAT && shape != KF_OPENAT)
		return true;
	return kf_flags(set, set->all, kf_open_flags(c, shape));
}

/* ---- from user space ------------------------------------------------------------------- */

static bool set_is_good(const struct kf_set *s)
{
	u32 i;

	for (i = 0; i < KF_BUCKETS; i++)
		if (s->heads[i] >= KF_PATHS || s->deep[i] >= KF_PATHS || s->tails[i] >= KF_PATHS)
			return false;
	return s->always < KF_PATHS;
}

/* Numbers are indexes; chains may be of any form, no more than KF_CHAIN of one is walked. */
static bool filter_is_good(const struct kfilter *f)
{
	u32 i;

	for (i = 0; i < NR_CODES; i++)
		if (f->codes[i] >= KF_FIRST_SET + KF_SETS || f->shapes[i] > KF_OPENAT2)
			return false;
	for (i = 0; i < KF_SETS; i++)
		if (!set_is_good(&f->sets[i]))
			return false;
	for (i = 0; i < KF_PATHS; i++)
		if (f->paths[i].next >= KF_PATHS)
			return false;
	return true;
}

struct kfilter *filter_new(const void __user *p)
{
	struct kmod_filter how;
	struct kfilter *f;

	if (copy_from_user(&how, p, sizeof(how)))
		return ERR_PTR(-EFAULT);
	if (!how.address)
		return NULL;
	if (how.bytes != sizeof(*f) || how.unused)
		return ERR_PTR(-EINVAL);
	f = vmemdup_user((const void __user *)(unsigned long)how.address, sizeof(*f));
	if (IS_ERR(f) || filter_is_good(f))
		return f;
	kvfree(f);
	return ERR_PTR(-EINVAL);
}
