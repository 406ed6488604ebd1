/* SPDX-License-Identifier: Apache-2.0 */
/* `saker top`: from the sensor's JSON to rates and pictures. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "app/figures_json.h"
#include "app/top_view.h"
#include "base/mem.h"
#include "event/table.h"

static void parse(const char *text, struct top_sample *ret)
{
	struct diag d = { 0 };

	if (top_parse(text, strlen(text), ret, &d))
		fail_msg("%s", d.msg);
}

#define BEFORE "{\"version\":1,\"time_ns\":1000000000,\"duration_s\":5,\"seen\":100,\"filtered\":50,\"delivered\":50,\"handled\":50," \
	"\"cpu_ns\":0,\"syscalls\":[{\"name\":\"openat\",\"seen\":100,\"filtered\":50,\"delivered\":50}]," \
	"\"processes\":[{\"pid\":7,\"name\":\"old\",\"events\":50},{\"pid\":8,\"name\":\"evicted\",\"events\":500}]}"
#define NOW "{\"version\":1,\"time_ns\":3000000000,\"duration_s\":7,\"seen\":2100,\"filtered\":1650,\"delivered\":440,\"dropped\":10," \
	"\"handled\":440,\"cpu_ns\":500000000,\"ncpus\":2,\"health\":{\"live\":true,\"driver\":\"kmod\"}," \
	"\"syscalls\":[{\"name\":\"close\",\"seen\":1000,\"filtered\":1000},{\"name\":\"openat\",\"seen\":1100,\"filtered\":650," \
	"\"delivered\":440,\"dropped_buffer\":8,\"dropped_scratch\":2},{\"name\":\"quiet\",\"seen\":0}]," \
	"\"processes\":[{\"pid\":7,\"name\":\"new\\u001b[2J\\u00e9\",\"events\":150},{\"pid\":8,\"name\":\"back\",\"events\":40}]," \
	"\"rules\":[{\"name\":\"r\",\"evaluations\":2000000,\"samples\":10,\"sampled_ns\":1000}]," \
	"\"programs\":[{\"name\":\"p\",\"runs\":5,\"run_ns\":400000000}]}"

static void rates(void **state)
{
	struct top_sample a, b;
	struct top_rates r;

	(void)state;
	parse(BEFORE, &a);
	parse(NOW, &b);
	assert_false(top_restarted(&a, &b));
	top_rates(&a, &b, &r);
	assert_true(r.seconds == 2 && r.seen == 1000 && r.filtered == 800 && r.dropped == 5 && r.cpu == 0.25);
	assert_int_equal(r.n[TOP_SYSCALLS], 2);
	assert_string_equal(r.lists[TOP_SYSCALLS][0].row->name, "openat");
	assert_true(r.lists[TOP_SYSCALLS][0].seen == 500 && r.lists[TOP_SYSCALLS][0].dropped == 5);
	/* the same process under another name; one that lost its place starts at 0 */
	assert_true(r.lists[TOP_PROCESSES][0].row->pid == 7 && r.lists[TOP_PROCESSES][0].delivered == 50);
	assert_true(r.lists[TOP_PROCESSES][1].row->pid == 8 && r.lists[TOP_PROCESSES][1].delivered == 20);
	assert_string_equal(r.lists[TOP_PROCESSES][0].row->name, "new?[2J?");
	assert_true(r.lists[TOP_RULES][0].eval_ns == 100 && r.lists[TOP_RULES][0].cost == 0.1);
	assert_true(r.kernel == 0.2);
	assert_true(top_restarted(&b, &a));
	top_rates_fini(&r);
	top_sample_fini(&a);
	top_sample_fini(&b);
}

static void pictures(void **state)
{
	struct top_sample a, b;
	struct top_rates r;
	struct buf out = { 0 };

	(void)state;
	parse(BEFORE, &a);
	parse(NOW, &b);
	top_rates(&a, &b, &r);
	for (u32 height = 0; height < 60; height++)
		for (u32 width = 0; width < 200; width += 7) {
			u32 lines = 0, column = 0;

			buf_clear(&out);
			top_view_text(&b, &r, width, height, true, &out);
			for (const char *p = buf_str(&out); *p; p++) {
				column = *p == '\n' ? 0 : column + 1;
				lines += *p == '\n';
				assert_true(column <= width);
				assert_true(*p == '\n' || (*p >= ' ' && *p < 0x7f));
			}
			assert_true(lines <= height);
		}
	buf_clear(&out);
	top_view_text(&b, &r, 200, 40, true, &out);
	assert_non_null(strstr(out.p, "seen 1,000 = filtered in the kernel 800 + delivered 195 + dropped 5.0\n"));
	assert_non_null(strstr(out.p, "most load openat (50% of the calls seen); new?[2J?, process 7 (26% of the events delivered)"));
	assert_non_null(strstr(out.p, "The kernel filtered 80% of what it saw: processes are ranked by the rest."));
	buf_clear(&out);
	top_view_json(&b, &r, &out);
	assert_int_equal(strcspn(out.p, "\n"), out.len - 1);
	assert_non_null(strstr(out.p, "\"processes\":[{\"name\":\"new?[2J?\",\"pid\":7,\"delivered\":50.0}"));
	buf_fini(&out);
	top_rates_fini(&r);
	top_sample_fini(&a);
	top_sample_fini(&b);
}

/* What the sensor writes is what top reads. */
static void both_ways(void **state)
{
	static const struct config cfg;
	static const struct facts facts = { .engine = "modern_bpf", .hostname = "h", .ncpus = 3 };
	struct snapshot snap = { .time_ns = 9, .workers = 1, .events = 11, .talkers_evicted = 4,
				 .health = { .live = true, .used = "kmod", .wanted = "modern_ebpf", .fallback = true, .blind = true,
					     .reason = "why" } };
	struct buf out = { 0 };
	struct figures f;
	struct top_sample s;

	(void)state;
	snap.by_code[SC_openat] = (struct syscall_counters){ .seen = 10, .filtered = 1, .sent = 3, .held = 1,
							    .lost = 5, .lost_scratch = 2 };
	snap.talkers = xcalloc(1, sizeof(*snap.talkers));
	snap.talkers[0] = (struct talker){ .pid = 42, .events = 6, .name = "a\xff\x01\"b" };
	snap.ntalkers = 1;
	figures_init(&f, &cfg, &facts, &snap, NULL);
	figures_json(&f, &out);
	parse(out.p, &s);
	assert_true(s.blind && s.fallback && s.handled == 11 && s.evicted == 4 && s.ncpus == 3);
	assert_string_equal(s.driver, "kmod");
	assert_string_equal(s.reason, "why");
	assert_int_equal(s.lists[TOP_SYSCALLS].n, 1);
	assert_int_equal(s.lists[TOP_SYSCALLS].p[0].dropped, 5);
	assert_int_equal(s.lists[TOP_PROCESSES].p[0].pid, 42);
	assert_int_equal(s.lists[TOP_PROCESSES].p[0].delivered, 6);
	assert_string_equal(s.lists[TOP_PROCESSES].p[0].name, "a??\"b");
	buf_fini(&out);
	figures_fini(&f);
	top_sample_fini(&s);
}

static void nonsense(void **state)
{
	static const char *const bad[] = { "", "[]", "{", "{\"version\":2}", "null", "{\"version\":\"1\"}" };
	struct diag d = { 0 };
	struct top_sample s;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(top_parse(bad[i], strlen(bad[i]), &s, &d), -EPROTO);
	diag_fini(&d);
	parse("{\"version\":1,\"syscalls\":7,\"health\":[],\"rules\":[1,null,{\"name\":5}],\"seen\":-4}", &s);
	assert_int_equal(s.seen, 0);
	top_sample_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates),
		cmocka_unit_test(pictures),
		cmocka_unit_test(both_ways),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
