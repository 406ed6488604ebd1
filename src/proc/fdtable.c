/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/internal.h"

#include <stdlib.h>

enum { DENSE_MAX = 1024 };	/* numbers below are looked for in the array */

static struct fd_table *table_new(struct proc *p)
{
	struct fd_table *f = account_calloc(&p->fd_budget.mem, sizeof(*f));

	f->refs = 1;
	return f;
}

static struct fd *table_get(const struct fd_table *f, s64 num)
{
	struct fd *fd = NULL;

	if ((u64)num < f->cap)
		fd = f->dense[num];
	else if ((u64)num >= DENSE_MAX)
		fd = map64_get(&f->sparse, (u64)num);
	if (fd)
		fd_entry_of(fd)->used = true;
	return fd;
}

static void sparse_set(struct proc *p, struct fd_table *f, s64 num, struct fd *fd)
{
	size_t cap = f->sparse.cap;

	map64_put(&f->sparse, (u64)num, fd);
	p->fd_budget.mem.bytes += (f->sparse.cap - cap) * sizeof(*f->sparse.slots);
}

static void table_set(struct proc *p, struct fd_table *f, s64 num, struct fd *fd)
{
	u32 cap = f->cap ? f->cap : 16;

	fd_entry_of(fd)->table = f;
	if ((u64)num >= DENSE_MAX) {
		sparse_set(p, f, num, fd);
		return;
	}
	while ((u64)num >= cap)
		cap *= 2;
	if (cap != f->cap) {
		f->dense = account_realloc(&p->fd_budget.mem, f->dense, cap * sizeof(*f->dense));
		memset(f->dense + f->cap, 0, (cap - f->cap) * sizeof(*f->dense));
		f->cap = cap;
	}
	f->dense[num] = fd;
}

static struct fd *table_take(struct fd_table *f, s64 num)
{
	struct fd *fd;

	if ((u64)num >= DENSE_MAX)
		return map64_del(&f->sparse, (u64)num);
	if ((u64)num >= f->cap)
		return NULL;
	fd = f->dense[num];
	f->dense[num] = NULL;
	return fd;
}

struct fd *fdt_next(const struct fd_table *f, size_t *pos)
{
	struct map64_entry *e;
	size_t at;

	for (; *pos < f->cap; (*pos)++)
		if (f->dense[*pos])
			return f->dense[(*pos)++];
	/* a table whose array grows meanwhile is not walked */
	at = *pos - f->cap;
	e = map64_next(&f->sparse, &at);
	*pos = at + f->cap;
	return e ? e->value : NULL;
}

/* Closed fds are kept with their strings: the next open finds the memory warm. */
static struct fd *fd_alloc(struct proc *p)
{
	struct fd_entry *e;

	p->nfds++;
	if (p->free_fds.n) {
		e = fd_entry_of(p->free_fds.p[--p->free_fds.n]);
	} else {
		e = account_calloc(&p->fd_budget.mem, sizeof(*e));
		fd_init(&e->fd, &p->fd_names);
	}
	e->used = false;
	list_add_tail(&p->fd_age, &e->age);
	return &e->fd;
}

static void fd_free(struct proc *p, struct fd *fd)
{
	fd_fini(fd);
	account_free(&p->fd_budget.mem, fd_entry_of(fd));
}

static void fd_release(struct proc *p, struct fd *fd)
{
	p->nfds--;
	list_del(&fd_entry_of(fd)->age);
	if (p->free_fds.n < 256 && !p->fd_budget.full) {
		fd_clear(fd);
		vec_push(&p->free_fds, fd);
		return;
	}
	fd_free(p, fd);
}

void fdt_drop_free(struct proc *p)
{
	while (p->free_fds.n)
		fd_free(p, p->free_fds.p[--p->free_fds.n]);
}

/* Without fds a table needs no places for them. */
static void table_strip(struct proc *p, struct fd_table *f)
{
	account_free(&p->fd_budget.mem, f->dense);
	f->dense = NULL;
	f->cap = 0;
	p->fd_budget.mem.bytes -= f->sparse.cap * sizeof(*f->sparse.slots);
	map64_fini(&f->sparse);
}

static void table_put(struct proc *p, struct fd_table *f)
{
	struct fd *fd;
	size_t pos = 0;

	if (!f || --f->refs)
		return;
	for (u32 left = f->count; left && (fd = fdt_next(f, &pos)); left--)
		fd_release(p, fd);
	table_strip(p, f);
	account_free(&p->fd_budget.mem, f);
}

bool fdt_forget(struct proc *p)
{
	struct fd_entry *e;
	struct fd_table *f;

	for (u32 chances = 0; !list_empty(&p->fd_age); chances++) {
		e = container_of(p->fd_age.next, struct fd_entry, age);
		f = e->table;
		if (e->used && chances < MAX_CHANCES) {
			e->used = false;
			list_del(&e->age);
			list_add_tail(&p->fd_age, &e->age);
			continue;
		}
		table_take(f, e->fd.num);
		f->count--;
		f->forgotten++;
		p->nfds--;
		list_del(&e->age);
		fd_free(p, &e->fd);
		if (!f->count)
			table_strip(p, f);
		p->fd_budget.evicted++;
		return true;
	}
	return false;
}

static bool has_room(const struct proc *p, u32 n)
{
	u64 max = p->fd_budget.max_bytes;

	return p->nfds + n <= MAX_FDS_ALL && !budget_fds_full(p) &&
	       (!max || n * sizeof(struct fd_entry) < max);
}

static struct fd_table *table_copy(struct proc *p, const struct fd_table *f)
{
	struct fd_table *copy = table_new(p);
	const struct fd *from;
	struct fd *fd;
	size_t pos = 0;

	copy->forgotten = f->forgotten;
	if (!has_room(p, f->count)) {
		p->fd_budget.refused += f->count;
		copy->forgotten += f->count;
		return copy;
	}
	for (u32 left = f->count; left && (from = fdt_next(f, &pos)); left--) {
		fd = fd_alloc(p);
		fd_copy(fd, from);
		table_set(p, copy, fd->num, fd);
	}
	copy->count = f->count;
	return copy;
}

/* The task whose table it is; NULL when the process has lost its main task. */
static struct task *owner(const struct task *t)
{
	return t->t.clone_flags & CL_FILES ? thread_main(t) : (struct task *)t;
}

struct fd_table *fdt_of(const struct task *t)
{
	const struct task *o = owner(t);

	return o ? o->fds : NULL;
}

static COLD struct fd_table *table_make_own(struct proc *p, struct task *t)
{
	struct fd_table *f = t->fds;

	t->fds = f ? table_copy(p, f) : table_new(p);
	if (f)
		f->refs--;
	return t->fds;
}

static inline struct fd_table *table_own(struct proc *p, struct task *t)
{
	return t->fds && t->fds->refs == 1 ? t->fds : table_make_own(p, t);
}

struct fd *fdt_get(const struct task *t, s64 num)
{
	const struct fd_table *f = fdt_of(t);

	return f ? table_get(f, num) : NULL;
}

static struct miss *miss_of(struct proc *p, s64 tid, s64 num)
{
	return &p->misses[hash_u64((u64)tid << 32 ^ (u64)num) % ARRAY_SIZE(p->misses)];
}

static struct fd *read_again(struct proc *p, struct task *t, s64 num)
{
	const struct task *o = owner(t);
	struct miss *m;

	if (!o || !o->fds || !o->fds->forgotten || !p->opt.live || num < 0)
		return NULL;
	m = miss_of(p, o->t.tid, num);
	if (m->tid == o->t.tid && m->num == num && must_wait(p, m->until_ns))
		return NULL;
	if (parse_may_ask(p) && scan_fd(p, o->t.tid, num)) {
		o->fds->forgotten -= o->fds->forgotten > 0;
		p->fd_budget.recreated++;
		return fdt_get(t, num);
	}
	*m = (struct miss){ o->t.tid, num, p->ts_ns + NS_PER_S };
	return NULL;
}

struct fd *fdt_find(struct proc *p, struct task *t, s64 num)
{
	struct fd *fd = fdt_get(t, num);

	return fd || !p->opt.keep_fds ? fd : read_again(p, t, num);
}

struct fd *fdt_get_own(struct proc *p, struct task *t, s64 num)
{
	struct task *o = owner(t);

	if (!o || !o->fds)
		return NULL;
	if (o->fds->refs > 1 && !table_get(o->fds, num))
		return NULL;
	return table_get(table_own(p, o), num);
}

struct fd *fdt_add(struct proc *p, struct task *t, s64 num, struct event *ev)
{
	struct task *o = owner(t);
	struct fd_table *f;
	struct fd *fd;

	if (ev)
		ev->fd = NULL;
	if (!o)
		return NULL;
	f = table_own(p, o);
	fd = table_get(f, num);
	if (fd) {
		fd_clear(fd);
	} else {
		if (f->count >= MAX_FDS || !has_room(p, 1)) {
			p->fd_budget.refused++;
			return NULL;
		}
		fd = fd_alloc(p);
		table_set(p, f, num, fd);
		f->count++;
		p->stats.added_fds++;
	}
	fd->num = num;
	if (ev)
		ev->fd = fd;
	return fd;
}

void fdt_del(struct proc *p, struct task *t, s64 num)
{
	struct task *o = owner(t);
	struct fd_table *f;
	struct fd *fd;

	if (!o || !o->fds || (o->fds->refs > 1 && !o->fds->forgotten && !table_get(o->fds, num)))
		return;
	f = table_own(p, o);
	fd = table_take(f, num);
	if (!fd) {
		f->forgotten -= f->forgotten > 0;
		return;
	}
	f->count--;
	p->stats.removed_fds++;
	fd_release(p, fd);
}

void fdt_share(struct proc *p, struct task *to, const struct task *from)
{
	struct fd_table *f = fdt_of(from);

	if (f)
		f->refs++;
	fdt_put(p, to);
	to->fds = f;
}

void fdt_put(struct proc *p, struct task *t)
{
	table_put(p, t->fds);
	t->fds = NULL;
}

void fdt_close_on_exec(struct proc *p, struct task *t)
{
	VEC(s64) nums = { 0 };
	struct fd_table *f = fdt_of(t);
	const struct fd *fd;
	size_t pos = 0;

	if (!f)
		return;
	for (u32 left = f->count; left && (fd = fdt_next(f, &pos)); left--)
		if (fd->open_flags & OPEN_CLOEXEC)
			vec_push(&nums, fd->num);
	for (size_t i = 0; i < nums.n; i++)
		fdt_del(p, t, nums.p[i]);
	vec_fini(&nums);
}
