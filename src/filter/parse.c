/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar: one function for each rule.  Recursion is bounded by the steps open at once;
 * positions and messages are those that rule authors know.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/similar.h"
#include "base/vec.h"
#include "filter/lex.h"
#include "filter/ops.h"
#include "filter/transform.h"

#define TRANSFORMER_LIST \
	"'val', 'tolower', 'toupper', 'b64', 'basename', 'len', 'join', 'concat', 'getopt'"
#define OR_TRANSFORMER "a field with a valid transformer: " TRANSFORMER_LIST

struct parser {
	struct lexer l;
	struct arena *arena;
	struct diag *d;
	u32 depth, max_depth;
};

typedef VEC(struct ast *) ast_vec;

static int parse_or(struct parser *p, struct ast **ret);
static int parse_transformer(struct parser *p, struct ast **ret);

/* ---- helpers ---- */

static int fail(struct parser *p, const char *msg)
{
	return diag_at(p->d, p->l.line, p->l.col, p->l.offset, "%s", msg);
}

/* The same, where a transformer may be meant: what stands here, or the word just before a parenthesis. */
static int fail_call(struct parser *p, const char *msg)
{
	const struct lexer *l = &p->l;
	size_t from = l->offset;
	int err = fail(p, msg);

	if (from < l->len && l->s[from] == '(')
		while (from && (isalnum((unsigned char)l->s[from - 1]) || l->s[from - 1] == '_'))
			from--;
	diag_meant(p->d, transform_similar(l->s + from, l->len - from));
	return err;
}

static int enter(struct parser *p)
{
	if (p->depth >= p->max_depth)
		return diag_at(p->d, p->l.line, p->l.col, p->l.offset,
			       "exceeded max depth limit of %u", p->max_depth);
	p->depth++;
	return 0;
}

static void leave(struct parser *p)
{
	p->depth--;
}

/* A node at the position of `at`. */
static struct ast *node_at(struct parser *p, enum ast_kind kind, const struct lexer *at)
{
	struct ast *n = arena_alloc(p->arena, sizeof(*n));

	*n = (struct ast){ .kind = kind, .line = at->line, .col = at->col, .offset = at->offset };
	return n;
}

static struct ast *token_node(struct parser *p, enum ast_kind kind, const struct lexer *at)
{
	struct ast *n = node_at(p, kind, at);

	n->text = p->l.token;
	n->text_len = p->l.token_len;
	return n;
}

/* Takes the kids out of v. */
static void set_kids(struct parser *p, struct ast *n, ast_vec *v)
{
	n->n = (u32)v->n;
	n->kids = arena_alloc(p->arena, (v->n + 1) * sizeof(*n->kids));
	if (v->n)
		memcpy(n->kids, v->p, v->n * sizeof(*n->kids));
	vec_fini(v);
}

/* ---- values ---- */

/* 1 found, 0 none, -EINVAL.  With bare: unquoted strings as well. */
static int parse_string(struct parser *p, bool bare, struct ast **ret)
{
	struct lexer at = p->l;
	int found = lex_quoted(&p->l, p->d);
	bool quoted = found > 0;

	if (!found && bare)
		found = lex_bare(&p->l);
	if (found <= 0)
		return found;
	*ret = token_node(p, AST_VALUE, &at);
	(*ret)->quoted = quoted;
	return 1;
}

static int parse_number(struct parser *p, struct ast **ret)
{
	struct lexer at = p->l;

	if (!lex_number(&p->l))
		return 0;
	*ret = token_node(p, AST_VALUE, &at);
	return 1;
}

/* [argument] directly behind a field or transformer. */
static int parse_arg(struct parser *p, struct ast *n)
{
	int found;

	if (!lex_text(&p->l, "["))
		return 0;
	found = lex_quoted(&p->l, p->d);
	if (!found)
		found = lex_bare_arg(&p->l);
	if (found < 0)
		return found;
	if (!found)
		return fail(p, "expected a valid field argument: a quoted string or a bare string");
	n->arg = p->l.token;
	n->arg_len = p->l.token_len;
	return lex_text(&p->l, "]") ? 0 : fail(p, "expected a ']' token");
}

/* 1 found, 0 none, -EINVAL. */
static int parse_field(struct parser *p, struct ast **ret)
{
	struct lexer at = p->l;
	int err;

	if (!lex_field_name(&p->l))
		return 0;
	*ret = token_node(p, AST_FIELD, &at);
	err = parse_arg(p, *ret);
	return err ? err : 1;
}

/* ---- transformers ---- */

/* What both arguments and elements of lists in arguments can be. */
static int parse_simple_arg(struct parser *p, struct ast **ret)
{
	int found = parse_transformer(p, ret);

	if (!found)
		found = parse_field(p, ret);
	if (!found)
		found = parse_string(p, false, ret);
	return found ? found : parse_number(p, ret);
}

static int parse_arg_list_items(struct parser *p, ast_vec *kids)
{
	struct ast *kid;
	int found;

	do {
		lex_blank(&p->l);
		found = parse_simple_arg(p, &kid);
		if (found < 0)
			return found;
		if (!found)
			return fail_call(p, "expected transformer list argument: field, transformer, "
				       "quoted string, or number");
		vec_push(kids, kid);
		lex_blank(&p->l);
	} while (lex_text(&p->l, ","));
	return lex_text(&p->l, ")") ? 0
				    : fail(p, "expected a ')' token closing the transformer list");
}

/* 1 found, 0 none, -EINVAL. */
static int parse_arg_list(struct parser *p, struct ast **ret)
{
	struct lexer at = p->l;
	ast_vec kids = { 0 };
	int err = 0;

	if (!lex_text(&p->l, "("))
		return 0;
	lex_blank(&p->l);
	if (!lex_text(&p->l, ")"))
		err = parse_arg_list_items(p, &kids);
	*ret = node_at(p, AST_LIST, &at);
	set_kids(p, *ret, &kids);
	return err ? err : 1;
}

static int parse_transformer_args(struct parser *p, ast_vec *kids)
{
	struct ast *kid;
	int found;

	do {
		lex_blank(&p->l);
		found = parse_simple_arg(p, &kid);
		if (!found)
			found = parse_arg_list(p, &kid);
		if (found < 0)
			return found;
		if (!found)
			return fail_call(p, "expected field transformer argument: field, transformer, "
				       "quoted string, number, or transformer list");
		vec_push(kids, kid);
		lex_blank(&p->l);
	} while (lex_text(&p->l, ","));
	return lex_text(&p->l, ")") ? 0 : fail(p, "expected a ')' token closing the transformer");
}

/* "name(" of a transformer; the token is "(" then. */
static const struct transform_row *lex_transformer(struct lexer *l)
{
	struct lexer start = *l;

	for (u32 i = 0; i < TRANSFORM_MAX; i++) {
		if (lex_text(l, transform_rows[i].name) && lex_text(l, "("))
			return &transform_rows[i];
		*l = start;
	}
	return NULL;
}

/* 1 found, 0 none, -EINVAL. */
static int parse_transformer(struct parser *p, struct ast **ret)
{
	struct lexer at = p->l;
	const struct transform_row *t = lex_transformer(&p->l);
	ast_vec kids = { 0 };
	struct ast *n;
	int err;

	if (!t)
		return 0;
	n = node_at(p, AST_TRANSFORM, &at);
	n->text = t->name;
	n->text_len = (u32)strlen(t->name);
	err = enter(p);
	if (err)
		return err;
	err = parse_transformer_args(p, &kids);
	set_kids(p, n, &kids);
	leave(p);
	if (!err)
		err = parse_arg(p, n);
	*ret = n;
	return err ? err : 1;
}

/* val(field) or a transformer, on the right side.  1 found, 0 none, -EINVAL. */
static int parse_right_field(struct parser *p, struct ast **ret)
{
	struct ast selector = { 0 };
	int found;

	if (!lex_text(&p->l, "val("))
		return parse_transformer(p, ret);
	lex_blank(&p->l);
	found = parse_field(p, ret);
	if (found < 0)
		return found;
	if (!found)
		return fail(p, "expected a field within 'val' transformer");
	(*ret)->val = true;
	lex_blank(&p->l);
	if (!lex_text(&p->l, ")"))
		return fail(p, "expected a ')' token closing the transformer");
	found = parse_arg(p, &selector);
	if (!found && selector.arg)
		found = fail(p, "filter error: transformer 'val' does not support field arguments");
	return found ? found : 1;
}

/* ---- the right side ---- */

/* Whatever is wrong with it, a list without a good first element should have ended. */
static bool parse_first_item(struct parser *p, ast_vec *kids)
{
	struct diag mine = { 0 }, *theirs = p->d;
	struct ast *kid;
	int found;

	p->d = &mine;
	found = parse_string(p, true, &kid);
	p->d = theirs;
	diag_fini(&mine);
	if (found > 0)
		vec_push(kids, kid);
	return found > 0;
}

/* Elements of a list, behind its "(". */
static int parse_list_items(struct parser *p, ast_vec *kids)
{
	struct ast *kid;
	int found;

	lex_blank(&p->l);
	if (parse_first_item(p, kids))
		lex_blank(&p->l);
	while (kids->n && lex_text(&p->l, ",")) {
		lex_blank(&p->l);
		found = parse_string(p, true, &kid);
		if (found < 0)
			return found;
		if (!found)
			return fail(p, "expected a string value");
		vec_push(kids, kid);
		lex_blank(&p->l);
	}
	return lex_text(&p->l, ")") ? 0 : fail(p, "expected a ')' token");
}

/* 1 found, 0 none, -EINVAL. */
static int parse_list(struct parser *p, struct ast **ret)
{
	struct lexer at = p->l;
	ast_vec kids = { 0 };
	int err;

	if (!lex_text(&p->l, "("))
		return 0;
	err = parse_list_items(p, &kids);
	*ret = node_at(p, AST_LIST, &at);
	set_kids(p, *ret, &kids);
	return err ? err : 1;
}

static int parse_list_name(struct parser *p, struct ast **ret)
{
	struct lexer at = p->l;

	if (!lex_identifier(&p->l))
		return 0;
	*ret = token_node(p, AST_LIST_NAME, &at);
	return 1;
}

static bool token_is(const struct lexer *l, const char *s)
{
	return !strcmp(l->token, s);
}

/* "oneof" and a list, not the value "oneof".  Leaves the position at the list. */
static enum filter_modifier lex_modifier(struct lexer *l)
{
	struct lexer start = *l, ahead;

	for (u32 m = MOD_ONEOF; m <= MOD_ALLOF; m++) {
		if (lex_word(l, modifier_names[m])) {
			lex_blank(l);
			ahead = *l;
			if (lex_text(&ahead, "(") ||
			    (lex_identifier(&ahead) && !token_is(&ahead, "and") &&
			     !token_is(&ahead, "or")))
				return (enum filter_modifier)m;
		}
		*l = start;
	}
	return MOD_NONE;
}

static int right_number(struct parser *p, struct ast *check)
{
	int found;

	lex_blank(&p->l);
	found = parse_number(p, &check->kids[1]);
	if (!found)
		found = parse_right_field(p, &check->kids[1]);
	return found ? found : fail_call(p, "expected a number value or " OR_TRANSFORMER);
}

static int right_list(struct parser *p, struct ast *check)
{
	int found;

	lex_blank(&p->l);
	found = parse_list(p, &check->kids[1]);
	if (!found && !check->modifier)
		found = parse_right_field(p, &check->kids[1]);
	if (!found)
		found = parse_list_name(p, &check->kids[1]);
	return found ? found : fail(p, "expected a list, an identifier, or " OR_TRANSFORMER);
}

static int right_string(struct parser *p, struct ast *check)
{
	int found;

	if (lex_blank(&p->l))
		check->modifier = lex_modifier(&p->l);
	if (check->modifier)
		return right_list(p, check);
	found = parse_right_field(p, &check->kids[1]);
	if (!found)
		found = parse_string(p, true, &check->kids[1]);
	return found ? found : fail(p, "expected a string value or " OR_TRANSFORMER);
}

/* ---- checks ---- */

/* In the order of trial: none may be the beginning of a later one, but for words. */
static const struct {
	const char *text;
	u8 op;
} op_texts[] = {
	{ "exists", OP_EXISTS },
	{ "<=", OP_LE },
	{ "<", OP_LT },
	{ ">=", OP_GE },
	{ ">", OP_GT },
	{ "==", OP_EQ },
	{ "=", OP_EQ },
	{ "!=", OP_NE },
	{ "glob", OP_GLOB },
	{ "iglob", OP_IGLOB },
	{ "contains", OP_CONTAINS },
	{ "icontains", OP_ICONTAINS },
	{ "bcontains", OP_BCONTAINS },
	{ "startswith", OP_STARTSWITH },
	{ "bstartswith", OP_BSTARTSWITH },
	{ "endswith", OP_ENDSWITH },
	{ "regex", OP_REGEX },
	{ "intersects", OP_INTERSECTS },
	{ "in", OP_IN },
	{ "pmatch", OP_PMATCH },
};

static bool lex_operator(struct parser *p, struct ast *check)
{
	for (u32 i = 0; i < ARRAY_SIZE(op_texts); i++) {
		const struct op_row *row = &op_rows[op_texts[i].op];

		if (!(row->word ? lex_word : lex_text)(&p->l, op_texts[i].text))
			continue;
		check->op = (enum filter_op)op_texts[i].op;
		check->text = op_texts[i].text;
		check->text_len = (u32)strlen(check->text);
		return true;
	}
	return false;
}

/* The operator that the word at this place may be meant for. */
static const char *similar_operator(const struct lexer *l)
{
	const char *at = l->s + l->offset;
	size_t len = 0, left = l->len - l->offset;
	char word[SIMILAR_MAX];
	struct similar s = { .word = word };

	while (len < left && len < sizeof(word) - 1 && !isspace((unsigned char)at[len]))
		len++;
	memcpy(word, at, len);
	word[len] = '\0';
	for (u32 i = 0; i < ARRAY_SIZE(op_texts); i++)
		similar_offer(&s, op_texts[i].text);
	return s.best;
}

static int no_operator(struct parser *p)
{
	struct buf b = { 0 };
	int err;

	for (u32 i = 0; i < ARRAY_SIZE(op_texts); i++)
		buf_addf(&b, "%s'%s'", i ? ", " : "", op_texts[i].text);
	err = diag_at(p->d, p->l.line, p->l.col, p->l.offset,
		      "expected a valid check operator: one of %s", buf_str(&b));
	diag_meant(p->d, similar_operator(&p->l));
	buf_fini(&b);
	return err;
}

static int parse_right(struct parser *p, struct ast *check)
{
	static int (*const by_shape[])(struct parser *, struct ast *) = {
		[SHAPE_NUMBER] = right_number,
		[SHAPE_STRING] = right_string,
		[SHAPE_LIST] = right_list,
	};
	int found;

	lex_blank(&p->l);
	if (!lex_operator(p, check))
		return no_operator(p);
	check->n = 1;
	if (check->op == OP_EXISTS)
		return 0;
	found = by_shape[op_rows[check->op].shape](p, check);
	check->n = 2;
	return found < 0 ? found : 0;
}

/* Behind the "(" of an expression. */
static int parse_embedded(struct parser *p, struct ast **ret)
{
	int err = enter(p);

	if (!err)
		err = parse_or(p, ret);
	if (err)
		return err;
	lex_blank(&p->l);
	leave(p);
	return lex_text(&p->l, ")") ? 0 : fail_call(p, "expected a ')' token");
}

static int parse_check_inner(struct parser *p, struct ast **ret)
{
	struct lexer at;
	struct ast *left, *check;
	int found;

	lex_blank(&p->l);
	at = p->l;
	if (lex_text(&p->l, "("))
		return parse_embedded(p, ret);
	found = parse_field(p, &left);
	if (!found)
		found = parse_transformer(p, &left);
	if (found < 0)
		return found;
	if (found) {
		check = node_at(p, AST_CHECK, &at);
		check->kids = arena_alloc(p->arena, 2 * sizeof(*check->kids));
		check->kids[0] = left;
		*ret = check;
		return parse_right(p, check);
	}
	if (!lex_identifier(&p->l))
		return fail(p, "expected a '(' token, a field check, or an identifier");
	*ret = token_node(p, AST_MACRO, &at);
	return 0;
}

static int parse_check(struct parser *p, struct ast **ret)
{
	int err = enter(p);

	if (err)
		return err;
	err = parse_check_inner(p, ret);
	leave(p);
	return err;
}

/* "not" with a blank toggles; "not(" ends the row of them; anything else is no "not". */
static int parse_not(struct parser *p, struct ast **ret)
{
	bool negate = false, embedded = false;
	struct lexer at;
	struct ast *kid = NULL;
	int err = enter(p);

	if (err)
		return err;
	lex_blank(&p->l);
	at = p->l;
	while (!embedded) {
		struct lexer start = p->l;

		embedded = lex_text(&p->l, "not(");
		if (!embedded && !lex_word(&p->l, "not")) {
			p->l = start;
			break;
		}
		negate = !negate;
		if (!embedded)
			lex_blank(&p->l);
	}
	err = embedded ? parse_embedded(p, &kid) : parse_check(p, &kid);
	leave(p);
	*ret = kid;
	if (err || !negate)
		return err;
	*ret = node_at(p, AST_NOT, &at);
	(*ret)->n = 1;
	(*ret)->kids = arena_alloc(p->arena, sizeof(*(*ret)->kids));
	(*ret)->kids[0] = kid;
	return 0;
}

/* A chain of one operator: what both levels of precedence share. */
struct chain {
	const char *word;
	const char *missing;
	enum ast_kind kind;
	int (*operand)(struct parser *p, struct ast **ret);
};

static int chain_tail(struct parser *p, const struct chain *c, ast_vec *kids)
{
	struct ast *kid;
	int err;

	for (;;) {
		lex_blank(&p->l);
		if (!lex_text(&p->l, c->word))
			return 0;
		if (lex_at_blank(&p->l))
			err = c->operand(p, &kid);
		else if (lex_text(&p->l, "("))
			err = parse_embedded(p, &kid);
		else
			return fail(p, c->missing);
		if (err)
			return err;
		vec_push(kids, kid);
	}
}

static int parse_chain(struct parser *p, const struct chain *c, struct ast **ret)
{
	ast_vec kids = { 0 };
	struct lexer at;
	struct ast *kid;
	int err = enter(p);

	if (err)
		return err;
	lex_blank(&p->l);
	at = p->l;
	err = c->operand(p, &kid);
	if (!err) {
		vec_push(&kids, kid);
		err = chain_tail(p, c, &kids);
	}
	leave(p);
	*ret = kid;
	if (!err && kids.n > 1) {
		*ret = node_at(p, c->kind, &at);
		set_kids(p, *ret, &kids);
	}
	vec_fini(&kids);
	return err;
}

static int parse_and(struct parser *p, struct ast **ret)
{
	static const struct chain c = { "and", "expected blank or '(' after 'and'", AST_AND,
				       parse_not };

	return parse_chain(p, &c, ret);
}

static int parse_or(struct parser *p, struct ast **ret)
{
	static const struct chain c = { "or", "expected blank or '(' after 'or'", AST_OR, parse_and };

	return parse_chain(p, &c, ret);
}

static int unexpected(struct parser *p)
{
	struct buf b = { 0 };
	int err;

	buf_addf(&b, "unexpected token after '%s', expecting 'or', 'and'", p->l.token);
	err = fail_call(p, buf_str(&b));
	buf_fini(&b);
	return err;
}

int filter_parse(struct arena *a, const char *text, size_t len, u32 max_depth,
		 struct ast **ret, struct diag *d)
{
	struct parser p = { .arena = a, .d = d, .max_depth = max_depth };
	struct ast *n = NULL;
	int err;

	lex_init(&p.l, a, text, len);
	if (!len)
		return fail(&p, "filter input string is empty");
	err = parse_or(&p, &n);
	if (err)
		return err;
	lex_blank(&p.l);
	if (!lex_at_end(&p.l))
		return unexpected(&p);
	*ret = n;
	return 0;
}
