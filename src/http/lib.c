/* SPDX-License-Identifier: Apache-2.0 */
#include "http/lib.h"

#include "http/load.h"

#define MHD_LIB "libmicrohttpd.so.12"
#define TLS_LIB "libgnutls.so.30"
#define NEED(lib) "the web server needs " lib ": install the packages libmicrohttpd12 and libgnutls30"

static const struct lib_function mhd[] = {
#define ROW(name_) { #name_, offsetof(struct http_lib, name_) },
	MHD_FUNCTIONS(ROW)
};

static const struct lib_function tls[] = {
	TLS_FUNCTIONS(ROW)
#undef ROW
};

int http_lib_load(struct http_lib *ret, struct diag *d)
{
	int err = lib_load(MHD_LIB, mhd, ARRAY_SIZE(mhd), ret, NEED(MHD_LIB), d);

	return err ? err : lib_load(TLS_LIB, tls, ARRAY_SIZE(tls), ret, NEED(TLS_LIB), d);
}
