/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The kernel filter in the CO-RE programs.
 *
 * Where a call's path is copied when it begins, the path is looked at there, and what is left
 * of the clauses is kept with the copy; the end of the call then knows without reading it again.
 */
#ifndef SAKER_DRIVERS_CORE_FILTER_H
#define SAKER_DRIVERS_CORE_FILTER_H

#include "drivers/filter.h"
#include "drivers/kwalk/numbers.h"

#define FILTER_SLOT 0			/* of by_code: no syscall has this code */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);		/* one in force, one being written */
	__type(key, u32);
	__type(value, struct kfilter);
} filters SEC(".maps");

static inline_ const struct kfilter *filter_of(u32 serial)
{
	u32 i = serial & 1;

	return serial ? bpf_map_lookup_elem(&filters, &i) : NULL;
}

/* NULL: the code has none. */
static inline_ const struct kf_set *set_of(const struct kfilter *f, u32 code)
{
	u32 v = f->codes[code & (NR_CODES - 1)] - KF_FIRST_SET;
	const struct kf_set *set = v < KF_SETS ? &f->sets[v & (KF_SETS - 1)] : NULL;

	opaque(set);	/* or else v is tested in its place, which the verifier of 7.x does not follow */
	return set;
}

static inline_ u64 open_flags_of(struct scratch *s, u32 shape)
{
	u64 flags = 0;

	switch (shape) {
	case KF_OPEN: return s->args[1];
	case KF_CREAT: return KF_CREAT_FLAGS;
	case KF_OPENAT: return s->args[2];
	}
	bpf_probe_read_user(&flags, sizeof(flags), (void *)s->args[2]);
	return flags;
}

/*
 * The parts with loops are global functions: the verifier looks at each once, on its own,
 * and knows nothing of what it returns.
 */
__noinline int filter_flags(u32 serial, u32 code, u32 mask, u32 flags)
{
	const struct kfilter *f = filter_of(serial);
	const struct kf_set *set = f ? set_of(f, code) : NULL;

	return set ? kf_flags(set, mask, flags) : mask;
}

__noinline int filter_result(u32 serial, u32 code, u32 mask, s64 ret)
{
	const struct kfilter *f = filter_of(serial);
	const struct kf_set *set = f ? set_of(f, code) : NULL;

	return set ? kf_result(set, mask, ret) : mask;
}

/* The path lies where events are assembled, len bytes without its NUL.  0: it is not of a length to look at. */
__noinline int filter_look(u32 len)
{
	struct scratch *s = this_scratch();
	u64 end = len;
	u32 i;

	if (!s || !len || len >= KF_PATH_MAX)
		return 0;
	opaque(end);
	end &= KF_PATH_MAX - 1;
	for (i = 0; i < KF_HEAD / 8; i++)
		*(u64 *)(s->event + end + i * 8) = 0;
	kf_look(s->event, len, &s->seen);
	return 1;
}

__noinline int filter_path(u32 serial, u32 code, u32 mask)
{
	const struct kfilter *f = filter_of(serial);
	const struct kf_set *set = f ? set_of(f, code) : NULL;
	struct scratch *s = this_scratch();

	return set && s ? kf_paths(f, set, mask, &s->seen) : mask;
}

__noinline int filter_numbers(u32 serial, u32 code, u32 mask)
{
	const struct kfilter *f = filter_of(serial);
	const struct kf_set *set = f ? set_of(f, code) : NULL;
	struct scratch *s = this_scratch();

	return set && s ? kf_numbers(set, mask, &s->values) : mask;
}

/* ---- calls in vain -------------------------------------------------------------------------- */

/*
 * A call for which no clause is left when it begins needs no second look when it ends, nor the
 * thread's copy: a note on the CPU says so.  It holds while the thread has not moved: one that went
 * away and came back may have begun another call elsewhere.
 */
static inline_ u64 migrations(void)
{
	struct task_struct *t = current_task();

	return KREAD(t, se.nr_migrations);
}

static inline_ void note_vain(struct scratch *s, u32 nr, u32 filter)
{
	if (!bpf_core_field_exists(struct task_struct, se.nr_migrations))
		return;
	s->vain.migrations = migrations();
	s->vain.nr = nr;
	s->vain.filter = filter;
	s->vain.tid = bpf_get_current_pid_tgid();
}

/* Is this the end of that call? */
static inline_ bool was_vain(struct scratch *s, u32 nr)
{
	u32 tid = s->vain.tid;

	if (!tid || tid != (u32)bpf_get_current_pid_tgid())
		return false;
	s->vain.tid = 0;
	return s->vain.nr == nr && s->vain.filter == live.filter && s->vain.migrations == migrations();
}

/* ---- the beginning of a call -------------------------------------------------------------- */

/* The flags alone tell that no rule can match: its path is not wanted. */
static inline_ bool begin_filtered(struct stash *st, struct scratch *s, u32 code)
{
	u32 serial = live.filter;
	const struct kfilter *f = live.filtered[code & (NR_CODES - 1)] ? filter_of(serial) : NULL;
	const struct kf_set *set;
	u32 shape;

	st->filter = 0;
	if (!f)
		return false;
	set = set_of(f, code);
	shape = f->shapes[code & (NR_CODES - 1)];
	if (!set || shape == KF_NO_ARGS)
		return false;
	st->filter = serial;
	st->clauses = filter_flags(serial, code, set->all,
				   shape == KF_OPENAT2 ? st->words[0] : open_flags_of(s, shape));
	return !st->clauses;
}

/* The path alone tells it.  It lies where events are assembled; n: with the NUL. */
static inline_ bool path_filtered(struct stash *st, u32 code, u64 n)
{
	if (!st->filter || n > KF_PATH_MAX)
		return false;
	if (filter_look(n - 1))
		st->clauses = filter_path(st->filter, code, st->clauses);
	return !st->clauses;
}

/* ---- its end --------------------------------------------------------------------------------- */

static inline_ bool path_passes(u32 serial, const struct kf_set *set, u32 mask, struct scratch *s, u32 shape)
{
	u64 addr = s->args[shape == KF_OPEN || shape == KF_CREAT ? 0 : 1];
	u32 path = set->with_path | set->dotdot;
	long n;

	mask = filter_flags(serial, s->code, mask, open_flags_of(s, shape));
	if (!(mask & path))
		return mask;
	n = bpf_probe_read_user_str(s->event, KF_PATH_MAX, (void *)addr);
	if (n <= 1 || n == KF_PATH_MAX)
		return true;	/* not known, or only its beginning is */
	return filter_look(n - 1) ? filter_path(serial, s->code, mask) : mask;
}

/* fd: of kfilter.fds.  0: the event has to be made. */
__noinline int filter_fd(u32 fd)
{
	struct ctx c = { 0 };
	u64 arg = (fd & KF_FD_ARG) - 1;

	c.s = this_scratch();
	if (!c.s || arg > 5)
		return 1;
	c.task = current_task();
	opaque(arg);
	return know_fd(&c, &c.s->values, (s64)(s32)c.s->args[arg & 7], fd & KF_TEACHES);
}

/* False: the event has to be made. */
static inline_ bool take_numbers(struct scratch *s, u32 numbers, u32 fd)
{
	u32 i;

	for (i = 0; i < 6; i++)
		s->values.v[KF_ARG + i][0] = s->values.v[KF_ARG + i][1] = s->args[i];
	s->values.known = KF_OF_ARGS;
	return !(fd & KF_TEACHES || numbers & KF_OF_FD) || filter_fd(fd);
}

/* False: no rule can match the call that is in the scratch. */
static inline_ bool call_passes(struct scratch *s)
{
	u32 serial = live.filter, tid = bpf_get_current_pid_tgid(), mask, shape, fd;
	const struct kfilter *f = filter_of(serial);
	const struct kf_set *set;
	struct stash *st;

	if (!f || f->codes[s->code & (NR_CODES - 1)] == KF_PASS)
		return true;
	set = set_of(f, s->code);
	if (!set)
		return false;
	mask = filter_result(serial, s->code, set->all, s->ret);
	fd = f->fds[s->code & (NR_CODES - 1)];
	if (!mask && !(fd & KF_TEACHES))
		return false;
	if (set->numbers || fd & KF_TEACHES) {
		if (!take_numbers(s, set->numbers, fd))
			return true;
		mask = filter_numbers(serial, s->code, mask);
	}
	shape = f->shapes[s->code & (NR_CODES - 1)];
	if (!mask || shape == KF_NO_ARGS)
		return mask;
	st = bpf_map_lookup_elem(&stashes, &tid);
	if (st && st->nr == s->nr + 1 && st->filter == serial)
		return mask & st->clauses;
	return path_passes(serial, set, mask, s, shape);
}

#endif
