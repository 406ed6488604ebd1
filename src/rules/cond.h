/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions that a driver can decide, in disjunctive form.  Each may be weaker than what it
 * was derived from, never stronger.  Everything lives in the arena that is passed around.
 */
#ifndef SAKER_RULES_COND_H
#define SAKER_RULES_COND_H

#include "base/buf.h"
#include "base/mem.h"
#include "schema/filter_abi.h"

#define COND_PATHS_MAX 256	/* kinds of paths of one conjunction */
#define COND_TESTS_MAX 12	/* tests of one conjunction on numbers */
#define DNF_MAX 48		/* conjunctions while rules are read; tables take fewer: dnf_reduce() */

/* Why a condition became weaker than what it was derived from; bits. */
enum cond_loss {
	LOSS_CLAUSES = 1 << 0,	/* conjunctions were joined */
	LOSS_KINDS = 1 << 1,	/* more than COND_PATHS_MAX kinds of paths */
	LOSS_TESTS = 1 << 2,	/* more tests on numbers than there is room for */
	LOSS_CHAIN = 1 << 3,	/* kinds of paths that begin alike were joined */
	LOSS_PATHS = 1 << 4,	/* KF_PATHS */
	LOSS_SETS = 1 << 5,	/* KF_SETS */
	NLOSSES = 6
};

/* A conjunction. */
struct cond {
	struct kf_clause clause;
	bool dotdot;		/* "../" is in the path */
	bool has_paths;		/* and the path is one of these kinds */
	u32 npaths;
	const struct kf_path *paths;	/* clauses and next are not used */
	u32 ntests;
	const struct kf_test *tests;	/* by number, those of one number are alternatives; clauses is not used */
};

/* One of these holds; n = 0: it is false. */
struct dnf {
	u32 n;
	struct cond c[DNF_MAX];
};

struct cond cond_true(void);
bool cond_is_true(const struct cond *c);
void dnf_true(struct dnf *d);
void dnf_false(struct dnf *d);
void dnf_one(struct dnf *d, const struct cond *c);
bool dnf_is_true(const struct dnf *d);
/* d becomes d or o, d and o.  What has no room makes it weaker: returns why (enum cond_loss). */
u32 dnf_or(struct arena *a, struct dnf *d, const struct dnf *o);
u32 dnf_and(struct arena *a, struct dnf *d, const struct dnf *o);
/* Joins conjunctions, those first that lose least, until there are at most max. */
u32 dnf_reduce(struct arena *a, struct dnf *d, u32 max);
/* "more than 16 alternatives": what the bit of a loss means. */
const char *cond_loss_words(u32 bit);
/*
 * The kind of path that begins with prefix (exact: and ends there), ends with suffix.  Either
 * may be "" for any.
 */
struct kf_path cond_path(const char *prefix, u32 prefix_len, bool exact, const char *suffix, u32 suffix_len,
			 bool hidden);
/* The number, and mask, is from min to max. */
struct kf_test cond_test(u8 number, u64 mask, u64 min, u64 max);
void cond_print(const struct cond *c, struct buf *out);

#endif
