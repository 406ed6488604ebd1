/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads rules files and prints the reports, and the description of what was loaded:
 *
 *	rulecheck [-t] [-d] [-s] [-n] FILE...
 *
 * as JSON, or (-t) as text; -d: with the description, -s: without built-in sources for
 * suggested fields, -n: nothing but the time it took.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rules/rules.h"

static int read_file(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "r");
	char chunk[4096];
	size_t n;

	if (!f)
		return -errno;
	while ((n = fread(chunk, 1, sizeof(chunk), f)))
		buf_add(b, chunk, n);
	fclose(f);
	return 0;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static struct rules_report *load(struct rules *r, const char *path)
{
	struct rules_report *rep = NULL;
	struct buf b = { 0 };
	int err = read_file(path, &b);

	if (err)
		rep = rules_report_unreadable(path, strerror(-err));
	else
		rules_load(r, path, buf_str(&b), b.len, &rep);
	buf_fini(&b);
	return rep;
}

static void print_json(json_t *j)
{
	json_dumpf(j, stdout, JSON_COMPACT);
	putchar('\n');
}

static int print_set(struct rules *r)
{
	struct ruleset *set;
	struct diag d = { 0 };
	int err = rules_compile(r, &set, &d);

	if (err) {
		fprintf(stderr, "%s\n", d.msg ? d.msg : "cannot be compiled");
		diag_fini(&d);
		return 1;
	}
	fprintf(stderr, "%u rules enabled\n", ruleset_count(set));
	ruleset_free(set);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const sources[] = { "syscall" };
	static const struct rules_plugin plugins[] = { { .name = "container", .version = "0.7.1" } };
	struct rules_options opt = {
		.fields = field_builtin(),
		.sources = sources,
		.nsources = 1,
		.min_priority = PRIO_DEBUG,
		.plugins = plugins,
		.nplugins = 1,
		.plugins_known = true,
	};
	bool text = false, describe = false, quiet = false;
	json_t *all = json_array(), *result = json_object();
	struct buf out = { 0 };
	double start = now_ms();
	struct rules *r;
	int c, rc = 0;

	while ((c = getopt(argc, argv, "tdsn")) != -1) {
		text |= c == 't';
		describe |= c == 'd';
		opt.no_suggested_fields |= c == 's';
		quiet |= c == 'n';
	}
	r = rules_new(&opt);
	for (int i = optind; i < argc; i++) {
		struct rules_report *rep = load(r, argv[i]);

		rc |= !rules_report_ok(rep) || rules_report_unmet(rep);
		if (rules_report_unmet(rep))
			fprintf(stderr, "%s: %s\n", argv[i], rules_report_unmet(rep));
		if (rules_report_fatal(rep))
			fprintf(stderr, "Runtime error: %s. Exiting.\n", rules_report_fatal(rep));
		if (text)
			rules_report_text(rep, true, &out);
		json_array_append_new(all, rules_report_json(rep));
		rules_report_free(rep);
	}
	if (!rc)
		rc = print_set(r);
	if (quiet)
		fprintf(stderr, "%.1f ms\n", now_ms() - start);
	json_object_set_new(result, "falco_load_results", all);
	if (describe && !rc)
		json_object_set_new(result, "falco_describe_results", rules_describe(r, NULL));
	if (describe && text && !rc)
		rules_describe_text(r, NULL, &out);
	if (text)
		printf("%s", buf_str(&out));
	else if (!quiet)
		print_json(result);
	json_decref(result);
	buf_fini(&out);
	rules_free(r);
	return rc;
}
