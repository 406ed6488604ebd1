/* SPDX-License-Identifier: Apache-2.0 */
#include "http/lib.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

struct function {
	const char *name;
	size_t offset;
};

static const struct function mhd[] = {
#define ROW(name_) { #name_, offsetof(struct http_lib, name_) },
	MHD_FUNCTIONS(ROW)
};

static const struct function tls[] = {
	TLS_FUNCTIONS(ROW)
#undef ROW
};

static int load(struct http_lib *l, const char *lib, const struct function *f, u32 n, struct diag *d)
{
	void *handle = dlopen(lib, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	for (u32 i = 0; handle && i < n; i++) {
		void *at = dlsym(handle, f[i].name);

		if (!at) {
			diag_set(d, "%s is of another kind: it has no %s", lib, f[i].name);
			return -ENOPKG;
		}
		*(void **)((char *)l + f[i].offset) = at;
	}
	if (handle)
		return 0;
	diag_set(d, "the web server needs %s: install the packages libmicrohttpd12 and libgnutls30 (%s)", lib, dlerror());
	return -ENOPKG;
}

int http_lib_load(struct http_lib *ret, struct diag *d)
{
	int err = load(ret, "libmicrohttpd.so.12", mhd, ARRAY_SIZE(mhd), d);

	return err ? err : load(ret, "libgnutls.so.30", tls, ARRAY_SIZE(tls), d);
}
