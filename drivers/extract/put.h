/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* store_TYPE(): appends a value of each parameter type, from what an expression yields. */
#ifndef SAKER_DRIVERS_EXTRACT_PUT_H
#define SAKER_DRIVERS_EXTRACT_PUT_H

#define STORE_NUMBER(TYPE_, c_type)							\
static inline_ void store_##TYPE_(struct ctx *c, u64 value)				\
{											\
	c_type v = (c_type)value;							\
											\
	put(c, &v, sizeof(v));								\
}

STORE_NUMBER(INT8, s8)
STORE_NUMBER(INT16, s16)
STORE_NUMBER(INT32, s32)
STORE_NUMBER(INT64, s64)
STORE_NUMBER(UINT8, u8)
STORE_NUMBER(UINT16, u16)
STORE_NUMBER(UINT32, u32)
STORE_NUMBER(UINT64, u64)
STORE_NUMBER(ERRNO, s64)
STORE_NUMBER(FD, s64)
STORE_NUMBER(PID, s64)
STORE_NUMBER(SYSCALLID, u16)
STORE_NUMBER(SIGTYPE, u8)
STORE_NUMBER(RELTIME, u64)
STORE_NUMBER(ABSTIME, u64)
STORE_NUMBER(FLAGS8, u8)
STORE_NUMBER(FLAGS16, u16)
STORE_NUMBER(FLAGS32, u32)
STORE_NUMBER(ENUMFLAGS8, u8)
STORE_NUMBER(ENUMFLAGS16, u16)
STORE_NUMBER(ENUMFLAGS32, u32)
STORE_NUMBER(UID, u32)
STORE_NUMBER(GID, u32)
STORE_NUMBER(SIGSET, u32)
STORE_NUMBER(MODE, u32)

static inline_ void store_string(struct ctx *c, u64 addr)
{
	put_user_str(c, addr, STR_MAX);
}

static inline_ void store_done(struct ctx *c, struct done d)
{
}

static inline_ void store_later(struct ctx *c, struct later l)
{
}

/* Strings: an address in user space, or already done. */
#define STORE_STRING(c, value)								\
	_Generic((value), struct done: store_done, struct later: store_later,		\
		 default: store_string)(c, value)

#define store_CHARBUF(c, value) STORE_STRING(c, value)
#define store_FSPATH(c, value) STORE_STRING(c, value)
#define store_FSRELPATH(c, value) STORE_STRING(c, value)

/* These have no other source than a function of their own. */
#define store_BYTEBUF(c, value)								\
	_Generic((value), struct done: store_done, struct later: store_later)(c, value)
#define store_SOCKADDR(c, value) store_done(c, value)
#define store_SOCKTUPLE(c, value) store_done(c, value)
#define store_FDLIST(c, value) store_done(c, value)
#define store_DYN(c, value) store_done(c, value)

#endif
