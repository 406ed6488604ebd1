/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/types.h"
#include "output/spawner.h"

static char dir[] = "/tmp/saker-spawner.XXXXXX";

static const char *contents(const char *name)
{
	static char text[4096];
	char path[256];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* "BEFORE DIR/NAME" */
static const char *command(const char *before, const char *name)
{
	static char text[512];

	snprintf(text, sizeof(text), "%s%s/%s", before, dir, name);
	return text;
}

static void feed(struct spawner *s, const char *line)
{
	FILE *f = NULL;

	assert_int_equal(spawner_run(s, &f), 0);
	fputs(line, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(spawner_wait(s), 0);
}

static void runs_in_turn(void **state)
{
	struct spawner *s;

	(void)state;
	assert_int_equal(spawner_new(command("cat >>", "turn"), NULL, &s), 0);
	assert_int_equal(spawner_wait(s), 0);
	for (int i = 0; i < 20; i++)
		feed(s, "x\n");
	spawner_free(s);
	assert_int_equal(strlen(contents("turn")), 40);
	spawner_free(NULL);
}

static void prepare(void)
{
	setenv("PREPARED", "yes", 1);
}

static void is_prepared(void **state)
{
	struct spawner *s;

	(void)state;
	assert_int_equal(spawner_new(command("echo $PREPARED >", "prepared"), prepare, &s), 0);
	feed(s, "");
	spawner_free(s);
	assert_string_equal(contents("prepared"), "yes\n");
}

/* Of the sensor's descriptors and signals only the ordinary ones reach the program. */
static void inherits_little(void **state)
{
	int fd = open("/dev/null", O_RDONLY), high = fcntl(fd, F_DUPFD, 700);	/* no O_CLOEXEC */
	/*
	 * Signals 32 and 33 are the C library's own and signal() does not reset them.  What runs
	 * this test may ignore both (posix_spawn() of glibc leaves them so), one (after it had a
	 * thread) or none.
	 */
	const unsigned long long c_library = 3ULL << 31;
	unsigned long long blocked, ignored;
	struct spawner *s;
	sigset_t all, old;
	unsigned fds;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	assert_int_equal(spawner_new(command("(grep -E 'Sig(Blk|Ign)' /proc/self/status; "
					     "ls /proc/self/fd | wc -l) >", "little"), NULL, &s), 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	feed(s, "");
	spawner_free(s);
	close(fd);
	close(high);
	assert_int_equal(sscanf(contents("little"), "SigBlk: %llx SigIgn: %llx %u", &blocked, &ignored, &fds), 3);
	assert_int_equal(blocked, 0);
	assert_int_equal(ignored & ~c_library, 0);
	assert_int_equal(fds, 4);	/* 0, 1, 2, and the folder that ls reads */
}

/* A program that ends early, or is not there: the next one is started all the same. */
static void program_fails(void **state)
{
	struct spawner *s;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(spawner_new("exit 3", NULL, &s), 0);
	for (int i = 0; i < 3; i++) {
		FILE *f = NULL;

		assert_int_equal(spawner_run(s, &f), 0);
		assert_int_equal(spawner_wait(s), 3);
		fputs("x", f);
		assert_int_not_equal(fclose(f), 0);
	}
	spawner_free(s);
}

/* The owner's descriptors are all closed again. */
static void no_leak(void **state)
{
	int before = dup(0), after;
	struct spawner *s;

	(void)state;
	close(before);
	assert_int_equal(spawner_new("cat >/dev/null", NULL, &s), 0);
	for (int i = 0; i < 10; i++)
		feed(s, "x");
	spawner_free(s);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_in_turn),
		cmocka_unit_test(is_prepared),
		cmocka_unit_test(inherits_little),
		cmocka_unit_test(program_fails),
		cmocka_unit_test(no_leak),
	};
	char text[64];
	int err;

	if (!mkdtemp(dir))
		return 1;
	err = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(text, sizeof(text), "rm -r %s", dir);
	return system(text) ? 1 : err;
}
