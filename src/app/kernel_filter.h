/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel filter of a live run: which events the driver need not make. */
#ifndef SAKER_APP_KERNEL_FILTER_H
#define SAKER_APP_KERNEL_FILTER_H

#include "app/interest.h"
#include "app/loop.h"
#include "rules/pushdown.h"

/*
 * What must pass whatever the rules say: calls that keep a state, and those that the user named.
 * ch is what interest_choose() found.
 */
void kernel_filter_options(const struct interest_choice *ch, struct pushdown_options *ret);
/*
 * Derives the filter of r->set, unless it is turned off, and keeps it in r->filter.  Calls whose events
 * no rule can match are taken out of r->interest.
 */
void kernel_filter_derive(struct run *r, const struct interest_choice *ch);
/* Hands it to the driver that was opened.  A driver without a filter says so, and all events come. */
void kernel_filter_set(struct run *r);
/*
 * Where the filter is weaker than the rules because its tables are full: appends {why, syscalls} for each
 * reason to ret, an array.
 */
void kernel_filter_losses(const struct pushdown *p, json_t *ret);
/* One of them as text: "open, openat: why". */
void kernel_filter_print_loss(const json_t *loss, struct buf *out);

#endif
