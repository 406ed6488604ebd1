/* SPDX-License-Identifier: Apache-2.0 */
/* A source without events, for sensors that only have plugins or wait for a reload. */
#include "capture/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

static int none_next(struct capture *c, struct raw_event *ret, int timeout_ms)
{
	struct timespec t = { timeout_ms / 1000, timeout_ms % 1000 * 1000000l };

	(void)c;
	(void)ret;
	if (timeout_ms > 0 && nanosleep(&t, NULL))
		return -errno;
	return -EAGAIN;
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
