/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rules_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/log.h"
#include "base/file.h"

static void add(struct arena *a, struct strlist *l, u32 *cap, const char *path)
{
	if (l->n == *cap) {
		const char **p = arena_alloc(a, sizeof(*p) * (*cap = *cap ? 2 * *cap : 16));

		if (l->n)
			memcpy(p, l->p, sizeof(*p) * l->n);
		l->p = p;
	}
	l->p[l->n++] = path;
}

static int is_rules_name(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_folder(struct config *c, const char *path, struct strlist *l, u32 *cap)
{
	struct dirent **names;
	int n = scandir(path, &names, is_rules_name, compare_names);

	for (int i = 0; i < n; i++) {
		const char *file = arena_printf(&c->arena, "%s/%s", path, names[i]->d_name);
		struct stat st;

		if (!stat(file, &st) && S_ISREG(st.st_mode))
			add(&c->arena, l, cap, file);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

void rules_files_find(struct config *c, const struct strlist *paths, bool strict,
		      struct strlist *ret)
{
	u32 cap = 0;

	*ret = (struct strlist){ 0 };
	for (u32 i = 0; i < paths->n; i++) {
		const char *path = strict ? paths->p[i] : config_beside(c, paths->p[i]);
		struct stat st;

		if (!stat(path, &st) && S_ISDIR(st.st_mode))
			add_folder(c, path, ret, &cap);
		else if (strict || !stat(path, &st))
			add(&c->arena, ret, &cap, path);
	}
}

/* ---- one file ----------------------------------------------------------------------- */

/* 0 or -errno; the report tells what is wrong with the contents. */
static int load_one(struct rules *r, const char *path, struct rules_report **ret)
{
	struct arena a;
	size_t len;
	char *text;
	int err;

	arena_init(&a);
	err = doc_read_file(&a, path, &text, &len);
	if (!err)
		rules_load(r, path, text, len, ret);
	arena_fini(&a);
	return err;
}

/* "ok", "failed for ...", "none": what the loader found out about unknown keys. */
static void log_schema(const struct rules_report *rep)
{
	json_t *json = rules_report_json(rep);
	const json_t *valid = json_object_get(json, "schema_valid");
	const json_t *first = json_array_get(json_object_get(json, "schema_warnings"), 0);
	const char *state = json_is_true(valid) ? "ok" : "none";

	if (json_is_false(valid))
		state = json_is_string(first) ? json_string_value(first) : "failed";
	log_info("   %s | schema validation: %s", rules_report_name(rep), state);
	json_decref(json);
}

static void log_warnings(const struct rules_report *rep)
{
	struct buf text = { 0 };

	if (!rules_report_nwarnings(rep))
		return;
	rules_report_text(rep, true, &text);
	log_warning("%s", buf_str(&text));
	buf_fini(&text);
}

static void log_remarks(const struct rules_report *rep)
{
	const char *remark;

	for (u32 i = 0; (remark = rules_report_remark(rep, i)); i++)
		log_notice("%s", remark);
}

/* -ENOTSUP with the reason when there is an error that ends the run without a report. */
static int fatal_error(const struct rules_report *rep, struct diag *d)
{
	const char *why = rules_report_fatal(rep);

	if (!why)
		return 0;
	diag_set(d, "%s", why);
	return -ENOTSUP;
}

/* A missing plugin explains other errors, so it is all that is told. */
static bool unmet_error(const struct rules_report *rep, struct diag *d)
{
	const char *why = rules_report_unmet(rep);

	if (!why)
		return false;
	log_error("%s: a plugin that the file requires is not there", rules_report_name(rep));
	diag_set(d, "%s", why);
	return true;
}

static int load_for_use(struct rules *r, const char *path, bool verbose, struct diag *d)
{
	struct rules_report *rep = NULL;
	struct buf text = { 0 };
	int err = load_one(r, path, &rep);

	if (err)
		return diag_set(d, "Could not read file %s: %s", path, file_error(err));
	err = fatal_error(rep, d);
	log_schema(rep);
	if (unmet_error(rep, d)) {
		err = -EINVAL;
	} else if (rules_report_ok(rep)) {
		log_warnings(rep);
		if (verbose)
			log_remarks(rep);
	} else if (!err) {
		rules_report_text(rep, true, &text);
		err = diag_set(d, "%s", buf_str(&text));
	}
	buf_fini(&text);
	rules_report_free(rep);
	return err;
}

/* Before any is loaded: one that is missing matters more than what is wrong with another. */
static int look_for_all(const struct strlist *files, struct diag *d)
{
	for (u32 i = 0; i < files->n; i++) {
		if (!euidaccess(files->p[i], R_OK))
			continue;
		if (errno == ENOENT)
			return diag_set(d, "Could not open file %s for reading", files->p[i]);
		return diag_set(d, "Could not open file %s for reading: %s", files->p[i], strerror(errno));
	}
	return 0;
}

int rules_files_load(struct rules *r, const struct strlist *files, bool verbose, struct diag *d)
{
	int err = look_for_all(files, d);

	if (files->n && !err)
		log_info("Loading rules from:");
	for (u32 i = 0; i < files->n && !err; i++)
		err = load_for_use(r, files->p[i], verbose, d);
	return err;
}

/* ---- -V ----------------------------------------------------------------------------- */

struct validation {
	const struct validate_options *opt;
	json_t *results;
	struct buf text, summary;
	bool failed;
};

static void add_result(struct validation *v, const struct rules_report *rep)
{
	bool ok = rules_report_ok(rep);

	json_array_append_new(v->results, rules_report_json(rep));
	if (ok && rules_report_nwarnings(rep))
		log_warnings(rep);
	if (v->opt->verbose)
		log_remarks(rep);
	if (!ok) {
		v->failed = true;
		if (v->summary.len)
			buf_addc(&v->summary, '\n');
		rules_report_summary(rep, &v->summary);
	}
	rules_report_text(rep, !ok, &v->text);
	if (v->text.len && v->text.p[v->text.len - 1] != '\n')
		buf_addc(&v->text, '\n');
}

static int validate_one(struct rules *r, const char *path, struct validation *v, struct diag *d)
{
	struct rules_report *rep = NULL;
	int err = load_one(r, path, &rep);

	if (err == -EISDIR)
		return diag_set(d, "Could not read file %s: Is a directory", path);
	if (err)
		rep = rules_report_unreadable(path, file_error(err));
	err = fatal_error(rep, d);
	if (!err && unmet_error(rep, d))
		err = -EINVAL;
	if (!err)
		add_result(v, rep);
	rules_report_free(rep);
	return err;
}

static void print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	putchar('\n');
	json_decref(json);
}

static int print_validation_text(struct validation *v, struct rules *r, bool describe)
{
	int err = 0;

	if (describe) {
		buf_addc(&v->text, '\n');
		err = rules_describe_text(r, v->opt->rule, &v->text);
	}
	if (!err)
		fwrite(v->text.p, 1, v->text.len, stdout);
	return err;
}

/* -ENOENT, and nothing is printed, when the rule to describe is not there. */
static int print_validation(struct validation *v, struct rules *r)
{
	bool describe = v->opt->describe && !v->failed;
	json_t *all, *what = NULL;

	if (!v->opt->json)
		return print_validation_text(v, r, describe);
	if (describe) {
		what = rules_describe(r, v->opt->rule);
		if (!what)
			return -ENOENT;
	}
	all = json_object();
	json_object_set(all, "falco_load_results", v->results);
	if (what)
		json_object_set_new(all, "falco_describe_results", what);
	print_json(all);
	return 0;
}

int rules_files_validate(struct rules *r, const struct strlist *files,
			 const struct validate_options *opt, struct diag *d)
{
	struct validation v = { .opt = opt, .results = json_array() };
	int err = look_for_all(files, d);

	for (u32 i = 0; i < files->n && !err; i++)
		err = validate_one(r, files->p[i], &v, d);
	if (!err)
		err = print_validation(&v, r);
	if (!err && v.failed)
		err = diag_set(d, "%s", buf_str(&v.summary));
	json_decref(v.results);
	buf_fini(&v.text);
	buf_fini(&v.summary);
	return err;
}

int rules_files_describe(struct rules *r, const char *rule, bool json)
{
	struct buf text = { 0 };
	json_t *what;
	int err;

	if (json) {
		what = rules_describe(r, rule);
		if (!what)
			return -ENOENT;
		print_json(what);
		return 0;
	}
	err = rules_describe_text(r, rule, &text);
	if (!err)
		fwrite(text.p, 1, text.len, stdout);
	buf_fini(&text);
	return err;
}
