/* SPDX-License-Identifier: Apache-2.0 */
#include "app/driver_cmd.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cmdline.h"
#include "app/driver_probe.h"
#include "app/info.h"
#include "setup/build.h"
#include "setup/install.h"
#include "setup/module.h"

struct driver_call {
	struct config cfg;
	struct system_options sopt;
	struct system sys;
	struct diag diag;
	const char *config;
	struct strlist options;
	const char *const *args; /* after the command, NULL-terminated */
	bool json, all;
};

/* ---- commands: each returns 0, or a negative errno with the message in diag ------------------ */

static int cmd_probe(struct driver_call *k)
{
	return driver_probe(&k->cfg, &k->sys, k->json) ? 0 : -ENODEV;
}

/* "kmod" and "ebpf" have files. */
static int file_of(struct driver_call *k, const char *kind, enum driver_file *ret)
{
	if (!strcmp(kind, "kmod"))
		*ret = FILE_MODULE;
	else if (!strcmp(kind, "ebpf"))
		*ret = FILE_PROBE;
	else
		return diag_set(&k->diag, "'%s' is no driver that is built: kmod and ebpf are",
				kind);
	return 0;
}

static const char *path_of(const struct driver_call *k, enum driver_file file)
{
	return file == FILE_MODULE ? k->sys.module : k->sys.probe;
}

/* Calls fn for each kind that was named, or for both. */
static int for_each_kind(struct driver_call *k,
			 int (*fn)(struct driver_call *k, enum driver_file file))
{
	static const char *const both[] = { "kmod", "ebpf", NULL };
	int err = 0;

	for (const char *const *p = k->args[0] ? k->args : both; *p && !err; p++) {
		enum driver_file file = FILE_MODULE;

		err = file_of(k, *p, &file);
		if (!err)
			err = fn(k, file);
	}
	return err;
}

static int build_one(struct driver_call *k, enum driver_file file)
{
	int err = build_driver(&k->sys, file, &k->diag);

	if (!err)
		printf("built %s\n", path_of(k, file));
	return err;
}

static int cmd_build(struct driver_call *k)
{
	return for_each_kind(k, build_one);
}

static int install_one(struct driver_call *k, enum driver_file file)
{
	int err = access(path_of(k, file), R_OK) ? build_one(k, file) : 0;

	if (!err && file == FILE_MODULE)
		err = module_install(&k->sys, &k->diag);
	if (!err)
		printf("installed %s\n", path_of(k, file));
	return err;
}

static int cmd_install(struct driver_call *k)
{
	return for_each_kind(k, install_one);
}

static int refuse_foreign(struct driver_call *k)
{
	if (!k->sys.foreign)
		return 0;
	return diag_set(&k->diag, "the kernel that runs is another than %s", k->sys.release);
}

static int cmd_load(struct driver_call *k)
{
	const char *path = k->args[0] && strcmp(k->args[0], "kmod") ? k->args[0] : k->sys.module;
	bool was_loaded = module_is_loaded();
	int err = refuse_foreign(k);

	if (!err)
		err = module_load(&k->sys, path, &k->diag);
	if (!err)
		printf(was_loaded ? "saker.ko is loaded already\n" : "loaded %s\n", path);
	return err;
}

static int cmd_unload(struct driver_call *k)
{
	bool was_loaded = module_is_loaded();
	int err = module_unload(&k->diag);

	if (!err)
		puts(was_loaded ? "unloaded saker.ko" : "saker.ko is not loaded");
	return err;
}

static int cmd_cleanup(struct driver_call *k)
{
	int n, err = k->all ? module_unload(&k->diag) : 0;

	if (err)
		return err;
	n = cache_clean(&k->sys, k->all, &k->diag);
	if (n >= 0 && k->all)
		n += module_uninstall(&k->sys);
	if (n < 0)
		return n;
	printf("removed %d file%s%s\n", n, n == 1 ? "" : "s", k->all ? "" : " of other kernels");
	return 0;
}

static void print_entry(void *ctx, const struct cache_entry *e)
{
	const struct driver_call *k = ctx;
	bool here = !strcmp(e->release, k->sys.release);
	char when[32];
	time_t t = e->built;
	struct tm tm;

	strftime(when, sizeof(when), "%Y-%m-%d %H:%M", gmtime_r(&t, &tm));
	printf("%-5s %-32s %-12s %8llu KiB  %s  %s\n", e->file == FILE_MODULE ? "kmod" : "ebpf",
	       e->release, here ? "this kernel" : "", (e->bytes + 1023) / 1024, when, e->path);
}

static int cmd_list(struct driver_call *k)
{
	int err = cache_list(&k->sys, print_entry, k);

	printf("the module saker is %sloaded\n", module_is_loaded() ? "" : "not ");
	if (err)
		diag_set(&k->diag, "cannot read %s: %s", k->sys.driver_dir, strerror(-err));
	return err;
}

static const struct {
	const char *name, *args, *help;
	int (*run)(struct driver_call *k);
} commands[] = {
	{ "probe", "[--json]", "What this system offers to drivers, and which one saker would use.",
	  cmd_probe },
	{ "build", "[kmod] [ebpf]", "Build drivers for this kernel, or for another one.",
	  cmd_build },
	{ "install", "[kmod] [ebpf]", "Build what is missing and let modprobe find the module.",
	  cmd_install },
	{ "load", "[FILE]", "Load the kernel module.", cmd_load },
	{ "unload", "", "Unload the kernel module.", cmd_unload },
	{ "cleanup", "[--all]",
	  "Remove what was built for other kernels; all: everything, unloaded first.",
	  cmd_cleanup },
	{ "list", "", "Drivers that were built, by kernel.", cmd_list },
};

/* ---- the command line
 * ---------------------------------------------------------------------------- */

static void print_help(void)
{
	puts("saker driver - looks after saker's drivers\nUsage:\n  saker driver COMMAND "
	     "[OPTION...]\n\nCommands:");
	for (u32 i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-8s %-16s %s\n", commands[i].name, commands[i].args, commands[i].help);
	puts("\nOptions:\n"
	     "  -c FILE                Configuration file (default: /etc/saker/saker.yaml, if "
	     "there).\n"
	     "  -o KEY=VALUE           Set a configuration key. Repeatable.\n"
	     "  --kernel-release R     The kernel to build for, as uname -r gives it (default: the "
	     "running one).\n"
	     "  --headers DIR          Its headers: the folder that make -C takes.\n"
	     "  --json                 probe: as JSON.\n"
	     "  --all                  cleanup: this kernel's too.\n"
	     "  -h, --help             Print this text.\n\n"
	     "Built drivers are kept in engine.driver_dir, by kernel. Status: 0, or 1 when "
	     "something failed\n"
	     "or, for probe, when no driver works here.");
}

/* 0, 1 to print the help, or a negative errno. */
static int parse(struct driver_call *k, int argc, char **argv)
{
	static const struct option options[] = {
		{ "kernel-release", required_argument, NULL, 'k' },
		{ "headers", required_argument, NULL, 'H' },
		{ "json", no_argument, NULL, 'j' },
		{ "all", no_argument, NULL, 'a' },
		{ "option", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, ":c:o:h", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			k->config = optarg;
			break;
		case 'o':
			cmdline_add(&k->cfg.arena, &k->options, optarg);
			break;
		case 'k':
			k->sopt.release = optarg;
			break;
		case 'H':
			k->sopt.headers = optarg;
			break;
		case 'j':
			k->json = true;
			break;
		case 'a':
			k->all = true;
			break;
		case 'h':
			return 1;
		case ':':
			return diag_set(&k->diag, "option '%s' is missing an argument",
					argv[optind - 1]);
		default:
			return diag_set(&k->diag,
					"option '%s' does not exist; see saker driver --help",
					argv[optind - 1]);
		}
	}
	k->args = (const char *const *)argv + optind;
	return k->args[0] ? 0 : 1;
}

/* A release becomes the name of a folder. */
static int check_release(struct driver_call *k)
{
	const char *r = k->sopt.release;

	if (r && (!*r || *r == '.' || strchr(r, '/') || strlen(r) > 100))
		return diag_set(
			&k->diag,
			"--kernel-release '%s' is no kernel release such as uname -r prints", r);
	return 0;
}

static int load_config(struct driver_call *k)
{
	const char *path = k->config;

	if (!path && !access(CONFIG_PATH, R_OK))
		path = CONFIG_PATH;
	return path ? config_load(&k->cfg, path, &k->options, &k->diag)
		    : config_defaults(&k->cfg, &k->options, &k->diag);
}

static int run(struct driver_call *k)
{
	const char *name = *k->args++;
	int err;

	for (u32 i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		err = check_release(k);
		if (!err)
			err = load_config(k);
		if (err)
			return err;
		config_print_faults(&k->cfg);
		k->sopt.driver_dir = k->cfg.driver_dir;
		k->sopt.probe = k->cfg.probe;
		system_init(&k->sys, &k->sopt);
		err = commands[i].run(k);
		system_fini(&k->sys);
		return err;
	}
	return diag_set(&k->diag, "'%s' is no command of saker driver; see saker driver --help",
			name);
}

int driver_cmd(int argc, char **argv)
{
	struct driver_call k = { 0 };
	int err;

	config_init(&k.cfg);
	err = parse(&k, argc, argv);
	if (err == 1)
		print_help();
	else if (!err)
		err = run(&k);
	fflush(stdout);
	if (k.diag.msg)
		fprintf(stderr, "Error: %s\n", k.diag.msg);
	config_fini(&k.cfg);
	diag_fini(&k.diag);
	return err < 0;
}
