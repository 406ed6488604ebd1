/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays a capture through proc/ and prints, for each event, its thread and fd as the
 * tables have them; with -q only the counters at the end (to measure).
 * Lines are "num type tid key=value ...".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "capture/capture.h"
#include "event/event.h"
#include "proc/proc.h"

/* A name on one line. */
static const char *line(const struct pstr *s)
{
	static char out[4][2048];
	static u32 next;
	char *to = out[next++ % 4];
	u32 n = s->len < sizeof(out[0]) ? s->len : sizeof(out[0]) - 1;

	for (u32 i = 0; i < n; i++)
		to[i] = s->p[i] == '\n' ? '?' : s->p[i];
	to[n] = 0;
	return to;
}

static void print_args(const struct pstr *s)
{
	for (u32 i = 0; i + 1 < s->len || (i < s->len && s->p[i]); i++)
		putchar(s->p[i] ? s->p[i] : ' ');
}

static void print_fd(const struct fd *fd)
{
	static const char *const roles[] = { "none", "client", "server" };
	u32 role = fd->flags & FD_ROLE_SERVER ? ROLE_SERVER :
		   fd->flags & FD_ROLE_CLIENT ? ROLE_CLIENT : ROLE_NONE;

	printf(" fd.typechar=%c fd.name=%s fd.nameraw=%s fd.ino=%llu fd.dev=%x fd.role=%s"
	       " fd.l4=%u fd.connected=%d",
	       fd_typechar(fd->type), line(&fd->name), line(fd->flags & FD_RAW_IS_NAME ? &fd->name : &fd->name_raw), fd->ino, fd->dev, roles[role],
	       fd_l4proto(fd), !!(fd->flags & FD_CONNECTED));
}

static void print_thread(struct proc *p, const struct thread *t)
{
	const struct thread *m = proc_main_thread(p, t), *up;
	const struct user *u = proc_user(p, t, t->uid);

	printf(" pid=%lld ptid=%lld comm=%s exe=%s exepath=%s args=", t->pid, t->ptid, t->comm.p,
	       t->exe.p, t->exepath.p);
	print_args(&t->args);
	printf(" nargs=%u cwd=%s fds=%llu nthreads=%llu nchilds=%llu sid=%lld pgid=%lld vpgid=%lld"
	       " uid=%u gid=%u user=%s loginuid=%u tty=%u vpid=%lld",
	       t->nargs, m->cwd.p, proc_fd_count(p, t), proc_nthreads(p, t), proc_nchilds(p, t),
	       t->sid, t->pgid, t->vpgid, t->uid, t->gid, u ? u->name.p : "", t->loginuid, t->tty,
	       t->vpid);
	printf(" ancestors=");
	for (up = proc_parent(p, t); up; up = proc_parent(p, up))
		printf("%lld,", up->tid);
}

static void print_event(struct proc *p, const struct event *ev)
{
	printf("%llu %s %lld fd.num=%lld", ev->num, event_name(ev), ev->tid, ev->fd_num);
	if (ev->fd_name_changed)
		printf(" changed");
	if (ev->fd)
		print_fd(ev->fd);
	if (ev->thread)
		print_thread(p, ev->thread);
	putchar('\n');
}

static void print_stats(const struct proc *p)
{
	struct proc_stats s;

	proc_get_stats(p, &s);
	printf("threads %llu fds %llu bytes %llu added %llu/%llu removed %llu/%llu\n", s.threads, s.fds,
	       s.bytes, s.added_threads, s.added_fds, s.removed_threads, s.removed_fds);
	printf("lookups thread %llu failed %llu fd %llu failed %llu stored %llu retrieved %llu\n",
	       s.thread_lookups, s.failed_thread_lookups, s.fd_lookups, s.failed_fd_lookups,
	       s.stored_events, s.retrieved_events);
}

static int replay(struct capture *c, struct proc *p, bool quiet)
{
	struct diag d = { 0 };
	struct raw_event raw;
	struct event ev;
	u64 num = 0;
	int err;

	while (!(err = capture_next(c, &raw, -1))) {
		err = event_decode(&ev, raw.hdr, raw.len, &d);
		if (err) {
			fprintf(stderr, "event %llu: %s\n", num + 1, d.msg);
			break;
		}
		ev.num = ++num;
		ev.cpu = raw.cpu;
		ev.live = raw.live;
		ev.state_only = raw.state_only;
		if (proc_apply(p, &ev) && !quiet)
			print_event(p, &ev);
		proc_done(p, &ev);
	}
	if (err && err != -ENODATA && c->diag.msg)
		fprintf(stderr, "%s\n", c->diag.msg);
	diag_fini(&d);
	return err == -ENODATA ? 0 : err;
}

int main(int argc, char **argv)
{
	const struct proc_options opt = { 0 };
	bool quiet = argc > 2 && !strcmp(argv[1], "-q");
	struct diag d = { 0 };
	struct capture *c;
	struct proc *p;
	int err;

	if (argc < 2) {
		fprintf(stderr, "usage: procdump [-q] FILE\n");
		return 2;
	}
	p = proc_new(&opt);
	err = capture_open_file(argv[argc - 1], proc_state_sink(p), &c, &d);
	if (err) {
		fprintf(stderr, "%s: %s\n", argv[argc - 1], d.msg ? d.msg : strerror(-err));
	} else {
		err = replay(c, p, quiet);
		if (quiet)
			print_stats(p);
		capture_close(c);
	}
	proc_free(p);
	diag_fini(&d);
	return err ? 1 : 0;
}
