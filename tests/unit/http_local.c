/* SPDX-License-Identifier: Apache-2.0 */
/* The server and the client over a socket of the own machine; sockets that cannot be had. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/client.h"
#include "http/listen.h"
#include "http/server.h"

static char dir[] = "/tmp/saker-http.XXXXXX", path[64];

static void handle(void *ctx, const char *asked, struct http_answer *ret)
{
	(void)ctx;
	if (strcmp(asked, "/x"))
		return;
	ret->status = 200;
	buf_adds(&ret->body, "answer");
}

static void round_trip(bool lazy)
{
	struct http_options opt = { .handle = handle, .lazy = lazy };
	struct http_server *s;
	struct diag d = { 0 };
	struct buf body = { 0 };
	struct stat st;
	u32 status;

	assert_int_equal(http_listen_unix(path, &opt.fd, &d), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	if (http_start(&opt, &s, &d))
		fail_msg("%s", d.msg);
	for (u32 i = 0; i < 3; i++) {
		buf_clear(&body);
		assert_int_equal(http_get_unix(path, "/x?y=z", 5000, &status, &body), 0);
		assert_int_equal(status, 200);
		assert_string_equal(buf_str(&body), "answer");
	}
	buf_clear(&body);
	assert_int_equal(http_get_unix(path, "/nothing", 5000, &status, &body), 0);
	assert_int_equal(status, 404);
	http_stop(s);
	assert_int_equal(http_get_unix(path, "/x", 5000, &status, &body), -ECONNREFUSED);
	buf_fini(&body);
	diag_fini(&d);
}

static void both_kinds(void **state)
{
	(void)state;
	round_trip(false);
	round_trip(true);	/* what the first one left is replaced */
}

static void unused(void **state)
{
	struct http_options opt = { .handle = handle, .lazy = true };
	struct http_server *s;
	struct diag d = { 0 };

	(void)state;
	assert_int_equal(http_listen_unix(path, &opt.fd, &d), 0);
	assert_int_equal(http_start(&opt, &s, &d), 0);
	http_stop(s);
	http_stop(NULL);
}

static void says(struct diag *d, const char *part)
{
	if (!d->msg || !strstr(d->msg, part))
		fail_msg("no '%s' in '%s'", part, d->msg);
	diag_clear(d);
}

static void sockets(void **state)
{
	struct diag d = { 0 };
	int fd, second;
	char text[64];
	u16 port, again;
	FILE *f;

	(void)state;
	assert_int_equal(http_listen_tcp("127.0.0.1", 0, &fd, &port, &d), 0);
	assert_int_equal(http_listen_tcp("127.0.0.1", port, &second, &again, &d), -EADDRINUSE);
	says(&d, "is in use by another program");
	assert_int_equal(http_listen_tcp("192.0.2.1", 0, &second, &again, &d), -EADDRNOTAVAIL);
	says(&d, "is not an address of this machine");
	assert_int_equal(http_listen_tcp("name", 0, &second, &again, &d), -EADDRNOTAVAIL);
	diag_clear(&d);
	close(fd);
	assert_int_equal(http_listen_unix(path, &fd, &d), 0);
	assert_int_equal(http_listen_unix(path, &second, &d), -EADDRINUSE);
	says(&d, "another sensor listens there");
	close(fd);
	/* a file that is no socket is nobody's to remove */
	snprintf(text, sizeof(text), "%s/file", dir);
	f = fopen(text, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(http_listen_unix(text, &fd, &d), -EADDRINUSE);
	assert_int_equal(access(text, F_OK), 0);
	unlink(text);
	diag_clear(&d);
	assert_int_equal(http_listen_unix("relative", &fd, &d), -EINVAL);
	says(&d, "absolute");
	diag_fini(&d);
}

static void certificate(void **state)
{
	struct http_options opt = { .handle = handle, .pem = "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n" };
	struct http_server *s;
	struct diag d = { 0 };
	u16 port;

	(void)state;
	assert_int_equal(http_listen_tcp("127.0.0.1", 0, &opt.fd, &port, &d), 0);
	assert_int_equal(http_start(&opt, &s, &d), -EINVAL);
	says(&d, "it does not hold a certificate and its key in PEM");
	diag_fini(&d);
}

static void answers(void **state)
{
	static const char *const bad[] = { "", "HTTP/1.1 200", "HTTP/1.1 20x OK\r\n\r\n", "HTTX/1.1 200 OK\r\n\r\n",
					   "HTTP/1.1-200 OK\r\n\r\n", "\r\n\r\nHTTP/1.1 200 OK" };
	u32 status;
	size_t head;

	(void)state;
	assert_int_equal(http_parse_answer("HTTP/1.1 503 No\r\nA: b\r\n\r\nx", 26, &status, &head), 0);
	assert_int_equal(status, 503);
	assert_int_equal(head, 25);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(http_parse_answer(bad[i], strlen(bad[i]), &status, &head), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_kinds),
		cmocka_unit_test(unused),
		cmocka_unit_test(sockets),
		cmocka_unit_test(certificate),
		cmocka_unit_test(answers),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/sub/s.sock", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	snprintf(path, sizeof(path), "%s/sub", dir);
	rmdir(path);
	rmdir(dir);
	return failed;
}
