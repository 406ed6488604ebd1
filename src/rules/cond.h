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

/* A conjunction. */
struct cond {
	struct kf_clause clause;
	bool dotdot;		/* "../" is in the path */
	bool has_paths;		/* and the path is one of these kinds */
	u32 npaths;
	const struct kf_path *paths;	/* clauses and next are not used */
};

/* One of these holds; n = 0: it is false. */
struct dnf {
	u32 n;
	struct cond c[KF_CLAUSES];
};

struct cond cond_true(void);
bool cond_is_true(const struct cond *c);
void dnf_true(struct dnf *d);
void dnf_false(struct dnf *d);
void dnf_one(struct dnf *d, const struct cond *c);
bool dnf_is_true(const struct dnf *d);
/* d becomes d or o, d and o.  What has no room makes it weaker: returns how often. */
u32 dnf_or(struct arena *a, struct dnf *d, const struct dnf *o);
u32 dnf_and(struct arena *a, struct dnf *d, const struct dnf *o);
/*
 * The kind of path that begins with prefix (exact: and ends there), ends with suffix.  Either
 * may be "" for any.
 */
struct kf_path cond_path(const char *prefix, u32 prefix_len, bool exact, const char *suffix, u32 suffix_len,
			 bool hidden);
void cond_print(const struct cond *c, struct buf *out);

#endif
