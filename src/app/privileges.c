/* SPDX-License-Identifier: Apache-2.0 */
#include "app/privileges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app/log.h"
#include "capture/caps.h"

static u64 output_caps;		/* what the output thread keeps; set before it starts */

/* Those of all drivers, and what loads a module: a program that is started has none of them. */
static u64 drivers_caps(void)
{
	u64 set = CAP_BIT(CAP_SYS_MODULE) | CAP_BIT(CAP_SYS_ADMIN);

	for (u32 i = 0; i < caps_nneeds; i++)
		set |= CAP_BIT(caps_needs[i].cap);
	return set;
}

/* ---- outputs ------------------------------------------------------------------------------ */

bool privileges_hold(u64 output_keeps)
{
	struct caps c;

	output_caps = output_keeps;
	if (caps_get(&c))
		return false;
	c.effective = c.permitted & output_keeps;
	return c.effective == output_keeps && !caps_set(&c);
}

void privileges_release(void)
{
	struct caps c;

	if (caps_get(&c))
		return;
	c.effective = c.permitted;
	caps_set(&c);
}

void privileges_lower_thread(void)
{
	int err = caps_give_up(output_caps, 0);

	if (err)
		log_warning("The output thread cannot give up its capabilities: %s", strerror(-err));
}

void privileges_lower_network(void)
{
	int err = caps_give_up(0, 0);

	if (err)
		log_warning("The thread of the HTTP output cannot give up its capabilities: %s", strerror(-err));
}

void privileges_lower_server(void)
{
	int err = caps_give_up(0, 0);

	if (err)
		log_warning("A thread of the web server cannot give up its capabilities: %s", strerror(-err));
}

void privileges_lower_child(void)
{
	u64 drivers = drivers_caps();

	/* for a program of root's the rest is as it was; others have only what was given to saker */
	if (caps_give_up(geteuid() ? 0 : ~drivers, ~drivers))
		_exit(1);
}

/* ---- when all is open ----------------------------------------------------------------------- */

static void log_kept(const struct caps *c, bool sandboxed)
{
	struct buf kept = { 0 };

	caps_print(c->permitted, &kept);
	log_info("Privileges given up; capabilities kept: %s; no_new_privs; %s", buf_str(&kept),
		 sandboxed ? "system calls limited by a seccomp filter" : "no seccomp filter");
	buf_fini(&kept);
}

static void drop(const struct sandbox_options *opt)
{
	int err = caps_give_up(opt->driver ? caps_kept(opt->driver) : 0, 0);
	struct caps c = { 0 };

	if (err)
		log_warning("Capabilities cannot be given up: %s", strerror(-err));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		log_warning("no_new_privs cannot be set: %s", strerror(errno));
	err = sandbox_enter(opt);
	if (err)
		log_warning("System calls are not limited: this kernel takes no seccomp filter: %s",
			    strerror(-err));
	caps_get(&c);
	log_kept(&c, !err);
}

static void warn_missing(const char *driver)
{
	u64 missing = caps_missing(driver, CAPS_SEE);
	struct buf b = { 0 };

	if (!missing)
		return;
	caps_print(missing, &b);
	buf_adds(&b, " is missing: of other users' processes that are not seen from their start the program, "
		     "working directory, environment and files stay unknown, and rules that ask for them "
		     "do not match. Give it: ");
	caps_print_remedy(missing, &b);
	log_warning("%s", buf_str(&b));
	buf_fini(&b);
}

void privileges_finish(const struct sandbox_options *opt, bool wanted)
{
	if (opt->driver)
		warn_missing(opt->driver);
	if (wanted)
		drop(opt);
}
