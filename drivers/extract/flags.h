/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Flags and constants of the kernel as the portable ones of schema/flags.def: bits_TABLE()
 * for sets, value_TABLE() for enumerations (what the table lacks becomes `other`).
 */
#ifndef SAKER_DRIVERS_EXTRACT_FLAGS_H
#define SAKER_DRIVERS_EXTRACT_FLAGS_H

/* The third column, or else the second.  Without __VA_OPT__, which sparse does not know. */
#define FLAG_SECOND(a, b, ...) b
#define FLAG_NATIVE(value, ...) FLAG_SECOND(0, ##__VA_ARGS__, value, 0)

#define FLAG(NAME_, VALUE_, ...)							\
	| ((v & (FLAG_NATIVE(VALUE_, ##__VA_ARGS__))) ? (VALUE_) : 0u)
#define FLAG_TABLE(NAME_, ...)								\
static inline_ u32 bits_##NAME_(u64 v)							\
{											\
	return 0u __VA_ARGS__;								\
}
#include "schema/flags.def"
#undef FLAG
#undef FLAG_TABLE

#define FLAG(NAME_, VALUE_, ...)							\
	if (v == (u32)(FLAG_NATIVE(VALUE_, ##__VA_ARGS__)))				\
		return VALUE_;
#define FLAG_TABLE(NAME_, ...)								\
static inline_ u32 value_##NAME_(u32 v, u32 other)					\
{											\
	__VA_ARGS__									\
	return other;									\
}
#include "schema/flags.def"
#undef FLAG
#undef FLAG_TABLE

#endif
