/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What saker answers over HTTP: health, versions and metrics to the network; and all figures to
 * `saker top`, over a socket of the own machine.
 */
#ifndef SAKER_APP_WEB_H
#define SAKER_APP_WEB_H

#include "app/desk.h"
#include "app/facts.h"
#include "http/server.h"

struct web {
	const struct config *cfg;
	const struct facts *facts;
	struct desk **desks;		/* of the loops; borrowed */
	u32 ndesks;
	struct http_server *server, *local;
	char *socket;			/* path of the local one; owned; NULL: there is none */
};

/*
 * Opens what the configuration asks for; before privileges are given up.  cfg, facts and desks are borrowed.
 * The server of `saker top` is no reason to fail: then the log tells.  0 or a negative errno with d.
 */
int web_start(struct web *w, const struct config *cfg, const struct facts *facts, struct desk **desks, u32 ndesks,
	      struct diag *d);
void web_stop(struct web *w);

/* For tests. */
void web_answer(const struct web *w, const char *path, struct http_answer *ret);
void web_answer_local(const struct web *w, const char *path, struct http_answer *ret);

#endif
