/* SPDX-License-Identifier: Apache-2.0 */
/* --list and --list-events, from the rows of fields and events. */
#ifndef SAKER_APP_LIST_H
#define SAKER_APP_LIST_H

#include "app/cmdline.h"

/* -EINVAL when there is no such source.  source NULL: all. */
int list_fields(const struct field_set *fields, const char *source, enum list_format format,
		bool names_only, bool types);
void list_events(enum list_format format);

#endif
