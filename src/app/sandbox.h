/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seccomp filter: the system calls that saker makes once it runs, a row each.
 *
 * What is not listed fails with EPERM and is counted and told in the log: a library may have
 * begun to use another call, and a sensor that dies of that helps nobody.  Calls that only
 * somebody else's code would make (another program started, a process traced, the kernel's
 * code changed) end the process.
 */
#ifndef SAKER_APP_SANDBOX_H
#define SAKER_APP_SANDBOX_H

#include "base/buf.h"
#include "base/types.h"

struct sandbox_options {
	const char *driver;	/* whose further calls are let through; NULL: none */
	bool grows;		/* its ring buffers grow: another thread than the calling one makes maps */
	bool http;		/* a thread sends to an HTTP server */
};

/*
 * For all threads, and for those made later.  The calling thread, and those that it makes later, are
 * limited further: they open nothing for writing.  Needs no_new_privs or CAP_SYS_ADMIN.  0 or a
 * negative errno.
 */
int sandbox_enter(const struct sandbox_options *opt);

/* Calls refused so far. */
u64 sandbox_refused(void);
/* "socket, 467 (AF_PACKET)": what was refused since the last call; false: nothing. */
bool sandbox_report(struct buf *b);

/* Built with sanitizers, whose run time makes calls of its own: only calls that kill are refused. */
bool sandbox_is_partial(void);

#endif
