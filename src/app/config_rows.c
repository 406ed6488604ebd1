/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row for each key.  The reader, the check of unknown keys, docs/configuration.md and
 * the JSON schema are derived from them.
 */
#include "app/config.h"

#include <stddef.h>
#include <string.h>

#define INTO(member) offsetof(struct config, member), 0
#define INERT 0, CFG_NO_EFFECT
#define CHECKED 0, 0

const struct config_row config_rows[] = {
	/* files */
	{ "config_files", CFG_ITEMS, CHECKED, "", NULL,
	  "More configuration files or folders, merged over this one: paths, or maps of path "
	  "and strategy (append, override, add-only).", NULL },
	{ "watch_config_files", CFG_BOOL, INERT, "true", "false",
	  "Load again when a configuration or rules file changes.", NULL },
	{ "rules_files", CFG_STRINGS, INTO(rules_files), "", NULL,
	  "Rules files and folders of them (*.yaml, *.yml), in the order of loading. What does "
	  "not exist is left out.", NULL },
	{ "rules_file", CFG_STRINGS, CHECKED, "", NULL,
	  "Old name of rules_files.", config_parse_rules_file },
	{ "rules", CFG_ITEMS, CHECKED, "", NULL,
	  "Switches rules on or off after loading, in order: a list of {enable: {rule: NAME}} "
	  "or {disable: {tag: TAG}}; names may hold '*'.",
	  config_parse_selection },

	/* where events come from */
	{ "engine.kind", CFG_STRING, INTO(engine_kind), "auto", NULL,
	  "Source of events: modern_ebpf, ebpf, kmod, ptrace; auto: the first of them that works "
	  "here; replay (a capture file), nodriver (none).", NULL },
	{ "engine.fallback", CFG_BOOL, INTO(driver_fallback), "true", NULL,
	  "When the driver of engine.kind cannot be used, take another one and say so, rather than "
	  "end.", NULL },
	{ "engine.build", CFG_BOOL, INTO(driver_build), "true", NULL,
	  "Build a driver when none works that is there.", NULL },
	{ "engine.driver_dir", CFG_STRING, INTO(driver_dir), "", NULL,
	  "Folder of built drivers; default: $SAKER_DRIVER_DIR, /var/lib/saker/drivers (root) or "
	  "$HOME/.saker/drivers.", NULL },
	{ "engine.kmod.buf_size_preset", CFG_UINT, INTO(kmod_buf_preset), "4", NULL,
	  "Size of each buffer of the kernel module: 1 (1 MiB) to 10 (512 MiB), doubling.",
	  config_parse_preset },
	{ "engine.kmod.drop_failed_exit", CFG_BOOL, INTO(kmod_drop_failed), "false", NULL,
	  "Let the kernel module discard failed system calls.", NULL },
	{ "engine.ebpf.probe", CFG_STRING, INTO(probe), "", NULL,
	  "File of the classic eBPF probe; default: $SAKER_BPF_PROBE or $FALCO_BPF_PROBE (set but "
	  "empty: $HOME/.saker/saker-bpf.o), or the one in engine.driver_dir.", NULL },
	{ "engine.ebpf.buf_size_preset", CFG_UINT, INTO(bpf_buf_preset), "4", NULL,
	  "Size of each perf buffer of the classic probe: 1 (1 MiB) to 10 (512 MiB), doubling.",
	  config_parse_preset },
	{ "engine.ebpf.drop_failed_exit", CFG_BOOL, INTO(bpf_drop_failed), "false", NULL,
	  "Let the classic probe discard failed system calls.", NULL },
	{ "engine.modern_ebpf.cpus_for_each_buffer", CFG_UINT, INTO(cpus_for_each_buffer),
	  "2", NULL,
	  "How many CPUs share a ring buffer; 0: all of them share one.", NULL },
	{ "engine.modern_ebpf.buf_size_preset", CFG_STRING, INTO(modern_buf_text), "4", NULL,
	  "Size of each ring buffer: 1 (1 MiB) to 10 (512 MiB), doubling; auto: they begin small and grow "
	  "when they fill.", config_parse_modern_preset },
	{ "engine.modern_ebpf.buf_memory_max", CFG_UINT, INTO(buf_memory_max), "256", NULL,
	  "MiB that all ring buffers together may have when buf_size_preset is auto.", NULL },
	{ "engine.modern_ebpf.drop_failed_exit", CFG_BOOL, INTO(modern_drop_failed), "false", NULL,
	  "Let the driver discard failed system calls.", NULL },
	{ "engine.modern_ebpf.attach", CFG_STRING, INTO(attach), "auto", NULL,
	  "Where the driver sits: at the functions of the watched calls (fexit), at their tracepoints "
	  "(tracepoint), at the tracepoint of all calls (sys_exit), or where it costs least (auto).",
	  NULL },
	{ "engine.modern_ebpf.disable_iterators", CFG_BOOL, INERT, "false", "true",
	  "Read /proc at the start instead of the kernel's iterators.", NULL },
	{ "engine.replay.capture_file", CFG_STRING, INTO(capture_file), "", NULL,
	  "Capture file of engine.kind replay.", NULL },
	{ "workers", CFG_STRING, INTO(workers_text), "1", NULL,
	  "Threads that look at events, each at those of its own processes: 1 to 64, or auto: one for "
	  "each CPU, 4 at most (docs/workers.md).", config_parse_workers },
	{ "workers_ordered", CFG_BOOL, INTO(workers_ordered), "false", NULL,
	  "Live, with several workers: alerts leave in the order of their events' times over all "
	  "processes, not only within each; they are held back for that, a second at most.", NULL },
	{ "base_syscalls.custom_set", CFG_STRINGS, INTO(custom_syscalls), "", NULL,
	  "System calls to capture besides those of the rules, in place of what saker would add; "
	  "with '!' in front (and in quotes): not to capture (docs/syscalls.md).", NULL },
	{ "base_syscalls.repair", CFG_BOOL, INTO(repair_syscalls), "false", NULL,
	  "Add the few calls with which processes, and descriptors of calls that are captured, are "
	  "known (docs/syscalls.md).", NULL },
	{ "base_syscalls.all", CFG_BOOL, INTO(all_syscalls), "false", NULL,
	  "Capture the high-volume I/O calls too when a rule names them (they are left out "
	  "otherwise), and all that Falco's state is made from (docs/syscalls.md).", NULL },
	{ "kernel_filter", CFG_BOOL, INTO(kernel_filter), "true", NULL,
	  "Events that no rule can match are discarded by the driver, in the kernel.", NULL },
	{ "memory.max", CFG_STRING, INTO(memory.max), "512M", NULL,
	  "Memory that the tables together may have, of all workers: bytes, with K, M or G for more of them; 0: no "
	  "limit (docs/memory.md).", NULL },
	{ "memory.tables.threads", CFG_STRING, INTO(memory.table[MEMORY_THREADS]), "50%", NULL,
	  "Of these: for threads and processes with their names, arguments and environments; bytes as in memory.max, or "
	  "a part of it.", NULL },
	{ "memory.tables.fds", CFG_STRING, INTO(memory.table[MEMORY_FDS]), "30%", NULL,
	  "For file descriptors with their names.", NULL },
	{ "memory.tables.users", CFG_STRING, INTO(memory.table[MEMORY_USERS]), "5%", NULL,
	  "For users and groups.", NULL },
	{ "memory.tables.alerts", CFG_STRING, INTO(memory.table[MEMORY_ALERTS]), "15%", NULL,
	  "For alerts that wait for slow outputs.", NULL },
	{ "falco_libs.thread_table_size", CFG_UINT, INTO(thread_table_size), "262144", NULL,
	  "Threads remembered at most, whatever memory they need.", NULL },
	{ "falco_libs.thread_table_auto_purging_interval_s", CFG_UINT, INTO(purge_interval_s), "300", NULL,
	  "Seconds between searches for threads whose end was missed; at least 1.", NULL },
	{ "falco_libs.thread_table_auto_purging_thread_timeout_s", CFG_UINT, INTO(purge_quiet_s), "300", NULL,
	  "Seconds without an event after which a thread is looked for in /proc, and forgotten when it is not there; "
	  "at least 1.", NULL },
	{ "falco_libs.snaplen", CFG_UINT, INTO(snaplen), "80", NULL,
	  "Bytes of read and written data kept in an event; 0: 80.", NULL },

	/* rights */
	{ "privileges.drop", CFG_BOOL, INTO(privileges_drop), "true", NULL,
	  "Give up, once events come, the capabilities that are not needed any more, and limit "
	  "the system calls (docs/privileges.md).", NULL },
	{ "privileges.user", CFG_STRING, INTO(privileges_user), "", NULL,
	  "Work as this user, with the capabilities of the driver; empty: as the one who "
	  "starts saker.", NULL },

	/* alerts */
	{ "time_format_iso_8601", CFG_BOOL, INTO(time_iso_8601), "false", NULL,
	  "Times of alerts and log lines as ISO 8601.", NULL },
	{ "buffer_format_base64", CFG_BOOL, INTO(buffers_base64), "false", NULL,
	  "Show data buffers as base64, not with dots for unprintable bytes.", NULL },
	{ "priority", CFG_STRING, INTO(min_priority_name), "debug", NULL,
	  "Lowest priority of rules that are loaded.", NULL },
	{ "json_output", CFG_BOOL, INTO(json_output), "false", NULL,
	  "Alerts as JSON objects, one per line.", NULL },
	{ "json_include_output_property", CFG_BOOL, INTO(json_output_property), "true", NULL,
	  "JSON alerts have the text line under \"output\".", NULL },
	{ "json_include_message_property", CFG_BOOL, INTO(json_message_property), "false", NULL,
	  "JSON alerts have the text without time and priority under \"message\".", NULL },
	{ "json_include_output_fields_property", CFG_BOOL, INTO(json_fields_property), "true", NULL,
	  "JSON alerts have the single fields under \"output_fields\".", NULL },
	{ "json_include_tags_property", CFG_BOOL, INTO(json_tags_property), "true", NULL,
	  "JSON alerts have the rule's tags under \"tags\".", NULL },
	{ "rule_matching", CFG_STRING, INTO(matching), "first", NULL,
	  "Rules that fire for one event: the first that matches, or all.", NULL },
	{ "append_output", CFG_ITEMS, CHECKED, "", NULL,
	  "Additions to alerts: a list of {match: {rule, source, tags}, extra_output, "
	  "extra_fields, suggested_output}.",
	  config_parse_append },
	{ "static_fields", CFG_MAP, CHECKED, "", NULL,
	  "Constant fields: KEY: VALUE is %static.KEY in outputs and conditions.",
	  config_parse_static },

	/* where alerts go */
	{ "buffered_outputs", CFG_BOOL, INTO(buffered_outputs), "false", NULL,
	  "Write alerts in larger portions, later.", NULL },
	{ "outputs_queue.capacity", CFG_UINT, INTO(queue_capacity), "0", NULL,
	  "Alerts that may wait for slow outputs before some are dropped; 0: limited by their "
	  "memory (memory.tables.alerts) only.", NULL },
	{ "output_timeout", CFG_UINT, INTO(output_timeout_ms), "2000", NULL,
	  "Milliseconds after which an output counts as blocked: it is told, and at the end of the program given "
	  "up. Time for one HTTP request, too. 0: no limit.", NULL },
	{ "stdout_output.enabled", CFG_BOOL, INTO(stdout_enabled), "false", NULL,
	  "Alerts to standard output.", NULL },
	{ "syslog_output.enabled", CFG_BOOL, INTO(syslog_enabled), "false", NULL,
	  "Alerts to syslog.", NULL },
	{ "file_output.enabled", CFG_BOOL, INTO(file_enabled), "false", NULL,
	  "Alerts to a file.", NULL },
	{ "file_output.keep_alive", CFG_BOOL, INTO(file_keep_alive), "false", NULL,
	  "Keep the file open; SIGUSR1 opens it again.", NULL },
	{ "file_output.filename", CFG_STRING, INTO(file_name), "", NULL,
	  "The file; alerts are appended.", NULL },
	{ "program_output.enabled", CFG_BOOL, INTO(program_enabled), "false", NULL,
	  "Alerts to the standard input of a program.", NULL },
	{ "program_output.keep_alive", CFG_BOOL, INTO(program_keep_alive), "false", NULL,
	  "One run of the program for all alerts, not one for each.", NULL },
	{ "program_output.program", CFG_STRING, INTO(program), "", NULL,
	  "The shell command.", NULL },
	{ "http_output.enabled", CFG_BOOL, INTO(http.enabled), "false", NULL,
	  "Alerts to an HTTP server, a POST each (docs/outputs.md).", NULL },
	{ "http_output.url", CFG_STRING, INTO(http.url), "", NULL,
	  "Its address: http://... or https://...", NULL },
	{ "http_output.user_agent", CFG_STRING, INTO(http.user_agent), "falcosecurity/falco", NULL,
	  "User-Agent header of the requests.", NULL },
	{ "http_output.insecure", CFG_BOOL, INTO(http.insecure), "false", NULL,
	  "Accept any certificate of the server, and send alerts to whoever has taken its place.", NULL },
	{ "http_output.ca_cert", CFG_STRING, INTO(http.ca_cert), "", NULL,
	  "File with the certificate authority (PEM); then no other one is trusted.", NULL },
	{ "http_output.ca_bundle", CFG_STRING, INTO(http.ca_bundle), "", NULL,
	  "File with several authorities, when there is no ca_cert.", NULL },
	{ "http_output.ca_path", CFG_STRING, INTO(http.ca_path), "/etc/ssl/certs", NULL,
	  "Folder of authorities, named as c_rehash does, when there is neither.", NULL },
	{ "http_output.mtls", CFG_BOOL, INTO(http.mtls), "false", NULL,
	  "Show a client certificate.", NULL },
	{ "http_output.client_cert", CFG_STRING, INTO(http.client_cert), "/etc/ssl/certs/client.crt", NULL,
	  "The client certificate (PEM), with those between it and its authority.", NULL },
	{ "http_output.client_key", CFG_STRING, INTO(http.client_key), "/etc/ssl/certs/client.key", NULL,
	  "Its key (PEM), not encrypted.", NULL },
	{ "http_output.echo", CFG_BOOL, INTO(http.echo), "false", NULL,
	  "Print the server's answers to standard output.", NULL },
	{ "http_output.compress_uploads", CFG_BOOL, INTO(http.compress), "false", NULL,
	  "Compress what is sent with gzip; a server that refuses that gets it as it is.", NULL },
	{ "http_output.keep_alive", CFG_BOOL, INTO(http.keep_alive), "false", NULL,
	  "Let TCP find out whether an idle connection is still there. The connection is kept for the next alert in "
	  "any case.", NULL },
	{ "http_output.max_consecutive_timeouts", CFG_UINT, INTO(http.max_timeouts), "5", NULL,
	  "How often an alert is sent again when no answer comes within output_timeout, at most 255.", NULL },

	/* the log */
	{ "log_stderr", CFG_BOOL, INTO(log_stderr), "false", NULL,
	  "Log to standard error.", NULL },
	{ "log_syslog", CFG_BOOL, INTO(log_syslog), "true", NULL,
	  "Log to syslog.", NULL },
	{ "log_level", CFG_STRING, INTO(log_level_name), "info", NULL,
	  "Least important lines that are logged: emergency, alert, critical, error, warning, "
	  "notice, info, debug.", NULL },
	{ "libs_logger.enabled", CFG_BOOL, INERT, "false", "false",
	  "Log lines of the capture library.", NULL },
	{ "libs_logger.severity", CFG_STRING, INERT, "info", NULL,
	  "Least important lines of the capture library: fatal, critical, error, warning, notice, info, debug, trace.",
	  NULL },

	/* losses */
	{ "syscall_event_drops.threshold", CFG_DOUBLE, INTO(drops_threshold), "0.1", NULL,
	  "Share of dropped events in a second above which actions are taken, from 0 to 1.", NULL },
	{ "syscall_event_drops.actions", CFG_STRINGS, CHECKED, "", NULL,
	  "What to do then: ignore, log, alert, exit.", config_parse_actions },
	{ "syscall_event_drops.rate", CFG_DOUBLE, INTO(drops_rate), "0.03333", NULL,
	  "Actions per second on average.", NULL },
	{ "syscall_event_drops.max_burst", CFG_UINT, INTO(drops_burst), "1", NULL,
	  "Actions in a row.", NULL },
	{ "syscall_event_drops.simulate_drops", CFG_BOOL, INTO(drops_simulate), "false", NULL,
	  "Pretend one drop at each check, to try the actions.", NULL },
	{ "syscall_event_timeouts.max_consecutives", CFG_UINT, INTO(max_timeouts), "1000", NULL,
	  "Timeouts in a row without an event after which an alert is raised.", NULL },

	/* plugins */
	{ "load_plugins", CFG_STRINGS, INTO(load_plugins), "", NULL,
	  "Names of the plugins to load; when absent, all of them.", config_parse_load_plugins },
	{ "plugins", CFG_ITEMS, CHECKED, "", NULL,
	  "Plugins: a list of {name, library_path, init_config, open_params}. What the plugin "
	  "container does is built in.",
	  config_parse_plugins },
	{ "plugins_hostinfo", CFG_BOOL, INERT, "true", "true",
	  "Give plugins information on the host.", NULL },

	/* recording */
	{ "capture.enabled", CFG_BOOL, INERT, "false", "false",
	  "Write a capture file when rules match.", NULL },
	{ "capture.path_prefix", CFG_STRING, INERT, "", NULL,
	  "Start of the names of capture files.", NULL },
	{ "capture.mode", CFG_STRING, INERT, "rules", NULL,
	  "Rules that start a capture: those that ask for it (rules) or all_rules.", NULL },
	{ "capture.default_duration", CFG_UINT, INERT, "5000", NULL,
	  "Milliseconds a capture lasts.", NULL },
	{ "capture.max_file_size_mb", CFG_UINT, INERT, "0", NULL,
	  "Size at which a capture ends, at most 1048576; 0: none.", NULL },

	/* the web server and metrics */
	{ "webserver.enabled", CFG_BOOL, INTO(web.enabled), "false", NULL,
	  "Answer HTTP requests on health, versions, metrics (docs/metrics.md).", NULL },
	{ "webserver.threadiness", CFG_UINT, INTO(web.threads), "0", NULL,
	  "Threads of the web server; 0: one for each CPU, at most 4.", NULL },
	{ "webserver.listen_port", CFG_UINT, INTO(web.port), "8765", NULL, "Its port.", NULL },
	{ "webserver.listen_address", CFG_STRING, INTO(web.address), "0.0.0.0", NULL, "Its address.", NULL },
	{ "webserver.k8s_healthz_endpoint", CFG_STRING, INTO(web.healthz), "/healthz", NULL,
	  "Path of the health report.", NULL },
	{ "webserver.prometheus_metrics_enabled", CFG_BOOL, INTO(web.prometheus), "false", NULL,
	  "Serve /metrics, when metrics.enabled too.", NULL },
	{ "webserver.ssl_enabled", CFG_BOOL, INTO(web.ssl), "false", NULL, "Use TLS.", NULL },
	{ "webserver.ssl_certificate", CFG_STRING, INTO(web.certificate), "/etc/saker/saker.pem", NULL,
	  "File with certificate and key of the server (PEM).", NULL },
	{ "metrics.enabled", CFG_BOOL, INTO(metrics.enabled), "false", NULL,
	  "Report figures about the sensor at intervals (docs/metrics.md).", NULL },
	{ "metrics.interval", CFG_STRING, INTO(metrics.interval), "1h", NULL,
	  "Time between reports: numbers with y, w, d, h, m, s, ms, from the largest unit to the smallest; 100ms at "
	  "least. Of a capture file: time of its events.", NULL },
	{ "metrics.output_rule", CFG_BOOL, INTO(metrics.output_rule), "false", NULL, "Report as an alert.", NULL },
	{ "metrics.output_file", CFG_STRING, INTO(metrics.output_file), "", NULL,
	  "Report to a file, a JSON object in a line.", NULL },
	{ "metrics.rules_counters_enabled", CFG_BOOL, INTO(metrics.rules), "true", NULL,
	  "Matches and evaluations of each rule.", NULL },
	{ "metrics.resource_utilization_enabled", CFG_BOOL, INTO(metrics.resources), "true", NULL,
	  "CPU and memory used.", NULL },
	{ "metrics.state_counters_enabled", CFG_BOOL, INTO(metrics.state), "true", NULL,
	  "Sizes of the state tables.", NULL },
	{ "metrics.kernel_event_counters_enabled", CFG_BOOL, INTO(metrics.kernel), "true", NULL,
	  "Events and drops of the driver, and by system call.", NULL },
	{ "metrics.kernel_event_counters_per_cpu_enabled", CFG_BOOL, INTO(metrics.per_cpu), "true", NULL,
	  "The same for each CPU.", NULL },
	{ "metrics.kernel_iter_event_counters_enabled", CFG_BOOL, INERT, "true", NULL,
	  "Counters of the start-up scan.", NULL },
	{ "metrics.libbpf_stats_enabled", CFG_BOOL, INTO(metrics.libbpf), "true", NULL,
	  "Run time of BPF programs; the kernel counts it when sysctl kernel.bpf_stats_enabled is 1.", NULL },
	{ "metrics.plugins_metrics_enabled", CFG_BOOL, INERT, "true", NULL,
	  "Figures of plugins.", NULL },
	{ "metrics.jemalloc_stats_enabled", CFG_BOOL, INERT, "true", NULL,
	  "Figures of the memory allocator.", NULL },
	{ "metrics.convert_memory_to_mb", CFG_BOOL, INTO(metrics.convert_memory), "true", NULL,
	  "Memory in MB, not in bytes or kB.", NULL },
	{ "metrics.include_empty_values", CFG_BOOL, INTO(metrics.empty_values), "false", NULL, "Zeros too.", NULL },
	{ "top.enabled", CFG_BOOL, INTO(top_enabled), "true", NULL,
	  "Let `saker top` look at the running sensor.", NULL },
	{ "top.socket", CFG_STRING, INTO(top_socket), "/run/saker/saker.sock", NULL,
	  "The socket that it uses; only the user of the sensor may.", NULL },
	{ "heartbeat.enabled", CFG_BOOL, INTO(heartbeat), "true", NULL,
	  "A system call each second that must come back as an event; when it does not, an alert says that the sensor "
	  "is blind.", NULL },
	{ "pressure.hold_back", CFG_BOOL, INTO(hold_back), "true", NULL,
	  "When a ring buffer fills up, leave out what is like an event of the last second (docs/pressure.md).", NULL },
};

const u32 config_nrows = ARRAY_SIZE(config_rows);

/* Keys whose values are checked when they are used (config_check()) end the program when wrong, and are not here. */
static const struct config_limit limits[] = {
	{ .key = "libs_logger.severity", .choices = "fatal, critical, error, warning, notice, info, debug, trace" },
	{ .key = "capture.mode", .choices = "rules, all_rules" },
	{ .key = "capture.max_file_size_mb", .max = 1048576 },
};

const struct config_limit *config_limit(const char *key)
{
	for (u32 i = 0; i < ARRAY_SIZE(limits); i++)
		if (!strcmp(limits[i].key, key))
			return &limits[i];
	return NULL;
}
