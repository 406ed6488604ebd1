/* SPDX-License-Identifier: Apache-2.0 */
/* Fields about ancestors, and about the leaders of sessions and process groups. */
#include "field/proc.h"

#include "field/getter.h"

#define ANCESTORS_MAX 1024	/* more than any real chain; also ends loops */
#define ENV_ANCESTORS_MAX 20

/* Main thread of the event's process; NULL when it is only a placeholder. */
static struct thread *myself(const struct field_ctx *x)
{
	if (!x->thread || x->thread->pid < 0)
		return NULL;
	return proc_main_thread(x->proc, x->thread);
}

/* Steps upwards; *budget is what is left of a chain that may be a loop. */
static const struct thread *next_ancestor(const struct field_ctx *x, const struct thread *t,
					  u32 *budget)
{
	const struct thread *parent;

	if (!t || !*budget)
		return NULL;
	--*budget;
	parent = proc_parent(x->proc, t);
	return parent == t ? NULL : parent;
}

bool field_proc_get_parent_text(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t = myself(x);

	t = t ? proc_parent(x->proc, t) : NULL;
	if (!t)
		return false;
	field_proc_text(x, t, (enum proc_text)f->field->id, ret);
	return true;
}

/* Values of all ancestors. */
static u32 list_ancestors(struct field_ctx *x, const struct field_ref *f, bool pids,
			  struct value **ret)
{
	const struct thread *me = myself(x), *t;
	u32 n = 0, i = 0, budget = ANCESTORS_MAX;
	struct value *list;

	for (t = me; (t = next_ancestor(x, t, &budget));)
		n++;
	list = *ret = field_scratch(x, (n + 1) * sizeof(*list));
	budget = ANCESTORS_MAX;
	for (t = me; i < n && (t = next_ancestor(x, t, &budget)); i++) {
		if (pids)
			set_s64(f, &list[i], t->pid);
		else
			field_proc_text(x, t, (enum proc_text)f->field->id, &list[i]);
	}
	return n;
}

bool field_proc_get_ancestor_texts(struct field_ctx *x, const struct field_ref *f,
				   struct value *ret)
{
	struct value *list;
	u32 n = list_ancestors(x, f, false, &list);

	return n && set_list(f, ret, list, n);
}

bool field_proc_get_ancestor_pids(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	struct value *list;
	u32 n = list_ancestors(x, f, true, &list);

	return n && set_list(f, ret, list, n);
}

/* All ancestors in one text; nothing when none of them has any. */
static bool get_joined(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	struct value *list;
	u32 n = list_ancestors(x, f, false, &list);
	struct buf *b = tmp_buf(x);

	for (u32 i = 0; i < n; i++) {
		if (b->len)
			buf_addc(b, ' ');
		buf_add(b, list[i].p, list[i].len);
	}
	return b->len && set_scratch(x, ret, b);
}

static const struct thread *nth(struct field_ctx *x, s64 n)
{
	const struct thread *t = myself(x);

	if (!t || n > ANCESTORS_MAX)
		return NULL;
	return n ? proc_ancestor(x->proc, t, (u32)n) : t;
}

bool field_proc_get_ancestor_text(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t;

	if (!f->has_index)
		return get_joined(x, f, ret);
	t = nth(x, f->index);
	if (!t)
		return false;
	field_proc_text(x, t, (enum proc_text)f->field->id, ret);
	return true;
}

/* Without index: the process itself. */
bool field_proc_get_ancestor_pid(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t = nth(x, f->has_index ? f->index : 0);

	return t && set_s64(f, ret, t->pid);
}

/* The first ancestor that has the variable. */
static bool get_inherited_env(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t = myself(x);
	u32 budget = ENV_ANCESTORS_MAX;
	const char *p;
	size_t len;

	while ((t = next_ancestor(x, t, &budget))) {
		p = field_proc_env(t, f->arg, f->arg_len, &len);
		if (p)
			return set_str(ret, p, len);
	}
	return set_str(ret, "", 0);
}

/* Without argument the text is the process' own environment, as rules have known it. */
bool field_proc_get_aenv(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t;

	if (!x->thread)
		return false;
	if (f->arg && !f->has_index)
		return get_inherited_env(x, f, ret);
	t = f->has_index ? nth(x, f->index) : proc_main_thread(x->proc, x->thread);
	if (!t)
		return x->thread->pid < 0 && set_str(ret, "", 0);
	field_proc_text(x, t, TEXT_ENV, ret);
	return true;
}

static s64 leader_id(const struct thread *t, s64 kind)
{
	switch (kind) {
	case LEADER_SESSION:
		return t->sid;
	case LEADER_VPGID:
		return t->vpgid;
	default:
		return t->pgid;
	}
}

static bool in_pid_namespace(const struct thread *t)
{
	return t->flags & TH_IN_PIDNS || t->pid != t->vpid || t->tid != t->vtid;
}

/*
 * Session and virtual group ids are those of the process' own pid namespace.  In the
 * first one they name the leader.  In others, or when the leader is gone, it is the oldest
 * ancestor with the same id.
 */
static const struct thread *find_leader(struct field_ctx *x, const struct thread *me, s64 kind)
{
	s64 id = leader_id(me, kind);
	const struct thread *t = me, *leader = NULL;
	u32 budget = ANCESTORS_MAX;

	if (id < 0)
		return NULL;
	if (kind == LEADER_PGID || !in_pid_namespace(me))
		leader = proc_thread(x->proc, id);
	if (leader || kind == LEADER_PGID)
		return leader;
	while ((t = next_ancestor(x, t, &budget)) && leader_id(t, kind) == id)
		leader = t;
	return leader;
}

bool field_proc_get_leader_text(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t = x->thread;

	if (!t)
		return false;
	t = find_leader(x, t, f->field->id & LEADER_MASK);
	if (!t)
		return set_str(ret, "", 0);
	field_proc_text(x, t, (enum proc_text)(f->field->id & TEXT_MASK), ret);
	return true;
}

static bool is_shell(const struct thread *t)
{
	return t->comm.len >= 2 && !memcmp(t->comm.p + t->comm.len - 2, "sh", 2);
}

/* The outermost of the process and its ancestors that is a shell. */
bool field_proc_get_loginshell(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct thread *t = myself(x), *shell = NULL;
	u32 budget = ANCESTORS_MAX;

	for (; t; t = next_ancestor(x, t, &budget))
		if (is_shell(t))
			shell = t;
	return shell && set_s64(f, ret, shell->pid);
}
