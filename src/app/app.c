/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run as a list of steps.  Each step may end it: well, or with an error, which is
 * printed once, here.
 */
#include "app/app.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/doctor.h"
#include "app/driver_cmd.h"
#include "app/engine.h"
#include "app/info.h"
#include "app/interest_log.h"
#include "app/kernel_filter.h"
#include "app/list.h"
#include "app/log.h"
#include "app/loop.h"
#include "app/privileges.h"
#include "app/rules_files.h"
#include "app/signals.h"
#include "app/stats.h"
#include "app/top.h"
#include "app/watch.h"
#include "app/web.h"
#include "app/workers.h"
#include "base/cap.h"
#include "base/file.h"

struct app {
	struct cmdline cmd;
	struct config cfg;
	bool have_config;		/* a file was read */
	struct diag diag;
	bool has_pidfile;		/* it was written */
	bool runtime_error;		/* the message is printed in another form */
	int status;			/* of the program, when it is not 0 or 1 */
	char hostname[256];
	struct field_set fields, all_fields;	/* those that are known from the start; the plugin container's, too */
	struct rules_options ropt;
	struct rules_plugin container;
	const char *sources[2];
	struct rules *rules;
	struct strlist rules_files;
	struct output_options oopt;
	struct http_files http_files;	/* until the outputs have them */
	struct alert_options aopt;
	struct facts facts;
	struct desk *desks[WORKERS_MAX];
	struct web web;
	struct crew crew;
	struct run run;			/* the first worker's */
};

enum outcome { GO_ON, DONE, FAILED };

static enum outcome fail_if(int err)
{
	return err ? FAILED : GO_ON;
}

/* ---- before the configuration ------------------------------------------------------- */

static enum outcome print_static(struct app *a)
{
	const struct cmdline *cmd = &a->cmd;

	if (cmd->markdown)
		fprintf(stderr,
			"WARNING: --markdown is deprecated, use --format markdown instead.\n");
	if (cmd->help && cmd->rules_cmd.given)
		rules_cmd_help();
	else if (cmd->help && cmd->doctor)
		doctor_help();
	else if (cmd->help)
		info_print_help();
	else if (cmd->config_schema)
		info_print_config_schema();
	else if (cmd->rule_schema)
		info_print_rule_schema();
	else if (cmd->ignored)
		info_print_ignored();
	else if (cmd->list_events)
		list_events(cmd->format);
	else if (cmd->list_metrics)
		list_metrics(cmd->format);
	else
		return GO_ON;
	return DONE;
}

/* ---- configuration ------------------------------------------------------------------ */

static void apply_cmdline(struct app *a)
{
	struct config *c = &a->cfg;

	if (a->cmd.userspace) {
		a->cfg.engine_kind = "ptrace";
		a->cfg.driver_fallback = false;
	}
	if (a->cmd.unbuffered)
		c->buffered_outputs = false;
}

/* -p: what once stood for the fields of containers adds nothing any more. */
static void apply_print(struct app *a)
{
	static const char *const nothing[] = { "c", "container", "k", "kubernetes" };
	const char *p = a->cmd.print;

	if (!p || !*p)
		return;
	log_warning("The -p/--print option is deprecated and will be removed. Use -o append_output=... instead.");
	for (u32 i = 0; i < ARRAY_SIZE(nothing); i++)
		if (!strcmp(p, nothing[i]))
			return;
	config_add_extra_output(&a->cfg, p);
}

static void log_config(const struct app *a)
{
	const struct config *c = &a->cfg;
	struct buf keys = { 0 };

	log_info("Saker version: %s (%s)", SAKER_VERSION, info_machine());
	if (a->have_config)
		log_info("Saker initialized with configuration files:");
	for (size_t i = 0; i < c->files.n; i++)
		log_info("   %s | schema validation: %s", c->files.p[i].path, c->files.p[i].schema);
	for (size_t i = 0; i < c->faults.n; i++)
		log_warning("Option -o %s: schema validation: %s", c->faults.p[i].key, c->faults.p[i].what);
	if (c->old_rules_key)
		log_warning("Using deprecated config key '%s' (singular form). Please use new "
			    "'rules_files' config key (plural form).", c->old_rules_key);
	for (size_t i = 0; i < c->no_effect.n; i++)
		buf_addf(&keys, "%s%s", i ? ", " : "", c->no_effect.p[i]);
	if (keys.len)
		log_warning("Configuration keys without effect in this version: %s",
			    buf_str(&keys));
	buf_fini(&keys);
}

static void set_hostname(struct app *a)
{
	const char *env = getenv("SAKER_HOSTNAME") ?: getenv("FALCO_HOSTNAME");

	if (env) {
		snprintf(a->hostname, sizeof(a->hostname), "%s", env);
		log_info("Hostname value has been overridden via environment variable to: %s",
			 a->hostname);
	} else if (gethostname(a->hostname, sizeof(a->hostname) - 1)) {
		a->hostname[0] = '\0';
	}
}

static enum outcome load_config(struct app *a)
{
	const char *path = a->cmd.config;
	struct log_options log;
	int err;

	if (!path && !access(CONFIG_PATH, F_OK))
		path = CONFIG_PATH;
	a->have_config = path;
	if (path)
		err = config_load(&a->cfg, path, &a->cmd.options, &a->diag);
	else
		err = config_defaults(&a->cfg, &a->cmd.options, &a->diag);
	if (err)
		return FAILED;
	log = (struct log_options){ .to_stderr = a->cfg.log_stderr, .to_syslog = a->cfg.log_syslog,
				    .iso_8601 = a->cfg.time_iso_8601, .level = a->cfg.log_level };
	if ((a->cmd.doctor || a->cmd.rules_cmd.given) && log.level > PRIO_WARNING)
		log = (struct log_options){ .to_stderr = true, .level = PRIO_WARNING };
	log_setup(&log);
	apply_cmdline(a);
	log_config(a);
	return GO_ON;
}

static enum outcome print_versions(struct app *a)
{
	log_info("System info: %s", info_system());
	if (a->cmd.version) {
		info_print_version(a->cfg.json_output);
		return DONE;
	}
	if (a->cmd.page_size) {
		log_info("Your system page size is: %ld bytes", sysconf(_SC_PAGESIZE));
		return DONE;
	}
	set_hostname(a);
	return GO_ON;
}

static enum outcome require_config(struct app *a)
{
	if (a->have_config || a->cmd.list_fields || (a->cmd.rules_cmd.given && a->cmd.rules.n))
		return GO_ON;
	diag_set(&a->diag, "You must create a config file at " CONFIG_PATH " or by passing -c");
	return FAILED;
}

static enum outcome plugins(struct app *a)
{
	if (a->cmd.plugin_info) {
		diag_set(&a->diag, "can't find plugin and print its info: %s", a->cmd.plugin_info);
		return FAILED;
	}
	if (a->cmd.list_plugins) {
		printf("0 Plugins Loaded:\n\n\n");
		return DONE;
	}
	return GO_ON;
}

/* False when the configuration leaves out the plugin whose fields are built in. */
static bool wants_container(const struct config *c)
{
	for (u32 i = 0; i < c->load_plugins.n; i++)
		if (!strcmp(c->load_plugins.p[i], "container"))
			return true;
	return !c->load_plugins_given;
}

static enum outcome list(struct app *a)
{
	int err;

	a->all_fields = *field_builtin();
	a->all_fields.static_fields = &a->cfg.static_fields;
	a->fields = wants_container(&a->cfg) ? a->all_fields : *field_without_container();
	a->fields.static_fields = &a->cfg.static_fields;
	apply_print(a);
	if (!a->cmd.list_fields)
		return GO_ON;
	err = list_fields(&a->fields, a->cmd.list_source, a->cmd.format, a->cmd.names_only,
			  a->cmd.verbose);
	if (!err)
		return DONE;
	diag_set(&a->diag, "Value for --list must be a valid source type");
	return FAILED;
}

/* ---- sources ------------------------------------------------------------------------ */

static int check_sources(struct app *a, const struct strlist *names, const char *doing)
{
	for (u32 i = 0; i < names->n; i++)
		if (strcmp(names->p[i], "syscall"))
			return diag_set(&a->diag, "Attempted %s an unknown event source: %s", doing,
					names->p[i]);
	return 0;
}

static enum outcome select_sources(struct app *a)
{
	a->sources[0] = "syscall";
	if (engine_is_replay(&a->cfg))
		return GO_ON;
	if (a->cmd.enable_sources.n && a->cmd.disable_sources.n) {
		diag_set(&a->diag, "You can not mix --enable-source and --disable-source");
		return FAILED;
	}
	if (check_sources(a, &a->cmd.enable_sources, "enabling") ||
	    check_sources(a, &a->cmd.disable_sources, "disabling"))
		return FAILED;
	if (a->cmd.disable_sources.n) {
		diag_set(&a->diag, "Must enable at least one event source");
		return FAILED;
	}
	return GO_ON;
}

/* ---- rules -------------------------------------------------------------------------- */

static void make_rules(struct app *a)
{
	const struct config *c = &a->cfg;

	/*
	 * What this plugin gives is built in; 0.7.1 is the version whose fields it has.  A file that requires
	 * it gets them, whatever load_plugins says.
	 */
	a->container = (struct rules_plugin){ .name = "container", .version = "0.7.1",
						.fields = &a->all_fields };
	a->ropt = (struct rules_options){
		.fields = &a->fields, .sources = a->sources, .nsources = 1,
		.min_priority = c->min_priority,
		.plugins = &a->container, .nplugins = 1, .plugins_known = true,
		.selection = c->selection, .nselection = c->nselection,
		.append = c->append, .nappend = c->nappend,
		.static_keys = c->static_keys.p, .nstatic_keys = c->static_keys.n,
		.remarks = a->cmd.verbose,
		.no_suggested_fields = !wants_container(c),
	};
	a->rules = rules_new(&a->ropt);
}

static enum outcome rule_not_loaded(struct app *a)
{
	a->runtime_error = true;
	diag_set(&a->diag, "Rule \"%s\" is not loaded", a->cmd.list_rule ? a->cmd.list_rule : "");
	return FAILED;
}

static enum outcome validate(struct app *a)
{
	int err;
	struct validate_options opt = {
		.json = a->cfg.json_output, .verbose = a->cmd.verbose,
		.describe = a->cmd.list_rules || a->cmd.list_rule, .rule = a->cmd.list_rule,
	};

	make_rules(a);
	if (!a->cmd.validate.n)
		return GO_ON;
	log_info("Validating rules file(s):");
	for (u32 i = 0; i < a->cmd.validate.n; i++)
		log_info("   %s", a->cmd.validate.p[i]);
	err = rules_files_validate(a->rules, &a->cmd.validate, &opt, &a->diag);
	if (err == -ENOENT)
		return rule_not_loaded(a);
	a->runtime_error = err == -ENOTSUP;
	return err ? FAILED : DONE;
}

/* Before there are threads: those that have given up their privileges could not follow. */
static enum outcome become_user(struct app *a)
{
	if (a->cmd.rules_cmd.given)
		return GO_ON;	/* needs no right, be it to be another user */
	return fail_if(privileges_become(a->cfg.privileges_user, &a->diag));
}

/* Before the rules, when nothing will end the run but a mistake in them. */
static enum outcome prepare(struct app *a)
{
	const struct cmdline *c = &a->cmd;

	if (!c->dry_run && !c->support && !c->doctor && !c->rules_cmd.given && !c->list_rules && !c->list_rule)
		engine_prepare(&a->cfg);
	return GO_ON;
}

static void log_selection(const struct config *c)
{
	for (u32 i = 0; i < c->nselection; i++) {
		const struct rules_selection *s = &c->selection[i];
		const char *what = s->enable ? "Enabling" : "Disabling";

		if (s->rule)
			log_info("%s rules with name: %s", what, s->rule);
		if (s->tag)
			log_info("%s rules with tag: %s", what, s->tag);
	}
}

static enum outcome load_rules(struct app *a)
{
	bool given = a->cmd.rules.n;
	struct strlist *paths = given ? &a->cmd.rules : &a->cfg.rules_files;
	int err;

	if (!paths->n) {
		diag_set(
			&a->diag,
			"You must specify at least one rules file/directory via -r or a rules_file "
			"entry in %s",
			a->cfg.path);
		return FAILED;
	}
	rules_files_find(&a->cfg, paths, given, &a->rules_files);
	if (!a->rules_files.n)
		log_warning(given ? "There is no rules file in the folders of -r"
				  : "None of the rules files of the configuration exists");
	err = rules_files_load(a->rules, &a->rules_files, a->cmd.verbose, &a->diag);
	a->runtime_error = err == -ENOTSUP;
	if (err)
		return FAILED;
	log_selection(&a->cfg);
	if (a->cmd.list_rules || a->cmd.list_rule) {
		if (!rules_files_describe(a->rules, a->cmd.list_rule, a->cfg.json_output))
			return DONE;
		return rule_not_loaded(a);
	}
	return fail_if(rules_compile(a->rules, &a->run.set, &a->diag));
}

static enum outcome support(struct app *a)
{
	if (!a->cmd.support)
		return GO_ON;
	info_print_support(&a->cmd, &a->cfg, &a->rules_files);
	return DONE;
}

static enum outcome tell_rules(struct app *a)
{
	struct rules_call k = { &a->cfg, a->run.set, a->cmd.verbose };

	if (!a->cmd.rules_cmd.given)
		return GO_ON;
	rules_cmd(&a->cmd.rules_cmd, &k);
	return DONE;
}

/* A capture file has the events that it has. */
static enum outcome choose_syscalls(struct app *a)
{
	struct interest_choice ch;

	if (engine_is_replay(&a->cfg))
		return GO_ON;
	log_info("Loaded event sources: syscall");
	log_info("Enabled event sources: syscall");
	interest_choose(&a->cfg, a->run.set, NULL, &ch);
	interest_log(&ch, a->run.set);
	interest_of(&ch, &a->run.interest);
	a->run.cfg = &a->cfg;
	kernel_filter_derive(&a->run, &ch);
	interest_choice_fini(&ch);
	return GO_ON;
}

static enum outcome doctor(struct app *a)
{
	if (!a->cmd.doctor)
		return GO_ON;
	a->run.cmd = &a->cmd;
	a->run.cfg = &a->cfg;
	a->run.fields = &a->fields;
	a->status = doctor_run(&a->run);
	return DONE;
}

/* ---- the run ------------------------------------------------------------------------ */

static void output_failed(const char *sink, const char *why, u64 more)
{
	if (more)
		log_error("%s: %s (and %llu failures more since the last such line)", sink, why, more);
	else
		log_error("%s: %s", sink, why);
}

static void output_noted(const char *sink, const char *what)
{
	log_notice("%s: %s", sink, what);
}

static void output_blocked(const char *sink, bool all)
{
	log_msg(PRIO_CRITICAL, "\"%s\" output timeout, %s", sink,
		all ? "all output channels are blocked" : "its alerts wait; the other outputs go on");
}

/* With the rights that it will have later, or else it would fail then. */
static int start_outputs(struct app *a)
{
	const struct output_options *opt = &a->oopt;
	int err;

	if (!a->cfg.privileges_drop)
		return outputs_start(opt, &a->run.outputs, &a->diag);
	privileges_hold(0);
	err = outputs_start(opt, &a->run.outputs, &a->diag);
	if (err == -EACCES && privileges_hold(CAP_BIT(CAP_DAC_OVERRIDE))) {
		diag_clear(&a->diag);
		err = outputs_start(opt, &a->run.outputs, &a->diag);
		if (!err)
			log_warning("An output can be opened only with CAP_DAC_OVERRIDE: the output "
				    "thread keeps it; give user %d the right to write there",
				    (int)geteuid());
	}
	privileges_release();
	return err;
}

static bool is_live(const struct config *c)
{
	return !engine_is_replay(c) && strcmp(c->engine_kind, "nodriver") && strcmp(c->engine_kind, "ptrace");
}

/* Before there are threads. */
static void start_heartbeat(struct app *a)
{
	int err = 0;

	if (a->cfg.heartbeat && is_live(&a->cfg))
		err = heartbeat_start(&a->run.heartbeat);
	if (err)
		log_warning("There is no heartbeat: its process cannot be started: %s", strerror(-err));
}

static void set_http_options(struct app *a)
{
	const struct config *c = &a->cfg;

	a->oopt.http.enabled = c->http.enabled;
	a->oopt.http.echo = c->http.echo;
	a->oopt.http.max_timeouts = (u32)c->http.max_timeouts;
	a->oopt.http.files = &a->http_files;
	a->oopt.http.post = (struct http_post_options){
		.url = c->http.url, .user_agent = c->http.user_agent,
		.type = c->json_output ? "application/json" : "text/plain",
		.insecure = c->http.insecure, .compress = c->http.compress, .keep_alive = c->http.keep_alive,
		.ca_file = c->http.ca_cert[0] ? c->http.ca_cert : c->http.ca_bundle, .ca_path = c->http.ca_path,
		.client_cert = c->http.mtls ? c->http.client_cert : NULL,
		.client_key = c->http.mtls ? c->http.client_key : NULL,
		.timeout_ms = c->output_timeout_ms,
	};
}

/* With the rights of the start: the thread that sends has none. */
static int read_http_files(struct app *a)
{
	struct diag why = { 0 };
	int err = a->oopt.http.enabled ? http_files_read(&a->oopt.http.post, &a->http_files, &why) : 0;

	if (err)
		diag_set(&a->diag, "Failed to init output: http: %s", why.msg);
	diag_fini(&why);
	return err;
}

static void tell_skipped(const struct app *a)
{
	bool web = a->cfg.web.enabled && !engine_is_replay(&a->cfg);

	log_debug("Skipping outputs initialization in dry-run");
	log_debug("Skipping signal handlers creation in dry-run");
	log_debug("Skipping pidfile creation in dry-run");
	if (web)
		log_debug("Skipping starting webserver in dry-run");
	log_debug("Skipping event processing in dry-run");
}

static void set_output_options(struct app *a)
{
	const struct config *c = &a->cfg;
	struct output_options *o = &a->oopt;

	*o = c->sinks;
	o->buffered = c->buffered_outputs;
	o->capacity = c->queue_capacity;
	o->max_bytes = config_queue_bytes(c);
	o->timeout_ms = c->output_timeout_ms;
	o->wait = engine_is_replay(c);
	o->interrupted = signals_stopping;
	o->failed = output_failed;
	o->noted = output_noted;
	o->blocked = output_blocked;
	o->lower_thread = c->privileges_drop ? privileges_lower_thread : NULL;
	o->lower_apart = c->privileges_drop ? privileges_lower_network : NULL;
	o->lower_child = privileges_lower_child;
	set_http_options(a);
}

static enum outcome init_outputs(struct app *a)
{
	set_output_options(a);
	if (!outputs_enabled(&a->oopt)) {
		diag_set(&a->diag,
			 "No output configured, please make sure at least one output is configured "
			 "and enabled.");
		return FAILED;
	}
	if (a->cmd.dry_run) {
		tell_skipped(a);
		return DONE;
	}
	if (read_http_files(a))
		return FAILED;
	start_heartbeat(a);
	return fail_if(start_outputs(a));
}

static enum outcome write_pidfile(struct app *a)
{
	int fd;

	if (!a->cmd.pidfile)
		return GO_ON;
	fd = file_create(a->cmd.pidfile, O_TRUNC | O_NONBLOCK, 0666);
	a->has_pidfile = fd >= 0;
	if (fd >= 0 && dprintf(fd, "%d\n", getpid()) > 0) {
		close(fd);
		return GO_ON;
	}
	log_error("%s: %s", a->cmd.pidfile, file_error(fd < 0 ? fd : -errno));
	log_error("Could not write pid to pidfile %s. Exiting.", a->cmd.pidfile);
	exit(255);
}

static void init_run(struct app *a)
{
	struct run *r = &a->run;

	a->aopt = (struct alert_options){
		.json = a->cfg.json_output, .iso_8601 = a->cfg.time_iso_8601,
		.include_output = a->cfg.json_output_property,
		.include_message = a->cfg.json_message_property,
		.include_fields = a->cfg.json_fields_property,
		.include_tags = a->cfg.json_tags_property,
		.hostname = a->hostname,
	};

	r->cmd = &a->cmd;
	r->cfg = &a->cfg;
	r->fields = &a->fields;
	r->printer = alert_printer_new(&a->aopt, &a->fields);
	a->crew.n = workers_wanted(&a->cfg);
	drops_init(&r->drops, &a->cfg);
}

static void init_fields(void *ctx, struct run *r)
{
	const struct app *a = ctx;
	struct field_ctx *x = &r->fctx;

	field_ctx_init(x, r->proc);
	x->buffers = a->cfg.buffers_base64 ? BUFFER_BASE64 : BUFFER_DOTS;
	x->hostname = r->hostname ? r->hostname : a->hostname;
	x->static_fields = &a->cfg.static_fields;
}

static enum outcome init_metrics(struct app *a)
{
	facts_init(&a->facts, a->hostname);
	if (a->cfg.metrics.enabled)
		facts_add_files(&a->facts, &a->cfg, &a->rules_files);
	if (a->cfg.metrics.enabled && a->rules_files.n && !a->facts.rules_files.n)
		log_warning("The metrics have no hashes of files: is libgnutls30 installed?");
	return fail_if(report_init(&a->run.report, &a->cfg, &a->facts, &a->diag));
}

/* It follows no process but those that it starts; or the driver may be one that is not there for all. */
static void check_heartbeat(struct run *r)
{
	const struct run_driver *drv = &r->driver;
	const u32 type = EV_SYSCALL_PRCTL_X;

	if (!r->heartbeat.on)
		return;
	if (!strcmp(r->capture->ops->name, "ptrace")) {
		heartbeat_stop(&r->heartbeat);
	} else if (drv->blind[type / 64] >> type % 64 & 1) {
		heartbeat_stop(&r->heartbeat);
		log_warning("There is no heartbeat: the kernel did not take the program for it");
	}
}

/* Where the web server and `saker top` ask. */
static int open_desks(struct app *a)
{
	for (u32 i = 0; i < a->crew.n; i++) {
		struct run *r = a->crew.runs[i];

		a->desks[i] = &r->desk;
		watch_publish_health(r);
	}
	return web_start(&a->web, &a->cfg, &a->facts, a->desks, a->crew.n, &a->diag);
}

static enum outcome run(struct app *a)
{
	struct workers_options workers = { .alerts = &a->aopt, .init_fields = init_fields, .ctx = a };
	struct run *r = &a->run;
	struct sandbox_options sandbox = { .http = a->cfg.http.enabled };
	int err;

	init_run(a);
	signals_install();
	err = engine_open(r, &a->diag);
	if (err == -ENODEV)
		a->status = EXIT_NO_DRIVER;
	if (err)
		return FAILED;
	check_heartbeat(r);
	if (workers_open(r, &workers, &a->diag))
		return FAILED;
	a->facts.engine = facts_engine(r->capture->ops->name);
	if (r->driver.fallback)
		watch_tell_fallback(r);
	init_fields(a, r);
	err = open_desks(a);
	if (err) {
		field_ctx_fini(&r->fctx);
		return FAILED;
	}
	if (a->cmd.program)
		dup2(STDERR_FILENO, STDOUT_FILENO);	/* standard output is the program's */
	if (r->live)
		malloc_trim(0);		/* what loading drivers and rules needed for a moment */
	sandbox.driver = r->live ? r->capture->ops->name : NULL;
	sandbox.grows = sandbox.driver && !strcmp(sandbox.driver, "modern_ebpf") && a->cfg.modern_buf_auto;
	privileges_finish(&sandbox, a->cfg.privileges_drop);
	err = workers_run(&a->crew, &a->diag);
	web_stop(&a->web);
	if (a->cmd.program)
		a->status = r->capture->status;
	field_ctx_fini(&r->fctx);
	return fail_if(err);
}

/* Nobody shall take a start that failed for a running one.  It may be a device: that stays. */
static void remove_pidfile(const struct app *a)
{
	struct stat st;

	if (a->has_pidfile && !lstat(a->cmd.pidfile, &st) && S_ISREG(st.st_mode))
		unlink(a->cmd.pidfile);
}

static enum outcome finish(struct app *a, enum outcome outcome)
{
	struct run *r = &a->run;
	bool hurry = signals_stopping();

	if (outcome == FAILED)
		remove_pidfile(a);
	r->alerts_late = a->crew.order ? order_late(a->crew.order) : 0;
	order_free(a->crew.order);
	r->alerts_dropped = r->outputs ? outputs_dropped(r->outputs) : 0;
	r->alerts_stuck = outputs_stop(r->outputs, hurry ? (u32)a->cfg.output_timeout_ms : 0, &r->alerts_failed);
	if (r->alerts_stuck)
		log_notice("output channels still blocked, discarding all remaining notifications");
	if (r->capture && r->set && r->printer) {
		stats_print_events(r);
		if (!r->alerts_stuck)
			stats_print_rules(r);
	}
	return outcome;
}

static enum outcome (*const steps[])(struct app *) = {
	print_static, load_config, print_versions, require_config, plugins, list, select_sources,
	validate, become_user, prepare, load_rules, support, tell_rules, choose_syscalls,
	doctor, init_outputs, init_metrics, write_pidfile, run,
};

static void app_fini(struct app *a)
{
	struct run *r = &a->run;

	signals_restore();
	workers_fini(&a->crew);
	heartbeat_stop(&r->heartbeat);
	report_fini(&r->report);
	desk_fini(&r->desk);
	facts_fini(&a->facts);
	alert_printer_free(r->printer);
	capture_close(r->capture);
	proc_free(r->proc);
	buf_fini(&r->line);
	buf_fini(&r->driver.why);
	buf_fini(&r->driver.rejected);
	ruleset_free(r->set);
	free(r->filter);
	http_files_fini(&a->http_files);
	rules_free(a->rules);
	config_fini(&a->cfg);
	diag_fini(&a->diag);
}

static void print_error(const struct app *a)
{
	const char *msg = a->diag.msg ? a->diag.msg : "unknown error";

	if (a->runtime_error)
		fprintf(stderr, "Runtime error: %s. Exiting.\n", msg);
	else
		fprintf(stderr, "Error: %s\n", msg);
	if (a->diag.msg && a->diag.meant)	/* messages are Falco's, up to the end of the line */
		fprintf(stderr, "Did you mean '%s'?\n", a->diag.meant);
}

static int status(const struct app *a, enum outcome outcome)
{
	return a->status ? a->status : outcome == FAILED;
}

int app_main(int argc, char **argv)
{
	static struct app a;
	enum outcome outcome = GO_ON;

	if (argc > 1 && !strcmp(argv[1], "driver"))
		return driver_cmd(argc - 1, argv + 1);
	/* what threads needed for a moment goes back to the system: fixed, it does not grow with the largest block */
	mallopt(M_TRIM_THRESHOLD, 128 << 10);
	a.run.crew = &a.crew;
	a.crew.n = 1;
	if (argc > 1 && !strcmp(argv[1], "top"))
		return top_main(argc - 1, argv + 1);
	config_init(&a.cfg);
	desk_init(&a.run.desk);
	if (cmdline_parse(&a.cmd, &a.cfg.arena, argc, argv, &a.diag))
		outcome = FAILED;
	for (u32 i = 0; i < ARRAY_SIZE(steps) && outcome == GO_ON; i++)
		outcome = steps[i](&a);
	outcome = finish(&a, outcome);
	engine_unprepare(&a.cfg);
	if (!a.run.alerts_stuck)
		fflush(stdout);
	if (outcome == FAILED)
		print_error(&a);
	if (a.run.alerts_stuck)
		_exit(status(&a, outcome));	/* the blocked thread may hold standard output */
	app_fini(&a);
	return status(&a, outcome);
}
