/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd and libgnutls, loaded when a server starts: most of the time there is none, and the
 * libraries that these need are larger than saker.
 */
#ifndef SAKER_HTTP_LIB_H
#define SAKER_HTTP_LIB_H

#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include "base/diag.h"

#define MHD_FUNCTIONS(X)								\
	X(MHD_start_daemon) X(MHD_stop_daemon) X(MHD_create_response_from_buffer)	\
	X(MHD_destroy_response) X(MHD_add_response_header) X(MHD_queue_response)	\
	X(MHD_get_connection_info)
#define TLS_FUNCTIONS(X)								\
	X(gnutls_certificate_allocate_credentials) X(gnutls_certificate_free_credentials)	\
	X(gnutls_certificate_set_x509_key_mem) X(gnutls_strerror)

struct http_lib {
#define MEMBER(name_) typeof(&name_) name_;
	MHD_FUNCTIONS(MEMBER)
	TLS_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* Stays loaded.  -ENOPKG with d: it is not installed. */
int http_lib_load(struct http_lib *ret, struct diag *d);

#endif
