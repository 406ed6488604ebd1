/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <sys/syscall.h>

#include "event/event.h"
#include "event/table.h"

#define FALCO_EVENTS 454

static void test_events(void **state)
{
	(void)state;
	u32 unused = 0, old = 0;	/* of Falco's; ours come after them */

	for (u32 i = 0; i < EV_MAX; i++) {
		const struct event_desc *d = event_desc(i);

		assert_non_null(d);
		assert_non_null(d->name);
		assert_non_null(d->id);
		/* what the number says is what the name says */
		if (strcmp(d->id + strlen(d->id) - 2, event_is_enter(i) ? "_E" : "_X"))
			fail_msg("%s has number %u: those of _E are even, of _X odd", d->id, i);
		unused += i < FALCO_EVENTS && d->flags & EF_UNUSED;
		old += i < FALCO_EVENTS && d->flags & EF_OLD;
		for (u32 k = 0; k < d->nparams + d->nextra; k++) {
			assert_non_null(d->params[k].name);
			assert_string_not_equal(param_type_name(d->params[k].type), "NONE");
		}
	}
	assert_int_equal(unused, 35);
	assert_int_equal(old, 223);
	assert_null(event_desc(EV_MAX));
}

static void test_one_event(void **state)
{
	(void)state;
	const struct event_desc *d = event_desc(EV_SYSCALL_OPENAT_2_X);

	assert_string_equal(d->name, "openat");
	assert_string_equal(d->id, "SYSCALL_OPENAT_2_X");
	assert_int_equal(d->nparams, 7);
	assert_int_equal(d->category, EC_FILE | EC_SYSCALL);
	assert_string_equal(d->params[2].name, "name");
	assert_int_equal(d->params[2].type, PT_FSRELPATH);
	assert_int_equal(d->params[2].aux, AUX_dirfd_1);
	assert_int_equal(d->params[3].aux, AUX_file_flags);
	assert_int_equal(d->params[4].fmt, PF_OCT);
	assert_int_equal(event_param_index(d, "flags", 5), 3);
	assert_int_equal(event_param_index(d, "flag", 4), -1);
}

static void test_flags(void **state)
{
	(void)state;
	const struct flag_table *t = event_flags(AUX_file_flags);

	assert_string_equal(t->name, "file_flags");
	assert_string_equal(flag_name(t, 4096), "O_CLOEXEC");
	assert_null(flag_name(t, 5));
	assert_null(event_flags(AUX_none));
	assert_null(event_flags(AUX_dirfd_2));
	assert_null(event_flags(AUX_keyctl_dynamic_param));
	assert_null(event_flags((enum param_aux)1000));
	assert_int_equal(event_flags(AUX_socket_families)->n, 40);
}

static void test_syscalls(void **state)
{
	(void)state;

	assert_int_equal(syscall_code_by_nr(SYS_openat), SC_openat);
	assert_int_equal(syscall_nr_by_code(SC_openat), SYS_openat);
	assert_int_equal(syscall_code_by_nr(100000), SC_unknown);
	assert_int_equal(syscall_nr_by_code(SC_s390_sthyi), -1);
	assert_int_equal(syscall_nr_by_code(SC_unknown), -1);
	assert_int_equal(syscall_nr_by_code(SC_MAX), -1);
	assert_int_equal(syscall_code_by_name("execve", 6), SC_execve);
	assert_int_equal(syscall_code_by_name("execv", 5), -1);
	assert_null(syscall_desc(SC_unknown));
	assert_null(syscall_desc(SC_MAX));
	assert_string_equal(syscall_desc(SC_openat)->name, "openat");
	assert_int_equal(syscall_desc(SC_openat)->event, EV_SYSCALL_OPENAT_2_X);
}

static void test_names(void **state)
{
	(void)state;

	assert_string_equal(errno_name(2), "ENOENT");
	assert_string_equal(errno_name(11), "EAGAIN");
	assert_string_equal(errno_name(514), "ERESTARTNOHAND");
	assert_null(errno_name(0));
	assert_null(errno_name(-2));
	assert_null(errno_name(100000));
	assert_string_equal(signal_name(9), "SIGKILL");
	assert_string_equal(signal_name(29), "SIGIO");
	assert_null(signal_name(0));
	assert_null(signal_name(32));
	assert_string_equal(param_type_name(PT_CHARBUF), "CHARBUF");
	assert_string_equal(param_type_name(PT_PID32), "PID32");
	assert_string_equal(param_type_name(PT_FDINFO), "FDINFO");
	assert_string_equal(param_type_name(1000), "NONE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_one_event),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_syscalls),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
