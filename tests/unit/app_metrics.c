/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of metrics, both writers, and what they are made from. */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/duration.h"
#include "app/metrics.h"
#include "app/talkers.h"
#include "base/mem.h"
#include "event/table.h"

static struct config cfg = { .metrics = { .rules = true, .state = true, .kernel = true, .per_cpu = true, .libbpf = true } };
static struct facts facts = { .hostname = "host", .engine = "modern_bpf", .kernel = "6.1", .start_ns = 5, .ncpus = 2 };

/* Names of a family that differ in a label only appear once a row. */
static void rows(void **state)
{
	(void)state;
	for (u32 i = 0; i < metric_nrows; i++) {
		const struct metric_row *r = &metric_rows[i];
		struct buf a = { 0 }, b = { 0 };

		assert_true(r->json || r->prometheus);
		assert_true(r->help[0] && r->help[strlen(r->help) - 1] == '.');
		for (const char *p = r->prometheus; p && *p; p++)
			assert_true(isalnum((unsigned char)*p) || strchr("_%", *p));
		if (r->prometheus && r->type == METRIC_COUNTER)
			assert_string_equal(r->prometheus + strlen(r->prometheus) - 6, "_total");
		if (r->json)
			metric_json_name(r, &cfg, "x", &a);
		for (u32 j = 0; j < i; j++) {
			if (metric_rows[j].json)
				metric_json_name(&metric_rows[j], &cfg, "x", &b);
			assert_false(a.len && b.len && !strcmp(a.p, b.p));
			buf_clear(&b);
			if (r->prometheus && metric_rows[j].prometheus)
				assert_string_not_equal(r->prometheus, metric_rows[j].prometheus);
		}
		buf_fini(&a);
		buf_fini(&b);
	}
}

static const char *const tags[] = { "mitre_x", "T1055.009" };
static struct rule rule = { .name = "Read \"it\" (now)", .source = "syscall", .priority = PRIO_WARNING,
			    .alert = { .tags = tags, .ntags = 2 } };

static void fill(struct snapshot *s)
{
	*s = (struct snapshot){ .time_ns = 3000000000, .workers = 1, .events = 50, .health = { .live = true,
		.wanted = "kmod", .used = "ptrace", .fallback = true } };
	s->capture.events = 40;
	s->capture.drops_buffer = 9;
	s->capture.drops_scratch = 1;
	s->capture.drops_class[DROPS_OPEN] = 9;
	s->by_code[SC_openat] = (struct syscall_counters){ .seen = 57, .filtered = 7, .sent = 40, .lost = 10,
							   .lost_scratch = 1 };
	s->cpus = xcalloc(2, sizeof(*s->cpus));
	s->ncpus = 2;
	s->cpus[1] = s->by_code[SC_openat];
	s->rules = xcalloc(1, sizeof(*s->rules));
	s->rules[0] = (struct snapshot_rule){ .rule = &rule, .matches = 3, .evaluations = 8 };
	s->nrules = 1;
	s->programs = xcalloc(1, sizeof(*s->programs));
	s->programs[0] = (struct snapshot_program){ "__x64_sys_openat", 4, 400 };
	s->nprograms = 1;
	s->proc.bytes = (3 << 19) + 9;
	s->proc.fd_bytes = 9;
	s->bytes[SC_openat] = 6400;
}

static void figures(struct figures *f, const struct metrics_past *past)
{
	struct snapshot s;

	fill(&s);
	figures_init(f, &cfg, &facts, &s, past);
}

static const char *field(const struct metrics_fields *m, const char *key)
{
	for (u32 i = 0; i < m->n; i++)
		if (!strcmp(m->p[i].key, key))
			return m->p[i].value;
	return "none";
}

static void json(void **state)
{
	const struct metrics_past past = { .time_ns = 1000000000, .events = 20, .made = 30, .drops = 5 };
	struct metrics_fields m;
	struct figures f;

	(void)state;
	figures(&f, &past);
	metrics_fields(&f, &m);
	for (u32 i = 1; i < m.n; i++)
		assert_true(strcmp(m.p[i - 1].key, m.p[i].key) < 0);
	assert_string_equal(field(&m, "evt.hostname"), "host");
	assert_string_equal(field(&m, "falco.rules.Read_it_now"), "3");
	assert_string_equal(field(&m, "saker.rules.Read_it_now.evaluations"), "8");
	assert_string_equal(field(&m, "falco.evts_rate_sec"), "15.0");
	assert_string_equal(field(&m, "scap.n_evts"), "50");
	assert_string_equal(field(&m, "scap.evts_rate_sec"), "10.0");
	assert_string_equal(field(&m, "scap.evts_drop_rate_sec"), "2.5");
	assert_string_equal(field(&m, "scap.n_drops_perc"), "25.0");
	assert_string_equal(field(&m, "scap.n_drops_buffer_open_exit"), "9");
	assert_string_equal(field(&m, "scap.n_drops_buffer_close_exit"), "none");	/* 0 */
	assert_string_equal(field(&m, "scap.n_evts_cpu_1"), "50");
	assert_string_equal(field(&m, "saker.syscall.openat.dropped_buffer"), "9");
	assert_string_equal(field(&m, "saker.syscall.openat.filtered"), "7");
	assert_string_equal(field(&m, "saker.syscall.openat.bytes"), "6400");
	assert_string_equal(field(&m, "saker.tables.fds.memory_bytes"), "9");
	assert_string_equal(field(&m, "scap.__x64_sys_openat.avg_time_ns"), "100");
	assert_string_equal(field(&m, "saker.tables.threads.memory_bytes"), "1572864");
	assert_string_equal(field(&m, "saker.driver.fallback"), "1");
	metrics_fields_fini(&m);
	cfg.metrics.convert_memory = cfg.metrics.empty_values = true;
	cfg.metrics.per_cpu = false;
	metrics_fields(&f, &m);
	assert_string_equal(field(&m, "saker.tables.threads.memory_mb"), "1.5");
	assert_string_equal(field(&m, "scap.n_drops_buffer_close_exit"), "0");
	assert_string_equal(field(&m, "scap.n_evts_cpu_1"), "none");
	cfg.metrics.convert_memory = cfg.metrics.empty_values = false;
	cfg.metrics.per_cpu = true;
	metrics_fields_fini(&m);
	figures_fini(&f);
}

static void has(const struct buf *b, const char *line)
{
	if (!strstr(b->p, line))
		fail_msg("no '%s' in:\n%s", line, b->p);
}

static void prometheus(void **state)
{
	struct buf b = { 0 };
	struct figures f;

	(void)state;
	figures(&f, NULL);
	metrics_prometheus(&f, &b);
	has(&b, "\n# TYPE falcosecurity_scap_n_evts_total counter\nfalcosecurity_scap_n_evts_total 50\n");
	has(&b, "falcosecurity_evt_hostname_info{hostname=\"host\"} 1\n");
	has(&b, "falcosecurity_falco_rules_matches_total{priority=\"4\",rule_name=\"Read \\\"it\\\" (now)\",source=\"syscall\","
		"tag_mitre_x=\"true\",tag_T1055_009=\"true\"} 3\n");
	has(&b, "falcosecurity_scap_n_drops_buffer_total{dir=\"exit\",drop=\"open\"} 9\n");
	has(&b, "falcosecurity_scap_n_evts_cpu_total{cpu=\"0\"} 0\nfalcosecurity_scap_n_evts_cpu_total{cpu=\"1\"} 50\n");
	has(&b, "falcosecurity_scap__x64_sys_openat_run_cnt_total 4\n");
	has(&b, "saker_syscall_delivered_total{syscall=\"openat\"} 40\n");
	has(&b, "saker_driver_fallback{wanted=\"kmod\",used=\"ptrace\"} 1\n");
	buf_fini(&b);
	figures_fini(&f);
}

static void replay_has_no_driver(void **state)
{
	struct buf b = { 0 };
	struct figures f;

	(void)state;
	figures(&f, NULL);
	f.snap.health.live = false;
	metrics_prometheus(&f, &b);
	assert_null(strstr(b.p, "scap_n_drops_total"));
	assert_null(strstr(b.p, "saker_blind"));
	assert_non_null(strstr(b.p, "rules_matches"));
	buf_fini(&b);
	figures_fini(&f);
}

static void sums(void **state)
{
	struct snapshot a, b, sum = { 0 };

	(void)state;
	fill(&a);
	fill(&b);
	a.talkers = xcalloc(2, sizeof(*a.talkers));
	a.talkers[0] = (struct talker){ .pid = 1, .events = 5 };
	a.talkers[1] = (struct talker){ .pid = 2, .events = 6 };
	a.ntalkers = 2;
	b.talkers = xcalloc(1, sizeof(*b.talkers));
	b.talkers[0] = (struct talker){ .pid = 2, .events = 4 };
	b.ntalkers = 1;
	b.health.blind = true;
	strcpy(b.health.reason, "why");
	a.health.beats = b.health.beats = 3;
	snapshot_add(&sum, &a);
	assert_false(sum.health.blind);
	snapshot_add(&sum, &b);
	assert_int_equal(sum.workers, 2);
	assert_int_equal(sum.events, 100);
	assert_int_equal(sum.capture.drops_class[DROPS_OPEN], 18);
	assert_int_equal(sum.by_code[SC_openat].seen, 114);
	assert_int_equal(sum.cpus[1].sent, 80);
	assert_int_equal(sum.bytes[SC_openat], 12800);
	assert_int_equal(sum.rules[0].matches, 6);
	assert_int_equal(sum.programs[0].runs, 8);
	assert_int_equal(sum.ntalkers, 2);
	assert_int_equal(sum.talkers[1].events, 10);
	assert_true(sum.health.blind);
	assert_string_equal(sum.health.reason, "why");
	assert_int_equal(sum.health.beats, 3);
	snapshot_fini(&a);
	snapshot_fini(&b);
	snapshot_fini(&sum);
}

static void durations(void **state)
{
	static const char *const bad[] = { "", "1", "h", "1x", "1h 30m", "30m1h", "1h1h", "-1s", "1.5s", "99999999999s",
					   "600000000y", "1ms1s" };
	u64 ms;

	(void)state;
	assert_int_equal(duration_parse("1h30m", &ms), 0);
	assert_int_equal(ms, 5400000);
	assert_int_equal(duration_parse("1y1w1d1h1m1s1ms", &ms), 0);
	assert_int_equal(ms, 31536000000 + 604800000 + 86400000 + 3600000 + 60000 + 1000 + 1);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		if (duration_parse(bad[i], &ms) != -EINVAL)
			fail_msg("'%s' is taken for a duration", bad[i]);
}

/* A storm of short processes does not push out the one that is busy. */
static void talkers(void **state)
{
	struct talkers *t = xcalloc(1, sizeof(*t));

	(void)state;
	for (s64 i = 0; i < 100000; i++) {
		talkers_count(t, 77);
		talkers_count(t, 1000 + i);
		if (i % 1000 == 999)
			talkers_age(t);
	}
	assert_int_equal(talkers_count(t, 77)->events, 100001);
	assert_true(t->evicted > 99000);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(json),
		cmocka_unit_test(prometheus),
		cmocka_unit_test(replay_has_no_driver),
		cmocka_unit_test(sums),
		cmocka_unit_test(durations),
		cmocka_unit_test(talkers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
