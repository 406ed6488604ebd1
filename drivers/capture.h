/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * capture_ID(): writes the parameters of one event, for each row of EXTRACT.
 *
 * A port includes this after its primitives (port.h).  nparams_ID counts the standard
 * parameters and saker's own, nextra_ID the latter.
 */
#ifndef SAKER_DRIVERS_CAPTURE_H
#define SAKER_DRIVERS_CAPTURE_H

#include "drivers/extract/flags.h"
#include "drivers/extract/put.h"
#include "drivers/extract/file.h"
#include "drivers/extract/io.h"
#include "drivers/extract/point.h"
#include "drivers/extract/proc.h"
#include "drivers/extract/sock.h"
#ifndef PORT_WALK
#define PORT_WALK "drivers/kwalk/walk.h"
#endif
#include PORT_WALK
#include "drivers/extract/snaplen.h"
#include "drivers/extract/exec.h"

#define EVENT(...)
#define UNUSED(...)

enum {
#define PARAM(...) + 1
#define EXTRA(...)
#define EXTRACT(NR_, ID_, NAME_, CATEGORY_, FLAGS_, ...) nstandard_##ID_ = 0 __VA_ARGS__,
#include "schema/events.def"
#undef EXTRACT
#undef PARAM
#undef EXTRA
#define PARAM(...)
#ifdef NO_EXTRAS	/* a variant that sends the standard parameters only */
#define EXTRA(...)
#else
#define EXTRA(...) + 1
#endif
#define EXTRACT(NR_, ID_, NAME_, CATEGORY_, FLAGS_, ...)				\
	nextra_##ID_ = 0 __VA_ARGS__,							\
	nparams_##ID_ = nstandard_##ID_ + nextra_##ID_,
#include "schema/events.def"
#undef EXTRACT
#undef PARAM
#undef EXTRA
};

#ifndef IN_STAGE
#define IN_STAGE(c, ...)	/* a port may write some parameters only */
#endif

#define PARAM(NAME_, TYPE_, FMT_, AUX_, ...)						\
	IN_STAGE(c, __VA_ARGS__) {							\
		store_##TYPE_(c, __VA_ARGS__);						\
		param_end(c);								\
	}
#ifdef NO_EXTRAS
#define EXTRA(...)
#else
#define EXTRA(NAME_, TYPE_, ...) put_##TYPE_(c, __VA_ARGS__);
#endif
#define EXTRACT(NR_, ID_, NAME_, CATEGORY_, FLAGS_, ...)				\
static inline_ void capture_##ID_(struct ctx *c)					\
{											\
	__VA_ARGS__									\
}
#include "schema/events.def"
#undef EXTRACT
#undef PARAM
#undef EXTRA
#undef EVENT
#undef UNUSED

#endif
