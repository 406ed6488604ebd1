/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which system calls a driver shall capture, and why.
 *
 * Without a word in base_syscalls these are the calls that enabled rules ask for, those that
 * keep the picture of the processes right, and those that keep what a field of a rule is made
 * from (struct interest_state).  With custom_set, repair or all the set is the one that Falco
 * makes of the same configuration.
 */
#ifndef SAKER_APP_INTEREST_H
#define SAKER_APP_INTEREST_H

#include "app/config.h"
#include "base/vec.h"
#include "capture/driver.h"

/* By code (SC_*). */
struct sysset {
	u64 bits[(SC_MAX + 63) / 64];
};

static inline bool sysset_has(const struct sysset *s, u32 code)
{
	return s->bits[code / 64] >> code % 64 & 1;
}

static inline void sysset_add(struct sysset *s, u32 code)
{
	s->bits[code / 64] |= 1ull << code % 64;
}

/* What is captured besides the calls of the rules. */
enum interest_base {
	BASE_SAKER,	/* the picture of the processes, the state behind fields of rules */
	BASE_STATE,	/* what Falco's state is made from */
	BASE_CUSTOM,	/* custom_set alone */
	BASE_REPAIR,	/* the smallest set with which Falco works */
};

/* A state that is kept only for fields which rules use. */
struct interest_state {
	u32 field_flag;			/* FF_* of these fields */
	bool (*changes)(u32 code);
	const char *words;		/* "the table of open descriptors" */
};

enum { INTEREST_NSTATES = 2 };
extern const struct interest_state interest_states[INTEREST_NSTATES];

/* Strings are those of the configuration or constant. */
struct interest_choice {
	enum interest_base base_kind;
	struct sysset rules, plugins;	/* they ask for it */
	struct sysset named;		/* by rules, which do not take just any event */
	struct sysset custom, negated;	/* custom_set without, and with '!' */
	struct sysset process;		/* keeps the picture of the processes */
	struct sysset states[INTEREST_NSTATES];	/* empty: no rule uses such a field */
	struct sysset base;		/* of base_kind; states are not in it */
	struct sysset ignored;		/* taken out: base_syscalls.all must ask for them */
	struct sysset repaired;		/* added in the end for custom_set */
	struct sysset captured;		/* the result */
	struct sysset undelivered;	/* asked for, and not sent by the driver; some are in captured, too */
	const struct driver *driver;	/* the one that is configured; NULL: any */
	VEC(const char *) invalid[2];	/* in custom_set, of no call; [1]: with '!' */
};

/* plugins: calls that plugins ask for; NULL: none. */
void interest_choose(const struct config *c, struct ruleset *set,
		     const struct sysset *plugins, struct interest_choice *ret);
void interest_choice_fini(struct interest_choice *ch);
/* What a driver is to be told. */
void interest_of(const struct interest_choice *ch, struct interest *ret);

/* Left out unless base_syscalls.all is set, in Falco too. */
bool interest_is_heavy(u32 code);
/* Left out unless that is set, or a rule or custom_set names it. */
bool interest_is_flood(u32 code);
/* Adds the rules, as "A", "B", that name the event of this code (not those that take any); ret: how many. */
u32 interest_rules_naming(struct ruleset *set, u32 code, struct buf *out);
/* Is it an event of the sensor itself that this one does not make (useradded, drop, ...)?  Captures have them. */
bool interest_is_notice(u32 type);
/* Adds the rules that take nothing else; ret: how many. */
u32 interest_rules_of_notices(struct ruleset *set, struct buf *out);
/* The name that evt.type has for it: "pread" for pread64.  NULL: no such call. */
const char *interest_event_name(u32 code);
/* The call or event whose name is most like this one, NULL when none is. */
const char *interest_similar(const char *name);
/* What it tells about a process ("where a process is"); NULL: nothing. */
const char *interest_process_words(u32 code);
/* What base_syscalls.repair takes it for; NULL: nothing. */
const char *interest_repair_words(const struct interest_choice *ch, u32 code);

#endif
