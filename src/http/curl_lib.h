/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl, loaded when something is to be sent: most of the time nothing is. */
#ifndef SAKER_HTTP_CURL_LIB_H
#define SAKER_HTTP_CURL_LIB_H

#define CURL_DISABLE_TYPECHECK	/* it would look for the functions by name */
#include <curl/curl.h>

#include "base/diag.h"

#define CURL_FUNCTIONS(X)							\
	X(curl_global_init) X(curl_easy_init) X(curl_easy_cleanup)		\
	X(curl_easy_setopt) X(curl_easy_getinfo) X(curl_easy_perform)		\
	X(curl_easy_strerror) X(curl_slist_append) X(curl_slist_free_all)

struct curl_lib {
#define MEMBER(name_) typeof(&name_) name_;
	CURL_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* Before there are other threads that use it.  Stays loaded.  -ENOPKG with d: it is not installed. */
int curl_lib_load(struct curl_lib *ret, struct diag *d);

#endif
