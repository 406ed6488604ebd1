/* SPDX-License-Identifier: Apache-2.0 */
/* A capture file: opened and read to its end, each event decoded and applied to a picture of the system. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/capture.h"
#include "event/event.h"
#include "fuzz/proc_touch.h"
#include "proc/proc.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void touch(struct state_str s)
{
	touch_bytes(s.p, s.len);
}

/* ctx is the picture's own sink: it gets all of it, too. */
static void see_machine(void *ctx, const struct state_machine *m)
{
	const struct state_sink *to = ctx;

	touch(m->hostname);
	to->machine(to->ctx, m);
}

static void see_thread(void *ctx, const struct state_thread *t)
{
	const struct state_sink *to = ctx;

	touch(t->comm);
	touch(t->exe);
	touch(t->exepath);
	touch(t->cwd);
	touch(t->root);
	touch(t->args);
	touch(t->env);
	touch(t->cgroups);
	to->thread(to->ctx, t);
}

static void see_fd(void *ctx, const struct state_fd *f)
{
	const struct state_sink *to = ctx;

	touch(f->name);
	to->fd(to->ctx, f);
}

static void see_user(void *ctx, const struct state_user *u)
{
	const struct state_sink *to = ctx;

	touch(u->name);
	touch(u->home);
	touch(u->shell);
	to->user(to->ctx, u);
}

static void see_group(void *ctx, const struct state_group *g)
{
	const struct state_sink *to = ctx;

	touch(g->name);
	to->group(to->ctx, g);
}

static void see_iface(void *ctx, const struct state_iface *i)
{
	const struct state_sink *to = ctx;

	touch(i->name);
	to->iface(to->ctx, i);
}

static void apply(struct proc *p, const struct raw_event *raw, struct event *ev)
{
	bool visible;

	ev->state_only = raw->state_only;
	if (ev->tid % 4 == 3 && proc_pass(p, ev, &visible))	/* as if it were another worker's */
		return;
	proc_apply(p, ev);
	touch_event(p, ev);
	proc_done(p, ev);
}

static void read_all(struct capture *c, struct proc *p)
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
			apply(p, &raw, &ev);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const struct proc_options opt = {
		.max_threads = size % 2 ? 8 : 0, .max_bytes = { size % 3 ? 0 : 8192, size % 3 ? 0 : 8192, 0 },
	};
	struct proc *p = proc_new(&opt);
	const struct state_sink sink = {
		.ctx = (void *)proc_state_sink(p), .machine = see_machine, .thread = see_thread, .fd = see_fd,
		.user = see_user, .group = see_group, .iface = see_iface,
	};
	int fd = memfd_create("capture", 0);
	struct diag d = { 0 };
	struct capture *c;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!capture_open_file(path, &sink, &c, &d)) {
		read_all(c, p);
		capture_close(c);
	} else if (!d.msg) {
		abort();
	}
	diag_fini(&d);
	proc_free(p);
	close(fd);
	return 0;
}
