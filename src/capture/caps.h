/* SPDX-License-Identifier: Apache-2.0 */
/* What capabilities each driver needs, a row each, and whether this thread has them. */
#ifndef SAKER_CAPTURE_CAPS_H
#define SAKER_CAPTURE_CAPS_H

#include "base/buf.h"
#include "base/cap.h"
#include "base/diag.h"
#include "base/types.h"

enum caps_flags {
	CAPS_OPEN = 1 << 0,	/* the driver does not start without it */
	CAPS_SEE = 1 << 1,	/* it starts, but other users' processes are described worse */
	CAPS_KEEP = 1 << 2,	/* of use while events are read too, not only at the start */
	CAPS_NOT_ADMIN = 1 << 3	/* CAP_SYS_ADMIN does not include it */
};

struct caps_need {
	const char *driver;	/* engine.kind */
	u32 cap;
	u32 flags;		/* CAPS_*; neither OPEN nor SEE: it may be there */
	const char *why;
	const char *condition;	/* in words; NULL: always */
	bool (*when)(void);	/* NULL: always */
};

extern const struct caps_need caps_needs[];
extern const u32 caps_nneeds;

/* Is it effective?  True when the kernel does not tell. */
bool caps_has(u32 cap);
/* The same, or CAP_SYS_ADMIN, which includes CAP_BPF and CAP_PERFMON. */
bool caps_has_or_admin(u32 cap);
/* "CAP_BPF"; "CAP_60" for one that has no name here. */
const char *caps_name(u32 cap);
/* "CAP_BPF, CAP_PERFMON"; "none". */
void caps_print(u64 set, struct buf *b);

/*
 * Is all there that the driver does not start without?  -EPERM with a message that names
 * what is missing, why it is needed, and how to give it.
 */
int caps_check(const char *driver, struct diag *d);
/* What is missing of the rows with one of these flags. */
u64 caps_missing(const char *driver, u32 flags);
/* All that the driver may need while events are read. */
u64 caps_kept(const char *driver);
/* How to give a program these: setcap, systemd, docker. */
void caps_print_remedy(u64 set, struct buf *b);

/*
 * After an EPERM though caps_check() was content: what else forbids it, as a sentence for
 * the user; NULL when nothing is found.
 */
const char *caps_other_reason(void);
/* Does the kernel count BPF maps against RLIMIT_MEMLOCK (before 5.11), and is it limited? */
bool caps_memlock_counts(void);
/* As far as this process may. */
void caps_raise_memlock(void);

#endif
