/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The primitives of drivers/port.h for programs that old verifiers accept: no loops, no calls,
 * no data, few instructions.
 *
 * Loops are unrolled.  The event's place lives in the scratch, not in registers: what a program
 * loads from a map is any number to the verifier, so ways that differ only in how much they
 * wrote are one to it.
 */
#ifndef SAKER_DRIVERS_BPF_PORT_H
#define SAKER_DRIVERS_BPF_PORT_H

#include "drivers/bpf/kernel.h"
#include "schema/bpf_abi.h"
#include "drivers/bpf/helpers.h"
#include "drivers/port.h"

struct ctx {
	struct bpf_scratch *s;
	/* known to the compiler: which parameters this program writes */
	u32 stage;			/* of the row, that is this program */
	u32 at;				/* stage of the parameter at hand */
	u32 nparam;
	bool later;			/* the parameter at hand goes on in other programs */
	struct memo memo;
};

/* Keeps the compiler from proving v again after the verifier was shown its bounds. */
#define opaque(v) asm volatile("" : "+r"(v))

static inline_ struct bpf_scratch *this_scratch(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&map_scratch, &cpu);
}

/* ---- about the call ------------------------------------------------------ */

#define task(c) ((struct task_struct *)(unsigned long)(c)->s->task)
#define ret(c) ((c)->s->ret)
#define new_filename(c) ((const char *)(unsigned long)(c)->s->new_filename)
#define memo(c) (&(c)->memo)
#define mmsg_index(c) ((c)->s->index)
#define code(c) ((c)->s->code)
#define native_nr(c) ((c)->s->nr)
#define compat(c) ((c)->s->compat)
#define loop(c) ((struct loop *)(c)->s->loop)
#define snaplen(c) ((c)->s->snaplen)
#define dynamic_snaplen(c) ((c)->s->dynamic)
#define page_shift(c) PAGE_SHIFT
#define arg(c, n) ((c)->s->args[n])

/* ---- memory ---------------------------------------------------------------- */

static inline_ bool read_user(struct ctx *c, void *dst, u32 n, u64 addr)
{
	return bpf_read_user(dst, n, (void *)addr) == 0;
}

static inline_ bool read_kernel(struct ctx *c, void *dst, u32 n, const void *p)
{
	return bpf_read_kernel(dst, n, p) == 0;
}

/* Through words: the member's own type may be constant. */
#define KLOAD(p, m) ({									\
	u64 words_[(sizeof((p)->m) + 7) / 8];						\
	bpf_read_kernel(words_, sizeof((p)->m), &(p)->m);				\
	*(typeof((p)->m) *)words_;							\
})
#define KREAD1(p, a) KLOAD(p, a)
#define KREAD2(p, a, b) KLOAD(KREAD1(p, a), b)
#define KREAD3(p, a, b, c) KLOAD(KREAD2(p, a, b), c)
#define KREAD4(p, a, b, c, d) KLOAD(KREAD3(p, a, b, c), d)
#define KREAD_N(a, b, c, d, N, ...) KREAD##N
#define KREAD(p, ...) KREAD_N(__VA_ARGS__, 4, 3, 2, 1)(p, __VA_ARGS__)
#define KREAD_AT(pp) ({									\
	u64 word_ = 0;									\
	bpf_read_kernel(&word_, sizeof(*(pp)), pp);					\
	*(typeof(*(pp)) *)&word_;							\
})
/* A bit has no address: the structure up to its end is copied. */
#define KREAD_BIT(p, m) ({								\
	_Static_assert(sizeof(*(p)) <= BPF_ROOM, "too large for the scratch");		\
	bpf_read_kernel(c->s->room, sizeof(*(p)), p);					\
	((typeof(p))c->s->room)->m;							\
})
#define KADDR(p, m) (&(p)->m)
#define KCONTAINER(p, type, m) ((type *)((char *)(p) - __builtin_offsetof(type, m)))
#define KSIZE(type) sizeof(type)

/* ---- the event: header, lengths, parameters -------------------------------- */

#define LENS_AT sizeof(struct event_hdr)

/* Offsets are masked instead of checked; event_send() drops an event that grew too long. */
static inline_ u8 *here(struct ctx *c)
{
	u64 off = c->s->off & (EVENT_LEN_MAX - 1);

	opaque(off);
	return c->s->event + (off & (EVENT_LEN_MAX - 1));
}

static inline_ void put(struct ctx *c, const void *p, u32 n)
{
	u8 *d = here(c);

	switch (n) {
	case 1: *d = *(u8 *)p; break;
	case 2: *(u16 *)d = *(u16 *)p; break;
	case 4: *(u32 *)d = *(u32 *)p; break;
	case 8: *(u64 *)d = *(u64 *)p; break;
	case 16:
		*(u64 *)d = *(u64 *)p;
		*(u64 *)(d + 8) = *((u64 *)p + 1);
		break;
	}
	c->s->off += n;
}

#define position(c) ((c)->s->off)
#define written(c) ((c)->s->off - (c)->s->start)
#define previous_len(c) ((c)->s->prev)
#define count_truncated(c) ((c)->s->truncated++)

static inline_ void put_at(struct ctx *c, u64 at, u8 v)
{
	c->s->event[at & (EVENT_LEN_MAX - 1)] = v;
}

static inline_ void unput(struct ctx *c, u64 n)
{
	c->s->off -= n;
}

/* The parameter with that index is complete. */
static inline_ void param_close(struct bpf_scratch *s, u32 nparam)
{
	u64 off = s->off, len = off - s->start;

	*(u16 *)(s->event + LENS_AT + 2 * (nparam & 63)) = len;
	s->prev = len;
	s->start = off;
}

static inline_ void param_end(struct ctx *c)
{
	if (c->later)
		c->s->nparam = c->nparam++;
	else
		param_close(c->s, c->nparam++);
}

/* Is this parameter, which goes on later or does not, one of this program's? */
static inline_ bool in_stage(struct ctx *c, bool later)
{
	bool own = c->at == c->stage;

	c->later = own && later;
	c->at += later;
	if (!own)
		c->nparam++;
	return own;
}

#define IN_STAGE(c, ...) if (in_stage(c, _Generic((__VA_ARGS__), struct later: true, default: false)))

/*
 * From 1 to max, for an n that is not 0: old verifiers take no length that may be 0.  Longer ones
 * are cut to max - 1.
 */
static inline_ u64 bounded_len(struct ctx *c, u64 n, u64 max)
{
	if (n >= max) {
		n = max - 1;
		c->s->truncated++;
	}
	n--;
	opaque(n);
	n &= max - 1;
	return n + 1;
}

static inline_ void put_user(struct ctx *c, u64 addr, u64 n, u64 max)
{
	if (!n)
		return;
	n = bounded_len(c, n, max);
	if (!bpf_read_user(here(c), n, (void *)addr))
		c->s->off += n;
}

static inline_ void put_kernel(struct ctx *c, const void *p, u64 n, u64 max)
{
	if (!n)
		return;
	n = bounded_len(c, n, max);
	if (!bpf_read_kernel(here(c), n, p))
		c->s->off += n;
}

static inline_ void put_again(struct ctx *c, u64 at, u64 n, u64 max)
{
	put_kernel(c, c->s->event + (at & (EVENT_LEN_MAX - 1)), n, max);
}

/* The helper may return 0 for an empty string in user space, though it copies its NUL. */
static inline_ u64 string_put(struct ctx *c, long n, u64 max)
{
	if (n < 0)
		return 0;
	if (n == 0) {
		*here(c) = 0;
		n = 1;
	}
	if (n == max)
		c->s->truncated++;
	c->s->off += n;
	return n;
}

#include "drivers/bpf_strings.h"

static inline_ void put_name(struct ctx *c, const void *name, u32 len)
{
	u64 n = len & (NAME_MAX_ - 1);

	put_kernel(c, name, n, NAME_MAX_);
}

/* Descriptors are resolved by a program of their own, see step_fd() in programs.h. */
static inline_ void put_FDINFO(struct ctx *c, s64 fd)
{
	if (c->at == c->stage)
		c->s->fds[c->s->nfds++ & 1] = fd;
}

/* A long of the caller's, at index n of the array at addr: 4 or 8 bytes. */
#define PORT_USER_LONG
static inline_ u64 user_long(struct ctx *c, u64 addr, u32 n)
{
	u64 v = 0, size = c->s->long_bytes - 1;

	opaque(size);
	size = (size & 7) + 1;
	bpf_read_user(&v, size, (void *)(addr + size * n));
	return v;
}

/* Without branches: there are many of them. */
static inline_ struct long_pair user_pair(struct ctx *c, u64 addr, u32 n)
{
	u64 v[2] = { 0 }, narrow = -(c->s->long_bytes >> 2 & 1ull), size = 2 * c->s->long_bytes - 1;

	opaque(size);
	size = (size & 15) + 1;
	bpf_read_user(v, size, (void *)(addr + size * n));
	return (struct long_pair){ { v[0] & ~(narrow << 32), v[1] | (v[0] >> 32 & narrow) } };
}

/* ---- loops --------------------------------------------------------------------- */

#define unrolled _Pragma("clang loop unroll(full)")
/* The compiler unrolls only what ends by the constant alone: other conditions are kept apart. */
#define apart() ({ asm volatile(""); true; })
#define for_bounded(i, n, max) unrolled for (i = 0; i < (max) && apart() && i < (n); i++)

#define STEP(fn) static inline_ bool fn(struct ctx *c, struct loop *l, u32 i);

#define run_steps(c, fn, n, max) ({							\
	u64 n_ = (n);									\
	u32 i_;										\
											\
	for_bounded(i_, n_, max)							\
		if (fn(c, loop(c), i_))							\
			break;								\
})

static inline_ void path_push(struct ctx *c, u32 n, void *p)
{
	u64 i = n;

	opaque(i);
	c->s->path[i & (PATH_ROOM - 1)] = (u64)(unsigned long)p;
}

static inline_ void *path_pop(struct ctx *c, u32 n)
{
	u64 i = n;

	opaque(i);
	return (void *)(unsigned long)c->s->path[i & (PATH_ROOM - 1)];
}

/* These walks are programs of their own: what begins them leaves their state in loop(c). */
#define PORT_WALKS_LATER

static inline_ void walk_path(struct ctx *c)
{
	c->s->walk = STEP_PATH_UP;
	c->s->rounds = 0;
}

static inline_ void walk_cgroups(struct ctx *c)
{
	c->s->walk = STEP_CGROUP;
	c->s->rounds = 0;
}

/* ---- what was kept on entry -------------------------------------------------------- */

static inline_ struct bpf_stash *stash_of(struct ctx *c)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct bpf_stash *st = bpf_map_lookup_elem(&map_stashes, &tid);

	return st && st->nr == c->s->nr + 1 ? st : NULL;
}

static inline_ bool put_kept(struct ctx *c)
{
	struct bpf_stash *st = stash_of(c);

	if (!st)
		return false;
	put_kernel(c, st->data, st->len, STASH_ROOM);
	return true;
}

static inline_ bool kept_word(struct ctx *c, u32 n, u64 *ret_v)
{
	struct bpf_stash *st = stash_of(c);

	if (!st)
		return false;
	*ret_v = st->words[n];
	return true;
}

#endif
