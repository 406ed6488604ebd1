/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/report.h"

#include <errno.h>
#include <string.h>

#define SNIPPET_WIDTH 160
#define NOTES_MAX 10000	/* of each kind; a hostile file does not fill the memory with them */
#define MSG_MAX 8192
#define NAME_MAX_LEN 1024

/* Indexed by enum load_code. */
static const struct {
	const char *name, *text;
	const char *desc;	/* of warnings */
} codes[] = {
#define CODE(NAME_, TEXT_, DESC_) [NAME_] = { #NAME_, TEXT_, DESC_ },
CODE(LOAD_ERR_FILE_READ, "File read error", NULL)
CODE(LOAD_ERR_YAML_PARSE, "YAML parse error", NULL)
CODE(LOAD_ERR_YAML_VALIDATE, "Error validating internal structure of YAML file", NULL)
CODE(LOAD_ERR_COMPILE_CONDITION, "Error compiling condition", NULL)
CODE(LOAD_ERR_COMPILE_OUTPUT, "Error compiling output", NULL)
CODE(LOAD_ERR_VALIDATE, "Error validating rule/macro/list/exception objects", NULL)
CODE(LOAD_ERR_EXTENSION, "Error in extension item", NULL)
CODE(LOAD_UNKNOWN_SOURCE, "Unknown event source",
     "The rule wants events of a source that is not loaded and is left out.")
CODE(LOAD_UNSAFE_NA_CHECK, "Unsafe <NA> comparison in condition",
     "A field without a value never equals <NA>: test it with 'exists'.")
CODE(LOAD_NO_EVTTYPE, "Condition has no event-type restriction",
     "The rule is evaluated for (nearly) every event, which costs time: restrict evt.type.")
CODE(LOAD_UNKNOWN_FILTER, "Unknown field or event-type in condition or output",
     "A field or event type is not known; the rule asked to be left out then.")
CODE(LOAD_UNUSED_MACRO, "Unused macro", "No rule and no macro refers to it.")
CODE(LOAD_UNUSED_LIST, "Unused list", "No rule, macro or list refers to it.")
CODE(LOAD_UNKNOWN_ITEM, "Unknown rules file item",
     "A top level item is neither a rule, a macro, a list nor a version; it is ignored.")
CODE(LOAD_DEPRECATED_ITEM, "Used deprecated item", "It works, but a later version may drop it.")
CODE(LOAD_WARNING_EXTENSION, "Warning in extension item", "An extension complains about its item.")
CODE(LOAD_APPEND_NO_VALUES, "Overriding/appending with no values",
     "An exception is changed without giving it values: nothing changes.")
CODE(LOAD_EXCEPTION_NAME_NOT_UNIQUE, "Multiple exceptions defined with the same name",
     "A rule names two of its exceptions alike.")
CODE(LOAD_INVALID_MACRO_NAME, "Invalid macro name", "Conditions cannot refer to such a name.")
CODE(LOAD_INVALID_LIST_NAME, "Invalid list name", "Conditions cannot safely refer to such a name.")
CODE(LOAD_COMPILE_CONDITION, "Warning in rule condition",
     "The condition compiles, but may not mean what it seems to.")
CODE(LOAD_UNKNOWN_KEY, "Unknown key in item definition", "The key means nothing here.")
#undef CODE
};

_Static_assert(ARRAY_SIZE(codes) == LOAD_CODE_MAX, "a row for each code");

struct location {
	const char *type, *name, *where;
	u32 line, col;
	u64 offset;
};

struct note {
	enum load_code code;
	const char *msg, *snippet;
	const char *field;	/* deprecated one, or NULL */
	const char *meant;	/* probably, instead of what is not known; or NULL */
	struct location *locs;	/* from the file inwards */
	u32 nlocs;
};

struct rules_report {
	struct arena a;
	const char *name;
	VEC(struct note) errors;
	VEC(struct note) warnings;
	VEC(const char *) schema;
	VEC(const char *) remarks;
	struct note *last;	/* until the next one */
	const char *fatal, *unmet;
	bool schema_checked;
};

/* ---- contexts ------------------------------------------------------------- */

static struct ctx *ctx_new(struct arena *a, const struct ctx *parent, const char *type,
			   const char *name)
{
	struct ctx *c = arena_alloc(a, sizeof(*c));

	c->parent = parent;
	c->type = type;
	c->name = name;
	if (parent) {
		c->file = parent->file;
		c->where = parent->where;
	}
	return c;
}

const struct ctx *ctx_file(struct rules_file *f)
{
	struct ctx *c = ctx_new(&f->a, NULL, "rules content", "");

	c->file = f;
	c->where = f->name;
	return c;
}

struct ctx ctx_at(const struct ctx *parent, const char *type, const char *name,
		  const struct yaml_node *n)
{
	return (struct ctx){
		.parent = parent, .file = parent->file, .type = type, .name = name,
		.where = parent->where, .line = n->line, .col = n->col, .offset = n->offset,
	};
}

const struct ctx *ctx_node(struct arena *a, const struct ctx *parent, const char *type,
			   const char *name, const struct yaml_node *n)
{
	struct ctx *c = arena_alloc(a, sizeof(*c));

	*c = ctx_at(parent, type, name, n);
	return c;
}

const struct ctx *ctx_error(struct arena *a, const struct ctx *parent, const struct diag *d)
{
	struct ctx *c = ctx_new(a, parent, "value for", "");

	if (d->has_pos) {
		c->line = d->line;
		c->col = d->col;
		c->offset = d->offset;
	}
	return c;
}

/* "evt.type=open and..." in quotes, without line breaks. */
static const char *short_name(struct arena *a, const char *text, size_t len)
{
	size_t n = len > 20 ? 17 : len;
	char *s = arena_printf(a, "\"%.*s%s\"", (int)n, text, len > 20 ? "..." : "");

	for (char *p = s; *p; p++) {
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	}
	return s;
}

/*
 * Positions are added to those of the condition in the file, lines and columns counting
 * from 1: that is what Falco prints.
 */
const struct ctx *ctx_expr(struct arena *a, const struct ctx *parent, const char *text, size_t len,
			   const struct diag *d)
{
	struct ctx *c = ctx_new(a, parent, "condition expression", "");

	c->where = short_name(a, text, len);
	c->line = parent->line;
	c->col = parent->col;
	c->offset = parent->offset;
	if (d && d->has_pos) {
		c->line += d->line + 1;
		c->col += d->col + 1;
		c->offset += d->offset;
	}
	c->text = text;
	c->len = len;
	return c;
}

/* ---- collecting ----------------------------------------------------------- */

/* The line of a position, with dots for what is too far from it, and a caret below. */
static void snippet(const char *text, size_t len, u64 offset, struct buf *out)
{
	const size_t most = SNIPPET_WIDTH / 2;
	size_t pos, from, to, start = out->len;

	pos = len && offset >= len ? len - 1 : offset;
	while (pos && text[pos] == '\n')
		pos--;
	for (from = pos; from && text[from - 1] != '\n' && pos - from < most; from--)
		;
	for (to = pos; to < len && text[to] != '\n' && to - pos <= most; to++)
		;
	if (from >= to) {
		buf_adds(out, "<No context available>\n");
		return;
	}
	buf_add(out, text + from, to - from);
	if (pos - from == most)
		memcpy(out->p + start, "...", 3);
	if (to - pos > most)
		memcpy(out->p + out->len - 3, "...", 3);
	buf_addc(out, '\n');
	for (; from < pos; from++)
		buf_addc(out, ' ');
	buf_adds(out, "^\n");
}

static const char *short_copy(struct arena *a, const char *s, size_t max)
{
	return arena_memdup0(a, s, strnlen(s, max));
}

static void fill_locations(struct arena *a, struct note *n, const struct ctx *c)
{
	const struct ctx *p;
	u32 i = 0;

	for (p = c; p; p = p->parent)
		i++;
	n->locs = arena_alloc(a, i * sizeof(*n->locs));
	n->nlocs = i;
	for (p = c; p; p = p->parent) {
		struct location *l = &n->locs[--i];

		l->type = p->type;
		l->name = short_copy(a, p->name, NAME_MAX_LEN);
		l->where = arena_strdup(a, p->where);
		l->line = p->line;
		l->col = p->col;
		l->offset = p->offset;
	}
}

static void fill_note(struct rules_report *r, struct note *n, enum load_code code,
		      const struct ctx *c)
{
	struct buf b = { 0 };

	n->code = code;
	fill_locations(&r->a, n, c);
	if (c->text)
		snippet(c->text, c->len, c->offset, &b);
	else
		snippet(c->file->text, c->file->len, c->offset, &b);
	n->snippet = arena_strdup(&r->a, buf_str(&b));
	buf_fini(&b);
}

static const char *PRINTF(2, 0) format_msg(struct arena *a, const char *fmt, va_list ap)
{
	struct buf b = { 0 };
	const char *s;

	buf_addv(&b, fmt, ap);
	s = short_copy(a, buf_str(&b), MSG_MAX);
	buf_fini(&b);
	return s;
}

struct rules_report *report_new(const char *name)
{
	struct rules_report *r = xcalloc(1, sizeof(*r));

	arena_init(&r->a);
	r->name = arena_strdup(&r->a, name);
	return r;
}

int report_error(struct rules_report *r, enum load_code code, const struct ctx *c,
		 const char *fmt, ...)
{
	struct note n = { 0 };
	va_list ap;

	va_start(ap, fmt);
	n.msg = format_msg(&r->a, fmt, ap);
	va_end(ap);
	fill_note(r, &n, code, c);
	vec_push(&r->errors, n);
	r->last = &r->errors.p[r->errors.n - 1];
	return -EINVAL;
}

static void add_warning(struct rules_report *r, enum load_code code, const struct ctx *c,
			const char *msg, const char *field)
{
	struct note n = { .msg = msg, .field = field };

	fill_note(r, &n, code, c);
	vec_push(&r->warnings, n);
	r->last = &r->warnings.p[r->warnings.n - 1];
}

void report_warn(struct rules_report *r, enum load_code code, const struct ctx *c,
		 const char *fmt, ...)
{
	const char *msg;
	va_list ap;

	if (r->warnings.n >= NOTES_MAX)
		return;
	va_start(ap, fmt);
	msg = format_msg(&r->a, fmt, ap);
	va_end(ap);
	add_warning(r, code, c, msg, NULL);
}

void report_meant(struct rules_report *r, const char *word)
{
	if (word && r->last)
		r->last->meant = arena_strdup(&r->a, word);
}

void report_deprecated(struct rules_report *r, const struct ctx *c, const char *field,
		       const char *msg)
{
	if (r->warnings.n < NOTES_MAX)
		add_warning(r, LOAD_DEPRECATED_ITEM, c, arena_strdup(&r->a, msg),
			    field ? arena_strdup(&r->a, field) : NULL);
}

void report_remark(struct rules_report *r, const char *fmt, ...)
{
	va_list ap;

	if (r->remarks.n >= NOTES_MAX)
		return;
	va_start(ap, fmt);
	vec_push(&r->remarks, format_msg(&r->a, fmt, ap));
	va_end(ap);
}

const char *rules_report_remark(const struct rules_report *r, u32 i)
{
	return i < r->remarks.n ? r->remarks.p[i] : NULL;
}

void report_fatal(struct rules_report *r, const char *msg)
{
	r->fatal = short_copy(&r->a, msg, MSG_MAX);
}

void report_unmet(struct rules_report *r, const char *msg)
{
	r->unmet = short_copy(&r->a, msg, MSG_MAX);
}

void report_schema_checked(struct rules_report *r)
{
	r->schema_checked = true;
}

void report_schema(struct rules_report *r, const char *fmt, ...)
{
	va_list ap;
	const char *s;

	if (r->schema.n >= NOTES_MAX)
		return;
	va_start(ap, fmt);
	s = format_msg(&r->a, fmt, ap);
	va_end(ap);
	vec_push(&r->schema, s);
}

/* ---- reading -------------------------------------------------------------- */

bool rules_report_ok(const struct rules_report *r)
{
	return !r->errors.n;
}

u32 rules_report_nwarnings(const struct rules_report *r)
{
	return r->warnings.n;
}

const char *rules_report_name(const struct rules_report *r)
{
	return r->name;
}

const char *rules_report_fatal(const struct rules_report *r)
{
	return r->fatal;
}

const char *rules_report_unmet(const struct rules_report *r)
{
	return r->unmet;
}

void rules_report_free(struct rules_report *r)
{
	if (!r)
		return;
	vec_fini(&r->errors);
	vec_fini(&r->warnings);
	vec_fini(&r->schema);
	vec_fini(&r->remarks);
	arena_fini(&r->a);
	free(r);
}

struct rules_report *rules_report_unreadable(const char *name, const char *why)
{
	struct rules_report *r = report_new(name);
	struct rules_file f = { .name = r->name, .text = "" };
	struct ctx c = { .file = &f, .type = "rules content", .name = "", .where = r->name };

	report_error(r, LOAD_ERR_FILE_READ, &c, "%s", why);
	return r;
}

static void title(const struct rules_report *r, struct buf *out)
{
	buf_addf(out, "%s: %s", r->name, r->errors.n ? "Invalid" :
		 r->warnings.n ? "Ok, with warnings" : "Ok");
}

static void print_note(const struct note *n, struct buf *out)
{
	for (u32 i = 0; i < n->nlocs; i++) {
		const struct location *l = &n->locs[i];

		buf_addf(out, "%s%s", i ? "    " : "In ", l->type);
		if (*l->name)
			buf_addf(out, " '%s'", l->name);
		buf_addf(out, ": (%s:%u:%u)\n", l->where, l->line, l->col);
	}
	buf_addf(out, "------\n%s------\n%s (%s): %s\n", n->snippet, codes[n->code].name,
		 codes[n->code].text, n->msg);
	if (n->meant)	/* on a line of its own: messages are Falco's */
		buf_addf(out, "Did you mean '%s'?\n", n->meant);
}

static void print_notes(const struct note *notes, size_t n, const char *what, struct buf *out)
{
	if (!n)
		return;
	buf_addf(out, "%zu %s:\n", n, what);
	for (size_t i = 0; i < n; i++)
		print_note(&notes[i], out);
	buf_addc(out, '\n');
}

static void print_schema(const struct rules_report *r, struct buf *out)
{
	if (!r->schema.n)
		return;
	buf_addf(out, "%zu Schema warnings:\n------\n", r->schema.n);
	for (size_t i = 0; i < r->schema.n; i++)
		buf_addf(out, "%s\n------\n", r->schema.p[i]);
	buf_addc(out, '\n');
}

void rules_report_text(const struct rules_report *r, bool verbose, struct buf *out)
{
	if (!verbose) {
		rules_report_summary(r, out);
		return;
	}
	title(r, out);
	if (r->schema.n || r->errors.n || r->warnings.n)
		buf_addc(out, '\n');
	print_schema(r, out);
	print_notes(r->errors.p, r->errors.n, "Errors", out);
	print_notes(r->warnings.p, r->warnings.n, "Warnings", out);
}

static void summary_notes(const struct note *notes, size_t n, const char *what, struct buf *out)
{
	if (!n)
		return;
	buf_addf(out, " %zu %s: [", n, what);
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%s (%s)%s%s", i ? " " : "", codes[notes[i].code].name,
			 codes[notes[i].code].text, *notes[i].msg ? ": " : "", notes[i].msg);
	buf_addc(out, ']');
}

void rules_report_summary(const struct rules_report *r, struct buf *out)
{
	title(r, out);
	if (!r->errors.n)
		return;
	buf_addc(out, ' ');
	summary_notes(r->errors.p, r->errors.n, "errors", out);
	summary_notes(r->warnings.p, r->warnings.n, "warnings", out);
}

/* ---- JSON ----------------------------------------------------------------- */

/* Names and snippets come from files: what is not UTF-8 is replaced. */
static json_t *json_text(const char *s)
{
	json_t *j = json_string(s);
	struct buf b = { 0 };

	if (j)
		return j;
	buf_addc(&b, '"');
	buf_add_json(&b, s, strlen(s));
	buf_addc(&b, '"');
	j = json_loadb(b.p, b.len, JSON_DECODE_ANY, NULL);
	buf_fini(&b);
	return j;
}

static json_t *location_json(const struct location *l)
{
	json_t *pos = json_object(), *j = json_object();

	json_object_set_new(pos, "name", json_text(l->where));
	json_object_set_new(pos, "line", json_integer(l->line));
	json_object_set_new(pos, "column", json_integer(l->col));
	json_object_set_new(pos, "offset", json_integer(l->offset));
	json_object_set_new(j, "item_type", json_text(l->type));
	json_object_set_new(j, "item_name", json_text(l->name));
	json_object_set_new(j, "position", pos);
	return j;
}

static json_t *note_json(const struct note *n)
{
	json_t *ctx = json_object(), *locs = json_array(), *j = json_object();
	const char *desc = codes[n->code].desc;

	for (u32 i = 0; i < n->nlocs; i++)
		json_array_append_new(locs, location_json(&n->locs[i]));
	json_object_set_new(ctx, "locations", locs);
	json_object_set_new(ctx, "snippet", json_text(n->snippet));
	json_object_set_new(j, "context", ctx);
	json_object_set_new(j, "code", json_text(codes[n->code].name));
	json_object_set_new(j, "codedesc", json_text(desc ? desc : codes[n->code].text));
	json_object_set_new(j, "message", json_text(n->msg));
	if (n->meant)
		json_object_set_new(j, "similar", json_text(n->meant));
	if (n->field)
		json_object_set_new(j, "deprecated_field", json_text(n->field));
	return j;
}

static json_t *notes_json(const struct note *notes, size_t n)
{
	json_t *j = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(j, note_json(&notes[i]));
	return j;
}

json_t *rules_report_json(const struct rules_report *r)
{
	json_t *j = json_object(), *schema = json_array();

	json_object_set_new(j, "name", json_text(r->name));
	json_object_set_new(j, "successful", json_boolean(!r->errors.n));
	if (r->schema_checked)
		json_object_set_new(j, "schema_valid", json_boolean(!r->schema.n));
	for (size_t i = 0; i < r->schema.n; i++)
		json_array_append_new(schema, json_text(r->schema.p[i]));
	json_object_set_new(j, "schema_warnings", schema);
	json_object_set_new(j, "errors", notes_json(r->errors.p, r->errors.n));
	json_object_set_new(j, "warnings", notes_json(r->warnings.p, r->warnings.n));
	return j;
}
