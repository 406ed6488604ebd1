/* SPDX-License-Identifier: Apache-2.0 */
/* Each line as one of passwd and as one of group, into a table with room for some. */
#include <stdlib.h>
#include <string.h>

#include "proc/users.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static void check(const struct names *n)
{
	struct map64_entry *e;

	for (size_t pos = 0; (e = map64_next(&n->users, &pos));) {
		const struct user *u = e->value;

		if (u->uid != e->key || u->name.len > 255 || u->home.len > 1023 || u->shell.len > 1023)
			abort();
	}
	for (size_t pos = 0; (e = map64_next(&n->groups, &pos));) {
		const struct group *g = e->value;

		if (g->gid != e->key || g->name.len > 255)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	char *text = strndup((const char *)data, len), *other = strdup(text), *rest = text, *line;
	struct names n = { 0 };

	names_init(&n);
	while ((line = strsep(&rest, "\n"))) {
		struct state_user u = { 0 };

		if (names_user_line(line, &u))
			names_add_user(&n, &u, names_bytes(&n) < 16384);
	}
	rest = other;
	while ((line = strsep(&rest, "\n"))) {
		struct state_group g = { 0 };

		if (names_group_line(line, &g))
			names_add_group(&n, &g, names_bytes(&n) < 32768);
	}
	check(&n);
	names_clear_users(&n);
	names_clear_groups(&n);
	if (names_bytes(&n))
		abort();
	free(text);
	free(other);
	return 0;
}
