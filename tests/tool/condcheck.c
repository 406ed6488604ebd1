/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions from standard input, one a line as a JSON string; for each one line of JSON:
 * {"text"} as printed, or {"error", "line", "col"}; notes; number of event types; and as
 * compiled.  A lone identifier that no macro of the tool's is called is `evt.type = open`.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "filter/filter.h"

static json_t *notes;

static void on_note(void *ctx, const struct filter_note *n)
{
	(void)ctx;
	json_array_append_new(notes, json_string(n->msg));
}

static struct ast *expand(struct arena *a, struct ast *n)
{
	static const char text[] = "evt.type = open";
	struct diag d = { 0 };
	struct ast *body;

	if (n->kind == AST_MACRO)
		return filter_parse(a, text, strlen(text), FILTER_DEPTH_MAX, &body, &d) ? n : body;
	if (n->kind == AST_AND || n->kind == AST_OR || n->kind == AST_NOT)
		for (u32 i = 0; i < n->n; i++)
			n->kids[i] = expand(a, n->kids[i]);
	return n;
}

static u32 count_events(const struct event_set *s)
{
	u32 n = 0;

	for (u32 i = 0; i < EV_MAX; i++)
		n += event_set_has(s, i);
	return n;
}

static json_t *text_of(struct buf *b)
{
	struct buf clean = { 0 };
	json_t *j;

	buf_addc(&clean, '"');
	buf_add_json(&clean, buf_str(b), b->len);
	buf_addc(&clean, '"');
	j = json_loadb(clean.p, clean.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	buf_fini(&clean);
	buf_clear(b);
	return j;
}

static json_t *check(struct filter_pool *p, struct arena *a, const char *text, size_t len)
{
	json_t *out = json_object();
	struct buf b = { 0 };
	struct diag d = { 0 };
	struct event_set set;
	struct ast *n;
	u32 expr = 0;
	int err = filter_parse(a, text, len, FILTER_DEPTH_MAX, &n, &d);

	if (!err) {
		n = expand(a, n);
		filter_print(n, &b);
		json_object_set_new(out, "text", text_of(&b));
		err = filter_compile(p, n, &expr, &d, on_note, NULL);
	}
	if (!err)
		err = filter_events(p, n, &set, &d);
	if (err) {
		json_object_set_new(out, "error", json_string_nocheck(d.msg));
		json_object_set_new(out, "line", json_integer(d.line));
		json_object_set_new(out, "col", json_integer(d.col));
		json_object_set_new(out, "runtime", json_boolean(err == -ENOTSUP));
	} else {
		json_object_set_new(out, "events", json_integer(count_events(&set)));
		filter_expr_print(p, expr, &b);
		json_object_set_new(out, "compiled", text_of(&b));
	}
	buf_fini(&b);
	diag_fini(&d);
	return out;
}

int main(void)
{
	struct filter_pool *p = filter_pool_new(field_builtin());
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		json_t *in = json_loadb(line, (size_t)n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL),
		       *out;
		struct arena a;

		notes = json_array();
		arena_init(&a);
		out = check(p, &a, json_string_value(in), json_string_length(in));
		json_object_set_new(out, "notes", notes);
		json_dumpf(out, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(out);
		json_decref(in);
		arena_fini(&a);
	}
	free(line);
	filter_pool_free(p);
	return 0;
}
