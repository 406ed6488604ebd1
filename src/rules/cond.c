/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/cond.h"

#include <fcntl.h>
#include <string.h>

struct cond cond_true(void)
{
	return (struct cond){ .clause = { .access = KF_ANY_ACCESS, .ret_min = INT64_MIN, .ret_max = INT64_MAX } };
}

static bool clause_equal(const struct cond *a, const struct cond *b)
{
	return !memcmp(&a->clause, &b->clause, sizeof(a->clause)) && a->dotdot == b->dotdot;
}

bool cond_is_true(const struct cond *c)
{
	struct cond t = cond_true();

	return !c->has_paths && clause_equal(c, &t);
}

void dnf_one(struct dnf *d, const struct cond *c)
{
	d->n = 1;
	d->c[0] = *c;
}

void dnf_true(struct dnf *d)
{
	struct cond t = cond_true();

	dnf_one(d, &t);
}

void dnf_false(struct dnf *d)
{
	d->n = 0;
}

bool dnf_is_true(const struct dnf *d)
{
	return d->n == 1 && cond_is_true(&d->c[0]);
}

/* ---- paths ---------------------------------------------------------------------------------- */

static bool path_equal(const struct kf_path *a, const struct kf_path *b)
{
	return !memcmp(a->head, b->head, sizeof(a->head)) && !memcmp(a->head_mask, b->head_mask, sizeof(a->head_mask)) &&
	       a->tail == b->tail && a->tail_mask == b->tail_mask && a->hidden == b->hidden;
}

struct kf_path cond_path(const char *prefix, u32 prefix_len, bool exact, const char *suffix, u32 suffix_len,
			 bool hidden)
{
	struct kf_path p = { .hidden = hidden };
	u32 n = prefix_len < KF_HEAD ? prefix_len + exact : KF_HEAD;

	memcpy(p.head, prefix, prefix_len < KF_HEAD ? prefix_len : KF_HEAD);
	memset(p.head_mask, 0xff, n);
	if (exact) {
		suffix = prefix;
		suffix_len = prefix_len;
	}
	if (suffix_len > KF_TAIL) {
		suffix += suffix_len - KF_TAIL;
		suffix_len = KF_TAIL;
	}
	if (suffix_len) {
		memcpy((char *)&p.tail + KF_TAIL - suffix_len, suffix, suffix_len);
		memset((char *)&p.tail_mask + KF_TAIL - suffix_len, 0xff, suffix_len);
	}
	return p;
}

/* Both at once.  False: no path is of both kinds. */
static bool path_and(const struct kf_path *a, const struct kf_path *b, struct kf_path *ret)
{
	*ret = *a;
	for (u32 i = 0; i < ARRAY_SIZE(a->head); i++) {
		if ((a->head[i] ^ b->head[i]) & a->head_mask[i] & b->head_mask[i])
			return false;
		ret->head[i] |= b->head[i];
		ret->head_mask[i] |= b->head_mask[i];
	}
	if ((a->tail ^ b->tail) & a->tail_mask & b->tail_mask)
		return false;
	ret->tail |= b->tail;
	ret->tail_mask |= b->tail_mask;
	ret->hidden |= b->hidden;
	return true;
}

static bool has_path(const struct kf_path *p, u32 n, const struct kf_path *one)
{
	for (u32 i = 0; i < n; i++)
		if (path_equal(&p[i], one))
			return true;
	return false;
}

/* d becomes "of its kinds or of o's"; any path when there are too many. */
static u32 paths_or(struct arena *a, struct cond *d, const struct cond *o)
{
	struct kf_path *p;
	u32 n = d->npaths;

	if (!d->has_paths)
		return 0;
	if (!o->has_paths || d->npaths + o->npaths > COND_PATHS_MAX) {
		d->has_paths = false;
		d->npaths = 0;
		return o->has_paths;
	}
	p = arena_alloc(a, (d->npaths + o->npaths) * sizeof(*p));
	memcpy(p, d->paths, n * sizeof(*p));
	for (u32 i = 0; i < o->npaths; i++)
		if (!has_path(p, n, &o->paths[i]))
			p[n++] = o->paths[i];
	d->paths = p;
	d->npaths = n;
	return 0;
}

static u32 paths_and(struct arena *a, struct cond *d, const struct cond *o)
{
	struct kf_path *p, both;
	u32 n = 0;

	if (!o->has_paths)
		return 0;
	if (!d->has_paths || d->npaths * o->npaths > COND_PATHS_MAX) {
		u32 loosened = d->has_paths;

		if (!d->has_paths || o->npaths < d->npaths) {
			d->paths = o->paths;
			d->npaths = o->npaths;
		}
		d->has_paths = true;
		return loosened;
	}
	p = arena_alloc(a, d->npaths * o->npaths * sizeof(*p));
	for (u32 i = 0; i < d->npaths; i++)
		for (u32 k = 0; k < o->npaths; k++)
			if (path_and(&d->paths[i], &o->paths[k], &both) && !has_path(p, n, &both))
				p[n++] = both;
	d->paths = p;
	d->npaths = n;
	return 0;
}

/* ---- and, or ---------------------------------------------------------------------------------- */

static bool result_holds(const struct kf_clause *c, s64 ret)
{
	return (ret >= c->ret_min && ret <= c->ret_max) || (c->error && ret == c->error);
}

static void result_and(struct kf_clause *d, const struct kf_clause *o)
{
	s32 error = d->error && result_holds(o, d->error) ? d->error : 0;

	if (o->error && result_holds(d, o->error))
		error = o->error;
	d->ret_min = d->ret_min > o->ret_min ? d->ret_min : o->ret_min;
	d->ret_max = d->ret_max < o->ret_max ? d->ret_max : o->ret_max;
	d->error = error;
}

/* False: both cannot hold. */
static bool cond_and(struct arena *a, struct cond *d, const struct cond *o, u32 *loosened)
{
	struct kf_clause *c = &d->clause;

	c->need |= o->clause.need;
	c->forbid |= o->clause.forbid;
	c->access &= o->clause.access;
	result_and(c, &o->clause);
	d->dotdot |= o->dotdot;
	*loosened += paths_and(a, d, o);
	return !(c->need & c->forbid) && c->access && (c->ret_min <= c->ret_max || c->error);
}

/* The narrowest condition that both imply, more or less. */
static void cond_weaken(struct arena *a, struct cond *d, const struct cond *o)
{
	struct kf_clause *c = &d->clause;

	c->need &= o->clause.need;
	c->forbid &= o->clause.forbid;
	c->access |= o->clause.access;
	c->ret_min = c->ret_min < o->clause.ret_min ? c->ret_min : o->clause.ret_min;
	c->ret_max = c->ret_max > o->clause.ret_max ? c->ret_max : o->clause.ret_max;
	if (c->error || o->clause.error)
		c->ret_min = INT64_MIN;
	c->error = 0;
	d->dotdot &= o->dotdot;
	paths_or(a, d, o);
}

/* Room for one more: 1 when it had to be found in another. */
static u32 dnf_add(struct arena *a, struct dnf *d, const struct cond *c)
{
	u32 loosened = 0;

	for (u32 i = 0; i < d->n; i++)
		if (clause_equal(&d->c[i], c)) {
			loosened = paths_or(a, &d->c[i], c);
			if (cond_is_true(&d->c[i]))
				dnf_true(d);
			return loosened;
		}
	if (d->n < KF_CLAUSES) {
		d->c[d->n++] = *c;
		if (cond_is_true(c))
			dnf_true(d);
		return 0;
	}
	cond_weaken(a, &d->c[d->n - 1], c);
	if (cond_is_true(&d->c[d->n - 1]))
		dnf_true(d);
	return 1;
}

u32 dnf_or(struct arena *a, struct dnf *d, const struct dnf *o)
{
	u32 loosened = 0;

	for (u32 i = 0; i < o->n && !dnf_is_true(d); i++)
		loosened += dnf_add(a, d, &o->c[i]);
	return loosened;
}

u32 dnf_and(struct arena *a, struct dnf *d, const struct dnf *o)
{
	struct dnf all = { 0 };
	u32 loosened = 0;

	for (u32 i = 0; i < d->n; i++)
		for (u32 k = 0; k < o->n; k++) {
			struct cond c = d->c[i];

			if (!cond_and(a, &c, &o->c[k], &loosened))
				continue;
			if (all.n == KF_CLAUSES)
				return loosened + 1;	/* d alone is weaker */
			loosened += dnf_add(a, &all, &c);
		}
	*d = all;
	return loosened;
}

/* ---- text ------------------------------------------------------------------------------------- */

static const struct {
	u32 bit;
	const char *name;
} flag_names[] = {
	{ O_CREAT, "O_CREAT" }, { O_TRUNC, "O_TRUNC" }, { O_APPEND, "O_APPEND" }, { O_EXCL, "O_EXCL" },
	{ O_DIRECTORY, "O_DIRECTORY" },
};

static void say(struct buf *out, size_t start, const char *text)
{
	buf_addf(out, "%s%s", out->len > start ? ", " : "", text);
}

static void print_result(const struct kf_clause *c, struct buf *out, size_t start)
{
	if (c->ret_min == INT64_MIN && c->ret_max == INT64_MAX)
		return;
	if (c->ret_min == 0 && c->ret_max == INT64_MAX)
		say(out, start, "it succeeded");
	else if (c->ret_max == -1 && c->ret_min == INT64_MIN)
		say(out, start, "it failed");
	else if (c->ret_min == c->ret_max)
		buf_addf(out, "%sresult %lld", out->len > start ? ", " : "", (long long)c->ret_min);
	else
		buf_addf(out, "%sresult from %lld to %lld", out->len > start ? ", " : "", (long long)c->ret_min,
			 (long long)c->ret_max);
	if (c->error)
		buf_addf(out, " or failed with %d", c->error);
}

void cond_print(const struct cond *c, struct buf *out)
{
	size_t start = out->len;
	u32 access = c->clause.access;

	if (access != KF_ANY_ACCESS)
		say(out, start, access == (KF_WRITE | KF_READ_WRITE) ? "opened for writing" :
			 access & KF_READ ? "opened for reading" : "how it is opened");
	print_result(&c->clause, out, start);
	for (u32 i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (c->clause.need & flag_names[i].bit)
			say(out, start, flag_names[i].name);
		if (c->clause.forbid & flag_names[i].bit)
			buf_addf(out, "%snot %s", out->len > start ? ", " : "", flag_names[i].name);
	}
	if (c->dotdot)
		say(out, start, "\"../\" in the path");
	if (c->has_paths)
		buf_addf(out, "%sone of %u kinds of paths", out->len > start ? ", " : "", c->npaths);
}
