/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions of rules.  A single field gives `and not (f op (v1, v2))`, a list of fields
 * `and not ((f1 op v1 and f2 op v2) or ...)`: text that is appended to the condition, so
 * that values may name lists.
 */
#include <errno.h>
#include <string.h>

#include "rules/item.h"

#define DEPTH_MAX 3	/* of values: list of tuples of lists */
#define EXCEPTIONS_MAX 1000	/* of one rule: appends copy them */

/* ---- reading ---------------------------------------------------------------- */

/*
 * A string, or a list of entries.  What is null stands for nothing and is found out later: its text
 * is empty, which no string in a file may be.
 */
static int decode_entry(struct loader *l, const struct yaml_node *n, const char *key,
			const struct ctx *parent, u32 depth, struct entry *ret)
{
	const struct ctx ctx = ctx_at(parent, "value for", key, n);
	int err = 0;

	ret->set = true;
	ret->s = "";
	if (yaml_is_null(n))
		return 0;
	if (n->kind == YAML_SCALAR && !n->len)
		return yaml_error(l, &ctx, "Value must be non-empty");
	if (n->kind == YAML_SCALAR) {
		ret->s = n->s;
		return 0;
	}
	if (n->kind != YAML_SEQ || depth == DEPTH_MAX)
		return yaml_error(l, &ctx, "Can't decode YAML sequence value");
	if (spend(l, &ctx, n->n))
		return -EINVAL;
	ret->is_list = true;
	ret->items = arena_alloc(l->a, n->n * sizeof(*ret->items));
	ret->n = n->n;
	for (u32 i = 0; !err && i < n->n; i++) {
		struct ctx at = ctx_at(&ctx, "exception", "", n->items[i]);

		err = decode_entry(l, n->items[i], "", &at, depth + 1, &ret->items[i]);
	}
	return err;
}

static int decode_key(struct loader *l, const struct yaml_node *map, const char *key, bool optional,
		      const struct ctx *ctx, struct entry *ret)
{
	const struct yaml_node *n = yaml_get(map, key);

	if (!n)
		return optional ? 0 :
		       yaml_error(l, ctx, "Item has no mapping for key '%s'", key);
	return decode_entry(l, n, key, ctx, DEPTH_MAX - 1, ret);
}

static int decode_values(struct loader *l, const struct yaml_node *vals, struct exception *ex)
{
	const struct ctx ctx = ctx_at(ex->ctx, "exception values", "", vals);
	int err = 0;

	if (vals->kind != YAML_SEQ)
		return yaml_error(l, &ctx, "Rule exception values must be a sequence");
	if (spend(l, &ctx, vals->n))
		return -EINVAL;
	ex->values = arena_alloc(l->a, vals->n * sizeof(*ex->values));
	ex->nvalues = ex->cap = vals->n;
	for (u32 i = 0; !err && i < vals->n; i++) {
		struct ctx at = ctx_at(&ctx, "exception value", "", vals->items[i]);

		err = decode_entry(l, vals->items[i], "", &at, 1, &ex->values[i]);
	}
	return err;
}

static int decode_exception(struct loader *l, const struct yaml_node *map, const struct ctx *parent,
			    const struct ctx *seq_ctx, bool append, struct exception *ex)
{
	const struct ctx *ctx = ctx_node(l->a, seq_ctx, "exception", "", map);
	const struct yaml_node *vals;
	struct text name = { 0 };
	int err;

	if (map->kind != YAML_MAP)
		return yaml_error(l, ctx, "Rule exception must be a mapping");
	err = decode_text(l, map, "name", ctx, &name);
	if (err)
		return err;
	ex->name = name.p;
	ex->ctx = ctx_node(l->a, parent, "exception", ex->name, map);
	err = decode_key(l, map, "fields", append, ex->ctx, &ex->fields);
	if (!err)
		err = decode_key(l, map, "comps", true, ex->ctx, &ex->comps);
	if (err)
		return err;
	vals = yaml_get(map, "values");
	if (vals)
		return decode_values(l, vals, ex);
	if (append)
		report_warn(l->rep, LOAD_APPEND_NO_VALUES, ex->ctx,
			    "Overriding/appending exception with no values");
	return 0;
}

int read_exceptions(struct loader *l, const struct yaml_node *item, const struct ctx *parent,
		    bool append, struct exceptions *ret)
{
	const struct yaml_node *seq = yaml_get(item, "exceptions");
	struct strmap seen = { 0 };
	const struct ctx *ctx;
	int err = 0;

	*ret = (struct exceptions){ 0 };
	if (!seq || yaml_is_null(seq))
		return 0;
	ctx = ctx_node(l->a, parent, "exceptions", "", seq);
	if (seq->kind != YAML_SEQ)
		return yaml_error(l, ctx, "Rule exceptions must be a sequence");
	if (spend(l, ctx, seq->n))
		return -EINVAL;
	ret->p = arena_alloc(l->a, seq->n * sizeof(*ret->p));
	for (u32 i = 0; !err && i < seq->n; i++) {
		struct exception *ex = &ret->p[i];

		err = decode_exception(l, seq->items[i], parent, ctx, append, ex);
		if (err)
			break;
		if (strmap_gets(&seen, ex->name))
			report_warn(l->rep, LOAD_EXCEPTION_NAME_NOT_UNIQUE, ex->ctx,
				    "Multiple definitions of exception '%s' in the same rule",
				    ex->name);
		strmap_put(&seen, ex->name, strlen(ex->name), ex);
		ret->n++;
	}
	strmap_fini(&seen);
	return err;
}

/* ---- checking --------------------------------------------------------------- */

static int invalid(struct loader *l, const struct exception *ex, const char *msg)
{
	return report_error(l->rep, LOAD_ERR_VALIDATE, ex->ctx, "%s", msg);
}

/* Does it say anything? */
static bool given(const struct entry *e)
{
	return e->is_list ? e->n : e->set && *e->s;
}

static bool fields_known(const struct field_set *set, const struct ast *n, struct arena *a)
{
	struct diag d = { 0 };
	struct field_ref ref;
	struct buf b = { 0 };
	size_t used = 0;
	int err = 0;

	for (u32 i = 0; i < n->n; i++) {
		if (!fields_known(set, n->kids[i], a))
			return false;
	}
	if (n->kind != AST_FIELD)
		return true;
	filter_print(n, &b);
	err = field_parse(set, buf_str(&b), b.len, a, &ref, &used, &d);
	if (!err && used != b.len)
		err = -ENOENT;
	diag_fini(&d);
	buf_fini(&b);
	return !err;
}

/* A field, or transformers of fields: what may stand on the left of a comparison. */
static bool field_known(struct loader *l, const char *text)
{
	struct diag d = { 0 };
	struct arena a;
	struct ast *n;
	struct buf b = { 0 };
	bool known = false;

	arena_init(&a);
	buf_addf(&b, "%s exists", text);
	if (!filter_parse(&a, b.p, b.len, FILTER_DEPTH_MAX, &n, &d) && n->kind == AST_CHECK)
		known = fields_known(l->opt->fields, n, &a);
	buf_fini(&b);
	diag_fini(&d);
	arena_fini(&a);
	return known;
}

/*
 * "  startswith   oneof " → "startswith oneof".  *ret_list tells whether the right side
 * is a list in parentheses.
 */
static bool operator_known(struct arena *a, const char **op, bool *ret_list)
{
	static const char blanks[] = " \t\r\n";
	const char *s = *op + strspn(*op, blanks);
	size_t n = strcspn(s, blanks), m;
	const char *mod = s + n + strspn(s + n, blanks);
	enum filter_op o = filter_op_by_name(s, n);

	m = strcspn(mod, blanks);
	if (o == OP_MAX || o == OP_EXISTS || mod[m + strspn(mod + m, blanks)])
		return false;
	*ret_list = m || filter_op_wants_list(o);
	if (!m) {
		*op = arena_memdup0(a, s, n);
		return true;
	}
	if (!filter_op_takes_modifier(o) ||
	    !((m == 5 && !memcmp(mod, "oneof", 5)) || (m == 5 && !memcmp(mod, "anyof", 5)) ||
	      (m == 5 && !memcmp(mod, "allof", 5))))
		return false;
	*op = arena_printf(a, "%.*s %.*s", (int)n, s, (int)m, mod);
	return true;
}

/* Of a source that is not known neither are the fields. */
static int check_field(struct loader *l, const struct exception *ex, const char *field,
		       bool known_source)
{
	if (!known_source || field_known(l, field))
		return 0;
	return report_error(l->rep, LOAD_ERR_VALIDATE, ex->ctx,
			    "'%s' is not a supported filter field", field);
}

static int check_single(struct loader *l, struct exception *ex, bool known_source)
{
	bool list = false;

	if (!given(&ex->comps))
		ex->comps = (struct entry){ .set = true, .s = "in" };
	if (ex->comps.is_list)
		return invalid(l, ex, "Fields and comps must both be strings");
	if (!operator_known(l->a, &ex->comps.s, &list) || !list)
		return invalid(l, ex,
			       "When fields is a single value, comps must be one of (in, pmatch, "
			       "intersects) or a modifier operator (e.g. startswith oneof)");
	return check_field(l, ex, ex->fields.s, known_source);
}

static void default_comps(struct loader *l, struct exception *ex)
{
	u32 n = ex->fields.n;

	ex->comps = (struct entry){ .set = true, .is_list = true, .n = n };
	ex->comps.items = arena_alloc(l->a, n * sizeof(*ex->comps.items));
	for (u32 i = 0; i < n; i++)
		ex->comps.items[i] = (struct entry){ .set = true, .s = "=" };
}

static int check_list(struct loader *l, struct exception *ex, bool known_source)
{
	bool list;
	int err = 0;

	if (!given(&ex->comps))
		default_comps(l, ex);
	if (ex->comps.n != ex->fields.n)
		return invalid(l, ex, "Fields and comps lists must have equal length");
	for (u32 i = 0; i < ex->comps.n; i++) {
		if (!operator_known(l->a, &ex->comps.items[i].s, &list))
			return report_error(l->rep, LOAD_ERR_VALIDATE, ex->ctx,
					    "'%s' is not a supported comparison operator",
					    ex->comps.items[i].s);
	}
	for (u32 i = 0; !err && i < ex->fields.n; i++)
		err = check_field(l, ex, ex->fields.items[i].s, known_source);
	return err;
}

static int check_comparisons(struct loader *l, struct exception *ex, bool known_source)
{
	return ex->fields.is_list ? check_list(l, ex, known_source) :
				    check_single(l, ex, known_source);
}

int check_exception(struct loader *l, struct exception *ex, bool known_source)
{
	if (!given(&ex->fields))
		return invalid(l, ex, "Rule exception item must have fields property with a list "
			       "of fields");
	return check_comparisons(l, ex, known_source);
}

/* ---- appending -------------------------------------------------------------- */

static struct exception *find_exception(struct exceptions *all, const char *name)
{
	for (u32 i = 0; i < all->n; i++) {
		if (!strcmp(all->p[i].name, name))
			return &all->p[i];
	}
	return NULL;
}

static int add_exception(struct loader *l, struct exceptions *all, struct exception *add,
			 bool known_source)
{
	int err;

	if (!given(&add->fields))
		return invalid(l, add,
			       "Rule exception must have fields property with a list of fields");
	if (!add->nvalues)
		return invalid(l, add,
			       "Rule exception must have values property with a list of values");
	err = check_comparisons(l, add, known_source);
	if (!err)
		all->p[all->n++] = *add;
	return err;
}

static int append_exception(struct loader *l, struct exceptions *all, struct exception *add,
			    bool known_source)
{
	struct exception *ex = find_exception(all, add->name);

	if (!ex)
		return add_exception(l, all, add, known_source);
	if (given(&add->fields))
		return invalid(l, add, "Can not append exception fields to existing exception, "
			       "only values");
	if (given(&add->comps))
		return invalid(l, add, "Can not append exception comps to existing exception, "
			       "only values");
	ex->values = grown(l->a, ex->values, ex->nvalues, &ex->cap, add->nvalues,
			   sizeof(*ex->values));
	if (add->nvalues)
		memcpy(ex->values + ex->nvalues, add->values, add->nvalues * sizeof(*ex->values));
	ex->nvalues += add->nvalues;
	return 0;
}

int append_exceptions(struct loader *l, const struct rule_item *rule, const struct exceptions *more,
		      struct exceptions *ret)
{
	struct exceptions all = { .n = rule->exceptions.n };
	int err = 0;

	if ((u64)all.n + more->n > EXCEPTIONS_MAX)
		return yaml_error(l, rule->ctx, "More than %u exceptions", EXCEPTIONS_MAX);
	all.p = arena_alloc(l->a, ((size_t)all.n + more->n) * sizeof(*all.p));
	if (all.n)
		memcpy(all.p, rule->exceptions.p, all.n * sizeof(*all.p));
	for (u32 i = 0; !err && i < more->n; i++)
		err = append_exception(l, &all, &more->p[i], !rule->unknown_source);
	*ret = all;
	return err;
}

/* ---- the condition ------------------------------------------------------------ */

static int mismatch(struct rules_report *rep, const struct exception *ex)
{
	return report_error(rep, LOAD_ERR_VALIDATE, ex->ctx,
			    "Fields and values lists must have equal length");
}

static int single_condition(struct rules_report *rep, const struct exception *ex, struct buf *out)
{
	buf_addf(out, " and not (%s %s (", ex->fields.s, ex->comps.s);
	for (u32 i = 0; i < ex->nvalues; i++) {
		if (ex->values[i].is_list)
			return report_error(rep, LOAD_ERR_VALIDATE, ex->ctx,
					    "Expected values array to contain a list of strings");
		if (i)
			buf_adds(out, ", ");
		add_quoted(out, ex->values[i].s);
	}
	buf_adds(out, "))");
	return 0;
}

/* Does the operator (already normalised) take a list in parentheses? */
static bool wants_list(const char *op)
{
	return strchr(op, ' ') || filter_op_wants_list(filter_op_by_name(op, strlen(op)));
}

static void add_value(const struct entry *v, const char *op, struct buf *out)
{
	if (!v->is_list && !wants_list(op)) {
		add_quoted(out, v->s);
		return;
	}
	if (!v->is_list && *v->s == '(') {
		buf_adds(out, v->s);
		return;
	}
	buf_addc(out, '(');
	if (!v->is_list)
		buf_adds(out, v->s);
	for (u32 i = 0; i < v->n; i++) {
		if (i)
			buf_adds(out, ", ");
		add_quoted(out, v->items[i].s);
	}
	buf_addc(out, ')');
}

static int list_condition(struct rules_report *rep, const struct exception *ex, struct buf *out)
{
	buf_adds(out, " and not (");
	for (u32 i = 0; i < ex->nvalues; i++) {
		const struct entry *v = &ex->values[i];

		if (!v->is_list || v->n != ex->fields.n)
			return mismatch(rep, ex);
		buf_adds(out, i ? " or (" : "(");
		for (u32 k = 0; k < v->n; k++) {
			const char *op = ex->comps.items[k].s;

			buf_addf(out, "%s %s %s ", k ? " and " : "", ex->fields.items[k].s, op);
			add_value(&v->items[k], op, out);
		}
		buf_addc(out, ')');
	}
	buf_addc(out, ')');
	return 0;
}

int exceptions_condition(struct rules_report *rep, const struct rule_item *r, struct buf *out)
{
	int err = 0;

	if (r->exceptions.n)
		buf_addc(out, '(');
	buf_add(out, r->cond.p, r->cond.len);
	if (r->exceptions.n)
		buf_addc(out, ')');
	for (u32 i = 0; !err && i < r->exceptions.n; i++) {
		const struct exception *ex = &r->exceptions.p[i];

		if (!ex->nvalues)
			continue;
		err = ex->fields.is_list ? list_condition(rep, ex, out) :
					   single_condition(rep, ex, out);
	}
	return err;
}
