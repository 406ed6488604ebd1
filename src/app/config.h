/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: one row for each key (config_rows.c), one struct of what they give.
 */
#ifndef SAKER_APP_CONFIG_H
#define SAKER_APP_CONFIG_H

#include "app/doc.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/shape.h"
#include "base/vec.h"
#include "output/outputs.h"
#include "rules/rules.h"

struct strlist {
	const char **p;
	u32 n;
};

enum drop_action {
	DROP_IGNORE = 1 << 0,
	DROP_LOG = 1 << 1,
	DROP_ALERT = 1 << 2,
	DROP_EXIT = 1 << 3
};

struct config_file {
	const char *path;
	const char *schema;	/* "ok", or what failed */
};

/* An option -o with an unknown key or a value of another type. */
struct config_fault {
	const char *key, *what;
};

struct static_field {
	const char *key, *value;
};

/* The tables of memory.tables. */
enum memory_table { MEMORY_THREADS, MEMORY_FDS, MEMORY_USERS, MEMORY_ALERTS, MEMORY_TABLES };

/* Everything in it lives in its arena. */
struct config {
	struct arena arena;
	const char *path;		/* as given */
	struct yaml_node *root;		/* merged */
	VEC(struct config_file) files;
	VEC(struct config_fault) faults;	/* of -o, in its order */
	VEC(const char *) no_effect;	/* keys given that do nothing yet */
	const char *old_rules_key;	/* an old name of rules_files that was used; NULL: none */

	struct strlist rules_files, load_plugins;
	bool load_plugins_given;
	const struct rules_selection *selection;
	u32 nselection;
	const struct rules_append *append;
	u32 nappend;
	struct strmap static_fields;	/* key → value */
	struct strlist static_keys;

	const char *engine_kind, *capture_file;
	const char *workers_text;
	u32 workers;			/* 0: auto */
	bool workers_ordered;
	const char *modern_buf_text;
	bool modern_buf_auto;		/* rings grow; the preset has no meaning then */
	u64 modern_buf_preset, bpf_buf_preset, kmod_buf_preset, cpus_for_each_buffer;
	u64 buf_memory_max;		/* MiB, of rings that grow */
	bool modern_drop_failed, bpf_drop_failed, kmod_drop_failed;
	bool driver_fallback, driver_build;
	const char *driver_dir, *probe;
	const char *attach;		/* of engine.modern_ebpf */
	bool time_iso_8601, buffers_base64;
	const char *min_priority_name;
	enum priority min_priority;
	bool json_output, json_output_property, json_message_property, json_fields_property;
	bool json_tags_property;
	bool buffered_outputs;
	const char *matching;
	bool first_match;
	u64 queue_capacity;
	struct output_options sinks;	/* the keys of sinks but http; the rest is init_outputs()' */
	struct {
		bool enabled, insecure, mtls, echo, compress, keep_alive;
		const char *url, *user_agent, *ca_cert, *ca_bundle, *ca_path, *client_cert, *client_key;
		u64 max_timeouts;
	} http;
	bool log_stderr, log_syslog;
	const char *log_level_name;
	enum priority log_level;
	u64 output_timeout_ms;
	double drops_threshold, drops_rate;
	u64 drops_burst;
	u32 drops_actions;		/* DROP_* */
	bool drops_simulate;
	u64 max_timeouts;
	struct {
		bool enabled, prometheus, ssl;
		const char *address, *healthz, *certificate;
		u64 port, threads;
	} web;
	struct {
		bool enabled, output_rule, convert_memory, empty_values;
		bool rules, resources, state, kernel, per_cpu, libbpf;	/* groups */
		const char *interval, *output_file;
		u64 interval_ms;
	} metrics;
	bool top_enabled;
	const char *top_socket;
	bool heartbeat;
	bool hold_back;
	struct strlist custom_syscalls;
	bool all_syscalls, repair_syscalls;
	u64 thread_table_size, snaplen;
	struct {
		bool enabled;
		const char *full_ports;
		u16 full_first, full_last;	/* 0: none */
		u64 statsd_port;
	} dynamic;				/* snaplen */
	u64 purge_interval_s, purge_quiet_s;	/* of threads that are gone */
	struct {
		const char *max, *table[MEMORY_TABLES];
		u64 max_bytes, table_bytes[MEMORY_TABLES];	/* of all workers; 0: no limit */
	} memory;
	bool kernel_filter;
	bool privileges_drop;
	const char *privileges_user;
};

#define WORKERS_AUTO_MAX 4u

enum {
	CFG_NO_EFFECT = 1 << 0,	/* accepted, does nothing yet */
	CFG_REQUIRED = 1 << 1,	/* when its section is there */
	CFG_SPARSE = 1 << 2,	/* its section may be empty */
};

struct config_row {
	const char *key;	/* names separated by dots */
	const struct shape *shape;
	u16 offset;		/* in struct config; 0: the value is only checked */
	u16 flags;
	const char *def;	/* default as text; "" for lists and maps */
	const char *idle;	/* CFG_NO_EFFECT: the value that asks for nothing; may be NULL */
	const char *help;
	/* Lists and maps of other things than strings. */
	int (*parse)(struct config *c, const struct yaml_node *n, struct diag *d);
};

extern const struct config_row config_rows[];
extern const u32 config_nrows;

/* The row with this key, or NULL. */
const struct config_row *config_row(const char *key);
/* Are there keys below this one? */
bool config_is_section(const char *key);
/* Is the word one of those that the row of this key takes? */
bool config_is_choice(const char *key, const char *word);

/* ---- config_schema.c ---- */

/* What a configuration may be, made of the rows; in the arena. */
const struct shape *config_shape(struct arena *a);
void config_init(struct config *c);
void config_fini(struct config *c);

/*
 * Reads path and what its config_files names, applies the overrides ("key=value") and
 * fills c.  -EINVAL with a message for the user in d.
 */
int config_load(struct config *c, const char *path, const struct strlist *overrides,
		struct diag *d);
/* The same from memory; path is what messages call it. */
int config_load_text(struct config *c, const char *path, const char *text, size_t len,
		     const struct strlist *overrides, struct diag *d);
/* No file at all: defaults and overrides. */
int config_defaults(struct config *c, const struct strlist *overrides, struct diag *d);

/* What is wrong with options -o, on standard error: for commands that keep no log. */
void config_print_faults(const struct config *c);

/*
 * The first reason why root cannot be a configuration, or "ok"; in the arena.  Warnings only.  partial: it is
 * a part of one, in which keys may be missing.
 */
const char *config_schema_check(struct arena *a, const struct yaml_node *root, bool partial);

/* Used by rows. */
int config_bad(const struct config *c, struct diag *d, const char *fmt, ...) PRINTF(3, 4);
int config_strings(struct config *c, const struct yaml_node *n, struct strlist *ret);
int config_parse_selection(struct config *c, const struct yaml_node *n, struct diag *d);
int config_parse_append(struct config *c, const struct yaml_node *n, struct diag *d);
int config_parse_static(struct config *c, const struct yaml_node *n, struct diag *d);
int config_parse_load_plugins(struct config *c, const struct yaml_node *n, struct diag *d);
int config_parse_plugins(struct config *c, const struct yaml_node *n, struct diag *d);
int config_parse_preset(struct config *c, const struct yaml_node *n, struct diag *d);
int config_parse_modern_preset(struct config *c, const struct yaml_node *n, struct diag *d);
int config_parse_workers(struct config *c, const struct yaml_node *n, struct diag *d);
int config_parse_actions(struct config *c, const struct yaml_node *n, struct diag *d);
int config_parse_rules_file(struct config *c, const struct yaml_node *n, struct diag *d);
int config_parse_rule_files(struct config *c, const struct yaml_node *n, struct diag *d);
int config_check(struct config *c, struct diag *d);
int config_check_memory(struct config *c, struct diag *d);
int config_check_snaplen(struct config *c, struct diag *d);
/*
 * How memory.tables.alerts is divided: the queue of the outputs, and what waits for its turn there (of each
 * of n workers, in a buffer that may be twice as large).  0: no limit; the default of order.h.
 */
u64 config_queue_bytes(const struct config *c);
u64 config_held_bytes(const struct config *c, u32 n);

#define BUF_AUTO_BYTES (512u << 10)	/* of a ring that will grow */

/* Of a ring, from a buf_size_preset. */
static inline u64 config_buf_bytes(u64 preset)
{
	return 1ull << 20 << (preset - 1);
}

/*
 * Path of a file named in the configuration: beside the configuration file or, when there is
 * none, as it is.
 */
const char *config_beside(struct config *c, const char *path);

/* Entry of append_output from the command line (-p). */
void config_add_extra_output(struct config *c, const char *format);

#endif
