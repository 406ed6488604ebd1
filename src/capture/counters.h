/* SPDX-License-Identifier: Apache-2.0 */
/* What the drivers' implementations of counters() and programs() share. */
#ifndef SAKER_CAPTURE_COUNTERS_H
#define SAKER_CAPTURE_COUNTERS_H

#include "capture/capture.h"

/* by_code: of one CPU, NR_CODES of them. */
void counters_visit(struct counters_visitor *v, u32 cpu, const struct syscall_counters *by_code);
/*
 * Does nothing for a descriptor that is none, or a program that cannot be asked.  name NULL: its own.
 */
void programs_visit(struct programs_visitor *v, const char *name, int prog);
/* The kind of losses that a syscall (enum syscall_code) belongs to. */
enum drop_class drop_class_of(u32 code);

#endif
