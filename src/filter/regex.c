/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions as rules know them: POSIX syntax (groups, classes, counted
 * repetitions; no \d, \b, (?...) and back-references), matched from end to end, characters
 * being Unicode.
 *
 * The expression is checked and written anew for PCRE2 piece by piece, so that nothing
 * PCRE2 knows beyond that syntax gets through.  A match that takes too many steps (the
 * string may be chosen to that end) is done again by the algorithm that does not backtrack.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>

#include "base/buf.h"
#include "filter/match.h"

#define REPEAT_MAX 1000
#define GROUPS_MAX 200
#define STEPS_MAX 200000
#define DFA_STEPS_MAX 100000000
#define DFA_WORKSPACE 200000

struct regex {
	pcre2_code *code;
	pcre2_match_context *context, *dfa_context;
};

struct translation {
	struct str in;
	u32 at;
	u32 depth;
	struct buf out;
	const char *error;
};

static bool more(const struct translation *t)
{
	return t->at < t->in.len;
}

static char peek(const struct translation *t, u32 ahead)
{
	return t->at + ahead < t->in.len ? t->in.p[t->at + ahead] : 0;
}

static bool refuse(struct translation *t, const char *why)
{
	if (!t->error)
		t->error = why;
	return false;
}

/* ---- UTF-8 ---- */

/* Length of the character at p, 0 when it is not one. */
static u32 utf8_char(const char *p, u32 len, u32 *ret)
{
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	u8 c = (u8)*p;
	u32 n = c < 0x80 ? 1 : c < 0xc0 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf8 ? 4 : 0;
	u32 v = n == 1 ? c : c & (0x7fu >> n);

	if (!n || n > len)
		return 0;
	for (u32 i = 1; i < n; i++) {
		if (((u8)p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | ((u8)p[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 0;
	*ret = v;
	return n;
}

static bool utf8_valid(struct str s)
{
	u32 v, n;

	for (u32 i = 0; i < s.len; i += n) {
		n = utf8_char(s.p + i, s.len - i, &v);
		if (!n)
			return false;
	}
	return true;
}

static void add_utf8(struct buf *b, struct str s)
{
	u32 v, n;

	for (u32 i = 0; i < s.len; i += n ? n : 1) {
		n = utf8_char(s.p + i, s.len - i, &v);
		if (n)
			buf_add(b, s.p + i, n);
		else
			buf_adds(b, "\xef\xbf\xbd");
	}
}

/* ---- translation ---- */

static void put_char(struct translation *t, u32 c)
{
	buf_addf(&t->out, "\\x{%x}", c);
}

static bool next_char(struct translation *t, u32 *ret)
{
	u32 n = utf8_char(t->in.p + t->at, t->in.len - t->at, ret);

	if (!n)
		return refuse(t, "invalid UTF-8");
	t->at += n;
	return true;
}

static int digit_of(char c, int base)
{
	int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
		c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

	return v < base ? v : -1;
}

/* Behind "\x". */
static bool hex_escape(struct translation *t, u32 *ret)
{
	u32 v = 0, n = 0;
	bool braces = peek(t, 0) == '{';

	t->at += braces;
	while (digit_of(peek(t, 0), 16) >= 0 && (braces || n < 2) && v <= 0x10ffff) {
		v = v * 16 + (u32)digit_of(peek(t, 0), 16);
		t->at++;
		n++;
	}
	if (braces ? !n || peek(t, 0) != '}' || v > 0x10ffff : n != 2)
		return refuse(t, "invalid escape sequence");
	t->at += braces;
	*ret = v;
	return true;
}

static bool octal_escape(struct translation *t, u32 *ret)
{
	u32 v = 0, n = 0;

	/* a single digit other than 0 would be a back-reference */
	if (peek(t, 0) != '0' && digit_of(peek(t, 1), 8) < 0)
		return refuse(t, "invalid escape sequence");
	for (; n < 3 && digit_of(peek(t, 0), 8) >= 0; n++, t->at++)
		v = v * 8 + (u32)digit_of(peek(t, 0), 8);
	*ret = v;
	return true;
}

/* Behind the backslash. */
static bool escape(struct translation *t, u32 *ret)
{
	static const char from[] = "afnrtv", to[] = "\a\f\n\r\t\v";
	const char *at;
	char c = peek(t, 0);

	if (!more(t))
		return refuse(t, "trailing \\");
	if (c == 'x') {
		t->at++;
		return hex_escape(t, ret);
	}
	if (digit_of(c, 8) >= 0)
		return octal_escape(t, ret);
	at = c ? strchr(from, c) : NULL;
	if (!at && (!c || (u8)c >= 0x80 || c == '_' || digit_of(c, 10) >= 0 ||
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
		return refuse(t, "invalid escape sequence");
	*ret = at ? (u32)to[at - from] : (u32)c;
	t->at++;
	return true;
}

static bool class_char(struct translation *t, u32 *ret)
{
	if (!more(t))
		return refuse(t, "missing ]");
	if (peek(t, 0) != '\\')
		return next_char(t, ret);
	t->at++;
	return escape(t, ret);
}

/* "[:name:]" and "[:^name:]" within a class.  1 taken, 0 none, -1 unknown. */
static int posix_class(struct translation *t)
{
	static const char *const names[] = { "alnum", "alpha", "ascii", "blank", "cntrl",
					    "digit", "graph", "lower", "print", "punct",
					    "space", "upper", "word",  "xdigit" };
	const char *p = t->in.p + t->at, *end;
	u32 skip;

	if (peek(t, 0) != '[' || peek(t, 1) != ':')
		return 0;
	end = memmem(p + 2, t->in.len - t->at - 2, ":]", 2);
	if (!end)
		return 0;
	skip = 2 + (p[2] == '^');
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		if ((size_t)(end - p) != strlen(names[i]) + skip ||
		    memcmp(p + skip, names[i], strlen(names[i])))
			continue;
		buf_add(&t->out, p, (size_t)(end + 2 - p));
		t->at += (u32)(end + 2 - p);
		return 1;
	}
	refuse(t, "invalid character class");
	return -1;
}

static bool class_range(struct translation *t, bool first)
{
	u32 lo, hi;

	/* a dash means itself only at the ends */
	if (peek(t, 0) == '-' && !first && peek(t, 1) != ']' &&
	    !(peek(t, 1) == '-' && peek(t, 2) != ']'))
		return refuse(t, "invalid character class range");
	if (!class_char(t, &lo))
		return false;
	put_char(t, lo);
	if (peek(t, 0) != '-' || peek(t, 1) == ']')
		return true;
	t->at++;
	if (!class_char(t, &hi))
		return false;
	if (hi < lo)
		return refuse(t, "invalid character class range");
	buf_addc(&t->out, '-');
	put_char(t, hi);
	return true;
}

/* Behind "[". */
static bool class(struct translation *t)
{
	bool first = true;
	int found;

	buf_addc(&t->out, '[');
	if (peek(t, 0) == '^') {
		buf_addc(&t->out, '^');
		t->at++;
	}
	for (; peek(t, 0) != ']' || first; first = false) {
		found = more(t) ? posix_class(t) : -1;
		if (found < 0)
			return refuse(t, "missing ]");
		if (!found && !class_range(t, first))
			return false;
	}
	t->at++;
	buf_addc(&t->out, ']');
	return true;
}

static bool alternatives(struct translation *t, u32 *ret_repeats);

/* Behind "(". */
static bool group(struct translation *t, u32 *ret_repeats)
{
	if (t->depth++ == GROUPS_MAX)
		return refuse(t, "nested too deeply");
	buf_adds(&t->out, "(?:");
	if (!alternatives(t, ret_repeats))
		return false;
	if (peek(t, 0) != ')')
		return refuse(t, "missing )");
	t->at++;
	t->depth--;
	buf_addc(&t->out, ')');
	return true;
}

/* Lines have ends: these two hold at any of them. */
#define LINE_START "(?:\\A|(?<=\\n))"
#define LINE_END "(?:\\z|(?=\\n))"

/* *ret_repeats: how often something in it can be repeated by counts. */
static bool atom(struct translation *t, u32 *ret_repeats)
{
	char c = peek(t, 0);
	u32 v;

	*ret_repeats = 1;
	if (c == '*' || c == '+' || c == '?')
		return refuse(t, "no argument for repetition operator");
	if (c == '.' || c == '^' || c == '$') {
		buf_adds(&t->out, c == '.' ? "[^\\n]" : c == '^' ? LINE_START : LINE_END);
		t->at++;
		return true;
	}
	if (c == '(' || c == '[') {
		t->at++;
		return c == '(' ? group(t, ret_repeats) : class(t);
	}
	if (c == '\\') {
		t->at++;
		if (!escape(t, &v))
			return false;
	} else if (!next_char(t, &v)) {
		return false;
	}
	put_char(t, v);
	return true;
}

static bool number(struct translation *t, u32 *ret)
{
	u32 v = 0, start = t->at;

	for (; digit_of(peek(t, 0), 10) >= 0; t->at++)
		v = v > REPEAT_MAX ? v : v * 10 + (u32)digit_of(peek(t, 0), 10);
	*ret = v;
	return t->at > start;
}

/* { n }, { n, } or { n,m }; otherwise a brace is a plain character.  1 taken, 0 none, -1 bad. */
static int counted(struct translation *t, u32 *ret_max)
{
	struct translation start = *t;
	u32 min, max;
	bool open = false;

	t->at++;
	if (!number(t, &min))
		goto plain;
	max = min;
	if (peek(t, 0) == ',') {
		t->at++;
		open = !number(t, &max);
	}
	if (peek(t, 0) != '}')
		goto plain;
	t->at++;
	if (min > REPEAT_MAX || (!open && (max > REPEAT_MAX || max < min))) {
		refuse(t, "bad repetition operator");
		return -1;
	}
	if (open)
		buf_addf(&t->out, "{%u,}", min);
	else
		buf_addf(&t->out, "{%u,%u}", min, max);
	*ret_max = open ? min : max;
	return 1;
plain:
	t->at = start.at;
	return 0;
}

/* 1 taken, 0 none, -1 bad. */
static int repetition(struct translation *t, u32 *ret_max)
{
	char c = peek(t, 0);

	*ret_max = 1;
	if (c == '{')
		return counted(t, ret_max);
	if (c != '*' && c != '+' && c != '?')
		return 0;
	buf_addc(&t->out, c);
	t->at++;
	return 1;
}

/* An atom and all repetitions behind it; each applies to what is before it. */
static bool piece(struct translation *t, u32 *ret_repeats)
{
	size_t start = t->out.len;
	u32 max;
	char last = 0;
	int found;

	buf_adds(&t->out, "(?:");
	if (!atom(t, ret_repeats))
		return false;
	buf_addc(&t->out, ')');
	while (more(t)) {
		char c = peek(t, 0);

		/* twice the same star is one */
		if (c == last && (c == '*' || c == '+' || c == '?')) {
			t->at++;
			continue;
		}
		found = repetition(t, &max);
		if (found <= 0)
			return !found;
		*ret_repeats *= max ? max : 1;
		if (*ret_repeats > REPEAT_MAX)
			return refuse(t, "bad repetition operator");
		/* (?:x)* → (?:(?:x)*), for what may follow */
		buf_adds(&t->out, ")");
		buf_reserve(&t->out, 3);
		memmove(t->out.p + start + 3, t->out.p + start, t->out.len - start);
		memcpy(t->out.p + start, "(?:", 3);
		t->out.len += 3;
		last = c;
	}
	return true;
}

static bool alternatives(struct translation *t, u32 *ret_repeats)
{
	u32 repeats;

	*ret_repeats = 1;
	while (more(t) && peek(t, 0) != ')') {
		if (peek(t, 0) == '|') {
			buf_addc(&t->out, '|');
			t->at++;
		} else {
			if (!piece(t, &repeats))
				return false;
			*ret_repeats = (u32)size_max(*ret_repeats, repeats);
		}
	}
	return true;
}

static bool translate(struct translation *t)
{
	u32 repeats;

	buf_adds(&t->out, "(?:");
	if (!alternatives(t, &repeats))
		return false;
	if (more(t))
		return refuse(t, "unexpected )");
	buf_addc(&t->out, ')');
	return true;
}

/* ---- */

static int compile(struct regex *r, const struct buf *pattern, struct str source, struct diag *d)
{
	u32 options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NO_AUTO_CAPTURE |
		      PCRE2_NO_AUTO_POSSESS;
	PCRE2_UCHAR text[200] = "";
	PCRE2_SIZE at;
	int err;

	r->code = pcre2_compile((PCRE2_SPTR)pattern->p, pattern->len, options, &err, &at, NULL);
	if (!r->code) {
		pcre2_get_error_message(err, text, sizeof(text));
		return diag_set(d, "invalid regular expression '%.*s': %s", (int)source.len,
				source.p, text);
	}
	pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
	r->context = pcre2_match_context_create(NULL);
	r->dfa_context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(r->context, STEPS_MAX);
	pcre2_set_match_limit(r->dfa_context, DFA_STEPS_MAX);
	return 0;
}

int regex_new(struct str pattern, struct regex **ret, struct diag *d)
{
	struct translation t = { .in = pattern };
	struct regex *r = xcalloc(1, sizeof(*r));
	int err;

	if (translate(&t))
		err = compile(r, &t.out, pattern, d);
	else
		err = diag_set(d, "invalid regular expression '%.*s': %s", (int)pattern.len,
			       pattern.p, t.error);
	buf_fini(&t.out);
	if (err) {
		regex_free(r);
		return err;
	}
	*ret = r;
	return 0;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_code_free(r->code);
	pcre2_match_context_free(r->context);
	pcre2_match_context_free(r->dfa_context);
	free(r);
}

static bool match_slowly(const struct regex *r, struct str s, pcre2_match_data *data)
{
	int *workspace = xmalloc(DFA_WORKSPACE * sizeof(*workspace));
	int n = pcre2_dfa_match(r->code, (PCRE2_SPTR)s.p, s.len, 0, PCRE2_NO_UTF_CHECK, data,
				r->dfa_context, workspace, DFA_WORKSPACE);

	free(workspace);
	return n >= 0;
}

static bool match_valid(const struct regex *r, struct str s)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int n = pcre2_match(r->code, (PCRE2_SPTR)s.p, s.len, 0, PCRE2_NO_UTF_CHECK, data,
			    r->context);
	bool hit = n >= 0;

	if (n < PCRE2_ERROR_PARTIAL)
		hit = match_slowly(r, s, data);
	pcre2_match_data_free(data);
	return hit;
}

bool regex_match(const struct regex *r, struct str s)
{
	struct buf b = { 0 };
	bool hit;

	if (utf8_valid(s))
		return match_valid(r, s);
	add_utf8(&b, s);
	hit = match_valid(r, (struct str){ b.p, (u32)b.len });
	buf_fini(&b);
	return hit;
}

/* Takes one of .* .+ .? off an end. */
static void trim(struct str *s, bool end)
{
	const char *p = s->p;

	if (s->len < 2)
		return;
	p += end ? s->len - 2 : 0;
	if (p[0] != '.' || !memchr("*+?", p[1], 3))
		return;
	s->p += end ? 0 : 2;
	s->len -= 2;
}

bool regex_is_simple(struct str s)
{
	if (s.len && s.p[0] == '^') {
		s.p++;
		s.len--;
	}
	if (s.len && s.p[s.len - 1] == '$')
		s.len--;
	trim(&s, false);
	trim(&s, true);
	for (u32 i = 0; i < s.len; i++)
		if (memchr("\\.^$|?*+()[]{}", s.p[i], 14))
			return false;
	return true;
}
