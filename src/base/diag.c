/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"

void diag_fini(struct diag *d)
{
	free(d->msg);
	*d = (struct diag){ 0 };
}

void diag_clear(struct diag *d)
{
	diag_fini(d);
}

PRINTF(2, 0)
static bool diag_msg(struct diag *d, const char *fmt, va_list ap)
{
	struct buf b = { 0 };

	if (!d || d->msg)
		return false;
	buf_addv(&b, fmt, ap);
	buf_adds(&b, "");
	d->msg = b.p;
	return true;
}

int diag_set(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_msg(d, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void diag_meant(struct diag *d, const char *word)
{
	if (d && d->msg && !d->meant)
		d->meant = word;
}

int diag_at(struct diag *d, u32 line, u32 col, u64 offset, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (diag_msg(d, fmt, ap)) {
		d->line = line;
		d->col = col;
		d->offset = offset;
		d->has_pos = true;
	}
	va_end(ap);
	return -EINVAL;
}
