/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

/* HTTP/1.x NNN ...: headers up to an empty line.  The body ends with the connection. */
int http_parse_answer(const char *text, size_t len, u32 *ret_status, size_t *ret_head)
{
	const char *end = memmem(text, len, "\r\n\r\n", 4);
	u32 status = 0;

	if (!end || len < 12 || memcmp(text, "HTTP/1.", 7) || text[8] != ' ')
		return -EPROTO;
	for (u32 i = 9; i < 12; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EPROTO;
		status = status * 10 + (u32)(text[i] - '0');
	}
	*ret_status = status;
	*ret_head = (size_t)(end - text) + 4;
	return 0;
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (void *)&a, sizeof(a)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* 0: there is something to read, or the end. */
static int wait_until(int fd, u64 end)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	u64 now = clock_ms(CLOCK_MONOTONIC);
	int n;

	if (now >= end)
		return -ETIMEDOUT;
	n = poll(&p, 1, (int)(end - now));
	return n > 0 ? 0 : n < 0 ? -errno : -ETIMEDOUT;
}

static int read_all(int fd, u64 end, struct buf *all)
{
	char piece[16384];
	ssize_t n;
	int err;

	for (;;) {
		err = wait_until(fd, end);
		if (err)
			return err;
		n = read(fd, piece, sizeof(piece));
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (all->len + (size_t)n > HTTP_ANSWER_MAX)
			return -EFBIG;
		buf_add(all, piece, (size_t)n);
	}
}

int http_get_unix(const char *socket_path, const char *path, u32 timeout_ms, u32 *ret_status, struct buf *body)
{
	u64 end = clock_ms(CLOCK_MONOTONIC) + timeout_ms;
	struct buf request = { 0 }, all = { 0 };
	size_t head = 0;
	int fd = connect_to(socket_path), err;

	if (fd < 0)
		return fd;
	buf_addf(&request, "GET %s HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	err = send(fd, request.p, request.len, MSG_NOSIGNAL) == (ssize_t)request.len ? 0 : -EPIPE;
	if (!err)
		err = read_all(fd, end, &all);
	if (!err)
		err = http_parse_answer(buf_str(&all), all.len, ret_status, &head);
	if (!err)
		buf_add(body, all.p + head, all.len - head);
	close(fd);
	buf_fini(&request);
	buf_fini(&all);
	return err;
}
