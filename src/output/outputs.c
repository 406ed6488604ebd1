/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lane is two buffers of lines and a thread: producers append to one buffer while the thread
 * delivers the other; when that is empty they are swapped.  So a storm of alerts costs a copy and
 * a lock each, and one wake-up for each batch.  One lane is for the sinks of this machine, each
 * sink that is apart has another.
 */
#include "output/outputs.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "output/sink.h"

#define KEPT_BYTES (1u << 20)	/* of memory that was needed once, for the next storm */
#define LOOK_MS 50		/* while something is waited for */
#define END_STALLS 4		/* at the end a slow server has so many times what is too long for one alert */

#define ROW(name_) &sink_##name_,
static const struct sink_ops *const all_sinks[] = { SINKS(ROW) };
#undef ROW

struct line_hdr {
	u32 len;
	u32 prio;
};

struct lane {
	struct outputs *o;
	struct sink sinks[ARRAY_SIZE(all_sinks)];
	u32 nsinks;
	bool apart;
	pthread_t thread;
	bool has_thread;

	/* under the lock of the outputs, or atomic */
	pthread_cond_t work;
	struct buf pending;
	u64 queued;			/* alerts since the start */
	size_t batch_cap;		/* of .batch, as far as others may know */
	bool started, reopen, done;
	u64 seen_moves, seen_ns;	/* by the watchdog: .moves with a sink at work, and when first */
	bool seen_busy, told;

	/* the thread's; others look at what is atomic */
	u8 apart_from_producers[64];
	u64 delivered;			/* atomic */
	u64 moves;			/* the same: goes up with whatever a sink has done */
	u64 failed;			/* the same */
	const char *busy;		/* the same: the sink at work; NULL: none is */
	bool hangs;			/* the same: nobody waits for room here */
	bool gave_up;
	struct buf batch;
};

struct outputs {
	const struct output_options *opt;
	struct lane lanes[ARRAY_SIZE(all_sinks)];
	u32 nlanes;
	u64 max_bytes;			/* of each lane */

	pthread_mutex_t lock;
	pthread_cond_t room;		/* for producers, and those that wait for threads */
	u64 dropped;
	bool stop;			/* atomic, set under the lock */
	u64 end_ns;			/* the same: when sinks that are apart give up; 0: never */
	bool abandoned;			/* nobody waits for the threads: the last frees everything */
};

#define LOAD(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define STORE(x, v) __atomic_store_n(&(x), v, __ATOMIC_RELAXED)
#define ADD(x, v) STORE(x, (x) + (v))	/* by the only thread that writes it, or under the lock */

/* ---- for sinks ------------------------------------------------------------------------------ */

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

void sink_why(struct sink *s, const char *why)
{
	snprintf(s->why, sizeof(s->why), "%s", why);
}

void sink_note(struct sink *s, const char *what)
{
	if (s->opt->noted)
		s->opt->noted(s->ops->name, what);
}

bool sink_is_stopping(const struct sink *s)
{
	return LOAD(*s->stopping);
}

u32 outputs_enabled(const struct output_options *opt)
{
	u32 n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(all_sinks); i++)
		n += all_sinks[i]->enabled(opt);
	return n;
}

/* ---- delivering: the thread of a lane ---------------------------------------------------------- */

/* lost: alerts that it means.  One line a second for each sink is enough. */
static void report(struct lane *l, struct sink *s, int err, u64 lost)
{
	u64 now;

	if (!err)
		return;
	now = clock_ns(CLOCK_MONOTONIC);
	if (s->told_ns && now < s->told_ns + NS_PER_S) {
		s->untold++;
	} else {
		if (l->o->opt->failed)
			l->o->opt->failed(s->ops->name, s->why[0] ? s->why : strerror(-err), s->untold);
		s->told_ns = now;
		s->untold = 0;
	}
	s->why[0] = '\0';
	ADD(l->failed, lost);	/* last: who sees it has been told */
}

/* What a sink does between these two is watched by outputs_check(). */
static void busy(struct lane *l, const struct sink *s)
{
	STORE(l->busy, s->ops->name);
}

static void idle(struct lane *l)
{
	ADD(l->moves, 1);
	STORE(l->busy, NULL);
}

static int write_line(struct lane *l, struct sink *s, const struct line_hdr *h, const char *line)
{
	int err;

	busy(l, s);
	err = s->ops->write(s, h->prio, line, h->len);
	idle(l);
	report(l, s, err, 1);
	if (l->apart)
		STORE(l->hangs, s->hangs);
	return err;
}

/* At the end nobody waits for a server that does not answer, or is too slow. */
static bool must_give_up(const struct lane *l, const struct sink *s)
{
	u64 end = LOAD(l->o->end_ns);

	return l->apart && sink_is_stopping(s) && (s->hangs || (end && clock_ns(CLOCK_MONOTONIC) > end));
}

static bool gives_up(struct lane *l, struct sink *s)
{
	if (!l->gave_up && must_give_up(l, s)) {
		l->gave_up = true;
		sink_note(s, "output channels still blocked, discarding all remaining notifications");
	}
	return l->gave_up;
}

static void reopen_sinks(struct lane *l)
{
	for (u32 i = 0; i < l->nsinks; i++) {
		struct sink *s = &l->sinks[i];

		busy(l, s);
		if (s->ops->reopen)
			s->ops->reopen(s);
		idle(l);
	}
}

/* A batch takes long when each alert does. */
static void reopen_early(struct lane *l)
{
	if (l->apart && LOAD(l->reopen)) {
		STORE(l->reopen, false);
		reopen_sinks(l);
	}
}

static void deliver_to(struct lane *l, struct sink *s, bool last)
{
	size_t at = 0;
	struct line_hdr h;
	u64 taken = 0;
	int err;

	while (at < l->batch.len) {
		memcpy(&h, l->batch.p + at, sizeof(h));
		at += sizeof(h);
		reopen_early(l);
		if (gives_up(l, s))
			ADD(l->failed, 1);
		else
			taken += !write_line(l, s, &h, l->batch.p + at);
		at += h.len;
		if (last)
			ADD(l->delivered, 1);
	}
	if (!s->ops->flush)
		return;
	busy(l, s);
	err = s->ops->flush(s);
	idle(l);
	report(l, s, err, taken);
}

/* What a storm of alerts has left is given back when fewer come. */
static void shrink_batch(struct lane *l, size_t used)
{
	if (l->batch.cap > KEPT_BYTES && used < l->batch.cap / 4)
		buf_fini(&l->batch);
}

static void deliver_batch(struct lane *l)
{
	size_t len = l->batch.len;

	for (u32 i = 0; i < l->nsinks; i++)
		deliver_to(l, &l->sinks[i], i + 1 == l->nsinks);
	buf_clear(&l->batch);
	shrink_batch(l, len);
}

/* Waits for work; false: none will come any more. */
static bool take_batch(struct lane *l)
{
	struct outputs *o = l->o;
	struct buf empty = l->batch;
	bool reopen, more;

	pthread_mutex_lock(&o->lock);
	l->batch_cap = empty.cap;
	while (!l->pending.len && !o->stop && !l->reopen)
		pthread_cond_wait(&l->work, &o->lock);
	l->batch = l->pending;
	l->pending = empty;
	l->batch_cap = l->batch.cap;
	reopen = LOAD(l->reopen);
	STORE(l->reopen, false);
	more = l->batch.len || !o->stop;
	pthread_cond_broadcast(&o->room);
	pthread_mutex_unlock(&o->lock);
	if (reopen)
		reopen_sinks(l);
	return more;
}

static void close_sinks(struct lane *l)
{
	for (u32 i = 0; i < l->nsinks; i++) {
		struct sink *s = &l->sinks[i];

		if (!s->ops->close)
			continue;
		busy(l, s);
		report(l, s, s->ops->close(s), l->o->opt->buffered);	/* one at least: nothing was flushed */
		idle(l);
	}
}

static void outputs_free(struct outputs *o)
{
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->room);
	for (u32 i = 0; i < o->nlanes; i++) {
		pthread_cond_destroy(&o->lanes[i].work);
		buf_fini(&o->lanes[i].pending);
		buf_fini(&o->lanes[i].batch);
	}
	free(o);
}

static bool all_done(const struct outputs *o)
{
	for (u32 i = 0; i < o->nlanes; i++)
		if (o->lanes[i].has_thread && !o->lanes[i].done)
			return false;
	return true;
}

static void begin_thread(const struct lane *l)
{
	const struct output_options *opt = l->o->opt;
	void (*give_up)(void) = l->apart ? opt->lower_apart : opt->lower_thread;

	if (l->apart) {
		char name[16];

		snprintf(name, sizeof(name), "saker-%s", l->sinks[0].ops->name);
		prctl(PR_SET_NAME, name);
	}
	if (give_up)
		give_up();
}

static void *lane_thread(void *arg)
{
	struct lane *l = arg;
	struct outputs *o = l->o;
	bool last;

	begin_thread(l);
	pthread_mutex_lock(&o->lock);
	l->started = true;
	pthread_cond_broadcast(&o->room);
	pthread_mutex_unlock(&o->lock);
	while (take_batch(l))
		deliver_batch(l);
	close_sinks(l);
	pthread_mutex_lock(&o->lock);
	l->done = true;
	last = o->abandoned && all_done(o);
	pthread_cond_broadcast(&o->room);
	pthread_mutex_unlock(&o->lock);
	if (last)
		outputs_free(o);
	return NULL;
}

/* ---- starting ------------------------------------------------------------------------------------ */

/* The lane of the sinks that are together is the first, if there is any. */
static struct lane *lane_for(struct outputs *o, const struct sink_ops *ops)
{
	struct lane *l = &o->lanes[o->nlanes];

	if (!ops->apart && o->nlanes)
		return &o->lanes[0];
	o->nlanes++;
	l->o = o;
	l->apart = ops->apart;
	pthread_cond_init(&l->work, NULL);
	return l;
}

static int open_sink(struct outputs *o, const struct sink_ops *ops, struct diag *d)
{
	struct lane *l = lane_for(o, ops);
	struct sink *s = &l->sinks[l->nsinks];
	int err = 0;

	*s = (struct sink){ .ops = ops, .opt = o->opt, .stopping = &o->stop };
	if (ops->open)
		err = ops->open(s);
	if (err)
		diag_set(d, "Failed to init output: %s: %s", ops->name, s->why[0] ? s->why : strerror(-err));
	else
		l->nsinks++;
	return err;
}

static int open_sinks(struct outputs *o, struct diag *d)
{
	int err = 0;

	for (u32 apart = 0; apart < 2; apart++)
		for (u32 i = 0; i < ARRAY_SIZE(all_sinks) && !err; i++)
			if (all_sinks[i]->enabled(o->opt) && all_sinks[i]->apart == apart)
				err = open_sink(o, all_sinks[i], d);
	return err;
}

static int start_threads(struct outputs *o)
{
	int err = 0;

	for (u32 i = 0; i < o->nlanes && !err; i++) {
		struct lane *l = &o->lanes[i];

		err = thread_start(&l->thread, lane_thread, l);
		l->has_thread = !err;
		pthread_mutex_lock(&o->lock);
		while (!err && !l->started)
			pthread_cond_wait(&o->room, &o->lock);
		pthread_mutex_unlock(&o->lock);
	}
	return err;
}

static void tell_stop(struct outputs *o)
{
	STORE(o->stop, true);
	for (u32 i = 0; i < o->nlanes; i++)
		pthread_cond_signal(&o->lanes[i].work);
}

/* What did not start is closed here, the rest by its own thread. */
static void undo_start(struct outputs *o)
{
	pthread_mutex_lock(&o->lock);
	tell_stop(o);
	pthread_mutex_unlock(&o->lock);
	for (u32 i = 0; i < o->nlanes; i++) {
		if (o->lanes[i].has_thread)
			pthread_join(o->lanes[i].thread, NULL);
		else
			close_sinks(&o->lanes[i]);
	}
	outputs_free(o);
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
	pthread_cond_init(&o->room, &attr);
	pthread_condattr_destroy(&attr);
	err = open_sinks(o, d);
	if (o->nlanes)
		o->max_bytes = opt->max_bytes / o->nlanes;
	if (!err) {
		err = start_threads(o);
		if (err)
			diag_set(d, "Failed to init output: no thread: %s", strerror(-err));
	}
	if (err) {
		undo_start(o);
		return err;
	}
	*ret = o;
	return 0;
}

/* ---- the watchdog --------------------------------------------------------------------------------- */

static void check_lane(struct lane *l, u64 now)
{
	const struct output_options *opt = l->o->opt;
	const char *name = LOAD(l->busy);
	u64 n = LOAD(l->moves);

	if (!name || !l->seen_busy || n != l->seen_moves) {
		l->seen_busy = name;
		l->seen_moves = n;
		l->seen_ns = now;
		l->told = false;
	} else if (!l->told && now >= l->seen_ns + opt->timeout_ms * NS_PER_MS) {
		l->told = true;
		opt->blocked(name, !l->apart || l->o->nlanes == 1);
	}
}

/* With the lock held. */
static void check(struct outputs *o)
{
	u64 now = clock_ns(CLOCK_MONOTONIC);

	for (u32 i = 0; o->opt->blocked && o->opt->timeout_ms && i < o->nlanes; i++)
		check_lane(&o->lanes[i], now);
}

void outputs_check(struct outputs *o)
{
	pthread_mutex_lock(&o->lock);
	check(o);
	pthread_mutex_unlock(&o->lock);
}

/* ---- producing ---------------------------------------------------------------------------------- */

/* With the lock held. */
static void wait_room(struct outputs *o)
{
	u64 end = clock_ns(CLOCK_MONOTONIC) + LOOK_MS * NS_PER_MS;
	struct timespec ts = { (time_t)(end / NS_PER_S), (long)(end % NS_PER_S) };

	pthread_cond_timedwait(&o->room, &o->lock, &ts);
	check(o);
}

/* Half of the memory is for what waits, half for what is on its way out. */
static bool is_full(const struct lane *l, size_t len)
{
	u64 waiting = l->queued - LOAD(l->delivered), max = l->o->max_bytes / 2;

	if (l->pending.len && max && l->pending.len + len >= max)
		return true;
	return l->o->opt->capacity && waiting >= l->o->opt->capacity;
}

static bool must_wait(const struct outputs *o, size_t len)
{
	for (u32 i = 0; i < o->nlanes; i++)
		if (is_full(&o->lanes[i], len) && !LOAD(o->lanes[i].hangs))
			return true;
	return false;
}

/* Doubles as buffers do, but not beyond the limit. */
static void reserve(struct lane *l, size_t len)
{
	size_t want = l->pending.len + len + 1, max = l->o->max_bytes / 2;

	if (want <= l->pending.cap)
		return;
	want = size_max(want, l->pending.cap ? 2 * l->pending.cap : 4096);
	if (max && want > max)
		want = size_max(max, l->pending.len + len + 1);
	buf_reserve_all(&l->pending, want);
}

static bool push(struct lane *l, const struct line_hdr *h, const char *line)
{
	if (is_full(l, sizeof(*h) + h->len))
		return false;
	if (!l->pending.len)
		pthread_cond_signal(&l->work);
	reserve(l, sizeof(*h) + h->len);
	buf_add(&l->pending, h, sizeof(*h));
	buf_add(&l->pending, line, h->len);
	l->queued++;
	return true;
}

bool outputs_push(struct outputs *o, enum priority prio, const char *line, size_t len)
{
	struct line_hdr h = { .len = (u32)len, .prio = prio };
	bool all = true;

	pthread_mutex_lock(&o->lock);
	while (o->opt->wait && must_wait(o, sizeof(h) + len) && !(o->opt->interrupted && o->opt->interrupted()))
		wait_room(o);
	for (u32 i = 0; i < o->nlanes; i++)
		all &= push(&o->lanes[i], &h, line);
	if (!all)
		ADD(o->dropped, 1);
	pthread_mutex_unlock(&o->lock);
	return all;
}

void outputs_reopen(struct outputs *o)
{
	pthread_mutex_lock(&o->lock);
	for (u32 i = 0; i < o->nlanes; i++) {
		STORE(o->lanes[i].reopen, true);
		pthread_cond_signal(&o->lanes[i].work);
	}
	pthread_mutex_unlock(&o->lock);
}

u64 outputs_dropped(const struct outputs *o)
{
	return LOAD(o->dropped);
}

u64 outputs_failed(const struct outputs *o)
{
	u64 n = 0;

	for (u32 i = 0; i < o->nlanes; i++)
		n += LOAD(o->lanes[i].failed);
	return n;
}

void outputs_stats(struct outputs *o, struct table_stats *ret)
{
	pthread_mutex_lock(&o->lock);
	*ret = (struct table_stats){ .max_bytes = o->opt->max_bytes, .refused = o->dropped };
	for (u32 i = 0; i < o->nlanes; i++) {
		const struct lane *l = &o->lanes[i];

		ret->entries = u64_max(ret->entries, l->queued - LOAD(l->delivered));
		ret->bytes += l->pending.cap + l->batch_cap;
	}
	pthread_mutex_unlock(&o->lock);
}

/* ---- the end ------------------------------------------------------------------------------------ */

static u64 moves(const struct outputs *o)
{
	u64 n = 0;

	for (u32 i = 0; i < o->nlanes; i++)
		n += LOAD(o->lanes[i].moves) + o->lanes[i].done;
	return n;
}

static u64 undelivered(const struct outputs *o)
{
	u64 n = 0;

	for (u32 i = 0; i < o->nlanes; i++)
		n += o->lanes[i].queued - LOAD(o->lanes[i].delivered);
	return n;
}

static void set_end(struct outputs *o, u64 stall_ms)
{
	if (stall_ms)
		STORE(o->end_ns, clock_ns(CLOCK_MONOTONIC) + END_STALLS * stall_ms * NS_PER_MS);
}

/* With the lock held: true when all threads have ended. */
static bool wait_for_end(struct outputs *o, u64 stall_ms)
{
	u64 seen = moves(o), moved_ms = clock_ms(CLOCK_MONOTONIC), now;

	set_end(o, stall_ms);
	while (!all_done(o)) {
		wait_room(o);
		now = clock_ms(CLOCK_MONOTONIC);
		if (!stall_ms && o->opt->interrupted && o->opt->interrupted()) {
			stall_ms = o->opt->timeout_ms;	/* from now on there is hurry */
			moved_ms = now;
			set_end(o, stall_ms);
		}
		if (moves(o) != seen) {
			seen = moves(o);
			moved_ms = now;
		} else if (stall_ms && now >= moved_ms + stall_ms) {
			return all_done(o);
		}
	}
	return true;
}

/* A sink hangs in the kernel; its thread may die with the process. */
static void abandon(struct outputs *o)
{
	o->abandoned = true;
	for (u32 i = 0; i < o->nlanes; i++)
		pthread_detach(o->lanes[i].thread);
}

u64 outputs_stop(struct outputs *o, u32 stall_ms, u64 *ret_failed)
{
	bool ended;
	u64 stuck;

	if (!o)
		return 0;
	pthread_mutex_lock(&o->lock);
	tell_stop(o);
	ended = wait_for_end(o, stall_ms);
	stuck = undelivered(o);
	if (ret_failed)
		*ret_failed = outputs_failed(o);
	if (!ended) {
		abandon(o);
		pthread_mutex_unlock(&o->lock);
		return stuck ? stuck : 1;
	}
	pthread_mutex_unlock(&o->lock);
	for (u32 i = 0; i < o->nlanes; i++)
		pthread_join(o->lanes[i].thread, NULL);
	outputs_free(o);
	return stuck;
}
