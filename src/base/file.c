/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opened without blocking, a pipe is asked for its first bytes, then made to block again. */
static int wait_for_writer(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int flags = fcntl(fd, F_GETFL), n = poll(&p, 1, FILE_PIPE_WAIT_MS);

	if (n <= 0)
		return n ? -errno : -ENODATA;
	return fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) ? -errno : 0;
}

static int check_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return S_ISFIFO(st.st_mode) ? wait_for_writer(fd) : 0;
}

/* Only pipes are opened without blocking: terminals and the like would stay so. */
static int open_flags(const char *path)
{
	struct stat st;
	bool pipe = !stat(path, &st) && S_ISFIFO(st.st_mode);

	return O_RDONLY | O_CLOEXEC | O_NOCTTY | (pipe ? O_NONBLOCK : 0);
}

int file_open(const char *path, int *ret_fd)
{
	int fd = open(path, open_flags(path)), err;

	if (fd < 0)
		return -errno;
	err = check_kind(fd);
	if (err)
		close(fd);
	else
		*ret_fd = fd;
	return err;
}

int file_create(const char *path, int how, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | how, mode), err;

	if (fd < 0)
		return -errno;
	if (how & O_NONBLOCK || !fcntl(fd, F_SETFL, how & O_APPEND))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

const char *file_error(int err)
{
	switch (err) {
	case -ENXIO:
		return "nobody reads this pipe";
	case -ENODATA:
		return "it is a pipe into which nothing was written for 10 seconds";
	case -EFBIG:
		return "it is too large (more than 256 MiB)";
	default:
		return strerror(-err);
	}
}
