/* SPDX-License-Identifier: Apache-2.0 */
#include "app/cmdline.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "app/engine.h"
#include "base/similar.h"

enum option_kind {
	OPT_FLAG,
	OPT_TEXT,
	OPT_LIST,	/* may be repeated */
	OPT_SECONDS,
	OPT_MAYBE,	/* a flag that may carry a value after '=' */
};

struct option_row {
	char letter;		/* 0: none */
	const char *name;	/* NULL: none */
	enum option_kind kind;
	size_t offset, flag_offset;	/* flag_offset: OPT_MAYBE */
	const char *arg;	/* what --help calls its value */
	const char *help;
};

#define AT(member) offsetof(struct cmdline, member), 0

static const struct option_row options[] = {
	{ 'h', "help", OPT_FLAG, AT(help), NULL, "Print this text." },
	{ 'c', NULL, OPT_TEXT, AT(config), "FILE",
	  "Configuration file (default: /etc/saker/saker.yaml)." },
	{ 0, "config-schema", OPT_FLAG, AT(config_schema), NULL,
	  "Print the JSON schema of configuration files." },
	{ 0, "rule-schema", OPT_FLAG, AT(rule_schema), NULL,
	  "Print the JSON schema of rules files." },
	{ 0, "disable-source", OPT_LIST, AT(disable_sources), "SOURCE",
	  "Do not take events from this source. Repeatable." },
	{ 0, "dry-run", OPT_FLAG, AT(dry_run), NULL, "Do everything but capture events." },
	{ 0, "enable-source", OPT_LIST, AT(enable_sources), "SOURCE",
	  "Take events from this source only. Repeatable." },
	{ 'i', NULL, OPT_FLAG, AT(ignored), NULL,
	  "Print the system calls left out unless base_syscalls.all is set." },
	{ 'L', NULL, OPT_FLAG, AT(list_rules), NULL, "Describe all rules." },
	{ 'l', NULL, OPT_TEXT, AT(list_rule), "RULE", "Describe one rule." },
	{ 0, "list", OPT_MAYBE, offsetof(struct cmdline, list_source),
	  offsetof(struct cmdline, list_fields), "SOURCE",
	  "List the fields for rules and outputs, of one source or of all." },
	{ 0, "list-events", OPT_FLAG, AT(list_events), NULL,
	  "List the events and their parameters." },
	{ 0, "list-metrics", OPT_FLAG, AT(list_metrics), NULL, "List the metrics." },
	{ 0, "list-plugins", OPT_FLAG, AT(list_plugins), NULL, "List the plugins loaded." },
	{ 'M', NULL, OPT_SECONDS, AT(seconds), "SECONDS",
	  "Stop after so many seconds of events (0: never)." },
	{ 0, "markdown", OPT_FLAG, AT(markdown), NULL, "Old form of --format markdown." },
	{ 0, "format", OPT_TEXT, AT(format_name), "FORMAT",
	  "Form of --list, --list-events and --list-metrics: text, markdown, json." },
	{ 'N', NULL, OPT_FLAG, AT(names_only), NULL, "With --list: names only." },
	{ 'o', "option", OPT_LIST, AT(options), "KEY=VALUE",
	  "Set a configuration key, e.g. json_output=true. Repeatable." },
	{ 0, "plugin-info", OPT_TEXT, AT(plugin_info), "NAME", "Describe a plugin." },
	{ 'p', "print", OPT_TEXT, AT(print), "FORMAT",
	  "Old way to append to every rule's output; see append_output." },
	{ 'P', "pidfile", OPT_TEXT, AT(pidfile), "FILE", "Write the process id to a file." },
	{ 'r', NULL, OPT_LIST, AT(rules), "PATH",
	  "Rules file, or folder of them, in place of rules_files. Repeatable." },
	{ 0, "support", OPT_FLAG, AT(support), NULL, "Print what is needed to report a problem." },
	{ 'u', "userspace", OPT_FLAG, AT(userspace), NULL,
	  "Trace a program instead of the whole system: saker --userspace -- PROGRAM ARGUMENTS." },
	{ 0, "pid", OPT_LIST, AT(pids), "PID,...",
	  "With --userspace: trace these processes, with all threads and children. Repeatable." },
	{ 'U', "unbuffered", OPT_FLAG, AT(unbuffered), NULL, "Write each alert at once." },
	{ 'V', "validate", OPT_LIST, AT(validate), "FILE",
	  "Check a rules file and exit. Repeatable." },
	{ 'v', NULL, OPT_FLAG, AT(verbose), NULL, "Say more." },
	{ 0, "version", OPT_FLAG, AT(version), NULL, "Print versions." },
	{ 0, "page-size", OPT_FLAG, AT(page_size), NULL, "Log the size of a memory page." },
};

struct parser {
	struct cmdline *c;
	struct arena *a;
	int argc, i;
	char **argv;
	struct diag *d;
};

static const struct option_row *by_name(const char *name, size_t len)
{
	for (u32 i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].name && strlen(options[i].name) == len &&
		    !memcmp(options[i].name, name, len))
			return &options[i];
	return NULL;
}

static const struct option_row *by_letter(char c)
{
	for (u32 i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].letter == c)
			return &options[i];
	return NULL;
}

static int not_parsed(const char *value, struct diag *d)
{
	return diag_set(d, "Argument ‘%s’ failed to parse", value);
}

/* A C int, as Falco has it: 0x is understood, and less than nothing never comes to its end. */
static int set_seconds(u64 *ret, const char *value, struct diag *d)
{
	bool negative = value[0] == '-';
	const char *digits = value + negative;
	bool hex = digits[0] == '0' && digits[1] == 'x';
	unsigned long long n;

	digits += hex ? 2 : 0;
	if (!*digits || digits[strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789")])
		return not_parsed(value, d);
	errno = 0;
	n = strtoull(digits, NULL, hex ? 16 : 10);
	if (errno || n > (negative ? 1ull << 31 : INT_MAX))
		return not_parsed(value, d);
	*ret = negative ? 0 : n;
	return 0;
}

/* --dry-run=true; NULL is the plain --dry-run. */
static int set_flag(bool *ret, const char *value, struct diag *d)
{
	static const char *const words[] = { "false", "False", "f", "F", "0", "true", "True", "t", "T", "1" };

	*ret = true;
	for (u32 i = 0; value && i < ARRAY_SIZE(words); i++)
		if (!strcmp(value, words[i])) {
			*ret = i >= ARRAY_SIZE(words) / 2;
			return 0;
		}
	return value ? not_parsed(value, d) : 0;
}

void cmdline_add(struct arena *a, struct strlist *l, const char *value)
{
	const char **p = arena_alloc(a, sizeof(*p) * (l->n + 1));

	if (l->n)
		memcpy(p, l->p, sizeof(*p) * l->n);
	p[l->n++] = value;
	l->p = p;
}

/* value: NULL when none was given. */
static int take(struct parser *p, const struct option_row *o, const char *value)
{
	char *at = (char *)p->c + o->offset;

	switch (o->kind) {
	case OPT_FLAG:
		return set_flag((bool *)at, value, p->d);
	case OPT_TEXT:		/* an empty one is none */
		*(const char **)at = *value ? value : NULL;
		return 0;
	case OPT_LIST:
		cmdline_add(p->a, (struct strlist *)at, value);
		return 0;
	case OPT_SECONDS:
		return set_seconds((u64 *)at, value, p->d);
	case OPT_MAYBE:
		*(bool *)((char *)p->c + o->flag_offset) = true;
		*(const char **)at = value && *value ? value : NULL;
		return 0;
	}
	return 0;
}

static bool wants_value(const struct option_row *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_MAYBE;
}

static int next_value(struct parser *p, const char *name, const char **ret)
{
	if (p->i + 1 >= p->argc)
		return diag_set(p->d, "Option ‘%s’ is missing an argument", name);
	*ret = p->argv[++p->i];
	return 0;
}

static int no_argument_taken(struct parser *p, const char *name, size_t len)
{
	return diag_set(p->d, "Option ‘%.*s’ does not take an argument", (int)len, name);
}

static int no_such_option(struct parser *p, const char *arg, size_t len)
{
	struct similar s = { .word = arena_printf(p->a, "%.*s", (int)len, arg) };

	diag_set(p->d, "Option ‘%s’ does not exist", s.word);
	for (u32 i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].name)
			similar_offer(&s, options[i].name);
	if (p->c->rules_cmd.given)
		rules_cmd_offer(&s);
	if (s.best)
		diag_meant(p->d, arena_printf(p->a, "--%s", s.best));
	return -EINVAL;
}

static int bad_syntax(struct parser *p, const char *arg)
{
	return diag_set(p->d, "Argument ‘%s’ starts with a - but has incorrect syntax", arg);
}

/* Names have two letters at least: --c is no way to write -c. */
static bool is_long_name(const char *arg, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)arg[i]) && (!i || !strchr("-_", arg[i])))
			return false;
	return len > 1;
}

/* arg: what follows "--". */
static int parse_long(struct parser *p, const char *arg)
{
	size_t len = strcspn(arg, "=");
	const struct option_row *o = by_name(arg, len);
	const char *value = arg[len] ? arg + len + 1 : NULL;
	int err = 0;

	if (!is_long_name(arg, len))
		return bad_syntax(p, arg - 2);
	if (!o && p->c->rules_cmd.given && rules_cmd_option(&p->c->rules_cmd, arg, len))
		return value ? no_argument_taken(p, arg, len) : 0;
	if (!o)
		return no_such_option(p, arg, len);
	if (wants_value(o) && !value)
		err = next_value(p, o->name, &value);
	return err ? err : take(p, o, value);
}

/* "-vU", "-cFILE", "-c FILE"; arg: what follows "-". */
static int parse_short(struct parser *p, const char *arg)
{
	int err = 0;

	if (!isalnum((unsigned char)*arg))
		return bad_syntax(p, arg - 1);
	for (; *arg && !err; arg++) {
		const struct option_row *o = by_letter(*arg);
		const char name[2] = { *arg };
		const char *value = NULL;

		if (!o)
			return diag_set(p->d, "Option ‘%c’ does not exist", *arg);
		if (!wants_value(o)) {
			err = take(p, o, NULL);
			continue;
		}
		if (arg[1])
			value = arg + 1;
		else
			err = next_value(p, name, &value);
		return err ? err : take(p, o, value);
	}
	return err;
}

static int parse_format(struct cmdline *c, struct diag *d)
{
	static const char *const names[] = {
		[LIST_TEXT] = "text", [LIST_MARKDOWN] = "markdown", [LIST_JSON] = "json" };

	if (c->markdown && c->format_name)
		return diag_set(d, "Cannot specify both --markdown and --format options together");
	if (c->markdown)
		c->format = LIST_MARKDOWN;
	if (!c->format_name)
		return 0;
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcasecmp(names[i], c->format_name)) {
			c->format = i;
			return 0;
		}
	return diag_set(d, "Invalid format '%s'. Valid values are: text, markdown, json",
			c->format_name);
}

/* Also where it is not read, as with --help. */
static int check_config(struct cmdline *c, struct diag *d)
{
	if (!c->config || !euidaccess(c->config, R_OK))
		return 0;
	if (errno == ENOENT)
		return diag_set(d, "Could not find configuration file at %s", c->config);
	return diag_set(d, "Could not find configuration file at %s: %s", c->config, strerror(errno));
}

/* The program to trace is what follows "--". */
static int take_program(struct parser *p)
{
	struct cmdline *c = p->c;

	if (c->userspace && p->i < p->argc && p->argv[p->i])
		c->program = p->argv + p->i;
	if (c->pids.n && !c->userspace)
		return diag_set(p->d, "Option ‘pid’ has a meaning with --userspace only");
	if (c->userspace && !c->program && !c->pids.n)
		return diag_set(p->d, "Option ‘userspace’ needs a program to start (saker --userspace -- PROGRAM "
				"ARGUMENTS) or processes to attach to (--pid PID)");
	return 0;
}

/* A command that is misspelt must not start a sensor. */
static int check_command(struct parser *p, const char *arg)
{
	struct similar s = { .word = arg };

	similar_offer(&s, "doctor");
	similar_offer(&s, "top");
	similar_offer(&s, "driver");
	similar_offer(&s, "rules");
	if (!s.best)
		return 0;
	diag_set(p->d, "‘%s’ is no command of saker; see saker --help", arg);
	diag_meant(p->d, s.best);
	return -EINVAL;
}

/* What is no option has no meaning, but for rules it is likely to be a forgotten "--". */
static int take_word(struct parser *p, const char *arg)
{
	if (!p->c->rules_cmd.given)
		return p->i == 1 ? check_command(p, arg) : 0;
	return diag_set(p->d, "saker rules: ‘%s’ is no option; see saker rules --help", arg);
}

int cmdline_parse(struct cmdline *c, struct arena *a, int argc, char **argv, struct diag *d)
{
	struct parser p = { .c = c, .a = a, .argc = argc, .argv = argv, .i = 1, .d = d };
	int err = 0;

	memset(c, 0, sizeof(*c));
	c->argc = argc;
	c->argv = argv;
	if (argc > 1 && !strcmp(argv[1], "doctor"))
		c->doctor = p.i++;
	if (argc > 1 && !strcmp(argv[1], "rules"))
		c->rules_cmd.given = p.i++;
	for (; p.i < argc && !err; p.i++) {
		const char *arg = argv[p.i];

		if (arg[0] != '-' || !arg[1]) {
			err = take_word(&p, arg);
			continue;
		}
		if (!strcmp(arg, "--")) {
			p.i++;
			break;
		}
		if (arg[1] == '-')
			err = parse_long(&p, arg + 2);
		else
			err = parse_short(&p, arg + 1);
	}
	if (!err)
		err = take_program(&p);
	if (!err && c->rules_cmd.given && !c->help)
		err = rules_cmd_check(&c->rules_cmd, d);
	if (!err)
		err = check_config(c, d);
	return err ? err : parse_format(c, d);
}

static void add_row_help(const struct option_row *o, struct buf *out)
{
	size_t start = out->len;

	buf_adds(out, "  ");
	if (o->letter)
		buf_addf(out, "-%c%s", o->letter, o->name ? ", " : "");
	else
		buf_adds(out, "    ");
	if (o->name)
		buf_addf(out, "--%s", o->name);
	if (o->arg)
		buf_addf(out, o->kind == OPT_MAYBE ? "[=%s]" : " %s", o->arg);
	while (out->len - start < 30)
		buf_addc(out, ' ');
	if (out->p[out->len - 1] != ' ')
		buf_addc(out, ' ');
	buf_addf(out, "%s\n", o->help);
}

void cmdline_help(struct buf *out)
{
	buf_adds(out, "saker - watches a Linux system and raises alerts by rules\n"
		      "Usage:\n  saker [OPTION...]            watch\n"
		      "  saker doctor [OPTION...]     try a start, say what is wrong and how to mend it; see saker doctor --help\n"
		      "  saker top [OPTION...]        show what the running sensor does; see saker top --help\n"
		      "  saker driver COMMAND         look after the drivers; see saker driver --help\n"
		      "  saker rules --WHAT           what the rules need; see saker rules --help\n\n");
	for (u32 i = 0; i < ARRAY_SIZE(options); i++)
		add_row_help(&options[i], out);
	buf_addf(out, "\nStatus: 0; 1 for errors in options, configuration or rules; %d when no driver works here; with\n"
		 "--userspace that of the program.\n", EXIT_NO_DRIVER);
}
