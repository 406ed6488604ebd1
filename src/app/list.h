/* SPDX-License-Identifier: Apache-2.0 */
/* --list, --list-events and --list-metrics, from the rows of fields, events and metrics. */
#ifndef SAKER_APP_LIST_H
#define SAKER_APP_LIST_H

#include "app/cmdline.h"

/* -EINVAL when there is no such source.  source NULL: all. */
int list_fields(const struct field_set *fields, const char *source, enum list_format format,
		bool names_only, bool types);
void list_events(enum list_format format);
void list_metrics(enum list_format format);

#endif
