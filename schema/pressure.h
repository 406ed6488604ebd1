/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a driver remembers of the events that it holds back while user space falls behind.  The
 * includer provides u8..u64, s64.
 */
#ifndef SAKER_SCHEMA_PRESSURE_H
#define SAKER_SCHEMA_PRESSURE_H

#define HELD_SLOTS 128			/* on each CPU; a power of two */
#define HELD_TEXT 64
#define HELD_SAME_MAX 512		/* bytes: longer events equal none */

/* Events that are alike, on one CPU: the first one in a second is sent, the others are counted. */
struct held {
	u64 key;			/* of what makes them alike; 0: nobody uses the slot */
	u64 since_ns;			/* of the last one that was sent, since boot */
	u64 count;			/* held back since the slot was taken */
	s64 fd;				/* what the call was made on; -1: no descriptor */
	u32 pid;
	u16 code;			/* enum syscall_code */
	u16 len;			/* of text */
	u8 text[HELD_TEXT];		/* the directory of the path, cut off when it is long; no NUL */
};

#endif
