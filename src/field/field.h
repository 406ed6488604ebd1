/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields: what rules can ask of an event, as rows {name, type, flags, get, help}.
 *
 * A getter writes at most one value (or one list) and returns whether there is one.  What
 * it returns points into the event, the state tables or the context's scratch memory, and
 * lives until the next event.  Getters never fail in another way.
 */
#ifndef SAKER_FIELD_FIELD_H
#define SAKER_FIELD_FIELD_H

#include <time.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/types.h"
#include "event/event.h"
#include "event/print.h"
#include "proc/proc.h"

struct value {
	u8 type;		/* enum param_type: how it compares and prints */
	u8 fmt;			/* enum print_format; of PT_BYTEBUF: enum buffer_format */
	bool is_list;
	u32 len;		/* of .p; number of elements of .list */
	union {
		u64 u;		/* unsigned types, flags, times, BOOL (0 or 1) */
		s64 i;		/* signed types, ERRNO, FD, PID */
		double d;
		const char *p;	/* strings (no NUL in len), buffers, IP addresses (4 or 16) */
		const struct value *list;
	};
};

/* A format of doubles: JSON shows 0, as it always did for thread.cpu. */
#define FMT_TEXT_ONLY PF_DIR

enum field_flags {	/* numbers of the plugin interface */
	FF_FILTER_ONLY = 1 << 0,
	FF_PRINT_ONLY = 1 << 1,
	FF_ARG_REQUIRED = 1 << 2,
	FF_HIDDEN = 1 << 3,
	FF_INFO = 1 << 4,
	FF_CONVERSATION = 1 << 5,
	FF_LIST = 1 << 6,
	FF_ARG_ALLOWED = 1 << 7,
	FF_ARG_INDEX = 1 << 8,
	FF_ARG_KEY = 1 << 9,
	FF_DEPRECATED = 1 << 10,
	FF_NO_TRANSFORMER = 1 << 11,
	FF_NO_RHS = 1 << 12,
	FF_SUGGESTED = 1 << 14,
	/* saker's own */
	FF_ANY = 1 << 16,	/* without argument, a comparison holds if any of several values
				 * does: get_all() gives them (ancestors) */
	FF_ENDS = 1 << 17,	/* the same for the ends of a connection; != must hold for both */
	FF_NAMED_EVENT = 1 << 18,	/* evt.type and the like: restricts event types */
	FF_FD_TABLE = 1 << 19,	/* needs the table of all fds of a process */
	FF_TIME = 1 << 20,	/* text of the event's time: JSON has ev->ts_ns in its place */
	FF_WITHIN = 1 << 21,	/* evt.around: '=' holds when the value is not above the right */
	FF_ARG_DOT = 1 << 22,	/* the argument may follow a dot */
	FF_RESOLVE = 1 << 23,	/* fd.sip.name: get() has no value, get_all() writes one address, to
				 * be compared with those of the host names on the right */
	FF_FD_LIMIT = 1 << 24,	/* needs the limit of open fds of a process */
};

struct field_ctx;
struct field_ref;
struct field_class;

typedef bool (*field_get)(struct field_ctx *x, const struct field_ref *f, struct value *ret);

struct field {
	const char *name;
	u8 type;		/* enum param_type; of the elements for lists */
	u8 fmt;			/* enum print_format */
	u32 flags;		/* FF_* */
	field_get get;
	field_get get_all;	/* FF_ANY, FF_ENDS: writes a list; NULL otherwise */
	s64 id;			/* for getters that serve several rows */
	const char *help;
	/*
	 * Called once when a filter or format names the field; may reject the argument
	 * (message in d) and stores what the getter wants in f->index or f->data.  NULL:
	 * index and key are parsed as the flags say.
	 */
	int (*bind)(struct field_ref *f, struct arena *a, struct diag *d);
};

struct field_class {
	const char *name;	/* "process" */
	const char *desc;	/* "Process Information"; may be empty */
	const char *help;
	const char *source;	/* "syscall"; NULL: every source */
	bool hidden;
	const struct field *rows;
	u32 n;
};

/* A field as named in a filter or output format, with its argument. */
struct field_ref {
	const struct field *field;
	const struct field_class *class;
	const char *text;	/* "proc.aname[2]" */
	const char *arg;	/* NULL: none */
	u32 arg_len;
	bool has_index;
	s64 index;		/* numeric argument, or what bind() put here */
	const void *data;	/* what bind() put here */
	u8 type;		/* usually field->type */
	u8 fmt;
	bool is_list;
};

/* Where fields are looked up; tests make their own. */
struct field_set {
	const struct field_class *const *classes;
	u32 n;
	/* key → const char *, for static.<key>; may be NULL */
	const struct strmap *static_fields;
};

struct field_memo {
	const void *key;
	u32 kind, len;
	const char *p;
};

/* What getters may look at.  One per worker. */
struct field_ctx {
	const struct event *ev;
	const struct thread *thread;	/* of the event, also where the event needs none; or NULL */
	struct proc *proc;
	struct arena scratch;	/* reset before each event by field_ctx_event() */
	bool scratch_used;	/* since then */
	struct buf tmp;
	enum buffer_format buffers;
	const char *hostname;
	bool utc;		/* unused by filters; times print local unless set */
	bool printing;		/* for an alert, not for a condition: see field_print_value() */
	bool reprint;		/* set by getters: printed again, the same fields may show something else */
	void *user;		/* of tests and of extensions */
	const struct strmap *static_fields;	/* as in the field_set */

	/* memory of the getters */
	struct field_memo memo[8];	/* strings derived from threads, of the present event */
	u32 nmemo;
	struct {
		s64 sec;
		bool valid, utc;
		struct tm tm;
	} clock;		/* the second last converted */
	u64 counter;		/* util.cnt */
	struct {
		struct buf text;	/* .len: of the longest */
		u32 shown;	/* length of the buffer printed last */
	} left;			/* by parameters printed before: see evt_buffer.c */
	struct map64 cpu_times;	/* tid → nanoseconds, of thread.cpu */
};

void field_ctx_init(struct field_ctx *x, struct proc *p);
void field_ctx_fini(struct field_ctx *x);
/* Starts a new event: everything handed out for the last one is void. */
void field_ctx_event(struct field_ctx *x, const struct event *ev);
/* n bytes that live until the next event. */
void *field_scratch(struct field_ctx *x, size_t n);
static inline void value_set_str(struct value *v, const char *p, size_t len)
{
	*v = (struct value){ .type = PT_CHARBUF, .fmt = PF_NA, .len = (u32)len, .p = p };
}

/* All fields of saker. */
const struct field_set *field_builtin(void);
/* Those that need no plugin: all but what Falco's plugin `container` gives. */
const struct field_set *field_without_container(void);

/*
 * An argument in brackets is a bare or a quoted string.  An invalid argument of a field
 * that can do without one is not consumed: the caller sees it as trailing text.
 *
 * Finds the field that text[0..len) starts with, the longest name first, with its
 * argument in brackets or (evt.arg.name, proc.aname.2...) after a dot.  On success fills
 * *ret (strings in arena a) and *ret_used, the number of bytes consumed.  -ENOENT when no
 * field has this name; -EINVAL with d filled for a bad or missing argument.
 */
int field_parse(const struct field_set *set, const char *text, size_t len, struct arena *a,
		struct field_ref *ret, size_t *ret_used, struct diag *d);

/* The field whose name is most like this one, of those that are listed; NULL when none is. */
const char *field_similar(const struct field_set *set, const char *name);

static inline bool field_value(struct field_ctx *x, const struct field_ref *f, struct value *ret)
{
	return f->field->get(x, f, ret);
}

/*
 * The same for an alert.  A few fields show there something else than conditions see, and
 * fs.path.name changes what the fields of the fd show after it.
 */
static inline bool field_print_value(struct field_ctx *x, const struct field_ref *f,
				     struct value *ret)
{
	bool has;

	x->printing = true;
	has = field_value(x, f, ret);
	x->printing = false;
	return has;
}

/* As in alerts: text form, lists as (a,b). */
void value_print(const struct value *v, struct buf *out);
/* As a JSON value: numbers for DEC and ID formats, strings for HEX and OCT, ... */
void value_print_json(const struct value *v, struct buf *out);

#endif
