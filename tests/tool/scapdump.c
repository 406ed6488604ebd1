/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scapdump [-m] [-n] FILE: the events of a capture file, one line each:
 *
 *   number time cpu tid type arguments
 *
 * -m prints the metadata too, -n only the number of events.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/capture.h"
#include "event/event.h"
#include "event/print.h"

static void print_str(const char *name, struct state_str s)
{
	struct buf b = { 0 };

	buf_add_json(&b, s.p, s.len);
	printf(" %s=\"%s\"", name, buf_str(&b));
	buf_fini(&b);
}

static void print_machine(void *ctx, const struct state_machine *m)
{
	(void)ctx;
	printf("machine cpus=%u memory=%llu max_pid=%llu boot=%llu", m->num_cpus,
	       m->memory_bytes, m->max_pid, m->boot_ts_ns);
	print_str("hostname", m->hostname);
	printf("\n");
}

static void print_thread(void *ctx, const struct state_thread *t)
{
	(void)ctx;
	printf("thread tid=%lld pid=%lld ptid=%lld sid=%lld vpgid=%lld pgid=%lld vtid=%lld vpid=%lld",
	       t->tid, t->pid, t->ptid, t->sid, t->vpgid, t->pgid, t->vtid, t->vpid);
	printf(" uid=%u gid=%u loginuid=%d tty=%u flags=%x fdlimit=%llu", t->uid, t->gid,
	       (int)t->loginuid, t->tty, t->flags, t->fdlimit);
	printf(" vm=%u/%u/%u pf=%llu/%llu pidns_start=%llu caps=%llx/%llx/%llx", t->vmsize_kb,
	       t->vmrss_kb, t->vmswap_kb, t->pfmajor, t->pfminor, t->pidns_init_start_ns,
	       t->cap_inheritable, t->cap_permitted, t->cap_effective);
	printf(" ino=%llu ctime=%llu mtime=%llu exe_flags=%d%d%d%d", t->exe_ino, t->exe_ino_ctime_ns,
	       t->exe_ino_mtime_ns, t->exe_writable, t->exe_upper_layer, t->exe_lower_layer,
	       t->exe_from_memfd);
	print_str("comm", t->comm);
	print_str("exe", t->exe);
	print_str("exepath", t->exepath);
	print_str("args", t->args);
	print_str("cwd", t->cwd);
	print_str("root", t->root);
	print_str("env", t->env);
	print_str("cgroups", t->cgroups);
	printf("\n");
}

static void print_fd(void *ctx, const struct state_fd *f)
{
	struct buf b = { 0 };
	bool v6 = f->type == FDT_IPV6_SOCK || f->type == FDT_IPV6_SERVSOCK;

	(void)ctx;
	printf("fd tid=%lld fd=%lld type=%u ino=%llu", f->tid, f->fd, f->type, f->ino);
	if (f->type >= FDT_IPV4_SOCK && f->type <= FDT_IPV6_SERVSOCK) {
		void (*addr)(const u8 *p, struct buf *out) = v6 ? print_ipv6 : print_ipv4;

		addr(f->saddr, &b);
		buf_addf(&b, ":%u ", f->sport);
		addr(f->daddr, &b);
		buf_addf(&b, ":%u", f->dport);
		printf(" l4=%u %s", f->l4proto, buf_str(&b));
		buf_fini(&b);
	} else if (f->type == FDT_UNIX_SOCK) {
		printf(" %llx->%llx", f->unix_src, f->unix_dst);
	} else if (f->type == FDT_FILE_V2) {
		printf(" open_flags=%x dev=%x", f->open_flags, f->dev);
	}
	print_str("name", f->name);
	printf("\n");
}

static void print_user(void *ctx, const struct state_user *u)
{
	(void)ctx;
	printf("user uid=%u gid=%u", u->uid, u->gid);
	print_str("name", u->name);
	print_str("home", u->home);
	print_str("shell", u->shell);
	printf("\n");
}

static void print_group(void *ctx, const struct state_group *g)
{
	(void)ctx;
	printf("group gid=%u", g->gid);
	print_str("name", g->name);
	printf("\n");
}

static void print_iface(void *ctx, const struct state_iface *i)
{
	void (*addr)(const u8 *p, struct buf *out) = i->v6 ? print_ipv6 : print_ipv4;
	struct buf b = { 0 };

	(void)ctx;
	addr(i->addr, &b);
	buf_addc(&b, '/');
	addr(i->mask, &b);
	printf("iface %s", buf_str(&b));
	buf_fini(&b);
	print_str("name", i->name);
	printf("\n");
}

static const struct state_sink sink = {
	.machine = print_machine,
	.thread = print_thread,
	.fd = print_fd,
	.user = print_user,
	.group = print_group,
	.iface = print_iface,
};

static int dump(struct capture *c, bool only_count)
{
	struct buf line = { 0 };
	struct raw_event raw;
	struct event ev;
	u64 num = 0;
	int err;

	while (!(err = capture_next(c, &raw, 0))) {
		num++;
		if (event_decode(&ev, raw.hdr, raw.len, &c->diag)) {
			err = -EINVAL;
			break;
		}
		if (only_count)
			continue;
		buf_clear(&line);
		buf_addf(&line, "%llu %llu %u %lld %s%s ", num, ev.ts_ns, raw.cpu, ev.tid,
			 event_name(&ev), event_is_enter(ev.type) ? ">" : "");
		event_print_args(&ev, NULL, &line);
		buf_addc(&line, '\n');
		fwrite(line.p, 1, line.len, stdout);
	}
	if (only_count)
		printf("%llu\n", num);
	buf_fini(&line);
	return err;
}

int main(int argc, char **argv)
{
	bool metadata = false, only_count = false;
	struct diag d = { 0 };
	struct capture *c;
	int opt, err;

	while ((opt = getopt(argc, argv, "mn")) != -1) {
		if (opt == '?')
			return 2;
		metadata |= opt == 'm';
		only_count |= opt == 'n';
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: scapdump [-m] [-n] FILE\n");
		return 2;
	}
	err = capture_open_file(argv[optind], metadata ? &sink : NULL, &c, &d);
	if (err) {
		fprintf(stderr, "scapdump: %s\n", d.msg);
		diag_fini(&d);
		return 1;
	}
	err = dump(c, only_count);
	fflush(stdout);
	if (err != -ENODATA)
		fprintf(stderr, "scapdump: %s\n", c->diag.msg);
	capture_close(c);
	return err != -ENODATA;
}
