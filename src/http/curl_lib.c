/* SPDX-License-Identifier: Apache-2.0 */
#include "http/curl_lib.h"

#include <errno.h>

#include "http/load.h"

#define LIB "libcurl.so.4"

static const struct lib_function functions[] = {
#define ROW(name_) { #name_, offsetof(struct curl_lib, name_) },
	CURL_FUNCTIONS(ROW)
#undef ROW
};

int curl_lib_load(struct curl_lib *ret, struct diag *d)
{
	int err = lib_load(LIB, functions, ARRAY_SIZE(functions), ret,
			   "the HTTP output needs " LIB ": install the package libcurl4", d);

	if (!err && ret->curl_global_init(CURL_GLOBAL_DEFAULT)) {
		diag_set(d, LIB " cannot be used");
		err = -EIO;
	}
	return err;
}
