/* SPDX-License-Identifier: Apache-2.0 */
/* Building a driver on the machine, or for another kernel. */
#ifndef SAKER_SETUP_BUILD_H
#define SAKER_SETUP_BUILD_H

#include "setup/cache.h"

/*
 * Builds the file for s->release into s->built_dir and lets s->module or s->probe name it.
 * What is there already stays until the new one is complete; the log of the build stays
 * beside it.  Negative errno: d tells the first error, and where the log is.
 */
int build_driver(struct system *s, enum driver_file file, struct diag *d);

#endif
