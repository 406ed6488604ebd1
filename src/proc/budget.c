/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The budgets of the tables.  During an event a table may grow beyond its budget, so that nothing that the
 * event refers to vanishes; after it what is too much is forgotten, at most as much as came.  What
 * nobody needs stands in a ring in the order in which it came; who was used since its last turn gets
 * another one.  So the work for an event does not grow with the table.
 */
#include "proc/internal.h"

static void set_limit(struct budget *b, u64 max_bytes)
{
	b->max_bytes = max_bytes;
	b->limit = max_bytes ? max_bytes : UINT64_MAX / 2;
}

void budget_init(struct proc *p)
{
	set_limit(&p->thread_budget, p->opt.max_bytes.threads);
	set_limit(&p->fd_budget, p->opt.max_bytes.fds);
	p->max_threads = p->opt.max_threads ? p->opt.max_threads : MAX_THREADS;
	pstr_pool_init(&p->thread_names, &p->thread_budget.mem);
	pstr_pool_init(&p->fd_names, &p->fd_budget.mem);
	list_init(&p->blank);
	list_init(&p->known);
	list_init(&p->fd_age);
}

bool budget_threads_full(const struct proc *p)
{
	return p->thread_budget.full ||
	       (!p->pending && (budget_thread_bytes(p) + sizeof(struct task) > p->thread_budget.limit ||
				p->tasks.count >= p->max_threads));
}

bool budget_fds_full(const struct proc *p)
{
	return p->fd_budget.full ||
	       (!p->pending && p->fd_budget.mem.bytes + sizeof(struct fd_entry) > p->fd_budget.limit);
}

void budget_make_room(struct proc *p)
{
	if (too_many_fds(p))
		fdt_drop_free(p);
	while (too_many_fds(p) && fdt_forget(p))
		;
	p->fd_budget.full = too_many_fds(p);
	while (too_many_threads(p) && thread_forget(p))
		;
	p->thread_budget.full = too_many_threads(p);
}

void budget_stats(const struct proc *p, struct proc_stats *ret)
{
	const struct budget *t = &p->thread_budget, *f = &p->fd_budget;

	ret->table[TABLE_THREADS] = (struct table_stats){
		.entries = p->tasks.count, .bytes = budget_thread_bytes(p), .max_bytes = t->max_bytes,
		.evicted = t->evicted, .recreated = t->recreated, .refused = t->refused,
	};
	ret->table[TABLE_FDS] = (struct table_stats){
		.entries = p->nfds, .bytes = f->mem.bytes, .max_bytes = f->max_bytes, .evicted = f->evicted,
		.recreated = f->recreated, .refused = f->refused,
	};
	users_stats(p->users, &ret->table[TABLE_USERS]);
}
