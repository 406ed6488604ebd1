/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of conditions.  There is no token stream: what a character means depends on what
 * the grammar expects, so the parser asks for one kind of token at a time.  A function that
 * finds none leaves the position alone.
 */
#ifndef SAKER_FILTER_LEX_H
#define SAKER_FILTER_LEX_H

#include "base/diag.h"
#include "base/mem.h"
#include "base/types.h"

struct lexer {
	const char *s;		/* borrowed */
	size_t len;
	struct arena *arena;	/* of unescaped tokens */
	u32 offset, line, col;	/* of the next character, from 0 */
	const char *token;	/* the last one found */
	u32 token_len;
};

void lex_init(struct lexer *l, struct arena *a, const char *s, size_t len);
bool lex_at_end(const struct lexer *l);
bool lex_at_blank(const struct lexer *l);
bool lex_blank(struct lexer *l);		/* one or more; no token */
bool lex_text(struct lexer *l, const char *text);	/* these very characters */
bool lex_word(struct lexer *l, const char *text);	/* followed by a blank */
bool lex_identifier(struct lexer *l);
bool lex_field_name(struct lexer *l);
bool lex_number(struct lexer *l);
bool lex_bare(struct lexer *l);			/* of values */
bool lex_bare_arg(struct lexer *l);		/* of arguments of fields */
/* 1 found, 0 none, -EINVAL a bad escape (in d).  The token is unescaped. */
int lex_quoted(struct lexer *l, struct diag *d);

#endif
