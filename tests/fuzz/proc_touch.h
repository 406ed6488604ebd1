/* SPDX-License-Identifier: Apache-2.0 */
/* Reads all that rules may read after proc_apply(), so that the sanitizer sees it. */
#ifndef SAKER_TESTS_FUZZ_PROC_TOUCH_H
#define SAKER_TESTS_FUZZ_PROC_TOUCH_H

#include <stdlib.h>

#include "base/buf.h"
#include "proc/proc.h"

#define TOUCH_FDS 64

static volatile u64 touched;

static inline void touch_bytes(const void *p, size_t n)
{
	u64 sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += ((const u8 *)p)[i];
	touched += sum;
}

/* Counted, and a NUL behind. */
static inline void touch_pstr(struct pstr s)
{
	touch_bytes(s.p, s.len + 1);
	if (s.p[s.len])
		abort();
}

static inline void touch_fd(const struct fd *fd)
{
	struct buf name = { 0 };

	touch_bytes(fd, sizeof(*fd));
	touch_pstr(fd->name);
	touch_pstr(fd->name_raw);
	touch_pstr(fd->kpath);
	fd_name_text(fd, &name);
	touched += fd_l4proto(fd) + (u64)fd_typechar(fd->type);
	buf_fini(&name);
}

static inline void touch_thread(struct proc *p, const struct thread *t)
{
	touch_bytes(t, sizeof(*t));
	touch_pstr(t->comm);
	touch_pstr(t->exe);
	touch_pstr(t->exepath);
	touch_pstr(t->cwd);
	touch_pstr(t->root);
	touch_pstr(t->args);
	touch_pstr(t->env);
	touch_pstr(t->cgroups);
	touched += proc_nthreads(p, t) + proc_nchilds(p, t) + proc_fd_count(p, t) + proc_is_main(t);
	proc_user(p, t, t->uid);
	proc_group_by_gid(p, t, t->gid);
}

static inline void touch_family(struct proc *p, const struct thread *t)
{
	struct proc_stats s;
	u64 n = 0;

	proc_get_stats(p, &s);
	touch_thread(p, proc_main_thread(p, t));
	for (const struct thread *up = t; up; up = proc_parent(p, up)) {
		touch_thread(p, up);
		if (n++ > s.threads)
			abort();	/* a loop */
	}
	if (proc_ancestor(p, t, 2))
		touch_thread(p, proc_ancestor(p, t, 2));
}

static inline void touch_event(struct proc *p, const struct event *ev)
{
	struct pstr dir = { "", 0 };
	struct fd *fd;
	size_t pos = 0;

	for (u32 i = 0; i < ev->nparams; i++)
		touch_bytes(ev->params[i].p, ev->params[i].len);
	if (ev->fd)
		touch_fd(ev->fd);
	proc_dirfd_path(p, ev, ev->fd_num, "x", 1, &dir);
	touch_pstr(dir);
	if (!ev->thread)
		return;
	touch_family(p, ev->thread);
	fd = proc_fd(p, ev->thread, ev->fd_num);
	if (fd)
		touch_fd(fd);
	for (u32 i = 0; i < TOUCH_FDS && (fd = proc_fd_next(p, ev->thread, &pos)); i++)
		touch_fd(fd);
}

#endif
