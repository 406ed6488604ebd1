/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups by number: from a capture file's metadata and notices, and, when live,
 * from the files passwd and group.  NSS is not asked: it may talk to the network and
 * would stop the event loop; users that only NSS knows show as numbers.  The files are
 * looked at again when they have changed, at most once a second.
 */
#include "proc/users.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILE_MAX = 16 << 20, USERS_MAX = 200000 /* and as many groups; more are left out */ };

static char *joined(const char *root, const char *path)
{
	size_t n = strlen(root), m = strlen(path);
	char *s = xmalloc(n + m + 1);

	memcpy(s, root, n);
	memcpy(s + n, path, m + 1);
	return s;
}

struct users *users_new(const char *host_root, bool lookup, bool live, u64 max_bytes)
{
	struct users *u = xcalloc(1, sizeof(*u));

	u->lookup = lookup;
	u->max_bytes = max_bytes;
	names_init(&u->host);
	u->passwd = joined(host_root, "/etc/passwd");
	u->group = joined(host_root, "/etc/group");
	if (lookup && live)
		u->spaces = spaces_new(host_root, u);
	return u;
}

void users_free(struct users *u)
{
	if (!u)
		return;
	spaces_free(u->spaces);
	names_clear_users(&u->host);
	names_clear_groups(&u->host);
	free(u->passwd);
	free(u->group);
	free(u);
}

u64 users_bytes(const struct users *u)
{
	return sizeof(*u) + names_bytes(&u->host) + spaces_bytes(u->spaces);
}

void users_stats(const struct users *u, struct table_stats *ret)
{
	*ret = (struct table_stats){
		.entries = u->host.users.count + u->host.groups.count, .bytes = users_bytes(u),
		.max_bytes = u->max_bytes, .refused = u->refused,
	};
	spaces_stats(u->spaces, ret);
}

u64 users_files_refused(const struct users *u)
{
	return u->files_refused;
}

/* For one more: the host's are what the machine's files say and stay as long as these do. */
static bool has_room(struct users *u, const struct map64 *m, u32 id)
{
	if (map64_get(m, id))
		return true;
	while (u->max_bytes && users_bytes(u) >= u->max_bytes && spaces_forget(u->spaces))
		;
	if (m->count < USERS_MAX && (!u->max_bytes || users_bytes(u) < u->max_bytes))
		return true;
	u->refused++;
	return false;
}

void users_add(struct users *u, const struct state_user *s)
{
	names_add_user(&u->host, s, has_room(u, &u->host.users, s->uid));
}

void users_del(struct users *u, u32 uid)
{
	names_del_user(&u->host, uid);
}

void users_add_group(struct users *u, const struct state_group *s)
{
	names_add_group(&u->host, s, has_room(u, &u->host.groups, s->gid));
}

void users_del_group(struct users *u, u32 gid)
{
	names_del_group(&u->host, gid);
}

/* ---- files ---- */

/* Of two with the same number the first counts. */
static void passwd_line(struct users *u, char *line)
{
	struct state_user s = { 0 };

	if (names_user_line(line, &s) && !map64_get(&u->host.users, s.uid))
		users_add(u, &s);
}

static void group_line(struct users *u, char *line)
{
	struct state_group s = { 0 };

	if (names_group_line(line, &s) && !map64_get(&u->host.groups, s.gid))
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

void file_id_of(const struct stat *st, struct file_id *ret)
{
	*ret = (struct file_id){
		.dev = st->st_dev, .ino = st->st_ino, .size = st->st_size, .mtime = st->st_mtim, .ctime = st->st_ctim,
	};
}

static bool changed(const char *path, struct file_id *id)
{
	struct file_id now;
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	file_id_of(&st, &now);
	if (!memcmp(&now, id, sizeof(now)))
		return false;
	*id = now;
	return true;
}

void users_refresh(struct users *u, u64 now_ns)
{
	FILE *f;

	if (!u->lookup || (u->checked_ns && now_ns - u->checked_ns < NS_PER_S))
		return;
	u->checked_ns = now_ns ? now_ns : 1;
	if (changed(u->passwd, &u->passwd_id) && (f = fopen(u->passwd, "re"))) {
		names_clear_users(&u->host);
		read_lines(u, f, passwd_line);
		fclose(f);
	}
	if (changed(u->group, &u->group_id) && (f = fopen(u->group, "re"))) {
		names_clear_groups(&u->host);
		read_lines(u, f, group_line);
		fclose(f);
	}
}

const struct user *proc_user(struct proc *p, const struct thread *t, u32 uid)
{
	users_refresh(p->users, p->ts_ns);
	return map64_get(&spaces_users_of(p, t)->users, uid);
}

const struct group *proc_group_by_gid(struct proc *p, const struct thread *t, u32 gid)
{
	users_refresh(p->users, p->ts_ns);
	return map64_get(&spaces_groups_of(p, t)->groups, gid);
}
