/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's BPF ring buffers, read in place, several of them as one stream in the order
 * of time stamps.
 *
 * Events of different CPUs lie in different rings, and one that is being written may be
 * older than one that is there already.  So an event is handed out when it is older than
 * RING_GRACE_NS: by then everything before it has been written.
 */
#ifndef SAKER_CAPTURE_RING_H
#define SAKER_CAPTURE_RING_H

#include "base/types.h"
#include "schema/event.h"

#define RING_GRACE_NS 100000

struct ring {
	int fd;			/* of the map; owned */
	u64 size;		/* of the data area, a power of two */
	u64 pos;		/* of the next record */
	u64 released;		/* what the kernel was told of it */
	u64 *consumer;		/* shared page, written here */
	u64 *producer;		/* shared page, read here; the data follow */
	const u8 *data;		/* mapped twice in a row */
	const struct event_hdr *head;	/* next event, NULL: none when last looked */
	u32 head_len;		/* of the record */
	u64 head_ts;
};

struct ring_set {
	struct ring *rings;	/* owned */
	u32 n;
	int epoll;		/* owned; -1: none */
	u64 epoch_ns;		/* boot time + this = time stamps */
	u64 horizon;		/* events up to here are complete */
	struct ring *last;	/* the one whose head was handed out */
};

/* Creates n rings, the last of another size.  Returns 0 or a negative errno. */
int ring_set_init(struct ring_set *s, u32 n, u32 bytes, u32 last_bytes);
void ring_set_fini(struct ring_set *s);
/* Next event, valid until the next call; NULL: none.  The length includes what follows it. */
const struct event_hdr *ring_set_next(struct ring_set *s, u32 *ret_len);
/*
 * Sleeps until there may be an event, for at most timeout_ms.  The kernel wakes the sleeper
 * only when a ring fills, so it is for the caller to choose a short time.  0 or -EINTR.
 */
int ring_set_wait(struct ring_set *s, int timeout_ms);

#endif
