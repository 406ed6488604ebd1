/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From conditions to what a driver can decide of them: "and", "or" and "not" are followed down to
 * the comparisons, for which there is a row each.  A comparison without a row, or in a form
 * that its row does not know, is true in both directions.
 */
#include "rules/pushdown.h"

#include <fcntl.h>
#include <string.h>

#include "event/table.h"
#include "rules/cond.h"
#include "rules/numbers.h"

struct push {
	struct arena *a;
	const struct filter_pool *pool;
	const struct event_desc *event;
	u8 shape;		/* enum kf_shape */
	u8 fd;			/* enum kf_fd, of the call */
	u32 loosened;		/* enum cond_loss */
	struct buf *why;	/* names of fields that prevented more; may be NULL */
};

static const struct {
	u16 code;
	u8 shape;
} shapes[] = {
	{ SC_open, KF_OPEN }, { SC_creat, KF_CREAT }, { SC_openat, KF_OPENAT }, { SC_openat2, KF_OPENAT2 },
};

static u8 shape_of(u32 code)
{
	for (u32 i = 0; i < ARRAY_SIZE(shapes); i++)
		if (shapes[i].code == code)
			return shapes[i].shape;
	return KF_NO_ARGS;
}

/* ---- comparisons: each true as long as the event can satisfy it ------------------------------------ */

static void push_range(struct dnf *d, s64 min, s64 max)
{
	struct cond c = cond_true();

	c.clause.ret_min = min;
	c.clause.ret_max = max;
	dnf_one(d, &c);
	if (min > max)
		dnf_false(d);
}

static bool is_equality(const struct filter_node *n)
{
	return (n->op == OP_EQ || n->op == OP_IN || n->op == OP_INTERSECTS) && !n->modifier && n->one_value;
}

/* The smallest range with all numbers that satisfy it; the whole range for what is not a range. */
static void number_range(const struct filter_node *n, s64 *min, s64 *max)
{
	s64 v = n->nvalues ? n->values[0].i : 0;

	*min = INT64_MIN;
	*max = INT64_MAX;
	if (!n->one_value || n->modifier || !n->nvalues)
		return;
	switch (n->op) {
	case OP_GE: *min = v; return;
	case OP_LE: *max = v; return;
	case OP_GT: *min = v == INT64_MAX ? v : v + 1; return;
	case OP_LT: *max = v == INT64_MIN ? v : v - 1; return;
	default: break;
	}
	if (!is_equality(n))
		return;
	*min = *max = v;
	for (u32 i = 1; i < n->nvalues; i++) {
		*min = n->values[i].i < *min ? n->values[i].i : *min;
		*max = n->values[i].i > *max ? n->values[i].i : *max;
	}
}

/* evt.rawres: the result, which all these events have. */
static bool push_result(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	s64 min, max;

	(void)x;
	number_range(n, &min, &max);
	if (yes)
		push_range(d, min, max);
	else if (min == INT64_MIN && max != INT64_MAX)
		push_range(d, max + 1, INT64_MAX);
	else if (max == INT64_MAX && min != INT64_MIN)
		push_range(d, INT64_MIN, min - 1);
	return (min != INT64_MIN || max != INT64_MAX) && (yes || min == INT64_MIN || max == INT64_MAX);
}

/* fd.num of a call that opens: its result, and -1 after each failure.  It may be missing. */
static bool push_fd_num(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	s64 min, max;

	if (!yes || x->shape == KF_NO_ARGS)
		return false;
	number_range(n, &min, &max);
	push_range(d, min <= -1 ? INT64_MIN : min, max == -1 ? -1 : max);
	if (max < -1)
		dnf_false(d);
	return min > -1 || max < INT64_MAX;
}

/* evt.failed */
static bool push_failed(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	bool failed;

	(void)x;
	if (!is_equality(n) || n->nvalues != 1)
		return false;
	failed = !!n->values[0].u == yes;
	push_range(d, failed ? INT64_MIN : 0, failed ? -1 : INT64_MAX);
	return true;
}

static bool is_text(const struct value *v, const char *text)
{
	return v->len == strlen(text) && !memcmp(v->p, text, v->len);
}

/* evt.res: SUCCESS, or the name of an error: those begin with E. */
static bool push_res(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	u32 good = 0, bad = 0;

	(void)x;
	if (!yes || !(is_equality(n) || (n->op == OP_STARTSWITH && n->one_value && !n->modifier)))
		return false;
	for (u32 i = 0; i < n->nvalues; i++) {
		good += n->op != OP_STARTSWITH && is_text(&n->values[i], "SUCCESS");
		bad += n->values[i].len && n->values[i].p[0] == 'E';
	}
	if (!n->nvalues || (good && bad) || good + bad < n->nvalues)
		return false;
	push_range(d, good ? 0 : INT64_MIN, good ? INT64_MAX : -1);
	return true;
}

static bool push_access(struct push *x, const struct filter_node *n, bool yes, struct dnf *d, u32 access)
{
	struct cond c = cond_true();

	if (x->shape == KF_NO_ARGS || x->shape == KF_CREAT || !is_equality(n) || n->nvalues != 1)
		return false;
	c.clause.access = !!n->values[0].u == yes ? access : KF_ANY_ACCESS & ~access;
	dnf_one(d, &c);
	return true;
}

static bool push_open_read(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	return push_access(x, n, yes, d, KF_READ | KF_READ_WRITE | KF_ODD);
}

static bool push_open_write(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	return push_access(x, n, yes, d, KF_WRITE | KF_READ_WRITE);
}

/* fd.type and fd.typechar of what is opened: O_DIRECTORY opens directories only. */
static bool push_fd_type(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	struct cond opened = cond_true(), failed = cond_true();

	if (!yes || x->shape == KF_NO_ARGS || x->shape == KF_CREAT || !is_equality(n))
		return false;
	for (u32 i = 0; i < n->nvalues; i++)
		if (is_text(&n->values[i], "d") || is_text(&n->values[i], "directory"))
			return false;
	opened.clause.forbid = O_DIRECTORY;
	opened.clause.ret_min = 0;
	failed.clause.ret_max = -1;
	dnf_one(d, &opened);
	d->c[d->n++] = failed;
	return true;
}

/* evt.arg.flags: names that are not part of another one. */
static bool push_flags(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	static const struct {
		const char *name;
		u32 bit;
	} names[] = {
		{ "O_CREAT", O_CREAT }, { "O_TRUNC", O_TRUNC }, { "O_APPEND", O_APPEND }, { "O_EXCL", O_EXCL },
	};
	const char *arg = n->field->arg;
	struct cond c = cond_true();

	if (!arg || strcmp(arg, "flags") || n->op != OP_CONTAINS || n->modifier || n->nvalues != 1 ||
	    x->shape == KF_NO_ARGS || x->shape == KF_CREAT)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (is_text(&n->values[0], names[i].name)) {
			*(yes ? &c.clause.need : &c.clause.forbid) = names[i].bit;
			dnf_one(d, &c);
			return true;
		}
	return false;
}

/* A parameter that is made from one argument. */
static bool push_number(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	struct cond c = cond_true();
	struct kf_test *t = arena_alloc(x->a, COND_TESTS_MAX * sizeof(*t));

	if (!number_tests((u32)(x->event - event_descs), n, yes, t, &c.ntests))
		return false;
	c.tests = t;
	dnf_one(d, &c);
	return true;
}

/* evt.arg */
static bool push_arg(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	return x->shape == KF_NO_ARGS ? push_number(x, n, yes, d) : push_flags(x, n, yes, d);
}

/* ---- paths -------------------------------------------------------------------------------------- */

static bool holds(const char *p, u32 len, const char *what)
{
	return memmem(p, len, what, strlen(what));
}

/* What a part of a path that is searched for tells: a hidden file, at least. */
static struct kf_path inside(const char *p, u32 len)
{
	return cond_path("", 0, false, "", 0, holds(p, len, "/."));
}

static u32 literal_end(const char *p, u32 len)
{
	u32 n = 0;

	while (n < len && !strchr("*?[]\\", p[n]))
		n++;
	return n;
}

/* A glob: what stands before the first and after the last of its special characters. */
static struct kf_path glob_path(const char *p, u32 len)
{
	u32 start = literal_end(p, len), end = len;

	if (start == len)
		return cond_path(p, len, true, "", 0, false);
	while (end > start && !strchr("*?[]\\", p[end - 1]))
		end--;
	return cond_path(p, start, false, p + end, len - end, holds(p, len, "/."));
}

/* Values of one operator as kinds of paths, or any path. */
static bool name_path(const struct filter_node *n, const struct value *v, struct kf_path *ret)
{
	u32 len = v->len;

	switch (n->op) {
	case OP_EQ:
	case OP_IN:
	case OP_INTERSECTS:
		*ret = cond_path(v->p, len, true, "", 0, false);
		return len;
	case OP_STARTSWITH:
		*ret = cond_path(v->p, len, false, "", 0, false);
		return len;
	case OP_ENDSWITH:
		*ret = cond_path("", 0, false, v->p, len, false);
		return len;
	case OP_CONTAINS:
		*ret = inside(v->p, len);
		return ret->hidden;
	case OP_GLOB:
		*ret = glob_path(v->p, len);
		return true;
	case OP_PMATCH:
		while (len > 1 && v->p[len - 1] == '/')
			len--;
		*ret = cond_path(v->p, len, false, "", 0, false);
		return len && v->p[0] == '/' && literal_end(v->p, len) == len && !holds(v->p, len, "//");
	default:
		return false;
	}
}

/* The directory of a file, or the directory that is opened itself. */
static bool directory_path(const struct filter_node *n, const struct value *v, struct kf_path *ret)
{
	switch (n->op) {
	case OP_EQ:
	case OP_IN:
	case OP_INTERSECTS:
	case OP_STARTSWITH:
		*ret = cond_path(v->p, v->len, false, "", 0, false);
		return v->len;
	case OP_PMATCH:
		return name_path(n, v, ret);
	case OP_ENDSWITH:
	case OP_CONTAINS:
		*ret = inside(v->p, v->len);
		return ret->hidden;
	default:
		return false;
	}
}

static bool filename_path(const struct filter_node *n, const struct value *v, struct kf_path *ret)
{
	char part[KF_TAIL];
	u32 len = v->len < KF_TAIL ? v->len : KF_TAIL - 1;

	switch (n->op) {
	case OP_EQ:
	case OP_IN:
	case OP_INTERSECTS:
		if (v->len >= KF_TAIL) {
			*ret = cond_path("", 0, false, v->p, v->len, v->p[0] == '.');
			return true;
		}
		part[0] = '/';
		memcpy(part + 1, v->p, len);
		*ret = cond_path("", 0, false, part, len + 1, len && part[1] == '.');
		return len;
	case OP_ENDSWITH:
		*ret = cond_path("", 0, false, v->p, v->len, false);
		return v->len;
	case OP_STARTSWITH:
		*ret = cond_path("", 0, false, "", 0, v->len && v->p[0] == '.');
		return ret->hidden;
	case OP_GLOB:
		len = literal_end(v->p, v->len);
		*ret = cond_path("", 0, false, "", 0, len && v->p[0] == '.');
		return ret->hidden;
	default:
		return false;
	}
}

typedef bool (*path_fn)(const struct filter_node *n, const struct value *v, struct kf_path *ret);

static bool push_paths(struct push *x, const struct filter_node *n, bool yes, struct dnf *d, path_fn fn)
{
	struct cond c = cond_true();
	struct kf_path *p;

	if (!yes || x->shape == KF_NO_ARGS || !n->one_value || !n->nvalues || n->modifier == MOD_ALLOF)
		return false;
	if (n->nvalues > COND_PATHS_MAX) {
		x->loosened |= LOSS_KINDS;
		return false;
	}
	p = arena_alloc(x->a, n->nvalues * sizeof(*p));
	for (u32 i = 0; i < n->nvalues; i++)
		if (!fn(n, &n->values[i], &p[i]))
			return false;
	c.has_paths = true;
	c.paths = p;
	c.npaths = n->nvalues;
	dnf_one(d, &c);
	return true;
}

static bool push_name(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	return push_paths(x, n, yes, d, name_path);
}

/* As it was passed: "../" in it is found in relative paths, too. */
static bool push_nameraw(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	struct cond c = cond_true();

	for (u32 i = 0; i < n->nvalues && !c.dotdot; i++)
		c.dotdot = n->nvalues == 1 && (n->op == OP_CONTAINS || n->op == OP_GLOB) &&
			   holds(n->values[i].p, n->values[i].len, "../");
	if (yes && x->shape != KF_NO_ARGS && !n->modifier && n->one_value && c.dotdot) {
		dnf_one(d, &c);
		return true;
	}
	return push_paths(x, n, yes, d, name_path);
}

static bool push_directory(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	return push_paths(x, n, yes, d, directory_path);
}

static bool push_filename(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	return push_paths(x, n, yes, d, filename_path);
}

/* ---- trees -------------------------------------------------------------------------------------- */

static const struct {
	const char *field;
	/* False: nothing is known, d stays "true". */
	bool (*push)(struct push *x, const struct filter_node *n, bool yes, struct dnf *d);
} rows[] = {
	{ "evt.rawres", push_result },
	{ "evt.failed", push_failed },
	{ "evt.res", push_res },
	{ "evt.is_open_read", push_open_read },
	{ "evt.is_open_write", push_open_write },
	{ "evt.arg", push_arg },
	{ "evt.rawarg", push_number },
	{ "fd.num", push_fd_num },
	{ "fd.type", push_fd_type },
	{ "fd.typechar", push_fd_type },
	{ "fd.name", push_name },
	{ "fd.nameraw", push_nameraw },
	{ "fd.directory", push_directory },
	{ "fd.filename", push_filename },
};

static void note_why(struct push *x, const char *name)
{
	size_t n = name ? strlen(name) : 0;
	const char *p = x->why ? buf_str(x->why) : NULL;

	if (!p || !n)
		return;
	for (; (p = strstr(p, name)); p += n)
		if ((p == buf_str(x->why) || p[-1] == ' ') && (!p[n] || p[n] == ','))
			return;
	buf_addf(x->why, "%s%s", x->why->len ? ", " : "", name);
}

static bool has_result(const struct event_desc *e)
{
	return e && e->nparams && (!strcmp(e->params[0].name, "res") || !strcmp(e->params[0].name, "fd"));
}

/* What the kernel knows of a descriptor. */
static bool push_fd(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	struct cond c = cond_true();
	struct kf_test *t;

	if (!n->field || !x->fd)
		return false;
	t = arena_alloc(x->a, COND_TESTS_MAX * sizeof(*t));
	if (!fd_tests(n, yes, t, &c.ntests))
		return false;
	c.tests = t;
	dnf_one(d, &c);
	return true;
}

static void push_check(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	if (has_result(x->event) && push_fd(x, n, yes, d))
		return;
	dnf_true(d);
	for (u32 i = 0; n->field && has_result(x->event) && i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].field, n->field->field->name)) {
			if (rows[i].push(x, n, yes, d))
				return;
			dnf_true(d);
		}
	note_why(x, n->name);
}

/* Values which the field must have (want), or must not have. */
static bool equality_of(const struct push *x, u32 expr, bool want, struct filter_node *ret)
{
	bool negated = false;

	filter_node(x->pool, expr, ret);
	if (ret->kind == NODE_NOT) {
		negated = true;
		filter_node(x->pool, ret->kids[0], ret);
	}
	if (ret->kind != NODE_CHECK || !ret->field || !ret->one_value || ret->modifier || !ret->nvalues)
		return false;
	if (ret->op == OP_NE)
		return ret->nvalues == 1 && negated == want;
	return (ret->op == OP_EQ || ret->op == OP_IN) && negated != want;
}

static bool same_value(const struct value *a, const struct value *b)
{
	bool text = a->type == PT_CHARBUF || a->type == PT_FSPATH || a->type == PT_FSRELPATH;

	if (a->type != b->type)
		return false;
	return text ? a->len == b->len && !memcmp(a->p, b->p, a->len) : a->u == b->u;
}

/* Every value in a is one of b. */
static bool values_within(const struct filter_node *a, const struct filter_node *b)
{
	for (u32 i = 0; i < a->nvalues; i++) {
		u32 k = 0;

		while (k < b->nvalues && !same_value(&a->values[i], &b->values[k]))
			k++;
		if (k == b->nvalues)
			return false;
	}
	return true;
}

/* f = a and f != a: kids of an "and" of which no value of a field satisfies both. */
static bool contradicts(const struct push *x, const struct filter_node *n)
{
	struct filter_node want, other;

	for (u32 i = 0; i < n->n; i++) {
		if (!equality_of(x, n->kids[i], true, &want))
			continue;
		for (u32 k = 0; k < n->n; k++)
			if (equality_of(x, n->kids[k], false, &other) && !strcmp(want.field->text, other.field->text) &&
			    values_within(&want, &other))
				return true;
	}
	return false;
}

static void push_expr(struct push *x, u32 expr, bool yes, struct dnf *d);

static void push_chain(struct push *x, const struct filter_node *n, bool yes, struct dnf *d)
{
	bool and = (n->kind == NODE_AND) == yes;
	struct dnf kid;

	if (and)
		dnf_true(d);
	else
		dnf_false(d);
	if (yes && n->kind == NODE_AND && contradicts(x, n)) {
		dnf_false(d);
		return;
	}
	for (u32 i = 0; i < n->n; i++) {
		push_expr(x, n->kids[i], yes, &kid);
		x->loosened |= (and ? dnf_and : dnf_or)(x->a, d, &kid);
	}
}

/* d: what holds whenever expr does (yes), or whenever it does not. */
static void push_expr(struct push *x, u32 expr, bool yes, struct dnf *d)
{
	struct filter_node n;

	filter_node(x->pool, expr, &n);
	switch (n.kind) {
	case NODE_CONST:
		if (n.value == yes)
			dnf_true(d);
		else
			dnf_false(d);
		return;
	case NODE_CHECK:
		push_check(x, &n, yes, d);
		return;
	case NODE_NOT:
		push_expr(x, n.kids[0], !yes, d);
		return;
	default:
		push_chain(x, &n, yes, d);
	}
}

u8 pushdown_fd(u32 code)
{
	const struct syscall_desc *sc = syscall_desc(code);

	return sc ? fd_of_event(sc->event) : 0;
}

static void push_init(struct push *x, struct arena *a, const struct ruleset *s, u32 code)
{
	const struct syscall_desc *sc = syscall_desc(code);

	*x = (struct push){ .a = a, .pool = ruleset_pool(s), .event = sc ? event_desc(sc->event) : NULL,
			    .shape = shape_of(code), .fd = pushdown_fd(code) };
}

/* ---- the table ---------------------------------------------------------------------------------- */

struct builder {
	struct arena a;
	struct pushdown *out;
	struct strmap sets;	/* text of a dnf → its number + 1 */
	u32 nsets;
	u8 loosened[KF_SETS];	/* why: bits of enum cond_loss */
};

static u32 chain_length(const struct kfilter *f, u32 at)
{
	u32 n = 0;

	for (; at; at = f->paths[at].next)
		n++;
	return n;
}

/* d matches all that it and p match. */
static void widen(struct kf_path *d, const struct kf_path *p)
{
	for (u32 i = 0; i < ARRAY_SIZE(d->head); i++) {
		d->head_mask[i] &= p->head_mask[i] & ~(d->head[i] ^ p->head[i]);
		d->head[i] &= d->head_mask[i];
	}
	d->tail_mask &= p->tail_mask & ~(d->tail ^ p->tail);
	d->tail &= d->tail_mask;
	d->hidden &= p->hidden;
	d->clauses |= p->clauses;
}

static bool same_kind(const struct kf_path *a, const struct kf_path *b)
{
	struct kf_path c = *a;

	c.clauses = b->clauses;
	c.next = b->next;
	return !memcmp(&c, b, sizeof(c));
}

static u16 *chain_of(struct kf_set *set, const struct kf_path *p)
{
	const u64 head = 0xffffffffffull, tail = 0xffffffff00000000ull;	/* the slash and bytes 1 to 4; the last 4 */

	if (p->head_mask[0] == ~0ull)
		return &set->deep[KF_DEEP_OF(p->head[0]) % KF_BUCKETS];
	if ((p->head_mask[0] & head) == head)
		return &set->heads[KF_BUCKET_OF(p->head[0] >> 8) % KF_BUCKETS];
	if ((p->tail_mask & tail) == tail)
		return &set->tails[KF_BUCKET_OF(p->tail >> 32) % KF_BUCKETS];
	return &set->always;
}

/* Bits that are still compared when d stands for p, too. */
static u32 kept_bits(struct kf_path d, const struct kf_path *p)
{
	u32 n = 0;

	widen(&d, p);
	for (u32 i = 0; i < ARRAY_SIZE(d.head_mask); i++)
		n += (u32)__builtin_popcountll(d.head_mask[i]);
	return n + (u32)__builtin_popcountll(d.tail_mask) + 8 * d.hidden;
}

/* The kind of the chain that loses least when it stands for p, too. */
static struct kf_path *most_like(struct kfilter *f, u32 chain, const struct kf_path *p)
{
	u32 best = chain;

	for (u32 at = chain; at; at = f->paths[at].next)
		if (kept_bits(f->paths[at], p) > kept_bits(f->paths[best], p))
			best = at;
	return &f->paths[best];
}

/* Returns why less is compared than p has (enum cond_loss). */
static u32 add_path(struct builder *b, struct kf_set *set, const struct kf_path *p, u32 clause)
{
	struct kfilter *f = &b->out->filter;
	u16 *chain = chain_of(set, p);
	struct kf_path new = *p;

	new.clauses = (u16)(1u << clause);
	for (u32 at = *chain; at; at = f->paths[at].next)
		if (same_kind(&new, &f->paths[at])) {
			f->paths[at].clauses |= new.clauses;
			return 0;
		}
	if (chain_length(f, *chain) == KF_CHAIN) {
		widen(most_like(f, *chain, &new), &new);
		return LOSS_CHAIN;
	}
	if (b->out->npaths + 1 == KF_PATHS) {
		set->with_path &= (u16)~new.clauses;
		return LOSS_PATHS;
	}
	new.next = *chain;
	*chain = (u16)++b->out->npaths;
	f->paths[*chain] = new;
	return 0;
}

/* A place for a test of a clause: among those of its number, in their order.  NULL: there is none. */
static struct kf_test *place_for(struct kf_set *set, const struct kf_test *t)
{
	u32 n = 0, at;

	while (n < KF_TESTS && set->tests[n].clauses)
		n++;
	for (at = 0; at < n && set->tests[at].number <= t->number; at++) {
		struct kf_test same = *t;

		same.clauses = set->tests[at].clauses;
		if (!memcmp(&same, &set->tests[at], sizeof(same)))
			return &set->tests[at];
	}
	if (n == KF_TESTS)
		return NULL;
	memmove(&set->tests[at + 1], &set->tests[at], (n - at) * sizeof(*t));
	set->tests[at] = *t;
	set->tests[at].clauses = 0;
	return &set->tests[at];
}

/* All tests of a number, or none: they are alternatives. */
static u32 add_tests(struct kf_set *set, const struct cond *c, u32 clause)
{
	u32 lost = 0;

	for (u32 i = 0; i < c->ntests; i++) {
		struct kf_test *t = lost >> c->tests[i].number & 1 ? NULL : place_for(set, &c->tests[i]);

		if (t)
			t->clauses |= (u16)(1u << clause);
		else
			lost |= 1u << c->tests[i].number;
	}
	for (u32 i = 0, n = 0; i < KF_TESTS; i++) {
		struct kf_test t = set->tests[i];

		if (lost >> t.number & 1)
			t.clauses &= (u16)~(1u << clause);
		set->tests[i].clauses = 0;
		if (t.clauses)
			set->tests[n++] = t;
	}
	return lost ? LOSS_TESTS : 0;
}

static u32 add_clause(struct builder *b, struct kf_set *set, const struct cond *c, u32 i)
{
	u32 loosened;

	set->clauses[i] = c->clause;
	set->all |= (u16)(1u << i);
	if (c->dotdot)
		set->dotdot |= (u16)(1u << i);
	loosened = add_tests(set, c, i);
	if (!c->has_paths)
		return loosened;
	set->with_path |= (u16)(1u << i);
	for (u32 k = 0; k < c->npaths; k++)
		loosened |= add_path(b, set, &c->paths[k], i);
	return loosened;
}

static void note_numbers(struct kf_set *set)
{
	for (u32 i = 0; i < KF_TESTS && set->tests[i].clauses; i++)
		set->numbers |= (u16)(1u << set->tests[i].number);
}

static void key_of(const struct dnf *d, struct buf *key)
{
	static const char digits[] = "0123456789abcdef";
	struct buf raw = { 0 };

	for (u32 i = 0; i < d->n; i++) {
		const struct cond *c = &d->c[i];

		buf_add(&raw, &c->clause, sizeof(c->clause));
		buf_addf(&raw, "%d %d %u %u ", c->dotdot, c->has_paths, c->npaths, c->ntests);
		buf_add(&raw, c->tests, c->ntests * sizeof(*c->tests));
		buf_add(&raw, c->paths, c->has_paths ? c->npaths * sizeof(*c->paths) : 0);
	}
	for (size_t i = 0; i < raw.len; i++) {
		buf_addc(key, digits[(u8)raw.p[i] >> 4]);
		buf_addc(key, digits[raw.p[i] & 15]);
	}
	buf_fini(&raw);
}

static u32 make_set(struct builder *b, const struct dnf *d)
{
	struct kf_set *set = &b->out->filter.sets[b->nsets];

	for (u32 i = 0; i < d->n; i++)
		b->loosened[b->nsets] |= (u8)add_clause(b, set, &d->c[i], i);
	note_numbers(set);
	return ++b->nsets;
}

/* Codes with the same conditions share a set.  Returns its verdict. */
static u8 add_set(struct builder *b, const struct dnf *d, u32 *loosened)
{
	struct buf key = { 0 };
	uintptr_t n;

	key_of(d, &key);
	n = (uintptr_t)strmap_get(&b->sets, buf_str(&key), key.len);
	if (!n && b->nsets < KF_SETS) {
		n = make_set(b, d);
		strmap_put(&b->sets, arena_strdup(&b->a, buf_str(&key)), key.len, (void *)n);
	}
	buf_fini(&key);
	if (!n) {
		*loosened |= LOSS_SETS;
		return KF_PASS;
	}
	*loosened |= b->loosened[n - 1];
	return (u8)(KF_FIRST_SET + n - 1);
}

static bool has(const u64 *set, u32 code)
{
	return set[code / 64] >> code % 64 & 1;
}

static void add_code(struct builder *b, const struct ruleset *s, const struct pushdown_options *opt, u32 code)
{
	struct dnf all = { 0 }, one;
	const struct rule_slot *slots;
	struct push x;
	u32 n;

	slots = ruleset_slots(s, code, &n);
	if (!n || has(opt->pass, code))
		return;
	push_init(&x, &b->a, s, code);
	for (u32 i = 0; i < n && !dnf_is_true(&all); i++) {
		push_expr(&x, slots[i].expr, true, &one);
		x.loosened |= dnf_or(&b->a, &all, &one);
	}
	x.loosened |= dnf_reduce(&b->a, &all, KF_CLAUSES);
	if (!all.n) {
		b->out->filter.codes[code] = KF_NONE;
		b->out->none[code / 64] |= 1ull << code % 64;
	} else if (!dnf_is_true(&all) && !has(opt->whole, code)) {
		b->out->filter.codes[code] = add_set(b, &all, &x.loosened);
		b->out->filter.shapes[code] = x.shape;
		b->out->filter.fds[code] = x.fd;
		b->out->ncodes++;
	}
	if (all.n && !has(opt->whole, code))
		b->out->loosened[code] = (u8)x.loosened;
}

void pushdown_build(const struct ruleset *s, const struct pushdown_options *opt, struct pushdown *ret)
{
	struct builder b = { .out = ret };

	memset(ret, 0, sizeof(*ret));
	arena_init(&b.a);
	for (u32 code = 1; code < SC_MAX; code++)
		add_code(&b, s, opt, code);
	strmap_fini(&b.sets);
	arena_fini(&b.a);
}

bool pushdown_explain(const struct ruleset *s, const struct rule_slot *slot, u32 code, struct buf *out,
		      struct buf *why)
{
	struct arena a;
	struct push x;
	struct dnf d;

	arena_init(&a);
	push_init(&x, &a, s, code);
	x.why = why;
	push_expr(&x, slot->expr, true, &d);
	for (u32 i = 0; i < d.n && !dnf_is_true(&d); i++) {
		buf_adds(out, i ? "; or " : "");
		cond_print(&d.c[i], out);
	}
	arena_fini(&a);
	return d.n;
}
