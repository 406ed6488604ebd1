/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fielddump CAPTURE FIELD...: one line of JSON with the values of these fields for each
 * event that rules would see.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/capture.h"
#include "field/field.h"
#include "proc/proc.h"

static void add_value(struct field_ctx *x, const struct field_ref *f, struct buf *out)
{
	struct value v;

	buf_addf(out, ",\"%s\":", f->text);
	if (!field_value(x, f, &v))
		buf_adds(out, "null");
	else if (f->field->flags & FF_TIME)
		buf_addf(out, "%llu", x->ev->ts_ns);
	else
		value_print_json(&v, out);
}

static int fail(const char *what, struct diag *d)
{
	fprintf(stderr, "%s: %s\n", what, d->msg ? d->msg : "failed");
	diag_fini(d);
	return 1;
}

static int parse_fields(int n, char **names, struct arena *a, struct field_ref *ret)
{
	for (int i = 0; i < n; i++) {
		struct diag d = { 0 };
		size_t used;

		if (field_parse(field_builtin(), names[i], strlen(names[i]), a, &ret[i], &used,
				&d) ||
		    used != strlen(names[i]))
			return fail(names[i], &d);
		diag_fini(&d);
	}
	return 0;
}

static void dump(struct field_ctx *x, const struct field_ref *f, int n, struct buf *line)
{
	buf_clear(line);
	buf_addf(line, "{\"evt.num\":%llu", x->ev->num);
	for (int i = 0; i < n; i++)
		add_value(x, &f[i], line);
	buf_addc(line, '}');
	puts(buf_str(line));
}

static int run(struct capture *c, struct proc *p, const struct field_ref *f, int n)
{
	struct buf line = { 0 };
	struct field_ctx x;
	struct raw_event raw;
	u64 num = 0;

	field_ctx_init(&x, p);
	while (!capture_next(c, &raw, -1)) {
		struct diag d = { 0 };
		struct event ev;

		if (event_decode(&ev, raw.hdr, raw.len, &d)) {
			fail("event", &d);
			continue;
		}
		ev.cpu = raw.cpu;
		ev.live = raw.live;
		ev.state_only = raw.state_only;
		ev.num = ++num;
		if (proc_apply(p, &ev)) {
			field_ctx_event(&x, &ev);
			dump(&x, f, n, &line);
		}
		proc_done(p, &ev);
	}
	field_ctx_fini(&x);
	buf_fini(&line);
	return 0;
}

int main(int argc, char **argv)
{
	struct proc_options opt = { 0 };
	struct diag d = { 0 };
	struct arena a;
	struct capture *c = NULL;
	struct field_ref *f;
	struct proc *p;
	int err;

	if (argc < 3) {
		fprintf(stderr, "usage: fielddump CAPTURE FIELD...\n");
		return 2;
	}
	arena_init(&a);
	f = xcalloc((size_t)argc, sizeof(*f));
	p = proc_new(&opt);
	err = parse_fields(argc - 2, argv + 2, &a, f);
	if (!err && capture_open_file(argv[1], proc_state_sink(p), &c, &d))
		err = fail(argv[1], &d);
	if (!err)
		err = run(c, p, f, argc - 2);
	if (c)
		capture_close(c);
	proc_free(p);
	free(f);
	arena_fini(&a);
	return err;
}
