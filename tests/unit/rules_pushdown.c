/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel filter against the rules it was derived from: what it drops no rule may match.
 * Rules and calls are random; and filters with a mistake in them must be found out.
 */
#include "proc_events.h"
#include "rules_help.h"

#include <stdlib.h>

#include "filter_rules.h"
#include "rules/pushdown.h"

/* As the drivers do it. */
#include "drivers/extract/flags.h"

/* ---- calls ------------------------------------------------------------------------------------- */

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

	*c = (struct call){ .code = PICK(codes), .ret = PICK(results) };
	c->flags = random_below(4);
	for (u32 i = 0; i < ARRAY_SIZE(bits); i++)
		c->flags |= random_below(4) ? 0 : bits[i];
	if (c->code == SC_creat)
		c->flags = O_CREAT | O_TRUNC | O_WRONLY;
	random_path(c->path);
}

/* Those that are told apart by their arguments. */
static void random_number_call(struct call *c)
{
	static const u16 codes[] = { SC_ptrace, SC_kill, SC_chmod, SC_mprotect, SC_bpf, SC_umount2, SC_flock };
	static const u64 values[] = {
		0, 1, 2, 4, 5, 6, 7, 8, 9, 13, 11, 15, 16, 17, 0x4206, 04755, 02000, 0644, 0x3000000, 0xffffffff, 1000,
		0xffffffff00000009ull, 0x100000002ull, ~0ull,
	};

	*c = (struct call){ .code = PICK(codes), .ret = random_below(3) ? 0 : -1 };
	for (u32 i = 0; i < 6; i++)
		c->numbers.v[i][0] = c->numbers.v[i][1] = random_below(8) ? PICK(values) : random_below(64);
	c->numbers.known = 63;
}

static struct event *feed_number_call(struct proc *p, struct fed *f, const struct call *c)
{
	u64 a = c->numbers.v[0][0], b = c->numbers.v[1][0], third = c->numbers.v[2][0];

	switch (c->code) {
	case SC_ptrace:
		return feed(p, f, EV_SYSCALL_PTRACE_X, 1000, "d--hd", c->ret, value_ptrace_requests((u32)a, 0), (s64)(s32)b);
	case SC_kill:
		return feed(p, f, EV_SYSCALL_KILL_X, 1000, "ddb", c->ret, (s64)(s32)a, (u32)b);
	case SC_chmod:
		return feed(p, f, EV_SYSCALL_CHMOD_X, 1000, "dsu", c->ret, "/x", (u32)b & 07777);
	case SC_mprotect:
		return feed(p, f, EV_SYSCALL_MPROTECT_X, 1000, "dddu", c->ret, a, b, bits_prot_flags(third));
	case SC_bpf:
		return feed(p, f, EV_SYSCALL_BPF_2_X, 1000, "du", c->ret, (u32)a);
	case SC_umount2:
		return feed(p, f, EV_SYSCALL_UMOUNT2_X, 1000, "dsu", c->ret, "/x", bits_umount_flags(b));
	default:
		return feed(p, f, EV_SYSCALL_FLOCK_X, 1000, "ddu", c->ret, (s64)(s32)a, bits_flock_flags(b));
	}
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

/* ---- the comparison -------------------------------------------------------------------------------- */

static const char *const names[] = {
	"/etc/shadow", "/etc", "/etc/passwd", "/root/.ssh", "/usr/lib/", "/root/.bashrc", "/", "/proc/1/environ", "/var/log",
	"/etc/cron", "/home/me/.ssh/id_rsa", "/usr/bin/a-long-name-that-goes-on-and-on", "x", "/dev", "/etc/sudoers.d",
};
static const char *const files[] = { "shadow", "passwd", ".bashrc", "id_rsa", "x", "release_agent", "environ", "mem" };

static const struct rule_words words = { names, ARRAY_SIZE(names), files, ARRAY_SIZE(files) };

struct tally {
	u32 calls, matched, dropped;
	u32 wrong[MISTAKES];	/* dropped though a rule matched */
};

/* What is compared. */
struct kind {
	void (*rules)(struct buf *text, const struct rule_words *w);
	void (*call)(struct call *c);
	struct event *(*feed)(struct proc *p, struct fed *f, const struct call *c);
	u32 mistakes;		/* bits: those that must be seen */
};

static void compare(const struct kind *k, const char *text, struct tally *t)
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

		k->call(&c);
		ev = k->feed(p, &f, &c);
		n = ruleset_match(set, &x, ev, false, &matched);
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

static void run(const struct kind *k)
{
	struct tally t = { 0 };

	for (u32 i = 0; i < 600; i++) {
		struct buf text = { 0 };

		k->rules(&text, &words);
		compare(k, buf_str(&text), &t);
		buf_fini(&text);
	}
	print_message("%u calls, %u match, %u discarded; seen with mistakes:", t.calls, t.matched, t.dropped);
	for (u32 m = NO_MISTAKE + 1; m < MISTAKES; m++)
		print_message(" %u", t.wrong[m]);
	print_message("\n");
	assert_int_equal(t.wrong[NO_MISTAKE], 0);
	/* it is of use, and the test would see a mistake */
	assert_true(t.matched > t.calls / 20);
	assert_true(t.dropped > t.calls / 20);
	for (u32 m = NO_MISTAKE + 1; m < MISTAKES; m++)
		assert_true(t.wrong[m] > 0 || !(k->mistakes >> m & 1));
}

static void test_opens(void **state)
{
	const struct kind k = { add_rules, random_call, feed_call, 1 << WRONG_RESULT | 1 << WRONG_ACCESS | 1 << WRONG_FLAG |
				1 << LOST_PATH | 1 << LOST_CLAUSE };

	(void)state;
	run(&k);
}

static void test_numbers(void **state)
{
	const struct kind k = { add_number_rules, random_number_call, feed_number_call,
				1 << WRONG_RESULT | 1 << LOST_CLAUSE | 1 << WRONG_NUMBER | 1 << LOST_NUMBER };

	(void)state;
	run(&k);
}

/* Values that overlap, one of them twice: found by reading, and too rare for chance. */
static void test_repeated_numbers(void **state)
{
	static const char text[] =
		"- rule: a\n  desc: d\n  priority: INFO\n  output: o\n"
		"  condition: evt.type = kill and evt.arg.sig in (9, SIGKILL)\n"
		"- rule: b\n  desc: d\n  priority: INFO\n  output: o\n"
		"  condition: evt.type = kill and evt.arg.sig in (SIGKILL, SIGSEGV)\n";
	const struct kind k = { add_number_rules, random_number_call, feed_number_call, 0 };
	struct tally t = { 0 };

	(void)state;
	for (u32 i = 0; i < 60; i++)
		compare(&k, text, &t);
	assert_true(t.matched > 20);
	assert_true(t.dropped > t.calls / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_repeated_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
