/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Vocabulary of the event tables: parameter types, print formats, categories, flags.
 *
 * Numbers are part of the capture file format and of the plugin interface; a new one is
 * appended in the range of saker's own (from 64 on), never in between.  This header is
 * compiled for user space, for BPF and for the kernel, so it declares constants only.
 */
#ifndef SAKER_SCHEMA_TYPES_H
#define SAKER_SCHEMA_TYPES_H

enum param_type {
	PT_NONE = 0,
	PT_INT8 = 1,
	PT_INT16 = 2,
	PT_INT32 = 3,
	PT_INT64 = 4,
	PT_UINT8 = 5,
	PT_UINT16 = 6,
	PT_UINT32 = 7,
	PT_UINT64 = 8,
	PT_CHARBUF = 9,		/* string, NUL included */
	PT_BYTEBUF = 10,
	PT_ERRNO = 11,		/* s64, negative errno */
	PT_SOCKADDR = 12,
	PT_SOCKTUPLE = 13,
	PT_FD = 14,		/* s64 */
	PT_PID = 15,		/* s64 */
	PT_FDLIST = 16,		/* u16 count, then {s64 fd, u16 flags} packed */
	PT_FSPATH = 17,		/* string, NUL included */
	PT_SYSCALLID = 18,	/* u16 */
	PT_SIGTYPE = 19,	/* u8 */
	PT_RELTIME = 20,	/* u64 ns */
	PT_ABSTIME = 21,	/* u64 ns since 1970 */
	PT_PORT = 22,		/* u16, host order */
	PT_L4PROTO = 23,	/* u8 */
	PT_SOCKFAMILY = 24,	/* u8 */
	PT_BOOL = 25,		/* u32 */
	PT_IPV4ADDR = 26,	/* u32, network order */
	PT_DYN = 27,		/* u8 index into the parameter's dynamic table, then that type */
	PT_FLAGS8 = 28,
	PT_FLAGS16 = 29,
	PT_FLAGS32 = 30,
	PT_UID = 31,		/* u32 */
	PT_GID = 32,		/* u32 */
	PT_DOUBLE = 33,
	PT_SIGSET = 34,		/* u32 */
	PT_CHARBUFARRAY = 35,
	PT_CHARBUF_PAIR_ARRAY = 36,
	PT_IPV4NET = 37,
	PT_IPV6ADDR = 38,	/* 16 bytes */
	PT_IPV6NET = 39,
	PT_IPADDR = 40,		/* 4 or 16 bytes */
	PT_IPNET = 41,
	PT_MODE = 42,		/* u32 */
	PT_FSRELPATH = 43,	/* string relative to the directory in another parameter */
	PT_ENUMFLAGS8 = 44,
	PT_ENUMFLAGS16 = 45,
	PT_ENUMFLAGS32 = 46,
	PT_FD32 = 47,		/* u32 */
	PT_PID32 = 48,		/* u32 */
	PT_MAX = 49,

	PT_FDINFO = 64,		/* struct fdinfo of schema/event.h: what the kernel knows of an fd */
};

enum print_format {
	PF_NA,			/* strings and buffers */
	PF_DEC,
	PF_HEX,
	PF_10_PADDED_DEC,
	PF_ID,
	PF_DIR,
	PF_OCT,
};

/* Categories: one of the low bits, or'ed with the kinds from EC_SYSCALL up. */
enum event_category {
	EC_UNKNOWN = 0,
	EC_OTHER = 1,
	EC_FILE = 2,
	EC_NET = 3,
	EC_IPC = 4,
	EC_MEMORY = 5,
	EC_PROCESS = 6,
	EC_SLEEP = 7,
	EC_SYSTEM = 8,
	EC_SIGNAL = 9,
	EC_USER = 10,
	EC_TIME = 11,
	EC_PROCESSING = 12,
	EC_IO_READ = 32,	/* the fd decides: file, net or ipc */
	EC_IO_WRITE = 33,
	EC_IO_OTHER = 34,
	EC_WAIT = 64,
	EC_SCHEDULER = 128,
	EC_INTERNAL = 256,
	EC_BASE = 511,		/* mask of all above */

	EC_SYSCALL = 1 << 12,
	EC_TRACEPOINT = 1 << 13,
	EC_PLUGIN = 1 << 14,
	EC_METAEVENT = 1 << 15,
	EC_ITER = 1 << 16,
};

enum event_flags {
	EF_CREATES_FD = 1 << 0,
	EF_USES_FD = 1 << 1,
	EF_DESTROYS_FD = 1 << 2,
	EF_MODIFIES_STATE = 1 << 3,
	EF_READS_FD = 1 << 4,
	EF_WRITES_FD = 1 << 5,
	EF_WAITS = 1 << 6,
	EF_SKIP_STATE = 1 << 7,		/* no thread belongs to it */
	EF_OLD = 1 << 8,		/* only in captures of older versions */
	EF_CONVERTED = 1 << 9,		/* older shapes of it are converted when read */
	EF_LARGE = 1 << 10,		/* lengths of parameters take 4 bytes */
	EF_UNUSED = 1 << 11,
};

/* How a syscall is used; see schema/syscalls.def. */
enum syscall_use {
	SU_USED = 1 << 0,		/* has an event of its own; follows from the row */
	SU_KEEP = 1 << 1,		/* Falco's state is made from it */

	/* what it changes in the picture of a process; rows of src/app/interest.c say it in words */
	SU_BIRTH = 1 << 3,
	SU_EXEC = 1 << 4,
	SU_END = 1 << 5,
	SU_WHERE = 1 << 6,		/* working directory, root */
	SU_WHO = 1 << 7,		/* user, group */
	SU_RIGHTS = 1 << 8,		/* capabilities, also by a new user namespace */
	SU_GROUP = 1 << 9,		/* session, process group */
	SU_NAME = 1 << 10,
	SU_PROCESS = SU_BIRTH | SU_EXEC | SU_END | SU_WHERE | SU_WHO | SU_RIGHTS | SU_GROUP | SU_NAME,

	SU_REPAIR = 1 << 11,		/* of these, what base_syscalls.repair keeps */
	SU_FLOOD = 1 << 12,		/* so frequent that a rule must name it, or base_syscalls ask for it */
};

/* File descriptor types; numbers of the capture file format. */
enum fd_type {
	FDT_UNKNOWN = 0,
	FDT_FILE = 1,
	FDT_DIRECTORY = 2,
	FDT_IPV4_SOCK = 3,
	FDT_IPV6_SOCK = 4,
	FDT_IPV4_SERVSOCK = 5,
	FDT_IPV6_SERVSOCK = 6,
	FDT_FIFO = 7,
	FDT_UNIX_SOCK = 8,
	FDT_EVENT = 9,
	FDT_UNSUPPORTED = 10,
	FDT_SIGNALFD = 11,
	FDT_EVENTPOLL = 12,
	FDT_INOTIFY = 13,
	FDT_TIMERFD = 14,
	FDT_NETLINK = 15,
	FDT_FILE_V2 = 16,
	FDT_BPF = 17,
	FDT_USERFAULTFD = 18,
	FDT_IOURING = 19,
	FDT_MEMFD = 20,
	FDT_PIDFD = 21,
	FDT_MAX = 22,
};

/* L4 protocols; numbers of the capture file format. */
enum l4_proto { L4_UNKNOWN = 0, L4_NA = 1, L4_TCP = 2, L4_UDP = 3, L4_ICMP = 4, L4_RAW = 5 };

/* What PT_DYN's index means, by table. */
enum {
	DYN_SOCKOPT_UNKNOWN = 0,	/* BYTEBUF */
	DYN_SOCKOPT_ERRNO = 1,
	DYN_SOCKOPT_UINT32 = 2,
	DYN_SOCKOPT_UINT64 = 3,
	DYN_SOCKOPT_RELTIME = 4,
	DYN_PTRACE_UINT64 = 0,		/* PF_HEX */
	DYN_PTRACE_SIGTYPE = 1,
	DYN_BPF_FD = 0,
	DYN_BPF_RES = 1,
};

/* Values in parameters that stand for "none". */
#define SAKER_AT_FDCWD (-100)

#endif
