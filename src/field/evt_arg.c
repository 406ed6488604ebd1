/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of events: evt.args, evt.arg, evt.rawarg, evt.abspath. */
#include "field/getter.h"

#include <stdio.h>

#define UNKNOWN_DIR "<UNKNOWN>/"

static const struct fd *fd_of(const struct field_ctx *x, const struct event *ev, s64 num)
{
	if (ev->fd && ev->fd->num == num)
		return ev->fd;
	return x->thread ? proc_fd(x->proc, x->thread, num) : NULL;
}

static char protocol_char(const struct fd *fd)
{
	static const char chars[] = {
		[L4_TCP] = 't', [L4_UDP] = 'u', [L4_ICMP] = 'i', [L4_RAW] = 'r'};

	u8 proto = fd_l4proto(fd);

	return proto < ARRAY_SIZE(chars) ? chars[proto] : 0;
}

static bool print_fd(void *ctx, const struct event *ev, s64 num, struct buf *out)
{
	const struct fd *fd = fd_of(ctx, ev, num);
	char proto;

	if (!fd)
		return false;
	buf_addc(out, '<');
	buf_addc(out, fd_typechar(fd->type));
	proto = protocol_char(fd);
	if (proto)
		buf_addc(out, proto);
	buf_addc(out, '>');
	buf_add(out, fd->name.p, fd->name.len);
	return true;
}

static char print_typechar(void *ctx, const struct event *ev, s64 num)
{
	const struct fd *fd = fd_of(ctx, ev, num);

	return fd ? fd_typechar(fd->type) : '?';
}

static bool print_comm(void *ctx, s64 pid, struct buf *out)
{
	struct field_ctx *x = ctx;
	const struct thread *t = proc_thread(x->proc, pid);

	if (!t)
		return false;
	buf_add(out, t->comm.p, t->comm.len);
	return true;
}

static bool print_user(void *ctx, const struct event *ev, u32 uid, struct buf *out)
{
	const struct field_ctx *x = ctx;
	const struct user *u = x->thread ? proc_user(x->proc, x->thread, uid) : NULL;

	(void)ev;
	if (!u)
		return false;
	buf_add(out, u->name.p, u->name.len);
	return true;
}

static bool print_group(void *ctx, const struct event *ev, u32 gid, struct buf *out)
{
	const struct field_ctx *x = ctx;
	const struct group *g = x->thread ? proc_group_by_gid(x->proc, x->thread, gid) : NULL;

	(void)ev;
	if (!g)
		return false;
	buf_add(out, g->name.p, g->name.len);
	return true;
}

/* Directory a relative path in parameter i starts from; empty when it is not known. */
static struct pstr base_dir(struct field_ctx *x, const struct event *ev, u32 i, const char *p,
			    u32 len)
{
	struct pstr dir = { "", 0 };
	u32 aux = i < ev->desc->nparams ? ev->desc->params[i].aux : (u32)AUX_none;
	s64 dirfd = SAKER_AT_FDCWD;

	if (!x->thread)
		return dir;
	if (aux >= AUX_dirfd_0 && aux <= AUX_dirfd_3 && !event_s64(ev, aux - AUX_dirfd_0, &dirfd))
		return dir;
	if (dirfd == SAKER_AT_FDCWD)
		return x->thread->cwd;
	proc_dirfd_path(x->proc, ev, dirfd, p, len, &dir);
	return dir;
}

static bool is_unknown_dir(const struct pstr *dir)
{
	return dir->len >= 9 && !memcmp(dir->p, UNKNOWN_DIR, 9);
}

static bool print_path(void *ctx, const struct event *ev, u32 i, const char *p, u32 len,
		       struct buf *out)
{
	struct pstr dir;
	char path[1024];

	if (!len || (len == 4 && !memcmp(p, "<NA>", 4)))
		return false;
	dir = base_dir(ctx, ev, i, p, len);
	if (is_unknown_dir(&dir))
		dir.len = 0;
	len = path_concat(path, sizeof(path), dir.p, dir.len, p, len);
	buf_add(out, path, len);
	return true;
}

static struct event_print_ops print_ops(struct field_ctx *x)
{
	return (struct event_print_ops){
		.ctx = x,
		.buffers = x->buffers,
		.printed = x->printing && !x->ev->live ? field_left_printed : NULL,
		.fd_name = print_fd,
		.fd_typechar = print_typechar,
		.comm = print_comm,
		.user = print_user,
		.group = print_group,
		.path = print_path,
	};
}

bool field_evt_get_args(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	struct event_print_ops ops = print_ops(x);
	struct buf *b = tmp_buf(x);

	(void)f;
	if (x->ev->type != EV_GENERIC_X && x->ev->type != EV_GENERIC_E)
		event_print_args(x->ev, &ops, b);
	return set_scratch(x, ret, b);
}

/* The resolved form when there is one, else the raw form. */
bool field_evt_get_arg(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct event *ev = x->ev;
	s64 i = f->has_index ? f->index : event_param_index(ev->desc, f->arg, f->arg_len);
	struct event_print_ops ops = print_ops(x);
	struct buf resolved = { 0 }, *raw = tmp_buf(x);

	if (i < 0 || (u64)i >= ev->nparams)
		return false;
	event_print_param(ev, (u32)i, &ops, raw, &resolved);
	if (resolved.len) {
		buf_clear(raw);
		buf_add(raw, resolved.p, resolved.len);
	}
	buf_fini(&resolved);
	return set_scratch(x, ret, raw);
}

/* The first parameter of this name in the table, with the longest name that fits. */
static const struct param_desc *find_param(const char *name, size_t len, size_t *ret_len)
{
	const struct param_desc *best = NULL;

	*ret_len = 0;
	for (u32 type = 0; type < EV_MAX; type++) {
		const struct event_desc *d = event_desc(type);

		for (u32 i = 0; i < d->nparams + d->nextra; i++) {
			size_t n = strlen(d->params[i].name);

			if (n > *ret_len && n <= len && !memcmp(d->params[i].name, name, n)) {
				*ret_len = n;
				best = &d->params[i];
			}
		}
	}
	return best;
}

/* A number stands for the position of a parameter. */
static bool bind_number(struct field_ref *f)
{
	const char *s = f->arg + (f->arg[0] == '-');

	if (!*s || s[strspn(s, "0123456789")] || strlen(s) > 9)
		return false;
	for (f->index = 0; *s; s++)
		f->index = f->index * 10 + *s - '0';
	if (f->arg[0] == '-')
		f->index = -1 - f->index;
	f->has_index = true;
	return true;
}

static bool dotted(const struct field_ref *f)
{
	return f->text && f->text[strlen(f->field->name)] == '.';
}

int field_evt_bind_arg(struct field_ref *f, struct arena *a, struct diag *d)
{
	size_t len;

	(void)a;
	if (!dotted(f))
		return bind_number(f) ? 0 : diag_set(d, "%s is not a valid number", f->arg);
	if (!find_param(f->arg, f->arg_len, &len))
		return diag_set(d, "unknown event argument %s", f->arg);
	f->arg_len = (u32)len;
	return 0;
}

int field_evt_bind_rawarg(struct field_ref *f, struct arena *a, struct diag *d)
{
	const struct param_desc *p;
	size_t len;

	(void)a;
	if (!dotted(f))
		return diag_set(d, "filter syntax error: %s", f->field->name);
	p = find_param(f->arg, f->arg_len, &len);
	if (!p)
		return diag_set(d, "unknown event argument %s", f->arg);
	f->arg_len = (u32)len;
	f->type = p->type;
	f->fmt = p->fmt;
	return 0;
}

static bool is_signed_type(u8 type)
{
	switch (type) {
	case PT_INT8:
	case PT_INT16:
	case PT_INT32:
	case PT_INT64:
	case PT_ERRNO:
	case PT_FD:
	case PT_PID:
	case PT_FD32:
	case PT_PID32:
		return true;
	default:
		return false;
	}
}

static bool is_number_type(u8 type)
{
	switch (type) {
	case PT_CHARBUF:
	case PT_BYTEBUF:
	case PT_SOCKADDR:
	case PT_SOCKTUPLE:
	case PT_FDLIST:
	case PT_FSPATH:
	case PT_FSRELPATH:
	case PT_IPV4ADDR:
	case PT_IPV6ADDR:
	case PT_IPADDR:
	case PT_DYN:
	case PT_CHARBUFARRAY:
	case PT_CHARBUF_PAIR_ARRAY:
	case PT_FDINFO:
		return false;
	default:
		return true;
	}
}

static bool raw_number(const struct event_param *p, struct value *v)
{
	if (p->len > sizeof(v->u))
		return false;
	v->u = 0;
	if (p->len)
		memcpy(&v->u, p->p, p->len);
	if (is_signed_type(v->type) && p->len && p->len < sizeof(v->u)) {
		u32 shift = 64 - 8 * p->len;

		v->i = (s64)(v->u << shift) >> shift;
	}
	return true;
}

/*
 * Typed as the parameter of the present event.  Numbers that a capture of an older version
 * lacks are 0.
 */
bool field_evt_get_rawarg(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	const struct event *ev = x->ev;
	int i = event_param_index(ev->desc, f->arg, f->arg_len);
	struct event_param p;

	if (i < 0 || (u32)i >= ev->nparams)
		return false;
	p = event_param(ev, (u32)i);
	*ret = (struct value){ .type = ev->desc->params[i].type, .fmt = ev->desc->params[i].fmt };
	if (is_number_type(ret->type))
		return raw_number(&p, ret);
	if (!p.len && ret->type != PT_BYTEBUF)
		return false;
	ret->p = p.len ? (const char *)p.p : "";
	ret->len = p.len;
	if (ret->type == PT_BYTEBUF)
		ret->fmt = x->buffers;
	else if (ret->type == PT_CHARBUF || ret->type == PT_FSPATH || ret->type == PT_FSRELPATH)
		ret->len = (u32)strnlen(ret->p, p.len);
	return true;
}

enum { ABSPATH_SRC, ABSPATH_DST };

int field_evt_bind_abspath(struct field_ref *f, struct arena *a, struct diag *d)
{
	(void)a;
	if (!f->arg)
		return 0;
	if (!strcmp(f->arg, "src"))
		f->index = ABSPATH_SRC;
	else if (!strcmp(f->arg, "dst"))
		f->index = ABSPATH_DST;
	else
		return diag_set(d, "%s is no path of an event", f->arg);
	return 0;
}

/* Where events have their directory fd and path; dst is src where there is one path only. */
static const struct {
	u16 type;
	u8 dirfd[2], path[2];
} abspath_params[] = {
	{ EV_SYSCALL_RENAMEAT_X, { 1, 3 }, { 2, 4 } },
	{ EV_SYSCALL_RENAMEAT2_X, { 1, 3 }, { 2, 4 } },
	{ EV_SYSCALL_LINKAT_2_X, { 1, 3 }, { 2, 4 } },
	{ EV_SYSCALL_SYMLINKAT_X, { 2, 2 }, { 3, 3 } },
	{ EV_SYSCALL_OPENAT_2_X, { 1, 1 }, { 2, 2 } },
	{ EV_SYSCALL_OPENAT2_X, { 1, 1 }, { 2, 2 } },
	{ EV_SYSCALL_UNLINKAT_2_X, { 1, 1 }, { 2, 2 } },
	{ EV_SYSCALL_MKDIRAT_X, { 1, 1 }, { 2, 2 } },
	{ EV_SYSCALL_FCHMODAT_X, { 1, 1 }, { 2, 2 } },
	{ EV_SYSCALL_FCHOWNAT_X, { 1, 1 }, { 2, 2 } },
};

static bool abspath(struct field_ctx *x, struct value *ret, u32 dirfd_i, u32 path_i)
{
	const struct event *ev = x->ev;
	struct pstr dir = { "", 0 };
	const char *path;
	s64 dirfd;
	u32 len;

	if (!event_str(ev, path_i, &path, &len) || !event_s64(ev, dirfd_i, &dirfd))
		return false;
	if (!len)
		return set_str(ret, "", 0);
	if (dirfd == SAKER_AT_FDCWD)
		dir = x->thread->cwd;
	else if (path[0] != '/')
		proc_dirfd_path(x->proc, ev, dirfd, path, len, &dir);
	return field_set_path(x, ret, &dir, path, len);
}

/* The path of a file opened by handle comes from the kernel: it is absolute or unknown. */
static bool abspath_of_handle(struct field_ctx *x, struct value *ret)
{
	const char *path;
	u32 len;

	if (!event_str(x->ev, 3, &path, &len) || !len || path[0] != '/')
		return false;
	return field_set_path(x, ret, NULL, path, len);
}

bool field_evt_get_abspath(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	u16 type = x->ev->type;
	u32 which = f->index == ABSPATH_DST;

	if (!x->thread)
		return false;
	if (type == EV_SYSCALL_OPEN_BY_HANDLE_AT_X)
		return abspath_of_handle(x, ret);
	for (size_t i = 0; i < ARRAY_SIZE(abspath_params); i++)
		if (abspath_params[i].type == type)
			return abspath(x, ret, abspath_params[i].dirfd[which],
				       abspath_params[i].path[which]);
	return false;
}

bool field_set_path_in(struct field_ctx *x, struct value *v, const struct fd *dir, const char *path,
		       u32 len)
{
	char *base = field_scratch(x, dir->name.len + 2);

	memcpy(base, dir->name.p, dir->name.len);
	base[dir->name.len] = '/';
	base[dir->name.len + 1] = 0;
	return field_set_path(x, v, &(struct pstr){ base, dir->name.len + 1 }, path, len);
}

bool field_set_path(struct field_ctx *x, struct value *v, const struct pstr *base, const char *path,
		    u32 len)
{
	char *p = field_scratch(x, 1024);

	len = path_concat(p, 1024, base ? base->p : NULL, base ? base->len : 0, path, len);
	return set_str(v, p, len);
}
