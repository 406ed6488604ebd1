/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of users and groups: those of the host, and, live, those of mount namespaces.
 *
 * struct names is what one passwd and one group say.  struct spaces has one for each mount namespace and
 * root that somebody asked about; which of them a process has is remembered in its task.
 */
#ifndef SAKER_PROC_USERS_H
#define SAKER_PROC_USERS_H

#include <time.h>

#include "proc/internal.h"

struct names {
	struct map64 users, groups;
	struct account mem;
	struct pstr_pool pool;
};

void names_init(struct names *n);
void names_clear_users(struct names *n);
void names_clear_groups(struct names *n);
u64 names_bytes(const struct names *n);
/* Entries that are there already are changed; new ones are made as long as there is room. */
bool names_add_user(struct names *n, const struct state_user *s, bool room);
bool names_add_group(struct names *n, const struct state_group *s, bool room);
void names_del_user(struct names *n, u32 uid);
void names_del_group(struct names *n, u32 gid);
/* A line of passwd or group, changed by it; false when it says nothing. */
bool names_user_line(char *line, struct state_user *ret);
bool names_group_line(char *line, struct state_group *ret);

/* Of an inode and what it holds: the same as long as nobody has written to it. */
struct file_id {
	u64 dev, ino;
	s64 size;
	struct timespec mtime, ctime;
};

struct stat;
void file_id_of(const struct stat *st, struct file_id *ret);

/*
 * The regular file that path leads to for a process whose root directory is open as root: an fd that is good
 * for nothing but to be asked about, and *st.  -ENOENT: there is none; other errors: it is not to be read.
 */
int below_find(int root, const char *path, struct stat *st);
/* One to read the same file by. */
int below_reopen(int found);

struct users {
	bool lookup;
	char *passwd, *group;		/* paths */
	struct file_id passwd_id, group_id;
	u64 checked_ns;
	struct names host;
	u64 max_bytes, refused, files_refused;
	struct spaces *spaces;		/* NULL: none are looked at */
};

/* Looks at the host's files again when it is time to. */
void users_refresh(struct users *u, u64 now_ns);
u64 users_bytes(const struct users *u);

/* ---- spaces.c ---- */
struct spaces *spaces_new(const char *host_root, struct users *users);
void spaces_free(struct spaces *s);
u64 spaces_bytes(const struct spaces *s);
/* The one that was asked for least lately is forgotten; false: there is none. */
bool spaces_forget(struct spaces *s);
void spaces_stats(const struct spaces *s, struct table_stats *ret);	/* adds */
/*
 * Whose names are those of t's process: the host's, or what its mount namespace has; empty when that
 * cannot be read any more.  What an earlier answer for the same event pointed to stays.
 */
const struct names *spaces_users_of(struct proc *p, const struct thread *t);
const struct names *spaces_groups_of(struct proc *p, const struct thread *t);

#endif
