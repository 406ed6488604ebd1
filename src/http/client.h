/* SPDX-License-Identifier: Apache-2.0 */
/* One GET over a socket of the own machine. */
#ifndef SAKER_HTTP_CLIENT_H
#define SAKER_HTTP_CLIENT_H

#include "base/buf.h"
#include "base/types.h"

#define HTTP_ANSWER_MAX (64u << 20)

/*
 * The answer's body is added to body.  0 and *ret_status, or a negative errno: -ENOENT, -ECONNREFUSED (nobody
 * listens), -EACCES, -ETIMEDOUT, -EPROTO (it is no answer), -EFBIG.
 */
int http_get_unix(const char *socket_path, const char *path, u32 timeout_ms, u32 *ret_status, struct buf *body);

/* The head of an answer: its status and length; -EPROTO.  For http_get_unix() and tests. */
int http_parse_answer(const char *text, size_t len, u32 *ret_status, size_t *ret_head);

#endif
