/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/install.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "setup/spawn.h"

#define TOOL_SECONDS 120

static const char *module_dir(struct system *s)
{
	return arena_printf(&s->arena, "%s/lib/modules/%s/extra", s->root, s->release);
}

static void run_depmod(struct system *s)
{
	const char *base = *s->root ? s->root : "/";
	const char *const argv[] = { "depmod", "-b", base, s->release, NULL };

	spawn_and_wait(argv, "/dev/null", TOOL_SECONDS, NULL);
}

int module_install(struct system *s, struct diag *d)
{
	const char *dir = module_dir(s), *to = arena_printf(&s->arena, "%s/saker.ko", dir);
	const char *const argv[] = { "cp", "--", s->module, to, NULL };
	int status;

	if (!strcmp(s->module, to))
		return 0;
	if (system_make_dir(dir)) {
		status = -errno;
		diag_set(d, "cannot make %s: %s", dir, strerror(-status));
		return status;
	}
	status = spawn_and_wait(argv, "/dev/null", TOOL_SECONDS, NULL);
	if (status) {
		unlink(to);
		diag_set(d, "cannot copy %s to %s%s", s->module, to,
			 geteuid() ? ": run as root" : "");
		return -EACCES;
	}
	run_depmod(s);
	s->module = to;
	return 0;
}

int module_uninstall(struct system *s)
{
	const char *to = arena_printf(&s->arena, "%s/saker.ko", module_dir(s));

	if (unlink(to))
		return 0;
	run_depmod(s);
	return 1;
}
