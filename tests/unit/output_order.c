/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts of several workers: in order, each once, whoever is ahead; and how long they wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include "output/order.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char path[] = "/tmp/saker-order-XXXXXX";
static struct outputs *outputs;
static struct output_options output_opt;
static bool interrupt;

static bool interrupted(void)
{
	return __atomic_load_n(&interrupt, __ATOMIC_RELAXED);
}

static int start(void **state)
{
	struct diag d = { 0 };

	(void)state;
	interrupt = false;
	assert_int_equal(truncate(path, 0), 0);
	output_opt = (struct output_options){ .file = { true, true, path }, .wait = true };
	if (outputs_start(&output_opt, &outputs, &d))
		fail_msg("%s", d.msg);
	return 0;
}

/* What has arrived: the outputs are stopped. */
static char *stop(void)
{
	static char text[1 << 20];
	FILE *f;
	size_t n;

	assert_int_equal(outputs_stop(outputs, 0, NULL), 0);
	outputs = NULL;
	f = fopen(path, "r");
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	for (char *p = text; *p; p++)
		*p = *p == '\n' ? ' ' : *p;
	return text;
}

static struct order *new_order(u32 workers, u32 patience_ms, size_t limit)
{
	return order_new(&(struct order_options){ .workers = workers, .patience_ms = patience_ms, .limit = limit,
						  .interrupted = interrupted }, outputs);
}

static void push(struct order *o, u32 worker, u64 key, const char *line)
{
	assert_true(order_push(o, worker, key, PRIO_NOTICE, line, strlen(line)));
}

static void by_key(void **state)
{
	struct order *o = new_order(3, 0, 0);

	(void)state;
	push(o, 0, 5, "5");
	push(o, 0, 7, "7a");
	push(o, 0, 7, "7b");
	order_flush(o, 0, 9);
	push(o, 1, 2, "2");
	order_flush(o, 1, 6);
	push(o, 2, 1, "1");
	push(o, 2, 6, "6");
	order_flush(o, 2, 6);
	push(o, 1, 8, "8");
	order_free(o);
	assert_string_equal(stop(), "1 2 5 6 7a 7b 8 ");
}

static void waits_for_the_slowest(void **state)
{
	struct order *o = new_order(2, 0, 0);

	(void)state;
	push(o, 0, 1, "1");
	order_flush(o, 0, 100);
	usleep(20000);
	order_flush(o, 1, 0);
	push(o, 1, 1, "1 too");	/* of the same event: of the worker before first */
	order_end(o, 1);
	assert_int_equal(order_late(o), 0);
	order_free(o);
	assert_string_equal(stop(), "1 1 too ");
}

static void patience_ends(void **state)
{
	struct order *o = new_order(2, 10, 0);

	(void)state;
	push(o, 0, 50, "50");
	order_flush(o, 0, 60);
	usleep(30000);
	order_flush(o, 0, 60);
	push(o, 1, 40, "40");
	order_flush(o, 1, 40);
	assert_int_equal(order_late(o), 1);
	order_free(o);
	assert_string_equal(stop(), "50 40 ");
}

/* What a live source has too much of goes on early. */
static void limit_without_waiting(void **state)
{
	struct order *o = new_order(2, 60000, 200);
	char line[64];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "%d", i);
		push(o, 0, (u64)i, line);
		order_reached(o, 0, (u64)i);
	}
	push(o, 1, 3, "late");
	order_end(o, 1);
	assert_int_equal(order_late(o), 1);
	order_free(o);
	assert_non_null(strstr(stop(), "98 99 "));
}

/* ---- threads ---- */

#define KEYS 20000u

struct worker {
	struct order *order;
	u32 index, workers;
	pthread_t thread;
};

/* Key k belongs to worker k % n; one of them dawdles. */
static void *work(void *arg)
{
	struct worker *w = arg;
	char line[32];

	for (u32 k = 1; k <= KEYS; k++) {
		for (u32 i = 0; k % w->workers == w->index && i < 1 + k % 3; i++) {
			int n = snprintf(line, sizeof(line), "%u.%u", k, i);

			order_push(w->order, w->index, k, PRIO_NOTICE, line, (size_t)n);
		}
		order_reached(w->order, w->index, k);
		if (w->index == 1 && k % 1000 == 0)
			usleep(1000);
	}
	order_end(w->order, w->index);
	return NULL;
}

static void many_threads(void **state)
{
	struct order *o = new_order(4, 0, 500);	/* small: those ahead have to wait */
	struct worker w[4];
	char *p;

	(void)state;
	for (u32 i = 0; i < 4; i++) {
		w[i] = (struct worker){ .order = o, .index = i, .workers = 4 };
		assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
	for (u32 i = 0; i < 4; i++)
		pthread_join(w[i].thread, NULL);
	assert_int_equal(order_late(o), 0);
	order_free(o);
	p = stop();
	for (u32 k = 1; k <= KEYS; k++)
		for (u32 i = 0; i < 1 + k % 3; i++) {
			assert_int_equal(strtoul(p, &p, 10), k);
			assert_int_equal(*p++, '.');
			assert_int_equal(strtoul(p, &p, 10), i);
		}
	assert_string_equal(p, " ");
}

static void *push_much(void *arg)
{
	struct order *o = arg;
	char line[300];

	memset(line, 'x', sizeof(line));
	for (u64 k = 1; k <= 10; k++) {
		order_push(o, 0, k, PRIO_NOTICE, line, sizeof(line));
		order_reached(o, 0, k);
	}
	return NULL;
}

/* A worker that waits for another one can be stopped. */
static void wait_is_interrupted(void **state)
{
	struct order *o = new_order(2, 0, 500);
	pthread_t t;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, push_much, o), 0);
	usleep(100000);
	assert_int_equal(pthread_tryjoin_np(t, NULL), EBUSY);	/* it waits for worker 1 */
	__atomic_store_n(&interrupt, true, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	order_free(o);
	assert_int_equal(strlen(stop()), 10 * 301);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(by_key, start),
		cmocka_unit_test_setup(waits_for_the_slowest, start),
		cmocka_unit_test_setup(patience_ends, start),
		cmocka_unit_test_setup(limit_without_waiting, start),
		cmocka_unit_test_setup(many_threads, start),
		cmocka_unit_test_setup(wait_is_interrupted, start),
	};
	int fd = mkstemp(path), failed;

	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
