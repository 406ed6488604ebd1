/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A syscall of a traced thread, as its stops tell.  The includer provides u8..u64, s64. */
#ifndef SAKER_DRIVERS_PTRACE_CALL_H
#define SAKER_DRIVERS_PTRACE_CALL_H

#include <stdbool.h>

struct call {
	u32 code;		/* enum syscall_code */
	u32 nr;			/* in the caller's own table */
	bool compat;
	u64 args[6];
	s64 ret;
	u32 mmsg_index;
	/* read when the call began; whoever traces owns the memory */
	u8 *kept;		/* path or address, and KF_HEAD zeros; NULL: nothing was kept */
	u32 kept_len;
	u64 words[3];		/* of openat2's structure */
	bool have_words;
	bool creates;		/* an open that may make a file, of a name that was not there */
	char *exec_name;	/* NULL: no exec */
	bool exec_done;		/* it succeeded */
};

#endif
