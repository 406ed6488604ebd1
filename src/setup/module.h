/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel module saker: is it loaded, loading, unloading. */
#ifndef SAKER_SETUP_MODULE_H
#define SAKER_SETUP_MODULE_H

#include "setup/system.h"

bool module_is_loaded(void);
/* 0 also when one is loaded already.  Negative errno: d says why and what to do. */
int module_load(struct system *s, const char *path, struct diag *d);
int module_unload(struct diag *d);

#endif
