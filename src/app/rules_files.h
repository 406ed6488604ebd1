/* SPDX-License-Identifier: Apache-2.0 */
/* Rules files: finding, loading, validating, describing. */
#ifndef SAKER_APP_RULES_FILES_H
#define SAKER_APP_RULES_FILES_H

#include "app/config.h"

/*
 * The files that paths stand for: folders are replaced by their *.yaml and *.yml files in
 * order of name.  strict: what does not exist stays in the list (loading it fails),
 * otherwise it is left out.
 */
void rules_files_find(struct config *c, const struct strlist *paths, bool strict,
		      struct strlist *ret);

/*
 * Loads files in order; warnings are logged, remarks too when verbose.  -EINVAL with the report in d; -ENOTSUP with the
 * reason in d when nothing may be reported but that.
 */
int rules_files_load(struct rules *r, const struct strlist *files, bool verbose, struct diag *d);

struct validate_options {
	bool json;
	bool verbose;		/* remarks are logged */
	bool describe;		/* -L or -l too */
	const char *rule;	/* of -l; NULL: all */
};

/*
 * -V: prints the results to standard output.  -EINVAL when a file is not valid; -ENOTSUP as
 * above, -ENOENT when there is no such rule to describe: then nothing is printed.
 */
int rules_files_validate(struct rules *r, const struct strlist *files,
			 const struct validate_options *opt, struct diag *d);

/* -L and -l: to standard output.  -ENOENT when there is no such rule. */
int rules_files_describe(struct rules *r, const char *rule, bool json);

#endif
