/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp filter of the programs that the ptrace driver starts: calls of interest stop,
 * all others run at full speed.
 *
 * Numbers with the same verdict in a row are one segment; a binary search finds the segment.
 * Nothing but the number and the architecture is looked at (with one exception below), so
 * the kernel can compute the verdict of most numbers once (its cache of always-allowed calls).
 */
#include "capture/ptrace_trace.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"
#include "schema/driver_abi.h"

#define ROOM 4096	/* BPF_MAXINSNS */
#define OFF_NR offsetof(struct seccomp_data, nr)
#define OFF_ARCH offsetof(struct seccomp_data, arch)
#define OFF_ARG0 offsetof(struct seccomp_data, args)	/* its low half: little endian */

enum verdict { PASS, STOP, STOP_PRCTL };

struct program {
	struct sock_filter *code;
	u32 n;
	u32 action;	/* of calls of interest */
};

/* From `first` up to the next segment's. */
struct segment {
	u32 first;
	enum verdict verdict;
};

static void add(struct program *p, u16 code, u32 k, u8 jt, u8 jf)
{
	p->code[p->n++] = (struct sock_filter){ code, jt, jf, k };
}

/*
 * Who becomes a reaper of orphans must be known to tell the parent of an orphan: that one
 * operation of prctl stops in any case.
 */
static void add_verdict(struct program *p, enum verdict v)
{
	if (v == STOP_PRCTL) {
		add(p, BPF_LD | BPF_W | BPF_ABS, OFF_ARG0, 0, 0);
		add(p, BPF_JMP | BPF_JEQ | BPF_K, PR_SET_CHILD_SUBREAPER, 0, 1);
	}
	if (v != PASS)
		add(p, BPF_RET | BPF_K, p->action, 0, 0);
	if (v != STOP)
		add(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* Jumps have 8 bits; those to a right half go through one that has 32. */
static void add_search(struct program *p, const struct segment *s, u32 n)
{
	u32 half = n / 2, jump;

	if (n == 1) {
		add_verdict(p, s->verdict);
		return;
	}
	add(p, BPF_JMP | BPF_JGE | BPF_K, s[half].first, 0, 1);
	jump = p->n;
	add(p, BPF_JMP | BPF_JA, 0, 0, 0);
	add_search(p, s, half);
	p->code[jump].k = p->n - jump - 1;
	add_search(p, s + half, n - half);
}

static enum verdict verdict_of(const struct interest *in, u32 arch, u32 nr)
{
	bool compat;
	u32 code = ptrace_code(arch, nr, &compat);

	if (code == SC_socketcall) {
#define SOCKETCALL(NR_, NAME_, NARGS_) if (interest_has(in, SC_##NAME_)) return STOP;
		SOCKETCALLS(SOCKETCALL)
#undef SOCKETCALL
	}
	if (code && interest_has(in, code))
		return STOP;
	return code == SC_ptrace ? STOP : code == SC_prctl ? STOP_PRCTL : PASS;
}

static void add_table(struct program *p, const struct interest *in, u32 arch)
{
	struct segment s[NR_SYSCALLS + 1] = { { 0, verdict_of(in, arch, 0) } };
	u32 n = 1;

	for (u32 nr = 1; nr <= NR_SYSCALLS; nr++) {
		enum verdict v = nr < NR_SYSCALLS ? verdict_of(in, arch, nr) : PASS;

		if (v != s[n - 1].verdict)
			s[n++] = (struct segment){ nr, v };
	}
	add(p, BPF_LD | BPF_W | BPF_ABS, OFF_NR, 0, 0);
#if defined(__x86_64__)
	if (arch == AUDIT_ARCH_X86_64)
		add(p, BPF_ALU | BPF_AND | BPF_K, ~0x40000000u, 0, 0);	/* x32 */
#endif
	add_search(p, s, n);
}

/* The table of one architecture, passed over by the others. */
static void add_arch(struct program *p, const struct interest *in, u32 arch)
{
	u32 jump;

	add(p, BPF_LD | BPF_W | BPF_ABS, OFF_ARCH, 0, 0);
	add(p, BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0);
	jump = p->n;
	add(p, BPF_JMP | BPF_JA, 0, 0, 0);
	add_table(p, in, arch);
	p->code[jump].k = p->n - jump - 1;
}

struct sock_filter *ptrace_filter(const struct interest *in, u32 action, u32 *ret_n)
{
	struct program p = { .code = xcalloc(ROOM, sizeof(*p.code)), .action = action };

#if defined(__x86_64__)
	add_arch(&p, in, AUDIT_ARCH_X86_64);
	add_arch(&p, in, AUDIT_ARCH_I386);
#elif defined(__aarch64__)
	add_arch(&p, in, AUDIT_ARCH_AARCH64);
#endif
	add(&p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	*ret_n = p.n;
	return p.code;
}
