/* SPDX-License-Identifier: Apache-2.0 */
/* The priorities of alerts have the numbers of syslog's. */
#include "output/sink.h"

#include <syslog.h>

_Static_assert(PRIO_EMERGENCY == LOG_EMERG && PRIO_DEBUG == LOG_DEBUG, "numbers of syslog");

static bool syslog_enabled(const struct output_options *opt)
{
	return opt->syslog_enabled;
}

static int syslog_write(struct sink *s, enum priority prio, const char *line, size_t len)
{
	(void)s;
	syslog((int)prio, "%.*s", (int)len, line);
	return 0;
}

const struct sink_ops sink_syslog = {
	.name = "syslog",
	.enabled = syslog_enabled,
	.write = syslog_write,
};
