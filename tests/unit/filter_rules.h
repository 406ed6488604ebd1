/* SPDX-License-Identifier: Apache-2.0 */
/* Random rules for the tests of the kernel filter. */
#ifndef SAKER_TESTS_UNIT_FILTER_RULES_H
#define SAKER_TESTS_UNIT_FILTER_RULES_H

#include "base/buf.h"
#include "filter_call.h"

/* What they ask for. */
struct rule_words {
	const char *const *names;	/* paths */
	u32 nnames;
	const char *const *files;	/* the last parts of paths */
	u32 nfiles;
};

static inline const char *a_name(const struct rule_words *w)
{
	return w->names[random_below(w->nnames)];
}

static inline const char *a_file(const struct rule_words *w)
{
	return w->files[random_below(w->nfiles)];
}

static inline void add_check(struct buf *b, const struct rule_words *w)
{
	static const char *const fields[] = { "fd.name", "fd.nameraw", "fd.directory" };
	static const char *const ops[] = { "=", "startswith", "endswith", "contains", "!=" };

	switch (random_below(14)) {
	case 0: buf_adds(b, "evt.is_open_read = true"); break;
	case 1: buf_adds(b, "evt.is_open_write = true"); break;
	case 2: buf_addf(b, "fd.num %s %d", random_below(2) ? ">=" : "=", (int)random_below(5) - 1); break;
	case 3: buf_addf(b, "evt.rawres %s %d", random_below(2) ? ">=" : "<", (int)random_below(4) - 2); break;
	case 4: buf_addf(b, "evt.arg.flags contains %s", random_below(2) ? "O_TRUNC" : "O_CREAT"); break;
	case 5: buf_addf(b, "fd.typechar = '%c'", random_below(3) ? 'f' : 'd'); break;
	case 6: buf_addf(b, "%s in (%s, %s)", PICK(fields), a_name(w), a_name(w)); break;
	case 7: buf_addf(b, "fd.filename %s %s", random_below(3) ? "=" : PICK(ops), a_file(w)); break;
	case 8: buf_addf(b, "fd.name glob '%s*%s'", a_name(w), a_file(w)); break;
	case 9: buf_addf(b, "fd.name pmatch (%s, %s)", a_name(w), a_name(w)); break;
	case 10: buf_addf(b, "evt.res %s", random_below(2) ? "= SUCCESS" : "startswith E"); break;
	case 11: buf_addf(b, "fd.nameraw contains ../"); break;
	case 12: buf_addf(b, "proc.name = %s", random_below(2) ? "p" : "q"); break;
	default: buf_addf(b, "%s %s %s", PICK(fields), PICK(ops), a_name(w)); break;
	}
}

static inline void add_condition(struct buf *b, const struct rule_words *w, u32 depth)
{
	u32 n = 2 + random_below(3);
	const char *op = random_below(4) ? " and " : " or ";

	if (!random_below(9))
		buf_adds(b, "not ");
	if (!depth || !random_below(4)) {
		buf_adds(b, "(");
		add_check(b, w);
		buf_adds(b, ")");
		return;
	}
	buf_adds(b, "(");
	for (u32 i = 0; i < n; i++) {
		buf_adds(b, i ? op : "");
		add_condition(b, w, depth - 1);
	}
	buf_adds(b, ")");
}

static inline void add_rules(struct buf *b, const struct rule_words *w)
{
	u32 n = 1 + random_below(3);

	for (u32 i = 0; i < n; i++) {
		buf_addf(b, "- rule: r%u\n  desc: d\n  priority: INFO\n  output: o\n"
			    "  condition: evt.type in (open, openat, openat2, creat) and (", i);
		add_condition(b, w, 2);
		buf_adds(b, ")\n");
	}
}

#endif
