/* SPDX-License-Identifier: Apache-2.0 */
/* The module where the system's own tools find it: /lib/modules/RELEASE/extra/saker.ko. */
#ifndef SAKER_SETUP_INSTALL_H
#define SAKER_SETUP_INSTALL_H

#include "setup/system.h"

/* Copies s->module there and runs depmod.  Negative errno: d says why. */
int module_install(struct system *s, struct diag *d);
/* Number of files removed. */
int module_uninstall(struct system *s);

#endif
