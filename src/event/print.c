/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters as text: a row of printers[] for each parameter type.
 *
 * A printer appends the raw form, and to `resolved` what a person would rather read.  It
 * is called with a value of the size of its type, which is never 0.
 */
#include "event/print.h"

#include <string.h>

#define NO_FORM "(n.a.)"	/* for types which have never been printed in any other way */

struct print {
	const struct event *ev;
	u32 i;				/* the parameter */
	const struct event_print_ops *ops;
	struct buf *raw, *resolved;
};

struct value {
	const struct param_desc *d;
	const u8 *p;
	u32 len;
};

static u64 load(const struct value *v)
{
	u64 n = 0;

	memcpy(&n, v->p, size_min(v->len, sizeof(n)));	/* little endian */
	return n;
}

static s64 load_signed(const struct value *v)
{
	u32 unused = 64 - 8 * v->len;

	return (s64)(load(v) << unused) >> unused;
}

/* Octal as C has it: 0 for zero, else with a leading 0. */
static void print_octal(u64 n, struct buf *out)
{
	buf_addf(out, "%#llo", n);
}

static void print_number(u64 n, s64 decimal, u8 fmt, struct buf *out)
{
	switch (fmt) {
	case PF_HEX:
		buf_addf(out, "%llX", n);
		break;
	case PF_OCT:
		print_octal(n, out);
		break;
	case PF_10_PADDED_DEC:
		buf_addf(out, "%09lld", decimal);
		break;
	default:
		buf_add_s64(out, decimal);
	}
}

static void print_signed(const struct print *pr, const struct value *v)
{
	print_number(load(v), load_signed(v), v->d->fmt, pr->raw);
}

/* Of 1 and 2 bytes.  Longer ones are printed as signed: rules and users know (uid_t)-1 as -1. */
static void print_unsigned(const struct print *pr, const struct value *v)
{
	print_number(load(v), (s64)load(v), v->d->fmt, pr->raw);
}

static void print_string(const struct print *pr, const struct value *v)
{
	buf_add(pr->raw, v->p, strnlen((const char *)v->p, v->len));
}

static void print_path(const struct print *pr, const struct value *v)
{
	const char *s = (const char *)v->p;
	u32 len = (u32)strnlen(s, v->len);

	buf_add(pr->raw, s, len);
	if (!len || s[0] == '/' || (len == 4 && !memcmp(s, "<NA>", 4)))
		return;
	if (pr->ops->path)
		pr->ops->path(pr->ops->ctx, pr->ev, pr->i, s, len, pr->resolved);
}

static void print_buffer(const struct print *pr, const struct value *v)
{
	print_bytes(v->p, v->len, pr->ops->buffers, pr->raw);
}

static void resolve_errno(const struct print *pr, s64 n)
{
	const char *name = n < 0 && n > -100000 ? errno_name(-n) : NULL;

	if (name)
		buf_adds(pr->resolved, name);
}

static void print_errno(const struct print *pr, const struct value *v)
{
	s64 n = load_signed(v);

	buf_add_s64(pr->raw, n);
	resolve_errno(pr, n);
}

static void print_fd(const struct print *pr, const struct value *v)
{
	s64 fd = load_signed(v);

	buf_add_s64(pr->raw, fd);
	if (fd == SAKER_AT_FDCWD)
		buf_adds(pr->resolved, "AT_FDCWD");
	else if (fd < 0)
		resolve_errno(pr, fd);
	else if (pr->ops->fd_name)
		pr->ops->fd_name(pr->ops->ctx, pr->ev, fd, pr->resolved);
}

static void print_pid(const struct print *pr, const struct value *v)
{
	s64 pid = load_signed(v);

	buf_add_s64(pr->raw, pid);
	if (pr->ops->comm)
		pr->ops->comm(pr->ops->ctx, pid, pr->resolved);
}

static void print_addr(const struct print *pr, const struct value *v)
{
	print_sockaddr(v->p, v->len, pr->raw);
}

static void print_tuple(const struct print *pr, const struct value *v)
{
	print_socktuple(v->p, v->len, pr->raw);
}

/* A list of {fd, events}; the count is capped by what is there. */
static void print_fdlist(const struct print *pr, const struct value *v)
{
	enum { ITEM = 10 };
	size_t n;
	u16 count;

	if (v->len < sizeof(count))
		return;
	memcpy(&count, v->p, sizeof(count));
	n = size_min(count, (v->len - sizeof(count)) / ITEM);
	for (size_t i = 0; i < n; i++) {
		const u8 *p = v->p + sizeof(count) + i * ITEM;
		char type = 0;
		u16 flags;
		s64 fd;

		memcpy(&fd, p, sizeof(fd));
		memcpy(&flags, p + sizeof(fd), sizeof(flags));
		if (pr->ops->fd_typechar)
			type = pr->ops->fd_typechar(pr->ops->ctx, pr->ev, fd);
		buf_addf(pr->raw, "%s%lld:", i ? " " : "", fd);
		if (type)
			buf_addc(pr->raw, type);
		buf_addf(pr->raw, "%x", flags);
	}
}

static void print_syscall(const struct print *pr, const struct value *v)
{
	const struct syscall_desc *s = syscall_desc((u32)load(v));

	buf_add_u64(pr->raw, load(v));
	if (s || load(v) == SC_unknown)
		buf_adds(pr->resolved, s ? s->name : "unknown");
}

static void print_signal(const struct print *pr, const struct value *v)
{
	const char *name = signal_name((u32)load(v));

	buf_add_u64(pr->raw, load(v));
	if (name)
		buf_adds(pr->resolved, name);
}

static void print_sigset(const struct print *pr, const struct value *v)
{
	u32 set = (u32)load(v);
	bool first = true;

	for (u32 bit = 0; bit < 32; bit++) {
		const char *name = set >> bit & 1 ? signal_name(bit + 1) : NULL;

		if (!name)
			continue;
		if (!first)
			buf_addc(pr->raw, ' ');
		buf_adds(pr->raw, name);
		first = false;
	}
}

static void print_reltime(const struct print *pr, const struct value *v)
{
	u64 ns = load(v);

	buf_add_u64(pr->raw, ns);
	if (ns == ~0ull)
		buf_adds(pr->resolved, "none");
	else
		buf_addf(pr->resolved, "%lgs", (double)ns / 1e9);
}

static void print_abstime(const struct print *pr, const struct value *v)
{
	print_time(load(v), pr->raw);
}

static void print_bool(const struct print *pr, const struct value *v)
{
	buf_adds(pr->raw, load(v) ? "true" : "false");
}

static void print_double(const struct print *pr, const struct value *v)
{
	double d;

	memcpy(&d, v->p, sizeof(d));
	buf_addf(pr->raw, "%g", d);
}

static void print_bits(const struct print *pr, const struct value *v)
{
	const struct flag_table *t = event_flags((enum param_aux)v->d->aux);

	buf_add_u64(pr->raw, load(v));
	if (t)
		print_flags(t, (u32)load(v), pr->resolved);
}

static void print_constant(const struct print *pr, const struct value *v)
{
	const struct flag_table *t = event_flags((enum param_aux)v->d->aux);

	buf_add_u64(pr->raw, load(v));
	if (t)
		print_enum(t, (u32)load(v), pr->resolved);
}

static void print_mode(const struct print *pr, const struct value *v)
{
	const struct flag_table *t = event_flags((enum param_aux)v->d->aux);

	print_octal(load(v), pr->raw);
	if (t)
		print_flags(t, (u32)load(v), pr->resolved);
}

static void print_id(const struct print *pr, const struct value *v,
		     bool (*name)(void *ctx, const struct event *ev, u32 id, struct buf *out))
{
	u32 id = (u32)load(v);

	buf_add_s64(pr->raw, (s32)id);
	if (id == UINT32_MAX)
		buf_adds(pr->resolved, "<NONE>");
	else if (!name || !name(pr->ops->ctx, pr->ev, id, pr->resolved))
		buf_adds(pr->resolved, "<NA>");
}

static void print_uid(const struct print *pr, const struct value *v)
{
	print_id(pr, v, pr->ops->user);
}

static void print_gid(const struct print *pr, const struct value *v)
{
	print_id(pr, v, pr->ops->group);
}

/* NUL-terminated strings one after the other, with sep1, sep2, sep1, ... between them. */
static void print_strings(const struct print *pr, const struct value *v, char sep1, char sep2)
{
	u32 n = 0;

	for (u32 at = 0; at < v->len; n++) {
		u32 len = (u32)strnlen((const char *)v->p + at, v->len - at);

		if (n)
			buf_addc(pr->raw, n % 2 ? sep1 : sep2);
		buf_add(pr->raw, v->p + at, len);
		at += len + 1;
	}
}

static void print_array(const struct print *pr, const struct value *v)
{
	print_strings(pr, v, '.', '.');
}

static void print_pairs(const struct print *pr, const struct value *v)
{
	print_strings(pr, v, '=', ',');
}

static void print_ip(const struct print *pr, const struct value *v)
{
	if (v->len == 4)
		print_ipv4(v->p, pr->raw);
	else if (v->len == 16)
		print_ipv6(v->p, pr->raw);
	else
		buf_adds(pr->raw, NO_FORM);
}

static void print_none(const struct print *pr, const struct value *v)
{
	(void)v;
	buf_adds(pr->raw, NO_FORM);
}

/* What the kernel knows of an fd, in the order of its use to a reader. */
static void print_fdinfo(const struct print *pr, const struct value *v)
{
	struct fdinfo f;
	const u8 *name;
	bool sock;
	u32 len;

	if (v->len < sizeof(f)) {
		buf_adds(pr->raw, NO_FORM);
		return;
	}
	memcpy(&f, v->p, sizeof(f));
	name = v->p + sizeof(f);
	len = v->len - (u32)sizeof(f);
	sock = (f.type >= FDT_IPV4_SOCK && f.type <= FDT_IPV6_SERVSOCK) || f.type == FDT_UNIX_SOCK;
	buf_addf(pr->raw, "fd=%lld,type=%u,l4=%u,flags=%x,open=%x,dev=%x,ino=%llu,name=", f.fd,
		 f.type, f.l4proto, f.flags, f.open_flags, f.dev, f.ino);
	if (sock)
		print_socktuple(name, len, pr->raw);
	else
		buf_add(pr->raw, name, len);
}

static void print_dyn(const struct print *pr, const struct value *v);

#define ABSENT "<NA>"
#define EMPTY "NULL"

static const struct printer {
	void (*print)(const struct print *pr, const struct value *v);
	const char *none;	/* for a parameter without a value */
} printers[] = {
	[PT_NONE]		= { print_none, ABSENT },
	[PT_INT8]		= { print_signed, ABSENT },
	[PT_INT16]		= { print_signed, ABSENT },
	[PT_INT32]		= { print_signed, ABSENT },
	[PT_INT64]		= { print_signed, ABSENT },
	[PT_UINT8]		= { print_unsigned, ABSENT },
	[PT_UINT16]		= { print_unsigned, ABSENT },
	[PT_UINT32]		= { print_signed, ABSENT },
	[PT_UINT64]		= { print_signed, ABSENT },
	[PT_CHARBUF]		= { print_string, ABSENT },
	[PT_BYTEBUF]		= { print_buffer, EMPTY },
	[PT_ERRNO]		= { print_errno, ABSENT },
	[PT_SOCKADDR]		= { print_addr, ABSENT },
	[PT_SOCKTUPLE]		= { print_tuple, EMPTY },
	[PT_FD]			= { print_fd, ABSENT },
	[PT_PID]		= { print_pid, ABSENT },
	[PT_FDLIST]		= { print_fdlist, EMPTY },
	[PT_FSPATH]		= { print_path, ABSENT },
	[PT_SYSCALLID]		= { print_syscall, ABSENT },
	[PT_SIGTYPE]		= { print_signal, ABSENT },
	[PT_RELTIME]		= { print_reltime, ABSENT },
	[PT_ABSTIME]		= { print_abstime, ABSENT },
	[PT_PORT]		= { print_none, ABSENT },
	[PT_L4PROTO]		= { print_unsigned, ABSENT },
	[PT_SOCKFAMILY]		= { print_unsigned, ABSENT },
	[PT_BOOL]		= { print_bool, ABSENT },
	[PT_IPV4ADDR]		= { print_none, ABSENT },
	[PT_DYN]		= { print_dyn, EMPTY },
	[PT_FLAGS8]		= { print_bits, ABSENT },
	[PT_FLAGS16]		= { print_bits, ABSENT },
	[PT_FLAGS32]		= { print_bits, ABSENT },
	[PT_UID]		= { print_uid, ABSENT },
	[PT_GID]		= { print_gid, ABSENT },
	[PT_DOUBLE]		= { print_double, ABSENT },
	[PT_SIGSET]		= { print_sigset, ABSENT },
	[PT_CHARBUFARRAY]	= { print_array, EMPTY },
	[PT_CHARBUF_PAIR_ARRAY]	= { print_pairs, EMPTY },
	[PT_IPV4NET]		= { print_none, ABSENT },
	[PT_IPV6ADDR]		= { print_none, ABSENT },
	[PT_IPV6NET]		= { print_none, ABSENT },
	[PT_IPADDR]		= { print_ip, ABSENT },
	[PT_IPNET]		= { print_none, ABSENT },
	[PT_MODE]		= { print_mode, ABSENT },
	[PT_FSRELPATH]		= { print_path, ABSENT },
	[PT_ENUMFLAGS8]		= { print_constant, ABSENT },
	[PT_ENUMFLAGS16]	= { print_constant, ABSENT },
	[PT_ENUMFLAGS32]	= { print_constant, ABSENT },
	[PT_FD32]		= { print_none, ABSENT },
	[PT_PID32]		= { print_none, ABSENT },
	[PT_FDINFO]		= { print_fdinfo, ABSENT },
};

/* Prints one value; a value of the wrong size counts as none. */
static bool print_value(const struct print *pr, const struct value *v)
{
	const struct printer *row = &printers[PT_NONE];
	u32 size = param_type_size(v->d->type);

	if (v->d->type < ARRAY_SIZE(printers) && printers[v->d->type].print)
		row = &printers[v->d->type];
	if (!v->len || (size && size != v->len)) {
		buf_adds(pr->raw, row->none);
		return false;
	}
	row->print(pr, v);
	return true;
}

static const struct {
	u8 aux, index, type, fmt;
} dyn_types[] = {
	{ AUX_sockopt_dynamic_param, DYN_SOCKOPT_UNKNOWN, PT_BYTEBUF, PF_NA },
	{ AUX_sockopt_dynamic_param, DYN_SOCKOPT_ERRNO, PT_ERRNO, PF_DEC },
	{ AUX_sockopt_dynamic_param, DYN_SOCKOPT_UINT32, PT_UINT32, PF_DEC },
	{ AUX_sockopt_dynamic_param, DYN_SOCKOPT_UINT64, PT_UINT64, PF_DEC },
	{ AUX_sockopt_dynamic_param, DYN_SOCKOPT_RELTIME, PT_RELTIME, PF_DEC },
	{ AUX_ptrace_dynamic_param, DYN_PTRACE_UINT64, PT_UINT64, PF_HEX },
	{ AUX_ptrace_dynamic_param, DYN_PTRACE_SIGTYPE, PT_SIGTYPE, PF_DEC },
	{ AUX_bpf_dynamic_param, DYN_BPF_FD, PT_FD, PF_DEC },
	{ AUX_bpf_dynamic_param, DYN_BPF_RES, PT_ERRNO, PF_DEC },
	{ AUX_keyctl_dynamic_param, 0, PT_INT64, PF_DEC },
	{ AUX_keyctl_dynamic_param, 1, PT_CHARBUF, PF_NA },
};

static void print_dyn(const struct print *pr, const struct value *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(dyn_types); i++) {
		struct param_desc d = {
			.name = v->d->name, .type = dyn_types[i].type, .fmt = dyn_types[i].fmt,
		};
		struct value inner = { &d, v->p + 1, v->len - 1 };

		if (dyn_types[i].aux == v->d->aux && dyn_types[i].index == v->p[0]) {
			print_value(pr, &inner);
			return;
		}
	}
	buf_adds(pr->raw, NO_FORM);
}

static const struct event_print_ops no_ops;

bool event_print_param(const struct event *ev, u32 i, const struct event_print_ops *ops,
		       struct buf *raw, struct buf *resolved)
{
	struct buf ignored = { 0 };
	struct print pr = { ev, i, ops ? ops : &no_ops, raw, resolved ? resolved : &ignored };
	struct event_param p = event_param(ev, i);
	size_t start = raw->len;
	bool ok = false;

	if (i < ev->desc->nparams + ev->desc->nextra)
		ok = print_value(&pr, &(struct value){ &ev->desc->params[i], p.p, p.len });
	else
		buf_adds(raw, ABSENT);
	if (pr.ops->printed)
		pr.ops->printed(pr.ops->ctx, raw->p + start, raw->len - start,
				ok && ev->desc->params[i].type == PT_BYTEBUF);
	buf_fini(&ignored);
	return ok;
}

void event_print_args(const struct event *ev, const struct event_print_ops *ops, struct buf *out)
{
	u32 n = (u32)size_min(ev->nparams, ev->desc->nparams);
	struct buf resolved = { 0 };

	if (ev->type == EV_GENERIC_E || ev->type == EV_GENERIC_X)
		return;
	for (u32 i = 0; i < n; i++) {
		if (i)
			buf_addc(out, ' ');
		buf_adds(out, ev->desc->params[i].name);
		buf_addc(out, '=');
		buf_clear(&resolved);
		event_print_param(ev, i, ops, out, &resolved);
		if (resolved.len) {
			buf_addc(out, '(');
			buf_add(out, resolved.p, resolved.len);
			buf_addc(out, ')');
		}
	}
	buf_fini(&resolved);
}
