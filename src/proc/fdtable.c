/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/internal.h"

#include <stdlib.h>

enum { DENSE_MAX = 1024 };	/* numbers below are looked for in the array */

static struct fd_table *table_new(void)
{
	struct fd_table *f = xcalloc(1, sizeof(*f));

	f->refs = 1;
	return f;
}

static struct fd *table_get(const struct fd_table *f, s64 num)
{
	if ((u64)num < f->cap)
		return f->dense[num];
	if ((u64)num < DENSE_MAX)
		return NULL;
	return map64_get(&f->sparse, (u64)num);
}

static void table_set(struct fd_table *f, s64 num, struct fd *fd)
{
	u32 cap = f->cap ? f->cap : 16;

	if ((u64)num >= DENSE_MAX) {
		map64_put(&f->sparse, (u64)num, fd);
		return;
	}
	while ((u64)num >= cap)
		cap *= 2;
	if (cap != f->cap) {
		f->dense = xrealloc(f->dense, cap * sizeof(*f->dense));
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
	struct fd *fd;

	p->nfds++;
	if (p->free_fds.n)
		return p->free_fds.p[--p->free_fds.n];
	fd = xmalloc(sizeof(*fd));
	fd_init(fd);
	return fd;
}

static void fd_release(struct proc *p, struct fd *fd)
{
	p->nfds--;
	if (p->free_fds.n < 256) {
		fd_clear(fd);
		vec_push(&p->free_fds, fd);
		return;
	}
	fd_fini(fd);
	free(fd);
}

static void table_put(struct proc *p, struct fd_table *f)
{
	struct fd *fd;
	size_t pos = 0;

	if (!f || --f->refs)
		return;
	while ((fd = fdt_next(f, &pos)))
		fd_release(p, fd);
	free(f->dense);
	map64_fini(&f->sparse);
	free(f);
}

static struct fd_table *table_copy(struct proc *p, const struct fd_table *f)
{
	struct fd_table *copy = table_new();
	const struct fd *from;
	struct fd *fd;
	size_t pos = 0;

	if (p->nfds + f->count > MAX_FDS_ALL) {
		p->stats.drops_full_fdtable += f->count;
		return copy;
	}
	while ((from = fdt_next(f, &pos))) {
		fd = fd_alloc(p);
		fd_copy(fd, from);
		table_set(copy, fd->num, fd);
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

static struct fd_table *table_own(struct proc *p, struct task *t)
{
	struct fd_table *f = t->fds;

	if (!f) {
		t->fds = table_new();
	} else if (f->refs > 1) {
		t->fds = table_copy(p, f);
		f->refs--;
	}
	return t->fds;
}

struct fd *fdt_get(const struct task *t, s64 num)
{
	const struct fd_table *f = fdt_of(t);

	return f ? table_get(f, num) : NULL;
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
		if (f->count >= MAX_FDS || p->nfds >= MAX_FDS_ALL) {
			p->stats.drops_full_fdtable++;
			return NULL;
		}
		fd = fd_alloc(p);
		table_set(f, num, fd);
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
	struct fd *fd;

	if (!o || !o->fds || !table_get(o->fds, num))
		return;
	fd = table_take(table_own(p, o), num);
	if (!fd)
		return;
	o->fds->count--;
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
	while ((fd = fdt_next(f, &pos)))
		if (fd->open_flags & OPEN_CLOEXEC)
			vec_push(&nums, fd->num);
	for (size_t i = 0; i < nums.n; i++)
		fdt_del(p, t, nums.p[i]);
	vec_fini(&nums);
}
