/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The kernel filter: what is known of the loaded rules where a call ends, in tables.
 *
 * For a code there is a set of up to KF_CLAUSES clauses, each the conditions that one or more
 * rules put on result, flags and path; an event that satisfies none of them cannot match a
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
#define KF_PATH_MAX 256		/* longer paths pass */
#define KF_HEAD 32		/* bytes that are compared at the beginning of a path, */
#define KF_TAIL 8		/* and at its end */

/* Of a code: all that its events are tested for stands in its set. */
enum kf_verdict { KF_PASS, KF_NONE, KF_FIRST_SET };	/* values of kfilter.codes, and sets from here */

/* Where a call has the flags of open(), and a path. */
enum kf_shape { KF_NO_ARGS, KF_OPEN, KF_CREAT, KF_OPENAT, KF_OPENAT2 };

#define KF_CREAT_FLAGS 01101u	/* creat() is open() with O_WRONLY | O_CREAT | O_TRUNC */

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

struct kf_set {
	u16 all;		/* clauses in use, a bit each */
	u16 with_path;		/* those that need one of the paths below */
	u16 dotdot;		/* those that need "../" in the path as it was passed */
	u16 always;		/* first of a chain that is tried for every path; 0: none */
	u16 heads[KF_BUCKETS], tails[KF_BUCKETS];	/* chains, by a hash of the path's first, last bytes */
	struct kf_clause clauses[KF_CLAUSES];
};

struct kfilter {
	u8 codes[NR_CODES];	/* enum kf_verdict */
	u8 shapes[NR_CODES];	/* enum kf_shape */
	struct kf_set sets[KF_SETS];
	struct kf_path paths[KF_PATHS];
};

/* Bytes 1 to 4 of a path decide its bucket: byte 0 is a slash.  At the end it is the last 4. */
#define KF_BUCKET_OF(word) ((u32)(word) * 0x9e3779b1u >> 26)

#endif
