/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Arguments of syscalls that concern processes, users and kernel objects. */
#ifndef SAKER_DRIVERS_EXTRACT_PROC_H
#define SAKER_DRIVERS_EXTRACT_PROC_H

#define K_PR_SET_NAME	15
#define K_PR_GET_NAME	16
#define K_PR_GET_CHILD_SUBREAPER 37

/* prctl: arg2 is a string for names, a number else; where the kernel answers, the answer. */
static inline_ struct done prctl_str(struct ctx *c)
{
	u32 op = arg(c, 0);

	if (op == K_PR_SET_NAME || op == K_PR_GET_NAME)
		put_user_str(c, arg(c, 1), STR_MAX);
	return DONE;
}

static inline_ u64 prctl_int(struct ctx *c)
{
	u32 op = arg(c, 0);

	if (op == K_PR_SET_NAME || op == K_PR_GET_NAME)
		return 0;
	if (op == K_PR_GET_CHILD_SUBREAPER)
		return user_u32(c, arg(c, 1));
	return arg(c, 1);
}

static inline_ struct done put_dyn(struct ctx *c, u8 index, u64 value, u32 size)
{
	put(c, &index, 1);
	if (size == 1)
		put(c, &value, 1);
	else if (size == 4)
		put(c, &value, 4);
	else
		put(c, &value, 8);
	return DONE;
}

enum ptrace_data { PTRACE_NUMBER, PTRACE_SIGNAL, PTRACE_RESULT };

/* What `data` is: a number, a signal, or where the word that was read went. */
static inline_ enum ptrace_data ptrace_data_kind(u32 request)
{
	switch (request) {
	case 1: case 2: case 3:			/* PEEKTEXT, PEEKDATA, PEEKUSR */
	case 0x4201:				/* GETEVENTMSG */
		return PTRACE_RESULT;
	case 7: case 9: case 17: case 24:	/* CONT, SINGLESTEP, DETACH, SYSCALL */
	case 31: case 32: case 33:		/* SYSEMU, SYSEMU_SINGLESTEP, SINGLEBLOCK */
		return PTRACE_SIGNAL;
	default:
		return PTRACE_NUMBER;
	}
}

static inline_ struct done ptrace_addr(struct ctx *c)
{
	return put_dyn(c, DYN_PTRACE_UINT64, ret(c) < 0 ? 0 : arg(c, 2), 8);
}

static inline_ struct done ptrace_data(struct ctx *c)
{
	enum ptrace_data kind = ptrace_data_kind(arg(c, 0));

	if (ret(c) < 0)
		return put_dyn(c, DYN_PTRACE_UINT64, 0, 8);
	if (kind == PTRACE_SIGNAL)
		return put_dyn(c, DYN_PTRACE_SIGTYPE, arg(c, 3), 1);
	if (kind == PTRACE_RESULT)
		return put_dyn(c, DYN_PTRACE_UINT64, user_long(c, arg(c, 3), 0), 8);
	return put_dyn(c, DYN_PTRACE_UINT64, arg(c, 3), 8);
}

/* One of two limits at addr; none given: -1. */
static inline_ s64 user_rlimit(struct ctx *c, u64 addr, u32 which)
{
	s64 v;

	if (!addr)
		return -1;
	v = user_long(c, addr, which);
	return compat(c) && (u32)v == 0xffffffff ? -1 : v;
}

/* The same of prlimit64, whose limits have 64 bits for every caller. */
static inline_ s64 user_rlimit64(struct ctx *c, u64 addr, u32 which)
{
	return addr ? (s64)user_u64(c, addr + 8 * which) : -1;
}

static inline_ u64 clone3_flags(struct ctx *c, u64 addr)
{
	return user_u64(c, addr);
}

/* semop: member `what` (0 number, 1 operation, 2 flags) of operation n; 0 when there is none. */
static inline_ u16 sem_op(struct ctx *c, u32 n, u32 what)
{
	u16 v = 0;

	if (ret(c) >= 0 && n < u32_arg(c, 2))
		read_user(c, &v, sizeof(v), arg(c, 1) + 6 * n + 2 * what);
	return v;
}

/* Members of struct io_uring_params, which the kernel fills. */
static inline_ u32 uring_param(struct ctx *c, u32 n)
{
	return user_u32(c, arg(c, 1) + 4 * n);
}

/* io_uring_enter: a signal set, or a structure that holds one. */
#define K_ENTER_EXT_ARG 8

static inline_ u32 uring_sigset(struct ctx *c)
{
	return arg(c, 3) & K_ENTER_EXT_ARG ? 0 : user_u32(c, arg(c, 4));
}

/* bpf: the fd that a command returned, -1 for commands that return something else. */
static inline_ s64 bpf_new_fd(struct ctx *c)
{
	/* MAP_CREATE PROG_LOAD OBJ_GET *_GET_FD_BY_ID RAW_TRACEPOINT_OPEN BTF_LOAD LINK_CREATE ... */
	const u64 makers = 1ull << 0 | 1ull << 5 | 1ull << 7 | 1ull << 13 | 1ull << 14 | 1ull << 17 |
			   1ull << 18 | 1ull << 19 | 1ull << 28 | 1ull << 30 | 1ull << 32 | 1ull << 33;
	u64 cmd = arg(c, 0);

	return cmd < 64 && makers >> cmd & 1 ? ret(c) : -1;
}

/* quotactl: command and kind of quota share an argument, and the last one is what the command says. */
#define K_Q_QUOTAON	0x800002
#define K_Q_GETFMT	0x800004
#define K_Q_GETINFO	0x800005
#define K_Q_SETINFO	0x800006
#define K_Q_GETQUOTA	0x800007
#define K_Q_SETQUOTA	0x800008
#define K_Q_XGETQUOTA	0x5803
#define K_Q_XSETQLIM	0x5804

#define K_QIF_BLIMITS	1
#define K_QIF_SPACE	2
#define K_QIF_ILIMITS	4
#define K_QIF_BTIME	16
#define K_QIF_ITIME	32
#define K_IIF_BGRACE	1
#define K_IIF_IGRACE	2
#define K_IIF_FLAGS	4

static inline_ u32 quota_cmd(struct ctx *c)
{
	return u32_arg(c, 0) >> 8;
}

/* What a command sets, or, once it has succeeded, gets. */
static inline_ bool quota_has(struct ctx *c, u32 set, u32 get)
{
	u32 cmd = quota_cmd(c);

	return cmd == set || (cmd == get && ret(c) >= 0);
}

/* Member n of struct if_dqblk; 0: its owner does not say that it is valid. */
static inline_ u64 quota_limit(struct ctx *c, u32 n, u32 valid)
{
	u64 at = arg(c, 3);

	if (!quota_has(c, K_Q_SETQUOTA, K_Q_GETQUOTA) || !(user_u32(c, at + 64) & valid))
		return 0;
	return user_u64(c, at + 8 * n);
}

/* The same of struct if_dqinfo. */
static inline_ u64 quota_grace(struct ctx *c, u32 n, u32 valid)
{
	u64 at = arg(c, 3);

	if (!quota_has(c, K_Q_SETINFO, K_Q_GETINFO) || !(user_u32(c, at + 20) & valid))
		return 0;
	return user_u64(c, at + 8 * n);
}

static inline_ u8 quota_flags(struct ctx *c)
{
	u64 at = arg(c, 3);

	if (!quota_has(c, K_Q_SETINFO, K_Q_GETINFO) || !(user_u32(c, at + 20) & K_IIF_FLAGS))
		return 0;
	return user_u32(c, at + 16) & 1 ? 2 : 1;	/* V1_DQF_RSQUASH : DQF_NONE */
}

static inline_ u64 quota_path(struct ctx *c)
{
	return quota_cmd(c) == K_Q_QUOTAON ? arg(c, 3) : 0;
}

/* Q_QUOTAON passes a format where other commands pass an id, or nothing. */
static inline_ u32 quota_id(struct ctx *c)
{
	u32 cmd = quota_cmd(c);

	return cmd == K_Q_GETQUOTA || cmd == K_Q_SETQUOTA || cmd == K_Q_XGETQUOTA || cmd == K_Q_XSETQLIM ?
		       u32_arg(c, 2) : 0;
}

static inline_ u8 quota_format(struct ctx *c)
{
	return value_quotactl_quota_fmts(quota_cmd(c) == K_Q_QUOTAON ? u32_arg(c, 2) : 0, 1);
}

static inline_ u8 quota_format_out(struct ctx *c)
{
	bool got = quota_cmd(c) == K_Q_GETFMT && ret(c) >= 0;

	return value_quotactl_quota_fmts(got ? user_u32(c, arg(c, 3)) : 0, 1);
}

/* fsconfig: the value is bytes, a string or a path by the command. */
enum { FSCONFIG_STRING = 1, FSCONFIG_BINARY = 2, FSCONFIG_PATH = 3, FSCONFIG_PATH_EMPTY = 4 };

static inline_ struct done fsconfig_bytes(struct ctx *c)
{
	if (arg(c, 1) == FSCONFIG_BINARY)
		put_user(c, arg(c, 3), u32_arg(c, 4) < STR_MAX ? u32_arg(c, 4) : STR_MAX, DATA_MAX);
	return DONE;
}

static inline_ struct done fsconfig_str(struct ctx *c)
{
	u64 cmd = arg(c, 1);

	if (cmd == FSCONFIG_STRING || cmd == FSCONFIG_PATH || cmd == FSCONFIG_PATH_EMPTY)
		put_user_str(c, arg(c, 3), STR_MAX);
	return DONE;
}

#endif
