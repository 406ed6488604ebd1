/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The primitives of drivers/port.h in the kernel, for one TU: rows.c. */
#ifndef SAKER_DRIVERS_KMOD_PORT_H
#define SAKER_DRIVERS_KMOD_PORT_H

/*
 * Pointers are read without rcu_dereference(): each may be stale, so every one of them is
 * followed by reads that cannot fault.  For sparse they are ordinary pointers.
 */
#ifdef __CHECKER__
#undef __rcu
#define __rcu
#endif

#include "drivers/kmod/kmod.h"

#include <linux/audit.h>
#include <linux/binfmts.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/kernfs.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/uaccess.h>
#include <net/af_unix.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "drivers/compat/mount.h"
#include "drivers/kmod/access.h"

/* Names that mean something else here. */
#undef put_user
#undef task_euid
#define task_pid saker_task_pid
#define mm_counter saker_mm_counter

/* ---- about the call ---------------------------------------------------------- */

#define task(c) ((c)->task)
#define ret(c) ((c)->ret)
#define new_filename(c) ((c)->new_filename)
#define memo(c) (&(c)->memo)
#define mmsg_index(c) ((c)->index)
#define code(c) ((c)->code)
#define native_nr(c) ((c)->nr)
#define compat(c) ((c)->compat)
#define loop(c) (&(c)->s->loop)
#define snaplen(c) ((c)->snaplen)
#define dynamic_snaplen(c) ((c)->dynamic)
#define page_shift(c) PAGE_SHIFT
#define arg(c, n) ((c)->args[n])

/* ---- memory -------------------------------------------------------------------- */

static __always_inline bool read_user(struct ctx *c, void *dst, u32 n, u64 addr)
{
	return load_user(dst, n, addr);
}

static inline_ bool read_kernel(struct ctx *c, void *dst, u32 n, const void *p)
{
	return copy_kernel(dst, p, n);
}

#define KLOAD(p, a) ({									\
	u64 word_ = load_kernel(&(p)->a, sizeof((p)->a));				\
	*(typeof((p)->a) *)&word_;							\
})
#define KREAD1(p, a) KLOAD(p, a)
#define KREAD2(p, a, b) ({ typeof(KREAD1(p, a)) p1_ = KREAD1(p, a); KLOAD(p1_, b); })
#define KREAD3(p, a, b, c) ({ typeof(KREAD2(p, a, b)) p2_ = KREAD2(p, a, b); KLOAD(p2_, c); })
#define KREAD4(p, a, b, c, d)								\
	({ typeof(KREAD3(p, a, b, c)) p3_ = KREAD3(p, a, b, c); KLOAD(p3_, d); })
#define KREAD_N(a, b, c, d, N, ...) KREAD##N
#define KREAD(p, ...) KREAD_N(__VA_ARGS__, 4, 3, 2, 1)(p, __VA_ARGS__)

#define KREAD_AT(pp) ({									\
	u64 word_ = load_kernel(pp, sizeof(u64));					\
	(typeof(*(pp)))word_;								\
})
/* Of what RCU protects: parents and their signal_struct. */
#define KREAD_BIT(p, m) ({ typeof(p) b_ = (p); kernel_range(b_, sizeof(*b_)) && b_->m; })
#define KADDR(p, m) (&(p)->m)
#define KCONTAINER(p, type, m) container_of(p, type, m)
#define KSIZE(type) sizeof(type)

/* ---- the event: lengths and parameters -------------------------------------------- */

#define LENS_AT sizeof(struct event_hdr)

/* An event that does not fit is dropped as a whole, and counted, when it ends. */
static __always_inline bool room_for(struct ctx *c, u64 n)
{
	if (likely(c->off + n <= EVENT_ROOM))
		return true;
	c->overflow = true;
	return false;
}

static __always_inline u8 *here(struct ctx *c)
{
	return c->s->event + c->off;
}

static __always_inline void put(struct ctx *c, const void *p, u32 n)
{
	if (!room_for(c, n))
		return;
	memcpy(here(c), p, n);
	c->off += n;
}

#define position(c) ((u64)(c)->off)
#define written(c) ((u64)((c)->off - (c)->start))
#define previous_len(c) ((u64)(c)->prev)
#define count_truncated(c) ((c)->truncated++)

static inline_ void put_at(struct ctx *c, u64 at, u8 v)
{
	if (at < EVENT_ROOM)
		c->s->event[at] = v;
}

static __always_inline void param_end(struct ctx *c)
{
	u16 n = c->off - c->start;

	memcpy(c->s->event + LENS_AT + 2 * c->nparam, &n, sizeof(n));
	c->nparam++;
	c->prev = n;
	c->start = c->off;
}

static inline_ u64 bounded_len(struct ctx *c, u64 n, u64 max)
{
	if (n < max)
		return n;
	c->truncated++;
	return max - 1;
}

static inline_ void put_user(struct ctx *c, u64 addr, u64 n, u64 max)
{
	n = bounded_len(c, n, max);
	if (room_for(c, n) && copy_user(here(c), addr, n))
		c->off += n;
}

static inline_ void put_kernel(struct ctx *c, const void *p, u64 n, u64 max)
{
	n = bounded_len(c, n, max);
	if (room_for(c, n) && copy_kernel(here(c), p, n))
		c->off += n;
}

static inline_ u64 string_put(struct ctx *c, long n, u64 max)
{
	if (n < 0)
		return 0;
	if (n == max)
		c->truncated++;
	c->off += n;
	return n;
}

static inline_ u64 put_user_str(struct ctx *c, u64 addr, u64 max)
{
	return room_for(c, max) ? string_put(c, copy_user_str(here(c), addr, max), max) : 0;
}

static inline_ u64 put_kernel_str(struct ctx *c, const void *p, u64 max)
{
	return room_for(c, max) ? string_put(c, copy_kernel_str(here(c), p, max), max) : 0;
}

/* At most n bytes, and a NUL. */
static inline_ u64 put_user_str_n(struct ctx *c, u64 addr, u64 n, u64 max)
{
	n = bounded_len(c, n + 1, max);
	return room_for(c, max) ? string_put(c, copy_user_str(here(c), addr, n), max) : 0;
}

static inline_ u64 put_kernel_str_n(struct ctx *c, const void *p, u64 n, u64 max)
{
	n = bounded_len(c, n + 1, max);
	return room_for(c, max) ? string_put(c, copy_kernel_str(here(c), p, n), max) : 0;
}

/* Of a dentry, which another thread may be renaming. */
static inline_ void put_name(struct ctx *c, const void *name, u32 len)
{
	len &= 255;
	if (!room_for(c, len))
		return;
	copy_kernel(here(c), name, len);
	c->off += len;
}

static inline_ void put_again(struct ctx *c, u64 at, u64 n, u64 max)
{
	n = bounded_len(c, n, max);
	if (!room_for(c, n) || at + n > c->off)
		return;
	memcpy(here(c), c->s->event + at, n);
	c->off += n;
}

static inline_ void unput(struct ctx *c, u64 n)
{
	c->off -= n;
}

static inline_ void put_file_info(struct ctx *c, s64 fd);

static inline_ void put_FDINFO(struct ctx *c, s64 fd)
{
	if (fd >= 0)
		put_file_info(c, fd);
	param_end(c);
}

/* ---- loops ---------------------------------------------------------------------------- */

#define for_bounded(i, n, max) for (i = 0; i < (max) && i < (n); i++)

#define STEP(fn) static inline_ bool fn(struct ctx *c, struct loop *l, u32 i);

#define run_steps(c, fn, n, max) ({							\
	u32 i_;										\
											\
	for_bounded(i_, n, max)								\
		if (fn(c, loop(c), i_))							\
			break;								\
})

static inline_ void path_push(struct ctx *c, u32 n, void *p)
{
	c->s->path[n & (PATH_ROOM - 1)] = p;
}

static inline_ void *path_pop(struct ctx *c, u32 n)
{
	return c->s->path[n & (PATH_ROOM - 1)];
}

/* ---- what was kept on entry -------------------------------------------------------------- */

static inline_ bool put_kept(struct ctx *c)
{
	const struct stash *st = c->stash;

	if (!st || !room_for(c, st->len))
		return false;
	memcpy(here(c), st->data, st->len);
	c->off += st->len;
	return true;
}

static inline_ bool kept_word(struct ctx *c, u32 n, u64 *ret_v)
{
	if (!c->stash)
		return false;
	*ret_v = c->stash->words[n];
	return true;
}

#include "drivers/compat/shapes.h"

#endif
