/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the kernel module and its consumers share.  The includer provides u8..u64, s64 and the
 * _IO() macros (linux/ioctl.h).
 *
 * There is a device /dev/saker<cpu> for each CPU that is or was online.  A consumer opens one,
 * compares KMOD_VERSION, and makes its rings with KMOD_CREATE; it opens those of the other CPUs
 * and adds them with KMOD_JOIN.  Each descriptor is then mapped twice: the control page (at
 * offset 0, shared, writable) and the data (at offset KMOD_DATA_OFFSET pages).  KMOD_INTEREST
 * starts the events, KMOD_FILTER leaves out those that no rule of the consumer can match.  All ends
 * when the descriptor of KMOD_CREATE is closed and unmapped.
 *
 * The data are two rings, of ordinary events and of the lane (drivers/lane.h), each mapped
 * twice in a row, so that no record is split.  A record is an event (schema/event.h) and the u16
 * number of the worker whose process it is of, padded to a multiple of 8 bytes.
 *
 * Events are divided among workers that are a consumer each: each gets those of its own processes,
 * and of others' those that change what it has to know (drivers/lane.h).
 */
#ifndef SAKER_SCHEMA_KMOD_ABI_H
#define SAKER_SCHEMA_KMOD_ABI_H

#include "schema/driver_abi.h"
#include "schema/pressure.h"

#define KMOD_ABI 8u		/* changes with anything in this file, and with the events */
#define KMOD_CPUS_MAX 8192
#define KMOD_DATA_OFFSET 1

enum { KMOD_RING, KMOD_LANE, KMOD_RINGS };

/* Positions count bytes since the beginning and never wrap. */
struct kmod_position {
	u64 at;
	u64 unused[7];		/* a cache line each */
};

/* The control page of one CPU's rings. */
struct kmod_control {
	struct kmod_position head[KMOD_RINGS];	/* of the module: written up to here */
	struct kmod_position tail[KMOD_RINGS];	/* of the consumer: read up to here */
	u64 cpus_changed;	/* grows when another CPU comes online */
};

#define KMOD_SELF ~0u

struct kmod_options {
	u32 abi;		/* KMOD_ABI of the consumer */
	u32 ring_bytes;		/* a power of two times the page size; 0: the module's default */
	u32 lane_bytes;		/* the same; 0: a quarter of the ring */
	u32 snaplen;
	u32 self_pid;		/* its events are left out; KMOD_SELF: the caller, 0: none */
	u32 drop_failed;
	u32 worker, workers;	/* this one's number, of how many; 0 workers: 1 */
	u32 hold_back;		/* under pressure: see drivers/pressure.h */
	struct dynamic_snaplen dynamic;
	u64 epoch_ns;		/* boot time + this = time stamps */
};

struct kmod_interest {
	u32 want_exec, want_fork, want_exit, want_enter;
	u32 routes[NR_SYSCALLS];
	u32 enter_routes[NR_SYSCALLS];
	u64 wanted[NR_CODES / 64];	/* by code */
};

/* Of one CPU. */
struct kmod_counters {
	u64 drops_buffer;	/* the ring was full */
	u64 drops_scratch;	/* too long, or while another event was being made */
	u64 truncated;
	u64 enter_lost;
	u64 filtered;
	u64 copies_lost;	/* events of other workers' processes that found no room */
	struct syscall_counters by_code[NR_CODES];
};

struct kmod_status {
	u32 abi;
	u32 consumers;		/* of the module, now */
	u32 max_consumers;
	u32 ring_bytes, lane_bytes;
	u32 unused;
	u64 drops_no_ring;	/* events on CPUs for which no ring could be allocated */
	u64 cpus[KMOD_CPUS_MAX / 64];	/* which have rings */
};

/* The kernel filter (schema/filter_abi.h) of a consumer, to be copied. */
struct kmod_filter {
	u32 bytes;		/* sizeof(struct kfilter) */
	u32 unused;		/* 0 */
	u64 address;		/* 0: all events pass */
};

#define KMOD_VERSION	_IOR('s', 0x40, u32)
#define KMOD_CREATE	_IOW('s', 0x41, struct kmod_options)
#define KMOD_JOIN	_IOW('s', 0x42, s32)	/* the descriptor of KMOD_CREATE */
#define KMOD_INTEREST	_IOW('s', 0x43, struct kmod_interest)
#define KMOD_EPOCH	_IOW('s', 0x44, u64)
#define KMOD_COUNTERS	_IO('s', 0x45)	/* struct kmod_counters: longer than _IOR can say */
#define KMOD_STATUS	_IOR('s', 0x46, struct kmod_status)
#define KMOD_FILTER	_IOW('s', 0x47, struct kmod_filter)
#define KMOD_HELD	_IOR('s', 0x48, struct held[HELD_SLOTS])	/* of one CPU */

#endif
