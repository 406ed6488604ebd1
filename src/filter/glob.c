/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell patterns.  Only the last star is ever tried again (an earlier one could not do
 * better), so that time is at most the product of the lengths whatever the string is.
 */
#include <ctype.h>

#include "filter/match.h"

bool glob_is_pattern(struct str pattern)
{
	for (u32 i = 0; i < pattern.len; i++)
		if (memchr("*?[\\", pattern.p[i], 4))
			return true;
	return false;
}

static u8 folded(u8 c, bool fold)
{
	return fold && c >= 'A' && c <= 'Z' ? (u8)(c + 32) : c;
}

static const struct {
	const char *name;
	int (*is)(int);
} classes[] = {
	{ "alpha", isalpha }, { "digit", isdigit }, { "alnum", isalnum }, { "upper", isupper },
	{ "lower", islower }, { "space", isspace }, { "blank", isblank }, { "punct", ispunct },
	{ "print", isprint }, { "graph", isgraph }, { "cntrl", iscntrl }, { "xdigit", isxdigit },
};

static bool in_class(const char *name, u32 len, u8 c)
{
	for (u32 i = 0; i < ARRAY_SIZE(classes); i++)
		if (strlen(classes[i].name) == len && !memcmp(classes[i].name, name, len))
			return c < 128 && classes[i].is(c);
	return false;
}

/* Length of "[:name:]" at p, 0 when there is none; *ret: c is of the class, as it stands. */
static u32 class_at(struct str p, u32 at, u8 c, bool *ret)
{
	u32 end;

	if (p.len - at < 4 || p.p[at] != '[' || p.p[at + 1] != ':')
		return 0;
	for (end = at + 2; end + 1 < p.len; end++) {
		if (p.p[end] != ':' || p.p[end + 1] != ']')
			continue;
		*ret = in_class(p.p + at + 2, end - at - 2, c);
		return end + 2 - at;
	}
	return 0;
}

/* One character of a bracket, perhaps escaped. */
static bool bracket_char(struct str p, u32 *at, u8 *ret)
{
	if (*at < p.len && p.p[*at] == '\\')
		(*at)++;
	if (*at >= p.len)
		return false;
	*ret = (u8)p.p[(*at)++];
	return true;
}

/* One element: a class, a range or a character. */
static bool bracket_element(struct str p, u32 *at, u8 c, bool fold, bool *hit)
{
	bool in = false;
	u32 len = class_at(p, *at, c, &in);
	u8 lo, hi;

	if (len) {
		*at += len;
		*hit |= in;
		return true;
	}
	if (!bracket_char(p, at, &lo))
		return false;
	hi = lo;
	if (*at + 1 < p.len && p.p[*at] == '-' && p.p[*at + 1] != ']') {
		(*at)++;
		if (!bracket_char(p, at, &hi))
			return false;
	}
	c = folded(c, fold);
	*hit |= c >= folded(lo, fold) && c <= folded(hi, fold);
	return true;
}

/* Length of the bracket at p.p[at], 0 when it never ends; *ret: c is in it. */
static u32 bracket(struct str p, u32 at, u8 c, bool fold, bool *ret)
{
	u32 i = at + 1;
	bool negate = i < p.len && (p.p[i] == '!' || p.p[i] == '^'), hit = false, first = true;

	i += negate;
	for (; i < p.len && (p.p[i] != ']' || first); first = false)
		if (!bracket_element(p, &i, c, fold, &hit))
			return 0;
	if (i >= p.len)
		return 0;
	*ret = hit != negate;
	return i + 1 - at;
}

/* Length of the pattern's item at `at` when it matches c, else 0. */
static u32 match_one(struct str p, u32 at, u8 c, bool fold)
{
	bool in = false;
	u32 len;

	switch (p.p[at]) {
	case '?':
		return 1;
	case '[':
		len = bracket(p, at, c, fold, &in);
		if (len)
			return in ? len : 0;
		break;
	case '\\':
		/* one at the very end matches nothing */
		if (at + 1 >= p.len)
			return 0;
		return folded((u8)p.p[at + 1], fold) == folded(c, fold) ? 2 : 0;
	}
	return folded((u8)p.p[at], fold) == folded(c, fold) ? 1 : 0;
}

bool glob_match(struct str pattern, struct str s, bool fold)
{
	u32 at = 0, i = 0, star = UINT32_MAX, star_i = 0, len;

	while (i < s.len) {
		if (at < pattern.len && pattern.p[at] == '*') {
			star = ++at;
			star_i = i;
			continue;
		}
		len = at < pattern.len ? match_one(pattern, at, (u8)s.p[i], fold) : 0;
		if (len) {
			at += len;
			i++;
			continue;
		}
		if (star == UINT32_MAX)
			return false;
		at = star;
		i = ++star_i;
	}
	while (at < pattern.len && pattern.p[at] == '*')
		at++;
	return at == pattern.len;
}
