/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread is ours: it gives up its rights, starts libmicrohttpd, whose threads inherit that, and then
 * ends requests that take too long.  libmicrohttpd itself only limits the time between two bytes, so a client
 * could hold a connection for hours.
 */
#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/lib.h"

#define SWEEP_MS 1000

/* A connection that is open; its place is free when fd is -1. */
struct slot {
	int fd;
	u64 deadline_s;		/* by then its request must be answered, or the next one begun */
};

struct http_server {
	struct http_options opt;	/* pem: owned */
	struct http_lib lib;
	struct MHD_Daemon *daemon;
	pthread_t thread;
	int wake[2];		/* closed: the end; its other end tells the thread */
	/* the start, for http_start() */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool started;
	int err;
	struct diag diag;
	char library_said[200];
	struct slot slots[HTTP_CONNECTIONS_MAX];	/* under lock, */
	struct http_counts counts;	/* too */
};

/* ---- requests -------------------------------------------------------------------------------- */

static struct slot *slot_of(struct http_server *s, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = s->lib.MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void set_deadline(struct http_server *s, struct MHD_Connection *c, u64 deadline_s)
{
	struct slot *slot = slot_of(s, c);

	pthread_mutex_lock(&s->lock);
	if (slot)
		slot->deadline_s = deadline_s;
	pthread_mutex_unlock(&s->lock);
}

static enum MHD_Result send_answer(struct http_server *s, struct MHD_Connection *c, struct http_answer *a)
{
	struct MHD_Response *r;
	enum MHD_Result ret;

	/* takes the memory over */
	r = s->lib.MHD_create_response_from_buffer(a->body.len, a->body.p, MHD_RESPMEM_MUST_FREE);
	if (!r) {
		buf_fini(&a->body);
		return MHD_NO;
	}
	s->lib.MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
	s->lib.MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		s->lib.MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	ret = s->lib.MHD_queue_response(c, a->status, r);
	s->lib.MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *path, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **state)
{
	static int head_seen;
	struct http_server *s = ctx;
	struct http_answer a = { .status = MHD_HTTP_NOT_FOUND, .type = "text/plain" };
	bool known = !strcmp(method, "GET") || !strcmp(method, "HEAD");

	(void)version;
	(void)upload;
	if (known && !*state) {		/* the headers are there; the answer follows the whole request */
		*state = &head_seen;
		return MHD_YES;
	}
	if (known && *upload_size)
		return MHD_NO;		/* a body has no meaning: the connection is closed */
	if (!known)
		a.status = MHD_HTTP_METHOD_NOT_ALLOWED;
	else
		s->opt.handle(s->opt.ctx, path, &a);
	if (!a.body.len && a.status >= 400)
		buf_adds(&a.body, a.status == MHD_HTTP_NOT_FOUND ? "there is nothing here\n" : "only GET and HEAD\n");
	return send_answer(s, c, &a);
}

static void on_completed(void *ctx, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode how)
{
	struct http_server *s = ctx;

	(void)state;
	pthread_mutex_lock(&s->lock);
	if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK)
		s->counts.requests++;
	else if (how != MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN)
		s->counts.bad++;
	pthread_mutex_unlock(&s->lock);
	set_deadline(ctx, c, clock_s(CLOCK_MONOTONIC) + HTTP_IDLE_S + HTTP_REQUEST_S);
}

/* The first line of a request has been read. */
static void *on_begin(void *ctx, const char *uri, struct MHD_Connection *c)
{
	(void)uri;
	set_deadline(ctx, c, clock_s(CLOCK_MONOTONIC) + HTTP_REQUEST_S);
	return NULL;
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **socket_context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http_server *s = ctx;
	const union MHD_ConnectionInfo *info;
	struct slot *slot = *socket_context;

	pthread_mutex_lock(&s->lock);
	if (what == MHD_CONNECTION_NOTIFY_CLOSED && slot) {
		slot->fd = -1;
	} else if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		info = s->lib.MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
		for (slot = s->slots; slot < s->slots + HTTP_CONNECTIONS_MAX && slot->fd >= 0; slot++)
			;
		if (info && slot < s->slots + HTTP_CONNECTIONS_MAX) {
			*slot = (struct slot){ .fd = info->connect_fd, .deadline_s = clock_s(CLOCK_MONOTONIC) + HTTP_REQUEST_S };
			*socket_context = slot;
		}
	}
	pthread_mutex_unlock(&s->lock);
}

/* The library closes what we shut down. */
static void sweep(struct http_server *s)
{
	u64 now = clock_s(CLOCK_MONOTONIC);

	pthread_mutex_lock(&s->lock);
	for (u32 i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		struct slot *slot = &s->slots[i];

		if (slot->fd < 0 || slot->deadline_s >= now)
			continue;
		shutdown(slot->fd, SHUT_RDWR);
		slot->deadline_s = UINT64_MAX;
		s->counts.ended++;
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- start and end ------------------------------------------------------------------------------ */

static PRINTF(2, 0) void on_log(void *ctx, const char *fmt, va_list ap)
{
	struct http_server *s = ctx;

	vsnprintf(s->library_said, sizeof(s->library_said), fmt, ap);
	s->library_said[strcspn(s->library_said, "\n")] = '\0';
}

static int check_pem(struct http_server *s)
{
	gnutls_datum_t pem = { (void *)s->opt.pem, (unsigned int)strlen(s->opt.pem) };
	gnutls_certificate_credentials_t cred;
	int err;

	if (s->lib.gnutls_certificate_allocate_credentials(&cred))
		return -ENOMEM;
	err = s->lib.gnutls_certificate_set_x509_key_mem(cred, &pem, &pem, GNUTLS_X509_FMT_PEM);
	s->lib.gnutls_certificate_free_credentials(cred);
	if (err < 0)
		diag_set(&s->diag, "it does not hold a certificate and its key in PEM: %s", s->lib.gnutls_strerror(err));
	return err < 0 ? -EINVAL : 0;
}

static int start_library(struct http_server *s)
{
	u32 flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem more[] = {
		{ s->opt.threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, s->opt.threads, NULL },
		{ s->opt.pem ? MHD_OPTION_HTTPS_MEM_KEY : MHD_OPTION_END, 0, (void *)s->opt.pem },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)s->opt.pem },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem *first = s->opt.threads > 1 ? more : more + 1;
	int err = http_lib_load(&s->lib, &s->diag);

	if (!err && s->opt.pem) {
		flags |= MHD_USE_TLS;
		err = check_pem(s);
	}
	if (err)
		return err;
	s->daemon = s->lib.MHD_start_daemon(flags, 0, NULL, NULL, on_request, s,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, s,
		MHD_OPTION_LISTEN_SOCKET, s->opt.fd,
		MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, HTTP_PER_ADDRESS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_REQUEST_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_S,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
		MHD_OPTION_URI_LOG_CALLBACK, on_begin, s,
		MHD_OPTION_ARRAY, first,
		MHD_OPTION_END);
	if (s->daemon)
		return 0;
	diag_set(&s->diag, "the library does not start: %s", s->library_said[0] ? s->library_said : strerror(errno));
	return -EIO;
}

/* False: the end.  fd -1: waits for the time only. */
static bool wait_for(const struct http_server *s, int fd, int timeout_ms)
{
	struct pollfd p[] = { { .fd = s->wake[0], .events = POLLIN }, { .fd = fd, .events = POLLIN } };

	while (poll(p, 2, timeout_ms) < 0 && errno == EINTR)
		;
	return !p[0].revents;
}

static void tell_start(struct http_server *s, int err)
{
	pthread_mutex_lock(&s->lock);
	s->started = true;
	s->err = err;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void *server_main(void *arg)
{
	struct http_server *s = arg;
	int err;

	prctl(PR_SET_NAME, "saker-http");
	if (s->opt.lower_thread)
		s->opt.lower_thread();
	if (s->opt.lazy) {
		tell_start(s, 0);
		if (!wait_for(s, s->opt.fd, -1))
			return NULL;
	}
	err = start_library(s);
	if (!s->opt.lazy) {
		tell_start(s, err);
	} else if (err) {
		s->opt.failed(s->opt.ctx, s->diag.msg ? s->diag.msg : strerror(-err));
		shutdown(s->opt.fd, SHUT_RDWR);		/* nobody shall wait there */
	}
	while (!err && wait_for(s, -1, SWEEP_MS))
		sweep(s);
	if (s->daemon)
		s->lib.MHD_stop_daemon(s->daemon);	/* closes the listening socket too */
	return NULL;
}

static void server_free(struct http_server *s)
{
	if (!s->daemon)
		close(s->opt.fd);
	for (int i = 0; i < 2; i++)
		if (s->wake[i] >= 0)
			close(s->wake[i]);
	if (s->opt.pem)
		explicit_bzero((char *)s->opt.pem, strlen(s->opt.pem));
	free((char *)s->opt.pem);
	diag_fini(&s->diag);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s);
}

/* Signals are the event loop's, but for the one that the seccomp filter sends. */
static int start_thread(struct http_server *s)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&s->thread, NULL, server_main, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

int http_start(const struct http_options *opt, struct http_server **ret, struct diag *d)
{
	struct http_server *s = xcalloc(1, sizeof(*s));
	int err;

	s->opt = *opt;
	s->opt.pem = opt->pem ? xstrdup(opt->pem) : NULL;
	s->wake[0] = s->wake[1] = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	for (u32 i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		s->slots[i].fd = -1;
	err = pipe2(s->wake, O_CLOEXEC) ? -errno : start_thread(s);
	if (err) {
		diag_set(d, "%s", strerror(-err));
		server_free(s);
		return err;
	}
	pthread_mutex_lock(&s->lock);
	while (!s->started)
		pthread_cond_wait(&s->changed, &s->lock);
	err = s->err;
	pthread_mutex_unlock(&s->lock);
	if (!err) {
		*ret = s;
		return 0;
	}
	pthread_join(s->thread, NULL);
	diag_set(d, "%s", s->diag.msg ? s->diag.msg : strerror(-err));
	server_free(s);
	return err;
}

void http_get_counts(struct http_server *s, struct http_counts *ret)
{
	*ret = (struct http_counts){ 0 };
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	*ret = s->counts;
	pthread_mutex_unlock(&s->lock);
}

void http_stop(struct http_server *s)
{
	if (!s)
		return;
	close(s->wake[1]);
	s->wake[1] = -1;
	pthread_join(s->thread, NULL);
	server_free(s);
}
