/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration gives, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cmdline.h"
#include "schema/driver_abi.h"

static char dir[] = "/tmp/saker-config-XXXXXX";

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int load(struct config *c, const char *text, const char *option, struct diag *d)
{
	const char *options[] = { option };
	struct strlist list = { options, !!option };

	write_file("c.yaml", text);
	config_init(c);
	return config_load(c, "c.yaml", &list, d);
}

static void defaults(void **state)
{
	struct diag d = { 0 };
	struct config c;

	(void)state;
	assert_int_equal(load(&c, "", NULL, &d), 0);
	assert_string_equal(c.engine_kind, "auto");
	assert_false(c.sinks.stdout_enabled);
	assert_true(c.log_syslog);
	assert_true(c.json_output_property);
	assert_true(c.first_match);
	assert_int_equal(c.min_priority, PRIO_DEBUG);
	assert_int_equal(c.log_level, PRIO_INFORMATIONAL);
	assert_int_equal(c.modern_buf_preset, 4);
	assert_int_equal(c.drops_actions, DROP_IGNORE);
	assert_int_equal(c.rules_files.n, 0);
	assert_int_equal(c.no_effect.n, 0);
	config_fini(&c);
}

static void values(void **state)
{
	struct diag d = { 0 };
	struct config c;

	(void)state;
	setenv("ON", "true", 1);
	assert_int_equal(load(&c, "json_output: ${ON}\n"
			      "rules_files: [a.yaml, b.yaml]\n"
			      "engine: {kind: modern_ebpf, modern_ebpf: {buf_size_preset: 2}}\n"
			      "rules: [{disable: {tag: x}}, {enable: {rule: 'a*'}}]\n"
			      "static_fields: {site: lab, n: 5}\n"
			      "syscall_event_drops: {threshold: 0.5, actions: [log, alert]}\n"
			      "append_output:\n"
			      "  - {match: {rule: r, source: syscall, tags: [t]}, extra_output: x, suggested_output: true}\n"
			      "  - extra_fields: [proc.pid, {my.key: '%proc.name'}]\n"
			      "buffered_outputs: sometimes\n",
			      "outputs_queue.capacity=12", &d), 0);
	assert_true(c.json_output);
	assert_int_equal(c.rules_files.n, 2);
	assert_string_equal(c.rules_files.p[1], "b.yaml");
	assert_string_equal(c.engine_kind, "modern_ebpf");
	assert_int_equal(c.modern_buf_preset, 2);
	assert_int_equal(c.nselection, 2);
	assert_false(c.selection[0].enable);
	assert_string_equal(c.selection[0].tag, "x");
	assert_string_equal(c.selection[1].rule, "a*");
	assert_string_equal(strmap_gets(&c.static_fields, "n"), "5");
	assert_int_equal(c.drops_actions, DROP_LOG | DROP_ALERT);
	assert_true(c.drops_threshold == 0.5);
	assert_int_equal(c.nappend, 2);
	assert_string_equal(c.append[0].match_tags[0], "t");
	assert_true(c.append[0].suggested_output);
	assert_int_equal(c.append[1].nextra_fields, 2);
	assert_null(c.append[1].extra_fields[0].format);
	assert_string_equal(c.append[1].extra_fields[1].key, "my.key");
	assert_false(c.buffered_outputs);	/* wrong type: the default */
	assert_int_equal(c.queue_capacity, 12);
	config_fini(&c);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *option, *error;
	} rows[] = {
		{ "a: [", NULL, "Error reading config file (c.yaml): line " },
		{ "- a", NULL, "Error reading config file (c.yaml): line 1, column 1: a configuration is a map" },
		{ "falco_libs: 512", NULL, "falco_libs: expected a map" },
		{ "", "json_output", "Error parsing config option \"json_output\"." },
		{ "", "engine.kind=nosuch", "(c.yaml): engine.kind 'nosuch' is not a valid kind." },
		{ "", "engine.kind=replay", "engine.kind is 'replay' but no engine.replay.capture_file" },
		{ "", "rule_matching=x", "Unknown rule matching strategy \"x\"--must be one of first, all" },
		{ "", "priority=x", "Unknown priority \"x\"--must be one of emergency" },
		{ "", "log_level=Info", "log_level" },
		{ "", "file_output.enabled=true", "file output enabled but no filename" },
		{ "", "program_output.enabled=true", "program output enabled but no program" },
		{ "", "syscall_event_drops.threshold=1.1", "range [0, 1]" },
		{ "syscall_event_drops: {actions: [ignore, log]}", NULL, "\"log\" does not make sense" },
		{ "", "webserver.listen_address=1.1.1.327", "\"1.1.1.327\" is not a valid IP address" },
		{ "", "load_plugins[]=x", "Cannot load plugin 'x': plugin config not found" },
		{ "", "plugins[]={name: x, library_path: ../../x.so}", "resolves outside the plugins directory" },
		{ "{rules_file: a, rules_files: []}", NULL, "both 'rules_files' and 'rules_file' keys set" },
		{ "{rule_files: a, rules_files: []}", NULL, "both 'rules_files' and 'rule_files' keys set" },
		{ "{rule_files: a, rules_file: b}", NULL, "both 'rules_file' and 'rule_files' keys set" },
		{ "rules: [{enable: {}}]", NULL, "rules: 'enable' needs" },
		{ "rules: [x]", NULL, "rules: each entry" },
		{ "", "append_output=[]", "append_output: bad conversion" },
		{ "append_output: [x]", NULL, "append_output: each entry is a map" },
		{ "", "engine.modern_ebpf.buf_size_preset=11", "between '1' and '10'" },
		{ "", "engine.modern_ebpf.buf_size_preset=-1", "between '1' and '10'" },
		{ "", "engine.modern_ebpf.buf_size_preset=large", "a number from 1 to 10, or auto" },
		{ "engine: {modern_ebpf: {buf_size_preset: [4]}}", NULL, "a number from 1 to 10, or auto" },
		{ "", "engine.kmod.buf_size_preset=auto", "only the buffers of modern_ebpf" },
		{ "", "engine.ebpf.buf_size_preset=auto", "only the buffers of modern_ebpf" },
		{ "", "engine.modern_ebpf.buf_memory_max=0", "from 1 to 1048576 MiB" },
		{ "", "falco_libs.snaplen=65536", "falco_libs.snaplen is at most 65535" },
		{ "", "dynamic_snaplen.statsd_port=65536", "dynamic_snaplen.statsd_port is at most 65535" },
		{ "", "dynamic_snaplen.full_ports=http", "full_ports \"http\": a port from 1 to 65535 is expected" },
		{ "", "dynamic_snaplen.full_ports=0", "a port from 1 to 65535" },
		{ "", "dynamic_snaplen.full_ports=65536", "a port from 1 to 65535" },
		{ "", "dynamic_snaplen.full_ports=99999999999999999999", "a port from 1 to 65535" },
		{ "", "dynamic_snaplen.full_ports=-80", "a port from 1 to 65535" },
		{ "", "dynamic_snaplen.full_ports=80-", "a port from 1 to 65535" },
		{ "", "dynamic_snaplen.full_ports=80-70", "full_ports \"80-70\"" },
		{ "", "dynamic_snaplen.full_ports=80-90-100", "full_ports \"80-90-100\"" },
		{ "", "dynamic_snaplen.full_ports=80,90", "full_ports \"80,90\"" },
		{ "", "workers=0", "workers: a number from 1 to 64, or auto" },
		{ "workers: [2]", NULL, "workers: a number from 1 to 64, or auto" },
		{ "config_files: [inc.yaml]", NULL, "'config_files' directive in included config file inc.yaml." },
		{ "config_files: [c.yaml]", NULL, "includes itself" },
	};

	(void)state;
	write_file("inc.yaml", "config_files: [other.yaml]\n");
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diag d = { 0 };
		struct config c;

		if (!load(&c, rows[i].text, rows[i].option, &d))
			fail_msg("row %u is accepted", i);
		if (!strstr(d.msg, rows[i].error))
			fail_msg("row %u: %s", i, d.msg);
		diag_fini(&d);
		config_fini(&c);
	}
}

static void included(void **state)
{
	struct diag d = { 0 };
	struct config c;

	(void)state;
	mkdir("conf.d", 0700);
	write_file("conf.d/1.yaml", "{json_output: true, priority: error, rules_files: [1]}");
	write_file("conf.d/2.yaml", "{priority: alert, rules_files: [2]}");
	write_file("add.yaml", "{priority: debug, time_format_iso_8601: true}");
	assert_int_equal(load(&c, "config_files: [conf.d, nosuch, {path: add.yaml, strategy: add-only}]\n"
			      "rules_files: [0]", "json_output=false", &d), 0);
	assert_false(c.json_output);	/* the command line wins */
	assert_int_equal(c.min_priority, PRIO_ALERT);
	assert_int_equal(c.rules_files.n, 3);
	assert_string_equal(c.rules_files.p[2], "2");
	assert_true(c.time_iso_8601);
	assert_int_equal(c.files.n, 4);
	config_fini(&c);
}

static void workers(void **state)
{
	static const struct {
		const char *text, *option;
		u32 want;
	} rows[] = {
		{ "", NULL, 1 }, { "workers: 4", NULL, 4 }, { "workers: 4", "workers=64", 64 },
		{ "workers: auto", NULL, 0 }, { "workers: 4", "workers=auto", 0 }, { "workers:", NULL, 1 },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diag d = { 0 };
		struct config c;

		if (load(&c, rows[i].text, rows[i].option, &d))
			fail_msg("row %u: %s", i, d.msg);
		assert_int_equal(c.workers, rows[i].want);
		config_fini(&c);
	}
}

/* Of n workers each gets its share, whatever the numbers of the processes have in common. */
static void routing(void **state)
{
	static const u32 steps[] = { 1, 2, 3, 7, 8, 64, 1000 };

	(void)state;
	for (u32 n = 1; n <= WORKERS_MAX; n++)
		for (u32 k = 0; k < ARRAY_SIZE(steps); k++) {
			u32 got[WORKERS_MAX] = { 0 };

			for (u32 i = 0; i < 100 * n; i++) {
				u32 w = WORKER_OF(300 + i * steps[k], n);

				assert_true(w < n);
				got[w]++;
			}
			for (u32 w = 0; w < n; w++)
				assert_in_range(got[w], 50, 150);
		}
	assert_true(WORKER_OF(UINT32_MAX, WORKERS_MAX) < WORKERS_MAX);
}

static void presets(void **state)
{
	struct diag d = { 0 };
	struct config c;

	(void)state;
	assert_int_equal(load(&c, "engine: {modern_ebpf: {buf_size_preset: auto, buf_memory_max: 8}}", NULL, &d), 0);
	assert_true(c.modern_buf_auto);
	assert_int_equal(c.buf_memory_max, 8);
	config_fini(&c);
	assert_int_equal(load(&c, "engine: {modern_ebpf: {buf_size_preset: auto}}",
			      "engine.modern_ebpf.buf_size_preset=3", &d), 0);
	assert_false(c.modern_buf_auto);
	assert_int_equal(c.modern_buf_preset, 3);
	config_fini(&c);
}

static void snaplens(void **state)
{
	static const struct {
		const char *ports;
		u16 first, last;
	} rows[] = { { "", 0, 0 }, { "80", 80, 80 }, { "1-65535", 1, 65535 }, { "8000-8100", 8000, 8100 }, { "9-9", 9, 9 } };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diag d = { 0 };
		struct config c;
		char text[96];

		snprintf(text, sizeof(text), "dynamic_snaplen: {enabled: true, full_ports: %s}", rows[i].ports);
		assert_int_equal(load(&c, text, NULL, &d), 0);
		assert_true(c.dynamic.enabled);
		assert_int_equal(c.dynamic.full_first, rows[i].first);
		assert_int_equal(c.dynamic.full_last, rows[i].last);
		assert_int_equal(c.dynamic.statsd_port, 8125);
		config_fini(&c);
	}
}

static void schema(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "json_output: true", "ok" },
		{ "json_output: ", "ok" },
		{ "json_output: maybe", "failed for <root>[json_output]: expected true or false" },
		{ "engine: {kind: auto}", "ok" },
		{ "engine: {kind: [a]}", "failed for <root>[engine][kind]: expected one of auto, modern_ebpf, ebpf, kmod, ptrace, "
		  "replay, nodriver" },
		{ "engine: {knd: auto}", "failed for <root>[engine]: Object contains a property that could not be "
		  "validated using 'properties' or 'additionalProperties' constraints: 'knd'. Did you mean 'engine.kind'?" },
		{ "capture: {mode: all_rules, max_file_size_mb: 1048576}", "ok" },
		{ "capture: {mode: }", "ok" },
		{ "capture: {mode: bogus}", "failed for <root>[capture][mode]: expected one of rules, all_rules" },
		{ "capture: {mode: rule}", "failed for <root>[capture][mode]: expected one of rules, all_rules" },
		{ "capture: {mode: [rules]}", "failed for <root>[capture][mode]: expected one of rules, all_rules" },
		{ "capture: {max_file_size_mb: 1048577}",
		  "failed for <root>[capture][max_file_size_mb]: expected a number, at most 1048576" },
		{ "libs_logger: {severity: trace}", "ok" },
		{ "libs_logger: {severity: foo}", "failed for <root>[libs_logger][severity]: expected one of fatal, "
		  "critical, error, warning, notice, info, debug, trace" },
		{ "metrics: ", "ok" },
		{ "program_output: {enabled: false}", "failed for <root>[program_output]: Missing required property 'program'." },
		{ "engine: {modern_ebpf: {attach: auto}}", "failed for <root>[engine]: Missing required property 'kind'." },
		{ "engine: {kind: auto, modern_ebpf: {}}", "ok" },
		{ "rules: [{enable: {rule: a}}, {disabel: {tag: b}}]", "failed for <root>[rules][1]: Object contains a property that could "
		  "not be validated using 'properties' or 'additionalProperties' constraints: 'disabel'. Did you mean 'rules[1].disable'?" },
		{ "rules: [{enable: {rule: a, tag: b}}]", "failed for <root>[rules][0][enable]: Object should have no more than 1 properties." },
		{ "append_output: [{extra_fields: [a, [b]]}]",
		  "failed for <root>[append_output][0][extra_fields][1]: expected a text or a map" },
		{ "syscall_event_drops: {actions: [log, shout]}",
		  "failed for <root>[syscall_event_drops][actions][1]: expected one of ignore, log, alert, exit" },
		{ "workers: some", "failed for <root>[workers]: expected a number from 1 to 64 or auto" },
		{ "rule_files: [a.yaml]", "ok" }, { "rules_files: a.yaml", "ok" },
		{ "metrics: {}", "failed for <root>[metrics]: Object should have no fewer than 1 properties." },
		{ "metrics: 1", "failed for <root>[metrics]: expected a map" },
		{ "foo: 1", "failed for <root>: Object contains a property that could not be validated using "
		  "'properties' or 'additionalProperties' constraints: 'foo'." },
		{ "? [a]\n: 1", "failed for <root>: Object contains a property that could not be validated using "
		  "'properties' or 'additionalProperties' constraints: '?'." },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diag d = { 0 };
		struct yaml_node *n;
		struct arena a;

		arena_init(&a);
		assert_int_equal(doc_parse(&a, rows[i].text, strlen(rows[i].text), &n, &d), 0);
		assert_string_equal(config_schema_check(&a, n, false), rows[i].want);
		arena_fini(&a);
	}
}

/* What is wrong in an option is told as it is in a file, and not taken for a fault of the file. */
static void schema_of_options(void **state)
{
#define NO_SUCH(key) "Object contains a property that could not be validated using 'properties' or " \
		     "'additionalProperties' constraints: '" key "'."
	static const struct {
		const char *option, *key, *what;	/* NULL: good */
	} rows[] = {
		{ "nokey=1", "nokey", "failed for <root>: " NO_SUCH("nokey") },
		{ "json_outptu=true", "json_outptu", "failed for <root>: " NO_SUCH("json_outptu") " Did you mean 'json_output'?" },
		{ "json_output=maybe", "json_output", "failed for <root>[json_output]: expected true or false" },
		{ "json_output.foo=1", "json_output.foo", "failed for <root>[json_output]: expected true or false" },
		{ "engine.modern_ebpf=5", "engine.modern_ebpf", "failed for <root>[engine][modern_ebpf]: expected a map" },
		{ "engine.paint=red", "engine.paint", "failed for <root>[engine]: " NO_SUCH("paint") },
		{ "webserver.listen_port=abc", "webserver.listen_port",
		  "failed for <root>[webserver][listen_port]: expected a number, at most 65535" },
		{ "outputs_queue.capacity=-1", "outputs_queue.capacity",
		  "failed for <root>[outputs_queue][capacity]: expected a number, not negative" },
		{ "priority={a: b}", "priority", "failed for <root>[priority]: expected a text" },
		{ "nokey[].x=1", "nokey[].x", "failed for <root>: " NO_SUCH("nokey") },
		{ "capture.mode=bogus", "capture.mode", "failed for <root>[capture][mode]: expected one of rules, all_rules" },
		{ "append_output[].match.name=x", "append_output[].match.name",
		  "failed for <root>[append_output][0][match]: " NO_SUCH("name") },
		{ "rules[0].disable={tag: x, rules: [a]}", "rules[0].disable", "failed for <root>[rules][0][disable]: "
		  "Object should have no more than 1 properties." },
		{ "append_output[]={extra_feilds: [a]}", "append_output[]", "failed for <root>[append_output][0]: " NO_SUCH("extra_feilds")
		  " Did you mean 'append_output[0].extra_fields'?" },
		{ "append_output[].extra_output={a: b}", "append_output[].extra_output",
		  "failed for <root>[append_output][0][extra_output]: expected a text" },
		{ "program_output.enabled=false", NULL, NULL },
		{ "json_output=true", NULL, NULL },
		{ "json_output=", NULL, NULL },
		{ "json_output=${NOT_SET}", NULL, NULL },
		{ "engine.modern_ebpf.buf_size_preset=6", NULL, NULL },
		{ "rules[].disable.tag=network", NULL, NULL },
		{ "rules[0].disable.rule=two", NULL, NULL },
		{ "rules_files[]=more.yaml", NULL, NULL },
		{ "rules_files=only.yaml", NULL, NULL },
		{ "static_fields.any=1", NULL, NULL },
		{ "append_output[]={extra_output: x}", NULL, NULL },
		{ "engine={kind: nodriver}", NULL, NULL },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diag d = { 0 };
		struct config c;

		if (load(&c, "rules: [{disable: {rule: one}}]\nrules_files: [a.yaml]", rows[i].option, &d))
			fail_msg("%s: %s", rows[i].option, d.msg);
		assert_string_equal(c.files.p[0].schema, "ok");
		if (c.faults.n != !!rows[i].what)
			fail_msg("%s: %zu faults", rows[i].option, c.faults.n);
		if (rows[i].what) {
			assert_string_equal(c.faults.p[0].key, rows[i].key);
			assert_string_equal(c.faults.p[0].what, rows[i].what);
		}
		config_fini(&c);
	}
}

static void without_effect(void **state)
{
	struct diag d = { 0 };
	struct config c;

	(void)state;
	assert_int_equal(load(&c, "{watch_config_files: false, webserver: {enabled: false, listen_port: 1},"
			      " capture: {enabled: true, mode: rules}, plugins: [{name: container, library_path: a},"
			      " {name: json, library_path: b}]}", NULL, &d), 0);
	assert_int_equal(c.no_effect.n, 3);
	assert_string_equal(c.no_effect.p[0], "plugins (json)");
	assert_string_equal(c.no_effect.p[1], "capture.enabled");
	assert_string_equal(c.no_effect.p[2], "capture.mode");
	config_fini(&c);
}

static void on_fault(void *ctx, const struct shape_fault *f)
{
	(void)ctx;
	(void)f;
}

/* Each row's default must be one of the values that it takes, or it would be ignored silently. */
static void rows_are_sound(void **state)
{
	static const struct shape_checker how = { .fault = on_fault };

	(void)state;
	for (u32 i = 0; i < config_nrows; i++) {
		const struct config_row *r = &config_rows[i];
		struct yaml_node n = { .kind = YAML_SCALAR, .plain = true, .s = r->def,
				       .len = (u32)strlen(r->def) };

		assert_non_null(r->help);
		if (r->shape->type == SHAPE_LIST || r->shape->type == SHAPE_MAP)
			assert_string_equal(r->def, "");
		else if (!(r->shape->type == SHAPE_TEXT && !r->shape->choices) && !shape_check(r->shape, &n, &how))
			fail_msg("%s: default %s", r->key, r->def);
		for (u32 j = 0; j < i; j++)
			assert_string_not_equal(r->key, config_rows[j].key);
	}
}

static void command_line(void **state)
{
	static const struct {
		const char *argv[6];
		const char *error;	/* NULL: good */
	} rows[] = {
		{ { "saker", "-c", "/dev/null", "-vU" }, NULL },
		{ { "saker", "-c/dev/null", "--list=syscall", "-N" }, NULL },
		{ { "saker", "stray", "--", "--nosuch" }, NULL },
		{ { "saker", "--option=a=b", "-o", "c=d" }, NULL },
		{ { "saker", "-M", "12" }, NULL },
		{ { "saker", "--nosuch" }, "Option ‘nosuch’ does not exist" },
		{ { "saker", "-Z" }, "Option ‘Z’ does not exist" },
		{ { "saker", "-c" }, "Option ‘c’ is missing an argument" },
		{ { "saker", "--pidfile" }, "Option ‘pidfile’ is missing an argument" },
		{ { "saker", "-M", "-1" }, NULL },
		{ { "saker", "-M", "1s" }, "Argument ‘1s’ failed to parse" },
		{ { "saker", "--dry-run=1" }, NULL },
		{ { "saker", "--dry-run=2" }, "Argument ‘2’ failed to parse" },
		{ { "saker", "--c", "/dev/null" }, "Argument ‘--c’ starts with a - but has incorrect syntax" },
		{ { "saker", "-c", "/nonexistent", "-h" }, "Could not find configuration file at /nonexistent" },
		{ { "saker", "--format", "xml" }, "Invalid format 'xml'. Valid values are: text, markdown, json" },
		{ { "saker", "--markdown", "--format=json" }, "Cannot specify both --markdown and --format" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diag d = { 0 };
		struct cmdline c;
		struct arena a;
		int argc = 0, err;

		while (rows[i].argv[argc])
			argc++;
		arena_init(&a);
		err = cmdline_parse(&c, &a, argc, (char **)rows[i].argv, &d);
		assert_int_equal(!!err, !!rows[i].error);
		if (err && !strstr(d.msg, rows[i].error))
			fail_msg("row %u: %s", i, d.msg);
		if (!i) {
			assert_string_equal(c.config, "/dev/null");
			assert_true(c.verbose && c.unbuffered);
		}
		if (i == 1)
			assert_string_equal(c.list_source, "syscall");
		if (i == 3)
			assert_string_equal(c.options.p[1], "c=d");
		diag_fini(&d);
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values),
		cmocka_unit_test(refused),
		cmocka_unit_test(included),
		cmocka_unit_test(schema), cmocka_unit_test(schema_of_options),
		cmocka_unit_test(workers),
		cmocka_unit_test(routing),
		cmocka_unit_test(presets),
		cmocka_unit_test(snaplens),
		cmocka_unit_test(without_effect),
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(command_line),
	};
	char command[64];
	int err;

	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	err = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) ? 1 : err;
}
