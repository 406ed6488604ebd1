/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of older capture files in the shape of today's: parameters that moved from the
 * enter to the exit event, parameters and whole types that came later.  The rules are the
 * rows of schema/convert.def.
 *
 * A converter remembers enter events by thread until their exit comes, in 4 MiB of memory at most.
 * Used by one thread.
 */
#ifndef SAKER_CAPTURE_CONVERT_H
#define SAKER_CAPTURE_CONVERT_H

#include "base/account.h"
#include "base/diag.h"
#include "base/hash.h"
#include "base/list.h"
#include "event/table.h"
#include "schema/event.h"

struct converter {
	struct map64 enters;	/* tid -> struct enter_event *, owned */
	struct list ages;	/* of them: who came first is first */
	struct account mem;	/* of them, without the slots of the map */
	u64 forgotten;		/* enter events, to make room for others */
	u8 *staging[2];		/* owned; a conversion reads one and writes the other */
};

enum converted {
	CONVERTED_PASS,		/* *ev is the event to use; it may be the one given */
	CONVERTED_DROP,		/* no event results */
	CONVERTED_ERROR,	/* d says why */
};

void converter_init(struct converter *c);
void converter_fini(struct converter *c);
void converter_clear(struct converter *c);	/* forgets the enter events */
u64 converter_bytes(const struct converter *c);	/* memory of these */

static inline bool convert_is_current(const struct event_desc *desc, const struct event_hdr *ev)
{
	if (desc->flags & (EF_OLD | EF_UNUSED))
		return false;
	if (!(desc->flags & EF_CONVERTED))
		return true;
	return !event_is_enter(ev->type) && ev->nparams >= desc->nparams &&
	       ev->nparams <= desc->nparams + desc->nextra;
}

/* Nearly all of a file that was not made long ago. */
static inline bool convert_not_needed(const struct event_hdr *ev)
{
	const struct event_desc *desc = event_desc(ev->type);

	return desc && convert_is_current(desc, ev);
}

/*
 * len bytes are available at *ev.  On CONVERTED_PASS *ev points to the event given or
 * into the converter, until its next call.
 */
enum converted convert_event(struct converter *c, const struct event_hdr **ev, size_t len,
			     struct diag *d);

#endif
