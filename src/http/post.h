/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts sent to one HTTP or HTTPS server, a POST each, over a connection that is kept as long
 * as the server keeps it.  On libcurl.
 *
 * One thread at a time.  Redirections are not followed: the certificate was checked for one name.
 */
#ifndef SAKER_HTTP_POST_H
#define SAKER_HTTP_POST_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/types.h"

struct http_post_options {	/* strings are borrowed for the life of the post */
	const char *url, *user_agent;
	const char *type;		/* Content-Type */
	bool insecure;			/* any certificate will do */
	bool compress;			/* gzip, unless the server refuses it */
	bool keep_alive;		/* TCP probes of an idle connection */
	const char *ca_file;		/* authorities; NULL or "": those of ca_path */
	const char *ca_path;
	const char *client_cert, *client_key;	/* NULL: none is shown */
	u64 timeout_ms;			/* of one send; 0: none */
	/* What the server answered, cut at HTTP_POST_ANSWER_MAX; NULL: nobody wants to know. */
	void (*answer)(const char *body, size_t len);
};

#define HTTP_POST_ANSWER_MAX (64u << 10)

/* What the files named in the options hold. */
struct http_files {
	struct buf ca, cert, key;
};

/*
 * Reads them, if they will be used: for a thread that is not allowed to.  0, or a negative errno with
 * d, which names the option.
 */
int http_files_read(const struct http_post_options *opt, struct http_files *ret, struct diag *d);
/* Wipes the key.  May be called again. */
void http_files_fini(struct http_files *f);

struct http_post;

/* files: moved on success.  -ENOPKG, -EINVAL with d: there is no libcurl, no folder ca_path, ... */
int http_post_new(const struct http_post_options *opt, struct http_files *files,
		  struct http_post **ret, struct diag *d);
void http_post_free(struct http_post *p);

/*
 * 0: the server took it (2xx).  -ETIMEDOUT: it did not answer in time, and may have got it; other
 * errors: it has not.  http_post_why() says more.
 */
int http_post_send(struct http_post *p, const char *body, size_t len);
/* Of the send that failed last: without user name or password.  Borrowed until the next. */
const char *http_post_why(const struct http_post *p);
/* Does the server not take compressed bodies?  Told once. */
bool http_post_was_refused_gzip(struct http_post *p);

/*
 * Closes the connection and reads the files again: certificates may be new ones.  What cannot be read
 * stays as it was; then a negative errno with d.
 */
int http_post_renew(struct http_post *p, struct diag *d);

#endif
