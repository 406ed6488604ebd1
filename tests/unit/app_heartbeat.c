/* SPDX-License-Identifier: Apache-2.0 */
/* When the sensor counts as blind, and what the web server and those who ask for figures are told. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/loop.h"
#include "app/web.h"
#include "event/table.h"

static struct syscall_counters counters[2];

static void visit(struct capture *c, struct counters_visitor *v)
{
	(void)c;
	for (u32 cpu = 0; cpu < ARRAY_SIZE(counters); cpu++)
		v->visit(v, cpu, SC_openat, &counters[cpu]);
}

static const struct capture_ops ops = { .name = "fake", .counters = visit };
static struct capture capture = { .ops = &ops };

static void beat(struct heartbeat *h, s64 tid, const char *name, bool want)
{
	struct event ev = { .tid = tid, .nparams = 4 };

	ev.params[2].p = (const void *)name;
	ev.params[2].len = (u32)strlen(name) + 1;
	assert_int_equal(heartbeat_take(h, &ev), want);
}

/* Anybody can read the name in /proc and take it, before the first beat is back. */
static void stolen_name(void **state)
{
	struct heartbeat h = { 0 }, other;
	struct stat st;

	(void)state;
	assert_int_equal(heartbeat_start(&h), 0);
	heartbeat_share(&other, &h);
	if (stat("/proc/self/ns/pid", &st) || st.st_ino != 0xeffffffc) {
		assert_int_equal(h.tid, 0);
		heartbeat_stop(&h);
		print_message("skipped: not in the first pid namespace\n");
		skip();
	}
	beat(&h, h.pid + 1, h.name, false);
	beat(&other, h.pid + 1, h.name, false);
	assert_int_equal(h.beats + other.beats, 0);
	beat(&h, h.pid, h.name, true);
	beat(&other, h.pid, h.name, true);
	beat(&h, h.pid + 1, h.name, false);
	assert_int_equal(h.beats, 1);
	heartbeat_stop(&h);
}

static enum heartbeat_news look(struct heartbeat *h, u64 fetched, bool idle)
{
	heartbeat_check_books(h, &capture, fetched, idle);
	return heartbeat_check(h);
}

static void missed(void **state)
{
	struct heartbeat h = { .on = true, .name = "saker-hb-x" };

	(void)state;
	memset(counters, 0, sizeof(counters));
	for (u32 i = 0; i < HEARTBEAT_MISSED_MAX; i++)
		assert_int_equal(look(&h, 0, true), NO_NEWS);
	beat(&h, 9, "saker-hb-y", false);
	beat(&h, 9, "saker-hb-x", true);
	beat(&h, 10, "saker-hb-x", false);	/* somebody who took its name */
	for (u32 i = 0; i < HEARTBEAT_MISSED_MAX; i++)
		assert_int_equal(look(&h, 0, true), NO_NEWS);
	assert_int_equal(look(&h, 0, true), NOW_BLIND);
	assert_true(h.blind && strstr(h.reason, "no heartbeat came back for 5 seconds"));
	assert_int_equal(look(&h, 0, true), NO_NEWS);
	beat(&h, 9, "saker-hb-x", true);
	assert_int_equal(look(&h, 0, true), SEES_AGAIN);
	assert_int_equal(h.blind_alerts, 1);
	h.on = false;
	for (u32 i = 0; i < 20; i++)
		assert_int_equal(look(&h, 0, true), NO_NEWS);
}

static enum heartbeat_news second(struct heartbeat *h, u64 fetched, bool idle)
{
	beat(h, 1, "saker-hb-x", true);
	return look(h, fetched, idle);
}

static void unbalanced(void **state)
{
	struct heartbeat h = { .on = true, .name = "saker-hb-x" };

	(void)state;
	counters[0] = (struct syscall_counters){ .seen = 1000, .filtered = 100, .sent = 800, .lost = 100 };
	counters[1] = (struct syscall_counters){ .seen = 500, .filtered = 0, .sent = 499 };	/* one is under way */
	for (u32 i = 0; i < 20; i++) {
		assert_int_equal(second(&h, 1299, true), NO_NEWS);
		assert_int_equal(second(&h, 7, false), NO_NEWS);	/* the rest is in the rings */
	}
	/* a syscall that gets too many makes no good for one that gets too few */
	counters[0].sent -= 100;
	counters[1].sent += 100;
	for (u32 i = 0; i < HEARTBEAT_MISSED_MAX; i++)
		assert_int_equal(second(&h, 1299, false), NO_NEWS);
	assert_int_equal(second(&h, 1299, false), NOW_BLIND);
	assert_non_null(strstr(h.reason, "do not account for 199 events"));
	counters[0].sent += 100;
	counters[1].sent -= 100;
	assert_int_equal(second(&h, 1299, true), SEES_AGAIN);
	/* sent, and never fetched though there is nothing more to fetch */
	for (u32 i = 0; i < HEARTBEAT_MISSED_MAX; i++)
		assert_int_equal(second(&h, 1000, true), NO_NEWS);
	assert_int_equal(second(&h, 1000, true), NOW_BLIND);
}

static struct config cfg = { .web.healthz = "/health" };
static const struct facts facts = { .engine = "kmod", .hostname = "h" };
static struct desk desk;
static struct desk *const desks[] = { &desk };
static const struct web web = { .cfg = &cfg, .facts = &facts, .desks = (struct desk **)desks, .ndesks = 1 };

static void answer(const char *path, u32 status, const char *body)
{
	struct http_answer a = { .status = 404 };

	web_answer(&web, path, &a);
	assert_int_equal(a.status, status);
	if (!strstr(buf_str(&a.body), body))
		fail_msg("no '%s' in '%s'", body, a.body.p);
	buf_fini(&a.body);
}

static void health(void **state)
{
	struct health h = { .live = true, .wanted = "kmod", .used = "kmod" };

	(void)state;
	desk_init(&desk);
	answer("/healthz", 404, "");
	answer("/health", 503, "\"stalled\"");
	desk_publish(&desk, &h);
	answer("/health", 200, "{\"status\": \"ok\"}");
	h.fallback = true;
	h.used = "ptrace";
	h.why = "no \"module\"";
	desk_publish(&desk, &h);
	answer("/health", 200, "{\"driver\": {\"fallback\": true, \"used\": \"ptrace\", \"wanted\": \"kmod\", \"why\": "
			       "\"no \\\"module\\\"\"}, \"status\": \"degraded\"}");
	h.blind = true;
	strcpy(h.reason, "it is dark");
	desk_publish(&desk, &h);
	answer("/health", 503, "\"reason\": \"it is dark\", \"status\": \"blind\"}");
	desk.healthy_ms -= DESK_STALLED_MS + 1;
	answer("/health", 503, "\"stalled\"");
	desk_fini(&desk);
}

static void *asker(void *arg)
{
	struct snapshot s = { 0 };
	int err = desk_ask(arg, 2000, &s);

	snapshot_fini(&s);
	return (void *)(long)(err ? err : (int)s.workers + 1);
}

/* Nobody serves; then the loop has ended. */
static void unserved(void **state)
{
	struct snapshot s = { 0 };
	pthread_t t;
	void *ret;

	(void)state;
	desk_init(&desk);
	assert_int_equal(desk_ask(&desk, 50, &s), -ETIMEDOUT);
	assert_true(desk.wanted);
	answer("/metrics", 404, "");
	cfg.metrics.enabled = cfg.web.prometheus = true;
	assert_int_equal(pthread_create(&t, NULL, asker, &desk), 0);
	usleep(50000);
	desk_close(&desk);
	pthread_join(t, &ret);
	assert_int_equal((long)ret, -ESHUTDOWN);
	answer("/metrics", 503, "the sensor ends");
	desk_fini(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missed),
		cmocka_unit_test(stolen_name),
		cmocka_unit_test(unbalanced),
		cmocka_unit_test(health),
		cmocka_unit_test(unserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
