/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The primitives of drivers/port.h for CO-RE programs. */
#ifndef SAKER_DRIVERS_CORE_PORT_H
#define SAKER_DRIVERS_CORE_PORT_H

#include "drivers/core/vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "drivers/port.h"
#include "schema/core_abi.h"

#define inline_ __always_inline

struct ctx {
	struct scratch *s;
	u64 off;			/* where the next byte goes */
	u64 start;			/* where the parameter began */
	u64 prev;			/* length of the one before */
	u32 nparam;
	struct task_struct *task;
	const char *new_filename;
	struct memo memo;
};

/* Set before the programs are loaded, so the verifier drops what is off. */
SEC(".rodata.config") const volatile struct core_config config;
/* Changed while the programs run. */
SEC(".data.live") struct core_live live;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);		/* one for each possible CPU */
	__type(key, u32);
	__type(value, struct scratch);
} scratch_map SEC(".maps");

/* A pattern: the consumer puts rings of the right size in its place. */
struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
	__array(values, struct ring);
} rings SEC(".maps");

static inline_ struct scratch *this_scratch(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&scratch_map, &cpu);
}

/* What a thread passed to a syscall that takes a path or an address, copied on entry. */
struct stash {
	u32 nr;				/* of the syscall, and 1; 0: none */
	u32 len;			/* 0: nothing was kept, only looked at */
	u32 filter;			/* live.filter at that time; 0: it was not looked at */
	u32 clauses;			/* which the call satisfied, as far as was known */
	u64 words[3];
	u8 data[STASH_ROOM];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 32768);
	__type(key, u32);
	__type(value, struct stash);
} stashes SEC(".maps");

/* Keeps the compiler from proving v again after the verifier was shown its bounds. */
#define opaque(v) asm volatile("" : "+r"(v))

/* ---- about the call ------------------------------------------------------ */

#define task(c) ((c)->task)
#define ret(c) ((c)->s->ret)
#define new_filename(c) ((c)->new_filename)
#define memo(c) (&(c)->memo)
#define mmsg_index(c) ((c)->s->index)
#define code(c) ((c)->s->code)
#define native_nr(c) ((c)->s->nr)
#define compat(c) ((c)->s->compat)
#define loop(c) ((struct loop *)(c)->s->loop)
#define snaplen(c) config.snaplen
#define dynamic_snaplen(c) config.dynamic
#define page_shift(c) config.page_shift

/* The program that saw the call put them there: how it came by them depends on where it sits. */
#define arg(c, n) ((c)->s->args[n])

static inline_ struct task_struct *current_task(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id___x, BPF_FUNC_get_current_task_btf___x))
		return bpf_get_current_task_btf();
	return (void *)bpf_get_current_task();
}

/* ---- memory ---------------------------------------------------------------- */

static inline_ bool read_user(struct ctx *c, void *dst, u32 n, u64 addr)
{
	return bpf_probe_read_user(dst, n, (void *)addr) == 0;
}

static inline_ bool read_kernel(struct ctx *c, void *dst, u32 n, const void *p)
{
	return bpf_probe_read_kernel(dst, n, p) == 0;
}

/*
 * A read by helper costs some 14 ns, a load through a typed pointer 2.  From 6.2 on any
 * address can be made a typed pointer, whose loads cannot fault either; plain.bpf.c is for
 * the kernels before.
 */
#ifdef PLAIN_READS
#define KLOAD(p, a) ({ typeof(p) p_ = (p); BPF_CORE_READ(p_, a); })
#else
extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym;

#define KLOAD(p, a) ({									\
	typeof(p) p_ = bpf_rdonly_cast(p, bpf_core_type_id_kernel(typeof(*(p))));	\
	p_->a;										\
})
#endif

#define KREAD1(p, a) KLOAD(p, a)
#define KREAD2(p, a, b) KLOAD(KREAD1(p, a), b)
#define KREAD3(p, a, b, c) KLOAD(KREAD2(p, a, b), c)
#define KREAD4(p, a, b, c, d) KLOAD(KREAD3(p, a, b, c), d)
#define KREAD_N(a, b, c, d, N, ...) KREAD##N
#define KREAD(p, ...) KREAD_N(__VA_ARGS__, 4, 3, 2, 1)(p, __VA_ARGS__)

/* Eight bytes anywhere: as the first member of a struct that all kernels have. */
#define KREAD_AT(pp) ({									\
	struct timespec64 *word_ = (void *)(pp);					\
	(typeof(*(pp)))KREAD(word_, tv_sec);						\
})
#define KREAD_BIT(p, m) ({ typeof(p) p_ = (p); BPF_CORE_READ_BITFIELD_PROBED(p_, m); })
#define KADDR(p, m) (&(p)->m)
#define KCONTAINER(p, type, m) ((type *)((void *)(p) - bpf_core_field_offset(type, m)))
#define KHAS(type, m) bpf_core_field_exists(type, m)
#define KSIZE(type) bpf_core_type_size(type)
#define KHAS_VALUE(type, v) bpf_core_enum_value_exists(type, v)
#define KVALUE(type, v) bpf_core_enum_value(type, v)

/* ---- the event: header, lengths, parameters -------------------------------- */

#define LENS_AT sizeof(struct event_hdr)

/* Offsets are masked instead of checked; finish() drops an event that grew too long. */
static inline_ u8 *here(struct ctx *c)
{
	return c->s->event + (c->off & (EVENT_LEN_MAX - 1));
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
	c->off += n;
}

#define position(c) ((c)->off)
#define written(c) ((c)->off - (c)->start)
#define previous_len(c) ((c)->prev)

static inline_ void put_at(struct ctx *c, u64 at, u8 v)
{
	c->s->event[at & (EVENT_LEN_MAX - 1)] = v;
}

static inline_ void param_end(struct ctx *c)
{
	c->prev = c->off - c->start;
	*(u16 *)(c->s->event + LENS_AT + 2 * (c->nparam++ & 63)) = c->prev;
	c->start = c->off;
}

static inline_ u64 bounded_len(struct ctx *c, u64 n, u64 max)
{
	if (n >= max) {
		n = max - 1;
		c->s->truncated++;
	}
	opaque(n);
	return n & (max - 1);
}

static inline_ void put_user(struct ctx *c, u64 addr, u64 n, u64 max)
{
	n = bounded_len(c, n, max);
	if (!bpf_probe_read_user(here(c), n, (void *)addr))
		c->off += n;
}

static inline_ void put_kernel(struct ctx *c, const void *p, u64 n, u64 max)
{
	n = bounded_len(c, n, max);
	if (!bpf_probe_read_kernel(here(c), n, p))
		c->off += n;
}

/* The helper returns 0 for an empty string in user space, though it copies its NUL. */
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
	c->off += n;
	return n;
}

#define bpf_read_user_str bpf_probe_read_user_str
#define bpf_read_kernel_str bpf_probe_read_kernel_str
#include "drivers/bpf_strings.h"

/* Descriptors are resolved by a program of their own, see finish_fds in programs.h. */
static inline_ void put_FDINFO(struct ctx *c, s64 fd)
{
	c->s->fds[c->s->nfds++ & 1] = fd;
}

#define for_bounded(i, n, max) for (i = 0; i < (max) && i < (n); i++)

/*
 * A step is a global function: the verifier looks at it once, on its own, whatever the loop
 * around it does.  The place in the event travels through the scratch.
 */
#define STEP(fn)									\
static inline_ bool fn(struct ctx *c, struct loop *l, u32 i);				\
__noinline int do_##fn(u32 i)								\
{											\
	struct scratch *s = this_scratch();						\
	struct ctx c = { .s = s };							\
	bool end;									\
											\
	opaque(i);	/* used, or else callers leave its register unset */		\
	if (!s)										\
		return 1;								\
	c.off = s->off;									\
	c.task = (void *)s->task;							\
	end = fn(&c, loop(&c), i);							\
	s->off = c.off;									\
	return end;									\
}

#define run_steps(c, fn, n, max) ({							\
	u32 i_;										\
											\
	(c)->s->off = (c)->off;								\
	(c)->s->task = (u64)(unsigned long)(c)->task;					\
	for (i_ = 0; i_ < (max) && i_ < (n); i_++)					\
		if (do_##fn(i_))							\
			break;								\
	(c)->off = (c)->s->off;								\
})

#ifdef NO_PATHS
#define PORT_WALKS_LATER	/* never */
static inline_ void walk_path(struct ctx *c);
static inline_ void walk_cgroups(struct ctx *c);
#endif

/* ---- paths -------------------------------------------------------------------- */

static inline_ void path_push(struct ctx *c, u32 n, void *p)
{
	c->s->path[n & (PATH_ROOM - 1)] = (u64)(unsigned long)p;
}

static inline_ void *path_pop(struct ctx *c, u32 n)
{
	return (void *)(unsigned long)c->s->path[n & (PATH_ROOM - 1)];
}

static inline_ void unput(struct ctx *c, u64 n)
{
	c->off -= n;
}

static inline_ void put_again(struct ctx *c, u64 at, u64 n, u64 max)
{
	put_kernel(c, c->s->event + (at & (EVENT_LEN_MAX - 1)), n, max);
}

#define count_truncated(c) ((c)->s->truncated++)

/* Makes the offset unknown, so that the verifier takes different ways to it for one. */
static inline_ void forget_off(struct ctx *c)
{
	volatile u64 *off = &c->s->off;

	*off = c->off;
	c->off = *off;
}

/*
 * Most names are short: four loads are cheaper than a call.  They may read and write beyond the
 * name; what follows overwrites that.
 */
static inline_ void put_name(struct ctx *c, const void *name, u32 len)
{
	u64 *d = (u64 *)here(c);

	len &= 255;
#ifndef PLAIN_READS
	if (len <= 32) {
		d[0] = KREAD_AT((u64 *)name);
		d[1] = KREAD_AT((u64 *)name + 1);
		d[2] = KREAD_AT((u64 *)name + 2);
		d[3] = KREAD_AT((u64 *)name + 3);
	} else
#endif
	{
		bpf_probe_read_kernel(d, len, name);
	}
	c->off += len;
	forget_off(c);
}

/* ---- what was kept on entry -------------------------------------------------------- */

static inline_ struct stash *stash_of(struct ctx *c)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct stash *st = bpf_map_lookup_elem(&stashes, &tid);

	return st && st->nr == c->s->nr + 1 ? st : NULL;
}

static inline_ bool put_kept(struct ctx *c)
{
	struct stash *st = stash_of(c);
	u64 n;

	if (!st || !st->len)
		return false;
	n = st->len;
	opaque(n);
	n &= sizeof(st->data) - 1;
	bpf_probe_read_kernel(here(c), n, st->data);
	c->off += n;
	return true;
}

static inline_ bool kept_word(struct ctx *c, u32 n, u64 *ret_v)
{
	struct stash *st = stash_of(c);

	if (!st || !st->len)
		return false;
	*ret_v = st->words[n];
	return true;
}

#endif
