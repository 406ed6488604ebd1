/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event table as user space sees it: constant data expanded from schema/.
 * Everything returned is constant and lives for ever.
 */
#ifndef SAKER_EVENT_TABLE_H
#define SAKER_EVENT_TABLE_H

#include "base/types.h"
#include "schema/event.h"

struct flag_name {
	const char *name;
	u32 value;
};

struct flag_table {
	const char *name;
	const struct flag_name *flags;
	u32 n;
};

enum param_aux {
	AUX_none,
	AUX_dirfd_0,	/* path relative to the directory fd in parameter 0, 1, ... */
	AUX_dirfd_1,
	AUX_dirfd_2,
	AUX_dirfd_3,
	AUX_sockopt_dynamic_param,
	AUX_ptrace_dynamic_param,
	AUX_bpf_dynamic_param,
	AUX_keyctl_dynamic_param,
#define FLAG_TABLE(NAME_, ...) AUX_##NAME_,
#include "schema/flags.def"
#undef FLAG_TABLE
};

struct param_desc {
	const char *name;
	u8 type;	/* enum param_type */
	u8 fmt;		/* enum print_format */
	u8 aux;		/* enum param_aux */
};

struct event_desc {
	const char *name;
	const char *id;		/* "SYSCALL_OPEN_X" */
	u32 category;		/* enum event_category */
	u32 flags;		/* enum event_flags */
	u32 nparams;		/* the standard ones; EXTRA ones follow at the same indexes */
	u32 nextra;
	const struct param_desc *params;
	bool captured;		/* by the drivers of this build */
};

struct syscall_desc {
	const char *name;
	u16 event;		/* exit (or only) event type */
	u16 use;		/* enum syscall_use */
};

extern const struct event_desc event_descs[EV_MAX];

/* NULL when type is EV_MAX or more; unused slots have EF_UNUSED and name "NA". */
static inline const struct event_desc *event_desc(u32 type)
{
	return type < EV_MAX ? &event_descs[type] : NULL;
}

static inline bool event_is_enter(u32 type)
{
	return !(type & 1);
}
/* NULL when there is no such table (aux_none, dirfd, dynamic ones). */
const struct flag_table *event_flags(enum param_aux aux);
/* Name of the flag with exactly this value, or NULL. */
const char *flag_name(const struct flag_table *t, u32 value);

/* By syscall code (SC_*); NULL for SC_unknown and from SC_MAX on. */
const struct syscall_desc *syscall_desc(u32 code);
/* -1 when there is none. */
int syscall_code_by_name(const char *name, size_t len);
/* Code of a native syscall number of this machine, SC_unknown when it has none. */
u32 syscall_code_by_nr(u32 nr);
int syscall_nr_by_code(u32 code);	/* -1 when this machine has no such syscall */

const char *param_type_name(u32 type);	/* "CHARBUF" */
u32 param_type_size(u32 type);		/* bytes of a value; 0: of any size */
const char *errno_name(s64 err);	/* "ENOENT" for 2; NULL when unknown */
const char *signal_name(u32 sig);	/* "SIGKILL"; NULL when unknown */

#endif
