/* SPDX-License-Identifier: Apache-2.0 */
#include "app/log.h"

#include <stdarg.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

/* Until the configuration is known, only errors are worth a line, and stderr is there. */
static struct log_options options = { .to_stderr = true, .level = PRIO_ERROR };

void log_setup(const struct log_options *opt)
{
	options = *opt;
}

bool log_wanted(enum priority prio)
{
	return prio <= options.level && (options.to_stderr || options.to_syslog);
}

static void add_time(struct buf *b)
{
	time_t now = time(NULL);
	char text[64];
	struct tm tm;
	size_t n;

	localtime_r(&now, &tm);
	if (options.iso_8601)
		n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z: ", &tm);
	else
		n = strftime(text, sizeof(text), "%a %b %d %H:%M:%S %Y: ", &tm);
	buf_add(b, text, n);
}

/* One write for a line, so that lines of threads do not mix. */
static void write_stderr(const struct buf *msg)
{
	struct buf line = { 0 };
	ssize_t n;

	add_time(&line);
	buf_add(&line, msg->p, msg->len);
	buf_addc(&line, '\n');
	n = write(STDERR_FILENO, line.p, line.len);
	(void)n;	/* where could it be told? */
	buf_fini(&line);
}

void log_msg(enum priority prio, const char *fmt, ...)
{
	struct buf msg = { 0 };
	va_list ap;

	if (!log_wanted(prio))
		return;
	va_start(ap, fmt);
	buf_addv(&msg, fmt, ap);
	va_end(ap);
	while (msg.len && msg.p[msg.len - 1] == '\n')
		msg.p[--msg.len] = '\0';
	if (options.to_stderr)
		write_stderr(&msg);
	if (options.to_syslog)
		syslog((int)prio, "%s", buf_str(&msg));
	buf_fini(&msg);
}
