/* SPDX-License-Identifier: Apache-2.0 */
#include "http/load.h"

#include <dlfcn.h>
#include <errno.h>

int lib_load(const char *lib, const struct lib_function *f, u32 n, void *into, const char *need,
	     struct diag *d)
{
	void *handle = dlopen(lib, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	for (u32 i = 0; handle && i < n; i++) {
		void *at = dlsym(handle, f[i].name);

		if (!at) {
			diag_set(d, "%s is of another kind: it has no %s", lib, f[i].name);
			return -ENOPKG;
		}
		*(void **)((char *)into + f[i].offset) = at;
	}
	if (handle)
		return 0;
	diag_set(d, "%s (%s)", need, dlerror());
	return -ENOPKG;
}
