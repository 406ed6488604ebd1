/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/ring.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/ring_grow.h"
#include "schema/core_abi.h"

#define RECORD_HEAD 8	/* length with flags, and a page offset of the kernel's own */

static u64 load_acquire(const u64 *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void ring_release(struct stream *st)
{
	struct ring *r = container_of(st, struct ring, stream);

	if (r->released != r->pos)
		__atomic_store_n(r->consumer, r->pos, __ATOMIC_RELEASE);
	r->released = r->pos;
}

static int ring_map(struct ring *r)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *p;

	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->consumer = p;
	p = mmap(NULL, page + 2 * r->size, PROT_READ, MAP_SHARED, r->fd, page);
	if (p == MAP_FAILED)
		return -errno;
	r->producer = p;
	r->data = (const u8 *)p + page;
	return 0;
}

int ring_new(u32 bytes, struct ring **ret)
{
	struct ring *r = xcalloc(1, sizeof(*r));
	int err;

	r->size = bytes;
	r->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "saker_ring", 0, 0, bytes, NULL);
	err = r->fd < 0 ? -errno : ring_map(r);
	if (err)
		ring_free(r);
	else
		*ret = r;
	return err;
}

void ring_free(struct ring *r)
{
	size_t page = sysconf(_SC_PAGESIZE);

	if (!r)
		return;
	if (r->consumer)
		munmap(r->consumer, page);
	if (r->producer)
		munmap(r->producer, page + 2 * r->size);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

/* Looks for the next complete record; one being written hides those behind it. */
static void ring_peek(struct stream *st)
{
	struct ring *r = container_of(st, struct ring, stream);
	struct ring_tail tail;
	u32 word, len;

	st->head = NULL;
	while (load_acquire(r->producer) != r->pos) {
		const u8 *p = r->data + (r->pos & (r->size - 1));

		word = __atomic_load_n((const u32 *)p, __ATOMIC_ACQUIRE);
		if (word & BPF_RINGBUF_BUSY_BIT)
			return;
		len = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		r->step = (len + RECORD_HEAD + 7) & ~7ull;
		if (!(word & BPF_RINGBUF_DISCARD_BIT) && len >= sizeof(struct event_hdr) + sizeof(tail)) {
			st->head = (const struct event_hdr *)(p + RECORD_HEAD);
			st->len = len - sizeof(tail);
			memcpy(&st->ts, &st->head->ts_ns, sizeof(st->ts));
			memcpy(&tail, p + RECORD_HEAD + st->len, sizeof(tail));
			st->cpu = tail.cpu;
			st->worker = tail.worker;
			return;
		}
		r->pos += r->step;
	}
}

/* Every release is a cache line taken from the producers: done in larger steps. */
static void ring_consume(struct stream *st)
{
	struct ring *r = container_of(st, struct ring, stream);

	r->pos += r->step;
	if (r->pos - r->released > r->size / 32)
		ring_release(st);
	ring_peek(st);
}

static int ring_wait(struct merge *m, int timeout_ms)
{
	struct ring_set *s = container_of(m, struct ring_set, merge);
	struct epoll_event e;

	return epoll_wait(s->epoll, &e, 1, timeout_ms) < 0 ? -errno : 0;
}

static void ring_epoch(struct merge *m, u64 epoch_ns)
{
	struct ring_set *s = container_of(m, struct ring_set, merge);

	if (s->live_epoch)
		__atomic_store_n(s->live_epoch, epoch_ns, __ATOMIC_RELAXED);
}

static void ring_tend(struct merge *m)
{
	ring_set_tend(container_of(m, struct ring_set, merge));
}

static const struct merge_ops ring_ops = {
	.peek = ring_peek,
	.consume = ring_consume,
	.release = ring_release,
	.tend = ring_tend,
	.wait = ring_wait,
	.epoch = ring_epoch,
};

int ring_set_init(struct ring_set *s, u32 n, u32 bytes, u32 last_bytes)
{
	struct epoll_event e = { .events = EPOLLIN };
	int err = 0;

	*s = (struct ring_set){ .rings = xcalloc(n, sizeof(struct ring *)), .n = n };
	merge_init(&s->merge, &ring_ops);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return -errno;
	for (u32 i = 0; i < n && !err; i++) {
		err = ring_new(i == n - 1 ? last_bytes : bytes, &s->rings[i]);
		if (err)
			break;
		merge_add(&s->merge, &s->rings[i]->stream);
		err = epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->rings[i]->fd, &e) ? -errno : 0;
	}
	return err;
}

void ring_set_fini(struct ring_set *s)
{
	merge_fini(&s->merge);
	for (u32 i = 0; i < s->n; i++)
		ring_free(s->rings[i]);
	for (size_t i = 0; i < s->old.n; i++)
		ring_free(s->old.p[i]);
	if (s->change.state != CHANGE_NONE)
		ring_free(s->change.made);
	vec_fini(&s->old);
	if (s->n && s->epoll >= 0)
		close(s->epoll);
	free(s->rings);
	*s = (struct ring_set){ .epoll = -1 };
}
