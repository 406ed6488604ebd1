/* SPDX-License-Identifier: Apache-2.0 */
/* The queue and the sinks: what is written arrives, in order; what is not is counted. */
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
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/saker-outputs-XXXXXX";
static char last_error[400];

static void failed(const char *sink, const char *why, u64 more)
{
	(void)sink;
	(void)more;
	snprintf(last_error, sizeof(last_error), "%s", why);
}

static const char *in_dir(const char *name)
{
	static char path[4][256];
	static int n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", dir, name);
	return path[n];
}

static char *contents(const char *path)
{
	static char text[1 << 20];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = '\0';
	return text;
}

static struct outputs *start(const struct output_options *opt)
{
	struct diag d = { 0 };
	struct outputs *o;

	if (outputs_start(opt, &o, &d))
		fail_msg("%s", d.msg);
	return o;
}

static void push(struct outputs *o, const char *line)
{
	assert_true(outputs_push(o, PRIO_NOTICE, line, strlen(line)));
}

static void file_in_order(void **state)
{
	struct output_options opt = { .file = { true, false, in_dir("order") }, .failed = failed, .wait = true };
	struct outputs *o = start(&opt);
	char line[32], *text;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line), "%d", i);
		push(o, line);
	}
	assert_int_equal(outputs_stop(o, 0, NULL), 0);
	text = contents(opt.file.filename);
	for (int i = 0; i < 20000; i++) {
		assert_int_equal(strtol(text, &text, 10), i);
		assert_int_equal(*text++, '\n');
	}
}

static void file_reopened(void **state)
{
	char *name = strdup(in_dir("log")), *old_name = strdup(in_dir("log.1"));
	struct output_options opt = { .file = { true, true, name }, .failed = failed };
	struct outputs *o = start(&opt);

	(void)state;
	push(o, "one");
	while (strcmp(contents(name), "one\n"))
		usleep(1000);
	assert_int_equal(rename(name, old_name), 0);
	push(o, "two");
	while (strcmp(contents(old_name), "one\ntwo\n"))
		usleep(1000);
	outputs_reopen(o);
	while (access(opt.file.filename, F_OK)) {
		push(o, "three");
		usleep(1000);
	}
	assert_int_equal(outputs_stop(o, 0, NULL), 0);
	assert_int_equal(strncmp(contents(name), "three\n", 6), 0);
	free(name);
	free(old_name);
}

static void file_refused(void **state)
{
	struct output_options opt = { .file = { true, false, in_dir("no/such") } };
	struct diag d = { 0 };
	struct outputs *o = NULL;
	char want[512];

	(void)state;
	assert_int_equal(outputs_start(&opt, &o, &d), -ENOENT);
	snprintf(want, sizeof(want), "Failed to init output: file: %s: No such file or directory", opt.file.filename);
	assert_string_equal(d.msg, want);
	diag_fini(&d);
}

static void full_device(void **state)
{
	struct output_options opt = { .file = { true, false, "/dev/full" }, .failed = failed };
	struct outputs *o = start(&opt);
	u64 lost = 0;

	(void)state;
	last_error[0] = 0;
	for (int i = 0; i < 3; i++)
		push(o, "x");
	outputs_stop(o, 0, &lost);
	assert_string_equal(last_error, "/dev/full: No space left on device");
	assert_int_equal(lost, 3);
}

static void program(void **state)
{
	const char *out = in_dir("program");
	char command[512];
	struct output_options opt = { .program = { true, false, command }, .failed = failed };
	struct outputs *o;

	(void)state;
	for (int keep = 0; keep < 2; keep++) {
		/* one "run" for each start of it */
		snprintf(command, sizeof(command), "(echo run; cat) >>%s", out);
		unlink(out);
		opt.program.keep_alive = keep;
		o = start(&opt);
		push(o, "a");
		push(o, "b");
		assert_int_equal(outputs_stop(o, 0, NULL), 0);
		assert_string_equal(contents(out), keep ? "run\na\nb\n" : "run\na\nrun\nb\n");
	}
}

/* A reader that does not read: the queue fills, drops are counted, the end does not hang. */
static void full_queue(void **state)
{
	const char *fifo = in_dir("fifo");
	static struct output_options opt;	/* outlives the thread that is left behind */
	char *line = calloc(1, 200000);
	struct outputs *o;
	u32 refused = 0;
	int fd;

	(void)state;
	opt = (struct output_options){ .file = { true, true, strdup(fifo) }, .capacity = 10, .failed = failed };
	memset(line, 'x', 199999);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	fd = open(fifo, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	o = start(&opt);
	for (int i = 0; i < 15; i++)
		refused += !outputs_push(o, PRIO_DEBUG, line, 199999);
	assert_true(refused >= 5);
	assert_int_equal(outputs_dropped(o), refused);
	assert_true(outputs_stop(o, 50, NULL) >= 1);
	close(fd);
	free(line);
}

/* The queue and what is on its way out stay within their memory; afterwards it is given back. */
static void queue_memory(void **state)
{
	enum { MAX = 4 << 20 };
	const char *fifo = in_dir("fifo2");
	static struct output_options opt;
	char *line = calloc(1, 3000);
	struct table_stats s = { 0 };
	struct outputs *o;
	u64 pushed = 0;
	int fd;

	(void)state;
	opt = (struct output_options){ .file = { true, true, strdup(fifo) }, .max_bytes = MAX, .failed = failed };
	memset(line, 'x', 2999);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	fd = open(fifo, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	o = start(&opt);
	for (int i = 0; i < 5000; i++) {
		pushed += outputs_push(o, PRIO_DEBUG, line, 2999);
		outputs_stats(o, &s);
		assert_true(s.bytes <= MAX);
	}
	assert_int_equal(s.max_bytes, MAX);
	assert_int_equal(s.refused, 5000 - pushed);
	assert_true(s.bytes > MAX / 2 - 8192);
	assert_true(s.entries > MAX / 2 / 3100);
	/* the reader reads again */
	fcntl(fd, F_SETFL, 0);
	for (u64 got = 0; got < pushed * 3000;)
		got += (u64)read(fd, line, 3000);
	for (int i = 0; i < 4; i++) {
		push(o, "few");
		read(fd, line, 4);
		usleep(20000);
	}
	outputs_stats(o, &s);
	assert_int_equal(s.entries, 0);
	assert_true(s.bytes <= 2 << 20);
	assert_int_equal(outputs_stop(o, 0, NULL), 0);
	close(fd);
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_in_order),
		cmocka_unit_test(file_reopened),
		cmocka_unit_test(file_refused),
		cmocka_unit_test(full_device),
		cmocka_unit_test(program),
		cmocka_unit_test(full_queue),
		cmocka_unit_test(queue_memory),
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
