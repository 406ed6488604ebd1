/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a rule asks of a parameter (evt.arg.mode contains S_ISUID) to tests on the argument of the call that
 * it is made from.  How it is made is read from the schema: the expression of the parameter's row.
 */
#ifndef SAKER_RULES_NUMBERS_H
#define SAKER_RULES_NUMBERS_H

#include "rules/cond.h"
#include "filter/filter.h"

/*
 * Tests of which one holds whenever the comparison does (yes), or does not: *ret_n of them, up to
 * COND_TESTS_MAX.  False: that cannot be told from arguments.  event: its type (EV_*).
 */
bool number_tests(u32 event, const struct filter_node *n, bool yes, struct kf_test *ret, u32 *ret_n);

/* The same for what fields tell of the descriptor: its type, protocol, ports and addresses. */
bool fd_tests(const struct filter_node *n, bool yes, struct kf_test *ret, u32 *ret_n);
/* The argument of an event's call that is its descriptor, and whether it teaches: a value of kfilter.fds. */
u8 fd_of_event(u32 event);

#endif
