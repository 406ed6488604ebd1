/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups by number: from a capture file's metadata and notices, and, when live,
 * from the files passwd and group.  NSS is not asked: it may talk to the network and
 * would stop the event loop; users that only NSS knows show as numbers.  The files are
 * looked at again when they have changed, at most once a second.
 */
#include "proc/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { NAME_MAX_LEN = 255, PATH_MAX_LEN = 1023, LINE_FIELDS = 8, FILE_MAX = 16 << 20,
       USERS_MAX = 200000 /* and as many groups; more are left out */ };

struct users {
	bool lookup;
	char *passwd, *group;		/* paths */
	struct timespec passwd_mtime, group_mtime;
	u64 checked_ns;
	struct map64 users, groups;
	struct account mem;
	struct pstr_pool names;
	u64 max_bytes, refused;
};

static void user_free(struct users *all, struct user *u)
{
	if (!u)
		return;
	pstr_fini(&u->name);
	pstr_fini(&u->home);
	pstr_fini(&u->shell);
	account_free(&all->mem, u);
}

static void group_free(struct users *all, struct group *g)
{
	if (!g)
		return;
	pstr_fini(&g->name);
	account_free(&all->mem, g);
}

static char *joined(const char *root, const char *path)
{
	size_t n = strlen(root), m = strlen(path);
	char *s = xmalloc(n + m + 1);

	memcpy(s, root, n);
	memcpy(s + n, path, m + 1);
	return s;
}

struct users *users_new(const char *host_root, bool lookup, u64 max_bytes)
{
	struct users *u = xcalloc(1, sizeof(*u));

	u->lookup = lookup;
	u->max_bytes = max_bytes;
	pstr_pool_init(&u->names, &u->mem);
	u->passwd = joined(host_root, "/etc/passwd");
	u->group = joined(host_root, "/etc/group");
	return u;
}

static void clear_users(struct users *u)
{
	struct map64_entry *e;
	size_t pos = 0;

	while ((e = map64_next(&u->users, &pos)))
		user_free(u, e->value);
	map64_fini(&u->users);
}

static void clear_groups(struct users *u)
{
	struct map64_entry *e;
	size_t pos = 0;

	while ((e = map64_next(&u->groups, &pos)))
		group_free(u, e->value);
	map64_fini(&u->groups);
}

void users_free(struct users *u)
{
	if (!u)
		return;
	clear_users(u);
	clear_groups(u);
	free(u->passwd);
	free(u->group);
	free(u);
}

static void set_limited(struct pstr *to, const struct state_str *from, size_t max)
{
	pstr_set(to, from->p, size_min(from->len, max));
}

static u64 bytes_of(const struct users *u)
{
	return sizeof(*u) + u->mem.bytes + (u->users.cap + u->groups.cap) * sizeof(struct map64_entry);
}

void users_stats(const struct users *u, struct table_stats *ret)
{
	*ret = (struct table_stats){
		.entries = u->users.count + u->groups.count, .bytes = bytes_of(u), .max_bytes = u->max_bytes,
		.refused = u->refused,
	};
}

/* For one more: they are what the machine's files say and stay as long as these do. */
static bool has_room(struct users *u, const struct map64 *m)
{
	if (m->count < USERS_MAX && (!u->max_bytes || bytes_of(u) < u->max_bytes))
		return true;
	u->refused++;
	return false;
}

void users_add(struct users *u, const struct state_user *s)
{
	struct user *user = map64_get(&u->users, s->uid);

	if (!user && !has_room(u, &u->users))
		return;
	if (!user) {
		user = account_calloc(&u->mem, sizeof(*user));
		pstr_init(&user->name, &u->names);
		pstr_init(&user->home, &u->names);
		pstr_init(&user->shell, &u->names);
		user->uid = s->uid;
		map64_put(&u->users, s->uid, user);
	}
	user->gid = s->gid;
	set_limited(&user->name, &s->name, NAME_MAX_LEN);
	set_limited(&user->home, &s->home, PATH_MAX_LEN);
	set_limited(&user->shell, &s->shell, PATH_MAX_LEN);
}

void users_del(struct users *u, u32 uid)
{
	user_free(u, map64_del(&u->users, uid));
}

void users_add_group(struct users *u, const struct state_group *s)
{
	struct group *g = map64_get(&u->groups, s->gid);

	if (!g && !has_room(u, &u->groups))
		return;
	if (!g) {
		g = account_calloc(&u->mem, sizeof(*g));
		pstr_init(&g->name, &u->names);
		g->gid = s->gid;
		map64_put(&u->groups, s->gid, g);
	}
	set_limited(&g->name, &s->name, NAME_MAX_LEN);
}

void users_del_group(struct users *u, u32 gid)
{
	group_free(u, map64_del(&u->groups, gid));
}

/* ---- files ---- */

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

static void passwd_line(struct users *u, char *line)
{
	struct state_str f[LINE_FIELDS];
	struct state_user s = { 0 };

	if (split(line, f) < 7 || is_nss_entry(&f[0]) || !number(&f[2], &s.uid) ||
	    !number(&f[3], &s.gid) || map64_get(&u->users, s.uid))
		return;
	s.name = f[0];
	s.home = f[5];
	s.shell = f[6];
	users_add(u, &s);
}

static void group_line(struct users *u, char *line)
{
	struct state_str f[LINE_FIELDS];
	struct state_group s = { 0 };

	if (split(line, f) < 4 || is_nss_entry(&f[0]) || !number(&f[2], &s.gid) ||
	    map64_get(&u->groups, s.gid))
		return;
	s.name = f[0];
	users_add_group(u, &s);
}

static void read_lines(struct users *u, FILE *f, void (*line_fn)(struct users *, char *))
{
	char *line = NULL;
	size_t cap = 0, total = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, f)) >= 0 && (total += (size_t)n) < FILE_MAX) {
		line[strcspn(line, "\n")] = 0;
		line_fn(u, line);
	}
	free(line);
}

static bool changed(const char *path, struct timespec *mtime)
{
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	if (st.st_mtim.tv_sec == mtime->tv_sec && st.st_mtim.tv_nsec == mtime->tv_nsec)
		return false;
	*mtime = st.st_mtim;
	return true;
}

static void refresh(struct users *u, u64 now_ns)
{
	FILE *f;

	if (!u->lookup || (u->checked_ns && now_ns - u->checked_ns < NS_PER_S))
		return;
	u->checked_ns = now_ns ? now_ns : 1;
	if (changed(u->passwd, &u->passwd_mtime) && (f = fopen(u->passwd, "re"))) {
		clear_users(u);
		read_lines(u, f, passwd_line);
		fclose(f);
	}
	if (changed(u->group, &u->group_mtime) && (f = fopen(u->group, "re"))) {
		clear_groups(u);
		read_lines(u, f, group_line);
		fclose(f);
	}
}

const struct user *users_get(struct users *u, u32 uid, u64 now_ns)
{
	refresh(u, now_ns);
	return map64_get(&u->users, uid);
}

const struct group *users_get_group(struct users *u, u32 gid, u64 now_ns)
{
	refresh(u, now_ns);
	return map64_get(&u->groups, gid);
}
