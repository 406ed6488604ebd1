/* SPDX-License-Identifier: Apache-2.0 */
/* The source without events: only state and plugins. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/mem.h"
#include "capture/capture.h"

static int none_next(struct capture *c, struct raw_event *ret, int timeout_ms)
{
	(void)c;
	(void)ret;
	return poll(NULL, 0, timeout_ms) < 0 ? -errno : -EAGAIN;
}

static void none_close(struct capture *c)
{
	diag_fini(&c->diag);
	free(c);
}

static const struct capture_ops none_ops = {
	.name = "nodriver",
	.next = none_next,
	.close = none_close,
};

int capture_open_none(struct capture **ret)
{
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->ops = &none_ops;
	return 0;
}
