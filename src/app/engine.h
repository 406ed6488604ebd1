/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of event sources (engine.kind): one row each, with what opens it. */
#ifndef SAKER_APP_ENGINE_H
#define SAKER_APP_ENGINE_H

#include "app/loop.h"

/* Opens the source of r->cfg->engine_kind: r->proc, r->capture and r->live are set. */
int engine_open(struct run *r, struct diag *d);
bool engine_is_replay(const struct config *c);

#endif
