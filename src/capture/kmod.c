/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel module as a source of events: see schema/kmod_abi.h. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/vec.h"
#include "capture/counters.h"
#include "capture/driver.h"
#include "capture/merge.h"
#include "capture/route.h"
#include "schema/kmod_abi.h"

#define DEVICE "/dev/saker%u"
#define RECORD_TAIL sizeof(u16)		/* the number of a worker */

struct kmod_ring {
	struct stream stream;
	const u64 *head;	/* of the module; shared */
	u64 *tail;		/* what it was told; shared */
	const u8 *data;		/* mapped twice in a row */
	u64 size, pos, released;
	u64 *broken;		/* counter: records that cannot be */
	u16 cpu;
};

struct kmod_cpu {
	int fd;			/* owned */
	struct kmod_control *control;	/* mapped */
	u8 *data;			/* mapped */
	size_t data_len;
	struct kmod_ring rings[KMOD_RINGS];
};

/* A consumer of the module; one for each worker. */
struct kmod {
	struct capture base;
	struct driver_options opt;
	u32 worker;
	struct kmod *others[WORKERS_MAX];	/* the first one's: of worker i; owned */
	VEC(struct kmod_cpu *) cpus;	/* owned; the first one's descriptor made the rings */
	struct kmod_status status;
	struct merge merge;
	u64 cpus_changed;		/* as last acted upon */
	bool cpu_missing;		/* one has rings that could not be opened yet */
	u64 broken;
};

/* ---- rings ------------------------------------------------------------------------------- */

static void kmod_release(struct stream *s)
{
	struct kmod_ring *r = container_of(s, struct kmod_ring, stream);

	if (r->released != r->pos)
		__atomic_store_n(r->tail, r->pos, __ATOMIC_RELEASE);
	r->released = r->pos;
}

static void kmod_peek(struct stream *s)
{
	struct kmod_ring *r = container_of(s, struct kmod_ring, stream);
	u64 head = __atomic_load_n(r->head, __ATOMIC_ACQUIRE);
	const struct event_hdr *h;

	s->head = NULL;
	if (head == r->pos)
		return;
	h = (const struct event_hdr *)(r->data + (r->pos & (r->size - 1)));
	memcpy(&s->len, &h->len, sizeof(s->len));
	if (s->len < sizeof(*h) || s->len + RECORD_TAIL > head - r->pos || head - r->pos > r->size) {
		++*r->broken;
		r->pos = head;
		return;
	}
	memcpy(&s->ts, &h->ts_ns, sizeof(s->ts));
	memcpy(&s->worker, (const u8 *)h + s->len, sizeof(s->worker));
	s->head = h;
	s->cpu = r->cpu;
}

static void kmod_consume(struct stream *s)
{
	struct kmod_ring *r = container_of(s, struct kmod_ring, stream);

	r->pos += (s->len + RECORD_TAIL + 7ull) & ~7ull;
	if (r->pos - r->released > r->size / 32)
		kmod_release(s);
	kmod_peek(s);
}

/* ---- one CPU ------------------------------------------------------------------------------- */

static int open_device(u32 cpu)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), DEVICE, cpu);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void cpu_free(struct kmod_cpu *p)
{
	if (!p)
		return;
	if (p->data)
		munmap(p->data, p->data_len);
	if (p->control)
		munmap(p->control, sysconf(_SC_PAGESIZE));
	close(p->fd);
	free(p);
}

static void *map_device(int fd, size_t len, int prot, off_t at)
{
	void *p = mmap(NULL, len, prot, MAP_SHARED, fd, at);

	return p == MAP_FAILED ? NULL : p;
}

/* Takes the descriptor, of a device whose rings are there.  NULL: errno says why. */
static struct kmod_cpu *cpu_map(struct kmod *c, u32 cpu, int fd)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct kmod_cpu *p = xcalloc(1, sizeof(*p));
	u64 at = 0;

	p->fd = fd;
	p->data_len = 2ul * c->status.ring_bytes + 2ul * c->status.lane_bytes;
	p->control = map_device(fd, page, PROT_READ | PROT_WRITE, 0);
	p->data = map_device(fd, p->data_len, PROT_READ, KMOD_DATA_OFFSET * page);
	if (!p->control || !p->data) {
		int err = errno;

		cpu_free(p);
		errno = err;
		return NULL;
	}
	for (u32 i = 0; i < KMOD_RINGS; i++) {
		struct kmod_ring *r = &p->rings[i];

		r->size = i == KMOD_LANE ? c->status.lane_bytes : c->status.ring_bytes;
		r->head = &p->control->head[i].at;
		r->tail = &p->control->tail[i].at;
		r->data = p->data + at;
		r->broken = &c->broken;
		r->cpu = cpu;
		at += 2 * r->size;
		merge_add(&c->merge, &r->stream);
	}
	return p;
}

static bool has_cpu(const struct kmod *c, u32 cpu)
{
	for (size_t i = 0; i < c->cpus.n; i++)
		if (c->cpus.p[i]->rings[0].cpu == cpu)
			return true;
	return false;
}

static int add_cpu(struct kmod *c, u32 cpu)
{
	s32 owner = c->cpus.p[0]->fd;
	int fd = open_device(cpu);
	struct kmod_cpu *p;

	if (fd < 0)
		return fd;
	if (ioctl(fd, KMOD_JOIN, &owner)) {
		int err = -errno;

		close(fd);
		return err;
	}
	p = cpu_map(c, cpu, fd);
	if (!p)
		return -errno;
	vec_push(&c->cpus, p);
	return 0;
}

/* Opens the CPUs that have rings and are not open yet.  0, or why one cannot be. */
static int add_cpus(struct kmod *c)
{
	int err = 0;

	c->cpus_changed = __atomic_load_n(&c->cpus.p[0]->control->cpus_changed, __ATOMIC_ACQUIRE);
	if (ioctl(c->cpus.p[0]->fd, KMOD_STATUS, &c->status))
		return -errno;
	for (u32 cpu = 0; cpu < KMOD_CPUS_MAX; cpu++)
		if (c->status.cpus[cpu / 64] >> cpu % 64 & 1 && !has_cpu(c, cpu)) {
			int failed = add_cpu(c, cpu);

			if (failed)
				err = failed;
		}
	c->cpu_missing = err;
	return err;
}

/* ---- the capture --------------------------------------------------------------------------- */

static int kmod_wait(struct merge *m, int timeout_ms)
{
	struct kmod *c = container_of(m, struct kmod, merge);
	struct pollfd p = { .fd = c->cpus.p[0]->fd, .events = POLLIN };

	if (c->cpu_missing)
		add_cpus(c);	/* its device may take a moment to appear */
	return poll(&p, 1, timeout_ms) < 0 ? -errno : 0;
}

static void kmod_epoch(struct merge *m, u64 epoch_ns)
{
	struct kmod *c = container_of(m, struct kmod, merge);

	ioctl(c->cpus.p[0]->fd, KMOD_EPOCH, &epoch_ns);
}

static const struct merge_ops kmod_rings = {
	.peek = kmod_peek,
	.consume = kmod_consume,
	.release = kmod_release,
	.wait = kmod_wait,
	.epoch = kmod_epoch,
};

static int kmod_next(struct capture *base, struct raw_event *ret, int timeout_ms)
{
	struct kmod *c = container_of(base, struct kmod, base);

	if (__atomic_load_n(&c->cpus.p[0]->control->cpus_changed, __ATOMIC_RELAXED) != c->cpus_changed)
		add_cpus(c);
	return merge_next(&c->merge, ret, timeout_ms);
}

static void add_counters(const struct kmod_counters *n, struct capture_stats *ret)
{
	ret->drops_buffer += n->drops_buffer;
	ret->drops_scratch += n->drops_scratch;
	ret->truncated += n->truncated;
	ret->enter_lost += n->enter_lost;
	ret->filtered += n->filtered;
	ret->copies_lost += n->copies_lost;
}

static void add_visits(struct kmod *c, struct counters_visitor *v)
{
	struct kmod_counters *n = xmalloc(sizeof(*n));

	for (size_t i = 0; i < c->cpus.n; i++)
		if (!ioctl(c->cpus.p[i]->fd, KMOD_COUNTERS, n))
			counters_visit(v, c->cpus.p[i]->rings[KMOD_RING].cpu, n->by_code);
	free(n);
}

static void kmod_counters(struct capture *base, struct counters_visitor *v)
{
	struct kmod *c = container_of(base, struct kmod, base);

	add_visits(c, v);
	for (u32 i = 1; i < c->opt.workers; i++)
		add_visits(c->others[i], v);
}

static void add_stats(struct kmod *c, struct capture_stats *ret)
{
	struct kmod_counters *n = xmalloc(sizeof(*n));
	u64 unseen = 0;

	for (size_t i = 0; i < c->cpus.n; i++)
		if (!ioctl(c->cpus.p[i]->fd, KMOD_COUNTERS, n))
			add_counters(n, ret);
	free(n);
	if (!ioctl(c->cpus.p[0]->fd, KMOD_STATUS, &c->status))
		unseen = c->status.drops_no_ring;
	unseen += c->broken;
	ret->unseen += unseen;
	ret->drops_buffer += unseen;
}

static void add_held(struct kmod *c, struct held_visitor *v)
{
	struct held slots[HELD_SLOTS];

	for (size_t i = 0; i < c->cpus.n; i++) {
		if (ioctl(c->cpus.p[i]->fd, KMOD_HELD, slots))
			continue;
		for (u32 k = 0; k < HELD_SLOTS; k++)	/* the copy may be of two moments */
			if (slots[k].count && slots[k].len <= sizeof(slots[k].text))
				v->visit(v, &slots[k]);
	}
}

static void kmod_held(struct capture *base, struct held_visitor *v)
{
	struct kmod *c = container_of(base, struct kmod, base);

	add_held(c, v);
	for (u32 i = 1; i < c->opt.workers; i++)
		add_held(c->others[i], v);
}

static void kmod_stats(struct capture *base, struct capture_stats *ret)
{
	struct kmod *c = container_of(base, struct kmod, base);

	add_stats(c, ret);
	for (u32 i = 1; i < c->opt.workers; i++)
		add_stats(c->others[i], ret);
}

static int set_interest(struct kmod *c, const struct interest *in, struct diag *d)
{
	struct kmod_interest *k = xcalloc(1, sizeof(*k));
	int err = 0;

	for (u32 nr = 0; nr < NR_SYSCALLS; nr++) {
		k->routes[nr] = route_exit(in, nr);
		k->enter_routes[nr] = route_enter(in, nr);
	}
	for (size_t i = 0; i < ARRAY_SIZE(in->syscalls); i++)
		k->wanted[i] = in->syscalls[i];
	k->wanted[0] &= ~1ull;	/* SC_unknown is none */
	k->want_exec = route_wants_exec(in);
	k->want_fork = route_wants_fork(in);
	k->want_enter = route_wants_enter(in);
	k->want_exit = interest_has(in, SC_sched_process_exit);
	if (ioctl(c->cpus.p[0]->fd, KMOD_INTEREST, k)) {
		err = -errno;
		diag_set(d, "the kernel module refuses what shall be captured: %s", strerror(errno));
	}
	free(k);
	return err;
}

static int set_filter(struct kmod *c, const struct kfilter *f, struct diag *d)
{
	struct kmod_filter k = { .bytes = sizeof(*f), .address = (u64)(unsigned long)f };
	int err;

	if (!ioctl(c->cpus.p[0]->fd, KMOD_FILTER, &k))
		return 0;
	err = -errno;
	diag_set(d, "the kernel module refuses the kernel filter's tables: %s", strerror(-err));
	return err;
}

static int set_filters(struct kmod *c, const struct kfilter *f, struct diag *d)
{
	int err = set_filter(c, f, d);

	for (u32 i = 1; i < c->opt.workers && !err; i++)
		err = set_filter(c->others[i], f, d);
	return err;
}

/* With all of them or with none. */
static int kmod_set_filter(struct capture *base, const struct kfilter *f, struct diag *d)
{
	struct kmod *c = container_of(base, struct kmod, base);
	int err = set_filters(c, f, d);

	if (err)
		set_filters(c, NULL, NULL);
	return err;
}

static int kmod_set_interest(struct capture *base, const struct interest *in, struct diag *d)
{
	struct kmod *c = container_of(base, struct kmod, base);
	int err = set_interest(c, in, d);

	for (u32 i = 1; i < c->opt.workers && !err; i++)
		err = set_interest(c->others[i], in, d);
	return err;
}

static void kmod_free(struct kmod *c)
{
	merge_fini(&c->merge);
	for (size_t i = 0; i < c->cpus.n; i++)
		cpu_free(c->cpus.p[i]);
	vec_fini(&c->cpus);
	diag_fini(&c->base.diag);
	free(c);
}

static void kmod_close(struct capture *base)
{
	struct kmod *c = container_of(base, struct kmod, base);

	for (u32 i = 1; i < c->opt.workers; i++)
		if (c->others[i])
			kmod_free(c->others[i]);
	kmod_free(c);
}

/* Goes with the first one. */
static void worker_close(struct capture *base)
{
	(void)base;
}

static const struct capture_ops worker_ops = {
	.name = "kmod",
	.next = kmod_next,
	.close = worker_close,
};

static struct capture *kmod_worker(struct capture *base, u32 i)
{
	return &container_of(base, struct kmod, base)->others[i]->base;
}

static const struct capture_ops kmod_ops = {
	.name = "kmod",
	.next = kmod_next,
	.worker = kmod_worker,
	.stats = kmod_stats,
	.counters = kmod_counters,
	.held = kmod_held,
	.set_interest = kmod_set_interest,
	.set_filter = kmod_set_filter,
	.close = kmod_close,
};

/* ---- opening --------------------------------------------------------------------------------- */

/* The first of the devices: CPU 0 may be offline. */
static int open_first(u32 *ret_cpu)
{
	u32 n = sysconf(_SC_NPROCESSORS_CONF);
	int fd = -ENOENT;

	for (*ret_cpu = 0; *ret_cpu < n; ++*ret_cpu) {
		fd = open_device(*ret_cpu);
		if (fd != -ENOENT)
			return fd;
	}
	*ret_cpu = 0;
	return fd;
}

static void explain_no_access(const char *path, struct diag *d)
{
	const struct group *g;
	struct stat st;

	if (stat(path, &st)) {
		diag_set(d, "%s: %s", path, strerror(errno));
		return;
	}
	g = getgrgid(st.st_gid);
	diag_set(d, "%s cannot be opened: its mode is %03o and its group %s; run as root, or give the device "
		 "to a group of this user's with a udev rule (KERNEL==\"saker[0-9]*\", GROUP=..., MODE=\"0660\")",
		 path, st.st_mode & 0777, g ? g->gr_name : "unknown");
}

static int explain_open(int err, u32 cpu, struct diag *d)
{
	char path[32];

	snprintf(path, sizeof(path), DEVICE, cpu);
	switch (err) {
	case -ENOENT:
		diag_set(d, "there is no %s: the kernel module is not loaded; load it with "
			 "'saker driver load'", path);
		break;
	case -ENXIO:
	case -ENODEV:
		diag_set(d, "%s is left over from a kernel module that is not loaded any more: remove it, and load "
			 "the module with 'saker driver load'", path);
		break;
	case -EACCES:
	case -EPERM:
		explain_no_access(path, d);
		break;
	default:
		diag_set(d, "%s: %s", path, strerror(-err));
	}
	return err;
}

static int check_version(int fd, u32 cpu, struct diag *d)
{
	u32 version;

	if (ioctl(fd, KMOD_VERSION, &version)) {
		diag_set(d, DEVICE " is no device of saker's kernel module (%s): remove it, and load the module "
			 "with 'saker driver load'", cpu, strerror(errno));
		return -ENOTTY;
	}
	if (version == KMOD_ABI)
		return 0;
	diag_set(d, "the kernel module that is loaded belongs to another version of saker (its interface is %u, "
		 "this saker's %u): reload it with 'saker driver unload' and 'saker driver load'", version,
		 KMOD_ABI);
	return -EPROTO;
}

static int explain_create(const struct kmod *c, int err, int fd, struct diag *d)
{
	struct kmod_status st = { 0 };

	switch (err) {
	case -EUSERS:
		if (ioctl(fd, KMOD_STATUS, &st))
			st.consumers = st.max_consumers = 0;
		diag_set(d, "%u programs read events from the kernel module, and it allows %u: end one of them, or "
			 "load the module with a larger max_consumers", st.consumers, st.max_consumers);
		break;
	case -ENOMEM:
		diag_set(d, "rings of %u bytes for each CPU cannot be allocated: choose a smaller "
			 "buf_size_preset", c->opt.buf_bytes);
		break;
	case -EINVAL:
		diag_set(d, "the kernel module refuses rings of %u bytes: the size must be a power of two times the "
			 "page size, and not above the module's max_ring_bytes; choose another buf_size_preset",
			 c->opt.buf_bytes);
		break;
	default:
		diag_set(d, "the kernel module cannot make rings: %s", strerror(-err));
	}
	return err;
}

/* Makes the rings through fd, which it takes. */
static int create(struct kmod *c, int fd, u32 cpu, struct diag *d)
{
	struct kmod_options o = {
		.abi = KMOD_ABI,
		.ring_bytes = c->opt.buf_bytes,
		.snaplen = c->opt.snaplen,
		.dynamic = c->opt.dynamic,
		.self_pid = c->opt.self_pid == getpid() ? KMOD_SELF : (u32)c->opt.self_pid,
		.drop_failed = c->opt.drop_failed,
		.hold_back = c->opt.hold_back,
		.worker = c->worker,
		.workers = c->opt.workers,
		.epoch_ns = c->merge.epoch_ns,
	};
	struct kmod_cpu *first;
	int err = check_version(fd, cpu, d);

	if (!err && (ioctl(fd, KMOD_CREATE, &o) || ioctl(fd, KMOD_STATUS, &c->status)))
		err = explain_create(c, -errno, fd, d);
	if (err) {
		close(fd);
		return err;
	}
	first = cpu_map(c, cpu, fd);
	if (first)
		vec_push(&c->cpus, first);
	else
		err = -errno;
	err = err ?: add_cpus(c);
	if (err)
		diag_set(d, "the rings of the kernel module cannot be mapped: %s", strerror(-err));
	return err;
}

static int new_consumer(const struct driver_options *opt, u32 worker, struct kmod **ret, struct diag *d)
{
	struct kmod *c;
	u32 cpu;
	int fd = open_first(&cpu), err;

	if (fd < 0)
		return explain_open(fd, cpu, d);
	c = xcalloc(1, sizeof(*c));
	c->base.ops = worker ? &worker_ops : &kmod_ops;
	c->opt = *opt;
	if (!c->opt.workers)
		c->opt.workers = 1;
	c->worker = worker;
	merge_init(&c->merge, &kmod_rings);
	err = create(c, fd, cpu, d);
	if (err)
		kmod_free(c);
	else
		*ret = c;
	return err;
}

static int kmod_open(const struct driver_options *opt, const struct interest *in, struct capture **ret,
		     struct diag *d)
{
	struct kmod *c = NULL;
	int err = new_consumer(opt, 0, &c, d);

	for (u32 i = 1; !err && i < c->opt.workers; i++)
		err = new_consumer(opt, i, &c->others[i], d);
	err = err ?: kmod_set_interest(&c->base, in, d);
	if (err && c)
		kmod_close(&c->base);
	else if (!err)
		*ret = &c->base;
	return err;
}

/* Workers: as many as the module lets read at a time, unless it was told another number. */
const struct driver driver_kmod = { .name = "kmod", .title = "kernel module", .workers = 8, .open = kmod_open };
