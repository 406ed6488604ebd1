/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/ring.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define RECORD_HEAD 8	/* length with flags, and a page offset of the kernel's own */

static u64 load_acquire(const u64 *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void release(struct ring *r)
{
	if (r->released != r->pos)
		__atomic_store_n(r->consumer, r->pos, __ATOMIC_RELEASE);
	r->released = r->pos;
}

static int ring_map(struct ring *r, int epoll)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct epoll_event e = { .events = EPOLLIN };
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
	return epoll_ctl(epoll, EPOLL_CTL_ADD, r->fd, &e) ? -errno : 0;
}

int ring_set_init(struct ring_set *s, u32 n, u32 bytes, u32 last_bytes)
{
	int err = 0;

	*s = (struct ring_set){ .rings = xcalloc(n, sizeof(*s->rings)), .n = n };
	for (u32 i = 0; i < n; i++)
		s->rings[i].fd = -1;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return -errno;
	for (u32 i = 0; i < n && !err; i++) {
		struct ring *r = &s->rings[i];

		r->size = i == n - 1 ? last_bytes : bytes;
		r->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "saker_ring", 0, 0, r->size, NULL);
		err = r->fd < 0 ? -errno : ring_map(r, s->epoll);
	}
	return err;
}

void ring_set_fini(struct ring_set *s)
{
	size_t page = sysconf(_SC_PAGESIZE);

	for (u32 i = 0; i < s->n; i++) {
		struct ring *r = &s->rings[i];

		if (r->consumer)
			munmap(r->consumer, page);
		if (r->producer)
			munmap(r->producer, page + 2 * r->size);
		if (r->fd >= 0)
			close(r->fd);
	}
	if (s->n && s->epoll >= 0)
		close(s->epoll);
	free(s->rings);
	*s = (struct ring_set){ .epoll = -1 };
}

/* Looks for the next complete record; one being written hides those behind it. */
static void peek(struct ring *r)
{
	u32 word;

	r->head = NULL;
	while (load_acquire(r->producer) != r->pos) {
		const u8 *p = r->data + (r->pos & (r->size - 1));

		word = __atomic_load_n((const u32 *)p, __ATOMIC_ACQUIRE);
		if (word & BPF_RINGBUF_BUSY_BIT)
			return;
		r->head_len = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		if (!(word & BPF_RINGBUF_DISCARD_BIT) && r->head_len >= sizeof(struct event_hdr)) {
			r->head = (const struct event_hdr *)(p + RECORD_HEAD);
			memcpy(&r->head_ts, &r->head->ts_ns, sizeof(r->head_ts));
			return;
		}
		r->pos += (r->head_len + RECORD_HEAD + 7) & ~7ull;
	}
}

/* Every release is a cache line taken from the producers: done in larger steps. */
static void consume(struct ring *r)
{
	r->pos += (r->head_len + RECORD_HEAD + 7) & ~7ull;
	if (r->pos - r->released > r->size / 32)
		release(r);
	peek(r);
}

static struct ring *oldest(struct ring_set *s)
{
	struct ring *min = NULL;

	for (u32 i = 0; i < s->n; i++)
		if (s->rings[i].head && (!min || s->rings[i].head_ts < min->head_ts))
			min = &s->rings[i];
	return min;
}

static u64 event_clock(const struct ring_set *s)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec + s->epoch_ns;
}

const struct event_hdr *ring_set_next(struct ring_set *s, u32 *ret_len)
{
	struct ring *r;

	if (s->last)
		consume(s->last);
	s->last = NULL;
	r = oldest(s);
	if (!r || r->head_ts > s->horizon) {
		/* the clock first: what is not there when looked for after it is younger */
		s->horizon = event_clock(s) - RING_GRACE_NS;
		for (u32 i = 0; i < s->n; i++)
			if (!s->rings[i].head)
				peek(&s->rings[i]);
		r = oldest(s);
		if (!r || r->head_ts > s->horizon)
			return NULL;
	}
	s->last = r;
	*ret_len = r->head_len;
	return r->head;
}

int ring_set_wait(struct ring_set *s, int timeout_ms)
{
	struct timespec grace = { .tv_nsec = RING_GRACE_NS };
	struct epoll_event e;

	for (u32 i = 0; i < s->n; i++)
		release(&s->rings[i]);
	if (oldest(s))
		return nanosleep(&grace, NULL) ? -errno : 0;
	return epoll_wait(s->epoll, &e, 1, timeout_ms) < 0 ? -errno : 0;
}
