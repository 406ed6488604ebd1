/* SPDX-License-Identifier: Apache-2.0 */
#include "app/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cap.h"

static int become(const struct passwd *pw)
{
	struct caps c;
	int err = caps_get(&c);

	if (err)
		return err;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || initgroups(pw->pw_name, pw->pw_gid) ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid))
		return -errno;
	return caps_set(&c);
}

int privileges_become(const char *user, struct diag *d)
{
	const struct passwd *pw;
	int err;

	if (!user || !*user)
		return 0;
	pw = getpwnam(user);
	if (!pw) {
		diag_set(d, "privileges.user: there is no user '%s'", user);
		return -EINVAL;
	}
	if (pw->pw_uid == geteuid())
		return 0;
	err = become(pw);
	if (err)
		diag_set(d, "privileges.user: cannot become '%s': %s; start saker as root, or as that user "
			 "with the capabilities of the driver", user, strerror(-err));
	return err;
}
