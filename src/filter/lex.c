/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/lex.h"

#include <errno.h>
#include <string.h>

void lex_init(struct lexer *l, struct arena *a, const char *s, size_t len)
{
	*l = (struct lexer){ .s = s, .len = len, .arena = a, .token = "" };
}

/* NUL stands for the end: no token holds one. */
static char peek(const struct lexer *l, size_t ahead)
{
	return l->offset + ahead < l->len ? l->s[l->offset + ahead] : 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\b' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
	return is_alpha(c) || is_digit(c) || c == '_';
}

bool lex_at_end(const struct lexer *l)
{
	return l->offset >= l->len;
}

bool lex_at_blank(const struct lexer *l)
{
	return is_blank(peek(l, 0));
}

static void advance(struct lexer *l, size_t n)
{
	while (n--) {
		if (l->s[l->offset++] == '\n') {
			l->line++;
			l->col = 0;
		} else {
			l->col++;
		}
	}
}

/* Makes the next n characters the token, if there are any. */
static bool take(struct lexer *l, size_t n)
{
	if (!n)
		return false;
	l->token = arena_memdup0(l->arena, l->s + l->offset, n);
	l->token_len = (u32)n;
	advance(l, n);
	return true;
}

bool lex_blank(struct lexer *l)
{
	u32 start = l->offset;

	while (lex_at_blank(l))
		advance(l, 1);
	return l->offset != start;
}

static bool at_text(const struct lexer *l, const char *text, size_t n)
{
	return l->len - l->offset >= n && !memcmp(l->s + l->offset, text, n);
}

bool lex_text(struct lexer *l, const char *text)
{
	size_t n = strlen(text);

	return at_text(l, text, n) && take(l, n);
}

bool lex_word(struct lexer *l, const char *text)
{
	size_t n = strlen(text);

	return at_text(l, text, n) && is_blank(peek(l, n)) && take(l, n);
}

/* Length of an identifier at offset + at, 0 when there is none. */
static size_t identifier(const struct lexer *l, size_t at)
{
	size_t n = at;

	if (!is_alpha(peek(l, n)))
		return 0;
	while (is_word(peek(l, n)))
		n++;
	return n - at;
}

bool lex_identifier(struct lexer *l)
{
	return take(l, identifier(l, 0));
}

bool lex_field_name(struct lexer *l)
{
	size_t n = identifier(l, 0), more, dots = 0;

	while (n && peek(l, n) == '.') {
		more = identifier(l, n + 1);
		if (!more)
			break;
		n += more + 1;
		dots++;
	}
	return dots && take(l, n);
}

static size_t digits(const struct lexer *l, size_t at)
{
	size_t n = 0;

	while (is_digit(peek(l, at + n)))
		n++;
	return n;
}

static size_t hex_number(const struct lexer *l)
{
	size_t n = 2;

	if (peek(l, 0) != '0' || (peek(l, 1) != 'x' && peek(l, 1) != 'X'))
		return 0;
	while (is_alpha(peek(l, n)) || is_digit(peek(l, n)))
		n++;
	return n > 2 ? n : 0;
}

static size_t decimal_number(const struct lexer *l)
{
	size_t n = peek(l, 0) == '+' || peek(l, 0) == '-', more = digits(l, n);

	if (!more)
		return 0;
	n += more;
	if (peek(l, n) == '.')
		n += 1 + digits(l, n + 1);
	if ((peek(l, n) == 'e' || peek(l, n) == 'E') &&
	    (peek(l, n + 1) == '+' || peek(l, n + 1) == '-')) {
		more = digits(l, n + 2);
		n += more ? more + 2 : 0;
	}
	return n;
}

bool lex_number(struct lexer *l)
{
	return take(l, hex_number(l)) || take(l, decimal_number(l));
}

static size_t until(const struct lexer *l, const char *stop)
{
	size_t n = 0;

	while (peek(l, n) && !is_blank(peek(l, n)) && !strchr(stop, peek(l, n)))
		n++;
	return n;
}

bool lex_bare(struct lexer *l)
{
	return take(l, until(l, "(),=\"'"));
}

bool lex_bare_arg(struct lexer *l)
{
	return take(l, until(l, "[]\"'"));
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

struct unescape {
	const char *in;
	size_t len, pos;
	char quote, *out;
	size_t n;
};

static int bad_escape(const struct lexer *l, struct diag *d, const char *what, const char *p,
		      size_t n)
{
	return diag_at(d, l->line, l->col, l->offset, "%s%.*s", what, (int)n, p);
}

static int hex_escape(const struct lexer *l, struct unescape *u, struct diag *d)
{
	const char *p = u->in + u->pos;

	if (u->len - u->pos < 2)
		return bad_escape(l, d, "truncated hex char escape sequence", "", 0);
	if (hex_digit(p[0]) < 0 || hex_digit(p[1]) < 0)
		return bad_escape(l, d, "invalid hex char escape sequence: ", p, 2);
	u->out[u->n++] = (char)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
	u->pos += 2;
	return 0;
}

/* u->pos is behind the backslash. */
static int one_escape(const struct lexer *l, struct unescape *u, struct diag *d)
{
	static const char from[] = "bfnrt\\/ ", to[] = "\b\f\n\r\t\\/\\";
	char c = u->in[u->pos++];
	const char *known = c ? strchr(from, c) : NULL;

	if (c == 'x')
		return hex_escape(l, u, d);
	if (c == '"' || c == '\'') {
		if (c != u->quote)
			return diag_at(d, l->line, l->col, l->offset,
				       "invalid \\%c escape in %c-quoted string", c, u->quote);
		u->out[u->n++] = c;
		return 0;
	}
	if (!known)
		return bad_escape(l, d, "unsupported string escape sequence: \\", &c, 1);
	u->out[u->n++] = to[known - from];
	return 0;
}

static int unescape(const struct lexer *l, struct unescape *u, struct diag *d)
{
	int err;

	while (u->pos < u->len) {
		char c = u->in[u->pos++];

		if (c != '\\' || u->pos == u->len) {
			u->out[u->n++] = c;
			continue;
		}
		err = one_escape(l, u, d);
		if (err)
			return err;
	}
	u->out[u->n] = 0;
	return 0;
}

int lex_quoted(struct lexer *l, struct diag *d)
{
	struct unescape u = { .quote = peek(l, 0) };
	size_t n = 1;
	int err;

	if (u.quote != '"' && u.quote != '\'')
		return 0;
	/* a quote behind a backslash does not end the string, whatever is before that */
	while (peek(l, n) && (peek(l, n) != u.quote || peek(l, n - 1) == '\\'))
		n++;
	if (!peek(l, n))
		return 0;
	u.in = l->s + l->offset + 1;
	u.len = n - 1;
	u.out = arena_alloc(l->arena, n);
	err = unescape(l, &u, d);
	if (err)
		return err;
	advance(l, n + 1);
	l->token = u.out;
	l->token_len = (u32)u.n;
	return 1;
}
