/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts as datagrams to the system's log, in the form that syslog(3) sends (RFC 3164 without a host
 * name).  Not by syslog(3) itself: that does not tell when a message is lost.
 */
#include "output/sink.h"

#include <errno.h>
#include <paths.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

_Static_assert(PRIO_EMERGENCY == LOG_EMERG && PRIO_DEBUG == LOG_DEBUG, "numbers of syslog");

static bool syslog_enabled(const struct output_options *opt)
{
	return opt->syslog_enabled;
}

static const char *path(const struct sink *s)
{
	return s->opt->syslog_path ? s->opt->syslog_path : _PATH_LOG;
}

static int told(struct sink *s, int err)
{
	char why[sizeof(s->why)];

	if (err) {
		snprintf(why, sizeof(why), "%.200s: %s", path(s), strerror(-err));
		sink_why(s, why);
	}
	return err;
}

static void hang_up(struct sink *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static int dial(struct sink *s)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int err;

	if (s->fd >= 0)
		return 0;
	if (strlen(path(s)) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	strcpy(a.sun_path, path(s));
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd >= 0 && !connect(s->fd, (struct sockaddr *)&a, sizeof(a)))
		return 0;
	err = -errno;
	hang_up(s);
	return err;
}

static int send_all(struct sink *s, const char *head, int head_len, const char *line, size_t len)
{
	struct iovec iov[] = { { (void *)head, (size_t)head_len }, { (void *)line, len } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	do
		n = sendmsg(s->fd, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The logger may have been started again since the last alert: then its socket is another one. */
static int syslog_write(struct sink *s, enum priority prio, const char *line, size_t len)
{
	time_t now = time(NULL);
	char stamp[32] = "", head[96];
	bool fresh = s->fd < 0;
	struct tm tm;
	int err, n;

	if (localtime_r(&now, &tm))
		strftime(stamp, sizeof(stamp), "%h %e %T", &tm);
	n = snprintf(head, sizeof(head), "<%d>%s saker: ", LOG_USER | (int)prio, stamp);
	err = dial(s);
	if (!err)
		err = send_all(s, head, n, line, len);
	if (err && !fresh && err != -EMSGSIZE) {
		hang_up(s);
		err = dial(s);
		if (!err)
			err = send_all(s, head, n, line, len);
	}
	if (err && err != -EMSGSIZE)
		hang_up(s);
	return told(s, err);
}

static int syslog_open(struct sink *s)
{
	s->fd = -1;
	return 0;	/* in a container nobody may listen: told with the first alert */
}

static int syslog_close(struct sink *s)
{
	hang_up(s);
	return 0;
}

const struct sink_ops sink_syslog = {
	.name = "syslog",
	.enabled = syslog_enabled,
	.open = syslog_open,
	.write = syslog_write,
	.reopen = hang_up,
	.close = syslog_close,
};
