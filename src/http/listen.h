/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets to listen on. */
#ifndef SAKER_HTTP_LISTEN_H
#define SAKER_HTTP_LISTEN_H

#include "base/diag.h"
#include "base/types.h"

/*
 * address: IPv4 or IPv6 in numbers; port 0: any.  *ret_port is the one taken.  0 or a negative errno, with
 * d: the address is not of this machine, the port is in use or needs a right.
 */
int http_listen_tcp(const char *address, u16 port, int *ret_fd, u16 *ret_port, struct diag *d);

/*
 * For the own user only.  A socket that a dead process left is replaced; -EADDRINUSE: another process
 * listens there.  The folder is made when it is missing.
 */
int http_listen_unix(const char *path, int *ret_fd, struct diag *d);

#endif
