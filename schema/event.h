/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Wire format of an event, as in rings and in capture files, and the event numbers.
 *
 *   struct event_hdr | nparams lengths (u16; u32 when EF_LARGE) | parameter bytes
 *
 * Little endian, packed, no alignment.  A parameter of length 0 has no value.
 * The includer provides the fixed-width types u8, u16, u32, u64, s64.
 */
#ifndef SAKER_SCHEMA_EVENT_H
#define SAKER_SCHEMA_EVENT_H

#include "schema/types.h"

#define EVENT_LEN_MAX 65536u		/* a whole event, but for EF_LARGE ones */
#define EVENT_PARAM_LEN_MAX 65000u
#define EVENT_PARAMS_MAX 40		/* longest row and saker's own parameters after it */

struct event_hdr {
	u64 ts_ns;	/* since 1970 */
	u64 tid;
	u32 len;	/* of the whole event */
	u16 type;	/* enum event_type */
	u32 nparams;
} __attribute__((packed));

/* As large as the highest number is, and one more: nobody has to keep a copy of it. */
union event_numbers {
#define EVENT(NR_, ID_, ...) char ID_[NR_ + 1];
#define EXTRACT(NR_, ID_, ...) char ID_[NR_ + 1];
#define UNUSED(NR_, ID_) char ID_[NR_ + 1];
#include "schema/events.def"
#undef EVENT
#undef EXTRACT
#undef UNUSED
};

union syscall_codes {
#define SYSCALL(CODE_, NAME_, EVENT_, USE_) char NAME_##_[CODE_ + 1];
#include "schema/syscalls.def"
#undef SYSCALL
};

/* Even numbers: the beginning of a call, or what has no end; odd ones: the end. */
enum event_type {
#define EVENT(NR_, ID_, ...) EV_##ID_ = NR_,
#define EXTRACT(NR_, ID_, ...) EV_##ID_ = NR_,
#define UNUSED(NR_, ID_) EV_##ID_ = NR_,
#include "schema/events.def"
#undef EVENT
#undef EXTRACT
#undef UNUSED
	EV_MAX = sizeof(union event_numbers),
};

/* Syscall codes, the same on every architecture. */
enum syscall_code {
	SC_unknown = 0,
#define SYSCALL(CODE_, NAME_, EVENT_, USE_) SC_##NAME_ = CODE_,
#include "schema/syscalls.def"
#undef SYSCALL
	SC_MAX = sizeof(union syscall_codes),
};

/*
 * PT_FDINFO, a parameter that live drivers append: the state of one fd as the kernel has
 * it.  The fixed part is followed by the name: for files, directories and the like the
 * absolute path (from the process' root) without NUL; for sockets a PT_SOCKTUPLE with the
 * local end as source, or empty when there is no address.
 */
struct fdinfo {
	u64 ino;
	s64 fd;
	u32 dev;	/* major << 20 | minor, as the kernel has it */
	u32 open_flags;	/* portable: file_flags of flags.def */
	u8 type;	/* enum fd_type */
	u8 l4proto;	/* enum l4_proto */
	u8 flags;	/* FDI_* */
	u8 reserved;
} __attribute__((packed));

enum {
	FDI_LISTENING = 1 << 0,
	FDI_CONNECTED = 1 << 1,
	FDI_CLOEXEC = 1 << 2,
	FDI_UPPER_LAYER = 1 << 3,
	FDI_LOWER_LAYER = 1 << 4,
	FDI_NAME_TRUNCATED = 1 << 5,
};

#endif
