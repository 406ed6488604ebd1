/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a user's input, and where.  Filled by the first error and kept: later
 * ones do not overwrite it.  The message is owned by the diag; diag_fini frees it.
 */
#ifndef SAKER_BASE_DIAG_H
#define SAKER_BASE_DIAG_H

#include <stdarg.h>

#include "base/types.h"

struct diag {
	char *msg;		/* owned; NULL: nothing wrong */
	const char *file;	/* borrowed; may be NULL */
	const char *meant;	/* the word that was probably meant, of what is known by name; or NULL */
	u32 line, col;		/* from 0; meaningful when has_pos */
	u64 offset;		/* bytes from the start of the text or file */
	bool has_pos;
};

void diag_fini(struct diag *d);
void diag_clear(struct diag *d);
/* Always returns -EINVAL, so that a caller can return it. */
int diag_set(struct diag *d, const char *fmt, ...) PRINTF(2, 3);
/* To the error that was set just before. */
void diag_meant(struct diag *d, const char *word);
int diag_at(struct diag *d, u32 line, u32 col, u64 offset, const char *fmt, ...) PRINTF(5, 6);

#endif
