/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel filter: what the rules ask of an event, as far as a driver can tell before the
 * event is made.
 *
 * For each syscall the disjunction, over the rules, of those parts of their conditions that
 * result, flags, path and numbers decide.  What cannot be decided there counts as true, so the filter
 * passes too much, never too little; tests/unit/rules_pushdown.c compares it with the rules.
 */
#ifndef SAKER_RULES_PUSHDOWN_H
#define SAKER_RULES_PUSHDOWN_H

#include "rules/cond.h"
#include "rules/rules.h"

#define CODE_WORDS ((SC_MAX + 63) / 64)

struct pushdown_options {
	u64 pass[CODE_WORDS];	/* codes whose events always pass: they are wanted for something else */
	u64 whole[CODE_WORDS];	/* codes of which all events pass, or none does: each teaches something */
};

struct pushdown {
	struct kfilter filter;
	u64 none[CODE_WORDS];	/* codes which rules name, but whose events none of them can match */
	u32 ncodes;		/* codes with a set of conditions */
	u32 npaths;		/* kinds of paths in the table */
	u8 loosened[SC_MAX];	/* of a code: why its condition is weaker than the rules (bits of enum cond_loss) */
};

/* ret is some 100 KiB. */
void pushdown_build(const struct ruleset *s, const struct pushdown_options *opt, struct pushdown *ret);

/*
 * What is pushed down for one rule at one syscall, as text; "" when nothing is.  Appends to why the names
 * of fields that prevented more, each once.  Returns false when no event of it can match.
 */
bool pushdown_explain(const struct ruleset *s, const struct rule_slot *slot, u32 code, struct buf *out,
		      struct buf *why);

/* What a call is on, and whether its events teach: a value of kfilter.fds. */
u8 pushdown_fd(u32 code);

#endif
