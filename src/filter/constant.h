/* SPDX-License-Identifier: Apache-2.0 */
/* Constants of conditions: text to a value of the type it is compared with. */
#ifndef SAKER_FILTER_CONSTANT_H
#define SAKER_FILTER_CONSTANT_H

#include "filter/filter.h"

/*
 * Networks are PT_IPNET with .p holding the address (4 or 16 bytes) and then one byte with
 * the length of the mask; .len counts the address alone.  Strings are borrowed from text;
 * all else lives in a.  0, or -EINVAL with a message (no position) in d.
 */
int constant_parse(struct arena *a, u32 type, const char *text, u32 len, struct value *ret,
		   struct diag *d);
/* Pairs of hex digits as bytes, for bcontains and bstartswith. */
int constant_parse_hex(struct arena *a, const char *text, u32 len, struct value *ret,
		       struct diag *d);

#endif
