/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row for each key.  The reader, the check against the schema, the JSON schema that is printed
 * and docs/configuration.md are derived from them.
 */
#include "app/config.h"

#include <stddef.h>

#include "schema/driver_abi.h"

#define INTO(member) offsetof(struct config, member), 0
#define INERT 0, CFG_NO_EFFECT
#define CHECKED 0, 0
#define MUST(member) offsetof(struct config, member), CFG_REQUIRED
#define SPARSE(member) offsetof(struct config, member), CFG_SPARSE

/* ---- what values may be ------------------------------------------------------------- */

static const struct shape flag = { .type = SHAPE_BOOL, .words = true };
static const struct shape count = { .type = SHAPE_INT, .max = INT64_MAX };
static const struct shape positive = { .type = SHAPE_INT, .min = 1, .max = INT64_MAX };
static const struct shape byte = { .type = SHAPE_INT, .max = 255 };
static const struct shape port = { .type = SHAPE_INT, .max = 65535 };
static const struct shape text = { .type = SHAPE_TEXT };
/* one needs no brackets */
static const struct shape texts = { .type = SHAPE_LIST, .items = &text, .or = &text };
static const struct shape texts_by_name = { .type = SHAPE_MAP, .items = &text };

static const struct shape engine_kind = {
	.type = SHAPE_TEXT, .choices = "auto, modern_ebpf, ebpf, kmod, ptrace, replay, nodriver" };
static const struct shape automatic = { .type = SHAPE_TEXT, .choices = "auto" };
static const struct shape preset = { .type = SHAPE_INT, .min = 1, .max = 10 };
static const struct shape preset_or_auto = { .type = SHAPE_INT, .min = 1, .max = 10, .or = &automatic };
static const struct shape buf_memory = { .type = SHAPE_INT, .min = 1, .max = 1 << 20 };
static const struct shape attach = { .type = SHAPE_TEXT, .choices = "auto, fexit, tracepoint, sys_exit" };
static const struct shape workers = { .type = SHAPE_INT, .min = 1, .max = WORKERS_MAX, .or = &automatic };
static const struct shape snaplen = { .type = SHAPE_INT, .max = 65535 };
static const struct shape matching = { .type = SHAPE_TEXT, .choices = "first, all" };
static const struct shape log_level = {
	.type = SHAPE_TEXT, .choices = "emergency, alert, critical, error, warning, notice, info, debug" };
static const struct shape severity = {
	.type = SHAPE_TEXT, .choices = "fatal, critical, error, warning, notice, info, debug, trace" };
static const struct shape share = { .type = SHAPE_NUMBER, .high = 1 };
static const struct shape rate = { .type = SHAPE_NUMBER, .high = 1e9 };
static const struct shape action = { .type = SHAPE_TEXT, .choices = "ignore, log, alert, exit" };
static const struct shape actions = { .type = SHAPE_LIST, .items = &action, .or = &action };
static const struct shape capture_mode = { .type = SHAPE_TEXT, .choices = "rules, all_rules" };
static const struct shape capture_size = { .type = SHAPE_INT, .max = 1 << 20 };

static const struct shape strategy = { .type = SHAPE_TEXT, .choices = "append, override, add-only" };
static const struct shape_key include_keys[] = {
	{ .name = "path", .shape = &text, .required = true, .help = "File or folder." },
	{ .name = "strategy", .shape = &strategy, .help = "What is done with keys that are there already.", .def = "append" },
};
static const struct shape include_map = { .type = SHAPE_MAP, SHAPE_KEYS(include_keys) };
static const struct shape include = { .type = SHAPE_TEXT, .or = &include_map };
static const struct shape includes = { .type = SHAPE_LIST, .items = &include };

static const struct shape_key rules_by_keys[] = {
	{ .name = "rule", .shape = &text, .help = "Name of rules; '*' stands for any text." },
	{ .name = "tag", .shape = &text, .help = "A tag." },
};
static const struct shape rules_by = { .type = SHAPE_MAP, SHAPE_KEYS(rules_by_keys), .min_keys = 1, .max_keys = 1 };
static const struct shape_key choice_keys[] = {
	{ .name = "enable", .shape = &rules_by, .help = "Rules to switch on." },
	{ .name = "disable", .shape = &rules_by, .help = "Rules to switch off." },
};
static const struct shape choice_of_rules = {
	.type = SHAPE_MAP, SHAPE_KEYS(choice_keys), .min_keys = 1, .max_keys = 1 };
static const struct shape choices_of_rules = { .type = SHAPE_LIST, .items = &choice_of_rules };

static const struct shape_key match_keys[] = {
	{ .name = "rule", .shape = &text, .help = "Name of the rule." },
	{ .name = "source", .shape = &text, .help = "Its event source." },
	{ .name = "tags", .shape = &texts, .help = "Tags that it has, all of them." },
};
static const struct shape match = { .type = SHAPE_MAP, SHAPE_KEYS(match_keys) };
static const struct shape extra_field = { .type = SHAPE_TEXT, .or = &texts_by_name };
static const struct shape extra_fields = { .type = SHAPE_LIST, .items = &extra_field };
static const struct shape_key addition_keys[] = {
	{ .name = "match", .shape = &match, .help = "Only alerts of such rules." },
	{ .name = "extra_output", .shape = &text, .help = "Added to the text." },
	{ .name = "extra_fields", .shape = &extra_fields, .help = "Added to the fields: FIELD, or NAME: FORMAT." },
	{ .name = "suggested_output", .shape = &flag, .help = "Add the fields that identify a container." },
};
static const struct shape addition = { .type = SHAPE_MAP, SHAPE_KEYS(addition_keys) };
static const struct shape additions = { .type = SHAPE_LIST, .items = &addition };

static const struct shape any = { .type = SHAPE_ANY };
static const struct shape any_map = { .type = SHAPE_MAP, .items = &any };
static const struct shape init_config = { .type = SHAPE_TEXT, .or = &any_map, .nullable = true };
static const struct shape_key plugin_keys[] = {
	{ .name = "name", .shape = &text, .required = true, .help = "Its name." },
	{ .name = "library_path", .shape = &text, .required = true, .help = "File of its library." },
	{ .name = "init_config", .shape = &init_config, .help = "What it is started with." },
	{ .name = "open_params", .shape = &text, .help = "What its event source is opened with." },
};
static const struct shape plugin = { .type = SHAPE_MAP, SHAPE_KEYS(plugin_keys) };
static const struct shape plugins = { .type = SHAPE_LIST, .items = &plugin };

/* ---- the keys ----------------------------------------------------------------------- */

const struct config_row config_rows[] = {
	/* files */
	{ "config_files", &includes, CHECKED, "", NULL,
	  "More configuration files or folders, merged over this one: paths, or maps of path "
	  "and strategy (append, override, add-only).", NULL },
	{ "watch_config_files", &flag, INERT, "true", "false",
	  "Load again when a configuration or rules file changes.", NULL },
	{ "rules_files", &texts, INTO(rules_files), "", NULL,
	  "Rules files and folders of them (*.yaml, *.yml), in the order of loading. What does "
	  "not exist is left out.", NULL },
	{ "rules_file", &texts, CHECKED, "", NULL,
	  "Old name of rules_files.", config_parse_rules_file },
	{ "rule_files", &texts, CHECKED, "", NULL,
	  "Old name of rules_files, too.", config_parse_rule_files },
	{ "rules", &choices_of_rules, CHECKED, "", NULL,
	  "Switches rules on or off after loading, in order: a list of {enable: {rule: NAME}} "
	  "or {disable: {tag: TAG}}; names may hold '*'.",
	  config_parse_selection },

	/* where events come from */
	{ "engine.kind", &engine_kind, MUST(engine_kind), "auto", NULL,
	  "Source of events: modern_ebpf, ebpf, kmod, ptrace; auto: the first of them that works "
	  "here; replay (a capture file), nodriver (none).", NULL },
	{ "engine.fallback", &flag, INTO(driver_fallback), "true", NULL,
	  "When the driver of engine.kind cannot be used, take another one and say so, rather than "
	  "end.", NULL },
	{ "engine.build", &flag, INTO(driver_build), "true", NULL,
	  "Build a driver when none works that is there.", NULL },
	{ "engine.driver_dir", &text, INTO(driver_dir), "", NULL,
	  "Folder of built drivers; default: $SAKER_DRIVER_DIR, /var/lib/saker/drivers (root) or "
	  "$HOME/.saker/drivers.", NULL },
	{ "engine.kmod.buf_size_preset", &preset, INTO(kmod_buf_preset), "4", NULL,
	  "Size of each buffer of the kernel module: 1 (1 MiB) to 10 (512 MiB), doubling.",
	  config_parse_preset },
	{ "engine.kmod.drop_failed_exit", &flag, INTO(kmod_drop_failed), "false", NULL,
	  "Let the kernel module discard failed system calls.", NULL },
	{ "engine.ebpf.probe", &text, INTO(probe), "", NULL,
	  "File of the classic eBPF probe; default: $SAKER_BPF_PROBE or $FALCO_BPF_PROBE (set but "
	  "empty: $HOME/.saker/saker-bpf.o), or the one in engine.driver_dir.", NULL },
	{ "engine.ebpf.buf_size_preset", &preset, INTO(bpf_buf_preset), "4", NULL,
	  "Size of each perf buffer of the classic probe: 1 (1 MiB) to 10 (512 MiB), doubling.",
	  config_parse_preset },
	{ "engine.ebpf.drop_failed_exit", &flag, INTO(bpf_drop_failed), "false", NULL,
	  "Let the classic probe discard failed system calls.", NULL },
	{ "engine.modern_ebpf.cpus_for_each_buffer", &count, SPARSE(cpus_for_each_buffer),
	  "2", NULL,
	  "How many CPUs share a ring buffer; 0: all of them share one.", NULL },
	{ "engine.modern_ebpf.buf_size_preset", &preset_or_auto, INTO(modern_buf_text), "4", NULL,
	  "Size of each ring buffer: 1 (1 MiB) to 10 (512 MiB), doubling; auto: they begin small and grow "
	  "when they fill.", config_parse_modern_preset },
	{ "engine.modern_ebpf.buf_memory_max", &buf_memory, INTO(buf_memory_max), "256", NULL,
	  "MiB that all ring buffers together may have when buf_size_preset is auto.", NULL },
	{ "engine.modern_ebpf.drop_failed_exit", &flag, INTO(modern_drop_failed), "false", NULL,
	  "Let the driver discard failed system calls.", NULL },
	{ "engine.modern_ebpf.attach", &attach, INTO(attach), "auto", NULL,
	  "Where the driver sits: at the functions of the watched calls (fexit), at their tracepoints "
	  "(tracepoint), at the tracepoint of all calls (sys_exit), or where it costs least (auto).",
	  NULL },
	{ "engine.modern_ebpf.disable_iterators", &flag, INERT, "false", "true",
	  "Read /proc at the start instead of the kernel's iterators.", NULL },
	{ "engine.replay.capture_file", &text, MUST(capture_file), "", NULL,
	  "Capture file of engine.kind replay.", NULL },
	{ "workers", &workers, INTO(workers_text), "1", NULL,
	  "Threads that look at events, each at those of its own processes: 1 to 64, or auto: one for "
	  "each CPU, 4 at most (docs/workers.md).", config_parse_workers },
	{ "workers_ordered", &flag, INTO(workers_ordered), "false", NULL,
	  "Live, with several workers: alerts leave in the order of their events' times over all "
	  "processes, not only within each; they are held back for that, a second at most.", NULL },
	{ "base_syscalls.custom_set", &texts, INTO(custom_syscalls), "", NULL,
	  "System calls to capture besides those of the rules, in place of what saker would add; "
	  "with '!' in front (and in quotes): not to capture (docs/syscalls.md).", NULL },
	{ "base_syscalls.repair", &flag, INTO(repair_syscalls), "false", NULL,
	  "Add the few calls with which processes, and descriptors of calls that are captured, are "
	  "known (docs/syscalls.md).", NULL },
	{ "base_syscalls.all", &flag, INTO(all_syscalls), "false", NULL,
	  "Capture the high-volume I/O calls too when a rule names them (they are left out "
	  "otherwise), and all that Falco's state is made from (docs/syscalls.md).", NULL },
	{ "kernel_filter", &flag, INTO(kernel_filter), "true", NULL,
	  "Events that no rule can match are discarded by the driver, in the kernel.", NULL },
	{ "memory.max", &text, INTO(memory.max), "512M", NULL,
	  "Memory that the tables together may have, of all workers: bytes, with K, M or G for more of them; 0: no "
	  "limit (docs/memory.md).", NULL },
	{ "memory.tables.threads", &text, INTO(memory.table[MEMORY_THREADS]), "50%", NULL,
	  "Of these: for threads and processes with their names, arguments and environments; bytes as in memory.max, or "
	  "a part of it.", NULL },
	{ "memory.tables.fds", &text, INTO(memory.table[MEMORY_FDS]), "30%", NULL,
	  "For file descriptors with their names.", NULL },
	{ "memory.tables.users", &text, INTO(memory.table[MEMORY_USERS]), "5%", NULL,
	  "For users and groups.", NULL },
	{ "memory.tables.alerts", &text, INTO(memory.table[MEMORY_ALERTS]), "15%", NULL,
	  "For alerts that wait for slow outputs.", NULL },
	{ "falco_libs.thread_table_size", &count, INTO(thread_table_size), "262144", NULL,
	  "Threads remembered at most, whatever memory they need.", NULL },
	{ "falco_libs.thread_table_auto_purging_interval_s", &count, INTO(purge_interval_s), "300", NULL,
	  "Seconds between searches for threads whose end was missed; at least 1.", NULL },
	{ "falco_libs.thread_table_auto_purging_thread_timeout_s", &count, INTO(purge_quiet_s), "300", NULL,
	  "Seconds without an event after which a thread is looked for in /proc, and forgotten when it is not there; "
	  "at least 1.", NULL },
	{ "falco_libs.snaplen", &snaplen, INTO(snaplen), "80", NULL,
	  "Bytes of read and written data kept in an event; 0: 80.", NULL },
	{ "dynamic_snaplen.enabled", &flag, INTO(dynamic.enabled), "false", NULL,
	  "Keep more of the data of some sockets: 16000 bytes on full_ports, 2000 of statsd, MySQL, PostgreSQL, MongoDB and "
	  "HTTP, 512 of DNS (docs/drivers.md).", NULL },
	{ "dynamic_snaplen.full_ports", &text, INTO(dynamic.full_ports), "", NULL,
	  "A port, or FIRST-LAST, at either end of the connection; empty: none.", NULL },
	{ "dynamic_snaplen.statsd_port", &port, INTO(dynamic.statsd_port), "8125", NULL,
	  "Port of statsd, at the other end; 0: none.", NULL },

	/* rights */
	{ "privileges.drop", &flag, INTO(privileges_drop), "true", NULL,
	  "Give up, once events come, the capabilities that are not needed any more, and limit "
	  "the system calls (docs/privileges.md).", NULL },
	{ "privileges.user", &text, INTO(privileges_user), "", NULL,
	  "Work as this user, with the capabilities of the driver; empty: as the one who "
	  "starts saker.", NULL },

	/* alerts */
	{ "time_format_iso_8601", &flag, INTO(time_iso_8601), "false", NULL,
	  "Times of alerts and log lines as ISO 8601.", NULL },
	{ "buffer_format_base64", &flag, INTO(buffers_base64), "false", NULL,
	  "Show data buffers as base64, not with dots for unprintable bytes.", NULL },
	{ "priority", &text, INTO(min_priority_name), "debug", NULL,
	  "Lowest priority of rules that are loaded.", NULL },
	{ "json_output", &flag, INTO(json_output), "false", NULL,
	  "Alerts as JSON objects, one per line.", NULL },
	{ "json_include_output_property", &flag, INTO(json_output_property), "true", NULL,
	  "JSON alerts have the text line under \"output\".", NULL },
	{ "json_include_message_property", &flag, INTO(json_message_property), "false", NULL,
	  "JSON alerts have the text without time and priority under \"message\".", NULL },
	{ "json_include_output_fields_property", &flag, INTO(json_fields_property), "true", NULL,
	  "JSON alerts have the single fields under \"output_fields\".", NULL },
	{ "json_include_tags_property", &flag, INTO(json_tags_property), "true", NULL,
	  "JSON alerts have the rule's tags under \"tags\".", NULL },
	{ "rule_matching", &matching, INTO(matching), "first", NULL,
	  "Rules that fire for one event: the first that matches, or all.", NULL },
	{ "append_output", &additions, CHECKED, "", NULL,
	  "Additions to alerts: a list of {match: {rule, source, tags}, extra_output, "
	  "extra_fields, suggested_output}.",
	  config_parse_append },
	{ "static_fields", &texts_by_name, CHECKED, "", NULL,
	  "Constant fields: KEY: VALUE is %static.KEY in outputs and conditions.",
	  config_parse_static },

	/* where alerts go */
	{ "buffered_outputs", &flag, INTO(buffered_outputs), "false", NULL,
	  "Write alerts in larger portions, later.", NULL },
	{ "outputs_queue.capacity", &count, INTO(queue_capacity), "0", NULL,
	  "Alerts that may wait for slow outputs before some are dropped; 0: limited by their "
	  "memory (memory.tables.alerts) only.", NULL },
	{ "output_timeout", &count, INTO(output_timeout_ms), "2000", NULL,
	  "Milliseconds after which an output counts as blocked: it is told, and at the end of the program given "
	  "up. Time for one HTTP request, too. 0: no limit.", NULL },
	{ "stdout_output.enabled", &flag, INTO(sinks.stdout_enabled), "false", NULL,
	  "Alerts to standard output.", NULL },
	{ "syslog_output.enabled", &flag, INTO(sinks.syslog_enabled), "false", NULL,
	  "Alerts to syslog.", NULL },
	{ "file_output.enabled", &flag, INTO(sinks.file.enabled), "false", NULL,
	  "Alerts to a file.", NULL },
	{ "file_output.keep_alive", &flag, INTO(sinks.file.keep_alive), "false", NULL,
	  "Keep the file open; SIGUSR1 opens it again.", NULL },
	{ "file_output.filename", &text, INTO(sinks.file.filename), "", NULL,
	  "The file; alerts are appended.", NULL },
	{ "program_output.enabled", &flag, INTO(sinks.program.enabled), "false", NULL,
	  "Alerts to the standard input of a program.", NULL },
	{ "program_output.keep_alive", &flag, INTO(sinks.program.keep_alive), "false", NULL,
	  "One run of the program for all alerts, not one for each.", NULL },
	{ "program_output.program", &text, MUST(sinks.program.program), "", NULL,
	  "The shell command.", NULL },
	{ "http_output.enabled", &flag, INTO(http.enabled), "false", NULL,
	  "Alerts to an HTTP server, a POST each (docs/outputs.md).", NULL },
	{ "http_output.url", &text, INTO(http.url), "", NULL,
	  "Its address: http://... or https://...", NULL },
	{ "http_output.user_agent", &text, INTO(http.user_agent), "falcosecurity/falco", NULL,
	  "User-Agent header of the requests.", NULL },
	{ "http_output.insecure", &flag, INTO(http.insecure), "false", NULL,
	  "Accept any certificate of the server, and send alerts to whoever has taken its place.", NULL },
	{ "http_output.ca_cert", &text, INTO(http.ca_cert), "", NULL,
	  "File with the certificate authority (PEM); then no other one is trusted.", NULL },
	{ "http_output.ca_bundle", &text, INTO(http.ca_bundle), "", NULL,
	  "File with several authorities, when there is no ca_cert.", NULL },
	{ "http_output.ca_path", &text, INTO(http.ca_path), "/etc/ssl/certs", NULL,
	  "Folder of authorities, named as c_rehash does, when there is neither.", NULL },
	{ "http_output.mtls", &flag, INTO(http.mtls), "false", NULL,
	  "Show a client certificate.", NULL },
	{ "http_output.client_cert", &text, INTO(http.client_cert), "/etc/ssl/certs/client.crt", NULL,
	  "The client certificate (PEM), with those between it and its authority.", NULL },
	{ "http_output.client_key", &text, INTO(http.client_key), "/etc/ssl/certs/client.key", NULL,
	  "Its key (PEM), not encrypted.", NULL },
	{ "http_output.echo", &flag, INTO(http.echo), "false", NULL,
	  "Print the server's answers to standard output.", NULL },
	{ "http_output.compress_uploads", &flag, INTO(http.compress), "false", NULL,
	  "Compress what is sent with gzip; a server that refuses that gets it as it is.", NULL },
	{ "http_output.keep_alive", &flag, INTO(http.keep_alive), "false", NULL,
	  "Let TCP find out whether an idle connection is still there. The connection is kept for the next alert in "
	  "any case.", NULL },
	{ "http_output.max_consecutive_timeouts", &byte, INTO(http.max_timeouts), "5", NULL,
	  "How often an alert is sent again when no answer comes within output_timeout, at most 255.", NULL },

	/* the log */
	{ "log_stderr", &flag, INTO(log_stderr), "false", NULL,
	  "Log to standard error.", NULL },
	{ "log_syslog", &flag, INTO(log_syslog), "true", NULL,
	  "Log to syslog.", NULL },
	{ "log_level", &log_level, INTO(log_level_name), "info", NULL,
	  "Least important lines that are logged: emergency, alert, critical, error, warning, "
	  "notice, info, debug.", NULL },
	{ "libs_logger.enabled", &flag, INERT, "false", "false",
	  "Log lines of the capture library.", NULL },
	{ "libs_logger.severity", &severity, INERT, "info", NULL,
	  "Least important lines of the capture library: fatal, critical, error, warning, notice, info, debug, trace.",
	  NULL },

	/* losses */
	{ "syscall_event_drops.threshold", &share, INTO(drops_threshold), "0.1", NULL,
	  "Share of dropped events in a second above which actions are taken, from 0 to 1.", NULL },
	{ "syscall_event_drops.actions", &actions, CHECKED, "", NULL,
	  "What to do then: ignore, log, alert, exit.", config_parse_actions },
	{ "syscall_event_drops.rate", &rate, INTO(drops_rate), "0.03333", NULL,
	  "Actions per second on average.", NULL },
	{ "syscall_event_drops.max_burst", &count, INTO(drops_burst), "1", NULL,
	  "Actions in a row.", NULL },
	{ "syscall_event_drops.simulate_drops", &flag, INTO(drops_simulate), "false", NULL,
	  "Pretend one drop at each check, to try the actions.", NULL },
	{ "syscall_event_timeouts.max_consecutives", &positive, INTO(max_timeouts), "1000", NULL,
	  "Timeouts in a row without an event after which an alert is raised.", NULL },

	/* plugins */
	{ "load_plugins", &texts, INTO(load_plugins), "", NULL,
	  "Names of the plugins to load; when absent, all of them. Without container among them its fields are "
	  "known to rules only when a rules file requires that plugin.", config_parse_load_plugins },
	{ "plugins", &plugins, CHECKED, "", NULL,
	  "Plugins: a list of {name, library_path, init_config, open_params}. What the plugin "
	  "container does is built in.",
	  config_parse_plugins },
	{ "plugins_hostinfo", &flag, INERT, "true", "true",
	  "Give plugins information on the host.", NULL },

	/* recording */
	{ "capture.enabled", &flag, INERT, "false", "false",
	  "Write a capture file when rules match.", NULL },
	{ "capture.path_prefix", &text, INERT, "", NULL,
	  "Start of the names of capture files.", NULL },
	{ "capture.mode", &capture_mode, INERT, "rules", NULL,
	  "Rules that start a capture: those that ask for it (rules) or all_rules.", NULL },
	{ "capture.default_duration", &count, INERT, "5000", NULL,
	  "Milliseconds a capture lasts.", NULL },
	{ "capture.max_file_size_mb", &capture_size, INERT, "0", NULL,
	  "Size at which a capture ends, at most 1048576; 0: none.", NULL },

	/* the web server and metrics */
	{ "webserver.enabled", &flag, INTO(web.enabled), "false", NULL,
	  "Answer HTTP requests on health, versions, metrics (docs/metrics.md).", NULL },
	{ "webserver.threadiness", &count, INTO(web.threads), "0", NULL,
	  "Threads of the web server; 0: one for each CPU, at most 4.", NULL },
	{ "webserver.listen_port", &port, INTO(web.port), "8765", NULL, "Its port.", NULL },
	{ "webserver.listen_address", &text, INTO(web.address), "0.0.0.0", NULL, "Its address.", NULL },
	{ "webserver.k8s_healthz_endpoint", &text, INTO(web.healthz), "/healthz", NULL,
	  "Path of the health report.", NULL },
	{ "webserver.prometheus_metrics_enabled", &flag, INTO(web.prometheus), "false", NULL,
	  "Serve /metrics, when metrics.enabled too.", NULL },
	{ "webserver.ssl_enabled", &flag, INTO(web.ssl), "false", NULL, "Use TLS.", NULL },
	{ "webserver.ssl_certificate", &text, INTO(web.certificate), "/etc/saker/saker.pem", NULL,
	  "File with certificate and key of the server (PEM).", NULL },
	{ "metrics.enabled", &flag, INTO(metrics.enabled), "false", NULL,
	  "Report figures about the sensor at intervals (docs/metrics.md).", NULL },
	{ "metrics.interval", &text, INTO(metrics.interval), "1h", NULL,
	  "Time between reports: numbers with y, w, d, h, m, s, ms, from the largest unit to the smallest; 100ms at "
	  "least. Of a capture file: time of its events.", NULL },
	{ "metrics.output_rule", &flag, INTO(metrics.output_rule), "false", NULL, "Report as an alert.", NULL },
	{ "metrics.output_file", &text, INTO(metrics.output_file), "", NULL,
	  "Report to a file, a JSON object in a line.", NULL },
	{ "metrics.rules_counters_enabled", &flag, INTO(metrics.rules), "true", NULL,
	  "Matches and evaluations of each rule.", NULL },
	{ "metrics.resource_utilization_enabled", &flag, INTO(metrics.resources), "true", NULL,
	  "CPU and memory used.", NULL },
	{ "metrics.state_counters_enabled", &flag, INTO(metrics.state), "true", NULL,
	  "Sizes of the state tables.", NULL },
	{ "metrics.kernel_event_counters_enabled", &flag, INTO(metrics.kernel), "true", NULL,
	  "Events and drops of the driver, and by system call.", NULL },
	{ "metrics.kernel_event_counters_per_cpu_enabled", &flag, INTO(metrics.per_cpu), "true", NULL,
	  "The same for each CPU.", NULL },
	{ "metrics.kernel_iter_event_counters_enabled", &flag, INERT, "true", NULL,
	  "Counters of the start-up scan.", NULL },
	{ "metrics.libbpf_stats_enabled", &flag, INTO(metrics.libbpf), "true", NULL,
	  "Run time of BPF programs; the kernel counts it when sysctl kernel.bpf_stats_enabled is 1.", NULL },
	{ "metrics.plugins_metrics_enabled", &flag, INERT, "true", NULL,
	  "Figures of plugins.", NULL },
	{ "metrics.jemalloc_stats_enabled", &flag, INERT, "true", NULL,
	  "Figures of the memory allocator.", NULL },
	{ "metrics.convert_memory_to_mb", &flag, INTO(metrics.convert_memory), "true", NULL,
	  "Memory in MB, not in bytes or kB.", NULL },
	{ "metrics.include_empty_values", &flag, INTO(metrics.empty_values), "false", NULL, "Zeros too.", NULL },
	{ "top.enabled", &flag, INTO(top_enabled), "true", NULL,
	  "Let `saker top` look at the running sensor.", NULL },
	{ "top.socket", &text, INTO(top_socket), "/run/saker/saker.sock", NULL,
	  "The socket that it uses; only the user of the sensor may.", NULL },
	{ "heartbeat.enabled", &flag, INTO(heartbeat), "true", NULL,
	  "A system call each second that must come back as an event; when it does not, an alert says that the sensor "
	  "is blind.", NULL },
	{ "pressure.hold_back", &flag, INTO(hold_back), "true", NULL,
	  "When a ring buffer fills up, leave out what is like an event of the last second (docs/pressure.md).", NULL },
};

const u32 config_nrows = ARRAY_SIZE(config_rows);
