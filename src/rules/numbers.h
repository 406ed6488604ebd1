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

#endif
