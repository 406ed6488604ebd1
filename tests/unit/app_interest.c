/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the choice of system calls cannot be seen from the command line (for the rest:
 * tests/cli/syscalls.py): calls that plugins ask for, and the classes of calls, which are derived
 * from the event table and are held against lists here.
 */
#include "rules_help.h"

#include "app/interest.h"

static void choose(const char *rules, struct config *c, const struct sysset *plugins,
		   struct interest_choice *ret)
{
	struct rules_options opt = test_options();
	struct rules *r = rules_new(&opt);
	struct ruleset *set;
	struct diag d = { 0 };

	assert_int_equal(load(r, rules, NULL), 0);
	assert_int_equal(rules_compile(r, &set, &d), 0);
	interest_choose(c, set, plugins, ret);
	ruleset_free(set);
	rules_free(r);
}

static u32 count(const struct sysset *s)
{
	u32 n = 0;

	for (u32 code = 0; code < SC_MAX; code++)
		n += sysset_has(s, code);
	return n;
}

static void plugins_ask(void **state)
{
	struct config none = { 0 }, repair = { .repair_syscalls = true };
	struct sysset plugins = { 0 };
	struct interest_choice ch;
	struct interest in;

	(void)state;
	sysset_add(&plugins, SC_madvise);
	sysset_add(&plugins, SC_read);
	choose(RULE("a", "evt.type=open"), &none, &plugins, &ch);
	interest_of(&ch, &in);
	assert_true(interest_has(&in, SC_madvise));
	assert_true(interest_has(&in, SC_open));
	assert_false(interest_has(&in, SC_read));	/* frequent: not even for a plugin */
	assert_true(sysset_has(&ch.ignored, SC_read));
	interest_choice_fini(&ch);

	/* repair looks at what rules ask for, not plugins */
	choose(RULE("a", "evt.type=execve"), &repair, &plugins, &ch);
	assert_int_equal(count(&ch.captured), 22 + 1);
	assert_false(sysset_has(&ch.captured, SC_close));
	interest_choice_fini(&ch);
}

static void floods(void **state)
{
	struct config any = { 0 }, ptrace = { .engine_kind = "ptrace" };
	struct interest_choice ch;

	(void)state;
	choose(RULE("a", "evt.type=switch"), &any, NULL, &ch);
	assert_true(sysset_has(&ch.captured, SC_sched_switch));
	assert_false(sysset_has(&ch.undelivered, SC_sched_switch));
	interest_choice_fini(&ch);

	choose(RULE("a", "evt.type=switch"), &ptrace, NULL, &ch);
	assert_true(sysset_has(&ch.undelivered, SC_sched_switch));
	interest_choice_fini(&ch);

	/* not named */
	choose(RULE("a", "evt.type!=open"), &any, NULL, &ch);
	assert_true(sysset_has(&ch.ignored, SC_sched_switch));
	assert_true(sysset_has(&ch.captured, SC_signal_deliver));
	interest_choice_fini(&ch);
}

static void check(bool (*is)(u32 code), const u16 *codes, u32 n)
{
	for (u32 code = 1; code < SC_MAX; code++) {
		bool listed = false;

		for (u32 i = 0; i < n; i++)
			listed |= codes[i] == code;
		if (is(code) != listed)
			fail_msg("%s", interest_event_name(code));
	}
}

static void frequent(void **state)
{
	static const u16 codes[] = {
		SC_pread64, SC_preadv, SC_pwrite64, SC_pwritev, SC_read, SC_readv, SC_recv, SC_send,
		SC_sendfile, SC_sendfile64, SC_write, SC_writev,
	};

	(void)state;
	check(interest_is_heavy, codes, ARRAY_SIZE(codes));
}

static bool has_words(u32 code)
{
	return interest_process_words(code);
}

static void of_processes(void **state)
{
	static const u16 codes[] = {
		SC_clone, SC_clone3, SC_fork, SC_vfork, SC_execve, SC_execveat,
		SC_sched_process_exit, SC_chdir, SC_fchdir, SC_chroot, SC_capset, SC_unshare,
		SC_setns, SC_prctl, SC_setsid, SC_setpgid, SC_setuid, SC_setuid32, SC_setreuid,
		SC_setresuid, SC_setresuid32, SC_setgid, SC_setgid32, SC_setregid, SC_setresgid,
		SC_setresgid32,
	};

	(void)state;
	check(has_words, codes, ARRAY_SIZE(codes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plugins_ask), cmocka_unit_test(floods), cmocka_unit_test(frequent),
		cmocka_unit_test(of_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
