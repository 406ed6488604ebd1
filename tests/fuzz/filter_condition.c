/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A condition, and behind a NUL the strings it is evaluated on: parsed, printed, compiled,
 * inferred, specialised and run.  Specialising must not change the result.
 */
#include <stdlib.h>

#include "tests/unit/filter_fields.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static void on_note(void *ctx, const struct filter_note *n)
{
	*(size_t *)ctx += strlen(n->msg);
}

static void run(struct filter_pool *p, struct facts *t, u32 expr)
{
	struct event ev = { .type = EV_SYSCALL_OPENAT_2_X,
			   .desc = event_desc(EV_SYSCALL_OPENAT_2_X) };
	u32 special = filter_expr_for_event(p, expr, ev.type);
	struct filter_state *s;
	struct field_ctx x;

	filter_pool_seal(p);
	s = filter_state_new(p);
	field_ctx_init(&x, NULL);
	x.user = t;
	for (u32 i = 0; i < 2; i++) {
		field_ctx_event(&x, &ev);
		filter_begin(s, &x);
		if (filter_run(s, expr) != filter_run(s, special))
			abort();
	}
	field_ctx_fini(&x);
	filter_state_free(s);
}

static void compile(struct filter_pool *p, struct facts *t, const struct ast *n)
{
	struct diag d = { 0 };
	struct event_set set;
	struct buf b = { 0 };
	size_t notes = 0;
	u32 expr;

	filter_print(n, &b);
	if (!filter_compile(p, n, &expr, &d, on_note, &notes)) {
		filter_events(p, n, &set, &d);
		filter_expr_print(p, expr, &b);
		run(p, t, expr);
	}
	diag_fini(&d);
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	const u8 *nul = memchr(data, 0, len);
	size_t text_len = nul ? (size_t)(nul - data) : len, rest = nul ? len - text_len - 1 : 0;
	char *value = xmemdup0(nul ? nul + 1 : data, rest);
	struct facts t = {
		.name = value,
		.path = value,
		.cmdline = value,
		.kin = { value, "init" },
		.types = { value },
		.num = rest,
		.res = -(s64)rest,
		.data = value,
		.data_len = (u32)rest,
		.ip_len = rest & 1 ? 16 : 4,
	};
	struct filter_pool *p = filter_pool_new(&test_fields);
	struct diag d = { 0 };
	struct arena a;
	struct ast *n;

	arena_init(&a);
	if (!filter_parse(&a, (const char *)data, text_len, FILTER_DEPTH_MAX, &n, &d))
		compile(p, &t, n);
	diag_fini(&d);
	arena_fini(&a);
	filter_pool_free(p);
	free(value);
	return 0;
}
