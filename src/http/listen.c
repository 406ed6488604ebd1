/* SPDX-License-Identifier: Apache-2.0 */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 32

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool parse_address(const char *text, u16 port, union address *ret, socklen_t *ret_len)
{
	*ret = (union address){ 0 };
	if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(port);
		*ret_len = sizeof(ret->v4);
		return true;
	}
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons(port);
	*ret_len = sizeof(ret->v6);
	return inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1;
}

static int tcp_error(const char *address, u16 port, int err, struct diag *d)
{
	switch (err) {
	case EADDRINUSE:
		diag_set(d, "webserver: port %u of %s is in use by another program: choose another "
			 "webserver.listen_port", port, address);
		break;
	case EADDRNOTAVAIL:
		diag_set(d, "webserver: %s is not an address of this machine: correct webserver.listen_address", address);
		break;
	case EACCES:
		diag_set(d, "webserver: port %u needs CAP_NET_BIND_SERVICE: choose a webserver.listen_port from 1024 on",
			 port);
		break;
	default:
		diag_set(d, "webserver: cannot listen on %s, port %u: %s", address, port, strerror(err));
	}
	return -err;
}

int http_listen_tcp(const char *address, u16 port, int *ret_fd, u16 *ret_port, struct diag *d)
{
	union address a;
	socklen_t len;
	int fd, one = 1, err;

	if (!parse_address(address, port, &a, &len))
		return tcp_error(address, port, EADDRNOTAVAIL, d);
	fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return tcp_error(address, port, errno, d);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &a.any, len) || listen(fd, BACKLOG) || getsockname(fd, &a.any, &len)) {
		err = errno;
		close(fd);
		return tcp_error(address, port, err, d);
	}
	*ret_port = ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
	*ret_fd = fd;
	return 0;
}

/* Is it a socket to which nobody listens? */
static bool is_left_over(const struct sockaddr_un *a)
{
	struct stat st;
	int fd, err;

	if (lstat(a->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	err = connect(fd, (const void *)a, sizeof(*a)) ? errno : 0;
	close(fd);
	return err == ECONNREFUSED;
}

static void make_folder(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	memcpy(folder, path, strlen(path) + 1);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return;
	*slash = '\0';
	mkdir(folder, 0755);
}

int http_listen_unix(const char *path, int *ret_fd, struct diag *d)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(a.sun_path) || path[0] != '/') {
		diag_set(d, "%s: the path of a socket is absolute and shorter than %zu bytes", path, sizeof(a.sun_path));
		return -EINVAL;
	}
	memcpy(a.sun_path, path, strlen(path) + 1);
	make_folder(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	fchmod(fd, 0600);	/* before it has a name */
	err = bind(fd, (void *)&a, sizeof(a)) ? errno : 0;
	if (err == EADDRINUSE && is_left_over(&a)) {
		unlink(path);
		err = bind(fd, (void *)&a, sizeof(a)) ? errno : 0;
	}
	if (!err && listen(fd, BACKLOG))
		err = errno;
	if (err) {
		close(fd);
		diag_set(d, "%s: %s", path, err == EADDRINUSE ? "another sensor listens there" : strerror(err));
		return -err;
	}
	*ret_fd = fd;
	return 0;
}
