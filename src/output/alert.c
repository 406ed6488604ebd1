/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An alert's JSON keys are sorted bytewise, all constant parts of a line are encoded once
 * for each rule, and each field is extracted once, however often it is printed (twice where
 * fs.path.name or evt.buffer changes what follows).
 */
#include "output/alert.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/hash.h"
#include "base/mem.h"

static const char *const priorities[PRIO_MAX] = {
	[PRIO_EMERGENCY] = "Emergency",
	[PRIO_ALERT] = "Alert",
	[PRIO_CRITICAL] = "Critical",
	[PRIO_ERROR] = "Error",
	[PRIO_WARNING] = "Warning",
	[PRIO_NOTICE] = "Notice",
	[PRIO_INFORMATIONAL] = "Informational",
	[PRIO_DEBUG] = "Debug",
};

const char *priority_name(enum priority p)
{
	return p < PRIO_MAX ? priorities[p] : "";
}

enum priority priority_by_name(const char *s)
{
	if (!strcasecmp(s, "info"))
		return PRIO_INFORMATIONAL;
	for (u32 i = 0; i < PRIO_MAX; i++)
		if (!strcasecmp(s, priorities[i]))
			return i;
	return PRIO_MAX;
}

enum slot_kind { SLOT_FIELD, SLOT_TIME, SLOT_EXTRA_RAW, SLOT_EXTRA_TEXT, SLOT_NULL };

/* One key of output_fields. */
struct slot {
	const char *key;
	enum slot_kind kind;
	u32 index;		/* of the format's field, or of the extra */
	u32 order;		/* the last one given wins when keys are equal */
	char *encoded;		/* "key": with quotes and colon; owned */
	u32 encoded_len;
};

/* What is derived from one alert_desc. */
struct plan {
	const struct alert_desc *desc;
	struct slot *slots;
	u32 nslots;
	struct buf tail;	/* JSON after output_fields, up to the time */
	struct value *vals;	/* of the format's fields */
	bool *has;
};

struct alert_printer {
	struct alert_options opt;
	struct map64 plans;
	struct buf head;	/* {"hostname":"..." */
	struct buf message, prefix, text;
	struct {
		u64 sec;
		bool valid;
		char text[32];
	} local, utc;		/* the last second converted */
};

struct alert_printer *alert_printer_new(const struct alert_options *opt,
					const struct field_set *fields)
{
	struct alert_printer *p = xcalloc(1, sizeof(*p));

	(void)fields;
	p->opt = *opt;
	buf_adds(&p->head, "{\"hostname\":\"");
	buf_add_json(&p->head, opt->hostname, strlen(opt->hostname));
	buf_addc(&p->head, '"');
	return p;
}

static void plan_free(struct plan *pl)
{
	for (u32 i = 0; i < pl->nslots; i++)
		free(pl->slots[i].encoded);
	free(pl->slots);
	free(pl->vals);
	free(pl->has);
	buf_fini(&pl->tail);
	free(pl);
}

void alert_printer_free(struct alert_printer *p)
{
	struct map64_entry *e;
	size_t pos = 0;

	if (!p)
		return;
	while ((e = map64_next(&p->plans, &pos)))
		plan_free(e->value);
	map64_fini(&p->plans);
	buf_fini(&p->head);
	buf_fini(&p->message);
	buf_fini(&p->prefix);
	buf_fini(&p->text);
	free(p);
}

/* ---- time --------------------------------------------------------------------------- */

static const char *local_hms(struct alert_printer *p, u64 sec)
{
	if (!p->local.valid || p->local.sec != sec) {
		time_t t = (time_t)sec;
		struct tm tm = { 0 };

		localtime_r(&t, &tm);
		strftime(p->local.text, sizeof(p->local.text), "%H:%M:%S", &tm);
		p->local.sec = sec;
		p->local.valid = true;
	}
	return p->local.text;
}

static const char *utc_date(struct alert_printer *p, u64 sec)
{
	if (!p->utc.valid || p->utc.sec != sec) {
		time_t t = (time_t)sec;
		struct tm tm = { 0 };

		gmtime_r(&t, &tm);
		strftime(p->utc.text, sizeof(p->utc.text), "%Y-%m-%dT%H:%M:%S", &tm);
		p->utc.sec = sec;
		p->utc.valid = true;
	}
	return p->utc.text;
}

static void add_nanos(struct buf *out, u64 ts_ns)
{
	u64 ns = ts_ns % 1000000000;
	char digits[10] = ".";

	for (int i = 9; i > 0; i--, ns /= 10)
		digits[i] = (char)('0' + ns % 10);
	buf_add(out, digits, sizeof(digits));
}

static void add_utc(struct alert_printer *p, u64 ts_ns, const char *zone, struct buf *out)
{
	buf_adds(out, utc_date(p, ts_ns / 1000000000));
	add_nanos(out, ts_ns);
	buf_adds(out, zone);
}

/* "HH:MM:SS.nnnnnnnnn: Priority " */
static void add_prefix(struct alert_printer *p, u64 ts_ns, enum priority prio, struct buf *out)
{
	if (p->opt.iso_8601) {
		add_utc(p, ts_ns, "+0000", out);
	} else {
		buf_adds(out, local_hms(p, ts_ns / 1000000000));
		add_nanos(out, ts_ns);
	}
	buf_add(out, ": ", 2);
	buf_adds(out, priority_name(prio));
	buf_addc(out, ' ');
}

/* ---- the plan of a rule ------------------------------------------------------------- */

static void add_json_string(struct buf *out, const char *s, size_t n)
{
	buf_addc(out, '"');
	buf_add_json(out, s, n);
	buf_addc(out, '"');
}

static int compare_slots(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;
	int c = strcmp(x->key, y->key);

	return c ? c : x->order < y->order ? -1 : x->order > y->order;
}

static void sort_slots(struct plan *pl)
{
	u32 n = 0;

	qsort(pl->slots, pl->nslots, sizeof(*pl->slots), compare_slots);
	for (u32 i = 0; i < pl->nslots; i++) {
		if (n && !strcmp(pl->slots[n - 1].key, pl->slots[i].key))
			n--;
		pl->slots[n++] = pl->slots[i];
	}
	pl->nslots = n;
	for (u32 i = 0; i < n; i++) {
		struct slot *s = &pl->slots[i];
		struct buf b = { 0 };

		if (i)
			buf_addc(&b, ',');
		add_json_string(&b, s->key, strlen(s->key));
		buf_addc(&b, ':');
		s->encoded_len = (u32)b.len;
		s->encoded = b.p;
	}
}

/* A field by its name is looked for in what its format gives: there are no transformers, and nothing by another name. */
static enum slot_kind extra_kind(const struct alert_extra *e)
{
	const struct field_ref *f;

	if (!e->raw)
		return SLOT_EXTRA_TEXT;
	if (!format_nfields(e->format) || !format_field_bare(e->format, 0))
		return SLOT_NULL;
	f = format_field(e->format, 0);
	if (strcmp(f->text, e->key))
		return SLOT_NULL;
	return f->field->flags & FF_TIME ? SLOT_TIME : SLOT_EXTRA_RAW;
}

static void plan_slots(struct plan *pl, const char *time_key)
{
	const struct alert_desc *a = pl->desc;
	u32 nfields = format_nfields(a->format), n = 0;

	pl->slots = xcalloc(nfields + a->nextra + 1, sizeof(*pl->slots));
	for (u32 i = 0; i < nfields; i++, n++) {
		const struct field_ref *f = format_field(a->format, i);

		pl->slots[n] = (struct slot){ .key = f->text, .index = i, .order = n,
			.kind = f->field->flags & FF_TIME ? SLOT_TIME : SLOT_FIELD };
	}
	pl->slots[n] = (struct slot){ .key = time_key, .kind = SLOT_TIME, .order = n };
	n++;
	for (u32 i = 0; i < a->nextra; i++, n++) {
		const struct alert_extra *e = &a->extra[i];

		pl->slots[n] = (struct slot){ .key = e->key, .kind = extra_kind(e), .index = i, .order = n };
	}
	pl->nslots = n;
	sort_slots(pl);
}

static void plan_tail(struct plan *pl, bool include_tags)
{
	const struct alert_desc *a = pl->desc;
	struct buf *t = &pl->tail;

	buf_addf(t, ",\"priority\":\"%s\",\"rule\":", priority_name(a->priority));
	add_json_string(t, a->rule, strlen(a->rule));
	buf_adds(t, ",\"source\":");
	add_json_string(t, a->source, strlen(a->source));
	if (include_tags) {
		buf_adds(t, ",\"tags\":[");
		for (u32 i = 0; i < a->ntags; i++) {
			if (i)
				buf_addc(t, ',');
			add_json_string(t, a->tags[i], strlen(a->tags[i]));
		}
		buf_addc(t, ']');
	}
	buf_adds(t, ",\"time\":\"");
}

static struct plan *plan_get(struct alert_printer *p, const struct alert_desc *a)
{
	struct plan *pl = map64_get(&p->plans, (u64)(uintptr_t)a);
	u32 nfields;

	if (pl)
		return pl;
	pl = xcalloc(1, sizeof(*pl));
	pl->desc = a;
	nfields = format_nfields(a->format);
	pl->vals = xcalloc(nfields + 1, sizeof(*pl->vals));
	pl->has = xcalloc(nfields + 1, sizeof(*pl->has));
	plan_slots(pl, p->opt.iso_8601 ? "evt.time.iso8601" : "evt.time");
	plan_tail(pl, p->opt.include_tags);
	map64_put(&p->plans, (u64)(uintptr_t)a, pl);
	return pl;
}

/* ---- printing ----------------------------------------------------------------------- */

static void add_extra_raw(const struct format *f, struct field_ctx *x, struct buf *out)
{
	struct value v;

	if (field_print_value(x, format_field(f, 0), &v))
		value_print_json(&v, out);
	else
		buf_add(out, "null", 4);
}

static void add_slot(struct alert_printer *p, const struct plan *pl, const struct slot *s,
		     struct field_ctx *x, struct buf *out)
{
	buf_add(out, s->encoded, s->encoded_len);
	switch (s->kind) {
	case SLOT_FIELD:
		if (pl->has[s->index])
			value_print_json(&pl->vals[s->index], out);
		else
			buf_add(out, "null", 4);
		break;
	case SLOT_TIME:
		buf_add_u64(out, x->ev->ts_ns);
		break;
	case SLOT_EXTRA_RAW:
		add_extra_raw(pl->desc->extra[s->index].format, x, out);
		break;
	case SLOT_EXTRA_TEXT:
		buf_clear(&p->text);
		format_print(pl->desc->extra[s->index].format, x, &p->text);
		add_json_string(out, buf_str(&p->text), p->text.len);
		break;
	case SLOT_NULL:
		buf_add(out, "null", 4);
		break;
	}
}

static void print_json(struct alert_printer *p, const struct plan *pl, struct field_ctx *x,
		       struct buf *out)
{
	buf_add(out, p->head.p, p->head.len);
	if (p->opt.include_message) {
		buf_adds(out, ",\"message\":");
		add_json_string(out, buf_str(&p->message), p->message.len);
	}
	if (p->opt.include_output) {
		buf_adds(out, ",\"output\":\"");
		buf_add(out, p->prefix.p, p->prefix.len);
		buf_add_json(out, buf_str(&p->message), p->message.len);
		buf_addc(out, '"');
	}
	if (p->opt.include_fields) {
		buf_adds(out, ",\"output_fields\":{");
		for (u32 i = 0; i < pl->nslots; i++)
			add_slot(p, pl, &pl->slots[i], x, out);
		buf_addc(out, '}');
	}
	buf_add(out, pl->tail.p, pl->tail.len);
	add_utc(p, x->ev->ts_ns, "Z\"}", out);
}

void alert_print(struct alert_printer *p, const struct alert_desc *a, struct field_ctx *x,
		 struct buf *out)
{
	struct plan *pl = plan_get(p, a);

	buf_clear(&p->message);
	buf_clear(&p->prefix);
	x->reprint = false;
	format_values(a->format, x, pl->vals, pl->has);
	format_print_values(a->format, x, pl->vals, pl->has, &p->message);
	add_prefix(p, x->ev->ts_ns, a->priority, &p->prefix);
	if (p->opt.json) {
		/* output_fields come after the message, also where a field of it changed others */
		if (x->reprint)
			format_values(a->format, x, pl->vals, pl->has);
		print_json(p, pl, x, out);
		return;
	}
	buf_add(out, p->prefix.p, p->prefix.len);
	buf_add_json(out, buf_str(&p->message), p->message.len);
}

static void add_internal_value(const struct internal_field *f, struct buf *out)
{
	if (f->number)
		buf_adds(out, f->value);
	else
		add_json_string(out, f->value, strlen(f->value));
}

static void internal_text(const struct internal_field *fields, u32 n, struct buf *out)
{
	if (!n)
		return;
	buf_adds(out, " (");
	for (u32 i = 0; i < n; i++) {
		if (i)
			buf_addc(out, ' ');
		buf_adds(out, fields[i].key);
		buf_addc(out, '=');
		add_internal_value(&fields[i], out);
	}
	buf_addc(out, ')');
}

static void internal_json(const struct internal_field *fields, u32 n, struct buf *out)
{
	buf_adds(out, ",\"output_fields\":{");
	for (u32 i = 0; i < n; i++) {
		if (i)
			buf_addc(out, ',');
		add_json_string(out, fields[i].key, strlen(fields[i].key));
		buf_addc(out, ':');
		add_internal_value(&fields[i], out);
	}
	buf_addc(out, '}');
}

void alert_print_internal(struct alert_printer *p, u64 ts_ns, const char *rule, enum priority prio,
			  const char *msg, const struct internal_field *fields, u32 n,
			  struct buf *out)
{
	if (!p->opt.json) {
		add_prefix(p, ts_ns, prio, out);
		buf_adds(out, msg);
		internal_text(fields, n, out);
		return;
	}
	buf_add(out, p->head.p, p->head.len);
	buf_adds(out, ",\"output\":");
	add_json_string(out, msg, strlen(msg));
	internal_json(fields, n, out);
	buf_addf(out, ",\"priority\":\"%s\",\"rule\":", priority_name(prio));
	add_json_string(out, rule, strlen(rule));
	buf_adds(out, ",\"source\":\"internal\",\"time\":\"");
	add_utc(p, ts_ns, "Z\"}", out);
}
