/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/report.h"

#define EVENTS_MANY 100

struct noting {
	struct compiled *c;
	const struct crule *r;
};

static void note(void *ctx, const struct filter_note *n)
{
	const struct noting *x = ctx;

	report_warn(x->c->rep, LOAD_COMPILE_CONDITION, node_ctx(x->c, x->r, n->node), "%s", n->msg);
}

/* Errors which skip-if-unknown-filter turns into warnings. */
static bool names_unknown(const char *msg)
{
	return strstr(msg, "nonexistent field") || strstr(msg, "invalid formatting token") ||
	       strstr(msg, "unknown event type") || strstr(msg, "unknown filter:");
}

/* An error of a rule: -ECANCELED when only the rule is left out. */
static int rule_error(struct compiled *c, const struct crule *r, enum load_code code,
		      const struct ctx *ctx, const struct diag *d)
{
	bool skip = r->item->skip_unknown && names_unknown(d->msg);

	if (skip)
		report_warn(c->rep, LOAD_UNKNOWN_FILTER, ctx, "%s", d->msg);
	else
		report_error(c->rep, code, ctx, "%s", d->msg);
	report_meant(c->rep, d->meant);
	return skip ? -ECANCELED : -EINVAL;
}

static u32 count_bits(const u64 *p, size_t n)
{
	u32 count = 0;

	for (size_t i = 0; i < n; i++)
		count += __builtin_popcountll(p[i]);
	return count;
}

static int find_events(struct compiled *c, struct filter_pool *pool, struct crule *r,
		       struct diag *d)
{
	int err = filter_events(pool, r->tree, &r->events, d);

	if (err == -ENOTSUP)
		report_fatal(c->rep, d->msg);
	return err;
}

static int check_condition(struct compiled *c, struct filter_pool *pool, struct crule *r)
{
	struct noting x = { .c = c, .r = r };
	struct diag d = { 0 };
	const struct ctx *ctx;
	u32 expr;
	int err;

	err = filter_compile(pool, r->tree, &expr, &d, note, &x);
	if (!err)
		err = find_events(c, pool, r, &d);
	if (err) {
		int fatal = err;

		ctx = ctx_expr(&c->a, r->item->cond_ctx, r->text, r->len, &d);
		err = rule_error(c, r, LOAD_ERR_COMPILE_CONDITION, ctx, &d);
		if (fatal == -ENOTSUP)
			err = fatal;
	}
	diag_fini(&d);
	return err;
}

static void warn_events(struct compiled *c, const struct crule *r)
{
	if (r->item->warn_evttypes && !strcmp(r->item->source, "syscall") &&
	    count_bits(r->events.ev, ARRAY_SIZE(r->events.ev)) > EVENTS_MANY)
		report_warn(c->rep, LOAD_NO_EVTTYPE, r->item->ctx,
			    "Rule matches too many evt.type values. This has a significant "
			    "performance penalty.");
}

static int make_tree(struct compiled *c, struct crule *r)
{
	struct tree_size size = { 0 };
	struct buf b = { 0 };
	int err = exceptions_condition(c->rep, r->item, &b);

	if (!err)
		err = parse_condition(c, buf_str(&b), b.len, r->item->cond_ctx, &r->text, &r->len,
				      &r->tree);
	buf_fini(&b);
	if (err)
		return err;
	return resolve_macros(c, &r->tree, UINT32_MAX, r->item->ctx, r->text, r->len, &size);
}

static int check_rule_output(struct compiled *c, struct crule *r)
{
	struct diag d = { 0 };
	int err;

	compile_output(c, r);
	err = check_output(c, r, &d);
	if (err)
		err = rule_error(c, r, LOAD_ERR_COMPILE_OUTPUT, r->item->output_ctx, &d);
	diag_fini(&d);
	return err;
}

/* The same rule as it was before the newest file; both are in order of definition. */
static const struct crule *rule_before(struct compiled *c, const struct rule_item *item)
{
	const struct compiled *b = c->before;

	while (b && c->seen < b->rules.n && b->rules.p[c->seen].item->index < item->index)
		c->seen++;
	if (!b || c->seen == b->rules.n || b->rules.p[c->seen].item != item)
		return NULL;
	return &b->rules.p[c->seen];
}

static u64 hash_tree(const struct ast *tree)
{
	struct buf b = { 0 };
	u64 hash;

	filter_print(tree, &b);
	hash = hash_bytes(buf_str(&b), b.len);
	buf_fini(&b);
	return hash;
}

/* Takes over what is known when lists and macros in the rule are the same, too. */
static bool is_known(struct compiled *c, struct crule *r)
{
	const struct crule *old = rule_before(c, r->item);

	r->print = hash_tree(r->tree);
	if (!old || !old->quiet || old->print != r->print || old->len != r->len ||
	    memcmp(old->text, r->text, r->len))
		return false;
	r->events = old->events;
	compile_output(c, r);
	return true;
}

static int check_rule(struct compiled *c, struct filter_pool *pool, struct crule *r)
{
	u32 warnings = rules_report_nwarnings(c->rep);
	int err;

	r->quiet = is_known(c, r);
	if (r->quiet)
		return 0;
	warn_condition(c, r);
	err = check_rule_output(c, r);
	if (!err)
		err = check_condition(c, pool, r);
	r->quiet = !err && rules_report_nwarnings(c->rep) == warnings;
	return err;
}

static int compile_rule(struct compiled *c, struct filter_pool *pool, const struct rule_item *item)
{
	struct crule r = { .item = item };
	int err;

	if (item->unknown_source || item->priority > c->opt->min_priority)
		return 0;
	err = make_tree(c, &r);
	if (err)
		return err;
	err = check_rule(c, pool, &r);
	if (err)
		return err == -ECANCELED ? 0 : err;
	warn_events(c, &r);
	vec_push(&c->rules, r);
	return 0;
}

static int compile_rules(struct compiled *c)
{
	struct filter_pool *pool = filter_pool_new(c->opt->fields);
	int err = 0;

	for (size_t i = 0; !err && i < c->col->rules.n; i++)
		err = compile_rule(c, pool, c->col->rules.p[i]);
	filter_pool_free(pool);
	return err;
}

static void warn_unused(struct compiled *c)
{
	for (u32 i = 0; i < c->nmacros; i++) {
		if (!c->macros[i].used)
			report_warn(c->rep, LOAD_UNUSED_MACRO, c->macros[i].item->ctx,
				    "Macro not referred to by any other rule/macro");
	}
	for (u32 i = 0; i < c->nlists; i++) {
		if (!c->lists[i].used)
			report_warn(c->rep, LOAD_UNUSED_LIST, c->lists[i].item->ctx,
				    "List not referred to by any other rule/macro");
	}
}

struct compiled *compile(const struct rules_options *opt, const struct collection *col,
			 const struct compiled *before, struct rules_report *rep, int *ret_err)
{
	struct compiled *c = xcalloc(1, sizeof(*c));
	int err;

	arena_init(&c->a);
	c->opt = opt;
	c->col = col;
	c->rep = rep;
	c->before = before;
	err = compile_lists(c);
	if (!err)
		err = compile_macros(c);
	if (!err)
		err = compile_rules(c);
	if (!err) {
		mark_used_lists(c);
		warn_unused(c);
	}
	c->rep = NULL;
	c->before = NULL;
	*ret_err = err;
	if (!err)
		return c;
	compiled_free(c);
	return NULL;
}

void compiled_free(struct compiled *c)
{
	if (!c)
		return;
	for (u32 i = 0; i < c->nlists; i++)
		vec_fini(&c->lists[i].deps);
	vec_fini(&c->rules);
	strmap_fini(&c->list_at);
	strmap_fini(&c->macro_at);
	arena_fini(&c->a);
	free(c);
}
