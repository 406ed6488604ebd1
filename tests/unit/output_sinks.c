/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks that nobody listens at, that go away, and that say that they failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include "output/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[] = "/tmp/saker-sinks-XXXXXX";
static char last_error[400], last_note[400];

static void failed(const char *sink, const char *why, u64 more)
{
	(void)sink;
	(void)more;
	snprintf(last_error, sizeof(last_error), "%s", why);
}

static void noted(const char *sink, const char *what)
{
	(void)sink;
	snprintf(last_note, sizeof(last_note), "%s", what);
}

/* The path of a file that is not there yet; the caller's to free. */
static char *fresh(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
	return strdup(path);
}

static struct outputs *start(const struct output_options *opt)
{
	struct diag d = { 0 };
	struct outputs *o;

	last_error[0] = last_note[0] = '\0';
	if (outputs_start(opt, &o, &d))
		fail_msg("%s", d.msg);
	return o;
}

static void push(struct outputs *o, enum priority prio, const char *line)
{
	assert_true(outputs_push(o, prio, line, strlen(line)));
}

static void wait_until_failed(struct outputs *o, u64 n)
{
	for (int i = 0; i < 5000 && outputs_failed(o) < n; i++)
		usleep(1000);
	assert_int_equal(outputs_failed(o), n);
}

static u64 lost_at_the_end(struct outputs *o)
{
	u64 lost = 0;

	assert_int_equal(outputs_stop(o, 0, &lost), 0);
	return lost;
}

static int listen_at(const char *path)
{
	struct timeval soon = { .tv_sec = 20 };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(a.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
	return fd;
}

/* "<PRI>Mmm dd hh:mm:ss saker: TEXT" */
static void expect_message(int fd, int pri, const char *text)
{
	char got[512] = "", head[8], tail[128];
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);
	int len = snprintf(head, sizeof(head), "<%d>", pri), day, h, m, s, end = 0;
	char month[4];

	assert_true(n > 0);
	snprintf(tail, sizeof(tail), "saker: %s", text);
	assert_int_equal(strncmp(got, head, (size_t)len), 0);
	assert_int_equal(sscanf(got + len, "%3[A-Za-z] %d %d:%d:%d %n", month, &day, &h, &m, &s, &end), 5);
	assert_int_equal(end, 16);
	assert_string_equal(got + len + end, tail);
}

static void syslog_messages(void **state)
{
	char *path = fresh("log");
	struct output_options opt = { .syslog_enabled = true, .syslog_path = path, .failed = failed };
	int fd = listen_at(path);
	struct outputs *o = start(&opt);

	(void)state;
	push(o, PRIO_WARNING, "a shell");
	push(o, PRIO_EMERGENCY, "100%s");
	expect_message(fd, 8 + 4, "a shell");	/* user-level messages: 1 << 3 */
	expect_message(fd, 8 + 0, "100%s");
	/* the logger is started again */
	close(fd);
	unlink(path);
	fd = listen_at(path);
	push(o, PRIO_DEBUG, "after");
	expect_message(fd, 8 + 7, "after");
	assert_int_equal(lost_at_the_end(o), 0);
	close(fd);
	free(path);
}

static void syslog_without_a_logger(void **state)
{
	char *path = fresh("nolog"), want[400];
	struct output_options opt = { .syslog_enabled = true, .syslog_path = path, .failed = failed };
	struct outputs *o = start(&opt);
	int fd;

	(void)state;
	push(o, PRIO_INFORMATIONAL, "lost");
	wait_until_failed(o, 1);
	snprintf(want, sizeof(want), "%s: No such file or directory", path);
	assert_string_equal(last_error, want);
	fd = listen_at(path);
	push(o, PRIO_INFORMATIONAL, "not lost");
	expect_message(fd, 8 + 6, "not lost");
	close(fd);
	push(o, PRIO_INFORMATIONAL, "lost");
	wait_until_failed(o, 2);
	assert_int_equal(lost_at_the_end(o), 2);
	free(path);
}

static void pipe_without_a_reader(void **state)
{
	char *path = fresh("pipe"), want[400], got[8];
	struct output_options opt = { .file = { true, true, path }, .failed = failed, .noted = noted };
	struct outputs *o;
	int fd;

	(void)state;
	snprintf(want, sizeof(want), "%s: nobody reads this pipe", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	o = start(&opt);
	assert_string_equal(last_note, want);
	push(o, PRIO_INFORMATIONAL, "lost");
	wait_until_failed(o, 1);
	assert_string_equal(last_error, want);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	push(o, PRIO_INFORMATIONAL, "here");
	for (int i = 0; i < 5000 && read(fd, got, sizeof(got)) < 5; i++)
		usleep(1000);
	assert_memory_equal(got, "here\n", 5);
	close(fd);
	assert_int_equal(lost_at_the_end(o), 1);
	free(path);
}

static void programs_that_fail(void **state)
{
	static const struct {
		const char *command, *why;
	} all[] = {
		{ "cat >/dev/null; exit 3", "the program ended with status 3" },
		{ "cat >/dev/null; kill -9 $$", "the program was ended by signal 9" },
		{ "cat >/dev/null; /no/such/program 2>/dev/null", "the program ended with status 127" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		struct output_options opt = { .program = { true, false, all[i].command }, .failed = failed };
		struct outputs *o = start(&opt);

		push(o, PRIO_INFORMATIONAL, "x");
		wait_until_failed(o, 1);
		assert_string_equal(last_error, all[i].why);
		push(o, PRIO_INFORMATIONAL, "y");
		assert_int_equal(lost_at_the_end(o), 2);
	}
}

/* One that has gone is started again for the next alert. */
static void program_that_goes(void **state)
{
	char *path = fresh("lines"), command[400], got[64] = "";
	struct output_options opt = { .program = { true, true, command }, .failed = failed };
	struct outputs *o;
	FILE *f;

	(void)state;
	snprintf(command, sizeof(command), "read line; echo \"$line\" >>%s", path);
	o = start(&opt);
	for (int i = 0; i < 5000 && outputs_failed(o) < 1; i++) {
		push(o, PRIO_INFORMATIONAL, "x");
		usleep(1000);
	}
	assert_int_equal(outputs_failed(o), 1);
	push(o, PRIO_INFORMATIONAL, "last");
	lost_at_the_end(o);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(got, 1, sizeof(got) - 1, f) > 0);
	fclose(f);
	assert_non_null(strstr(got, "x\nlast\n"));
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syslog_messages),
		cmocka_unit_test(syslog_without_a_logger),
		cmocka_unit_test(pipe_without_a_reader),
		cmocka_unit_test(programs_that_fail),
		cmocka_unit_test(program_that_goes),
	};
	char command[64];
	int err;

	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(dir))
		return 1;
	err = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) ? 1 : err;
}
