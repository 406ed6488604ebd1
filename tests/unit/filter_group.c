/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random conditions over made-up fields, evaluated one by one by the C library and by a walk
 * through the tree, and by what the filter makes of them: alone and as a group.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fnmatch.h>
#include <regex.h>

#include "filter/patterns.h"
#include "unit/filter_fields.h"

#define CHECKS 30
#define CONDITIONS 25
#define VALUES 5

static u32 seed = 4711;

static u32 below(u32 n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

static const char *one_of(const char *const *list, u32 n)
{
	return list[below(n)];
}

/* ---- checks ---- */

struct check {
	const char *field, *op;
	char values[VALUES][40];
	u32 n;
	regex_t regex[VALUES];
	char text[400];
};

static const char *const text_ops[] = { "=", "!=", "in", "in", "startswith", "endswith", "contains",
					"startswith anyof", "endswith anyof", "contains anyof",
					"icontains", "glob", "glob anyof", "iglob", "regex", "pmatch",
					"exists", "=" };
static const char *const number_ops[] = { "=", "!=", "in", "<", "<=", ">", ">=" };

static void pieces(char *out, const char *const *list, u32 n)
{
	*out = 0;
	for (u32 k = 1 + below(5); k; k--)
		strcat(out, one_of(list, n));
}

static void random_value(const struct check *c, char *out)
{
	static const char *const plain[] = { "a", "b", "ab", "/", "ba", ".", "abc", "/b" };
	static const char *const globs[] = { "*", "?", "a", "b/", "[ab]", "/a", "*", "abc", "[!a]" };
	static const char *const regexes[] = { ".*", "a", "b", "[ab]", "(a|b)", "a+", "b?", "/", ".",
					       "ab", "b*", "ab{2}", "[^a]" };

	if (!strncmp(c->op, "glob", 4) || !strcmp(c->op, "iglob"))
		pieces(out, globs, ARRAY_SIZE(globs));
	else if (!strcmp(c->op, "regex"))
		pieces(out, regexes, ARRAY_SIZE(regexes));
	else if (!strcmp(c->op, "pmatch"))
		sprintf(out, "/%s", one_of((const char *const[]){ "ab", "ab/abc", "b*/a", "bb" }, 4));
	else
		pieces(out, plain, ARRAY_SIZE(plain));
}

static bool takes_list(const char *op)
{
	return strstr(op, "anyof") || !strcmp(op, "in") || !strcmp(op, "pmatch");
}

static bool is_number(const struct check *c)
{
	return !strcmp(c->field, "t.num") || !strcmp(c->field, "t.res");
}

static void random_check(struct check *c)
{
	static const char *const fields[] = { "t.name", "t.path", "t.cmdline", "t.path", "t.kin",
					      "t.num", "t.res" };
	char *at = c->text;

	memset(c, 0, sizeof(*c));
	c->field = one_of(fields, ARRAY_SIZE(fields));
	c->op = is_number(c) ? one_of(number_ops, ARRAY_SIZE(number_ops)) :
			       one_of(text_ops, ARRAY_SIZE(text_ops));
	at += sprintf(at, "%s %s ", c->field, c->op);
	if (!strcmp(c->op, "exists"))
		return;
	c->n = takes_list(c->op) ? 1 + below(VALUES) : 1;
	at += sprintf(at, takes_list(c->op) ? "(" : "");
	for (u32 i = 0; i < c->n; i++) {
		char expr[60];

		if (is_number(c))
			sprintf(c->values[i], "%u", below(6));
		else
			random_value(c, c->values[i]);
		at += sprintf(at, is_number(c) ? "%s%s" : "%s\"%s\"", i ? ", " : "", c->values[i]);
		sprintf(expr, "^(%s)$", c->values[i]);
		if (!strcmp(c->op, "regex"))
			assert_int_equal(regcomp(&c->regex[i], expr, REG_EXTENDED | REG_NOSUB), 0);
	}
	strcpy(at, takes_list(c->op) ? ")" : "");
}

static bool ends_with(const char *s, const char *end)
{
	return strlen(s) >= strlen(end) && !strcmp(s + strlen(s) - strlen(end), end);
}

/* Component by component. */
static bool path_matches(const char *list, const char *s)
{
	char want[64], have[64];
	int n, m;

	for (;;) {
		list += strspn(list, "/");
		s += strspn(s, "/");
		if (!*list)
			return true;
		if (sscanf(list, "%63[^/]%n", want, &n) != 1 ||
		    sscanf(s, "%63[^/]%n", have, &m) != 1 || fnmatch(want, have, 0))
			return false;
		list += n;
		s += m;
	}
}

static bool text_matches(const struct check *c, u32 i, const char *s)
{
	const char *v = c->values[i];

	if (!strcmp(c->op, "=") || !strcmp(c->op, "in"))
		return !strcmp(s, v);
	if (!strcmp(c->op, "!="))
		return strcmp(s, v);
	if (!strncmp(c->op, "startswith", 10))
		return !strncmp(s, v, strlen(v));
	if (!strncmp(c->op, "endswith", 8))
		return ends_with(s, v);
	if (!strncmp(c->op, "contains", 8))
		return strstr(s, v);
	if (!strcmp(c->op, "icontains"))
		return strcasestr(s, v);
	if (!strcmp(c->op, "pmatch"))
		return path_matches(v, s);
	if (!strcmp(c->op, "regex"))
		return !regexec(&c->regex[i], s, 0, NULL, 0);
	return !fnmatch(v, s, c->op[0] == 'i' ? FNM_CASEFOLD : 0);
}

static bool number_matches(const struct check *c, s64 v)
{
	s64 want = atoll(c->values[0]);
	bool hit = false;

	for (u32 i = 0; i < c->n; i++)
		hit |= v == atoll(c->values[i]);
	switch (c->op[0]) {
	case '!':
		return !hit;
	case '<':
		return c->op[1] ? v <= want : v < want;
	case '>':
		return c->op[1] ? v >= want : v > want;
	default:
		return hit;
	}
}

static bool one_text(const struct check *c, const char *s)
{
	bool hit = s && !c->n;

	for (u32 i = 0; s && i < c->n; i++)
		hit |= text_matches(c, i, s);
	return hit;
}

static bool naive_check(const struct check *c, const struct facts *t)
{
	bool hit = false;

	if (is_number(c))
		return number_matches(c, strcmp(c->field, "t.num") ? t->res : (s64)t->num);
	if (strcmp(c->field, "t.kin"))
		return one_text(c, !strcmp(c->field, "t.name") ? t->name :
				   !strcmp(c->field, "t.path") ? t->path :
								 t->cmdline);
	for (u32 i = 0; i < 4 && t->kin[i]; i++)
		hit |= one_text(c, t->kin[i]);
	return hit;
}

/* ---- conditions ---- */

struct cond {
	char op;		/* '&', '|', '!' or 0: a check */
	u32 n;
	struct cond *kids[3];
	const struct check *check;
};

static struct cond *random_cond(const struct check *checks, u32 depth, struct buf *text)
{
	struct cond *c = xcalloc(1, sizeof(*c));

	c->op = "&&&||!"[below(6)];
	if (!depth || !below(4)) {
		c->op = 0;
		c->check = &checks[below(CHECKS)];
		buf_adds(text, c->check->text);
		return c;
	}
	c->n = c->op == '!' ? 1 : 2 + below(2);
	buf_adds(text, c->op == '!' ? "not (" : "(");
	for (u32 i = 0; i < c->n; i++) {
		if (i)
			buf_adds(text, c->op == '&' ? " and " : " or ");
		c->kids[i] = random_cond(checks, depth - 1, text);
	}
	buf_addc(text, ')');
	return c;
}

static void free_cond(struct cond *c)
{
	for (u32 i = 0; i < c->n; i++)
		free_cond(c->kids[i]);
	free(c);
}

static bool naive(const struct cond *c, const struct facts *t)
{
	u32 hits = 0;

	if (!c->op)
		return naive_check(c->check, t);
	for (u32 i = 0; i < c->n; i++)
		hits += naive(c->kids[i], t);
	return c->op == '&' ? hits == c->n : c->op == '|' ? hits : !hits;
}

/* ---- events ---- */

static const char *random_text(char *out)
{
	static const char *const parts[] = { "a", "b", "ab", "/", "abc", ".", "//", "B", "bb", "/ab/abc" };

	if (!below(12))
		return NULL;
	pieces(out, parts, ARRAY_SIZE(parts));
	if (!below(20))
		*out = 0;
	return out;
}

static void random_facts(struct facts *t, char texts[5][64])
{
	memset(t, 0, sizeof(*t));
	t->name = random_text(texts[0]);
	t->path = random_text(texts[1]);
	t->cmdline = random_text(texts[2]);
	for (u32 i = 0, n = 0; i < 2; i++) {
		const char *s = random_text(texts[3 + i]);

		if (s)
			t->kin[n++] = s;
	}
	t->num = below(6);
	t->res = (s64)below(6) - 2;
}

struct world {
	struct filter_pool *pool;
	struct filter_state *state;
	struct arena arena;
	struct check checks[CHECKS];
	struct cond *conds[CONDITIONS];
	struct buf texts[CONDITIONS];
	u32 exprs[CONDITIONS], group;
};

static void make_world(struct world *w)
{
	struct diag d = { 0 };
	struct ast *n;

	memset(w, 0, sizeof(*w));
	arena_init(&w->arena);
	w->pool = filter_pool_new(&test_fields);
	for (u32 i = 0; i < CHECKS; i++)
		random_check(&w->checks[i]);
	for (u32 i = 0; i < CONDITIONS; i++) {
		w->conds[i] = random_cond(w->checks, 4, &w->texts[i]);
		if (filter_parse(&w->arena, buf_str(&w->texts[i]), w->texts[i].len, 100, &n, &d) ||
		    filter_compile(w->pool, n, &w->exprs[i], &d, NULL, NULL))
			fail_msg("%s: %s", buf_str(&w->texts[i]), d.msg);
	}
	w->group = filter_group(w->pool, w->exprs, CONDITIONS);
	assert_int_equal(filter_group(w->pool, w->exprs, CONDITIONS), w->group);
	filter_pool_seal(w->pool);
	w->state = filter_state_new(w->pool);
}

static void free_world(struct world *w)
{
	for (u32 i = 0; i < CONDITIONS; i++) {
		free_cond(w->conds[i]);
		buf_fini(&w->texts[i]);
	}
	for (u32 i = 0; i < CHECKS; i++)
		for (u32 k = 0; k < w->checks[i].n && !strcmp(w->checks[i].op, "regex"); k++)
			regfree(&w->checks[i].regex[k]);
	filter_state_free(w->state);
	filter_pool_free(w->pool);
	arena_fini(&w->arena);
}

static bool among(const u32 *list, u32 n, u32 v)
{
	for (u32 i = 0; i < n; i++)
		if (list[i] == v)
			return true;
	return false;
}

static void compare(struct world *w, struct field_ctx *x, struct facts *t)
{
	struct filter_matches m;

	filter_begin(w->state, x);
	filter_matches(w->state, w->group, &m);
	for (u32 id = 0; id < ID_KIN; id++)
		assert_true(t->asked[id] <= 1);
	for (u32 i = 0; i < CONDITIONS; i++) {
		bool want = naive(w->conds[i], t), held = among(m.held, m.nheld, i);

		if (held != want || filter_run(w->state, w->exprs[i]) != want) {
			struct buf b = { 0 };

			filter_group_print(w->pool, w->group, &b);
			fail_msg("%u: %s\nname %s, path %s, cmdline %s, num %llu, res %lld: %d wanted\n%s",
				 i, buf_str(&w->texts[i]), t->name, t->path, t->cmdline, t->num,
				 t->res, want, buf_str(&b));
		}
		assert_true(!held || among(m.looked_at, m.nlooked_at, i));
	}
}

static void test_random_conditions(void **state)
{
	(void)state;
	struct event ev = { .type = EV_SYSCALL_OPENAT_2_X,
			    .desc = event_desc(EV_SYSCALL_OPENAT_2_X) };
	char texts[5][64];
	struct field_ctx x;
	struct world w;
	struct facts t;

	field_ctx_init(&x, NULL);
	x.user = &t;
	for (u32 round = 0; round < 400; round++) {
		make_world(&w);
		for (u32 i = 0; i < 40; i++) {
			random_facts(&t, texts);
			field_ctx_event(&x, &ev);
			compare(&w, &x, &t);
		}
		free_world(&w);
	}
	field_ctx_fini(&x);
}

/* ---- many conditions ---- */

static u32 compile(struct filter_pool *p, struct arena *a, const char *text)
{
	struct diag d = { 0 };
	struct ast *n;
	u32 expr;

	if (filter_parse(a, text, strlen(text), 100, &n, &d) ||
	    filter_compile(p, n, &expr, &d, NULL, NULL))
		fail_msg("%s: %s", text, d.msg);
	return expr;
}

/* Of a thousand, an event leads to those alone that its values are for. */
static void test_ruled_out(void **state)
{
	(void)state;
	enum { MANY = 1000 };
	static const char *const forms[] = {
		"t.num = 42 and t.name = n@",
		"t.num = 42 and t.path startswith /dir/@/",
		"t.num = 42 and t.path endswith .@x",
		"t.num = 42 and t.cmdline contains _@_",
		"t.num = 42 and t.cmdline glob '*[(]@-x*'",
		"t.num = 42 and (t.name = m@ or t.path contains #@#)",
	};
	struct event ev = { .type = EV_SYSCALL_OPENAT_2_X,
			    .desc = event_desc(EV_SYSCALL_OPENAT_2_X) };
	struct facts t = { .num = 42, .name = "n600", .path = "/dir/601/x.602x",
			   .cmdline = "a _603_ (604-xy" };
	struct filter_pool *p = filter_pool_new(&test_fields);
	struct filter_matches m;
	struct filter_state *s;
	struct field_ctx x;
	struct arena a;
	u32 exprs[MANY], group;

	arena_init(&a);
	for (u32 i = 0; i < MANY; i++) {
		struct buf text = { 0 };

		for (const char *f = forms[i % ARRAY_SIZE(forms)]; *f; f++) {
			if (*f == '@')
				buf_add_u64(&text, i);
			else
				buf_addc(&text, *f);
		}
		exprs[i] = compile(p, &a, buf_str(&text));
		buf_fini(&text);
	}
	group = filter_group(p, exprs, MANY);
	filter_pool_seal(p);
	s = filter_state_new(p);
	field_ctx_init(&x, NULL);
	x.user = &t;
	field_ctx_event(&x, &ev);
	filter_begin(s, &x);
	filter_matches(s, group, &m);
	assert_int_equal(m.nheld, 5);
	assert_in_range(m.nlooked_at, 5, 6);
	for (u32 i = 600; i < 605; i++)
		assert_true(among(m.held, m.nheld, i));
	t.num = 41;
	field_ctx_event(&x, &ev);
	filter_begin(s, &x);
	filter_matches(s, group, &m);
	assert_int_equal(m.nlooked_at, 0);
	field_ctx_fini(&x);
	filter_state_free(s);
	filter_pool_free(p);
	arena_fini(&a);
}

/* ---- patterns ---- */

static bool pattern_matches(const struct pattern *p, struct str s)
{
	switch (p->kind) {
	case PATTERN_IS:
		return str_eq(s, p->str);
	case PATTERN_STARTS:
		return str_starts(s, p->str);
	case PATTERN_ENDS:
		return str_ends(s, p->str);
	default:
		return memmem(s.p, s.len, p->str.p, p->str.len);
	}
}

static void test_patterns(void **state)
{
	(void)state;
	for (u32 round = 0; round < 500; round++) {
		struct pattern items[60];
		char texts[60][16], probe[64];
		u32 n = below(60), ids = 1 + n / 2, marks[60] = { 0 }, found[60];
		struct hits h = { .marks = marks, .ids = found };
		struct patterns *t;
		struct arena a;

		arena_init(&a);
		for (u32 i = 0; i < n; i++) {
			u32 len = below(round % 2 ? 4 : 8);

			for (u32 k = 0; k < len; k++)
				texts[i][k] = "abc\0"[below(4)];
			items[i] = (struct pattern){ (u8)below(PATTERN_KINDS), i % ids,
						     { texts[i], len } };
		}
		t = patterns_new(&a, items, n);
		for (u32 k = 0; k < 100; k++) {
			struct str s = { probe, below(20) };
			bool want[60] = { 0 };
			u32 count = 0;

			for (u32 i = 0; i < s.len; i++)
				probe[i] = "abc\0"[below(4)];
			for (u32 i = 0; i < n; i++)
				want[items[i].id] |= pattern_matches(&items[i], s);
			h.epoch++;
			h.n = 0;
			patterns_find(t, s, &h);
			for (u32 i = 0; i < ids; i++) {
				count += want[i];
				assert_int_equal(among(found, h.n, i), want[i]);
			}
			assert_int_equal(h.n, count);
		}
		arena_fini(&a);
	}
}

static void test_numbers(void **state)
{
	(void)state;
	struct number items[] = { { 5, 0 }, { 1, 1 }, { 5, 2 }, { (u64)-1, 3 }, { 0, 4 } };
	u32 marks[5] = { 0 }, found[5];
	struct hits h = { .marks = marks, .ids = found, .epoch = 1 };
	struct numbers *t;
	struct arena a;

	arena_init(&a);
	t = numbers_new(&a, items, 5);
	numbers_find(t, 5, &h);
	assert_int_equal(h.n, 2);
	assert_true(among(found, 2, 0) && among(found, 2, 2));
	numbers_find(t, (u64)-1, &h);
	numbers_find(t, 0, &h);
	numbers_find(t, 7, &h);
	assert_int_equal(h.n, 4);
	assert_true(found[2] == 3 && found[3] == 4);
	numbers_find(numbers_new(&a, NULL, 0), 1, &h);
	assert_int_equal(h.n, 4);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_random_conditions),
		cmocka_unit_test(test_ruled_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
