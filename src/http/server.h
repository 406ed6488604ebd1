/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small web server: GET and HEAD of a few paths, on libmicrohttpd.  It has threads of its own, and
 * a limit for everything that a client can ask of it.
 */
#ifndef SAKER_HTTP_SERVER_H
#define SAKER_HTTP_SERVER_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/types.h"

#define HTTP_CONNECTIONS_MAX 64u
#define HTTP_PER_ADDRESS_MAX 16u
#define HTTP_REQUEST_BYTES (16u << 10)
#define HTTP_IDLE_S 30u			/* until the next request of a connection */
#define HTTP_REQUEST_S 15u		/* from its first byte to the end of the answer */

struct http_answer {
	u32 status;			/* 404 unless handle() sets it */
	const char *type;		/* Content-Type; constant */
	struct buf body;
};

struct http_options {
	int fd;				/* listens; taken over, also on failure */
	u32 threads;			/* 0: one */
	const char *pem;		/* certificate and key; NULL: no TLS */
	/*
	 * Libraries and threads come with the first connection only: for a server that is rarely
	 * used.  What goes wrong then is told by failed().
	 */
	bool lazy;
	void (*failed)(void *ctx, const char *why);
	/* Called by a thread of the server; several at a time.  path: without the query. */
	void (*handle)(void *ctx, const char *path, struct http_answer *ret);
	/* First thing in the thread from which all of the server's come; may be NULL. */
	void (*lower_thread)(void);
	void *ctx;
};

struct http_server;

struct http_counts {
	u64 requests;			/* that were answered */
	u64 ended;			/* connections ended because a request took too long */
	u64 bad;			/* requests that the library refused: too long, no HTTP, ... */
};

/* 0, or a negative errno with d: the library is missing, the certificate is none, ... */
int http_start(const struct http_options *opt, struct http_server **ret, struct diag *d);
/* Ends the threads: no handle() runs any more.  NULL is fine. */
void http_stop(struct http_server *s);
/* Any thread.  NULL: zeros. */
void http_get_counts(struct http_server *s, struct http_counts *ret);

#endif
