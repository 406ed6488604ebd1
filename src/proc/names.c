/* SPDX-License-Identifier: Apache-2.0 */
/* What one passwd and one group say, by number. */
#include "proc/users.h"

enum { NAME_MAX_LEN = 255, PATH_MAX_LEN = 1023, LINE_FIELDS = 8 };

void names_init(struct names *n)
{
	pstr_pool_init(&n->pool, &n->mem);
}

static void user_free(struct names *n, struct user *u)
{
	if (!u)
		return;
	pstr_fini(&u->name);
	pstr_fini(&u->home);
	pstr_fini(&u->shell);
	account_free(&n->mem, u);
}

static void group_free(struct names *n, struct group *g)
{
	if (!g)
		return;
	pstr_fini(&g->name);
	account_free(&n->mem, g);
}

void names_clear_users(struct names *n)
{
	struct map64_entry *e;
	size_t pos = 0;

	while ((e = map64_next(&n->users, &pos)))
		user_free(n, e->value);
	map64_fini(&n->users);
}

void names_clear_groups(struct names *n)
{
	struct map64_entry *e;
	size_t pos = 0;

	while ((e = map64_next(&n->groups, &pos)))
		group_free(n, e->value);
	map64_fini(&n->groups);
}

u64 names_bytes(const struct names *n)
{
	return n->mem.bytes + (n->users.cap + n->groups.cap) * sizeof(struct map64_entry);
}

static void set_limited(struct pstr *to, const struct state_str *from, size_t max)
{
	pstr_set(to, from->p, size_min(from->len, max));
}

bool names_add_user(struct names *n, const struct state_user *s, bool room)
{
	struct user *user = map64_get(&n->users, s->uid);

	if (!user && !room)
		return false;
	if (!user) {
		user = account_calloc(&n->mem, sizeof(*user));
		pstr_init(&user->name, &n->pool);
		pstr_init(&user->home, &n->pool);
		pstr_init(&user->shell, &n->pool);
		user->uid = s->uid;
		map64_put(&n->users, s->uid, user);
	}
	user->gid = s->gid;
	set_limited(&user->name, &s->name, NAME_MAX_LEN);
	set_limited(&user->home, &s->home, PATH_MAX_LEN);
	set_limited(&user->shell, &s->shell, PATH_MAX_LEN);
	return true;
}

bool names_add_group(struct names *n, const struct state_group *s, bool room)
{
	struct group *g = map64_get(&n->groups, s->gid);

	if (!g && !room)
		return false;
	if (!g) {
		g = account_calloc(&n->mem, sizeof(*g));
		pstr_init(&g->name, &n->pool);
		g->gid = s->gid;
		map64_put(&n->groups, s->gid, g);
	}
	set_limited(&g->name, &s->name, NAME_MAX_LEN);
	return true;
}

void names_del_user(struct names *n, u32 uid)
{
	user_free(n, map64_del(&n->users, uid));
}

void names_del_group(struct names *n, u32 gid)
{
	group_free(n, map64_del(&n->groups, gid));
}

/* ---- lines ---- */

/* Splits a line at ':'; returns the number of fields, the rest stays in the last. */
static u32 split(char *line, struct state_str f[LINE_FIELDS])
{
	u32 n = 0;
	char *s = line, *end;

	for (;;) {
		end = n + 1 < LINE_FIELDS ? strchr(s, ':') : NULL;
		f[n++] = (struct state_str){ s, (u32)(end ? (size_t)(end - s) : strlen(s)) };
		if (!end)
			return n;
		s = end + 1;
	}
}

static bool number(const struct state_str *s, u32 *ret)
{
	u64 v = 0;

	for (u32 i = 0; i < s->len; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (u64)(s->p[i] - '0');
		if (v > UINT32_MAX)
			return false;
	}
	*ret = (u32)v;
	return s->len;
}

static bool is_nss_entry(const struct state_str *name)
{
	return !name->len || name->p[0] == '+' || name->p[0] == '-' || name->p[0] == '#';
}

bool names_user_line(char *line, struct state_user *ret)
{
	struct state_str f[LINE_FIELDS];

	if (split(line, f) < 7 || is_nss_entry(&f[0]) || !number(&f[2], &ret->uid) || !number(&f[3], &ret->gid))
		return false;
	ret->name = f[0];
	ret->home = f[5];
	ret->shell = f[6];
	return true;
}

bool names_group_line(char *line, struct state_group *ret)
{
	struct state_str f[LINE_FIELDS];

	if (split(line, f) < 4 || is_nss_entry(&f[0]) || !number(&f[2], &ret->gid))
		return false;
	ret->name = f[0];
	return true;
}
