/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration key `rules`: which of the loaded rules are enabled. */
#include <string.h>

#include "rules/select.h"

/* '*' stands for any number of characters; goes back to the last one only, so never slow. */
static bool matches(const char *pattern, const char *s)
{
	const char *star = NULL, *retry = NULL;

	while (*s) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = s;
		} else if (*pattern == *s) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star;
			s = ++retry;
		} else {
			return false;
		}
	}
	return !pattern[strspn(pattern, "*")];
}

static bool has_tag(const struct names *tags, const char *tag)
{
	for (u32 i = 0; i < tags->n; i++) {
		if (!strcmp(tags->p[i], tag))
			return true;
	}
	return false;
}

bool rule_selected(const struct rules_options *opt, const struct rule_item *r)
{
	bool enabled = r->enabled;

	for (u32 i = 0; i < opt->nselection; i++) {
		const struct rules_selection *s = &opt->selection[i];

		if ((s->rule && matches(s->rule, r->name)) || (s->tag && has_tag(&r->tags, s->tag)))
			enabled = s->enable;
	}
	return enabled;
}
