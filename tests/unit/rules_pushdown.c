/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel filter against the rules it was derived from: what it drops no rule may match.
 * Rules and calls are random; and filters with a mistake in them must be found out.
 */
#include "proc_events.h"
#include "rules_help.h"

#include <fcntl.h>
#include <stdlib.h>

#define inline_ inline
#define kf_load(p) ({ u64 word_; memcpy(&word_, (p), sizeof(word_)); word_; })
#include "drivers/filter.h"
#include "rules/pushdown.h"

static u64 seed = 1;

static u32 random_below(u32 n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(seed >> 33) % n;
}

#define PICK(list_) (list_)[random_below(ARRAY_SIZE(list_))]

/* ---- calls ------------------------------------------------------------------------------------- */

struct call {
	u32 code;
	s64 ret;
	u32 flags;
	char path[400];
};

static const char *const parts[] = {
	"etc", "shadow", "passwd", "usr", "lib", "bin", "root", ".ssh", ".bashrc", "id_rsa", "x", "home", "me", "proc", "1",
	"environ", "var", "log", "syslog", "a-long-name-that-goes-on-and-on", "..", ".", "", "release_agent", "t\xc3\xa9st",
	"...", "..x", "x..", "mem", "cron.d", "sudoers.d", "dev",
};

static void random_path(char *out)
{
	u32 n = random_below(5) + (random_below(20) == 0 ? 12 : 0), len = 0;

	out[0] = 0;
	if (random_below(8))
		out[len++] = '/';
	for (u32 i = 0; i < n; i++)
		len += (u32)sprintf(out + len, "%s%s", i ? "/" : "", PICK(parts));
	if (!random_below(10))
		out[len++] = '/';
	out[len] = 0;
}

static void random_call(struct call *c)
{
	static const u16 codes[] = { SC_open, SC_openat, SC_openat2, SC_creat };
	static const u32 bits[] = { O_CREAT, O_TRUNC, O_APPEND, O_EXCL, O_DIRECTORY };
	static const s64 results[] = { 0, 1, 3, 7, 100, -2, -13, -115, -1 };

	c->code = PICK(codes);
	c->ret = PICK(results);
	c->flags = random_below(4);
	for (u32 i = 0; i < ARRAY_SIZE(bits); i++)
		c->flags |= random_below(4) ? 0 : bits[i];
	if (c->code == SC_creat)
		c->flags = O_CREAT | O_TRUNC | O_WRONLY;
	random_path(c->path);
}

static u32 portable(u32 f)
{
	return ((f & 3) == 1 ? 2 : (f & 3) == 2 ? 3 : 1) | (f & O_CREAT ? 4 : 0) | (f & O_APPEND ? 8 : 0) |
	       (f & O_EXCL ? 32 : 0) | (f & O_TRUNC ? 256 : 0) | (f & O_DIRECTORY ? 1024 : 0);
}

/* As the driver would send it. */
static struct event *feed_call(struct proc *p, struct fed *f, const struct call *c)
{
	u32 flags = portable(c->flags);

	switch (c->code) {
	case SC_open:
		return feed(p, f, EV_SYSCALL_OPEN_X, 1000, "dsuuud", c->ret, c->path, flags, 0, 0, 0LL);
	case SC_openat:
		return feed(p, f, EV_SYSCALL_OPENAT_2_X, 1000, "ddsuuud", c->ret, -100LL, c->path, flags, 0, 0, 0LL);
	case SC_openat2:
		return feed(p, f, EV_SYSCALL_OPENAT2_X, 1000, "ddsuuuud", c->ret, -100LL, c->path, flags, 0, 0, 0, 0LL);
	default:
		return feed(p, f, EV_SYSCALL_CREAT_X, 1000, "dsuudh", c->ret, c->path, 0644, 0, 0LL, 0);
	}
}

/* What a driver does with it. */
static bool passes(const struct kfilter *f, const struct call *c)
{
	u64 room[(KF_PATH_MAX + KF_HEAD) / 8 + 1];
	struct kf_seen seen;
	u32 v = f->codes[c->code], len = (u32)strlen(c->path), mask;
	const struct kf_set *s;

	if (v < KF_FIRST_SET)
		return v == KF_PASS;
	s = &f->sets[v - KF_FIRST_SET];
	mask = kf_result(s, s->all, c->ret);
	if (f->shapes[c->code] == KF_NO_ARGS)
		return mask;
	mask = kf_flags(s, mask, c->flags);
	if (!len || len >= KF_PATH_MAX)
		return mask;
	memset(room, 0xa5, sizeof(room));	/* what an earlier path left there */
	memcpy(room, c->path, len);
	memset((u8 *)room + len, 0, KF_HEAD);
	kf_look((const u8 *)room, len, &seen);
	return kf_paths(f, s, mask, &seen);
}

/* ---- rules ------------------------------------------------------------------------------------- */

static const char *const names[] = {
	"/etc/shadow", "/etc", "/etc/passwd", "/root/.ssh", "/usr/lib/", "/root/.bashrc", "/", "/proc/1/environ", "/var/log",
	"/etc/cron", "/home/me/.ssh/id_rsa", "/usr/bin/a-long-name-that-goes-on-and-on", "x", "/dev", "/etc/sudoers.d",
};
static const char *const files[] = { "shadow", "passwd", ".bashrc", "id_rsa", "x", "release_agent", "environ", "mem" };

static void add_check(struct buf *b)
{
	static const char *const fields[] = { "fd.name", "fd.nameraw", "fd.directory" };
	static const char *const ops[] = { "=", "startswith", "endswith", "contains", "!=" };

	switch (random_below(14)) {
	case 0: buf_adds(b, "evt.is_open_read = true"); break;
	case 1: buf_adds(b, "evt.is_open_write = true"); break;
	case 2: buf_addf(b, "fd.num %s %d", random_below(2) ? ">=" : "=", (int)random_below(5) - 1); break;
	case 3: buf_addf(b, "evt.rawres %s %d", random_below(2) ? ">=" : "<", (int)random_below(4) - 2); break;
	case 4: buf_addf(b, "evt.arg.flags contains %s", random_below(2) ? "O_TRUNC" : "O_CREAT"); break;
	case 5: buf_addf(b, "fd.typechar = '%c'", random_below(3) ? 'f' : 'd'); break;
	case 6: buf_addf(b, "%s in (%s, %s)", PICK(fields), PICK(names), PICK(names)); break;
	case 7: buf_addf(b, "fd.filename %s %s", random_below(3) ? "=" : PICK(ops), PICK(files)); break;
	case 8: buf_addf(b, "fd.name glob '%s*%s'", PICK(names), PICK(files)); break;
	case 9: buf_addf(b, "fd.name pmatch (%s, %s)", PICK(names), PICK(names)); break;
	case 10: buf_addf(b, "evt.res %s", random_below(2) ? "= SUCCESS" : "startswith E"); break;
	case 11: buf_addf(b, "fd.nameraw contains ../"); break;
	case 12: buf_addf(b, "proc.name = %s", random_below(2) ? "p" : "q"); break;
	default: buf_addf(b, "%s %s %s", PICK(fields), PICK(ops), PICK(names)); break;
	}
}

static void add_condition(struct buf *b, u32 depth)
{
	u32 n = 2 + random_below(3);
	const char *op = random_below(4) ? " and " : " or ";

	if (!random_below(9))
		buf_adds(b, "not ");
	if (!depth || !random_below(4)) {
		buf_adds(b, "(");
		add_check(b);
		buf_adds(b, ")");
		return;
	}
	buf_adds(b, "(");
	for (u32 i = 0; i < n; i++) {
		buf_adds(b, i ? op : "");
		add_condition(b, depth - 1);
	}
	buf_adds(b, ")");
}

static void add_rules(struct buf *b)
{
	u32 n = 1 + random_below(3);

	for (u32 i = 0; i < n; i++) {
		buf_addf(b, "- rule: r%u\n  desc: d\n  priority: INFO\n  output: o\n"
			    "  condition: evt.type in (open, openat, openat2, creat) and (", i);
		add_condition(b, 2);
		buf_adds(b, ")\n");
	}
}

/* ---- mistakes ------------------------------------------------------------------------------------ */

enum mistake { NO_MISTAKE, WRONG_RESULT, WRONG_ACCESS, WRONG_FLAG, LOST_PATH, LOST_CLAUSE, MISTAKES };

static void make_mistake(struct kfilter *f, enum mistake m)
{
	for (u32 i = 0; i < KF_SETS; i++) {
		struct kf_clause *c = &f->sets[i].clauses[0];

		if (m == WRONG_RESULT)
			c->ret_min = c->ret_min < 4 ? 4 : c->ret_min;
		else if (m == WRONG_ACCESS)
			c->access &= KF_READ;
		else if (m == WRONG_FLAG)
			c->need |= O_APPEND;
		else if (m == LOST_CLAUSE)
			f->sets[i].all &= (u16)~1u;
	}
	for (u32 i = 0; m == LOST_PATH && i < KF_PATHS; i++)
		if (random_below(2))
			f->paths[i].clauses = 0;
}

/* ---- the comparison -------------------------------------------------------------------------------- */

struct tally {
	u32 calls, matched, dropped;
	u32 wrong[MISTAKES];	/* dropped though a rule matched */
};

static void compare(const char *text, struct tally *t)
{
	static struct pushdown down;
	static struct kfilter bad[MISTAKES];
	static struct fed f;
	const struct pushdown_options opt = { .pass = { 0 } };
	struct rules_options ropt = test_options();
	struct rules *r = rules_new(&ropt);
	struct proc *p = some_system(&f);
	struct rule *const *matched;
	struct buf out = { 0 };
	struct diag d = { 0 };
	struct ruleset *set;
	struct field_ctx x;
	struct call c;

	if (load(r, text, &out) || rules_compile(r, &set, &d))
		fail_msg("%s %s", buf_str(&out), d.msg ? d.msg : "");
	field_ctx_init(&x, p);
	pushdown_build(set, &opt, &down);
	for (u32 m = 0; m < MISTAKES; m++) {
		bad[m] = down.filter;
		make_mistake(&bad[m], m);
	}
	f.live = true;
	for (u32 i = 0; i < 60; i++) {
		struct event *ev;
		u32 n;

		random_call(&c);
		ev = feed_call(p, &f, &c);
		field_ctx_event(&x, ev);
		n = ruleset_match(set, &x, false, &matched);
		t->calls++;
		t->matched += n > 0;
		t->dropped += !passes(&bad[NO_MISTAKE], &c);
		for (u32 m = 0; m < MISTAKES; m++)
			t->wrong[m] += n && !passes(&bad[m], &c);
		if (n && !passes(&bad[NO_MISTAKE], &c))
			fail_msg("dropped, but rule %s matches: %u %s flags %o result %lld\n%s", matched[0]->name, c.code,
				 c.path, c.flags, (long long)c.ret, text);
		proc_done(p, ev);
	}
	field_ctx_fini(&x);
	ruleset_free(set);
	rules_free(r);
	proc_free(p);
	buf_fini(&out);
	diag_fini(&d);
}

static void test_random(void **state)
{
	struct tally t = { 0 };

	(void)state;
	for (u32 i = 0; i < 600; i++) {
		struct buf text = { 0 };

		add_rules(&text);
		compare(buf_str(&text), &t);
		buf_fini(&text);
	}
	print_message("%u calls, %u match, %u discarded\n", t.calls, t.matched, t.dropped);
	assert_int_equal(t.wrong[NO_MISTAKE], 0);
	/* it is of use, and the test would see a mistake */
	assert_true(t.matched > t.calls / 20);
	assert_true(t.dropped > t.calls / 20);
	for (u32 m = NO_MISTAKE + 1; m < MISTAKES; m++)
		assert_true(t.wrong[m] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
