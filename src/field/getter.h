/* SPDX-License-Identifier: Apache-2.0 */
/* What the getters share: setters for values, scratch strings, and the field classes. */
#ifndef SAKER_FIELD_GETTER_H
#define SAKER_FIELD_GETTER_H

#include <string.h>

#include "field/field.h"

/* The head of a getter of this file. */
#define GETTER(name_)                                                                              \
	static bool name_(struct field_ctx *x, const struct field_ref *f, struct value *ret)

static inline bool set_u64(const struct field_ref *f, struct value *v, u64 u)
{
	*v = (struct value){ .type = f->type, .fmt = f->fmt, .u = u };
	return true;
}

static inline bool set_s64(const struct field_ref *f, struct value *v, s64 i)
{
	*v = (struct value){ .type = f->type, .fmt = f->fmt, .i = i };
	return true;
}

static inline bool set_double(const struct field_ref *f, struct value *v, double d)
{
	*v = (struct value){ .type = f->type, .fmt = f->fmt, .d = d };
	return true;
}

static inline bool set_str(struct value *v, const char *p, size_t len)
{
	value_set_str(v, p, len);
	return true;
}

static inline bool set_cstr(struct value *v, const char *s)
{
	return set_str(v, s, strlen(s));
}

static inline bool set_pstr(struct value *v, const struct pstr *s)
{
	return set_str(v, s->p, s->len);
}

/* Copies what b holds to memory of the present event. */
static inline bool set_scratch(struct field_ctx *x, struct value *v, const struct buf *b)
{
	char *p = field_scratch(x, b->len + 1);

	if (b->len)
		memcpy(p, b->p, b->len);
	p[b->len] = 0;
	return set_str(v, p, b->len);
}

/* x->tmp, emptied. */
static inline struct buf *tmp_buf(struct field_ctx *x)
{
	buf_clear(&x->tmp);
	return &x->tmp;
}

static inline bool set_list(const struct field_ref *f, struct value *v, const struct value *list,
			    u32 n)
{
	*v = (struct value){
		.type = f->type, .fmt = f->fmt, .is_list = true, .len = n, .list = list};
	return true;
}

extern const struct field_class field_class_generic, field_class_evt, field_class_proc,
	field_class_user, field_class_group, field_class_fd, field_class_fspath, field_class_util,
	field_class_fdlist, field_class_static, field_class_container, field_class_container_proc,
	field_class_k8s;

/* Getters of evt_*.c for the rows in evt.c. */
bool field_evt_get_arg(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_evt_get_args(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_evt_get_rawarg(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_evt_get_abspath(struct field_ctx *x, const struct field_ref *f, struct value *ret);
int field_evt_bind_arg(struct field_ref *f, struct arena *a, struct diag *d);
int field_evt_bind_rawarg(struct field_ref *f, struct arena *a, struct diag *d);
int field_evt_bind_abspath(struct field_ref *f, struct arena *a, struct diag *d);
bool field_evt_get_time(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_evt_get_rawtime(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_evt_get_buffer(struct field_ctx *x, const struct field_ref *f, struct value *ret);
/* event_print_ops.printed for alerts of captures: what evt.buffer may show later. */
void field_left_printed(void *ctx, const char *p, size_t len, bool is_buffer);
bool field_evt_get_buflen(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_evt_get_errors(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_evt_get_open(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_evt_get_io(struct field_ctx *x, const struct field_ref *f, struct value *ret);
bool field_evt_get_category(struct field_ctx *x, const struct field_ref *f, struct value *ret);

enum evt_time_id {
	TIME_NS, TIME_S, TIME_ISO8601, DATETIME_NS, DATETIME_S,
	RAW_ABS, RAW_ABS_S, RAW_ABS_NS, RAW_REL, RAW_REL_S, RAW_REL_NS,
};

enum evt_error_id { ERROR_ANY, ERROR_FILE, ERROR_NET, ERROR_MEMORY, ERROR_OTHER };

/* Bits of the ids of evt.buflen.*; none of a kind: any. */
enum evt_buflen_id { BUFLEN_IN = 1, BUFLEN_OUT = 2, BUFLEN_FILE = 4, BUFLEN_NET = 8 };

enum evt_open_id { OPEN_READ, OPEN_WRITE, OPEN_EXEC, OPEN_CREATE };

enum evt_io_id { IO_ANY, IO_READ, IO_WRITE, IO_DIR, IO_WAIT, IO_SYSLOG };

/* What an fd is, of a type seen in a table or in an event. */
bool field_is_file_fd(const struct fd *fd);	/* or a directory */
bool field_is_ip_fd(const struct fd *fd);
bool field_is_net_fd(const struct fd *fd);	/* ip or unix */

/*
 * Path with runs of '/' and other redundancy removed, in memory of the present event.  base
 * is empty, NULL, or ends in '/'.
 */
bool field_set_path(struct field_ctx *x, struct value *v, const struct pstr *base, const char *path,
		    u32 len);
/* The same, where the directory is an fd. */
bool field_set_path_in(struct field_ctx *x, struct value *v, const struct fd *dir, const char *path,
		       u32 len);

#endif
