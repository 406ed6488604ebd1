/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The primitives of drivers/port.h for a tracer in user space.
 *
 * The thread that an event is about is stopped while it is described: its memory is read
 * with process_vm_readv, and what the kernel knows of it through /proc, descriptors that
 * pidfd_getfd duplicates, and sock_diag; see walk.h.  The includer provides u8..u64, s8..s64.
 */
#ifndef SAKER_DRIVERS_PTRACE_PORT_H
#define SAKER_DRIVERS_PTRACE_PORT_H

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "drivers/port.h"
#include "drivers/ptrace/call.h"
#include "schema/driver_abi.h"

#define inline_ inline

/* What is known of a thread; read from /proc when it is asked for, see proc.h. */
struct task_struct {
	s32 tid, tgid;		/* as the tracer's pid namespace has them */
	u64 exit_code;		/* as wait() has it; of a thread that ends */
	bool have_stat, have_status;
	/* /proc/PID/task/TID/stat */
	u64 maj_flt, min_flt;
	u64 arg_start, arg_end, env_start, env_end;
	u64 tty;
	/* /proc/PID/task/TID/status */
	s64 ppid, vtid, vpid, pgid, vpgid;
	u32 nspids;		/* pid namespaces that the tracer knows it in */
	u32 euid, egid, fsuid, fsgid;
	u64 cap_inheritable, cap_permitted, cap_effective;
	u64 vm_swap;		/* KiB */
};

/* A file that is executed or open. */
struct inode {
	bool known;
	u64 i_ino;
	struct stat st;
};

/* A socket of the traced process, as far as the system calls on a duplicate tell. */
struct sock {
	s64 fd;			/* -1: nothing here */
	bool known;
	u64 ino;
	u64 id, peer;		/* inodes; stand for the addresses in the kernel; 0: none */
	u32 family, type, proto;
	bool listening, connected;
	u16 port, peer_port;	/* host order */
	u32 addr[4], peer_addr[4];
	char path[SUN_PATH_MAX], peer_path[SUN_PATH_MAX];	/* as sun_path, not ended */
	u32 path_len, peer_path_len;
	u32 queue, queue_max;
};

struct ctx {
	u8 *event;		/* of EVENT_LEN_MAX bytes */
	u32 off;		/* where the next byte goes */
	u32 start;		/* where the parameter began */
	u32 prev;		/* length of the one before */
	u32 nparam;
	bool overflow;		/* it did not fit */
	u32 snaplen;
	struct dynamic_snaplen dynamic;
	u64 truncated;		/* parameters cut at a limit */
	const struct call *call;
	struct task_struct *task;
	struct inode exe;
	struct sock sock;
	struct memo memo;
	struct loop loop;
	bool (*is_subreaper)(void *owner, s32 tgid);
	void *owner;
};

/* ---- about the call ------------------------------------------------------ */

#define task(c) ((c)->task)
#define ret(c) ((c)->call->ret)
#define arg(c, n) ((c)->call->args[n])
#define code(c) ((c)->call->code)
#define native_nr(c) ((c)->call->nr)
#define compat(c) ((c)->call->compat)
#define mmsg_index(c) ((c)->call->mmsg_index)
#define snaplen(c) ((c)->snaplen)
#define dynamic_snaplen(c) ((c)->dynamic)
#define memo(c) (&(c)->memo)
#define loop(c) (&(c)->loop)

/* What the rows ask of a task or a file, each loaded on demand: see proc.h. */
#define KREAD(p, m) (load_##m(p)->m)

/* ---- memory ---------------------------------------------------------------- */

/* Where process_vm_readv is forbidden (a seccomp policy), ptrace may still read. */
static inline_ bool peek_user(s32 tid, void *dst, u64 n, u64 addr)
{
	u8 *d = dst;

	while (n) {
		u64 skip = addr % sizeof(long), part = sizeof(long) - skip;
		long word;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, tid, (void *)(unsigned long)(addr - skip), NULL);
		if (errno)
			return false;
		if (part > n)
			part = n;
		memcpy(d, (u8 *)&word + skip, part);
		d += part;
		addr += part;
		n -= part;
	}
	return true;
}

static inline_ bool read_user(struct ctx *c, void *dst, u64 n, u64 addr)
{
	struct iovec l = { dst, n }, r = { (void *)(unsigned long)addr, n };
	ssize_t got = n ? process_vm_readv(c->task->tid, &l, 1, &r, 1, 0) : 0;

	if (got == (ssize_t)n)
		return true;
	if (got < 0 && (errno == ENOSYS || errno == EPERM) &&
	    peek_user(c->task->tid, dst, n, addr))
		return true;
	memset(dst, 0, n);
	return false;
}

/* ---- the event: lengths and parameters --------------------------------------- */

#define LENS_AT sizeof(struct event_hdr)

static inline_ u8 *room_for(struct ctx *c, u64 n)
{
	if (c->off + n > EVENT_LEN_MAX - 8) {
		c->overflow = true;
		return NULL;
	}
	return c->event + c->off;
}

static inline_ void put(struct ctx *c, const void *p, u64 n)
{
	u8 *d = room_for(c, n);

	if (!d)
		return;
	memcpy(d, p, n);
	c->off += n;
}

#define position(c) ((u64)(c)->off)
#define written(c) ((u64)((c)->off - (c)->start))
#define previous_len(c) ((u64)(c)->prev)
#define count_truncated(c) ((c)->truncated++)

static inline_ void put_at(struct ctx *c, u64 at, u8 v)
{
	if (at < EVENT_LEN_MAX)
		c->event[at] = v;
}

static inline_ void unput(struct ctx *c, u64 n)
{
	c->off -= n;
}

static inline_ void param_end(struct ctx *c)
{
	u16 n = c->off - c->start;

	c->prev = n;
	memcpy(c->event + LENS_AT + 2 * c->nparam++, &n, sizeof(n));
	c->start = c->off;
}

/* At most max - 1 bytes. */
static inline_ u64 bounded_len(struct ctx *c, u64 n, u64 max)
{
	if (n < max)
		return n;
	c->truncated++;
	return max - 1;
}

static inline_ void put_user(struct ctx *c, u64 addr, u64 n, u64 max)
{
	u8 *d;

	n = bounded_len(c, n, max);
	d = room_for(c, n);
	if (d && read_user(c, d, n, addr))
		c->off += n;
}

/*
 * Reads up to a NUL, by pieces that end with a page: what follows may not be mapped.  The
 * length with the NUL; max (the last byte is then the NUL) when it is longer; 0: a fault.
 */
static inline_ u64 read_user_str(struct ctx *c, u8 *dst, u64 addr, u64 max)
{
	u64 n = 0;

	while (n < max) {
		u64 part = 256 - (addr + n) % 256;
		u8 *end;

		if (part > max - n)
			part = max - n;
		if (!read_user(c, dst + n, part, addr + n))
			return 0;
		end = memchr(dst + n, 0, part);
		if (end)
			return end - dst + 1;
		n += part;
	}
	dst[max - 1] = 0;
	return max;
}

static inline_ u64 put_user_str(struct ctx *c, u64 addr, u64 max)
{
	u8 *d = room_for(c, max);
	u64 n = d ? read_user_str(c, d, addr, max) : 0;

	if (n == max)
		c->truncated++;
	c->off += n;
	return n;
}

static inline_ u64 put_user_str_n(struct ctx *c, u64 addr, u64 n, u64 max)
{
	n = bounded_len(c, n + 1, max);
	return put_user_str(c, addr, n);
}

/* Of the tracer's own memory, with the NUL. */
static inline_ void put_text(struct ctx *c, const char *s)
{
	u64 n = strlen(s) + 1;

	if (n > STR_MAX) {
		put(c, s, STR_MAX - 1);
		put(c, "", 1);
		c->truncated++;
	} else {
		put(c, s, n);
	}
}

static void put_file_info(struct ctx *c, s64 fd);

static inline_ void put_FDINFO(struct ctx *c, s64 fd)
{
	if (fd >= 0)
		put_file_info(c, fd);
	param_end(c);
}

#define for_bounded(i, n, max) for (i = 0; i < (max) && i < (n); i++)
#define STEP(fn)
#define run_steps(c, fn, n, max) ({							\
	u32 i_;										\
											\
	for (i_ = 0; i_ < (max) && i_ < (n); i_++)					\
		if (fn(c, loop(c), i_))							\
			break;								\
})

/* ---- what was kept on entry -------------------------------------------------------- */

static inline_ bool put_kept(struct ctx *c)
{
	if (c->call->kept)
		put(c, c->call->kept, c->call->kept_len);
	return c->call->kept;
}

static inline_ bool kept_word(struct ctx *c, u32 n, u64 *ret_v)
{
	if (c->call->have_words)
		*ret_v = c->call->words[n];
	return c->call->have_words;
}

#endif
