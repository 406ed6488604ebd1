/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: what the program says about itself, to stderr and syslog.  Only app/ logs.
 * Lines may come from any thread; set up before threads start.
 */
#ifndef SAKER_APP_LOG_H
#define SAKER_APP_LOG_H

#include "base/types.h"
#include "output/alert.h"

struct log_options {
	bool to_stderr, to_syslog, iso_8601;
	enum priority level;
};

void log_setup(const struct log_options *opt);
bool log_wanted(enum priority prio);
void log_msg(enum priority prio, const char *fmt, ...) PRINTF(2, 3);

#define log_error(...) log_msg(PRIO_ERROR, __VA_ARGS__)
#define log_warning(...) log_msg(PRIO_WARNING, __VA_ARGS__)
#define log_notice(...) log_msg(PRIO_NOTICE, __VA_ARGS__)
#define log_info(...) log_msg(PRIO_INFORMATIONAL, __VA_ARGS__)
#define log_debug(...) log_msg(PRIO_DEBUG, __VA_ARGS__)

#endif
