/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A number that changes when the event table does, for programs built apart from their
 * consumer: an expression to be included, as in
 *
 *	static const u64 schema = 0
 *	#include "schema/fingerprint.h"
 *	;
 */
#define PARAM(NAME_, TYPE_, ...) * 31 + PT_##TYPE_ + sizeof(#NAME_)
#define EXTRA(NAME_, TYPE_, ...) * 37 + PT_##TYPE_ + sizeof(#NAME_)
#define EVENT(NR_, ID_, NAME_, CATEGORY_, FLAGS_, ...) + (1ull * NR_ * (1 __VA_ARGS__))
#define EXTRACT(NR_, ID_, NAME_, CATEGORY_, FLAGS_, ...) + (2ull * NR_ * (1 __VA_ARGS__))
#define UNUSED(NR_, ID_)
#include "schema/events.def"
#undef PARAM
#undef EXTRA
#undef EVENT
#undef EXTRACT
#undef UNUSED
