/* SPDX-License-Identifier: Apache-2.0 */
/* Does a condition hold for an openat that nothing is known of? */
#ifndef SAKER_TESTS_UNIT_FILTER_HOLDS_H
#define SAKER_TESTS_UNIT_FILTER_HOLDS_H

#include <string.h>

#include "filter/filter.h"

/* 1 holds, 0 does not, -1 refused with the message in d. */
static int filter_holds(const struct field_set *set, const char *text, struct diag *d)
{
	struct filter_pool *p = filter_pool_new(set);
	struct event ev = { .type = EV_SYSCALL_OPENAT_2_X, .desc = event_desc(EV_SYSCALL_OPENAT_2_X) };
	struct filter_state *s;
	struct field_ctx x;
	struct arena a;
	struct ast *n;
	int ret = -1;
	u32 expr;

	arena_init(&a);
	if (!filter_parse(&a, text, strlen(text), FILTER_DEPTH_MAX, &n, d) &&
	    !filter_compile(p, n, &expr, d, NULL, NULL)) {
		filter_pool_seal(p);
		s = filter_state_new(p);
		field_ctx_init(&x, NULL);
		field_ctx_event(&x, &ev);
		filter_begin(s, &x);
		ret = filter_run(s, expr);
		field_ctx_fini(&x);
		filter_state_free(s);
	}
	filter_pool_free(p);
	arena_fini(&a);
	return ret;
}

#endif
