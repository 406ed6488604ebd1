/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the kernel filter share: a call, what a driver does with it, and mistakes in the tables. */
#ifndef SAKER_TESTS_UNIT_FILTER_CALL_H
#define SAKER_TESTS_UNIT_FILTER_CALL_H

#include <fcntl.h>
#include <string.h>

#include "base/types.h"

#define inline_ inline
#define kf_load(p) ({ u64 word_; memcpy(&word_, (p), sizeof(word_)); word_; })
#include "drivers/filter.h"

static u64 seed = 1;

static inline u32 random_below(u32 n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(seed >> 33) % n;
}

#define PICK(list_) (list_)[random_below(ARRAY_SIZE(list_))]

struct call {
	u32 code;
	s64 ret;
	u32 flags;		/* of open(), as it was passed */
	bool unread;		/* the path could not be read */
	struct kf_values numbers;
	char path[4096];
};

/* What a driver does with it. */
static inline bool passes(const struct kfilter *f, const struct call *c)
{
	u64 room[(KF_PATH_MAX + KF_HEAD) / 8 + 1];
	struct kf_seen seen;
	u32 v = f->codes[c->code], len = (u32)strlen(c->path), mask;
	const struct kf_set *s;

	if (v < KF_FIRST_SET)
		return v == KF_PASS;
	s = &f->sets[v - KF_FIRST_SET];
	mask = kf_numbers(s, kf_result(s, s->all, c->ret), &c->numbers);
	if (f->shapes[c->code] == KF_NO_ARGS)
		return mask;
	mask = kf_flags(s, mask, c->flags);
	if (c->unread || !len || len >= KF_PATH_MAX)
		return mask;
	memset(room, 0xa5, sizeof(room));	/* what an earlier path left there */
	memcpy(room, c->path, len);
	memset((u8 *)room + len, 0, KF_HEAD);
	kf_look((const u8 *)room, len, &seen);
	return kf_paths(f, s, mask, &seen);
}

/* ---- mistakes ------------------------------------------------------------------------------------ */

enum mistake { NO_MISTAKE, WRONG_RESULT, WRONG_ACCESS, WRONG_FLAG, LOST_PATH, LOST_CLAUSE, WRONG_NUMBER, LOST_NUMBER, MISTAKES };

static inline void make_mistake(struct kfilter *f, enum mistake m)
{
	for (u32 i = 0; i < KF_SETS; i++) {
		struct kf_clause *c = &f->sets[i].clauses[0];

		if (m == WRONG_RESULT)
			c->ret_min = c->ret_min < 4 ? 4 : c->ret_min;
		else if (m == WRONG_ACCESS)
			c->access &= KF_READ;
		else if (m == WRONG_FLAG)
			c->need |= O_APPEND;
		else if (m == LOST_CLAUSE)
			f->sets[i].all &= (u16)~1u;
		else if (m == WRONG_NUMBER)
			f->sets[i].tests[0].min++;
		else if (m == LOST_NUMBER && !random_below(2))
			f->sets[i].tests[random_below(3)].bits = 0;
	}
	for (u32 i = 0; m == LOST_PATH && i < KF_PATHS; i++)
		if (random_below(2))
			f->paths[i].clauses = 0;
}

#endif
