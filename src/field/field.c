/* SPDX-License-Identifier: Apache-2.0 */
/* Looking fields up by name, parsing their arguments, and the context of the getters. */
#include "field/getter.h"

#include <errno.h>
#include <stdlib.h>

#include "base/similar.h"

void field_ctx_init(struct field_ctx *x, struct proc *p)
{
	*x = (struct field_ctx){ .proc = p, .hostname = "" };
	arena_init(&x->scratch);
}

void field_ctx_fini(struct field_ctx *x)
{
	arena_fini(&x->scratch);
	buf_fini(&x->tmp);
	buf_fini(&x->left.text);
	map64_fini(&x->cpu_times);
}

void field_ctx_event(struct field_ctx *x, const struct event *ev)
{
	if (x->scratch_used)
		arena_reset(&x->scratch);
	x->scratch_used = false;
	x->nmemo = 0;
	x->ev = ev;
	x->thread = ev->thread;
	/* events that change no state have a tid, too, but nobody looked for the thread */
	if (!x->thread && x->proc)
		x->thread = proc_thread(x->proc, ev->tid);
}

void *field_scratch(struct field_ctx *x, size_t n)
{
	x->scratch_used = true;
	return arena_alloc(&x->scratch, n);
}

/* The order of listings. */
static const struct field_class *const builtin_classes[] = {
	&field_class_generic,
	&field_class_evt,
	&field_class_proc,
	&field_class_user,
	&field_class_group,
	&field_class_fd,
	&field_class_fspath,
	&field_class_util,
	&field_class_fdlist,
	&field_class_static,
	/* of the plugin `container` */
	&field_class_container,
	&field_class_container_proc,
	&field_class_k8s,
};

#define CONTAINER_CLASSES 3

const struct field_set *field_builtin(void)
{
	static const struct field_set set = {
		.classes = builtin_classes,
		.n = ARRAY_SIZE(builtin_classes),
	};

	return &set;
}

const struct field_set *field_without_container(void)
{
	static const struct field_set set = {
		.classes = builtin_classes,
		.n = ARRAY_SIZE(builtin_classes) - CONTAINER_CLASSES,
	};

	return &set;
}

/* Length of name when text starts with it, else 0. */
static size_t match_name(const char *name, const char *text, size_t len)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (i == len || name[i] != text[i])
			return 0;
	return i;
}

static size_t find_longest(const struct field_set *set, const char *text, size_t len,
			   struct field_ref *ret)
{
	size_t best = 0;

	for (u32 c = 0; c < set->n; c++) {
		const struct field_class *class = set->classes[c];

		for (u32 i = 0; i < class->n; i++) {
			size_t n = match_name(class->rows[i].name, text, len);

			if (n > best) {
				best = n;
				ret->field = &class->rows[i];
				ret->class = class;
			}
		}
	}
	return best;
}

struct argument {
	const char *p;		/* without brackets and quotes, escapes resolved */
	size_t len;
	size_t used;		/* bytes of text, brackets and all */
};

/* The inside of quotes; a backslash takes the meaning off a quote. */
static bool parse_quoted(const char *text, size_t len, struct arena *a, struct argument *ret)
{
	char quote = text[1], *out = arena_alloc(a, len);
	size_t i, n = 0;

	for (i = 2; i < len && text[i] != quote; i++) {
		if (text[i] == '\\' && i + 1 < len && text[i + 1] == quote)
			i++;
		out[n++] = text[i];
	}
	if (i + 1 >= len || text[i + 1] != ']')
		return false;
	*ret = (struct argument){ out, n, i + 2 };
	return true;
}

static bool parse_bracket(const char *text, size_t len, struct arena *a, struct argument *ret)
{
	const char *end;

	if (!len || text[0] != '[')
		return false;
	if (len > 1 && (text[1] == '"' || text[1] == '\'') && parse_quoted(text, len, a, ret))
		return true;
	end = memchr(text, ']', len);
	if (!end)
		return false;
	*ret = (struct argument){ text + 1, (size_t)(end - text - 1), (size_t)(end - text + 1) };
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool parse_dotted(const char *text, size_t len, struct argument *ret)
{
	size_t i = 1;

	if (!len || text[0] != '.')
		return false;
	while (i < len && is_word(text[i]))
		i++;
	*ret = (struct argument){ text + 1, i - 1, i };
	return i > 1;
}

/* Decimal, perhaps negative. */
static bool parse_index(const char *s, s64 *ret)
{
	char *end;

	if (!(*s >= '0' && *s <= '9') && !(*s == '-' && s[1] >= '0' && s[1] <= '9'))
		return false;
	errno = 0;
	*ret = strtoll(s, &end, 10);
	return !*end && !errno;
}

/*
 * Gives the argument its meaning.  Negative indexes of optional arguments mean the field
 * without argument, as rules expect.
 */
static int take_argument(struct field_ref *f, struct arena *a, struct diag *d)
{
	u32 flags = f->field->flags;

	if (f->field->bind)
		return f->field->bind(f, a, d);
	if (flags & FF_ARG_INDEX && parse_index(f->arg, &f->index))
		f->has_index = f->index >= 0;
	else if (!(flags & FF_ARG_KEY) && flags & FF_ARG_INDEX)
		return diag_set(d, "%s is not a valid number", f->arg);
	return 0;
}

static int parse_argument(struct field_ref *f, const char *text, size_t len, struct arena *a,
			  size_t *ret_used, struct diag *d)
{
	struct argument arg;
	int err;

	if (!parse_bracket(text, len, a, &arg) &&
	    !(f->field->flags & FF_ARG_DOT && parse_dotted(text, len, &arg)))
		return -ENOENT;
	f->arg = arena_memdup0(a, arg.p, arg.len);
	f->arg_len = (u32)arg.len;
	err = take_argument(f, a, d);
	if (err)
		return err;
	*ret_used = arg.used;
	if (f->arg_len < arg.len) {	/* bind() wants no more of a dotted argument */
		f->arg = arena_memdup0(a, arg.p, f->arg_len);
		*ret_used -= arg.len - f->arg_len;
	}
	return 0;
}

/* Fields whose argument is wanted, or would be welcome.  Returns bytes used or -errno. */
static int with_argument(struct field_ref *f, const char *text, size_t len, size_t name_len,
			 struct arena *a, size_t *ret_used, struct diag *d)
{
	struct diag mine = { 0 };
	bool required = f->field->flags & FF_ARG_REQUIRED;
	size_t n;
	int err;

	err = parse_argument(f, text + name_len, len - name_len, a, &n, required ? d : &mine);
	diag_fini(&mine);
	if (!err) {
		*ret_used = name_len + n;
		return 0;
	}
	if (required)
		return err == -ENOENT ? diag_set(d, "filter syntax error: %.*s", (int)len, text)
				      : err;
	f->arg = NULL;
	f->arg_len = 0;
	f->has_index = false;
	f->index = 0;
	f->data = NULL;
	*ret_used = name_len;
	return 0;
}

/* static.<key>: there is no such field unless the configuration has the key. */
static int bind_static(const struct field_set *set, struct field_ref *f)
{
	f->data = set->static_fields ? strmap_get(set->static_fields, f->arg, f->arg_len) : NULL;
	return f->data ? 0 : -ENOENT;
}

const char *field_similar(const struct field_set *set, const char *name)
{
	struct similar s = { .word = name };

	for (u32 i = 0; i < set->n; i++) {
		const struct field_class *c = set->classes[i];

		for (u32 k = 0; !c->hidden && k < c->n; k++)
			if (!(c->rows[k].flags & (FF_HIDDEN | FF_DEPRECATED)))
				similar_offer(&s, c->rows[k].name);
	}
	return s.best;
}

int field_parse(const struct field_set *set, const char *text, size_t len, struct arena *a,
		struct field_ref *ret, size_t *ret_used, struct diag *d)
{
	struct field_ref f = { 0 };
	size_t used = find_longest(set, text, len, &f);
	int err = 0;

	if (!used)
		return -ENOENT;
	f.type = f.field->type;
	f.fmt = f.field->fmt;
	f.is_list = f.field->flags & FF_LIST;
	f.text = text;	/* for bind(), which may look for the dot before an argument */
	if (f.field->flags & (FF_ARG_REQUIRED | FF_ARG_ALLOWED))
		err = with_argument(&f, text, len, used, a, &used, d);
	else if (f.field->bind)
		err = f.field->bind(&f, a, d);
	if (!err && f.class == &field_class_static)
		err = bind_static(set, &f);
	if (err)
		return err;
	f.text = arena_memdup0(a, text, used);
	*ret = f;
	*ret_used = used;
	return 0;
}
