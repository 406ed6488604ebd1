/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups of mount namespaces: what /etc/passwd and /etc/group say below /proc/PID/root.
 *
 * Nothing is read before a rule or an alert asks for a name, and then for the process that it asks about.
 * Whose names a process has is asked anew when it is new, after an exec, setns, unshare or chroot, and after
 * ten seconds; whether the files are still those that were read with each of these, and after a second.  A
 * namespace is known by its inode and root directory; both can be used again by others as soon as it has
 * ended, so what decides is the identity of the files.
 *
 * A process in a user namespace of its own has the host's names: its numbers, as events show them,
 * are the host's, and anybody may make such a namespace and write a passwd for it.
 *
 * Processes that have ended before they were asked about have the names of their parent's namespace when
 * that is none of the host's, else those which most processes of their cgroup have.
 */
#include "proc/users.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SPACES_MAX = 512,
	VOTES_MAX = 4096,
	FILE_MAX = 1 << 20,		/* of a file; the rest is not read */
	READ_MAX = 4 << 20,		/* a second, of all of them */
	SHARE = 2,			/* of the memory of users, for all namespaces, */
	SHARE_OF_ONE = 8,		/* and of that for one */
	ANCESTORS = 8,
	LOOKS_MAX = 2000,		/* a second: 5 us each */
	KEEP_S = 10,			/* what is known of a process */
};

/* As the key of a process: the host's names. */
#define KEY_HOST 1

struct space_file {
	struct file_id id;
	bool is_host;			/* the very file of the host */
};

struct space {
	struct list age;
	u64 key;
	u64 mnt, dev, ino;		/* namespace, root directory */
	u64 checked_ns;
	struct space_file passwd, group;
	struct names names;
};

/* Whose names the processes of a cgroup have: what more than half of them have wins. */
struct vote {
	u64 key;
	u32 n;
};

struct spaces {
	struct users *users;
	char *proc;			/* path of /proc */
	bool started, off;
	u64 host_mnt, host_user;	/* inodes of the host's namespaces */
	struct map64 all;		/* by key */
	struct list age;
	u64 bytes;			/* of all struct names */
	struct account mem;		/* of the rest */
	struct map64 votes;		/* by hash of the cgroups */
	u64 evicted, second, read, looks;	/* the last two in that second */
	struct names none;
};

struct spaces *spaces_new(const char *host_root, struct users *users)
{
	static const char proc[] = "/proc";
	struct spaces *s = xcalloc(1, sizeof(*s));
	size_t n = strlen(host_root);

	s->users = users;
	s->proc = xmalloc(n + sizeof(proc));
	memcpy(s->proc, host_root, n);
	memcpy(s->proc + n, proc, sizeof(proc));
	list_init(&s->age);
	names_init(&s->none);
	return s;
}

static void forget(struct spaces *s, struct space *sp)
{
	map64_del(&s->all, sp->key);
	list_del(&sp->age);
	s->bytes -= names_bytes(&sp->names);
	names_clear_users(&sp->names);
	names_clear_groups(&sp->names);
	account_free(&s->mem, sp);
}

static struct space *oldest(struct spaces *s)
{
	return list_empty(&s->age) ? NULL : container_of(s->age.next, struct space, age);
}

static void clear_votes(struct spaces *s)
{
	struct map64_entry *e;
	size_t pos = 0;

	while ((e = map64_next(&s->votes, &pos)))
		account_free(&s->mem, e->value);
	map64_fini(&s->votes);
}

void spaces_free(struct spaces *s)
{
	struct space *sp;

	if (!s)
		return;
	while ((sp = oldest(s)))
		forget(s, sp);
	map64_fini(&s->all);
	clear_votes(s);
	free(s->proc);
	free(s);
}

u64 spaces_bytes(const struct spaces *s)
{
	return s ? sizeof(*s) + s->bytes + s->mem.bytes + (s->all.cap + s->votes.cap) * sizeof(struct map64_entry) : 0;
}

bool spaces_forget(struct spaces *s)
{
	struct space *sp = s ? oldest(s) : NULL;

	if (!sp)
		return false;
	s->evicted += sp->names.users.count + sp->names.groups.count;
	forget(s, sp);
	return true;
}

void spaces_stats(const struct spaces *s, struct table_stats *ret)
{
	struct map64_entry *e;
	size_t pos = 0;

	if (!s)
		return;
	while ((e = map64_next(&s->all, &pos))) {
		const struct space *sp = e->value;

		ret->entries += sp->names.users.count + sp->names.groups.count;
	}
	ret->evicted += s->evicted;
}

/* ---- files ---- */

/* Makes room among the namespaces; the one that is being read stays. */
static bool has_room(struct spaces *s, struct space *sp)
{
	u64 max = s->users->max_bytes / SHARE;

	if (!s->users->max_bytes)
		return true;
	if (names_bytes(&sp->names) >= max / SHARE_OF_ONE)
		return false;
	while ((spaces_bytes(s) >= max || users_bytes(s->users) >= s->users->max_bytes) && oldest(s) != sp &&
	       spaces_forget(s))
		;
	return spaces_bytes(s) < max && users_bytes(s->users) < s->users->max_bytes;
}

static bool take_user(struct spaces *s, struct space *sp, char *line)
{
	struct state_user u = { 0 };

	return !names_user_line(line, &u) || map64_get(&sp->names.users, u.uid) ||
	       names_add_user(&sp->names, &u, has_room(s, sp));
}

static bool take_group(struct spaces *s, struct space *sp, char *line)
{
	struct state_group g = { 0 };

	return !names_group_line(line, &g) || map64_get(&sp->names.groups, g.gid) ||
	       names_add_group(&sp->names, &g, has_room(s, sp));
}

typedef bool (*take_fn)(struct spaces *s, struct space *sp, char *line);

static void take_lines(struct spaces *s, struct space *sp, char *text, take_fn take)
{
	u64 before = names_bytes(&sp->names);
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (!take(s, sp, line))
			s->users->refused++;
		s->bytes += names_bytes(&sp->names) - before;
		before = names_bytes(&sp->names);
	}
}

/* -EAGAIN: enough was read in this second. */
static int read_text(struct spaces *s, int found, struct buf *b)
{
	int fd;

	if (s->read >= READ_MAX)
		return -EAGAIN;
	fd = below_reopen(found);
	if (fd < 0)
		return fd;
	while (b->len <= FILE_MAX) {
		ssize_t n;

		buf_reserve(b, 16384 + 1);
		n = read(fd, b->p + b->len, 16384);
		if (n <= 0)
			break;
		b->len += (size_t)n;
	}
	close(fd);
	s->read += b->len;
	buf_addc(b, 0);
	return 0;
}

/* Of a file that is too long: the lines that end within what may be read. */
static void cut(struct spaces *s, struct buf *b)
{
	char *last;

	if (b->len - 1 <= FILE_MAX)
		return;
	s->users->files_refused++;
	b->p[FILE_MAX] = 0;
	last = strrchr(b->p, '\n');
	*(last ? last : b->p) = 0;
}

static bool is_same(const struct file_id *a, const struct file_id *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* True: what is remembered of the file is not so any more; it may have become unreadable. */
static bool has_changed(struct space_file *f, const struct file_id *now, const struct file_id *host)
{
	bool is_host = now->ino && is_same(now, host);

	if (is_same(now, &f->id) && is_host == f->is_host)
		return false;
	f->id = *now;
	f->is_host = is_host;
	return true;
}

static void clear(struct spaces *s, struct space *sp, take_fn take)
{
	s->bytes -= names_bytes(&sp->names);
	if (take == take_user)
		names_clear_users(&sp->names);
	else
		names_clear_groups(&sp->names);
	s->bytes += names_bytes(&sp->names);
}

static void check_file(struct proc *p, struct space *sp, int root, const char *path, struct space_file *f, take_fn take)
{
	struct spaces *s = p->users->spaces;
	const struct file_id *host = take == take_user ? &s->users->passwd_id : &s->users->group_id;
	struct file_id id = { 0 };
	struct buf text = { 0 };
	struct stat st;
	int fd = below_find(root, path, &st), err = 0;

	if (fd >= 0)
		file_id_of(&st, &id);
	else if (fd != -ENOENT && fd != -ENOTDIR)
		id.size = fd;	/* counted once, not with every look */
	if (!has_changed(f, &id, host))
		goto out;
	clear(s, sp, take);
	if (id.size < 0)
		s->users->files_refused++;
	if (fd < 0 || !st.st_size || f->is_host)
		goto out;
	err = read_text(s, fd, &text);
	if (err == -EAGAIN) {
		f->id = (struct file_id){ .size = err };	/* the next look tries again */
	} else if (err) {
		s->users->files_refused++;
	} else {
		cut(s, &text);
		take_lines(s, sp, text.p, take);
	}
out:
	if (fd >= 0)
		close(fd);
	buf_fini(&text);
}

/* ---- whose names a process has ---- */

static u64 key_of(u64 mnt, u64 dev, u64 ino)
{
	u64 key = hash_u64(hash_u64(hash_u64(mnt) ^ dev) ^ ino);

	return key > KEY_HOST ? key : KEY_HOST + 1;
}

static struct space *space_get(struct spaces *s, u64 mnt, u64 dev, u64 ino)
{
	u64 key = key_of(mnt, dev, ino);
	struct space *sp = map64_get(&s->all, key);

	if (sp && sp->mnt == mnt && sp->dev == dev && sp->ino == ino)
		return sp;
	if (sp)
		forget(s, sp);
	if (s->all.count >= SPACES_MAX)
		spaces_forget(s);
	sp = account_calloc(&s->mem, sizeof(*sp));
	sp->key = key;
	sp->mnt = mnt;
	sp->dev = dev;
	sp->ino = ino;
	names_init(&sp->names);
	s->bytes += names_bytes(&sp->names);
	map64_put(&s->all, key, sp);
	list_add_tail(&s->age, &sp->age);
	return sp;
}

static void touch(struct spaces *s, struct space *sp)
{
	list_del(&sp->age);
	list_add_tail(&s->age, &sp->age);
}

static bool host_is(struct spaces *s, const char *who)
{
	char path[4096];
	struct stat mnt, user;

	snprintf(path, sizeof(path), "%s/%s/ns/mnt", s->proc, who);
	if (stat(path, &mnt))
		return false;
	snprintf(path, sizeof(path), "%s/%s/ns/user", s->proc, who);
	if (stat(path, &user))
		return false;
	s->host_mnt = mnt.st_ino;
	s->host_user = user.st_ino;
	return true;
}

/* The namespaces of process 1, or, where that one may not be looked at, saker's own if it shares the host's root. */
static void start(struct spaces *s)
{
	s->started = true;
	s->off = !host_is(s, "1") && (strcmp(s->proc, "/proc") || !host_is(s, "self"));
}

/* The key of the process at dir (/proc/PID); 0: it is gone, or may not be looked at. */
static u64 look_at(struct proc *p, int dir)
{
	struct spaces *s = p->users->spaces;
	struct stat st, root;
	struct space *sp;
	int fd;

	if (fstatat(dir, "ns/mnt", &st, 0))
		return 0;
	if (st.st_ino == s->host_mnt)
		return KEY_HOST;
	if (fstatat(dir, "ns/user", &root, 0))
		return 0;
	if (root.st_ino != s->host_user)
		return KEY_HOST;
	fd = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (fstat(fd, &root)) {
		close(fd);
		return 0;
	}
	sp = space_get(s, st.st_ino, root.st_dev, root.st_ino);
	touch(s, sp);
	sp->checked_ns = p->ts_ns;
	check_file(p, sp, fd, "etc/passwd", &sp->passwd, take_user);
	check_file(p, sp, fd, "etc/group", &sp->group, take_group);
	close(fd);
	return sp->key;
}

static struct vote *vote_of(const struct spaces *s, const struct task *t)
{
	return t->t.cgroups.len ? map64_get(&s->votes, hash_bytes(t->t.cgroups.p, t->t.cgroups.len)) : NULL;
}

static void count_vote(struct spaces *s, const struct task *t, u64 key)
{
	struct vote *v = vote_of(s, t);

	if (!t->t.cgroups.len)
		return;
	if (!v) {
		if (s->votes.count >= VOTES_MAX)
			clear_votes(s);
		v = account_calloc(&s->mem, sizeof(*v));
		map64_put(&s->votes, hash_bytes(t->t.cgroups.p, t->t.cgroups.len), v);
	}
	if (v->key == key && v->n < 1000)
		v->n++;
	else if (v->key != key && !v->n)
		*v = (struct vote){ key, 1 };
	else if (v->key != key)
		v->n--;
}

static bool may_look(struct proc *p)
{
	struct spaces *s = p->users->spaces;
	u64 second = p->ts_ns / NS_PER_S;

	if (second != s->second) {
		s->second = second;
		s->read = s->looks = 0;
	}
	if (s->looks++ < LOOKS_MAX)
		return true;
	p->stats.proc_lookups_refused++;
	return false;
}

static u64 look(struct proc *p, struct task *t)
{
	struct spaces *s = p->users->spaces;
	char path[4096];
	u64 key;
	int dir;

	if (t->t.flags & TH_DEAD || !may_look(p))
		return 0;
	snprintf(path, sizeof(path), "%s/%lld", s->proc, t->t.tid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return 0;
	key = look_at(p, dir);
	close(dir);
	if (key)
		count_vote(s, t, key);
	return key;
}

static bool is_fresh(const struct proc *p, const struct task *t)
{
	u64 age = p->ts_ns - t->names_ns;	/* huge when the clock was set back */
	const struct space *sp;

	if (!t->names_key || t->names_generation != t->t.generation || age >= KEEP_S * NS_PER_S)
		return false;
	if (t->names_key == KEY_HOST || age < NS_PER_S)
		return true;
	sp = map64_get(&p->users->spaces->all, t->names_key);
	return sp && p->ts_ns - sp->checked_ns < NS_PER_S;
}

static void remember(const struct proc *p, struct task *t, u64 key)
{
	t->names_key = key;
	t->names_generation = t->t.generation;
	t->names_ns = p->ts_ns;
}

/* For a process that cannot be looked at. */
static u64 guess(struct proc *p, const struct task *t)
{
	const struct vote *v = vote_of(p->users->spaces, t);
	struct thread *a = proc_parent(p, &t->t);
	u64 key = 0;

	if (t->names_key)
		return t->names_key;
	for (u32 i = 0; a && i < ANCESTORS && !key; i++, a = proc_parent(p, a)) {
		struct task *at = task_of(a);

		if (!is_fresh(p, at)) {
			key = look(p, at);
			if (key)
				remember(p, at, key);
		}
		key = at->names_key;
	}
	if (key > KEY_HOST)
		return key;
	return v && v->n ? v->key : KEY_HOST;
}

static const struct space *space_of(struct proc *p, const struct thread *t, bool *ret_host)
{
	struct spaces *s = p->users->spaces;
	struct task *m;
	struct space *sp;
	u64 key;

	*ret_host = true;
	if (!s || !t)
		return NULL;
	if (!s->started)
		start(s);
	if (s->off)
		return NULL;
	m = task_of(proc_main_thread(p, t));
	if (!is_fresh(p, m)) {
		key = look(p, m);
		remember(p, m, key ? key : guess(p, m));
	}
	*ret_host = m->names_key == KEY_HOST;
	if (*ret_host)
		return NULL;
	sp = map64_get(&s->all, m->names_key);
	if (sp)
		touch(s, sp);
	return sp;
}

const struct names *spaces_users_of(struct proc *p, const struct thread *t)
{
	bool host;
	const struct space *sp = space_of(p, t, &host);

	if (host || (sp && sp->passwd.is_host))
		return &p->users->host;
	return sp ? &sp->names : &p->users->spaces->none;
}

const struct names *spaces_groups_of(struct proc *p, const struct thread *t)
{
	bool host;
	const struct space *sp = space_of(p, t, &host);

	if (host || (sp && sp->group.is_host))
		return &p->users->host;
	return sp ? &sp->names : &p->users->spaces->none;
}
