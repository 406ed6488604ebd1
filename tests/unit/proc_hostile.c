/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of every type with random parameters, live and not: nothing may crash, loop or
 * grow without bound, and the tables stay consistent.
 */
#include "unit/proc_events.h"

static u64 seed = 88172645463325252ull;

static u32 rnd(u32 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (u32)((seed >> 16) % n);
}

static s64 rnd_number(void)
{
	static const s64 some[] = {0,  1,  -1,   2,    3,         5,         7,        10,
				   11, 12, -100, 1024, INT32_MAX, INT64_MAX, INT64_MIN};

	return some[rnd(ARRAY_SIZE(some))];
}

static u32 rnd_param(u8 *p)
{
	s64 v = rnd_number();
	u32 n;

	switch (rnd(6)) {
	case 0:
		return 0;
	case 1:
		n = rnd(64);
		for (u32 i = 0; i < n; i++)
			p[i] = (u8)rnd(256);
		return n;
	case 2:
		n = 7 + rnd(60);
		for (u32 i = 0; i < n; i++)
			p[i] = (u8)rnd(3);
		p[0] = (u8)(rnd(2) ? 2 : rnd(2) ? 1 : 10);
		return n;
	case 3:
		n = rnd(4);
		memcpy(p, &(u32){1u << rnd(32)}, 4);
		return n < 3 ? 1u << n : 4;
	case 4:
		strcpy((char *)p, rnd(2) ? "../a/./b" : "/x/y");
		return (u32)strlen((char *)p) + rnd(2);
	}
	memcpy(p, &v, 8);
	return 8;
}

static void random_event(struct proc *p, u64 ts_ns, bool live)
{
	static u8 bytes[65536];
	struct event_hdr h = {.ts_ns = ts_ns,
			      .tid = (u64)rnd_number(),
			      .type = (u16)rnd(EV_MAX),
			      .nparams = rnd(EVENT_PARAMS_MAX + 1)};
	bool large = event_desc(h.type)->flags & EF_LARGE;
	u32 at = (u32)sizeof(h) + (large ? 4 : 2) * h.nparams;
	struct diag d = {0};
	struct event ev;

	for (u32 i = 0; i < h.nparams; i++) {
		u32 n = rnd_param(bytes + at);

		memcpy(bytes + sizeof(h) + (large ? 4 : 2) * i, &n, large ? 4 : 2);
		at += n;
	}
	h.len = at;
	memcpy(bytes, &h, sizeof(h));
	if (!event_decode(&ev, (const void *)bytes, at, &d)) {
		ev.live = live;
		proc_apply(p, &ev);
		if (rnd(2))
			proc_done(p, &ev);
	}
	diag_fini(&d);
}

static void check_tables(struct proc *p)
{
	for (s64 tid = 0; tid < 13; tid++) {
		const struct thread *t = proc_thread(p, tid), *up;
		u32 depth = 0;
		u64 fds = 0;
		size_t pos = 0;

		if (!t)
			continue;
		for (up = t; up && depth < 1000; up = proc_parent(p, up))
			depth++;
		assert_true(depth < 1000);
		while (proc_fd_next(p, t, &pos))
			fds++;
		assert_true(fds <= 4096);
		assert_int_equal(t->comm.p[t->comm.len], 0);
	}
}

static void run(bool live)
{
	const struct proc_options opt = {.max_threads = 7, .live = live, .keep_fds = live,
					 .max_bytes = {.threads = 96 << 10, .fds = 64 << 10}};
	struct proc *p = proc_new(&opt);
	struct proc_stats s;

	known_thread(p, 1, 1, 0, "init");
	known_thread(p, 10, 10, 1, "ten");
	known_thread(p, 11, 10, 1, "eleven");
	known_thread(p, 12, 12, 11, "twelve");
	for (u32 i = 0; i < 300000; i++) {
		random_event(p, 1700000000000000000ull + i * 1000000ull, live);
		if (i % 1000 == 0)
			check_tables(p);
	}
	proc_get_stats(p, &s);
	assert_true(s.threads <= 9);
	assert_true(s.table[TABLE_THREADS].evicted > 0);
	assert_true(s.table[TABLE_FDS].evicted > 0);
	proc_free(p);
}

static void test_replay(void **state)
{
	(void)state;
	run(false);
}

static void test_live(void **state)
{
	(void)state;
	run(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
