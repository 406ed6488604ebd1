/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Under pressure: what to do when the ring of ordinary events fills up because user space does
 * not come along.
 *
 * Level 1, the ring is half full: an event that is equal to one of the last second, byte for byte
 * but for its time, is not sent: no rule would see anything new in it.  Level 2, three quarters: of
 * opens in one directory by one process, and of reads, writes and the like on one descriptor by
 * one process, one in a second is sent.  Everything else is sent as long as there is room, and what
 * travels in the lane is never held back.  Each event held back is counted, for its syscall and
 * in a slot that says what it was.
 */
#ifndef SAKER_DRIVERS_PRESSURE_H
#define SAKER_DRIVERS_PRESSURE_H

#define HELD_FOR_NS 1000000000ull
#define HELD_FORGET_NS 10000000000ull	/* then a slot begins again */
#define PRESSURE_LOOK_EVERY 8		/* events between two looks at the ring */

enum held_kind {
	HELD_EQUAL,		/* only what is equal */
	HELD_PATH1,		/* by the directory of parameter 1, */
	HELD_PATH2,		/* or 2 */
	HELD_FD,		/* by argument 0 of the call */
};

static inline_ u32 held_kind(u32 type)
{
	switch (type) {
	case EV_SYSCALL_OPEN_X:
	case EV_SYSCALL_CREAT_X:
		return HELD_PATH1;
	case EV_SYSCALL_OPENAT_2_X:
	case EV_SYSCALL_OPENAT2_X:
		return HELD_PATH2;
	case EV_SYSCALL_READ_X:
	case EV_SYSCALL_WRITE_X:
	case EV_SYSCALL_PREAD_X:
	case EV_SYSCALL_PWRITE_X:
	case EV_SYSCALL_READV_X:
	case EV_SYSCALL_WRITEV_X:
	case EV_SYSCALL_PREADV_X:
	case EV_SYSCALL_PWRITEV_X:
	case EV_SOCKET_SEND_X:
	case EV_SOCKET_SENDTO_X:
	case EV_SOCKET_SENDMSG_X:
	case EV_SOCKET_SENDMMSG_X:
	case EV_SOCKET_RECV_X:
	case EV_SOCKET_RECVFROM_X:
	case EV_SOCKET_RECVMSG_X:
	case EV_SOCKET_RECVMMSG_X:
	case EV_SYSCALL_SENDFILE_X:
	case EV_SYSCALL_LSEEK_X:
	case EV_SYSCALL_FSTAT_X:
	case EV_SYSCALL_CLOSE_X:
	case EV_SYSCALL_IOCTL_3_X:
	case EV_SYSCALL_EPOLLWAIT_X:
		return HELD_FD;
	}
	return HELD_EQUAL;
}

/* Of an event that may be held back at all. */
static inline_ u32 pressure_of(u64 used, u64 size)
{
	return used <= size / 2 ? 0 : used <= size - size / 4 ? 1 : 2;
}

/*
 * SipHash-1-3 (Aumasson, Bernstein: SipHash: a fast short-input PRF, 2012), over words.  Without a
 * key that a process does not know it could make an event that has the key of another one, and hide
 * behind it.
 */
struct held_hash {
	u64 v0, v1, v2, v3;
};

static inline_ u64 held_turn(u64 x, u32 by)
{
	return x << by | x >> (64 - by);
}

static inline_ void held_round(struct held_hash *h)
{
	h->v0 += h->v1;
	h->v1 = held_turn(h->v1, 13) ^ h->v0;
	h->v0 = held_turn(h->v0, 32);
	h->v2 += h->v3;
	h->v3 = held_turn(h->v3, 16) ^ h->v2;
	h->v0 += h->v3;
	h->v3 = held_turn(h->v3, 21) ^ h->v0;
	h->v2 += h->v1;
	h->v1 = held_turn(h->v1, 17) ^ h->v2;
	h->v2 = held_turn(h->v2, 32);
}

static inline_ void held_hash_init(struct held_hash *h, u64 key0, u64 key1)
{
	h->v0 = key0 ^ 0x736f6d6570736575ull;
	h->v1 = key1 ^ 0x646f72616e646f6dull;
	h->v2 = key0 ^ 0x6c7967656e657261ull;
	h->v3 = key1 ^ 0x7465646279746573ull;
}

static inline_ void held_hash_add(struct held_hash *h, u64 word)
{
	h->v3 ^= word;
	held_round(h);
	h->v0 ^= word;
}

/* Never 0, which is nobody's key. */
static inline_ u64 held_hash_end(struct held_hash *h)
{
	u64 key;

	h->v2 ^= 0xff;
	held_round(h);
	held_round(h);
	held_round(h);
	key = h->v0 ^ h->v1 ^ h->v2 ^ h->v3;
	return key | !key;
}

/* True: it is held back, and counted in the slot.  False: the slot is its own from now on. */
static inline_ bool held_back(struct held *slot, u64 key, u64 now_ns)
{
	if (slot->key == key && now_ns - slot->since_ns < HELD_FOR_NS) {
		slot->count++;
		return true;
	}
	if (slot->key != key || now_ns - slot->since_ns >= HELD_FORGET_NS)
		slot->count = 0;
	slot->key = key;
	slot->since_ns = now_ns;
	return false;
}

#endif
