/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/perf_ring.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define WATCH_NS 2000000000ull
#define RECORD_MAX 65536

/* A record: struct perf_event_header, u32 size of the data, the data. */
#define DATA_AT (sizeof(struct perf_event_header) + sizeof(u32))

struct lost_record {
	struct perf_event_header head;
	u64 id, lost;
};

/* ---- reading ------------------------------------------------------------------- */

static const u8 *ring_data(const struct perf_ring *r)
{
	return (const u8 *)r->page + sysconf(_SC_PAGESIZE);
}

static void ring_release(struct stream *st)
{
	struct perf_ring *r = container_of(st, struct perf_ring, stream);

	if (r->page && r->released != r->pos)
		__atomic_store_n(&r->page->data_tail, r->pos, __ATOMIC_RELEASE);
	r->released = r->pos;
}

/* The record at pos in one piece. */
static const u8 *record_at(struct perf_ring *r, u32 len)
{
	u64 at = r->pos & (r->size - 1), first = r->size - at;

	if (first >= len)
		return ring_data(r) + at;
	if (!r->joined)
		r->joined = xmalloc(RECORD_MAX);
	memcpy(r->joined, ring_data(r) + at, first);
	memcpy(r->joined + first, ring_data(r), len - first);
	return r->joined;
}

/* False: not an event of ours. */
static bool take_sample(struct perf_ring *r, const u8 *p, u32 len)
{
	const struct event_hdr *h = (const struct event_hdr *)(p + DATA_AT);
	u32 raw, event;

	if (len < DATA_AT + sizeof(*h))
		return false;
	memcpy(&raw, p + sizeof(struct perf_event_header), sizeof(raw));
	memcpy(&event, &h->len, sizeof(event));
	if (raw > len - DATA_AT || raw < sizeof(u16) || event > raw - sizeof(u16) || event < sizeof(*h))
		return false;
	memcpy(&r->stream.worker, (const u8 *)h + event, sizeof(r->stream.worker));
	r->stream.head = h;
	r->stream.len = event;
	memcpy(&r->stream.ts, &h->ts_ns, sizeof(r->stream.ts));
	return true;
}

static void ring_peek(struct stream *st)
{
	struct perf_ring *r = container_of(st, struct perf_ring, stream);

	st->head = NULL;
	while (r->page && __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE) != r->pos) {
		struct perf_event_header head;
		const u8 *p = ring_data(r) + (r->pos & (r->size - 1));

		memcpy(&head, p, sizeof(head));		/* never lies around the end */
		if (head.size < sizeof(head))
			return;
		r->step = head.size;
		p = record_at(r, head.size);
		if (head.type == PERF_RECORD_SAMPLE && take_sample(r, p, head.size))
			return;
		if (head.type == PERF_RECORD_LOST && head.size >= sizeof(struct lost_record))
			r->lost += ((const struct lost_record *)p)->lost;
		r->pos += r->step;
	}
}

/* Every release is a cache line taken from the producers: done in larger steps. */
static void ring_consume(struct stream *st)
{
	struct perf_ring *r = container_of(st, struct perf_ring, stream);

	r->pos += r->step;
	if (r->pos - r->released > r->size / 32)
		ring_release(st);
	ring_peek(st);
}

/* ---- CPUs come and go ------------------------------------------------------------ */

static void ring_close(struct perf_ring *r)
{
	if (r->page)
		munmap(r->page, r->size + sysconf(_SC_PAGESIZE));
	if (r->fd >= 0)
		close(r->fd);
	r->page = NULL;
	r->fd = -1;
	r->pos = r->released = 0;
}

/* -ENODEV: the CPU is not there. */
static int ring_open(struct perf_rings *s, u32 cpu, u32 kind)
{
	struct perf_ring *r = &s->rings[cpu * PERF_KINDS + kind];
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
					.config = PERF_COUNT_SW_BPF_OUTPUT,
					.sample_type = PERF_SAMPLE_RAW, .sample_period = 1,
					.watermark = 1 };
	struct epoll_event e = { .events = EPOLLIN };
	u32 key = s->first + cpu;
	void *p;

	r->size = s->bytes[kind];
	attr.wakeup_watermark = r->size / 8;
	r->fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (r->fd < 0)
		return -errno;
	p = mmap(NULL, r->size + sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->page = p;
	if (bpf_map_update_elem(s->maps[kind], &key, &r->fd, BPF_ANY) ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, r->fd, &e))
		return -errno;
	return 0;
}

static bool bit(const u64 *bits, u32 n)
{
	return bits[n / 64] >> n % 64 & 1;
}

/* All, when the kernel does not tell. */
static void read_online(u64 *bits, u32 ncpus)
{
	FILE *f = fopen("/sys/devices/system/cpu/online", "re");
	u32 from, to;
	char sep = 0;

	memset(bits, f ? 0 : 0xff, (ncpus + 63) / 64 * sizeof(*bits));
	while (f && fscanf(f, "%u", &from) == 1) {
		to = from;
		if (fscanf(f, "%c", &sep) == 1 && sep == '-' && fscanf(f, "%u", &to) == 1)
			sep = fgetc(f);
		for (; from <= to && from < ncpus; from++)
			bits[from / 64] |= 1ull << from % 64;
		if (sep != ',')
			break;
	}
	if (f)
		fclose(f);
}

/* A buffer of a CPU that went and came is dead; it is renewed once it is read. */
static void renew(struct perf_rings *s, u32 cpu)
{
	for (u32 kind = 0; kind < PERF_KINDS; kind++) {
		struct perf_ring *r = &s->rings[cpu * PERF_KINDS + kind];

		if (!r->stream.head)
			ring_peek(&r->stream);
		if (r->stream.head) {
			s->online[cpu / 64] &= ~(1ull << cpu % 64);	/* look again */
			continue;
		}
		ring_close(r);
		if (ring_open(s, cpu, kind))
			ring_close(r);
	}
}

static void watch(struct perf_rings *s)
{
	size_t n = (s->ncpus + 63) / 64;
	u64 *now, t = clock_ns(CLOCK_MONOTONIC);

	if (t - s->watched_ns < WATCH_NS)
		return;
	s->watched_ns = t;
	now = xcalloc(n, sizeof(*now));
	read_online(now, s->ncpus);
	for (u32 cpu = 0; cpu < s->ncpus; cpu++) {
		bool was = bit(s->online, cpu), is = bit(now, cpu);

		if (is)
			s->online[cpu / 64] |= 1ull << cpu % 64;
		else
			s->online[cpu / 64] &= ~(1ull << cpu % 64);
		if (is && !was)
			renew(s, cpu);
	}
	free(now);
}

static int rings_wait(struct merge *m, int timeout_ms)
{
	struct perf_rings *s = container_of(m, struct perf_rings, merge);
	struct epoll_event e;

	watch(s);
	return epoll_wait(s->epoll, &e, 1, timeout_ms) < 0 ? -errno : 0;
}

static void rings_epoch(struct merge *m, u64 epoch_ns)
{
	struct perf_rings *s = container_of(m, struct perf_rings, merge);

	if (s->epoch)
		s->epoch(s, epoch_ns);
}

static const struct merge_ops perf_ops = {
	.peek = ring_peek,
	.consume = ring_consume,
	.release = ring_release,
	.wait = rings_wait,
	.epoch = rings_epoch,
};

/* ---- all ---------------------------------------------------------------------------- */

static int refused(int err, u32 bytes, struct diag *d)
{
	if (err == -EACCES)
		diag_set(d, "perf buffers are not permitted: kernel.perf_event_paranoid allows them to "
			 "CAP_SYS_ADMIN only; run as root, or set it to 2 with CAP_PERFMON");
	else if (err == -EPERM)
		diag_set(d, "perf buffers of %u bytes for each CPU cannot be locked in memory: run with "
			 "CAP_SYS_RESOURCE or CAP_IPC_LOCK, raise RLIMIT_MEMLOCK or "
			 "kernel.perf_event_mlock_kb, or choose a smaller buf_size_preset", bytes);
	else
		diag_set(d, "a perf buffer of %u bytes cannot be made: %s; its size must be a power of two and "
			 "a multiple of the page size", bytes, strerror(-err));
	return err;
}

int perf_rings_init(struct perf_rings *s, u32 worker, u32 ncpus, u32 bytes, u32 lane_bytes, const int *maps,
		    struct diag *d)
{
	int err = 0;

	*s = (struct perf_rings){ .ncpus = ncpus, .first = worker * ncpus, .bytes = { bytes, lane_bytes },
				  .maps = { maps[0], maps[1] },
				  .rings = xcalloc(ncpus * PERF_KINDS, sizeof(*s->rings)),
				  .online = xcalloc((ncpus + 63) / 64, sizeof(u64)) };
	merge_init(&s->merge, &perf_ops);
	for (u32 i = 0; i < ncpus * PERF_KINDS; i++) {
		s->rings[i].fd = -1;
		s->rings[i].stream.cpu = i / PERF_KINDS;
		merge_add(&s->merge, &s->rings[i].stream);
	}
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return -errno;
	read_online(s->online, ncpus);
	s->watched_ns = clock_ns(CLOCK_MONOTONIC);
	for (u32 i = 0; i < ncpus * PERF_KINDS && !err; i++) {
		err = ring_open(s, i / PERF_KINDS, i % PERF_KINDS);
		if (err != -ENODEV)
			continue;
		ring_close(&s->rings[i]);
		err = 0;
	}
	return err ? refused(err, bytes, d) : 0;
}

void perf_rings_fini(struct perf_rings *s)
{
	merge_fini(&s->merge);
	for (u32 i = 0; s->rings && i < s->ncpus * PERF_KINDS; i++) {
		ring_close(&s->rings[i]);
		free(s->rings[i].joined);
	}
	if (s->rings && s->epoll >= 0)
		close(s->epoll);
	free(s->rings);
	free(s->online);
	*s = (struct perf_rings){ .epoll = -1 };
}

u64 perf_rings_lost(const struct perf_rings *s)
{
	u64 n = 0;

	for (u32 i = 0; i < s->ncpus * PERF_KINDS; i++)
		n += s->rings[i].lost;
	return n;
}
