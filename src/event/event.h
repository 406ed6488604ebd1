/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event, decoded in place.
 *
 * The parameters point into the bytes of the capture (a ring or a file buffer) and live
 * until the next event is read.  Bytes are hostile: event_decode() checks that all
 * lengths fit, and the getters check sizes; nothing else about them may be believed.
 */
#ifndef SAKER_EVENT_EVENT_H
#define SAKER_EVENT_EVENT_H

#include <string.h>

#include "base/diag.h"
#include "base/types.h"
#include "event/table.h"

struct thread;
struct fd;

struct event_param {
	const u8 *p;
	u32 len;	/* 0: no value */
};

struct event {
	u64 ts_ns;	/* since 1970 */
	u64 num;	/* running number of events fetched, from 1 */
	s64 tid;	/* -1: none */
	u16 type;
	u16 cpu;
	u32 nparams;
	bool live;		/* from a driver of saker's: carries EXTRA parameters */
	bool state_only;	/* keep state, match no rule */
	const struct event_desc *desc;
	const struct event_hdr *raw;
	struct event_param params[EVENT_PARAMS_MAX];

	/* filled by proc_apply(); borrowed until the next event */
	struct thread *thread;	/* NULL: unknown */
	struct fd *fd;		/* the fd the event is about, or NULL */
	s64 fd_num;		/* -1: none */
	bool fd_name_changed;	/* this event gave the fd another name */
};

/*
 * Decodes the header and the lengths.  len is what is available at hdr.  Returns 0 or
 * -EINVAL, with the reason in diag.  Types from EV_MAX on, and more parameters than
 * EVENT_PARAMS_MAX, are errors; fewer or more parameters than the table has are not.
 * ts_ns, tid, type, nparams, desc, raw and params are set, all else is zeroed (fd_num -1).
 */
int event_decode(struct event *ev, const struct event_hdr *hdr, size_t len, struct diag *d);

/* Parameter i, or one of length 0 when the event has fewer. */
static inline struct event_param event_param(const struct event *ev, u32 i)
{
	return i < ev->nparams ? ev->params[i] : (struct event_param){ 0 };
}

/* Index of a parameter by name, -1 when the event type has none. */
int event_param_index(const struct event_desc *d, const char *name, size_t len);

/* Unaligned loads; false when the parameter is absent or of another size. */
static inline bool event_u64(const struct event *ev, u32 i, u64 *ret)
{
	if (i >= ev->nparams || ev->params[i].len != sizeof(*ret))
		return false;
	memcpy(ret, ev->params[i].p, sizeof(*ret));
	return true;
}

static inline bool event_u32(const struct event *ev, u32 i, u32 *ret)
{
	if (i >= ev->nparams || ev->params[i].len != sizeof(*ret))
		return false;
	memcpy(ret, ev->params[i].p, sizeof(*ret));
	return true;
}

static inline bool event_s64(const struct event *ev, u32 i, s64 *ret)
{
	return event_u64(ev, i, (u64 *)ret);
}

/* An unsigned integer of 1, 2, 4 or 8 bytes. */
bool event_uint(const struct event *ev, u32 i, u64 *ret);
/* String parameters: without the trailing NUL; false when absent.  Cut at the first NUL. */
bool event_str(const struct event *ev, u32 i, const char **ret, u32 *ret_len);

/*
 * Return value of a syscall exit: its first parameter when that is a number of 4 or 8
 * bytes (so also the uid which getuid returns); 0 when it has a place but no value.  False
 * for all other events.
 */
bool event_res(const struct event *ev, s64 *ret);

/*
 * evt.type: name of the event, of the syscall for generic ones, of the notice for
 * asynchronous ones.  Never NULL; valid as long as the event.
 */
const char *event_name(const struct event *ev);
/* Syscall code of a syscall event; SC_unknown for others. */
u32 event_syscall(const struct event *ev);

#endif
