/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evdump [-d DRIVER] [-A ATTACH] [-p PROBE] [-s SYSCALL,...] [-j] [-a] [-v] [-x NAME]
 *	[-r SYSCALL,...] [-D FIRST-LAST] -- PROGRAM ARGUMENTS
 *
 * Runs the program under a driver (engine.kind; default: modern_ebpf) and prints the events of its process tree, one a
 * line, until it has ended and the rings are empty.  -s: these syscalls (default: all that
 * have an event of their own) and the life cycle of processes; -j: JSON; -a: events of all
 * processes; -v: what was loaded, and the counters, on standard error; -x: this BPF program
 * is spoilt, so that the verifier rejects it (raw: raw tracepoints are not used); -r: these syscalls instead, once SIGUSR1 came.
 * -D: dynamic snaplen, with these full ports.
 * The ptrace driver starts the program itself; -A attach: it attaches to it instead.
 * The status is that of the program, 125 when the driver does not work.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "capture/driver.h"
#include "event/event.h"
#include "event/print.h"

#define DRAIN_NS 300000000ull	/* without an event after the program's end */

struct dump {
	struct map64 tids;	/* threads of the tree */
	bool json, all;
	struct buf line, raw, resolved;
};

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static u64 wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static volatile sig_atomic_t usr1;

static void on_usr1(int sig)
{
	(void)sig;
	usr1 = 1;
}

static void rejected(void *ctx, const struct driver_loss *loss)
{
	static const char *const kinds[] = {
		[LOSS_NOTHING] = "nothing",
		[LOSS_PARAMETERS] = "parameters of",
		[LOSS_EVENTS] = "events",
	};

	(void)ctx;
	fprintf(stderr, "evdump: %s rejected: %s; instead: %s; lost: %s", loss->program, loss->why,
		loss->instead ? loss->instead : "nothing", kinds[loss->kind]);
	for (u32 t = 0; t < EV_MAX && loss->kind != LOSS_NOTHING; t++)
		if (loss->events[t / 64] >> t % 64 & 1)
			fprintf(stderr, " %s", event_desc(t)->id);
	fputc('\n', stderr);
}

static void add_hex(struct buf *b, const u8 *p, u32 n)
{
	for (u32 i = 0; i < n; i++)
		buf_addf(b, "%02x", p[i]);
}

static void print_json(struct dump *d, const struct event *ev)
{
	struct buf *b = &d->line;
	u32 standard = ev->desc->nparams, known = standard + ev->desc->nextra;

	buf_addf(b, "{\"type\":\"%s\",\"name\":\"%s\",\"ts\":%llu,\"tid\":%lld,\"cpu\":%u,\"params\":[", ev->desc->id,
		 event_name(ev), ev->ts_ns, ev->tid, ev->cpu);
	for (u32 i = 0; i < ev->nparams && i < known; i++) {
		struct event_param p = event_param(ev, i);

		buf_clear(&d->raw);
		buf_clear(&d->resolved);
		event_print_param(ev, i, NULL, &d->raw, &d->resolved);
		buf_addf(b, "%s{\"name\":\"%s\",\"raw\":\"", i ? "," : "", ev->desc->params[i].name);
		buf_add_json(b, buf_str(&d->raw), d->raw.len);
		buf_adds(b, "\",\"resolved\":\"");
		buf_add_json(b, buf_str(&d->resolved), d->resolved.len);
		buf_addf(b, "\",\"len\":%u,\"hex\":\"", p.len);
		add_hex(b, p.p, p.len);
		buf_adds(b, "\"}");
	}
	buf_adds(b, "]}\n");
}

/* Bytes that would make a value ambiguous are written as \xNN. */
static void add_quoted(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		u8 c = s[i];

		if (c <= ' ' || c == '\\' || c == '=' || c >= 0x7f)
			buf_addf(b, "\\x%02x", c);
		else
			buf_addc(b, c);
	}
}

static void add_fdinfo(struct buf *b, struct event_param p)
{
	struct fdinfo f;

	if (p.len < sizeof(f)) {
		buf_adds(b, "-");
		return;
	}
	memcpy(&f, p.p, sizeof(f));
	buf_addf(b, "{fd:%lld,type:%u,l4:%u,ino:%llu,dev:%u,open_flags:%u,flags:%u,", f.fd, f.type,
		 f.l4proto, f.ino, f.dev, f.open_flags, f.flags);
	if (f.type == FDT_IPV4_SOCK || f.type == FDT_IPV4_SERVSOCK || f.type == FDT_IPV6_SOCK ||
	    f.type == FDT_IPV6_SERVSOCK || f.type == FDT_UNIX_SOCK)
		print_socktuple(p.p + sizeof(f), p.len - sizeof(f), b);
	else
		add_quoted(b, (const char *)p.p + sizeof(f), p.len - sizeof(f));
	buf_addc(b, '}');
}

static void print_text(struct dump *d, const struct event *ev)
{
	struct buf *b = &d->line;
	u32 known = ev->desc->nparams + ev->desc->nextra;

	buf_addf(b, "%s %s tid=%lld", ev->desc->id, event_name(ev), ev->tid);
	for (u32 i = 0; i < ev->nparams && i < known; i++) {
		const struct param_desc *pd = &ev->desc->params[i];

		buf_clear(&d->raw);
		buf_clear(&d->resolved);
		buf_addf(b, " %s=", pd->name);
		if (pd->type == PT_FDINFO) {
			add_fdinfo(b, event_param(ev, i));
			continue;
		}
		event_print_param(ev, i, NULL, &d->raw, &d->resolved);
		add_quoted(b, buf_str(&d->raw), d->raw.len);
		if (d->resolved.len) {
			buf_addc(b, '(');
			add_quoted(b, buf_str(&d->resolved), d->resolved.len);
			buf_addc(b, ')');
		}
	}
	buf_addc(b, '\n');
}

static bool is_clone(u32 type)
{
	return type == EV_SYSCALL_CLONE_20_X || type == EV_SYSCALL_CLONE3_X ||
	       type == EV_SYSCALL_FORK_20_X || type == EV_SYSCALL_VFORK_20_X;
}

/* The child's event names its parent: process (ptid), or for threads its own pid. */
static bool in_tree(struct dump *d, const struct event *ev)
{
	u64 pid = 0, ptid = 0;
	s64 res;

	if (d->all || map64_get(&d->tids, ev->tid))
		return true;
	if (!is_clone(ev->type) || !event_res(ev, &res) || res)
		return false;
	event_u64(ev, 4, &pid);
	event_u64(ev, 5, &ptid);
	if (!map64_get(&d->tids, pid) && !map64_get(&d->tids, ptid))
		return false;
	map64_put(&d->tids, ev->tid, d);
	return true;
}

static int dump_event(struct dump *d, const struct raw_event *raw)
{
	struct diag diag = { 0 };
	struct event ev;

	if (event_decode(&ev, raw->hdr, raw->len, &diag)) {
		fprintf(stderr, "evdump: %s\n", diag.msg);
		diag_fini(&diag);
		return -EINVAL;
	}
	ev.cpu = raw->cpu;
	ev.live = raw->live;
	if (!in_tree(d, &ev))
		return 0;
	buf_clear(&d->line);
	if (d->json)
		print_json(d, &ev);
	else
		print_text(d, &ev);
	fputs(d->line.p, stdout);
	return 0;
}

static void notice(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "evdump: %s\n", text);
}

/* The child waits until the parent has closed the pipe. */
static pid_t start(char **argv, int *ret_go)
{
	int p[2];
	pid_t pid;
	char c;

	if (pipe(p))
		return -1;
	pid = fork();
	if (pid) {
		close(p[0]);
		*ret_go = p[1];
		return pid;
	}
	close(p[1]);
	while (read(p[0], &c, 1) < 0 && errno == EINTR)
		;
	close(p[0]);
	execvp(argv[0], argv);
	fprintf(stderr, "evdump: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* later: the interest after SIGUSR1; NULL: the same. */
static int change_interest(struct capture *c, const struct interest *later)
{
	struct diag diag = { 0 };
	int err;

	usr1 = 0;
	if (!later || !c->ops->set_interest)
		return 0;
	err = c->ops->set_interest(c, later, &diag);
	if (err)
		fprintf(stderr, "evdump: %s\n", diag.msg);
	else
		fprintf(stderr, "evdump: interest changed\n");
	diag_fini(&diag);
	return err;
}

static int run(struct dump *d, struct capture *c, const struct interest *later, pid_t pid)
{
	u64 n = 0, end = 0;	/* events after `end` are not the program's */
	int status = 0;

	for (;;) {
		struct raw_event raw;
		int err = capture_next(c, &raw, 20);
		u64 ts = 0;

		if (usr1 && change_interest(c, later))
			return 125;
		if (!err) {
			memcpy(&ts, &raw.hdr->ts_ns, sizeof(ts));
			if (!end || ts <= end)
				dump_event(d, &raw);
			if (n++ % 256)
				continue;
		} else if (err == -ENODATA) {
			return c->status;	/* it started the program and saw it end */
		} else if (err != -EAGAIN && err != -EINTR) {
			return 125;
		}
		if (!end && pid > 0 && waitpid(pid, &status, WNOHANG) == pid)
			end = wall_ns() + DRAIN_NS;
		if (end && (err ? wall_ns() > end : ts > end))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

static int parse_interest(const char *list, struct interest *in)
{
	static const u16 always[] = { SC_execve, SC_execveat, SC_clone, SC_clone3, SC_fork, SC_vfork,
				      SC_sched_process_exit };

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		interest_add(in, always[i]);
	for (u32 code = 1; !list && code < SC_MAX; code++)
		if (syscall_desc(code) && syscall_desc(code)->event != EV_GENERIC_X &&
		    !(syscall_desc(code)->use & SU_FLOOD))
			interest_add(in, code);
	while (list && *list) {
		size_t n = strcspn(list, ",");
		int code = syscall_code_by_name(list, n);

		if (code < 0) {
			fprintf(stderr, "evdump: no syscall %.*s\n", (int)n, list);
			return -1;
		}
		interest_add(in, code);
		list += n + (list[n] == ',');
	}
	return 0;
}

static void print_stats(struct capture *c, u64 open_ns)
{
	struct capture_stats st;

	capture_stats(c, &st);
	if (capture_describe(c))
		fprintf(stderr, "evdump: %s\n", capture_describe(c));
	fprintf(stderr, "evdump: opened in %.1f ms; seen %llu sent %llu dropped %llu+%llu filtered %llu "
		"truncated %llu enter lost %llu\n", open_ns / 1e6, st.seen, st.events, st.drops_buffer,
		st.drops_scratch, st.filtered, st.truncated, st.enter_lost);
}

int main(int argc, char **argv)
{
	struct driver_options opt = { .buf_bytes = 8 << 20, .cpus_per_ring = 1, .snaplen = 80,
				    .dynamic = { .statsd_port = 8125 }, .self_pid = getpid(), .rejected = rejected,
				    .notice = notice };
	const struct driver *driver = &driver_core;
	struct interest in = { 0 }, later = { 0 };
	struct dump d = { 0 };
	struct diag diag = { 0 };
	struct capture *c;
	const char *list = NULL, *later_list = NULL;
	bool verbose = false;
	int o, go, status;
	u64 t;
	pid_t pid;

	while ((o = getopt(argc, argv, "+s:javx:d:p:A:r:D:")) != -1) {
		if (o == 's')
			list = optarg;
		else if (o == 'r')
			later_list = optarg;
		else if (o == 'j')
			d.json = true;
		else if (o == 'a')
			d.all = true;
		else if (o == 'v')
			verbose = true;
		else if (o == 'x')
			opt.spoil = optarg;
		else if (o == 'd')
			driver = driver_by_name(optarg);
		else if (o == 'p')
			opt.probe = optarg;
		else if (o == 'D' && sscanf(optarg, "%hu-%hu", &opt.dynamic.full_first, &opt.dynamic.full_last) == 2)
			opt.dynamic.enabled = 1;
		else if (o == 'A')
			opt.attach = optarg;
		else
			return 125;
	}
	if (!driver) {
		fprintf(stderr, "evdump: no such driver\n");
		return 125;
	}
	if (optind >= argc || parse_interest(list, &in) || (later_list && parse_interest(later_list, &later)))
		return 125;
	signal(SIGUSR1, on_usr1);
	signal(SIGPIPE, SIG_IGN);
	if (driver == &driver_ptrace && !opt.attach) {
		opt.argv = argv + optind;
		d.all = true;	/* it sees no others */
		pid = go = -1;
	} else {
		pid = start(argv + optind, &go);
		if (pid < 0)
			return 125;
		opt.pids = &pid;
		opt.npids = 1;
	}
	map64_put(&d.tids, pid, &d);
	t = now_ns();
	if (driver->open(&opt, &in, &c, &diag)) {
		fprintf(stderr, "evdump: %s\n", diag.msg);
		if (pid > 0)
			kill(pid, SIGKILL);
		diag_fini(&diag);
		map64_fini(&d.tids);
		return 125;
	}
	t = now_ns() - t;
	if (go >= 0)
		close(go);
	/* the ptrace driver waits for the program itself */
	status = run(&d, c, later_list ? &later : NULL, driver == &driver_ptrace ? 0 : pid);
	if (verbose)
		print_stats(c, t);
	capture_close(c);
	fflush(stdout);
	map64_fini(&d.tids);
	buf_fini(&d.line);
	buf_fini(&d.raw);
	buf_fini(&d.resolved);
	return status;
}
