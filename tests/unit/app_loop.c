/* SPDX-License-Identifier: Apache-2.0 */
/* Where the sensor's own alerts stand among those of several workers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/loop.h"
#include "base/clock.h"
#include "field/field.h"

static char path[] = "/tmp/saker-loop-XXXXXX";

static struct output_options output_opt = { .file = { true, true, path }, .wait = true };
static const struct alert_options alert_opt = { .include_output = true, .hostname = "h" };
static const struct order_options order_opt = { .workers = 2, .patience_ms = 20 };
static const struct field_set no_fields;

static const char *contents(void)
{
	static char text[4096];
	FILE *f = fopen(path, "r");
	size_t n = fread(text, 1, sizeof(text) - 1, f);

	fclose(f);
	text[n] = '\0';
	return text;
}

static void of_event(struct order *o, u64 ts_ns, const char *line)
{
	order_push(o, 0, ts_ns, PRIO_NOTICE, line, strlen(line));
	order_reached(o, 0, ts_ns);
	order_reached(o, 1, ts_ns);
}

/* Their time is the present; events that have not been looked at yet are older. */
static void internal_alerts_in_order(void **state)
{
	const u64 behind = clock_ns(CLOCK_REALTIME) - 30 * NS_PER_S;
	const struct timespec patience = { .tv_nsec = 40 * NS_PER_MS };
	struct run r = { .last_ts_ns = behind };
	struct crew crew = { .n = 2 };
	struct diag d = { 0 };
	const char *at[4];

	(void)state;
	assert_int_equal(outputs_start(&output_opt, &r.outputs, &d), 0);
	crew.order = order_new(&order_opt, r.outputs);
	r.crew = &crew;
	r.printer = alert_printer_new(&alert_opt, &no_fields);
	loop_push_internal(&r, clock_ns(CLOCK_REALTIME), "x", PRIO_WARNING, "internal one", NULL, 0);
	of_event(crew.order, behind + 1, "event one");
	/* in idle times workers come further than their last event */
	order_flush(crew.order, 1, behind + NS_PER_S);
	order_flush(crew.order, 0, behind + NS_PER_S);
	loop_push_internal(&r, clock_ns(CLOCK_REALTIME), "x", PRIO_WARNING, "internal two", NULL, 0);
	nanosleep(&patience, NULL);	/* what waits for its time, goes on now */
	of_event(crew.order, behind + 2 * NS_PER_S, "event two");
	order_end(crew.order, 0);
	order_end(crew.order, 1);
	assert_int_equal(order_late(crew.order), 0);
	order_free(crew.order);
	assert_int_equal(outputs_stop(r.outputs, 0, NULL), 0);
	alert_printer_free(r.printer);
	buf_fini(&r.line);
	at[0] = strstr(contents(), "internal one");
	at[1] = strstr(contents(), "event one");
	at[2] = strstr(contents(), "internal two");
	at[3] = strstr(contents(), "event two");
	for (u32 i = 0; i < 4; i++)
		assert_non_null(at[i]);
	assert_true(at[0] < at[1] && at[1] < at[2] && at[2] < at[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(internal_alerts_in_order) };
	int fd = mkstemp(path), failed;

	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
