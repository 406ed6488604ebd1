/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The kernel filter: what is known of the loaded rules where a call ends, in tables.
 *
 * For a code there is a set of up to KF_CLAUSES clauses, each the conditions that one or more
 * rules put on result, flags, path and numbers; an event that satisfies none of them cannot match a
 * rule and is not made.  Every condition may hold too often, none too seldom.
 *
 * src/rules/pushdown.c makes the tables from the rules, drivers/filter.h reads them.  The
 * includer provides u8..u64, s64.
 */
#ifndef SAKER_SCHEMA_FILTER_ABI_H
#define SAKER_SCHEMA_FILTER_ABI_H

#include "schema/driver_abi.h"

#define KF_SETS 64
#define KF_CLAUSES 16
#define KF_PATHS 1024		/* of all sets; the first is not used */
#define KF_BUCKETS 64
#define KF_CHAIN 8		/* paths in a bucket */
#define KF_TESTS 24		/* of a set: on numbers */
#define KF_PATH_MAX 256		/* longer paths pass */
#define KF_HEAD 32		/* bytes that are compared at the beginning of a path, */
#define KF_TAIL 8		/* and at its end */

/* Of a code: all that its events are tested for stands in its set. */
enum kf_verdict { KF_PASS, KF_NONE, KF_FIRST_SET };	/* values of kfilter.codes, and sets from here */

/* Where a call has the flags of open(), and a path. */
enum kf_shape { KF_NO_ARGS, KF_OPEN, KF_CREAT, KF_OPENAT, KF_OPENAT2 };

#define KF_CREAT_FLAGS 01101u	/* creat() is open() with O_WRONLY | O_CREAT | O_TRUNC */

/*
 * Of a call on a descriptor: the argument that it is, from 1; 0: it is on none.  With KF_TEACHES its event tells of a
 * socket what later events on it are known by, unless that is a TCP connection: all others pass.  A driver that does not look at
 * descriptors must pass all events of such a call.
 */
#define KF_FD_ARG 7
#define KF_TEACHES 0x80

/* Paths of one kind: of their bytes, in memory order, those of the masks are compared. */
struct kf_path {
	u64 head[KF_HEAD / 8], head_mask[KF_HEAD / 8];
	u64 tail, tail_mask;	/* of the last KF_TAIL bytes before the NUL */
	u16 clauses;		/* a bit each: those which it satisfies */
	u16 next;		/* in its chain; 0: none */
	u32 hidden;		/* 1: a part of it must begin with a dot */
};

/* What is to be known of a path before it is compared. */
struct kf_seen {
	u64 head[KF_HEAD / 8], tail;
	u32 hidden;		/* a part begins with a dot */
	u16 dotdot;		/* "../" is in it */
	u16 plain;		/* absolute, in its simplest form, ASCII: as rules see it */
};

/* What several filters want to know of one call; zeroed when it ends. */
struct kf_call {
	u16 looked;
	u16 known;		/* seen is that of its path */
	u32 unused;
	struct kf_seen seen;
};

enum kf_access { KF_READ = 1 << 0, KF_WRITE = 1 << 1, KF_READ_WRITE = 1 << 2, KF_ODD = 1 << 3, KF_ANY_ACCESS = 15 };

struct kf_clause {
	u32 need, forbid;	/* bits of the flags */
	u32 access;		/* bit 1 << (flags & O_ACCMODE) is set */
	s32 error;		/* a failure that will do though ret_min is not reached; 0: none */
	s64 ret_min, ret_max;
};

/* The numbers of a call that are tested. */
enum kf_number {
	KF_ARG,			/* the first argument; up to the sixth follow */
	KF_FD_TYPE = 6,		/* enum fd_type of what the call is on */
	KF_L4PROTO,		/* enum l4_proto of the socket */
	KF_PORT,		/* either end's */
	KF_ADDR4,		/* either end's, its first byte highest */
	KF_NUMBERS = 16
};

#define KF_OF_FD (1 << KF_FD_TYPE | 1 << KF_L4PROTO | 1 << KF_PORT | 1 << KF_ADDR4)
#define KF_OF_ARGS 63
#define KF_TWO_ENDS (1 << KF_PORT | 1 << KF_ADDR4)	/* a call has two of each */

/*
 * The number and mask are in the range, and when it is one of the 64 from min on, its bit is set.  Tests stand in the order of
 * what they test; those of one number are alternatives: a clause needs one of its own.
 */
struct kf_test {
	u64 mask, min, max, bits;
	u16 clauses;		/* those that need it; 0: no more tests */
	u8 number;		/* enum kf_number */
	u8 unused[5];
};

/* What a driver knows of these numbers; two of each, where either may be the one. */
struct kf_values {
	u32 known;		/* bits: the others satisfy every test */
	u32 unused;
	u64 v[KF_NUMBERS][2];
};

struct kf_set {
	u16 all;		/* clauses in use, a bit each */
	u16 with_path;		/* those that need one of the paths below */
	u16 dotdot;		/* those that need "../" in the path as it was passed */
	u16 always;		/* first of a chain that is tried for every path; 0: none */
	u16 numbers;		/* bits: those that are tested (enum kf_number) */
	u16 unused[3];
	u16 heads[KF_BUCKETS], deep[KF_BUCKETS], tails[KF_BUCKETS];	/* chains, by a hash of bytes 1 to 4, 0 to 7, the last 4 */
	struct kf_clause clauses[KF_CLAUSES];
	struct kf_test tests[KF_TESTS];
};

struct kfilter {
	u8 codes[NR_CODES];	/* enum kf_verdict */
	u8 shapes[NR_CODES];	/* enum kf_shape */
	u8 fds[NR_CODES];	/* KF_FD_ARG, KF_TEACHES */
	struct kf_set sets[KF_SETS];
	struct kf_path paths[KF_PATHS];
};

/*
 * Byte 0 of a path is a slash, so bytes 1 to 4 decide its bucket; at the end it is the last 4.  Kinds with
 * 8 known bytes have buckets of their own, as there are many below one directory.
 */
#define KF_BUCKET_OF(word) ((u32)(word) * 0x9e3779b1u >> 26)
#define KF_DEEP_OF(word) ((u64)(word) * 0x9e3779b97f4a7c15ull >> 58)

#endif
