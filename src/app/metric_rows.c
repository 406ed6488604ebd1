/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics, a row each.  What saker cannot tell has no row: docs/differences.md. */
#include "app/metrics.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "event/table.h"

/* ---- those of which there are several ------------------------------------------------------- */

static void put_number(const struct metric_row *row, struct metric_sink *sink, const char *key, u64 value,
		       const struct metric_label *labels, u32 nlabels)
{
	const struct metric_sample s = { .kind = KIND_U64, .number = value, .key = key, .labels = labels,
					 .nlabels = nlabels };

	sink->put(sink, row, &s);
}

static void put_text(const struct metric_row *row, struct metric_sink *sink, const char *key, const char *text,
		     const struct metric_label *labels, u32 nlabels)
{
	const struct metric_sample s = { .kind = KIND_TEXT, .text = text, .key = key, .labels = labels,
					 .nlabels = nlabels };

	sink->put(sink, row, &s);
}

static void get_version(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	const struct metric_label l = { "version", SAKER_VERSION };

	(void)f;
	put_text(row, sink, NULL, SAKER_VERSION, &l, 1);
}

static void get_hostname(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	const struct metric_label l = { "hostname", f->facts->hostname };

	put_text(row, sink, NULL, l.value, &l, 1);
}

static void get_kernel(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	const struct metric_label l = { "kernel_release", f->facts->kernel };

	put_text(row, sink, NULL, l.value, &l, 1);
}

static void get_source(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	(void)f;
	put_text(row, sink, NULL, "syscall", NULL, 0);
}

static void get_engine(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	const struct metric_label l[] = { { "engine_name", f->facts->engine }, { "evt_source", "syscall" } };

	put_text(row, sink, NULL, f->facts->engine, l, 2);
}

static void put_file(const struct metric_row *row, struct metric_sink *sink, const struct fact_file *file)
{
	const struct metric_label l[] = { { "file_name", file->name }, { "sha256", file->sha256 } };
	struct buf name = { 0 };

	metrics_plain_name(file->name, &name);
	put_text(row, sink, buf_str(&name), file->sha256, l, 2);
	buf_fini(&name);
}

static void get_rules_files(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	for (size_t i = 0; i < f->facts->rules_files.n; i++)
		put_file(row, sink, &f->facts->rules_files.p[i]);
}

static void get_config_files(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	for (size_t i = 0; i < f->facts->config_files.n; i++)
		put_file(row, sink, &f->facts->config_files.p[i]);
}

static void get_interfaces(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	char key[64];

	for (size_t i = 0; i < f->facts->interfaces.n; i++) {
		struct fact_interface *it = &f->facts->interfaces.p[i];

		snprintf(key, sizeof(key), "%s.protocols.ipv4", it->name);
		if (it->ipv4.len)
			put_text(row, sink, key, it->ipv4.p, NULL, 0);
		snprintf(key, sizeof(key), "%s.protocols.ipv6", it->name);
		if (it->ipv6.len)
			put_text(row, sink, key, it->ipv6.p, NULL, 0);
	}
}

/* ---- rules ---------------------------------------------------------------------------------- */

#define RULE_LABELS 40		/* the tags that find no place are left out */

static void put_rule(const struct metric_row *row, struct metric_sink *sink, const struct rule *r, u64 value)
{
	struct metric_label l[RULE_LABELS] = { { "priority", NULL }, { "rule_name", r->name }, { "source", r->source } };
	const struct alert_desc *al = &r->alert;
	char priority[4];
	struct buf names = { 0 }, key = { 0 };
	u32 n = 3;

	snprintf(priority, sizeof(priority), "%d", r->priority);
	l[0].value = priority;
	for (u32 i = 0; i < al->ntags; i++) {
		buf_adds(&names, "tag_");
		metrics_plain_name(al->tags[i], &names);
		buf_addc(&names, '\0');
	}
	/* only now, when they do not move any more */
	for (const char *name = names.p; name < names.p + names.len && n < RULE_LABELS; name += strlen(name) + 1)
		l[n++] = (struct metric_label){ name, "true" };
	metrics_plain_name(r->name, &key);
	put_number(row, sink, buf_str(&key), value, l, n);
	buf_fini(&names);
	buf_fini(&key);
}

static void get_rule_matches(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	for (u32 i = 0; i < f->snap.nrules; i++)
		put_rule(row, sink, f->snap.rules[i].rule, f->snap.rules[i].matches);
}

static void put_rule_figure(const struct metric_row *row, struct metric_sink *sink, const struct rule *r, u64 value)
{
	const struct metric_label l = { "rule_name", r->name };
	struct buf key = { 0 };

	metrics_plain_name(r->name, &key);
	put_number(row, sink, buf_str(&key), value, &l, 1);
	buf_fini(&key);
}

#define RULE_FIGURE(member_)								\
static void get_rule_##member_(const struct metric_row *row, const struct figures *f,	\
			       struct metric_sink *sink)				\
{											\
	for (u32 i = 0; i < f->snap.nrules; i++)					\
		put_rule_figure(row, sink, f->snap.rules[i].rule, f->snap.rules[i].member_);	\
}

RULE_FIGURE(evaluations)
RULE_FIGURE(samples)
RULE_FIGURE(sampled_ns)

/* ---- the driver ------------------------------------------------------------------------------ */

static const struct {
	const char *json, *drop;
} classes[DROP_CLASSES] = {
	[DROPS_CLONE_FORK] = { "clone_fork_exit", "clone_fork" },
	[DROPS_EXECVE] = { "execve_exit", "execve" },
	[DROPS_CONNECT] = { "connect_exit", "connect" },
	[DROPS_OPEN] = { "open_exit", "open" },
	[DROPS_DIR_FILE] = { "dir_file_exit", "dir_file" },
	[DROPS_OTHER_INTEREST] = { "other_interest_exit", "other_interest" },
	[DROPS_CLOSE] = { "close_exit", "close" },
	[DROPS_PROC_EXIT] = { "proc_exit", "proc" },
};

static void get_classes(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	for (u32 i = 0; i < DROPS_REST; i++) {
		const struct metric_label l[] = { { "dir", "exit" }, { "drop", classes[i].drop } };

		put_number(row, sink, classes[i].json, f->snap.capture.drops_class[i], l, 2);
	}
}

#define CPU_FIGURE(name_, expr_)							\
static void get_cpu_##name_(const struct metric_row *row, const struct figures *f,	\
			    struct metric_sink *sink)					\
{											\
	for (u32 i = 0; i < f->snap.ncpus; i++) {					\
		const struct syscall_counters *n = &f->snap.cpus[i];			\
		char cpu[12];								\
		const struct metric_label l = { "cpu", cpu };				\
											\
		snprintf(cpu, sizeof(cpu), "%u", i);					\
		put_number(row, sink, cpu, expr_, &l, 1);				\
	}										\
}

CPU_FIGURE(made, n->sent + n->lost)
CPU_FIGURE(drops, n->lost)
CPU_FIGURE(seen, n->seen)
CPU_FIGURE(filtered, n->filtered)
CPU_FIGURE(held, n->held)

#define SYSCALL_FIGURE(name_, expr_)							\
static void get_syscall_##name_(const struct metric_row *row, const struct figures *f,	\
				struct metric_sink *sink)				\
{											\
	for (u32 code = 1; code < SC_MAX; code++) {					\
		const struct syscall_counters *n = &f->snap.by_code[code];		\
		const struct syscall_desc *d = n->seen ? syscall_desc(code) : NULL;	\
		const struct metric_label l = { "syscall", d ? d->name : NULL };	\
											\
		if (d)									\
			put_number(row, sink, d->name, expr_, &l, 1);			\
	}										\
}

SYSCALL_FIGURE(seen, n->seen)
SYSCALL_FIGURE(filtered, n->filtered)
SYSCALL_FIGURE(delivered, n->sent)
SYSCALL_FIGURE(held, n->held)
SYSCALL_FIGURE(no_room, n->lost - n->lost_scratch)
SYSCALL_FIGURE(unfit, n->lost_scratch)

static void get_syscall_bytes(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	for (u32 code = 1; code < SC_MAX; code++) {
		const struct syscall_desc *d = f->snap.bytes[code] ? syscall_desc(code) : NULL;
		const struct metric_label l = { "syscall", d ? d->name : NULL };

		if (d)
			put_number(row, sink, d->name, f->snap.bytes[code], &l, 1);
	}
}

/*
 * The Prometheus name has the program's in it; the row has what follows, and the writer puts
 * both together by the key.
 */
#define PROGRAM_FIGURE(name_, expr_)							\
static void get_program_##name_(const struct metric_row *row, const struct figures *f,	\
				struct metric_sink *sink)				\
{											\
	for (u32 i = 0; i < f->snap.nprograms; i++) {					\
		const struct snapshot_program *p = &f->snap.programs[i];		\
											\
		put_number(row, sink, p->name, expr_, NULL, 0);				\
	}										\
}

PROGRAM_FIGURE(runs, p->runs)
PROGRAM_FIGURE(ns, p->run_ns)
PROGRAM_FIGURE(average, p->run_ns / p->runs)

static void get_driver(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	const struct health *h = &f->snap.health;
	const struct metric_label l[] = { { "wanted", h->wanted ? h->wanted : "" }, { "used", h->used ? h->used : "" } };

	put_number(row, sink, NULL, f->fallback, l, 2);
}

static void get_wanted(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	if (f->snap.health.wanted)
		put_text(row, sink, NULL, f->snap.health.wanted, NULL, 0);
}

static void get_used(const struct metric_row *row, const struct figures *f, struct metric_sink *sink)
{
	if (f->snap.health.used)
		put_text(row, sink, NULL, f->snap.health.used, NULL, 0);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static const char *const table_names[SNAPSHOT_TABLES] = {
	[TABLE_THREADS] = "threads", [TABLE_FDS] = "fds", [TABLE_USERS] = "users", [TABLE_ALERTS] = "alerts",
	[TABLE_PROCESSES] = "processes",
};

#define TABLE_FIGURE(name_)								\
static void get_table_##name_(const struct metric_row *row, const struct figures *f,	\
			      struct metric_sink *sink)					\
{											\
	for (u32 i = 0; i < SNAPSHOT_TABLES; i++) {					\
		const struct metric_label l = { "table", table_names[i] };		\
											\
		put_number(row, sink, l.value, f->snap.tables[i].name_, &l, 1);		\
	}										\
}

TABLE_FIGURE(entries)
TABLE_FIGURE(bytes)
TABLE_FIGURE(max_bytes)
TABLE_FIGURE(evicted)
TABLE_FIGURE(recreated)
TABLE_FIGURE(refused)

/* ---- the rows -------------------------------------------------------------------------------- */

#define V(group_, type_, unit_, flags_, member_, json_, prometheus_, help_)		\
	{ json_, prometheus_, GROUP_##group_, METRIC_##type_, UNIT_##unit_, flags_, KIND_U64,	\
	  offsetof(struct figures, member_), NULL, help_ }
#define D(group_, unit_, member_, json_, prometheus_, help_)				\
	{ json_, prometheus_, GROUP_##group_, METRIC_GAUGE, UNIT_##unit_, 0, KIND_DOUBLE,	\
	  offsetof(struct figures, member_), NULL, help_ }
#define F(group_, type_, unit_, flags_, get_, json_, prometheus_, help_)		\
	{ json_, prometheus_, GROUP_##group_, METRIC_##type_, UNIT_##unit_, flags_, KIND_U64, 0, get_, help_ }
#define ZERO METRIC_ZERO_TOO
#define LIVE METRIC_LIVE
#define FALCO "falcosecurity_falco_"
#define SCAP "falcosecurity_scap_"

const struct metric_row metric_rows[] = {
	/* what runs, and where */
	V(ALWAYS, GAUGE, NONE, ZERO, now_ns, "evt.time", NULL, "Time of the snapshot, nanoseconds since 1970."),
	F(ALWAYS, GAUGE, NONE, 0, get_hostname, "evt.hostname", "falcosecurity_evt_hostname_info", "Name of the machine."),
	F(ALWAYS, GAUGE, NONE, 0, get_source, "evt.source", NULL, "Source of the events."),
	F(ALWAYS, GAUGE, NONE, 0, get_version, "falco.version", FALCO "version_info", "Version of saker."),
	V(ALWAYS, GAUGE, NONE, ZERO, start_ns, "falco.start_ts", FALCO "start_timestamp_nanoseconds",
	  "When the sensor started."),
	V(ALWAYS, GAUGE, NONE, ZERO, start_ns, "falco.reload_ts", FALCO "reload_timestamp_nanoseconds",
	  "When its configuration was loaded last."),
	V(ALWAYS, COUNTER, NONE, ZERO, duration_s, "falco.duration_sec", FALCO "duration_seconds_total",
	  "Seconds since the start."),
	F(ALWAYS, GAUGE, NONE, 0, get_kernel, "falco.kernel_release", FALCO "kernel_release_info", "Release of the kernel."),
	V(ALWAYS, GAUGE, NONE, ZERO, boot_ns, "falco.host_boot_ts", FALCO "host_boot_timestamp_nanoseconds",
	  "When the machine started."),
	V(ALWAYS, GAUGE, NONE, ZERO, ncpus, "falco.host_num_cpus", FALCO "host_num_cpus_total", "CPUs online."),
	V(ALWAYS, COUNTER, NONE, ZERO, snap.outputs_dropped, "falco.outputs_queue_num_drops",
	  FALCO "outputs_queue_num_drops_total", "Alerts dropped because the outputs were too slow."),
	F(ALWAYS, GAUGE, NONE, 0, get_rules_files, "falco.sha256_rules_file.%s", FALCO "sha256_rules_files_info",
	  "SHA-256 of each rules file."),
	F(ALWAYS, GAUGE, NONE, 0, get_config_files, "falco.sha256_config_file.%s", FALCO "sha256_config_files_info",
	  "SHA-256 of each configuration file."),
	F(ALWAYS, GAUGE, NONE, 0, get_interfaces, "falco.host_netinfo.interfaces.%s.addresses", NULL,
	  "Addresses of each network interface but the loopback."),
	F(ALWAYS, GAUGE, NONE, 0, get_engine, "scap.engine_name", SCAP "engine_name_info", "Where events come from."),
	V(ALWAYS, COUNTER, NONE, ZERO, snap.events, "falco.num_evts", NULL, "Events handled."),
	V(ALWAYS, COUNTER, NONE, ZERO, past.events, "falco.num_evts_prev", NULL, "The same in the snapshot before."),
	{ "falco.evts_rate_sec", NULL, GROUP_ALWAYS, METRIC_GAUGE, UNIT_NONE, ZERO, KIND_DOUBLE,
	  offsetof(struct figures, evts_rate), NULL, "Events handled a second, since the snapshot before." },

	/* health */
	F(ALWAYS, GAUGE, NONE, ZERO | LIVE, get_driver, "saker.driver.fallback", "saker_driver_fallback",
	  "1: another driver is used than the one wanted."),
	F(ALWAYS, GAUGE, NONE, LIVE, get_wanted, "saker.driver.wanted", NULL, "The driver wanted."),
	F(ALWAYS, GAUGE, NONE, LIVE, get_used, "saker.driver.used", NULL, "The driver in use."),
	V(ALWAYS, GAUGE, NONE, ZERO | LIVE, rejected, "saker.driver.rejected_programs", "saker_driver_rejected_programs",
	  "BPF programs that the kernel did not take, so that events are missing or have less in them."),
	V(ALWAYS, GAUGE, NONE, ZERO | LIVE, blind, "saker.blind", "saker_blind",
	  "1: the heartbeat does not come back, or the books do not balance."),
	V(ALWAYS, COUNTER, NONE, LIVE, snap.health.blind_alerts, "saker.blind_alerts", "saker_blind_alerts_total",
	  "How often the sensor found itself blind."),
	V(ALWAYS, COUNTER, NONE, LIVE, snap.health.beats, "saker.heartbeat.beats", "saker_heartbeat_beats_total",
	  "Heartbeats that came back as events."),
	V(ALWAYS, GAUGE, NS, LIVE, snap.health.beat_age_ns, "saker.heartbeat.age", "saker_heartbeat_age_nanoseconds",
	  "Time since the last one."),
	V(ALWAYS, GAUGE, NONE, LIVE, snap.health.adrift, "saker.events_adrift", "saker_events_adrift",
	  "Events that the books do not account for."),
	V(ALWAYS, COUNTER, NONE, 0, snap.invalid, "saker.events_invalid", "saker_events_invalid_total",
	  "Events that could not be decoded."),
	V(ALWAYS, COUNTER, NONE, 0, snap.capture.unknown, "saker.events_unknown", "saker_events_unknown_total",
	  "Events in a capture file of a type that this version does not know."),
	V(ALWAYS, COUNTER, NONE, 0, snap.capture.enters_forgotten, "saker.enters_forgotten", "saker_enters_forgotten_total",
	  "Beginnings of calls in an old capture file that were forgotten before their ends came."),
	V(ALWAYS, COUNTER, NONE, 0, snap.alerts, "saker.alerts", "saker_alerts_total", "Alerts raised by rules."),
	V(ALWAYS, COUNTER, NONE, 0, snap.outputs_failed, "saker.outputs_failed", "saker_outputs_failed_total",
	  "Alerts that an output could not deliver."),
	V(ALWAYS, COUNTER, NONE, LIVE, snap.timeouts, "saker.timeouts", "saker_timeouts_total",
	  "Waits that ended without an event."),
	V(ALWAYS, GAUGE, NONE, 0, workers, "saker.workers", "saker_workers", "Event loops at work."),

	V(ALWAYS, COUNTER, NONE, 0, web.requests, NULL, "saker_web_requests_total", "Requests that the web server answered."),
	V(ALWAYS, COUNTER, NONE, 0, web.bad, NULL, "saker_web_requests_refused_total",
	  "Requests that it refused, or that were broken off."),
	V(ALWAYS, COUNTER, NONE, 0, web.ended, NULL, "saker_web_connections_ended_total",
	  "Connections that it ended because a request took too long."),

	/* rules */
	V(RULES, COUNTER, NONE, ZERO, rule_matches, "falco.rules.matches_total", NULL, "Matches of all rules."),
	F(RULES, COUNTER, NONE, 0, get_rule_matches, "falco.rules.%s", FALCO "rules_matches_total", "Matches of each rule."),
	F(RULES, COUNTER, NONE, 0, get_rule_evaluations, "saker.rules.%s.evaluations", "saker_rule_evaluations_total",
	  "How often a rule's condition was evaluated."),
	F(RULES, COUNTER, NONE, 0, get_rule_samples, "saker.rules.%s.samples", "saker_rule_samples_total",
	  "Evaluations whose time was taken: those of one event in 1024."),
	F(RULES, COUNTER, NS, 0, get_rule_sampled_ns, "saker.rules.%s.sampled", "saker_rule_sampled_nanoseconds_total",
	  "The time that these took."),

	/* resources */
	D(RESOURCES, PERCENT, res.cpu_perc, "falco.cpu_usage", FALCO "cpu_usage_ratio",
	  "CPU time of the sensor since its start, as a part of one CPU."),
	V(RESOURCES, GAUGE, KB, 0, res.rss_kb, "falco.memory_rss", FALCO "memory_rss_bytes",
	  "Resident memory of the sensor, mapped rings included."),
	V(RESOURCES, GAUGE, KB, 0, res.vsz_kb, "falco.memory_vsz", FALCO "memory_vsz_bytes", "Its address space."),
	V(RESOURCES, GAUGE, KB, 0, res.pss_kb, "falco.memory_pss", FALCO "memory_pss_bytes",
	  "Its resident memory, shared pages in part."),
	V(RESOURCES, GAUGE, BYTES, 0, res.container_bytes, "falco.container_memory_used", FALCO "container_memory_used_bytes",
	  "Memory of the cgroup, when it can be read ($SINSP_AGENT_CGROUP_MEM_PATH or $FALCO_CGROUP_MEM_PATH names another file)."),
	D(RESOURCES, PERCENT, res.host_cpu_perc, "falco.host_cpu_usage", FALCO "host_cpu_usage_ratio",
	  "CPU time of the machine since its start, of all CPUs."),
	V(RESOURCES, GAUGE, KB, 0, res.host_used_kb, "falco.host_memory_used", FALCO "host_memory_used_bytes",
	  "Memory of the machine in use, buffers and caches left out."),
	V(RESOURCES, GAUGE, NONE, 0, res.host_procs_running, "falco.host_procs_running", FALCO "host_procs_running_total",
	  "Runnable processes of the machine."),
	V(RESOURCES, GAUGE, NONE, 0, res.host_open_fds, "falco.host_open_fds", FALCO "host_open_fds_total",
	  "Open files of the machine."),

	/* the process picture */
	V(STATE, GAUGE, NONE, 0, snap.proc.threads, "falco.n_threads", SCAP "n_threads_total", "Threads known."),
	V(STATE, GAUGE, NONE, 0, snap.proc.fds, "falco.n_fds", SCAP "n_fds_total", "File descriptors known."),
	V(STATE, COUNTER, NONE, 0, snap.proc.fd_lookups, "falco.n_noncached_fd_lookups",
	  SCAP "n_noncached_fd_lookups_total", "Look-ups of file descriptors."),
	V(STATE, COUNTER, NONE, 0, snap.proc.failed_fd_lookups, "falco.n_failed_fd_lookups",
	  SCAP "n_failed_fd_lookups_total", "Those without a result."),
	V(STATE, COUNTER, NONE, 0, snap.proc.added_fds, "falco.n_added_fds", SCAP "n_added_fds_total",
	  "File descriptors that came."),
	V(STATE, COUNTER, NONE, 0, snap.proc.removed_fds, "falco.n_removed_fds", SCAP "n_removed_fds_total",
	  "File descriptors that went."),
	V(STATE, COUNTER, NONE, 0, snap.proc.stored_events, "falco.n_stored_evts", SCAP "n_stored_evts_total",
	  "Beginnings of calls kept for their ends."),
	V(STATE, COUNTER, NONE, 0, snap.proc.store_drops, "falco.n_store_evts_drops", SCAP "n_store_evts_drops_total",
	  "Those that found no room."),
	V(STATE, COUNTER, NONE, 0, snap.proc.retrieved_events, "falco.n_retrieved_evts", SCAP "n_retrieved_evts_total",
	  "Beginnings found again at the end."),
	V(STATE, COUNTER, NONE, 0, snap.proc.retrieve_drops, "falco.n_retrieve_evts_drops",
	  SCAP "n_retrieve_evts_drops_total", "Ends without a beginning."),
	V(STATE, COUNTER, NONE, 0, snap.proc.thread_lookups, "falco.n_noncached_thread_lookups",
	  SCAP "n_noncached_thread_lookups_total", "Look-ups of threads."),
	V(STATE, COUNTER, NONE, 0, snap.proc.failed_thread_lookups, "falco.n_failed_thread_lookups",
	  SCAP "n_failed_thread_lookups_total", "Those without a result."),
	V(STATE, COUNTER, NONE, 0, snap.proc.added_threads, "falco.n_added_threads", SCAP "n_added_threads_total",
	  "Threads that came."),
	V(STATE, COUNTER, NONE, 0, snap.proc.removed_threads, "falco.n_removed_threads", SCAP "n_removed_threads_total",
	  "Threads that went."),
	V(STATE, COUNTER, NONE, 0, snap.proc.drops_full_threadtable, "falco.n_drops_full_threadtable",
	  SCAP "n_drops_full_threadtable_total", "Threads not remembered because the table was full."),
	F(STATE, GAUGE, NONE, 0, get_table_entries, "saker.tables.%s.entries", "saker_table_entries", "Entries of each table."),
	F(STATE, COUNTER, NONE, 0, get_table_refused, "saker.tables.%s.refused", "saker_table_refused_total",
	  "What found no room in it."),
	F(STATE, COUNTER, NONE, 0, get_table_evicted, "saker.tables.%s.evictions", "saker_table_evictions_total",
	  "Entries removed to make room for others."),
	F(STATE, COUNTER, NONE, LIVE, get_table_recreated, "saker.tables.%s.recreations", "saker_table_recreations_total",
	  "Entries read from /proc because an event needed them."),
	F(STATE, GAUGE, BYTES, 0, get_table_bytes, "saker.tables.%s.memory", "saker_table_bytes", "Memory of each table."),
	F(STATE, GAUGE, BYTES, 0, get_table_max_bytes, "saker.tables.%s.memory_max", "saker_table_max_bytes",
	  "Memory that it may have (memory.tables); 0: no limit."),
	V(STATE, COUNTER, NONE, LIVE, snap.proc.proc_lookups, "saker.proc_lookups", "saker_proc_lookups_total",
	  "Single tasks read from /proc."),
	V(STATE, COUNTER, NONE, LIVE, snap.proc.proc_lookups_refused, "saker.proc_lookups_refused",
	  "saker_proc_lookups_refused_total", "Tasks not read because there were too many."),
	V(STATE, COUNTER, NONE, LIVE, snap.proc.scan_skipped, "saker.scan_skipped", "saker_scan_skipped_total",
	  "Entries of /proc that could not be read at the start."),
	V(STATE, COUNTER, NONE, LIVE, snap.proc.user_files_refused, "saker.user_files_refused",
	  "saker_user_files_refused_total", "Files passwd and group of containers that are too large, or no ordinary files."),

	/* the driver: names of Falco's */
	V(KERNEL, COUNTER, NONE, ZERO | LIVE, made, "scap.n_evts", SCAP "n_evts_total", "Events made, lost ones included."),
	V(KERNEL, COUNTER, NONE, ZERO | LIVE, drops, "scap.n_drops", SCAP "n_drops_total", "Events lost."),
	V(KERNEL, COUNTER, NONE, LIVE, snap.capture.drops_buffer, "scap.n_drops_buffer_total", NULL,
	  "Those lost because a ring was full."),
	F(KERNEL, COUNTER, NONE, LIVE, get_classes, "scap.n_drops_buffer_%s", SCAP "n_drops_buffer_total",
	  "The same by kinds of calls."),
	V(KERNEL, COUNTER, NONE, LIVE, snap.capture.drops_scratch, "scap.n_drops_scratch_map",
	  SCAP "n_drops_scratch_map_total", "Events lost because they were too large, or their CPU was busy with another."),
	V(KERNEL, COUNTER, NONE, ZERO | LIVE, past.made, "scap.n_evts_prev", NULL, "Events made, in the snapshot before."),
	V(KERNEL, COUNTER, NONE, ZERO | LIVE, past.drops, "scap.n_drops_prev", NULL, "Events lost, in the snapshot before."),
	{ "scap.evts_rate_sec", NULL, GROUP_KERNEL, METRIC_GAUGE, UNIT_NONE, ZERO | LIVE, KIND_DOUBLE,
	  offsetof(struct figures, made_rate), NULL, "Events made a second, since then." },
	{ "scap.evts_drop_rate_sec", NULL, GROUP_KERNEL, METRIC_GAUGE, UNIT_NONE, ZERO | LIVE, KIND_DOUBLE,
	  offsetof(struct figures, drops_rate), NULL, "Events lost a second, since then." },
	{ "scap.n_drops", NULL, GROUP_KERNEL, METRIC_GAUGE, UNIT_PERCENT, ZERO | LIVE, KIND_DOUBLE,
	  offsetof(struct figures, drops_perc), NULL, "Part of the events made since then that was lost." },

	/* and those of saker's books: for each syscall and CPU, seen = filtered + delivered + held + dropped */
	V(KERNEL, COUNTER, NONE, LIVE, snap.capture.seen, "saker.syscalls_seen", "saker_syscalls_seen_total",
	  "Calls and tracepoints of interest that reached the driver."),
	V(KERNEL, COUNTER, NONE, LIVE, snap.capture.filtered, "saker.syscalls_filtered", "saker_syscalls_filtered_total",
	  "Of these: left out in the kernel because no rule could match."),
	V(KERNEL, COUNTER, NONE, LIVE, snap.capture.events, "saker.syscalls_delivered", "saker_syscalls_delivered_total",
	  "Of these: delivered to the rules."),
	V(KERNEL, COUNTER, NONE, LIVE, snap.capture.held, "saker.syscalls_held", "saker_syscalls_held_total",
	  "Of these: held back under pressure because one like it was delivered (docs/pressure.md)."),
	V(KERNEL, COUNTER, NONE, LIVE, snap.capture.truncated, "saker.parameters_cut", "saker_parameters_cut_total",
	  "Parameters cut at a limit."),
	V(KERNEL, COUNTER, NONE, LIVE, snap.capture.enter_lost, "saker.enter_lost", "saker_enter_lost_total",
	  "Paths and addresses for which there was no room from entry to exit of their call."),
	V(KERNEL, COUNTER, NONE, LIVE, snap.capture.unseen, "saker.unseen", "saker_unseen_total",
	  "Of the events lost: those that no counter of a syscall has."),
	V(KERNEL, GAUGE, NONE, LIVE, snap.under_pressure, "saker.pressure.active", "saker_pressure_active",
	  "1: events come faster than they are looked at (docs/pressure.md)."),
	V(KERNEL, COUNTER, NONE, LIVE, snap.pressure_occurrences, "saker.pressure.occurrences",
	  "saker_pressure_occurrences_total", "How often that began."),
	V(KERNEL, COUNTER, NONE, LIVE, snap.drop_occurrences, "saker.drop_occurrences", "saker_drop_occurrences_total",
	  "Seconds in which more events were lost than syscall_event_drops.threshold allows."),
	V(KERNEL, COUNTER, NONE, LIVE, snap.drop_actions, "saker.drop_actions", "saker_drop_actions_total",
	  "Actions taken because of that."),
	F(KERNEL, COUNTER, NONE, LIVE, get_syscall_seen, "saker.syscall.%s.seen", "saker_syscall_seen_total",
	  "Calls that reached the driver."),
	F(KERNEL, COUNTER, NONE, LIVE, get_syscall_filtered, "saker.syscall.%s.filtered", "saker_syscall_filtered_total",
	  "Of these: left out in the kernel."),
	F(KERNEL, COUNTER, NONE, LIVE, get_syscall_delivered, "saker.syscall.%s.delivered", "saker_syscall_delivered_total",
	  "Of these: delivered."),
	F(KERNEL, COUNTER, NONE, LIVE, get_syscall_held, "saker.syscall.%s.held", "saker_syscall_held_total",
	  "Of these: held back under pressure."),
	F(KERNEL, COUNTER, NONE, LIVE, get_syscall_no_room, "saker.syscall.%s.dropped_buffer",
	  "saker_syscall_dropped_buffer_total", "Of these: lost because a ring was full."),
	F(KERNEL, COUNTER, NONE, LIVE, get_syscall_unfit, "saker.syscall.%s.dropped_scratch",
	  "saker_syscall_dropped_scratch_total", "Of these: lost because they were too large, or their CPU was busy."),
	F(KERNEL, COUNTER, NONE, 0, get_syscall_bytes, "saker.syscall.%s.bytes", "saker_syscall_bytes_total",
	  "Bytes of the events handled, by the call that their type belongs to; calls without a type of their own are left out."),

	/* CPUs */
	F(PER_CPU, COUNTER, NONE, LIVE, get_cpu_made, "scap.n_evts_cpu_%s", SCAP "n_evts_cpu_total",
	  "Events made on each CPU, lost ones included."),
	F(PER_CPU, COUNTER, NONE, LIVE, get_cpu_drops, "scap.n_drops_cpu_%s", SCAP "n_drops_cpu_total",
	  "Events lost on each CPU."),
	F(PER_CPU, COUNTER, NONE, LIVE, get_cpu_seen, "saker.cpu.%s.seen", "saker_cpu_seen_total",
	  "Calls that reached the driver there."),
	F(PER_CPU, COUNTER, NONE, LIVE, get_cpu_filtered, "saker.cpu.%s.filtered", "saker_cpu_filtered_total",
	  "Of these: left out in the kernel."),
	F(PER_CPU, COUNTER, NONE, LIVE, get_cpu_held, "saker.cpu.%s.held", "saker_cpu_held_total",
	  "Of these: held back under pressure."),

	/* programs in the kernel, when kernel.bpf_stats_enabled is 1 */
	F(LIBBPF, COUNTER, NONE, LIVE, get_program_runs, "scap.%s.run_cnt", SCAP "%s_run_cnt_total",
	  "Runs of each BPF program (sysctl kernel.bpf_stats_enabled=1)."),
	F(LIBBPF, COUNTER, NONE, LIVE, get_program_ns, "scap.%s.run_time_ns", SCAP "%s_run_time_nanoseconds_total",
	  "Time spent in it."),
	F(LIBBPF, GAUGE, NONE, LIVE, get_program_average, "scap.%s.avg_time_ns", SCAP "%s_avg_time_nanoseconds",
	  "The same for one run."),
};

const u32 metric_nrows = ARRAY_SIZE(metric_rows);
