/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP sink beside another one: each gets its alerts at its own pace.  tests/cli/http_output.py has the protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include "output/outputs.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

static char path[] = "/tmp/saker-http-XXXXXX";
static char last_error[400], blocked_name[32];
static bool blocked_all;
static u32 nblocked, nnoted;

/* Answers so many requests, and then no more; a body ends with '!'. */
struct server {
	int fd;
	u32 answers, got;
	char url[64];
	pthread_t thread;
};

static void *serve(void *arg)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	struct server *s = arg;
	char text[4096];
	int conn;
	ssize_t n;

	while ((conn = accept(s->fd, NULL, NULL)) >= 0) {
		while ((n = read(conn, text, sizeof(text))) > 0) {
			if (text[n - 1] != '!')
				continue;
			__atomic_add_fetch(&s->got, 1, __ATOMIC_RELAXED);
			if (s->answers && s->answers--)
				assert_int_equal(write(conn, answer, sizeof(answer) - 1), sizeof(answer) - 1);
		}
		close(conn);
	}
	return NULL;
}

static void server_start(struct server *s, u32 answers)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	*s = (struct server){ .fd = socket(AF_INET, SOCK_STREAM, 0), .answers = answers };
	assert_int_equal(bind(s->fd, (void *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->fd, 8), 0);
	assert_int_equal(getsockname(s->fd, (void *)&a, &len), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/", ntohs(a.sin_port));
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

static void failed(const char *sink, const char *why, u64 more)
{
	(void)sink;
	(void)more;
	snprintf(last_error, sizeof(last_error), "%s", why);
}

static void noted(const char *sink, const char *what)
{
	(void)sink;
	(void)what;
	nnoted++;
}

static void blocked(const char *sink, bool all)
{
	snprintf(blocked_name, sizeof(blocked_name), "%s", sink);
	blocked_all = all;
	nblocked++;
}

static struct http_files files;

static struct output_options options(const struct server *s, u64 timeout_ms)
{
	return (struct output_options){
		.file = { true, true, path },
		.http = { .enabled = true, .files = &files, .max_timeouts = 2,
			  .post = { .url = s->url, .user_agent = "test", .type = "text/plain", .timeout_ms = timeout_ms } },
		.timeout_ms = timeout_ms, .failed = failed, .noted = noted, .blocked = blocked,
	};
}

static struct outputs *start(const struct output_options *opt)
{
	struct diag d = { 0 };
	struct outputs *o;

	assert_int_equal(truncate(path, 0), 0);
	nblocked = nnoted = 0;
	if (outputs_start(opt, &o, &d))
		fail_msg("%s", d.msg);
	return o;
}

static u32 lines_in_file(void)
{
	FILE *f = fopen(path, "r");
	u32 n = 0;

	for (int c; (c = getc(f)) != EOF;)
		n += c == '\n';
	fclose(f);
	return n;
}

static bool wait_lines(u32 n)
{
	for (int i = 0; i < 500 && lines_in_file() != n; i++)
		usleep(10000);
	return lines_in_file() == n;
}

static void both_get_all(void **state)
{
	struct server s;
	struct output_options opt;
	struct outputs *o;
	u64 lost = 1;

	(void)state;
	server_start(&s, 100);
	opt = options(&s, 5000);
	o = start(&opt);
	for (int i = 0; i < 100; i++)
		assert_true(outputs_push(o, PRIO_NOTICE, "x!", 2));
	assert_int_equal(outputs_stop(o, 0, &lost), 0);
	server_stop(&s);
	assert_int_equal(lost, 0);
	assert_int_equal(s.got, 100);
	assert_int_equal(lines_in_file(), 100);
	assert_int_equal(nblocked, 0);
}

/* The file does not wait for the server; the watchdog tells once; a full queue is that of the server. */
static void one_hangs(void **state)
{
	struct server s;
	struct output_options opt;
	struct table_stats stats;
	struct outputs *o;
	u64 lost = 0;

	(void)state;
	server_start(&s, 0);
	opt = options(&s, 300);
	opt.http.max_timeouts = 200;
	opt.capacity = 3;
	o = start(&opt);
	for (u32 i = 0; i < 3; i++) {
		assert_true(outputs_push(o, PRIO_NOTICE, "x!", 2));
		assert_true(wait_lines(i + 1));
	}
	assert_false(outputs_push(o, PRIO_NOTICE, "x!", 2));
	assert_true(wait_lines(4));
	assert_int_equal(outputs_dropped(o), 1);
	outputs_stats(o, &stats);
	assert_int_equal(stats.entries, 3);
	for (int i = 0; i < 100; i++) {
		outputs_check(o);
		usleep(10000);
	}
	assert_int_equal(nblocked, 1);
	assert_string_equal(blocked_name, "http");
	assert_false(blocked_all);
	/* at the end nobody waits for it, whatever the number of tries */
	assert_int_equal(outputs_stop(o, 0, &lost), 0);
	assert_int_equal(lost, 3);
	assert_int_equal(nnoted, 1);
	assert_non_null(strstr(last_error, "libcurl failed to perform call: "));
	server_stop(&s);
}

/* A replay waits for a server that is slow, not for one that hangs. */
static void replay_goes_on(void **state)
{
	struct server s;
	struct output_options opt;
	struct outputs *o;
	u32 refused = 0;
	u64 lost = 0, begin = clock_ms(CLOCK_MONOTONIC);

	(void)state;
	server_start(&s, 10);
	opt = options(&s, 200);
	opt.capacity = 1;
	opt.wait = true;
	o = start(&opt);
	for (u32 i = 0; i < 10; i++)
		assert_true(outputs_push(o, PRIO_NOTICE, "x!", 2));
	for (u32 i = 0; i < 100; i++)
		refused += !outputs_push(o, PRIO_NOTICE, "x!", 2);
	assert_true(refused >= 90);
	assert_int_equal(outputs_stop(o, 0, &lost), 0);
	server_stop(&s);
	assert_int_equal(lost + refused, 100);
	assert_int_equal(lines_in_file(), 110);
	/* what was sent: the ten, three tries of the next, one of the others that found room */
	assert_in_range(s.got, 13, 13 + 100 - refused);
	assert_true(clock_ms(CLOCK_MONOTONIC) - begin < 10000);
}

static void refused_at_start(void **state)
{
	struct server s = { .url = "https://localhost/" };
	struct output_options opt = options(&s, 200);
	struct outputs *o = NULL;
	struct diag d = { 0 };

	(void)state;
	opt.http.post.ca_path = "/no/such";
	assert_int_not_equal(outputs_start(&opt, &o, &d), 0);
	assert_non_null(strstr(d.msg, "Failed to init output: http: http_output.ca_path '/no/such'"));
	diag_fini(&d);
	opt.http.post.ca_file = "/no/such";
	assert_int_not_equal(http_files_read(&opt.http.post, &files, &d), 0);
	assert_non_null(strstr(d.msg, "'/no/such': No such file or directory"));
	diag_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_get_all),
		cmocka_unit_test(one_hangs),
		cmocka_unit_test(replay_goes_on),
		cmocka_unit_test(refused_at_start),
	};
	int err;

	signal(SIGPIPE, SIG_IGN);
	if (mkstemp(path) < 0)
		return 1;
	err = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return err;
}
