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

static bool test_equal(const struct kf_test *a, const struct kf_test *b)
{
	return a->number == b->number && a->mask == b->mask && a->min == b->min && a->max == b->max && a->bits == b->bits;
}

static bool tests_equal(const struct cond *a, const struct cond *b)
{
	for (u32 i = 0; i < a->ntests && a->ntests == b->ntests; i++)
		if (!test_equal(&a->tests[i], &b->tests[i]))
			return false;
	return a->ntests == b->ntests;
}

bool cond_is_true(const struct cond *c)
{
	struct cond t = cond_true();

	return !c->has_paths && !c->ntests && clause_equal(c, &t);
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
		return o->has_paths ? LOSS_KINDS : 0;
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
		u32 loosened = d->has_paths ? LOSS_KINDS : 0;

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

/* ---- numbers ------------------------------------------------------------------------------------ */

struct kf_test cond_test(u8 number, u64 mask, u64 min, u64 max)
{
	return (struct kf_test){ .number = number, .mask = mask, .min = min, .max = max, .bits = ~0ull };
}

/* Bits of t from the number min on, which is not less than its own. */
static u64 bits_from(const struct kf_test *t, u64 min)
{
	u64 by = min - t->min;

	return !by ? t->bits : by >= 64 ? ~0ull : t->bits >> by | ~(~0ull >> by);
}

/* Both at once; where that cannot be said, a alone.  False: no number does. */
static bool test_and(const struct kf_test *a, const struct kf_test *b, struct kf_test *ret)
{
	u64 common = a->mask & b->mask;

	*ret = *a;
	if (a->mask == b->mask) {
		ret->min = a->min > b->min ? a->min : b->min;
		ret->max = a->max < b->max ? a->max : b->max;
		ret->bits = bits_from(a, ret->min) & bits_from(b, ret->min);
		return ret->min <= ret->max && (ret->max - ret->min >= 64 ||
			ret->bits & (~0ull >> (63 - (ret->max - ret->min))));
	}
	if (a->min != a->max || b->min != b->max)
		return true;
	if ((a->min ^ b->min) & common)
		return false;
	ret->mask |= b->mask;
	ret->min = ret->max = a->min | b->min;
	return true;
}

/* The tests of one number: *ret_n from the first of that number on. */
static const struct kf_test *tests_of(const struct cond *c, u8 number, u32 *ret_n)
{
	u32 i = 0, n = 0;

	while (i < c->ntests && c->tests[i].number != number)
		i++;
	while (i + n < c->ntests && c->tests[i + n].number == number)
		n++;
	*ret_n = n;
	return c->tests + i;
}

static bool has_test(const struct kf_test *t, u32 n, const struct kf_test *what)
{
	for (u32 i = 0; i < n; i++)
		if (test_equal(&t[i], what))
			return true;
	return false;
}

static void add_test(struct kf_test *to, u32 *n, const struct kf_test *t)
{
	if (!has_test(to, *n, t))
		to[(*n)++] = *t;
}

static void add_tests(struct kf_test *to, u32 *n, const struct kf_test *t, u32 nt)
{
	for (u32 i = 0; i < nt; i++)
		add_test(to, n, &t[i]);
}

static u64 breadth(const struct kf_test *t, u32 n)
{
	u64 ret = 0;

	for (u32 i = 0; i < n; i++)
		ret += (t[i].max - t[i].min) / n + 1;
	return ret;
}

/* Appends what both ask of a number to ret.  False: nothing satisfies both. */
static bool number_and(const struct kf_test *x, u32 nx, const struct kf_test *y, u32 ny, struct kf_test *ret, u32 *n)
{
	struct kf_test both[COND_TESTS_MAX * COND_TESTS_MAX];
	u32 nboth = 0;

	/* one end may satisfy the one, the other end the other */
	if (KF_TWO_ENDS >> x->number & 1) {
		bool first = breadth(x, nx) <= breadth(y, ny);

		add_tests(ret, n, first ? x : y, first ? nx : ny);
		return true;
	}
	for (u32 i = 0; i < nx; i++)
		for (u32 k = 0; k < ny; k++)
			if (test_and(&x[i], &y[k], &both[nboth]))
				nboth++;
	if (nboth > nx && nboth > ny)
		add_tests(ret, n, nx < ny ? x : y, nx < ny ? nx : ny);
	else
		add_tests(ret, n, both, nboth);
	return nboth;
}

/* False: they exclude each other. */
static bool tests_and(struct arena *a, struct cond *d, const struct cond *o, u32 *loosened)
{
	struct kf_test *all, one[2 * COND_TESTS_MAX];
	u32 n = 0, nx, ny;

	if (!o->ntests)
		return true;
	all = arena_alloc(a, COND_TESTS_MAX * sizeof(*all));
	for (u8 number = 0; number < KF_NUMBERS; number++) {
		const struct kf_test *x = tests_of(d, number, &nx), *y = tests_of(o, number, &ny);
		u32 none = 0;

		if (nx && ny) {
			if (!number_and(x, nx, y, ny, one, &none))
				return false;
		} else {
			add_tests(one, &none, nx ? x : y, nx + ny);
		}
		if (n + none > COND_TESTS_MAX) {
			*loosened |= LOSS_TESTS;
			continue;
		}
		memcpy(all + n, one, none * sizeof(*one));
		n += none;
	}
	d->tests = all;
	d->ntests = n;
	return true;
}

/* d asks of each number what one of the two does; of those that only one asks for, nothing. */
static u32 tests_or(struct arena *a, struct cond *d, const struct cond *o)
{
	struct kf_test *all, one[2 * COND_TESTS_MAX];
	u32 n = 0, nx, ny, loosened = 0;

	if (!d->ntests || !o->ntests) {
		d->ntests = 0;
		return 0;
	}
	all = arena_alloc(a, COND_TESTS_MAX * sizeof(*all));
	for (u8 number = 0; number < KF_NUMBERS; number++) {
		const struct kf_test *x = tests_of(d, number, &nx), *y = tests_of(o, number, &ny);
		u32 none = 0;

		if (!nx || !ny)
			continue;
		add_tests(one, &none, x, nx);
		add_tests(one, &none, y, ny);
		if (n + none > COND_TESTS_MAX) {
			loosened |= LOSS_TESTS;
			continue;
		}
		memcpy(all + n, one, none * sizeof(*one));
		n += none;
	}
	d->tests = all;
	d->ntests = n;
	return loosened;
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
	*loosened |= paths_and(a, d, o);
	return tests_and(a, d, o, loosened) && !(d->has_paths && !d->npaths) && !(c->need & c->forbid) && c->access &&
	       (c->ret_min <= c->ret_max || c->error);
}

/* The narrowest condition that both imply, more or less. */
static u32 cond_weaken(struct arena *a, struct cond *d, const struct cond *o)
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
	return paths_or(a, d, o) | tests_or(a, d, o);
}

static bool paths_within(const struct cond *c, const struct cond *d)
{
	for (u32 i = 0; i < c->npaths && d->has_paths; i++)
		if (!has_path(d->paths, d->npaths, &c->paths[i]))
			return false;
	return c->has_paths || !d->has_paths;
}

static bool tests_within(const struct cond *c, const struct cond *d)
{
	for (u8 number = 0; number < KF_NUMBERS; number++) {
		u32 n, m;
		const struct kf_test *x = tests_of(c, number, &n), *y = tests_of(d, number, &m);

		if (m && !n)
			return false;
		for (u32 i = 0; m && i < n; i++)
			if (!has_test(y, m, &x[i]))
				return false;
	}
	return true;
}

/* Whatever satisfies c satisfies d. */
static bool cond_within(const struct cond *c, const struct cond *d)
{
	const struct kf_clause *x = &c->clause, *y = &d->clause;

	return (x->need & y->need) == y->need && (x->forbid & y->forbid) == y->forbid && !(x->access & ~y->access) &&
	       x->ret_min >= y->ret_min && x->ret_max <= y->ret_max && (!x->error || result_holds(y, x->error)) &&
	       c->dotdot >= d->dotdot && paths_within(c, d) && tests_within(c, d);
}

static void remove_within(struct dnf *d, const struct cond *c)
{
	u32 n = 0;

	for (u32 i = 0; i < d->n; i++)
		if (!cond_within(&d->c[i], c))
			d->c[n++] = d->c[i];
	d->n = n;
}

static u32 numbers_of(const struct cond *c)
{
	u32 ret = 0;

	for (u32 i = 0; i < c->ntests; i++)
		ret |= 1u << c->tests[i].number;
	return ret;
}

#define ONES(v_) ((u32)__builtin_popcountll(v_))

/* How much more passes, roughly, when one conjunction takes the place of two. */
static u32 join_cost(const struct cond *x, const struct cond *y)
{
	const struct kf_clause *a = &x->clause, *b = &y->clause;
	u32 cost = 0;

	cost += x->has_paths != y->has_paths ? 4000 : 0;
	cost += x->dotdot != y->dotdot ? 1000 : 0;
	cost += 500 * ONES(numbers_of(x) ^ numbers_of(y)) + 20 * !tests_equal(x, y);
	cost += 60 * ONES(a->need ^ b->need) + 30 * ONES(a->forbid ^ b->forbid) + 150 * ONES(a->access ^ b->access);
	cost += (a->ret_min != b->ret_min ? 150 : 0) + (a->ret_max != b->ret_max ? 150 : 0);
	return cost + (x->has_paths && y->has_paths ? x->npaths + y->npaths : 0);
}

u32 dnf_reduce(struct arena *a, struct dnf *d, u32 max)
{
	u32 loosened = 0;

	while (d->n > max) {
		u32 best = UINT32_MAX, x = 0, y = 1;
		struct cond c;

		for (u32 i = 0; i < d->n; i++)
			for (u32 k = i + 1; k < d->n; k++) {
				u32 cost = join_cost(&d->c[i], &d->c[k]);

				if (cost < best) {
					best = cost;
					x = i;
					y = k;
				}
			}
		c = d->c[x];
		loosened |= LOSS_CLAUSES | cond_weaken(a, &c, &d->c[y]);
		remove_within(d, &c);
		d->c[d->n++] = c;
	}
	for (u32 i = 0; i < d->n; i++)
		if (cond_is_true(&d->c[i])) {
			dnf_true(d);
			break;
		}
	return loosened;
}

/* All but the tests of one number are the same, so that the tests of both are alternatives. */
static bool one_number_differs(const struct cond *x, const struct cond *y)
{
	u32 differ = 0;

	if (!clause_equal(x, y) || !paths_within(x, y) || !paths_within(y, x) || numbers_of(x) != numbers_of(y))
		return false;
	for (u8 number = 0; number < KF_NUMBERS; number++) {
		struct cond a = { 0 }, b = { 0 };

		a.tests = tests_of(x, number, &a.ntests);
		b.tests = tests_of(y, number, &b.ntests);
		differ += !tests_equal(&a, &b);
	}
	return differ == 1 && x->ntests + y->ntests <= COND_TESTS_MAX;
}

/* Adds a conjunction, or makes one of the others say it, too. */
static u32 dnf_add(struct arena *a, struct dnf *d, const struct cond *c)
{
	u32 loosened = 0;

	if (cond_is_true(c)) {
		dnf_true(d);
		return 0;
	}
	for (u32 i = 0; i < d->n; i++) {
		if (cond_within(c, &d->c[i]))
			return 0;
		if ((clause_equal(&d->c[i], c) && tests_equal(&d->c[i], c)) || one_number_differs(&d->c[i], c)) {
			struct cond both = d->c[i];

			loosened = paths_or(a, &both, c) | tests_or(a, &both, c);
			remove_within(d, &both);
			if (cond_is_true(&both))
				dnf_true(d);
			else
				d->c[d->n++] = both;
			return loosened;
		}
	}
	remove_within(d, c);
	if (d->n == DNF_MAX)
		loosened |= dnf_reduce(a, d, DNF_MAX - 1);
	if (!dnf_is_true(d))
		d->c[d->n++] = *c;
	return loosened;
}

u32 dnf_or(struct arena *a, struct dnf *d, const struct dnf *o)
{
	u32 loosened = 0;

	for (u32 i = 0; i < o->n && !dnf_is_true(d); i++)
		loosened |= dnf_add(a, d, &o->c[i]);
	return loosened;
}

u32 dnf_and(struct arena *a, struct dnf *d, const struct dnf *o)
{
	struct dnf all = { 0 };
	u32 loosened = 0;

	for (u32 i = 0; i < d->n; i++)
		for (u32 k = 0; k < o->n; k++) {
			struct cond c = d->c[i];

			if (cond_and(a, &c, &o->c[k], &loosened) && !dnf_is_true(&all))
				loosened |= dnf_add(a, &all, &c);
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

static const char *const number_names[KF_NUMBERS] = {
	"first argument", "second argument", "third argument", "fourth argument", "fifth argument", "sixth argument",
	[KF_FD_TYPE] = "type of the descriptor", [KF_L4PROTO] = "protocol of the socket", [KF_PORT] = "a port of the socket",
	[KF_ADDR4] = "an IPv4 address of the socket",
};

static void print_test(const struct kf_test *t, u32 n, struct buf *out)
{
	const char *name = number_names[t->number];
	bool bits = t->mask & (t->mask + 1);

	if (t->number == KF_FD_TYPE || t->number == KF_L4PROTO)
		buf_addf(out, "%s: %s of %u", name, t->bits >> 63 ? "none" : "one", ONES(t->bits >> 63 ? ~t->bits : t->bits));
	else if (n > 1)
		buf_addf(out, "%s: one of %u values", name, n);
	else if (t->min == 1 && t->max == ~0ull)
		buf_addf(out, "%s: a bit of 0x%llx", name, (unsigned long long)t->mask);
	else if (bits || !t->max)
		buf_addf(out, "%s: of the bits 0x%llx those of 0x%llx", name, (unsigned long long)t->mask,
			 (unsigned long long)t->min);
	else if (t->min == t->max)
		buf_addf(out, "%s: %llu", name, (unsigned long long)t->min);
	else
		buf_addf(out, "%s: from %llu to %llu", name, (unsigned long long)t->min, (unsigned long long)t->max);
}

static void print_tests(const struct cond *c, struct buf *out, size_t start)
{
	for (u32 i = 0, n; i < c->ntests; i += n) {
		tests_of(c, c->tests[i].number, &n);
		say(out, start, "");
		print_test(&c->tests[i], n, out);
	}
}

static const char *const loss_words[] = {
	"more than 16 alternatives: some were joined",
	"more than 256 kinds of paths in one alternative: all pass",
	"more tests on numbers than there is room for: some were left out",
	"many kinds of paths that begin or end alike: some were joined",
	"more than 1023 kinds of paths: some alternatives take all paths",
	"more than 64 sets of conditions: all of its events pass",
};

const char *cond_loss_words(u32 bit)
{
	_Static_assert(ARRAY_SIZE(loss_words) == NLOSSES, "one for each");
	_Static_assert(KF_CLAUSES == 16 && COND_PATHS_MAX == 256 && KF_PATHS == 1024 && KF_SETS == 64, "as the words say");
	return bit < NLOSSES ? loss_words[bit] : "";
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
	print_tests(c, out, start);
}
