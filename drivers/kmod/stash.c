/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Paths and addresses kept from the beginning of a call to its end, one for each thread.
 *
 * Only the thread itself looks its own up, changes and frees it, with preemption off.  Others
 * pass by it in their list: so lists are changed under a lock, and memory is freed by RCU.
 */
#include <linux/hash.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "drivers/kmod/kmod.h"

#define BUCKET_BITS 10
#define STASHES_MAX 65536
#define ROOM_SMALL (256 - KF_HEAD - sizeof(struct stash))	/* most paths; a slab has objects of that size */

struct bucket {
	raw_spinlock_t lock;
	struct hlist_head list;
};

static struct bucket buckets[1 << BUCKET_BITS] = {
	[0 ... (1 << BUCKET_BITS) - 1] = { .lock = __RAW_SPIN_LOCK_UNLOCKED(buckets.lock) },
};
static atomic_t nstashes = ATOMIC_INIT(0);
static u32 generation;		/* what older ones say is not of the call that is going on */

static struct bucket *own_bucket(void)
{
	return &buckets[hash_ptr(current, BUCKET_BITS)];
}

static struct stash *own_stash(struct bucket *b)
{
	struct stash *st;

	hlist_for_each_entry_rcu(st, &b->list, node)
		if (st->task == current)
			return st;
	return NULL;
}

const struct stash *stash_find(u32 nr)
{
	const struct stash *st = own_stash(own_bucket());

	return st && st->nr == nr + 1 && st->generation == READ_ONCE(generation) ? st : NULL;
}

static void unlink_stash(struct bucket *b, struct stash *st)
{
	raw_spin_lock(&b->lock);
	hlist_del_rcu(&st->node);
	raw_spin_unlock(&b->lock);
	atomic_dec(&nstashes);
	kfree_rcu(st, rcu);
}

/* With preemption off, a real-time kernel cannot allocate: there, nothing is kept. */
static struct stash *new_stash(struct bucket *b, u32 len)
{
	u32 room = len <= ROOM_SMALL ? ROOM_SMALL : STASH_ROOM;
	struct stash *st = NULL;

	if (atomic_inc_return(&nstashes) <= STASHES_MAX && !IS_ENABLED(CONFIG_PREEMPT_RT))
		st = kmalloc(sizeof(*st) + room + KF_HEAD, GFP_NOWAIT | __GFP_NOWARN);
	if (!st) {
		atomic_dec(&nstashes);
		return NULL;
	}
	st->task = current;
	st->nr = 0;
	st->room = room;
	raw_spin_lock(&b->lock);
	hlist_add_head_rcu(&st->node, &b->list);
	raw_spin_unlock(&b->lock);
	return st;
}

bool stash_keep(u32 nr, const void *data, u32 len, const u64 *words)
{
	struct bucket *b = own_bucket();
	struct stash *st = own_stash(b);

	if (st && len > st->room) {
		unlink_stash(b, st);
		st = NULL;
	}
	if (!st)
		st = new_stash(b, len);
	if (!st)
		return false;
	memcpy(st->data, data, len);
	memset(st->data + len, 0, KF_HEAD);
	memcpy(st->words, words, sizeof(st->words));
	st->len = len;
	st->generation = READ_ONCE(generation);
	st->nr = nr + 1;
	return true;
}

void stash_forget(void)
{
	struct stash *st = own_stash(own_bucket());

	if (st)
		st->nr = 0;
}

void stash_drop(void)
{
	struct bucket *b = own_bucket();
	struct stash *st = own_stash(b);

	if (st)
		unlink_stash(b, st);
}

void stash_expire(void)
{
	WRITE_ONCE(generation, generation + 1);
}

void stash_drop_all(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(buckets); i++) {
		struct hlist_node *next;
		struct stash *st;

		hlist_for_each_entry_safe(st, next, &buckets[i].list, node) {
			hlist_del(&st->node);
			kfree(st);
		}
	}
	atomic_set(&nstashes, 0);
}
