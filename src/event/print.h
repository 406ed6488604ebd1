/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters as text, the way Falco prints them (reference: rendering of parameters). */
#ifndef SAKER_EVENT_PRINT_H
#define SAKER_EVENT_PRINT_H

#include "base/buf.h"
#include "event/event.h"

enum buffer_format { BUFFER_DOTS, BUFFER_HEX, BUFFER_HEXASCII, BUFFER_BASE64 };

/* Answers of the state tables which a printer may want; any member may be NULL. */
struct event_print_ops {
	void *ctx;
	enum buffer_format buffers;
	/* Appends "<typechar>name" of an fd of the event's thread; false: not known. */
	bool (*fd_name)(void *ctx, const struct event *ev, s64 fd, struct buf *out);
	/* Type character of an fd of the event's thread, 0: not known. */
	char (*fd_typechar)(void *ctx, const struct event *ev, s64 fd);
	bool (*comm)(void *ctx, s64 pid, struct buf *out);
	bool (*user)(void *ctx, const struct event *ev, u32 uid, struct buf *out);
	bool (*group)(void *ctx, const struct event *ev, u32 gid, struct buf *out);
	/* Absolute path for a relative one in parameter i. */
	bool (*path)(void *ctx, const struct event *ev, u32 i, const char *p, u32 len,
		     struct buf *out);
	/* Is told the raw form of each parameter, and whether that is a buffer with something in it. */
	void (*printed)(void *ctx, const char *p, size_t len, bool is_buffer);
};

/*
 * Appends the raw form of parameter i to raw, and, when there is one, the resolved form
 * to resolved.  Returns false when the parameter has no value ("<NA>" or "NULL" was
 * appended to raw).
 */
bool event_print_param(const struct event *ev, u32 i, const struct event_print_ops *ops,
		       struct buf *raw, struct buf *resolved);
/*
 * evt.args: "name=value(resolved) name=value ...".  Without the parameters of saker's own;
 * empty for generic syscalls.
 */
void event_print_args(const struct event *ev, const struct event_print_ops *ops, struct buf *out);

/* Building blocks, also used by fields. */
void print_sockaddr(const u8 *p, u32 len, struct buf *out);
void print_socktuple(const u8 *p, u32 len, struct buf *out);
void print_bytes(const u8 *p, u32 len, enum buffer_format f, struct buf *out);
/* The names of the bits, joined by '|', each bit once.  The name of value 0 stands alone. */
void print_flags(const struct flag_table *t, u32 value, struct buf *out);
/* The names of exactly this value, joined by '|'. */
void print_enum(const struct flag_table *t, u32 value, struct buf *out);
/* "2023-11-14 22:13:20.123456789" in local time. */
void print_time(u64 ts_ns, struct buf *out);
void print_ipv4(const u8 addr[4], struct buf *out);
void print_ipv6(const u8 addr[16], struct buf *out);

#endif
