/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two buffers of lines: producers append to one while the thread delivers the other;
 * when that is empty they are swapped.  So a storm of alerts costs a copy and a lock each,
 * and one wake-up for each batch.
 */
#include "output/outputs.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/thread.h"
#include "output/sink.h"

#define KEPT_BYTES (1u << 20)	/* of memory that was needed once, for the next storm */

static const struct sink_ops *const all_sinks[] = {
	&sink_stdout, &sink_syslog, &sink_file, &sink_program,
};

struct line_hdr {
	u32 len;
	u32 prio;
};

struct outputs {
	const struct output_options *opt;
	struct sink sinks[ARRAY_SIZE(all_sinks)];
	u32 nsinks;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t work, room;	/* for the thread, for producers */
	struct buf pending;
	u64 queued, delivered;		/* alerts since the start */
	u64 dropped, failed;		/* atomic */
	size_t batch_cap;		/* of .batch, as far as others may know */
	bool started, stop, reopen, done;
	bool abandoned;			/* nobody waits for the thread: it frees everything */

	struct buf batch;		/* the thread's */
	u64 taken[ARRAY_SIZE(all_sinks)];	/* the same: alerts of the batch that each sink has */
};

int sink_put_line(FILE *f, const char *line, size_t len)
{
	errno = 0;
	if (fwrite_unlocked(line, 1, len, f) != len || putc_unlocked('\n', f) == EOF)
		return errno ? -errno : -EIO;
	return 0;
}

int sink_flush_file(FILE *f)
{
	if (!fflush_unlocked(f))
		return 0;
	int err = errno ? errno : EIO;

	clearerr_unlocked(f);
	return -err;
}

u32 outputs_enabled(const struct output_options *opt)
{
	u32 n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(all_sinks); i++)
		n += all_sinks[i]->enabled(opt);
	return n;
}

/* lost: alerts that it means. */
static void report(struct outputs *o, const struct sink *s, int err, u64 lost)
{
	if (!err)
		return;
	__atomic_add_fetch(&o->failed, lost, __ATOMIC_RELAXED);
	if (o->opt->failed)
		o->opt->failed(s->ops->name, -err);
}

static void deliver(struct outputs *o, const struct line_hdr *h, const char *line)
{
	for (u32 i = 0; i < o->nsinks; i++) {
		struct sink *s = &o->sinks[i];
		int err = s->ops->write(s, h->prio, line, h->len);

		report(o, s, err, 1);
		o->taken[i] += !err;
	}
}

/* What a storm of alerts has left is given back when fewer come. */
static void shrink_batch(struct outputs *o, size_t used)
{
	if (o->batch.cap > KEPT_BYTES && used < o->batch.cap / 4)
		buf_fini(&o->batch);
}

static void deliver_batch(struct outputs *o)
{
	size_t at = 0, len = o->batch.len;
	struct line_hdr h;

	while (at < len) {
		memcpy(&h, o->batch.p + at, sizeof(h));
		at += sizeof(h);
		deliver(o, &h, o->batch.p + at);
		at += h.len;
		__atomic_add_fetch(&o->delivered, 1, __ATOMIC_RELAXED);
	}
	for (u32 i = 0; i < o->nsinks; i++) {
		struct sink *s = &o->sinks[i];

		if (s->ops->flush)
			report(o, s, s->ops->flush(s), o->taken[i]);
		o->taken[i] = 0;
	}
	buf_clear(&o->batch);
	shrink_batch(o, len);
}

static void reopen_sinks(struct outputs *o)
{
	for (u32 i = 0; i < o->nsinks; i++)
		if (o->sinks[i].ops->reopen)
			o->sinks[i].ops->reopen(&o->sinks[i]);
}

/* Waits for work; false: none will come any more. */
static bool take_batch(struct outputs *o)
{
	struct buf empty = o->batch;
	bool reopen, more;

	pthread_mutex_lock(&o->lock);
	o->batch_cap = empty.cap;
	while (!o->pending.len && !o->stop && !o->reopen)
		pthread_cond_wait(&o->work, &o->lock);
	o->batch = o->pending;
	o->pending = empty;
	o->batch_cap = o->batch.cap;
	reopen = o->reopen;
	o->reopen = false;
	more = o->batch.len || !o->stop;
	pthread_cond_broadcast(&o->room);
	pthread_mutex_unlock(&o->lock);
	if (reopen)
		reopen_sinks(o);
	return more;
}

static void close_sinks(struct outputs *o)
{
	for (u32 i = 0; i < o->nsinks; i++) {
		struct sink *s = &o->sinks[i];

		if (s->ops->close)
			report(o, s, s->ops->close(s), o->opt->buffered);	/* one at least: nothing was flushed */
	}
}

static void outputs_free(struct outputs *o)
{
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->work);
	pthread_cond_destroy(&o->room);
	buf_fini(&o->pending);
	buf_fini(&o->batch);
	free(o);
}

static void *output_thread(void *arg)
{
	struct outputs *o = arg;
	bool abandoned;

	if (o->opt->lower_thread)
		o->opt->lower_thread();
	pthread_mutex_lock(&o->lock);
	o->started = true;
	pthread_cond_signal(&o->room);
	pthread_mutex_unlock(&o->lock);
	while (take_batch(o))
		deliver_batch(o);
	close_sinks(o);
	pthread_mutex_lock(&o->lock);
	o->done = true;
	abandoned = o->abandoned;
	pthread_cond_signal(&o->room);
	pthread_mutex_unlock(&o->lock);
	if (abandoned)
		outputs_free(o);
	return NULL;
}

static int open_sinks(struct outputs *o, struct diag *d)
{
	for (u32 i = 0; i < ARRAY_SIZE(all_sinks); i++) {
		struct sink *s = &o->sinks[o->nsinks];
		int err = 0;

		if (!all_sinks[i]->enabled(o->opt))
			continue;
		*s = (struct sink){ .ops = all_sinks[i], .opt = o->opt };
		if (s->ops->open)
			err = s->ops->open(s);
		if (err) {
			diag_set(d, "Failed to init output: %s: %s", s->ops->name, strerror(-err));
			return err;
		}
		o->nsinks++;
	}
	return 0;
}

static int start_thread(struct outputs *o)
{
	int err = thread_start(&o->thread, output_thread, o);

	pthread_mutex_lock(&o->lock);
	while (!err && !o->started)
		pthread_cond_wait(&o->room, &o->lock);
	pthread_mutex_unlock(&o->lock);
	return err;
}

int outputs_start(const struct output_options *opt, struct outputs **ret, struct diag *d)
{
	struct outputs *o = xcalloc(1, sizeof(*o));
	pthread_condattr_t attr;
	int err;

	o->opt = opt;
	pthread_mutex_init(&o->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&o->work, NULL);
	pthread_cond_init(&o->room, &attr);
	pthread_condattr_destroy(&attr);
	err = open_sinks(o, d);
	if (!err) {
		err = start_thread(o);
		if (err)
			diag_set(d, "Failed to init output: no thread: %s", strerror(-err));
	}
	if (err) {
		close_sinks(o);
		outputs_free(o);
		return err;
	}
	*ret = o;
	return 0;
}

/* With the lock held: false after ms without a signal. */
static bool wait_room(struct outputs *o, u32 ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += ms / 1000;
	ts.tv_nsec += (long)(ms % 1000) * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_nsec -= 1000000000;
		ts.tv_sec++;
	}
	return pthread_cond_timedwait(&o->room, &o->lock, &ts) != ETIMEDOUT;
}

/* Half of the memory is for what waits, half for what is on its way out. */
static bool is_full(const struct outputs *o, size_t len)
{
	u64 waiting = o->queued - __atomic_load_n(&o->delivered, __ATOMIC_RELAXED);

	if (o->pending.len && o->opt->max_bytes && o->pending.len + len >= o->opt->max_bytes / 2)
		return true;
	return o->opt->capacity && waiting >= o->opt->capacity;
}

/* Doubles as buffers do, but not beyond the limit. */
static void reserve(struct outputs *o, size_t len)
{
	size_t want = o->pending.len + len + 1, max = o->opt->max_bytes / 2;

	if (want <= o->pending.cap)
		return;
	want = size_max(want, o->pending.cap ? 2 * o->pending.cap : 4096);
	if (max && want > max)
		want = size_max(max, o->pending.len + len + 1);
	buf_reserve_all(&o->pending, want);
}

bool outputs_push(struct outputs *o, enum priority prio, const char *line, size_t len)
{
	struct line_hdr h = { .len = (u32)len, .prio = prio };
	bool full;

	pthread_mutex_lock(&o->lock);
	while ((full = is_full(o, sizeof(h) + len)) && o->opt->wait) {
		if (o->opt->interrupted && o->opt->interrupted())
			break;
		wait_room(o, 50);
	}
	if (full) {
		__atomic_add_fetch(&o->dropped, 1, __ATOMIC_RELAXED);
	} else {
		if (!o->pending.len)
			pthread_cond_signal(&o->work);
		reserve(o, sizeof(h) + len);
		buf_add(&o->pending, &h, sizeof(h));
		buf_add(&o->pending, line, len);
		o->queued++;
	}
	pthread_mutex_unlock(&o->lock);
	return !full;
}

void outputs_reopen(struct outputs *o)
{
	pthread_mutex_lock(&o->lock);
	o->reopen = true;
	pthread_cond_signal(&o->work);
	pthread_mutex_unlock(&o->lock);
}

u64 outputs_dropped(const struct outputs *o)
{
	return __atomic_load_n(&o->dropped, __ATOMIC_RELAXED);
}

u64 outputs_failed(const struct outputs *o)
{
	return __atomic_load_n(&o->failed, __ATOMIC_RELAXED);
}

void outputs_stats(struct outputs *o, struct table_stats *ret)
{
	pthread_mutex_lock(&o->lock);
	*ret = (struct table_stats){
		.entries = o->queued - __atomic_load_n(&o->delivered, __ATOMIC_RELAXED),
		.bytes = o->pending.cap + o->batch_cap, .max_bytes = o->opt->max_bytes, .refused = o->dropped,
	};
	pthread_mutex_unlock(&o->lock);
}

u64 outputs_stop(struct outputs *o, u32 stall_ms, u64 *ret_failed)
{
	u64 seen, lost;
	bool moved = true;

	if (!o)
		return 0;
	pthread_mutex_lock(&o->lock);
	o->stop = true;
	pthread_cond_signal(&o->work);
	while (!o->done && moved) {
		seen = __atomic_load_n(&o->delivered, __ATOMIC_RELAXED);
		moved = wait_room(o, stall_ms ? stall_ms : 1000) || !stall_ms ||
			seen != __atomic_load_n(&o->delivered, __ATOMIC_RELAXED);
	}
	lost = o->queued - __atomic_load_n(&o->delivered, __ATOMIC_RELAXED);
	if (ret_failed)
		*ret_failed = outputs_failed(o);
	if (!o->done) {
		/* A sink hangs in the kernel; its thread may die with the process. */
		o->abandoned = true;
		pthread_detach(o->thread);
		pthread_mutex_unlock(&o->lock);
		return lost ? lost : 1;
	}
	pthread_mutex_unlock(&o->lock);
	pthread_join(o->thread, NULL);
	outputs_free(o);
	return lost;
}
