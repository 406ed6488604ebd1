/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving up privileges.  docs/privileges.md says what goes when.
 *
 * Before the outputs start: privileges_hold() keeps back what will be given up, so that an
 * output that could not be opened later fails now.  When the driver is attached, the processes
 * are known and the outputs are there: privileges_finish(), for good.
 */
#ifndef SAKER_APP_PRIVILEGES_H
#define SAKER_APP_PRIVILEGES_H

#include "app/sandbox.h"
#include "base/diag.h"
#include "base/types.h"

/*
 * Does its work as an ordinary user from here on, with the capabilities that it has.  NULL or
 * "": the user stays.  Before there are other threads.  -EINVAL or -EPERM with a message.
 */
int privileges_become(const char *user, struct diag *d);

/*
 * output_keeps: capabilities (CAP_BIT) that the output thread shall keep.  False: it cannot
 * have them.
 */
bool privileges_hold(u64 output_keeps);
void privileges_release(void);

/* For struct output_options: of the thread, and of the process, that calls it. */
void privileges_lower_thread(void);
void privileges_lower_child(void);

void privileges_lower_network(void);	/* of sinks on the network */

/* For struct http_options: of the thread that calls it, all. */
void privileges_lower_server(void);

/*
 * Warns of what is missing for the look-ups to come.  When wanted: gives up all that the driver
 * (engine.kind) does not need any more, sets no_new_privs and the seccomp filter, and logs
 * what remains.  opt->driver: NULL for a source that is not the live kernel.
 */
void privileges_finish(const struct sandbox_options *opt, bool wanted);

#endif
