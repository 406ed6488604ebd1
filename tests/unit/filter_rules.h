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

/* ---- of calls that are told apart by their arguments ---------------------------------------------------- */

static const struct {
	const char *event;
	const char *checks[8];
} number_checks[] = {
	{ "ptrace", { "evt.arg.request in (PTRACE_ATTACH, PTRACE_SEIZE)", "evt.arg.request = PTRACE_POKETEXT",
		      "evt.arg.request in (PTRACE_SETREGS, PTRACE_POKEDATA, PTRACE_TRACEME)", "evt.arg.pid = 16",
		      "evt.rawarg.pid >= 9", "evt.rawarg.pid in (1, 9)", "evt.arg.request != PTRACE_CONT", "evt.arg.request = 0" } },
	{ "kill", { "evt.arg.sig = SIGKILL", "evt.arg.sig in (SIGTERM, SIGHUP)", "evt.arg.sig in (9, SIGKILL)", "evt.rawarg.pid = 1000",
		    "evt.rawarg.pid > 5", "evt.rawarg.pid < 5", "evt.arg.pid = 1", "evt.arg.sig in (SIGKILL, SIGSEGV)" } },
	{ "chmod", { "evt.arg.mode contains S_ISUID", "evt.arg.mode contains S_IX", "evt.arg.mode contains S_I",
		     "not evt.arg.mode contains S_ISGID", "evt.arg.mode contains S_IRUSR", "evt.arg.mode = S_ISUID",
		     "not evt.arg.mode contains USR", "evt.arg.mode contains X" } },
	{ "mprotect", { "evt.arg.prot contains PROT_EXEC", "not evt.arg.prot contains PROT_WRITE", "evt.arg.prot contains GROWS",
			"evt.arg.prot contains PROT_NONE", "evt.arg.prot contains PROT", "evt.rawarg.length > 9",
			"evt.rawarg.length <= 1000", "evt.rawarg.length in (0, 2, 4)" } },
	{ "bpf", { "evt.arg.cmd = BPF_PROG_LOAD", "evt.arg.cmd = 5", "evt.arg.cmd in (BPF_MAP_CREATE, BPF_PROG_ATTACH)",
		   "evt.rawarg.cmd = 5", "evt.arg.cmd = 1000", "evt.arg.cmd != 5", "evt.arg.cmd startswith BPF_MAP",
		   "not evt.arg.cmd = BPF_MAP_CREATE" } },
	{ "umount2", { "evt.arg.flags contains DETACH", "evt.arg.flags contains FORCE", "not evt.arg.flags contains EXPIRE",
		       "evt.arg.flags contains UMOUNT", "evt.arg.flags contains MNT", "evt.arg.flags = FORCE",
		       "evt.rawarg.flags = 2", "evt.arg.flags contains NOFOLLOW" } },
	{ "flock", { "evt.arg.operation contains LOCK_EX", "not evt.arg.operation contains LOCK_NB", "fd.num = 9",
		     "evt.arg.operation contains LOCK_UN", "evt.arg.operation contains LOCK", "evt.arg.operation contains NONE",
		     "evt.rawarg.fd = 9", "evt.rawarg.operation = 2" } },
};

static inline void add_number_rules(struct buf *b, const struct rule_words *w)
{
	u32 n = 1 + random_below(4);

	(void)w;
	for (u32 i = 0; i < n; i++) {
		u32 k = random_below(ARRAY_SIZE(number_checks)), checks = 1 + random_below(3);
		const char *op = random_below(3) ? " and " : " or ";

		buf_addf(b, "- rule: r%u\n  desc: d\n  priority: INFO\n  output: o\n  condition: evt.type = %s and %s(", i,
			 number_checks[k].event, random_below(4) ? "" : "not ");
		for (u32 c = 0; c < checks; c++)
			buf_addf(b, "%s(%s%s)", c ? op : "", random_below(5) ? "" : "evt.rawres = 0 and ", PICK(number_checks[k].checks));
		buf_adds(b, ")\n");
	}
}

#endif
