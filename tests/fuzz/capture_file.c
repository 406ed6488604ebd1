/* SPDX-License-Identifier: Apache-2.0 */
/* A capture file: opened and read to its end, each event decoded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/capture.h"
#include "event/event.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static u64 sum;

/* Touches every byte, so that the sanitizer sees it. */
static void touch(struct state_str s)
{
	for (u32 i = 0; i < s.len; i++)
		sum += (u8)s.p[i];
}

static void see_machine(void *ctx, const struct state_machine *m)
{
	(void)ctx;
	touch(m->hostname);
}

static void see_thread(void *ctx, const struct state_thread *t)
{
	(void)ctx;
	touch(t->comm);
	touch(t->exe);
	touch(t->exepath);
	touch(t->cwd);
	touch(t->root);
	touch(t->args);
	touch(t->env);
	touch(t->cgroups);
}

static void see_fd(void *ctx, const struct state_fd *f)
{
	(void)ctx;
	touch(f->name);
}

static void see_user(void *ctx, const struct state_user *u)
{
	(void)ctx;
	touch(u->name);
	touch(u->home);
	touch(u->shell);
}

static void see_group(void *ctx, const struct state_group *g)
{
	(void)ctx;
	touch(g->name);
}

static void see_iface(void *ctx, const struct state_iface *i)
{
	(void)ctx;
	touch(i->name);
}

static const struct state_sink sink = {
	.machine = see_machine, .thread = see_thread, .fd = see_fd, .user = see_user,
	.group = see_group, .iface = see_iface,
};

static void read_all(struct capture *c)
{
	struct raw_event raw;
	struct event ev;

	while (!capture_next(c, &raw, 0)) {
		struct diag d = { 0 };

		if (raw.hdr->len > raw.len)
			abort();
		if (event_decode(&ev, raw.hdr, raw.len, &d))
			diag_fini(&d);
		else
			for (u32 i = 0; i < ev.nparams; i++)
				touch((struct state_str){ (const char *)ev.params[i].p,
							  ev.params[i].len });
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	int fd = memfd_create("capture", 0);
	struct diag d = { 0 };
	struct capture *c;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!capture_open_file(path, &sink, &c, &d)) {
		read_all(c);
		capture_close(c);
	} else if (!d.msg) {
		abort();
	}
	diag_fini(&d);
	close(fd);
	return 0;
}
