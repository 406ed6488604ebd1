/* SPDX-License-Identifier: Apache-2.0 */
/* One event as a capture delivers it: decoded, asked for everything, printed in all forms. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "event/event.h"
#include "event/print.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static bool append_x(void *ctx, const struct event *ev, u32 id, struct buf *out)
{
	(void)ctx;
	(void)ev;
	(void)id;
	buf_addc(out, 'x');
	return true;
}

static bool fd_name(void *ctx, const struct event *ev, s64 fd, struct buf *out)
{
	return append_x(ctx, ev, (u32)fd, out);
}

static char fd_typechar(void *ctx, const struct event *ev, s64 fd)
{
	(void)ctx;
	(void)ev;
	return fd % 2 ? 'f' : 0;
}

static bool comm(void *ctx, s64 pid, struct buf *out)
{
	return append_x(ctx, NULL, (u32)pid, out);
}

static bool path(void *ctx, const struct event *ev, u32 i, const char *p, u32 len, struct buf *out)
{
	buf_add(out, p, len);
	return append_x(ctx, ev, i, out);
}

static void print_all(const struct event *ev)
{
	for (int f = BUFFER_DOTS; f <= BUFFER_BASE64; f++) {
		struct event_print_ops ops = {
			.buffers = (enum buffer_format)f, .fd_name = fd_name,
			.fd_typechar = fd_typechar, .comm = comm, .user = append_x,
			.group = append_x, .path = path,
		};
		struct buf out = { 0 }, resolved = { 0 };

		event_print_args(ev, f ? &ops : NULL, &out);
		for (u32 i = 0; i <= ev->nparams; i++)
			event_print_param(ev, i, &ops, &out, &resolved);
		buf_fini(&out);
		buf_fini(&resolved);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct event_hdr *hdr = malloc(size ? size : 1);
	struct diag d = { 0 };
	struct event ev;
	const char *s;
	u32 len;
	s64 res;

	memcpy(hdr, data, size);
	if (!event_decode(&ev, hdr, size, &d)) {
		if (!strlen(event_name(&ev)) && ev.type != EV_ASYNCEVENT_E)
			abort();
		event_syscall(&ev);
		event_res(&ev, &res);
		for (u32 i = 0; i < ev.nparams; i++)
			if (event_str(&ev, i, &s, &len) && len > ev.params[i].len)
				abort();
		print_all(&ev);
	}
	diag_fini(&d);
	free(hdr);
	return 0;
}
