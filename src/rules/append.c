/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs of rules, and what the configuration's append_output adds to them. */
#include <string.h>

#include "output/format.h"
#include "rules/compile.h"

/* ---- which entries apply --------------------------------------------------------- */

static bool has_tag(const struct names *tags, const char *tag)
{
	for (u32 i = 0; i < tags->n; i++) {
		if (!strcmp(tags->p[i], tag))
			return true;
	}
	return false;
}

static bool applies(const struct rules_append *ap, const struct rule_item *r)
{
	if (ap->match_rule && strcmp(ap->match_rule, r->name))
		return false;
	if (ap->match_source && strcmp(ap->match_source, r->source))
		return false;
	for (u32 i = 0; i < ap->nmatch_tags; i++) {
		if (!has_tag(&r->tags, ap->match_tags[i]))
			return false;
	}
	return true;
}

/* ---- text -------------------------------------------------------------------------- */

static void add_suggested(const char *name, struct buf *out)
{
	buf_addc(out, ' ');
	for (const char *p = name; *p; p++)
		buf_addc(out, *p == '.' ? '_' : *p);
	buf_addf(out, "=%%%s", name);
}

/* Fields that classes of the source (of any, when source is NULL) want in every output. */
static void add_all_suggested(const struct rules_options *opt, const char *source, struct buf *out)
{
	for (u32 i = 0; !opt->no_suggested_fields && i < opt->fields->n; i++) {
		const struct field_class *class = opt->fields->classes[i];

		if (source && class->source && strcmp(class->source, source))
			continue;
		for (u32 k = 0; k < class->n; k++) {
			if (class->rows[k].flags & FF_SUGGESTED)
				add_suggested(class->rows[k].name, out);
		}
	}
	for (u32 i = 0; i < opt->nstatic_keys; i++)
		buf_addf(out, " static_%s=%%static.%s", opt->static_keys[i], opt->static_keys[i]);
}

/* Of equal keys the last one counts. */
static struct cextra *extra_for(struct crule *r, const char *key)
{
	for (u32 i = 0; i < r->nextra; i++)
		if (!strcmp(r->extra[i].key, key))
			return &r->extra[i];
	return &r->extra[r->nextra++];
}

static void add_extra_kind(struct compiled *c, struct crule *r, const struct rules_append *ap, bool raw)
{
	for (u32 i = 0; i < ap->nextra_fields; i++) {
		const char *key = ap->extra_fields[i].key, *format = ap->extra_fields[i].format;

		if (raw == !format)
			*extra_for(r, key) = (struct cextra){
				.key = key, .raw = raw, .format = raw ? arena_printf(&c->a, "%%%s", key) : format };
	}
}

/* Fields by their name after the formatted ones: in one entry they win. */
static void add_extra_fields(struct compiled *c, struct crule *r, const struct rules_append *ap)
{
	r->extra = grown(&c->a, r->extra, r->nextra, &r->extra_cap, ap->nextra_fields,
			 sizeof(*r->extra));
	add_extra_kind(c, r, ap, false);
	add_extra_kind(c, r, ap, true);
}

static const char container_info[] =
	"%container.info is deprecated and no more useful, and will be dropped by Falco 1.0.0. The "
	"container plugin will automatically add required fields to the output message.";

/* The container fields are in every output anyhow: the placeholder goes, also from what was added. */
static void drop_container_info(struct compiled *c, const struct crule *r, const struct buf *in, struct buf *out)
{
	static const char name[] = "%container.info";
	const char *s = in->p, *end = s + in->len, *p;
	bool found = false;

	while ((p = memmem(s, end - s, name, sizeof(name) - 1))) {
		buf_add(out, s, p - s);
		s = p + sizeof(name) - 1;
		found = true;
	}
	buf_add(out, s, end - s);
	if (found)
		report_deprecated(c->rep, r->item->ctx, NULL, container_info);
}

void compile_output(struct compiled *c, struct crule *r)
{
	const struct rules_options *opt = c->opt;
	struct buf b = { 0 }, text = { 0 };

	buf_add(&b, r->item->output.p, r->item->output.len);
	for (u32 i = 0; i < opt->nappend; i++) {
		const struct rules_append *ap = &opt->append[i];

		if (!applies(ap, r->item))
			continue;
		if (ap->extra_output)
			buf_addf(&b, " %s", ap->extra_output);
		if (ap->suggested_output)
			add_all_suggested(opt, ap->match_source, &b);
		if (ap->nextra_fields)
			add_extra_fields(c, r, ap);
	}
	buf_str(&b);
	drop_container_info(c, r, &b, &text);
	r->output = arena_memdup0(&c->a, buf_str(&text), text.len);
	buf_fini(&text);
	buf_fini(&b);
}

/* ---- checking ------------------------------------------------------------------------ */

/* As Falco looks for it: anywhere in the text, so evt.latency is also found in %evt.latency.human. */
static void warn_fields(struct compiled *c, const struct crule *r, const char *format)
{
	for (u32 i = 0; i < NDEPRECATED_FIELDS; i++) {
		const char *name = deprecated_fields[i].name;

		if (strstr(format, name))
			report_deprecated(c->rep, r->item->output_ctx, name,
					  arena_printf(&c->a, "usage of deprecated field '%s' has "
						       "been detected in the rule output", name));
	}
}

int check_output(struct compiled *c, const struct crule *r, struct diag *d)
{
	struct format *f;
	int err;

	if (!*r->output)
		return diag_set(d, "empty formatting token");
	err = format_compile(c->opt->fields, r->output, &f, d);
	if (err)
		return err;
	warn_fields(c, r, r->output);
	format_free(f);
	for (u32 i = 0; i < r->nextra; i++) {
		err = format_compile(c->opt->fields, r->extra[i].format, &f, d);
		if (err)
			return err;
		format_free(f);
		warn_fields(c, r, r->extra[i].format);
	}
	return 0;
}
