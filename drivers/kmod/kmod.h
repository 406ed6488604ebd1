/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The kernel module: what its files share.
 *
 *	main.c		load, unload, devices
 *	consumer.c	those who read events: rings, interest, counters
 *	probe.c		tracepoints to events
 *	rows.c		the parameters of each event (drivers/extract, drivers/kwalk)
 *	filter.c	calls that no rule of a consumer can match
 *	pressure.c	what is held back while a consumer falls behind
 *	stash.c		paths and addresses kept from the beginning of a call to its end
 *
 * Events are made with preemption off, in the scratch of the CPU, and copied from there to the
 * ring of each consumer that wants them: a ring has one producer.  Tracepoints are attached
 * only while somebody consumes.
 */
#ifndef SAKER_DRIVERS_KMOD_KMOD_H
#define SAKER_DRIVERS_KMOD_KMOD_H

#include <linux/cache.h>
#include <linux/ioctl.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "drivers/port.h"
#include "schema/kmod_abi.h"
#include "schema/filter_abi.h"

struct file;
struct poll_table_struct;
struct pt_regs;
struct task_struct;
struct vm_area_struct;

#define inline_ inline

#define EVENT_ROOM (2 * EVENT_LEN_MAX)
#define PATH_ROOM 128
#define STASH_ROOM 1024

/* Of one CPU: where its event is assembled. */
struct scratch {
	bool busy;
	struct loop loop;
	struct kf_call filtered;
	void *path[PATH_ROOM];
	u8 event[EVENT_ROOM];
};

/* What a thread passed to a syscall that takes a path or an address, copied on entry. */
struct stash {
	struct rcu_head rcu;
	struct hlist_node node;
	struct task_struct *task;	/* whose it is; nobody else changes it */
	u32 nr;				/* of the syscall, and 1; 0: none */
	u32 room;			/* bytes of data */
	u32 len;
	u32 generation;
	u64 words[3];
	u8 data[];		/* and KF_HEAD zeros */
};

/* One event being made. */
struct ctx {
	struct scratch *s;
	u32 off;			/* where the next byte goes */
	u32 start;			/* where the parameter began */
	u32 prev;			/* length of the one before */
	u32 nparam;
	u32 truncated;
	bool overflow;
	u32 snaplen;
	struct dynamic_snaplen dynamic;
	u32 code;
	u32 nr;
	u32 compat;			/* enum call_kind */
	u32 index;
	u64 args[6];
	s64 ret;
	struct task_struct *task;
	const char *new_filename;
	const struct stash *stash;
	struct memo memo;
};

/* ---- rows.c --------------------------------------------------------------------- */

struct row {
	void (*capture)(struct ctx *c);	/* NULL: no driver captures it */
	u8 nparams;
};

extern const struct row event_rows[EV_MAX];
/* Event type of the end of a syscall. */
extern const u16 exit_events[SC_MAX];

/* How it travels: enum event_way of drivers/lane.h. */
u32 event_way(u32 type);
/* Appends an address as events have it. */
void append_sockaddr(struct ctx *c, u64 addr, u64 len);

/* ---- filter.c -------------------------------------------------------------------- */

/* From user memory, a struct kmod_filter; for kvfree().  NULL: none is wanted; or an ERR_PTR(). */
struct kfilter *filter_new(const void __user *p);
/* The call has ended.  False: no rule can match it. */
bool filter_passes(struct ctx *c, const struct kfilter *f);
/* The call begins.  False: no rule can match it, whatever path it was given. */
bool filter_wants_path(struct ctx *c, const struct kfilter *f);

/* ---- stash.c -------------------------------------------------------------------- */

/* Of the current thread, and only for that call; NULL: nothing was kept. */
const struct stash *stash_find(u32 nr);
/* Keeps the first len bytes of data.  False: there is no room. */
bool stash_keep(u32 nr, const void *data, u32 len, const u64 *words);
void stash_forget(void);	/* what the current thread's call before left */
void stash_drop(void);		/* the current thread ends */
void stash_expire(void);	/* calls begin unseen from now on: what is kept is old */
void stash_drop_all(void);	/* nobody uses them any more */

/* ---- consumer.c ----------------------------------------------------------------- */

/* A ring has one producer, this CPU; `head` and `tail` are not taken from shared memory. */
struct ring {
	u8 *data;		/* vmalloc'ed */
	u32 size;
	u32 wake_bytes;
	u32 unwoken;		/* bytes written since the consumer was last woken */
	u64 head;
	u64 tail;		/* as last looked up */
};

/* The rings of a consumer on one CPU. */
struct cpu_rings {
	struct kmod_control *control;	/* shared with the consumer */
	struct ring rings[KMOD_RINGS];
	struct kmod_counters counters;
	struct held held[HELD_SLOTS];
};

struct consumer {
	struct kref refs;
	struct kmod_options opt;
	struct kmod_interest in;
	struct kfilter __rcu *filter;	/* owned; NULL: all events pass */
	struct cpu_rings **cpus;	/* nr_cpu_ids of them; NULL: no ring */
	atomic64_t no_ring;		/* events dropped for that */
	bool active;			/* is in the table */
	wait_queue_head_t wait;
	struct irq_work wake;
	u64 held_keys[2];		/* random */
};

/* Who is consuming, read by probes under RCU; replaced as a whole. */
struct consumer_table {
	struct rcu_head rcu;
	u32 n;
	struct consumer *c[];
};

extern struct consumer_table __rcu *consumers;
/* Of all consumers together. */
extern struct kmod_interest interest_any;

int consumers_init(void);
void consumers_fini(void);
/* A CPU comes online. */
void consumers_add_cpu(unsigned int cpu);

/* A file of /dev/saker<cpu>. */
struct handle {
	u32 cpu;
	bool owner;			/* made the consumer */
	struct consumer *consumer;	/* a reference; NULL: not yet */
};

long handle_ioctl(struct handle *h, struct file *f, unsigned int cmd, unsigned long arg);
int handle_mmap(struct handle *h, struct vm_area_struct *vma);
unsigned int handle_readable(struct handle *h);
void handle_close(struct handle *h);

/* ---- pressure.c ------------------------------------------------------------------ */

/* The event that was built for a consumer is not to be put into its ring. */
bool pressure_holds(struct ctx *c, struct consumer *k, struct cpu_rings *r, u32 type);

/* ---- probe.c -------------------------------------------------------------------- */

int probes_init(void);		/* finds the tracepoints */
int probes_update(void);	/* attaches and detaches by interest_any; may sleep */
int scratch_add_cpu(unsigned int cpu);
void scratch_free(void);

/* ---- main.c --------------------------------------------------------------------- */

bool handle_is_ours(const struct file *f);

extern unsigned int max_consumers, ring_bytes, max_ring_bytes;

#endif
