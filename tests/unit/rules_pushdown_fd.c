/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel filter on descriptors.  Two pictures of the same system are kept: one from all events, one only from those
 * that the filter passes.  Rules must match the same in both: what is discarded matches none, and teaches
 * nothing that a later event is known by.  A filter that forgets that some events teach must be found out.
 */
#include "proc_events.h"
#include "rules_help.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "filter_rules.h"
#include "rules/pushdown.h"

/* ---- the kernel, as far as drivers/kwalk/numbers.h reads it ------------------------------------------ */

enum {
	K_AF_UNIX = 1, K_AF_INET = 2, K_AF_INET6 = 10, K_TCP_LISTEN = 10, K_S_IFMT = 0170000, K_S_IFSOCK = 0140000,
};

struct sock_common {
	u32 skc_family, skc_state;
	u16 skc_dport;
	u32 skc_daddr;
};

struct sock {
	struct sock_common __sk_common;
	u8 l4proto;
};

struct inet_sock {
	struct sock sk;
	u16 inet_sport;
	u32 inet_saddr;
};

struct socket {
	struct sock *sk;
};

struct inode {
	u32 i_mode;
};

struct file {
	struct inode *f_inode;
	void *private_data;
	struct {
		void *dentry;
	} f_path;
	u8 type;
};

struct ctx {
	struct file *file;
};

#define __force
#define KREAD_1(p_, a_) ((p_)->a_)
#define KREAD_2(p_, a_, b_) ((p_)->a_->b_)
#define KREAD_N(p_, a_, b_, n_, ...) n_
#define KREAD(p_, ...) KREAD_N(p_, ##__VA_ARGS__, KREAD_2, KREAD_1)(p_, ##__VA_ARGS__)
#define task(c_) (c_)
#define swap16(v_) ntohs(v_)

static struct file *task_file(struct ctx *c, s64 fd)
{
	(void)fd;
	return c->file;
}

static u8 file_type(struct ctx *c, void *dentry, struct inode *inode, bool *ret_unnamed)
{
	(void)dentry, (void)inode;
	*ret_unnamed = false;
	return c->file->type;
}

static u8 sock_type(struct sock *sk, u32 family)
{
	bool listening = sk->__sk_common.skc_state == K_TCP_LISTEN;

	return family == K_AF_UNIX ? FDT_UNIX_SOCK : family == K_AF_INET ? (listening ? FDT_IPV4_SERVSOCK : FDT_IPV4_SOCK) :
	       listening ? FDT_IPV6_SERVSOCK : FDT_IPV6_SOCK;
}

static u8 sock_l4proto(struct sock *sk)
{
	return sk->l4proto;
}

#include "drivers/kwalk/numbers.h"

/* ---- descriptors -------------------------------------------------------------------------------------- */

struct thing {
	u8 type, l4proto;
	u16 sport, dport;
	u8 host, peer;		/* last bytes of the addresses; peer 0: none */
	bool listening;
	bool mapped;		/* an IPv6 socket that talks IPv4 */
};

static const struct thing things[] = {
	{ FDT_IPV4_SOCK, L4_TCP, 40000, 443, 1, 9, false, false },
	{ FDT_IPV4_SOCK, L4_TCP, 22, 50000, 1, 8, false, false },
	{ FDT_IPV4_SOCK, L4_TCP, 8080, 0, 1, 0, true, false },
	{ FDT_IPV4_SOCK, L4_TCP, 0, 0, 0, 0, false, false },
	{ FDT_IPV4_SOCK, L4_TCP, 33000, 80, 200, 9, false, false },
	{ FDT_IPV6_SOCK, L4_TCP, 40001, 443, 1, 9, false, false },
	{ FDT_IPV6_SOCK, L4_TCP, 40002, 443, 1, 9, false, true },
	{ FDT_IPV4_SOCK, L4_UDP, 40003, 53, 1, 9, false, false },
	{ FDT_IPV4_SOCK, L4_UDP, 53, 0, 1, 0, false, false },
	{ FDT_IPV4_SOCK, L4_UDP, 40004, 0, 1, 0, false, false },
	{ FDT_IPV6_SOCK, L4_UDP, 40005, 0, 1, 0, false, false },
	{ FDT_UNIX_SOCK, L4_NA, 0, 0, 0, 0, false, false },
	{ FDT_FILE_V2, L4_NA, 0, 0, 0, 0, false, false },
	{ FDT_FIFO, L4_NA, 0, 0, 0, 0, false, false },
	{ FDT_EVENT, L4_NA, 0, 0, 0, 0, false, false },
};

static bool is_inet(const struct thing *t)
{
	return t->type == FDT_IPV4_SOCK || t->type == FDT_IPV6_SOCK;
}

static void put_address(const struct thing *t, u8 last, u8 *out)
{
	static const u8 v4[4] = { 10, 0, 0, 0 }, v6[16] = { 0x20, 1 };
	u32 n = t->type == FDT_IPV4_SOCK ? 4 : 16;

	memset(out, 0, n);
	if (n == 4) {
		memcpy(out, v4, 4);
	} else if (t->mapped) {
		out[10] = out[11] = 0xff;
		out[12] = 10;
	} else {
		memcpy(out, v6, 16);
	}
	out[n - 1] = last;
}

/* Own end first, or the other's; port and last of the peer as given. */
static u32 put_tuple(const struct thing *t, bool own_first, u8 peer, u16 port, u8 *out)
{
	u32 n = t->type == FDT_IPV4_SOCK ? 4 : 16, end = n + 2;

	if (t->type == FDT_UNIX_SOCK) {
		memset(out, 0, 17);
		out[0] = K_AF_UNIX;
		out[1] = own_first ? 1 : 2;
		out[9] = own_first ? 2 : 1;
		return 17 + (u32)sprintf((char *)out + 17, "/run/%u", peer) + 1;
	}
	if (!is_inet(t))
		return 0;
	out[0] = t->type == FDT_IPV4_SOCK ? K_AF_INET : K_AF_INET6;
	put_address(t, t->host, out + 1 + (own_first ? 0 : end));
	memcpy(out + 1 + (own_first ? 0 : end) + n, &t->sport, 2);
	put_address(t, peer, out + 1 + (own_first ? end : 0));
	memcpy(out + 1 + (own_first ? end : 0) + n, &port, 2);
	return 1 + 2 * end;
}

static u32 put_info(const struct thing *t, s64 fd, u8 *out)
{
	struct fdinfo info = { .ino = (u64)fd + 100, .fd = fd, .dev = 8 << 20, .open_flags = 3, .type = t->type, .l4proto = t->l4proto };
	const char path[] = "/some/file";

	if (t->listening) {
		info.flags = FDI_LISTENING;
		info.type = info.type == FDT_IPV4_SOCK ? FDT_IPV4_SERVSOCK : FDT_IPV6_SERVSOCK;
	} else if (t->dport) {
		info.flags = FDI_CONNECTED;
	}
	memcpy(out, &info, sizeof(info));
	if (!is_inet(t) && t->type != FDT_UNIX_SOCK) {
		memcpy(out + sizeof(info), path, sizeof(path) - 1);
		return (u32)(sizeof(info) + sizeof(path) - 1);
	}
	return (u32)sizeof(info) + put_tuple(t, true, t->peer, t->dport, out + sizeof(info));
}

/* What the driver finds.  False: the event has to be made. */
static bool look(const struct thing *t, u8 fds, struct kf_values *ret)
{
	struct inode inode = { .i_mode = is_inet(t) || t->type == FDT_UNIX_SOCK ? K_S_IFSOCK : 0100000 };
	struct inet_sock inet = { .inet_sport = htons(t->sport) };
	struct socket socket = { .sk = &inet.sk };
	struct file file = { .f_inode = &inode, .private_data = &socket, .type = t->type };
	struct ctx c = { .file = &file };
	u8 addr[16] = { 0 };

	inet.sk.__sk_common = (struct sock_common){
		.skc_family = t->type == FDT_UNIX_SOCK ? K_AF_UNIX : t->type == FDT_IPV4_SOCK ? K_AF_INET : K_AF_INET6,
		.skc_state = t->listening ? K_TCP_LISTEN : 1, .skc_dport = htons(t->dport),
	};
	inet.sk.l4proto = t->l4proto;
	put_address(t, t->host, addr);
	memcpy(&inet.inet_saddr, addr, 4);
	put_address(t, t->peer, addr);
	memcpy(&inet.sk.__sk_common.skc_daddr, addr, 4);
	return know_fd(&c, ret, 5, fds & KF_TEACHES);
}

/* ---- events ------------------------------------------------------------------------------------------ */

struct io {
	u16 code, event;
	s64 res;
	u32 thing;
	u8 peer;
	u16 port;
};

static void random_io(struct io *io)
{
	static const struct {
		u16 code, event;
	} kinds[] = {
		{ SC_read, EV_SYSCALL_READ_X }, { SC_write, EV_SYSCALL_WRITE_X }, { SC_sendto, EV_SOCKET_SENDTO_X },
		{ SC_recvfrom, EV_SOCKET_RECVFROM_X }, { SC_sendmsg, EV_SOCKET_SENDMSG_X }, { SC_recvmsg, EV_SOCKET_RECVMSG_X },
		{ SC_connect, EV_SOCKET_CONNECT_X },
	};
	static const u16 ports[] = { 53, 443, 50001, 9, 123 };
	u32 k = random_below(ARRAY_SIZE(kinds));

	*io = (struct io){ kinds[k].code, kinds[k].event, random_below(4) ? 1 : -11, random_below(ARRAY_SIZE(things)),
			   (u8)(8 + random_below(3)), PICK(ports) };
}

static struct event *feed_io(struct proc *p, struct fed *f, const struct io *io)
{
	const struct thing *t = &things[io->thing];
	s64 fd = 5 + (s64)io->thing;
	u8 info[200], tuple[100];
	bool out = io->code == SC_sendto || io->code == SC_sendmsg || io->code == SC_connect;
	int n = (int)put_info(t, fd, info);
	int m = (int)put_tuple(t, out, t->dport ? t->peer : io->peer, t->dport ? t->dport : io->port, tuple);

	switch (io->code) {
	case SC_sendto:
	case SC_sendmsg:
		return feed(p, f, io->event, 1000, "dBduBB", io->res, "x", 1, fd, 1, tuple, m, info, n);
	case SC_recvfrom:
		return feed(p, f, io->event, 1000, "dBBduB", io->res, "x", 1, tuple, m, fd, 1, info, n);
	case SC_recvmsg:
		return feed(p, f, io->event, 1000, "duBB-dB", io->res, 1, "x", 1, tuple, m, fd, info, n);
	case SC_connect:
		return feed(p, f, io->event, 1000, "dBd-B", io->res, tuple, m, fd, info, n);
	default:
		return feed(p, f, io->event, 1000, "dBduB", io->res, "x", 1, fd, 1, info, n);
	}
}

/* ---- rules ------------------------------------------------------------------------------------------- */

static void add_fd_rules(struct buf *b)
{
	static const char *const types[] = {
		"read", "write", "sendto", "recvfrom", "sendmsg", "recvmsg", "read, sendto, recvfrom", "write, sendmsg, recvmsg",
		"connect, recvmsg",
	};
	static const char *const checks[] = {
		"fd.typechar = 4", "fd.typechar = 6", "fd.typechar in (4, 6)", "fd.type = unix", "fd.type in (file, pipe)",
		"fd.type != ipv4", "not fd.type = ipv4", "fd.typechar != f", "fd.type = event", "fd.l4proto = tcp",
		"fd.l4proto != tcp", "not fd.l4proto = tcp", "fd.l4proto = udp", "fd.l4proto in (tcp, udp)", "fd.port = 443",
		"fd.sport in (22, 53, 443)", "fd.cport >= 40000", "fd.rport < 100", "fd.lport = 40000", "fd.port > 49999",
		"fd.ip = 10.0.0.9", "fd.sip = 10.0.0.1", "fd.cip = 10.0.0.8", "fd.net = 10.0.0.0/29", "fd.snet in (10.0.0.8/29, 192.168.0.0/16)",
		"fd.cnet = 10.0.0.128/25", "fd.net != 127.0.0.0/8", "not fd.snet = 10.0.0.0/8", "fd.sip = 2001::9", "fd.rip = 10.0.0.9",
		"fd.name contains 443", "fd.connected = true", "fd.connected = false", "fd.name_changed = true", "evt.rawres >= 0",
		"fd.sip != 10.0.0.9", "fd.is_server = true", "evt.failed = true", "evt.rawarg.size >= 1", "fd.name startswith 10.0.0",
	};
	u32 n = 1 + random_below(4);

	for (u32 i = 0; i < n; i++) {
		u32 k = 1 + random_below(3);
		const char *op = random_below(3) ? " and " : " or ";

		buf_addf(b, "- rule: r%u\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type in (%s) and (", i, PICK(types));
		for (u32 c = 0; c < k; c++)
			buf_addf(b, "%s%s", c ? op : "", PICK(checks));
		buf_adds(b, ")\n");
	}
}

/* ---- the comparison ---------------------------------------------------------------------------------- */

/* A picture of the system. */
struct view {
	struct proc *p;
	struct fed f;
	struct field_ctx x;
};

static struct proc *live_system(struct fed *f)
{
	const struct proc_options opt = { 0 };
	struct proc *p = proc_new(&opt);

	f->ts_ns = 1700000000ull * 1000000000;
	f->live = true;
	known_thread(p, 1, 1, 0, "init");
	known_thread(p, 1000, 1000, 1, "p1000");
	return p;
}

static void view_init(struct view *v)
{
	v->p = live_system(&v->f);
	field_ctx_init(&v->x, v->p);
}

static void view_fini(struct view *v)
{
	field_ctx_fini(&v->x);
	proc_free(v->p);
}

/* Rules that match it, a bit each. */
static u32 see(struct view *v, struct ruleset *set, const struct io *io, u64 ts_ns)
{
	struct rule *const *matched;
	struct event *ev;
	u32 n, ret = 0;

	v->f.ts_ns = ts_ns;
	ev = feed_io(v->p, &v->f, io);
	n = ruleset_match(set, &v->x, ev, false, &matched);
	for (u32 i = 0; i < n; i++)
		ret |= 1u << matched[i]->index;
	proc_done(v->p, ev);
	return ret;
}

static bool passes_io(const struct kfilter *f, const struct io *io, bool forget)
{
	const struct thing *t = &things[io->thing];
	u32 v = f->codes[io->code];
	const struct kf_set *s;
	struct kf_values values = { .known = KF_OF_ARGS };

	if (v < KF_FIRST_SET)
		return v == KF_PASS;
	s = &f->sets[v - KF_FIRST_SET];
	values.v[2][0] = values.v[2][1] = 1;
	values.v[0][0] = values.v[0][1] = 5 + io->thing;
	if (!look(t, f->fds[io->code], &values) && !forget)
		return true;
	return kf_numbers(s, kf_result(s, s->all, io->res), &values);
}

/* As src/app/kernel_filter.c chooses it. */
static void options(struct pushdown_options *opt)
{
	memset(opt, 0, sizeof(*opt));
	opt->whole[SC_connect / 64] |= 1ull << SC_connect % 64;
}

struct sum {
	u32 events, matched, dropped;
	u32 wrong[MISTAKES], forgotten;
};

static void compare(const char *text, struct sum *s)
{
	static struct pushdown down;
	static struct kfilter bad[MISTAKES];
	static struct view all, passed, forgetful;
	struct rules_options ropt = test_options();
	struct rules *r = rules_new(&ropt);
	struct pushdown_options opt;
	struct buf out = { 0 };
	struct diag d = { 0 };
	struct ruleset *set;

	if (load(r, text, &out) || rules_compile(r, &set, &d))
		fail_msg("%s %s\n%s", buf_str(&out), d.msg ? d.msg : "", text);
	options(&opt);
	pushdown_build(set, &opt, &down);
	for (u32 m = 0; m < MISTAKES; m++) {
		bad[m] = down.filter;
		make_mistake(&bad[m], m);
	}
	view_init(&all);
	view_init(&passed);
	view_init(&forgetful);
	for (u32 i = 0; i < 150; i++) {
		u64 ts_ns = all.f.ts_ns;
		struct io io;
		u32 found;
		bool pass;

		random_io(&io);
		if (down.filter.codes[io.code] == KF_NONE)
			continue;	/* it is not captured */
		found = see(&all, set, &io, ts_ns);
		pass = passes_io(&down.filter, &io, false);
		s->events++;
		s->matched += found != 0;
		s->dropped += !pass;
		for (u32 m = 0; m < MISTAKES; m++)
			s->wrong[m] += found && !passes_io(&bad[m], &io, false);
		if ((pass ? see(&passed, set, &io, ts_ns) : 0) != found)
			fail_msg("event %u: %s on descriptor %u, result %lld, %s: rules %x match without the filter\n%s", i,
				 event_desc(io.event)->name, io.thing, (long long)io.res, pass ? "passed" : "discarded", found, text);
		s->forgotten += (passes_io(&down.filter, &io, true) ? see(&forgetful, set, &io, ts_ns) : 0) != found;
	}
	view_fini(&all);
	view_fini(&passed);
	view_fini(&forgetful);
	ruleset_free(set);
	rules_free(r);
	buf_fini(&out);
	diag_fini(&d);
}

static void test_descriptors(void **state)
{
	struct sum s = { 0 };

	(void)state;
	for (u32 i = 0; i < 1500; i++) {
		struct buf text = { 0 };

		add_fd_rules(&text);
		compare(buf_str(&text), &s);
		buf_fini(&text);
	}
	print_message("%u events, %u match, %u discarded; with mistakes: result %u, clause %u, number %u %u, teaching %u\n", s.events,
		      s.matched, s.dropped, s.wrong[WRONG_RESULT], s.wrong[LOST_CLAUSE], s.wrong[WRONG_NUMBER],
		      s.wrong[LOST_NUMBER], s.forgotten);
	assert_int_equal(s.wrong[NO_MISTAKE], 0);
	assert_true(s.matched > s.events / 20);
	assert_true(s.dropped > s.events / 20);
	assert_true(s.wrong[WRONG_RESULT] && s.wrong[LOST_CLAUSE] && s.wrong[WRONG_NUMBER] && s.wrong[LOST_NUMBER]);
	assert_true(s.forgotten > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
